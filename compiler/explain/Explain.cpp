//===- Explain.cpp - the report of finished schedules ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/Explain.h"

#include "compiler/explain/PlanReport.h"
#include "compiler/schedule/DispatchCost.h"
#include "compiler/schedule/Plans.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace eclip;

static ReportDevice describeDevice(ScheduleOp schedule) {
  DeviceAttr attr = schedule.getDeviceAttr();
  ReportDevice device;
  device.name = attr.getName().str();
  device.target = attr.getTarget().str();
  device.topology = maskTopology(schedule);
  device.maskSizes = attr.getMaskSizes().vec();
  device.maxMaskedQueues = attr.getMaxMaskedQueues();
  device.limits = deviceLimits(schedule);
  return device;
}

static std::string elementName(Type type, bool isUnsigned) {
  std::string name;
  llvm::raw_string_ostream os(name);
  if (isUnsigned)
    os << 'u';
  type.print(os);
  return name;
}

static std::vector<ReportTensor> describeTensors(ScheduleOp schedule,
                                                 ArrayAttr names,
                                                 TypeRange types,
                                                 StringRef unsignedAttr) {
  auto unsignedOnes = schedule->getAttrOfType<DenseI64ArrayAttr>(unsignedAttr);
  std::vector<ReportTensor> tensors;
  for (auto [i, name, type] :
       llvm::enumerate(names.getAsRange<StringAttr>(), types)) {
    auto tensor = cast<RankedTensorType>(type);
    std::string text;
    for (int64_t extent : tensor.getShape())
      text += std::to_string(extent) + "x";
    bool isUnsigned =
        unsignedOnes && llvm::is_contained(unsignedOnes.asArrayRef(), i);
    tensors.push_back(
        {name.str(), text + elementName(tensor.getElementType(), isUnsigned),
         tensorBytes(tensor)});
  }
  return tensors;
}

/// What eclip-cluster, or applyMix, left on the schedule.
static ReportClustering describeClustering(ScheduleOp schedule) {
  ReportClustering result;
  auto summary = schedule->getAttrOfType<DictionaryAttr>("eclip.clustering");
  if (!summary)
    return result;
  if (auto objective = summary.getAs<StringAttr>("objective"))
    result.objective = objective.str();
  if (auto optimal = summary.getAs<BoolAttr>("optimal"))
    result.optimal = optimal.getValue();
  if (auto gap = summary.getAs<IntegerAttr>("gap_parts_per_million"))
    result.gapPpm = gap.getInt();
  else if (result.objective == objectiveName(Objective::Efficiency))
    result.gapPpm.reset();
  if (auto limit = summary.getAs<IntegerAttr>("time_limit_ns"))
    result.timeLimitNs = limit.getInt();
  return result;
}

static ReportPlan describePlan(ScheduleOp schedule) {
  PlanKind kind = PlanKind::of(schedule);
  ReportPlan plan;
  plan.name = kind.name;
  plan.neighbours = kind.neighbours;
  plan.forMix = kind.mix;
  plan.clustering = describeClustering(schedule);
  return plan;
}

/// What the plan's choices are worth beside its neighbours; empty where it has
/// none, or where branches were split after the clustering had decided.
static SharedEvaluator neighboursOf(ScheduleOp schedule, const ReportPlan &plan,
                                    const ExplainOptions &options,
                                    size_t worker) {
  if (schedule->hasAttr("eclip.branches"))
    return {};
  if (!plan.forMix)
    return besideCopies(schedule, plan);
  if (!options.mix || !options.solution)
    return {};
  return besideMix(*options.mix, options.solution->cuCounts, worker);
}

static LogicalResult explainPlan(ScheduleOp schedule, size_t index,
                                 const ExplainOptions &options,
                                 LaunchTable &table, ReportWorker &worker) {
  ReportPlan plan = describePlan(schedule);
  PlanSource source{schedule, {}};
  if (failed(explainSteps(source, table, options, plan)) ||
      failed(explainMemory(source, plan)))
    return failure();
  SharedEvaluator shared = neighboursOf(schedule, plan, options, index);
  if (shared) {
    std::vector<int64_t> choice;
    for (const ReportStep &step : plan.steps)
      choice.push_back(step.cuCount);
    plan.shared = shared(choice).own;
  }
  explainSwitches(source, shared, plan);
  explainShares(worker, plan);
  worker.plans.push_back(std::move(plan));
  return success();
}

static LogicalResult explainWorker(const ExplainedWorker &input, size_t index,
                                   const ExplainOptions &options,
                                   ReportWorker &worker) {
  ModuleOp module = input.module;
  worker.name = input.name;
  if (auto hash = module->getAttrOfType<StringAttr>("eclip.model_hash"))
    worker.modelHash = hash.str();
  LaunchTable table{&worker.launches, {}};
  for (auto schedule : module.getOps<ScheduleOp>()) {
    if (!schedule.getDeviceAttr())
      return schedule.emitOpError(
          "has no device; run eclip-annotate-cost first");
    if (failed(verifyCostAttributes(schedule)))
      return failure();
    if (worker.plans.empty()) {
      auto yield = cast<YieldOp>(schedule.getBodyBlock().getTerminator());
      worker.inputs = describeTensors(schedule, schedule.getInputs(),
                                      schedule.getBodyBlock().getArgumentTypes(),
                                      "eclip.unsigned_inputs");
      worker.outputs =
          describeTensors(schedule, schedule.getOutputs(),
                          yield.getOperandTypes(), "eclip.unsigned_outputs");
    }
    if (failed(explainPlan(schedule, index, options, table, worker)))
      return failure();
  }
  llvm::StringSet<> kernels;
  for (const ReportLaunch &launch : worker.launches)
    kernels.insert(launch.kernel);
  worker.kernelCount = kernels.size();
  if (worker.plans.empty())
    return module.emitOpError("holds no eclip.schedule");
  return success();
}

FailureOr<Report> eclip::explain(ArrayRef<ExplainedWorker> workers,
                                 const ExplainOptions &options) {
  Report report;
  report.compilerVersion = options.compilerVersion;
  for (auto [index, input] : llvm::enumerate(workers)) {
    report.workers.emplace_back();
    if (failed(explainWorker(input, index, options, report.workers.back())))
      return failure();
  }
  if (options.mix && options.solution)
    report.mix = explainMix(*options.mix, *options.solution);
  ModuleOp first = workers.front().module;
  report.device = describeDevice(*first.getOps<ScheduleOp>().begin());
  return report;
}
