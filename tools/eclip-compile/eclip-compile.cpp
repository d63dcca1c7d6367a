//===- eclip-compile.cpp - compiles ONNX models to .eclip files -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Emit.h"
#include "compiler/pipeline/Registration.h"
#include "dialect/Eclip.h"
#include "tools/eclip-compile/Compile.h"
#include "tools/eclip-compile/Options.h"
#include "tools/eclip-compile/Summary.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
using namespace eclip;

/// Writes the file of every worker, or none.
static int writeFiles(const CompiledMix &mix, const Options &options) {
  if (!options.directory.empty())
    if (auto error = llvm::sys::fs::create_directories(options.directory)) {
      llvm::errs() << "eclip-compile: error: " << options.directory
                   << ": cannot be made: " << error.message() << "\n";
      return kWriteError;
    }
  std::vector<EmitFile> files;
  std::optional<EmitMix> emitMix;
  if (mix.workers.size() > 1)
    emitMix = EmitMix{options.mixName, {}};
  for (const CompiledWorker &worker : mix.workers) {
    files.push_back({*worker.module, worker.output});
    if (emitMix)
      emitMix->workers.push_back(worker.name);
  }
  Provenance provenance;
  provenance.compilerVersion = ECLIP_VERSION;
  return failed(emitSchedules(files, emitMix, provenance)) ? kWriteError : kOk;
}

static int compile(const Options &options) {
  auto start = std::chrono::steady_clock::now();
  DialectRegistry registry;
  registerDialects(registry);
  registerPasses();
  MLIRContext context(registry);
  context.loadDialect<EclipDialect>();
  if (options.stage)
    return emitStage(context, options, start);

  UserDiagnostics diagnostics(context, "");
  CompiledMix mix;
  if (!compileModels(context, diagnostics, options, start, mix))
    return kCompileError;
  diagnostics.setFile("");
  FailureOr<Report> report = Report();
  if (!options.reports.empty())
    report = explainMix(mix, options.models.front().pipeline.device);
  if (failed(report))
    return kCompileError;
  if (int code = writeFiles(mix, options))
    return code;
  if (!writeReports(*report, options.reports))
    return kWriteError;
  if (!options.quiet)
    printSummary(mix, options.mixName,
                 !options.models.front().pipeline.cacheDirectory.empty(),
                 secondsSince(start), llvm::errs());
  return kOk;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  if (!parseCommandLine(argc, argv))
    return kUsage;
  Options options;
  if (std::string message = readOptions(options); !message.empty()) {
    llvm::errs() << "eclip-compile: error: " << message << "\n";
    return kUsage;
  }
  return compile(options);
}
