//===- VectorTest.cpp - vector operations against the reference -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"
#include "Reference.h"
#include "Values.h"
#include "runtime/vgpu/exec/decode/OpTable.h"

#include <cmath>
#include <gtest/gtest.h>
#include <optional>
#include <sstream>

namespace eclip::vgpu::test {
namespace {

// Where operands lie: sources in v2, v4, v6 or s20, s22; the result in v30; the
// masks of long encodings in s[24:25] (in) and s[26:27] (out).
constexpr unsigned vectorOf[3] = {2, 4, 6}, scalarOf[3] = {20, 22, 28};
constexpr unsigned resultReg = 30, maskIn = 24, maskOut = 26;

/// One way to write an operation.
struct Form {
  bool longEncoding = false;
  int scalar = -1;     ///< index of the source that is a scalar, or -1
  bool constant = false; ///< source 0 is an inline constant
  bool literal = false;  ///< source 0 is a literal
  unsigned neg = 0, abs = 0;
  bool clamp = false;
};

constexpr uint32_t literalSingle = 0x40490fdb, literalHalf = 0x4248;

uint64_t literalOf(const VectorCase &c) { return c.dst == Kind::F16 ? literalHalf : literalSingle; }

unsigned countOf(const VectorCase &c) {
  unsigned n = 0;
  while (n < 3 && c.src[n] != Kind::None)
    ++n;
  return n;
}

/// The inline constant that stands for source 0, and its bits.
const char *constantText(Kind k) { return isFloating(k) ? "1.0" : "-7"; }
uint64_t constantBits(Kind k) {
  switch (k) {
  case Kind::F32:
    return 0x3f800000;
  case Kind::F64:
    return 0x3ff0000000000000;
  case Kind::F16:
    return 0x3c00;
  case Kind::B16:
    return 0xfff9;
  default:
    return static_cast<uint64_t>(-7);
  }
}

std::string registers(char file, unsigned first, bool wide) {
  std::ostringstream s;
  if (wide)
    s << file << '[' << first << ':' << first + 1 << ']';
  else
    s << file << first;
  return s.str();
}

std::string operandText(const VectorCase &c, const Form &f, unsigned s) {
  if (s == 0 && f.constant)
    return constantText(c.src[0]);
  if (s == 0 && f.literal)
    return "0x40490fdb";
  bool isScalar = f.scalar == static_cast<int>(s);
  std::string text = registers(isScalar ? 's' : 'v', isScalar ? scalarOf[s] : vectorOf[s], isWide(c.src[s]));
  if (f.abs >> s & 1)
    text = "|" + text + "|";
  return f.neg >> s & 1 ? "-" + text : text;
}

std::string buildText(const VectorCase &c, const Form &f, const std::string &suffix) {
  std::ostringstream s;
  std::string inMask = f.longEncoding ? "s[24:25]" : "vcc", outMask = f.longEncoding ? "s[26:27]" : "vcc";
  s << c.name << suffix << ' ';
  if (c.flags & C_Compare)
    s << outMask;
  else
    s << registers('v', resultReg, isWide(c.dst));
  if (c.flags & C_CarryOut)
    s << ", " << outMask;
  unsigned count = countOf(c) - (c.flags & C_Tied ? 1 : 0);
  for (unsigned k = 0; k < count; ++k) {
    bool isLiteral = (k == 1 && (c.flags & C_KMiddle)) || (k == 2 && (c.flags & C_KLast));
    s << ", ";
    if (isLiteral)
      s << "0x" << std::hex << literalOf(c) << std::dec;
    else
      s << operandText(c, f, k);
  }
  if (c.flags & C_CarryIn)
    s << ", " << inMask;
  if (f.clamp)
    s << " clamp";
  return s.str();
}

/// Loads the form under whichever suffix the assembler accepts.
bool loadForm(Machine &machine, const VectorCase &c, const Form &f, bool portable, std::string &text) {
  for (const char *suffix : {f.longEncoding ? "_e64" : "_e32", ""}) {
    text = buildText(c, f, suffix);
    // A bare name picks an encoding by itself; only VOP3-only ones and the
    // forms with a literal inside have no suffix.
    bool bare = *suffix == 0;
    bool mayBeBare = f.longEncoding || (c.flags & (C_KMiddle | C_KLast));
    if (bare && !mayBeBare)
      return false;
    if (machine.load(text, portable))
      return true;
    if (machine.error.find("kernel '") == 0) {
      ADD_FAILURE() << machine.error;
      return false;
    }
  }
  return false;
}

uint64_t sourceBits(const VectorCase &c, const Form &f, const Registers &r, unsigned s, unsigned lane) {
  bool wide = isWide(c.src[s]);
  uint64_t v;
  if ((s == 1 && (c.flags & C_KMiddle)) || (s == 2 && (c.flags & C_KLast)))
    return literalOf(c);
  if (s == 0 && f.constant)
    v = constantBits(c.src[0]);
  else if (s == 0 && f.literal)
    v = literalSingle;
  else if ((c.flags & C_Tied) && s == countOf(c) - 1)
    v = r.v[resultReg][lane];
  else if (f.scalar == static_cast<int>(s))
    v = wide ? r.wide(scalarOf[s]) : r.s[scalarOf[s]];
  else
    v = r.v[vectorOf[s]][lane] | (wide ? static_cast<uint64_t>(r.v[vectorOf[s] + 1][lane]) << 32 : 0);
  uint64_t sign = c.src[s] == Kind::F64 ? 1ull << 63 : c.src[s] == Kind::F16 ? 0x8000 : 0x80000000;
  if (f.abs >> s & 1)
    v &= ~sign;
  return f.neg >> s & 1 ? v ^ sign : v;
}

uint64_t clampFloat(Kind kind, uint64_t v) {
  if (kind == Kind::F16) {
    double x = halfValue(v);
    return toHalf(std::isnan(x) || x <= 0 ? 0 : x > 1 ? 1 : x);
  }
  if (kind == Kind::F64) {
    double x = f64(v);
    return bits(std::isnan(x) || x <= 0 ? 0.0 : x > 1 ? 1.0 : x);
  }
  float x = f32(v);
  return bits(std::isnan(x) || x <= 0 ? 0.0f : x > 1 ? 1.0f : x);
}

bool agrees(const VectorCase &c, uint64_t want, uint64_t got) {
  Kind k = c.dst;
  if (k == Kind::PairF16) {
    auto half = [](uint64_t a, uint64_t b) { return a == b || (isNan(Kind::F16, a) && isNan(Kind::F16, b)); };
    return half(want & 0xffff, got & 0xffff) && half(want >> 16, got >> 16);
  }
  uint64_t low = k == Kind::F16 ? 0xffff : ~0ull;
  if (isNan(k, want & low) && isNan(k, got & low))
    return k != Kind::F16 || want >> 16 == got >> 16;
  uint64_t gap = want > got ? want - got : got - want;
  return gap <= (c.flags & C_OneUlp ? 1u : 0u);
}

/// What the destination of one lane should hold.
uint64_t expected(const VectorCase &c, const Form &f, Lane &x, uint32_t old) {
  bool saturates = f.clamp && (c.flags & C_IntClamp);
  uint64_t v = (saturates ? c.clamped : c.formula)(x);
  if (f.clamp && !saturates)
    v = clampFloat(c.dst, v);
  if (c.dst == Kind::F16 || c.dst == Kind::B16)
    return (v & 0xffff) | (c.flags & C_KeepHigh ? old & 0xffff0000u : 0);
  return isWide(c.dst) ? v : v & 0xffffffff;
}

/// Compares all registers; the first difference is told.
void compareState(const VectorCase &c, const Form &f, const Registers &before, const Registers &after,
                  const std::string &text) {
  uint64_t exec = before.exec(), mask = 0;
  unsigned inReg = f.longEncoding && !(c.flags & C_Vcc) ? maskIn : unsigned(SR_Vcc);
  Registers want = before;
  for (unsigned l = 0; l < 64; ++l) {
    if (!(exec >> l & 1))
      continue;
    Lane x = {0, 0, 0, (before.wide(inReg) >> l & 1) != 0, l, false};
    uint64_t *sources[3] = {&x.a, &x.b, &x.c};
    for (unsigned s = 0; s < countOf(c); ++s)
      *sources[s] = sourceBits(c, f, before, s, l);
    uint64_t v = expected(c, f, x, before.v[resultReg][l]);
    mask |= static_cast<uint64_t>(x.carry) << l;
    if (c.flags & C_Compare)
      continue;
    uint64_t got = after.v[resultReg][l];
    want.v[resultReg][l] = after.v[resultReg][l];
    if (isWide(c.dst)) {
      got |= static_cast<uint64_t>(after.v[resultReg + 1][l]) << 32;
      want.v[resultReg + 1][l] = after.v[resultReg + 1][l];
    }
    ASSERT_TRUE(agrees(c, v, got)) << text << std::hex << ", lane " << l << ": of " << x.a << ", " << x.b << ", "
                                   << x.c << " should come " << v << ", not " << got;
  }
  unsigned outReg = f.longEncoding ? maskOut : unsigned(SR_Vcc);
  if (c.flags & (C_Compare | C_CarryOut))
    want.setWide(outReg, mask);
  if (c.flags & C_CompareX)
    want.setWide(SR_Exec, mask);
  for (unsigned s = 0; s < 128; ++s)
    ASSERT_EQ(want.s[s], after.s[s]) << text << ": scalar register " << s << std::hex << ", mask " << mask;
  ASSERT_EQ(want.scc, after.scc) << text;
  for (unsigned r = 0; r < 64; ++r)
    for (unsigned l = 0; l < 64; ++l)
      ASSERT_EQ(want.v[r][l], after.v[r][l]) << text << ": v" << r << ", lane " << l;
}

void fill(Registers &r, const VectorCase &c, Values &values, bool allLanes) {
  for (auto &row : r.v)
    for (uint32_t &v : row)
      v = static_cast<uint32_t>(values.word());
  for (unsigned s = 0; s < 102; ++s)
    r.s[s] = static_cast<uint32_t>(values.word());
  r.setWide(SR_Vcc, values.word());
  r.setWide(SR_Exec, allLanes ? ~0ull : values.word());
  for (unsigned s = 0; s < countOf(c); ++s) {
    for (unsigned l = 0; l < 64; ++l) {
      uint64_t v = values.draw(c.src[s]);
      r.v[vectorOf[s]][l] = static_cast<uint32_t>(v);
      if (isWide(c.src[s]))
        r.v[vectorOf[s] + 1][l] = static_cast<uint32_t>(v >> 32);
    }
    uint64_t v = values.draw(c.src[s]);
    r.s[scalarOf[s]] = static_cast<uint32_t>(v);
    if (isWide(c.src[s]))
      r.s[scalarOf[s] + 1] = static_cast<uint32_t>(v >> 32);
  }
  // The destination holds a sensible addend for the tied operations; and
  // operands that equal each other, which divisions treat specially.
  for (unsigned l = 0; l < 64; ++l) {
    if (c.flags & C_Tied)
      r.v[resultReg][l] = static_cast<uint32_t>(values.draw(c.dst));
    if (countOf(c) == 3 && l % 4 < 2 && c.src[0] == c.src[1])
      for (unsigned k = 0; k < (isWide(c.src[0]) ? 2u : 1u); ++k)
        r.v[vectorOf[0] + k][l] = r.v[vectorOf[1 + l % 2] + k][l];
  }
}

std::vector<Form> formsOf(const VectorCase &c) {
  std::vector<Form> forms;
  unsigned count = countOf(c) - (c.flags & C_Tied ? 1 : 0);
  bool singleFloat = isFloating(c.src[0]);
  forms.push_back({});
  forms.push_back({.scalar = 0});
  forms.push_back({.constant = true});
  if (!isWide(c.src[0]) && (c.src[0] == Kind::B32 || c.src[0] == Kind::F32))
    forms.push_back({.literal = true});
  forms.push_back({.longEncoding = true});
  for (int s = 0; s < static_cast<int>(count); ++s)
    forms.push_back({.longEncoding = true, .scalar = s});
  if (!(c.flags & C_Packed))
    forms.push_back({.longEncoding = true, .constant = true});
  if (singleFloat && !(c.flags & C_Packed)) {
    unsigned floats = 0;
    for (unsigned s = 0; s < count; ++s)
      floats |= isFloating(c.src[s]) ? 1u << s : 0;
    forms.push_back({.longEncoding = true, .neg = floats});
    forms.push_back({.longEncoding = true, .neg = floats & 5, .abs = floats & 3});
  }
  bool clampable = isFloating(c.dst) || (c.flags & C_IntClamp);
  if (clampable)
    forms.push_back({.longEncoding = true, .clamp = true});
  return forms;
}

void checkCase(const VectorCase &c, bool portable) {
  unsigned assembled = 0;
  for (const Form &f : formsOf(c)) {
    Machine machine;
    std::string text;
    if (!loadForm(machine, c, f, portable, text))
      continue;
    ++assembled;
    Values values(static_cast<uint32_t>(assembled) * 77 + 5);
    for (unsigned round = 0; round < 8; ++round) {
      Registers before;
      fill(before, c, values, round % 2 == 0);
      // Rows that the program does not have stay as they are.
      Registers after = before;
      ASSERT_TRUE(machine.run(after)) << text;
      ASSERT_NO_FATAL_FAILURE(compareState(c, f, before, after, text));
    }
  }
  EXPECT_GE(assembled, 2u) << c.name << " has too few forms that assemble";
}

void checkGroup(void (*add)(std::vector<VectorCase> &)) {
  std::vector<VectorCase> cases;
  add(cases);
  for (const VectorCase &c : cases)
    for (bool portable : {false, true})
      checkCase(c, portable);
}

TEST(Vector, Single) { checkGroup(addFloatCases); }
TEST(Vector, Double) { checkGroup(addDoubleCases); }
TEST(Vector, Half) { checkGroup(addHalfCases); }
TEST(Vector, Integer) { checkGroup(addIntegerCases); }
TEST(Vector, Short) { checkGroup(addShortCases); }
TEST(Vector, Convert) { checkGroup(addConvertCases); }
TEST(Vector, Compare) { checkGroup(addCompareCases); }

} // namespace
} // namespace eclip::vgpu::test
