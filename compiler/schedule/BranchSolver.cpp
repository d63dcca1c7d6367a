//===- BranchSolver.cpp - which branches run side by side -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Branches.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <array>

using namespace eclip;

namespace {

/// Up to so many branches are put on lanes in all ways, more in one.
constexpr size_t kMaxFreeBranches = 6;
/// Regions are decided one after another, and again with those of the others
/// that are known then.
constexpr unsigned kMaxRounds = 3;

/// CU counts of the lanes from the worker's end (0: as clustered) and from the
/// other end.
using LaneCounts = std::array<int64_t, 2>;

class Solver {
public:
  explicit Solver(const BranchProblem &problem)
      : problem(problem), current(problem.play({})), before(current.timeline),
        maxSwitches(std::max(problem.maxSwitches, before.switches)) {}
  BranchSolution run();

private:
  struct Candidate {
    BranchSplit split;
    BranchSchedule schedule;
    size_t number; ///< in order of trial
  };
  /// Splits of one region, and the splits of others that stay.
  struct Search {
    const std::vector<BranchSplit> &others;
    std::vector<Candidate> found;
  };
  bool decide(const BranchRegion &region);
  std::vector<Candidate> collect(const BranchRegion &region,
                                 const std::vector<BranchSplit> &others) const;
  void tryCounts(const BranchRegion &region, const LaneCounts &counts,
                 Search &search) const;
  void tryAssignment(const BranchRegion &region, const LaneCounts &counts,
                     llvm::ArrayRef<size_t> laneOf,
                     Search &search) const;
  std::vector<size_t> longestFirst(const BranchRegion &region,
                                   const LaneCounts &counts) const;
  int64_t timeOf(llvm::ArrayRef<unsigned> branch, int64_t count) const;
  bool keepsLimits(const BranchSchedule &schedule) const;

  const BranchProblem &problem;
  BranchSchedule current; ///< with `splits`
  Timeline before;        ///< without
  int64_t maxSwitches;
  std::vector<BranchSplit> splits;
};

} // namespace

bool Solver::keepsLimits(const BranchSchedule &schedule) const {
  return static_cast<int64_t>(schedule.queues.size()) <= problem.maxQueues &&
         schedule.timeline.switches <= maxSwitches;
}

/// Time of a branch by itself.
int64_t Solver::timeOf(llvm::ArrayRef<unsigned> branch, int64_t count) const {
  int64_t sum = 0;
  for (unsigned index : branch) {
    const BranchDispatch &dispatch = problem.dispatches[index];
    size_t i = count == 0 ? dispatch.clustered
                          : llvm::find(problem.cuCounts, count) -
                                problem.cuCounts.begin();
    sum += dispatch.costs[i].timeNs;
  }
  return sum;
}

void Solver::tryAssignment(const BranchRegion &region, const LaneCounts &counts,
                           llvm::ArrayRef<size_t> laneOf,
                           Search &search) const {
  BranchSplit split;
  split.lanes.resize(counts.size());
  std::vector<unsigned> members;
  for (auto [branch, lane] : llvm::zip_equal(region.branches, laneOf)) {
    llvm::append_range(split.lanes[lane].dispatches, branch);
    llvm::append_range(members, branch);
  }
  int64_t used = 0;
  for (auto [lane, count] : llvm::zip_equal(split.lanes, counts)) {
    if (lane.dispatches.empty())
      return;
    llvm::sort(lane.dispatches);
    lane.asClustered = count == 0;
    lane.cus.count = count;
    for (unsigned dispatch : lane.dispatches)
      if (lane.asClustered)
        lane.cus.count =
            std::max(lane.cus.count,
                     problem.cuCounts[problem.dispatches[dispatch].clustered]);
    used += lane.cus.count;
  }
  split.lanes[1].cus.first = problem.cuCounts.back() - counts[1];
  if (used > problem.cuCounts.back() || !problem.mayUseAll(members))
    return;
  std::vector<BranchSplit> all = search.others;
  all.push_back(split);
  BranchSchedule schedule = problem.play(all);
  if (keepsLimits(schedule) && problem.isBetter(schedule.timeline, before))
    search.found.push_back(
        {std::move(split), std::move(schedule), search.found.size()});
}

/// Each branch, the longest first, on the lane that is done first with it.
std::vector<size_t> Solver::longestFirst(const BranchRegion &region,
                                         const LaneCounts &counts) const {
  std::vector<size_t> order(region.branches.size()), laneOf(order.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  auto timeAlone = [&](size_t branch) {
    return timeOf(region.branches[branch], problem.cuCounts.back());
  };
  llvm::sort(order, [&](size_t a, size_t b) {
    return timeAlone(a) != timeAlone(b) ? timeAlone(a) > timeAlone(b) : a < b;
  });
  LaneCounts done = {};
  for (size_t branch : order) {
    auto doneWith = [&](size_t lane) {
      return done[lane] + timeOf(region.branches[branch], counts[lane]);
    };
    size_t best = 0;
    for (size_t lane = 1; lane < counts.size(); ++lane)
      if (doneWith(lane) < doneWith(best))
        best = lane;
    done[best] = doneWith(best);
    laneOf[branch] = best;
  }
  return laneOf;
}

void Solver::tryCounts(const BranchRegion &region, const LaneCounts &counts,
                       Search &search) const {
  size_t branches = region.branches.size();
  if (branches > kMaxFreeBranches)
    return tryAssignment(region, counts, longestFirst(region, counts), search);
  std::vector<size_t> laneOf(branches);
  for (size_t way = 0; way < size_t(1) << branches; ++way) {
    for (size_t branch = 0; branch < branches; ++branch)
      laneOf[branch] = way >> branch & 1;
    tryAssignment(region, counts, laneOf, search);
  }
}

/// All splits of a region that keep the limits and are better than none, beside
/// `others`; the best first.
std::vector<Solver::Candidate>
Solver::collect(const BranchRegion &region,
                const std::vector<BranchSplit> &others) const {
  Search search{others, {}};
  for (int64_t far : problem.laneCounts) {
    tryCounts(region, {0, far}, search);
    for (int64_t own : problem.laneCounts)
      if (own + far <= problem.cuCounts.back())
        tryCounts(region, {own, far}, search);
  }
  llvm::sort(search.found, [&](const Candidate &a, const Candidate &b) {
    return problem.hasLess(a.schedule.timeline, b.schedule.timeline) ||
           (!problem.hasLess(b.schedule.timeline, a.schedule.timeline) &&
            a.number < b.number);
  });
  return std::move(search.found);
}

/// Takes the best split of the region if the schedule is better with it, and
/// without those that it has dispatches in common with. True if it did.
bool Solver::decide(const BranchRegion &region) {
  llvm::BitVector members(problem.dispatches.size());
  for (const std::vector<unsigned> &branch : region.branches)
    for (unsigned dispatch : branch)
      members.set(dispatch);
  std::vector<BranchSplit> apart = splits;
  llvm::erase_if(apart, [&](const BranchSplit &split) {
    return llvm::any_of(split.lanes, [&](const BranchLane &lane) {
      return llvm::any_of(lane.dispatches, [&](unsigned dispatch) {
        return members.test(dispatch);
      });
    });
  });
  for (Candidate &candidate : collect(region, apart)) {
    if (!problem.hasLess(candidate.schedule.timeline, current.timeline))
      return false;
    if (problem.fits && !problem.fits(candidate.schedule))
      continue;
    splits = std::move(apart);
    splits.push_back(std::move(candidate.split));
    current = std::move(candidate.schedule);
    return true;
  }
  return false;
}

BranchSolution Solver::run() {
  std::vector<BranchRegion> regions = problem.findRegions();
  std::vector<std::pair<Timeline, size_t>> byGain;
  for (auto [index, region] : llvm::enumerate(regions)) {
    std::vector<Candidate> found = collect(region, {});
    if (!found.empty())
      byGain.emplace_back(std::move(found.front().schedule.timeline), index);
  }
  llvm::sort(byGain, [&](const auto &a, const auto &b) {
    return problem.hasLess(a.first, b.first) ||
           (!problem.hasLess(b.first, a.first) && a.second < b.second);
  });
  bool changed = true;
  for (unsigned round = 0; changed && round < kMaxRounds; ++round) {
    changed = false;
    for (auto &[timeline, index] : byGain)
      changed |= decide(regions[index]);
  }
  BranchSolution solution;
  solution.splits = std::move(splits);
  solution.before = std::move(before);
  solution.after = std::move(current.timeline);
  return solution;
}

llvm::Expected<BranchSolution>
eclip::splitBranches(const BranchProblem &problem) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  if (problem.objective == Objective::Paper) {
    BranchSolution none;
    none.before = none.after = problem.play({}).timeline;
    return none;
  }
  return Solver(problem).run();
}
