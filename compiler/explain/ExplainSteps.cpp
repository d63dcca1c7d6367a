//===- ExplainSteps.cpp - launches, groups and queues of a plan -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/PlanReport.h"
#include "compiler/schedule/DispatchCost.h"
#include "compiler/schedule/KernelWork.h"
#include "compiler/schedule/ScheduleClustering.h"
#include "compiler/schedule/Timeline.h"
#include "dialect/Variants.h"

#include "llvm/ADT/StringMap.h"

#include <cmath>

using namespace mlir;
using namespace eclip;

/// The least CU count on which a kernel takes at most 2 % longer than
/// `bestNs`: what docs/mixes.md calls its use, where that is its time at c.
static int64_t leastCus(CostAttr cost, int64_t bestNs) {
  for (auto [cus, timeNs] : llvm::zip(cost.getCus(), cost.getTimeNs()))
    if (timeNs <= bestNs + bestNs / 50)
      return cus;
  return cost.getCus().back();
}

static std::vector<std::string> nodeNames(DispatchOp dispatch) {
  std::vector<std::string> names;
  if (auto attr = dispatch->getAttrOfType<ArrayAttr>("eclip.nodes"))
    for (auto name : attr.getAsRange<StringAttr>())
      names.push_back(name.str());
  return names;
}

/// The kernel of a dispatch, whichever variant of it a plan runs.
static StringRef kernelName(DispatchOp dispatch) {
  auto of = dispatch->getAttrOfType<FlatSymbolRefAttr>(kVariantOf);
  return of ? of.getValue() : dispatch.getKernel();
}

static ReportLaunch makeLaunch(DispatchOp dispatch, KernelOp kernel) {
  ReportLaunch launch;
  launch.kernel = kernelName(dispatch).str();
  auto kind = kernel->getAttrOfType<StringAttr>("eclip.kind");
  launch.kind = kind ? kind.str() : "other";
  launch.nodes = nodeNames(dispatch);
  CostAttr cost = dispatch.getCostAttr();
  launch.source = cost.getSource().str();
  for (auto [timeNs, energyNj] :
       llvm::zip(cost.getTimeNs(), cost.getEnergyNj()))
    launch.costs.push_back({timeNs, energyNj});
  launch.neededCus =
      leastCus(cost, *std::min_element(cost.getTimeNs().begin(),
                                       cost.getTimeNs().end()));
  return launch;
}

namespace {

/// Reads one plan.
class StepReader {
public:
  StepReader(PlanSource &source, LaunchTable &table,
             const ExplainOptions &options, ReportPlan &plan)
      : source(source), schedule(source.schedule), table(table),
        options(options), plan(plan),
        module(schedule->getParentOfType<ModuleOp>()), symbols(module),
        used(table.launches->size(), false) {}

  LogicalResult read();

private:
  void readQueues();
  LogicalResult readGroups();
  LogicalResult readPackets();
  size_t launchOf(DispatchOp dispatch);
  std::optional<PartTimes> partsOf(const ReportStep &step) const;
  void play();

  PlanSource &source;
  ScheduleOp schedule;
  LaunchTable &table;
  const ExplainOptions &options;
  ReportPlan &plan;
  ModuleOp module;
  SymbolTable symbols;
  std::vector<bool> used; ///< launches that have their step
  llvm::StringMap<size_t> groupIndex, queueIndex;
  std::vector<CuRange> ranges; ///< of each queue
  std::vector<TimelineDispatch> timeline;
};

} // namespace

void StepReader::readQueues() {
  for (auto op : schedule.getBodyBlock().getOps<QueueOp>()) {
    queueIndex[op.getSymName()] = plan.queues.size();
    ReportQueue queue;
    queue.name = op.getSymName().str();
    queue.cuCount = op.getMask().count();
    queue.maskWords = op.getMask().getWords().vec();
    for (int64_t cu = 0; cu < op.getMask().getCus(); ++cu)
      queue.mask.push_back(op.getMask().contains(cu));
    plan.queues.push_back(std::move(queue));
  }
  ranges.resize(plan.queues.size());
}

LogicalResult StepReader::readGroups() {
  for (auto op : schedule.getBodyBlock().getOps<GroupOp>()) {
    if (!op.getQueue())
      return op.emitOpError("has no queue; run eclip-assign-queues first");
    groupIndex[op.getSymName()] = plan.groups.size();
    ReportGroup group;
    group.name = op.getSymName().str();
    group.cuCount = op.getCus();
    group.queue = queueIndex.lookup(*op.getQueue());
    auto first = op->getAttrOfType<IntegerAttr>("eclip.first_cu");
    ranges[group.queue] = {first ? first.getInt() : 0, group.cuCount};
    plan.groups.push_back(std::move(group));
  }
  return success();
}

/// The launch that a dispatch is, in this plan and the ones before it.
size_t StepReader::launchOf(DispatchOp dispatch) {
  std::vector<ReportLaunch> &launches = *table.launches;
  std::vector<std::string> nodes = nodeNames(dispatch);
  // Plans seldom differ in order, so the next one is tried first.
  size_t next = plan.steps.size();
  for (size_t i = 0; i < used.size(); ++i) {
    size_t index = (next + i) % used.size();
    if (!used[index] && launches[index].kernel == kernelName(dispatch) &&
        launches[index].nodes == nodes) {
      used[index] = true;
      return index;
    }
  }
  auto kernel = symbols.lookup<KernelOp>(dispatch.getKernel());
  launches.push_back(makeLaunch(dispatch, kernel));
  used.push_back(true);
  table.work.push_back({});
  if (options.device)
    table.work.back() = withAvailableRates(computeWork(kernel, dispatch),
                                           *options.device, matrixCodeOf(module));
  return launches.size() - 1;
}

/// The model's parts of a time that may be a measurement, in whole ns.
static PartTimes scaleParts(const TimeParts &parts, int64_t timeNs) {
  std::array<double, kTimePartCount> model = {
      parts.launchNs,       parts.arithmeticNs, parts.quantizationNs,
      parts.occupancyNs,    parts.hbmNs,        parts.l2Ns};
  PartTimes result = {};
  int64_t launchNs = std::min<int64_t>(timeNs, std::llround(parts.launchNs));
  double busy = 0;
  for (size_t i = 1; i < model.size(); ++i)
    busy += model[i];
  result[0] = busy > 0 ? launchNs : timeNs;
  // Rounding running sums makes the parts add up.
  double sum = 0;
  int64_t before = 0;
  for (size_t i = 1; busy > 0 && i < model.size(); ++i) {
    sum += model[i];
    auto upTo = std::min<int64_t>(
        timeNs - launchNs,
        std::llround(sum / busy * static_cast<double>(timeNs - launchNs)));
    result[i] = upTo - before;
    before = upTo;
  }
  return result;
}

std::optional<PartTimes> StepReader::partsOf(const ReportStep &step) const {
  if (!options.device)
    return std::nullopt;
  auto parts =
      splitTime(table.work[step.launch], *options.device, step.cuCount);
  if (!parts) {
    llvm::consumeError(parts.takeError());
    return std::nullopt;
  }
  return scaleParts(*parts, step.cost.timeNs);
}

LogicalResult StepReader::readPackets() {
  std::vector<SmallVector<unsigned>> waits(plan.queues.size());
  llvm::DenseMap<Operation *, unsigned> stepOf;
  for (Operation &op : schedule.getBodyBlock()) {
    if (auto barrier = dyn_cast<BarrierOp>(op)) {
      size_t index = plan.groups[groupIndex.lookup(barrier.getGroup())].queue;
      ReportQueue &queue = plan.queues[index];
      ++queue.barriers;
      queue.waits += barrier.getWaits().size();
      for (Value value : barrier.getWaits())
        waits[index].push_back(stepOf.lookup(value.getDefiningOp()));
    }
    auto dispatch = dyn_cast<DispatchOp>(op);
    if (!dispatch)
      continue;
    if (!dispatch.getGroup())
      return dispatch.emitOpError("has no group; run eclip-cluster first");
    if (!dispatch.getCostAttr())
      return dispatch.emitOpError("has no cost; run eclip-annotate-cost first");
    ReportStep step;
    step.group = groupIndex.lookup(*dispatch.getGroup());
    ReportGroup &group = plan.groups[step.group];
    step.queue = group.queue;
    step.cuCount = group.cuCount;
    step.launch = launchOf(dispatch);
    KernelCost cost = dispatchCost(dispatch, step.cuCount);
    step.cost = {cost.timeNs, cost.energyNj};
    step.parts = partsOf(step);
    if (group.stepCount++ == 0)
      group.firstStep = plan.steps.size();
    group.cost += step.cost;
    ReportQueue &queue = plan.queues[step.queue];
    ++queue.launches;
    queue.busyNs += cost.timeNs;
    int64_t use = leastCus(dispatch.getCostAttr(), cost.timeNs);
    timeline.push_back(
        {static_cast<unsigned>(step.queue), cost,
         std::min(use, step.cuCount) * 1000000 / step.cuCount,
         std::exchange(waits[step.queue], {})});
    stepOf[dispatch] = plan.steps.size();
    source.dispatches.push_back(dispatch);
    plan.steps.push_back(std::move(step));
  }
  return success();
}

void StepReader::play() {
  KernelCost switchCost = scheduleSwitchCost(schedule);
  plan.switchCost = {switchCost.timeNs, switchCost.energyNj};
  Timeline played =
      playTimeline(timeline, ranges, deviceLimits(schedule), switchCost);
  for (auto [i, step] : llvm::enumerate(plan.steps)) {
    step.startNs = std::llround(played.startNs[i]);
    step.endNs = std::llround(played.endNs[i]);
    ReportGroup &group = plan.groups[step.group];
    group.startNs =
        group.firstStep == i ? step.startNs : std::min(group.startNs, step.startNs);
    group.endNs = std::max(group.endNs, step.endNs);
    plan.lastEndNs = std::max(plan.lastEndNs, step.endNs);
    plan.sequence += step.cost;
    if (i > 0 && plan.steps[i - 1].cuCount != step.cuCount) {
      plan.sequence += plan.switchCost;
      plan.switchTimeNs += plan.switchCost.timeNs;
    }
  }
  plan.total = plan.sequence;
  if (schedule->hasAttr("eclip.branches")) {
    plan.total = {played.timeNs, played.energyNj};
    plan.switchTimeNs = played.switches * switchCost.timeNs;
  }
}

LogicalResult StepReader::read() {
  readQueues();
  if (failed(readGroups()) || failed(readPackets()))
    return failure();
  play();
  plan.uniform.resize(schedule.getDeviceAttr().getMaskSizes().size());
  for (const ReportStep &step : plan.steps)
    for (auto [sum, cost] :
         llvm::zip(plan.uniform, (*table.launches)[step.launch].costs))
      sum += cost;
  return success();
}

LogicalResult eclip::explainSteps(PlanSource &source, LaunchTable &table,
                                  const ExplainOptions &options,
                                  ReportPlan &plan) {
  return StepReader(source, table, options, plan).read();
}
