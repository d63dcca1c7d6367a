//===- eclip-compile.cpp - compiles an ONNX model to a .eclip file --------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Emit.h"
#include "compiler/import/Import.h"
#include "compiler/kernels/cache/KernelCache.h"
#include "compiler/kernels/codegen/Compile.h"
#include "compiler/pipeline/Pipeline.h"
#include "compiler/pipeline/Registration.h"
#include "dialect/Eclip.h"
#include "tools/eclip-compile/Diagnostics.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/ToolOutputFile.h"

#include <chrono>
#include <unistd.h>

using namespace mlir;
namespace cl = llvm::cl;

namespace {

/// Exit codes, as `--help` lists them.
enum ExitCode { kOk = 0, kUsage = 1, kCompileError = 2, kWriteError = 3 };

cl::OptionCategory category("eclip-compile options");
cl::opt<std::string> modelFlag(cl::Positional, cl::desc("MODEL.onnx"),
                               cl::cat(category));
cl::opt<std::string> outputFlag("o", cl::value_desc("OUT.eclip"),
                                cl::desc("File to write; - is standard output "
                                         "for --emit"),
                                cl::cat(category));
cl::opt<std::string> targetFlag("target", cl::init("gfx906"), cl::value_desc("ISA"),
                            cl::desc("Machine code to generate: gfx906, sm_80 or sm_90"),
                            cl::cat(category));
cl::opt<std::string> deviceFlag("device", cl::value_desc("NAME|FILE"),
                            cl::desc("Device description: mi50, mi60, h100, or a JSON "
                                     "file (default mi50; h100 for sm_90)"),
                            cl::cat(category));
cl::opt<std::string> profileFlag("profile", cl::value_desc("FILE"),
                             cl::desc("Measurements of eclip-profile, used in place of "
                                      "the cost model where they have a kernel"),
                             cl::cat(category));
cl::opt<std::string> precisionFlag("precision", cl::init("f32"), cl::value_desc("f32|f16"),
                               cl::desc("What f32 weights and activations are stored in; "
                                        "inputs and outputs keep their types and sums "
                                        "are accumulated in f32 (default f32)"),
                               cl::cat(category));
cl::opt<int64_t> batchFlag("batch", cl::init(0), cl::value_desc("N"),
                       cl::desc("Bind the leading dynamic dimension of the inputs"),
                       cl::cat(category));
cl::list<std::string> dimFlags("dim", cl::value_desc("NAME=N"),
                           cl::desc("Bind a dynamic dimension by its name"),
                           cl::cat(category));
cl::opt<std::string> emitFlag("emit", cl::value_desc("STAGE"),
                          cl::desc("Print a stage instead of writing a file: "
                                   "import, kernels, llvm, asm, groups, schedule"),
                          cl::cat(category));
cl::opt<std::string> tilesFlag("tiles", cl::value_desc("FILE"),
                           cl::desc("Measured tiles of tensor cores, from eclip-profile "
                                    "--tune, ahead of those built in"),
                           cl::cat(category));
cl::opt<std::string> objectiveFlag("objective", cl::value_desc("NAME"),
                               cl::desc("What the clustering minimizes"),
                               cl::cat(category));
cl::opt<int64_t> maxSwitchesFlag("max-switches", cl::init(14), cl::value_desc("N"),
                             cl::desc("Limit on switches of CU count per request"),
                             cl::cat(category));
cl::opt<std::string> cacheDirFlag("cache-dir", cl::value_desc("DIR"),
                              cl::desc("Directory of the kernel cache (default "
                                       "$ECLIP_CACHE_DIR, else eclip in "
                                       "$XDG_CACHE_HOME or ~/.cache)"),
                              cl::cat(category));
cl::opt<std::string> cacheSizeFlag("cache-size", cl::init("1G"), cl::value_desc("SIZE"),
                               cl::desc("Size limit of the kernel cache in bytes, or "
                                        "with K, M or G (default 1G)"),
                               cl::cat(category));
cl::opt<bool> noCacheFlag("no-cache", cl::desc("Compile every kernel and keep none"),
                      cl::cat(category));
cl::opt<bool> quietFlag("quiet", cl::desc("No progress and no summary"),
                    cl::cat(category));
cl::extrahelp exitCodes("\nExit codes: 0 compiled; 1 wrong usage; 2 the model or "
                        "the device description cannot be compiled; 3 the output "
                        "cannot be written.\n");

/// What the command line asks for. A copy: linking in process runs lld's own
/// command line, which resets every option of this process.
struct Options {
  std::string model, output;
  eclip::ImportOptions import;
  eclip::PipelineOptions pipeline;
  std::optional<eclip::Stage> stage; ///< to print instead of writing a file
  bool quiet = false;
};

/// Seconds since `start`, for the summary.
double seconds(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

/// Reads --batch and --dim; a message on a malformed one.
std::string readDims(eclip::ImportOptions &options) {
  if (batchFlag.getNumOccurrences()) {
    if (batchFlag < 1)
      return "--batch must be at least 1, is " + std::to_string(batchFlag);
    options.batch = batchFlag;
  }
  for (const std::string &dim : dimFlags) {
    auto [name, value] = llvm::StringRef(dim).split('=');
    int64_t number;
    if (name.empty() || value.getAsInteger(10, number) || number < 1)
      return "--dim needs NAME=N with N at least 1, has '" + dim + "'";
    if (!options.dims.try_emplace(name, number).second)
      return "--dim binds '" + name.str() + "' twice";
  }
  return {};
}

/// Reads --cache-dir, --cache-size and --no-cache; a message on a malformed one.
std::string readCache(eclip::PipelineOptions &options) {
  llvm::StringRef digits = cacheSizeFlag;
  unsigned shift = digits.consume_back("K")   ? 10
                   : digits.consume_back("M") ? 20
                   : digits.consume_back("G") ? 30
                                              : 0;
  uint64_t number;
  if (digits.getAsInteger(10, number) || number == 0 || number > UINT64_MAX >> shift)
    return "--cache-size needs a size such as 512M, at least 1, has '" +
           std::string(cacheSizeFlag) + "'";
  if (noCacheFlag && cacheDirFlag.getNumOccurrences())
    return "--no-cache and --cache-dir exclude each other";
  if (cacheDirFlag.getNumOccurrences() && cacheDirFlag.empty())
    return "--cache-dir names no directory";
  options.cacheBytes = number << shift;
  if (!noCacheFlag)
    options.cacheDirectory =
        cacheDirFlag.empty() ? eclip::defaultCacheDirectory() : cacheDirFlag;
  return {};
}

/// Reads the command line; a message on wrong usage.
std::string readOptions(Options &options) {
  options.model = modelFlag;
  options.output = outputFlag;
  options.quiet = quietFlag;
  options.pipeline.target = targetFlag;
  options.pipeline.device = !deviceFlag.empty()   ? std::string(deviceFlag)
                            : targetFlag == "sm_90" ? "h100"
                                                    : "mi50";
  options.pipeline.profile = profileFlag;
  options.pipeline.precision = precisionFlag;
  options.pipeline.tileFile = tilesFlag;
  options.pipeline.objective = objectiveFlag;
  options.pipeline.maxSwitches = maxSwitchesFlag;
  if (options.model.empty())
    return "no model given; see --help";
  if (!llvm::is_contained({"gfx906", "sm_80", "sm_90"}, options.pipeline.target))
    return "--target '" + options.pipeline.target +
           "' is not known; known: gfx906, sm_80, sm_90";
  if (options.pipeline.precision != "f32" && options.pipeline.precision != "f16")
    return "--precision '" + options.pipeline.precision + "' is not known; known: f32, f16";
  if (maxSwitchesFlag < 0)
    return "--max-switches must not be negative";
  if (!emitFlag.empty()) {
    options.stage = eclip::stageByName(emitFlag);
    if (!options.stage)
      return "--emit '" + emitFlag +
             "' is no stage; stages: import, kernels, llvm, asm, groups, schedule";
  } else if (options.output.empty()) {
    return "no output given: -o OUT.eclip";
  }
  if (std::string message = readCache(options.pipeline); !message.empty())
    return message;
  return readDims(options.import);
}

/// Prints what --emit asks for, whole or not at all.
int printStage(ModuleOp module, const Options &options, const std::string &text) {
  std::error_code error;
  std::string path = options.output.empty() ? "-" : options.output;
  llvm::ToolOutputFile out(path, error, llvm::sys::fs::OF_Text);
  if (error) {
    llvm::errs() << "eclip-compile: error: " << path << ": " << error.message() << "\n";
    return kWriteError;
  }
  if (*options.stage == eclip::Stage::Llvm || *options.stage == eclip::Stage::Asm) {
    out.os() << text;
  } else {
    OpPrintingFlags flags;
    flags.elideLargeElementsAttrs(16).elideLargeResourceString(16);
    module->print(out.os(), flags);
  }
  out.keep();
  return kOk;
}

void printSummary(ModuleOp module, const Options &options,
                  const eclip::CompileReport &report, double elapsed) {
  auto schedule = *module.getOps<eclip::ScheduleOp>().begin();
  auto count = [&](auto range) { return std::distance(range.begin(), range.end()); };
  Block &body = schedule.getBodyBlock();
  llvm::errs() << llvm::formatv(
      "{0}: {1} launches of {2} kernels{8}, {3} groups on {4} masked queues, {5} "
      "barriers, arena {6:F1} MiB, {7:F1} s\n",
      options.output, count(body.getOps<eclip::DispatchOp>()),
      count(module.getOps<eclip::KernelOp>()), count(body.getOps<eclip::GroupOp>()),
      count(body.getOps<eclip::QueueOp>()), count(body.getOps<eclip::BarrierOp>()),
      schedule.getArenaBytes().value_or(0) / 1048576.0, elapsed,
      options.pipeline.cacheDirectory.empty()
          ? std::string()
          : llvm::formatv(" ({0} from cache)", report.fromCache).str());
}

/// Progress on a terminal: one line, overwritten.
void showProgress(eclip::PipelineOptions &options,
                  std::chrono::steady_clock::time_point start) {
  auto show = [start](llvm::StringRef what) {
    llvm::errs() << llvm::formatv("\r\033[K[{0,6:F1} s] {1}", seconds(start), what);
  };
  show("import");
  options.onPass = show;
  options.onKernel = [show](size_t done, size_t total) {
    show(llvm::formatv("kernels: {0} of {1}", done, total).str());
  };
}

int compile(Options &options) {
  auto start = std::chrono::steady_clock::now();
  DialectRegistry registry;
  eclip::registerDialects(registry);
  eclip::registerPasses();
  MLIRContext context(registry);
  context.loadDialect<eclip::EclipDialect>();
  eclip::UserDiagnostics diagnostics(context, options.model);

  bool progress = !options.quiet && isatty(STDERR_FILENO);
  if (progress)
    showProgress(options.pipeline, start);
  eclip::CompileReport report;
  options.pipeline.onCompiled = [&](const eclip::CompileReport &done) { report = done; };
  OwningOpRef<ModuleOp> module =
      eclip::importOnnx(context, options.model, options.import);
  std::string text;
  bool compiled =
      module && succeeded(eclip::runPipeline(
                    *module, options.stage.value_or(eclip::Stage::Schedule),
                    options.pipeline, text));
  if (progress)
    llvm::errs() << "\r\033[K";
  if (!compiled)
    return kCompileError;
  if (!options.quiet && !report.cacheProblem.empty())
    llvm::errs() << "eclip-compile: warning: kernel cache: " << report.cacheProblem << "\n";
  if (options.stage)
    return printStage(*module, options, text);

  eclip::Provenance provenance;
  provenance.compilerVersion = ECLIP_VERSION;
  if (failed(eclip::emitSchedule(*module, options.output, provenance)))
    return kWriteError;
  if (!options.quiet)
    printSummary(*module, options, report, seconds(start));
  return kOk;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter([](llvm::raw_ostream &os) {
    os << "eclip-compile " ECLIP_VERSION "\n";
  });
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "Compiles an ONNX model ahead of time into a schedule for one GPU.\n",
          &llvm::errs()))
    return kUsage;
  Options options;
  if (std::string message = readOptions(options); !message.empty()) {
    llvm::errs() << "eclip-compile: error: " << message << "\n";
    return kUsage;
  }
  return compile(options);
}
