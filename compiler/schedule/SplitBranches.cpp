//===- SplitBranches.cpp - branches of a schedule side by side ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ArenaBuffers.h"
#include "compiler/schedule/Branches.h"
#include "compiler/schedule/DispatchCost.h"
#include "compiler/schedule/HappensBefore.h"
#include "compiler/schedule/Passes.h"
#include "compiler/schedule/Plans.h"
#include "compiler/schedule/ScheduleClustering.h"

#include <set>

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_SPLITBRANCHES
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

namespace {

struct SplitBranches : eclip::impl::SplitBranchesBase<SplitBranches> {
  using Base::Base;

  void runOnOperation() override {
    for (auto schedule : getOperation().getOps<ScheduleOp>())
      if (failed(split(schedule)))
        return signalPassFailure();
  }

  LogicalResult split(ScheduleOp schedule);
  LogicalResult setUp(ScheduleOp schedule, ArrayRef<DispatchOp> dispatches,
                      BranchProblem &problem);
};

} // namespace

static LogicalResult checkClustered(ScheduleOp schedule) {
  Block &block = schedule.getBodyBlock();
  if (!block.getOps<QueueOp>().empty() || !block.getOps<BarrierOp>().empty())
    return schedule.emitOpError("already has queues");
  if (!schedule.getDeviceAttr())
    return schedule.emitOpError("has no device; run eclip-annotate-cost first");
  for (auto dispatch : block.getOps<DispatchOp>()) {
    if (!dispatch.getGroupAttr())
      return dispatch.emitOpError("has no group; run eclip-cluster first");
    if (!dispatch.getCostAttr())
      return dispatch.emitOpError("has no cost; run eclip-annotate-cost first");
  }
  return verifyCostAttributes(schedule);
}

/// What the clustering left on the schedule; empty without one.
static DictionaryAttr clusteringOf(ScheduleOp schedule) {
  auto attr = schedule->getAttrOfType<DictionaryAttr>("eclip.clustering");
  return attr ? attr : DictionaryAttr::get(schedule.getContext());
}

/// Queues that this worker may have: as many as a request may, and of those
/// that a mix leaves over its even part, as its other workers split branches
/// too.
static int64_t queueLimit(ScheduleOp schedule) {
  int64_t limit = schedule.getDeviceAttr().getMaxMaskedQueues();
  int64_t ofRequest = maxRequestQueues(schedule);
  auto mix = clusteringOf(schedule).getAs<ArrayAttr>("mix");
  auto taken = clusteringOf(schedule).getAs<IntegerAttr>("mix_queues");
  if (!mix || mix.empty() || !taken)
    return ofRequest;
  std::set<int64_t> own;
  for (auto group : schedule.getBodyBlock().getOps<GroupOp>())
    own.insert(group.getCus());
  int64_t left = std::max<int64_t>(0, limit - taken.getInt());
  return std::min(ofRequest,
                  static_cast<int64_t>(own.size()) +
                      left / static_cast<int64_t>(mix.size()));
}

/// The CU counts that lanes may have: offered to the model, and such that a mask
/// from one end and each from the other end that fits beside it have no CU in
/// common. (On one die those are whole shader engines.) None where the user
/// chose the CUs.
static void addLaneCounts(ScheduleOp schedule, BranchProblem &problem) {
  if (clusteringOf(schedule).contains("pinned_cus"))
    return;
  MaskTopology topology = maskTopology(schedule);
  int64_t all = problem.cuCounts.back();
  auto apart = [&](int64_t count, int64_t beside, bool high) {
    auto own = maskFromEnd(topology, count, high);
    auto other = maskFromEnd(topology, beside, !high);
    bool shared = false;
    for (auto [a, b] : llvm::zip_equal(own, other))
      shared |= (a & b) != 0;
    return !shared;
  };
  auto offered = offeredCuCounts(schedule);
  for (int64_t count : offered)
    if (count < all && llvm::all_of(offered, [&](int64_t beside) {
          return count + beside > all || (apart(count, beside, false) &&
                                          apart(count, beside, true));
        }))
      problem.laneCounts.push_back(count);
}

static void addDispatches(ScheduleOp schedule, ArrayRef<DispatchOp> dispatches,
                          BranchProblem &problem) {
  SymbolTable module(schedule->getParentOp()), symbols(schedule);
  llvm::DenseMap<Operation *, unsigned> indexOf;
  for (DispatchOp dispatch : dispatches) {
    BranchDispatch out;
    for (Value value : valuesReadBy(dispatch, module))
      out.producers.push_back(indexOf.lookup(value.getDefiningOp()));
    for (int64_t count : problem.cuCounts)
      out.costs.push_back(dispatchCost(dispatch, count));
    auto group = symbols.lookup<GroupOp>(*dispatch.getGroup());
    out.clustered =
        llvm::find(problem.cuCounts, group.getCus()) - problem.cuCounts.begin();
    indexOf[dispatch] = problem.dispatches.size();
    problem.dispatches.push_back(std::move(out));
  }
}

LogicalResult SplitBranches::setUp(ScheduleOp schedule,
                                   ArrayRef<DispatchOp> dispatches,
                                   BranchProblem &problem) {
  StringRef name = objective;
  if (auto chosen = clusteringOf(schedule).getAs<StringAttr>("objective");
      chosen && name.empty())
    name = chosen.getValue();
  auto wanted = parseObjective(name.empty() ? "energy" : name);
  if (!wanted)
    return schedule.emitOpError() << "unknown objective '" << name
                                  << "'; known are " << knownObjectives();
  if (!(maxArenaGrowthPercent >= 0 && maxArenaGrowthPercent <= 1e6))
    return schedule.emitOpError() << "arena growth of " << maxArenaGrowthPercent
                                  << " % is not in 0 to 1000000";
  DeviceAttr device = schedule.getDeviceAttr();
  problem.cuCounts.assign(device.getMaskSizes().begin(),
                          device.getMaskSizes().end());
  problem.limits = deviceLimits(schedule);
  problem.switchCost = scheduleSwitchCost(schedule);
  problem.objective = objectiveAlone(*wanted);
  problem.maxSwitches = maxSwitches;
  problem.maxQueues = queueLimit(schedule);
  auto mix = clusteringOf(schedule).getAs<ArrayAttr>("mix");
  problem.hasNeighbours =
      PlanKind::of(schedule).neighbours > 0 || (mix && mix.size() > 1);
  addLaneCounts(schedule, problem);
  addDispatches(schedule, dispatches, problem);
  return success();
}

/// Groups for the lanes of a split. Groups that lose dispatches cost less, or
/// are no more.
static void applySplits(ScheduleOp schedule, ArrayRef<DispatchOp> dispatches,
                        ArrayRef<BranchSplit> splits) {
  auto groups = llvm::to_vector(schedule.getBodyBlock().getOps<GroupOp>());
  OpBuilder builder(schedule.getContext());
  builder.setInsertionPointAfter(groups.back());
  SymbolTable symbols(schedule);
  for (const BranchSplit &split : splits)
    for (const BranchLane &lane : split.lanes) {
      if (lane.asClustered)
        continue;
      SmallVector<DispatchOp> members;
      for (unsigned index : lane.dispatches)
        members.push_back(dispatches[index]);
      auto group = GroupOp::create(builder, members.front().getLoc(),
                                   builder.getStringAttr("branch"),
                                   builder.getI64IntegerAttr(lane.cus.count),
                                   FlatSymbolRefAttr(), sumCosts(members));
      if (lane.cus.first > 0)
        group->setAttr("eclip.far_end", builder.getUnitAttr());
      symbols.insert(group, builder.getInsertionPoint());
      for (DispatchOp dispatch : members)
        dispatch.setGroupAttr(FlatSymbolRefAttr::get(group.getSymNameAttr()));
    }
  llvm::DenseMap<StringRef, SmallVector<DispatchOp>> left;
  for (DispatchOp dispatch : dispatches)
    left[*dispatch.getGroup()].push_back(dispatch);
  for (GroupOp group : groups) {
    auto members = left.find(group.getSymName());
    if (members == left.end())
      group.erase();
    else
      group.setCostAttr(sumCosts(members->second));
  }
}

LogicalResult SplitBranches::split(ScheduleOp schedule) {
  auto dispatches =
      llvm::to_vector(schedule.getBodyBlock().getOps<DispatchOp>());
  BranchProblem problem;
  if (failed(checkClustered(schedule)) ||
      failed(setUp(schedule, dispatches, problem)))
    return failure();
  size_t regions = problem.findRegions().size();
  if (regions == 0)
    return success();
  ArenaBuffers buffers(dispatches);
  int64_t arenaBytes = buffers.plan(problem.play({}).order).arenaBytes;
  double most = static_cast<double>(arenaBytes) *
                (1.0 + maxArenaGrowthPercent / 100.0);
  problem.fits = [&](const BranchSchedule &played) {
    return static_cast<double>(buffers.plan(played.order).arenaBytes) <= most;
  };
  auto solution = splitBranches(problem);
  if (!solution)
    return schedule.emitOpError() << "has branches that can't be split: "
                                  << llvm::toString(solution.takeError());
  if (llvm::Error wrong = problem.verify(*solution))
    return schedule.emitOpError() << "the choice of branches is wrong: "
                                  << llvm::toString(std::move(wrong));
  if (solution->splits.empty()) {
    schedule->setAttr("eclip.branch_regions",
                      Builder(&getContext()).getI64IntegerAttr(
                          static_cast<int64_t>(regions)));
    return success();
  }
  applySplits(schedule, dispatches, solution->splits);

  Builder builder(&getContext());
  NamedAttrList summary;
  auto number = [&](StringRef field, int64_t value) {
    summary.set(field, builder.getI64IntegerAttr(value));
  };
  number("regions", static_cast<int64_t>(regions));
  number("split", static_cast<int64_t>(solution->splits.size()));
  number("time_ns", solution->after.timeNs);
  number("energy_nj", solution->after.energyNj);
  number("switches", solution->after.switches);
  number("arena_bytes",
         buffers.plan(problem.play(solution->splits).order).arenaBytes);
  number("sequence_time_ns", solution->before.timeNs);
  number("sequence_energy_nj", solution->before.energyNj);
  number("sequence_switches", solution->before.switches);
  number("sequence_arena_bytes", arenaBytes);
  schedule->setAttr("eclip.branches", summary.getDictionary(&getContext()));
  return success();
}
