//===- Branches.cpp - definition of branches side by side -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Branches.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <set>

using namespace eclip;

static llvm::Error error(const llvm::Twine &message) {
  return llvm::createStringError(message);
}

llvm::Error BranchProblem::check() const {
  int64_t last = 0;
  for (int64_t count : cuCounts) { // Z1
    if (count <= last)
      return error("CU counts must be positive and ascend");
    last = count;
  }
  for (int64_t count : laneCounts)
    if (!llvm::is_contained(cuCounts, count))
      return error("lanes can't have " + llvm::Twine(count) + " CUs");
  if (cuCounts.empty() || maxSwitches < 0 || maxQueues < 1)
    return error("needs CU counts, maxSwitches >= 0 and maxQueues >= 1");
  for (auto [index, dispatch] : llvm::enumerate(dispatches)) { // Z2
    if (dispatch.costs.size() != cuCounts.size() ||
        dispatch.clustered >= cuCounts.size())
      return error("dispatch " + llvm::Twine(index) +
                   " needs one cost for each CU count and one of them");
    for (const KernelCost &cost : dispatch.costs)
      if (cost.timeNs < 1 || cost.energyNj < 0)
        return error("dispatch " + llvm::Twine(index) +
                     " needs positive times and no negative energy");
    for (unsigned producer : dispatch.producers)
      if (producer >= index)
        return error("dispatch " + llvm::Twine(index) +
                     " reads a later dispatch");
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

namespace {

/// The graph with a source before and a sink behind all dispatches. Nodes are
/// dispatches plus 1; edges ascend.
class ForkJoinGraph {
public:
  explicit ForkJoinGraph(llvm::ArrayRef<BranchDispatch> dispatches);
  BranchRegion regionOf(unsigned fork) const;
  BranchRegion beginningsOf(unsigned fork) const;
  unsigned size() const { return successors.size(); }
  unsigned fanOut(unsigned node) const { return successors[node].size(); }

private:
  std::vector<llvm::SmallVector<unsigned>> successors;
  std::vector<unsigned> join; ///< immediate postdominator
};

} // namespace

ForkJoinGraph::ForkJoinGraph(llvm::ArrayRef<BranchDispatch> dispatches)
    : successors(dispatches.size() + 2), join(dispatches.size() + 2) {
  unsigned sink = dispatches.size() + 1;
  for (auto [index, dispatch] : llvm::enumerate(dispatches)) {
    std::set<unsigned> from(dispatch.producers.begin(),
                            dispatch.producers.end());
    for (unsigned producer : from)
      successors[producer + 1].push_back(index + 1);
    if (from.empty())
      successors[0].push_back(index + 1);
  }
  join[sink] = sink;
  for (unsigned node = sink; node-- > 0;) {
    if (successors[node].empty())
      successors[node].push_back(sink);
    unsigned meet = successors[node].front();
    for (unsigned other : successors[node])
      while (meet != other)
        (meet < other ? meet : other) = join[std::min(meet, other)];
    join[node] = meet;
  }
}

/// Nodes with one number are one branch; 0: none.
static BranchRegion makeRegion(llvm::ArrayRef<unsigned> partOf) {
  BranchRegion region;
  llvm::DenseMap<unsigned, size_t> branchOf;
  for (auto [node, part] : llvm::enumerate(partOf)) {
    if (part == 0)
      continue;
    auto [at, isNew] = branchOf.try_emplace(part, region.branches.size());
    if (isNew)
      region.branches.emplace_back();
    region.branches[at->second].push_back(node - 1);
  }
  return region;
}

/// What lies between `fork` and its join, in parts without an edge between them.
BranchRegion ForkJoinGraph::regionOf(unsigned fork) const {
  llvm::BitVector inside(size());
  llvm::SmallVector<unsigned> work(successors[fork]);
  llvm::EquivalenceClasses<unsigned> parts;
  while (!work.empty()) {
    unsigned node = work.pop_back_val();
    if (node == join[fork] || inside.test(node))
      continue;
    inside.set(node);
    parts.insert(node);
    llvm::append_range(work, successors[node]);
  }
  for (unsigned node : inside.set_bits())
    for (unsigned next : successors[node])
      if (inside.test(next))
        parts.unionSets(node, next);
  llvm::SmallVector<unsigned> partOf(size(), 0);
  for (unsigned node : inside.set_bits())
    partOf[node] = parts.getLeaderValue(node);
  return makeRegion(partOf);
}

/// What is behind just one of the edges from `fork`. Where branches meet more
/// than once, as blocks do that hand on one half of their channels, they have
/// no common join before the end of all of it, but still begin apart.
BranchRegion ForkJoinGraph::beginningsOf(unsigned fork) const {
  constexpr unsigned several = ~0u;
  llvm::SmallVector<unsigned> behind(size(), 0); // the node after the edge
  auto reach = [&](unsigned node, unsigned from) {
    behind[node] = behind[node] == 0 || behind[node] == from ? from : several;
  };
  llvm::BitVector next(size());
  for (unsigned node : successors[fork])
    next.set(node);
  for (unsigned node = fork + 1; node + 1 < size(); ++node) {
    // What another path from the fork leads to begins nothing of its own.
    if (behind[node] == 0 && next.test(node))
      behind[node] = node;
    if (behind[node] != 0)
      for (unsigned after : successors[node])
        reach(after, behind[node]);
  }
  behind.back() = 0;
  for (unsigned &edge : behind)
    edge = edge == several ? 0 : edge;
  return makeRegion(behind);
}

std::vector<BranchRegion> BranchProblem::findRegions() const {
  ForkJoinGraph graph(dispatches);
  std::vector<BranchRegion> regions;
  auto add = [&](BranchRegion region) {
    // Several forks may lead to the same branches.
    if (region.branches.size() > 1 &&
        llvm::none_of(regions, [&](const BranchRegion &known) {
          return known.branches == region.branches;
        }))
      regions.push_back(std::move(region));
  };
  for (unsigned fork = 0; fork + 1 < graph.size(); ++fork) {
    if (graph.fanOut(fork) < 2)
      continue;
    add(graph.beginningsOf(fork));
    add(graph.regionOf(fork));
  }
  return regions;
}

//===----------------------------------------------------------------------===//
// Playing
//===----------------------------------------------------------------------===//

bool BranchProblem::mayUseAll(llvm::ArrayRef<unsigned> members) const {
  return !hasNeighbours || llvm::any_of(members, [&](unsigned member) {
    return dispatches[member].clustered + 1 == cuCounts.size();
  });
}

/// The CUs that `dispatch` makes use of on `count` of them, as for mixes: no
/// more than the fewest on which it takes at most 2 % longer.
static int64_t usePpm(const BranchProblem &problem,
                      const BranchDispatch &dispatch, unsigned count) {
  int64_t timeNs = dispatch.costs[count].timeNs;
  for (unsigned fewer = 0; fewer < count; ++fewer)
    if (dispatch.costs[fewer].timeNs <= timeNs + timeNs / 50)
      return problem.cuCounts[fewer] * 1000000 / problem.cuCounts[count];
  return 1000000;
}

BranchSchedule BranchProblem::play(llvm::ArrayRef<BranchSplit> splits) const {
  std::vector<CuRange> ranges;
  for (const BranchDispatch &dispatch : dispatches)
    ranges.push_back({0, cuCounts[dispatch.clustered]});
  for (const BranchSplit &split : splits)
    for (const BranchLane &lane : split.lanes)
      for (unsigned dispatch : lane.dispatches)
        if (!lane.asClustered)
          ranges[dispatch] = lane.cus;
  BranchSchedule schedule;
  std::vector<TimelineDispatch> played(dispatches.size());
  for (auto [range, out] : llvm::zip_equal(ranges, played)) {
    auto known = llvm::find(schedule.queues, range);
    out.queue = known - schedule.queues.begin();
    if (known == schedule.queues.end())
      schedule.queues.push_back(range);
  }
  schedule.order = QueueOrder(schedule.queues.size());
  for (auto [in, range, out] : llvm::zip_equal(dispatches, ranges, played)) {
    unsigned count = llvm::find(cuCounts, range.count) - cuCounts.begin();
    out.cost = in.costs[count];
    out.usePpm = usePpm(*this, in, count);
    out.waits = schedule.order.neededWaits(out.queue, in.producers);
    for (unsigned wait : out.waits)
      schedule.order.wait(out.queue, wait);
    schedule.order.append(out.queue);
  }
  schedule.timeline =
      playTimeline(played, schedule.queues, limits, switchCost);
  return schedule;
}

bool BranchProblem::hasLess(const Timeline &a, const Timeline &b) const {
  auto key = [&](const Timeline &timeline) -> std::pair<WideInt, int64_t> {
    switch (objective) {
    case Objective::Energy:
      return {timeline.energyNj, timeline.timeNs};
    case Objective::Efficiency: // of one request it is the product
    case Objective::Edp:
      return {static_cast<WideInt>(timeline.timeNs) * timeline.energyNj,
              timeline.timeNs};
    case Objective::Latency:
    case Objective::Paper: // adds up times: it knows no overlap
      break;
    }
    return {timeline.timeNs, timeline.energyNj};
  };
  return key(a) < key(b);
}

//===----------------------------------------------------------------------===//
// Verifying
//===----------------------------------------------------------------------===//

/// Z4 for one lane: its CUs.
static llvm::Error verifyCus(const BranchProblem &problem,
                             const BranchLane &lane) {
  const CuRange &cus = lane.cus;
  if (cus.first != 0 && cus.first + cus.count != problem.cuCounts.back())
    return error("Z4: a lane has " + llvm::Twine(cus.count) + " CUs from " +
                 llvm::Twine(cus.first) + " on, at no end of the device");
  if (!lane.asClustered)
    return llvm::is_contained(problem.laneCounts, cus.count)
               ? llvm::Error::success()
               : error("Z4: a lane has " + llvm::Twine(cus.count) + " CUs");
  for (unsigned dispatch : lane.dispatches)
    if (cus.first != 0 ||
        problem.cuCounts[problem.dispatches[dispatch].clustered] > cus.count)
      return error("Z4: dispatch " + llvm::Twine(dispatch) +
                   " keeps more CUs than its lane has");
  return llvm::Error::success();
}

static llvm::Error verifyLanes(const BranchProblem &problem,
                               const BranchSplit &split,
                               llvm::BitVector &taken) {
  if (split.lanes.size() != 2)
    return error("Z3: a split has " + llvm::Twine(split.lanes.size()) +
                 " lanes");
  std::vector<unsigned> members;
  for (const BranchLane &lane : split.lanes) {
    if (lane.dispatches.empty() || !llvm::is_sorted(lane.dispatches))
      return error("Z3: a lane needs dispatches, in order");
    for (unsigned dispatch : lane.dispatches) {
      if (dispatch >= problem.dispatches.size() || taken.test(dispatch))
        return error("Z3: dispatch " + llvm::Twine(dispatch) +
                     " is none, or in two lanes");
      taken.set(dispatch);
      members.push_back(dispatch);
    }
    if (llvm::Error wrong = verifyCus(problem, lane))
      return wrong;
  }
  const CuRange &a = split.lanes[0].cus, &b = split.lanes[1].cus;
  if (a.first < b.first + b.count && b.first < a.first + a.count)
    return error("Z4: two lanes share CUs");
  if (!problem.mayUseAll(members))
    return error("Z4: others have some of the CUs");
  return llvm::Error::success();
}

/// Z3: no dispatch of a lane depends on one of another lane.
static llvm::Error verifyApart(const BranchProblem &problem,
                               const BranchSplit &split) {
  for (const BranchLane &lane : split.lanes) {
    llvm::BitVector reached(problem.dispatches.size());
    for (unsigned dispatch : lane.dispatches)
      reached.set(dispatch);
    for (auto [index, dispatch] : llvm::enumerate(problem.dispatches))
      if (llvm::any_of(dispatch.producers,
                       [&](unsigned from) { return reached.test(from); }))
        reached.set(index);
    for (const BranchLane &other : split.lanes)
      for (unsigned dispatch : other.dispatches)
        if (&other != &lane && reached.test(dispatch))
          return error("Z3: dispatch " + llvm::Twine(dispatch) +
                       " depends on another lane");
  }
  return llvm::Error::success();
}

llvm::Error BranchProblem::verify(const BranchSolution &solution) const {
  llvm::BitVector taken(dispatches.size());
  for (const BranchSplit &split : solution.splits) {
    if (llvm::Error wrong = verifyLanes(*this, split, taken))
      return wrong;
    if (llvm::Error wrong = verifyApart(*this, split))
      return wrong;
  }
  BranchSchedule before = play({}), after = play(solution.splits);
  auto same = [](const Timeline &a, const Timeline &b) {
    return a.timeNs == b.timeNs && a.energyNj == b.energyNj &&
           a.switches == b.switches;
  };
  if (!same(before.timeline, solution.before) ||
      !same(after.timeline, solution.after))
    return error("Z6: the claimed totals are not those of the schedule");
  if (solution.splits.empty())
    return llvm::Error::success();
  if (static_cast<int64_t>(after.queues.size()) > maxQueues)
    return error("Z5: needs " + llvm::Twine(after.queues.size()) +
                 " queues, may have " + llvm::Twine(maxQueues));
  if (after.timeline.switches >
      std::max(maxSwitches, before.timeline.switches))
    return error("Z5: " + llvm::Twine(after.timeline.switches) + " switches");
  if (!isBetter(after.timeline, before.timeline))
    return error("Z6: no better than one branch after another");
  if (fits && !fits(after))
    return error("Z7: needs too much memory");
  return llvm::Error::success();
}
