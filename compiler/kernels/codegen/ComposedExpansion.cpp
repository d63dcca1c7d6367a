//===- ComposedExpansion.cpp - functions made of other functions ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In single and double precision. Forms that keep their digits where the
// textbook's subtract nearly equal numbers: asinh and atanh near 0, acosh near
// 1, asin and acos near their ends.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Lowering.h"
#include "compiler/kernels/codegen/ScalarMath.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

#include <limits>

using namespace mlir;
using namespace eclip;

using Predicate = arith::CmpFPredicate;

template <typename OpT> static Value call(Scalars &s, Value x) {
  return OpT::create(s.b, s.loc, x);
}

static Value tangent(Scalars &s, Value x) {
  return s.div(call<math::SinOp>(s, x), call<math::CosOp>(s, x));
}

/// 2 atan(x / (1 + sqrt(1 - x^2)))
static Value arcSine(Scalars &s, Value x) {
  Value one = s.f(1.0);
  Value root = s.sqrt(s.mul(s.sub(one, x), s.add(one, x)));
  return s.mul(s.f(2.0), call<math::AtanOp>(s, s.div(x, s.add(one, root))));
}

/// 2 atan(sqrt((1 - x) / (1 + x)))
static Value arcCosine(Scalars &s, Value x) {
  Value one = s.f(1.0);
  Value ratio = s.div(s.sub(one, x), s.add(one, x));
  return s.mul(s.f(2.0), call<math::AtanOp>(s, s.sqrt(ratio)));
}

/// sinh, of t = exp(|x|) - 1: (t + t / (t + 1)) / 2. Where exp overflows before
/// sinh does: (exp(|x| / 2) / 2) exp(|x| / 2).
static Value hyperbolicSine(Scalars &s, Value x) {
  Value magnitude = s.abs(x), half = s.f(0.5);
  Value t = call<math::ExpM1Op>(s, magnitude);
  Value result = s.mul(half, s.add(t, s.div(t, s.add(t, s.f(1.0)))));
  Value root = call<math::ExpOp>(s, s.mul(magnitude, half));
  Value far = s.mul(s.mul(root, half), root);
  Value isFar =
      s.cmp(Predicate::OGT, magnitude, s.f(s.isDouble() ? 40.0 : 20.0));
  return s.copySign(s.select(isFar, far, result), x);
}

static Value hyperbolicCosine(Scalars &s, Value x) {
  Value half = s.f(0.5);
  Value root = call<math::ExpOp>(s, s.mul(s.abs(x), half));
  Value power = s.mul(root, root);
  Value far = s.mul(s.mul(root, half), root);
  Value near = s.mul(half, s.add(power, s.div(s.f(1.0), power)));
  Value isFar =
      s.cmp(Predicate::OGT, s.abs(x), s.f(s.isDouble() ? 40.0 : 20.0));
  return s.select(isFar, far, near);
}

/// t / (t + 2) of t = exp(2 |x|) - 1.
static Value hyperbolicTangent(Scalars &s, Value x) {
  Value magnitude = s.clampMagnitude(s.abs(x), 22.0);
  Value t = call<math::ExpM1Op>(s, s.add(magnitude, magnitude));
  return s.copySign(s.div(t, s.add(t, s.f(2.0))), x);
}

/// Where x^2 would overflow or swallow the 1: log(2 x).
static Value farHyperbolic(Scalars &s, Value magnitude, Value near) {
  Value far =
      s.add(call<math::LogOp>(s, magnitude), s.f(0.693147180559945309417232L));
  Value isFar =
      s.cmp(Predicate::OGT, magnitude, s.f(s.isDouble() ? 0x1p28 : 0x1p13));
  return s.select(isFar, far, near);
}

/// log1p(x + x^2 / (1 + sqrt(1 + x^2)))
static Value arcHyperbolicSine(Scalars &s, Value x) {
  Value magnitude = s.abs(x), one = s.f(1.0);
  Value square = s.mul(magnitude, magnitude);
  Value root = s.sqrt(s.add(square, one));
  Value above = s.add(magnitude, s.div(square, s.add(one, root)));
  Value near = call<math::Log1pOp>(s, above);
  return s.copySign(farHyperbolic(s, magnitude, near), x);
}

/// log1p(t + sqrt(2 t + t^2)) of t = x - 1.
static Value arcHyperbolicCosine(Scalars &s, Value x) {
  Value t = s.sub(x, s.f(1.0));
  Value root = s.sqrt(s.fma(t, t, s.add(t, t)));
  return farHyperbolic(s, x, call<math::Log1pOp>(s, s.add(t, root)));
}

/// log1p(2 x / (1 - x)) / 2
static Value arcHyperbolicTangent(Scalars &s, Value x) {
  Value magnitude = s.abs(x);
  Value ratio = s.div(s.add(magnitude, magnitude), s.sub(s.f(1.0), magnitude));
  Value log = call<math::Log1pOp>(s, ratio);
  return s.copySign(s.mul(s.f(0.5), log), x);
}

/// log(u) x / (u - 1) of u = 1 + x: the rounding of u cancels (W. Kahan).
static Value logOfOnePlus(Scalars &s, Value x) {
  Value one = s.f(1.0);
  Value u = s.add(x, one), rounded = s.sub(u, one);
  Value result = s.mul(call<math::LogOp>(s, u), s.div(x, rounded));
  Value inf = s.f(std::numeric_limits<double>::infinity());
  Value same = s.either(s.cmp(Predicate::OEQ, rounded, s.f(0.0)),
                        s.cmp(Predicate::OEQ, x, inf));
  return s.select(same, x, result);
}

static Value reciprocalRoot(Scalars &s, Value x) {
  return s.div(s.f(1.0), s.sqrt(x));
}

/// A third of the exponent, and the mantissa as a line, are right to 4 bits;
/// each of Halley's steps triples them.
static Value cubeRoot(Scalars &s, Value x) {
  Value magnitude = s.abs(x);
  Value tiny = s.cmp(Predicate::OLT, magnitude,
                     s.f(s.isDouble() ? 0x1p-1022 : 0x1p-126));
  Value scaled = s.select(tiny, s.mul(magnitude, s.f(0x1p54)), magnitude);
  int64_t start = s.isDouble() ? 0x2a9f789300000000 : 0x2a5119f2;
  Value third = arith::DivUIOp::create(s.b, s.loc, s.bits(scaled), s.i(3));
  Value root = s.fromBits(s.addi(third, s.i(start)));
  for (int step = s.isDouble() ? 3 : 2; step > 0; --step) {
    // root -= root (r - 1) / (2 r + 1) of r = root^3 / x.
    Value ratio = s.div(s.mul(s.mul(root, root), root), scaled);
    Value change =
        s.div(s.sub(ratio, s.f(1.0)), s.fma(ratio, s.f(2.0), s.f(1.0)));
    root = s.fma(s.neg(root), change, root);
  }
  root = s.select(tiny, s.mul(root, s.f(0x1p-18)), root);
  Value inf = s.f(std::numeric_limits<double>::infinity());
  Value ordinary = s.both(s.cmp(Predicate::ONE, magnitude, s.f(0.0)),
                          s.cmp(Predicate::OLT, magnitude, inf));
  return s.select(ordinary, s.copySign(root, x), x);
}

/// The angle of the point (x, y).
static Value angleOf(Scalars &s, Value y, Value x) {
  Value height = s.abs(y), width = s.abs(x);
  Value steep = s.cmp(Predicate::OGT, height, width);
  Value large = s.select(steep, height, width);
  Value small = s.select(steep, width, height);
  Value ratio = s.div(small, large);
  Value inf = s.f(std::numeric_limits<double>::infinity());
  // (0, 0) has the angle of its signs, both infinite is a diagonal.
  ratio = s.select(s.cmp(Predicate::OEQ, large, s.f(0.0)), s.f(0.0), ratio);
  ratio = s.select(s.cmp(Predicate::OEQ, small, inf), s.f(1.0), ratio);
  // Above, a NaN of which the other part is steeper may have been lost.
  Value unordered = s.cmp(Predicate::UNO, x, y);
  Value angle = call<math::AtanOp>(s, ratio);
  angle = s.select(steep, s.sub(s.f(1.570796326794896619231321691640L), angle),
                   angle);
  Value left = arith::CmpIOp::create(s.b, s.loc, arith::CmpIPredicate::slt,
                                     s.bits(x), s.i(0));
  angle = s.select(left, s.sub(s.f(3.141592653589793238462643383280L), angle),
                   angle);
  Value nan = s.f(std::numeric_limits<double>::quiet_NaN());
  return s.select(unordered, nan, s.copySign(angle, y));
}

namespace {
/// `OpT` as what `function` writes; in single precision upstream has an
/// approximation of those that are `doubleOnly`.
template <typename OpT, auto function, bool doubleOnly = false>
struct Compose : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const final {
    if (!op.getType().isF64() && (doubleOnly || !op.getType().isF32()))
      return rewriter.notifyMatchFailure(op, "not a single f32 or f64");
    Scalars s{rewriter, op.getLoc(), cast<FloatType>(op.getType())};
    rewriter.replaceOp(op, function(s, op.getOperand()));
    return success();
  }
};

struct ComposeAngle : OpRewritePattern<math::Atan2Op> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::Atan2Op op,
                                PatternRewriter &rewriter) const final {
    if (!op.getType().isF32() && !op.getType().isF64())
      return rewriter.notifyMatchFailure(op, "not a single f32 or f64");
    Scalars s{rewriter, op.getLoc(), cast<FloatType>(op.getType())};
    rewriter.replaceOp(op, angleOf(s, op.getLhs(), op.getRhs()));
    return success();
  }
};

struct ComposeSineAndCosine : OpRewritePattern<math::SincosOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::SincosOp op,
                                PatternRewriter &rewriter) const final {
    Value x = op.getOperand();
    Value sine = math::SinOp::create(rewriter, op.getLoc(), x);
    Value cosine = math::CosOp::create(rewriter, op.getLoc(), x);
    rewriter.replaceOp(op, ValueRange{sine, cosine});
    return success();
  }
};

/// A float to a whole power: the general power of the exponent as a float.
struct ComposePowerOfWhole : OpRewritePattern<math::FPowIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FPowIOp op,
                                PatternRewriter &rewriter) const final {
    Value exponent = arith::SIToFPOp::create(rewriter, op.getLoc(),
                                             op.getType(), op.getRhs());
    rewriter.replaceOpWithNewOp<math::PowFOp>(op, op.getLhs(), exponent);
    return success();
  }
};

struct ComposeClamp : OpRewritePattern<math::ClampFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ClampFOp op,
                                PatternRewriter &rewriter) const final {
    Value atMost = arith::MinimumFOp::create(rewriter, op.getLoc(),
                                             op.getValue(), op.getMax());
    rewriter.replaceOpWithNewOp<arith::MaximumFOp>(op, atMost, op.getMin());
    return success();
  }
};

/// isinf, isfinite and isnormal as comparisons of the magnitude, in the type
/// itself: a denormal f16 would be normal as an f32.
template <typename OpT> struct ComposeClass : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const final {
    auto type = dyn_cast<FloatType>(op.getOperand().getType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "not a single float");
    Location loc = op.getLoc();
    const llvm::fltSemantics &semantics = type.getFloatSemantics();
    auto compare = [&](Predicate predicate, Value x, const APFloat &y) {
      Value bound = arith::ConstantOp::create(rewriter, loc,
                                              rewriter.getFloatAttr(type, y));
      return arith::CmpFOp::create(rewriter, loc, predicate, x, bound);
    };
    Value magnitude = math::AbsFOp::create(rewriter, loc, op.getOperand());
    bool asksInfinite = std::is_same_v<OpT, math::IsInfOp>;
    Value answer = compare(asksInfinite ? Predicate::OEQ : Predicate::OLT,
                           magnitude, APFloat::getInf(semantics));
    if (std::is_same_v<OpT, math::IsNormalOp>)
      answer = arith::AndIOp::create(
          rewriter, loc, answer,
          compare(Predicate::OGE, magnitude,
                  APFloat::getSmallestNormalized(semantics)));
    rewriter.replaceOp(op, answer);
    return success();
  }
};

struct ComposeIsNaN : OpRewritePattern<math::IsNaNOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::IsNaNOp op,
                                PatternRewriter &rewriter) const final {
    Value x = op.getOperand();
    rewriter.replaceOpWithNewOp<arith::CmpFOp>(op, Predicate::UNO, x, x);
    return success();
  }
};

/// Integer powers by squaring, modulo 2^width. Of a negative exponent only 1
/// and -1 have a whole power; the others give 0.
struct ComposeIntegerPower : OpRewritePattern<math::IPowIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::IPowIOp op,
                                PatternRewriter &b) const final {
    Location loc = op.getLoc();
    Type type = op.getType();
    if (!type.isInteger())
      return b.notifyMatchFailure(op, "not a single integer");
    auto constant = [&](int64_t value) -> Value {
      return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, value));
    };
    auto compare = [&](arith::CmpIPredicate predicate, Value x, int64_t y) {
      return arith::CmpIOp::create(b, loc, predicate, x, constant(y));
    };
    Value zero = constant(0), one = constant(1);
    auto loop = scf::WhileOp::create(
        b, loc, TypeRange{type, type, type},
        ValueRange{one, op.getLhs(), op.getRhs()},
        [&](OpBuilder &, Location, ValueRange state) {
          Value more = compare(arith::CmpIPredicate::sgt, state[2], 0);
          scf::ConditionOp::create(b, loc, more, state);
        },
        [&](OpBuilder &, Location, ValueRange state) {
          Value bit = arith::AndIOp::create(b, loc, state[2], one);
          Value odd = compare(arith::CmpIPredicate::ne, bit, 0);
          Value taken = arith::MulIOp::create(b, loc, state[0], state[1]);
          Value power = arith::SelectOp::create(b, loc, odd, taken, state[0]);
          Value square = arith::MulIOp::create(b, loc, state[1], state[1]);
          Value rest = arith::ShRUIOp::create(b, loc, state[2], one);
          scf::YieldOp::create(b, loc, ValueRange{power, square, rest});
        });
    b.setInsertionPointAfter(loop);
    Value base = op.getLhs();
    Value lowBit = arith::AndIOp::create(b, loc, op.getRhs(), one);
    Value even = compare(arith::CmpIPredicate::eq, lowBit, 0);
    Value sign = arith::SelectOp::create(b, loc, even, one, base);
    Value isOne = compare(arith::CmpIPredicate::eq, base, 1);
    Value isMinusOne = compare(arith::CmpIPredicate::eq, base, -1);
    Value inverse = arith::SelectOp::create(
        b, loc, isOne, one,
        arith::SelectOp::create(b, loc, isMinusOne, sign, zero));
    Value negative = compare(arith::CmpIPredicate::slt, op.getRhs(), 0);
    b.replaceOpWithNewOp<arith::SelectOp>(op, negative, inverse,
                                          loop.getResult(0));
    return success();
  }
};
} // namespace

void eclip::populateComposedExpansion(RewritePatternSet &patterns) {
  // Ahead of upstream's forms of the same operations.
  const PatternBenefit benefit = 10;
  MLIRContext *context = patterns.getContext();
  patterns.add<
      Compose<math::TanOp, tangent>, Compose<math::AsinOp, arcSine>,
      Compose<math::AcosOp, arcCosine>, Compose<math::SinhOp, hyperbolicSine>,
      Compose<math::CoshOp, hyperbolicCosine>,
      Compose<math::AsinhOp, arcHyperbolicSine>,
      Compose<math::AcoshOp, arcHyperbolicCosine>,
      Compose<math::AtanhOp, arcHyperbolicTangent>,
      Compose<math::RsqrtOp, reciprocalRoot>, Compose<math::CbrtOp, cubeRoot>>(
      context, benefit);
  patterns.add<Compose<math::TanhOp, hyperbolicTangent, /*doubleOnly=*/true>,
               Compose<math::Log1pOp, logOfOnePlus, /*doubleOnly=*/true>>(
      context, benefit);
  patterns.add<ComposeAngle, ComposeSineAndCosine, ComposePowerOfWhole,
               ComposeClamp, ComposeIntegerPower>(context, benefit);
  // Ahead of the forms of narrow floats.
  patterns.add<ComposeClass<math::IsInfOp>, ComposeClass<math::IsFiniteOp>,
               ComposeClass<math::IsNormalOp>, ComposeIsNaN>(context, 30);
}
