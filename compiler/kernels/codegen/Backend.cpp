//===- Backend.cpp - LLVM's part of one kernel, for any target ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Backend.h"

#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace eclip;

std::unique_ptr<llvm::TargetMachine>
eclip::makeTargetMachine(const char *tripleName, StringRef chip,
                         StringRef features, std::string &error) {
  llvm::Triple triple(tripleName);
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, chip, features, options, llvm::Reloc::PIC_, std::nullopt,
      llvm::CodeGenOptLevel::Aggressive));
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

Backend::Backend(gpu::GPUModuleOp source,
                 std::unique_ptr<llvm::TargetMachine> machine)
    : source(source), machine(std::move(machine)) {
  context.setDiagnosticHandlerCallBack(collectErrors, &error);
}

LogicalResult Backend::translate(StringRef name) {
  llvmModule = translateModuleToLLVMIR(source, context, name);
  if (!llvmModule)
    return source.emitError("translation to LLVM IR failed");
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *llvmModule)
    if (function.isDeclaration() && !function.isIntrinsic())
      return source.emitError("machine code would call ") << function.getName();
  return success();
}

void Backend::stateBuffers(
    llvm::Function &function, const KernelInterface &interface,
    llvm::function_ref<llvm::Align(int64_t, int64_t)> align) {
  for (auto [index, bytes] : llvm::enumerate(interface.bufferBytes)) {
    if (index >= function.arg_size())
      break;
    llvm::AttrBuilder attributes(function.getContext());
    attributes.addAttribute(llvm::Attribute::NoAlias);
    attributes.addAttribute(llvm::Attribute::NonNull);
    attributes.addAlignmentAttr(align(bytes, interface.alignments[index]));
    attributes.addDereferenceableAttr(bytes);
    if (index < interface.argumentCount)
      attributes.addAttribute(llvm::Attribute::ReadOnly);
    function.addParamAttrs(index, attributes);
  }
}

void Backend::optimize(const llvm::PipelineTuningOptions &tuning,
                       llvm::function_ref<void(llvm::PassBuilder &)> extend) {
  llvm::PassBuilder passes(machine.get(), tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(sccs);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, sccs, modules);
  if (extend)
    extend(passes);
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(*llvmModule, modules);
}

FailureOr<SmallVector<char, 0>> Backend::emit(OutputKind kind) {
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
    return source.emitError("no emitter of machine code");
  emission.run(*llvmModule);
  if (!error.empty())
    return source.emitError("no machine code: ") << error;
  return bytes;
}
