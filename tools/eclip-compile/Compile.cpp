//===- Compile.cpp - models to finished schedules -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-compile/Compile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/ToolOutputFile.h"

#include <unistd.h>

using namespace mlir;
using namespace eclip;

double eclip::secondsSince(TimePoint start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

namespace {

/// On a terminal one line of progress, overwritten and wiped at the end.
class Progress {
public:
  Progress(const Options &options, TimePoint start)
      : shown(!options.quiet && isatty(STDERR_FILENO)),
        several(options.models.size() > 1), start(start) {}
  ~Progress() {
    if (shown)
      llvm::errs() << "\r\033[K";
  }

  void show(StringRef model, StringRef what) const {
    if (shown)
      llvm::errs() << llvm::formatv("\r\033[K[{0,6:F1} s] {1}{2}{3}",
                                    secondsSince(start), several ? model : "",
                                    several ? ": " : "", what);
  }

  /// Lets the pipeline of `model` say what it does.
  void follow(const std::string &model, PipelineOptions &pipeline) const {
    pipeline.onPass = [this, model](StringRef pass) { show(model, pass); };
    pipeline.onKernel = [this, model](size_t done, size_t total) {
      show(model, llvm::formatv("kernels: {0} of {1}", done, total).str());
    };
  }

private:
  const bool shown, several;
  const TimePoint start;
};

} // namespace

/// A cache of no use is no error, and worth one line for all models.
static void warnOfCache(const Options &options, const CompiledMix &mix) {
  for (const CompiledWorker &worker : mix.workers)
    if (!options.quiet && !worker.report.cacheProblem.empty()) {
      llvm::errs() << "eclip-compile: warning: kernel cache: "
                   << worker.report.cacheProblem << "\n";
      return;
    }
}

bool eclip::compileModels(MLIRContext &context, UserDiagnostics &diagnostics,
                          const Options &options, TimePoint start,
                          CompiledMix &mix) {
  {
    Progress progress(options, start);
    std::vector<PipelineOptions> pipelines;
    mix.workers.resize(options.models.size());
    for (auto [request, worker] : llvm::zip(options.models, mix.workers)) {
      worker.name = request.name;
      worker.source = request.path;
      worker.output = request.output;
      pipelines.push_back(request.pipeline);
      progress.follow(request.name, pipelines.back());
      pipelines.back().onCompiled = [&report = worker.report](
                                        const CompileReport &done) {
        report = done;
      };
      diagnostics.setFile(request.path);
      progress.show(request.name, "import");
      worker.module = importOnnx(context, request.path, request.import);
      if (!worker.module)
        return false;
    }
    auto onWorker = [&](size_t index) {
      bool joint = index == mix.workers.size();
      diagnostics.setFile(joint ? std::string() : mix.workers[index].source);
      if (joint)
        progress.show(options.mixName, "joint clustering");
    };
    if (failed(runMixPipeline(mix, pipelines, onWorker)))
      return false;
  }
  warnOfCache(options, mix);
  return true;
}

static int printStage(ModuleOp module, Stage stage, StringRef path,
                      const std::string &text) {
  std::error_code error;
  llvm::ToolOutputFile out(path, error, llvm::sys::fs::OF_Text);
  if (error) {
    llvm::errs() << "eclip-compile: error: " << path << ": " << error.message()
                 << "\n";
    return kWriteError;
  }
  if (stage == Stage::Llvm || stage == Stage::Asm) {
    out.os() << text;
  } else {
    OpPrintingFlags flags;
    flags.elideLargeElementsAttrs(16).elideLargeResourceString(16);
    module->print(out.os(), flags);
  }
  out.keep();
  return kOk;
}

int eclip::emitStage(MLIRContext &context, const Options &options,
                     TimePoint start) {
  const ModelRequest &request = options.models.front();
  UserDiagnostics diagnostics(context, request.path);
  OwningOpRef<ModuleOp> module;
  std::string text;
  {
    Progress progress(options, start);
    PipelineOptions pipeline = request.pipeline;
    progress.follow(request.name, pipeline);
    progress.show(request.name, "import");
    module = importOnnx(context, request.path, request.import);
    if (!module || failed(runPipeline(*module, *options.stage, pipeline, text)))
      return kCompileError;
  }
  return printStage(*module, *options.stage, request.output, text);
}
