//===- Double.cpp - double-precision operations ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/FloatOps.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

static ECLIP_INLINE int exponentOf(double v) { return static_cast<int>(bits<uint64_t>(v) >> 52 & 2047); }
static ECLIP_INLINE bool denormal(double v) { return exponentOf(v) == 0 && v != 0; }
static ECLIP_INLINE double power2(int n) { return bits<double>(static_cast<uint64_t>(n + 1023) << 52); }
static ECLIP_INLINE double scaled(double v, int n) { return v * power2(n); }

// Division, with the same reading of the document as in Float.cpp.
static double divScale(double a, double denominator, double numerator, bool &flag) {
  flag = false;
  if (numerator == 0 || denominator == 0)
    return bits<double>(0x7ff8000000000000ull);
  bool isDenominator = bits<uint64_t>(a) == bits<uint64_t>(denominator);
  if (exponentOf(numerator) - exponentOf(denominator) >= 768) {
    flag = true;
    return isDenominator ? scaled(a, 128) : a;
  }
  if (denormal(denominator))
    return scaled(a, 128);
  bool tinyInverse = denormal(1.0 / denominator);
  double quotient = numerator / denominator;
  // A quotient that underflows to zero needs the same scaling as a denormal.
  bool tinyQuotient = denormal(quotient) || quotient == 0;
  if (tinyInverse && tinyQuotient) {
    flag = true;
    return isDenominator ? scaled(a, -128) : a;
  }
  if (tinyInverse)
    return scaled(a, -128);
  if (tinyQuotient) {
    flag = true;
    return bits<uint64_t>(a) == bits<uint64_t>(numerator) ? scaled(a, 128) : a;
  }
  if (exponentOf(numerator) <= 53)
    return scaled(a, 128);
  return a;
}
static void lanesDivScale(LaneArgs &x) {
  uint64_t mask = 0;
  for (unsigned l = 0; l < 64; ++l) {
    bool flag;
    F64::store(x.d, l, divScale(F64::load(x.a, l), F64::load(x.b, l), F64::load(x.c, l), flag));
    mask |= static_cast<uint64_t>(flag) << l;
  }
  x.maskOut = mask;
}
static void lanesDivFmas(LaneArgs &x) {
  for (unsigned l = 0; l < 64; ++l) {
    double c = F64::load(x.c, l);
    double r = __builtin_fma(F64::load(x.a, l), F64::load(x.b, l), c);
    if (laneBit(x.maskIn, l)) {
      // 113 bits hold the sum but for ties that Newton steps never make.
      __float128 sum = static_cast<__float128>(F64::load(x.a, l)) * F64::load(x.b, l) + c;
      r = static_cast<double>(sum * power2(exponentOf(c) > 1023 ? 128 : -128));
    }
    F64::store(x.d, l, r);
  }
}
static double divFixup(double q, double denominator, double numerator) {
  uint64_t sign = (bits<uint64_t>(denominator) ^ bits<uint64_t>(numerator)) & 0x8000000000000000ull;
  auto make = [&](uint64_t magnitude) { return bits<double>(sign | magnitude); };
  double inf = __builtin_inf();
  bool infN = __builtin_fabs(numerator) == inf, infD = __builtin_fabs(denominator) == inf;
  if (numerator != numerator)
    return quiet(numerator);
  if (denominator != denominator)
    return quiet(denominator);
  if ((numerator == 0 && denominator == 0) || (infN && infD))
    return bits<double>(0xfff8000000000000ull);
  if (denominator == 0 || infN)
    return make(0x7ff0000000000000ull);
  if (infD || numerator == 0)
    return make(0);
  int gap = exponentOf(numerator) - exponentOf(denominator);
  if (gap < -1075)
    return make(0);
  if (gap >= 2047 || q != q)
    return make(0x7ff0000000000000ull);
  return make(bits<uint64_t>(q) & 0x7fffffffffffffffull);
}

static constexpr uint64_t infinity = 0x7ff0000000000000ull, signBit = 1ull << 63;

static uint32_t frexpExponent(uint64_t u) {
  uint64_t magnitude = u & ~signBit;
  if (magnitude == 0 || magnitude >= infinity)
    return 0;
  if (magnitude >> 52)
    return static_cast<uint32_t>(magnitude >> 52) - 1022;
  return static_cast<uint32_t>(-1074 + 64) - static_cast<uint32_t>(__builtin_clzll(magnitude));
}
static uint64_t frexpMantissa(uint64_t u) {
  uint64_t magnitude = u & ~signBit;
  if (magnitude > infinity)
    return u | 0x0008000000000000ull;
  if (magnitude == 0 || magnitude == infinity)
    return u;
  if (magnitude >> 52 == 0)
    magnitude <<= __builtin_clzll(magnitude) - 11;
  return (u & signBit) | (magnitude & 0x000fffffffffffffull) | 0x3fe0000000000000ull;
}

static void addDoubleArithmetic(OpSink &s) {
  constexpr uint32_t f = VF_NoFlush;
  add2<F64, F64, F64>(s, "v_add_f64", [](double a, double b) { return a + b; }, f);
  add2<F64, F64, F64>(s, "v_mul_f64", [](double a, double b) { return a * b; }, f);
  add3<F64, F64, F64, F64>(s, "v_fma_f64", [](double a, double b, double c) { return __builtin_fma(a, b, c); }, f);
  add2<F64, F64, F64>(s, "v_min_f64", [](uint32_t m, double a, double b) { return floatMin(m, a, b); }, f);
  add2<F64, F64, F64>(s, "v_max_f64", [](uint32_t m, double a, double b) { return floatMax(m, a, b); }, f);
  add1<F64, F64>(s, "v_rcp_f64", [](double a) { return 1.0 / a; }, f);
  add1<F64, F64>(s, "v_rsq_f64", [](double a) { return 1.0 / __builtin_sqrt(a); }, f);
  add1<F64, F64>(s, "v_sqrt_f64", [](double a) { return __builtin_sqrt(a); }, f);
  add1<F64, F64>(s, "v_trunc_f64", [](double a) { return __builtin_trunc(a); }, f);
  add1<F64, F64>(s, "v_ceil_f64", [](double a) { return __builtin_ceil(a); }, f);
  add1<F64, F64>(s, "v_floor_f64", [](double a) { return __builtin_floor(a); }, f);
  add1<F64, F64>(s, "v_rndne_f64", [](double a) { return __builtin_roundeven(a); }, f);
  add1<F64, F64>(s, "v_fract_f64", [](double a) {
    double r = a - __builtin_floor(a);
    return r >= 1.0 ? 0x1.fffffffffffffp-1 : r;
  }, f);
}

void addDoubleOps(OpSink &s) {
  addDoubleArithmetic(s);
  constexpr uint32_t f = VF_NoFlush;
  addRaw(s, "v_div_scale_f64", lanesDivScale, Ty::F64, Ty::F64, Ty::F64, Ty::F64, f | VF_MaskOut | VF_FloatClamp);
  addRaw(s, "v_div_fmas_f64", lanesDivFmas, Ty::F64, Ty::F64, Ty::F64, Ty::F64, f | VF_VccIn | VF_FloatClamp);
  add3<F64, F64, F64, F64>(s, "v_div_fixup_f64", [](double a, double b, double c) { return divFixup(a, b, c); }, f);
  add2<F64, F64, I32>(s, "v_ldexp_f64", [](double a, int32_t n) {
    return __builtin_ldexp(a, n > 5000 ? 5000 : n < -5000 ? -5000 : n);
  }, f);
  addRaw(s, "v_frexp_exp_i32_f64", [](LaneArgs &x) {
    for (unsigned l = 0; l < 64; ++l)
      x.d[l] = frexpExponent(U64::load(x.a, l));
  }, Ty::B32, Ty::F64, Ty::None, Ty::None, f);
  addRaw(s, "v_frexp_mant_f64", [](LaneArgs &x) {
    for (unsigned l = 0; l < 64; ++l)
      U64::store(x.d, l, frexpMantissa(U64::load(x.a, l)));
  }, Ty::F64, Ty::F64, Ty::None, Ty::None, f | VF_FloatClamp);
}

} // namespace eclip::vgpu::ECLIP_LANES
