//===- ClusteringDynamic.cpp - exact dynamic program for one worker -------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ClusteringProgram.h"
#include "compiler/schedule/CountSets.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <algorithm>
#include <tuple>

using namespace eclip;
using namespace eclip::clustering;

static llvm::Error error(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}
//===----------------------------------------------------------------------===//
// Products: edp and paper
//===----------------------------------------------------------------------===//

namespace {

struct Search {
  const Program &program;
  Point best;
  WideInt bestValue;

  void offer(const Point &point) {
    WideInt value = program.problem.objectiveValue(point.totals);
    if (value < bestValue) {
      bestValue = value;
      best = point;
    }
  }

  /// Vertices of the hull strictly between `left` (less A) and `right` (less
  /// B). No point between them has less A than `left` or less B than `right`,
  /// which bounds the product from below and ends most branches.
  void between(const Point &left, const Point &right) {
    ClusteringTotals corner = left.totals;
    corner.energyNj = right.totals.energyNj;
    corner.cuSum = right.totals.cuSum;
    if (program.problem.objectiveValue(corner) >= bestValue)
      return;
    Weights weights{left.b - right.b, right.a - left.a, 1, 0};
    if (weights.a <= 0 || weights.b <= 0)
      return;
    Point middle = program.minimize(weights);
    WideInt value = weights.a * middle.a + weights.b * middle.b;
    if (value >= weights.a * left.a + weights.b * left.b)
      return; // the segment itself is on the hull
    offer(middle);
    between(left, middle);
    between(middle, right);
  }
};

} // namespace

Point clustering::leastProductBetween(const Program &program, const Point &left,
                                      const Point &right) {
  Search search{program, left, program.problem.objectiveValue(left.totals)};
  search.offer(right);
  search.between(left, right);
  return search.best;
}

static ClusteringSolution solveProduct(const Program &program) {
  Point left = program.minimize({1, 0, 0, 1});
  Point right = program.minimize({0, 1, 1, 0});
  Point best = leastProductBetween(program, left, right);
  return finish(best, true, program.problem.objectiveValue(best.totals));
}
//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

static llvm::Expected<ClusteringSolution>
solveOn(const ClusteringProblem &problem, llvm::ArrayRef<int64_t> cus,
        size_t maxLabels) {
  Program program(problem, cus);
  switch (problem.objective) {
  case Objective::Paper:
    return solveProduct(program);
  case Objective::Edp:
  case Objective::Energy:
    if (problem.timeLimitNs)
      return solveLimited(program, *problem.timeLimitNs, maxLabels);
    if (problem.objective == Objective::Edp)
      return solveProduct(program);
    break;
  case Objective::Latency:
  case Objective::Efficiency: // check() refuses it
    break;
  }
  bool latency = problem.objective == Objective::Latency;
  Point point =
      program.minimize(latency ? Weights{1, 0, 0, 1} : Weights{0, 1, 1, 0});
  if (problem.timeLimitNs && point.totals.timeNs > *problem.timeLimitNs)
    return error("no choice of CU counts takes at most " +
                 llvm::Twine(*problem.timeLimitNs) + " ns; the fastest takes " +
                 llvm::Twine(point.totals.timeNs) + " ns");
  return finish(point, true, problem.objectiveValue(point.totals));
}

llvm::Expected<ClusteringSolution>
eclip::solveDynamicProgram(const ClusteringProblem &problem, size_t maxLabels) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  if (problem.kernelCount == 0)
    return finish({}, true, 0);
  // C3
  size_t size = problem.cuCounts.size();
  size_t most = std::min<size_t>(size, problem.maxQueues);
  if (numberOfSets(size, most) > maxCountSets)
    return error("more than " + llvm::Twine(maxCountSets) + " ways to choose " +
                 llvm::Twine(most) + " of " + llvm::Twine(size) + " CU counts");
  std::optional<ClusteringSolution> best;
  llvm::Error lastError = llvm::Error::success();
  WideInt bound = 0;
  bool optimal = true;
  forEachSet(size, most, [&](llvm::ArrayRef<uint8_t> set) {
    llvm::SmallVector<int64_t, 4> cus;
    for (uint8_t i : set)
      cus.push_back(problem.cuCounts[i]);
    auto solution = solveOn(problem, cus, maxLabels);
    if (!solution) {
      llvm::consumeError(std::move(lastError));
      lastError = solution.takeError();
      return;
    }
    bound = best ? std::min(bound, solution->lowerBound) : solution->lowerBound;
    optimal &= solution->optimal;
    if (!best || problem.objectiveValue(solution->totals) <
                     problem.objectiveValue(best->totals))
      best = std::move(*solution);
  });
  if (!best)
    return std::move(lastError);
  llvm::consumeError(std::move(lastError));
  WideInt value = problem.objectiveValue(best->totals);
  best->optimal = optimal || bound == value;
  best->lowerBound = best->optimal ? value : bound;
  return std::move(*best);
}