//===- RequestTest.cpp - requests: results, order, failures, time ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ApiFixture.h"

#include <thread>

using namespace eclip;
using namespace eclip::test;

namespace {

constexpr uint64_t kMinuteNs = 60000000000;

class Request : public Api {
protected:
  void loadExample(uint32_t slots = 2) { loadSpec(example(), slots); }
  void loadSpec(const ScheduleSpec &spec, uint32_t slots = 2) {
    open();
    ASSERT_OK(load(spec, &schedule, slots));
  }
  void TearDown() override {
    EXPECT_OK(eclip_schedule_close(schedule, m));
    Api::TearDown();
  }
  eclip_request *acquire() {
    eclip_request *request = nullptr;
    EXPECT_OK(eclip_request_acquire(schedule, &request, m));
    return request;
  }
  eclip_request *submitted(unsigned seed = 0) {
    eclip_request *request = acquire();
    auto x = exampleInput(seed);
    EXPECT_OK(eclip_request_write_input(request, 0, x.data(), x.size() * 4, m));
    EXPECT_OK(eclip_request_submit(request, m));
    return request;
  }
  void expectResult(eclip_request *request, unsigned seed) {
    EXPECT_OK(eclip_request_wait(request, kMinuteNs, m));
    std::vector<float> y(kElements);
    EXPECT_OK(eclip_request_read_output(request, 0, y.data(), y.size() * 4, m));
    EXPECT_EQ(y, exampleOutput(exampleInput(seed))) << "seed " << seed;
  }
  eclip_schedule *schedule = nullptr;
};

/// `count` alternating kernels on each queue, every one on the result before.
ScheduleSpec longExample(uint32_t count) {
  ScheduleSpec spec = example();
  QueueSpec &queue = spec.queues[0];
  for (uint32_t i = 0; i < count; ++i)
    queue.packets.insert(
        queue.packets.begin(),
        dispatch(spec, 0, Copy, {input(), arena(0, fb::Access::Write)}));
  QueueSpec &other = spec.queues[1];
  for (uint32_t i = 0; i < count; ++i)
    other.packets.insert(
        other.packets.begin() + 1,
        dispatch(spec, 1, Copy,
                 {arena(0, fb::Access::Read), arena(512, fb::Access::Write)}));
  return spec;
}

TEST_F(Request, Result) {
  loadExample();
  for (unsigned i = 0; i < 20; ++i) {
    auto x = exampleInput(i);
    EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
  }
  EXPECT_EQ(fakeHsa->counters.dispatches, 80u);
  // One doorbell a queue, and beside the compiler's barriers one at the end of
  // each queue.
  EXPECT_EQ(fakeHsa->counters.doorbells, 40u);
  EXPECT_EQ(fakeHsa->counters.barriers, 80u);
}

/// A discrete GPU's memory: only the library can copy there.
TEST_F(Request, MemoryThatTheHostDoesNotReach) {
  fakeHsa->control.hostReachesMemory = false;
  loadExample();
  EXPECT_EQ(fakeHsa->counters.copies, 1u) << "the constants";
  auto x = exampleInput(7);
  EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
  EXPECT_EQ(fakeHsa->counters.copies, 3u) << "input and output";
}

TEST_F(Request, ResubmitKeepsInputs) {
  loadExample();
  eclip_request *request = submitted(5);
  expectResult(request, 5);
  EXPECT_OK(eclip_request_submit(request, m));
  expectResult(request, 5);
  auto x = exampleInput(6);
  EXPECT_OK(eclip_request_write_input(request, 0, x.data(), x.size() * 4, m));
  EXPECT_OK(eclip_request_submit(request, m));
  expectResult(request, 6);
  EXPECT_OK(eclip_request_release(request, m));
}

TEST_F(Request, SeveralInFlight) {
  loadExample(4);
  std::vector<eclip_request *> requests;
  for (unsigned i = 0; i < 4; ++i)
    requests.push_back(submitted(i));
  eclip_request *none = nullptr;
  EXPECT_FAILS(eclip_request_acquire(schedule, &none, m), ECLIP_ERROR_BUSY,
               "all 4 slots");
  for (unsigned i = 4; i-- > 0;)
    expectResult(requests[i], i);
  for (eclip_request *request : requests)
    EXPECT_OK(eclip_request_release(request, m));
}

TEST_F(Request, WrongCalls) {
  loadExample();
  eclip_request *request = acquire();
  float data[kElements] = {};
  EXPECT_FAILS(eclip_request_submit(request, m), ECLIP_ERROR_INVALID_ARGUMENT,
               "input 'x'");
  EXPECT_FAILS(eclip_request_wait(request, 0, m), ECLIP_ERROR_STATE,
               "not submitted");
  EXPECT_FAILS(eclip_request_read_output(request, 0, data, sizeof(data), m),
               ECLIP_ERROR_STATE, "no results");
  EXPECT_FAILS(eclip_request_write_input(request, 1, data, sizeof(data), m),
               ECLIP_ERROR_INVALID_ARGUMENT, "input 1");
  EXPECT_FAILS(eclip_request_write_input(request, 0, data, 8, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "8 bytes given, it has 512");
  EXPECT_FAILS(eclip_request_write_input(request, 0, nullptr, 512, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "NULL");
  eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
  EXPECT_FAILS(eclip_request_get_stats(request, &stats, m), ECLIP_ERROR_STATE,
               "not done");
  EXPECT_FAILS(eclip_schedule_close(schedule, m), ECLIP_ERROR_BUSY,
               "not released");
  EXPECT_OK(eclip_request_release(request, m));
  EXPECT_FAILS(eclip_request_submit(request, m), ECLIP_ERROR_STATE, "released");
  EXPECT_FAILS(eclip_request_release(request, m), ECLIP_ERROR_STATE,
               "released");
  EXPECT_OK(eclip_request_release(nullptr, m));
}

TEST_F(Request, WrongCallsWhileRunning) {
  loadExample();
  fakeHsa->control.stalled = true;
  eclip_request *request = submitted(1);
  float data[kElements] = {};
  EXPECT_FAILS(eclip_request_submit(request, m), ECLIP_ERROR_STATE, "runs");
  EXPECT_FAILS(eclip_request_write_input(request, 0, data, sizeof(data), m),
               ECLIP_ERROR_STATE, "runs");
  EXPECT_FAILS(eclip_request_bind_input(request, 0, nullptr, 0, m),
               ECLIP_ERROR_STATE, "runs");
  EXPECT_FAILS(eclip_request_bind_output(request, 0, nullptr, 0, m),
               ECLIP_ERROR_STATE, "runs");
  EXPECT_FAILS(eclip_request_read_output(request, 0, data, sizeof(data), m),
               ECLIP_ERROR_STATE, "no results");
  EXPECT_FAILS(eclip_request_release(request, m), ECLIP_ERROR_BUSY, "runs");
  EXPECT_FAILS(eclip_request_wait(request, 0, m), ECLIP_ERROR_TIMEOUT, "0 ms");
  EXPECT_FAILS(eclip_request_wait(request, 30000000, m), ECLIP_ERROR_TIMEOUT,
               "30 ms");
  fakeHsa->control.stalled = false;
  expectResult(request, 1);
  EXPECT_OK(eclip_request_release(request, m));
}

TEST_F(Request, ReleaseSeesTheEnd) {
  loadExample();
  eclip_request *request = submitted(1);
  while (eclip_request_release(request, m) == ECLIP_ERROR_BUSY)
    std::this_thread::yield();
  auto x = exampleInput(9);
  EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
}

TEST_F(Request, BoundBuffers) {
  loadExample();
  void *x = nullptr, *y = nullptr;
  ASSERT_OK(eclip_buffer_allocate(device, 512, &x, m));
  ASSERT_OK(eclip_buffer_allocate(device, 1024, &y, m));
  auto input = exampleInput(4);
  ASSERT_OK(eclip_buffer_write(device, x, input.data(), 512, m));
  eclip_request *request = acquire();
  EXPECT_FAILS(eclip_request_bind_input(request, 0, x, 511, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "511 bytes");
  EXPECT_FAILS(eclip_request_bind_input(request, 0, (char *)x + 4, 512, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "multiple of 256");
  EXPECT_FAILS(eclip_request_bind_output(request, 1, y, 512, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "output 1");
  ASSERT_OK(eclip_request_bind_input(request, 0, x, 512, m));
  ASSERT_OK(eclip_request_bind_output(request, 0, (char *)y + 512, 512, m));
  ASSERT_OK(eclip_request_submit(request, m));
  expectResult(request, 4);
  std::vector<float> direct(kElements);
  ASSERT_OK(eclip_buffer_read(device, direct.data(), (char *)y + 512, 512, m));
  EXPECT_EQ(direct, exampleOutput(input));

  // Back to the slot's own: the input is unknown again.
  ASSERT_OK(eclip_request_bind_input(request, 0, nullptr, 0, m));
  ASSERT_OK(eclip_request_bind_output(request, 0, nullptr, 0, m));
  EXPECT_FAILS(eclip_request_submit(request, m), ECLIP_ERROR_INVALID_ARGUMENT,
               "input 'x'");
  auto other = exampleInput(8);
  ASSERT_OK(eclip_request_write_input(request, 0, other.data(), 512, m));
  ASSERT_OK(eclip_request_submit(request, m));
  expectResult(request, 8);
  ASSERT_OK(eclip_buffer_read(device, direct.data(), (char *)y + 512, 512, m));
  EXPECT_EQ(direct, exampleOutput(input)) << "the bound buffer was left alone";

  // A release forgets bindings.
  ASSERT_OK(eclip_request_bind_output(request, 0, y, 512, m));
  EXPECT_OK(eclip_request_release(request, m));
  EXPECT_EQ(runOnce(schedule, other), exampleOutput(other));
  EXPECT_OK(eclip_buffer_free(device, x, m));
  EXPECT_OK(eclip_buffer_free(device, y, m));
}

TEST_F(Request, Times) {
  ScheduleSpec spec = example();
  spec.queues[0].packets[1].kernel = Slow; // 2 ms, and no LDS
  spec.queues[0].packets[1].image.dispatch.group_bytes = 0;
  loadSpec(spec);
  eclip_request *request = submitted(1);
  EXPECT_OK(eclip_request_wait(request, kMinuteNs, m));
  eclip_queue_times queues[3] = {{7, 7}, {7, 7}, {7, 7}};
  eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
  stats.queues = queues;
  stats.queue_capacity = 3;
  ASSERT_OK(eclip_request_get_stats(request, &stats, m));
  EXPECT_EQ(stats.submitted_packets, 8u);
  EXPECT_GT(stats.submit_ns, 0u);
  EXPECT_GE(stats.host_ns, stats.device_ns);
  EXPECT_GE(stats.device_ns, 2000000u);
  EXPECT_GE(queues[0].end_ns - queues[0].start_ns, 2000000u);
  EXPECT_LE(queues[0].start_ns, queues[1].start_ns);
  EXPECT_LE(queues[1].end_ns, queues[0].end_ns);
  EXPECT_EQ(queues[2].end_ns, 7u);
  fakeHsa->control.noTimes = true;
  ASSERT_OK(eclip_request_get_stats(request, &stats, m));
  EXPECT_EQ(stats.device_ns, 0u);
  EXPECT_EQ(queues[0].end_ns, 0u);
  EXPECT_OK(eclip_request_release(request, m));
}

TEST_F(Request, RingSmallerThanARequest) {
  fakeHsa->control.queueMaxSize = 64;
  loadSpec(longExample(300), 3);
  std::vector<eclip_request *> requests;
  for (unsigned i = 0; i < 3; ++i)
    requests.push_back(submitted(i));
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_OK(eclip_request_wait(requests[i], kMinuteNs, m));
    EXPECT_OK(eclip_request_release(requests[i], m));
  }
  EXPECT_EQ(fakeHsa->counters.dispatches, 3 * 604u);
}

TEST_F(Request, SubmitGivesUpOnAFullRing) {
  fakeHsa->control.queueMaxSize = 64;
  open();
  FileBytes file = buildFile(longExample(100));
  eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
  options.submit_timeout_ns = 50000000;
  ASSERT_OK(eclip_schedule_load_memory(device, file.data(), file.size(),
                                       &options, &schedule, m));
  fakeHsa->control.stalled = true;
  eclip_request *request = acquire();
  auto x = exampleInput(0);
  ASSERT_OK(eclip_request_write_input(request, 0, x.data(), 512, m));
  EXPECT_FAILS(eclip_request_submit(request, m), ECLIP_ERROR_DEVICE_LOST,
               "waited 50 ms for room");
  EXPECT_FAILS(eclip_request_submit(request, m), ECLIP_ERROR_DEVICE_LOST,
               "lost");
  EXPECT_OK(eclip_request_release(request, m));
}

TEST_F(Request, EagerProcessorsSeeWholePackets) {
  fakeHsa->control.eager = true;
  loadSpec(longExample(40), 4);
  for (unsigned i = 0; i < 50; ++i)
    runOnce(schedule, exampleInput(i));
}

/// Models that share both queues, with opposite roles: if one came first on one
/// queue and second on the other, both would wait for ever.
TEST_F(Request, SharedQueuesNeverDeadlock) {
  loadExample(4);
  ScheduleSpec opposite = example();
  std::swap(opposite.queues[0].mask, opposite.queues[1].mask);
  opposite.groups[0].cuCount = 60;
  opposite.groups[1].cuCount = 30;
  eclip_schedule *other = nullptr;
  ASSERT_OK(load(opposite, &other, 4));
  EXPECT_EQ(fakeHsa->counters.queues, 2);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 150; ++i) {
        auto x = exampleInput(t * 1000 + i);
        auto y = runOnce(t % 2 ? other : schedule, x);
        if (y != exampleOutput(x)) {
          ADD_FAILURE() << "thread " << t << " request " << i;
          return;
        }
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(fakeHsa->counters.dispatches, 6 * 150 * 4u);
  EXPECT_OK(eclip_schedule_close(other, m));
}

TEST_F(Request, StoppedDeviceFreesEverything) {
  loadExample();
  fakeHsa->control.stalled = true;
  eclip_request *request = submitted(1);
  std::thread waiter([&] {
    Message mine;
    EXPECT_EQ(eclip_request_wait(request, ECLIP_WAIT_FOREVER, mine),
              ECLIP_ERROR_DEVICE_LOST);
    EXPECT_TRUE(mine.has("stopped the device")) << mine.text;
  });
  EXPECT_OK(eclip_device_stop(device, m));
  waiter.join();
  EXPECT_OK(eclip_request_release(request, m));
  request = acquire();
  auto x = exampleInput(1);
  EXPECT_OK(eclip_request_write_input(request, 0, x.data(), 512, m));
  EXPECT_FAILS(eclip_request_submit(request, m), ECLIP_ERROR_DEVICE_LOST,
               "lost");
  EXPECT_OK(eclip_request_release(request, m));
  eclip_schedule *none = nullptr;
  EXPECT_FAILS(load(example(), &none), ECLIP_ERROR_DEVICE_LOST, "lost");
}

struct FailureMode {
  bool callback, signals;
};
class QueueFailure : public Request,
                     public testing::WithParamInterface<FailureMode> {};

TEST_P(QueueFailure, EndsTheWait) {
  fakeHsa->control.failingKernel = "double";
  fakeHsa->control.failCallback = GetParam().callback;
  fakeHsa->control.failSignals = GetParam().signals;
  loadExample();
  eclip_request *request = submitted(1);
  EXPECT_EQ(eclip_request_wait(request, kMinuteNs, m), ECLIP_ERROR_DEVICE_LOST);
  EXPECT_TRUE(m.has(GetParam().callback ? "HSA_STATUS_ERROR_EXCEPTION: fake"
                                        : "failed with status"))
      << m.text;
  if (GetParam().callback) {
    EXPECT_TRUE(m.has("CU mask 0333333333333333")) << m.text;
  }
  EXPECT_EQ(eclip_request_wait(request, 0, m), ECLIP_ERROR_DEVICE_LOST);
  EXPECT_OK(eclip_request_release(request, m));
}

INSTANTIATE_TEST_SUITE_P(Modes, QueueFailure,
                         testing::Values(FailureMode{true, false},
                                         FailureMode{true, true},
                                         FailureMode{false, true}),
                         [](const auto &info) {
                           std::string name;
                           name += info.param.callback ? "Callback" : "";
                           name += info.param.signals ? "Signals" : "";
                           return name;
                         });

} // namespace
