//===- UnusedParts.cpp - what the release's tools leave out of LLVM -------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lld and eclip-dump register every target of LLVM; its LTO mentions Polly. The
// statically linked tools of a release would carry all of it (150 MB) to link
// AMD code objects. Definitions given here keep the linker from fetching those
// archive members; the targets that ECLIP compiles for are not among them.
//
//===----------------------------------------------------------------------===//

#include "llvm/Plugins/PassPlugin.h"

// Asked for its passes only by LTO with Polly switched on; no bitcode is linked.
llvm::PassPluginLibraryInfo getPollyPluginInfo();
llvm::PassPluginLibraryInfo getPollyPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "polly", "left out", nullptr, nullptr};
}

// The names of the targets that stay are sent elsewhere, so that what the lists
// below define for them is not what LLVM calls.
#define LLVMInitializeAMDGPUTargetInfo keepAMDGPUTargetInfo
#define LLVMInitializeAMDGPUTarget keepAMDGPUTarget
#define LLVMInitializeAMDGPUTargetMC keepAMDGPUTargetMC
#define LLVMInitializeAMDGPUAsmPrinter keepAMDGPUAsmPrinter
#define LLVMInitializeAMDGPUAsmParser keepAMDGPUAsmParser
#define LLVMInitializeAMDGPUDisassembler keepAMDGPUDisassembler
#define LLVMInitializeNVPTXTargetInfo keepNVPTXTargetInfo
#define LLVMInitializeNVPTXTarget keepNVPTXTarget
#define LLVMInitializeNVPTXTargetMC keepNVPTXTargetMC
#define LLVMInitializeNVPTXAsmPrinter keepNVPTXAsmPrinter

extern "C" {
#define LLVM_TARGET(TARGET)                                                    \
  void LLVMInitialize##TARGET##TargetInfo();                                   \
  void LLVMInitialize##TARGET##TargetInfo() {}                                 \
  void LLVMInitialize##TARGET##Target();                                       \
  void LLVMInitialize##TARGET##Target() {}                                     \
  void LLVMInitialize##TARGET##TargetMC();                                     \
  void LLVMInitialize##TARGET##TargetMC() {}
#include "llvm/Config/Targets.def"

#define LLVM_ASM_PRINTER(TARGET)                                               \
  void LLVMInitialize##TARGET##AsmPrinter();                                   \
  void LLVMInitialize##TARGET##AsmPrinter() {}
#include "llvm/Config/AsmPrinters.def"

#define LLVM_ASM_PARSER(TARGET)                                                \
  void LLVMInitialize##TARGET##AsmParser();                                    \
  void LLVMInitialize##TARGET##AsmParser() {}
#include "llvm/Config/AsmParsers.def"

#define LLVM_DISASSEMBLER(TARGET)                                              \
  void LLVMInitialize##TARGET##Disassembler();                                 \
  void LLVMInitialize##TARGET##Disassembler() {}
#include "llvm/Config/Disassemblers.def"
}
