//===- MixSimulationTest.cpp - the player of mixes ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixSimulation.h"
#include "test/unit/schedule/MixInstances.h"

#include <gtest/gtest.h>

using namespace eclip;
using namespace eclip::test;

namespace {

/// Two workers of one kernel that scales with CUs: 2 us on 30, 1 us on 60.
MixProblem pairOf(int64_t memoryPercent, int64_t launchNs) {
  MixProblem problem = makeMi50();
  problem.limits.launchNs = launchNs;
  int64_t demand = problem.limits.hbmBytesPerS / 100 * memoryPercent;
  auto table = std::make_shared<CostTable>(
      CostTable{{{2000, 150000, 0, demand, 0}, {1000, 125000, 0, demand, 0}}});
  problem.workers = {makeWorker("a", table, {30, 60}, false),
                     makeWorker("b", table, {30, 60}, true)};
  return problem;
}

TEST(MixSimulation, HalvesDontMeet) {
  MixProblem problem = pairOf(0, 0);
  MixPrediction apart = simulateMix(problem, {{30}, {30}});
  EXPECT_NEAR(apart.workers[0].meanNs, 2000, 1e-3);
  EXPECT_NEAR(apart.workers[1].p95Ns, 2000, 1e-3);
  EXPECT_NEAR(apart.throughput, 1, 1e-6);
  // 100 W above idle in 2 us for each of two, on 25 W.
  EXPECT_NEAR(apart.watts, 25 + 2 * 50, 0.1);
}

TEST(MixSimulation, SharedCusHalveTheSpeed) {
  MixProblem problem = pairOf(0, 0);
  MixPrediction together = simulateMix(problem, {{60}, {60}});
  EXPECT_NEAR(together.workers[0].meanNs, 2000, 1e-3);
  EXPECT_NEAR(together.throughput, 1, 1e-6);
  MixPrediction queue = simulateMix(problem, {{60}, {60}}, {.oneQueue = true});
  EXPECT_NEAR(queue.workers[0].meanNs, 2000, 1e-3);
  EXPECT_NEAR(queue.throughput, 1, 1e-6);
}

TEST(MixSimulation, MemoryIsShared) {
  MixPrediction bound = simulateMix(pairOf(100, 0), {{30}, {30}});
  EXPECT_NEAR(bound.workers[0].meanNs, 4000, 1e-3);
  MixPrediction half = simulateMix(pairOf(50, 0), {{30}, {30}});
  EXPECT_NEAR(half.workers[0].meanNs, 2000, 1e-3);
}

/// While one launches, the other has the device to itself.
TEST(MixSimulation, LaunchesOverlap) {
  MixProblem problem = pairOf(0, 500);
  double together = simulateMix(problem, {{60}, {60}}).throughput;
  double queue =
      simulateMix(problem, {{60}, {60}}, {.oneQueue = true}).throughput;
  EXPECT_NEAR(queue, 1, 1e-6);
  EXPECT_GT(together, 1.2);
  EXPECT_LE(together, 2);
}

/// Traffic of others is in the way before the memory is full, on CUs of one's
/// own.
TEST(MixSimulation, TrafficOfOthersIsInTheWay) {
  MixProblem problem = pairOf(20, 0);
  EXPECT_NEAR(simulateMix(problem, {{30}, {30}}).workers[0].meanNs, 2000, 1e-3);
  problem.limits.memoryBesidePpm = 400000;
  EXPECT_NEAR(simulateMix(problem, {{30}, {30}}).workers[0].meanNs, 2160, 1e-3);
}

/// A launch beside others takes longer, wherever these are: 300 ns for each of
/// their launches in 300 ns, of which they begin one in 1000 ns. In one queue,
/// and for one worker, nothing is beside.
TEST(MixSimulation, LaunchesBesideOthersTakeLonger) {
  MixProblem problem = pairOf(0, 0);
  problem.limits.launchBesideNs = 300;
  MixPrediction apart = simulateMix(problem, {{30}, {30}});
  EXPECT_NEAR(apart.workers[0].meanNs, 2090, 1e-3);
  EXPECT_EQ(problem.evaluate({{30}, {30}}).workers[0].timeNs(), 2090);
  EXPECT_EQ(problem.evaluate({{30}, {30}}).workers[0].kernelNs, 2000);
  MixPrediction queue = simulateMix(problem, {{60}, {60}}, {.oneQueue = true});
  EXPECT_NEAR(queue.throughput, 1, 1e-6);
  problem.workers.pop_back();
  EXPECT_NEAR(simulateMix(problem, {{60}}).workers[0].meanNs, 1000, 1e-3);
  EXPECT_EQ(problem.evaluate({{60}}).workers[0].timeNs(), 1000);
}

/// 125 W are asked for. At a limit of 50 W a quarter of the 100 W above idle is
/// left, for half the clock.
TEST(MixSimulation, BoardsLimitSlowsAllDown) {
  MixProblem problem = pairOf(0, 0);
  problem.limits.boardMilliwatts = 126000;
  EXPECT_NEAR(simulateMix(problem, {{30}, {30}}).throughput, 1, 1e-6);
  problem.limits.boardMilliwatts = 50000;
  MixPrediction slow = simulateMix(problem, {{30}, {30}});
  EXPECT_NEAR(slow.watts, 50, 1e-6);
  EXPECT_NEAR(slow.throughput, 0.5, 1e-3);
  EXPECT_NEAR(slow.workers[0].meanNs, 4000, 5);
  EXPECT_NEAR(slow.workers[0].p95Ns, 4000, 5);
}

MixChoice allCus(const MixProblem &problem) {
  MixChoice choice;
  for (const MixWorker &worker : problem.workers)
    choice.emplace_back(worker.kernelCount, worker.cuCounts.back());
  return choice;
}

/// Whoever launches often waits often: in turns both would lose alike. Model and
/// simulator agree.
TEST(MixSimulation, ShortKernelsWaitForLongOnes) {
  MixProblem problem = shortBesideLong();
  MixChoice choice = allCus(problem);
  MixPrediction played = simulateMix(problem, choice);
  MixTotals totals = problem.evaluate(choice);
  for (size_t w = 0; w < 2; ++w)
    EXPECT_NEAR(played.workers[w].meanNs,
                static_cast<double>(totals.workers[w].timeNs()),
                0.25 * played.workers[w].meanNs)
        << w;
  EXPECT_GT(played.workers[0].meanNs, 2.0 * 40000);
  EXPECT_LT(played.workers[1].meanNs, 1.5 * 40000);
  problem.limits.pendingPpm = 0;
  problem.limits.turnPpm = 1000000;
  MixPrediction turns = simulateMix(problem, choice);
  EXPECT_LT(turns.workers[0].meanNs, 2.0 * 40000);
  EXPECT_GT(turns.workers[1].meanNs, 1.5 * 40000);
}

/// A higher priority waits for workgroups instead of kernels; alone on its CUs
/// nobody waits.
TEST(MixSimulation, PriorityShortensWaits) {
  MixProblem problem = shortBesideLong();
  MixChoice choice = allCus(problem);
  double playedEqual = simulateMix(problem, choice).workers[0].meanNs;
  int64_t equal = problem.evaluate(choice).workers[0].timeNs();
  problem.workers[0].priority = 2;
  double playedHigh = simulateMix(problem, choice).workers[0].meanNs;
  int64_t high = problem.evaluate(choice).workers[0].timeNs();
  EXPECT_LT(playedHigh, 0.9 * playedEqual);
  EXPECT_LT(high, equal * 9 / 10);
  problem.workers[0].priority = 0;
  problem.workers[1].priority = 2;
  EXPECT_EQ(problem.evaluate(choice).workers[0].timeNs(), equal);
  EXPECT_NEAR(simulateMix(problem, choice).workers[0].meanNs, playedEqual, 1);
}

/// What a launch can take longer beside others: what is told, and where kernels
/// keep later ones out the longest of each other worker.
double mostBesideNs(const MixProblem &problem, const MixChoice &choice,
                    size_t w) {
  int64_t ns = problem.limits.launchBesideNs *
               static_cast<int64_t>(choice.size() - 1);
  for (size_t v = 0; v < choice.size() && problem.limits.pendingPpm; ++v) {
    int64_t longest = 0;
    for (size_t kernel = 0; v != w && kernel < choice[v].size(); ++kernel)
      longest = std::max(
          longest, problem.workers[v].cost(kernel, choice[v][kernel]).timeNs);
    ns += longest;
  }
  return static_cast<double>(ns);
}

/// Alone it is the sum of the kernels and switches; beside others no faster
/// than that, and no slower than if all took turns on every kernel, behind the
/// longest of the others.
TEST(MixSimulation, Bounds) {
  std::mt19937 random(13);
  for (int i = 0; i < 300; ++i) {
    MixProblem problem = randomMix(random, 300);
    MixChoice choice;
    for (const MixWorker &worker : problem.workers) {
      choice.emplace_back();
      for (size_t kernel = 0; kernel < worker.kernelCount; ++kernel)
        choice.back().push_back(
            worker.cuCounts[random() % worker.cuCounts.size()]);
    }
    MixPrediction together = simulateMix(problem, choice);
    EXPECT_EQ(together.workers[0].p95Ns,
              simulateMix(problem, choice).workers[0].p95Ns);
    for (size_t w = 0; w < choice.size(); ++w) {
      MixProblem alone = problem;
      alone.workers = {problem.workers[w]};
      MixTotals totals = alone.evaluate({choice[w]});
      double aloneNs = static_cast<double>(totals.workers[0].timeNs());
      EXPECT_NEAR(simulateMix(alone, {choice[w]}).workers[0].meanNs, aloneNs,
                  1e-3);
      EXPECT_GE(together.workers[w].meanNs, aloneNs * (1 - 1e-9));
      double others = static_cast<double>(choice.size());
      double waits = static_cast<double>(choice[w].size()) *
                     mostBesideNs(problem, choice, w);
      EXPECT_LE(together.workers[w].p95Ns, (aloneNs + waits) * others * others);
      EXPECT_GE(together.workers[w].p95Ns * (1 + 1e-9),
                together.workers[w].meanNs * 0.5);
      EXPECT_GE(together.workers[w].requests, 40u);
    }
    EXPECT_GE(together.watts, problem.limits.idleMilliwatts * 1e-3);
  }
}

} // namespace
