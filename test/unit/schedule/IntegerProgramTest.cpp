//===- IntegerProgramTest.cpp - an outside solver's word on the solvers ---===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ClusteringExport.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>

using namespace eclip;

namespace {

using Table = std::vector<std::vector<KernelCost>>;

/// Up to ten kernels on up to four CU counts.
ClusteringProblem randomProblem(std::mt19937 &random, Objective objective) {
  auto upTo = [&](int64_t most) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(most + 1));
  };
  std::vector<int64_t> sizes = {15, 30, 45, 60};
  sizes.erase(sizes.begin(), sizes.begin() + upTo(2));
  auto table = std::make_shared<Table>(2 + upTo(8));
  for (auto &row : *table) {
    int64_t parallel = 10 + upTo(70);
    for (int64_t cus : sizes) {
      KernelCost cost;
      cost.timeNs = 10 + 60 * 20 / std::min(cus, parallel) + upTo(3);
      cost.energyNj = cost.timeNs * (20 + cus) / 10 + upTo(9);
      row.push_back(cost);
    }
  }
  ClusteringProblem problem;
  problem.kernelCount = table->size();
  problem.cuCounts.assign(sizes.begin(), sizes.end());
  problem.cost = [table, sizes](size_t kernel, int64_t cuCount) {
    size_t at = 0;
    while (sizes[at] != cuCount)
      ++at;
    return (*table)[kernel][at];
  };
  problem.switchCost.timeNs = upTo(8);
  problem.switchCost.energyNj = upTo(30);
  problem.maxSwitches = upTo(4);
  problem.maxQueues = 1 + upTo(3);
  problem.objective = objective;
  problem.otherMilliCus = upTo(2) * 22500;
  if (objective == Objective::Energy)
    problem.timeLimitNs = problem.uniformTimeNs(60) * (105 + upTo(30)) / 100;
  return problem;
}

std::string errorOf(llvm::Error error) {
  return llvm::toString(std::move(error));
}

/// The choice that cbc calls optimal.
llvm::Expected<std::vector<int64_t>> askCbc(llvm::StringRef cbc,
                                            const ClusteringProblem &problem) {
  llvm::SmallString<128> program, solution, log;
  int file;
  if (llvm::sys::fs::createTemporaryFile("clustering", "lp", file, program) ||
      llvm::sys::fs::createTemporaryFile("clustering", "sol", solution) ||
      llvm::sys::fs::createTemporaryFile("clustering", "log", log))
    return llvm::createStringError("no temporary files");
  llvm::FileRemover first(program), second(solution), third(log);
  {
    llvm::raw_fd_ostream out(file, /*shouldClose=*/true);
    if (llvm::Error wrong = writeIntegerProgram(problem, out))
      return std::move(wrong);
  }
  llvm::StringRef arguments[] = {cbc, program, "ratio",    "0",     "allow",
                                 "0", "solve", "solution", solution};
  std::optional<llvm::StringRef> redirects[] = {std::nullopt, log.str(),
                                                log.str()};
  if (llvm::sys::ExecuteAndWait(cbc, arguments, std::nullopt, redirects, 60))
    return llvm::createStringError("cbc failed");
  auto text = llvm::MemoryBuffer::getFile(solution);
  if (!text)
    return llvm::createStringError("cbc wrote nothing");
  if (!(*text)->getBuffer().starts_with("Optimal"))
    return llvm::createStringError("cbc says " +
                                   (*text)->getBuffer().split('\n').first);
  return readIntegerSolution(problem, (*text)->getBuffer());
}

class IntegerProgram : public testing::TestWithParam<Objective> {};

/// Exact agreement: cbc's choice keeps the limits and is worth, by the
/// problem's own arithmetic, what the dynamic program's is.
TEST_P(IntegerProgram, CbcAgrees) {
  auto cbc = llvm::sys::findProgramByName("cbc");
  if (!cbc)
    GTEST_SKIP() << "cbc (package coinor-cbc) is not installed";
  std::mt19937 random(11);
  int solved = 0;
  for (int i = 0; i < 40; ++i) {
    ClusteringProblem problem = randomProblem(random, GetParam());
    auto ours = solveDynamicProgram(problem);
    auto theirs = askCbc(*cbc, problem);
    if (!ours) {
      llvm::consumeError(ours.takeError());
      EXPECT_NE(errorOf(theirs.takeError()).find("nfeasible"),
                std::string::npos)
          << "instance " << i;
      continue;
    }
    ASSERT_TRUE(bool(theirs)) << i << ": " << errorOf(theirs.takeError());
    ++solved;
    ClusteringTotals totals = problem.evaluate(*theirs);
    EXPECT_TRUE(problem.keepsLimits(totals)) << "instance " << i;
    EXPECT_TRUE(problem.objectiveValue(totals) ==
                problem.objectiveValue(ours->totals))
        << "instance " << i << ": cbc "
        << static_cast<double>(problem.objectiveValue(totals)) << ", ours "
        << static_cast<double>(problem.objectiveValue(ours->totals));
  }
  EXPECT_GT(solved, 20);
}

INSTANTIATE_TEST_SUITE_P(Objectives, IntegerProgram,
                         testing::Values(Objective::Paper, Objective::Latency,
                                         Objective::Energy),
                         [](const auto &info) {
                           return objectiveName(info.param).str();
                         });

TEST(IntegerProgramText, RefusesWhatItCantSay) {
  std::mt19937 random(12);
  ClusteringProblem problem = randomProblem(random, Objective::Edp);
  std::string text;
  llvm::raw_string_ostream out(text);
  EXPECT_EQ(errorOf(writeIntegerProgram(problem, out)),
            "objective edp has no integer linear program of bearable size");
  EXPECT_EQ(errorOf(readIntegerSolution(problem, "x_0_60 1").takeError()),
            "kernel 1 has no CU count");
  EXPECT_EQ(
      errorOf(readIntegerSolution(problem, "x_0_60 1 x_0_45 1").takeError()),
      "kernel 0 has two CU counts");
}

} // namespace
