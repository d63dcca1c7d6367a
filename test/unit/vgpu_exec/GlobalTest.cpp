//===- GlobalTest.cpp - global, flat, scratch, buffer and scalar memory ---===//
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

/// How an address is formed; all end at memory + 4096 + lane part + offset.
struct Space {
  const char *prefix;
  const char *address; ///< operand text before the data, or after it for loads
  const char *tail;    ///< behind the operands
  int offset;
};
const Space spaces[] = {
    {"global", "v[2:3]", "off offset:-2048", -2048},
    {"global", "v6", "s[4:5] offset:4088", 4088},
    {"flat", "v[2:3]", "offset:1024", 1024},
    {"buffer", "v6", "s[8:11], s12 offen offset:1000", 1000},
    {"buffer", "v[6:7]", "s[16:19], 0 idxen offen offset:1000", 1000}, // v6 is the index, stride 1
    {"buffer", "", "s[8:11], s13 offset:1000", 1000},             // the same for every lane
};

/// The data rows are v20.. (result) and v24.. (data).
class GlobalRun {
public:
  Machine machine;
  Registers before, after;
  std::vector<uint8_t> memory, memoryBefore;
  uint64_t base = 0;
  uint32_t lanePart[64];

  void run(const std::string &text, unsigned spread, uint64_t exec, bool portable, bool uniform = false) {
    ASSERT_TRUE(machine.load(text, portable)) << text << ": " << machine.error;
    Values values(spread + 3);
    memory.resize(65536);
    for (uint8_t &b : memory)
      b = static_cast<uint8_t>(values.word());
    memoryBefore = memory;
    base = (reinterpret_cast<uint64_t>(memory.data()) + 15) / 16 * 16;
    machine.memory.list = {{reinterpret_cast<uint64_t>(memory.data()), reinterpret_cast<uint64_t>(memory.data()) + memory.size(), true}};
    for (auto &row : before.v)
      for (uint32_t &v : row)
        v = static_cast<uint32_t>(values.word());
    for (unsigned l = 0; l < 64; ++l) {
      uint32_t part = spread == 1 ? static_cast<uint32_t>(values.word() % 2000) * 16 : spread * l;
      lanePart[l] = uniform ? 64 : part;
      uint64_t address = base + 4096 + part;
      before.v[2][l] = static_cast<uint32_t>(address);
      before.v[3][l] = static_cast<uint32_t>(address >> 32);
      before.v[6][l] = part;
      before.v[7][l] = 0;
    }
    before.setWide(4, base + 4096);
    before.setWide(8, base + 4000);
    before.s[10] = 60000;
    before.s[12] = 96;
    before.s[13] = 96 + 64;
    before.setWide(16, (base + 4096) | 1ull << 48);
    before.s[18] = 60000;
    before.setWide(SR_Exec, exec);
    after = before;
    ASSERT_TRUE(machine.run(after)) << text << ": " << machine.context.faultWhat;
  }
  size_t at(unsigned lane, int offset) const {
    return base - reinterpret_cast<uint64_t>(memory.data()) + 4096 + lanePart[lane] + static_cast<size_t>(offset);
  }
};

const uint64_t masks[] = {~0ull, 0x8000000012345679ull, 0};

std::string addressed(const Space &s, const std::string &data, bool isStore) {
  std::string address = s.address, buffer = s.prefix;
  std::string addressText = address.empty() ? "off" : address;
  bool isBuffer = buffer == "buffer";
  std::string order = isBuffer || !isStore ? data + ", " + addressText : addressText + ", " + data;
  return order + (buffer == "flat" ? " " : ", ") + s.tail;
}

template <class F> void everySetting(F body) {
  for (const Space &s : spaces)
    for (bool portable : {false, true})
      for (unsigned spread : {1u, 4u, 8u, 12u, 16u, 48u})
        for (uint64_t exec : masks)
          body(s, portable, spread, exec);
}

TEST(Global, Loads) {
  for (const MemoryKind &k : globalLoads())
    everySetting([&](const Space &s, bool portable, unsigned spread, uint64_t exec) {
      std::string text = std::string(s.prefix) + "_load_" + k.suffix + " " + addressed(s, rowsText(20, k.words), false);
      GlobalRun t;
      ASSERT_NO_FATAL_FAILURE(t.run(text, spread, exec, portable, !*s.address));
      for (unsigned l = 0; l < 64; ++l)
        for (unsigned w = 0; w < k.words; ++w) {
          uint64_t m = 0;
          memcpy(&m, &t.memoryBefore[t.at(l, s.offset) + 4 * w], k.words > 1 ? 4 : k.bytes);
          uint32_t old = t.before.v[20 + w][l];
          ASSERT_EQ(exec >> l & 1 ? k.loaded(m, old) : old, t.after.v[20 + w][l]) << text << ", lane " << l << ", word " << w;
        }
    });
}

TEST(Global, Stores) {
  for (const MemoryKind &k : globalStores())
    everySetting([&](const Space &s, bool portable, unsigned spread, uint64_t exec) {
      if (spread < k.bytes && spread != 1) // lanes must not overlap: the order of stores is open
        return;
      std::string text = std::string(s.prefix) + "_store_" + k.suffix + " " + addressed(s, rowsText(24, k.words), true);
      GlobalRun t;
      ASSERT_NO_FATAL_FAILURE(t.run(text, spread, exec, portable, !*s.address));
      std::vector<uint8_t> want = t.memoryBefore;
      for (unsigned l = 0; l < 64; ++l)
        for (unsigned w = 0; w < k.words; ++w)
          if (exec >> l & 1) {
            uint32_t v = k.stored(t.before.v[24 + w][l]);
            memcpy(&want[t.at(l, s.offset) + 4 * w], &v, k.words > 1 ? 4 : k.bytes);
          }
      ASSERT_EQ(want, t.memory) << text << ", spread " << spread;
    });
}

TEST(Global, Atomics) {
  for (const AtomicKind &k : globalAtomics())
    for (const Space &s : spaces)
      for (bool returns : {false, true}) {
        bool isBuffer = std::string(s.prefix) == "buffer";
        unsigned words = k.words * (k.two ? 2 : 1);
        // A buffer atomic returns into its data registers.
        std::string data = rowsText(24, words), result = returns && !isBuffer ? rowsText(20, k.words) + ", " : "";
        std::string text = std::string(s.prefix) + "_atomic_" + k.name + " " + result + addressed(s, data, true) + (returns ? " glc" : "");
        GlobalRun t;
        ASSERT_NO_FATAL_FAILURE(t.run(text, 16, 0xf0f0ffff0f0f1234, false, !*s.address));
        std::vector<uint8_t> want = t.memoryBefore;
        unsigned resultReg = isBuffer ? 24 : 20;
        for (unsigned l = 0; l < 64; ++l) {
          uint64_t old = 0, first = t.before.v[24][l], second = t.before.v[24 + k.words][l];
          if (k.words == 2) {
            first |= static_cast<uint64_t>(t.before.v[25][l]) << 32;
            second |= static_cast<uint64_t>(t.before.v[27][l]) << 32;
          }
          bool active = t.before.exec() >> l & 1;
          uint8_t *p = &want[t.at(l, s.offset)];
          memcpy(&old, p, 4 * k.words);
          uint64_t next = k.formula(old, first, second);
          if (active)
            memcpy(p, &next, 4 * k.words);
          for (unsigned w = 0; w < k.words; ++w) {
            uint32_t was = t.before.v[resultReg + w][l];
            ASSERT_EQ(active && returns ? static_cast<uint32_t>(old >> (32 * w)) : was, t.after.v[resultReg + w][l]) << text << ", lane " << l;
          }
        }
        ASSERT_EQ(want, t.memory) << text;
      }
}
TEST(Global, CompareSwapHits) {
  GlobalRun t;
  ASSERT_NO_FATAL_FAILURE(t.run("global_load_dword v25, v[2:3], off\nglobal_atomic_cmpswap v20, v[2:3], v[24:25], off glc", 4, ~0ull, false));
  for (unsigned l = 0; l < 64; ++l) {
    uint32_t now;
    memcpy(&now, &t.memory[t.at(l, 0)], 4);
    EXPECT_EQ(now, t.before.v[24][l]);
    EXPECT_EQ(t.after.v[20][l], t.after.v[25][l]);
  }
}

// The same private byte through buffer, scratch and flat instructions.
struct ScratchRun {
  Machine machine;
  Registers before, after;
  void run(const std::string &text, uint64_t exec) {
    ASSERT_TRUE(machine.load(text)) << text << ": " << machine.error;
    Values values(4);
    machine.scratch.resize(64 * 256);
    for (uint8_t &b : machine.scratch)
      b = static_cast<uint8_t>(values.word());
    for (auto &row : before.v)
      for (uint32_t &v : row)
        v = static_cast<uint32_t>(values.word());
    uint64_t base = reinterpret_cast<uint64_t>(machine.scratch.data());
    before.s[0] = static_cast<uint32_t>(base);
    before.s[1] = static_cast<uint32_t>(base >> 32) | 1u << 31;
    before.s[2] = ~0u;
    before.s[3] = 1u << 19 | 3u << 21 | 1u << 23;
    before.setWide(SR_FlatScratchLo, base);
    before.s[6] = 20;
    before.s[7] = 16 * 64; // a stack pointer counts bytes of the whole wave
    for (unsigned l = 0; l < 64; ++l) {
      before.v[2][l] = 4 * (l % 20);
      before.v[4][l] = 4 * (l % 20);
      before.v[5][l] = privateAperture;
    }
    before.setWide(SR_Exec, exec);
    after = before;
    ASSERT_TRUE(machine.run(after)) << text << ": " << machine.context.faultWhat;
  }
  static size_t at(unsigned lane, unsigned offset) { return (offset / 4 * 64 + lane) * 4 + offset % 4; }
};
struct ScratchForm {
  const char *prefix, *address, *tail;
  unsigned (*offset)(unsigned lane);
};
const ScratchForm scratchForms[] = {
    {"scratch", "v2", ", off offset:16", [](unsigned l) { return 4 * (l % 20) + 16; }},
    {"scratch", "off", ", s6 offset:44", [](unsigned) { return 64u; }},
    {"flat", "v[4:5]", " offset:8", [](unsigned l) { return 4 * (l % 20) + 8; }},
    {"buffer", "off", ", s[0:3], 0 offset:40", [](unsigned) { return 40u; }},
    {"buffer", "v2", ", s[0:3], s7 offen offset:4", [](unsigned l) { return 4 * (l % 20) + 20; }},
};
TEST(Scratch, LoadsAndStores) {
  for (const ScratchForm &f : scratchForms)
    for (uint64_t exec : masks) {
      bool isBuffer = std::string(f.prefix) == "buffer";
      for (const MemoryKind &k : globalStores()) {
        ScratchRun t;
        std::string data = rowsText(24, k.words);
        std::string text = std::string(f.prefix) + "_store_" + k.suffix + " " +
                           (isBuffer ? data + ", " + f.address : f.address + std::string(", ") + data) + f.tail;
        ASSERT_NO_FATAL_FAILURE(t.run(text, exec));
        for (unsigned l = 0; l < 64; ++l)
          for (unsigned b = 0; b < k.bytes && (exec >> l & 1); ++b) {
            uint32_t v = k.stored(t.before.v[24 + b / 4][l]);
            ASSERT_EQ(v >> (8 * (b % 4)) & 255, t.machine.scratch[t.at(l, f.offset(l) + b)]) << text << ", lane " << l;
          }
      }
      for (const MemoryKind &k : globalLoads()) {
        ScratchRun t;
        std::string text = std::string(f.prefix) + "_load_" + k.suffix + " " + rowsText(20, k.words) + ", " + f.address + f.tail;
        ASSERT_NO_FATAL_FAILURE(t.run(text, exec));
        for (unsigned l = 0; l < 64; ++l)
          for (unsigned w = 0; w < k.words; ++w) {
            uint64_t m = 0;
            for (unsigned b = 0; b < std::min(k.bytes, 4u); ++b)
              m |= static_cast<uint64_t>(t.machine.scratch[t.at(l, f.offset(l) + 4 * w + b)]) << (8 * b);
            uint32_t old = t.before.v[20 + w][l];
            ASSERT_EQ(exec >> l & 1 ? k.loaded(m, old) : old, t.after.v[20 + w][l]) << text << ", lane " << l;
          }
      }
    }
}
TEST(Scratch, OutsideIsAFault) {
  for (const char *text : {"scratch_load_dword v20, v2, off", "scratch_store_dwordx2 v2, v[24:25], off", "buffer_load_dword v20, v2, s[0:3], 0 offen"}) {
    ScratchRun t;
    ASSERT_NO_FATAL_FAILURE(t.run("s_nop 0", 1));
    Machine machine;
    ASSERT_TRUE(machine.load(text)) << machine.error;
    machine.scratch.resize(64 * 256);
    Registers r = t.before;
    r.setWide(SR_FlatScratchLo, reinterpret_cast<uint64_t>(machine.scratch.data()));
    uint64_t base = reinterpret_cast<uint64_t>(machine.scratch.data());
    r.s[0] = static_cast<uint32_t>(base);
    r.s[1] = static_cast<uint32_t>(base >> 32) | 1u << 31;
    r.v[2][0] = 253;
    EXPECT_FALSE(machine.run(r)) << text;
    EXPECT_EQ(machine.context.faultStatus, RunStatus::MemoryFault);
  }
}

TEST(Flat, ReachesLds) {
  Machine machine;
  ASSERT_TRUE(machine.load("s_mov_b64 s[2:3], src_shared_base\nv_mov_b32 v3, s3\nflat_store_dword v[2:3], v4\n"
                           "flat_load_dword v5, v[2:3]\nflat_atomic_add v[2:3], v4\nbuffer_wbinvl1\nbuffer_wbinvl1_vol"))
      << machine.error;
  machine.lds.resize(256);
  Registers r;
  r.setWide(SR_Exec, ~0ull);
  for (unsigned l = 0; l < 64; ++l) {
    r.v[2][l] = 4 * l;
    r.v[4][l] = 1000 + l;
  }
  ASSERT_TRUE(machine.run(r));
  for (unsigned l = 0; l < 64; ++l) {
    uint32_t v;
    memcpy(&v, &machine.lds[4 * l], 4);
    EXPECT_EQ(v, 2 * (1000 + l));
    EXPECT_EQ(r.v[5][l], 1000 + l);
  }
}

TEST(Buffer, BeyondTheRecordsIsZeroAndNotStored) {
  GlobalRun t;
  ASSERT_NO_FATAL_FAILURE(t.run("s_mov_b32 s10, 200\nbuffer_load_dword v20, v6, s[8:11], 0 offen\nbuffer_store_dword v24, v6, s[8:11], 0 offen", 4, ~0ull, false));
  for (unsigned l = 0; l < 64; ++l) {
    size_t at = t.at(l, -96);
    uint32_t was, is;
    memcpy(&was, &t.memoryBefore[at], 4);
    memcpy(&is, &t.memory[at], 4);
    EXPECT_EQ(t.after.v[20][l], l < 50 ? was : 0);
    EXPECT_EQ(is, l < 50 ? t.before.v[24][l] : was);
  }
}

// Scalar memory.
TEST(ScalarMemory, Loads) {
  for (unsigned words : {1u, 2u, 4u, 8u, 16u})
    for (const char *form : {"s[4:5], 0x20", "s[4:5], s9", "s[8:9], -8"})
      for (bool isBuffer : {false, true}) {
        std::string address = form;
        if (isBuffer)
          address = address == "s[4:5], 0x20" ? "s[4:7], 0x20" : "s[4:7], s9";
        std::string dst = words == 1 ? "s40" : "s[40:" + std::to_string(39 + words) + "]";
        std::string text = std::string(isBuffer ? "s_buffer_load_dword" : "s_load_dword") + (words == 1 ? "" : "x" + std::to_string(words)) + " " + dst + ", " + address;
        Machine machine;
        ASSERT_TRUE(machine.load(text)) << text << machine.error;
        std::vector<uint32_t> data(64);
        for (unsigned k = 0; k < 64; ++k)
          data[k] = k * 0x1010101;
        uint64_t base = reinterpret_cast<uint64_t>(data.data());
        machine.memory.list = {{base, base + 256, false}};
        Registers r;
        r.setWide(4, base);
        r.s[6] = 256;
        r.setWide(8, base + 40);
        if (address.find("s9") != std::string::npos)
          r.s[9] = 34; // the low two bits are dropped
        ASSERT_TRUE(machine.run(r)) << text << machine.context.faultWhat;
        for (unsigned k = 0; k < words; ++k)
          EXPECT_EQ(r.s[40 + k], data[8 + k]) << text;
        EXPECT_EQ(r.s[40 + words], 0u);
      }
}
TEST(ScalarMemory, BufferBeyondTheRecordsIsZero) {
  Machine machine;
  ASSERT_TRUE(machine.load("s_buffer_load_dwordx4 s[40:43], s[4:7], 8")) << machine.error;
  std::vector<uint32_t> data = {1, 2, 3, 4, 5, 6, 7, 8};
  uint64_t base = reinterpret_cast<uint64_t>(data.data());
  machine.memory.list = {{base, base + 32, false}};
  Registers r;
  r.setWide(4, base);
  r.s[6] = 16;
  ASSERT_TRUE(machine.run(r));
  EXPECT_EQ(r.s[40], 3u);
  EXPECT_EQ(r.s[41], 4u);
  EXPECT_EQ(r.s[42], 0u);
  EXPECT_EQ(r.s[43], 0u);
}
TEST(ScalarMemory, TimesAndCaches) {
  Machine machine;
  ASSERT_TRUE(machine.load("s_memtime s[2:3]\ns_memrealtime s[4:5]\ns_dcache_inv\ns_dcache_wb\ns_dcache_inv_vol\n"
                           "s_dcache_wb_vol")) << machine.error;
  Registers r;
  ASSERT_TRUE(machine.run(r));
  EXPECT_LT(r.wide(2), r.wide(4));
}

TEST(Memory, OutsideAllAllocationsIsAFault) {
  struct Case {
    const char *text;
    bool needsWrite;
  };
  for (const Case &c : {Case{"global_load_dword v20, v[2:3], off", false}, {"global_load_dwordx4 v[20:23], v[2:3], off", false},
                        {"flat_load_dwordx2 v[20:21], v[2:3]", false}, {"global_store_dword v[2:3], v20, off", true},
                        {"global_atomic_add v[2:3], v20, off", true}, {"flat_atomic_add v[2:3], v20", true},
                        {"s_load_dwordx4 s[20:23], s[4:5], 0x0", false}, {"global_load_dword v20, v6, s[4:5]", false},
                        {"global_store_short v6, v20, s[4:5]", true}})
    for (bool readOnly : {false, true})
      for (uint64_t exec : {~0ull, 4ull}) {
        Machine machine;
        ASSERT_TRUE(machine.load(c.text)) << machine.error;
        std::vector<uint32_t> data(1024);
        uint64_t begin = reinterpret_cast<uint64_t>(data.data());
        machine.memory.list = {{begin, begin + (readOnly ? 4096 : 12), !readOnly}};
        Registers r;
        r.setWide(SR_Exec, exec);
        r.setWide(4, begin);
        for (unsigned l = 0; l < 64; ++l) {
          uint64_t address = begin + 16 * l;
          r.v[2][l] = static_cast<uint32_t>(address);
          r.v[3][l] = static_cast<uint32_t>(address >> 32);
          r.v[6][l] = 16 * l;
        }
        bool faults = !readOnly || c.needsWrite;
        EXPECT_EQ(machine.run(r), !faults) << c.text << readOnly;
        if (faults) {
          EXPECT_EQ(machine.context.faultStatus, RunStatus::MemoryFault);
          EXPECT_GE(machine.context.faultAddress, begin);
          EXPECT_LT(machine.context.faultAddress, begin + 1024);
        }
      }
}
TEST(Memory, MisalignedAtomicsAreFaults) {
  for (const char *text : {"global_atomic_add v[2:3], v20, off offset:2", "flat_atomic_add v[2:3], v20 offset:2",
                           "global_atomic_add_x2 v[2:3], v[20:21], off offset:4", "buffer_atomic_add v20, v6, s[8:11], 0 offen offset:2"}) {
    Machine machine;
    ASSERT_TRUE(machine.load(text)) << machine.error;
    alignas(16) static uint32_t data[64];
    uint64_t begin = reinterpret_cast<uint64_t>(data);
    machine.memory.list = {{begin, begin + sizeof(data), true}};
    Registers r;
    r.setWide(SR_Exec, 1);
    r.v[2][0] = static_cast<uint32_t>(begin);
    r.v[3][0] = static_cast<uint32_t>(begin >> 32);
    r.setWide(8, begin);
    r.s[10] = sizeof(data);
    EXPECT_FALSE(machine.run(r)) << text;
    EXPECT_STREQ(machine.context.faultWhat, "misaligned atomic at");
  }
}
/// Neighbouring lanes in different allocations, with a hole between them.
TEST(Memory, LanesMayReachDifferentAllocations) {
  std::vector<uint32_t> data(3000);
  for (uint32_t k = 0; k < 3000; ++k)
    data[k] = k;
  uint64_t begin = reinterpret_cast<uint64_t>(data.data());
  Machine machine;
  ASSERT_TRUE(machine.load("global_load_dword v20, v[2:3], off\nglobal_store_dword v[2:3], v20, off offset:4")) << machine.error;
  machine.memory.list = {{begin, begin + 1024, true}, {begin + 8000, begin + 12000, true}};
  Registers r;
  r.setWide(SR_Exec, ~0ull);
  for (unsigned l = 0; l < 64; ++l) {
    uint64_t address = begin + (l % 2 ? 8000 : 0) + 12 * l;
    r.v[2][l] = static_cast<uint32_t>(address);
    r.v[3][l] = static_cast<uint32_t>(address >> 32);
  }
  ASSERT_TRUE(machine.run(r));
  for (unsigned l = 0; l < 64; ++l) {
    uint32_t k = (l % 2 ? 2000 : 0) + 3 * l;
    EXPECT_EQ(r.v[20][l], k);
    EXPECT_EQ(data[k + 1], k);
  }
}

} // namespace
} // namespace eclip::vgpu::test
