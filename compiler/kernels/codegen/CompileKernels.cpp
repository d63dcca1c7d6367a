//===- CompileKernels.cpp - the pass eclip-compile-kernels ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Compile.h"
#include "compiler/kernels/codegen/Passes.h"

#include "mlir/IR/DialectResourceBlobManager.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

namespace eclip {
#define GEN_PASS_DEF_COMPILEKERNELS
#include "compiler/kernels/codegen/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

static std::optional<KernelText> parseStage(StringRef name) {
  return llvm::StringSwitch<std::optional<KernelText>>(name)
      .Case("gpu", KernelText::Gpu)
      .Case("rocdl", KernelText::Rocdl)
      .Case("llvm", KernelText::LlvmIr)
      .Case("asm", KernelText::Assembly)
      .Default(std::nullopt);
}

static LogicalResult writeCode(ModuleOp module, StringRef path) {
  auto code =
      module->getAttrOfType<DenseResourceElementsAttr>("eclip.code_object");
  if (!code)
    return module.emitError("no kernel, so no code object for ") << path;
  std::error_code error;
  llvm::raw_fd_ostream stream(path, error);
  if (!error) {
    ArrayRef<char> bytes = code.getRawHandle().getBlob()->getData();
    stream.write(bytes.data(), bytes.size());
    stream.close();
    error = stream.error();
    stream.clear_error();
  }
  if (error)
    return module.emitError("can't write ") << path << ": " << error.message();
  return success();
}

namespace {
struct CompileKernels : eclip::impl::CompileKernelsBase<CompileKernels> {
  using CompileKernelsBase::CompileKernelsBase;

  explicit CompileKernels(CompileOptions options)
      : progress(std::move(options.progress)),
        report(std::move(options.report)) {
    target = options.target.chip;
    cacheDir = options.cacheDirectory;
    cacheBytes = options.cacheBytes;
    tiles = options.tileFile;
    assembleLater = options.assembleLater;
  }

  void getDependentDialects(DialectRegistry &registry) const final {
    registry.insert<EclipDialect>();
    registerCodegenDialects(registry);
  }

  void runOnOperation() final {
    CompileOptions options;
    FailureOr<KernelTarget> chip = targetFor(target);
    if (failed(chip)) {
      getOperation().emitError("unknown target ")
          << target << ", known: gfx906, sm_80, sm_90";
      return signalPassFailure();
    }
    options.target = *chip;
    options.cacheDirectory = cacheDir;
    options.cacheBytes = cacheBytes;
    options.tileFile = tiles;
    options.assembleLater = assembleLater;
    options.progress = progress;
    options.report = report;
    if (stopAfter.empty()) {
      if (failed(compileKernels(getOperation(), options)) ||
          (!codeFile.empty() && failed(writeCode(getOperation(), codeFile))))
        signalPassFailure();
      return;
    }
    std::optional<KernelText> stage = parseStage(stopAfter);
    if (!stage) {
      getOperation().emitError("unknown stage ")
          << stopAfter << ", known are gpu, rocdl, llvm and asm";
      return signalPassFailure();
    }
    if (failed(
            printKernels(getOperation(), *stage, only, options, llvm::outs())))
      signalPassFailure();
  }

private:
  decltype(CompileOptions::progress) progress;
  decltype(CompileOptions::report) report;
};
} // namespace

std::unique_ptr<Pass>
eclip::createCompileKernelsPass(CompileOptions options) {
  return std::make_unique<CompileKernels>(std::move(options));
}
