//===- SymbolTest.cpp - the library's exported names ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the dynamic symbol tables of the built library and, where its package
// is installed, of the real one, and compares names and version nodes.
//
//===----------------------------------------------------------------------===//

#include <gtest/gtest.h>

#include <cstring>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

/// What a shared library exports: name -> version node. And its SONAME.
struct Exports {
  std::map<std::string, std::string> symbols;
  std::string soname;
};

std::vector<char> readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Exports readExports(const std::string &path) {
  Exports result;
  std::vector<char> f = readFile(path);
  if (f.size() < sizeof(Elf64_Ehdr))
    return result;
  auto *elf = reinterpret_cast<Elf64_Ehdr *>(f.data());
  auto *sections = reinterpret_cast<Elf64_Shdr *>(f.data() + elf->e_shoff);
  const Elf64_Shdr *symbols = nullptr, *versions = nullptr, *defined = nullptr;
  const Elf64_Shdr *dynamic = nullptr;
  for (int i = 0; i < elf->e_shnum; ++i) {
    if (sections[i].sh_type == SHT_DYNSYM)
      symbols = &sections[i];
    if (sections[i].sh_type == SHT_GNU_versym)
      versions = &sections[i];
    if (sections[i].sh_type == SHT_GNU_verdef)
      defined = &sections[i];
    if (sections[i].sh_type == SHT_DYNAMIC)
      dynamic = &sections[i];
  }
  if (!symbols || !versions || !defined || !dynamic)
    return result;
  const char *strings = f.data() + sections[symbols->sh_link].sh_offset;
  auto *d = reinterpret_cast<Elf64_Dyn *>(f.data() + dynamic->sh_offset);
  for (; d->d_tag != DT_NULL; ++d)
    if (d->d_tag == DT_SONAME)
      result.soname = strings + d->d_un.d_val;
  std::map<int, std::string> nodes;
  const char *at = f.data() + defined->sh_offset;
  for (uint32_t i = 0; i < defined->sh_info; ++i) {
    auto *v = reinterpret_cast<const Elf64_Verdef *>(at);
    auto *aux = reinterpret_cast<const Elf64_Verdaux *>(at + v->vd_aux);
    nodes[v->vd_ndx] = strings + aux->vda_name;
    at += v->vd_next;
  }
  auto *sym = reinterpret_cast<Elf64_Sym *>(f.data() + symbols->sh_offset);
  auto *ver = reinterpret_cast<uint16_t *>(f.data() + versions->sh_offset);
  for (size_t i = 0; i < symbols->sh_size / sizeof(Elf64_Sym); ++i)
    if (sym[i].st_shndx != SHN_UNDEF && sym[i].st_shndx != SHN_ABS)
      result.symbols[strings + sym[i].st_name] = nodes[ver[i] & 0x7fff];
  return result;
}

std::set<std::string> listedNames() {
  std::ifstream in(ECLIP_TEST_SYMBOLS);
  std::set<std::string> names;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#')
      names.insert(line);
  return names;
}

std::set<std::string> namesOf(const Exports &e, const std::string &node) {
  std::set<std::string> names;
  for (const auto &[name, version] : e.symbols)
    if (version == node)
      names.insert(name);
  return names;
}

TEST(Symbols, AreThoseOfTheCheckedInList) {
  Exports ours = readExports(ECLIP_TEST_LIBRARY);
  EXPECT_EQ(ours.soname, "libhsa-runtime64.so.1");
  EXPECT_EQ(listedNames().size(), 225u);
  EXPECT_EQ(namesOf(ours, "ROCR_1"), listedNames());
}

TEST(Symbols, ExtensionsHaveANodeOfTheirOwn) {
  Exports ours = readExports(ECLIP_TEST_LIBRARY);
  std::set<std::string> expected = {
      "eclip_vgpu_checking_enable", "eclip_vgpu_get_counters",
      "eclip_vgpu_get_findings", "eclip_vgpu_reset_counters"};
  EXPECT_EQ(namesOf(ours, "ECLIP_VGPU_1"), expected);
  EXPECT_EQ(ours.symbols.size(), 225u + expected.size()); // and nothing else
}

TEST(Symbols, UnsupportedCallsAreDocumented) {
  std::vector<char> table =
      readFile(ECLIP_TEST_SOURCE_DIR "/runtime/vgpu/hsa/Unsupported.cpp");
  std::vector<char> page =
      readFile(ECLIP_TEST_SOURCE_DIR "/docs/virtual-gpu.md");
  std::string text(table.begin(), table.end()), docs(page.begin(), page.end());
  const std::string mark = "\nUNSUPPORTED(";
  int count = 0;
  for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos;
       ++count) {
    at += mark.size();
    std::string name = text.substr(at, text.find(')', at) - at);
    EXPECT_NE(docs.find("`" + name + "`"), std::string::npos) << name;
  }
  EXPECT_EQ(count, 43);
}

TEST(Symbols, AreThoseOfTheRealLibrary) {
  Exports real = readExports("/usr/lib/x86_64-linux-gnu/libhsa-runtime64.so.1");
  if (real.symbols.empty())
    GTEST_SKIP() << "libhsa-runtime64-1 is not installed";
  EXPECT_EQ(real.soname, "libhsa-runtime64.so.1");
  EXPECT_EQ(namesOf(real, "ROCR_1"), listedNames());
}

} // namespace
