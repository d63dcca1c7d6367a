//===- MixClusteringTest.cpp - definition and solvers of the joint problem ===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/schedule/MixInstances.h"

#include <gtest/gtest.h>

using namespace eclip;
using namespace eclip::test;

namespace {

std::string errorOf(llvm::Error error) {
  return llvm::toString(std::move(error));
}

template <typename T> std::string errorOf(llvm::Expected<T> value) {
  return value ? "" : llvm::toString(value.takeError());
}

/// The joint solver on 10,000 random mixes: its choice verifies, its bound
/// holds for the true optimum, and at least 99 in 100 are the optimum.
TEST(MixClustering, JointSolverAgainstOracle) {
  std::mt19937 random(5);
  MixSolverOptions options;
  options.maxNodes = 20;
  int solved = 0, equal = 0, limited = 0;
  for (int i = 0; i < 10000; ++i) {
    MixProblem problem = randomMix(random, 300);
    auto oracle = solveMixExhaustive(problem);
    auto joint = solveMix(problem, options);
    if (!oracle) {
      llvm::consumeError(oracle.takeError());
      ASSERT_FALSE(bool(joint)) << "instance " << i;
      llvm::consumeError(joint.takeError());
      continue;
    }
    ++solved;
    limited += problem.throughputFloorPpm > 0;
    ASSERT_EQ(errorOf(problem.verify(*oracle)), "") << "instance " << i;
    WideInt best = problem.objectiveValue(oracle->totals);
    if (!joint) {
      // No choice found is no proof that there is none.
      ASSERT_NE(errorOf(joint.takeError()).find("nor a proof"),
                std::string::npos)
          << "instance " << i;
      continue;
    }
    ASSERT_EQ(errorOf(problem.verify(*joint)), "") << "instance " << i;
    ASSERT_TRUE(joint->lowerBound <= best) << "instance " << i;
    WideInt value = problem.objectiveValue(joint->totals);
    ASSERT_TRUE(best <= value) << "instance " << i;
    equal += value == best;
  }
  std::printf("%d solvable, %d equal to the oracle\n", solved, equal);
  EXPECT_GT(solved, 7000);
  EXPECT_GT(limited, 1000);
  EXPECT_GE(equal * 100, solved * 99);
}

/// A random mix for Efficiency, with the limits and floors that it has.
MixProblem randomEfficiency(std::mt19937 &random, double maxChoices) {
  MixProblem problem = randomMix(random, maxChoices);
  problem.objective = Objective::Efficiency;
  return problem;
}

/// Efficiency has no branch and bound: on 5,000 random mixes its search finds
/// the optimum, and a choice where there is one, in more than 99 of 100.
TEST(MixClustering, EfficiencyAgainstOracle) {
  std::mt19937 random(15);
  int solved = 0, found = 0, equal = 0;
  double worst = 0, sum = 0;
  for (int i = 0; i < 5000; ++i) {
    MixProblem problem = randomEfficiency(random, 300);
    auto oracle = solveMixExhaustive(problem);
    auto joint = solveMix(problem);
    if (!oracle) {
      llvm::consumeError(oracle.takeError());
      ASSERT_FALSE(bool(joint)) << "instance " << i;
      llvm::consumeError(joint.takeError());
      continue;
    }
    ++solved;
    ASSERT_EQ(errorOf(problem.verify(*oracle)), "") << "instance " << i;
    if (!joint) {
      ASSERT_NE(errorOf(joint.takeError()).find("nor a proof"),
                std::string::npos);
      continue;
    }
    ++found;
    ASSERT_EQ(errorOf(problem.verify(*joint)), "") << "instance " << i;
    WideInt best = problem.objectiveValue(oracle->totals);
    WideInt value = problem.objectiveValue(joint->totals);
    ASSERT_TRUE(joint->lowerBound <= best) << "instance " << i;
    ASSERT_TRUE(best <= value) << "instance " << i;
    equal += value == best;
    double over = double(value - best) / double(best);
    worst = std::max(worst, over);
    sum += over;
  }
  std::printf("%d solvable, %d found, %d equal to the oracle; others are %.3f %% "
              "off in the mean and %.1f %% at most\n",
              solved, found, equal, sum * 100 / (found - equal), worst * 100);
  EXPECT_GT(solved, 3000);
  EXPECT_GE(equal * 100, solved * 99);
}

/// Two workers on halves: each at 1/2 of its rate alone, so R = 1, and P is
/// the idle power and what both draw above it.
TEST(MixClustering, EfficiencyByHand) {
  MixProblem problem = makeMi50();
  problem.limits.launchNs = 0;
  problem.objective = Objective::Efficiency;
  // 2000 ns and 90 uJ on 30 CUs, of which 25 W * 2 us = 50 uJ are idle.
  auto table = std::make_shared<CostTable>(
      CostTable{{{2000, 90000, 0, 0, 0}, {1000, 80000, 0, 0, 0}}});
  problem.workers = {makeWorker("a", table, {30, 60}, false),
                     makeWorker("b", table, {30, 60}, true)};
  MixTotals totals = problem.evaluate({{30}, {30}});
  MixProblem::Rates rates = problem.rates(totals);
  EXPECT_TRUE(rates.rate == 1000000000000);
  EXPECT_TRUE(rates.powerNw == 65000000000); // 25 W + 2 * 40 uJ / 2 us
  EXPECT_TRUE(problem.objectiveValue(totals) == 65000000000);
  totals = problem.evaluate({{60}, {60}}); // the same times, 55 uJ each
  EXPECT_TRUE(problem.objectiveValue(totals) == 80000000000);
  EXPECT_EQ(totals.workers[0].aloneNs, 1000);
  // One worker: energy times time of a request, over its time alone squared.
  problem.workers.resize(1);
  totals = problem.evaluate({{30}});
  EXPECT_TRUE(problem.objectiveValue(totals) == 90000 / 2000 * WideInt(4) *
                                                    1000000000);
}

TEST(MixClustering, PaperObjectiveIsExact) {
  std::mt19937 random(6);
  for (int i = 0; i < 2000; ++i) {
    MixProblem problem = randomMix(random, 300);
    problem.objective = Objective::Paper;
    problem.throughputFloorPpm = 0;
    for (MixWorker &worker : problem.workers)
      worker.timeLimitNs.reset();
    auto joint = solveMix(problem);
    auto oracle = solveMixExhaustive(problem);
    ASSERT_EQ(bool(joint), bool(oracle)) << "instance " << i;
    if (!joint) {
      llvm::consumeError(joint.takeError());
      llvm::consumeError(oracle.takeError());
      continue;
    }
    ASSERT_TRUE(joint->optimal);
    ASSERT_EQ(errorOf(problem.verify(*joint)), "") << "instance " << i;
    ASSERT_TRUE(problem.objectiveValue(joint->totals) ==
                problem.objectiveValue(oracle->totals))
        << "instance " << i;
  }
}

TEST(MixClustering, VerifyRejectsEveryMutation) {
  std::mt19937 random(7);
  int mutations = 0;
  auto reject = [&](const MixProblem &problem, const MixSolution &solution) {
    EXPECT_NE(errorOf(problem.verify(solution)), "");
    ++mutations;
  };
  for (int i = 0; i < 1000; ++i) {
    MixProblem problem = i % 4 == 0 ? randomEfficiency(random, 300)
                                    : randomMix(random, 300);
    auto solution = solveMixExhaustive(problem);
    if (!solution) {
      llvm::consumeError(solution.takeError());
      continue;
    }
    for (size_t w = 0; w < problem.workers.size(); ++w) {
      for (size_t kernel = 0; kernel < solution->cuCounts[w].size(); ++kernel)
        for (int64_t cuCount : {int64_t(7), int64_t(15), int64_t(60)})
          if (solution->cuCounts[w][kernel] != cuCount) {
            MixSolution mutated = *solution; // Y1 or Y6
            mutated.cuCounts[w][kernel] = cuCount;
            reject(problem, mutated);
          }
      MixSolution mutated = *solution; // Y1
      mutated.cuCounts[w].pop_back();
      reject(problem, mutated);
      mutated = *solution; // Y6
      mutated.totals.workers[w].sharedTime -= 1;
      reject(problem, mutated);
      mutated = *solution;
      mutated.totals.workers[w].sharedEnergy += 1;
      reject(problem, mutated);
      mutated = *solution;
      mutated.totals.workers[w].switches += 1;
      reject(problem, mutated);
      if (problem.workers[w].timeLimitNs) { // Y4: a limit just below
        MixProblem tight = problem;
        tight.workers[w].timeLimitNs = solution->totals.workers[w].timeNs() - 1;
        reject(tight, *solution);
      }
      if (solution->totals.workers[w].switches > 0) { // Y2
        MixProblem tight = problem;
        tight.workers[w].maxSwitches = solution->totals.workers[w].switches - 1;
        reject(tight, *solution);
      }
      if (solution->totals.workers[w].queues > 1) { // Y8
        MixProblem tight = problem;
        tight.workers[w].maxQueues = solution->totals.workers[w].queues - 1;
        reject(tight, *solution);
      }
      mutated = *solution;
      mutated.totals.workers[w].queues += 1;
      reject(problem, mutated);
    }
    MixSolution mutated = *solution; // Y1
    mutated.cuCounts.pop_back();
    reject(problem, mutated);
    mutated = *solution; // Y6
    mutated.totals.relativeTime -= 1;
    reject(problem, mutated);
    mutated = *solution;
    mutated.totals.relativeEnergy += 1;
    reject(problem, mutated);
    mutated = *solution; // Y7
    mutated.lowerBound += 1;
    reject(problem, mutated);
    if (solution->totals.queues > 1) { // Y3
      MixProblem tight = problem;
      tight.maxQueues = solution->totals.queues - 1;
      reject(tight, *solution);
    }
    if (problem.throughputFloorPpm > 0) { // Y5
      MixProblem tight = problem;
      tight.throughputFloorPpm =
          static_cast<int64_t>(static_cast<double>(problem.workers.size()) *
                               1e18 / double(solution->totals.relativeTime)) +
          2;
      if (tight.throughputFloorPpm <= 1000000)
        reject(tight, *solution);
    }
  }
  EXPECT_GT(mutations, 10000);
}

/// One kernel each, so the model can be worked out by hand.
MixProblem pairOf(int64_t memoryPercent, bool second) {
  MixProblem problem = makeMi50();
  problem.limits.launchNs = 0;
  int64_t demand = problem.limits.hbmBytesPerS / 100 * memoryPercent;
  auto table = std::make_shared<CostTable>(
      CostTable{{{2000, 90000, 0, demand, 0}, {1000, 80000, 0, demand, 0}}});
  problem.workers = {makeWorker("a", table, {30, 60}, false),
                     makeWorker("b", table, {30, 60}, second)};
  return problem;
}

TEST(MixClustering, SharedCusStretch) {
  MixProblem problem = pairOf(0, true);
  auto time = [&](int64_t a, int64_t b) {
    return problem.evaluate({{a}, {b}}).workers[0].timeNs();
  };
  EXPECT_EQ(time(30, 30), 2000); // halves of the device
  EXPECT_EQ(time(60, 60), 2000); // all of it, with another on it
  EXPECT_EQ(time(60, 30), 1500); // half of its CUs are shared
  EXPECT_EQ(time(30, 60), 4000); // all of its CUs are shared
  problem = pairOf(0, false);
  EXPECT_EQ(time(30, 30), 4000); // the same half
}

TEST(MixClustering, MemoryStretchesOnceOnly) {
  MixProblem problem = pairOf(100, true);
  auto time = [&](int64_t a, int64_t b) {
    return problem.evaluate({{a}, {b}}).workers[0].timeNs();
  };
  EXPECT_EQ(time(30, 30), 4000); // apart, but at one memory
  EXPECT_EQ(time(60, 60), 2000); // who waits for CUs doesn't also for memory
  problem = pairOf(50, true);
  EXPECT_EQ(time(30, 30), 2500); // a quarter of the time both want it
}

/// More sharing never makes the prediction better.
TEST(MixClustering, StretchIsMonotone) {
  std::mt19937 random(8);
  for (int i = 0; i < 2000; ++i) {
    MixProblem problem = randomMix(random, 300);
    MixProblem alone = problem;
    MixChoice choice;
    for (const MixWorker &worker : problem.workers)
      choice.emplace_back(worker.kernelCount,
                          worker.cuCounts[random() % worker.cuCounts.size()]);
    MixTotals together = problem.evaluate(choice);
    for (size_t w = 0; w < problem.workers.size(); ++w) {
      alone.workers = {problem.workers[w]};
      EXPECT_GE(together.workers[w].timeNs(),
                alone.evaluate({choice[w]}).workers[0].timeNs());
    }
    alone = problem;
    alone.limits.hbmBytesPerS *= 2;
    MixTotals wider = alone.evaluate(choice);
    for (size_t w = 0; w < problem.workers.size(); ++w)
      EXPECT_GE(together.workers[w].timeNs(), wider.workers[w].timeNs());
  }
}

/// What others move stretches a part of every kernel, and more of one that moves
/// more itself.
TEST(MixClustering, TrafficOfOthersStretches) {
  auto time = [](int64_t memoryPercent, int64_t ppm) {
    MixProblem problem = pairOf(memoryPercent, true);
    problem.limits.memoryBesidePpm = ppm;
    return problem.evaluate({{30}, {30}}).workers[0].timeNs();
  };
  EXPECT_EQ(time(20, 0), 2080);      // 20 % of the time, by 20 %
  EXPECT_EQ(time(20, 400000), 2160); // 40 % of it
  EXPECT_EQ(time(60, 400000), time(60, 0));
  EXPECT_EQ(time(0, 400000), 2000);
}

/// Where masks of the high end get CUs besides, its workers have costs of their
/// own, and share what they really have.
TEST(MixClustering, TheHighEndHasMoreCus) {
  MixProblem problem = makeMi50();
  problem.topology = {MaskBitOrder::SmGroup, 132, 1, 66, 8, 4};
  problem.limits.launchNs = 0;
  auto near = std::make_shared<CostTable>(
      CostTable{{{7000, 90000}, {3000, 85000}, {1000, 80000}}});
  auto far = std::make_shared<CostTable>(
      CostTable{{{6000, 91000}, {2900, 86000}, {1000, 80000}}});
  for (bool high : {false, true}) {
    MixWorker worker = makeWorker(high ? "b" : "a", near, {24, 72, 132}, high);
    worker.farCost = makeWorker("far", far, {24, 72, 132}, high).cost;
    problem.workers.push_back(std::move(worker));
  }
  auto time = [&](size_t w, int64_t a, int64_t b) {
    return problem.evaluate({{a}, {b}}).workers[w].timeNs();
  };
  EXPECT_EQ(errorOf(problem.check()), "");
  EXPECT_EQ(time(0, 24, 24), 7000);
  EXPECT_EQ(time(1, 24, 24), 6000);
  // 72 and 76 of 132 share 16: the parts that run together take turns.
  EXPECT_NEAR(time(0, 72, 72), 3000 * (1 + 16.0 / 72), 2);
  EXPECT_NEAR(time(1, 72, 72), 2900 * (1 + 16.0 / 76), 2);
  EXPECT_EQ(time(0, 132, 132), 2000);
  std::swap(problem.workers[0].highEnd, problem.workers[1].highEnd);
  EXPECT_EQ(time(0, 24, 24), 6000);
  EXPECT_EQ(time(1, 24, 24), 7000);
  for (Objective objective : {Objective::Latency, Objective::Paper,
                              Objective::Efficiency}) {
    problem.objective = objective;
    auto solution = solveMix(problem);
    auto oracle = solveMixExhaustive(problem);
    ASSERT_TRUE(bool(solution) && bool(oracle));
    EXPECT_EQ(errorOf(problem.verify(*solution)), "");
    EXPECT_TRUE(problem.objectiveValue(solution->totals) ==
                problem.objectiveValue(oracle->totals));
  }
}

TEST(MixClustering, CheckNamesTheField) {
  auto message = [&](auto change) {
    MixProblem problem = pairOf(0, true);
    change(problem);
    std::string text = errorOf(problem.check());
    EXPECT_EQ(errorOf(solveMix(problem)), text);
    EXPECT_EQ(errorOf(solveMixExhaustive(problem)), text);
    return text;
  };
  EXPECT_EQ(message([](auto &p) {}).substr(0, 0), "");
  EXPECT_EQ(message([](auto &p) { p.topology.xcdCount = 7; }), // X1
            "cus, shader_engines and xcds: 60 CUs in 4 shader engines of 7 "
            "XCDs");
  EXPECT_EQ(message([](auto &p) { p.maxQueues = 0; }),
            "max_masked_queues is 0, needs at least 1");
  EXPECT_EQ(message([](auto &p) { p.workers.clear(); }),
            "workers: needs 1 to 16, has 0");
  EXPECT_EQ(message([](auto &p) { p.limits.idleMilliwatts = -1; }),
            "device limits must not be negative, nor idle_mw above 10^7");
  EXPECT_EQ(message([](auto &p) { p.limits.launchBesideNs = -1; }),
            "turn_ppm, pending_ppm and memory_beside_ppm need 0 to 1000000, "
            "workgroup_ns and launch_beside_ns 0 to 10^9");
  EXPECT_EQ(message([](auto &p) {
              p.workers[1].cuCounts = {60, 30};
            }), // X2
            "worker 'b': cu_counts must ascend strictly");
  EXPECT_EQ(message([](auto &p) {
              p.workers[1].cuCounts = {30, 90};
            }),
            "worker 'b': cu_counts has 90, the device has 60");
  EXPECT_EQ(message([](auto &p) { p.workers[0].maxSwitches = -1; }), // X3
            "worker 'a': max_switches is -1, needs at least 0");
  EXPECT_EQ(message([](auto &p) { p.workers[0].maxQueues = 0; }), // X8
            "worker 'a': max_queues is 0, needs at least 1");
  EXPECT_EQ(message([](auto &p) {
              p.workers[1].cuCounts.clear();
              for (int64_t cuCount = 1; cuCount <= 20; ++cuCount)
                p.workers[1].cuCounts.push_back(cuCount);
              p.workers[1].maxQueues = 10;
            }),
            "worker 'b': max_queues: more than 5000 ways to choose 10 of 20 CU "
            "counts");
  EXPECT_EQ(message([](auto &p) { // X4
              p.workers[0].cost = [](size_t, int64_t) {
                return KernelCost{0, 5, 0, 0, 0};
              };
            }),
            "worker 'a', kernel 0 at 30 CUs: time_ns 0, energy_nj 5 or "
            "hbm_bytes_per_s 0 is out of range");
  EXPECT_EQ(message([](auto &p) { p.throughputFloorPpm = 1000001; }), // X5
            "throughput_floor_ppm is 1000001, needs 0 to 1000000");
  EXPECT_EQ(message([](auto &p) { // X6
              p.objective = Objective::Paper;
              p.throughputFloorPpm = 5;
            }),
            "throughput_floor_ppm: the published formula knows none");
  EXPECT_EQ(message([](auto &p) { // X7
              p.objective = Objective::Efficiency;
              p.workers[1].cost = [](size_t, int64_t) {
                return KernelCost{1000, int64_t(1) << 40, 0, 0, 0};
              };
            }),
            "worker 'b': energy_nj over time_ns is more than 10^7 W");
}

/// Three models that change their CU counts often where they may.
TEST(MixClustering, FewMasksAWorker) {
  MixProblem problem = largeMix(200);
  int64_t most = 0;
  for (Objective objective : {Objective::Latency, Objective::Energy,
                              Objective::Edp, Objective::Efficiency}) {
    problem.objective = objective;
    std::optional<WideInt> before;
    for (int64_t queues : {4, 3, 2, 1}) {
      for (MixWorker &worker : problem.workers)
        worker.maxQueues = queues;
      auto solution = solveMix(problem);
      ASSERT_TRUE(bool(solution)) << errorOf(solution.takeError());
      EXPECT_EQ(errorOf(problem.verify(*solution)), "");
      for (const MixWorkerTotals &own : solution->totals.workers) {
        EXPECT_LE(own.queues, queues);
        most = std::max(most, own.queues);
      }
      // What fewer masks can do, more can: no bound is above it.
      WideInt value = problem.objectiveValue(solution->totals);
      if (before)
        EXPECT_TRUE(*before <= value);
      before = solution->lowerBound;
    }
  }
  EXPECT_GT(most, 2); // the limit is what keeps them few
}

TEST(MixClustering, TooManyMasks) {
  MixProblem problem = pairOf(0, true);
  for (MixWorker &worker : problem.workers) {
    worker.cuCounts.clear();
    for (int64_t cuCount = 1; cuCount <= 32; ++cuCount)
      worker.cuCounts.push_back(cuCount + (worker.highEnd ? 27 : 0));
    worker.cost = [](size_t, int64_t cuCount) {
      return KernelCost{1000 / cuCount + 1, 5, 0, 0, 0};
    };
  }
  EXPECT_EQ(errorOf(problem.check()), "");
  problem.workers.push_back(problem.workers[0]);
  problem.workers.back().highEnd = true;
  EXPECT_EQ(errorOf(solveMix(problem)),
            "the joint solver takes at most 64 masks and 128 CU counts, the "
            "workers have 91 and 96"); // five are equal
}

TEST(MixClustering, AnImpossibleFloorIsProven) {
  MixProblem problem = pairOf(0, true);
  problem.throughputFloorPpm = 900000;
  EXPECT_EQ(errorOf(solveMix(problem)),
            "no choice of CU counts keeps the limits");
}

/// The size that the benchmark times: every objective is closed to 1 %.
TEST(MixClustering, LargeMix) {
  MixProblem problem = largeMix(500);
  for (Objective objective :
       {Objective::Latency, Objective::Energy, Objective::Edp}) {
    problem.objective = objective;
    auto solution = solveMix(problem);
    ASSERT_TRUE(bool(solution)) << errorOf(solution.takeError());
    EXPECT_EQ(errorOf(problem.verify(*solution)), "");
    EXPECT_LT(solution->gap(problem.objectiveValue(solution->totals)), 0.01);
  }
}

TEST(MixClustering, Deterministic) {
  MixProblem problem = largeMix(200);
  problem.throughputFloorPpm = 390000;
  auto solution = solveMix(problem, MixSolverOptions::quick());
  auto again = solveMix(problem, MixSolverOptions::quick());
  ASSERT_TRUE(bool(solution) && bool(again));
  EXPECT_EQ(solution->cuCounts, again->cuCounts);
  EXPECT_TRUE(solution->lowerBound == again->lowerBound);
}

/// One CU count for each worker is a choice like any other: where it is the
/// best of a few thousand it is what local search starts from.
TEST(MixClustering, NoFixedPartitionIsBetter) {
  std::mt19937 random(9);
  MixSolverOptions options;
  options.maxPrograms = 1; // only the starts
  for (int i = 0; i < 300; ++i) {
    MixProblem problem = randomMix(random, 1e9);
    if (problem.objective == Objective::Paper)
      problem.objective = Objective::Efficiency;
    auto solution = solveMix(problem, options);
    if (!solution) {
      llvm::consumeError(solution.takeError());
      continue;
    }
    WideInt value = problem.objectiveValue(solution->totals);
    std::vector<size_t> digits(problem.workers.size(), 0);
    for (size_t w = 0; w < digits.size();) {
      MixChoice choice;
      for (size_t v = 0; v < digits.size(); ++v)
        choice.emplace_back(problem.workers[v].kernelCount,
                            problem.workers[v].cuCounts[digits[v]]);
      MixTotals totals = problem.evaluate(choice);
      EXPECT_TRUE(!problem.keepsLimits(totals) ||
                  value <= problem.objectiveValue(totals))
          << "instance " << i;
      for (w = 0; w < digits.size() &&
                  ++digits[w] == problem.workers[w].cuCounts.size();)
        digits[w++] = 0;
    }
  }
}

} // namespace
