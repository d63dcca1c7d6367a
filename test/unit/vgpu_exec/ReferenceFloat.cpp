//===- ReferenceFloat.cpp - single precision, lane by lane ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reference.h"

#include <cmath>

namespace eclip::vgpu::test {

static uint64_t out(double v) { return bits(static_cast<float>(v)); }
static float flushed(float v) { return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(0.0f, v) : v; }
/// v_mad: two roundings, denormals always flushed.
static float mad(float a, float b, float c) {
  float product = flushed(static_cast<float>(static_cast<double>(flushed(a)) * flushed(b)));
  return flushed(static_cast<float>(static_cast<double>(product) + flushed(c)));
}
static bool signalling(uint64_t b) { return (b & 0x7fc00000) == 0x7f800000 && (b & 0x3fffff); }

template <bool wantMax> static uint64_t pick(uint64_t a, uint64_t b) {
  a &= 0xffffffff;
  b &= 0xffffffff;
  if (signalling(a) || signalling(b))
    return 0x7fc00000;
  if (std::isnan(f32(a)))
    return b;
  if (std::isnan(f32(b)))
    return a;
  if (f32(a) == f32(b))
    return wantMax ? a & b : a | b;
  return (f32(a) > f32(b)) == wantMax ? a : b;
}
static uint64_t median(uint64_t a, uint64_t b, uint64_t c) {
  if (std::isnan(f32(a)) || std::isnan(f32(b)) || std::isnan(f32(c)))
    return pick<false>(pick<false>(a, b), c);
  float high = f32(pick<true>(pick<true>(a, b), c));
  if (high == f32(a))
    return pick<true>(b, c);
  if (high == f32(b))
    return pick<true>(a, c);
  return pick<true>(a, b);
}

static int exponent(float v) { return static_cast<int>(bits(v) >> 23 & 255); }
static bool subnormalQuotient(float n, float d) {
  double q = std::fabs(static_cast<double>(n) / d);
  return q != 0 && q < 0x1p-126;
}
/// The document's cascade, in its order. In its case of two subnormal quotients
/// it says 64 where only -64 keeps a denominator above 2^126 finite.
static uint64_t divScale(Lane &x) {
  float s0 = f32(x.a), d = f32(x.b), n = f32(x.c);
  uint64_t plain = x.a & 0xffffffff;
  auto scale = [&](int by) { return bits(static_cast<float>(std::ldexp(static_cast<double>(s0), by))); };
  x.carry = false;
  if (n == 0 || d == 0)
    return 0x7fc00000;
  if (exponent(n) - exponent(d) >= 96) {
    x.carry = true;
    return u32(x.a) == u32(x.b) ? scale(64) : plain;
  }
  if (std::fpclassify(d) == FP_SUBNORMAL)
    return scale(64);
  if (subnormalQuotient(1, d) && subnormalQuotient(n, d)) {
    x.carry = true;
    return u32(x.a) == u32(x.b) ? scale(-64) : plain;
  }
  if (subnormalQuotient(1, d))
    return scale(-64);
  if (subnormalQuotient(n, d)) {
    x.carry = true;
    return u32(x.a) == u32(x.c) ? scale(64) : plain;
  }
  return exponent(n) <= 23 ? scale(64) : plain;
}
static uint64_t divFmas(Lane &x) {
  if (!x.carryIn)
    return bits(std::fma(f32(x.a), f32(x.b), f32(x.c)));
  __float128 sum = static_cast<__float128>(f32(x.a)) * f32(x.b) + f32(x.c);
  return bits(static_cast<float>(sum * (exponent(f32(x.c)) > 127 ? 0x1p64 : 0x1p-64)));
}
static uint64_t divFixup(Lane &x) {
  float q = f32(x.a), d = f32(x.b), n = f32(x.c);
  uint64_t sign = (x.b ^ x.c) & 0x80000000;
  if (std::isnan(n) || std::isnan(d) || (n == 0 && d == 0) || (std::isinf(n) && std::isinf(d)))
    return 0x7fc00000;
  if (d == 0 || std::isinf(n))
    return sign | 0x7f800000;
  if (std::isinf(d) || n == 0)
    return sign;
  if (exponent(n) - exponent(d) < -150)
    return sign;
  if (exponent(n) - exponent(d) >= 255 || std::isnan(q))
    return sign | 0x7f800000;
  return sign | (bits(q) & 0x7fffffff);
}

static double turnsSin(double v) { return std::sin(6.283185307179586476925 * (v - std::floor(v))); }
static double turnsCos(double v) { return std::cos(6.283185307179586476925 * (v - std::floor(v))); }
static double roundEven(double v) { return std::nearbyint(v); }
static double reciprocal(double v) { return 1 / v; }
static double reciprocalRoot(double v) { return 1 / std::sqrt(v); }
static double fract(double v) { return std::min(v - std::floor(v), 1 - 0x1p-24); }
template <double (*op)(double)> static uint64_t unary(Lane &x) { return out(op(f32(x.a))); }
/// v_exp and v_log take and give zero for a denormal.
template <double (*op)(double)> static uint64_t flushing(Lane &x) {
  return bits(flushed(static_cast<float>(op(flushed(f32(x.a))))));
}

static void addArithmetic(std::vector<VectorCase> &c) {
  constexpr Kind F = Kind::F32, N = Kind::None;
  auto fma = [](Lane &x) { return bits(std::fma(f32(x.a), f32(x.b), f32(x.c))); };
  auto multiplyAdd = [](Lane &x) { return bits(mad(f32(x.a), f32(x.b), f32(x.c))); };
  c.push_back({"v_add_f32", F, {F, F, N}, [](Lane &x) { return out(static_cast<double>(f32(x.a)) + f32(x.b)); }});
  c.push_back({"v_sub_f32", F, {F, F, N}, [](Lane &x) { return out(static_cast<double>(f32(x.a)) - f32(x.b)); }});
  c.push_back({"v_subrev_f32", F, {F, F, N}, [](Lane &x) { return out(static_cast<double>(f32(x.b)) - f32(x.a)); }});
  c.push_back({"v_mul_f32", F, {F, F, N}, [](Lane &x) { return out(static_cast<double>(f32(x.a)) * f32(x.b)); }});
  c.push_back({"v_mul_legacy_f32", F, {F, F, N}, [](Lane &x) {
                 return f32(x.a) == 0 || f32(x.b) == 0 ? 0 : out(static_cast<double>(f32(x.a)) * f32(x.b));
               }});
  c.push_back({"v_fmac_f32", F, {F, F, F}, fma, C_Tied});
  c.push_back({"v_fma_f32", F, {F, F, F}, fma});
  c.push_back({"v_mad_f32", F, {F, F, F}, multiplyAdd});
  c.push_back({"v_mac_f32", F, {F, F, F}, multiplyAdd, C_Tied});
  c.push_back({"v_madmk_f32", F, {F, F, F}, multiplyAdd, C_KMiddle});
  c.push_back({"v_madak_f32", F, {F, F, F}, multiplyAdd, C_KLast});
  c.push_back({"v_mad_legacy_f32", F, {F, F, F}, [](Lane &x) {
                 bool zero = f32(x.a) == 0 || f32(x.b) == 0;
                 return bits(zero ? flushed(f32(x.c) + 0.0f) : mad(f32(x.a), f32(x.b), f32(x.c)));
               }});
  c.push_back({"v_min_f32", F, {F, F, N}, [](Lane &x) { return pick<false>(x.a, x.b); }});
  c.push_back({"v_max_f32", F, {F, F, N}, [](Lane &x) { return pick<true>(x.a, x.b); }});
  c.push_back({"v_min3_f32", F, {F, F, F}, [](Lane &x) { return pick<false>(pick<false>(x.a, x.b), x.c); }});
  c.push_back({"v_max3_f32", F, {F, F, F}, [](Lane &x) { return pick<true>(pick<true>(x.a, x.b), x.c); }});
  c.push_back({"v_med3_f32", F, {F, F, F}, [](Lane &x) { return median(x.a, x.b, x.c); }});
  c.push_back({"v_div_scale_f32", F, {F, F, F}, divScale, C_CarryOut});
  c.push_back({"v_div_fmas_f32", F, {F, F, F}, divFmas, C_Vcc});
  c.push_back({"v_div_fixup_f32", F, {F, F, F}, divFixup});
}

static void addFunctions(std::vector<VectorCase> &c) {
  constexpr Kind F = Kind::F32, N = Kind::None, B = Kind::B32;
  c.push_back({"v_trunc_f32", F, {F, N, N}, unary<std::trunc>});
  c.push_back({"v_ceil_f32", F, {F, N, N}, unary<std::ceil>});
  c.push_back({"v_floor_f32", F, {F, N, N}, unary<std::floor>});
  c.push_back({"v_rndne_f32", F, {F, N, N}, unary<roundEven>});
  c.push_back({"v_fract_f32", F, {F, N, N}, unary<fract>, C_OneUlp});
  c.push_back({"v_rcp_f32", F, {F, N, N}, unary<reciprocal>, C_OneUlp});
  c.push_back({"v_rcp_iflag_f32", F, {F, N, N}, unary<reciprocal>, C_OneUlp});
  c.push_back({"v_rsq_f32", F, {F, N, N}, unary<reciprocalRoot>, C_OneUlp});
  c.push_back({"v_sqrt_f32", F, {F, N, N}, unary<std::sqrt>});
  c.push_back({"v_exp_f32", F, {F, N, N}, flushing<std::exp2>, C_OneUlp});
  c.push_back({"v_exp_legacy_f32", F, {F, N, N}, flushing<std::exp2>, C_OneUlp});
  c.push_back({"v_log_f32", F, {F, N, N}, flushing<std::log2>, C_OneUlp});
  c.push_back({"v_log_legacy_f32", F, {F, N, N}, flushing<std::log2>, C_OneUlp});
  c.push_back({"v_sin_f32", F, {F, N, N}, unary<turnsSin>, C_OneUlp});
  c.push_back({"v_cos_f32", F, {F, N, N}, unary<turnsCos>, C_OneUlp});
  c.push_back({"v_ldexp_f32", F, {F, B, N}, [](Lane &x) {
                 int n = std::min(std::max(i32(x.b), -2000), 2000);
                 return out(std::ldexp(static_cast<double>(f32(x.a)), std::min(std::max(n, -500), 500)));
               }});
  c.push_back({"v_frexp_exp_i32_f32", B, {F, N, N}, [](Lane &x) -> uint64_t {
                 int e = 0;
                 if (!std::isfinite(f32(x.a)) || f32(x.a) == 0)
                   return 0;
                 std::frexp(static_cast<double>(f32(x.a)), &e);
                 return static_cast<uint32_t>(e);
               }});
  c.push_back({"v_frexp_mant_f32", F, {F, N, N}, [](Lane &x) {
                 int e;
                 return std::isfinite(f32(x.a)) ? out(std::frexp(static_cast<double>(f32(x.a)), &e)) : x.a & 0xffffffff;
               }});
}

void addFloatCases(std::vector<VectorCase> &cases) {
  addArithmetic(cases);
  addFunctions(cases);
}

} // namespace eclip::vgpu::test
