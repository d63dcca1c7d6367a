//===- PlanReport.h - the report of one plan --------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parts of explain(), apart for their size.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EXPLAIN_PLANREPORT_H
#define ECLIP_COMPILER_EXPLAIN_PLANREPORT_H

#include "compiler/cost/CostModel.h"
#include "compiler/explain/Explain.h"
#include "compiler/explain/Report.h"

namespace eclip {

/// A worker's launches while its plans are read. Plans of one model have the
/// same launches, not always in the same order.
struct LaunchTable {
  std::vector<ReportLaunch> *launches;
  std::vector<KernelWork> work; ///< of each launch, at rates of the device
};

/// A plan and the operations that it was read from.
struct PlanSource {
  ScheduleOp schedule;
  std::vector<DispatchOp> dispatches; ///< of each step
};

/// What a choice of CU counts is worth beside neighbours.
struct SharedValue {
  ReportCost own, others;
  WideInt objective = 0;
  bool keepsLimits = true;
};
using SharedEvaluator =
    std::function<SharedValue(llvm::ArrayRef<int64_t> cuCounts)>;

/// Steps, groups, queues, totals, shares and clustering of `plan`.
mlir::LogicalResult explainSteps(PlanSource &source, LaunchTable &table,
                                 const ExplainOptions &options,
                                 ReportPlan &plan);

/// Buffers and their peak. Asks for steps.
mlir::LogicalResult explainMemory(const PlanSource &source, ReportPlan &plan);

/// Switches and what each is worth. Asks for steps; `shared` may be empty.
void explainSwitches(const PlanSource &source, const SharedEvaluator &shared,
                     ReportPlan &plan);

/// Values a plan for unknown neighbours, which are copies of the worker with the
/// same choice; empty for other plans. `schedule` must outlive it.
SharedEvaluator besideCopies(ScheduleOp schedule, const ReportPlan &plan);

/// Values choices of `worker` where the others stay with `choice`.
SharedEvaluator besideMix(const MixProblem &problem, const MixChoice &choice,
                          size_t worker);

ReportMix explainMix(const MixProblem &problem, const MixSolution &solution);

/// Totals of the plan's launches by kernel kind, by kernel and by part.
void explainShares(const ReportWorker &worker, ReportPlan &plan);

} // namespace eclip

#endif // ECLIP_COMPILER_EXPLAIN_PLANREPORT_H
