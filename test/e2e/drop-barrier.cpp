//===- drop-barrier.cpp - compiles a model and leaves out one wait --------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: drop-barrier MODEL.onnx BATCH OUT_PREFIX
//
// Compiles MODEL once. For each wait i of each barrier it writes
// OUT_PREFIX.i.eclip, a schedule without that wait (without the barrier, if it
// was the only one), and prints `i verifier=accepts|refuses`. Writes
// OUT_PREFIX.eclip, the whole schedule, too.
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Emit.h"
#include "compiler/import/Import.h"
#include "compiler/pipeline/Pipeline.h"
#include "compiler/pipeline/Registration.h"
#include "dialect/Eclip.h"
#include "test/unit/schedule/WaitMutations.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
using namespace eclip;

/// True if eclip-verify-schedule accepts the module; its diagnostics are kept
/// from the terminal.
static bool verifierAccepts(ModuleOp module) {
  ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
  PassManager manager(module.getContext());
  return succeeded(parsePassPipeline("eclip-verify-schedule", manager)) &&
         succeeded(manager.run(module));
}

static ScheduleOp scheduleOf(ModuleOp module) {
  return *module.getOps<ScheduleOp>().begin();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  ImportOptions importOptions;
  if (argc != 4 || StringRef(argv[2]).getAsInteger(10, importOptions.batch.emplace())) {
    llvm::errs() << "usage: drop-barrier MODEL.onnx BATCH OUT_PREFIX\n";
    return 1;
  }
  DialectRegistry registry;
  registerDialects(registry);
  registerPasses();
  MLIRContext context(registry);
  context.loadDialect<EclipDialect>();
  OwningOpRef<ModuleOp> module = importOnnx(context, argv[1], importOptions);
  std::string text;
  if (!module || failed(runPipeline(*module, Stage::Schedule, {}, text)) ||
      failed(emitSchedule(*module, std::string(argv[3]) + ".eclip", {})))
    return 1;
  bool written = true;
  forEachDroppedWait(scheduleOf(*module), [&](unsigned i) {
    llvm::outs() << i << " verifier="
                 << (verifierAccepts(*module) ? "accepts" : "refuses") << "\n";
    std::string path = llvm::formatv("{0}.{1}.eclip", argv[3], i);
    written &= succeeded(emitSchedule(*module, path, {}));
  });
  return written ? 0 : 1;
}
