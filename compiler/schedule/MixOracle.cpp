//===- MixOracle.cpp - every choice of a small mix ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixClustering.h"

#include "llvm/ADT/STLExtras.h"

using namespace eclip;

/// The next choice in order of digits; false after the last.
static bool advance(const MixProblem &problem,
                    std::vector<std::vector<uint8_t>> &picks) {
  for (auto [worker, own] : llvm::zip(problem.workers, picks))
    for (uint8_t &pick : own) {
      if (++pick < worker.cuCounts.size())
        return true;
      pick = 0;
    }
  return false;
}

llvm::Expected<MixSolution>
eclip::solveMixExhaustive(const MixProblem &problem) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  double choices = 1;
  std::vector<std::vector<uint8_t>> picks;
  for (const MixWorker &worker : problem.workers) {
    for (size_t i = 0; i < worker.kernelCount; ++i)
      choices *= static_cast<double>(worker.cuCounts.size());
    picks.emplace_back(worker.kernelCount, 0);
  }
  if (choices > (1 << 22))
    return llvm::createStringError("too many choices to try each");
  MixEvaluator evaluator(problem);
  MixSolution best;
  std::vector<std::vector<uint8_t>> bestPicks;
  do {
    MixTotals totals = evaluator.evaluate(picks);
    if (!problem.keepsLimits(totals))
      continue;
    WideInt value = problem.objectiveValue(totals);
    if (bestPicks.empty() || value < best.lowerBound) {
      best.lowerBound = value;
      best.totals = std::move(totals);
      bestPicks = picks;
    }
  } while (advance(problem, picks));
  if (bestPicks.empty())
    return llvm::createStringError("no choice of CU counts keeps the limits");
  for (auto [worker, own] : llvm::zip(problem.workers, bestPicks)) {
    best.cuCounts.emplace_back();
    for (uint8_t pick : own)
      best.cuCounts.back().push_back(worker.cuCounts[pick]);
  }
  best.optimal = true;
  return best;
}
