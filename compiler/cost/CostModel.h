//===- CostModel.h - time and energy of a kernel on some CUs ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure functions: a roofline with occupancy, workgroup quantization and
// bandwidth that few CUs can't saturate. The formulas and their sources are in
// docs/cost-model.md.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_COST_COSTMODEL_H
#define ECLIP_COMPILER_COST_COSTMODEL_H

#include "compiler/cost/DeviceDescription.h"
#include "compiler/cost/KernelCost.h"

namespace eclip {

/// What one launch of a kernel does. All counts are of the whole launch except
/// the resources, which are of a work-item, a wavefront and a workgroup.
struct KernelWork {
  /// Operations by Rate, a fused multiply-add counting two.
  std::array<int64_t, kRateCount> ops = {};
  int64_t bytesRead = 0; ///< from HBM: each byte once
  int64_t bytesWritten = 0;
  /// Between L2 and the CUs: what several workgroups read counts for each.
  int64_t l2Bytes = 0;
  int64_t workgroups = 1;
  int64_t workItemsPerGroup = 1;
  int64_t vgprs = 0;    ///< a lane
  int64_t sgprs = 0;    ///< a wavefront
  int64_t ldsBytes = 0; ///< a workgroup

  int64_t &operator[](Rate rate) { return ops[static_cast<size_t>(rate)]; }
  int64_t operator[](Rate rate) const { return ops[static_cast<size_t>(rate)]; }
};

/// Which multiply-accumulates code has matrix instructions for.
enum class MatrixCode {
  None,   ///< vector code
  Narrow, ///< for 16 bits and less
  All
};

/// `work` as `device` executes it: multiply-accumulates go to matrix
/// instructions if the code has them and the device too, else to vector
/// instructions of the same type.
KernelWork withAvailableRates(const KernelWork &work,
                              const DeviceDescription &device, MatrixCode code);

/// How many workgroups of a kernel one CU holds at once, and why not more.
struct Occupancy {
  int64_t wavesPerGroup = 0;
  int64_t groupsPerCu = 0; ///< 0: the kernel can't launch on this device
  int64_t wavesPerCu = 0;  ///< of the groupsPerCu workgroups together
  llvm::StringRef limit;   ///< waves, vgprs, sgprs, lds or workgroups
};

Occupancy computeOccupancy(const KernelWork &work,
                           const DeviceDescription &device);

/// Time and energy of one launch alone on `cuCount` CUs (1 to the device's),
/// and what it asks of the memory. Fails only where the kernel can't launch at
/// all or needs a rate that the device lacks. The time never rises with more
/// CUs; the energy may.
llvm::Expected<KernelCost> estimateCost(const KernelWork &work,
                                        const DeviceDescription &device,
                                        int64_t cuCount);

/// What the time of one launch goes into, in ns; the parts add up to it. Of
/// arithmetic, HBM and L2, which overlap, only the one that takes longest has
/// parts.
struct TimeParts {
  double launchNs = 0;
  double arithmeticNs = 0; ///< with every CU at its full rate all the time
  double hbmNs = 0;        ///< at the bandwidth that so many CUs can draw
  double l2Ns = 0;         ///< likewise
  /// CUs that have no workgroup, or none left: workgroups come whole.
  double quantizationNs = 0;
  /// CUs with too few wavefronts to hide latencies.
  double occupancyNs = 0;
};

/// The time of estimateCost in parts; fails where that does.
llvm::Expected<TimeParts> splitTime(const KernelWork &work,
                                    const DeviceDescription &device,
                                    int64_t cuCount);

/// estimateCost where the time is known, from a profile: the energy that the model
/// gives to this time, and the demands on the memory.
llvm::Expected<KernelCost> estimateEnergy(const KernelWork &work,
                                          const DeviceDescription &device,
                                          int64_t cuCount, int64_t timeNs);

/// The cost on `to` CUs of a launch whose cost on `from` is known, by a profile
/// or a tile's time: what goes beyond the launch overhead changes as in
/// estimateCost.
llvm::Expected<KernelCost> scaleCost(const KernelCost &cost,
                                     const KernelWork &work,
                                     const DeviceDescription &device,
                                     int64_t from, int64_t to);

/// Fills in what follows from a time and an energy that are both known.
KernelCost withDemands(const KernelCost &cost, const KernelWork &work,
                       const DeviceDescription &device);

/// What it costs to go on in another queue: the barrier packet and the delay
/// behind it, at idle power.
KernelCost estimateQueueSwitch(const DeviceDescription &device);

DeviceLimits deviceLimits(const DeviceDescription &device);

} // namespace eclip

#endif // ECLIP_COMPILER_COST_COSTMODEL_H
