//===- Launch.h - registers at the start of a wave --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_LAUNCH_H
#define ECLIP_VGPU_EXEC_LAUNCH_H

#include "runtime/vgpu/exec/Wave.h"

namespace eclip::vgpu {

/// One wave of a workgroup about to start.
struct WaveStart {
  const Program &program;
  const DispatchInfo &dispatch;
  const uint32_t *workgroup;
  uint32_t index;        ///< of the wave in its workgroup
  uint32_t waves;        ///< of the workgroup
  uint32_t size[3];      ///< work-items of this workgroup, smaller at the edges
  uint64_t scratch;      ///< of the first wave of the workgroup
  uint64_t scratchBytes; ///< of each wave
};

/// Sets every register that the amdhsa ABI defines, EXEC and MODE.
void startWave(Wave &wave, const WaveStart &start);

/// Sets the host's floating-point control for a MODE register.
void applyMode(uint32_t mode);

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_EXEC_LAUNCH_H
