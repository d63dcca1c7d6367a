//===- ReferenceDouble.cpp - double precision, lane by lane ---------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reference.h"

#include <cmath>

namespace eclip::vgpu::test {

static bool signalling(uint64_t b) {
  return (b & 0x7ff8000000000000) == 0x7ff0000000000000 && (b & 0x7ffffffffffff);
}
template <bool wantMax> static uint64_t pick(uint64_t a, uint64_t b) {
  if (signalling(a) || signalling(b))
    return 0x7ff8000000000000;
  if (std::isnan(f64(a)))
    return b;
  if (std::isnan(f64(b)))
    return a;
  if (f64(a) == f64(b))
    return wantMax ? a & b : a | b;
  return (f64(a) > f64(b)) == wantMax ? a : b;
}
static int exponent(double v) { return static_cast<int>(bits(v) >> 52 & 2047); }
static bool subnormal(double v) { return std::fpclassify(v) == FP_SUBNORMAL; }
/// Also of a quotient too small for any denormal.
static bool tiny(double n, double d) {
  return static_cast<int>(exponent(n)) - static_cast<int>(exponent(d)) < 100 && std::fabs(n / d) < 0x1p-1022;
}
static uint64_t divScale(Lane &x) {
  double s0 = f64(x.a), d = f64(x.b), n = f64(x.c);
  auto scale = [&](int by) { return bits(std::ldexp(s0, by)); };
  x.carry = false;
  if (n == 0 || d == 0)
    return 0x7ff8000000000000;
  if (exponent(n) - exponent(d) >= 768) {
    x.carry = true;
    return x.a == x.b ? scale(128) : x.a;
  }
  if (subnormal(d))
    return scale(128);
  bool tinyInverse = subnormal(1 / d);
  if (tinyInverse && tiny(n, d)) {
    x.carry = true;
    return x.a == x.b ? scale(-128) : x.a;
  }
  if (tinyInverse)
    return scale(-128);
  if (tiny(n, d)) {
    x.carry = true;
    return x.a == x.c ? scale(128) : x.a;
  }
  return exponent(n) <= 53 ? scale(128) : x.a;
}
static uint64_t divFmas(Lane &x) {
  if (!x.carryIn)
    return bits(std::fma(f64(x.a), f64(x.b), f64(x.c)));
  __float128 sum = static_cast<__float128>(f64(x.a)) * f64(x.b) + f64(x.c);
  return bits(static_cast<double>(sum * (exponent(f64(x.c)) > 1023 ? 0x1p128 : 0x1p-128)));
}
static uint64_t divFixup(Lane &x) {
  double d = f64(x.b), n = f64(x.c);
  uint64_t sign = (x.b ^ x.c) & 0x8000000000000000;
  if (std::isnan(n) || std::isnan(d) || (n == 0 && d == 0) || (std::isinf(n) && std::isinf(d)))
    return 0x7ff8000000000000;
  if (d == 0 || std::isinf(n))
    return sign | 0x7ff0000000000000;
  if (std::isinf(d) || n == 0)
    return sign;
  if (exponent(n) - exponent(d) < -1075)
    return sign;
  if (exponent(n) - exponent(d) >= 2047 || std::isnan(f64(x.a)))
    return sign | 0x7ff0000000000000;
  return sign | (x.a & 0x7fffffffffffffff);
}
static double roundEven(double v) { return std::nearbyint(v); }
static double reciprocal(double v) { return 1 / v; }
static double reciprocalRoot(double v) { return 1 / std::sqrt(v); }
static double fract(double v) { return std::min(v - std::floor(v), 1 - 0x1p-53); }
template <double (*op)(double)> static uint64_t unary(Lane &x) { return bits(op(f64(x.a))); }

void addDoubleCases(std::vector<VectorCase> &c) {
  constexpr Kind D = Kind::F64, N = Kind::None, B = Kind::B32;
  c.push_back({"v_add_f64", D, {D, D, N}, [](Lane &x) { return bits(f64(x.a) + f64(x.b)); }});
  c.push_back({"v_mul_f64", D, {D, D, N}, [](Lane &x) { return bits(f64(x.a) * f64(x.b)); }});
  c.push_back({"v_fma_f64", D, {D, D, D}, [](Lane &x) { return bits(std::fma(f64(x.a), f64(x.b), f64(x.c))); }});
  c.push_back({"v_min_f64", D, {D, D, N}, [](Lane &x) { return pick<false>(x.a, x.b); }});
  c.push_back({"v_max_f64", D, {D, D, N}, [](Lane &x) { return pick<true>(x.a, x.b); }});
  c.push_back({"v_rcp_f64", D, {D, N, N}, unary<reciprocal>, C_OneUlp});
  c.push_back({"v_rsq_f64", D, {D, N, N}, unary<reciprocalRoot>, C_OneUlp});
  c.push_back({"v_sqrt_f64", D, {D, N, N}, unary<std::sqrt>, C_OneUlp});
  c.push_back({"v_trunc_f64", D, {D, N, N}, unary<std::trunc>});
  c.push_back({"v_ceil_f64", D, {D, N, N}, unary<std::ceil>});
  c.push_back({"v_floor_f64", D, {D, N, N}, unary<std::floor>});
  c.push_back({"v_rndne_f64", D, {D, N, N}, unary<roundEven>});
  c.push_back({"v_fract_f64", D, {D, N, N}, unary<fract>, C_OneUlp});
  c.push_back({"v_div_scale_f64", D, {D, D, D}, divScale, C_CarryOut});
  c.push_back({"v_div_fmas_f64", D, {D, D, D}, divFmas, C_Vcc});
  c.push_back({"v_div_fixup_f64", D, {D, D, D}, divFixup});
  c.push_back({"v_ldexp_f64", D, {D, B, N}, [](Lane &x) {
                 return bits(std::ldexp(f64(x.a), std::min(std::max(i32(x.b), -4000), 4000)));
               }});
  c.push_back({"v_frexp_exp_i32_f64", B, {D, N, N}, [](Lane &x) -> uint64_t {
                 int e = 0;
                 if (!std::isfinite(f64(x.a)) || f64(x.a) == 0)
                   return 0;
                 std::frexp(f64(x.a), &e);
                 return static_cast<uint32_t>(e);
               }});
  c.push_back({"v_frexp_mant_f64", D, {D, N, N}, [](Lane &x) {
                 int e;
                 return std::isfinite(f64(x.a)) ? bits(std::frexp(f64(x.a), &e)) : x.a;
               }});
}

} // namespace eclip::vgpu::test
