//===- CostModel.h - time and energy of a kernel on some CUs ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure functions: a roofline with occupancy and workgroup quantization. The
// formulas and their sources are in docs/cost-model.md.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_COST_COSTMODEL_H
#define ECLIP_COMPILER_COST_COSTMODEL_H

#include "compiler/cost/DeviceDescription.h"

namespace eclip {

/// What one launch of a kernel does. All counts are of the whole launch except
/// the resources, which are of a work-item, a wavefront and a workgroup.
struct KernelWork {
  int64_t flops = 0; ///< fp32 operations, a fused multiply-add counting two
  int64_t bytesRead = 0;
  int64_t bytesWritten = 0;
  int64_t workgroups = 1;
  int64_t workItemsPerGroup = 1;
  int64_t vgprs = 0;    ///< a lane
  int64_t sgprs = 0;    ///< a wavefront
  int64_t ldsBytes = 0; ///< a workgroup
};

/// How many workgroups of a kernel one CU holds at once, and why not more.
struct Occupancy {
  int64_t wavesPerGroup = 0;
  int64_t groupsPerCu = 0; ///< 0: the kernel can't launch on this device
  int64_t wavesPerCu = 0;  ///< of the groupsPerCu workgroups together
  llvm::StringRef limit;   ///< waves, vgprs, sgprs, lds or workgroups
};

struct CostEstimate {
  int64_t timeNs = 0;   ///< launch included; at least 1
  int64_t energyNj = 0; ///< of the whole board during timeNs
};

Occupancy computeOccupancy(const KernelWork &work,
                           const DeviceDescription &device);

/// Time and energy of one launch on `cuCount` CUs (1 to the device's). Fails
/// only where the kernel can't launch at all. The time never rises with more
/// CUs; the energy may.
llvm::Expected<CostEstimate> estimateCost(const KernelWork &work,
                                          const DeviceDescription &device,
                                          int64_t cuCount);

/// What it costs to go on in another queue: the barrier packet and the delay
/// behind it, at idle power.
CostEstimate estimateQueueSwitch(const DeviceDescription &device);

} // namespace eclip

#endif // ECLIP_COMPILER_COST_COSTMODEL_H
