//===- Summary.cpp - what was compiled, for people ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-compile/Summary.h"

#include "compiler/schedule/Plans.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace eclip;

template <typename OpT>
static size_t countOps(Block &block) {
  auto ops = block.getOps<OpT>();
  return std::distance(ops.begin(), ops.end());
}

static int64_t numberIn(DictionaryAttr attr, StringRef name) {
  auto value = attr ? attr.getAs<IntegerAttr>(name) : IntegerAttr();
  return value ? value.getInt() : 0;
}

static void printWorker(const CompiledWorker &worker, bool cacheUsed,
                        raw_ostream &os) {
  ModuleOp module = *worker.module;
  auto schedules = module.getOps<ScheduleOp>();
  ScheduleOp first = *schedules.begin();
  int64_t arena = 0;
  for (ScheduleOp schedule : schedules)
    arena = std::max<int64_t>(arena, schedule.getArenaBytes().value_or(0));
  MaskCount masks = countMasks(module);
  os << llvm::formatv(
      "{0}: {1} launches of {2} kernels{3}, arena {4:F1} MiB, {5} masks ({6} with "
      "the other end's), of {7}\n",
      worker.output, countOps<DispatchOp>(first.getBodyBlock()),
      countOps<KernelOp>(*module.getBody()),
      cacheUsed ? llvm::formatv(" ({0} from cache)", worker.report.fromCache).str()
                : std::string(),
      static_cast<double>(arena) / 1048576.0, masks.own, masks.withMirrored,
      first.getDeviceAttr().getMaxMaskedQueues());
}

/// Predictions: time and energy of one request beside the plan's neighbours.
static void printPlan(ScheduleOp schedule, raw_ostream &os) {
  auto clustering = schedule->getAttrOfType<DictionaryAttr>("eclip.clustering");
  Block &body = schedule.getBodyBlock();
  auto objective = clustering ? clustering.getAs<StringAttr>("objective") : nullptr;
  bool pinned = clustering && clustering.get("pinned_cus");
  os << llvm::formatv(
      "  {0,-13} {1,-10} {2,9:F3} ms {3,9:F3} mJ  {4,2} switches  {5} queues  {6,3} "
      "barriers",
      PlanKind::of(schedule).name,
      pinned      ? "pinned"
      : objective ? objective.getValue()
                  : StringRef("-"),
      static_cast<double>(numberIn(clustering, "time_ns")) * 1e-6,
      static_cast<double>(numberIn(clustering, "energy_nj")) * 1e-6,
      numberIn(clustering, "switches"), countOps<QueueOp>(body),
      countOps<BarrierOp>(body));
  if (int64_t gap = numberIn(clustering, "gap_parts_per_million"))
    os << llvm::formatv("  gap {0:F2} %", static_cast<double>(gap) * 1e-4);
  os << "\n";
}

static void printMix(const CompiledMix &mix, StringRef name, raw_ostream &os) {
  const MixProblem &problem = *mix.problem;
  const MixTotals &totals = mix.solution->totals;
  double workers = static_cast<double>(mix.workers.size());
  double gap = mix.solution->gap(problem.objectiveValue(totals)) * 100;
  os << llvm::formatv(
      "mix {0}: objective {1}, {2} queues of {3}, {4}time x{5:F2} and energy "
      "x{6:F2} of each model alone on all CUs\n",
      name, objectiveName(problem.objective), totals.queues, problem.maxQueues,
      hasTellingBound(problem.objective)
          ? llvm::formatv("gap {0:F2} %, ", gap).str()
          : std::string(),
      static_cast<double>(totals.relativeTime) * 1e-12 / workers,
      static_cast<double>(totals.relativeEnergy) * 1e-12 / workers);
  if (const MixPlay &play = mix.play; play.candidates > 0)
    os << llvm::formatv(
        "mix {0}: choice {1} of {2}, {3}; of {4} simulated: beside all on all "
        "CUs throughput x{5:F2}, work per joule x{6:F2}, slowest p95 x{7:F2}\n",
        name, play.choice, play.choices,
        play.fixed ? "a fixed partition" : "kernel by kernel", play.candidates,
        play.throughput, play.efficiency, play.slowest);
}

void eclip::printSummary(const CompiledMix &mix, llvm::StringRef mixName,
                         bool cacheUsed, double seconds, raw_ostream &os) {
  for (const CompiledWorker &worker : mix.workers) {
    printWorker(worker, cacheUsed, os);
    for (ScheduleOp schedule :
         ModuleOp(*worker.module).getOps<ScheduleOp>())
      printPlan(schedule, os);
  }
  if (mix.solution)
    printMix(mix, mixName, os);
  os << llvm::formatv("predicted, not measured; {0:F1} s\n", seconds);
}
