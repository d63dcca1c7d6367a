//===- Plans.h - which plans there are and what they may use ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// eclip-make-plans makes the plans of a model, eclip-cluster decides each.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_PLANS_H
#define ECLIP_COMPILER_SCHEDULE_PLANS_H

#include "dialect/Plans.h"

namespace eclip {

/// Plans for unknown neighbours are made for up to this many.
constexpr int64_t kMaxPlanNeighbours = 3;

/// "alone", "1 neighbour", "2 neighbours" ...
std::string planName(int64_t neighbours);

/// The CU counts that a schedule's groups may have: `eclip.offered_cus`, else
/// the device's mask sizes. Asks for a device.
llvm::SmallVector<int64_t, 4> offeredCuCounts(ScheduleOp schedule);
mlir::LogicalResult verifyOfferedCuCounts(ScheduleOp schedule);

/// Of the device's mask sizes as many, evenly spread and ending with all CUs, as
/// fit its masked queues from both ends: any number of files whose plans keep to
/// them need no more than that many masks together.
llvm::SmallVector<int64_t, 4> cuCountsWithinQueues(DeviceAttr device);

/// Different masks of all schedules of `module`: those of the end that they are
/// written for, and together with those that the same file takes at the other.
struct MaskCount {
  int64_t own = 0, withMirrored = 0;
};
MaskCount countMasks(mlir::ModuleOp module);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_PLANS_H
