//===- eclip-compile.cpp - compiles an ONNX model to a .eclip file --------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Emit.h"
#include "compiler/import/Import.h"
#include "compiler/pipeline/Pipeline.h"
#include "compiler/pipeline/Registration.h"
#include "dialect/Eclip.h"
#include "tools/eclip-compile/Diagnostics.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
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
cl::opt<std::string> modelPath(cl::Positional, cl::desc("MODEL.onnx"),
                               cl::cat(category));
cl::opt<std::string> outputPath("o", cl::value_desc("OUT.eclip"),
                                cl::desc("File to write; - is standard output "
                                         "for --emit"),
                                cl::cat(category));
cl::opt<std::string> target("target", cl::init("gfx906"), cl::value_desc("ISA"),
                            cl::desc("Machine code to generate: gfx906"),
                            cl::cat(category));
cl::opt<std::string> device("device", cl::init("mi50"), cl::value_desc("NAME|FILE"),
                            cl::desc("Device description: mi50, or a JSON file"),
                            cl::cat(category));
cl::opt<int64_t> batch("batch", cl::init(0), cl::value_desc("N"),
                       cl::desc("Bind the leading dynamic dimension of the inputs"),
                       cl::cat(category));
cl::list<std::string> dims("dim", cl::value_desc("NAME=N"),
                           cl::desc("Bind a dynamic dimension by its name"),
                           cl::cat(category));
cl::opt<std::string> emit("emit", cl::value_desc("STAGE"),
                          cl::desc("Print a stage instead of writing a file: "
                                   "import, kernels, llvm, asm, groups, schedule"),
                          cl::cat(category));
cl::opt<std::string> objective("objective", cl::value_desc("NAME"),
                               cl::desc("What the clustering minimizes"),
                               cl::cat(category));
cl::opt<int64_t> maxSwitches("max-switches", cl::init(14), cl::value_desc("N"),
                             cl::desc("Limit on switches of CU count per request"),
                             cl::cat(category));
cl::opt<bool> quiet("quiet", cl::desc("No progress and no summary"),
                    cl::cat(category));
cl::extrahelp exitCodes("\nExit codes: 0 compiled; 1 wrong usage; 2 the model or "
                        "the device description cannot be compiled; 3 the output "
                        "cannot be written.\n");

int usageError(const llvm::Twine &message) {
  llvm::errs() << "eclip-compile: error: " << message << "\n";
  return kUsage;
}

/// Seconds since `start`, for the summary.
double seconds(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

/// Import options from the command line; a message on a malformed --dim.
std::string parseDims(eclip::ImportOptions &options) {
  if (batch.getNumOccurrences()) {
    if (batch < 1)
      return "--batch must be at least 1, is " + std::to_string(batch);
    options.batch = batch;
  }
  for (const std::string &dim : dims) {
    auto [name, value] = llvm::StringRef(dim).split('=');
    int64_t number;
    if (name.empty() || value.getAsInteger(10, number) || number < 1)
      return "--dim needs NAME=N with N at least 1, has '" + dim + "'";
    if (!options.dims.try_emplace(name, number).second)
      return "--dim binds '" + name.str() + "' twice";
  }
  return {};
}

/// Prints what --emit asks for, whole or not at all.
int printStage(ModuleOp module, eclip::Stage stage, const std::string &text) {
  std::error_code error;
  std::string path = outputPath.empty() ? "-" : outputPath.getValue();
  llvm::ToolOutputFile out(path, error, llvm::sys::fs::OF_Text);
  if (error) {
    llvm::errs() << "eclip-compile: error: " << path << ": " << error.message() << "\n";
    return kWriteError;
  }
  if (stage == eclip::Stage::Llvm || stage == eclip::Stage::Asm) {
    out.os() << text;
  } else {
    OpPrintingFlags flags;
    flags.elideLargeElementsAttrs(16).elideLargeResourceString(16);
    module->print(out.os(), flags);
  }
  out.keep();
  return kOk;
}

void printSummary(ModuleOp module, double elapsed) {
  auto schedule = *module.getOps<eclip::ScheduleOp>().begin();
  auto count = [&](auto range) { return std::distance(range.begin(), range.end()); };
  Block &body = schedule.getBodyBlock();
  llvm::errs() << llvm::formatv(
      "{0}: {1} launches of {2} kernels, {3} groups on {4} masked queues, {5} "
      "barriers, arena {6:F1} MiB, {7:F1} s\n",
      outputPath, count(body.getOps<eclip::DispatchOp>()),
      count(module.getOps<eclip::KernelOp>()), count(body.getOps<eclip::GroupOp>()),
      count(body.getOps<eclip::QueueOp>()), count(body.getOps<eclip::BarrierOp>()),
      schedule.getArenaBytes().value_or(0) / 1048576.0, elapsed);
}

int compile(std::optional<eclip::Stage> stage) {
  auto start = std::chrono::steady_clock::now();
  eclip::ImportOptions importOptions;
  if (std::string message = parseDims(importOptions); !message.empty())
    return usageError(message);

  DialectRegistry registry;
  eclip::registerDialects(registry);
  eclip::registerPasses();
  MLIRContext context(registry);
  context.loadDialect<eclip::EclipDialect>();
  eclip::UserDiagnostics diagnostics(context, modelPath);

  bool progress = !quiet && isatty(STDERR_FILENO);
  auto show = [&](llvm::StringRef what) {
    llvm::errs() << llvm::formatv("\r\033[K[{0,6:F1} s] {1}", seconds(start), what);
  };
  if (progress)
    show("import");
  OwningOpRef<ModuleOp> module =
      eclip::importOnnx(context, modelPath, importOptions);
  if (!module)
    return kCompileError;

  eclip::PipelineOptions options;
  options.target = target;
  options.device = device;
  options.objective = objective;
  options.maxSwitches = maxSwitches;
  if (progress)
    options.onPass = show;
  std::string text;
  if (failed(eclip::runPipeline(*module, stage.value_or(eclip::Stage::Schedule),
                                options, text)))
    return kCompileError;
  if (progress)
    llvm::errs() << "\r\033[K";
  if (stage)
    return printStage(*module, *stage, text);

  eclip::Provenance provenance;
  provenance.compilerVersion = ECLIP_VERSION;
  if (failed(eclip::emitSchedule(*module, outputPath, provenance)))
    return kWriteError;
  if (!quiet)
    printSummary(*module, seconds(start));
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
  if (modelPath.empty())
    return usageError("no model given; see --help");
  if (target != "gfx906")
    return usageError("--target '" + target + "' is not known; known: gfx906");
  std::optional<eclip::Stage> stage;
  if (!emit.empty()) {
    stage = eclip::stageByName(emit);
    if (!stage)
      return usageError("--emit '" + emit +
                        "' is no stage; stages: import, kernels, llvm, asm, "
                        "groups, schedule");
  } else if (outputPath.empty()) {
    return usageError("no output given: -o OUT.eclip");
  }
  return compile(stage);
}
