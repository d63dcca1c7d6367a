//===- Plans.h - several schedules of one model -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
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
// A schedule without these is the plan "alone". `eclip.fixed_end` says that a
// plan's masks stay at the end where they are; a mix's always do.
// `eclip.priority = 1 : i64` (0, the default, to 2) is that of all its queues.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_DIALECT_PLANS_H
#define ECLIP_DIALECT_PLANS_H

#include "dialect/Eclip.h"

#include <string>

namespace eclip {

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

/// Of all queues of the plan, 0 to 2: whose workgroups start first where kernels
/// wait for CUs.
int64_t priorityOf(ScheduleOp schedule);

/// Whether the plan's masks stay where they are, whichever end is free.
bool hasFixedEnd(ScheduleOp schedule);

} // namespace eclip

#endif // ECLIP_DIALECT_PLANS_H
