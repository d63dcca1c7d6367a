//===- CheckerTest.cpp - the checking mode finds races, and only races ----===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/vgpu_hsa/Fixture.h"

using namespace vgpu_test;

namespace {

class CheckerTest : public Device {
protected:
  void SetUp() override {
    Device::SetUp();
    ASSERT_OK(eclip_vgpu_checking_enable(1));
  }
  bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(CheckerTest, ReportsUnorderedWritesOfTwoQueues) {
  TestQueue a = makeQueue(), b = makeQueue();
  uint32_t *data = alloc(1024);
  hsa_signal_t one = makeSignal(), two = makeSignal();
  // In time they are far apart: the second is submitted after the first has
  // ended, by a host that does not wait for it through its signal.
  dispatch(a, "fill", {{data}, 1}, 2, one);
  volatile hsa_signal_value_t *value = nullptr;
  ASSERT_OK(hsa_amd_signal_value_pointer(one, &value));
  while (__atomic_load_n(value, __ATOMIC_ACQUIRE) != 0)
    ;
  dispatch(b, "fill", {{data + 64}, 2}, 2, two);
  EXPECT_EQ(wait(two), 0);
  auto list = findings();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].kind, ECLIP_VGPU_FINDING_RACE);
  EXPECT_EQ(list[0].first, "fill");
  EXPECT_EQ(list[0].firstQueue, a.queue->id);
  EXPECT_EQ(list[0].secondQueue, b.queue->id);
  EXPECT_EQ(list[0].address, reinterpret_cast<uint64_t>(data + 64));
  EXPECT_EQ(list[0].bytes, 256u);
  EXPECT_TRUE(contains(list[0].message, "bytes [256, 512) of allocation #"))
      << list[0].message;
  EXPECT_TRUE(contains(list[0].message, "kernel 'fill' (queue"));
}

TEST_F(CheckerTest, BarrierAndOrders) {
  TestQueue a = makeQueue(), b = makeQueue();
  uint32_t *data = alloc(1024), *out = alloc(1024);
  hsa_signal_t one = makeSignal(), two = makeSignal();
  dispatch(a, "fill", {{data}, 1}, 2, one);
  b.barrierAnd({one}, noSignal);
  dispatch(b, "move", {{data, out}, 2}, 2, two);
  EXPECT_EQ(wait(two), 0);
  EXPECT_TRUE(findings().empty());
}

TEST_F(CheckerTest, MissingBarrierIsReportedHoweverTheTimingWas) {
  TestQueue a = makeQueue(), b = makeQueue();
  uint32_t *data = alloc(1024), *out = alloc(1024);
  hsa_signal_t one = makeSignal(), two = makeSignal(), other = makeSignal();
  dispatch(a, "fill", {{out + 512}, 1}, 1, other);
  dispatch(a, "fill", {{data}, 1}, 2, one);
  b.barrierAnd({other}, noSignal); // the wrong signal: the packet before
  dispatch(b, "move", {{data, out}, 2}, 2, two);
  EXPECT_EQ(wait(two), 0);
  EXPECT_EQ(wait(one), 0);
  auto list = findings();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(std::min(list[0].first, list[0].second), "fill");
  EXPECT_EQ(std::max(list[0].first, list[0].second), "move");
}

TEST_F(CheckerTest, ReadersShare) {
  TestQueue a = makeQueue(), b = makeQueue();
  uint32_t *data = alloc(64), *x = alloc(64), *y = alloc(64);
  hsa_signal_t one = makeSignal(), two = makeSignal();
  dispatch(a, "move", {{data, x}, 2}, 1, one);
  dispatch(b, "move", {{data, y}, 2}, 1, two);
  EXPECT_EQ(wait(one), 0);
  EXPECT_EQ(wait(two), 0);
  EXPECT_TRUE(findings().empty());
}

TEST_F(CheckerTest, QueueOrderNeedsTheBarrierBit) {
  TestQueue q = makeQueue();
  uint32_t *data = alloc(64);
  hsa_signal_t done = makeSignal(2);
  dispatch(q, "step", {{data}, 1}, 1, done);
  dispatch(q, "step", {{data}, 1}, 1, done, true);

  EXPECT_EQ(hsa_signal_wait_scacquire(done, HSA_SIGNAL_CONDITION_EQ, 0,
                                      UINT64_MAX, HSA_WAIT_STATE_BLOCKED),
            0);
  EXPECT_TRUE(findings().empty());
  hsa_signal_t again = makeSignal(2);
  dispatch(q, "step", {{data}, 1}, 1, again, true);
  dispatch(q, "step", {{data}, 1}, 1, again, false);
  EXPECT_EQ(hsa_signal_wait_scacquire(again, HSA_SIGNAL_CONDITION_EQ, 0,
                                      UINT64_MAX, HSA_WAIT_STATE_BLOCKED),
            0);
  EXPECT_EQ(findings().size(), 1u);
}

TEST_F(CheckerTest, BarrierBitOrdersAllEarlierPackets) {
  // Two packets without barrier bit, and one behind them with it.
  TestQueue q = makeQueue();
  uint32_t *data = alloc(256);
  hsa_signal_t done = makeSignal();
  dispatch(q, "fill", {{data}, 1}, 1, noSignal, false);
  dispatch(q, "fill", {{data + 64}, 1}, 1, noSignal, false);
  dispatch(q, "step", {{data}, 1}, 2, done, true);
  EXPECT_EQ(wait(done), 0);
  EXPECT_TRUE(findings().empty());
}

TEST_F(CheckerTest, TransitiveOrderThroughAThirdQueue) {
  TestQueue a = makeQueue(), b = makeQueue(), c = makeQueue();
  uint32_t *data = alloc(64);
  hsa_signal_t one = makeSignal(), two = makeSignal(), three = makeSignal();
  dispatch(a, "step", {{data}, 1}, 1, one);
  b.barrierAnd({one}, two);
  c.barrierAnd({two}, noSignal);
  dispatch(c, "step", {{data}, 1}, 1, three);
  EXPECT_EQ(wait(three), 0);
  EXPECT_TRUE(findings().empty());
}

TEST_F(CheckerTest, BarrierOrOfTwoOrdersNeither) {
  TestQueue a = makeQueue(), b = makeQueue(), c = makeQueue();
  uint32_t *x = alloc(64), *y = alloc(64), *out = alloc(64);
  hsa_signal_t one = makeSignal(), two = makeSignal(), three = makeSignal();
  dispatch(a, "fill", {{x}, 1}, 1, one);
  dispatch(b, "fill", {{y}, 1}, 1, two);
  c.barrierOr({one, two}, noSignal);
  dispatch(c, "move", {{x, out}, 1}, 1, three);
  EXPECT_EQ(wait(three), 0);
  EXPECT_EQ(wait(one), 0);
  EXPECT_EQ(wait(two), 0);
  EXPECT_EQ(findings().size(), 1u);
}

TEST_F(CheckerTest, BarrierOrOfOneOrders) {
  TestQueue a = makeQueue(), c = makeQueue();
  uint32_t *x = alloc(64), *out = alloc(64);
  hsa_signal_t one = makeSignal(), three = makeSignal();
  dispatch(a, "fill", {{x}, 1}, 1, one);
  c.barrierOr({one}, noSignal);
  dispatch(c, "move", {{x, out}, 1}, 1, three);
  EXPECT_EQ(wait(three), 0);
  EXPECT_TRUE(findings().empty());
}

/// One request of a schedule with two queues: a writes, b reads behind a
/// barrier.
struct Request {
  hsa_signal_t produced, done;
};

TEST_F(CheckerTest, RequestsInARowAreOrderedByTheHostsWait) {
  TestQueue a = makeQueue(), b = makeQueue();
  uint32_t *data = alloc(1024), *out = alloc(1024);
  Request r = {makeSignal(), makeSignal()};
  for (uint32_t i = 0; i < 20; ++i) {
    hsa_signal_store_relaxed(r.produced, 1);
    hsa_signal_store_relaxed(r.done, 1);
    dispatch(a, "fill", {{data}, i}, 4, r.produced);
    b.barrierAnd({r.produced}, noSignal);
    dispatch(b, "move", {{data, out}, i}, 4, r.done);
    EXPECT_EQ(wait(r.done), 0);
    EXPECT_EQ(out[100], 2 * i);
  }
  EXPECT_TRUE(findings().empty());
}

TEST_F(CheckerTest, RequestsInARowRaceWithoutAWait) {
  TestQueue a = makeQueue(), b = makeQueue();
  uint32_t *data = alloc(1024), *out = alloc(1024);
  hsa_signal_t last{};
  for (uint32_t i = 0; i < 2; ++i) {
    Request r = {makeSignal(), makeSignal()};
    dispatch(a, "fill", {{data}, i}, 4, r.produced);
    b.barrierAnd({r.produced}, noSignal);
    dispatch(b, "move", {{data, out}, i}, 4, r.done);
    last = r.done;
  }
  EXPECT_EQ(wait(last), 0);
  // The second request's fill and the first request's move.
  auto list = findings();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_TRUE(contains(list[0].message, "writes")) << list[0].message;
  EXPECT_TRUE(contains(list[0].message, "reads")) << list[0].message;
}

TEST_F(CheckerTest, ForgottenRearmIsARace) {
  // The second request forgets to re-arm the signal, so its barrier passes
  // because of the first request.
  TestQueue a = makeQueue(), b = makeQueue();
  uint32_t *data = alloc(1024), *out = alloc(1024);
  hsa_signal_t produced = makeSignal();
  for (uint32_t i = 0; i < 2; ++i) {
    hsa_signal_t done = makeSignal(2);
    dispatch(a, "fill", {{data}, i}, 4, produced);
    b.barrierAnd({i == 0 ? produced : noSignal}, noSignal);
    dispatch(b, "move", {{data, out}, i}, 4, done);
    dispatch(a, "fill", {{out + 512}, i}, 1, done);
    EXPECT_EQ(hsa_signal_wait_scacquire(done, HSA_SIGNAL_CONDITION_EQ, 0,
                                        UINT64_MAX, HSA_WAIT_STATE_BLOCKED),
              0);
  }
  EXPECT_EQ(findings().size(), 1u);
}

TEST_F(CheckerTest, AsyncCopiesAreOrderedByTheirSignals) {
  TestQueue q = makeQueue();
  uint32_t *data = alloc(64), *out = alloc(64);
  hsa_signal_t filled = makeSignal(), copied = makeSignal(),
               done = makeSignal();
  dispatch(q, "fill", {{data}, 5}, 1, filled);
  ASSERT_OK(
      hsa_amd_memory_async_copy(out, gpu, data, gpu, 256, 1, &filled, copied));
  q.barrierAnd({copied}, noSignal);
  dispatch(q, "step", {{data}, 1}, 1, done);
  EXPECT_EQ(wait(done), 0);
  EXPECT_EQ(out[7], 5u);
  EXPECT_TRUE(findings().empty());
}

TEST_F(CheckerTest, AsyncCopyWithoutDependencyRaces) {
  TestQueue q = makeQueue();
  uint32_t *data = alloc(64), *out = alloc(64);
  hsa_signal_t filled = makeSignal(), copied = makeSignal();
  dispatch(q, "fill", {{data}, 5}, 1, filled);
  ASSERT_OK(
      hsa_amd_memory_async_copy(out, gpu, data, gpu, 256, 0, nullptr, copied));
  EXPECT_EQ(wait(filled), 0);
  EXPECT_EQ(wait(copied), 0);
  auto list = findings();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_TRUE(contains(list[0].message, "hsa_amd_memory_async_copy"));
}

TEST_F(CheckerTest, SynchronousCopyOfARunningResultRaces) {
  TestQueue q = makeQueue();
  uint32_t *data = alloc(64);
  uint32_t host[64];
  hsa_signal_t done = makeSignal();
  dispatch(q, "fill", {{data}, 5}, 1, done);
  ASSERT_OK(hsa_memory_copy(host, data, 256));
  EXPECT_EQ(wait(done), 0);
  EXPECT_EQ(findings().size(), 1u);
  ASSERT_OK(hsa_memory_copy(host, data, 256)); // now it is ordered
  EXPECT_EQ(host[0], 5u);
  EXPECT_TRUE(findings().empty());
}

TEST_F(CheckerTest, ReusedMemoryIsNewMemory) {
  TestQueue a = makeQueue(), b = makeQueue();
  hsa_signal_t one = makeSignal(), two = makeSignal();
  void *p = nullptr;
  ASSERT_OK(hsa_amd_memory_pool_allocate(local, 4096, 0, &p));
  dispatch(a, "fill", {{p}, 1}, 1, one);
  volatile hsa_signal_value_t *value = nullptr;
  ASSERT_OK(hsa_amd_signal_value_pointer(one, &value));
  while (__atomic_load_n(value, __ATOMIC_ACQUIRE) != 0)
    ;
  ASSERT_OK(hsa_amd_memory_pool_free(p));
  ASSERT_OK(hsa_amd_memory_pool_allocate(local, 4096, 0, &p));
  memory.push_back(p);
  dispatch(b, "fill", {{p}, 1}, 1, two);
  EXPECT_EQ(wait(two), 0);
  EXPECT_TRUE(findings().empty());
}

TEST_F(CheckerTest, ReportsOutOfBounds) {
  TestQueue q = makeQueue();
  uint32_t *data = alloc(64);
  hsa_signal_t done = makeSignal();
  dispatch(q, "fill", {{data}, 5}, 2, done);
  EXPECT_EQ(wait(done), -int64_t(HSA_STATUS_ERROR_MEMORY_FAULT));
  auto list = findings();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].kind, ECLIP_VGPU_FINDING_OUT_OF_BOUNDS);
  EXPECT_EQ(list[0].first, "fill");
}

TEST_F(CheckerTest, CountsRepeatedFindingsOnce) {
  TestQueue a = makeQueue(), b = makeQueue();
  uint32_t *data = alloc(64);
  for (int i = 0; i < 3; ++i) {
    hsa_signal_t one = makeSignal(), two = makeSignal();
    dispatch(a, "fill", {{data}, 1}, 1, one);
    dispatch(b, "step", {{data}, 1}, 1, two);
    EXPECT_EQ(wait(one), 0);
    EXPECT_EQ(wait(two), 0);
  }
  // Whichever of the two ended first is named first: at most two entries.
  auto list = findings();
  uint64_t total = 0;
  for (const auto &f : list)
    total += f.occurrences;
  EXPECT_LE(list.size(), 2u);
  EXPECT_EQ(total, 3u);
  EXPECT_TRUE(findings().empty()); // asking has dropped them
}

TEST_F(CheckerTest, OffFindsNothing) {
  ASSERT_OK(eclip_vgpu_checking_enable(0));
  TestQueue a = makeQueue(), b = makeQueue();
  uint32_t *data = alloc(64);
  hsa_signal_t one = makeSignal(), two = makeSignal();
  dispatch(a, "fill", {{data}, 1}, 1, one);
  dispatch(b, "fill", {{data}, 1}, 1, two);
  EXPECT_EQ(wait(one), 0);
  EXPECT_EQ(wait(two), 0);
  EXPECT_TRUE(findings().empty());
  EXPECT_EQ(eclip_vgpu_checking_enable(7), HSA_STATUS_ERROR_INVALID_ARGUMENT);
}

} // namespace
