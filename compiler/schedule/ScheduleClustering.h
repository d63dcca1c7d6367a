//===- ScheduleClustering.h - schedules as clustering problems --*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Between annotated schedules and the clustering problems, which know no IR.
// For one schedule eclip-cluster does all of it. For a mix:
//
//   auto problem = makeMixProblem(schedules, options);
//   auto solution = solveMix(*problem);
//   problem->verify(*solution);
//   applyMix(schedules, *problem, *solution);
//
// The schedules may be in different modules; they and their costs must outlive
// the problem.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_SCHEDULECLUSTERING_H
#define ECLIP_COMPILER_SCHEDULE_SCHEDULECLUSTERING_H

#include "compiler/schedule/MixClustering.h"
#include "dialect/Eclip.h"

namespace eclip {

struct MixOptions {
  Objective objective = Objective::Energy;
  int64_t maxSwitches = 14; ///< for each worker
  int64_t throughputFloorPpm = 0;
  /// Of one request of each worker beside the others; empty or one a worker.
  std::vector<std::optional<int64_t>> timeLimitsNs;
};

/// Refuses a schedule without costs or device, or one that has groups.
mlir::LogicalResult checkReadyToCluster(ScheduleOp schedule);

/// Costs of a schedule's dispatches, in order, where its queues have CUs of the
/// near end or of the far one. They must outlive the function.
CostFunction scheduleCosts(ScheduleOp schedule, bool farEnd = false);

/// Both on a worker of a mix.
void setCosts(ScheduleOp schedule, MixWorker &worker);
KernelCost scheduleSwitchCost(ScheduleOp schedule);

/// One worker for each schedule, named after it, from alternating ends of the
/// device. Refuses schedules of different devices.
mlir::FailureOr<MixProblem> makeMixProblem(llvm::ArrayRef<ScheduleOp> schedules,
                                           const MixOptions &options);

/// Sum of the costs of dispatches, at least one, at each CU count.
CostAttr sumCosts(llvm::ArrayRef<DispatchOp> run);

/// One `eclip.group` for each run of dispatches with one CU count.
void applyClustering(ScheduleOp schedule, llvm::ArrayRef<int64_t> cuCounts);

/// Groups of a schedule that the first of the workers stands for, and
/// `eclip.clustering` with what is predicted beside the others.
void applyPlan(ScheduleOp schedule, const MixProblem &problem,
               const MixSolution &solution);

/// Groups of all schedules; `eclip.clustering` on each with what was decided
/// and predicted; `eclip.worker_end`, which eclip-assign-queues follows; and
/// `eclip.priority` of workers that are not served last.
void applyMix(llvm::ArrayRef<ScheduleOp> schedules, const MixProblem &problem,
              const MixSolution &solution);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_SCHEDULECLUSTERING_H
