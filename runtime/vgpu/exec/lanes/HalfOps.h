//===- HalfOps.h - formulas on halves ---------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_LANES_HALFOPS_H
#define ECLIP_VGPU_EXEC_LANES_HALFOPS_H

#include "runtime/vgpu/exec/lanes/FloatOps.h"

namespace eclip::vgpu::ECLIP_LANES {

/// a*b+c of halves, as a float rounded to odd: rounding that to half is the one
/// correct rounding. The product of two halves is exact in float.
ECLIP_INLINE float halfFma(float a, float b, float c) {
  float product = a * b;
  float sum = product + c;
  float part = sum - product;
  float error = (product - (sum - part)) + (c - part);
  uint32_t u = bits<uint32_t>(sum);
  bool inexact = error < 0 || error > 0;
  bool away = (error > 0) == (sum > 0);
  uint32_t odd = away ? u + 1 : u - 1;
  return bits<float>(inexact && (u & 1) == 0 ? odd : u);
}

// Minimum and maximum work on bits: widening to float would make a signalling
// NaN quiet before it could be told apart.
ECLIP_INLINE bool signallingHalf(uint32_t h) { return (h & 0x7e00) == 0x7c00 && (h & 0x1ff) != 0; }
ECLIP_INLINE uint32_t halfPick(uint32_t mode, uint32_t a, uint32_t b, bool wantMax) {
  float x = halfToFloat(a), y = halfToFloat(b);
  bool aIsMore = x > y || (x == y && !(a & 0x8000));
  uint32_t r = x != x ? b : y != y ? a : aIsMore == wantMax ? a : b;
  if (mode & Mode_IEEE) {
    r = signallingHalf(b) ? b | 0x200 : r;
    r = signallingHalf(a) ? a | 0x200 : r;
  }
  return r;
}
ECLIP_INLINE uint32_t halfMin(uint32_t mode, uint32_t a, uint32_t b) { return halfPick(mode, a, b, false); }
ECLIP_INLINE uint32_t halfMax(uint32_t mode, uint32_t a, uint32_t b) { return halfPick(mode, a, b, true); }
ECLIP_INLINE uint32_t halfMedian(uint32_t mode, uint32_t a, uint32_t b, uint32_t c) {
  float x = halfToFloat(a), y = halfToFloat(b), z = halfToFloat(c);
  uint32_t low = halfMin(mode, halfMin(mode, a, b), c);
  float high = halfToFloat(halfMax(mode, halfMax(mode, a, b), c));
  uint32_t r = high == x ? halfMax(mode, b, c) : high == y ? halfMax(mode, a, c) : halfMax(mode, a, b);
  return x != x || y != y || z != z ? low : r;
}

} // namespace eclip::vgpu::ECLIP_LANES

#endif // ECLIP_VGPU_EXEC_LANES_HALFOPS_H
