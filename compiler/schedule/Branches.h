//===- Branches.h - branches of a graph side by side ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Given dispatches with CU counts that the clustering chose one after another,
// decide which branches of the graph run at the same time on parts of the
// device. The definition is in docs/scheduling.md; its labels (Z1..) recur here
// and in the tests. The problem checks and verifies, the solver is a free
// function. No IR here.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_BRANCHES_H
#define ECLIP_COMPILER_SCHEDULE_BRANCHES_H

#include "compiler/schedule/Clustering.h"
#include "compiler/schedule/QueueOrder.h"
#include "compiler/schedule/Timeline.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <vector>

namespace eclip {

struct BranchDispatch {
  llvm::SmallVector<unsigned> producers; ///< earlier dispatches that it reads
  llvm::SmallVector<KernelCost, 4> costs; ///< one a CU count
  unsigned clustered = 0; ///< index of the CU count that it has in sequence
};

/// Dispatches that run one after another while those of the other lane do.
struct BranchLane {
  /// CUs of all of them, from the worker's end of the device or up to its other
  /// end: masks of other places would be more than devices run. If
  /// `asClustered`, each keeps its own count from CU 0 on, and this is the
  /// largest of these.
  CuRange cus;
  bool asClustered = false;
  std::vector<unsigned> dispatches; ///< ascending
};

/// One region whose branches run side by side.
struct BranchSplit {
  std::vector<BranchLane> lanes; ///< two
};

/// What follows a fork and can run side by side: dispatches of different
/// branches don't depend on one another. These are the parts that no edge connects
/// between the fork and the join where all its paths meet again; and, if it is
/// something else, what is behind just one edge of the fork.
struct BranchRegion {
  std::vector<std::vector<unsigned>> branches; ///< each ascending
};

/// A choice, played.
struct BranchSchedule {
  std::vector<CuRange> queues;
  QueueOrder order{0};
  Timeline timeline;
};

struct BranchSolution {
  std::vector<BranchSplit> splits;
  Timeline before, after; ///< as the solver claims
};

/// An instance. Fill the fields, then check().
class BranchProblem {
public:
  llvm::SmallVector<int64_t, 4> cuCounts; ///< ascending; the last is the device
  /// Those of the CU counts that lanes may have: masks of a lane's and of the
  /// remaining CUs, from opposite ends, are disjoint.
  llvm::SmallVector<int64_t, 4> laneCounts;
  std::vector<BranchDispatch> dispatches;
  DeviceLimits limits;
  KernelCost switchCost;
  Objective objective = Objective::Energy;
  int64_t maxSwitches = 14;
  int64_t maxQueues = 7; ///< different CU ranges in one solution
  /// Others run on the device: only a region that has all CUs somewhere may take
  /// some from both ends.
  bool hasNeighbours = false;
  /// Z7: refuses an order that needs too much memory; may be empty.
  std::function<bool(const BranchSchedule &)> fits;

  /// Refuses an instance outside the definition (Z1, Z2).
  llvm::Error check() const;
  /// Proves a solution against the definition (Z3..Z7).
  llvm::Error verify(const BranchSolution &solution) const;

  /// All regions of the graph, by their first dispatch. They may be nested.
  std::vector<BranchRegion> findRegions() const;

  /// Plays the dispatches with these splits.
  BranchSchedule play(llvm::ArrayRef<BranchSplit> splits) const;

  /// Order by the objective, and among equals by the other of time and energy.
  bool hasLess(const Timeline &a, const Timeline &b) const;
  /// True if `a` takes no longer than `b` and is better by the objective.
  bool isBetter(const Timeline &a, const Timeline &b) const {
    return objective != Objective::Paper && a.timeNs <= b.timeNs &&
           hasLess(a, b);
  }

  /// True if a split of these dispatches may use the whole device.
  bool mayUseAll(llvm::ArrayRef<unsigned> members) const;
};

/// For each region the best of all ways to put its branches on two lanes of the
/// device's CU counts; regions by what they gain, the largest gain first, and
/// again with what the others have then. A split is kept only if the whole
/// schedule, played, is better with it than without. Fails if the instance is
/// none.
llvm::Expected<BranchSolution> splitBranches(const BranchProblem &problem);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_BRANCHES_H
