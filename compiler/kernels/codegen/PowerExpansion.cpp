//===- PowerExpansion.cpp - x^y and logarithms in pairs of floats ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// exp2(y * log2(x)) loses as many bits as the product has before the point, up
// to 7 of 24. Here the logarithm and the product are sums of two floats (the
// high part and what it leaves), which keeps the error near 1e-7; the same in
// double precision keeps it near 1e-15. Special values follow C99's pow.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/LogarithmPair.h"
#include "compiler/kernels/codegen/Lowering.h"

#include "mlir/IR/Matchers.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace eclip;

/// log(m) for m in [sqrt(1/2), sqrt(2)): 2 atanh(s), s = (m - 1) / (m + 1).
static FloatPair logOfMantissa(Scalars &s, Value m) {
  Value one = s.f(1.0);
  Value numerator = s.sub(m, one); // exact
  Value denominator = s.add(m, one);
  Value rest = s.sub(m, s.sub(denominator, one)); // exact
  Value q = s.div(numerator, denominator);
  Value remainder = s.fma(s.neg(q), denominator, numerator);
  remainder = s.fma(s.neg(q), rest, remainder);
  Value qLow = s.div(remainder, denominator);
  // s^2/3 + s^4/5 + ...: below 0.01, so its own rounding does not matter; the
  // first term left out is 0.0294^6 / 13 = 5e-11, in double precision
  // 0.0294^12 / 25 = 2e-20.
  Value square = s.mul(q, q);
  int last = s.isDouble() ? 23 : 11;
  Value series = s.f(1.0 / last);
  for (int divisor = last - 2; divisor >= 3; divisor -= 2)
    series = s.fma(series, square, s.f(1.0 / divisor));
  series = s.mul(series, square);
  Value hi = s.mul(q, s.f(2.0));
  return {hi, s.fma(hi, series, s.mul(qLow, s.f(2.0)))};
}

/// The long double as a pair of constants.
static FloatPair constantPair(Scalars &s, long double value) {
  double hi = s.isDouble() ? double(value) : double(float(value));
  return {s.f(hi), s.f(double(value - hi))};
}

/// x = m * 2^e with m in [sqrt(1/2), sqrt(2)); returns m.
static Value splitExponent(Scalars &s, Value x, Value &e) {
  const unsigned mantissaBits = s.type.getFPMantissaWidth() - 1;
  Value tiny = s.cmp(arith::CmpFPredicate::OLT, x,
                     s.f(s.isDouble() ? 0x1p-1022 : 0x1p-126));
  x = s.select(tiny, s.mul(x, s.f(std::ldexp(1.0, mantissaBits + 1))), x);
  Value bits = s.bits(x);
  // The bits above those of sqrt(1/2) count the exponent of a mantissa in
  // [sqrt(1/2), sqrt(2)).
  Value above =
      s.subi(bits, s.i(s.isDouble() ? 0x3fe6a09e667f3bcd : 0x3f3504f3));
  Value exponent = arith::ShRSIOp::create(s.b, s.loc, above, s.i(mantissaBits));
  Value shifted =
      arith::ShLIOp::create(s.b, s.loc, exponent, s.i(mantissaBits));
  Value mantissa = s.fromBits(s.subi(bits, shifted));
  exponent = s.select(tiny, s.subi(exponent, s.i(mantissaBits + 1)), exponent);
  // The exponent fits in 32 bits, which converts in one instruction.
  if (s.isDouble())
    exponent = arith::TruncIOp::create(s.b, s.loc, s.b.getI32Type(), exponent);
  e = arith::SIToFPOp::create(s.b, s.loc, s.type, exponent);
  return mantissa;
}

FloatPair eclip::logarithmPair(Scalars &s, Value x, long double perOctave) {
  Value e;
  FloatPair log = logOfMantissa(s, splitExponent(s, x, e));
  const long double perNaturalUnit = perOctave / 0.693147180559945309417232L;
  FloatPair c = constantPair(s, perNaturalUnit);
  Value p = log.hi, pLow = log.lo;
  if (perNaturalUnit != 1.0L) {
    p = s.mul(log.hi, c.hi);
    pLow = s.fma(log.hi, c.hi, s.neg(p));
    pLow = s.fma(log.hi, c.lo, pLow);
    pLow = s.fma(log.lo, c.hi, pLow);
  }
  Value octaves = e;
  if (perOctave != 1.0L) {
    FloatPair octave = constantPair(s, perOctave);
    octaves = s.mul(e, octave.hi);
    Value octavesLow = s.fma(e, octave.hi, s.neg(octaves));
    pLow = s.add(pLow, s.fma(e, octave.lo, octavesLow));
  }
  // |p| is smaller than an octave, so octaves + p loses nothing but what is
  // recovered here.
  Value hi = s.add(octaves, p);
  Value lo = s.add(s.sub(p, s.sub(hi, octaves)), pLow);
  return {hi, lo};
}

/// |x|^y where no operand is zero, infinite or NaN.
static Value powerOfMagnitude(Scalars &s, Value magnitude, Value y) {
  FloatPair log = logarithmPair(s, magnitude, 1.0L);
  Value h = s.mul(y, log.hi);
  Value l = s.fma(y, log.lo, s.fma(y, log.hi, s.neg(h)));
  // Beyond these the result is 0 or infinite.
  const double limit = s.isDouble() ? 1200.0 : 200.0;
  Value outside = s.cmp(arith::CmpFPredicate::OGT, s.abs(h), s.f(limit));
  h = s.clampMagnitude(h, limit);
  l = s.select(outside, s.f(0.0), l);
  Value whole = s.roundEven(h);
  Value fraction = s.add(s.sub(h, whole), l);
  Value power = math::Exp2Op::create(s.b, s.loc, fraction);
  return s.scaleByPower(power, whole);
}

/// `result` where x or y is 0, infinite, NaN or x is negative.
static Value withSpecialValues(Scalars &s, Value x, Value y, Value magnitude,
                               Value result) {
  using P = arith::CmpFPredicate;
  Value zero = s.f(0.0), one = s.f(1.0);
  Value inf = s.f(std::numeric_limits<double>::infinity());
  Value nan = s.f(std::numeric_limits<double>::quiet_NaN());
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
  Value half = s.mul(y, s.f(0.5));
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

/// x to a power that takes a multiplication or two, or null.
static Value withKnownExponent(Scalars &s, Value x, double exponent) {
  if (exponent == 0.0)
    return s.f(1.0);
  if (exponent == 1.0)
    return x;
  if (exponent == 2.0)
    return s.mul(x, x);
  if (exponent == 3.0)
    return s.mul(s.mul(x, x), x);
  if (exponent == 4.0) {
    Value square = s.mul(x, x);
    return s.mul(square, square);
  }
  if (exponent == -1.0)
    return s.div(s.f(1.0), x);
  return {};
}

namespace {
struct ExpandPower : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::PowFOp op,
                                PatternRewriter &rewriter) const final {
    if (!op.getType().isF32() && !op.getType().isF64())
      return rewriter.notifyMatchFailure(op, "not a single f32 or f64");
    Scalars s{rewriter, op.getLoc(), cast<FloatType>(op.getType())};
    Value x = op.getLhs(), y = op.getRhs();
    APFloat exponent(0.0f);
    if (matchPattern(y, m_ConstantFloat(&exponent)))
      if (Value known = withKnownExponent(s, x, exponent.convertToDouble())) {
        rewriter.replaceOp(op, known);
        return success();
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
