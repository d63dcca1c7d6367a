//===- Disassembler.cpp - LLVM's MC layer for gfx906 ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/decode/Disassembler.h"

#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstPrinter.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

extern "C" {
void LLVMInitializeAMDGPUTargetInfo(void);
void LLVMInitializeAMDGPUTargetMC(void);
void LLVMInitializeAMDGPUDisassembler(void);
}

namespace eclip::vgpu {

struct Disassembler::Impl {
  llvm::Triple triple{"amdgcn-amd-amdhsa"};
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> asmInfo;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCContext> context;
  std::unique_ptr<llvm::MCDisassembler> disassembler;
  std::unique_ptr<llvm::MCInstPrinter> printer;
  std::string error;
};

Disassembler::Disassembler() : impl(std::make_unique<Impl>()) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeAMDGPUTargetInfo();
    LLVMInitializeAMDGPUTargetMC();
    LLVMInitializeAMDGPUDisassembler();
  });
  Impl &i = *impl;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(i.triple, i.error);
  if (!target)
    return;
  i.registers.reset(target->createMCRegInfo(i.triple));
  i.asmInfo.reset(target->createMCAsmInfo(*i.registers, i.triple, i.options));
  i.instructions.reset(target->createMCInstrInfo());
  i.subtarget.reset(target->createMCSubtargetInfo(i.triple, "gfx906", ""));
  i.context = std::make_unique<llvm::MCContext>(i.triple, i.asmInfo.get(), i.registers.get(), i.subtarget.get());
  i.disassembler.reset(target->createMCDisassembler(*i.subtarget, *i.context));
  i.printer.reset(target->createMCInstPrinter(i.triple, 0, *i.asmInfo, *i.instructions, *i.registers));
  if (!i.disassembler || !i.printer)
    i.error = "this LLVM has no AMDGPU disassembler";
}

Disassembler::~Disassembler() = default;

bool Disassembler::ready(std::string &error) const {
  error = impl->error;
  return error.empty();
}

static void stripEncoding(std::string &name) {
  for (const char *suffix : {"_e32", "_e64", "_sdwa", "_dpp"}) {
    size_t length = std::char_traits<char>::length(suffix);
    if (name.size() > length && name.compare(name.size() - length, length, suffix) == 0) {
      name.resize(name.size() - length);
      return;
    }
  }
}

Disassembler::Decoded Disassembler::decode(const uint8_t *code, uint64_t available, uint64_t address) {
  Decoded result;
  llvm::MCInst inst;
  uint64_t size = 0;
  llvm::ArrayRef<uint8_t> bytes(code, available < 20 ? available : 20);
  auto status = impl->disassembler->getInstruction(inst, size, bytes, address, llvm::nulls());
  if (status != llvm::MCDisassembler::Success || size == 0 || size > available)
    return result;
  llvm::raw_string_ostream stream(result.text);
  impl->printer->printInst(&inst, address, "", *impl->subtarget, stream);
  size_t begin = result.text.find_first_not_of(" \t");
  result.text.erase(0, begin == std::string::npos ? 0 : begin);
  while (!result.text.empty() && result.text.back() == ' ')
    result.text.pop_back();
  for (char &c : result.text)
    if (c == '\t')
      c = ' ';
  result.mnemonic = result.text.substr(0, result.text.find(' '));
  stripEncoding(result.mnemonic);
  result.bytes = static_cast<unsigned>(size);
  return result;
}

} // namespace eclip::vgpu
