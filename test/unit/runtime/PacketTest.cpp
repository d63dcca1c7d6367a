//===- PacketTest.cpp - a packet is whole when its header appears ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/packet.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

using namespace eclip;

namespace {

TEST(Packet, Header) {
  EXPECT_EQ(aql::makeHeader(aql::kKernelDispatch, aql::kSystem, aql::kAgent),
            2u | 1u << 8 | 2u << 9 | 1u << 11);
  EXPECT_EQ(aql::makeHeader(aql::kBarrierAnd, aql::kAgent, aql::kNone),
            3u | 1u << 8 | 1u << 9);
}

/// A reader that spins on the header reads the body at once. A header that came
/// before its body would show sooner or later as an old body.
TEST(Packet, BodyComesBeforeHeader) {
  constexpr uint32_t kRounds = 200000, kSpins = 500;
  aql::Packet place{};
  std::atomic<uint32_t> consumed{0}; // the last packet that was read
  uint64_t torn = 0;
  std::thread reader([&] {
    for (uint32_t round = 1; round <= kRounds; ++round) {
      for (unsigned spins = 1;
           __atomic_load_n(&place.words[0], __ATOMIC_ACQUIRE) != round; ++spins)
        if (spins % kSpins == 0) // there may be one core only
          std::this_thread::yield();
      for (int i = 15; i > 0; --i)
        torn += __atomic_load_n(&place.words[i], __ATOMIC_RELAXED) != round;
      consumed.store(round, std::memory_order_release);
    }
  });
  for (uint32_t round = 1; round <= kRounds; ++round) {
    aql::Packet packet;
    for (uint32_t &word : packet.words)
      word = round;
    aql::publish(&place, packet);
    for (unsigned spins = 1; consumed.load(std::memory_order_acquire) != round;
         ++spins)
      if (spins % kSpins == 0)
        std::this_thread::yield();
  }
  reader.join();
  EXPECT_EQ(torn, 0u);
}

} // namespace
