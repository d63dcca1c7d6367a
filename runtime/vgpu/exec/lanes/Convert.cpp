//===- Convert.cpp - conversions between number formats -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/HalfOps.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

using U = uint32_t;
using I = int32_t;

// Out of range saturates and NaN is zero. The selects come after the conversion
// so that lanes stay vectors.
static ECLIP_INLINE I toI32(float v) {
  bool high = v >= 0x1p31f, low = v < -0x1p31f, nan = v != v;
  I r = static_cast<I>(high || low || nan ? 0.0f : v);
  return high ? 0x7fffffff : low ? static_cast<I>(0x80000000u) : r;
}
static ECLIP_INLINE U toU32(float v) {
  bool high = v >= 0x1p32f, bad = !(v > 0.0f);
  float in = high || bad ? 0.0f : v;
  // In two halves: AVX2 converts signed numbers only.
  bool top = in >= 0x1p31f;
  U r = static_cast<U>(static_cast<I>(top ? in - 0x1p31f : in)) + (top ? 0x80000000u : 0u);
  return high ? ~0u : r;
}
static ECLIP_INLINE I toI32(double v) {
  bool high = v >= 2147483648.0, low = v <= -2147483649.0, nan = v != v;
  I r = static_cast<I>(high || low || nan ? 0.0 : v);
  return high ? 0x7fffffff : low ? static_cast<I>(0x80000000u) : r;
}
static ECLIP_INLINE U toU32(double v) {
  bool high = v >= 4294967296.0, bad = !(v > 0.0);
  U r = static_cast<U>(static_cast<int64_t>(high || bad ? 0.0 : v));
  return high ? ~0u : r;
}
static ECLIP_INLINE I clampI(I v, I low, I high) { return v < low ? low : v > high ? high : v; }

/// Float to half towards zero.
static ECLIP_INLINE U halfTowardsZero(float v) {
  U h = floatToHalf(v), magnitude = h & 0x7fff;
  bool grew = __builtin_fabsf(halfToFloat(magnitude)) > __builtin_fabsf(v);
  return v == v && grew ? h - 1 : h;
}
/// [-1, 1] to a signed, [0, 1] to an unsigned normalized 16-bit number.
static ECLIP_INLINE U snorm(float v) {
  float scaled = __builtin_roundevenf((v != v ? 0.0f : v < -1.0f ? -1.0f : v > 1.0f ? 1.0f : v) * 32767.0f);
  return static_cast<U>(static_cast<I>(scaled)) & 0xffff;
}
static ECLIP_INLINE U unorm(float v) {
  float scaled = __builtin_roundevenf((!(v > 0.0f) ? 0.0f : v > 1.0f ? 1.0f : v) * 65535.0f);
  return static_cast<U>(static_cast<I>(scaled));
}

static void addSingle(OpSink &s) {
  add1<F32, I32>(s, "v_cvt_f32_i32", [](I a) { return static_cast<float>(a); });
  add1<F32, U32>(s, "v_cvt_f32_u32", [](U a) { return static_cast<float>(a); });
  add1<I32, F32>(s, "v_cvt_i32_f32", [](float a) { return toI32(a); });
  add1<U32, F32>(s, "v_cvt_u32_f32", [](float a) { return toU32(a); });
  add1<I32, F32>(s, "v_cvt_rpi_i32_f32", [](float a) { return toI32(__builtin_floorf(a + 0.5f)); });
  add1<I32, F32>(s, "v_cvt_flr_i32_f32", [](float a) { return toI32(__builtin_floorf(a)); });
  add1<F32, U32>(s, "v_cvt_f32_ubyte0", [](U a) { return static_cast<float>(static_cast<I>(a & 255)); });
  add1<F32, U32>(s, "v_cvt_f32_ubyte1", [](U a) { return static_cast<float>(static_cast<I>(a >> 8 & 255)); });
  add1<F32, U32>(s, "v_cvt_f32_ubyte2", [](U a) { return static_cast<float>(static_cast<I>(a >> 16 & 255)); });
  add1<F32, U32>(s, "v_cvt_f32_ubyte3", [](U a) { return static_cast<float>(static_cast<I>(a >> 24)); });
  add1<F32, U32>(s, "v_cvt_off_f32_i4", [](U a) {
    return static_cast<float>((static_cast<I>(a << 28) >> 28)) * 0.0625f;
  });
}

static void addHalf(OpSink &s) {
  hot1<F16, F32>(s, "v_cvt_f16_f32", [](float a) { return a; });
  hot1<F32, F16>(s, "v_cvt_f32_f16", [](float a) { return a; });
  add1<F16, U16>(s, "v_cvt_f16_u16", [](U a) { return static_cast<float>(static_cast<I>(a)); });
  add1<F16, I16>(s, "v_cvt_f16_i16", [](I a) { return static_cast<float>(a); });
  add1<U16, F16>(s, "v_cvt_u16_f16", [](float a) { return static_cast<U>(clampI(toI32(a), 0, 65535)); });
  add1<I16, F16>(s, "v_cvt_i16_f16", [](float a) { return clampI(toI32(a), -32768, 32767); });
  add1<U16, F16>(s, "v_cvt_norm_i16_f16", [](float a) { return snorm(a); });
  add1<U16, F16>(s, "v_cvt_norm_u16_f16", [](float a) { return unorm(a); });
}

static void addPacks(OpSink &s) {
  add2<U32, F32, F32>(s, "v_cvt_pkrtz_f16_f32", [](float a, float b) { return halfTowardsZero(a) | halfTowardsZero(b) << 16; });
  add2<U32, F32, F32>(s, "v_cvt_pknorm_i16_f32", [](float a, float b) { return snorm(a) | snorm(b) << 16; });
  add2<U32, F32, F32>(s, "v_cvt_pknorm_u16_f32", [](float a, float b) { return unorm(a) | unorm(b) << 16; });
  add2<U32, F16, F16>(s, "v_cvt_pknorm_i16_f16", [](float a, float b) { return snorm(a) | snorm(b) << 16; });
  add2<U32, F16, F16>(s, "v_cvt_pknorm_u16_f16", [](float a, float b) { return unorm(a) | unorm(b) << 16; });
  add2<U32, U32, U32>(s, "v_cvt_pk_u16_u32", [](U a, U b) {
    return (a > 65535 ? 65535 : a) | (b > 65535 ? 65535 : b) << 16;
  });
  add2<U32, I32, I32>(s, "v_cvt_pk_i16_i32", [](I a, I b) {
    return (static_cast<U>(clampI(a, -32768, 32767)) & 0xffff) | static_cast<U>(clampI(b, -32768, 32767)) << 16;
  });
  add3<U32, F32, U32, U32>(s, "v_cvt_pk_u8_f32", [](float a, U b, U c) {
    U byte = static_cast<U>(clampI(toI32(__builtin_roundevenf(a)), 0, 255)), shift = 8 * (b & 3);
    return (c & ~(255u << shift)) | byte << shift;
  });
}

static void addDouble(OpSink &s) {
  constexpr uint32_t f = VF_NoFlush;
  add1<F64, I32>(s, "v_cvt_f64_i32", [](I a) { return static_cast<double>(a); }, f);
  add1<F64, U32>(s, "v_cvt_f64_u32", [](U a) { return static_cast<double>(a); }, f);
  add1<I32, F64>(s, "v_cvt_i32_f64", [](double a) { return toI32(a); }, f);
  add1<U32, F64>(s, "v_cvt_u32_f64", [](double a) { return toU32(a); }, f);
  add1<F32, F64>(s, "v_cvt_f32_f64", [](uint32_t m, double a) { return flush(m, static_cast<float>(a)); }, f);
  add1<F64, F32>(s, "v_cvt_f64_f32", [](uint32_t m, float a) { return static_cast<double>(flush(m, a)); }, f);
}

void addConvertOps(OpSink &s) {
  addSingle(s);
  addHalf(s);
  addPacks(s);
  addDouble(s);
}

} // namespace eclip::vgpu::ECLIP_LANES
