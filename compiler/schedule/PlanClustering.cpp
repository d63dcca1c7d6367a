//===- PlanClustering.cpp - deciding plans with neighbours ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/PlanClustering.h"

#include "compiler/schedule/Plans.h"

using namespace mlir;
using namespace eclip;

int64_t eclip::defaultFloorPpm(const MixTotals &fastest) {
  // The harmonic mean of throughputs is workers / relative time.
  double best = static_cast<double>(fastest.workers.size()) * 1e12 /
                static_cast<double>(fastest.relativeTime);
  return std::min<int64_t>(1000000, static_cast<int64_t>(0.95e6 * best));
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

/// Orders of priorities worth a try: none, each worker alone ahead of the
/// others, and the shorter its kernels the higher, as a short kernel loses most
/// behind a long one.
static std::vector<std::vector<int64_t>>
prioritiesToTry(const MixProblem &problem) {
  size_t count = problem.workers.size();
  std::vector<std::vector<int64_t>> orders(1, std::vector<int64_t>(count, 0));
  if (problem.limits.pendingPpm == 0 || count < 2)
    return orders;
  std::vector<std::pair<int64_t, size_t>> means;
  for (auto [w, worker] : llvm::enumerate(problem.workers)) {
    orders.emplace_back(count, 0)[w] = 2;
    int64_t time = 0;
    for (size_t kernel = 0; kernel < worker.kernelCount; ++kernel)
      time += worker.cost(kernel, worker.cuCounts.back()).timeNs;
    means.emplace_back(time / static_cast<int64_t>(worker.kernelCount), w);
  }
  llvm::sort(means);
  if (count > 2) {
    std::vector<int64_t> &graded = orders.emplace_back(count, 0);
    graded[means[0].second] = 2;
    graded[means[1].second] = 1;
  }
  return orders;
}

llvm::Expected<MixSolution> eclip::solveMixAndPriorities(MixProblem &problem) {
  auto take = [&](llvm::ArrayRef<int64_t> order) {
    for (auto [worker, priority] : llvm::zip(problem.workers, order))
      worker.priority = priority;
  };
  std::vector<std::vector<int64_t>> orders = prioritiesToTry(problem);
  size_t best = 0;
  std::optional<WideInt> least, bound;
  for (size_t i = 0; i < orders.size() && orders.size() > 1; ++i) {
    take(orders[i]);
    auto solution = solveMix(problem, MixSolverOptions::quick());
    if (!solution) {
      // It may have missed what a longer search finds: 0 is a bound too.
      llvm::consumeError(solution.takeError());
      bound = 0;
      continue;
    }
    WideInt value = problem.objectiveValue(solution->totals);
    if (!least || value < *least) {
      least = value;
      best = i;
    }
    bound = bound ? std::min(*bound, solution->lowerBound)
                  : solution->lowerBound;
  }
  take(orders[best]);
  auto solution = solveMix(problem);
  if (solution && bound) {
    solution->lowerBound = std::min(solution->lowerBound, *bound);
    solution->optimal = solution->lowerBound ==
                        problem.objectiveValue(solution->totals);
  }
  return solution;
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
  if (llvm::Error error = setGoal(*problem, goal, [&] {
        return solveMix(*problem, MixSolverOptions::quick());
      }))
    return cannot(std::move(error));
  auto solution = solveMixAndPriorities(*problem);
  if (!solution)
    return cannot(solution.takeError());
  if (llvm::Error wrong = problem->verify(*solution))
    return fail(schedules.front(), "the joint solver is wrong",
                std::move(wrong));
  applyMix(schedules, *problem, *solution);
  return SolvedMix{std::move(*problem), std::move(*solution)};
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
  auto solution = solveCopies(*problem);
  if (!solution)
    return cannot(solution.takeError());
  if (llvm::Error wrong = problem->verify(*solution))
    return fail(schedule, "the solver of copies is wrong", std::move(wrong));
  applyPlan(schedule, *problem, *solution);
  return success();
}
