//===- TrigonometryExpansion.cpp - sin, cos and atan ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Upstream's forms lose digits where sin and cos pass through zero (their
// reduction is not exact) and around atan's joint. The polynomials are those of
// the Cephes library's sinf, cosf and atanf (S. L. Moshier), the reduction by
// quarter turns is in three parts with fused multiplications: good to one or
// two units in the last place while |x| stays below about 10^5.
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
/// undefined).
static Value reduceAngle(Scalars &s, Value x, Value &quarter) {
  const long double quarterTurn = 1.570796326794896619231321691639751442L;
  const float high = static_cast<float>(quarterTurn);
  const float middle = static_cast<float>(quarterTurn - high);
  const float low = static_cast<float>(quarterTurn - high - middle);
  Value n = math::RoundEvenOp::create(
      s.b, s.loc, s.mul(x, s.f(static_cast<float>(1.0L / quarterTurn))));
  Value minus = s.neg(n);
  Value r = s.fma(minus, s.f(high), x);
  r = s.fma(minus, s.f(middle), r);
  r = s.fma(minus, s.f(low), r);
  Value four = s.f(4.0f);
  quarter = s.sub(n, s.mul(four, s.floor(s.mul(n, s.f(0.25f)))));
  return r;
}

/// sin and cos for |x| <= pi / 4.
static Value sineOfSmall(Scalars &s, Value x, Value square) {
  Value p = s.fma(s.f(-1.9515295891e-4f), square, s.f(8.3321608736e-3f));
  p = s.fma(p, square, s.f(-1.6666654611e-1f));
  return s.fma(s.mul(p, square), x, x);
}
static Value cosineOfSmall(Scalars &s, Value square) {
  Value p =
      s.fma(s.f(2.443315711809948e-5f), square, s.f(-1.388731625493765e-3f));
  p = s.fma(p, square, s.f(4.166664568298827e-2f));
  Value head = s.fma(square, s.f(-0.5f), s.f(1.0f));
  return s.fma(s.mul(p, square), square, head);
}

namespace {
template <typename OpT, bool isCosine>
struct ExpandSine : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const final {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not a single f32");
    Scalars s{rewriter, op.getLoc()};
    Value quarter;
    Value x = reduceAngle(s, op.getOperand(), quarter);
    Value square = s.mul(x, x);
    Value sine = sineOfSmall(s, x, square), cosine = cosineOfSmall(s, square);
    auto is = [&](float number) {
      return s.cmp(Predicate::OEQ, quarter, s.f(number));
    };
    Value odd = s.either(is(1.0f), is(3.0f));
    Value negative =
        isCosine ? s.either(is(1.0f), is(2.0f)) : s.either(is(2.0f), is(3.0f));
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
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not a single f32");
    Scalars s{rewriter, op.getLoc()};
    Value x = op.getOperand(), magnitude = s.abs(x), one = s.f(1.0f);
    // Above tan(3 pi / 8): pi/2 - atan(1/x). Above tan(pi / 8):
    // pi/4 + atan((x - 1) / (x + 1)).
    Value large = s.cmp(Predicate::OGT, magnitude, s.f(2.414213562373095f));
    Value middle = s.cmp(Predicate::OGT, magnitude, s.f(0.4142135623730950f));
    Value reduced = s.select(
        middle, s.div(s.sub(magnitude, one), s.add(magnitude, one)), magnitude);
    reduced = s.select(large, s.div(s.f(-1.0f), magnitude), reduced);
    Value offset = s.select(middle, s.f(0.7853981633974483f), s.f(0.0f));
    offset = s.select(large, s.f(1.5707963267948966f), offset);
    Value square = s.mul(reduced, reduced);
    Value p = s.fma(s.f(8.05374449538e-2f), square, s.f(-1.38776856032e-1f));
    p = s.fma(p, square, s.f(1.99777106478e-1f));
    p = s.fma(p, square, s.f(-3.33329491539e-1f));
    Value small = s.fma(s.mul(p, square), reduced, reduced);
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
