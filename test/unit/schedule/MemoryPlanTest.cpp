//===- MemoryPlanTest.cpp - arena offsets over a partial order ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MemoryPlan.h"

#include <gtest/gtest.h>
#include <random>

using namespace eclip;

namespace {

/// Dispatches over some queues, with an order that the test makes edge by edge.
struct Instance {
  std::vector<PlannedDispatch> dispatches;
  std::vector<ArenaBuffer> buffers;
  unsigned queues;

  explicit Instance(unsigned queues) : queues(queues) {}

  unsigned add(unsigned queue, std::vector<unsigned> waits = {}) {
    PlannedDispatch dispatch{queue, 1, {}};
    dispatch.before.assign(queues, 0);
    auto after = [&](const PlannedDispatch &other) {
      for (unsigned q = 0; q < queues; ++q)
        dispatch.before[q] = std::max(dispatch.before[q], other.before[q]);
      dispatch.before[other.queue] =
          std::max(dispatch.before[other.queue], other.position);
    };
    for (unsigned i = dispatches.size(); i-- > 0;)
      if (dispatches[i].queue == queue) {
        dispatch.position = dispatches[i].position + 1;
        after(dispatches[i]);
        break;
      }
    for (unsigned wait : waits)
      after(dispatches[wait]);
    dispatches.push_back(dispatch);
    return dispatches.size() - 1;
  }

  void buffer(int64_t bytes, unsigned writer, std::vector<unsigned> readers) {
    ArenaBuffer buffer;
    buffer.bytes = bytes;
    buffer.writers.push_back(writer);
    buffer.accesses.push_back(writer);
    for (unsigned reader : readers)
      buffer.accesses.push_back(reader);
    buffer.lastAccess.assign(queues, 0);
    for (unsigned access : buffer.accesses) {
      int64_t &last = buffer.lastAccess[dispatches[access].queue];
      last = std::max(last, dispatches[access].position);
    }
    buffers.push_back(buffer);
  }

  bool ordered(unsigned a, unsigned b) const {
    return dispatches[b].before[dispatches[a].queue] >= dispatches[a].position;
  }
};

TEST(MemoryPlan, AChainNeedsTwoBuffers) {
  Instance instance(1);
  for (int i = 0; i < 6; ++i)
    instance.add(0);
  for (unsigned i = 0; i < 5; ++i)
    instance.buffer(1000, i, {i + 1});
  MemoryPlan plan = planArena(instance.buffers, instance.dispatches, 256);
  EXPECT_EQ(plan.arenaBytes, 2048);
  EXPECT_EQ(plan.lowerBoundBytes, 2048);
}

TEST(MemoryPlan, TheSameChainOnUnorderedQueuesSharesNothing) {
  Instance instance(2);
  unsigned a = instance.add(0), b = instance.add(0);
  unsigned c = instance.add(1), d = instance.add(1);
  instance.buffer(512, a, {b});
  instance.buffer(512, c, {d});
  MemoryPlan plan = planArena(instance.buffers, instance.dispatches, 256);
  EXPECT_EQ(plan.arenaBytes, 1024);
  EXPECT_NE(plan.offsets[0], plan.offsets[1]);
}

TEST(MemoryPlan, ABarrierMakesThemShare) {
  Instance instance(2);
  unsigned a = instance.add(0), b = instance.add(0);
  unsigned c = instance.add(1, {b}), d = instance.add(1);
  instance.buffer(512, a, {b});
  instance.buffer(512, c, {d});
  MemoryPlan plan = planArena(instance.buffers, instance.dispatches, 256);
  EXPECT_EQ(plan.arenaBytes, 512);
  EXPECT_EQ(plan.offsets[0], plan.offsets[1]);
}

TEST(MemoryPlan, NothingToPlace) {
  MemoryPlan plan = planArena({}, {}, 256);
  EXPECT_EQ(plan.arenaBytes, 0);
  EXPECT_EQ(plan.lowerBoundBytes, 0);
}

TEST(MemoryPlan, RandomInstancesKeepTheDefinition) {
  std::mt19937 random(3);
  auto upTo = [&](unsigned most) { return unsigned(random() % (most + 1)); };
  int64_t arena = 0, bound = 0;
  for (int round = 0; round < 300; ++round) {
    Instance instance(1 + upTo(3));
    unsigned count = 1 + upTo(60);
    std::vector<std::vector<unsigned>> readers(count);
    for (unsigned i = 0; i < count; ++i) {
      std::vector<unsigned> reads;
      for (unsigned r = upTo(2); i > 0 && r-- > 0;)
        reads.push_back(i - 1 - upTo(std::min(i - 1, 8u)));
      instance.add(upTo(instance.queues - 1), reads);
      for (unsigned read : reads)
        readers[read].push_back(i);
    }
    for (unsigned i = 0; i < count; ++i)
      instance.buffer(upTo(4000), i, readers[i]);
    MemoryPlan plan = planArena(instance.buffers, instance.dispatches, 256);
    ASSERT_EQ(plan.offsets.size(), instance.buffers.size());
    ASSERT_LE(plan.lowerBoundBytes, plan.arenaBytes);
    arena += plan.arenaBytes;
    bound += plan.lowerBoundBytes;
    for (unsigned a = 0; a < count; ++a) {
      const ArenaBuffer &x = instance.buffers[a];
      ASSERT_EQ(plan.offsets[a] % 256, 0);
      ASSERT_GE(plan.offsets[a], 0);
      ASSERT_LE(plan.offsets[a] + x.bytes, plan.arenaBytes);
      for (unsigned b = 0; b < a; ++b) {
        const ArenaBuffer &y = instance.buffers[b];
        bool share = plan.offsets[a] < plan.offsets[b] + y.bytes &&
                     plan.offsets[b] < plan.offsets[a] + x.bytes;
        if (!share)
          continue;
        // The definition, access by access.
        auto allBefore = [&](const ArenaBuffer &first,
                             const ArenaBuffer &second) {
          for (unsigned access : first.accesses)
            if (!instance.ordered(access, second.writers.front()))
              return false;
          return true;
        };
        ASSERT_TRUE(allBefore(x, y) || allBefore(y, x)) << round;
      }
    }
  }
  std::printf("arena / lower bound over all instances: %.3f\n",
              double(arena) / double(bound));
}

} // namespace
