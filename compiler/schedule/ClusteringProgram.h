//===- ClusteringProgram.h - weighted dynamic program -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the solvers of one worker. Every objective is a function of two
// sums over the sequence, A and B:
//
//   latency  A = time                 least A
//   energy   A = time, B = energy     least B with A within the time limit
//   edp      A = time, B = energy     least A * B
//   paper    A = kernel time, B = CUs least A * (constant + B)
//
// and a linear weighting p A + q B is minimized exactly by a dynamic program
// over (kernel, CU count, switches left). What remains is to find weights, and
// under a time limit to close the gap that weights leave.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_CLUSTERINGPROGRAM_H
#define ECLIP_COMPILER_SCHEDULE_CLUSTERINGPROGRAM_H

#include "compiler/schedule/Clustering.h"

#include <algorithm>

namespace eclip {
namespace clustering {

/// A weighted sum and, to break ties, the sum that the caller prefers small.
struct Key {
  WideInt value = 0, tie = 0;
  Key operator+(const Key &other) const {
    return {value + other.value, tie + other.tie};
  }
  bool operator<(const Key &other) const {
    return value != other.value ? value < other.value : tie < other.tie;
  }
};

struct Weights {
  WideInt a = 0, b = 0;       ///< of A and B
  WideInt tieA = 0, tieB = 0; ///< of A and B among equals
};

/// One choice of CU counts and its two sums.
struct Point {
  std::vector<int64_t> choice;
  ClusteringTotals totals;
  WideInt a = 0, b = 0;
};

/// The dynamic program for one instance on some of its CU counts.
class Program {
public:
  Program(const ClusteringProblem &problem, llvm::ArrayRef<int64_t> cus)
      : problem(problem), cus(cus.begin(), cus.end()),
        kernels(problem.kernelCount), width(cus.size()),
        levels(std::min<int64_t>(problem.maxSwitches,
                                 std::max<int64_t>(0, int64_t(kernels) - 1)) +
               1) {
    bool paper = problem.objective == Objective::Paper;
    switchA = paper ? 0 : problem.switchCost.timeNs;
    switchB = paper ? 0 : problem.switchCost.energyNj;
    for (size_t kernel = 0; kernel < kernels; ++kernel)
      for (int64_t cuCount : cus) {
        KernelCost cost = problem.cost(kernel, cuCount);
        costA.push_back(cost.timeNs);
        costB.push_back(paper ? cuCount : cost.energyNj);
      }
  }

  Point minimize(const Weights &weights) const;
  void follow(const Weights &weights, llvm::ArrayRef<Key> table, size_t kernel,
              size_t cu, size_t level, std::vector<int64_t> &choice) const;
  std::vector<Key> suffixTable(const Weights &weights) const;

  /// Index of kernel, CU count and switches in a suffix table.
  size_t at(size_t kernel, size_t cu, size_t level) const {
    return (kernel * width + cu) * levels + level;
  }
  Key kernelKey(const Weights &w, size_t kernel, size_t cu) const {
    WideInt a = costA[kernel * width + cu], b = costB[kernel * width + cu];
    return {w.a * a + w.b * b, w.tieA * a + w.tieB * b};
  }
  Key switchKey(const Weights &w) const {
    return {w.a * switchA + w.b * switchB, w.tieA * switchA + w.tieB * switchB};
  }
  Point makePoint(std::vector<int64_t> choice) const;

  const ClusteringProblem &problem;
  llvm::SmallVector<int64_t, 4> cus;
  size_t kernels, width, levels;
  std::vector<int64_t> costA, costB;
  int64_t switchA = 0, switchB = 0;
};

inline ClusteringSolution finish(const Point &point, bool optimal,
                                 WideInt lowerBound) {
  return {point.choice, point.totals, optimal, lowerBound};
}

/// minimize() of the instance on each set of as many CU counts as its maxQueues
/// allows.
class LimitedProgram {
public:
  /// As many sets as numberOfSets() says, at most maxCountSets.
  explicit LimitedProgram(const ClusteringProblem &problem);
  Point minimize(const Weights &weights) const;

private:
  std::vector<Program> programs;
};

/// The vertex of least product of the lower hull of all (A, B) between `left`
/// (less A) and `right` (less B), which are vertices of it.
Point leastProductBetween(const Program &program, const Point &left,
                          const Point &right);

/// Objectives `energy` and `edp` within `limit`, in Labels.cpp.
llvm::Expected<ClusteringSolution>
solveLimited(const Program &program, WideInt limit, size_t maxLabels);

} // namespace clustering
} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_CLUSTERINGPROGRAM_H
