//===- Disassembly.cpp - the machine code of one kernel -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-dump/Dump.h"

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
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/TargetSelect.h"

using namespace eclip;
using namespace llvm;

namespace {

/// LLVM's objects that a disassembler needs, kept alive together.
struct Disassembler {
  Triple triple{"amdgcn-amd-amdhsa"};
  std::unique_ptr<MCRegisterInfo> registers;
  std::unique_ptr<MCAsmInfo> asmInfo;
  std::unique_ptr<MCSubtargetInfo> subtarget;
  std::unique_ptr<MCInstrInfo> instructions;
  std::unique_ptr<MCContext> context;
  std::unique_ptr<MCDisassembler> disassembler;
  std::unique_ptr<MCInstPrinter> printer;

  static Expected<std::unique_ptr<Disassembler>> create(StringRef cpu);
};

Expected<std::unique_ptr<Disassembler>> Disassembler::create(StringRef cpu) {
  InitializeAllTargetInfos();
  InitializeAllTargetMCs();
  InitializeAllDisassemblers();
  auto d = std::make_unique<Disassembler>();
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(d->triple, error);
  if (!target)
    return createStringError(error);
  d->registers.reset(target->createMCRegInfo(d->triple));
  d->asmInfo.reset(target->createMCAsmInfo(*d->registers, d->triple, MCTargetOptions()));
  d->subtarget.reset(target->createMCSubtargetInfo(d->triple, cpu, ""));
  d->instructions.reset(target->createMCInstrInfo());
  d->context = std::make_unique<MCContext>(d->triple, d->asmInfo.get(),
                                           d->registers.get(), d->subtarget.get());
  d->disassembler.reset(target->createMCDisassembler(*d->subtarget, *d->context));
  d->printer.reset(target->createMCInstPrinter(d->triple, 0, *d->asmInfo,
                                               *d->instructions, *d->registers));
  if (!d->disassembler || !d->printer)
    return createStringError("LLVM has no disassembler for AMDGPU");
  return d;
}

/// Bytes and address of a function symbol of the code object.
struct Function {
  ArrayRef<uint8_t> bytes;
  uint64_t address = 0;
};

Expected<Function> findFunction(const object::ObjectFile &object, StringRef name) {
  for (const object::SymbolRef &symbol : object.symbols()) {
    Expected<StringRef> symbolName = symbol.getName();
    if (!symbolName || *symbolName != name) {
      consumeError(symbolName.takeError());
      continue;
    }
    auto section = symbol.getSection();
    auto address = symbol.getAddress();
    if (!section || !address)
      return createStringError("symbol '" + name + "' has no place");
    auto contents = (*section)->getContents();
    if (!contents)
      return contents.takeError();
    uint64_t offset = *address - (*section)->getAddress();
    uint64_t size = object::ELFSymbolRef(symbol).getSize();
    if (offset > contents->size() || size > contents->size() - offset)
      return createStringError("symbol '" + name + "' leaves its section");
    return Function{arrayRefFromStringRef(contents->substr(offset, size)), *address};
  }
  return createStringError("the code object has no function '" + name + "'");
}

} // namespace

static Error disassemble(const Function &function, Disassembler &d, raw_ostream &os) {
  for (uint64_t offset = 0; offset < function.bytes.size();) {
    MCInst inst;
    uint64_t size = 0;
    auto status = d.disassembler->getInstruction(
        inst, size, function.bytes.slice(offset), function.address + offset, nulls());
    if (status == MCDisassembler::Fail)
      return createStringError(formatv("bytes at {0:x} are no instruction",
                                       function.address + offset));
    os << formatv("{0:x8}:", function.address + offset);
    d.printer->printInst(&inst, function.address + offset, "", *d.subtarget, os);
    os << "\n";
    offset += std::max<uint64_t>(size, 4);
  }
  return Error::success();
}

Error eclip::printAssembly(const DumpInput &input, StringRef kernel, raw_ostream &os) {
  const fb::Kernel *found = nullptr;
  for (const fb::Kernel *k : *input.schedule.kernels())
    if (StringRef(k->name()->c_str(), k->name()->size()) == kernel)
      found = k;
  if (!found)
    return createStringError("there is no kernel '" + kernel + "'");
  const fb::CodeObject *code = input.schedule.code_objects()->Get(found->code_object());
  StringRef image(reinterpret_cast<const char *>(code->image()->data()),
                  code->image()->size());
  auto object = object::ObjectFile::createELFObjectFile(MemoryBufferRef(image, "code object"));
  if (!object)
    return object.takeError();
  auto function = findFunction(**object, kernel);
  if (!function)
    return function.takeError();
  auto d = Disassembler::create(input.schedule.device()->target()->str());
  if (!d)
    return d.takeError();
  return disassemble(*function, **d, os);
}
