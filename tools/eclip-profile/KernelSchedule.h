//===- KernelSchedule.h - a schedule of one kernel --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is measured is what the runtime runs: a schedule file with one queue and
// one kernel, loaded like any other. So every driver can be profiled, and
// nothing of a driver is used but its public interface.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_KERNELSCHEDULE_H
#define ECLIP_TOOLS_ECLIP_PROFILE_KERNELSCHEDULE_H

#include "compiler/cost/DeviceDescription.h"

#include "llvm/ADT/ArrayRef.h"

#include <array>
#include <string>
#include <vector>

namespace eclip::profiler {

/// One argument of a kernel.
struct KernelBuffer {
  uint64_t bytes = 0;
  bool written = false;
  /// The bytes of a constant, which the schedule file then holds; else null,
  /// and the argument is an input or an output of the schedule.
  const uint8_t *constant = nullptr;
  /// Each launch of a sequence reads another one of several copies, if the
  /// schedule has copies: what a model's request reads once.
  bool rotates = false;
};

/// A kernel with all that a launch of it needs.
struct KernelLaunch {
  std::string name, symbol, isa;
  llvm::ArrayRef<uint8_t> image; ///< code object
  uint32_t ldsBytes = 0, scratchBytes = 0, vgprs = 0, sgprs = 0;
  std::array<uint32_t, 3> grid = {1, 1, 1}, workgroup = {1, 1, 1};
  std::vector<KernelBuffer> buffers;
};

/// CU counts of one schedule at most: a plan each.
inline constexpr size_t kMostCuCounts = 8;

/// The bytes of a schedule file that launches `kernel` `launches` times, one
/// after the other, with a plan for each of `cuCounts`: a queue of so many CUs
/// from the low end. Inputs and
/// outputs of the schedule are the arguments in their order, as bytes; an
/// argument that rotates has `copies` inputs that follow each other.
std::vector<char> makeKernelSchedule(const KernelLaunch &kernel,
                                     const DeviceDescription &device,
                                     llvm::ArrayRef<int64_t> cuCounts,
                                     uint32_t launches, uint32_t copies = 1);

/// A kernel for NVIDIA GPUs that does nothing, in one workgroup: PTX, which the
/// driver translates.
KernelLaunch emptyKernel();

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_KERNELSCHEDULE_H
