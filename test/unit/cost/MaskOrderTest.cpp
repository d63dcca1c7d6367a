//===- MaskOrderTest.cpp - mask bit orders --------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/MaskOrder.h"

#include "compiler/cost/DeviceDescription.h"

#include <bit>
#include <gtest/gtest.h>
#include <map>
#include <set>

using namespace eclip;

namespace {

MaskTopology topologyOf(llvm::StringRef name) {
  return llvm::cantFail(loadDeviceDescription(name)).maskTopology();
}

std::set<int64_t> bitsOf(llvm::ArrayRef<int64_t> words) {
  std::set<int64_t> bits;
  for (size_t word = 0; word < words.size(); ++word)
    for (int64_t bit = 0; bit < 32; ++bit)
      if (words[word] >> bit & 1)
        bits.insert(static_cast<int64_t>(word) * 32 + bit);
  return bits;
}

/// The published words of MI50: SE0 = {0x11111111, 0x01111111} and so on.
TEST(MaskOrder, Mi50ShaderEnginesAreThePublishedWords) {
  MaskTopology mi50 = topologyOf("mi50");
  EXPECT_EQ(maskFromEnd(mi50, 15, false),
            (llvm::SmallVector<int64_t, 4>{0x11111111, 0x01111111}));
  EXPECT_EQ(maskFromEnd(mi50, 15, true),
            (llvm::SmallVector<int64_t, 4>{0x88888888, 0x08888888}));
  EXPECT_EQ(maskFromEnd(mi50, 30, false),
            (llvm::SmallVector<int64_t, 4>{0x33333333, 0x03333333}));
  EXPECT_EQ(maskFromEnd(mi50, 60, true),
            (llvm::SmallVector<int64_t, 4>{0xffffffff, 0x0fffffff}));
  EXPECT_EQ(shaderEngineInterleaved(6, 4, 60), (CuPosition{0, 2, 1}));
}

/// 304 CUs: bit i is XCD i mod 8; within it, over 4 engines of 10, 10, 9, 9.
TEST(MaskOrder, Mi300xGoesOverXcdsFirst) {
  MaskTopology mi300x = topologyOf("mi300x");
  EXPECT_EQ(positionOfBit(mi300x, 0), (CuPosition{0, 0, 0}));
  EXPECT_EQ(positionOfBit(mi300x, 7), (CuPosition{7, 0, 0}));
  EXPECT_EQ(positionOfBit(mi300x, 8), (CuPosition{0, 1, 0}));
  EXPECT_EQ(positionOfBit(mi300x, 32), (CuPosition{0, 0, 1}));
  EXPECT_EQ(positionOfBit(mi300x, 303), (CuPosition{7, 1, 9}));
  std::map<std::pair<int64_t, int64_t>, int64_t> sizes;
  for (int64_t bit = 0; bit < 304; ++bit) {
    CuPosition at = positionOfBit(mi300x, bit);
    ++sizes[{at.xcd, at.engine}];
  }
  EXPECT_EQ(sizes.size(), 32u);
  for (auto [engine, size] : sizes)
    EXPECT_EQ(size, engine.second < 2 ? 10 : 9);
  // Equal shares of every XCD: none is left without CUs.
  for (int64_t cuCount : {80, 160, 240, 304})
    for (bool high : {false, true}) {
      std::map<int64_t, int64_t> perXcd;
      for (int64_t bit : bitsOf(maskFromEnd(mi300x, cuCount, high)))
        ++perXcd[positionOfBit(mi300x, bit).xcd];
      EXPECT_EQ(perXcd.size(), 8u);
      for (auto [xcd, count] : perXcd)
        EXPECT_EQ(count, cuCount / 8) << xcd;
    }
}

TEST(MaskOrder, H100GroupsAreNeighbours) {
  MaskTopology h100 = topologyOf("h100");
  EXPECT_EQ(positionOfBit(h100, 0), (CuPosition{0, 0, 0}));
  EXPECT_EQ(positionOfBit(h100, 3), (CuPosition{0, 1, 1}));
  EXPECT_EQ(bitsOf(maskFromEnd(h100, 32, false)).size(), 32u);
  EXPECT_EQ(*bitsOf(maskFromEnd(h100, 32, false)).rbegin(), 31);
  // SMs come in eights, and the last four alone: from the high end without them.
  EXPECT_EQ(*bitsOf(maskFromEnd(h100, 32, true)).begin(), 96);
  EXPECT_EQ(*bitsOf(maskFromEnd(h100, 96, true)).begin(), 32);
  EXPECT_EQ(smGroup(7, 3, 10), (CuPosition{0, 2, 0})); // 4, 3, 3
}

/// Of 132 SMs in eights the driver may give the last four to whoever has the
/// eight before them: that is the high end.
TEST(MaskOrder, WhatALastGranuleBringsAlong) {
  MaskTopology h100{MaskBitOrder::SmGroup, 132, 1, 66, 8, 4};
  for (int64_t cuCount : {24, 56, 104}) {
    EXPECT_EQ(cusFromEnd(h100, cuCount, false), cuCount);
    EXPECT_EQ(cusFromEnd(h100, cuCount, true), cuCount + 4);
  }
  EXPECT_EQ(cusFromEnd(h100, 128, false), 132); // with all granules too
  EXPECT_EQ(cusFromEnd(h100, 132, false), 132);
  EXPECT_EQ(cusFromEnd(h100, 132, true), 132);
  auto mask = maskFromEnd(h100, 24, true);
  std::set<int64_t> bits = bitsOf(cusBehindMask(h100, mask));
  EXPECT_EQ(*bits.begin(), 104);
  EXPECT_EQ(*bits.rbegin(), 131);
  h100.extra = 0;
  EXPECT_EQ(cusFromEnd(h100, 24, true), 24);
  EXPECT_TRUE(cusBehindMask(h100, mask) == mask);
}

TEST(MaskOrder, NamesRoundTrip) {
  for (MaskBitOrder order :
       {MaskBitOrder::ShaderEngineInterleaved,
        MaskBitOrder::XcdThenShaderEngineInterleaved, MaskBitOrder::SmGroup})
    EXPECT_EQ(parseMaskBitOrder(maskBitOrderName(order)), order);
  EXPECT_FALSE(parseMaskBitOrder("linear"));
}

/// For every device: each bit has a place of its own and comes back from it;
/// masks have the asked number of CUs, all inside the device; masks from
/// opposite ends share only what exceeds the device.
TEST(MaskOrder, OrdersAreBijectionsAndMasksFit) {
  for (llvm::StringRef name : builtinDeviceNames()) {
    DeviceDescription device = llvm::cantFail(loadDeviceDescription(name));
    MaskTopology topology = device.maskTopology();
    std::set<std::array<int64_t, 3>> seen;
    for (int64_t bit = 0; bit < topology.cuCount; ++bit) {
      CuPosition at = positionOfBit(topology, bit);
      EXPECT_TRUE(seen.insert({at.xcd, at.engine, at.cu}).second);
      EXPECT_LT(at.xcd, topology.xcdCount);
      EXPECT_LT(at.engine, topology.engineCount / topology.xcdCount);
      EXPECT_EQ(bitOfPosition(topology, at), bit) << name.str();
    }
    for (int64_t cuCount = 1; cuCount <= topology.cuCount; ++cuCount)
      for (bool high : {false, true}) {
        auto words = maskFromEnd(topology, cuCount, high);
        ASSERT_EQ(words.size(), size_t(topology.cuCount + 31) / 32);
        std::set<int64_t> bits = bitsOf(words);
        ASSERT_EQ(bits.size(), size_t(cuCount)) << name.str();
        ASSERT_LT(*bits.rbegin(), topology.cuCount);
        for (int64_t word : words)
          ASSERT_EQ(word >> 32, 0);
      }
    for (int64_t low : device.maskSizesCuCount)
      for (int64_t high : device.maskSizesCuCount) {
        std::set<int64_t> a = bitsOf(maskFromEnd(topology, low, false));
        size_t shared = 0;
        for (int64_t bit : bitsOf(maskFromEnd(topology, high, true)))
          shared += a.count(bit);
        // Up to the rest of a granule, which neither can have.
        int64_t most = std::max<int64_t>(0, low + high - topology.cuCount);
        int64_t rest = topology.cuCount % topology.granule;
        EXPECT_GE(shared, size_t(most)) << name.str() << low << " " << high;
        EXPECT_LE(shared, size_t(most > 0 ? most + rest : 0))
            << name.str() << " " << low << " " << high;
      }
  }
}

} // namespace
