//===- PlanClustering.cpp - deciding plans with neighbours ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/PlanClustering.h"

#include "compiler/schedule/Plans.h"

#include <cmath>

using namespace mlir;
using namespace eclip;

int64_t eclip::defaultFloorPpm(const MixTotals &fastest) {
  // The harmonic mean of throughputs is workers / relative time.
  double best = static_cast<double>(fastest.workers.size()) * 1e12 /
                static_cast<double>(fastest.relativeTime);
  return std::min<int64_t>(1000000, static_cast<int64_t>(0.95e6 * best));
}

void eclip::limitSlowdown(MixProblem &problem, double slack) {
  MixProblem plain = problem;
  MixChoice all;
  for (MixWorker &worker : plain.workers) {
    worker.priority = 0;
    all.emplace_back(worker.kernelCount, worker.cuCounts.back());
  }
  MixTotals shared = plain.evaluate(all);
  // The slowest is the one of the largest quotient of times.
  const MixWorkerTotals *slowest = &shared.workers.front();
  auto slowdown = [](const MixWorkerTotals &own) {
    return static_cast<double>(own.sharedTime) /
           static_cast<double>(own.aloneNs);
  };
  for (const MixWorkerTotals &own : shared.workers)
    if (slowdown(own) > slowdown(*slowest))
      slowest = &own;
  for (auto [worker, own] : llvm::zip(problem.workers, shared.workers)) {
    // Rounded up: what all do on all CUs stays allowed.
    int64_t limit = std::max<int64_t>(
        own.timeNs() + 1, static_cast<int64_t>(std::ceil(
                              slack * slowdown(*slowest) * 1e-9 *
                              static_cast<double>(own.aloneNs))));
    worker.timeLimitNs =
        std::min(worker.timeLimitNs.value_or(limit), limit);
  }
}

/// Sets objective and floor; `solve` finds the fastest where the goal says none.
static llvm::Error
setGoal(MixProblem &problem, const MixGoal &goal,
        llvm::function_ref<llvm::Expected<MixSolution>()> solve) {
  problem.objective = goal.objective;
  problem.throughputFloorPpm = goal.throughputFloorPpm.value_or(0);
  if (goal.throughputFloorPpm || goal.objective != Objective::Energy)
    return llvm::Error::success();
  problem.objective = Objective::Latency;
  auto fastest = solve();
  problem.objective = goal.objective;
  if (!fastest)
    return fastest.takeError();
  problem.throughputFloorPpm = defaultFloorPpm(fastest->totals);
  return llvm::Error::success();
}

llvm::Error eclip::setMixGoal(MixProblem &problem, const MixGoal &goal) {
  return setGoal(problem, goal, [&] {
    return solveMix(problem, MixSolverOptions::quick());
  });
}

static LogicalResult fail(ScheduleOp schedule, const llvm::Twine &what,
                          llvm::Error error) {
  return emitError(schedule.getLoc())
         << what << ": " << llvm::toString(std::move(error));
}

FailureOr<SolvedMix> eclip::clusterMix(ArrayRef<MixMember> members,
                                       const MixGoal &goal) {
  SmallVector<ScheduleOp> schedules;
  for (const MixMember &member : members)
    schedules.push_back(member.schedule);
  FailureOr<MixProblem> problem = makeMixProblem(schedules, {});
  if (failed(problem))
    return failure();
  for (auto [worker, member] : llvm::zip(problem->workers, members)) {
    worker.name = member.name;
    worker.maxSwitches = member.maxSwitches;
    worker.timeLimitNs = member.timeLimitNs;
  }
  auto cannot = [&](llvm::Error error) {
    return fail(schedules.front(), "the mix can't be clustered",
                std::move(error));
  };
  if (llvm::Error error = setMixGoal(*problem, goal))
    return cannot(std::move(error));
  MixPlay play;
  auto solution = solveMixAndPriorities(*problem, play, goal.choice);
  if (!solution)
    return cannot(solution.takeError());
  if (llvm::Error wrong = problem->verify(*solution))
    return fail(schedules.front(), "the joint solver is wrong",
                std::move(wrong));
  applyMix(schedules, *problem, *solution);
  return SolvedMix{std::move(*problem), std::move(*solution), play};
}

LogicalResult eclip::clusterAmongCopies(ScheduleOp schedule, int64_t neighbours,
                                        int64_t maxSwitches,
                                        const MixGoal &goal) {
  SmallVector<ScheduleOp> copies(neighbours + 1, schedule);
  FailureOr<MixProblem> problem = makeMixProblem(copies, {});
  if (failed(problem))
    return failure();
  for (MixWorker &worker : problem->workers)
    worker.maxSwitches = maxSwitches;
  auto cannot = [&](llvm::Error error) {
    return fail(schedule,
                "can't be clustered for " + planName(neighbours),
                std::move(error));
  };
  if (llvm::Error error = setGoal(
          *problem, goal, [&] { return solveCopies(*problem); }))
    return cannot(std::move(error));
  if (goal.objective == Objective::Efficiency)
    limitSlowdown(*problem);
  auto solution = solveCopies(*problem);
  if (!solution)
    return cannot(solution.takeError());
  if (llvm::Error wrong = problem->verify(*solution))
    return fail(schedule, "the solver of copies is wrong", std::move(wrong));
  applyPlan(schedule, *problem, *solution);
  return success();
}
