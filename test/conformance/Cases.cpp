//===- Cases.cpp - what every driver must do ------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conformance/Suite.h"

#include <cstring>
#include <thread>

using namespace eclip;
using namespace eclip::test;
using eclip::conformance::Conformance;

namespace {

std::vector<float> inputOf(unsigned seed) {
  std::vector<float> x(kElements);
  for (uint32_t i = 0; i < kElements; ++i)
    x[i] = float((i * 31 + seed * 17) % 257) - 128;
  return x;
}

std::vector<float> expected(const std::vector<float> &x) {
  std::vector<float> y(kElements);
  for (uint32_t i = 0; i < kElements; ++i)
    y[i] = (x[i] + float(i)) + 2 * x[i];
  return y;
}

/// One queue, one dispatch: y = x.
ScheduleSpec copyOnly() {
  ScheduleSpec spec = example();
  spec.queues.resize(1);
  spec.groups.resize(1);
  spec.signalCount = 0;
  spec.queues[0].packets = {dispatch(spec, 0, Copy, {input(), output()})};
  return spec;
}

fb::Argument read(uint64_t place) {
  return arena(place * 512, fb::Access::Read);
}
fb::Argument write(uint64_t place) {
  return arena(place * 512, fb::Access::Write);
}

/// `spec` with its queues' masks exchanged.
ScheduleSpec exchangeMasks(ScheduleSpec spec) {
  std::swap(spec.queues[0].mask, spec.queues[1].mask);
  std::swap(spec.groups[0].cuCount, spec.groups[1].cuCount);
  return spec;
}

TEST_F(Conformance, DeviceInfo) {
  eclip_device_info info = ECLIP_DEVICE_INFO_INIT;
  expectOk(eclip_device_get_info(device, &info, &error), "info");
  EXPECT_GT(info.cu_count, 0u);
  EXPECT_NE(info.name[0], 0);
  EXPECT_NE(info.isa[0], 0);
}

TEST_F(Conformance, Buffers) {
  void *buffer = nullptr;
  expectOk(eclip_buffer_allocate(device, 1000, &buffer, &error), "allocate");
  std::vector<char> out(1000, 'x'), in(1000);
  expectOk(eclip_buffer_write(device, buffer, out.data(), 1000, &error),
           "write");
  expectOk(eclip_buffer_read(device, in.data(), buffer, 1000, &error), "read");
  EXPECT_EQ(in, out);
  expectOk(eclip_buffer_free(device, buffer, &error), "free");
}

TEST_F(Conformance, OneDispatch) {
  eclip_schedule *schedule = load(copyOnly());
  EXPECT_EQ(run(schedule, inputOf(1)), inputOf(1));
  close(schedule);
}

TEST_F(Conformance, TwoQueuesWithBarriers) {
  eclip_schedule *schedule = load(example());
  for (unsigned i = 0; i < 10; ++i)
    EXPECT_EQ(run(schedule, inputOf(i)), expected(inputOf(i)));
  close(schedule);
}

/// Priorities change nothing but who goes first: a schedule of each, at once.
TEST_F(Conformance, Priorities) {
  std::vector<eclip_schedule *> schedules;
  for (uint8_t priority : {0, 1, 2}) {
    ScheduleSpec spec = example();
    for (auto &queue : spec.queues)
      queue.priority = priority;
    schedules.push_back(load(spec));
  }
  for (unsigned i = 0; i < 5; ++i)
    for (eclip_schedule *schedule : schedules)
      EXPECT_EQ(run(schedule, inputOf(i)), expected(inputOf(i)));
  for (eclip_schedule *schedule : schedules)
    close(schedule);
}

/// A slow producer on one queue: without the barrier the consumer on the other
/// would read what the arena held before.
TEST_F(Conformance, BarrierOrdersQueues) {
  ScheduleSpec spec = example();
  spec.signalCount = 1;
  spec.queues[0].packets = {dispatch(spec, 0, Slow, {input(), write(0)}, 0)};
  spec.queues[1].packets = {barrier(1, {0}),
                            dispatch(spec, 1, Copy, {read(0), output()})};
  eclip_schedule *schedule = load(spec);
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_EQ(run(schedule, inputOf(i)), inputOf(i));
  close(schedule);
}

/// Within a queue the barrier bit orders packets.
TEST_F(Conformance, QueueRunsInOrder) {
  ScheduleSpec spec = copyOnly();
  spec.queues[0].packets = {
      dispatch(spec, 0, Slow, {input(), write(0)}),
      dispatch(spec, 0, Double, {read(0), write(1)}),
      dispatch(spec, 0, Add, {read(0), read(1), write(0)}),
      dispatch(spec, 0, Copy, {read(0), output()})};
  eclip_schedule *schedule = load(spec);
  auto x = inputOf(5), y = x;
  for (float &value : y)
    value = value + 2 * value;
  EXPECT_EQ(run(schedule, x), y);
  close(schedule);
}

/// A barrier with all five dependencies, and one completed by a barrier.
TEST_F(Conformance, FiveDependencies) {
  ScheduleSpec spec = example();
  spec.arenaBytes = 6 * 512;
  spec.signalCount = 6;
  auto &first = spec.queues[0].packets, &second = spec.queues[1].packets;
  first.clear();
  for (int i = 0; i < 5; ++i)
    first.push_back(
        dispatch(spec, 0, i == 4 ? Slow : Copy, {input(), write(i)}, i));
  second = {barrier(1, {0, 1, 2, 3, 4})};
  second[0].completion = 5;
  second.push_back(dispatch(spec, 1, Add, {read(0), read(1), write(5)}));
  first.push_back(barrier(0, {5}));
  first.push_back(dispatch(spec, 0, Add, {read(3), read(4), output()}));
  eclip_schedule *schedule = load(spec);
  auto x = inputOf(9), y = x;
  for (float &value : y)
    value *= 2;
  EXPECT_EQ(run(schedule, x), y);
  close(schedule);
}

/// Signals are armed again for each request.
TEST_F(Conformance, Replay) {
  eclip_schedule *schedule = load(example(), 1);
  eclip_request *request = nullptr;
  expectOk(eclip_request_acquire(schedule, &request, &error), "acquire");
  for (unsigned i = 0; i < 50; ++i) {
    auto x = inputOf(i);
    std::vector<float> y(kElements);
    expectOk(eclip_request_write_input(request, 0, x.data(), 512, &error),
             "write");
    expectOk(eclip_request_submit(request, &error), "submit");
    expectOk(eclip_request_wait(request, ECLIP_WAIT_FOREVER, &error), "wait");
    expectOk(eclip_request_read_output(request, 0, y.data(), 512, &error),
             "read");
    ASSERT_EQ(y, expected(x));
  }
  expectOk(eclip_request_release(request, &error), "release");
  close(schedule);
}

TEST_F(Conformance, SeveralInFlight) {
  eclip_schedule *schedule = load(example(), 8);
  for (unsigned round = 0; round < 5; ++round) {
    std::vector<eclip_request *> requests;
    for (unsigned i = 0; i < 8; ++i)
      requests.push_back(submit(schedule, inputOf(round * 8 + i)));
    for (unsigned i = 8; i-- > 0;)
      EXPECT_EQ(finish(requests[i]), expected(inputOf(round * 8 + i)));
  }
  close(schedule);
}

TEST_F(Conformance, ModelsShareQueues) {
  eclip_schedule *a = load(example(), 4),
                 *b = load(exchangeMasks(example()), 4);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 25; ++i) {
        auto x = inputOf(t * 100 + i);
        std::vector<float> y(kElements);
        eclip_request *request = nullptr;
        if (eclip_request_acquire(t % 2 ? a : b, &request, nullptr) ||
            eclip_request_write_input(request, 0, x.data(), 512, nullptr) ||
            eclip_request_submit(request, nullptr) ||
            eclip_request_wait(request, 60000000000, nullptr) ||
            eclip_request_read_output(request, 0, y.data(), 512, nullptr) ||
            eclip_request_release(request, nullptr) || y != expected(x)) {
          ADD_FAILURE() << "thread " << t << " request " << i;
          return;
        }
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  close(a);
  close(b);
}

TEST_F(Conformance, BoundBuffers) {
  eclip_schedule *schedule = load(example());
  void *x = nullptr, *y = nullptr;
  auto in = inputOf(3);
  expectOk(eclip_buffer_allocate(device, 512, &x, &error), "allocate");
  expectOk(eclip_buffer_allocate(device, 512, &y, &error), "allocate");
  expectOk(eclip_buffer_write(device, x, in.data(), 512, &error), "write");
  eclip_request *request = nullptr;
  expectOk(eclip_request_acquire(schedule, &request, &error), "acquire");
  expectOk(eclip_request_bind_input(request, 0, x, 512, &error), "bind");
  expectOk(eclip_request_bind_output(request, 0, y, 512, &error), "bind");
  expectOk(eclip_request_submit(request, &error), "submit");
  EXPECT_EQ(finish(request), expected(in));
  std::vector<float> out(kElements);
  expectOk(eclip_buffer_read(device, out.data(), y, 512, &error), "read");
  EXPECT_EQ(out, expected(in));
  expectOk(eclip_buffer_free(device, x, &error), "free");
  expectOk(eclip_buffer_free(device, y, &error), "free");
  close(schedule);
}

TEST_F(Conformance, QueueTimes) {
  ScheduleSpec spec = copyOnly();
  spec.queues[0].packets[0] = dispatch(spec, 0, Slow, {input(), output()});
  eclip_schedule *schedule = load(spec);
  eclip_request *request = submit(schedule, inputOf(0));
  expectOk(eclip_request_wait(request, ECLIP_WAIT_FOREVER, &error), "wait");
  eclip_queue_times times = {};
  eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
  stats.queues = &times;
  stats.queue_capacity = 1;
  expectOk(eclip_request_get_stats(request, &stats, &error), "stats");
  EXPECT_GT(stats.device_ns, 0u);
  EXPECT_LE(stats.device_ns, stats.host_ns);
  EXPECT_EQ(times.end_ns - times.start_ns, stats.device_ns);
  expectOk(eclip_request_release(request, &error), "release");
  close(schedule);
}

TEST_F(Conformance, WaitTimesOutAndGoesOn) {
  ScheduleSpec spec = copyOnly();
  spec.queues[0].packets.clear();
  for (int i = 0; i < 20; ++i)
    spec.queues[0].packets.push_back(
        dispatch(spec, 0, Slow, {input(), output()}));
  eclip_schedule *schedule = load(spec);
  eclip_request *request = submit(schedule, inputOf(2));
  EXPECT_EQ(eclip_request_wait(request, 1, &error), ECLIP_ERROR_TIMEOUT)
      << text;
  EXPECT_EQ(finish(request), inputOf(2));
  close(schedule);
}

uint32_t planOf(eclip_request *request, eclip_error *error) {
  eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
  if (eclip_request_wait(request, 60000000000, error) ||
      eclip_request_get_stats(request, &stats, error))
    return UINT32_MAX;
  return stats.plan;
}

/// All plans compute the same, at both ends of the device; a second schedule
/// changes which one runs, and not what is in flight.
TEST_F(Conformance, PlansFollowNeighbours) {
  eclip_schedule *a = load(examplePlans());
  eclip_request *before = submit(a, inputOf(1));
  eclip_schedule *b = load(examplePlans());
  eclip_request *during = submit(a, inputOf(2)), *other = submit(b, inputOf(3));
  EXPECT_EQ(planOf(before, &error), 0u) << text;
  EXPECT_EQ(planOf(during, &error), 1u) << text;
  EXPECT_EQ(planOf(other, &error), 1u) << text;
  EXPECT_EQ(finish(before), expected(inputOf(1)));
  EXPECT_EQ(finish(during), expected(inputOf(2)));
  EXPECT_EQ(finish(other), expected(inputOf(3)));
  close(b);
  eclip_request *after = submit(a, inputOf(4));
  EXPECT_EQ(planOf(after, &error), 0u) << text;
  EXPECT_EQ(finish(after), expected(inputOf(4)));
  for (uint32_t plan : {1u, 0u}) {
    expectOk(eclip_schedule_set_plan(a, plan, &error), "set_plan");
    EXPECT_EQ(run(a, inputOf(5)), expected(inputOf(5)));
  }
  close(a);
}

TEST_F(Conformance, PlanOfAMix) {
  eclip_schedule *a = load(exampleWorker(0, 2));
  eclip_schedule *b = load(exampleWorker(1, 2));
  for (eclip_schedule *schedule : {a, b}) {
    eclip_request *request = submit(schedule, inputOf(1));
    EXPECT_EQ(planOf(request, &error), 2u) << text;
    EXPECT_EQ(finish(request), expected(inputOf(1)));
  }
  close(b);
  EXPECT_EQ(run(a, inputOf(2)), expected(inputOf(2)));
  close(a);
}

TEST_F(Conformance, StopFreesEverything) {
  ScheduleSpec spec = copyOnly();
  spec.queues[0].packets.clear();
  for (int i = 0; i < 50; ++i)
    spec.queues[0].packets.push_back(
        dispatch(spec, 0, Slow, {input(), output()}));
  eclip_schedule *schedule = load(spec);
  eclip_request *request = submit(schedule, inputOf(2));
  expectOk(eclip_device_stop(device, &error), "stop");
  EXPECT_EQ(eclip_request_wait(request, ECLIP_WAIT_FOREVER, &error),
            ECLIP_ERROR_DEVICE_LOST);
  expectOk(eclip_request_release(request, &error), "release");
  close(schedule);
}

TEST_F(Conformance, ReopenDevice) {
  for (int i = 0; i < 3; ++i) {
    eclip_schedule *schedule = load(example());
    EXPECT_EQ(run(schedule, inputOf(i)), expected(inputOf(i)));
    close(schedule);
    TearDown();
    device = nullptr;
    SetUp();
  }
}

/// The last one: on some drivers the process can't open the device again.
TEST_F(Conformance, FaultEndsTheWait) {
  ScheduleSpec spec = copyOnly();
  spec.queues[0].packets.insert(spec.queues[0].packets.begin(),
                                dispatch(spec, 0, Fault, {input(), write(0)}));
  eclip_schedule *schedule = load(spec);
  eclip_request *request = submit(schedule, inputOf(0));
  EXPECT_EQ(eclip_request_wait(request, 60000000000, &error),
            ECLIP_ERROR_DEVICE_LOST);
  EXPECT_NE(text[0], 0);
  expectOk(eclip_request_release(request, &error), "release");
  close(schedule);
}

} // namespace
