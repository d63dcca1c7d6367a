//===- MixPaper.cpp - the published objective for a mix -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixPaper.h"
#include "compiler/schedule/ClusteringProgram.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

using namespace eclip;
using namespace eclip::clustering;

namespace {

struct Vertex {
  MixChoice choice;
  WideInt time = 0, cus = 0; ///< sums over all workers
};

/// The hull walk for one set of masks.
class Walk {
public:
  Walk(const MixProblem &problem, const MixEvaluator &tables, uint64_t masks);

  /// False if a worker has no mask.
  bool run();
  Vertex best;
  WideInt bestValue = 0;

private:
  Vertex minimize(const Weights &weights);
  WideInt value(WideInt time, WideInt cus) const {
    return time *
           (static_cast<WideInt>(problem.topology.cuCount) * 1000000 + cus);
  }
  void offer(const Vertex &vertex);
  void between(const Vertex &left, const Vertex &right);

  const MixProblem &problem;
  std::vector<ClusteringProblem> singles;
  std::vector<LimitedProgram> programs;
};

} // namespace

Walk::Walk(const MixProblem &problem, const MixEvaluator &tables,
           uint64_t masks)
    : problem(problem) {
  singles.reserve(problem.workers.size());
  for (auto [w, worker] : llvm::enumerate(problem.workers)) {
    ClusteringProblem &single = singles.emplace_back();
    single.kernelCount = worker.kernelCount;
    single.maxSwitches = worker.maxSwitches;
    single.maxQueues = worker.maxQueues;
    single.objective = Objective::Energy;
    for (auto [i, cuCount] : llvm::enumerate(worker.cuCounts))
      if (masks >> tables.worker(w).masks[i] & 1)
        single.cuCounts.push_back(cuCount);
    auto kernels = static_cast<int64_t>(worker.kernelCount);
    single.cost = [&worker, kernels](size_t kernel, int64_t cuCount) {
      KernelCost cost;
      cost.timeNs = worker.costOf(kernel, cuCount).timeNs;
      cost.energyNj = cuCount * 1000000 / kernels;
      return cost;
    };
    programs.emplace_back(single);
  }
}

Vertex Walk::minimize(const Weights &weights) {
  Vertex vertex;
  for (const LimitedProgram &program : programs) {
    Point point = program.minimize(weights);
    vertex.time += point.a;
    vertex.cus += point.b;
    vertex.choice.push_back(std::move(point.choice));
  }
  return vertex;
}

void Walk::offer(const Vertex &vertex) {
  WideInt now = value(vertex.time, vertex.cus);
  if (best.choice.empty() || now < bestValue) {
    best = vertex;
    bestValue = now;
  }
}

void Walk::between(const Vertex &left, const Vertex &right) {
  if (value(left.time, right.cus) >= bestValue)
    return;
  Weights weights{left.cus - right.cus, right.time - left.time, 1, 0};
  if (weights.a <= 0 || weights.b <= 0)
    return;
  Vertex middle = minimize(weights);
  if (weights.a * middle.time + weights.b * middle.cus >=
      weights.a * left.time + weights.b * left.cus)
    return;
  offer(middle);
  between(left, middle);
  between(middle, right);
}

bool Walk::run() {
  for (const ClusteringProblem &single : singles)
    if (single.cuCounts.empty())
      return false;
  Vertex left = minimize({1, 0, 0, 1}), right = minimize({0, 1, 1, 0});
  offer(left);
  offer(right);
  between(left, right);
  return true;
}

llvm::Expected<MixSolution> eclip::solveMixPaper(const MixProblem &problem) {
  MixEvaluator tables(problem);
  unsigned masks = 0;
  for (size_t w = 0; w < problem.workers.size(); ++w)
    for (unsigned mask : tables.worker(w).masks)
      masks = std::max(masks, mask + 1);
  auto most =
      static_cast<unsigned>(std::min<int64_t>(problem.maxQueues, masks));
  std::vector<bool> member(masks, false);
  std::fill(member.begin(), member.begin() + most, true);
  MixSolution best;
  WideInt bestValue = 0;
  size_t sets = 0;
  do {
    if (++sets > 5000)
      return llvm::createStringError("more than 5000 ways to choose " +
                                     llvm::Twine(most) + " of " +
                                     llvm::Twine(masks) + " masks");
    uint64_t set = 0;
    for (unsigned i = 0; i < masks; ++i)
      set |= static_cast<uint64_t>(member[i]) << i;
    Walk walk(problem, tables, set);
    if (walk.run() && (best.cuCounts.empty() || walk.bestValue < bestValue)) {
      bestValue = walk.bestValue;
      best.cuCounts = std::move(walk.best.choice);
    }
  } while (std::prev_permutation(member.begin(), member.end()));
  if (best.cuCounts.empty())
    return llvm::createStringError("no choice of CU counts keeps the limits");
  best.totals = problem.evaluate(best.cuCounts);
  best.lowerBound = problem.objectiveValue(best.totals);
  best.optimal = true;
  return best;
}
