//===- MixClustering.h - joint clustering of a mix --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Choose a CU count for each kernel of several workers that share one device.
// The definition, with the co-location model, is in docs/mixes.md; its
// labels (X1.. for instances, Y1.. for solutions) recur here and in the tests.
// As for one worker, the problem checks and verifies, and knows no solver.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXCLUSTERING_H
#define ECLIP_COMPILER_SCHEDULE_MIXCLUSTERING_H

#include "compiler/cost/MaskOrder.h"
#include "compiler/schedule/Clustering.h"

#include <string>

namespace eclip {

/// One model of a mix, alone on the device as far as its costs say.
struct MixWorker {
  std::string name;
  size_t kernelCount = 0;
  llvm::SmallVector<int64_t, 4> cuCounts; ///< the choices, ascending
  CostFunction cost;
  /// At the high end, if masks there get more CUs than they name; else null.
  CostFunction farCost;
  KernelCost switchCost;
  int64_t maxSwitches = 14;
  int64_t maxQueues = 32; ///< different masks of this worker
  bool highEnd = false; ///< of the device, where its masks start
  /// Of its queues, 0 to 2. A higher one doesn't wait for kernels of a lower
  /// one, only for workgroups that already run.
  int64_t priority = 0;
  /// Limit on the predicted time of one request beside the others.
  std::optional<int64_t> timeLimitNs;

  /// At its end. On all CUs both ends are the same.
  KernelCost costOf(size_t kernel, int64_t cuCount) const {
    return (highEnd && farCost ? farCost : cost)(kernel, cuCount);
  }
};

/// What one worker's choice costs beside the others'.
struct MixWorkerTotals {
  int64_t switches = 0;
  int64_t queues = 0;   ///< different masks
  int64_t kernelNs = 0; ///< alone on the device, without switches
  int64_t microCus = 0; ///< average CU count in millionths, as Paper counts it
  int64_t aloneNs = 0;  ///< of one request alone on all CUs: of no choice
  /// One request beside the others, in 1e-9 ns.
  WideInt sharedTime = 0;
  /// Its own energy and its part of the idle power, in 1e-12 nJ.
  WideInt sharedEnergy = 0;
  bool operator==(const MixWorkerTotals &) const = default;

  int64_t timeNs() const {
    return static_cast<int64_t>(sharedTime / 1000000000);
  }
  int64_t energyNj() const {
    return static_cast<int64_t>(sharedEnergy / 1000000000000);
  }
};

struct MixTotals {
  std::vector<MixWorkerTotals> workers;
  int64_t queues = 0; ///< different masks
  /// Sums over the workers of time and energy beside the others, each relative
  /// to the same worker alone on all CUs, in units of 1e-12.
  int64_t relativeTime = 0, relativeEnergy = 0;
  bool operator==(const MixTotals &) const = default;
};

/// CU counts of each worker's kernels, in order.
using MixChoice = std::vector<std::vector<int64_t>>;

struct MixSolution {
  MixChoice cuCounts;
  MixTotals totals; ///< as the solver claims
  /// A value that no solution's objective is below.
  WideInt lowerBound = 0;
  bool optimal = false; ///< the bound is the objective

  /// (objective - bound) / objective, given the objective.
  double gap(WideInt objective) const {
    return objective > 0 ? static_cast<double>(objective - lowerBound) /
                               static_cast<double>(objective)
                         : 0.0;
  }
};

/// An instance. Fill the fields, then check().
class MixProblem {
public:
  MaskTopology topology; ///< of masks; with the number of CUs
  int64_t maxQueues = 7; ///< different masks of all workers together
  DeviceLimits limits;
  std::vector<MixWorker> workers;
  Objective objective = Objective::Energy;
  /// Least harmonic mean of the workers' throughputs, each relative to the
  /// worker alone on all CUs, in millionths; 0: none. Not for Paper.
  int64_t throughputFloorPpm = 0;

  /// Refuses an instance outside the definition (X1..X8), naming the field.
  llvm::Error check() const;

  /// Proves a solution against the definition (Y1..Y8).
  llvm::Error verify(const MixSolution &solution) const;

  /// Totals of a choice of known CU counts. MixEvaluator is faster for many.
  MixTotals evaluate(const MixChoice &choice) const;

  /// The objective, exactly; smaller is better. Comparable within an instance.
  WideInt objectiveValue(const MixTotals &totals) const;

  /// Of all workers in a closed loop: sum of their rates, each relative to the
  /// worker alone on all CUs, in 1e-12, and the board's power in nW.
  struct Rates {
    WideInt rate = 0, powerNw = 0;
  };
  Rates rates(const MixTotals &totals) const;

  /// Y2 to Y5 and Y8: which limit the totals break, or success.
  llvm::Error checkLimits(const MixTotals &totals) const;
  bool keepsLimits(const MixTotals &totals) const;

  /// Most relativeTime that the throughput floor allows.
  std::optional<int64_t> relativeTimeLimit() const;
};

/// The numbers of an instance in tables, each cost asked for once. Of a kernel
/// on some CUs: time alone, what of it others can stretch, what of that by their
/// traffic, how much the kernel is there for the others to meet and to wait
/// for, and its energy above idle.
class MixEvaluator {
public:
  struct Kernel {
    int64_t timeNs = 0;   ///< with what a launch takes longer beside others
    int64_t busyNs = 0;   ///< alone on the device, less the launch
    int64_t trafficNs = 0; ///< timeNs times the used part of the bandwidth
    int64_t memoryNs = 0; ///< what of it others' traffic stretches
    int64_t usePpm = 0;   ///< CUs that it makes use of, of those it is on
    int64_t presence = 0; ///< share of the cycle that stretches others, 1e-9
    int64_t demand = 0;   ///< share of the cycle times used bandwidth, 1e-9
    int64_t energyNj = 0; ///< above idle
    /// Root of the time, in 1e-3 of the root of a ns, and what others wait for
    /// each such root on the same CUs, in 1e-12 of it: of the same or a lower
    /// priority, and of a higher one. 0 where kernels take turns.
    int64_t waiting = 0, blocking = 0, blockingHigher = 0;
  };
  struct Worker {
    size_t kernels = 0, width = 0;
    std::vector<Kernel> table; ///< kernel * width + index of the CU count
    int64_t besideNs = 0; ///< in each timeNs: of workers beside each other
    int64_t switchNs = 0, switchNj = 0; ///< the latter above idle
    /// 1e15 over time and energy alone on all CUs: weights that make workers
    /// comparable.
    int64_t timeWeight = 0, energyWeight = 0;
    int64_t aloneNs = 0; ///< on all CUs
    std::vector<unsigned> masks; ///< of each CU count: index of its mask
    int64_t priority = 0;
  };

  explicit MixEvaluator(const MixProblem &problem);

  const Worker &worker(size_t index) const { return workers[index]; }
  size_t size() const { return workers.size(); }
  size_t maskCount() const { return masks; }
  /// Whether kernels wait for earlier ones, and whether for some less than for
  /// others.
  bool waits() const { return pending; }
  bool hasPriorities() const { return priorities; }
  int64_t idleShareMilliwatts() const { return idleShare; }

  /// CUs that worker `w` on its CU count `i` shares with worker `v` on its `j`,
  /// as millionths of the former.
  int64_t overlapPpm(size_t w, size_t i, size_t v, size_t j) const {
    return overlaps[((w * workers.size() + v) * maxWidth + i) * maxWidth + j];
  }

  /// How much of a wait behind `v` is left, in millionths: CUs that are not
  /// shared shorten it, and take the more of the work the longer it is.
  int64_t waitPpm(size_t w, size_t i, size_t v, size_t j) const {
    int64_t overlap = overlapPpm(w, i, v, j);
    return overlap * overlap / 1000000;
  }

  /// Totals of a choice given as indices into each worker's CU counts.
  MixTotals evaluate(llvm::ArrayRef<std::vector<uint8_t>> choice) const;

private:
  void addShared(MixTotals &totals,
                 llvm::ArrayRef<std::vector<uint8_t>> choice) const;

  const MixProblem &problem;
  std::vector<Worker> workers;
  std::vector<int64_t> overlaps;
  size_t maxWidth = 0, masks = 0;
  int64_t idleShare = 0;
  bool pending = false, priorities = false;
};

/// How long and how hard the joint solver tries.
struct MixSolverOptions {
  double gap = 0.001;          ///< stop at this gap
  size_t maxNodes = 20000;     ///< of the branch and bound
  size_t maxPrograms = 120000; ///< runs of one worker's dynamic program
  size_t maxStarts = 64;       ///< uniform choices that are improved
  size_t maxMoves = 3000;      ///< changes that local search tries at a time
  bool bounds = true;          ///< false: the bound is 0, or easily had

  /// For plans that are one guess among many: at most 0.2 s for four workers
  /// of 500 kernels, still with a valid bound. `paper` is exact all the same.
  static MixSolverOptions quick() { return {0.01, 2000, 6000, 16, 400}; }
};

/// Branch and bound over how much of its time each worker spends on each CU
/// count, with bounds from one dynamic program per worker; solutions from the
/// same programs and from local search. Deterministic. Fails if it proves that
/// no choice keeps the limits, or finds none, and for more than 64 masks or 128
/// CU counts of all workers together.
llvm::Expected<MixSolution> solveMix(const MixProblem &problem,
                                     const MixSolverOptions &options = {});

/// Tries every choice. For tests: at most 2^22 of them.
llvm::Expected<MixSolution> solveMixExhaustive(const MixProblem &problem);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXCLUSTERING_H
