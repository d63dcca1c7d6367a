//===- ReferenceHalf.cpp - half precision, lane by lane -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reference.h"

#include <cmath>

namespace eclip::vgpu::test {

double halfValue(uint64_t b) {
  int exponent = b >> 10 & 31, fraction = b & 1023;
  double magnitude = exponent == 31 ? (fraction ? NAN : INFINITY)
                     : exponent     ? std::ldexp(1024 + fraction, exponent - 25)
                                    : std::ldexp(fraction, -24);
  return b & 0x8000 ? -magnitude : magnitude;
}

/// Encodes the integer `m` times 2^scale, m below 2^11, as a half.
static uint64_t encode(uint64_t m, int scale) {
  if (m == 0)
    return 0;
  while (m < 1024 && scale > -24) {
    m <<= 1;
    --scale;
  }
  if (m >= 2048) { // rounding carried into a new bit
    m >>= 1;
    ++scale;
  }
  if (m < 1024)
    return m; // denormal: scale is -24
  int exponent = scale + 25;
  return exponent >= 31 ? 0x7c00 : static_cast<uint64_t>(exponent) << 10 | (m & 1023);
}

/// Rounds n times 2^scale to nearest even.
static uint64_t roundToHalf(unsigned __int128 n, int scale) {
  int dropped = 0;
  while (n >> dropped >= 2048 || scale + dropped < -24)
    ++dropped;
  if (dropped > 120)
    return 0;
  unsigned __int128 kept = n >> dropped, rest = n - (kept << dropped);
  unsigned __int128 half = dropped ? static_cast<unsigned __int128>(1) << (dropped - 1) : 0;
  if (dropped && (rest > half || (rest == half && (kept & 1))))
    ++kept;
  return encode(static_cast<uint64_t>(kept), scale + dropped);
}

uint64_t toHalf(double v) {
  uint64_t sign = std::signbit(v) ? 0x8000 : 0;
  if (std::isnan(v))
    return 0x7e00;
  if (std::isinf(v))
    return sign | 0x7c00;
  if (v == 0)
    return sign;
  int exponent;
  double fraction = std::frexp(std::fabs(v), &exponent);
  if (exponent < -60) // far below half of the smallest denormal
    return sign;
  return sign | roundToHalf(static_cast<uint64_t>(std::ldexp(fraction, 53)), exponent - 53);
}

uint64_t halfFma(uint64_t a, uint64_t b, uint64_t c) {
  double x = halfValue(a), y = halfValue(b), z = halfValue(c);
  if (!std::isfinite(x) || !std::isfinite(y) || !std::isfinite(z))
    return toHalf(x * y + z);
  // Every half is a multiple of 2^-24, so the sum is one of 2^-48.
  auto whole = [](double v) { return static_cast<__int128>(std::ldexp(v, 24)); };
  __int128 product = whole(x) * whole(y), sum = product + (whole(z) << 24);
  if (sum == 0)
    return std::signbit(x * y + z) ? 0x8000 : 0;
  bool negative = sum < 0;
  return (negative ? 0x8000 : 0) | roundToHalf(static_cast<unsigned __int128>(negative ? -sum : sum), -48);
}

static bool signallingHalf(uint64_t b) { return (b & 0x7e00) == 0x7c00 && (b & 0x1ff); }

/// In IEEE mode: a signalling NaN first, else a number before a NaN.
template <bool wantMax> static uint64_t pick(uint64_t a, uint64_t b) {
  a &= 0xffff;
  b &= 0xffff;
  if (signallingHalf(a) || signallingHalf(b))
    return 0x7e00;
  double x = halfValue(a), y = halfValue(b);
  if (std::isnan(x))
    return b;
  if (std::isnan(y))
    return a;
  if (x == y) // zeros differ by sign
    return wantMax ? a & b : a | b;
  return (x > y) == wantMax ? a : b;
}
static uint64_t median(uint64_t a, uint64_t b, uint64_t c) {
  if (std::isnan(halfValue(a)) || std::isnan(halfValue(b)) || std::isnan(halfValue(c)))
    return pick<false>(pick<false>(a, b), c);
  double high = halfValue(pick<true>(pick<true>(a, b), c));
  if (high == halfValue(a))
    return pick<true>(b, c);
  if (high == halfValue(b))
    return pick<true>(a, c);
  return pick<true>(a, b);
}
static double roundEven(double v) { return std::nearbyint(v); }

template <double (*op)(double)> static uint64_t unary(Lane &x) { return toHalf(op(halfValue(x.a))); }
static double fract(double v) {
  double r = v - std::floor(v);
  return std::min(r, 1 - 0x1p-11);
}
static double turnsSin(double v) { return std::sin(6.283185307179586476925 * (v - std::floor(v))); }
static double turnsCos(double v) { return std::cos(6.283185307179586476925 * (v - std::floor(v))); }
static double reciprocal(double v) { return 1 / v; }
static double reciprocalRoot(double v) { return 1 / std::sqrt(v); }
static double mantissa(double v) {
  int e;
  return std::isfinite(v) ? std::frexp(v, &e) : v;
}

static uint64_t divFixup(Lane &x) {
  double q = halfValue(x.a), d = halfValue(x.b), n = halfValue(x.c);
  bool sign = std::signbit(d) != std::signbit(n);
  if (std::isnan(n) || std::isnan(d) || (n == 0 && d == 0) || (std::isinf(n) && std::isinf(d)))
    return 0x7e00;
  double r = d == 0 || std::isinf(n) ? INFINITY : std::isinf(d) || n == 0 ? 0 : std::fabs(q);
  return toHalf(sign ? -r : r);
}

static uint64_t low(uint64_t v) { return v & 0xffff; }
static uint64_t high(uint64_t v) { return v >> 16 & 0xffff; }
template <uint64_t (*op)(uint64_t, uint64_t)> static uint64_t both(Lane &x) {
  return op(low(x.a), low(x.b)) | op(high(x.a), high(x.b)) << 16;
}
static uint64_t add(uint64_t a, uint64_t b) { return toHalf(halfValue(a) + halfValue(b)); }
static uint64_t multiply(uint64_t a, uint64_t b) { return toHalf(halfValue(a) * halfValue(b)); }
static uint64_t mad(Lane &x) { return toHalf(halfValue(multiply(x.a, x.b)) + halfValue(x.c)); }
static uint64_t fma(Lane &x) { return halfFma(x.a, x.b, x.c); }

static void addArithmetic(std::vector<VectorCase> &c) {
  constexpr Kind H = Kind::F16, N = Kind::None;
  c.push_back({"v_add_f16", H, {H, H, N}, [](Lane &x) { return add(x.a, x.b); }});
  c.push_back({"v_sub_f16", H, {H, H, N}, [](Lane &x) { return toHalf(halfValue(x.a) - halfValue(x.b)); }});
  c.push_back({"v_subrev_f16", H, {H, H, N}, [](Lane &x) { return toHalf(halfValue(x.b) - halfValue(x.a)); }});
  c.push_back({"v_mul_f16", H, {H, H, N}, [](Lane &x) { return multiply(x.a, x.b); }});
  c.push_back({"v_mac_f16", H, {H, H, H}, mad, C_Tied});
  c.push_back({"v_madmk_f16", H, {H, H, H}, mad, C_KMiddle});
  c.push_back({"v_madak_f16", H, {H, H, H}, mad, C_KLast});
  c.push_back({"v_mad_f16", H, {H, H, H}, mad, C_KeepHigh});
  c.push_back({"v_mad_legacy_f16", H, {H, H, H}, mad});
  c.push_back({"v_fma_f16", H, {H, H, H}, fma, C_KeepHigh});
  c.push_back({"v_fma_legacy_f16", H, {H, H, H}, fma});
  c.push_back({"v_min_f16", H, {H, H, N}, [](Lane &x) { return pick<false>(x.a, x.b); }});
  c.push_back({"v_max_f16", H, {H, H, N}, [](Lane &x) { return pick<true>(x.a, x.b); }});
  c.push_back({"v_min3_f16", H, {H, H, H}, [](Lane &x) { return pick<false>(pick<false>(x.a, x.b), x.c); }, C_KeepHigh});
  c.push_back({"v_max3_f16", H, {H, H, H}, [](Lane &x) { return pick<true>(pick<true>(x.a, x.b), x.c); }, C_KeepHigh});
  c.push_back({"v_med3_f16", H, {H, H, H}, [](Lane &x) { return median(x.a, x.b, x.c); }, C_KeepHigh});
  c.push_back({"v_div_fixup_f16", H, {H, H, H}, divFixup, C_KeepHigh});
  c.push_back({"v_div_fixup_legacy_f16", H, {H, H, H}, divFixup});
}

static void addFunctions(std::vector<VectorCase> &c) {
  constexpr Kind H = Kind::F16, N = Kind::None, S = Kind::B16;
  c.push_back({"v_trunc_f16", H, {H, N, N}, unary<std::trunc>});
  c.push_back({"v_ceil_f16", H, {H, N, N}, unary<std::ceil>});
  c.push_back({"v_floor_f16", H, {H, N, N}, unary<std::floor>});
  c.push_back({"v_rndne_f16", H, {H, N, N}, unary<roundEven>});
  c.push_back({"v_fract_f16", H, {H, N, N}, unary<fract>});
  c.push_back({"v_rcp_f16", H, {H, N, N}, unary<reciprocal>, C_OneUlp});
  c.push_back({"v_sqrt_f16", H, {H, N, N}, unary<std::sqrt>, C_OneUlp});
  c.push_back({"v_rsq_f16", H, {H, N, N}, unary<reciprocalRoot>, C_OneUlp});
  c.push_back({"v_exp_f16", H, {H, N, N}, unary<std::exp2>, C_OneUlp});
  c.push_back({"v_log_f16", H, {H, N, N}, unary<std::log2>, C_OneUlp});
  c.push_back({"v_sin_f16", H, {H, N, N}, unary<turnsSin>, C_OneUlp});
  c.push_back({"v_cos_f16", H, {H, N, N}, unary<turnsCos>, C_OneUlp});
  c.push_back({"v_ldexp_f16", H, {H, S, N}, [](Lane &x) { return toHalf(std::ldexp(halfValue(x.a), i16(x.b))); }});
  c.push_back({"v_frexp_mant_f16", H, {H, N, N}, unary<mantissa>});
  c.push_back({"v_frexp_exp_i16_f16", S, {H, N, N}, [](Lane &x) -> uint64_t {
                 int e = 0;
                 double v = halfValue(x.a);
                 if (!std::isfinite(v) || v == 0)
                   return 0;
                 std::frexp(v, &e);
                 return static_cast<uint64_t>(e) & 0xffff;
               }});
  constexpr Kind P = Kind::PairF16;
  c.push_back({"v_pk_add_f16", P, {P, P, N}, both<add>, C_Packed});
  c.push_back({"v_pk_mul_f16", P, {P, P, N}, both<multiply>, C_Packed});
  c.push_back({"v_pk_min_f16", P, {P, P, N}, both<pick<false>>, C_Packed});
  c.push_back({"v_pk_max_f16", P, {P, P, N}, both<pick<true>>, C_Packed});
  c.push_back({"v_pk_fma_f16", P, {P, P, P}, [](Lane &x) {
                 return halfFma(low(x.a), low(x.b), low(x.c)) | halfFma(high(x.a), high(x.b), high(x.c)) << 16;
               }, C_Packed});
  c.push_back({"v_dot2_f32_f16", Kind::F32, {P, P, Kind::F32}, [](Lane &x) {
                 float first = std::fma(static_cast<float>(halfValue(low(x.a))), static_cast<float>(halfValue(low(x.b))), f32(x.c));
                 return bits(std::fma(static_cast<float>(halfValue(high(x.a))), static_cast<float>(halfValue(high(x.b))), first));
               }, C_Packed});
}

void addHalfCases(std::vector<VectorCase> &cases) {
  addArithmetic(cases);
  addFunctions(cases);
}

} // namespace eclip::vgpu::test
