//===- CopiesSolverTest.cpp - one choice for several copies ---------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/PlanClustering.h"
#include "test/unit/schedule/MixInstances.h"

#include <gtest/gtest.h>

using namespace eclip;
using namespace eclip::test;

namespace {

/// Two to four copies of the first worker of a random mix, without time limits.
MixProblem randomCopies(std::mt19937 &random) {
  MixProblem problem = randomMix(random, 300);
  MixWorker worker = problem.workers.front();
  worker.timeLimitNs.reset();
  problem.workers.clear();
  size_t copies = 2 + random() % 3;
  for (size_t w = 0; w < copies; ++w) {
    problem.workers.push_back(worker);
    problem.workers.back().name = "w" + std::to_string(w);
    problem.workers.back().highEnd = w % 2 == 1;
  }
  problem.maxQueues = 7;
  if (problem.throughputFloorPpm)
    problem.throughputFloorPpm = 200000 + random() % 400000;
  return problem;
}

/// Of all choices that all copies can make, the least objective; negative if
/// none keeps the limits.
WideInt bestCommonChoice(const MixProblem &problem) {
  const MixWorker &worker = problem.workers.front();
  std::vector<size_t> digits(worker.kernelCount, 0);
  WideInt best = -1;
  while (true) {
    std::vector<int64_t> cuCounts;
    for (size_t digit : digits)
      cuCounts.push_back(worker.cuCounts[digit]);
    MixTotals totals =
        problem.evaluate(MixChoice(problem.workers.size(), cuCounts));
    if (problem.keepsLimits(totals)) {
      WideInt value = problem.objectiveValue(totals);
      if (best < 0 || value < best)
        best = value;
    }
    size_t at = 0;
    while (at < digits.size() && ++digits[at] == worker.cuCounts.size())
      digits[at++] = 0;
    if (at == digits.size())
      return best;
  }
}

/// On random instances: the copies agree, the solution verifies, and it is the
/// best common choice in nearly all of them.
TEST(CopiesSolver, AgainstEveryCommonChoice) {
  std::mt19937 random(11);
  int solved = 0, equal = 0, missed = 0;
  for (int i = 0; i < 1000; ++i) {
    MixProblem problem = randomCopies(random);
    WideInt best = bestCommonChoice(problem);
    auto solution = solveCopies(problem);
    if (!solution) {
      missed += best >= 0;
      llvm::consumeError(solution.takeError());
      continue;
    }
    ASSERT_TRUE(best >= 0) << "instance " << i;
    ++solved;
    for (const std::vector<int64_t> &own : solution->cuCounts)
      ASSERT_EQ(own, solution->cuCounts.front()) << "instance " << i;
    llvm::Error wrong = problem.verify(*solution);
    ASSERT_FALSE(bool(wrong))
        << "instance " << i << ": " << llvm::toString(std::move(wrong));
    WideInt value = problem.objectiveValue(solution->totals);
    ASSERT_TRUE(best <= value) << "instance " << i;
    equal += value == best;
  }
  std::printf("%d solved, %d of them best, %d missed\n", solved, equal, missed);
  EXPECT_GT(solved, 700);
  EXPECT_LE(missed * 100, solved);
  EXPECT_GE(equal * 100, solved * 99);
}

/// Copies that would share CUs if one were favoured: apart is best for both.
TEST(CopiesSolver, CopiesStayApart) {
  auto table = std::make_shared<CostTable>();
  for (int kernel = 0; kernel < 4; ++kernel) {
    table->emplace_back();
    for (int64_t ns : {210000, 110000, 105000, 100000}) {
      KernelCost cost;
      cost.timeNs = ns;
      cost.energyNj = ns * 10;
      table->back().push_back(cost);
    }
  }
  MixProblem problem = makeMi50();
  problem.objective = Objective::Latency;
  for (bool high : {false, true})
    problem.workers.push_back(
        makeWorker(high ? "b" : "a", table, {15, 30, 45, 60}, high));
  auto solution = solveCopies(problem);
  ASSERT_TRUE(bool(solution));
  EXPECT_EQ(solution->cuCounts, MixChoice(2, std::vector<int64_t>(4, 30)));
}

/// Of the orders of priorities the best one stays in the problem; its solution
/// is proven like any other.
TEST(MixPriorities, ShortKernelsGoFirst) {
  MixProblem problem = shortBesideLong();
  problem.objective = Objective::Latency;
  auto equal = solveMix(problem);
  ASSERT_TRUE(bool(equal)) << llvm::toString(equal.takeError());
  MixPlay play;
  auto solution = solveMixAndPriorities(problem, play);
  ASSERT_TRUE(bool(solution)) << llvm::toString(solution.takeError());
  EXPECT_EQ(problem.workers[0].priority, 2);
  EXPECT_EQ(problem.workers[1].priority, 0);
  EXPECT_LT(solution->totals.relativeTime, equal->totals.relativeTime);
  if (llvm::Error wrong = problem.verify(*solution))
    FAIL() << llvm::toString(std::move(wrong));
  // Where kernels take turns nobody is ahead.
  problem = makeMi50();
  problem.objective = Objective::Latency;
  problem.workers = shortBesideLong().workers;
  ASSERT_TRUE(bool(solveMixAndPriorities(problem, play)));
  EXPECT_EQ(problem.workers[0].priority, 0);
}

} // namespace
