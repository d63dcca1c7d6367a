//===- CompiledMix.cpp - the pipeline of several models -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/CompiledMix.h"

#include "compiler/schedule/Plans.h"

using namespace mlir;
using namespace eclip;

/// The plan of `module` that is decided with the other workers.
static ScheduleOp mixPlan(ModuleOp module) {
  for (auto schedule : module.getOps<ScheduleOp>())
    if (PlanKind::of(schedule).mix)
      return schedule;
  return {};
}

static LogicalResult clusterJointly(CompiledMix &mix,
                                    ArrayRef<PipelineOptions> options) {
  std::vector<MixMember> members;
  for (auto [worker, own] : llvm::zip(mix.workers, options)) {
    MixMember member{mixPlan(*worker.module), worker.name, own.maxSwitches, {}};
    if (own.sloMs > 0)
      member.timeLimitNs = static_cast<int64_t>(own.sloMs * 1e6);
    members.push_back(std::move(member));
  }
  MixGoal goal;
  const PipelineOptions &shared = options.front();
  if (!shared.objective.empty()) {
    std::optional<Objective> objective = parseObjective(shared.objective);
    if (!objective)
      return emitError(mix.workers.front().module->getLoc())
             << "unknown objective '" << shared.objective << "'";
    goal.objective = *objective;
  }
  if (shared.throughputFloor > 0)
    goal.throughputFloorPpm =
        static_cast<int64_t>(shared.throughputFloor * 1e6 + 0.5);
  goal.choice = static_cast<size_t>(shared.mixChoice);
  FailureOr<SolvedMix> solved = clusterMix(members, goal);
  if (failed(solved))
    return failure();
  mix.problem = std::move(solved->problem);
  mix.solution = std::move(solved->solution);
  mix.play = solved->play;
  return success();
}

LogicalResult
eclip::runMixPipeline(CompiledMix &mix, ArrayRef<PipelineOptions> options,
                      llvm::function_ref<void(size_t)> onWorker) {
  std::string text;
  for (auto [i, worker] : llvm::enumerate(mix.workers)) {
    onWorker(i);
    if (failed(runPipeline(*worker.module, Stage::Plans, options[i], text)))
      return failure();
  }
  if (mix.workers.size() > 1) {
    onWorker(mix.workers.size());
    if (failed(clusterJointly(mix, options)))
      return failure();
  }
  for (auto [i, worker] : llvm::enumerate(mix.workers)) {
    onWorker(i);
    if (failed(continuePipeline(*worker.module, Stage::Plans, Stage::Schedule,
                                options[i])))
      return failure();
  }
  return success();
}
