//===- QueueTest.cpp - packets, barriers, several queues ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/vgpu_hsa/Fixture.h"

#include <chrono>
#include <thread>

using namespace vgpu_test;

namespace {

class QueueTest : public Device {};

/// Iterations of `spin` that take some milliseconds.
constexpr uint32_t slow = 200'000;

TEST_F(QueueTest, RunsOneDispatch) {
  TestQueue q = makeQueue();
  uint32_t *out = alloc(4 * 64);
  hsa_signal_t done = makeSignal();
  dispatch(q, "fill", {{out}, 42}, 4, done);
  EXPECT_EQ(wait(done), 0);
  for (int i = 0; i < 4 * 64; ++i)
    ASSERT_EQ(out[i], 42u) << i;
}

TEST_F(QueueTest, KeepsPacketOrderWithBarrierBits) {
  TestQueue q = makeQueue();
  uint32_t *data = alloc(64 * 64);
  hsa_signal_t done = makeSignal();
  uint32_t expected = 0;
  for (uint32_t i = 0; i < 20; ++i) {
    dispatch(q, "step", {{data}, i}, 64, i == 19 ? done : noSignal);
    expected = 2 * expected + i;
  }
  EXPECT_EQ(wait(done), 0);
  for (int i = 0; i < 64 * 64; ++i)
    ASSERT_EQ(data[i], expected) << i;
}

TEST_F(QueueTest, RunsPacketsWithoutBarrierBitTogether) {
  // The second packet, without barrier bit, ends long before the first.
  TestQueue q = makeQueue();
  uint32_t *out = alloc(128);
  hsa_signal_t first = makeSignal(), second = makeSignal();
  dispatch(q, "spin", {{out}, 50 * slow}, 1, first, true, false);
  dispatch(q, "fill", {{out + 64}, 7}, 1, second, false);
  EXPECT_EQ(wait(second), 0);
  EXPECT_EQ(hsa_signal_load_relaxed(first), 1);
  EXPECT_EQ(wait(first), 0);
  EXPECT_EQ(out[0], 50 * slow);
}

TEST_F(QueueTest, BarrierBitWaitsForAllEarlierPackets) {
  TestQueue q = makeQueue();
  uint32_t *out = alloc(128);
  hsa_signal_t first = makeSignal(), second = makeSignal();
  dispatch(q, "spin", {{out}, 10 * slow}, 1, first, true, false);
  dispatch(q, "fill", {{out + 64}, 7}, 1, second, true);
  EXPECT_EQ(wait(second), 0);
  EXPECT_EQ(hsa_signal_load_relaxed(first), 0);
}

TEST_F(QueueTest, WaitsForTheDoorbell) {
  TestQueue q = makeQueue();
  uint32_t *out = alloc(64);
  hsa_signal_t done = makeSignal();
  uint64_t index = dispatch(q, "fill", {{out}, 1}, 1, done, true, false);
  EXPECT_EQ(hsa_signal_wait_scacquire(done, HSA_SIGNAL_CONDITION_LT, 1,
                                      20'000'000, HSA_WAIT_STATE_BLOCKED),
            1);
  hsa_signal_store_relaxed(q.queue->doorbell_signal, int64_t(index));
  EXPECT_EQ(wait(done), 0);
}

TEST_F(QueueTest, WaitsForAnInvalidHeaderToBecomeValid) {
  TestQueue q = makeQueue();
  uint32_t *out = alloc(64);
  hsa_signal_t done = makeSignal();
  hsa_kernel_dispatch_packet_t p = packet("fill", {{out}, 9}, 1, done);
  uint64_t index = hsa_queue_add_write_index_relaxed(q.queue, 1);
  char *slot = static_cast<char *>(q.slot(index));
  memcpy(slot + 4, reinterpret_cast<char *>(&p) + 4, 60);
  hsa_signal_store_relaxed(q.queue->doorbell_signal, int64_t(index));
  EXPECT_EQ(hsa_signal_wait_scacquire(done, HSA_SIGNAL_CONDITION_LT, 1,
                                      20'000'000, HSA_WAIT_STATE_BLOCKED),
            1);
  uint32_t word = uint32_t(p.setup) << 16 | HSA_PACKET_TYPE_KERNEL_DISPATCH;
  __atomic_store_n(reinterpret_cast<uint32_t *>(slot), word, __ATOMIC_RELEASE);
  EXPECT_EQ(wait(done), 0);
}

TEST_F(QueueTest, GivesSlotsBack) {
  TestQueue q = makeQueue(4);
  uint32_t *data = alloc(64);
  hsa_signal_t done = makeSignal(100);
  for (int i = 0; i < 100; ++i)
    dispatch(q, "step", {{data}, 1}, 1, done);
  EXPECT_EQ(hsa_signal_wait_scacquire(done, HSA_SIGNAL_CONDITION_EQ, 0,
                                      UINT64_MAX, HSA_WAIT_STATE_BLOCKED),
            0);
  EXPECT_EQ(data[5], UINT32_MAX); // 2^100 - 1, the low 32 bits
  while (hsa_queue_load_read_index_scacquire(q.queue) != 100)
    std::this_thread::yield();
  EXPECT_EQ(*static_cast<uint8_t *>(q.slot(0)), HSA_PACKET_TYPE_INVALID);
}

TEST_F(QueueTest, BarrierAndWaitsForFiveSignals) {
  TestQueue q = makeQueue();
  uint32_t *out = alloc(64);
  std::vector<hsa_signal_t> deps;
  for (int i = 0; i < 5; ++i)
    deps.push_back(makeSignal());
  hsa_signal_t passed = makeSignal(), done = makeSignal();
  q.barrierAnd(deps, passed);
  dispatch(q, "fill", {{out}, 3}, 1, done, false); // even without barrier bit
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(hsa_signal_wait_scacquire(done, HSA_SIGNAL_CONDITION_LT, 1,
                                        3'000'000, HSA_WAIT_STATE_BLOCKED),
              1);
    EXPECT_EQ(hsa_signal_load_scacquire(passed), 1);
    hsa_signal_subtract_screlease(deps[size_t(i)], 1);
  }
  EXPECT_EQ(wait(done), 0);
  EXPECT_EQ(hsa_signal_load_scacquire(passed), 0);
}

TEST_F(QueueTest, BarrierAndWithoutSignalsPassesAtOnce) {
  TestQueue q = makeQueue();
  hsa_signal_t done = makeSignal();
  q.barrierAnd({}, done);
  EXPECT_EQ(wait(done), 0);
}

TEST_F(QueueTest, BarrierOrWaitsForOneSignal) {
  TestQueue q = makeQueue();
  std::vector<hsa_signal_t> deps = {makeSignal(), noSignal, makeSignal()};
  hsa_signal_t done = makeSignal();
  q.barrierOr(deps, done);
  EXPECT_EQ(hsa_signal_wait_scacquire(done, HSA_SIGNAL_CONDITION_LT, 1,
                                      3'000'000, HSA_WAIT_STATE_BLOCKED),
            1);
  hsa_signal_store_screlease(deps[2], 0);
  EXPECT_EQ(wait(done), 0);
  EXPECT_EQ(hsa_signal_load_relaxed(deps[0]), 1);
}

TEST_F(QueueTest, BarrierSeesAValueWrittenThroughItsPointer) {
  TestQueue q = makeQueue();
  hsa_signal_t dep = makeSignal(), done = makeSignal();
  volatile hsa_signal_value_t *value = nullptr;
  ASSERT_OK(hsa_amd_signal_value_pointer(dep, &value));
  q.barrierAnd({dep}, done);
  __atomic_store_n(value, 0, __ATOMIC_RELEASE);
  EXPECT_EQ(wait(done), 0);
}

TEST_F(QueueTest, OrdersQueuesByBarriers) {
  // A chain that hops over eight queues, each hop behind a barrier.
  constexpr uint32_t hops = 64;
  std::vector<TestQueue> q;
  for (int i = 0; i < 8; ++i)
    q.push_back(makeQueue());
  uint32_t *data = alloc(16 * 64);
  std::vector<hsa_signal_t> done;
  uint32_t expected = 0;
  for (uint32_t i = 0; i < hops; ++i) {
    done.push_back(makeSignal());
    TestQueue &queue = q[(i * 3) % 8];
    if (i > 0)
      queue.barrierAnd({done[i - 1]}, noSignal);
    dispatch(queue, "step", {{data}, i}, 16, done[i]);
    expected = 2 * expected + i;
  }
  EXPECT_EQ(wait(done.back()), 0);
  for (int i = 0; i < 16 * 64; ++i)
    ASSERT_EQ(data[i], expected) << i;
}

TEST_F(QueueTest, RunsManyQueuesAtOnce) {
  std::vector<TestQueue> q;
  std::vector<hsa_signal_t> done;
  std::vector<uint32_t *> data;
  for (int i = 0; i < 24; ++i) {
    q.push_back(makeQueue());
    done.push_back(makeSignal(10));
    data.push_back(alloc(64 * 8));
  }
  for (uint32_t round = 0; round < 10; ++round)
    for (size_t i = 0; i < q.size(); ++i)
      dispatch(q[i], "step", {{data[i]}, uint32_t(i)}, 8, done[i]);
  for (size_t i = 0; i < q.size(); ++i) {
    EXPECT_EQ(wait(done[i]), 0);
    EXPECT_EQ(data[i][100], uint32_t(i) * 1023) << i;
  }
}

TEST_F(QueueTest, QueuesThatRunTogetherTakeTurns) {
  // The short dispatch is submitted second, and finishes first all the same.
  TestQueue a = makeQueue(), b = makeQueue();
  uint32_t *out = alloc(64 * 512);
  hsa_signal_t longDone = makeSignal(), shortDone = makeSignal();
  dispatch(a, "spin", {{out}, slow / 4}, 512, longDone);
  dispatch(b, "spin", {{out}, 10}, 1, shortDone);
  EXPECT_EQ(wait(shortDone), 0);
  EXPECT_EQ(hsa_signal_load_relaxed(longDone), 1);
  EXPECT_EQ(wait(longDone), 0);
}

TEST_F(QueueTest, TakesPacketsFromSeveralProducers) {
  TestQueue q = makeQueue(16);
  constexpr int threads = 4, each = 50;
  hsa_signal_t done = makeSignal(threads * each);
  std::vector<uint32_t *> out;
  std::vector<hsa_kernel_dispatch_packet_t> packets;
  for (int t = 0; t < threads; ++t) {
    out.push_back(alloc(64));
    packets.push_back(packet("step", {{out.back()}, 1}, 1, done));
  }
  std::vector<std::thread> producers;
  for (int t = 0; t < threads; ++t)
    producers.emplace_back([&, t] {
      TestQueue mine = q;
      for (int i = 0; i < each; ++i)
        mine.write(packets[size_t(t)], HSA_PACKET_TYPE_KERNEL_DISPATCH, true,
                   true);
    });
  for (auto &p : producers)
    p.join();
  EXPECT_EQ(wait(done), 0);
  for (uint32_t *o : out)
    EXPECT_EQ(o[3], UINT32_MAX);
}

TEST_F(QueueTest, SingleProducerQueue) {
  TestQueue q = makeQueue(8, HSA_QUEUE_TYPE_SINGLE);
  EXPECT_EQ(q.queue->type, uint32_t(HSA_QUEUE_TYPE_SINGLE));
  uint32_t *out = alloc(64);
  hsa_signal_t done = makeSignal();
  hsa_kernel_dispatch_packet_t p = packet("fill", {{out}, 5}, 1, done);
  p.header = HSA_PACKET_TYPE_KERNEL_DISPATCH;
  memcpy(q.slot(0), &p, sizeof p);
  hsa_queue_store_write_index_screlease(q.queue, 1);
  EXPECT_EQ(hsa_queue_load_write_index_relaxed(q.queue), 1u);
  hsa_signal_store_screlease(q.queue->doorbell_signal, 0);
  EXPECT_EQ(wait(done), 0);
  EXPECT_EQ(out[63], 5u);
}

TEST_F(QueueTest, IndexArithmetic) {
  TestQueue q = makeQueue();
  EXPECT_EQ(hsa_queue_add_write_index_scacq_screl(q.queue, 2), 0u);
  EXPECT_EQ(hsa_queue_cas_write_index_scacq_screl(q.queue, 5, 9), 2u);
  EXPECT_EQ(hsa_queue_cas_write_index_relaxed(q.queue, 2, 3), 2u);
  EXPECT_EQ(hsa_queue_load_write_index_scacquire(q.queue), 3u);
  hsa_queue_store_read_index_screlease(q.queue, 7); // not the program's to move
  EXPECT_EQ(hsa_queue_load_read_index_relaxed(q.queue), 0u);
}

TEST_F(QueueTest, RefusesBadQueues) {
  hsa_queue_t *q = nullptr;
  auto make = [&](hsa_agent_t agent, uint32_t size, uint32_t type,
                  hsa_queue_t **out) {
    return hsa_queue_create(agent, size, type, nullptr, nullptr, 0, 0, out);
  };
  EXPECT_EQ(make(gpu, 0, 0, &q), HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(make(gpu, 48, 0, &q), HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(make(gpu, 1u << 30, 0, &q), HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(make(gpu, 64, 77, &q), HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(make(gpu, 64, 0, nullptr), HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(make(cpu, 64, 0, &q), HSA_STATUS_ERROR_INVALID_QUEUE_CREATION);
  EXPECT_EQ(make({1}, 64, 0, &q), HSA_STATUS_ERROR_INVALID_AGENT);
  EXPECT_EQ(hsa_queue_destroy(nullptr), HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(hsa_queue_destroy(reinterpret_cast<hsa_queue_t *>(&q)),
            HSA_STATUS_ERROR_INVALID_QUEUE);
}

TEST_F(QueueTest, DestroyStopsRunningDispatches) {
  TestQueue q = makeQueue();
  uint32_t *out = alloc(64 * 4096);
  dispatch(q, "spin", {{out}, 1'000'000'000}, 4096);
  ASSERT_OK(hsa_queue_destroy(q.queue)); // in a time that a person can wait
  queues.clear();
}

TEST_F(QueueTest, InactivateStopsRunningDispatches) {
  TestQueue q = makeQueue();
  uint32_t *out = alloc(64 * 4096);
  hsa_signal_t done = makeSignal();
  dispatch(q, "spin", {{out}, 1'000'000'000}, 4096, done);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  ASSERT_OK(hsa_queue_inactivate(q.queue));
  EXPECT_NE(hsa_signal_load_scacquire(done), 0);
  EXPECT_EQ(errorCount(), 0u); // the program's wish is no error
}

TEST_F(QueueTest, InactiveQueueLaunchesNothing) {
  TestQueue q = makeQueue();
  uint32_t *out = alloc(64);
  hsa_signal_t done = makeSignal();
  ASSERT_OK(hsa_queue_inactivate(q.queue));
  dispatch(q, "fill", {{out}, 1}, 1, done);
  EXPECT_EQ(hsa_signal_wait_scacquire(done, HSA_SIGNAL_CONDITION_LT, 1,
                                      20'000'000, HSA_WAIT_STATE_BLOCKED),
            1);
}

TEST_F(QueueTest, SoftQueueIsTheProgramsOwn) {
  hsa_region_t region{};
  ASSERT_OK(hsa_agent_iterate_regions(
                cpu,
                [](hsa_region_t r, void *data) {
                  *static_cast<hsa_region_t *>(data) = r;
                  return HSA_STATUS_INFO_BREAK;
                },
                &region) == HSA_STATUS_INFO_BREAK
                ? HSA_STATUS_SUCCESS
                : HSA_STATUS_ERROR);
  hsa_queue_t *q = nullptr;
  ASSERT_OK(hsa_soft_queue_create(region, 16, HSA_QUEUE_TYPE_MULTI,
                                  HSA_QUEUE_FEATURE_AGENT_DISPATCH,
                                  makeSignal(), &q));
  EXPECT_EQ(hsa_queue_add_write_index_relaxed(q, 1), 0u);
  hsa_queue_store_read_index_screlease(q, 1);
  EXPECT_EQ(hsa_queue_load_read_index_scacquire(q), 1u);
  EXPECT_OK(hsa_queue_destroy(q));
}

TEST_F(QueueTest, TimesDispatches) {
  TestQueue q = makeQueue();
  uint32_t *out = alloc(64);
  hsa_signal_t plain = makeSignal(), timed = makeSignal();
  dispatch(q, "fill", {{out}, 1}, 1, plain);
  ASSERT_EQ(wait(plain), 0);
  hsa_amd_profiling_dispatch_time_t time{};
  EXPECT_EQ(hsa_amd_profiling_get_dispatch_time(gpu, plain, &time),
            HSA_STATUS_ERROR);
  ASSERT_OK(hsa_amd_profiling_set_profiler_enabled(q.queue, 1));
  uint64_t before = 0, after = 0, frequency = 0;
  ASSERT_OK(hsa_system_get_info(HSA_SYSTEM_INFO_TIMESTAMP, &before));
  dispatch(q, "spin", {{out}, slow}, 1, timed);
  ASSERT_EQ(wait(timed), 0);
  ASSERT_OK(hsa_system_get_info(HSA_SYSTEM_INFO_TIMESTAMP, &after));
  ASSERT_OK(
      hsa_system_get_info(HSA_SYSTEM_INFO_TIMESTAMP_FREQUENCY, &frequency));
  EXPECT_EQ(frequency, 1'000'000'000u);
  ASSERT_OK(hsa_amd_profiling_get_dispatch_time(gpu, timed, &time));
  EXPECT_LE(before, time.start);
  EXPECT_LT(time.start, time.end);
  EXPECT_LE(time.end, after);
  uint64_t system = 0;
  ASSERT_OK(hsa_amd_profiling_convert_tick_to_system_domain(gpu, time.start,
                                                            &system));
  EXPECT_EQ(system, time.start);
}

} // namespace
