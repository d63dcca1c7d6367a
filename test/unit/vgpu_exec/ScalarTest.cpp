//===- ScalarTest.cpp - scalar operations against the reference -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"
#include "ScalarReference.h"
#include "Values.h"

#include <gtest/gtest.h>

namespace eclip::vgpu::test {
namespace {

constexpr unsigned dst = 30, a = 20, b = 24;

std::string scalarName(unsigned first, unsigned words) {
  if (words == 1)
    return "s" + std::to_string(first);
  return "s[" + std::to_string(first) + ":" + std::to_string(first + 1) + "]";
}

std::string textOf(const ScalarCase &c, const std::string &bText) {
  std::string d = scalarName(dst, c.dstWords ? c.dstWords : 1), aText = scalarName(a, c.aWords);
  switch (c.form) {
  case ScalarForm::Binary:
    return std::string(c.name) + " " + d + ", " + aText + ", " + bText;
  case ScalarForm::Unary:
  case ScalarForm::SaveExec:
    return std::string(c.name) + " " + d + ", " + aText;
  case ScalarForm::Compare:
    return std::string(c.name) + " " + aText + ", " + bText;
  case ScalarForm::Immediate:
  case ScalarForm::ImmediateCompare:
  case ScalarForm::BitSet:
    return std::string(c.name) + " " + d + ", " + bText;
  }
  return "";
}

uint64_t readWords(const Registers &r, unsigned reg, unsigned words) { return words == 2 ? r.wide(reg) : r.s[reg]; }

/// `bValue` overrides the second operand when it is written as a number.
void checkOnce(const ScalarCase &c, Machine &machine, const std::string &text, const Registers &before, uint64_t bValue) {
  Registers after = before, want = before;
  ASSERT_TRUE(machine.run(after)) << text;
  bool tied = c.form == ScalarForm::Immediate || c.form == ScalarForm::ImmediateCompare || c.form == ScalarForm::BitSet;
  ScalarValues v = {readWords(before, tied ? dst : a, c.aWords), bValue, before.scc != 0};
  if (c.form == ScalarForm::SaveExec)
    v.b = before.exec();
  uint64_t result = c.formula(v);
  if (c.form == ScalarForm::SaveExec) {
    want.setWide(dst, before.exec());
    want.setWide(SR_Exec, result);
  } else if (c.dstWords == 2) {
    want.setWide(dst, result);
  } else if (c.dstWords == 1) {
    want.s[dst] = static_cast<uint32_t>(result);
  }
  want.scc = c.keepsScc ? before.scc : v.scc;
  for (unsigned s = 0; s < 128; ++s)
    ASSERT_EQ(want.s[s], after.s[s]) << text << ": s" << s << std::hex << " of " << v.a << ", " << v.b;
  ASSERT_EQ(want.scc, after.scc) << text << std::hex << ": SCC of " << readWords(before, a, c.aWords) << ", " << bValue;
}

void fill(Registers &r, Values &values) {
  for (unsigned s = 0; s < 102; ++s)
    r.s[s] = static_cast<uint32_t>(values.draw(Kind::B32));
  for (unsigned s : {dst, a, b})
    r.setWide(s, values.draw(Kind::B64));
  if (values.word() % 4 == 0) // equal operands
    r.setWide(b, r.wide(a));
  r.setWide(SR_Exec, values.word());
  r.setWide(SR_Vcc, values.word());
  r.scc = values.word() & 1;
}

void checkRegisters(const ScalarCase &c) {
  Machine machine;
  std::string text = textOf(c, scalarName(b, c.bWords ? c.bWords : 1));
  ASSERT_TRUE(machine.load(text)) << text << ": " << machine.error;
  Values values(11);
  for (unsigned round = 0; round < 300; ++round) {
    Registers r;
    fill(r, values);
    ASSERT_NO_FATAL_FAILURE(checkOnce(c, machine, text, r, readWords(r, b, c.bWords)));
  }
}

void checkNumbers(const ScalarCase &c) {
  bool isImmediate = c.form == ScalarForm::Immediate || c.form == ScalarForm::ImmediateCompare;
  bool isUnsigned = std::string(c.name).find("_u32") != std::string::npos;
  Values values(13);
  for (int number : {0, 1, 7, 63, -1, -16, 0x1234, 0x7fff, -0x8000}) {
    bool asBits = isImmediate && isUnsigned;
    int64_t value = asBits ? number & 0xffff : number;
    if (c.form == ScalarForm::BitSet && number < 0)
      continue;
    std::string text = textOf(c, std::to_string(value));
    Machine machine;
    ASSERT_TRUE(machine.load(text)) << text << ": " << machine.error;
    // Literals of 64-bit operands are not sign-extended; inline numbers are.
    bool isInline = number >= -16 && number <= 64;
    uint64_t operand = static_cast<uint64_t>(value);
    if (c.bWords == 2 && !isInline)
      operand &= 0xffffffff;
    for (unsigned round = 0; round < 20; ++round) {
      Registers r;
      fill(r, values);
      uint64_t v = c.bWords == 2 ? operand : operand & 0xffffffff;
      ASSERT_NO_FATAL_FAILURE(checkOnce(c, machine, text, r, v));
    }
  }
}

TEST(Scalar, Registers) {
  for (const ScalarCase &c : scalarCases())
    if (c.form != ScalarForm::Immediate && c.form != ScalarForm::ImmediateCompare)
      checkRegisters(c);
}
TEST(Scalar, Numbers) {
  for (const ScalarCase &c : scalarCases())
    if (c.form != ScalarForm::Unary && c.form != ScalarForm::SaveExec)
      checkNumbers(c);
}

TEST(Scalar, ConditionalMoveKeepsItsDestination) {
  for (bool scc : {false, true}) {
    Machine machine;
    ASSERT_TRUE(machine.load("s_cmov_b32 s1, s4\ns_cmov_b64 s[2:3], s[6:7]")) << machine.error;
    Registers r;
    for (unsigned s = 0; s < 8; ++s)
      r.s[s] = 100 + s;
    r.scc = scc;
    ASSERT_TRUE(machine.run(r));
    EXPECT_EQ(r.s[1], scc ? 104u : 101u);
    EXPECT_EQ(r.s[2], scc ? 106u : 102u);
    EXPECT_EQ(r.s[3], scc ? 107u : 103u);
  }
}

TEST(Scalar, WrExec) {
  Machine machine;
  ASSERT_TRUE(machine.load("s_andn1_wrexec_b64 s[2:3], s[4:5]\ns_mov_b64 s[8:9], exec\n"
                           "s_andn2_wrexec_b64 s[6:7], s[4:5]")) << machine.error;
  Registers r;
  r.setWide(SR_Exec, 0xff00ff00ff00ff00);
  r.setWide(4, 0x0ff00ff00ff00ff0);
  ASSERT_TRUE(machine.run(r));
  uint64_t first = ~0x0ff00ff00ff00ff0ull & 0xff00ff00ff00ff00ull;
  EXPECT_EQ(r.wide(2), first);
  EXPECT_EQ(r.wide(8), first);
  EXPECT_EQ(r.wide(6), 0x0ff00ff00ff00ff0ull & ~first);
  EXPECT_EQ(r.exec(), r.wide(6));
}

TEST(Scalar, SpecialRegistersAreOrdinaryDestinations) {
  Machine machine;
  ASSERT_TRUE(machine.load("s_mov_b32 vcc_lo, 1\ns_mov_b32 vcc_hi, 2\ns_mov_b32 m0, 3\ns_mov_b64 exec, 5\n"
                           "s_cmp_eq_u32 m0, 3\ns_cselect_b32 s0, 7, 8\ns_mov_b32 s1, vcc_hi\n"
                           "s_mov_b32 s2, scc\ns_mov_b32 flat_scratch_lo, 9\ns_mov_b32 s3, flat_scratch_lo"))
      << machine.error;
  Registers r;
  ASSERT_TRUE(machine.run(r));
  EXPECT_EQ(r.wide(SR_Vcc), 0x200000001ull);
  EXPECT_EQ(r.s[SR_M0], 3u);
  EXPECT_EQ(r.exec(), 5u);
  EXPECT_EQ(r.s[0], 7u);
  EXPECT_EQ(r.s[1], 2u);
  EXPECT_EQ(r.s[2], 1u);
  EXPECT_EQ(r.s[3], 9u);
}

} // namespace
} // namespace eclip::vgpu::test
