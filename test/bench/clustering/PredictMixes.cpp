//===- PredictMixes.cpp - what clusterings of a mix are predicted to give -===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// predict_mixes A.mlir B.mlir ...: each file a module with one annotated
// schedule (eclip-annotate-cost), together one mix. Prints one JSON object a
// line: a way to share the device, its switches, and throughput, power,
// efficiency and p95 by simulateMix. bench_mixes.py makes the table of it.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixSimulation.h"
#include "compiler/schedule/ScheduleClustering.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace eclip;

static void print(StringRef way, const MixProblem &problem,
                  const MixChoice &choice, double gap,
                  const MixSimulationOptions &options = {}) {
  MixTotals totals = problem.evaluate(choice);
  MixPrediction prediction = simulateMix(problem, choice, options);
  llvm::outs() << llvm::formatv(
      "{{\"way\": \"{0}\", \"queues\": {1}, \"gap\": {2:f6}, "
      "\"throughput\": {3:f4}, \"watts\": {4:f2}, \"efficiency\": {5:f4}, "
      "\"relative_time\": {6:f4}, \"relative_energy\": {7:f4}, \"workers\": [",
      way, totals.queues, gap, prediction.throughput, prediction.watts,
      prediction.efficiency,
      static_cast<double>(totals.relativeTime) * 1e-12 /
          static_cast<double>(choice.size()),
      static_cast<double>(totals.relativeEnergy) * 1e-12 /
          static_cast<double>(choice.size()));
  for (size_t w = 0; w < choice.size(); ++w)
    llvm::outs()
        << (w ? ", " : "")
        << llvm::formatv(
               "{{\"switches\": {0}, \"requests_per_s\": {1:f2}, "
               "\"mean_ms\": {2:f3}, \"p95_ms\": {3:f3}, \"model_ms\": {4:f3}}",
               totals.workers[w].switches, prediction.workers[w].requestsPerS,
               prediction.workers[w].meanNs * 1e-6,
               prediction.workers[w].p95Ns * 1e-6,
               static_cast<double>(totals.workers[w].timeNs()) * 1e-6);
  llvm::outs() << "]}\n";
}

static LogicalResult solveAndPrint(StringRef way, MixProblem &problem) {
  auto solution = solveMix(problem);
  if (!solution) {
    llvm::errs() << way << ": " << llvm::toString(solution.takeError()) << "\n";
    return failure();
  }
  if (llvm::Error wrong = problem.verify(*solution)) {
    llvm::errs() << way << ": " << llvm::toString(std::move(wrong)) << "\n";
    return failure();
  }
  print(way, problem, solution->cuCounts,
        solution->gap(problem.objectiveValue(solution->totals)));
  return success();
}

/// Each worker on one CU count for good, the best of all combinations by
/// predicted throughput: what partitions without switches can do.
static MixChoice bestPartition(const MixProblem &problem) {
  MixChoice best;
  double most = 0;
  std::vector<size_t> digits(problem.workers.size(), 0);
  while (true) {
    MixChoice choice;
    for (size_t w = 0; w < digits.size(); ++w)
      choice.emplace_back(problem.workers[w].kernelCount,
                          problem.workers[w].cuCounts[digits[w]]);
    double throughput =
        simulateMix(problem, choice, {.requests = 10}).throughput;
    if (throughput > most) {
      most = throughput;
      best = std::move(choice);
    }
    size_t w = 0;
    while (w < digits.size() &&
           ++digits[w] == problem.workers[w].cuCounts.size())
      digits[w++] = 0;
    if (w == digits.size())
      return best;
  }
}

int main(int argc, char **argv) {
  DialectRegistry registry;
  registerAllDialects(registry);
  registry.insert<EclipDialect>();
  MLIRContext context(registry);
  std::vector<OwningOpRef<ModuleOp>> modules;
  std::vector<ScheduleOp> schedules;
  for (int i = 1; i < argc; ++i) {
    modules.push_back(parseSourceFile<ModuleOp>(argv[i], &context));
    if (!modules.back())
      return 2;
    for (auto schedule : modules.back()->getOps<ScheduleOp>())
      schedules.push_back(schedule);
  }
  if (schedules.empty()) {
    llvm::errs() << "usage: predict_mixes ANNOTATED.mlir...\n";
    return 1;
  }
  MixOptions options;
  FailureOr<MixProblem> problem = makeMixProblem(schedules, options);
  if (failed(problem))
    return 2;
  MixChoice all;
  for (const MixWorker &worker : problem->workers)
    all.emplace_back(worker.kernelCount, worker.cuCounts.back());
  print("one queue", *problem, all, 0, {.oneQueue = true});
  print("queues without masks", *problem, all, 0);
  print("best fixed partition", *problem, bestPartition(*problem), 0);
  bool failed = false;
  problem->objective = Objective::Paper;
  failed |= mlir::failed(solveAndPrint("paper", *problem));
  problem->objective = Objective::Latency;
  auto fastest = solveMix(*problem);
  failed |= mlir::failed(solveAndPrint("latency", *problem));
  problem->objective = Objective::Edp;
  failed |= mlir::failed(solveAndPrint("edp", *problem));
  // Energy, with at most 5 % of the throughput that can be had given up.
  problem->objective = Objective::Energy;
  if (fastest)
    problem->throughputFloorPpm = std::min<int64_t>(
        1000000, static_cast<int64_t>(
                     0.95e18 * static_cast<double>(problem->workers.size()) /
                     static_cast<double>(fastest->totals.relativeTime)));
  else
    llvm::consumeError(fastest.takeError());
  failed |= mlir::failed(solveAndPrint("energy", *problem));
  return failed ? 2 : 0;
}
