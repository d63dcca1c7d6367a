//===- CodeObject.cpp - AMDGPU ELF files ----------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/CodeObject.h"

#include <algorithm>
#include <cstring>
#include <elf.h>

using namespace eclip::vgpu;

namespace {

// Numbers of the AMDGPU ABI: LLVM's "User Guide for AMDGPU Backend".
constexpr uint16_t machineAmdgpu = 224;
constexpr uint8_t osAbiHsa = 64;
constexpr uint8_t abiVersion4 = 2, abiVersion5 = 3;
constexpr uint32_t machMask = 0xff, machGfx906 = 0x2f;
constexpr uint32_t xnackMask = 0x300, xnackOn = 0x300;
constexpr uint32_t sramEccMask = 0xc00, sramEccOff = 0x800;
enum : uint32_t {
  RelNone = 0,
  RelAbs32Lo = 1,
  RelAbs32Hi = 2,
  RelAbs64 = 3,
  RelRel32 = 4,
  RelRel64 = 5,
  RelAbs32 = 6,
  RelRel32Lo = 10,
  RelRel32Hi = 11,
  RelRelative64 = 13
};
constexpr uint64_t pageBytes = 4096;
/// Far above any real code object, far below what would strain the host.
constexpr uint64_t maxImageBytes = uint64_t(1) << 30;
constexpr unsigned maxProgramHeaders = 64;
constexpr uint64_t descriptorBytes = 64;

class Parser {
public:
  Parser(CodeObject &object, std::string &message)
      : object(object), message(message) {}
  CodeObjectError run();

private:
  CodeObjectError bad(std::string text) {
    message = std::move(text);
    return CodeObjectError::Malformed;
  }
  CodeObjectError foreign(std::string text) {
    message = std::move(text);
    return CodeObjectError::Incompatible;
  }
  /// Reads a T of the file; the range must have been checked.
  template <class T> T at(uint64_t offset) const {
    T value;
    memcpy(&value, object.file + offset, sizeof value);
    return value;
  }
  bool inFile(uint64_t offset, uint64_t bytes) const {
    return offset <= object.fileBytes && bytes <= object.fileBytes - offset;
  }
  /// File offset of [address, address + bytes), which must lie in the part of
  /// one segment that the file holds.
  bool toFile(uint64_t address, uint64_t bytes, uint64_t &offset) const;

  CodeObjectError header();
  CodeObjectError programHeaders();
  CodeObjectError dynamic();
  CodeObjectError symbolCount(uint64_t &count);
  CodeObjectError gnuHashCount(uint64_t &count);
  CodeObjectError symbols();
  CodeObjectError relocations();
  CodeObjectError kernels();
  CodeObjectError kernel(uint32_t index);

  CodeObject &object;
  std::string &message;
  Elf64_Ehdr elf{};
  Elf64_Phdr dynamicHeader{};
  bool hasDynamic = false;
  uint64_t symtab = 0, strtab = 0, strBytes = 0, hash = 0, gnuHash = 0;
  uint64_t rela = 0, relaBytes = 0, pltRel = 0, pltRelBytes = 0;
};

CodeObjectError Parser::header() {
  if (object.fileBytes < sizeof elf)
    return bad("the file is too short for an ELF header");
  elf = at<Elf64_Ehdr>(0);
  if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0)
    return bad("the file is not ELF");
  if (elf.e_ident[EI_CLASS] != ELFCLASS64 ||
      elf.e_ident[EI_DATA] != ELFDATA2LSB)
    return bad("the file is not 64-bit little-endian ELF");
  if (elf.e_machine != machineAmdgpu)
    return foreign("the file is for ELF machine " +
                   std::to_string(elf.e_machine) + ", not for AMDGPU");
  if (elf.e_ident[EI_OSABI] != osAbiHsa)
    return foreign("the file's ELF OS ABI is not AMDGPU HSA");
  uint8_t abi = elf.e_ident[EI_ABIVERSION];
  if (abi != abiVersion4 && abi != abiVersion5)
    return foreign("the file has ELF ABI version " + std::to_string(abi) +
                   "; code object versions 4 and 5 are supported");
  if (elf.e_type != ET_DYN)
    return bad("the file is not a linked code object (ELF type " +
               std::to_string(elf.e_type) + ")");
  object.flags = elf.e_flags;
  if ((elf.e_flags & machMask) != machGfx906)
    return foreign("the file is for AMDGPU machine " +
                   std::to_string(elf.e_flags & machMask) +
                   ", this device is gfx906 (47)");
  if ((elf.e_flags & xnackMask) == xnackOn)
    return foreign("the file needs xnack on, this device has it off");
  if ((elf.e_flags & sramEccMask) == sramEccOff)
    return foreign("the file needs sramecc off, this device has it on");
  return CodeObjectError::None;
}

CodeObjectError Parser::programHeaders() {
  if (elf.e_phnum == 0 || elf.e_phnum > maxProgramHeaders ||
      elf.e_phentsize != sizeof(Elf64_Phdr) ||
      !inFile(elf.e_phoff, uint64_t(elf.e_phnum) * sizeof(Elf64_Phdr)))
    return bad("the program headers lie outside the file, or are too many");
  for (unsigned i = 0; i < elf.e_phnum; ++i) {
    auto p = at<Elf64_Phdr>(elf.e_phoff + uint64_t(i) * sizeof(Elf64_Phdr));
    if (p.p_type == PT_DYNAMIC) {
      if (hasDynamic || !inFile(p.p_offset, p.p_filesz))
        return bad("the dynamic segment lies outside the file");
      dynamicHeader = p;
      hasDynamic = true;
    }
    if (p.p_type != PT_LOAD || p.p_memsz == 0)
      continue;
    std::string which = "segment " + std::to_string(i);
    if (p.p_filesz > p.p_memsz || !inFile(p.p_offset, p.p_filesz))
      return bad(which + " lies outside the file");
    if (p.p_memsz > maxImageBytes || p.p_vaddr > UINT64_MAX / 2)
      return bad(which + " is too large");
    if (!object.segments.empty()) {
      const auto &last = object.segments.back();
      if (p.p_vaddr < last.address + last.bytes)
        return bad(which + " overlaps the segment before it");
    }
    object.segments.push_back({p.p_vaddr, p.p_memsz, p.p_offset, p.p_filesz,
                               (p.p_flags & PF_X) != 0,
                               (p.p_flags & PF_W) != 0});
  }
  if (object.segments.empty())
    return bad("the file has nothing to load");
  const auto &last = object.segments.back();
  object.begin = object.segments.front().address / pageBytes * pageBytes;
  object.end =
      (last.address + last.bytes + pageBytes - 1) / pageBytes * pageBytes;
  if (object.end - object.begin > maxImageBytes)
    return bad("the segments span more than 1 GiB");
  return CodeObjectError::None;
}

bool Parser::toFile(uint64_t address, uint64_t bytes, uint64_t &offset) const {
  for (const auto &s : object.segments)
    if (address >= s.address && address - s.address <= s.fileBytes &&
        bytes <= s.fileBytes - (address - s.address)) {
      offset = s.fileOffset + (address - s.address);
      return true;
    }
  return false;
}

CodeObjectError Parser::dynamic() {
  if (!hasDynamic)
    return bad("the file has no dynamic segment");
  uint64_t count = dynamicHeader.p_filesz / sizeof(Elf64_Dyn);
  uint64_t symEntry = sizeof(Elf64_Sym), relaEntry = sizeof(Elf64_Rela);
  uint64_t pltKind = DT_RELA;
  for (uint64_t i = 0; i < count; ++i) {
    auto d = at<Elf64_Dyn>(dynamicHeader.p_offset + i * sizeof(Elf64_Dyn));
    uint64_t v = d.d_un.d_val;
    switch (d.d_tag) {
    case DT_SYMTAB:
      symtab = v;
      break;
    case DT_STRTAB:
      strtab = v;
      break;
    case DT_STRSZ:
      strBytes = v;
      break;
    case DT_HASH:
      hash = v;
      break;
    case DT_GNU_HASH:
      gnuHash = v;
      break;
    case DT_SYMENT:
      symEntry = v;
      break;
    case DT_RELA:
      rela = v;
      break;
    case DT_RELASZ:
      relaBytes = v;
      break;
    case DT_RELAENT:
      relaEntry = v;
      break;
    case DT_JMPREL:
      pltRel = v;
      break;
    case DT_PLTRELSZ:
      pltRelBytes = v;
      break;
    case DT_PLTREL:
      pltKind = v;
      break;
    case DT_REL:
    case DT_RELR:
      return bad("relocations without addends are not part of the ABI");
    case DT_NULL:
      i = count - 1;
      break;
    default:
      break;
    }
  }
  if (symEntry != sizeof(Elf64_Sym) || relaEntry != sizeof(Elf64_Rela) ||
      pltKind != DT_RELA)
    return bad("the dynamic segment names entries of an unknown size");
  return CodeObjectError::None;
}

/// Counts the dynamic symbols, whose table has no length of its own.
CodeObjectError Parser::symbolCount(uint64_t &count) {
  uint64_t offset;
  if (hash) {
    if (!toFile(hash, 8, offset))
      return bad("the symbol hash table lies outside the file");
    count = at<uint32_t>(offset + 4);
    return CodeObjectError::None;
  }
  if (gnuHash)
    return gnuHashCount(count);
  return bad("the file has symbols but no hash table that counts them");
}

CodeObjectError Parser::gnuHashCount(uint64_t &count) {
  uint64_t offset;
  if (!toFile(gnuHash, 16, offset))
    return bad("the GNU hash table lies outside the file");
  uint64_t buckets = at<uint32_t>(offset), first = at<uint32_t>(offset + 4);
  uint64_t bloom = at<uint32_t>(offset + 8);
  uint64_t table = gnuHash + 16 + bloom * 8, chains = table + buckets * 4;
  uint64_t last = 0;
  if (!toFile(table, buckets * 4, offset))
    return bad("the GNU hash table lies outside the file");
  for (uint64_t i = 0; i < buckets; ++i)
    last = std::max<uint64_t>(last, at<uint32_t>(offset + i * 4));
  if (last < first) {
    count = first;
    return CodeObjectError::None;
  }
  for (;; ++last) {
    if (!toFile(chains + (last - first) * 4, 4, offset))
      return bad("a chain of the GNU hash table does not end");
    if (at<uint32_t>(offset) & 1)
      break;
  }
  count = last + 1;
  return CodeObjectError::None;
}

CodeObjectError Parser::symbols() {
  if (!symtab)
    return CodeObjectError::None;
  uint64_t count = 0, table, strings = 0;
  if (CodeObjectError e = symbolCount(count); e != CodeObjectError::None)
    return e;
  if (count > object.fileBytes / sizeof(Elf64_Sym) ||
      !toFile(symtab, count * sizeof(Elf64_Sym), table))
    return bad("the symbol table lies outside the file");
  if (!toFile(strtab, strBytes, strings))
    return bad("the string table lies outside the file");
  for (uint64_t i = 0; i < count; ++i) {
    auto s = at<Elf64_Sym>(table + i * sizeof(Elf64_Sym));
    if (s.st_name >= strBytes && !(s.st_name == 0 && strBytes == 0))
      return bad("the name of symbol " + std::to_string(i) +
                 " lies outside the string table");
    const char *name =
        reinterpret_cast<const char *>(object.file) + strings + s.st_name;
    size_t room = strBytes - s.st_name;
    size_t length = strnlen(name, room);
    if (length == room && room != 0)
      return bad("the name of symbol " + std::to_string(i) + " does not end");
    CodeObject::Symbol symbol;
    symbol.name = {name, length};
    symbol.value = s.st_value;
    symbol.size = s.st_size;
    symbol.type = ELF64_ST_TYPE(s.st_info);
    symbol.binding = ELF64_ST_BIND(s.st_info);
    symbol.defined = s.st_shndx != SHN_UNDEF;
    if (symbol.defined && s.st_shndx != SHN_ABS && symbol.type != STT_SECTION &&
        object.segmentOf(s.st_value, s.st_size) < 0)
      return bad("symbol '" + std::string(symbol.name) +
                 "' lies outside the segments");
    object.symbols.push_back(symbol);
  }
  return CodeObjectError::None;
}

CodeObjectError Parser::relocations() {
  const std::pair<uint64_t, uint64_t> tables[] = {{rela, relaBytes},
                                                  {pltRel, pltRelBytes}};
  for (auto [address, bytes] : tables) {
    uint64_t offset;
    if (bytes == 0)
      continue;
    if (bytes % sizeof(Elf64_Rela) || !toFile(address, bytes, offset))
      return bad("the relocations lie outside the file");
    for (uint64_t i = 0; i < bytes; i += sizeof(Elf64_Rela)) {
      auto r = at<Elf64_Rela>(offset + i);
      uint32_t type = uint32_t(ELF64_R_TYPE(r.r_info));
      uint32_t symbol = uint32_t(ELF64_R_SYM(r.r_info));
      if (type == RelNone)
        continue;
      bool wide = type == RelAbs64 || type == RelRel64 || type == RelRelative64;
      bool narrow = type == RelAbs32Lo || type == RelAbs32Hi ||
                    type == RelRel32 || type == RelAbs32 ||
                    type == RelRel32Lo || type == RelRel32Hi;
      if (!wide && !narrow)
        return bad("relocation type " + std::to_string(type) +
                   " does not occur in linked code objects");
      if (object.segmentOf(r.r_offset, wide ? 8 : 4) < 0)
        return bad("a relocation lies outside the segments");
      if (type != RelRelative64 && symbol >= object.symbols.size())
        return bad("a relocation names a symbol that does not exist");
      object.relocations.push_back({r.r_offset, type, symbol, r.r_addend});
    }
  }
  return CodeObjectError::None;
}

CodeObjectError Parser::kernels() {
  for (uint32_t i = 0; i < object.symbols.size(); ++i) {
    const auto &s = object.symbols[i];
    if (!s.defined || s.type != STT_OBJECT || !s.name.ends_with(".kd") ||
        s.name.size() == 3)
      continue;
    if (CodeObjectError e = kernel(i); e != CodeObjectError::None)
      return e;
  }
  return CodeObjectError::None;
}

CodeObjectError Parser::kernel(uint32_t index) {
  const auto &s = object.symbols[index];
  std::string what = "kernel descriptor '" + std::string(s.name) + "'";
  uint64_t d;
  if (s.size != descriptorBytes || s.value % 64 != 0 ||
      !toFile(s.value, descriptorBytes, d))
    return bad(what + " is not 64 aligned bytes of the file");
  CodeObject::Kernel k;
  k.symbol = index;
  k.descriptor = s.value;
  k.ldsBytes = at<uint32_t>(d);
  k.scratchBytes = at<uint32_t>(d + 4);
  k.kernargBytes = at<uint32_t>(d + 8);
  k.entry = s.value + uint64_t(at<int64_t>(d + 16));
  k.rsrc1 = at<uint32_t>(d + 48);
  k.rsrc2 = at<uint32_t>(d + 52);
  k.properties = at<uint16_t>(d + 56);
  int segment = object.segmentOf(k.entry, 4);
  if (segment < 0 || !object.segments[size_t(segment)].executable ||
      k.entry % 256 != 0)
    return bad(what +
               " has an entry that is not code, or not 256-byte aligned");
  if (k.ldsBytes > 65536)
    return bad(what + " asks for " + std::to_string(k.ldsBytes) +
               " bytes of LDS, a CU has 65536");
  if (k.kernargBytes > (1u << 20) || k.scratchBytes > (1u << 20))
    return bad(what + " has an absurd kernarg or scratch size");
  k.segment = uint32_t(segment);
  object.kernels.push_back(k);
  return CodeObjectError::None;
}

CodeObjectError Parser::run() {
  CodeObjectError (Parser::*const steps[])() = {
      &Parser::header,  &Parser::programHeaders, &Parser::dynamic,
      &Parser::symbols, &Parser::relocations,    &Parser::kernels};
  for (auto step : steps)
    if (CodeObjectError e = (this->*step)(); e != CodeObjectError::None)
      return e;
  return CodeObjectError::None;
}

} // namespace

int CodeObject::segmentOf(uint64_t address, uint64_t bytes) const {
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment &s = segments[i];
    if (address >= s.address && address - s.address <= s.bytes &&
        bytes <= s.bytes - (address - s.address))
      return int(i);
  }
  return -1;
}

CodeObjectError eclip::vgpu::parseCodeObject(const void *bytes, size_t size,
                                             CodeObject &object,
                                             std::string &message) {
  object = CodeObject();
  object.file = static_cast<const uint8_t *>(bytes);
  object.fileBytes = size;
  return Parser(object, message).run();
}

/// The address that a relocation refers to, before the addend.
static bool relocationTarget(
    const CodeObject &object, const CodeObject::Relocation &r, uint64_t base,
    const std::function<uint64_t(std::string_view)> &define, uint64_t &target) {
  if (r.type == RelRelative64) {
    target = base - object.begin;
    return true;
  }
  const CodeObject::Symbol &s = object.symbols[r.symbol];
  if (s.defined)
    target = base - object.begin + s.value;
  else
    target = define(s.name);
  return s.defined || target != 0 || s.binding == STB_WEAK;
}

CodeObjectError eclip::vgpu::loadCodeObject(
    const CodeObject &object, void *memory,
    const std::function<uint64_t(std::string_view)> &define,
    std::string &message) {
  auto *out = static_cast<uint8_t *>(memory);
  uint64_t base = reinterpret_cast<uint64_t>(memory);
  for (const auto &s : object.segments)
    memcpy(out + (s.address - object.begin), object.file + s.fileOffset,
           s.fileBytes);
  for (const auto &r : object.relocations) {
    uint64_t target;
    if (!relocationTarget(object, r, base, define, target)) {
      message = "symbol '" + std::string(object.symbols[r.symbol].name) +
                "' is undefined";
      return CodeObjectError::UndefinedVariable;
    }
    uint8_t *where = out + (r.address - object.begin);
    uint64_t value = target + uint64_t(r.addend);
    uint64_t relative = value - reinterpret_cast<uint64_t>(where);
    uint32_t low;
    switch (r.type) {
    case RelAbs64:
    case RelRelative64:
      memcpy(where, &value, 8);
      break;
    case RelRel64:
      memcpy(where, &relative, 8);
      break;
    case RelAbs32Lo:
    case RelAbs32:
      memcpy(where, &(low = uint32_t(value)), 4);
      break;
    case RelAbs32Hi:
      memcpy(where, &(low = uint32_t(value >> 32)), 4);
      break;
    case RelRel32:
    case RelRel32Lo:
      memcpy(where, &(low = uint32_t(relative)), 4);
      break;
    case RelRel32Hi:
      memcpy(where, &(low = uint32_t(relative >> 32)), 4);
      break;
    }
  }
  return CodeObjectError::None;
}
