//===- AccessSetTest.cpp - sets of touched bytes --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/AccessSet.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

using namespace eclip::vgpu;

namespace {

AccessSet set(uint64_t begin, uint64_t end, bool write) {
  AccessSet s;
  s.add(begin, end, write);
  s.seal();
  return s;
}

TEST(AccessSet, ConflictNeedsAWrite) {
  Conflict c;
  AccessSet read = set(0x1000, 0x2000, false),
            read2 = set(0x1800, 0x2800, false);
  AccessSet write = set(0x1ff0, 0x3000, true);
  EXPECT_FALSE(AccessSet::conflict(read, read2, c));
  ASSERT_TRUE(AccessSet::conflict(read, write, c));
  EXPECT_EQ(c.begin, 0x1ff0u);
  EXPECT_EQ(c.end, 0x2000u);
  EXPECT_EQ(c.totalBytes, 16u);
  EXPECT_FALSE(c.firstWrites);
  EXPECT_TRUE(c.secondWrites);
}

TEST(AccessSet, NeighboursDoNotConflict) {
  Conflict c;
  EXPECT_FALSE(AccessSet::conflict(set(0x1000, 0x2000, true),
                                   set(0x2000, 0x3000, true), c));
}

/// Kernels that write the halves of a word side by side do not meet.
TEST(AccessSet, BytesOfOneWordAreApart) {
  Conflict c;
  EXPECT_FALSE(AccessSet::conflict(set(0x1000, 0x1002, true),
                                   set(0x1002, 0x1004, true), c));
  ASSERT_TRUE(AccessSet::conflict(set(0x1000, 0x1003, true),
                                  set(0x1002, 0x1004, true), c));
  EXPECT_EQ(c.begin, 0x1002u);
  EXPECT_EQ(c.end, 0x1003u);
}

TEST(AccessSet, RangesSpanChunks) {
  Conflict c;
  uint64_t base = 7 * chunkBytes - 64;
  ASSERT_TRUE(AccessSet::conflict(set(base, base + 3 * chunkBytes, true),
                                  set(base, base + 3 * chunkBytes, true), c));
  EXPECT_EQ(c.begin, base);
  EXPECT_EQ(c.end, base + 3 * chunkBytes);
  EXPECT_EQ(c.totalBytes, 3 * chunkBytes);
}

TEST(AccessSet, FirstRangeEndsAtTheFirstGap) {
  AccessSet a;
  a.add(0x1000, 0x1010, true);
  a.add(0x1020, 0x1030, true);
  a.add(0x9000000, 0x9000004, true);
  a.seal();
  Conflict c;
  ASSERT_TRUE(AccessSet::conflict(a, set(0, 0x10000000, false), c));
  EXPECT_EQ(c.begin, 0x1000u);
  EXPECT_EQ(c.end, 0x1010u);
  EXPECT_EQ(c.totalBytes, 36u);
}

TEST(AccessSet, EraseForgets) {
  AccessSet a = set(0x1000, 0x5000, true);
  a.erase(0x2000, 0x3000);
  Conflict c;
  EXPECT_FALSE(AccessSet::conflict(a, set(0x2000, 0x3000, false), c));
  ASSERT_TRUE(AccessSet::conflict(a, set(0x2000, 0x3004, false), c));
  EXPECT_EQ(c.begin, 0x3000u);
}

TEST(AccessSet, AgreesWithAListOfBytes) {
  std::mt19937_64 random(5);
  constexpr uint64_t span = 3 * chunkBytes;
  for (int round = 0; round < 50; ++round) {
    std::vector<uint8_t> bytes[2] = {std::vector<uint8_t>(span),
                                     std::vector<uint8_t>(span)};
    AccessSet sets[2];
    for (int s = 0; s < 2; ++s) {
      for (int i = 0; i < 20; ++i) {
        uint64_t begin = random() % span, end = begin + random() % 5000 + 1;
        end = std::min(end, span);
        bool write = random() % 4 == 0;
        sets[s].add(begin, end, write);
        for (uint64_t g = begin; g < end; ++g)
          bytes[s][g] |= write ? 2 : 1;
      }
      sets[s].seal();
    }
    uint64_t total = 0, first = UINT64_MAX, end = 0;
    for (uint64_t g = 0; g < span; ++g) {
      bool hit =
          (bytes[0][g] & 2 && bytes[1][g]) || (bytes[1][g] & 2 && bytes[0][g]);
      total += hit;
      if (hit && first == UINT64_MAX)
        end = first = g;
      if (hit && end == g)
        end = g + 1;
    }
    Conflict c;
    ASSERT_EQ(AccessSet::conflict(sets[0], sets[1], c), total != 0);
    ASSERT_EQ(c.totalBytes, total);
    if (total) {
      ASSERT_EQ(c.begin, first);
      ASSERT_EQ(c.end, end);
    }
  }
}

TEST(AccessRecorder, CollectsLanesOfAllThreads) {
  AccessRecorder recorder(2);
  uint64_t addresses[64];
  for (uint64_t i = 0; i < 64; ++i)
    addresses[i] = 0x10000 + 4 * i;
  recorder.access(addresses, ~uint64_t(0), 4, true, 0);
  recorder.access(addresses, 0x5, 16, false, 1); // overlapping, strided
  for (uint64_t i = 0; i < 64; ++i)
    addresses[i] = 0x50000 + 4096 * (63 - i);
  recorder.access(addresses, uint64_t(1) << 63 | 1, 8, true, 1);
  AccessSet s = recorder.take();
  Conflict c;
  ASSERT_TRUE(AccessSet::conflict(s, set(0, 0x50000, false), c));
  EXPECT_EQ(c.begin, 0x10000u);
  EXPECT_EQ(c.end, 0x10100u);
  ASSERT_TRUE(AccessSet::conflict(s, set(0x50000, 0x100000, false), c));
  EXPECT_EQ(c.begin, 0x50000u);
  EXPECT_EQ(c.totalBytes, 16u);
  EXPECT_TRUE(recorder.take().empty());
}

} // namespace
