//===- Coverage.cpp - the instructions of gfx906 --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Coverage.h"

#include "runtime/vgpu/exec/decode/Disassembler.h"

#include <cstring>

namespace eclip::vgpu::test {

namespace {
/// An encoding: constant bits and where its opcode lies.
struct Family {
  uint32_t base;
  unsigned shift, bits;
};
} // namespace

static const Family families[] = {
    {0x80000000, 23, 7},  // SOP2; the last numbers are the families below
    {0xb0000000, 23, 5},  // SOPK
    {0xbe800000, 8, 8},   // SOP1
    {0xbf000000, 16, 7},  // SOPC
    {0xbf800000, 16, 7},  // SOPP
    {0xc0020000, 18, 8},  // SMEM
    {0x00000000, 25, 6},  // VOP2
    {0x7e000000, 9, 8},   // VOP1
    {0x7c000000, 17, 8},  // VOPC
    {0xd0000000, 16, 10}, // VOP3 and VOP3P
    {0xd8000000, 17, 8},  // DS
    {0xdc000000, 18, 7},  // FLAT
    {0xdc004000, 18, 7},  // SCRATCH
    {0xdc008000, 18, 7},  // GLOBAL
    {0xe0000000, 18, 7},  // MUBUF
};

/// Operand fields for the second dword: some instructions want vector sources,
/// some scalar ones, some no address register.
static const uint32_t seconds[] = {0x00000000, 0x007f0000, 0x04020100, 0x00000100, 0x04020000, 0x007d0000, 0x80000000};
static const uint32_t firsts[] = {0x00000000, 0x00000100, 0x00000001, 0x00000006, 0x00006a00, 0x00020000};

const std::set<std::string> &machineMnemonics() {
  static const std::set<std::string> names = [] {
    std::set<std::string> found;
    Disassembler disassembler;
    for (const Family &family : families)
      for (uint32_t op = 0; op < 1u << family.bits; ++op)
        for (uint32_t first : firsts)
          for (uint32_t second : seconds) {
            uint32_t words[3] = {(family.base | op << family.shift) ^ first, second, 0};
            uint8_t bytes[12];
            memcpy(bytes, words, 12);
            auto decoded = disassembler.decode(bytes, 12, 0);
            if (decoded.bytes)
              found.insert(decoded.mnemonic);
          }
    return found;
  }();
  return names;
}

} // namespace eclip::vgpu::test
