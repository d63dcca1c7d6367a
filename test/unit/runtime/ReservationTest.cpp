//===- ReservationTest.cpp - one order of requests on all queues ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/hsa/reservation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

using namespace eclip;
using namespace eclip::hsa;

namespace {

struct Place {
  uint64_t first[3];
  uint32_t counts[3];
};

TEST(Reservation, PairsAreLimited) {
  Reservation reservation;
  ASSERT_TRUE(reservation.create(Memory()));
  NodePair pair;
  for (uint32_t i = 0; i < Reservation::kMaxPairs; ++i)
    ASSERT_TRUE(reservation.takePair(&pair));
  EXPECT_FALSE(reservation.takePair(&pair));
  reservation.givePair(pair);
  EXPECT_TRUE(reservation.takePair(&pair));
}

/// Threads reserve at random on three queues. Each queue's places must be
/// without gap or overlap, and the order of any two requests the same on all.
TEST(Reservation, OneOrderOnAllQueues) {
  constexpr unsigned kThreads = 4, kRounds = 20000;
  Reservation reservation;
  ASSERT_TRUE(reservation.create(Memory()));
  std::vector<Place> places[kThreads];
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    NodePair pair;
    ASSERT_TRUE(reservation.takePair(&pair));
    places[t].reserve(kRounds);
    threads.emplace_back([&, t, pair] {
      uint64_t random = t + 1;
      for (unsigned i = 0; i < kRounds; ++i) {
        uint32_t counts[kQueueLimit] = {};
        uint64_t first[kQueueLimit];
        for (int q = 0; q < 3; ++q) {
          random = random * 6364136223846793005u + 1442695040888963407u;
          counts[q] = 1 + (random >> 60);
        }
        reservation.reserve(pair, counts, first);
        places[t].push_back({{first[0], first[1], first[2]},
                             {counts[0], counts[1], counts[2]}});
      }
    });
  }
  for (std::thread &thread : threads)
    thread.join();
  std::vector<Place> all;
  for (auto &list : places)
    all.insert(all.end(), list.begin(), list.end());
  std::sort(all.begin(), all.end(), [](const Place &a, const Place &b) {
    return a.first[0] < b.first[0];
  });
  uint64_t next[3] = {};
  for (const Place &place : all)
    for (int q = 0; q < 3; ++q) {
      ASSERT_EQ(place.first[q], next[q]);
      next[q] += place.counts[q];
    }
  for (uint32_t q = 0; q < 3; ++q)
    EXPECT_EQ(reservation.next(q), next[q]);
  EXPECT_EQ(reservation.next(3), 0u);
}

} // namespace
