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

/// A half's float value flushes nothing, so no mode is needed but IEEE.
ECLIP_INLINE float halfMin(uint32_t mode, float a, float b) { return floatMin(mode | Mode_Denorm32, a, b); }
ECLIP_INLINE float halfMax(uint32_t mode, float a, float b) { return floatMax(mode | Mode_Denorm32, a, b); }

} // namespace eclip::vgpu::ECLIP_LANES

#endif // ECLIP_VGPU_EXEC_LANES_HALFOPS_H
