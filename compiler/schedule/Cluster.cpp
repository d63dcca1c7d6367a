//===- Cluster.cpp - CU counts of dispatches, as groups -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/DispatchCost.h"
#include "compiler/schedule/Passes.h"
#include "compiler/schedule/ScheduleClustering.h"
#include "dialect/Eclip.h"

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_CLUSTER
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

namespace {

struct Cluster : eclip::impl::ClusterBase<Cluster> {
  using Base::Base;

  void runOnOperation() override {
    for (auto schedule : getOperation().getOps<ScheduleOp>())
      if (failed(cluster(schedule)))
        return signalPassFailure();
  }

  LogicalResult cluster(ScheduleOp schedule);
  LogicalResult setUp(ScheduleOp schedule, ArrayRef<DispatchOp> dispatches,
                      ClusteringProblem &problem);
};

} // namespace

LogicalResult Cluster::setUp(ScheduleOp schedule,
                             ArrayRef<DispatchOp> dispatches,
                             ClusteringProblem &problem) {
  std::optional<Objective> wanted = parseObjective(objective);
  if (!wanted)
    return schedule.emitOpError() << "unknown objective '" << objective
                                  << "'; known are latency, energy, edp, paper";
  if (solver != "dp" && solver != "exhaustive")
    return schedule.emitOpError()
           << "unknown solver '" << solver << "'; known are dp, exhaustive";
  if (!(timeSlackPercent >= 0 && timeSlackPercent <= 1e6))
    return schedule.emitOpError() << "time slack of " << timeSlackPercent
                                  << " % is not in 0 to 1000000";
  DeviceAttr device = schedule.getDeviceAttr();
  problem.kernelCount = dispatches.size();
  problem.cuCounts.assign(device.getMaskSizes().begin(),
                          device.getMaskSizes().end());
  problem.maxQueues = device.getMaxMaskedQueues();
  problem.maxSwitches = maxSwitches;
  problem.objective = *wanted;
  problem.switchCost = scheduleSwitchCost(schedule);
  problem.cost = scheduleCosts(schedule);
  if (!(sloMs >= 0 && sloMs <= 1e9))
    return schedule.emitOpError()
           << "slo-ms of " << sloMs << " is not in 0 to 1000000000";
  if (sloMs > 0)
    problem.timeLimitNs = static_cast<int64_t>(sloMs * 1e6);
  else if (*wanted == Objective::Energy)
    problem.timeLimitNs = static_cast<int64_t>(
        static_cast<double>(problem.uniformTimeNs(device.getCus())) *
        (1.0 + timeSlackPercent / 100.0));
  return success();
}

/// What was decided, beside what one queue with all CUs would take.
static DictionaryAttr summarize(MLIRContext *context,
                                const ClusteringProblem &problem,
                                const ClusteringSolution &solution) {
  std::vector<int64_t> all(problem.kernelCount, problem.cuCounts.back());
  ClusteringTotals allCus = problem.evaluate(all);
  Builder builder(context);
  NamedAttrList summary;
  auto number = [&](StringRef name, int64_t value) {
    summary.set(name, builder.getI64IntegerAttr(value));
  };
  summary.set("objective",
              builder.getStringAttr(objectiveName(problem.objective)));
  summary.set("optimal", builder.getBoolAttr(solution.optimal));
  if (problem.timeLimitNs)
    number("time_limit_ns", *problem.timeLimitNs);
  number("switches", solution.totals.switches);
  number("queues", solution.totals.queues);
  number("time_ns", solution.totals.timeNs);
  number("energy_nj", solution.totals.energyNj);
  number("all_cus_time_ns", allCus.timeNs);
  number("all_cus_energy_nj", allCus.energyNj);
  // How far from the bound, where the solver stopped short of a proof.
  WideInt value = problem.objectiveValue(solution.totals);
  if (!solution.optimal && value > 0)
    number(
        "gap_parts_per_million",
        static_cast<int64_t>((value - solution.lowerBound) * 1000000 / value));
  return summary.getDictionary(context);
}

LogicalResult Cluster::cluster(ScheduleOp schedule) {
  auto dispatches =
      llvm::to_vector(schedule.getBodyBlock().getOps<DispatchOp>());
  ClusteringProblem problem;
  if (failed(checkReadyToCluster(schedule)) ||
      failed(setUp(schedule, dispatches, problem)))
    return failure();
  auto solution =
      solver == "dp" ? solveDynamicProgram(problem) : solveExhaustive(problem);
  if (!solution)
    return schedule.emitOpError()
           << "can't be clustered: " << llvm::toString(solution.takeError());
  if (llvm::Error wrong = problem.verify(*solution))
    return schedule.emitOpError()
           << "solver " << solver
           << " is wrong: " << llvm::toString(std::move(wrong));
  if (dispatches.empty())
    return success();
  applyClustering(schedule, solution->cuCounts);
  schedule->setAttr("eclip.clustering",
                    summarize(schedule.getContext(), problem, *solution));
  return success();
}
