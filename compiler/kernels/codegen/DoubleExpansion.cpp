//===- DoubleExpansion.cpp - exp, log and erf in double precision ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The back end expands these for single precision only. Errors are below two
// units in the last place; infinities, zeros and NaN behave as in C99.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/LogarithmPair.h"
#include "compiler/kernels/codegen/Lowering.h"

#include "mlir/IR/PatternMatch.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace eclip;

using Predicate = arith::CmpFPredicate;

static constexpr long double kLog2 = 0.693147180559945309417232121458L;

/// exp(r) - 1 for |r| <= log(2) / 2: Taylor's series to r^14, of which the next
/// term is 1e-19 of r.
static Value expMinusOneOfSmall(Scalars &s, Value r) {
  double coefficients[13];
  double factorial = 1.0;
  for (int k = 2; k <= 14; ++k) {
    factorial *= k;
    coefficients[k - 2] = 1.0 / factorial;
  }
  Value tail = s.polynomial(r, coefficients);
  return s.fma(s.mul(r, r), tail, r);
}

/// x = n log(2) + r with a whole n and |r| <= log(2) / 2; x is clamped to where
/// exp is neither 0 nor infinite.
static Value reduceExponent(Scalars &s, Value x, Value &n) {
  x = s.clampMagnitude(x, 800.0);
  n = s.roundEven(s.mul(x, s.f(double(1.0L / kLog2))));
  const double high = double(kLog2);
  Value r = s.fma(s.neg(n), s.f(high), x);
  return s.fma(s.neg(n), s.f(double(kLog2 - high)), r);
}

static Value expOf(Scalars &s, Value x) {
  Value n, r = reduceExponent(s, x, n);
  return s.scaleByPower(s.add(expMinusOneOfSmall(s, r), s.f(1.0)), n);
}

static Value exp2Of(Scalars &s, Value x) {
  x = s.clampMagnitude(x, 1200.0);
  Value n = s.roundEven(x);
  Value r = s.mul(s.sub(x, n), s.f(double(kLog2)));
  return s.scaleByPower(s.add(expMinusOneOfSmall(s, r), s.f(1.0)), n);
}

/// 2^n (exp(r) - 1) + (2^n - 1) while 2^n is no more than a double holds.
static Value expMinusOneOf(Scalars &s, Value x) {
  Value n, r = reduceExponent(s, x, n);
  Value small = expMinusOneOfSmall(s, r), one = s.f(1.0);
  Value sum =
      s.add(s.scaleByPower(small, n), s.sub(s.scaleByPower(one, n), one));
  Value large = s.scaleByPower(s.add(small, one), n);
  Value result = s.select(s.cmp(Predicate::OGT, n, s.f(60.0)), large, sum);
  // -0 stays, which the sum above loses.
  return s.select(s.cmp(Predicate::OEQ, x, s.f(0.0)), x, result);
}

static Value logarithmOf(Scalars &s, Value x, long double perOctave) {
  FloatPair pair = logarithmPair(s, x, perOctave);
  Value result = s.add(pair.hi, pair.lo);
  Value inf = s.f(std::numeric_limits<double>::infinity());
  Value nan = s.f(std::numeric_limits<double>::quiet_NaN());
  result = s.select(s.cmp(Predicate::OEQ, x, inf), inf, result);
  result = s.select(s.cmp(Predicate::OEQ, x, s.f(0.0)), s.neg(inf), result);
  return s.select(s.cmp(Predicate::ULT, x, s.f(0.0)), nan, result);
}

/// erf(x) for |x| <= 1: x times a polynomial in x^2, interpolated at the
/// Chebyshev points; relative error 2e-17.
static Value erfOfSmall(Scalars &s, Value x) {
  static constexpr double coefficients[] = {
      1.1283791670955126,      -0.3761263890318375,     0.11283791670954879,
      -0.026866170645076792,   0.0052239776248180145,   -0.000854832698083379,
      0.0001205533111164271,   -1.4925595266831182e-05, 1.6461000484121368e-06,
      -1.6350312701054695e-07, 1.4659775274047436e-08,  -1.1372848856791674e-09,
      5.957176147748911e-11};
  return s.mul(x, s.polynomial(s.mul(x, x), coefficients));
}

/// erfc(x) for x from 1/2 to 28, beyond which it is 0. (1 + 2x) exp(x^2)
/// erfc(x) is a polynomial in (x - 4) / (x + 4), interpolated at the Chebyshev
/// points of that range with a relative error of 6e-17; exp(-x^2) takes x^2 as
/// a pair of floats.
static Value erfcOfLarge(Scalars &s, Value x) {
  static constexpr double coefficients[] = {
      1.2329951186255526,    -0.1396211168405616,     0.015379652102614858,
      0.06809705425457811,   -0.10103906603599298,    0.09373283500259434,
      -0.0663303658198799,   0.03716751546515809,     -0.016197733962200932,
      0.005031970657505758,  -0.0007577739752266992,  -0.000199260546967223,
      0.0001506247026512128, -2.4385454299846383e-05, -1.1230434994851926e-05,
      5.678446518677392e-06, 3.0842678654442027e-07,  -7.811785785175153e-07,
      5.941337955131871e-08, 7.389680444833914e-08,   -9.455982939872743e-09};
  x = s.clampMagnitude(x, 28.0);
  Value place = s.div(s.sub(x, s.f(4.0)), s.add(x, s.f(4.0)));
  Value scaled =
      s.div(s.polynomial(place, coefficients), s.fma(x, s.f(2.0), s.f(1.0)));
  Value square = s.mul(x, x);
  Value squareLow = s.fma(x, x, s.neg(square));
  Value power = expOf(s, s.neg(square));
  power = s.fma(s.neg(squareLow), power, power);
  return s.mul(scaled, power);
}

static Value erfOf(Scalars &s, Value x) {
  Value magnitude = s.abs(x), one = s.f(1.0);
  Value large = s.copySign(s.sub(one, erfcOfLarge(s, magnitude)), x);
  Value small = erfOfSmall(s, s.clampMagnitude(x, 1.0));
  return s.select(s.cmp(Predicate::OGT, magnitude, one), large, small);
}

static Value erfcOf(Scalars &s, Value x) {
  Value half = s.f(0.5), magnitude = s.abs(x);
  Value atLeastHalf =
      s.select(s.cmp(Predicate::OGT, magnitude, half), magnitude, half);
  Value large = erfcOfLarge(s, atLeastHalf);
  Value negative = s.cmp(Predicate::OLT, x, s.f(0.0));
  large = s.select(negative, s.sub(s.f(2.0), large), large);
  Value small = s.sub(s.f(1.0), erfOfSmall(s, s.clampMagnitude(x, 1.0)));
  return s.select(s.cmp(Predicate::OGT, magnitude, half), large, small);
}

namespace {
/// `OpT` of an f64 as what `function` writes.
template <typename OpT, auto function> struct Expand : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const final {
    if (!op.getType().isF64())
      return rewriter.notifyMatchFailure(op, "not a single f64");
    Scalars s{rewriter, op.getLoc(), cast<FloatType>(op.getType())};
    rewriter.replaceOp(op, function(s, op.getOperand()));
    return success();
  }
};

Value logOf(Scalars &s, Value x) { return logarithmOf(s, x, kLog2); }
Value log2Of(Scalars &s, Value x) { return logarithmOf(s, x, 1.0L); }
Value log10Of(Scalars &s, Value x) {
  return logarithmOf(s, x, 0.301029995663981195213738894724L);
}
} // namespace

void eclip::populateDoubleExpansion(RewritePatternSet &patterns) {
  patterns.add<Expand<math::ExpOp, expOf>, Expand<math::Exp2Op, exp2Of>,
               Expand<math::ExpM1Op, expMinusOneOf>, Expand<math::LogOp, logOf>,
               Expand<math::Log2Op, log2Of>, Expand<math::Log10Op, log10Of>,
               Expand<math::ErfOp, erfOf>, Expand<math::ErfcOp, erfcOf>>(
      patterns.getContext());
}
