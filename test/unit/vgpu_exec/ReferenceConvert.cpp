//===- ReferenceConvert.cpp - conversions, lane by lane -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reference.h"

#include <algorithm>
#include <cmath>

namespace eclip::vgpu::test {

using U = uint64_t;
/// Towards zero, saturating; NaN is zero.
static U toInteger(double v, double low, double high) {
  if (std::isnan(v))
    return 0;
  return static_cast<U>(static_cast<int64_t>(std::trunc(std::clamp(v, low, high))));
}
static U toI32(double v) { return toInteger(v, -2147483648.0, 2147483647.0); }
static U toU32(double v) { return toInteger(v, 0, 4294967295.0); }
static U out(double v) { return bits(static_cast<float>(v)); }

/// The half nearest to zero of the two around v.
static U halfTowardsZero(double v) {
  U h = toHalf(v);
  if (std::isnan(v) || std::isinf(v))
    return h;
  return std::fabs(halfValue(h)) > std::fabs(v) ? h - 1 : h;
}
static U normalized(double v, double low, double steps) {
  double clamped = std::isnan(v) ? 0 : std::clamp(v, low, 1.0);
  // The product is rounded to single before it is rounded to an integer.
  return static_cast<U>(static_cast<int64_t>(std::nearbyint(static_cast<float>(clamped * steps)))) & 0xffff;
}
static U snorm(double v) { return normalized(v, -1, 32767); }
static U unorm(double v) { return normalized(v, 0, 65535); }
static U pair(U low, U high) { return (low & 0xffff) | (high & 0xffff) << 16; }

static void addSingle(std::vector<VectorCase> &c) {
  constexpr Kind F = Kind::F32, B = Kind::B32, N = Kind::None;
  c.push_back({"v_cvt_f32_i32", F, {B, N, N}, [](Lane &x) { return out(i32(x.a)); }});
  c.push_back({"v_cvt_f32_u32", F, {B, N, N}, [](Lane &x) { return out(u32(x.a)); }});
  c.push_back({"v_cvt_i32_f32", B, {F, N, N}, [](Lane &x) { return toI32(f32(x.a)); }});
  c.push_back({"v_cvt_u32_f32", B, {F, N, N}, [](Lane &x) { return toU32(f32(x.a)); }});
  c.push_back({"v_cvt_rpi_i32_f32", B, {F, N, N}, [](Lane &x) { return toI32(std::floor(f32(x.a) + 0.5f)); }});
  c.push_back({"v_cvt_flr_i32_f32", B, {F, N, N}, [](Lane &x) { return toI32(std::floor(f32(x.a))); }});
  c.push_back({"v_cvt_f32_ubyte0", F, {B, N, N}, [](Lane &x) { return out(static_cast<double>(x.a & 255)); }});
  c.push_back({"v_cvt_f32_ubyte1", F, {B, N, N}, [](Lane &x) { return out(static_cast<double>(x.a >> 8 & 255)); }});
  c.push_back({"v_cvt_f32_ubyte2", F, {B, N, N}, [](Lane &x) { return out(static_cast<double>(x.a >> 16 & 255)); }});
  c.push_back({"v_cvt_f32_ubyte3", F, {B, N, N}, [](Lane &x) { return out(static_cast<double>(x.a >> 24 & 255)); }});
  c.push_back({"v_cvt_off_f32_i4", F, {B, N, N}, [](Lane &x) {
                 int v = static_cast<int>(x.a & 15);
                 return out((v >= 8 ? v - 16 : v) / 16.0);
               }});
}

static void addHalf(std::vector<VectorCase> &c) {
  constexpr Kind F = Kind::F32, H = Kind::F16, S = Kind::B16, N = Kind::None;
  c.push_back({"v_cvt_f16_f32", H, {F, N, N}, [](Lane &x) { return toHalf(f32(x.a)); }});
  c.push_back({"v_cvt_f32_f16", F, {H, N, N}, [](Lane &x) { return out(halfValue(x.a)); }});
  c.push_back({"v_cvt_f16_u16", H, {S, N, N}, [](Lane &x) { return toHalf(u16(x.a)); }});
  c.push_back({"v_cvt_f16_i16", H, {S, N, N}, [](Lane &x) { return toHalf(i16(x.a)); }});
  c.push_back({"v_cvt_u16_f16", S, {H, N, N}, [](Lane &x) { return toInteger(halfValue(x.a), 0, 65535); }});
  c.push_back({"v_cvt_i16_f16", S, {H, N, N}, [](Lane &x) { return toInteger(halfValue(x.a), -32768, 32767) & 0xffff; }});
  c.push_back({"v_cvt_norm_i16_f16", S, {H, N, N}, [](Lane &x) { return snorm(halfValue(x.a)); }});
  c.push_back({"v_cvt_norm_u16_f16", S, {H, N, N}, [](Lane &x) { return unorm(halfValue(x.a)); }});
}

static void addPacks(std::vector<VectorCase> &c) {
  constexpr Kind F = Kind::F32, H = Kind::F16, B = Kind::B32, S = Kind::B16, N = Kind::None;
  c.push_back({"v_cvt_pkrtz_f16_f32", Kind::PairF16, {F, F, N}, [](Lane &x) {
                 return pair(halfTowardsZero(f32(x.a)), halfTowardsZero(f32(x.b)));
               }});
  c.push_back({"v_cvt_pknorm_i16_f32", B, {F, F, N}, [](Lane &x) { return pair(snorm(f32(x.a)), snorm(f32(x.b))); }});
  c.push_back({"v_cvt_pknorm_u16_f32", B, {F, F, N}, [](Lane &x) { return pair(unorm(f32(x.a)), unorm(f32(x.b))); }});
  c.push_back({"v_cvt_pknorm_i16_f16", B, {H, H, N}, [](Lane &x) { return pair(snorm(halfValue(x.a)), snorm(halfValue(x.b))); }});
  c.push_back({"v_cvt_pknorm_u16_f16", B, {H, H, N}, [](Lane &x) { return pair(unorm(halfValue(x.a)), unorm(halfValue(x.b))); }});
  c.push_back({"v_cvt_pk_u16_u32", B, {B, B, N}, [](Lane &x) {
                 return pair(std::min(u32(x.a), 65535u), std::min(u32(x.b), 65535u));
               }});
  c.push_back({"v_cvt_pk_i16_i32", B, {B, B, N}, [](Lane &x) {
                 return pair(static_cast<U>(std::clamp(i32(x.a), -32768, 32767)), static_cast<U>(std::clamp(i32(x.b), -32768, 32767)));
               }});
  c.push_back({"v_cvt_pk_u8_f32", B, {F, B, B}, [](Lane &x) {
                 U byte = toInteger(std::nearbyint(f32(x.a)), 0, 255);
                 unsigned shift = 8 * (x.b & 3);
                 return (x.c & ~(U(255) << shift)) | byte << shift;
               }});
  c.push_back({"v_pack_b32_f16", B, {H, H, N}, [](Lane &x) { return pair(x.a, x.b); }});
  c.push_back({"v_sat_pk_u8_i16", S, {Kind::PairB16, N, N}, [](Lane &x) {
                 return static_cast<U>(std::clamp(i16(x.a), 0, 255)) | static_cast<U>(std::clamp(i16(x.a >> 16), 0, 255)) << 8;
               }});
}

void addConvertCases(std::vector<VectorCase> &c) {
  addSingle(c);
  addHalf(c);
  addPacks(c);
  constexpr Kind F = Kind::F32, D = Kind::F64, B = Kind::B32, N = Kind::None;
  c.push_back({"v_cvt_f64_i32", D, {B, N, N}, [](Lane &x) { return bits(static_cast<double>(i32(x.a))); }});
  c.push_back({"v_cvt_f64_u32", D, {B, N, N}, [](Lane &x) { return bits(static_cast<double>(u32(x.a))); }});
  c.push_back({"v_cvt_i32_f64", B, {D, N, N}, [](Lane &x) { return toI32(f64(x.a)); }});
  c.push_back({"v_cvt_u32_f64", B, {D, N, N}, [](Lane &x) { return toU32(f64(x.a)); }});
  c.push_back({"v_cvt_f32_f64", F, {D, N, N}, [](Lane &x) { return out(f64(x.a)); }});
  c.push_back({"v_cvt_f64_f32", D, {F, N, N}, [](Lane &x) { return bits(static_cast<double>(f32(x.a))); }});
}

} // namespace eclip::vgpu::test
