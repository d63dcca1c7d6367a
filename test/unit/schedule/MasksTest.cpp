//===- MasksTest.cpp - CU masks -------------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Masks.h"

#include <bit>
#include <gtest/gtest.h>
#include <set>

using namespace eclip;

namespace {

std::set<int64_t> bitsOf(const llvm::SmallVector<int64_t, 4> &words) {
  std::set<int64_t> bits;
  for (size_t word = 0; word < words.size(); ++word)
    for (int bit = 0; bit < 32; ++bit)
      if ((words[word] >> bit) & 1)
        bits.insert(int64_t(word) * 32 + bit);
  return bits;
}

TEST(Masks, Mi50ShaderEngines) {
  using Words = llvm::SmallVector<int64_t, 4>;
  EXPECT_EQ(makeMask(60, 4, 15, MaskEnd::Low), (Words{0x11111111, 0x01111111}));
  EXPECT_EQ(makeMask(60, 4, 15, MaskEnd::High),
            (Words{0x88888888, 0x08888888}));
  EXPECT_EQ(makeMask(60, 4, 30, MaskEnd::Low), (Words{0x33333333, 0x03333333}));
  EXPECT_EQ(makeMask(60, 4, 30, MaskEnd::High),
            (Words{0xcccccccc, 0x0ccccccc}));
  EXPECT_EQ(makeMask(60, 4, 45, MaskEnd::Low), (Words{0x77777777, 0x07777777}));
  EXPECT_EQ(makeMask(60, 4, 60, MaskEnd::Low), (Words{0xffffffff, 0x0fffffff}));
  EXPECT_EQ(makeMask(60, 4, 60, MaskEnd::High),
            (Words{0xffffffff, 0x0fffffff}));
}

TEST(Masks, AnyDeviceAndCount) {
  for (int64_t engines : {1, 2, 4, 8, 16})
    for (int64_t perEngine : {1, 2, 13, 15, 16})
      for (int64_t count = 1; count <= engines * perEngine; ++count) {
        int64_t cus = engines * perEngine;
        auto low = bitsOf(makeMask(cus, engines, count, MaskEnd::Low));
        auto high = bitsOf(makeMask(cus, engines, count, MaskEnd::High));
        ASSERT_EQ(int64_t(low.size()), count);
        ASSERT_EQ(int64_t(high.size()), count);
        ASSERT_LT(*low.rbegin(), cus);
        ASSERT_LT(*high.rbegin(), cus);
        // As few shader engines as can hold the count.
        std::set<int64_t> used;
        for (int64_t bit : low)
          used.insert(bit % engines);
        ASSERT_EQ(int64_t(used.size()), (count + perEngine - 1) / perEngine);
        // Opposite ends overlap only by what does not fit beside each other,
        // up to the engine that both share in part.
        std::set<int64_t> both;
        for (int64_t bit : low)
          if (high.count(bit))
            both.insert(bit);
        if (count % perEngine == 0)
          ASSERT_EQ(int64_t(both.size()),
                    std::max<int64_t>(0, 2 * count - cus));
      }
}

} // namespace
