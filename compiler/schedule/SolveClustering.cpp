//===- SolveClustering.cpp - clustering problems as text ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Instances and solutions as attributes of modules. One reader serves both
// problems: a mix of one worker, alone, is the problem of one worker.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ClusteringExport.h"
#include "compiler/schedule/MixClustering.h"
#include "compiler/schedule/Passes.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"

#include <array>
#include <memory>

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_SOLVECLUSTERING
#define GEN_PASS_DEF_VERIFYCLUSTERING
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

static constexpr llvm::StringLiteral problemName = "eclip.clustering_problem";
static constexpr llvm::StringLiteral solutionName = "eclip.clustering_solution";

//===----------------------------------------------------------------------===//
// Reading an instance
//===----------------------------------------------------------------------===//

namespace {

/// Fields of one dictionary. Every field that is there must be asked for.
class Fields {
public:
  Fields(ModuleOp module, DictionaryAttr dictionary, std::string where)
      : module(module), dictionary(dictionary), where(std::move(where)) {}

  InFlightDiagnostic error(const Twine &field) {
    return module.emitError() << problemName << ": " << where << field << " ";
  }
  Attribute get(StringRef name) {
    asked.insert(name);
    return dictionary.get(name);
  }
  LogicalResult number(StringRef name, int64_t &value) {
    Attribute attr = get(name);
    if (!attr)
      return success();
    auto integer = dyn_cast<IntegerAttr>(attr);
    if (!integer || !integer.getType().isInteger(64))
      return error(name) << "must be an i64";
    value = integer.getValue().getSExtValue();
    return success();
  }
  LogicalResult word(StringRef name, std::string &value) {
    Attribute attr = get(name);
    if (!attr)
      return success();
    auto string = dyn_cast<StringAttr>(attr);
    if (!string)
      return error(name) << "must be a string";
    value = string.str();
    return success();
  }
  /// A table of i64 with `columns` columns; empty if absent.
  LogicalResult table(StringRef name, int64_t columns,
                      std::vector<int64_t> &values) {
    Attribute attr = get(name);
    if (!attr)
      return success();
    auto dense = dyn_cast<DenseIntElementsAttr>(attr);
    auto type = dense ? dyn_cast<RankedTensorType>(dense.getType()) : nullptr;
    if (!type || !type.getElementType().isInteger(64) || type.getRank() != 2 ||
        type.getDimSize(1) != columns)
      return error(name) << "must be dense i64 with a row for each kernel and "
                         << columns << " columns, one for each CU count";
    for (const APInt &value : dense.getValues<APInt>())
      values.push_back(value.getSExtValue());
    return success();
  }
  LogicalResult allAsked() {
    for (NamedAttribute entry : dictionary)
      if (!asked.contains(entry.getName().strref()))
        return error(entry.getName().strref()) << "is no known field";
    return success();
  }

private:
  ModuleOp module;
  DictionaryAttr dictionary;
  std::string where;
  llvm::StringSet<> asked;
};

} // namespace

static LogicalResult readTables(Fields &fields, MixWorker &worker) {
  auto columns = static_cast<int64_t>(worker.cuCounts.size());
  auto tables = std::make_shared<std::array<std::vector<int64_t>, 3>>();
  auto &[time, energy, traffic] = *tables;
  if (failed(fields.table("time_ns", columns, time)) ||
      failed(fields.table("energy_nj", columns, energy)) ||
      failed(fields.table("hbm_bytes_per_s", columns, traffic)))
    return failure();
  if (time.empty())
    return fields.error("time_ns") << "is missing";
  if (energy.size() != time.size())
    return fields.error("energy_nj") << "has other rows than time_ns";
  if (!traffic.empty() && traffic.size() != time.size())
    return fields.error("hbm_bytes_per_s") << "has other rows than time_ns";
  worker.kernelCount = time.size() / worker.cuCounts.size();
  worker.cost = [tables, counts = worker.cuCounts](size_t kernel,
                                                   int64_t cuCount) {
    const auto &[time, energy, traffic] = *tables;
    size_t at =
        kernel * counts.size() + (llvm::find(counts, cuCount) - counts.begin());
    KernelCost cost;
    cost.timeNs = time[at];
    cost.energyNj = energy[at];
    cost.hbmBytesPerS = traffic.empty() ? 0 : traffic[at];
    return cost;
  };
  return success();
}

static LogicalResult readWorker(ModuleOp module, Attribute attr, size_t index,
                                MixProblem &problem) {
  std::string where = ("workers[" + Twine(index) + "].").str();
  auto dictionary = dyn_cast<DictionaryAttr>(attr);
  if (!dictionary)
    return module.emitError()
           << problemName << ": workers[" << index << "] must be a dictionary";
  Fields fields(module, dictionary, where);
  MixWorker worker;
  worker.name = ("w" + Twine(index)).str();
  auto counts = dyn_cast_or_null<DenseI64ArrayAttr>(fields.get("cu_counts"));
  if (!counts || counts.empty())
    return fields.error("cu_counts") << "must be an array<i64>, not empty";
  worker.cuCounts.assign(counts.asArrayRef().begin(),
                         counts.asArrayRef().end());
  std::string end = index % 2 ? "high" : "low";
  int64_t limit = 0;
  if (failed(fields.word("name", worker.name)) ||
      failed(fields.word("end", end)) ||
      failed(fields.number("switch_cost_ns", worker.switchCost.timeNs)) ||
      failed(fields.number("switch_cost_nj", worker.switchCost.energyNj)) ||
      failed(fields.number("max_switches", worker.maxSwitches)) ||
      failed(fields.number("max_queues", worker.maxQueues)) ||
      failed(fields.number("priority", worker.priority)) ||
      failed(fields.number("time_limit_ns", limit)) ||
      failed(readTables(fields, worker)) || failed(fields.allAsked()))
    return failure();
  if (end != "low" && end != "high")
    return fields.error("end") << "must be low or high";
  worker.highEnd = end == "high";
  if (limit != 0)
    worker.timeLimitNs = limit;
  problem.workers.push_back(std::move(worker));
  return success();
}

static FailureOr<MixProblem> readProblem(ModuleOp module, StringRef objective) {
  auto dictionary = module->getAttrOfType<DictionaryAttr>(problemName);
  if (!dictionary) {
    module.emitError() << problemName << " must be a dictionary";
    return failure();
  }
  Fields fields(module, dictionary, "");
  MixProblem problem;
  MaskTopology &topology = problem.topology;
  std::string word = "energy", order = "shader_engine_interleaved";
  if (failed(fields.word("objective", word)) ||
      failed(fields.number("cus", topology.cuCount)) ||
      failed(fields.number("shader_engines", topology.engineCount)) ||
      failed(fields.number("xcds", topology.xcdCount)) ||
      failed(fields.word("mask_bit_order", order)) ||
      failed(fields.number("max_masked_queues", problem.maxQueues)) ||
      failed(fields.number("hbm_bytes_per_s", problem.limits.hbmBytesPerS)) ||
      failed(fields.number("launch_ns", problem.limits.launchNs)) ||
      failed(fields.number("idle_mw", problem.limits.idleMilliwatts)) ||
      failed(fields.number("turn_ppm", problem.limits.turnPpm)) ||
      failed(fields.number("pending_ppm", problem.limits.pendingPpm)) ||
      failed(fields.number("workgroup_ns", problem.limits.workgroupNs)) ||
      failed(fields.number("launch_beside_ns",
                           problem.limits.launchBesideNs)) ||
      failed(fields.number("memory_beside_ppm",
                           problem.limits.memoryBesidePpm)) ||
      failed(fields.number("throughput_floor_ppm", problem.throughputFloorPpm)))
    return failure();
  auto workers = dyn_cast_or_null<ArrayAttr>(fields.get("workers"));
  if (!workers || workers.empty()) {
    fields.error("workers") << "must be an array, not empty";
    return failure();
  }
  auto wanted = parseObjective(objective.empty() ? StringRef(word) : objective);
  auto bits = parseMaskBitOrder(order);
  if (!wanted || !bits) {
    fields.error(wanted ? "mask_bit_order" : "objective") << "is unknown";
    return failure();
  }
  problem.objective = *wanted;
  topology.order = *bits;
  for (auto [index, worker] : llvm::enumerate(workers))
    if (failed(readWorker(module, worker, index, problem)))
      return failure();
  if (failed(fields.allAsked()))
    return failure();
  return problem;
}

/// One worker, alone on the device.
static FailureOr<ClusteringProblem> aloneProblem(ModuleOp module,
                                                 const MixProblem &mix) {
  if (mix.workers.size() != 1 || mix.throughputFloorPpm != 0) {
    module.emitError() << problemName
                       << ": this solver takes one worker and no "
                          "throughput_floor_ppm";
    return failure();
  }
  const MixWorker &worker = mix.workers.front();
  ClusteringProblem problem;
  problem.kernelCount = worker.kernelCount;
  problem.cuCounts = worker.cuCounts;
  problem.cost = worker.cost;
  problem.switchCost = worker.switchCost;
  problem.maxSwitches = worker.maxSwitches;
  problem.maxQueues = std::min(mix.maxQueues, worker.maxQueues);
  problem.objective = mix.objective;
  problem.timeLimitNs = worker.timeLimitNs;
  return problem;
}

//===----------------------------------------------------------------------===//
// Solutions
//===----------------------------------------------------------------------===//

/// Objectives may exceed 64 bits, so they are decimal strings.
static std::string decimal(WideInt value) {
  std::string digits;
  bool negative = value < 0;
  do {
    digits.push_back(static_cast<char>(
        '0' + static_cast<int>(negative ? -(value % 10) : value % 10)));
    value /= 10;
  } while (value != 0);
  if (negative)
    digits.push_back('-');
  return {digits.rbegin(), digits.rend()};
}

namespace {

/// What a solution says, in text.
struct Claim {
  StringRef problem; ///< alone or mix: which definition it is of
  MixChoice cuCounts;
  std::string objective, lowerBound;
  SmallVector<int64_t> switches, timeNs, energyNj; ///< one a worker
  bool optimal = false;
};

} // namespace

static DictionaryAttr writeClaim(MLIRContext *context, const Claim &claim) {
  Builder builder(context);
  SmallVector<Attribute> counts;
  for (const auto &worker : claim.cuCounts)
    counts.push_back(builder.getDenseI64ArrayAttr(worker));
  NamedAttrList list;
  list.set("problem", builder.getStringAttr(claim.problem));
  list.set("cu_counts", builder.getArrayAttr(counts));
  list.set("objective_value", builder.getStringAttr(claim.objective));
  list.set("lower_bound", builder.getStringAttr(claim.lowerBound));
  list.set("optimal", builder.getBoolAttr(claim.optimal));
  list.set("switches", builder.getDenseI64ArrayAttr(claim.switches));
  list.set("time_ns", builder.getDenseI64ArrayAttr(claim.timeNs));
  list.set("energy_nj", builder.getDenseI64ArrayAttr(claim.energyNj));
  return list.getDictionary(context);
}

static Claim claimOf(const ClusteringProblem &problem,
                     const ClusteringSolution &solution) {
  return {"alone",
          {solution.cuCounts},
          decimal(problem.objectiveValue(solution.totals)),
          decimal(solution.lowerBound),
          {solution.totals.switches},
          {solution.totals.timeNs},
          {solution.totals.energyNj},
          solution.optimal};
}

static Claim claimOf(const MixProblem &problem, const MixSolution &solution) {
  Claim claim{"mix",
              solution.cuCounts,
              decimal(problem.objectiveValue(solution.totals)),
              decimal(solution.lowerBound),
              {},
              {},
              {},
              solution.optimal};
  for (const MixWorkerTotals &own : solution.totals.workers) {
    claim.switches.push_back(own.switches);
    claim.timeNs.push_back(own.timeNs());
    claim.energyNj.push_back(own.energyNj());
  }
  return claim;
}

namespace {

struct SolveClustering : eclip::impl::SolveClusteringBase<SolveClustering> {
  using Base::Base;

  void runOnOperation() override {
    bool failed = false;
    getOperation()->walk([&](ModuleOp module) {
      if (module->hasAttr(problemName))
        failed |= mlir::failed(solve(module));
    });
    if (failed)
      signalPassFailure();
  }

  LogicalResult solve(ModuleOp module);
  LogicalResult write(ModuleOp module, const MixProblem &mix);

  template <typename Problem, typename Solution>
  LogicalResult finish(ModuleOp module, const Problem &problem,
                       llvm::Expected<Solution> solution) {
    if (!solution)
      return module.emitError()
             << "can't be clustered: " << llvm::toString(solution.takeError());
    if (llvm::Error wrong = problem.verify(*solution))
      return module.emitError()
             << "solver " << solver
             << " is wrong: " << llvm::toString(std::move(wrong));
    module->setAttr(solutionName, writeClaim(module.getContext(),
                                             claimOf(problem, *solution)));
    return success();
  }
};

struct VerifyClustering : eclip::impl::VerifyClusteringBase<VerifyClustering> {
  using Base::Base;

  void runOnOperation() override {
    bool failed = false;
    getOperation()->walk([&](ModuleOp module) {
      if (module->hasAttr(solutionName))
        failed |= mlir::failed(verify(module));
    });
    if (failed)
      signalPassFailure();
  }

  LogicalResult verify(ModuleOp module);
};

} // namespace

LogicalResult SolveClustering::write(ModuleOp module, const MixProblem &mix) {
  FailureOr<ClusteringProblem> problem = aloneProblem(module, mix);
  if (failed(problem))
    return failure();
  std::error_code code;
  llvm::raw_fd_ostream out(integerProgram, code);
  if (code)
    return module.emitError() << integerProgram << ": " << code.message();
  if (llvm::Error wrong = writeIntegerProgram(*problem, out))
    return module.emitError()
           << "can't be written: " << llvm::toString(std::move(wrong));
  return success();
}

LogicalResult SolveClustering::solve(ModuleOp module) {
  FailureOr<MixProblem> mix = readProblem(module, objective);
  if (failed(mix))
    return failure();
  if (!integerProgram.empty())
    return write(module, *mix);
  if (solver == "mix")
    return finish(module, *mix, solveMix(*mix));
  if (solver == "mix-exhaustive")
    return finish(module, *mix, solveMixExhaustive(*mix));
  if (solver != "dp" && solver != "exhaustive")
    return module.emitError()
           << "unknown solver '" << solver
           << "'; known are dp, exhaustive, mix, mix-exhaustive";
  FailureOr<ClusteringProblem> problem = aloneProblem(module, *mix);
  if (failed(problem))
    return failure();
  return finish(module, *problem,
                solver == "dp" ? solveDynamicProgram(*problem)
                               : solveExhaustive(*problem));
}

static bool isKnown(const MixProblem &problem, const MixChoice &choice) {
  if (choice.size() != problem.workers.size())
    return false;
  for (auto [worker, counts] : llvm::zip(problem.workers, choice))
    if (counts.size() != worker.kernelCount ||
        !llvm::all_of(counts, [&](int64_t count) {
          return llvm::is_contained(worker.cuCounts, count);
        }))
      return false;
  return true;
}

/// The claim that is right for a choice, proven by the problem itself.
static llvm::Expected<Claim> rightClaim(const MixProblem &problem,
                                        const MixChoice &choice) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  MixSolution solution;
  solution.cuCounts = choice;
  // Totals of a choice that isn't one can't be asked for; verify() refuses it.
  if (isKnown(problem, choice))
    solution.totals = problem.evaluate(choice);
  if (llvm::Error wrong = problem.verify(solution))
    return std::move(wrong);
  return claimOf(problem, solution);
}

static llvm::Expected<Claim> rightClaim(const ClusteringProblem &problem,
                                        const MixProblem &mix,
                                        const MixChoice &choice) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  ClusteringSolution solution;
  if (!choice.empty())
    solution.cuCounts = choice.front();
  if (isKnown(mix, choice))
    solution.totals = problem.evaluate(solution.cuCounts);
  if (llvm::Error wrong = problem.verify(solution))
    return std::move(wrong);
  return claimOf(problem, solution);
}

/// Everything that a solution claims is compared with what its choice is worth;
/// a bound is a claim that no choice alone can prove, and is left out.
LogicalResult VerifyClustering::verify(ModuleOp module) {
  FailureOr<MixProblem> mix = readProblem(module, "");
  if (failed(mix))
    return failure();
  auto claimed = module->getAttrOfType<DictionaryAttr>(solutionName);
  auto counts = claimed ? claimed.getAs<ArrayAttr>("cu_counts") : nullptr;
  if (!counts)
    return module.emitError() << solutionName << ": cu_counts must be an array";
  MixChoice choice;
  for (Attribute worker : counts) {
    auto array = dyn_cast<DenseI64ArrayAttr>(worker);
    if (!array)
      return module.emitError()
             << solutionName << ": cu_counts must hold an array<i64> a worker";
    choice.push_back(array.asArrayRef().vec());
  }
  auto kind = claimed.getAs<StringAttr>("problem");
  bool alone = kind && kind.getValue() == "alone";
  FailureOr<ClusteringProblem> single =
      alone ? aloneProblem(module, *mix) : ClusteringProblem();
  if (failed(single))
    return failure();
  llvm::Expected<Claim> right =
      alone ? rightClaim(*single, *mix, choice) : rightClaim(*mix, choice);
  if (!right)
    return module.emitError() << llvm::toString(right.takeError());
  DictionaryAttr is = writeClaim(module.getContext(), *right);
  for (NamedAttribute entry : claimed) {
    StringRef name = entry.getName().strref();
    if (name == "lower_bound" || name == "optimal")
      continue;
    if (!is.get(name))
      return module.emitError()
             << solutionName << ": " << name << " is no known field";
    if (is.get(name) != entry.getValue())
      return module.emitError()
             << "claims " << name << " = " << entry.getValue() << "; it is "
             << is.get(name);
  }
  return success();
}
