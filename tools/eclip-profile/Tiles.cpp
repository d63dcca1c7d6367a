//===- Tiles.cpp - contractions of models, compiled with each tile --------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Tiles.h"

#include "compiler/import/Import.h"
#include "compiler/kernels/codegen/Compile.h"
#include "compiler/kernels/codegen/mma/MmaChoice.h"
#include "compiler/pipeline/Pipeline.h"
#include "compiler/pipeline/Registration.h"
#include "dialect/Eclip.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringMap.h"

#include <atomic>
#include <mutex>
#include <thread>

using namespace mlir;
using namespace eclip;
using namespace eclip::profiler;

static llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

namespace {

/// Keeps the first error of a context, and prints none.
class FirstError : public ScopedDiagnosticHandler {
public:
  explicit FirstError(MLIRContext &context) : ScopedDiagnosticHandler(&context) {
    setHandler([this](Diagnostic &diagnostic) {
      if (text.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error)
        text = diagnostic.str();
      return success();
    });
  }
  std::string text;
};

/// Collects the contractions of models.
class Finder {
public:
  Finder(const KernelTarget &target, const Options &options,
         const MmaTable &table, double clockMhz)
      : target(target), options(options), table(table), clockMhz(clockMhz) {}

  void add(ModuleOp module);
  /// What another one found, after what this one did.
  void add(Finder &&other);
  std::vector<TileProblem> problems;

private:
  TileProblem describe(KernelOp kernel, StringRef key);
  void addCandidates(TileProblem &problem, KernelOp kernel);
  bool isExcluded(StringRef tile) const {
    return llvm::any_of(options.excludedTiles, [&](const std::string &text) {
      return tile.contains(text);
    });
  }

  KernelTarget target;
  const Options &options;
  const MmaTable &table;
  double clockMhz;
  llvm::StringMap<size_t> known; // by key
};

} // namespace

TileProblem Finder::describe(KernelOp kernel, StringRef key) {
  TileProblem problem;
  problem.key = key.str();
  problem.name = kernel.getSymName().str();
  llvm::raw_string_ostream stream(problem.kernel);
  kernel->print(stream, OpPrintingFlags().useLocalScope());
  for (Type type : kernel.getBodyBlock().getArgumentTypes())
    problem.buffers.push_back(
        {uint64_t(tensorBytes(cast<RankedTensorType>(type)))});
  for (auto [index, type] : llvm::enumerate(kernel.getResultTypes())) {
    problem.buffers.push_back(
        {uint64_t(tensorBytes(kernel.getBufferType(index))), /*written=*/true});
    Type element = getElementTypeOrSelf(type);
    if (index == 0 && !kernel.getWindow(0))
      problem.firstOutput = element.isF16()   ? TileElement::F16
                            : element.isF32() ? TileElement::F32
                                              : TileElement::Other;
  }
  addCandidates(problem, kernel);
  return problem;
}

void Finder::addCandidates(TileProblem &problem, KernelOp kernel) {
  auto add = [&](StringRef tile, int64_t cuCount) {
    auto it = llvm::find_if(problem.tiles, [&](const TileCandidate &candidate) {
      return candidate.name == tile;
    });
    if (it == problem.tiles.end())
      it = problem.tiles.insert(it, {tile.str(), {}});
    if (!llvm::is_contained(it->cuCounts, cuCount))
      it->cuCounts.push_back(cuCount);
  };
  std::vector<int64_t> counts{target.cuCount};
  llvm::append_range(counts, options.cuCounts);
  for (int64_t count : counts) {
    KernelTarget part = target;
    part.cuCount = count;
    size_t taken = 0;
    for (const MmaCandidate &candidate : mmaCandidates(kernel, part)) {
      if (taken == options.candidates)
        break;
      if (isExcluded(candidate.tile))
        continue;
      if (problem.tiles.empty())
        problem.estimatedNs = candidate.cycles * 1e3 / clockMhz;
      add(candidate.tile, count);
      ++taken;
    }
  }
  const MmaTable::Entry *entry = table.find(problem.key);
  if (!entry || problem.tiles.empty())
    return;
  if (!isExcluded(entry->tile))
    add(entry->tile, target.cuCount);
  for (const auto &[count, partition] : entry->partitions)
    if (llvm::is_contained(options.cuCounts, count) &&
        !isExcluded(partition.tile))
      add(partition.tile, count);
}

void Finder::add(Finder &&other) {
  for (TileProblem &problem : other.problems) {
    auto [it, fresh] = known.try_emplace(problem.key, problems.size());
    if (fresh) {
      problems.push_back(std::move(problem));
      continue;
    }
    TileProblem &own = problems[it->second];
    own.uses += problem.uses;
    for (auto [buffer, more] : llvm::zip_equal(own.buffers, problem.buffers))
      buffer.rotates |= more.rotates;
  }
}

void Finder::add(ModuleOp module) {
  llvm::StringMap<size_t> ofKernel; // this module's
  for (KernelOp kernel : module.getOps<KernelOp>()) {
    // Random numbers are no indices.
    if (llvm::any_of(kernel.getBodyBlock().getArgumentTypes(), [](Type type) {
          return !isa<FloatType>(getElementTypeOrSelf(type));
        }))
      continue;
    std::string key = mmaKey(kernel, target);
    if (key.empty())
      continue;
    auto [it, fresh] = known.try_emplace(key, problems.size());
    if (fresh)
      problems.push_back(describe(kernel, key));
    ofKernel[kernel.getSymName()] = it->second;
  }
  module.walk([&](DispatchOp dispatch) {
    auto it = ofKernel.find(dispatch.getKernel());
    if (it == ofKernel.end())
      return;
    TileProblem &problem = problems[it->second];
    ++problem.uses;
    for (auto [buffer, operand] :
         llvm::zip(problem.buffers, dispatch->getOperands())) {
      Operation *def = operand.getDefiningOp();
      buffer.rotates |= def && def->hasTrait<OpTrait::ConstantLike>();
    }
  });
}

static void registerAll(DialectRegistry &registry) {
  registerDialects(registry);
  registerCodegenDialects(registry);
}

/// The kernels of a model with one precision and batch; of IR as they are.
static llvm::Error addModel(Finder &finder, const Options &options,
                            StringRef path, StringRef chip,
                            const std::string &precision, int64_t batch) {
  DialectRegistry registry;
  registerAll(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadDialect<EclipDialect>();
  FirstError error(context);
  auto fail = [&] {
    return refuse(StringRef(error.text).contains(path)
                      ? error.text
                      : (path + ": " + error.text).str());
  };
  OwningOpRef<ModuleOp> module;
  if (path.ends_with(".mlir")) {
    module = parseSourceFile<ModuleOp>(path, &context);
    if (!module)
      return fail();
  } else {
    ImportOptions import;
    if (batch)
      import.batch = batch;
    for (const auto &[name, size] : options.dims)
      import.dims[name] = size;
    module = importOnnx(context, path, import);
    PipelineOptions pipeline;
    pipeline.target = chip.str();
    pipeline.precision = precision;
    std::string text;
    if (!module || failed(runPipeline(*module, Stage::Kernels, pipeline, text)))
      return fail();
  }
  finder.add(*module);
  return llvm::Error::success();
}

namespace {
/// One reading of a model.
struct Reading {
  Reading(StringRef model, StringRef precision, int64_t batch, Finder finder)
      : model(model), precision(precision), batch(batch),
        finder(std::move(finder)) {}
  std::string model, precision;
  int64_t batch;
  Finder finder;
  std::string error; ///< empty if it could be read
};
} // namespace

/// Reads all of them, on so many threads.
static void readAll(std::vector<Reading> &readings, const Options &options,
                    StringRef chip) {
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i; (i = next++) < readings.size();) {
      Reading &reading = readings[i];
      if (llvm::Error error =
              addModel(reading.finder, options, reading.model, chip,
                       reading.precision, reading.batch))
        reading.error = llvm::toString(std::move(error));
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < std::min<size_t>(options.jobs, readings.size()); ++i)
    threads.emplace_back(work);
  work();
  for (std::thread &thread : threads)
    thread.join();
}

llvm::Expected<std::vector<TileProblem>>
eclip::profiler::findTileProblems(const Options &options, const MmaTable &known,
                                  double clockMhz) {
  static std::once_flag once;
  std::call_once(once, registerPasses);
  StringRef chip = known.chip;
  FailureOr<KernelTarget> target = targetFor(chip);
  if (failed(target) || !target->isNvidia())
    return refuse("--tune: tiles are for tensor cores, " + chip + " has none");
  std::vector<Reading> readings;
  for (const std::string &model : options.models) {
    // IR has its precision and batch.
    bool isIr = StringRef(model).ends_with(".mlir");
    for (size_t i = 0; i < (isIr ? 1 : options.precisions.size()); ++i)
      for (size_t j = 0; j < (isIr ? 1 : options.batches.size()); ++j)
        readings.emplace_back(model, options.precisions[i], options.batches[j],
                              Finder(*target, options, known, clockMhz));
  }
  readAll(readings, options, chip);
  Finder all(*target, options, known, clockMhz);
  for (Reading &reading : readings) {
    if (!reading.error.empty())
      return refuse(reading.error);
    all.add(std::move(reading.finder));
  }
  auto weight = [](const TileProblem &problem) {
    return problem.estimatedNs * problem.uses;
  };
  // By key among equals, so that runs agree.
  llvm::sort(all.problems, [&](const TileProblem &a, const TileProblem &b) {
    return std::make_pair(-weight(a), StringRef(a.key)) <
           std::make_pair(-weight(b), StringRef(b.key));
  });
  return std::move(all.problems);
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

struct TileCompiler::State {
  State() : context(makeRegistry(), MLIRContext::Threading::DISABLED) {
    context.loadAllAvailableDialects();
  }
  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerAll(registry);
    return registry;
  }
  MLIRContext context;
  CompileOptions options;
};

TileCompiler::TileCompiler(StringRef chip) : state(std::make_unique<State>()) {
  if (FailureOr<KernelTarget> target = targetFor(chip); succeeded(target))
    state->options.target = *target;
}

TileCompiler::~TileCompiler() = default;

template <size_t N>
static void copySizes(ArrayRef<int64_t> from, std::array<uint32_t, N> &to) {
  for (auto [in, out] : llvm::zip_equal(from, to))
    out = static_cast<uint32_t>(in);
}

llvm::Expected<std::unique_ptr<CompiledTile>>
TileCompiler::compile(const TileProblem &problem, StringRef tile) {
  FirstError error(state->context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      problem.kernel, ParserConfig(&state->context));
  if (!module)
    return refuse(error.text);
  auto kernels = module->getOps<KernelOp>();
  if (kernels.empty())
    return refuse("the kernel's text has no kernel");
  KernelOp kernel = *kernels.begin();
  kernel->setAttr("eclip.tile", StringAttr::get(&state->context, tile));
  if (failed(compileKernels(*module, state->options)))
    return refuse(error.text);
  auto code =
      (*module)->getAttrOfType<DenseResourceElementsAttr>("eclip.code_object");
  auto isa = (*module)->getAttrOfType<StringAttr>("eclip.isa");
  AsmResourceBlob *blob = code ? code.getRawHandle().getBlob() : nullptr;
  LaunchAttr launch = kernel.getLaunchAttr();
  if (!blob || !isa || !launch)
    return refuse("compiling left no code");
  auto result = std::make_unique<CompiledTile>();
  ArrayRef<char> bytes = blob->getData();
  result->image.assign(bytes.begin(), bytes.end());
  KernelLaunch &out = result->launch;
  out.name = out.symbol = kernel.getSymName().str();
  out.isa = isa.str();
  out.image = result->image;
  out.ldsBytes = static_cast<uint32_t>(launch.getLdsBytes());
  out.scratchBytes = static_cast<uint32_t>(launch.getScratchBytes());
  copySizes(launch.getGrid(), out.grid);
  copySizes(launch.getWorkgroup(), out.workgroup);
  out.buffers = problem.buffers;
  return result;
}
