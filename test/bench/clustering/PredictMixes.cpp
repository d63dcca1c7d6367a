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
// With --way=CUS:END:PRIORITY,... (one for each worker: 64:near:0,68:far:2) it
// prints these ways instead, each worker on these CUs for good. A kernel costs
// what it does on the most CUs on offer that are no more.
// With --only=NAME it prints only these of its own ways, with --choices all
// choices of `efficiency` (eclip-compile --choice).
// compare_mixes.py holds them against measured rates.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixSimulation.h"
#include "compiler/schedule/PlanClustering.h"
#include "compiler/schedule/ScheduleClustering.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"

#include <chrono>
#include <cmath>
#include <map>

using namespace mlir;
using namespace eclip;

/// Of one request on all CUs.
static double aloneMs(const MixWorker &worker) {
  int64_t ns = 0;
  for (size_t kernel = 0; kernel < worker.kernelCount; ++kernel)
    ns += worker.costOf(kernel, worker.cuCounts.back()).timeNs;
  return static_cast<double>(ns) * 1e-6;
}

/// CU counts by the number of kernels on them, end and priority: "96 (200) 32
/// (6):near:0".
static std::string describe(const MixWorker &worker,
                            ArrayRef<int64_t> cuCounts) {
  std::map<int64_t, size_t> kernels;
  for (int64_t cuCount : cuCounts)
    ++kernels[cuCount];
  std::string text;
  for (auto [cuCount, count] : kernels) {
    text += (text.empty() ? "" : " ") + std::to_string(cuCount);
    if (kernels.size() > 1)
      text += " (" + std::to_string(count) + ")";
  }
  return text + (worker.highEnd ? ":far:" : ":near:") +
         std::to_string(worker.priority);
}

/// Throughput and power by the definition, with clocks as the board's limit
/// leaves them.
static std::pair<double, double> byModel(const MixProblem &problem,
                                         const MixTotals &totals) {
  MixProblem::Rates rates = problem.rates(totals);
  double throughput = static_cast<double>(rates.rate) * 1e-12;
  double watts = static_cast<double>(rates.powerNw) * 1e-9;
  double limit = static_cast<double>(problem.limits.boardMilliwatts) * 1e-3;
  double idle = static_cast<double>(problem.limits.idleMilliwatts) * 1e-3;
  if (limit > idle && watts > limit) {
    throughput *= std::sqrt((limit - idle) / (watts - idle));
    watts = limit;
  }
  return {throughput, watts};
}

static void print(StringRef way, const MixProblem &problem,
                  const MixChoice &choice, double gap,
                  const MixSimulationOptions &options = {},
                  double solveS = 0) {
  MixTotals totals = problem.evaluate(choice);
  MixPrediction prediction = simulateMix(problem, choice, options);
  auto [modelThroughput, modelWatts] = byModel(problem, totals);
  llvm::outs() << llvm::formatv(
      "{{\"way\": \"{0}\", \"queues\": {1}, \"gap\": {2:f6}, "
      "\"throughput\": {3:f4}, \"watts\": {4:f2}, \"efficiency\": {5:f4}, "
      "\"relative_time\": {6:f4}, \"relative_energy\": {7:f4}, "
      "\"solve_s\": {8:f2}, \"model_throughput\": {9:f4}, "
      "\"model_watts\": {10:f2}, \"workers\": [",
      way, totals.queues, gap, prediction.throughput, prediction.watts,
      prediction.efficiency,
      static_cast<double>(totals.relativeTime) * 1e-12 /
          static_cast<double>(choice.size()),
      static_cast<double>(totals.relativeEnergy) * 1e-12 /
          static_cast<double>(choice.size()),
      solveS, modelThroughput, modelWatts);
  for (size_t w = 0; w < choice.size(); ++w)
    llvm::outs()
        << (w ? ", " : "")
        << llvm::formatv(
               "{{\"switches\": {0}, \"requests_per_s\": {1:f2}, "
               "\"mean_ms\": {2:f3}, \"p95_ms\": {3:f3}, \"model_ms\": "
               "{4:f3}, \"alone_ms\": {5:f3}, \"on\": \"{6}\"}",
               totals.workers[w].switches, prediction.workers[w].requestsPerS,
               prediction.workers[w].meanNs * 1e-6,
               prediction.workers[w].p95Ns * 1e-6,
               static_cast<double>(totals.workers[w].timeNs()) * 1e-6,
               aloneMs(problem.workers[w]),
               describe(problem.workers[w], choice[w]));
  llvm::outs() << "]}\n";
}

/// Workers on the CUs, ends and priorities that `text` says, and the choice of
/// these CUs; nothing if it doesn't say so for each.
static std::optional<MixProblem> pinned(const MixProblem &problem,
                                        StringRef text, MixChoice &choice) {
  MixProblem result = problem;
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  if (parts.size() != result.workers.size())
    return std::nullopt;
  for (auto [worker, part] : llvm::zip(result.workers, parts)) {
    SmallVector<StringRef> words;
    part.split(words, ':');
    int64_t cus = 0;
    if (words.size() != 3 || words[0].getAsInteger(10, cus) ||
        words[2].getAsInteger(10, worker.priority) ||
        (words[1] != "near" && words[1] != "far"))
      return std::nullopt;
    auto above = llvm::upper_bound(worker.cuCounts, cus);
    if (above == worker.cuCounts.begin())
      return std::nullopt;
    // The other counts stay: what a kernel makes use of depends on them.
    int64_t priced = *std::prev(above);
    for (CostFunction *cost : {&worker.cost, &worker.farCost})
      if (*cost)
        *cost = [of = *cost, cus, priced](size_t kernel, int64_t count) {
          return of(kernel, count == cus ? priced : count);
        };
    if (priced != cus)
      worker.cuCounts.insert(above, cus);
    choice.emplace_back(worker.kernelCount, cus);
    worker.highEnd = words[1] == "far";
  }
  if (llvm::Error wrong = result.check()) {
    llvm::errs() << llvm::toString(std::move(wrong)) << "\n";
    return std::nullopt;
  }
  return result;
}

static LogicalResult printWay(const MixProblem &problem, StringRef text) {
  MixChoice choice;
  std::optional<MixProblem> way = pinned(problem, text, choice);
  if (!way) {
    llvm::errs() << "--way=" << text << ": needs CUS:near|far:PRIORITY for each "
                 << "of " << problem.workers.size() << " workers\n";
    return failure();
  }
  print(text, *way, choice, 0);
  return success();
}

static LogicalResult tell(StringRef way, llvm::Error error) {
  llvm::errs() << way << ": " << llvm::toString(std::move(error)) << "\n";
  return failure();
}

/// With `choices` all of a mix's choices, the best first.
static LogicalResult solveAndPrint(StringRef way, const MixProblem &instance,
                                   bool choices = false) {
  size_t count = 1;
  for (size_t rank = 0; rank < count; ++rank) {
    MixProblem problem = instance;
    MixPlay play;
    auto begin = std::chrono::steady_clock::now();
    auto solution = solveMixAndPriorities(problem, play, rank);
    std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - begin;
    if (!solution)
      return tell(way, solution.takeError());
    if (llvm::Error wrong = problem.verify(*solution))
      return tell(way, std::move(wrong));
    print(rank == 0 ? way.str() : way.str() + " " + std::to_string(rank),
          problem, solution->cuCounts,
          hasTellingBound(problem.objective)
              ? solution->gap(problem.objectiveValue(solution->totals))
              : 1,
          {}, took.count());
    count = choices ? std::max<size_t>(1, play.choices) : 1;
  }
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

/// The ways of the table, or only those named; true if one fails.
static bool predictAll(MixProblem &problem, ArrayRef<StringRef> only,
                       bool choices) {
  auto wanted = [&](StringRef way) {
    return only.empty() || llvm::is_contained(only, way);
  };
  MixChoice all;
  for (const MixWorker &worker : problem.workers)
    all.emplace_back(worker.kernelCount, worker.cuCounts.back());
  if (wanted("one queue"))
    print("one queue", problem, all, 0, {.oneQueue = true});
  if (wanted("queues without masks"))
    print("queues without masks", problem, all, 0);
  if (wanted("best fixed partition"))
    print("best fixed partition", problem, bestPartition(problem), 0);
  bool failed = false;
  for (Objective objective :
       {Objective::Paper, Objective::Latency, Objective::Edp}) {
    problem.objective = objective;
    if (StringRef way = objectiveName(objective); wanted(way))
      failed |= mlir::failed(solveAndPrint(way, problem));
  }
  // What eclip-compile takes these two for: with a floor, and with limits.
  for (Objective objective : {Objective::Energy, Objective::Efficiency}) {
    StringRef way = objectiveName(objective);
    if (!wanted(way))
      continue;
    MixProblem own = problem;
    if (llvm::Error error = setMixGoal(own, {objective, std::nullopt}))
      failed |= mlir::failed(tell(way, std::move(error)));
    else
      failed |= mlir::failed(solveAndPrint(way, own, choices));
  }
  return failed;
}

int main(int argc, char **argv) {
  DialectRegistry registry;
  registerAllDialects(registry);
  registry.insert<EclipDialect>();
  MLIRContext context(registry);
  std::vector<OwningOpRef<ModuleOp>> modules;
  std::vector<ScheduleOp> schedules;
  std::vector<StringRef> ways, only;
  bool choices = false;
  for (int i = 1; i < argc; ++i) {
    if (StringRef way = argv[i]; way.consume_front("--way=")) {
      ways.push_back(way);
      continue;
    }
    if (StringRef(argv[i]) == "--choices") {
      choices = true;
      continue;
    }
    if (StringRef way = argv[i]; way.consume_front("--only=")) {
      only.push_back(way);
      continue;
    }
    modules.push_back(parseSourceFile<ModuleOp>(argv[i], &context));
    if (!modules.back())
      return 2;
    for (auto schedule : modules.back()->getOps<ScheduleOp>())
      schedules.push_back(schedule);
  }
  if (schedules.empty()) {
    llvm::errs() << "usage: predict_mixes [--way=WAY]... [--only=NAME]... [--choices] "
                    "ANNOTATED.mlir...\n";
    return 1;
  }
  MixOptions options;
  FailureOr<MixProblem> problem = makeMixProblem(schedules, options);
  if (failed(problem))
    return 2;
  for (StringRef way : ways)
    if (mlir::failed(printWay(*problem, way)))
      return 2;
  if (!ways.empty())
    return 0;
  return predictAll(*problem, only, choices) ? 2 : 0;
}
