//===- Object.cpp - from the LLVM dialect to machine code -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Backend.h"
#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include "llvm/Support/TargetSelect.h"
#include "llvm/Transforms/Scalar/CorrelatedValuePropagation.h"

#include <mutex>

using namespace mlir;
using namespace eclip;

void eclip::initializeTarget() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeAMDGPUTargetInfo();
    LLVMInitializeAMDGPUTarget();
    LLVMInitializeAMDGPUTargetMC();
    LLVMInitializeAMDGPUAsmPrinter();
  });
}

/// The back end widens a load to the alignment of its address: 12 scalar bytes
/// to 16, one byte to four. Buffers are aligned to `alignment` bytes, but with
/// no more stated than divides their size a widened load stays inside of them.
static llvm::Align statedAlignment(int64_t bytes, int64_t alignment) {
  return std::min(llvm::Align(alignment),
                  llvm::Align(bytes == 0 ? 1 : bytes & -bytes));
}

/// States what the launch guarantees: the geometry, that there are no hidden
/// arguments, and that buffers are aligned, complete and apart.
static void annotate(llvm::Module &module, const KernelInterface &interface) {
  module.addModuleFlag(llvm::Module::Error, "amdhsa_code_object_version", 500);
  int64_t size = 1;
  for (int64_t extent : interface.launch.workgroup)
    size *= extent;
  std::string flatSize = std::to_string(size) + "," + std::to_string(size);
  for (llvm::GlobalVariable &global : module.globals())
    if (global.getAddressSpace() == 3)
      global.setAlignment(llvm::Align(16));
  for (llvm::Function &function : module) {
    if (function.isDeclaration() ||
        function.getCallingConv() != llvm::CallingConv::AMDGPU_KERNEL)
      continue;
    // The descriptor's symbol takes the function's visibility.
    function.setVisibility(llvm::GlobalValue::ProtectedVisibility);
    function.addFnAttr("amdgpu-flat-work-group-size", flatSize);
    function.addFnAttr("uniform-work-group-size", "true");
    for (const char *unused :
         {"amdgpu-no-implicitarg-ptr", "amdgpu-no-dispatch-ptr",
          "amdgpu-no-dispatch-id", "amdgpu-no-queue-ptr",
          "amdgpu-no-hostcall-ptr", "amdgpu-no-heap-ptr",
          "amdgpu-no-multigrid-sync-arg", "amdgpu-no-default-queue",
          "amdgpu-no-completion-action", "amdgpu-no-lds-kernel-id"})
      function.addFnAttr(unused);
    function.addFnAttr("amdgpu-implicitarg-num-bytes", "0");
    Backend::stateBuffers(function, interface, statedAlignment);
  }
}

/// True for elementwise code on halves, of which two fit in an instruction. With
/// LDS it is a contraction or a reduction, whose generator has paired them.
static bool hasPairs(const llvm::Module &module) {
  if (llvm::any_of(module.globals(), [](const llvm::GlobalVariable &variable) {
        return variable.getAddressSpace() == 3;
      }))
    return false;
  for (const llvm::Function &function : module)
    for (const llvm::BasicBlock &block : function)
      for (const llvm::Instruction &instruction : block)
        if (isa<llvm::BinaryOperator>(instruction) &&
            instruction.getType()->isHalfTy())
          return true;
  return false;
}

static void optimize(Backend &backend) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopUnrolling = true;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = hasPairs(backend.module());
  backend.optimize(tuning, [](llvm::PassBuilder &passes) {
    // Combining instructions loses "does not wrap"; the ranges of the launch
    // geometry give it back, and the back end needs it to split constants off.
    passes.registerOptimizerLastEPCallback([](llvm::ModulePassManager &manager,
                                              llvm::OptimizationLevel,
                                              llvm::ThinOrFullLTOPhase) {
      manager.addPass(llvm::createModuleToFunctionPassAdaptor(
          llvm::CorrelatedValuePropagationPass()));
    });
  });
}

FailureOr<SmallVector<char, 0>>
eclip::compileToObject(gpu::GPUModuleOp module,
                       const KernelInterface &interface,
                       const KernelTarget &target, OutputKind kind) {
  if (target.isNvidia())
    return compileToPtx(module, interface, target, kind);
  initializeTarget();
  std::string error;
  auto machine = makeTargetMachine("amdgcn-amd-amdhsa", target.chip,
                                   /*features=*/"", error);
  if (!machine)
    return module.emitError("no machine code for ")
           << target.chip << ": " << error;
  Backend backend(module, std::move(machine));
  if (failed(backend.translate(kind == OutputKind::Object ? "kernel"
                                                          : module.getName())))
    return failure();
  annotate(backend.module(), interface);
  optimize(backend);
  return backend.emit(kind);
}
