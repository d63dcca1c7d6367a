//===- Occupancy.h - wavefronts that a CU holds of a kernel -----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_DUMP_OCCUPANCY_H
#define ECLIP_TOOLS_ECLIP_DUMP_OCCUPANCY_H

#include "runtime/schema/schedule_generated.h"

#include <algorithm>
#include <cstdint>

namespace eclip {

/// Whether wavesPerCu() says something about the schedule's kernels.
inline bool isAmd(const fb::Schedule &schedule) {
  return schedule.code_objects()->size() &&
         schedule.code_objects()->Get(0)->isa()->str().starts_with("amdgcn");
}

/// Wavefronts per compute unit of gfx9 (at most 40: 10 on each of 4 SIMDs).
/// Limits of the "Vega" ISA document: 256 VGPRs per lane in steps of 4, 800
/// SGPRs per SIMD in steps of 16, 64 KiB of LDS per CU in steps of 512 bytes.
inline uint32_t wavesPerCu(const fb::Kernel &kernel) {
  auto roundUp = [](uint64_t value, uint64_t step) {
    return std::max<uint64_t>(1, (value + step - 1) / step) * step;
  };
  const fb::Dims *group = kernel.workgroup();
  uint64_t items = group ? uint64_t(group->x()) * group->y() * group->z() : 64;
  uint64_t wavesPerGroup = std::max<uint64_t>(1, (items + 63) / 64);
  uint64_t perSimd = std::min<uint64_t>(
      {10, 256 / std::min<uint64_t>(256, roundUp(kernel.vgprs(), 4)),
       800 / std::min<uint64_t>(800, roundUp(kernel.sgprs(), 16))});
  uint64_t groups = perSimd * 4 / wavesPerGroup;
  if (kernel.lds_bytes())
    groups = std::min(groups, 65536 / std::min<uint64_t>(
                                          65536, roundUp(kernel.lds_bytes(), 512)));
  return static_cast<uint32_t>(groups * wavesPerGroup);
}

} // namespace eclip

#endif // ECLIP_TOOLS_ECLIP_DUMP_OCCUPANCY_H
