//===- TrigonometryExpansion.cpp - sin, cos and atan ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Upstream's forms lose digits where sin and cos pass through zero (their
// reduction is not exact) and around atan's joint, and there are none for
// double precision. The polynomials are those of the Cephes library's sinf,
// cosf, atanf and atan (S. L. Moshier), in double precision Taylor's for sin
// and cos; the reduction by quarter turns is in doubles, in three parts with
// fused multiplications: good to one or two units in the last place while |x|
// stays below 4 * 10^15 in single precision, 10^9 in double precision.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Lowering.h"
#include "compiler/kernels/codegen/ScalarMath.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace eclip;

using Predicate = arith::CmpFPredicate;

/// x minus the nearest multiple of a quarter turn, which is returned in
/// `quarter` modulo 4 (as a float: converting infinity to an integer would be
/// undefined). Of doubles.
static Value reduceDouble(Scalars &s, Value x, Value &quarter) {
  // pi / 2 in three doubles.
  const double high = 1.5707963267948966, middle = 6.123233995736766e-17,
               low = -1.4973849048591698e-33;
  Value n = s.roundEven(s.mul(x, s.f(0.63661977236758134308)));
  Value minus = s.neg(n);
  Value r = s.fma(minus, s.f(high), x);
  r = s.fma(minus, s.f(middle), r);
  r = s.fma(minus, s.f(low), r);
  quarter = s.sub(n, s.mul(s.f(4.0), s.floor(s.mul(n, s.f(0.25)))));
  // Past 2^52 there is no nearest multiple; keep what follows within [-1, 1].
  return s.clampMagnitude(r, 0.7853981633974484);
}

/// The same of either type. Single floats take the digits of pi that doubles
/// have: six instructions at half rate, for right results up to 2^52.
static Value reduceAngle(Scalars &s, Value x, Value &quarter) {
  if (s.isDouble())
    return reduceDouble(s, x, quarter);
  Scalars wide{s.b, s.loc, Float64Type::get(s.b.getContext())};
  Value r = reduceDouble(wide, arith::ExtFOp::create(s.b, s.loc, wide.type, x),
                         quarter);
  quarter = arith::TruncFOp::create(s.b, s.loc, s.type, quarter);
  return arith::TruncFOp::create(s.b, s.loc, s.type, r);
}

/// 1, -1/3!, 1/5! ... or 1, -1/2!, 1/4! ...: Taylor's coefficients.
static SmallVector<double> taylor(int first, int last) {
  SmallVector<double> coefficients;
  double value = 1.0;
  for (int k = first; k <= last; k += 2) {
    coefficients.push_back(value);
    value /= -double((k + 1) * (k + 2));
  }
  return coefficients;
}

/// sin and cos for |x| <= pi / 4; in double precision the first term left out
/// is 1e-19 of the result.
static Value sineOfSmall(Scalars &s, Value x, Value square) {
  if (s.isDouble()) {
    Value p = s.polynomial(square, ArrayRef(taylor(1, 17)).drop_front());
    return s.fma(s.mul(p, square), x, x);
  }
  Value p = s.polynomial(
      square, {-1.6666654611e-1f, 8.3321608736e-3f, -1.9515295891e-4f});
  return s.fma(s.mul(p, square), x, x);
}
static Value cosineOfSmall(Scalars &s, Value square) {
  Value head = s.fma(square, s.f(-0.5), s.f(1.0));
  if (s.isDouble()) {
    // What the rounding of 1 - x^2 / 2 loses goes to the small terms.
    Value lost = s.fma(square, s.f(-0.5), s.sub(s.f(1.0), head));
    Value p = s.polynomial(square, ArrayRef(taylor(0, 18)).drop_front(2));
    return s.add(head, s.fma(s.mul(p, square), square, lost));
  }
  Value p = s.polynomial(square, {4.166664568298827e-2f, -1.388731625493765e-3f,
                                  2.443315711809948e-5f});
  return s.fma(s.mul(p, square), square, head);
}

/// atan for |x| <= tan(pi / 8).
static Value arcTangentOfSmall(Scalars &s, Value x) {
  Value square = s.mul(x, x);
  if (!s.isDouble()) {
    Value p = s.polynomial(square, {-3.33329491539e-1f, 1.99777106478e-1f,
                                    -1.38776856032e-1f, 8.05374449538e-2f});
    return s.fma(s.mul(p, square), x, x);
  }
  Value p = s.polynomial(
      square, {-6.485021904942025371773e1, -1.228866684490136173410e2,
               -7.500855792314704667340e1, -1.615753718733365076637e1,
               -8.750608600031904122785e-1});
  Value q = s.polynomial(square,
                         {1.945506571482613964425e2, 4.853903996359136964868e2,
                          4.328810604912902668951e2, 1.650270098316988542046e2,
                          2.485846490142306297962e1, 1.0});
  return s.fma(s.mul(s.div(p, q), square), x, x);
}

namespace {
template <typename OpT, bool isCosine>
struct ExpandSine : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const final {
    if (!op.getType().isF32() && !op.getType().isF64())
      return rewriter.notifyMatchFailure(op, "not a single f32 or f64");
    Scalars s{rewriter, op.getLoc(), cast<FloatType>(op.getType())};
    Value quarter;
    Value x = reduceAngle(s, op.getOperand(), quarter);
    Value square = s.mul(x, x);
    Value sine = sineOfSmall(s, x, square), cosine = cosineOfSmall(s, square);
    auto is = [&](double number) {
      return s.cmp(Predicate::OEQ, quarter, s.f(number));
    };
    Value odd = s.either(is(1.0), is(3.0));
    Value negative =
        isCosine ? s.either(is(1.0), is(2.0)) : s.either(is(2.0), is(3.0));
    Value result =
        isCosine ? s.select(odd, sine, cosine) : s.select(odd, cosine, sine);
    rewriter.replaceOp(op, s.select(negative, s.neg(result), result));
    return success();
  }
};

struct ExpandArcTangent : OpRewritePattern<math::AtanOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::AtanOp op,
                                PatternRewriter &rewriter) const final {
    if (!op.getType().isF32() && !op.getType().isF64())
      return rewriter.notifyMatchFailure(op, "not a single f32 or f64");
    Scalars s{rewriter, op.getLoc(), cast<FloatType>(op.getType())};
    Value x = op.getOperand(), magnitude = s.abs(x), one = s.f(1.0);
    // Above tan(3 pi / 8): pi/2 - atan(1/x). Above tan(pi / 8):
    // pi/4 + atan((x - 1) / (x + 1)).
    Value large = s.cmp(Predicate::OGT, magnitude, s.f(2.414213562373095));
    Value middle = s.cmp(Predicate::OGT, magnitude, s.f(0.4142135623730950));
    Value reduced = s.select(
        middle, s.div(s.sub(magnitude, one), s.add(magnitude, one)), magnitude);
    reduced = s.select(large, s.div(s.f(-1.0), magnitude), reduced);
    Value zero = s.f(0.0);
    Value offset = s.select(middle, s.f(0.78539816339744830962L), zero);
    offset = s.select(large, s.f(1.57079632679489661923L), offset);
    Value small = arcTangentOfSmall(s, reduced);
    if (s.isDouble()) {
      // What pi/4 and pi/2 have beyond a double.
      Value rest = s.select(middle, s.f(3.061616997868383e-17), zero);
      rest = s.select(large, s.f(6.123233995736766e-17), rest);
      small = s.add(small, rest);
    }
    rewriter.replaceOpWithNewOp<math::CopySignOp>(op, s.add(offset, small), x);
    return success();
  }
};
} // namespace

void eclip::populateTrigonometryExpansion(RewritePatternSet &patterns) {
  // Ahead of upstream's approximations of the same operations.
  patterns.add<ExpandSine<math::SinOp, false>, ExpandSine<math::CosOp, true>,
               ExpandArcTangent>(patterns.getContext(), /*benefit=*/10);
}
