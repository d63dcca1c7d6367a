//===- CodeObject.cpp - a minimal loader of gfx906 code objects -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/tool/CodeObject.h"

#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <iterator>

namespace eclip::vgpu {

CodeObject::~CodeObject() { free(memory); }

template <class T> static bool readAt(const std::vector<uint8_t> &file, uint64_t offset, T &value) {
  if (offset > file.size() || file.size() - offset < sizeof(T))
    return false;
  memcpy(&value, file.data() + offset, sizeof(T));
  return true;
}

bool CodeObject::load(const std::string &path, std::string &error) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    error = "cannot read '" + path + "'";
    return false;
  }
  file.assign(std::istreambuf_iterator<char>(stream), {});
  if (!layOut(error)) {
    error = "'" + path + "': " + error;
    return false;
  }
  return true;
}

bool CodeObject::layOut(std::string &error) {
  Elf64_Ehdr header;
  constexpr uint16_t amdgpu = 224;
  if (!readAt(file, 0, header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_machine != amdgpu) {
    error = "not an AMDGPU ELF file";
    return false;
  }
  std::vector<Elf64_Phdr> segments;
  for (unsigned k = 0; k < header.e_phnum; ++k) {
    Elf64_Phdr segment;
    if (!readAt(file, header.e_phoff + k * sizeof(segment), segment)) {
      error = "its program headers are cut off";
      return false;
    }
    if (segment.p_type != PT_LOAD)
      continue;
    if (segment.p_offset > file.size() || file.size() - segment.p_offset < segment.p_filesz ||
        segment.p_memsz < segment.p_filesz || segment.p_vaddr > (1u << 30) || segment.p_memsz > (1u << 30)) {
      error = "it has a bad segment";
      return false;
    }
    memoryBytes = std::max<uint64_t>(memoryBytes, segment.p_vaddr + segment.p_memsz);
    if (segment.p_flags & 1 /* PF_X */) {
      codeBegin = segment.p_vaddr;
      codeEnd = segment.p_vaddr + segment.p_filesz;
    }
    segments.push_back(segment);
  }
  memoryBytes = (memoryBytes + 4095) / 4096 * 4096;
  memory = static_cast<uint8_t *>(aligned_alloc(4096, memoryBytes ? memoryBytes : 4096));
  if (!memory || codeEnd == 0) {
    error = "it has no code";
    return false;
  }
  memset(memory, 0, memoryBytes);
  for (const Elf64_Phdr &segment : segments)
    memcpy(memory + segment.p_vaddr, file.data() + segment.p_offset, segment.p_filesz);
  return true;
}

/// Looks `wanted` up in the dynamic symbols; 0 if it is not there.
static uint64_t findSymbol(const std::vector<uint8_t> &file, const std::string &wanted) {
  Elf64_Ehdr header;
  readAt(file, 0, header);
  for (unsigned k = 0; k < header.e_shnum; ++k) {
    Elf64_Shdr table, strings;
    if (!readAt(file, header.e_shoff + k * sizeof(table), table))
      return 0;
    if (table.sh_type != SHT_DYNSYM && table.sh_type != SHT_SYMTAB)
      continue;
    if (!readAt(file, header.e_shoff + table.sh_link * sizeof(strings), strings))
      return 0;
    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      if (!readAt(file, table.sh_offset + at, symbol))
        return 0;
      uint64_t name = strings.sh_offset + symbol.st_name;
      if (name + wanted.size() < file.size() && memcmp(&file[name], wanted.c_str(), wanted.size() + 1) == 0)
        return symbol.st_value;
    }
  }
  return 0;
}

bool CodeObject::kernel(const std::string &name, KernelImage &image, std::string &error) const {
  bool hasSuffix = name.size() > 3 && name.compare(name.size() - 3, 3, ".kd") == 0;
  std::string symbol = hasSuffix ? name : name + ".kd";
  uint64_t at = findSymbol(file, symbol);
  if (at == 0 || at + 64 > memoryBytes) {
    error = "there is no kernel descriptor '" + symbol + "'";
    return false;
  }
  const uint8_t *descriptor = memory + at;
  auto field = [&](unsigned offset, auto &value) { memcpy(&value, descriptor + offset, sizeof(value)); };
  int64_t entry;
  image.name = hasSuffix ? name.substr(0, name.size() - 3) : name;
  field(0, image.ldsBytes);
  field(4, image.scratchBytes);
  field(8, image.kernargBytes);
  field(16, entry);
  field(48, image.rsrc1);
  field(52, image.rsrc2);
  field(56, image.properties);
  uint64_t base = reinterpret_cast<uint64_t>(memory);
  image.codeAddress = base + codeBegin;
  image.codeBytes = codeEnd - codeBegin;
  image.entryAddress = base + at + static_cast<uint64_t>(entry);
  return true;
}

MemoryMap::Range CodeObject::range() const {
  uint64_t base = reinterpret_cast<uint64_t>(memory);
  return {base, base + memoryBytes, false};
}

} // namespace eclip::vgpu
