//===- ScheduleClustering.cpp - schedules as clustering problems ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ScheduleClustering.h"
#include "compiler/schedule/DispatchCost.h"
#include "compiler/schedule/Plans.h"

using namespace mlir;
using namespace eclip;

LogicalResult eclip::checkReadyToCluster(ScheduleOp schedule) {
  Block &block = schedule.getBodyBlock();
  if (!block.getOps<GroupOp>().empty() || !block.getOps<BarrierOp>().empty())
    return schedule.emitOpError("is already clustered");
  for (auto dispatch : block.getOps<DispatchOp>())
    if (!dispatch.getCostAttr())
      return dispatch.emitOpError("has no cost; run eclip-annotate-cost first");
  if (!schedule.getDeviceAttr())
    return schedule.emitOpError("has no device; run eclip-annotate-cost first");
  if (failed(verifyPlanKind(schedule)) ||
      failed(verifyOfferedCuCounts(schedule)))
    return failure();
  return verifyCostAttributes(schedule);
}

KernelCost eclip::scheduleSwitchCost(ScheduleOp schedule) {
  auto number = [&](StringRef name) -> int64_t {
    auto attr = schedule->getAttrOfType<IntegerAttr>(name);
    return attr ? attr.getValue().getSExtValue() : 0;
  };
  KernelCost cost;
  cost.timeNs = number("eclip.switch_cost_ns");
  cost.energyNj = number("eclip.switch_cost_nj");
  return cost;
}

CostFunction eclip::scheduleCosts(ScheduleOp schedule, bool farEnd) {
  // Solvers ask for each cost many times; reading attributes takes long.
  llvm::ArrayRef<int64_t> sizes = schedule.getDeviceAttr().getMaskSizes();
  std::vector<int64_t> known(sizes.begin(), sizes.end());
  std::vector<KernelCost> table;
  std::vector<DispatchOp> dispatches;
  for (auto dispatch : schedule.getBodyBlock().getOps<DispatchOp>()) {
    dispatches.push_back(dispatch);
    for (int64_t cuCount : known)
      table.push_back(dispatchCost(dispatch, cuCount, farEnd));
  }
  return [=](size_t kernel, int64_t cuCount) {
    size_t i = llvm::find(known, cuCount) - known.begin();
    return i < known.size() ? table[kernel * known.size() + i]
                            : dispatchCost(dispatches[kernel], cuCount, farEnd);
  };
}

void eclip::setCosts(ScheduleOp schedule, MixWorker &worker) {
  worker.cost = scheduleCosts(schedule);
  worker.farCost = nullptr;
  if (hasFarCosts(schedule))
    worker.farCost = scheduleCosts(schedule, /*farEnd=*/true);
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

CostAttr eclip::sumCosts(ArrayRef<DispatchOp> run) {
  CostAttr first = DispatchOp(run.front()).getCostAttr();
  SmallVector<int64_t> timeNs(first.getCus().size(), 0);
  SmallVector<int64_t> energyNj(first.getCus().size(), 0);
  StringRef source = first.getSource();
  for (DispatchOp dispatch : run) {
    CostAttr cost = dispatch.getCostAttr();
    for (size_t i = 0; i < timeNs.size(); ++i) {
      timeNs[i] += cost.getTimeNs()[i];
      energyNj[i] += cost.getEnergyNj()[i];
    }
    if (cost.getSource() != source)
      source = "mixed";
  }
  return CostAttr::get(first.getContext(), first.getCus(), timeNs, energyNj,
                       source);
}

void eclip::applyClustering(ScheduleOp schedule, ArrayRef<int64_t> cuCounts) {
  auto dispatches =
      llvm::to_vector(schedule.getBodyBlock().getOps<DispatchOp>());
  auto builder = OpBuilder::atBlockBegin(&schedule.getBodyBlock());
  SymbolTable symbols(schedule);
  for (size_t begin = 0, end; begin < dispatches.size(); begin = end) {
    for (end = begin + 1;
         end < dispatches.size() && cuCounts[end] == cuCounts[begin];)
      ++end;
    auto run = ArrayRef<DispatchOp>(dispatches).slice(begin, end - begin);
    auto group = GroupOp::create(builder, DispatchOp(run.front()).getLoc(),
                                 builder.getStringAttr("group"),
                                 builder.getI64IntegerAttr(cuCounts[begin]),
                                 FlatSymbolRefAttr(), sumCosts(run));
    symbols.insert(group, builder.getInsertionPoint());
    for (DispatchOp dispatch : run)
      dispatch.setGroupAttr(FlatSymbolRefAttr::get(group.getSymNameAttr()));
  }
}

//===----------------------------------------------------------------------===//
// Mixes
//===----------------------------------------------------------------------===//

static LogicalResult addWorker(ScheduleOp schedule, size_t index,
                               const MixOptions &options, MixProblem &problem) {
  auto dispatches = schedule.getBodyBlock().getOps<DispatchOp>();
  if (dispatches.empty())
    return schedule.emitOpError("has no dispatches to cluster");
  MixWorker worker;
  worker.name = schedule.getSymName().str();
  worker.kernelCount = std::distance(dispatches.begin(), dispatches.end());
  worker.cuCounts = offeredCuCounts(schedule);
  setCosts(schedule, worker);
  worker.switchCost = scheduleSwitchCost(schedule);
  worker.maxSwitches = options.maxSwitches;
  worker.maxQueues = maxRequestQueues(schedule);
  worker.highEnd = index % 2 == 1;
  if (!options.timeLimitsNs.empty())
    worker.timeLimitNs = options.timeLimitsNs[index];
  problem.workers.push_back(std::move(worker));
  return success();
}

FailureOr<MixProblem> eclip::makeMixProblem(ArrayRef<ScheduleOp> schedules,
                                            const MixOptions &options) {
  MixProblem problem;
  assert(!schedules.empty() && "a mix has workers");
  assert((options.timeLimitsNs.empty() ||
          options.timeLimitsNs.size() == schedules.size()) &&
         "one limit a worker");
  for (ScheduleOp schedule : schedules)
    if (failed(checkReadyToCluster(schedule)))
      return failure();
  ScheduleOp first = schedules.front();
  DeviceAttr device = first.getDeviceAttr();
  problem.topology = maskTopology(first);
  problem.maxQueues = device.getMaxMaskedQueues();
  problem.limits = deviceLimits(first);
  problem.objective = options.objective;
  problem.throughputFloorPpm = options.throughputFloorPpm;
  for (auto [index, schedule] : llvm::enumerate(schedules)) {
    ScheduleOp other = schedule;
    // Modules may have contexts of their own, so attributes are compared by
    // what they say.
    if (other.getDeviceAttr().getName() != device.getName() ||
        other.getDeviceAttr().getMaskSizes() != device.getMaskSizes())
      return other.emitOpError()
             << "is for device '" << other.getDeviceAttr().getName()
             << "', the mix's first worker for '" << device.getName() << "'";
    if (failed(addWorker(other, index, options, problem)))
      return failure();
  }
  return problem;
}

/// What worker `w` of a solution is predicted to do beside the others.
static NamedAttrList summarize(MLIRContext *context, const MixProblem &problem,
                               const MixSolution &solution, size_t w) {
  Builder builder(context);
  NamedAttrList summary;
  const MixWorkerTotals &own = solution.totals.workers[w];
  auto number = [&](StringRef name, int64_t value) {
    summary.set(name, builder.getI64IntegerAttr(value));
  };
  summary.set("objective",
              builder.getStringAttr(objectiveName(problem.objective)));
  summary.set("optimal", builder.getBoolAttr(solution.optimal));
  number("switches", own.switches);
  number("mix_queues", solution.totals.queues);
  number("kernel_time_ns", own.kernelNs);
  number("time_ns", own.timeNs());
  number("energy_nj", own.energyNj());
  if (hasTellingBound(problem.objective))
    number("gap_parts_per_million",
           static_cast<int64_t>(
               solution.gap(problem.objectiveValue(solution.totals)) * 1e6));
  if (problem.throughputFloorPpm)
    number("throughput_floor_ppm", problem.throughputFloorPpm);
  if (problem.workers[w].timeLimitNs)
    number("time_limit_ns", *problem.workers[w].timeLimitNs);
  return summary;
}

void eclip::applyPlan(ScheduleOp schedule, const MixProblem &problem,
                      const MixSolution &solution) {
  applyClustering(schedule, solution.cuCounts.front());
  schedule->setAttr("eclip.clustering",
                    summarize(schedule.getContext(), problem, solution, 0)
                        .getDictionary(schedule.getContext()));
}

void eclip::applyMix(ArrayRef<ScheduleOp> schedules, const MixProblem &problem,
                     const MixSolution &solution) {
  for (auto [w, schedule] : llvm::enumerate(schedules)) {
    ScheduleOp op = schedule;
    applyClustering(op, solution.cuCounts[w]);
    Builder builder(op.getContext());
    NamedAttrList summary =
        summarize(op.getContext(), problem, solution, w);
    SmallVector<Attribute> names;
    for (const MixWorker &worker : problem.workers)
      names.push_back(builder.getStringAttr(worker.name));
    summary.set("mix", builder.getArrayAttr(names));
    summary.set("worker", builder.getI64IntegerAttr(static_cast<int64_t>(w)));
    op->setAttr("eclip.clustering", summary.getDictionary(op.getContext()));
    if (problem.workers[w].priority > 0)
      op->setAttr("eclip.priority",
                  builder.getI64IntegerAttr(problem.workers[w].priority));
    op->setAttr(
        "eclip.worker_end",
        builder.getStringAttr(problem.workers[w].highEnd ? "high" : "low"));
  }
}
