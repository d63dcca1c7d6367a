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
using Bytes = llvm::SmallVector<uint8_t, 0>;

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

/// The code of an AMD kernel, and its descriptor with the distance to the code
/// left out.
static llvm::Error appendAmd(const ElfFile &elf, llvm::StringRef symbol,
                             Bytes &text) {
  auto code = symbolBytes(elf, symbol);
  if (!code)
    return code.takeError();
  auto descriptor = symbolBytes(elf, (symbol + ".kd").str());
  if (!descriptor)
    return descriptor.takeError();
  if (descriptor->size() != kDescriptorBytes)
    return refuse("descriptor of '" + symbol + "' has " +
                  llvm::Twine(descriptor->size()) + " bytes, not 64");
  llvm::append_range(text, *code);
  size_t base = text.size();
  llvm::append_range(text, *descriptor);
  std::fill_n(text.begin() + base + kEntryOffset, kEntryBytes, 0);
  return llvm::Error::success();
}

static bool isNameCharacter(char c) {
  return llvm::isAlnum(c) || c == '_' || c == '$';
}

/// PTX of one function. Its name, and the parameters' names that begin with
/// it, are left out.
static void appendWithoutName(llvm::StringRef function, llvm::StringRef symbol,
                              Bytes &text) {
  char before = ' ';
  while (!function.empty()) {
    llvm::StringRef rest = function;
    if (!isNameCharacter(before) && rest.consume_front(symbol) &&
        (rest.empty() || !isNameCharacter(rest.front()) ||
         rest.starts_with("_param_"))) {
      before = symbol.back();
      function = rest;
      continue;
    }
    before = function.front();
    text.push_back(static_cast<uint8_t>(before));
    function = function.drop_front();
  }
}

/// The PTX of an NVIDIA kernel from `.entry` to the brace that ends it, as
/// LLVM and people write it: at the beginning of a line.
static llvm::Error appendPtx(llvm::StringRef ptx, llvm::StringRef symbol,
                             Bytes &text) {
  llvm::StringRef directive = ".entry ";
  for (size_t at = ptx.find(directive); at != llvm::StringRef::npos;
       at = ptx.find(directive, at + 1)) {
    llvm::StringRef rest = ptx.substr(at + directive.size());
    if (!rest.consume_front(symbol) ||
        (!rest.empty() && isNameCharacter(rest.front())))
      continue;
    size_t end = rest.find("\n}");
    if (end == llvm::StringRef::npos)
      return refuse("PTX of '" + symbol + "' has no end");
    appendWithoutName(rest.take_front(end), symbol, text);
    return llvm::Error::success();
  }
  return refuse("PTX has no kernel '" + symbol + "'");
}

/// What of `codeObject` is the kernel.
static llvm::Error appendCode(llvm::ArrayRef<uint8_t> codeObject,
                              llvm::StringRef symbol, Bytes &text) {
  llvm::StringRef image = llvm::toStringRef(codeObject);
  if (!image.starts_with("\x7f"
                         "ELF") &&
      image.contains(".version") && image.contains(".target"))
    return appendPtx(image, symbol, text);
  auto elf = ElfFile::create(image);
  if (!elf)
    return refuse(llvm::toString(elf.takeError()));
  uint16_t machine = elf->getHeader().e_machine;
  if (machine == llvm::ELF::EM_AMDGPU)
    return appendAmd(*elf, symbol, text);
  if (machine != llvm::ELF::EM_CUDA)
    return refuse("is neither for AMD nor for NVIDIA GPUs");
  auto code = symbolBytes(*elf, symbol);
  if (!code)
    return code.takeError();
  llvm::append_range(text, *code);
  return llvm::Error::success();
}

llvm::Expected<std::string>
eclip::hashKernel(llvm::ArrayRef<uint8_t> codeObject, llvm::StringRef symbol,
                  const LaunchGeometry &geometry) {
  if (symbol.empty())
    return refuse("a kernel without a name");
  Bytes text;
  if (llvm::Error error = appendCode(codeObject, symbol, text))
    return error;
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
