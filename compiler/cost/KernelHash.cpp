//===- KernelHash.cpp - what a kernel is, whatever its name ---------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/KernelHash.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/xxhash.h"

using namespace eclip;
using llvm::object::ELF64LE;
using ElfFile = llvm::object::ELFFile<ELF64LE>;

/// Size of a kernel descriptor, and where in it the distance to the code stands
/// (LLVM, User Guide for AMDGPU Backend, Kernel Descriptor).
static constexpr size_t kDescriptorBytes = 64;
static constexpr size_t kEntryOffset = 16, kEntryBytes = 8;

static llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 "code object: " + message);
}

/// Bytes of the file that a symbol stands for.
static llvm::Expected<llvm::ArrayRef<uint8_t>>
bytesOf(const ElfFile &elf, const ELF64LE::Sym &symbol, llvm::StringRef name) {
  auto section = elf.getSection(symbol.st_shndx);
  if (!section)
    return section.takeError();
  auto contents = elf.getSectionContents(**section);
  if (!contents)
    return contents.takeError();
  uint64_t begin = symbol.st_value - (*section)->sh_addr;
  if (symbol.st_value < (*section)->sh_addr || begin > contents->size() ||
      symbol.st_size > contents->size() - begin || symbol.st_size == 0)
    return refuse("symbol '" + name + "' lies outside its section");
  return contents->slice(begin, symbol.st_size);
}

static llvm::Expected<llvm::ArrayRef<uint8_t>>
symbolBytes(const ElfFile &elf, llvm::StringRef name) {
  auto sections = elf.sections();
  if (!sections)
    return sections.takeError();
  for (const ELF64LE::Shdr &section : *sections) {
    if (section.sh_type != llvm::ELF::SHT_DYNSYM &&
        section.sh_type != llvm::ELF::SHT_SYMTAB)
      continue;
    auto names = elf.getStringTableForSymtab(section);
    if (!names)
      return names.takeError();
    auto symbols = elf.symbols(&section);
    if (!symbols)
      return symbols.takeError();
    for (const ELF64LE::Sym &symbol : *symbols) {
      auto found = symbol.getName(*names);
      if (!found)
        return found.takeError();
      if (*found == name && symbol.isDefined())
        return bytesOf(elf, symbol, name);
    }
  }
  return refuse("has no symbol '" + name + "'");
}

llvm::Expected<std::string>
eclip::hashKernel(llvm::ArrayRef<uint8_t> codeObject, llvm::StringRef symbol,
                  const LaunchGeometry &geometry) {
  auto elf = ElfFile::create(llvm::toStringRef(codeObject));
  if (!elf)
    return refuse(llvm::toString(elf.takeError()));
  if (elf->getHeader().e_machine != llvm::ELF::EM_AMDGPU)
    return refuse("is not for AMD GPUs");
  auto code = symbolBytes(*elf, symbol);
  if (!code)
    return code.takeError();
  auto descriptor = symbolBytes(*elf, (symbol + ".kd").str());
  if (!descriptor)
    return descriptor.takeError();
  if (descriptor->size() != kDescriptorBytes)
    return refuse("descriptor of '" + symbol + "' has " +
                  llvm::Twine(descriptor->size()) + " bytes, not 64");

  llvm::SmallVector<uint8_t, 0> text(code->begin(), code->end());
  size_t base = text.size();
  llvm::append_range(text, *descriptor);
  std::fill_n(text.begin() + base + kEntryOffset, kEntryBytes, 0);
  for (const auto &sizes : {geometry.grid, geometry.workgroup})
    for (int64_t size : sizes) {
      text.resize(text.size() + 8);
      llvm::support::endian::write64le(text.end() - 8,
                                       static_cast<uint64_t>(size));
    }
  llvm::XXH128_hash_t hash = llvm::xxh3_128bits(text);
  return llvm::utohexstr(hash.high64, /*LowerCase=*/true, /*Width=*/16) +
         llvm::utohexstr(hash.low64, /*LowerCase=*/true, /*Width=*/16);
}

bool eclip::isKernelHash(llvm::StringRef text) {
  return text.size() == 32 && llvm::all_of(text, [](char c) {
           return llvm::isDigit(c) || (c >= 'a' && c <= 'f');
         });
}
