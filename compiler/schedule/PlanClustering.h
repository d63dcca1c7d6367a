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
  /// For `efficiency`: which of the choices, 0 the best by simulation.
  size_t choice = 0;
};

/// One worker of a mix; its schedule may be in a module of its own.
struct MixMember {
  ScheduleOp schedule;
  std::string name;
  int64_t maxSwitches = 14;
  std::optional<int64_t> timeLimitNs; ///< beside the others
};

/// What the simulator had to decide, and how its choice plays relative to
/// all workers on all CUs without priorities.
struct MixPlay {
  size_t candidates = 0; ///< 0: the simulator wasn't asked
  size_t choices = 0;    ///< that can be asked for
  size_t choice = 0;     ///< which of them this is
  bool fixed = false;    ///< one CU count a worker
  double throughput = 0, efficiency = 0;
  double slowest = 0; ///< largest p95 relative to the worker alone
};

struct SolvedMix {
  MixProblem problem;
  MixSolution solution;
  MixPlay play;
};

/// Decides the members' schedules jointly, verifies that, and gives them their
/// groups. An error is at the first member's schedule.
mlir::FailureOr<SolvedMix> clusterMix(llvm::ArrayRef<MixMember> members,
                                      const MixGoal &goal);

/// Solves the problem with several orders of the workers' priorities, where the
/// device has kernels wait for earlier ones, and leaves the best in the problem.
/// The bound is that of all orders tried. Efficiency is chosen by simulation.
llvm::Expected<MixSolution> solveMixAndPriorities(MixProblem &problem,
                                                  MixPlay &play,
                                                  size_t rank = 0);

/// Sets objective and floor as the goal says; what it leaves open is found by
/// the solver with a small budget.
llvm::Error setMixGoal(MixProblem &problem, const MixGoal &goal);

/// Limits each worker's time such that none is slowed down more than `slack`
/// times what the slowest is where all share all CUs without priorities.
/// Tighter limits stay. In 50 partitions of an H100 for two models the model's
/// slowdowns, relative to those of plain sharing, are 31 % too large in the mean
/// (docs/mixes.md): the default allows what is no slower in fact.
void limitSlowdown(MixProblem &problem, double slack = 1.3);

/// For Efficiency: of the solver's choices for several orders of priorities and
/// ends of the device, and of the best fixed partitions by the model, the one of
/// the least P / R^2 by the simulator whose slowest worker's p95 is at most that
/// of all workers on all CUs without priorities, in fact (by simulation 13 %
/// more). Sets limitSlowdown(), and
/// leaves priorities and ends in the problem. `rank` asks for others, of which
/// the model may know too little: the best of each kind in turn. Deterministic;
/// the number of simulations is limited.
llvm::Expected<MixSolution> chooseBySimulation(MixProblem &problem,
                                               MixPlay &play, size_t rank = 0);

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
