//===- PowerExpansion.cpp - x^y in single precision -----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// exp2(y * log2(x)) loses as many bits as the product has before the point, up
// to 7 of 24. Here the logarithm and the product are sums of two floats (the
// high part and what it leaves), which keeps the error near 1e-7. Special
// values follow C99's pow.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Lowering.h"
#include "compiler/kernels/codegen/ScalarMath.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Matchers.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace eclip;

namespace {
/// hi + lo, |lo| at most half a unit in the last place of hi.
struct Pair {
  Value hi, lo;
};
} // namespace

/// log(m) for m in [sqrt(1/2), sqrt(2)): 2 atanh(s), s = (m - 1) / (m + 1).
static Pair logOfMantissa(Scalars &s, Value m) {
  Value one = s.f(1.0f);
  Value numerator = s.sub(m, one); // exact
  Value denominator = s.add(m, one);
  Value rest = s.sub(m, s.sub(denominator, one)); // exact
  Value q = s.div(numerator, denominator);
  Value remainder = s.fma(s.neg(q), denominator, numerator);
  remainder = s.fma(s.neg(q), rest, remainder);
  Value qLow = s.div(remainder, denominator);
  // s^2/3 + s^4/5 + ...: below 0.01, so its own rounding does not matter; the
  // first term left out is 0.0294^6 / 13 = 5e-11.
  Value square = s.mul(q, q);
  Value series = s.f(1.0f / 11.0f);
  for (float divisor : {9.0f, 7.0f, 5.0f, 3.0f})
    series = s.fma(series, square, s.f(1.0f / divisor));
  series = s.mul(series, square);
  Value two = s.f(2.0f);
  Value hi = s.mul(q, two);
  return {hi, s.fma(hi, series, s.mul(qLow, two))};
}

/// log2(x) for positive finite x.
static Pair logarithm(Scalars &s, Value x) {
  Value tiny = s.cmp(arith::CmpFPredicate::OLT, x, s.f(0x1p-126f));
  x = s.select(tiny, s.mul(x, s.f(0x1p24f)), x);
  Value bits = s.bits(x);
  // The bits above those of sqrt(1/2) count the exponent of a mantissa in
  // [sqrt(1/2), sqrt(2)).
  Value above = s.subi(bits, s.i(0x3f3504f3));
  Value exponent = arith::ShRSIOp::create(s.b, s.loc, above, s.i(23));
  Value shifted = arith::ShLIOp::create(s.b, s.loc, exponent, s.i(23));
  Pair log = logOfMantissa(s, s.fromBits(s.subi(bits, shifted)));
  exponent = s.select(tiny, s.subi(exponent, s.i(24)), exponent);
  Value e = arith::SIToFPOp::create(s.b, s.loc, s.b.getF32Type(), exponent);
  const float log2eHigh = static_cast<float>(M_LOG2E);
  Value c = s.f(log2eHigh);
  Value cLow = s.f(static_cast<float>(M_LOG2E - double(log2eHigh)));
  Value p = s.mul(log.hi, c);
  Value pLow = s.fma(log.hi, c, s.neg(p));
  pLow = s.fma(log.hi, cLow, pLow);
  pLow = s.fma(log.lo, c, pLow);
  // |p| <= 1/2, so e + p loses nothing but what is recovered here.
  Value hi = s.add(e, p);
  Value lo = s.add(s.sub(p, s.sub(hi, e)), pLow);
  return {hi, lo};
}

/// |x|^y where no operand is zero, infinite or NaN.
static Value powerOfMagnitude(Scalars &s, Value magnitude, Value y) {
  Pair log = logarithm(s, magnitude);
  Value h = s.mul(y, log.hi);
  Value l = s.fma(y, log.lo, s.fma(y, log.hi, s.neg(h)));
  // Beyond these the result is 0 or infinite.
  Value high = s.cmp(arith::CmpFPredicate::OGT, h, s.f(200.0f));
  Value low = s.cmp(arith::CmpFPredicate::OLT, h, s.f(-200.0f));
  h = s.select(high, s.f(200.0f), s.select(low, s.f(-200.0f), h));
  l = s.select(s.either(high, low), s.f(0.0f), l);
  Value whole = math::RoundEvenOp::create(s.b, s.loc, h);
  Value fraction = s.add(s.sub(h, whole), l);
  Value power = math::Exp2Op::create(s.b, s.loc, fraction);
  Value n = arith::FPToSIOp::create(s.b, s.loc, s.b.getI32Type(), whole);
  return LLVM::LoadExpOp::create(s.b, s.loc, s.b.getF32Type(), power, n);
}

/// `result` where x or y is 0, infinite, NaN or x is negative.
static Value withSpecialValues(Scalars &s, Value x, Value y, Value magnitude,
                               Value result) {
  using P = arith::CmpFPredicate;
  Value zero = s.f(0.0f), one = s.f(1.0f);
  Value inf = s.f(std::numeric_limits<float>::infinity());
  Value nan = s.f(std::numeric_limits<float>::quiet_NaN());
  Value yPositive = s.cmp(P::OGT, y, zero);
  result = s.select(s.cmp(P::OEQ, magnitude, zero),
                    s.select(yPositive, zero, inf), result);
  result = s.select(s.cmp(P::OEQ, magnitude, inf),
                    s.select(yPositive, inf, zero), result);
  Value grows = arith::CmpIOp::create(s.b, s.loc, arith::CmpIPredicate::eq,
                                      s.cmp(P::OGT, magnitude, one), yPositive);
  Value ofInfinite =
      s.select(s.cmp(P::OEQ, magnitude, one), one, s.select(grows, inf, zero));
  result = s.select(s.cmp(P::OEQ, s.abs(y), inf), ofInfinite, result);
  Value whole = s.cmp(P::OEQ, s.floor(y), y);
  Value half = s.mul(y, s.f(0.5f));
  Value odd = s.both(whole, s.cmp(P::UNE, s.floor(half), half));
  Value negative = arith::CmpIOp::create(s.b, s.loc, arith::CmpIPredicate::slt,
                                         s.bits(x), s.i(0));
  result = s.select(s.both(negative, odd), s.neg(result), result);
  Value finiteNegative =
      s.both(s.cmp(P::OLT, x, zero), s.cmp(P::ONE, magnitude, inf));
  Value fractional = s.cmp(P::ONE, s.floor(y), y);
  result = s.select(s.both(finiteNegative, fractional), nan, result);
  result = s.select(s.cmp(P::UNO, x, y), nan, result);
  Value unit = s.either(s.cmp(P::OEQ, x, one), s.cmp(P::OEQ, y, zero));
  return s.select(unit, one, result);
}

namespace {
struct ExpandPower : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::PowFOp op,
                                PatternRewriter &rewriter) const final {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not a single f32");
    Scalars s{rewriter, op.getLoc()};
    Value x = op.getLhs(), y = op.getRhs();
    APFloat exponent(0.0f);
    if (matchPattern(y, m_ConstantFloat(&exponent))) {
      float value = exponent.convertToFloat();
      if (value == 1.0f)
        return rewriter.replaceOp(op, x), success();
      if (value == 2.0f)
        return rewriter.replaceOp(op, s.mul(x, x)), success();
      if (value == 3.0f)
        return rewriter.replaceOp(op, s.mul(s.mul(x, x), x)), success();
      if (value == -1.0f)
        return rewriter.replaceOp(op, s.div(s.f(1.0f), x)), success();
    }
    Value magnitude = s.abs(x);
    Value result = powerOfMagnitude(s, magnitude, y);
    rewriter.replaceOp(op, withSpecialValues(s, x, y, magnitude, result));
    return success();
  }
};
} // namespace

void eclip::populatePowerExpansion(RewritePatternSet &patterns) {
  patterns.add<ExpandPower>(patterns.getContext());
}
