//===- FloatOps.h - formulas shared by f16, f32 and f64 ---------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_LANES_FLOATOPS_H
#define ECLIP_VGPU_EXEC_LANES_FLOATOPS_H

#include "runtime/vgpu/exec/lanes/Lanes.h"

namespace eclip::vgpu::ECLIP_LANES {

ECLIP_INLINE float fmaf1(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

ECLIP_INLINE bool signalling(float v) {
  uint32_t u = bits<uint32_t>(v);
  return (u & 0x7fc00000) == 0x7f800000 && (u & 0x003fffff) != 0;
}
ECLIP_INLINE bool signalling(double v) {
  uint64_t u = bits<uint64_t>(v);
  return (u & 0x7ff8000000000000) == 0x7ff0000000000000 && (u & 0x0007ffffffffffff) != 0;
}
ECLIP_INLINE float quiet(float v) { return bits<float>(bits<uint32_t>(v) | 0x00400000u); }
ECLIP_INLINE double quiet(double v) { return bits<double>(bits<uint64_t>(v) | 0x0008000000000000ull); }
ECLIP_INLINE bool negative(float v) { return bits<uint32_t>(v) >> 31; }
ECLIP_INLINE bool negative(double v) { return bits<uint64_t>(v) >> 63; }

/// A denormal becomes a zero of its sign when the mode flushes fp32 results.
ECLIP_INLINE float flush(uint32_t mode, float v) {
  uint32_t u = bits<uint32_t>(v);
  uint32_t limit = (mode & Mode_Denorm32) == Mode_Denorm32 ? 0u : 0x00800000u;
  return bits<float>((u & 0x7fffffffu) < limit ? u & 0x80000000u : u);
}
ECLIP_INLINE double flush(uint32_t, double v) { return v; }
ECLIP_INLINE float flushAlways(float v) { return flush(0, v); }

/// A NaN operand yields the other one; with IEEE mode a signalling NaN wins and
/// is made quiet. -0 is less than +0.
template <class T> ECLIP_INLINE T floatMin(uint32_t mode, T a, T b) {
  bool less = a < b || (a == b && negative(a));
  T r = a != a ? b : b != b ? a : less ? a : b;
  if (mode & Mode_IEEE) {
    r = signalling(b) ? quiet(b) : r;
    r = signalling(a) ? quiet(a) : r;
  }
  return flush(mode, r);
}
template <class T> ECLIP_INLINE T floatMax(uint32_t mode, T a, T b) {
  bool more = a > b || (a == b && !negative(a));
  T r = a != a ? b : b != b ? a : more ? a : b;
  if (mode & Mode_IEEE) {
    r = signalling(b) ? quiet(b) : r;
    r = signalling(a) ? quiet(a) : r;
  }
  return flush(mode, r);
}
template <class T> ECLIP_INLINE T floatMedian(uint32_t mode, T a, T b, T c) {
  T low = floatMin(mode, floatMin(mode, a, b), c);
  T high = floatMax(mode, floatMax(mode, a, b), c);
  T r = high == a ? floatMax(mode, b, c) : high == b ? floatMax(mode, a, c) : floatMax(mode, a, b);
  return a != a || b != b || c != c ? low : r;
}

} // namespace eclip::vgpu::ECLIP_LANES

#endif // ECLIP_VGPU_EXEC_LANES_FLOATOPS_H
