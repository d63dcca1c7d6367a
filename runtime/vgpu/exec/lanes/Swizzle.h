//===- Swizzle.h - the interleaved layout of scratch ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A wave's private segment keeps dword k of all 64 lanes together, so that byte
// `offset` of lane l lies at base + (offset / 4 * 64 + l) * 4 + offset % 4.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_LANES_SWIZZLE_H
#define ECLIP_VGPU_EXEC_LANES_SWIZZLE_H

#include "runtime/vgpu/exec/lanes/Memory.h"

namespace eclip::vgpu::ECLIP_LANES {

ECLIP_INLINE uint64_t scratchAddress(uint64_t base, unsigned lane, uint64_t offset) {
  return base + (offset / 4 * 64 + lane) * 4 + offset % 4;
}

/// Moves one lane's value; false: outside this wave's scratch.
template <class K, bool write>
ECLIP_INLINE bool scratchAccess(Wave &wave, uint32_t *rows, unsigned lane, uint64_t base, uint64_t offset) {
  uint64_t first = scratchAddress(base, lane, offset);
  uint64_t last = scratchAddress(base, lane, offset + K::bytes - 1);
  if (first < wave.scratchBase || last >= wave.scratchEnd || last < first)
    return false;
  uint8_t value[16];
  if constexpr (write) {
    K::store(rows, lane, value);
    for (unsigned k = 0; k < K::bytes; ++k)
      *reinterpret_cast<uint8_t *>(scratchAddress(base, lane, offset + k)) = value[k];
  } else {
    for (unsigned k = 0; k < K::bytes; ++k)
      value[k] = *reinterpret_cast<const uint8_t *>(scratchAddress(base, lane, offset + k));
    K::load(rows, lane, value);
  }
  return true;
}

} // namespace eclip::vgpu::ECLIP_LANES

#endif // ECLIP_VGPU_EXEC_LANES_SWIZZLE_H
