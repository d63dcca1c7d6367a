//===- Cluster.cpp - CU counts of dispatches, as groups -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/DispatchCost.h"
#include "compiler/schedule/Passes.h"
#include "compiler/schedule/PlanClustering.h"
#include "compiler/schedule/Plans.h"
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
    if (failed(readOptions()) || failed(clusterMixPlans()))
      return signalPassFailure();
    for (auto schedule : getOperation().getOps<ScheduleOp>())
      if (!PlanKind::of(schedule).mix && failed(cluster(schedule)))
        return signalPassFailure();
  }

  LogicalResult readOptions();
  LogicalResult clusterMixPlans();
  LogicalResult cluster(ScheduleOp schedule);
  LogicalResult clusterAlone(ScheduleOp schedule);
  LogicalResult pin(ScheduleOp schedule, int64_t count);
  void setUp(ScheduleOp schedule, ClusteringProblem &problem);

  MixGoal goal; ///< as the options say
};

} // namespace

LogicalResult Cluster::readOptions() {
  auto refuse = [&]() { return emitError(getOperation().getLoc()); };
  std::optional<Objective> wanted = parseObjective(objective);
  if (!wanted)
    return refuse() << "unknown objective '" << objective
                    << "'; known are " << knownObjectives();
  if (solver != "dp" && solver != "exhaustive")
    return refuse() << "unknown solver '" << solver
                    << "'; known are dp, exhaustive";
  if (priority < 0 || priority > 2)
    return refuse() << "priority of " << priority.getValue() << " is not in 0 to 2";
  if (!(timeSlackPercent >= 0 && timeSlackPercent <= 1e6))
    return refuse() << "time slack of " << timeSlackPercent
                    << " % is not in 0 to 1000000";
  if (!(sloMs >= 0 && sloMs <= 1e9))
    return refuse() << "slo-ms of " << sloMs << " is not in 0 to 1000000000";
  if (!(throughputFloor >= 0 && throughputFloor <= 1))
    return refuse() << "throughput floor of " << throughputFloor
                    << " is not in 0 to 1";
  if (end != "either" && end != "near" && end != "far")
    return refuse() << "unknown end '" << end
                    << "'; known are near, far, either";
  goal.objective = *wanted;
  return success();
}

/// The limits of one worker by itself, from the options.
void Cluster::setUp(ScheduleOp schedule, ClusteringProblem &problem) {
  DeviceAttr device = schedule.getDeviceAttr();
  auto dispatches = schedule.getBodyBlock().getOps<DispatchOp>();
  problem.kernelCount = std::distance(dispatches.begin(), dispatches.end());
  problem.cuCounts = offeredCuCounts(schedule);
  problem.maxQueues = maxRequestQueues(schedule);
  problem.maxSwitches = maxSwitches;
  problem.objective = objectiveAlone(goal.objective);
  problem.switchCost = scheduleSwitchCost(schedule);
  problem.cost = scheduleCosts(schedule);
  auto limit = [&](double ns) {
    int64_t whole = ns < 9e18 ? static_cast<int64_t>(ns) : INT64_MAX;
    problem.timeLimitNs = std::min(problem.timeLimitNs.value_or(whole), whole);
  };
  double allCusNs = static_cast<double>(problem.uniformTimeNs(device.getCus()));
  if (sloMs > 0)
    limit(sloMs * 1e6);
  if (throughputFloor > 0)
    limit(allCusNs / throughputFloor);
  if (!problem.timeLimitNs && goal.objective == Objective::Energy)
    limit(allCusNs * (1.0 + timeSlackPercent / 100.0));
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
  if (problem.timeLimitNs)
    number("time_limit_ns", *problem.timeLimitNs);
  WideInt value = problem.objectiveValue(solution.totals);
  if (!solution.optimal && value > 0)
    number(
        "gap_parts_per_million",
        static_cast<int64_t>((value - solution.lowerBound) * 1000000 / value));
  return summary.getDictionary(context);
}

LogicalResult Cluster::clusterAlone(ScheduleOp schedule) {
  ClusteringProblem problem;
  setUp(schedule, problem);
  auto solution =
      solver == "dp" ? solveDynamicProgram(problem) : solveExhaustive(problem);
  if (!solution)
    return schedule.emitOpError()
           << "can't be clustered: " << llvm::toString(solution.takeError());
  if (llvm::Error wrong = problem.verify(*solution))
    return schedule.emitOpError()
           << "solver " << solver
           << " is wrong: " << llvm::toString(std::move(wrong));
  applyClustering(schedule, solution->cuCounts);
  schedule->setAttr("eclip.clustering",
                    summarize(schedule.getContext(), problem, *solution));
  return success();
}

/// One group of all dispatches on `count` CUs.
LogicalResult Cluster::pin(ScheduleOp schedule, int64_t count) {
  ClusteringProblem problem;
  setUp(schedule, problem);
  if (!llvm::is_contained(schedule.getDeviceAttr().getMaskSizes(), count)) {
    std::string known;
    for (int64_t size : schedule.getDeviceAttr().getMaskSizes())
      known += (known.empty() ? "" : ", ") + std::to_string(size);
    return schedule.emitOpError()
           << "can't be on " << count << " CUs; device '"
           << schedule.getDeviceAttr().getName() << "' has masks of " << known;
  }
  ClusteringSolution solution;
  solution.cuCounts.assign(problem.kernelCount, count);
  solution.totals = problem.evaluate(solution.cuCounts);
  if (problem.timeLimitNs && (sloMs > 0 || throughputFloor > 0) &&
      solution.totals.timeNs > *problem.timeLimitNs)
    return schedule.emitOpError()
           << "takes " << solution.totals.timeNs << " ns on "
           << count << " CUs, the limit is " << *problem.timeLimitNs;
  applyClustering(schedule, solution.cuCounts);
  Builder builder(schedule.getContext());
  if (end != "either") {
    schedule->setAttr("eclip.fixed_end", builder.getUnitAttr());
    schedule->setAttr("eclip.worker_end",
                      builder.getStringAttr(end == "far" ? "high" : "low"));
  }
  if (priority)
    schedule->setAttr("eclip.priority", builder.getI64IntegerAttr(priority));
  NamedAttrList summary(
      summarize(schedule.getContext(), problem, solution));
  summary.erase("gap_parts_per_million"); // nothing was sought
  summary.set("pinned_cus", builder.getI64IntegerAttr(count));
  schedule->setAttr("eclip.clustering",
                    summary.getDictionary(schedule.getContext()));
  return success();
}

LogicalResult Cluster::cluster(ScheduleOp schedule) {
  if (failed(checkReadyToCluster(schedule)))
    return failure();
  int64_t neighbours = PlanKind::of(schedule).neighbours;
  if (schedule.getBodyBlock().getOps<DispatchOp>().empty())
    return success();
  if (auto count = schedule->getAttrOfType<IntegerAttr>("eclip.pinned_cus"))
    return pin(schedule, count.getInt());
  if (cus != 0 && neighbours == 0)
    return pin(schedule, cus);
  if (neighbours > 0)
    return clusterAmongCopies(schedule, neighbours, maxSwitches, goal);
  return clusterAlone(schedule);
}

LogicalResult Cluster::clusterMixPlans() {
  std::vector<MixMember> members;
  for (auto schedule : getOperation().getOps<ScheduleOp>()) {
    if (!PlanKind::of(schedule).mix ||
        !schedule.getBodyBlock().getOps<GroupOp>().empty())
      continue; // the latter is of a mix whose workers are in several modules
    MixMember member{schedule, schedule.getSymName().str(), maxSwitches, {}};
    if (sloMs > 0)
      member.timeLimitNs = static_cast<int64_t>(sloMs * 1e6);
    members.push_back(std::move(member));
  }
  if (members.empty())
    return success();
  MixGoal mix = goal;
  if (throughputFloor > 0)
    mix.throughputFloorPpm = static_cast<int64_t>(throughputFloor * 1e6 + 0.5);
  return clusterMix(members, mix);
}
