//===- ClusteringOracle.cpp - every choice of a small instance ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Clustering.h"

#include "llvm/ADT/Twine.h"

using namespace eclip;

llvm::Expected<ClusteringSolution>
eclip::solveExhaustive(const ClusteringProblem &problem) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  if (problem.kernelCount == 0)
    return ClusteringSolution{{}, {}, true, 0};
  double choices = 1;
  for (size_t i = 0; i < problem.kernelCount; ++i)
    choices *= static_cast<double>(problem.cuCounts.size());
  if (choices > (1 << 24))
    return llvm::createStringError("too many choices to try each");
  std::vector<size_t> digits(problem.kernelCount, 0);
  std::vector<int64_t> choice(problem.kernelCount, problem.cuCounts.front());
  std::optional<ClusteringSolution> best;
  WideInt bestValue = 0;
  for (bool more = true; more;) {
    ClusteringTotals totals = problem.evaluate(choice);
    WideInt value = problem.objectiveValue(totals);
    if (problem.keepsLimits(totals) && (!best || value < bestValue)) {
      best = ClusteringSolution{choice, totals, true, value};
      bestValue = value;
    }
    more = false;
    for (size_t i = 0; i < digits.size() && !more; ++i) {
      digits[i] = (digits[i] + 1) % problem.cuCounts.size();
      choice[i] = problem.cuCounts[digits[i]];
      more = digits[i] != 0;
    }
  }
  if (!best)
    return llvm::createStringError("no choice of CU counts keeps the limits");
  return std::move(*best);
}
