//===- ExplainSwitches.cpp - why each switch is worth its cost ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each switch is weighed against the plan in which one of its two sides runs on
// the other's CUs and nothing else changes, by the definition of the
// clustering, never by the solver.
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/PlanReport.h"
#include "compiler/schedule/Clustering.h"
#include "compiler/schedule/ScheduleClustering.h"

using namespace mlir;
using namespace eclip;

namespace {

class SwitchWeigher {
public:
  SwitchWeigher(const PlanSource &source, const SharedEvaluator &shared,
                ReportPlan &plan);

  void weighAll();

private:
  ReportSwitch weigh(size_t step) const;
  ReportMerge merge(size_t first, size_t end, int64_t cuCount) const;
  SwitchReason reasonOf(const ReportSwitch &found) const;
  bool isSplit(size_t step) const;

  /// What `choice` is worth alone, by the definition for one worker.
  struct Alone {
    ClusteringTotals totals;
    WideInt objective;
  };
  Alone alone(llvm::ArrayRef<int64_t> choice) const;

  const PlanSource &source;
  const SharedEvaluator &shared;
  ReportPlan &plan;
  ClusteringProblem problem;
  std::vector<int64_t> choice;
  Alone now;
  std::optional<SharedValue> nowShared;
};

} // namespace

SwitchWeigher::SwitchWeigher(const PlanSource &source,
                             const SharedEvaluator &shared, ReportPlan &plan)
    : source(source), shared(shared), plan(plan) {
  ScheduleOp schedule = source.schedule;
  problem.kernelCount = plan.steps.size();
  problem.cuCounts.assign(schedule.getDeviceAttr().getMaskSizes().begin(),
                          schedule.getDeviceAttr().getMaskSizes().end());
  problem.cost = scheduleCosts(schedule);
  problem.switchCost = scheduleSwitchCost(schedule);
  // A merge needs no more switches and queues than the plan, which is verified.
  problem.maxSwitches = problem.maxQueues = INT64_MAX;
  problem.objective =
      objectiveAlone(parseObjective(plan.clustering.objective)
                         .value_or(Objective::Energy));
  problem.timeLimitNs = plan.clustering.timeLimitNs;
  for (const ReportStep &step : plan.steps)
    choice.push_back(step.cuCount);
  now = alone(choice);
  if (shared)
    nowShared = shared(choice);
}

SwitchWeigher::Alone
SwitchWeigher::alone(llvm::ArrayRef<int64_t> candidate) const {
  ClusteringTotals totals = problem.evaluate(candidate);
  return {totals, problem.objectiveValue(totals)};
}

static double relativePpm(WideInt changed, WideInt now) {
  return now == 0 ? 0
                  : static_cast<double>(changed - now) /
                        static_cast<double>(now) * 1e6;
}

static ReportCost difference(const ReportCost &a, const ReportCost &b) {
  return {a.timeNs - b.timeNs, a.energyNj - b.energyNj};
}

ReportMerge SwitchWeigher::merge(size_t first, size_t end,
                                 int64_t cuCount) const {
  std::vector<int64_t> merged = choice;
  std::fill(merged.begin() + first, merged.begin() + end, cuCount);
  Alone value = alone(merged);
  ReportMerge result;
  result.firstStep = first;
  result.stepCount = end - first;
  result.cuCount = cuCount;
  result.switchesSaved = now.totals.switches - value.totals.switches;
  result.change = {value.totals.timeNs - now.totals.timeNs,
                   value.totals.energyNj - now.totals.energyNj};
  result.aloneObjectivePpm = relativePpm(value.objective, now.objective);
  result.objectivePpm = result.aloneObjectivePpm;
  result.breaksLimit = !problem.keepsLimits(value.totals);
  if (shared) {
    SharedValue beside = shared(merged);
    result.objectivePpm = relativePpm(beside.objective, nowShared->objective);
    result.sharedChange = difference(beside.own, nowShared->own);
    result.othersChange = difference(beside.others, nowShared->others);
    result.breaksLimit = !beside.keepsLimits;
  }
  return result;
}

/// What would still be a reason if the best of the merges were made.
SwitchReason SwitchWeigher::reasonOf(const ReportSwitch &found) const {
  const ReportMerge &best = found.merges[found.best];
  if (best.breaksLimit)
    return SwitchReason::Limit;
  if (best.objectivePpm <= 0)
    return SwitchReason::Nothing;
  if (llvm::any_of(found.merges, [](const ReportMerge &merge) {
        return merge.breaksLimit && merge.objectivePpm <= 0;
      }))
    return SwitchReason::Limit;
  if (best.aloneObjectivePpm <= 0)
    return SwitchReason::Neighbours;
  switch (problem.objective) {
  case Objective::Energy:
    return SwitchReason::Energy;
  case Objective::Latency:
    return SwitchReason::Time;
  case Objective::Edp:
  case Objective::Efficiency:
    return SwitchReason::Product;
  case Objective::Paper:
    break;
  }
  return SwitchReason::Formula;
}

/// True if the step shares the device with others of its own request.
bool SwitchWeigher::isSplit(size_t step) const {
  if (!source.schedule->hasAttr("eclip.branches"))
    return false;
  const ReportStep &own = plan.steps[step];
  return llvm::any_of(plan.steps, [&](const ReportStep &other) {
    return other.queue != own.queue && other.startNs < own.endNs &&
           own.startNs < other.endNs;
  });
}

ReportSwitch SwitchWeigher::weigh(size_t step) const {
  ReportSwitch found;
  found.step = step;
  found.fromCus = choice[step - 1];
  found.toCus = choice[step];
  found.cost = plan.switchCost;
  size_t begin = step - 1, end = step + 1;
  while (begin > 0 && choice[begin - 1] == found.fromCus)
    --begin;
  while (end < choice.size() && choice[end] == found.toCus)
    ++end;
  for (size_t i = begin; i < end; ++i)
    if (isSplit(i)) {
      found.reason = SwitchReason::Branches;
      return found;
    }
  found.merges = {merge(step, end, found.fromCus),
                  merge(begin, step, found.toCus)};
  auto key = [](const ReportMerge &merge) {
    return std::pair(merge.breaksLimit, merge.objectivePpm);
  };
  found.best = key(found.merges[1]) < key(found.merges[0]) ? 1 : 0;
  found.reason = reasonOf(found);
  return found;
}

void SwitchWeigher::weighAll() {
  for (size_t step = 1; step < choice.size(); ++step)
    if (choice[step] != choice[step - 1])
      plan.switches.push_back(weigh(step));
}

void eclip::explainSwitches(const PlanSource &source,
                            const SharedEvaluator &shared, ReportPlan &plan) {
  SwitchWeigher(source, shared, plan).weighAll();
}
