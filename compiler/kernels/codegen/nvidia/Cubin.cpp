//===- Cubin.cpp - what NVIDIA's assembler says of its kernels ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include "llvm/Object/ELFObjectFile.h"

using namespace mlir;
using namespace eclip;

using Elf = llvm::object::ELF64LE;

// The section .nv.info is a list of entries: a form, an attribute, and for this
// form the bytes that follow. The attribute has a symbol's index and its number
// of registers. As `cuobjdump -elf` of CUDA 13.0 shows them.
static constexpr uint8_t kSizedForm = 0x04, kRegisterCount = 0x2f;

/// Registers by symbol index. Stops at what it does not know the size of.
static std::map<uint32_t, int64_t> readCounts(ArrayRef<uint8_t> info) {
  std::map<uint32_t, int64_t> counts;
  while (info.size() >= 4) {
    uint64_t bytes = 4;
    if (info[0] == kSizedForm)
      bytes += llvm::support::endian::read16le(info.data() + 2);
    if (bytes > info.size())
      break;
    if (info[0] == kSizedForm && info[1] == kRegisterCount && bytes == 12)
      counts[llvm::support::endian::read32le(info.data() + 4)] =
          llvm::support::endian::read32le(info.data() + 8);
    info = info.drop_front(bytes);
  }
  return counts;
}

static llvm::Expected<std::map<std::string, int64_t>>
readRegisters(ArrayRef<char> code) {
  std::map<std::string, int64_t> registers;
  auto file =
      llvm::object::ELFFile<Elf>::create(StringRef(code.data(), code.size()));
  if (!file)
    return file.takeError();
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();
  std::map<uint32_t, int64_t> counts;
  const Elf::Shdr *symbolTable = nullptr;
  for (const Elf::Shdr &section : *sections) {
    if (section.sh_type == llvm::ELF::SHT_SYMTAB)
      symbolTable = &section;
    auto name = file->getSectionName(section);
    if (!name)
      return name.takeError();
    if (*name != ".nv.info")
      continue;
    auto contents = file->getSectionContents(section);
    if (!contents)
      return contents.takeError();
    counts = readCounts(*contents);
  }
  if (!symbolTable)
    return registers;
  auto names = file->getStringTableForSymtab(*symbolTable);
  if (!names)
    return names.takeError();
  for (auto [index, count] : counts) {
    auto symbol = file->getSymbol(symbolTable, index);
    if (!symbol)
      return symbol.takeError();
    auto name = (*symbol)->getName(*names);
    if (!name)
      return name.takeError();
    registers[name->str()] = count;
  }
  return registers;
}

std::map<std::string, int64_t> eclip::registersOf(ArrayRef<char> code) {
  auto registers = readRegisters(code);
  if (registers)
    return std::move(*registers);
  llvm::consumeError(registers.takeError());
  return {};
}
