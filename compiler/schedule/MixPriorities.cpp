//===- MixPriorities.cpp - a mix with its priorities ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The joint problem takes priorities as given. Here several of them are solved,
// and for most objectives the best by the definition is taken.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixPriorities.h"

#include "compiler/schedule/PlanClustering.h"

#include "llvm/ADT/STLExtras.h"

using namespace eclip;

std::vector<std::vector<int64_t>>
eclip::prioritiesToTry(const MixProblem &problem) {
  size_t count = problem.workers.size();
  std::vector<std::vector<int64_t>> orders(1, std::vector<int64_t>(count, 0));
  if (problem.limits.pendingPpm == 0 || count < 2)
    return orders;
  std::vector<std::pair<int64_t, size_t>> means;
  for (auto [w, worker] : llvm::enumerate(problem.workers)) {
    orders.emplace_back(count, 0)[w] = 2;
    int64_t time = 0;
    for (size_t kernel = 0; kernel < worker.kernelCount; ++kernel)
      time += worker.costOf(kernel, worker.cuCounts.back()).timeNs;
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

void eclip::setPriorities(MixProblem &problem,
                          llvm::ArrayRef<int64_t> order) {
  for (auto [worker, priority] : llvm::zip(problem.workers, order))
    worker.priority = priority;
}

static llvm::Expected<MixSolution> chooseByModel(MixProblem &problem) {
  std::vector<std::vector<int64_t>> orders = prioritiesToTry(problem);
  size_t best = 0;
  std::optional<WideInt> least, bound;
  for (size_t i = 0; i < orders.size() && orders.size() > 1; ++i) {
    setPriorities(problem, orders[i]);
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
  setPriorities(problem, orders[best]);
  auto solution = solveMix(problem);
  if (solution && bound) {
    solution->lowerBound = std::min(solution->lowerBound, *bound);
    solution->optimal = solution->lowerBound ==
                        problem.objectiveValue(solution->totals);
  }
  return solution;
}

llvm::Expected<MixSolution> eclip::solveMixAndPriorities(MixProblem &problem,
                                                         MixPlay &play,
                                                         size_t rank) {
  play = {};
  return problem.objective == Objective::Efficiency
             ? chooseBySimulation(problem, play, rank)
             : chooseByModel(problem);
}
