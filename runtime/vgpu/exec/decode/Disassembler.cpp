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

#include <cstring>
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

// LLVM 22 crashes on some bytes that are no instruction of gfx9, found by trying
// random ones: where a literal is named but cannot follow (it words an error to
// a null stream), and on undefined SDWA selections (its printer has no text for
// them). They must not reach it.
constexpr uint32_t literalCode = 255;

static uint32_t fieldOf(uint32_t word, unsigned high, unsigned low) { return word >> low & ((2u << (high - low)) - 1); }

static bool badSdwa(uint32_t first, uint32_t sdwa) {
  bool isCompare = fieldOf(first, 31, 25) == 0x3e;
  bool badSource = fieldOf(sdwa, 18, 16) == 7 || fieldOf(sdwa, 26, 24) == 7;
  return badSource || (!isCompare && (fieldOf(sdwa, 10, 8) == 7 || fieldOf(sdwa, 12, 11) == 3));
}
static bool badVop3(uint32_t first, uint32_t second) {
  uint32_t op = fieldOf(first, 25, 16);
  bool scalarResult = op < 0x100 || op == 0x289; // comparisons, v_readlane
  if (scalarResult && fieldOf(first, 7, 0) == literalCode)
    return true;
  return fieldOf(second, 8, 0) == literalCode || fieldOf(second, 17, 9) == literalCode ||
         fieldOf(second, 26, 18) == literalCode;
}
static bool crashesLlvm(const uint8_t *window) {
  uint32_t first, second;
  memcpy(&first, window, 4);
  memcpy(&second, window + 4, 4);
  uint32_t encoding = fieldOf(first, 31, 26);
  if (encoding == 0x34) // VOP3, VOP3P
    return badVop3(first, second);
  if (encoding == 0x38 || encoding == 0x3a) // MUBUF, MTBUF
    return second >> 24 == literalCode;
  if (first >> 31) // not VOP1, VOP2, VOPC
    return false;
  bool readFirstLane = fieldOf(first, 31, 25) == 0x3f && fieldOf(first, 16, 9) == 2;
  if (readFirstLane && fieldOf(first, 24, 17) == literalCode)
    return true;
  return fieldOf(first, 8, 0) == 249 && badSdwa(first, second);
}

Disassembler::Decoded Disassembler::decode(const uint8_t *code, uint64_t available, uint64_t address) {
  Decoded result;
  llvm::MCInst inst;
  uint64_t size = 0;
  uint8_t window[20] = {};
  memcpy(window, code, available < sizeof(window) ? available : sizeof(window));
  if (crashesLlvm(window))
    return result;
  llvm::ArrayRef<uint8_t> bytes(window, sizeof(window));
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
