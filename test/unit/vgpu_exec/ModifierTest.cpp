//===- ModifierTest.cpp - operand modifiers, SDWA, DPP and lane exchange --===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"
#include "Reference.h"
#include "Values.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>

namespace eclip::vgpu::test {
namespace {

Registers randomRegisters(Values &values, Kind kind) {
  Registers r;
  for (auto &row : r.v)
    for (uint32_t &v : row)
      v = static_cast<uint32_t>(values.draw(kind));
  for (unsigned s = 0; s < 102; ++s)
    r.s[s] = static_cast<uint32_t>(values.draw(kind));
  r.setWide(SR_Vcc, values.word());
  r.setWide(SR_Exec, ~0ull);
  return r;
}

/// How results compare: NaNs of a float, or in each half, are alike.
enum class Alike { Bits, Float, Halves };
bool alike(Alike how, uint32_t a, uint32_t b) {
  auto half = [](uint32_t x, uint32_t y) { return x == y || (isNan(Kind::F16, x) && isNan(Kind::F16, y)); };
  if (how == Alike::Float && isNan(Kind::F32, a) && isNan(Kind::F32, b))
    return true;
  return a == b || (how == Alike::Halves && half(a & 0xffff, b & 0xffff) && half(a >> 16, b >> 16));
}

/// Runs `text` and compares v30 with `want(before, lane)` in the active lanes;
/// the other lanes keep their value.
void check(const std::string &text, Kind kind, const std::function<uint32_t(const Registers &, unsigned)> &want,
           Alike how = Alike::Bits) {
  for (bool portable : {false, true}) {
    Machine machine;
    ASSERT_TRUE(machine.load(text, portable)) << text << ": " << machine.error;
    Values values(3);
    for (uint64_t exec : {~0ull, 0x123456789abcdef0ull, 0ull}) {
      Registers before = randomRegisters(values, kind);
      before.setWide(SR_Exec, exec);
      Registers after = before;
      ASSERT_TRUE(machine.run(after)) << text;
      for (unsigned l = 0; l < 64; ++l) {
        uint32_t expected = exec >> l & 1 ? want(before, l) : before.v[30][l];
        ASSERT_TRUE(alike(how, expected, after.v[30][l])) << text << std::hex << ": " << expected << " is not " << after.v[30][l] << ", lane " << l << std::hex << ", exec " << exec;
      }
    }
  }
}

// SDWA.
uint32_t part(uint32_t v, const std::string &sel, bool sext) {
  if (sel == "DWORD")
    return v;
  bool isByte = sel.rfind("BYTE", 0) == 0;
  unsigned index = static_cast<unsigned>(sel[5] - '0'), width = isByte ? 8 : 16;
  int64_t field = v >> (width * index) & ((1u << width) - 1);
  if (sext && field >> (width - 1))
    field -= 1ll << width;
  return static_cast<uint32_t>(field);
}

TEST(Sdwa, SelectsAndExtendsSources) {
  for (const char *sel0 : {"BYTE_0", "BYTE_1", "BYTE_2", "BYTE_3", "WORD_0", "WORD_1", "DWORD"})
    for (const char *sel1 : {"BYTE_2", "WORD_1", "DWORD"})
      for (bool sext : {false, true}) {
        std::string first = sext ? "sext(v2)" : "v2";
        std::string text = "v_add_u32_sdwa v30, " + first + ", v4 dst_sel:DWORD dst_unused:UNUSED_PAD src0_sel:" +
                           sel0 + " src1_sel:" + sel1;
        check(text, Kind::B32, [=](const Registers &r, unsigned l) {
          return part(r.v[2][l], sel0, sext) + part(r.v[4][l], sel1, false);
        });
      }
}
TEST(Sdwa, PlacesTheResult) {
  for (const char *sel : {"BYTE_0", "BYTE_1", "BYTE_2", "BYTE_3", "WORD_0", "WORD_1"})
    for (const char *unused : {"UNUSED_PAD", "UNUSED_SEXT", "UNUSED_PRESERVE"}) {
      std::string text = std::string("v_or_b32_sdwa v30, v2, v4 dst_sel:") + sel + " dst_unused:" + unused +
                         " src0_sel:DWORD src1_sel:DWORD";
      check(text, Kind::B32, [=](const Registers &r, unsigned l) {
        bool isByte = sel[0] == 'B';
        unsigned width = isByte ? 8 : 16, shift = width * static_cast<unsigned>(sel[5] - '0');
        uint32_t field = ((1u << width) - 1), v = (r.v[2][l] | r.v[4][l]) & field;
        uint32_t out = v << shift;
        if (unused[7] == 'P' && unused[8] == 'R')
          return out | (r.v[30][l] & ~(field << shift));
        if (unused[7] == 'S' && v >> (width - 1))
          for (unsigned k = shift + width; k < 32; ++k)
            out |= 1u << k;
        return out;
      });
    }
}
TEST(Sdwa, ScalarsFloatsAndUnaryForms) {
  check("v_mov_b32_sdwa v30, v2 dst_sel:DWORD dst_unused:UNUSED_PAD src0_sel:BYTE_3", Kind::B32,
        [](const Registers &r, unsigned l) { return r.v[2][l] >> 24; });
  check("v_add_u32_sdwa v30, s5, v4 dst_sel:DWORD dst_unused:UNUSED_PAD src0_sel:WORD_1 src1_sel:DWORD", Kind::B32,
        [](const Registers &r, unsigned l) { return (r.s[5] >> 16) + r.v[4][l]; });
  check("v_cvt_f32_f16_sdwa v30, v2 dst_sel:DWORD dst_unused:UNUSED_PAD src0_sel:WORD_1", Kind::PairF16,
        [](const Registers &r, unsigned l) { return u32(bits(static_cast<float>(halfValue(r.v[2][l] >> 16)))); }, Alike::Float);
  check("v_add_f16_sdwa v30, -v2, |v4| dst_sel:WORD_1 dst_unused:UNUSED_PRESERVE src0_sel:WORD_1 src1_sel:WORD_0",
        Kind::B32, [](const Registers &r, unsigned l) {
          uint64_t x = (r.v[2][l] >> 16) ^ 0x8000, y = r.v[4][l] & 0x7fff;
          uint64_t sum = toHalf(halfValue(x) + halfValue(y));
          return static_cast<uint32_t>(sum << 16 | (r.v[30][l] & 0xffff));
        }, Alike::Halves);
}
TEST(Sdwa, Compare) {
  Machine machine;
  ASSERT_TRUE(machine.load("v_cmp_lt_u32_sdwa s[6:7], v2, v4 src0_sel:BYTE_1 src1_sel:BYTE_0")) << machine.error;
  Values values(5);
  Registers r = randomRegisters(values, Kind::B32), before = r;
  ASSERT_TRUE(machine.run(r));
  for (unsigned l = 0; l < 64; ++l)
    EXPECT_EQ(r.wide(6) >> l & 1, (before.v[2][l] >> 8 & 255) < (before.v[4][l] & 255)) << l;
}

// DPP.
struct DppCase {
  const char *control;
  int (*source)(int lane);
};
const DppCase dppCases[] = {
    {"quad_perm:[3,0,2,1]", [](int l) { return (l & ~3) + (l % 4 == 0 ? 3 : l % 4 == 1 ? 0 : l % 4 == 2 ? 2 : 1); }},
    {"row_shl:3", [](int l) { return l % 16 + 3 < 16 ? l + 3 : -1; }},
    {"row_shr:1", [](int l) { return l % 16 >= 1 ? l - 1 : -1; }},
    {"row_shr:15", [](int l) { return l % 16 >= 15 ? l - 15 : -1; }},
    {"row_ror:4", [](int l) { return l / 16 * 16 + (l % 16 + 12) % 16; }},
    {"wave_shl:1", [](int l) { return l < 63 ? l + 1 : -1; }},
    {"wave_rol:1", [](int l) { return (l + 1) % 64; }},
    {"wave_shr:1", [](int l) { return l - 1; }},
    {"wave_ror:1", [](int l) { return (l + 63) % 64; }},
    {"row_mirror", [](int l) { return l / 16 * 16 + 15 - l % 16; }},
    {"row_half_mirror", [](int l) { return l / 8 * 8 + 7 - l % 8; }},
    {"row_bcast:15", [](int l) { return l / 16 * 16 - 1; }},
    {"row_bcast:31", [](int l) { return l >= 32 ? 31 : -1; }},
};
TEST(Dpp, EveryControl) {
  for (const DppCase &c : dppCases)
    for (bool zero : {false, true}) {
      std::string text = std::string("v_mov_b32_dpp v30, v2 ") + c.control + " row_mask:0xf bank_mask:0xf" +
                         (zero ? " bound_ctrl:0" : "");
      check(text, Kind::B32, [&](const Registers &r, unsigned l) {
        int from = c.source(static_cast<int>(l));
        bool valid = from >= 0 && (r.exec() >> from & 1);
        return valid ? r.v[2][from] : zero ? 0u : r.v[30][l];
      });
    }
}
TEST(Dpp, MasksRowsAndBanks) {
  check("v_add_f32_dpp v30, -v2, |v4| row_ror:8 row_mask:0xa bank_mask:0x5", Kind::B32, [](const Registers &r, unsigned l) {
    bool enabled = (0xa >> (l / 16) & 1) && (0x5 >> (l / 4 % 4) & 1);
    unsigned from = l / 16 * 16 + (l + 8) % 16;
    if (!enabled || !(r.exec() >> from & 1))
      return r.v[30][l];
    float x = -f32(r.v[2][from]), y = std::fabs(f32(r.v[4][l]));
    return u32(bits(static_cast<float>(static_cast<double>(x) + y)));
  }, Alike::Float);
}

// Halves and pairs.
TEST(OpSel, ChoosesHalvesOfSourcesAndDestination) {
  check("v_mad_u16 v30, v2, v4, v6 op_sel:[1,0,1,0]", Kind::B32, [](const Registers &r, unsigned l) {
    uint32_t v = (r.v[2][l] >> 16) * (r.v[4][l] & 0xffff) + (r.v[6][l] >> 16);
    return (r.v[30][l] & 0xffff0000) | (v & 0xffff);
  });
  check("v_mad_u16 v30, v2, v4, v6 op_sel:[0,1,0,1]", Kind::B32, [](const Registers &r, unsigned l) {
    uint32_t v = (r.v[2][l] & 0xffff) * (r.v[4][l] >> 16) + (r.v[6][l] & 0xffff);
    return (r.v[30][l] & 0xffff) | v << 16;
  });
  check("v_add_i16 v30, v2, v4 op_sel:[1,1,0]", Kind::B32, [](const Registers &r, unsigned l) {
    return (r.v[30][l] & 0xffff0000) | (((r.v[2][l] >> 16) + (r.v[4][l] >> 16)) & 0xffff);
  });
}
TEST(OpSel, Packed) {
  check("v_pk_add_u16 v30, v2, v4 op_sel:[1,0] op_sel_hi:[0,0]", Kind::B32, [](const Registers &r, unsigned l) {
    uint32_t low = (r.v[2][l] >> 16) + r.v[4][l], high = r.v[2][l] + r.v[4][l];
    return (low & 0xffff) | high << 16;
  });
  check("v_pk_mad_u16 v30, v2, s5, v6 op_sel_hi:[1,0,1]", Kind::B32, [](const Registers &r, unsigned l) {
    uint32_t k = r.s[5] & 0xffff;
    uint32_t low = (r.v[2][l] & 0xffff) * k + r.v[6][l], high = (r.v[2][l] >> 16) * k + (r.v[6][l] >> 16);
    return (low & 0xffff) | high << 16;
  });
  check("v_pk_mul_f16 v30, v2, v4 neg_lo:[1,0] neg_hi:[0,1]", Kind::PairF16, [](const Registers &r, unsigned l) {
    uint64_t low = toHalf(-halfValue(r.v[2][l]) * halfValue(r.v[4][l]));
    uint64_t high = toHalf(halfValue(r.v[2][l] >> 16) * -halfValue(r.v[4][l] >> 16));
    return static_cast<uint32_t>(low | high << 16);
  }, Alike::Halves);
  check("v_pk_add_u16 v30, v2, 7 op_sel_hi:[1,0]", Kind::B32, [](const Registers &r, unsigned l) {
    return ((r.v[2][l] + 7) & 0xffff) | ((r.v[2][l] >> 16) + 7) << 16;
  });
}
TEST(Mix, ReadsFloatsOrHalves) {
  auto half = [](uint32_t v, bool high) { return static_cast<float>(halfValue(high ? v >> 16 : v)); };
  check("v_fma_mix_f32 v30, v2, v4, v6", Kind::F32, [](const Registers &r, unsigned l) {
    return u32(bits(std::fma(f32(r.v[2][l]), f32(r.v[4][l]), f32(r.v[6][l]))));
  }, Alike::Float);
  check("v_fma_mix_f32 v30, v2, -v4, |v6| op_sel:[1,0,0] op_sel_hi:[1,1,0]", Kind::PairF16,
        [=](const Registers &r, unsigned l) {
          return u32(bits(std::fma(half(r.v[2][l], true), -half(r.v[4][l], false), std::fabs(f32(r.v[6][l])))));
        }, Alike::Float);
  // All ones is no modifier of packed operations, but three halves here.
  check("v_fma_mix_f32 v30, v2, v4, v6 op_sel_hi:[1,1,1]", Kind::PairF16, [=](const Registers &r, unsigned l) {
    return u32(bits(std::fma(half(r.v[2][l], false), half(r.v[4][l], false), half(r.v[6][l], false))));
  }, Alike::Float);
  check("v_fma_mixlo_f16 v30, v2, v4, v6 op_sel_hi:[0,0,0]", Kind::B16, [](const Registers &r, unsigned l) {
    uint64_t h = toHalf(std::fma(f32(r.v[2][l]), f32(r.v[4][l]), f32(r.v[6][l])));
    return static_cast<uint32_t>(h | (r.v[30][l] & 0xffff0000));
  }, Alike::Halves);
  check("v_fma_mixhi_f16 v30, v2, v4, v6 op_sel_hi:[0,0,0]", Kind::B16, [](const Registers &r, unsigned l) {
    uint64_t h = toHalf(std::fma(f32(r.v[2][l]), f32(r.v[4][l]), f32(r.v[6][l])));
    return static_cast<uint32_t>(h << 16 | (r.v[30][l] & 0xffff));
  }, Alike::Halves);
}

TEST(SelectLanes, TakesSourceModifiers) {
  check("v_cndmask_b32_e64 v30, -v2, |v4|, vcc", Kind::B32, [](const Registers &r, unsigned l) {
    return r.wide(SR_Vcc) >> l & 1 ? r.v[4][l] & 0x7fffffff : r.v[2][l] ^ 0x80000000;
  });
}

// Lanes to scalars and back.
TEST(CrossLane, ReadsAndWritesOneLane) {
  Machine machine;
  ASSERT_TRUE(machine.load("v_readfirstlane_b32 s4, v2\nv_readlane_b32 s5, v2, 7\nv_readlane_b32 s6, v2, s20\n"
                           "v_writelane_b32 v3, s21, 9\nv_writelane_b32 v3, 5, m0\n"
                           "v_nop\nv_clrexcp\ns_mov_b64 exec, 0\nv_readfirstlane_b32 s7, v2"))
      << machine.error;
  Values values(9);
  Registers r = randomRegisters(values, Kind::B32), before = r;
  r.setWide(SR_Exec, 0xff00);
  r.s[20] = 64 + 3; // taken modulo 64
  r.s[SR_M0] = 63;
  ASSERT_TRUE(machine.run(r));
  EXPECT_EQ(r.s[4], before.v[2][8]);
  EXPECT_EQ(r.s[5], before.v[2][7]);
  EXPECT_EQ(r.s[6], before.v[2][3]);
  EXPECT_EQ(r.s[7], before.v[2][0]);
  for (unsigned l = 0; l < 64; ++l)
    EXPECT_EQ(r.v[3][l], l == 9 ? before.s[21] : l == 63 ? 5 : before.v[3][l]);
}
TEST(CrossLane, Swap) {
  Machine machine;
  ASSERT_TRUE(machine.load("v_swap_b32 v2, v3")) << machine.error;
  Values values(9);
  Registers r = randomRegisters(values, Kind::B32), before = r;
  r.setWide(SR_Exec, 0xf0f0f0f0f0f0f0f0);
  ASSERT_TRUE(machine.run(r));
  for (unsigned l = 0; l < 64; ++l) {
    bool active = l % 8 >= 4;
    EXPECT_EQ(r.v[2][l], before.v[active ? 3 : 2][l]);
    EXPECT_EQ(r.v[3][l], before.v[active ? 2 : 3][l]);
  }
}

// Modes.
TEST(Mode, FlushesDenormalsWhenTold) {
  // 4 and 5 are the bits for fp32 sources and results.
  for (uint32_t kept : {0u, 3u}) {
    Machine machine;
    ASSERT_TRUE(machine.load("v_mul_f32 v3, 0.5, v2\nv_max_f32 v4, v2, v2\nv_add_f64 v[6:7], v[8:9], v[8:9]\n"
                             "v_add_f16 v10, v11, v11\ns_getreg_b32 s4, hwreg(HW_REG_MODE, 4, 2)")) << machine.error;
    Registers r;
    r.setWide(SR_Exec, ~0ull);
    r.mode = (r.mode & ~Mode_Denorm32) | kept << 4;
    for (unsigned l = 0; l < 64; ++l) {
      r.v[2][l] = l % 2 ? 0x00400000 : 0x80000123;
      r.v[8][l] = 1;
      r.v[9][l] = 0;
      r.v[11][l] = 3;
    }
    ASSERT_TRUE(machine.run(r));
    EXPECT_EQ(r.v[3][1], kept ? 0x00200000u : 0u);
    EXPECT_EQ(r.v[4][0], kept ? 0x80000123u : 0x80000000u);
    EXPECT_EQ(r.v[6][0], 2u) << "double precision keeps its denormals";
    EXPECT_EQ(r.v[10][0], 6u) << "half precision keeps its denormals";
    EXPECT_EQ(r.s[4], kept);
  }
}
TEST(Mode, SetregSwitchesDenormals) {
  Machine machine;
  ASSERT_TRUE(machine.load("s_setreg_imm32_b32 hwreg(HW_REG_MODE, 4, 2), 0\nv_add_f32 v3, v2, v2\n"
                           "s_mov_b32 s0, 3\ns_setreg_b32 hwreg(HW_REG_MODE, 4, 2), s0\nv_add_f32 v4, v2, v2"))
      << machine.error;
  Registers r;
  r.setWide(SR_Exec, ~0ull);
  r.v[2][5] = 0x00000003;
  ASSERT_TRUE(machine.run(r));
  EXPECT_EQ(r.v[3][5], 0u);
  EXPECT_EQ(r.v[4][5], 6u);
}
TEST(Mode, RefusesOtherRounding) {
  Machine machine;
  ASSERT_TRUE(machine.load("s_setreg_imm32_b32 hwreg(HW_REG_MODE, 0, 2), 3")) << machine.error;
  Registers r;
  EXPECT_FALSE(machine.run(r));
  EXPECT_EQ(machine.context.faultStatus, RunStatus::IllegalInstruction);
}
TEST(Mode, OutputMultiplierNeedsFlushedDenormals) {
  for (bool legal : {false, true}) {
    Machine machine;
    ASSERT_TRUE(machine.load("v_add_f32_e64 v3, v2, v2 mul:4\nv_add_f32_e64 v4, v2, v2 div:2\n"
                             "v_add_f32_e64 v5, v2, v2 clamp mul:2")) << machine.error;
    Registers r;
    r.setWide(SR_Exec, ~0ull);
    if (legal)
      r.mode &= ~uint32_t(Mode_Denorm32 | Mode_IEEE);
    r.v[2][0] = 0x3f800000;
    ASSERT_TRUE(machine.run(r));
    EXPECT_EQ(r.v[3][0], legal ? 0x41000000u : 0x40000000u);
    EXPECT_EQ(r.v[4][0], legal ? 0x3f800000u : 0x40000000u);
    EXPECT_EQ(r.v[5][0], 0x3f800000u);
  }
}
TEST(Mode, ClampOfNanFollowsDx10Clamp) {
  for (bool dx10 : {false, true}) {
    Machine machine;
    ASSERT_TRUE(machine.load("v_add_f32_e64 v3, v2, v2 clamp")) << machine.error;
    Registers r;
    r.setWide(SR_Exec, ~0ull);
    if (!dx10)
      r.mode &= ~uint32_t(Mode_DX10Clamp);
    r.v[2][0] = 0x7fc00000;
    ASSERT_TRUE(machine.run(r));
    EXPECT_EQ(isNan(Kind::F32, r.v[3][0]), !dx10);
  }
}
TEST(Mode, MinimumOfSignallingNanNeedsIeeeMode) {
  for (bool ieee : {false, true}) {
    Machine machine;
    ASSERT_TRUE(machine.load("v_min_f32 v3, v2, v4")) << machine.error;
    Registers r;
    r.setWide(SR_Exec, ~0ull);
    if (!ieee)
      r.mode &= ~uint32_t(Mode_IEEE);
    r.v[2][0] = 0x7f800001;
    r.v[4][0] = 0x3f800000;
    ASSERT_TRUE(machine.run(r));
    EXPECT_EQ(r.v[3][0], ieee ? 0x7fc00001u : 0x3f800000u);
  }
}

/// The whole sequence that LLVM makes of a division.
TEST(Division, IsCorrectlyRounded) {
  Machine machine;
  ASSERT_TRUE(machine.load(R"(
    v_div_scale_f32 v6, s[4:5], v3, v3, v2
    v_div_scale_f32 v7, vcc, v2, v3, v2
    v_rcp_f32 v8, v6
    v_fma_f32 v9, -v6, v8, 1.0
    v_fma_f32 v8, v9, v8, v8
    v_mul_f32 v9, v7, v8
    v_fma_f32 v10, -v6, v9, v7
    v_fma_f32 v9, v10, v8, v9
    v_fma_f32 v6, -v6, v9, v7
    v_div_fmas_f32 v6, v6, v8, v9
    v_div_fixup_f32 v30, v6, v3, v2)")) << machine.error;
  Values values(21);
  for (unsigned round = 0; round < 400; ++round) {
    Registers r = randomRegisters(values, Kind::F32), before = r;
    ASSERT_TRUE(machine.run(r));
    for (unsigned l = 0; l < 64; ++l) {
      float n = f32(before.v[2][l]), d = f32(before.v[3][l]), want = n / d;
      if (std::isnan(want))
        EXPECT_TRUE(std::isnan(f32(r.v[30][l])));
      else
        EXPECT_EQ(u32(bits(want)), r.v[30][l]) << n << " / " << d;
    }
  }
}
TEST(Division, DoubleIsCorrectlyRounded) {
  Machine machine;
  ASSERT_TRUE(machine.load(R"(
    v_div_scale_f64 v[6:7], s[4:5], v[4:5], v[4:5], v[2:3]
    v_rcp_f64 v[8:9], v[6:7]
    v_fma_f64 v[10:11], -v[6:7], v[8:9], 1.0
    v_fma_f64 v[8:9], v[8:9], v[10:11], v[8:9]
    v_fma_f64 v[10:11], -v[6:7], v[8:9], 1.0
    v_fma_f64 v[8:9], v[8:9], v[10:11], v[8:9]
    v_div_scale_f64 v[10:11], vcc, v[2:3], v[4:5], v[2:3]
    v_mul_f64 v[12:13], v[10:11], v[8:9]
    v_fma_f64 v[6:7], -v[6:7], v[12:13], v[10:11]
    v_div_fmas_f64 v[6:7], v[6:7], v[8:9], v[12:13]
    v_div_fixup_f64 v[30:31], v[6:7], v[4:5], v[2:3])")) << machine.error;
  Values values(22);
  for (unsigned round = 0; round < 400; ++round) {
    Registers r;
    r.setWide(SR_Exec, ~0ull);
    double n[64], d[64];
    for (unsigned l = 0; l < 64; ++l)
      for (unsigned k = 0; k < 2; ++k) {
        uint64_t v = values.draw(Kind::F64);
        (k ? d : n)[l] = f64(v);
        r.v[2 + 2 * k][l] = static_cast<uint32_t>(v);
        r.v[3 + 2 * k][l] = static_cast<uint32_t>(v >> 32);
      }
    ASSERT_TRUE(machine.run(r));
    for (unsigned l = 0; l < 64; ++l) {
      uint64_t got = r.v[30][l] | static_cast<uint64_t>(r.v[31][l]) << 32;
      double want = n[l] / d[l];
      if (std::isnan(want))
        EXPECT_TRUE(isNan(Kind::F64, got));
      else
        EXPECT_EQ(bits(want), got) << n[l] << " / " << d[l];
    }
  }
}

} // namespace
} // namespace eclip::vgpu::test
