//===- Plans.h - several schedules of one model -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A file holds a plan for each number of neighbours, and the runtime plays the
// one that fits what is loaded. In the IR a plan is an eclip.schedule of its
// own over the module's kernels, in the order of the file:
//
//   eclip.schedule @main ...            {eclip.plan_name = "alone",
//                                        eclip.plan_neighbours = 0 : i64}
//   eclip.schedule @main_1_neighbour .. {eclip.plan_name = "1 neighbour",
//                                        eclip.plan_neighbours = 1 : i64}
//   eclip.schedule @main_mix ...        {eclip.plan_name = "mix",
//                                        eclip.plan_neighbours = 1 : i64,
//                                        eclip.plan_mix}
//
// eclip-make-plans makes them, eclip-cluster decides each. A schedule without these is the plan "alone". `eclip.fixed_end` says that a
// plan's masks stay at the end where they are; a mix's always do.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_PLANS_H
#define ECLIP_COMPILER_SCHEDULE_PLANS_H

#include "dialect/Eclip.h"

#include <string>

namespace eclip {

/// Plans for unknown neighbours are made for up to this many.
constexpr int64_t kMaxPlanNeighbours = 3;

/// "alone", "1 neighbour", "2 neighbours" ...
std::string planName(int64_t neighbours);

/// How a plan is marked. Read from a schedule, or put on one.
struct PlanKind {
  std::string name = "alone";
  int64_t neighbours = 0;
  bool mix = false;

  static PlanKind of(ScheduleOp schedule);
  void mark(ScheduleOp schedule) const;
};

/// Refuses marks that are malformed: text is written by hand too.
mlir::LogicalResult verifyPlanKind(ScheduleOp schedule);

/// Whether the plan's masks stay where they are, whichever end is free.
bool hasFixedEnd(ScheduleOp schedule);

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
