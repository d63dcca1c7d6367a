//===- Ptx.cpp - from the LLVM dialect to PTX -----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Backend.h"
#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include "llvm/Support/TargetSelect.h"

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

static void initializePtx() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
}

/// States what the launch guarantees: the geometry, and that buffers are
/// aligned, complete and apart.
static void annotate(llvm::Module &module, const KernelInterface &interface) {
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
    Backend::stateBuffers(function, interface,
                          [](int64_t, int64_t alignment) {
                            return llvm::Align(alignment);
                          });
  }
}

FailureOr<SmallVector<char, 0>>
eclip::compileToPtx(gpu::GPUModuleOp module, const KernelInterface &interface,
                    const KernelTarget &target, OutputKind kind) {
  initializePtx();
  std::string error;
  // PTX 8.4 is what the oldest driver with green contexts reads (CUDA 12.4).
  auto machine = makeTargetMachine("nvptx64-nvidia-cuda", exactChip(target),
                                   "+ptx84", error);
  if (!machine)
    return module.emitError("no PTX for ") << target.chip << ": " << error;
  Backend backend(module, std::move(machine));
  if (failed(backend.translate("kernel")))
    return failure();
  annotate(backend.module(), interface);
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  backend.optimize(tuning);
  // PTX is the object here.
  bool isPtx = kind != OutputKind::LlvmIr;
  FailureOr<SmallVector<char, 0>> text =
      backend.emit(isPtx ? OutputKind::Assembly : kind);
  if (failed(text) || !isPtx)
    return text;
  module.walk([&](LLVM::LLVMFuncOp func) {
    if (auto bytes = func->getAttrOfType<IntegerAttr>(kSharedBytesAttr)) {
      std::string line = (kSharedBytesComment + Twine(bytes.getInt()) + "\n").str();
      text->append(line.begin(), line.end());
    }
  });
  return text;
}
