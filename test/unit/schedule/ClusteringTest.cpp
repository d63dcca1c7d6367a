//===- ClusteringTest.cpp - definition and solvers of clustering ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Clustering.h"
#include "compiler/schedule/CountSets.h"

#include "llvm/ADT/STLExtras.h"

#include <chrono>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <set>

using namespace eclip;

namespace {

using Table = std::vector<std::vector<KernelCost>>;

ClusteringProblem makeProblem(std::shared_ptr<Table> table,
                              llvm::ArrayRef<int64_t> cuCounts) {
  ClusteringProblem problem;
  problem.kernelCount = table->size();
  problem.cuCounts.assign(cuCounts.begin(), cuCounts.end());
  std::vector<int64_t> counts(cuCounts.begin(), cuCounts.end());
  problem.cost = [table, counts](size_t kernel, int64_t cuCount) {
    for (size_t i = 0; i < counts.size(); ++i)
      if (counts[i] == cuCount)
        return (*table)[kernel][i];
    return KernelCost{0, -1};
  };
  return problem;
}

const std::vector<int64_t> mi50Sizes = {15, 30, 45, 60};

/// A random instance of a few kernels, with ties and dominated choices.
ClusteringProblem randomProblem(std::mt19937 &random, size_t maxKernels) {
  auto upTo = [&](int64_t most) {
    return int64_t(random() % uint64_t(most + 1));
  };
  size_t width = 1 + upTo(3);
  std::vector<int64_t> sizes(mi50Sizes.end() - width, mi50Sizes.end());
  auto table = std::make_shared<Table>(1 + upTo(maxKernels - 1));
  int64_t scale = 1 + upTo(50);
  for (auto &row : *table)
    for (size_t i = 0; i < width; ++i)
      row.push_back({1 + upTo(scale), upTo(scale)});
  ClusteringProblem problem = makeProblem(table, sizes);
  problem.switchCost = {upTo(scale / 4), upTo(scale / 4)};
  problem.maxSwitches = upTo(maxKernels);
  problem.maxQueues = 1 + upTo(3);
  problem.objective = static_cast<Objective>(upTo(3));
  problem.otherMilliCus = upTo(2) * 22500;
  bool limitable = problem.objective != Objective::Paper;
  if (limitable && upTo(3) > 0)
    problem.timeLimitNs = problem.uniformTimeNs(60) * (80 + upTo(60)) / 100;
  return problem;
}

std::string errorOf(llvm::Error error) {
  return llvm::toString(std::move(error));
}

template <typename T> std::string errorOf(llvm::Expected<T> value) {
  return value ? "" : llvm::toString(value.takeError());
}

/// As many sets as the binomial coefficient, each once, ascending.
TEST(CountSets, EachSetOnce) {
  for (size_t size = 0; size <= 9; ++size)
    for (size_t members = 0; members <= size + 1; ++members) {
      std::set<std::vector<uint8_t>> seen;
      forEachSet(size, members, [&](llvm::ArrayRef<uint8_t> set) {
        EXPECT_EQ(set.size(), std::min(size, members));
        EXPECT_TRUE(llvm::is_sorted(set));
        for (uint8_t member : set)
          EXPECT_LT(member, size);
        EXPECT_TRUE(seen.insert(set.vec()).second);
      });
      EXPECT_EQ(seen.size(), numberOfSets(size, members));
    }
  EXPECT_EQ(numberOfSets(10, 2), 45u);
  EXPECT_EQ(numberOfSets(15, 7), maxCountSets + 1); // 6435
  EXPECT_EQ(numberOfSets(32, 16), maxCountSets + 1);
}

TEST(Clustering, DynamicProgramEqualsOracle) {
  std::mt19937 random(7);
  int solved = 0, limited = 0;
  for (int i = 0; i < 12000; ++i) {
    ClusteringProblem problem = randomProblem(random, 7);
    auto dp = solveDynamicProgram(problem);
    auto oracle = solveExhaustive(problem);
    ASSERT_EQ(bool(dp), bool(oracle)) << "instance " << i;
    if (!dp) {
      llvm::consumeError(dp.takeError());
      llvm::consumeError(oracle.takeError());
      continue;
    }
    ++solved;
    limited += problem.timeLimitNs.has_value();
    ASSERT_EQ(errorOf(problem.verify(*dp)), "") << "instance " << i;
    ASSERT_EQ(errorOf(problem.verify(*oracle)), "") << "instance " << i;
    ASSERT_TRUE(dp->optimal) << "instance " << i;
    ASSERT_TRUE(problem.objectiveValue(dp->totals) ==
                problem.objectiveValue(oracle->totals))
        << "instance " << i << " objective "
        << objectiveName(problem.objective).str();
  }
  EXPECT_GT(solved, 9000);
  EXPECT_GT(limited, 2000);
}

/// Out of labels: still feasible, with a bound that holds.
TEST(Clustering, WithoutLabelsTheBoundHolds) {
  std::mt19937 random(8);
  int unproven = 0;
  for (int i = 0; i < 3000; ++i) {
    ClusteringProblem problem = randomProblem(random, 7);
    problem.objective = Objective::Energy;
    problem.timeLimitNs = problem.uniformTimeNs(60) * 11 / 10;
    auto dp = solveDynamicProgram(problem, /*maxLabels=*/0);
    ASSERT_TRUE(bool(dp)) << errorOf(dp.takeError());
    auto oracle = solveExhaustive(problem);
    ASSERT_TRUE(bool(oracle));
    ASSERT_EQ(errorOf(problem.verify(*dp)), "");
    ASSERT_TRUE(dp->lowerBound <= problem.objectiveValue(oracle->totals)) << i;
    unproven += !dp->optimal;
  }
  EXPECT_GT(unproven, 0);
}

TEST(Clustering, VerifyRejectsEveryMutation) {
  std::mt19937 random(9);
  int mutations = 0;
  for (int i = 0; i < 2000; ++i) {
    ClusteringProblem problem = randomProblem(random, 7);
    auto solution = solveDynamicProgram(problem);
    if (!solution) {
      llvm::consumeError(solution.takeError());
      continue;
    }
    for (size_t kernel = 0; kernel < problem.kernelCount; ++kernel) {
      // Another CU count: the claimed totals are then wrong, because the sum
      // of CUs is part of them.
      for (int64_t cuCount : {int64_t(7), int64_t(15), int64_t(60)}) {
        if (solution->cuCounts[kernel] == cuCount)
          continue;
        ClusteringSolution mutated = *solution;
        mutated.cuCounts[kernel] = cuCount;
        EXPECT_NE(errorOf(problem.verify(mutated)), "");
        ++mutations;
      }
    }
    for (int64_t ClusteringTotals::*member :
         {&ClusteringTotals::timeNs, &ClusteringTotals::energyNj,
          &ClusteringTotals::switches, &ClusteringTotals::kernelNs,
          &ClusteringTotals::cuSum, &ClusteringTotals::queues}) {
      ClusteringSolution mutated = *solution;
      mutated.totals.*member -= 1;
      EXPECT_NE(errorOf(problem.verify(mutated)), "");
      ++mutations;
    }
    ClusteringSolution mutated = *solution;
    mutated.cuCounts.pop_back();
    EXPECT_NE(errorOf(problem.verify(mutated)), "");
    mutated = *solution;
    mutated.lowerBound += 1;
    EXPECT_NE(errorOf(problem.verify(mutated)), "");
  }
  EXPECT_GT(mutations, 10000);
}

Table twoPhases() {
  // Two kernels that use all CUs, two that use a quarter.
  return {{{400, 40}, {200, 40}, {140, 40}, {100, 40}},
          {{400, 40}, {200, 40}, {140, 40}, {100, 40}},
          {{100, 10}, {100, 20}, {100, 30}, {100, 40}},
          {{100, 10}, {100, 20}, {100, 30}, {100, 40}}};
}

TEST(Clustering, LowParallelismGetsFewCus) {
  ClusteringProblem problem =
      makeProblem(std::make_shared<Table>(twoPhases()), mi50Sizes);
  problem.timeLimitNs = 410;
  problem.switchCost = {5, 1};
  auto solution = solveDynamicProgram(problem);
  ASSERT_TRUE(bool(solution));
  EXPECT_EQ(solution->cuCounts, (std::vector<int64_t>{60, 60, 15, 15}));
  EXPECT_EQ(solution->totals.switches, 1);
  EXPECT_EQ(solution->totals.timeNs, 405);
  EXPECT_EQ(solution->totals.energyNj, 101);
}

TEST(Clustering, ASwitchMustPay) {
  ClusteringProblem problem =
      makeProblem(std::make_shared<Table>(twoPhases()), mi50Sizes);
  problem.timeLimitNs = 410;
  problem.switchCost = {5, 70};
  auto solution = solveDynamicProgram(problem);
  ASSERT_TRUE(bool(solution));
  EXPECT_EQ(solution->totals.switches, 0);
  problem.switchCost = {11, 1}; // beyond the time limit
  solution = solveDynamicProgram(problem);
  ASSERT_TRUE(bool(solution));
  EXPECT_EQ(solution->totals.switches, 0);
  problem.switchCost = {5, 1};
  problem.maxSwitches = 0;
  solution = solveDynamicProgram(problem);
  ASSERT_TRUE(bool(solution));
  EXPECT_EQ(solution->totals.switches, 0);
}

TEST(Clustering, PaperFormula) {
  // (100 + 100) (1 + (15 + 60) / 2 / 60 + 22.5 / 60), times 1000 * 2 * 60.
  Table table = {{{100, 0}, {90, 0}}, {{150, 0}, {100, 0}}};
  ClusteringProblem problem =
      makeProblem(std::make_shared<Table>(table), {15, 60});
  problem.objective = Objective::Paper;
  problem.otherMilliCus = 22500;
  ClusteringTotals totals = problem.evaluate({15, 60});
  EXPECT_EQ(totals.kernelNs, 200);
  EXPECT_EQ(totals.cuSum, 75);
  EXPECT_TRUE(problem.objectiveValue(totals) ==
              WideInt(200) * (1000 * 2 * 60 + 75000 + 2 * 22500));
}

TEST(Clustering, CheckRefusesInstances) {
  auto table = std::make_shared<Table>(twoPhases());
  auto message = [&](auto change) {
    ClusteringProblem problem = makeProblem(table, mi50Sizes);
    change(problem);
    std::string text = errorOf(problem.check());
    EXPECT_EQ(errorOf(solveDynamicProgram(problem)), text);
    EXPECT_EQ(errorOf(solveExhaustive(problem)), text);
    return text;
  };
  EXPECT_EQ(message([](auto &p) {}).substr(0, 0), "");
  EXPECT_EQ(message([](auto &p) { p.cuCounts.clear(); }), // P1
            "needs positive CU counts to choose from");
  EXPECT_EQ(message([](auto &p) {
              p.cuCounts = {30, 15};
            }),
            "CU counts must ascend strictly");
  EXPECT_EQ(message([](auto &p) { p.maxSwitches = -1; }), // P2
            "needs a limit of at least 0 switches and 1 queue, has -1 and 7");
  EXPECT_EQ(message([](auto &p) { p.switchCost.timeNs = -1; }), // P3
            "costs of a switch and others' CUs must not be negative");
  EXPECT_EQ(message([](auto &p) { // P4
              p.cost = [](size_t, int64_t) { return KernelCost{0, 5, 0, 0, 0}; };
            }),
            "kernel 0 at 15 CUs: time 0 ns or energy 5 nJ is out of range");
  EXPECT_EQ(message([](auto &p) { // P5
              p.objective = Objective::Paper;
              p.timeLimitNs = 5;
            }),
            "time limit: the published formula knows none");
  EXPECT_EQ(message([](auto &p) { p.objective = Objective::Efficiency; }), // P6
            "objective 'efficiency' is of several workers; of one it is 'edp'");
}

TEST(Clustering, AnImpossibleLimitIsAnError) {
  ClusteringProblem problem =
      makeProblem(std::make_shared<Table>(twoPhases()), mi50Sizes);
  problem.timeLimitNs = 399;
  EXPECT_EQ(
      errorOf(solveDynamicProgram(problem)),
      "no choice of CU counts takes at most 399 ns; the fastest takes 400 "
      "ns");
}

TEST(Clustering, NoKernels) {
  ClusteringProblem problem = makeProblem(std::make_shared<Table>(), mi50Sizes);
  auto solution = solveDynamicProgram(problem);
  ASSERT_TRUE(bool(solution));
  EXPECT_TRUE(solution->cuCounts.empty());
  EXPECT_EQ(errorOf(problem.verify(*solution)), "");
}

/// Blocks of equal kernels, as in a residual network: many solutions of nearly
/// equal cost, and a wide gap between the Lagrangian bound and the optimum.
std::shared_ptr<Table> repeatedBlocks(size_t kernels) {
  auto table = std::make_shared<Table>(kernels);
  const int64_t groups[] = {49, 98, 25, 4, 16, 7};
  const int64_t work[] = {9000, 15000, 40000, 220000, 30000, 90000};
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    size_t kind = kernel % 3 + (kernel > kernels / 2 ? 3 : 0);
    for (int64_t cus : mi50Sizes) {
      int64_t rounds = (groups[kind] + cus - 1) / cus;
      int64_t busy = work[kind] * std::max<int64_t>(rounds, 2) / 2;
      int64_t active = std::min(cus, groups[kind]);
      (*table)[kernel].push_back(
          {3000 + busy,
           (3000 + busy) * 25 + busy * (active * 13 / 10 + 6 * cus / 15)});
    }
  }
  return table;
}

/// Parallelism drifts along the request, as in a convolutional network.
std::shared_ptr<Table> driftingKernels(size_t kernels) {
  std::mt19937 random(10);
  auto upTo = [&](int64_t most) {
    return int64_t(random() % uint64_t(most + 1));
  };
  auto table = std::make_shared<Table>(kernels);
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    int64_t groups =
        4 + int64_t(200.0 * (1 + std::sin(kernel / 60.0))) + upTo(40);
    for (int64_t cus : mi50Sizes) {
      int64_t time = 3000 + (groups + cus - 1) / cus * 4000 + upTo(20);
      int64_t active = std::min(cus, groups);
      (*table)[kernel].push_back(
          {time,
           time * 25 + (time - 3000) * (active * 13 / 10 + 6 * cus / 15)});
    }
  }
  return table;
}

/// 1000 kernels, each objective: closed to a proof or to a gap below a tenth of
/// a percent. The time is printed; it is not a property to test.
TEST(Clustering, LargeInstances) {
  for (auto &table : {repeatedBlocks(1000), driftingKernels(1000)})
    for (Objective objective : {Objective::Latency, Objective::Energy,
                                Objective::Edp, Objective::Paper}) {
      ClusteringProblem problem = makeProblem(table, mi50Sizes);
      problem.objective = objective;
      problem.switchCost = {5000, 125000};
      if (objective == Objective::Energy)
        problem.timeLimitNs = problem.uniformTimeNs(60) * 11 / 10;
      auto start = std::chrono::steady_clock::now();
      auto solution = solveDynamicProgram(problem);
      std::chrono::duration<double> took =
          std::chrono::steady_clock::now() - start;
      ASSERT_TRUE(bool(solution)) << errorOf(solution.takeError());
      EXPECT_EQ(errorOf(problem.verify(*solution)), "");
      double value = double(problem.objectiveValue(solution->totals));
      double gap = (value - double(solution->lowerBound)) / value;
      EXPECT_LT(gap, 0.001);
      std::printf("%-8s %.3f s, %lld switches, gap %.2e\n",
                  objectiveName(objective).str().c_str(), took.count(),
                  static_cast<long long>(solution->totals.switches), gap);
    }
}

} // namespace
