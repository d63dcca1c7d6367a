//===- Half.cpp - half-precision operations on one half -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/HalfOps.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

static ECLIP_INLINE float rounded(float v) { return halfToFloat(floatToHalf(v)); }

static void addHalfArithmetic(OpSink &s) {
  add2<F16, F16, F16>(s, "v_add_f16", [](float a, float b) { return a + b; });
  add2<F16, F16, F16>(s, "v_sub_f16", [](float a, float b) { return a - b; });
  add2<F16, F16, F16>(s, "v_subrev_f16", [](float a, float b) { return b - a; });
  add2<F16, F16, F16>(s, "v_mul_f16", [](float a, float b) { return a * b; });
  auto mad = [](float a, float b, float c) { return rounded(a * b) + c; };
  add3<F16, F16, F16, F16>(s, "v_mac_f16", mad, VF_Tied);
  add3<F16, F16, F16, F16>(s, "v_madmk_f16", mad, VF_KMiddle);
  add3<F16, F16, F16, F16>(s, "v_madak_f16", mad, VF_KLast);
  add3<F16, F16, F16, F16>(s, "v_mad_f16", mad, VF_KeepHigh);
  add3<F16, F16, F16, F16>(s, "v_mad_legacy_f16", mad);
  auto fma = [](float a, float b, float c) { return halfFma(a, b, c); };
  add3<F16, F16, F16, F16>(s, "v_fma_f16", fma, VF_KeepHigh);
  add3<F16, F16, F16, F16>(s, "v_fma_legacy_f16", fma);
  using U = uint32_t;
  add2<H16, H16, H16>(s, "v_min_f16", [](U m, U a, U b) { return halfMin(m, a, b); });
  add2<H16, H16, H16>(s, "v_max_f16", [](U m, U a, U b) { return halfMax(m, a, b); });
  add3<H16, H16, H16, H16>(s, "v_min3_f16", [](U m, U a, U b, U c) { return halfMin(m, halfMin(m, a, b), c); }, VF_KeepHigh);
  add3<H16, H16, H16, H16>(s, "v_max3_f16", [](U m, U a, U b, U c) { return halfMax(m, halfMax(m, a, b), c); }, VF_KeepHigh);
  add3<H16, H16, H16, H16>(s, "v_med3_f16", [](U m, U a, U b, U c) { return halfMedian(m, a, b, c); }, VF_KeepHigh);
}

static float divFixup(float q, float denominator, float numerator) {
  bool sign = negative(denominator) != negative(numerator);
  float inf = __builtin_inff();
  bool infN = __builtin_fabsf(numerator) == inf, infD = __builtin_fabsf(denominator) == inf;
  if (numerator != numerator)
    return numerator;
  if (denominator != denominator)
    return denominator;
  if ((numerator == 0 && denominator == 0) || (infN && infD))
    return -__builtin_nanf("");
  float r = __builtin_fabsf(q);
  if (denominator == 0 || infN)
    r = inf;
  else if (infD || numerator == 0)
    r = 0;
  return sign ? -r : r;
}

static void addHalfFunctions(OpSink &s) {
  add1<F16, F16>(s, "v_trunc_f16", [](float a) { return __builtin_truncf(a); });
  add1<F16, F16>(s, "v_ceil_f16", [](float a) { return __builtin_ceilf(a); });
  add1<F16, F16>(s, "v_floor_f16", [](float a) { return __builtin_floorf(a); });
  add1<F16, F16>(s, "v_rndne_f16", [](float a) { return __builtin_roundevenf(a); });
  add1<F16, F16>(s, "v_fract_f16", [](float a) {
    float f = a - __builtin_floorf(a);
    return f > 0x1.ffcp-1f ? 0x1.ffcp-1f : f;
  });
  add1<F16, F16>(s, "v_rcp_f16", [](float a) { return 1.0f / a; });
  add1<F16, F16>(s, "v_sqrt_f16", [](float a) { return __builtin_sqrtf(a); });
  add1<F16, F16>(s, "v_rsq_f16", [](float a) { return 1.0f / __builtin_sqrtf(a); });
  add1<F16, F16>(s, "v_exp_f16", [](float a) { return __builtin_exp2f(a); });
  add1<F16, F16>(s, "v_log_f16", [](float a) { return __builtin_log2f(a); });
  add1<F16, F16>(s, "v_sin_f16", [](float a) {
    return static_cast<float>(__builtin_sin((a - __builtin_floorf(a)) * 6.283185307179586476925));
  });
  add1<F16, F16>(s, "v_cos_f16", [](float a) {
    return static_cast<float>(__builtin_cos((a - __builtin_floorf(a)) * 6.283185307179586476925));
  });
  add2<F16, F16, I16>(s, "v_ldexp_f16", [](float a, int32_t n) {
    return __builtin_ldexpf(a, n > 100 ? 100 : n < -100 ? -100 : n);
  });
  add1<F16, F16>(s, "v_frexp_mant_f16", [](float a) {
    int e = 0;
    return a - a != 0 ? a : __builtin_frexpf(a, &e);
  });
  add1<I16, F16>(s, "v_frexp_exp_i16_f16", [](float a) -> int32_t {
    int e = 0;
    if (a == 0 || a - a != 0)
      return 0;
    __builtin_frexpf(a, &e);
    return e;
  });
  add3<F16, F16, F16, F16>(s, "v_div_fixup_f16", [](float a, float b, float c) { return divFixup(a, b, c); }, VF_KeepHigh);
  add3<F16, F16, F16, F16>(s, "v_div_fixup_legacy_f16", [](float a, float b, float c) { return divFixup(a, b, c); });
}

void addHalfOps(OpSink &s) {
  addHalfArithmetic(s);
  addHalfFunctions(s);
}

} // namespace eclip::vgpu::ECLIP_LANES
