//===- Ptx.cpp - from the LLVM dialect to PTX -----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace mlir;
using namespace eclip;

FailureOr<KernelTarget> eclip::nvidiaTargetFor(StringRef chip) {
  if (chip != "sm_80" && chip != "sm_90")
    return failure();
  KernelTarget target;
  target.chip = chip.str();
  // A100 and H100 SXM.
  target.cuCount = chip == "sm_80" ? 108 : 132;
  target.waveSize = 32;
  target.ldsBytes = (chip == "sm_80" ? 163 : 227) * 1024;
  target.maxVgprs = 255;
  return target;
}

static std::unique_ptr<llvm::TargetMachine>
makeMachine(const KernelTarget &target, std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *llvmTarget =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!llvmTarget)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  // PTX 8.4 is what the oldest driver with green contexts reads (CUDA 12.4).
  return std::unique_ptr<llvm::TargetMachine>(llvmTarget->createTargetMachine(
      triple, exactChip(target), "+ptx84", options, llvm::Reloc::PIC_, std::nullopt,
      llvm::CodeGenOptLevel::Aggressive));
}

/// States what the launch guarantees: the geometry, and that buffers are
/// aligned, complete and apart.
static void annotate(llvm::Module &module, const KernelInterface &interface) {
  llvm::LLVMContext &context = module.getContext();
  std::string extents;
  for (int64_t extent : interface.launch.workgroup)
    extents += (extents.empty() ? "" : ",") + std::to_string(extent);
  for (llvm::GlobalVariable &global : module.globals()) {
    if (global.getAddressSpace() != 3)
      continue;
    // The launch brings it: one declaration, under one name, for all kernels.
    global.setInitializer(nullptr);
    global.setLinkage(llvm::GlobalValue::ExternalLinkage);
    global.setName(kSharedSymbol);
    global.setAlignment(llvm::Align(kSharedAlignment));
  }
  for (llvm::Function &function : module) {
    if (function.isDeclaration() ||
        function.getCallingConv() != llvm::CallingConv::PTX_Kernel)
      continue;
    function.removeFnAttr("nvvm.maxntid"); // one of the two
    function.addFnAttr("nvvm.reqntid", extents);
    for (auto [index, bytes] : llvm::enumerate(interface.bufferBytes)) {
      if (index >= function.arg_size())
        break;
      llvm::AttrBuilder attributes(context);
      attributes.addAttribute(llvm::Attribute::NoAlias);
      attributes.addAttribute(llvm::Attribute::NonNull);
      attributes.addAlignmentAttr(llvm::Align(interface.alignments[index]));
      attributes.addDereferenceableAttr(bytes);
      if (index < interface.argumentCount)
        attributes.addAttribute(llvm::Attribute::ReadOnly);
      function.addParamAttrs(index, attributes);
    }
  }
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
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
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

FailureOr<SmallVector<char, 0>>
eclip::compileToPtx(gpu::GPUModuleOp module, const KernelInterface &interface,
                    const KernelTarget &target, OutputKind kind) {
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = makeMachine(target, error);
  if (!machine)
    return module.emitError("no PTX for ") << target.chip << ": " << error;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context, "kernel");
  if (!llvmModule)
    return module.emitError("translation to LLVM IR failed");
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *llvmModule)
    if (function.isDeclaration() && !function.isIntrinsic())
      return module.emitError("PTX would call ") << function.getName();
  annotate(*llvmModule, interface);
  optimize(*llvmModule, *machine);
  SmallVector<char, 0> text;
  llvm::raw_svector_ostream stream(text);
  if (kind == OutputKind::LlvmIr) {
    llvmModule->print(stream, nullptr);
    return text;
  }
  llvm::legacy::PassManager emission;
  if (machine->addPassesToEmitFile(emission, stream, nullptr,
                                   llvm::CodeGenFileType::AssemblyFile))
    return module.emitError("no emitter of PTX");
  emission.run(*llvmModule);
  module.walk([&](LLVM::LLVMFuncOp func) {
    if (auto bytes = func->getAttrOfType<IntegerAttr>(kSharedBytesAttr))
      stream << kSharedBytesComment << bytes.getInt() << '\n';
  });
  return text;
}
