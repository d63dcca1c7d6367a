//===- LdsTest.cpp - LDS instructions -------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"
#include "MemoryNames.h"
#include "Values.h"

#include <gtest/gtest.h>

namespace eclip::vgpu::test {
namespace {

constexpr unsigned ldsBytes = 16384;

/// v2 holds addresses, v4.. data, v10.. second data, v20.. results.
struct LdsRun {
  Machine machine;
  Registers before, after;
  std::vector<uint8_t> ldsBefore;

  /// `spread` is the distance of neighbouring lanes; 0 puts all at one place.
  void run(const std::string &text, unsigned spread, uint64_t exec, bool portable, uint32_t seed) {
    ASSERT_TRUE(machine.load(text, portable)) << text << ": " << machine.error;
    Values values(seed);
    machine.lds.resize(ldsBytes);
    for (uint8_t &b : machine.lds)
      b = static_cast<uint8_t>(values.word());
    ldsBefore = machine.lds;
    for (auto &row : before.v)
      for (uint32_t &v : row)
        v = static_cast<uint32_t>(values.word());
    for (unsigned l = 0; l < 64; ++l)
      before.v[2][l] = spread == 1 ? values.word() % 900 * 8 : spread * (l % 48);
    before.setWide(SR_Exec, exec);
    after = before;
    ASSERT_TRUE(machine.run(after)) << text;
  }
  uint64_t load(unsigned at, unsigned bytes) const {
    uint64_t v = 0;
    memcpy(&v, &ldsBefore[at], bytes);
    return v;
  }
};

const uint64_t masks[] = {~0ull, 0x8000000012345679ull, 0};

void eachSetting(const std::function<void(unsigned spread, uint64_t exec, bool portable)> &body) {
  for (bool portable : {false, true})
    for (unsigned spread : {0u, 1u, 8u, 16u, 20u})
      for (uint64_t exec : masks)
        body(spread, exec, portable);
}

TEST(Lds, Reads) {
  for (const MemoryKind &k : ldsReads()) {
    std::string text = std::string("ds_read_") + k.suffix + " " + rowsText(20, k.words) + ", v2 offset:24";
    eachSetting([&](unsigned spread, uint64_t exec, bool portable) {
      LdsRun t;
      ASSERT_NO_FATAL_FAILURE(t.run(text, spread, exec, portable, 7));
      for (unsigned l = 0; l < 64; ++l)
        for (unsigned w = 0; w < k.words; ++w) {
          uint32_t old = t.before.v[20 + w][l];
          unsigned at = t.before.v[2][l] + 24 + 4 * w;
          uint32_t want = exec >> l & 1 ? k.loaded(t.load(at, k.words > 1 ? 4 : k.bytes), old) : old;
          ASSERT_EQ(want, t.after.v[20 + w][l]) << text << ", lane " << l << ", word " << w;
        }
    });
  }
}

/// A result over its own address register, as compilers like to write.
TEST(Lds, ReadsOverTheAddress) {
  for (const char *text : {"ds_read_b32 v2, v2", "ds_read_b128 v[0:3], v2", "ds_read2_b32 v[2:3], v2 offset0:9 offset1:1",
                           "ds_read2_b64 v[0:3], v2 offset0:3 offset1:9"})
    for (unsigned spread : {1u, 16u}) {
      LdsRun t;
      ASSERT_NO_FATAL_FAILURE(t.run(text, spread, ~0ull, false, 9));
      std::string name(text);
      bool two = name.find("read2") != std::string::npos, wide = name.find("b64") != std::string::npos;
      for (unsigned l = 0; l < 64; ++l) {
        unsigned at = t.before.v[2][l];
        if (name.find("b128") != std::string::npos)
          ASSERT_EQ(t.load(at + 8, 4), t.after.v[2][l]);
        else if (two && wide)
          ASSERT_EQ(t.load(at + 72, 4), t.after.v[2][l]);
        else
          ASSERT_EQ(t.load(two ? at + 36 : at, 4), t.after.v[2][l]);
      }
    }
}

TEST(Lds, ReadsTwo) {
  struct Case {
    const char *name;
    unsigned words, unit;
  };
  for (const Case &c : {Case{"ds_read2_b32", 1, 4}, {"ds_read2_b64", 2, 8}, {"ds_read2st64_b32", 1, 256}, {"ds_read2st64_b64", 2, 512}})
    for (unsigned second : {6u, 9u}) { // a neighbour and a stranger
      std::string text = std::string(c.name) + " " + rowsText(20, 2 * c.words) + ", v2 offset0:5 offset1:" + std::to_string(second);
      eachSetting([&](unsigned spread, uint64_t exec, bool portable) {
        LdsRun t;
        ASSERT_NO_FATAL_FAILURE(t.run(text, spread, exec, portable, 8));
        for (unsigned l = 0; l < 64; ++l)
          for (unsigned w = 0; w < 2 * c.words; ++w) {
            unsigned offset = (w < c.words ? 5 : second) * c.unit + 4 * (w % c.words);
            uint32_t want = exec >> l & 1 ? static_cast<uint32_t>(t.load(t.before.v[2][l] + offset, 4)) : t.before.v[20 + w][l];
            ASSERT_EQ(want, t.after.v[20 + w][l]) << text << ", lane " << l << ", word " << w;
          }
      });
    }
}

TEST(Lds, Writes) {
  for (const MemoryKind &k : ldsWrites()) {
    std::string text = std::string("ds_write_") + k.suffix + " v2, " + rowsText(4, k.words) + " offset:24";
    eachSetting([&](unsigned spread, uint64_t exec, bool portable) {
      LdsRun t;
      ASSERT_NO_FATAL_FAILURE(t.run(text, spread, exec, portable, 7));
      std::vector<uint8_t> want = t.ldsBefore;
      for (unsigned l = 0; l < 64; ++l)
        for (unsigned w = 0; w < k.words; ++w)
          if (exec >> l & 1) {
            uint32_t v = k.stored(t.before.v[4 + w][l]);
            memcpy(&want[t.before.v[2][l] + 24 + 4 * w], &v, k.words > 1 ? 4 : k.bytes);
          }
      ASSERT_EQ(want, t.machine.lds) << text << ", spread " << spread;
    });
  }
}

TEST(Lds, WritesTwo) {
  struct Case {
    const char *name;
    unsigned words, unit;
  };
  for (const Case &c : {Case{"ds_write2_b32", 1, 4}, {"ds_write2_b64", 2, 8}, {"ds_write2st64_b32", 1, 256}, {"ds_write2st64_b64", 2, 512}}) {
    std::string text = std::string(c.name) + " v2, " + rowsText(4, c.words) + ", " + rowsText(10, c.words) + " offset0:3 offset1:7";
    eachSetting([&](unsigned spread, uint64_t exec, bool portable) {
      if (spread != 16 || c.unit > 8) // lanes must not meet: which one wins is open
        return;
      LdsRun t;
      ASSERT_NO_FATAL_FAILURE(t.run(text, 64, exec, portable, 7));
      std::vector<uint8_t> want = t.ldsBefore;
      for (unsigned l = 0; l < 64; ++l)
        for (unsigned w = 0; w < c.words; ++w)
          if (exec >> l & 1) {
            memcpy(&want[t.before.v[2][l] + 3 * c.unit + 4 * w], &t.before.v[4 + w][l], 4);
            memcpy(&want[t.before.v[2][l] + 7 * c.unit + 4 * w], &t.before.v[10 + w][l], 4);
          }
      ASSERT_EQ(want, t.machine.lds) << text;
    });
  }
}
TEST(Lds, WritesTwoFarApart) {
  for (bool wide : {false, true}) {
    std::string text = wide ? "ds_write2st64_b64 v2, v[4:5], v[10:11] offset0:1 offset1:2"
                            : "ds_write2st64_b32 v2, v4, v10 offset0:1 offset1:2";
    Machine machine;
    ASSERT_TRUE(machine.load(text)) << machine.error;
    machine.lds.resize(8192);
    Registers r;
    r.setWide(SR_Exec, 2);
    r.v[2][1] = 8;
    r.v[4][1] = 111;
    r.v[10][1] = 222;
    ASSERT_TRUE(machine.run(r));
    unsigned unit = wide ? 512 : 256;
    EXPECT_EQ(machine.lds[8 + unit], 111);
    EXPECT_EQ(machine.lds[8 + 2 * unit], 222);
  }
}

TEST(Lds, Atomics) {
  for (const AtomicKind &k : ldsAtomics())
    for (bool portable : {false, true}) {
      bool returns = std::string(k.name).find("_rtn_") != std::string::npos;
      std::string text = k.name + std::string(" ") + (returns ? rowsText(20, k.words) + ", " : "") + "v2, " +
                         rowsText(4, k.words) + (k.two ? ", " + rowsText(10, k.words) : "") + " offset:8";
      LdsRun t;
      // Half of the lanes share an address, so the order of lanes shows.
      ASSERT_NO_FATAL_FAILURE(t.run(text, 16, 0xf0f0ffff0f0f1234, portable, 17));
      std::vector<uint8_t> want = t.ldsBefore;
      for (unsigned l = 0; l < 64; ++l) {
        uint64_t old = 0, first = t.before.v[4][l], second = t.before.v[10][l];
        if (k.words == 2) {
          first |= static_cast<uint64_t>(t.before.v[5][l]) << 32;
          second |= static_cast<uint64_t>(t.before.v[11][l]) << 32;
        }
        bool active = t.before.exec() >> l & 1;
        uint8_t *p = &want[t.before.v[2][l] + 8];
        memcpy(&old, p, 4 * k.words);
        if (active) {
          uint64_t next = k.formula(old, first, second);
          memcpy(p, &next, 4 * k.words);
        }
        for (unsigned w = 0; returns && w < k.words; ++w)
          ASSERT_EQ(active ? static_cast<uint32_t>(old >> (32 * w)) : t.before.v[20 + w][l], t.after.v[20 + w][l]) << text;
      }
      ASSERT_EQ(want, t.machine.lds) << text;
    }
}

TEST(Lds, Permutes) {
  for (uint64_t exec : masks) {
    LdsRun back, forward;
    ASSERT_NO_FATAL_FAILURE(back.run("ds_bpermute_b32 v20, v2, v4 offset:8", 20, exec, false, 5));
    ASSERT_NO_FATAL_FAILURE(forward.run("ds_permute_b32 v20, v2, v4\nds_nop", 4, exec, false, 5));
    for (unsigned l = 0; l < 64; ++l) {
      bool active = exec >> l & 1;
      unsigned from = (back.before.v[2][l] + 8) / 4 % 64;
      uint32_t want = exec >> from & 1 ? back.before.v[4][from] : 0;
      EXPECT_EQ(active ? want : back.before.v[20][l], back.after.v[20][l]);
      // Lane l sends to lane l % 48; the highest sender wins.
      uint32_t sent = 0;
      for (unsigned s = 0; s < 64; ++s)
        if ((exec >> s & 1) && forward.before.v[2][s] / 4 % 64 == l)
          sent = forward.before.v[4][s];
      EXPECT_EQ(active ? sent : forward.before.v[20][l], forward.after.v[20][l]);
    }
  }
}
TEST(Lds, Swizzles) {
  struct Case {
    const char *pattern;
    unsigned (*source)(unsigned lane);
  };
  for (const Case &c : {Case{"swizzle(QUAD_PERM, 3, 1, 0, 2)", [](unsigned l) { return (l & ~3u) + (l % 4 == 0 ? 3 : l % 4 == 1 ? 1 : l % 4 == 2 ? 0 : 2); }},
                        {"swizzle(SWAP, 4)", [](unsigned l) { return l ^ 4; }},
                        {"swizzle(REVERSE, 8)", [](unsigned l) { return l ^ 7; }},
                        {"swizzle(BROADCAST, 16, 5)", [](unsigned l) { return (l & ~15u) | 5; }},
                        {"0xC060", [](unsigned l) { return (l & 32) | ((l + 3) & 31); }},
                        {"0xC460", [](unsigned l) { return (l & 32) | ((l - 3) & 31); }}}) {
    LdsRun t;
    std::string text = std::string("ds_swizzle_b32 v20, v4 offset:") + c.pattern;
    ASSERT_NO_FATAL_FAILURE(t.run(text, 4, 0xfffffffffffffff7, false, 5));
    for (unsigned l = 0; l < 64; ++l) {
      if (l == 3) {
        EXPECT_EQ(t.before.v[20][l], t.after.v[20][l]);
        continue;
      }
      EXPECT_EQ(c.source(l) == 3 ? 0 : t.before.v[4][c.source(l)], t.after.v[20][l]) << text << ", lane " << l;
    }
  }
}

TEST(Lds, OutsideIsAFault) {
  for (const char *text : {"ds_read_b32 v20, v2 offset:61", "ds_write_b64 v2, v[4:5] offset:57", "ds_add_u32 v2, v4 offset:64",
                           "ds_read2_b32 v[20:21], v2 offset0:0 offset1:16", "ds_write2_b32 v2, v4, v5 offset0:0 offset1:20",
                           "ds_read_b128 v[20:23], v2 offset:49"})
    for (uint64_t exec : {~0ull, 1ull << 5}) {
      Machine machine;
      ASSERT_TRUE(machine.load(text)) << machine.error;
      machine.lds.resize(64);
      Registers r;
      r.setWide(SR_Exec, exec);
      EXPECT_FALSE(machine.run(r)) << text;
      EXPECT_EQ(machine.context.faultStatus, RunStatus::MemoryFault);
      r.setWide(SR_Exec, 0);
      EXPECT_TRUE(machine.run(r)) << "no lane, no fault";
    }
}

} // namespace
} // namespace eclip::vgpu::test
