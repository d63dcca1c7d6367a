//===- Backend.h - LLVM's part of one kernel, for any target ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_BACKEND_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_BACKEND_H

#include "compiler/kernels/codegen/Object.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Target/TargetMachine.h"

namespace eclip {

/// A machine for `triple`, whose target is initialized: position independent,
/// contracting into FMA only where an operation allows it. Null, with `error`.
std::unique_ptr<llvm::TargetMachine>
makeTargetMachine(const char *triple, llvm::StringRef chip,
                  llvm::StringRef features, std::string &error);

/// One kernel on its way through LLVM. Errors are emitted at the GPU module.
class Backend {
public:
  Backend(mlir::gpu::GPUModuleOp source,
          std::unique_ptr<llvm::TargetMachine> machine);

  /// Translates the source to a module called `name`. Refuses what would call
  /// code that nobody links.
  mlir::LogicalResult translate(llvm::StringRef name);
  llvm::Module &module() { return *llvmModule; }

  /// States that the buffers of `function`, which is a kernel, are complete,
  /// apart and aligned: to `align(bytes, alignment of the interface)`.
  static void
  stateBuffers(llvm::Function &function, const KernelInterface &interface,
               llvm::function_ref<llvm::Align(int64_t, int64_t)> align);

  /// LLVM's pipeline for speed; `extend` may add to it.
  void optimize(const llvm::PipelineTuningOptions &tuning,
                llvm::function_ref<void(llvm::PassBuilder &)> extend = {});

  /// Text or bytes of `kind`.
  mlir::FailureOr<llvm::SmallVector<char, 0>> emit(OutputKind kind);

private:
  mlir::gpu::GPUModuleOp source;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::string error; ///< what the back end says, through the context
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule;
};

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_BACKEND_H
