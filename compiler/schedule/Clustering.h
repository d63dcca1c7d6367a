//===- Clustering.h - the clustering problem and its solvers ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Choose a CU count for each kernel of one worker, in order. The definition is
// in docs/scheduling.md; its labels (P1.. for instances, C1.. for solutions)
// recur here and in the tests. The problem checks and verifies; the solvers are
// free functions and are never asked whether a solution is right.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_CLUSTERING_H
#define ECLIP_COMPILER_SCHEDULE_CLUSTERING_H

#include "compiler/cost/KernelCost.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace eclip {

/// Exact sums and products of nanoseconds and nanojoules.
__extension__ typedef __int128 WideInt;

enum class Objective {
  Latency, ///< least time; among those, least energy
  Energy,  ///< least energy within the time limit
  Edp,     ///< least product of energy and time
  Paper,   ///< the published formula: sum of solo times, times 1 + overlap
  /// Of workers side by side: least energy of a unit of work times the time
  /// that it takes.
  Efficiency
};

std::optional<Objective> parseObjective(llvm::StringRef name);
llvm::StringRef objectiveName(Objective objective);

/// "latency, energy, ...": all that parseObjective() knows.
llvm::StringRef knownObjectives();

/// What an objective is for one worker alone: of its requests one after another
/// `efficiency` is the energy of a request times its time, so Edp.
Objective objectiveAlone(Objective objective);

/// Whether solvers bound the objective of several workers closely enough for a
/// gap to say something.
bool hasTellingBound(Objective objective);

/// What a choice of CU counts costs; all of it exact.
struct ClusteringTotals {
  int64_t switches = 0; ///< neighbours with different CU counts
  int64_t queues = 0;   ///< different CU counts
  int64_t kernelNs = 0; ///< without switches
  int64_t timeNs = 0;   ///< with switches
  int64_t energyNj = 0; ///< with switches
  int64_t cuSum = 0;    ///< of the kernels' CU counts
  bool operator==(const ClusteringTotals &) const = default;
};

struct ClusteringSolution {
  std::vector<int64_t> cuCounts; ///< one a kernel, in order
  ClusteringTotals totals;       ///< as the solver claims
  /// True if the solver proves that no solution has a smaller objective.
  bool optimal = false;
  /// A value that no solution's objective is below.
  WideInt lowerBound = 0;
};

/// An instance. Fill the fields, then check().
class ClusteringProblem {
public:
  size_t kernelCount = 0;
  llvm::SmallVector<int64_t, 4> cuCounts; ///< the choices, ascending
  CostFunction cost;
  KernelCost switchCost;
  int64_t maxSwitches = 14; ///< the paper's limit for one worker
  int64_t maxQueues = 7;    ///< different CU counts in one solution
  Objective objective = Objective::Energy;
  /// Limit on the total time with switches; not for Paper.
  std::optional<int64_t> timeLimitNs;
  /// Objective::Paper only: sum of the other workers' average CU counts, in
  /// thousandths of a CU.
  int64_t otherMilliCus = 0;

  /// Refuses an instance outside the definition (P1..P6). Evaluates every cost.
  llvm::Error check() const;

  /// Proves a solution against the definition (C1..C6).
  llvm::Error verify(const ClusteringSolution &solution) const;

  /// Totals of a choice that has one known CU count a kernel.
  ClusteringTotals evaluate(llvm::ArrayRef<int64_t> choice) const;

  /// The objective, exactly; smaller is better. Comparable within an instance.
  WideInt objectiveValue(const ClusteringTotals &totals) const;

  /// True if the totals keep every limit (C2, C3, C4).
  bool keepsLimits(const ClusteringTotals &totals) const;

  /// Time of the same CU count everywhere: no switch.
  int64_t uniformTimeNs(int64_t cuCount) const;
};

/// Exact dynamic program over (kernel, CU count, switches so far). Latency
/// takes one pass. Edp and Paper are products of two sums, so their optimum is
/// a vertex of the convex hull of (sum, sum), and the program runs once for
/// each vertex that can still win. Energy under a time limit takes Pareto
/// labels, pruned by a Lagrangian bound, and so does Edp under one. The result
/// is optimal unless the labels exceed `maxLabels`; then the best found and its
/// bound are returned.
/// Fails if no choice keeps the limits.
llvm::Expected<ClusteringSolution>
solveDynamicProgram(const ClusteringProblem &problem,
                    size_t maxLabels = 1000000);

/// Tries every choice. For tests: at most 2^24 of them.
llvm::Expected<ClusteringSolution>
solveExhaustive(const ClusteringProblem &problem);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_CLUSTERING_H
