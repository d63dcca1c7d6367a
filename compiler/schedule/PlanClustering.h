//===- PlanClustering.h - deciding plans with neighbours --------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_PLANCLUSTERING_H
#define ECLIP_COMPILER_SCHEDULE_PLANCLUSTERING_H

#include "compiler/schedule/ScheduleClustering.h"

namespace eclip {

/// What a mix is decided for.
struct MixGoal {
  Objective objective = Objective::Energy;
  /// Absent: for `energy` what leaves 95 % of the throughput that `latency`
  /// finds, else none.
  std::optional<int64_t> throughputFloorPpm;
};

/// One worker of a mix; its schedule may be in a module of its own.
struct MixMember {
  ScheduleOp schedule;
  std::string name;
  int64_t maxSwitches = 14;
  std::optional<int64_t> timeLimitNs; ///< beside the others
};

struct SolvedMix {
  MixProblem problem;
  MixSolution solution;
};

/// Decides the members' schedules jointly, verifies that, and gives them their
/// groups. An error is at the first member's schedule.
mlir::FailureOr<SolvedMix> clusterMix(llvm::ArrayRef<MixMember> members,
                                      const MixGoal &goal);

/// Solves the problem with several orders of the workers' priorities, where the
/// device has kernels wait for earlier ones, and leaves the best in the problem.
/// The bound is that of all orders tried.
llvm::Expected<MixSolution> solveMixAndPriorities(MixProblem &problem);

/// Decides `schedule` for `neighbours` unknown ones, assumed to be copies of it
/// with the same choice, from alternating ends.
mlir::LogicalResult clusterAmongCopies(ScheduleOp schedule, int64_t neighbours,
                                       int64_t maxSwitches,
                                       const MixGoal &goal);

/// The floor that a goal without one means, from a solution of `latency`.
int64_t defaultFloorPpm(const MixTotals &fastest);

/// Solves a problem whose workers are one but for their ends, and all of whom
/// make one choice. That is worth something else than the joint optimum, where
/// copies may agree that one of them gets few CUs: whoever plays a plan of its
/// own can't know which one it is. The bound is that of the joint problem.
/// Deterministic.
llvm::Expected<MixSolution> solveCopies(const MixProblem &problem);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_PLANCLUSTERING_H
