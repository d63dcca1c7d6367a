//===- MixChoosingTest.cpp - choices by simulation ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixSimulation.h"
#include "compiler/schedule/PlanClustering.h"
#include "test/unit/schedule/MixInstances.h"

#include <gtest/gtest.h>

#include <set>

using namespace eclip;
using namespace eclip::test;

namespace {

MixProblem efficientMix(size_t kernels, bool waits) {
  MixProblem problem = largeMix(kernels);
  problem.objective = Objective::Efficiency;
  if (waits) {
    problem.limits.turnPpm = 500000;
    problem.limits.pendingPpm = 700000;
    problem.limits.workgroupNs = 8000;
  }
  return problem;
}

MixChoice onAllCus(const MixProblem &problem) {
  MixChoice choice;
  for (const MixWorker &worker : problem.workers)
    choice.emplace_back(worker.kernelCount, worker.cuCounts.back());
  return choice;
}

double slowest(const MixProblem &problem, const MixChoice &choice) {
  MixTotals totals = problem.evaluate(choice);
  MixPrediction all = simulateMix(problem, choice, {.requests = 30});
  double most = 0;
  for (size_t w = 0; w < choice.size(); ++w)
    most = std::max(most, all.workers[w].p95Ns /
                              static_cast<double>(totals.workers[w].aloneNs));
  return most;
}

/// What all do on all CUs keeps the limits, and its slowest worker is at its
/// own; a user's tighter limit stays.
TEST(MixChoosing, SlowdownIsLimited) {
  for (bool waits : {false, true}) {
    MixProblem problem = efficientMix(40, waits);
    problem.workers[1].timeLimitNs = 5;
    problem.workers[2].priority = 2; // doesn't count
    limitSlowdown(problem, 1);
    EXPECT_EQ(*problem.workers[1].timeLimitNs, 5);
    problem.workers[2].priority = 0;
    problem.workers[1].timeLimitNs.reset();
    MixTotals all = problem.evaluate(onAllCus(problem));
    EXPECT_TRUE(problem.keepsLimits(all));
    int atLimit = 0;
    for (size_t w : {0, 2})
      atLimit +=
          all.workers[w].timeNs() + 1 >= *problem.workers[w].timeLimitNs;
    MixProblem tight = problem;
    limitSlowdown(tight, 1);
    atLimit += all.workers[1].timeNs() + 1 >= *tight.workers[1].timeLimitNs;
    EXPECT_GE(atLimit, 1);
  }
}

TEST(MixChoosing, TheSimulatorChooses) {
  for (bool waits : {false, true}) {
    MixProblem problem = efficientMix(40, waits);
    limitSlowdown(problem);
    MixProblem plain = problem;
    MixPlay play;
    auto solution = chooseBySimulation(problem, play);
    ASSERT_TRUE(bool(solution)) << llvm::toString(solution.takeError());
    // By the definition a choice like any other, with the ends and priorities
    // that were left in the problem.
    llvm::Error wrong = problem.verify(*solution);
    EXPECT_FALSE(bool(wrong)) << llvm::toString(std::move(wrong));
    EXPECT_GT(play.candidates, 3u);
    double tail = slowest(plain, onAllCus(plain));
    EXPECT_LE(slowest(problem, solution->cuCounts), tail * 1.1300001);
    EXPECT_NEAR(play.slowest, slowest(problem, solution->cuCounts) / tail,
                1e-6);
    EXPECT_GE(play.throughput * play.efficiency, 1);

    MixProblem again = plain;
    MixPlay playAgain;
    auto same = chooseBySimulation(again, playAgain);
    ASSERT_TRUE(bool(same));
    EXPECT_EQ(same->cuCounts, solution->cuCounts);
    EXPECT_EQ(playAgain.candidates, play.candidates);
    for (size_t w = 0; w < 3; ++w) {
      EXPECT_EQ(again.workers[w].priority, problem.workers[w].priority);
      EXPECT_EQ(again.workers[w].highEnd, problem.workers[w].highEnd);
      if (!waits) {
        EXPECT_EQ(again.workers[w].priority, 0);
      }
    }
  }
}

/// No candidate is worth more by the simulator: of each pair of CU counts at
/// opposite ends, without priorities, none that keeps the limits and the tail.
TEST(MixChoosing, NoFixedPartitionPlaysBetter) {
  auto value = [](const MixProblem &of, const MixChoice &choice) {
    MixPrediction all = simulateMix(of, choice, {.requests = 30});
    return all.watts / (all.throughput * all.throughput);
  };
  int tried = 0;
  for (size_t without : {0, 1, 2}) {
    MixProblem problem = efficientMix(40, true);
    problem.workers.erase(problem.workers.begin() + without);
    problem.workers[0].highEnd = false;
    problem.workers[1].highEnd = true;
    limitSlowdown(problem);
    MixProblem plain = problem;
    MixPlay play;
    auto solution = chooseBySimulation(problem, play);
    ASSERT_TRUE(bool(solution));
    double best = value(problem, solution->cuCounts);
    double tail = slowest(plain, onAllCus(plain));
    for (int64_t a : plain.workers[0].cuCounts)
      for (int64_t b : plain.workers[1].cuCounts) {
        MixChoice choice{
            std::vector<int64_t>(plain.workers[0].kernelCount, a),
            std::vector<int64_t>(plain.workers[1].kernelCount, b)};
        if (!plain.keepsLimits(plain.evaluate(choice)) ||
            slowest(plain, choice) > tail * 1.13)
          continue;
        ++tried;
        EXPECT_LE(best, value(plain, choice) * 1.0000001) << a << " " << b;
      }
  }
  EXPECT_GT(tried, 4);
}

/// Other choices than the best are valid too, and no two are the same; one past
/// the last is refused.
TEST(MixChoosing, ChoicesToMeasure) {
  const MixProblem plain = efficientMix(40, true);
  std::set<std::string> seen;
  size_t choices = 1;
  for (size_t rank = 0; rank < choices; ++rank) {
    MixProblem problem = plain;
    MixPlay play;
    auto solution = chooseBySimulation(problem, play, rank);
    ASSERT_TRUE(bool(solution)) << llvm::toString(solution.takeError());
    llvm::Error wrong = problem.verify(*solution);
    EXPECT_FALSE(bool(wrong)) << llvm::toString(std::move(wrong));
    EXPECT_EQ(play.choice, rank);
    choices = play.choices;
    std::string text;
    for (size_t w = 0; w < 3; ++w) {
      for (int64_t cuCount : solution->cuCounts[w])
        text += std::to_string(cuCount) + " ";
      text += std::to_string(problem.workers[w].priority) +
              (problem.workers[w].highEnd ? " far; " : " near; ");
    }
    EXPECT_TRUE(seen.insert(text).second) << text;
  }
  EXPECT_GE(choices, 8u);
  MixProblem problem = plain;
  MixPlay play;
  auto none = chooseBySimulation(problem, play, choices);
  ASSERT_FALSE(bool(none));
  EXPECT_EQ(llvm::toString(none.takeError()),
            "choice " + std::to_string(choices) + " of the mix: there are " +
                std::to_string(choices) + ", 0 to " +
                std::to_string(choices - 1));
}

TEST(MixChoosing, ImpossibleLimitsAreTold) {
  MixProblem problem = efficientMix(10, true);
  for (MixWorker &worker : problem.workers)
    worker.timeLimitNs = 1;
  MixPlay play;
  auto solution = chooseBySimulation(problem, play);
  ASSERT_FALSE(bool(solution));
  EXPECT_EQ(llvm::toString(solution.takeError()),
            "found no choice of CU counts that keeps the limits, nor a proof "
            "that there is none");
}

} // namespace
