//===- ExplainMix.cpp - plans beside neighbours ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/PlanReport.h"
#include "compiler/schedule/DispatchCost.h"
#include "compiler/schedule/MixSimulation.h"
#include "compiler/schedule/ScheduleClustering.h"

#include <memory>

using namespace mlir;
using namespace eclip;

namespace {

/// A problem with its tables, and CU counts of its workers as indices.
struct Tables {
  explicit Tables(MixProblem from)
      : problem(std::move(from)), evaluator(problem) {}

  std::vector<uint8_t> indices(size_t worker,
                               llvm::ArrayRef<int64_t> cuCounts) const {
    std::vector<uint8_t> result;
    const auto &known = problem.workers[worker].cuCounts;
    for (int64_t cuCount : cuCounts)
      result.push_back(llvm::find(known, cuCount) - known.begin());
    return result;
  }

  SharedValue value(llvm::ArrayRef<std::vector<uint8_t>> picks,
                    size_t worker) const {
    MixTotals totals = evaluator.evaluate(picks);
    SharedValue value;
    value.objective = problem.objectiveValue(totals);
    value.keepsLimits = problem.keepsLimits(totals);
    for (auto [w, own] : llvm::enumerate(totals.workers))
      (w == worker ? value.own : value.others) +=
          ReportCost{own.timeNs(), own.energyNj()};
    return value;
  }

  const MixProblem problem;
  const MixEvaluator evaluator;
};

} // namespace

SharedEvaluator eclip::besideCopies(ScheduleOp schedule,
                                    const ReportPlan &plan) {
  auto summary = schedule->getAttrOfType<DictionaryAttr>("eclip.clustering");
  std::optional<Objective> objective = parseObjective(plan.clustering.objective);
  if (plan.neighbours == 0 || !summary || !objective)
    return {};
  MixProblem problem;
  problem.topology = maskTopology(schedule);
  problem.maxQueues = schedule.getDeviceAttr().getMaxMaskedQueues();
  problem.limits = deviceLimits(schedule);
  problem.objective = *objective;
  if (auto floor = summary.getAs<IntegerAttr>("throughput_floor_ppm"))
    problem.throughputFloorPpm = floor.getInt();
  for (int64_t copy = 0; copy <= plan.neighbours; ++copy) {
    MixWorker worker;
    worker.name = plan.name;
    worker.kernelCount = plan.steps.size();
    worker.cuCounts.assign(schedule.getDeviceAttr().getMaskSizes().begin(),
                           schedule.getDeviceAttr().getMaskSizes().end());
    setCosts(schedule, worker);
    worker.switchCost = scheduleSwitchCost(schedule);
    worker.maxSwitches = INT64_MAX;
    worker.timeLimitNs = plan.clustering.timeLimitNs;
    worker.highEnd = copy % 2 == 1;
    problem.workers.push_back(std::move(worker));
  }
  if (llvm::Error wrong = problem.check()) {
    llvm::consumeError(std::move(wrong));
    return {};
  }
  auto tables = std::make_shared<Tables>(std::move(problem));
  return [tables](llvm::ArrayRef<int64_t> cuCounts) {
    std::vector<std::vector<uint8_t>> picks(tables->problem.workers.size(),
                                            tables->indices(0, cuCounts));
    return tables->value(picks, 0);
  };
}

SharedEvaluator eclip::besideMix(const MixProblem &problem,
                                 const MixChoice &choice, size_t worker) {
  auto tables = std::make_shared<Tables>(problem);
  std::vector<std::vector<uint8_t>> picks;
  for (auto [w, cuCounts] : llvm::enumerate(choice))
    picks.push_back(tables->indices(w, cuCounts));
  return [tables, picks, worker](llvm::ArrayRef<int64_t> cuCounts) {
    std::vector<std::vector<uint8_t>> changed = picks;
    changed[worker] = tables->indices(worker, cuCounts);
    return tables->value(changed, worker);
  };
}

/// All kernels of all workers on all CUs that they have.
static MixChoice onAllCus(const MixProblem &problem) {
  MixChoice choice;
  for (const MixWorker &worker : problem.workers)
    choice.emplace_back(worker.kernelCount, worker.cuCounts.back());
  return choice;
}

static ReportMixWay simulate(const std::string &name, const MixProblem &problem,
                             const MixChoice &choice, bool oneQueue) {
  MixSimulationOptions options;
  options.oneQueue = oneQueue;
  MixPrediction prediction = simulateMix(problem, choice, options);
  ReportMixWay way{name, prediction.throughput, prediction.efficiency,
                   prediction.watts, {}};
  for (const MixPrediction::Worker &worker : prediction.workers)
    way.p95Ns.push_back(worker.p95Ns);
  return way;
}

/// What `other` adds to a request of `worker`. The model adds up over the
/// others, so the two alone tell.
static int64_t addedNs(const MixProblem &problem, const MixChoice &choice,
                       size_t worker, size_t other) {
  MixProblem pair = problem;
  pair.workers = {problem.workers[worker], problem.workers[other]};
  MixTotals totals = pair.evaluate({choice[worker], choice[other]});
  const MixWorkerTotals &own = totals.workers.front();
  return own.timeNs() - own.kernelNs -
         own.switches * problem.workers[worker].switchCost.timeNs;
}

ReportMix eclip::explainMix(const MixProblem &problem,
                            const MixSolution &solution) {
  ReportMix mix;
  mix.objective = objectiveName(problem.objective).str();
  mix.optimal = solution.optimal;
  if (hasTellingBound(problem.objective))
    mix.gapPpm = static_cast<int64_t>(
        solution.gap(problem.objectiveValue(solution.totals)) * 1e6);
  else
    mix.gapPpm.reset();
  mix.throughputFloorPpm = problem.throughputFloorPpm;
  mix.queues = solution.totals.queues;
  mix.maxQueues = problem.maxQueues;
  MixChoice all = onAllCus(problem);
  for (auto [w, worker] : llvm::enumerate(problem.workers)) {
    ReportMixWorker own;
    for (size_t k = 0; k < worker.kernelCount; ++k) {
      KernelCost whole = worker.costOf(k, worker.cuCounts.back());
      KernelCost chosen = worker.costOf(k, solution.cuCounts[w][k]);
      own.allCusAlone += {whole.timeNs, whole.energyNj};
      own.alone += {chosen.timeNs, chosen.energyNj};
      if (k > 0 && solution.cuCounts[w][k] != solution.cuCounts[w][k - 1])
        own.alone += {worker.switchCost.timeNs, worker.switchCost.energyNj};
    }
    const MixWorkerTotals &totals = solution.totals.workers[w];
    own.shared = {totals.timeNs(), totals.energyNj()};
    for (size_t v = 0; v < problem.workers.size(); ++v)
      own.paysNs.push_back(
          v == w ? 0 : addedNs(problem, solution.cuCounts, w, v));
    mix.workers.push_back(std::move(own));
  }
  mix.ways = {simulate("one queue", problem, all, true),
              simulate("queues without masks", problem, all, false),
              simulate("this mix", problem, solution.cuCounts, false)};
  return mix;
}
