//===- Float.cpp - single-precision operations ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/FloatOps.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

/// v_mad and v_mac round the product and flush denormals whatever the mode.
static ECLIP_INLINE float madFlushed(float a, float b, float c) {
  float product = flushAlways(flushAlways(a) * flushAlways(b));
  return flushAlways(product + flushAlways(c));
}

static void addArithmetic(OpSink &s) {
  hot2<F32, F32, F32>(s, "v_add_f32", [](float a, float b) { return a + b; });
  hot2<F32, F32, F32>(s, "v_sub_f32", [](float a, float b) { return a - b; });
  hot2<F32, F32, F32>(s, "v_subrev_f32", [](float a, float b) { return b - a; });
  hot2<F32, F32, F32>(s, "v_mul_f32", [](float a, float b) { return a * b; });
  add2<F32, F32, F32>(s, "v_mul_legacy_f32", [](float a, float b) { return a == 0 || b == 0 ? 0.0f : a * b; });
  hotTied<F32, F32, F32>(s, "v_fmac_f32", [](float a, float b, float c) { return fmaf1(a, b, c); });
  hot3<F32, F32, F32, F32>(s, "v_fma_f32", [](float a, float b, float c) { return fmaf1(a, b, c); });
  auto mad = [](float a, float b, float c) { return madFlushed(a, b, c); };
  add3<F32, F32, F32, F32>(s, "v_mad_f32", mad);
  add3<F32, F32, F32, F32>(s, "v_mac_f32", mad, VF_Tied);
  add3<F32, F32, F32, F32>(s, "v_madmk_f32", mad, VF_KMiddle);
  add3<F32, F32, F32, F32>(s, "v_madak_f32", mad, VF_KLast);
  add3<F32, F32, F32, F32>(s, "v_mad_legacy_f32", [](float a, float b, float c) {
    return a == 0 || b == 0 ? flushAlways(c + 0.0f) : madFlushed(a, b, c);
  });
}

static void addMinMax(OpSink &s) {
  hot2<F32, F32, F32>(s, "v_min_f32", [](uint32_t m, float a, float b) { return floatMin(m, a, b); });
  hot2<F32, F32, F32>(s, "v_max_f32", [](uint32_t m, float a, float b) { return floatMax(m, a, b); });
  add3<F32, F32, F32, F32>(s, "v_min3_f32", [](uint32_t m, float a, float b, float c) {
    return floatMin(m, floatMin(m, a, b), c);
  });
  add3<F32, F32, F32, F32>(s, "v_max3_f32", [](uint32_t m, float a, float b, float c) {
    return floatMax(m, floatMax(m, a, b), c);
  });
  add3<F32, F32, F32, F32>(s, "v_med3_f32", [](uint32_t m, float a, float b, float c) {
    return floatMedian(m, a, b, c);
  });
}

static void addRounding(OpSink &s) {
  add1<F32, F32>(s, "v_trunc_f32", [](float a) { return __builtin_truncf(a); });
  add1<F32, F32>(s, "v_ceil_f32", [](float a) { return __builtin_ceilf(a); });
  add1<F32, F32>(s, "v_floor_f32", [](float a) { return __builtin_floorf(a); });
  add1<F32, F32>(s, "v_rndne_f32", [](float a) { return __builtin_roundevenf(a); });
  // Never 1: a tiny negative number has the largest fraction below it.
  add1<F32, F32>(s, "v_fract_f32", [](float a) {
    float f = a - __builtin_floorf(a);
    return f >= 1.0f ? 0x1.fffffep-1f : f;
  });
}

/// 2^n for an unbiased exponent in the normal range.
static ECLIP_INLINE float power2(int n) { return bits<float>(static_cast<uint32_t>(n + 127) << 23); }

static ECLIP_INLINE float sine(float turns, bool cosine) {
  double x = turns;
  double fraction = x - __builtin_floor(x);
  double angle = fraction * 6.283185307179586476925;
  return static_cast<float>(cosine ? __builtin_cos(angle) : __builtin_sin(angle));
}

/// Accuracy: reciprocal and square root are correctly rounded, the others within
/// 1 ulp; the hardware promises 1 ulp. v_exp and v_log flush denormals as it does.
static void addTranscendental(OpSink &s) {
  add1<F32, F32>(s, "v_rcp_f32", [](float a) { return 1.0f / a; });
  add1<F32, F32>(s, "v_rcp_iflag_f32", [](float a) { return 1.0f / a; });
  add1<F32, F32>(s, "v_rsq_f32", [](float a) { return static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(a))); });
  add1<F32, F32>(s, "v_sqrt_f32", [](float a) { return __builtin_sqrtf(a); });
  auto exp2 = [](float a) { return flushAlways(__builtin_exp2f(flushAlways(a))); };
  add1<F32, F32>(s, "v_exp_f32", exp2);
  add1<F32, F32>(s, "v_exp_legacy_f32", exp2);
  auto log2 = [](float a) { return flushAlways(__builtin_log2f(flushAlways(a))); };
  add1<F32, F32>(s, "v_log_f32", log2);
  add1<F32, F32>(s, "v_log_legacy_f32", log2);
  add1<F32, F32>(s, "v_sin_f32", [](float a) { return sine(a, false); });
  add1<F32, F32>(s, "v_cos_f32", [](float a) { return sine(a, true); });
}

static ECLIP_INLINE int exponentOf(float v) { return static_cast<int>(bits<uint32_t>(v) >> 23 & 255); }
static ECLIP_INLINE bool denormal(float v) { return exponentOf(v) == 0 && v != 0; }
/// Like denormal, of a quotient that the arithmetic may have flushed.
static ECLIP_INLINE bool denormalQuotient(float a, float b) {
  double q = static_cast<double>(a) / static_cast<double>(b);
  double magnitude = q < 0 ? -q : q;
  return magnitude != 0 && magnitude < 0x1p-126;
}
static ECLIP_INLINE float scaled(float v, int n) { return v * power2(n); }

// Division. Where the instruction set document cannot be meant literally, the
// executor does what makes LLVM's sequence round correctly: a denominator above
// 2^126 is scaled down, not up to infinity; v_div_fmas rounds once, after its
// scaling; and a quotient that became NaN on the way is an overflow.

/// Scales numerator or denominator so that the Newton steps of a division stay
/// in range. Returns the value; `flag` is the lane's bit of VCC.
static ECLIP_INLINE float divScale(float a, float denominator, float numerator, bool &flag) {
  flag = false;
  if (numerator == 0 || denominator == 0)
    return bits<float>(0x7fc00000u);
  if (exponentOf(numerator) - exponentOf(denominator) >= 96) {
    flag = true;
    return bits<uint32_t>(a) == bits<uint32_t>(denominator) ? scaled(a, 64) : a;
  }
  if (denormal(denominator))
    return scaled(a, 64);
  bool tinyInverse = denormalQuotient(1.0f, denominator);
  bool tinyQuotient = denormalQuotient(numerator, denominator);
  if (tinyInverse && tinyQuotient) {
    flag = true;
    return bits<uint32_t>(a) == bits<uint32_t>(denominator) ? scaled(a, -64) : a;
  }
  if (tinyInverse)
    return scaled(a, -64);
  if (tinyQuotient) {
    flag = true;
    return bits<uint32_t>(a) == bits<uint32_t>(numerator) ? scaled(a, 64) : a;
  }
  if (exponentOf(numerator) <= 23)
    return scaled(a, 64);
  return a;
}
static void lanesDivScale(LaneArgs &x) {
  uint64_t mask = 0;
  for (unsigned l = 0; l < 64; ++l) {
    bool flag;
    F32::store(x.d, l, divScale(F32::load(x.a, l), F32::load(x.b, l), F32::load(x.c, l), flag));
    mask |= static_cast<uint64_t>(flag) << l;
  }
  x.maskOut = mask;
}

/// (a*b+c) times 2^n with one rounding: the sum is rounded to odd in double,
/// where the product is exact.
static ECLIP_INLINE float scaledFma(float a, float b, float c, double scale) {
  double product = static_cast<double>(a) * static_cast<double>(b), addend = c;
  double sum = product + addend, part = sum - product;
  double error = (product - (sum - part)) + (addend - part);
  uint64_t u = bits<uint64_t>(sum);
  if ((error < 0 || error > 0) && (u & 1) == 0)
    u += (error > 0) == (sum > 0) ? 1 : ~0ull;
  return static_cast<float>(bits<double>(u) * scale);
}
static void lanesDivFmas(LaneArgs &x) {
  for (unsigned l = 0; l < 64; ++l) {
    float a = F32::load(x.a, l), b = F32::load(x.b, l), c = F32::load(x.c, l);
    float r = fmaf1(a, b, c);
    if (laneBit(x.maskIn, l))
      r = scaledFma(a, b, c, exponentOf(c) > 127 ? 0x1p64 : 0x1p-64);
    F32::store(x.d, l, r);
  }
}

static ECLIP_INLINE float divFixup(float q, float denominator, float numerator) {
  uint32_t sign = (bits<uint32_t>(denominator) ^ bits<uint32_t>(numerator)) & 0x80000000u;
  auto make = [&](uint32_t magnitude) { return bits<float>(sign | magnitude); };
  float inf = __builtin_inff();
  bool infN = __builtin_fabsf(numerator) == inf, infD = __builtin_fabsf(denominator) == inf;
  if (numerator != numerator)
    return quiet(numerator);
  if (denominator != denominator)
    return quiet(denominator);
  if ((numerator == 0 && denominator == 0) || (infN && infD))
    return bits<float>(0xffc00000u);
  if (denominator == 0 || infN)
    return make(0x7f800000u);
  if (infD || numerator == 0)
    return make(0);
  int gap = exponentOf(numerator) - exponentOf(denominator);
  // Beyond the range of any rounding: what an underflow or overflow rounds to.
  if (gap < -150)
    return make(0);
  if (gap >= 255 || q != q)
    return make(0x7f800000u);
  return make(bits<uint32_t>(q) & 0x7fffffffu);
}

static void addDivision(OpSink &s) {
  addRaw(s, "v_div_scale_f32", lanesDivScale, Ty::F32, Ty::F32, Ty::F32, Ty::F32, VF_MaskOut | VF_FloatClamp);
  addRaw(s, "v_div_fmas_f32", lanesDivFmas, Ty::F32, Ty::F32, Ty::F32, Ty::F32, VF_VccIn | VF_FloatClamp);
  add3<F32, F32, F32, F32>(s, "v_div_fixup_f32", [](float a, float b, float c) { return divFixup(a, b, c); });
}

static ECLIP_INLINE uint32_t frexpExponent(uint32_t u) {
  uint32_t magnitude = u & 0x7fffffffu;
  if (magnitude == 0 || magnitude >= 0x7f800000u)
    return 0;
  if (magnitude >= 0x00800000u)
    return (magnitude >> 23) - 126;
  return static_cast<uint32_t>(-149 + 32) - static_cast<uint32_t>(__builtin_clz(magnitude));
}
static ECLIP_INLINE uint32_t frexpMantissa(uint32_t u) {
  uint32_t magnitude = u & 0x7fffffffu;
  if (magnitude > 0x7f800000u)
    return u | 0x00400000u;
  if (magnitude == 0 || magnitude == 0x7f800000u)
    return u;
  if (magnitude < 0x00800000u)
    magnitude <<= __builtin_clz(magnitude) - 8;
  return (u & 0x80000000u) | (magnitude & 0x007fffffu) | 0x3f000000u;
}

static void addExponents(OpSink &s) {
  add2<F32, F32, I32>(s, "v_ldexp_f32", [](float a, int32_t n) {
    return __builtin_ldexpf(a, n > 1000 ? 1000 : n < -1000 ? -1000 : n);
  });
  addRaw(s, "v_frexp_exp_i32_f32", [](LaneArgs &x) {
    for (unsigned l = 0; l < 64; ++l) x.d[l] = frexpExponent(x.a[l]);
  }, Ty::B32, Ty::F32, Ty::None, Ty::None, 0);
  addRaw(s, "v_frexp_mant_f32", [](LaneArgs &x) {
    for (unsigned l = 0; l < 64; ++l) x.d[l] = frexpMantissa(x.a[l]);
  }, Ty::F32, Ty::F32, Ty::None, Ty::None, VF_FloatClamp);
}

void addFloatOps(OpSink &s) {
  addArithmetic(s);
  addMinMax(s);
  addRounding(s);
  addTranscendental(s);
  addDivision(s);
  addExponents(s);
}

} // namespace eclip::vgpu::ECLIP_LANES
