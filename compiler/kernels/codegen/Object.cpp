//===- Object.cpp - from the LLVM dialect to machine code -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Object.h"

#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
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

static std::unique_ptr<llvm::TargetMachine>
makeTargetMachine(const KernelTarget &target, std::string &error) {
  initializeTarget();
  llvm::Triple triple("amdgcn-amd-amdhsa");
  const llvm::Target *llvmTarget =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!llvmTarget)
    return nullptr;
  llvm::TargetOptions options;
  // Contraction into FMA only where an operation allows it.
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(llvmTarget->createTargetMachine(
      triple, target.chip, /*Features=*/"", options, llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
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
    llvm::LLVMContext &context = module.getContext();
    for (auto [index, bytes] : llvm::enumerate(interface.bufferBytes)) {
      if (index >= function.arg_size())
        break;
      llvm::AttrBuilder attributes(context);
      attributes.addAttribute(llvm::Attribute::NoAlias);
      attributes.addAttribute(llvm::Attribute::NonNull);
      attributes.addAlignmentAttr(statedAlignment(bytes, interface.alignments[index]));
      attributes.addDereferenceableAttr(bytes);
      if (index < interface.argumentCount)
        attributes.addAttribute(llvm::Attribute::ReadOnly);
      function.addParamAttrs(index, attributes);
    }
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

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopUnrolling = true;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = hasPairs(module);
  llvm::PassBuilder passes(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(sccs);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, sccs, modules);
  // Combining instructions loses "does not wrap"; the ranges of the launch
  // geometry give it back, and the back end needs it to split constants off.
  passes.registerOptimizerLastEPCallback([](llvm::ModulePassManager &manager,
                                            llvm::OptimizationLevel,
                                            llvm::ThinOrFullLTOPhase) {
    manager.addPass(llvm::createModuleToFunctionPassAdaptor(
        llvm::CorrelatedValuePropagationPass()));
  });
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

/// Keeps the back end's errors (too much LDS, an operation that it can't
/// select) as text: without a handler LLVM prints them and ends the process.
static void collectErrors(const llvm::DiagnosticInfo *info, void *text) {
  if (info->getSeverity() != llvm::DS_Error)
    return;
  llvm::raw_string_ostream stream(*static_cast<std::string *>(text));
  llvm::DiagnosticPrinterRawOStream printer(stream);
  if (!static_cast<std::string *>(text)->empty())
    stream << "; ";
  info->print(printer);
}

/// A call that is no intrinsic would need code that nobody links.
static llvm::Function *firstUnresolved(llvm::Module &module) {
  for (llvm::Function &function : module)
    if (function.isDeclaration() && !function.isIntrinsic())
      return &function;
  return nullptr;
}

FailureOr<SmallVector<char, 0>>
eclip::compileToObject(gpu::GPUModuleOp module,
                       const KernelInterface &interface,
                       const KernelTarget &target, OutputKind kind) {
  if (target.isNvidia())
    return compileToPtx(module, interface, target, kind);
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine =
      makeTargetMachine(target, error);
  if (!machine)
    return module.emitError("no machine code for ")
           << target.chip << ": " << error;
  llvm::LLVMContext context;
  context.setDiagnosticHandlerCallBack(collectErrors, &error);
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context,
                              kind == OutputKind::Object ? "kernel"
                                                         : module.getName());
  if (!llvmModule)
    return module.emitError("translation to LLVM IR failed");
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  if (llvm::Function *function = firstUnresolved(*llvmModule))
    return module.emitError("machine code would call ") << function->getName();
  annotate(*llvmModule, interface);
  optimize(*llvmModule, *machine);

  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  if (kind == OutputKind::LlvmIr) {
    llvmModule->print(stream, nullptr);
    return bytes;
  }
  llvm::legacy::PassManager emission;
  if (machine->addPassesToEmitFile(emission, stream, nullptr,
                                   kind == OutputKind::Object
                                       ? llvm::CodeGenFileType::ObjectFile
                                       : llvm::CodeGenFileType::AssemblyFile))
    return module.emitError("no emitter of machine code");
  emission.run(*llvmModule);
  if (!error.empty())
    return module.emitError("no machine code: ") << error;
  return bytes;
}
