//===- PlanTest.cpp - which plan runs, and where --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On the fake HSA library. examplePlans() has plans for 0 and 1 neighbours,
// exampleWorker() one more for its mix.
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ApiFixture.h"

#include <algorithm>
#include <atomic>
#include <thread>

using namespace eclip;
using namespace eclip::test;

namespace {

enum : uint32_t { Alone = 0, Beside = 1, InMix = 2 };

class Plans : public Api {
protected:
  void SetUp() override {
    Api::SetUp();
    open();
  }

  eclip_schedule *loaded(const ScheduleSpec &spec) {
    eclip_schedule *schedule = nullptr;
    EXPECT_OK(load(spec, &schedule));
    return schedule;
  }
  eclip_schedule_info infoOf(eclip_schedule *schedule) {
    eclip_schedule_info info = ECLIP_SCHEDULE_INFO_INIT;
    EXPECT_OK(eclip_schedule_get_info(schedule, &info, m));
    return info;
  }
  uint32_t active(eclip_schedule *schedule) {
    return infoOf(schedule).active_plan;
  }
  uint32_t queueCount() {
    eclip_device_info info = ECLIP_DEVICE_INFO_INIT;
    EXPECT_OK(eclip_device_get_info(device, &info, m));
    return info.queue_count;
  }

  /// Submits once, and says which plan ran. The result must be right.
  uint32_t planOfRun(eclip_schedule *schedule, unsigned seed) {
    eclip_request *request = submitted(schedule, seed);
    return planOfEnd(request, seed);
  }
  eclip_request *submitted(eclip_schedule *schedule, unsigned seed) {
    Message own; // used by several threads
    auto x = exampleInput(seed);
    eclip_request *request = nullptr;
    EXPECT_EQ(eclip_request_acquire(schedule, &request, own), ECLIP_OK);
    EXPECT_EQ(
        eclip_request_write_input(request, 0, x.data(), x.size() * 4, own),
        ECLIP_OK);
    EXPECT_EQ(eclip_request_submit(request, own), ECLIP_OK) << own.text;
    return request;
  }
  uint32_t planOfEnd(eclip_request *request, unsigned seed) {
    Message own;
    std::vector<float> y(kElements);
    EXPECT_EQ(eclip_request_wait(request, 60000000000, own), ECLIP_OK)
        << own.text;
    EXPECT_EQ(
        eclip_request_read_output(request, 0, y.data(), y.size() * 4, own),
        ECLIP_OK);
    EXPECT_EQ(y, exampleOutput(exampleInput(seed)));
    eclip_queue_times times[2] = {};
    eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
    stats.queues = times;
    stats.queue_capacity = 2;
    EXPECT_EQ(eclip_request_get_stats(request, &stats, own), ECLIP_OK);
    for (const eclip_queue_times &t : times)
      EXPECT_GT(t.end_ns, t.start_ns);
    EXPECT_EQ(eclip_request_release(request, own), ECLIP_OK);
    return stats.plan;
  }
  void closeAll(std::vector<eclip_schedule *> schedules) {
    for (eclip_schedule *schedule : schedules)
      EXPECT_OK(eclip_schedule_close(schedule, m));
  }
};

TEST_F(Plans, AreDescribed) {
  eclip_schedule *schedule = loaded(exampleWorker(1, 2));
  eclip_schedule_info info = infoOf(schedule);
  EXPECT_EQ(info.plan_count, 3u);
  EXPECT_EQ(info.active_plan, Alone);
  EXPECT_EQ(info.max_queue_count, 2u);
  EXPECT_EQ(info.arena_bytes, 2048u); // of the plan with the largest
  EXPECT_STREQ(info.precision, "f32");
  EXPECT_STREQ(info.mix_name, "test");
  EXPECT_EQ(info.mix_worker, 1u);
  EXPECT_EQ(info.mix_workers, 2u);
  const char *names[] = {"alone", "1 neighbour", "mix"};
  for (uint32_t i = 0; i < 3; ++i) {
    eclip_plan_info plan = ECLIP_PLAN_INFO_INIT;
    ASSERT_OK(eclip_schedule_get_plan(schedule, i, &plan, m));
    EXPECT_STREQ(plan.name, names[i]);
    EXPECT_EQ(plan.neighbours, i ? 1u : 0u);
    EXPECT_EQ(plan.for_mix, i == 2);
    EXPECT_EQ(plan.queue_count, 2u);
    EXPECT_EQ(plan.group_count, 2u);
    EXPECT_EQ(plan.dispatch_count, 4u);
    EXPECT_EQ(plan.barrier_count, 2u);
    EXPECT_EQ(plan.submitted_packets, 8u);
    EXPECT_EQ(plan.arena_bytes, i == 1 ? 2048u : 1536u);
    EXPECT_EQ(plan.predicted_time_ns, 1000u);
    EXPECT_EQ(plan.predicted_energy_nj, 2000u);
  }
  eclip_plan_info plan = ECLIP_PLAN_INFO_INIT;
  EXPECT_FAILS(eclip_schedule_get_plan(schedule, 3, &plan, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "plan 3 of 3");
  eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
  ASSERT_OK(eclip_schedule_get_plan_queue(schedule, 1, 0, &queue, m));
  EXPECT_EQ(queue.cu_count, 15u);
  EXPECT_FAILS(eclip_schedule_get_plan_queue(schedule, 3, 0, &queue, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "plan 3 of 3");
  EXPECT_FAILS(eclip_schedule_get_plan_queue(schedule, 1, 2, &queue, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "queue 2 of 2");
  closeAll({schedule});
}

/// Code and constants are there once, and queues with equal masks too.
TEST_F(Plans, ShareWhatTheyCan) {
  eclip_schedule *schedule = loaded(exampleWorker(0, 2));
  EXPECT_EQ(fakeHsa->counters.executables, 1);
  EXPECT_EQ(fakeHsa->counters.readers, 1);
  EXPECT_EQ(queueCount(), 4u); // of 6: the mix's masks are plan 0's
  // Each slot: arena, x, y, kernel arguments; and the constants.
  EXPECT_EQ(fakeHsa->counters.allocations, 2 * 4 + 1);
  for (uint32_t plan = 0; plan < 3; ++plan)
    for (uint32_t q = 0; q < 2; ++q) {
      eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
      EXPECT_OK(eclip_schedule_get_plan_queue(schedule, plan, q, &queue, m));
      EXPECT_EQ(queue.shared, 0u) << "with itself only";
    }
  closeAll({schedule});
}

TEST_F(Plans, FollowWhatIsLoaded) {
  // Three are loaded, and closed in each order.
  std::vector<int> order = {0, 1, 2};
  do {
    std::vector<eclip_schedule *> s;
    for (uint32_t i = 0; i < 3; ++i) {
      s.push_back(loaded(examplePlans()));
      for (eclip_schedule *each : s)
        EXPECT_EQ(active(each), i ? Beside : Alone);
      EXPECT_EQ(planOfRun(s[0], i), i ? Beside : Alone);
    }
    for (uint32_t left = 2; int closed : order) {
      closeAll({s[closed]});
      s[closed] = nullptr;
      for (eclip_schedule *each : s)
        if (each)
          EXPECT_EQ(planOfRun(each, left), left > 1 ? Beside : Alone);
      --left;
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

/// The plan with the most neighbours that are not more than there are.
TEST_F(Plans, MayBeSparse) {
  ScheduleSpec spec = examplePlans();
  spec.morePlans[0].neighbours = 2;
  eclip_schedule *a = loaded(spec), *b = loaded(example());
  EXPECT_EQ(active(a), Alone);
  eclip_schedule *c = loaded(example()), *d = nullptr;
  EXPECT_EQ(active(a), Beside);
  EXPECT_EQ(active(c), Alone) << "it has no other";
  d = loaded(example());
  EXPECT_EQ(active(a), Beside);
  closeAll({d, c});
  EXPECT_EQ(active(a), Alone);
  closeAll({b, a});
}

TEST_F(Plans, RequestsInFlightStayWhatTheyAre) {
  eclip_schedule *a = loaded(examplePlans());
  fakeHsa->control.stalled = true;
  eclip_request *before = submitted(a, 1);
  eclip_schedule *b = loaded(examplePlans());
  eclip_request *during = submitted(a, 2), *other = submitted(b, 3);
  EXPECT_EQ(eclip_request_wait(before, 0, m), ECLIP_ERROR_TIMEOUT);
  fakeHsa->control.stalled = false;
  EXPECT_EQ(planOfEnd(other, 3), Beside);
  closeAll({b});
  EXPECT_EQ(planOfEnd(during, 2), Beside);
  EXPECT_EQ(planOfEnd(before, 1), Alone);
  EXPECT_EQ(planOfRun(a, 4), Alone);
  closeAll({a});
}

/// A load that fails changes nothing for the others.
TEST_F(Plans, FailedLoadsDoNotCount) {
  eclip_schedule *a = loaded(examplePlans()), *b = nullptr;
  ScheduleSpec broken = examplePlans();
  broken.kernels[0].symbol = "nobody.kd";
  EXPECT_FAILS(load(broken, &b), ECLIP_ERROR_BAD_FILE, "no symbol");
  EXPECT_EQ(active(a), Alone);
  b = loaded(examplePlans());
  EXPECT_NE(infoOf(b).far_end, 0u);
  closeAll({a, b});
}

TEST_F(Plans, StartFromTheFreerEnd) {
  ScheduleSpec spec = examplePlans();
  auto maskOf = [&](eclip_schedule *schedule, uint32_t plan, uint32_t q) {
    eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
    EXPECT_OK(eclip_schedule_get_plan_queue(schedule, plan, q, &queue, m));
    return std::vector<uint32_t>(queue.mask, queue.mask + queue.mask_words);
  };
  auto end = [&](eclip_schedule *schedule) {
    bool far = infoOf(schedule).far_end;
    const PlanSpec &second = spec.morePlans[0];
    EXPECT_EQ(maskOf(schedule, 0, 0),
              far ? spec.queues[0].farMask : spec.queues[0].mask);
    EXPECT_EQ(maskOf(schedule, 0, 1), spec.queues[1].mask); // the whole device
    for (uint32_t q = 0; q < 2; ++q)
      EXPECT_EQ(maskOf(schedule, 1, q),
                far ? second.queues[q].farMask : second.queues[q].mask);
    return far ? "far" : "near";
  };
  eclip_schedule *a = loaded(spec), *b = loaded(spec);
  EXPECT_STREQ(end(a), "near");
  EXPECT_STREQ(end(b), "far");
  EXPECT_EQ(queueCount(), 7u);
  eclip_schedule *c = loaded(spec);
  EXPECT_STREQ(end(c), "near");
  closeAll({a});
  eclip_schedule *d = loaded(spec); // one at each end
  EXPECT_STREQ(end(d), "near");
  closeAll({c, d});
  eclip_schedule *e = loaded(spec); // the far end only
  EXPECT_STREQ(end(e), "near");
  EXPECT_EQ(planOfRun(b, 1), Beside);
  closeAll({e, b});
}

/// A mix is recognized when all of its workers are there, in any order, each
/// once, and nothing else.
TEST_F(Plans, MixIsRecognized) {
  std::vector<uint32_t> order = {0, 1, 2};
  do {
    std::vector<eclip_schedule *> s;
    for (uint32_t worker : order) {
      s.push_back(loaded(exampleWorker(worker, 3)));
      // Until the mix is whole its workers are neighbours like any others.
      EXPECT_EQ(infoOf(s.back()).far_end, (s.size() - 1) % 2);
      for (eclip_schedule *each : s)
        EXPECT_EQ(active(each), s.size() == 3 ? InMix
                                : s.size() == 2 ? Beside
                                                : Alone);
    }
    for (eclip_schedule *each : s)
      EXPECT_EQ(planOfRun(each, 5), InMix);
    eclip_schedule *stranger = loaded(example());
    for (eclip_schedule *each : s)
      EXPECT_EQ(planOfRun(each, 6), Beside);
    closeAll({stranger});
    for (eclip_schedule *each : s)
      EXPECT_EQ(active(each), InMix);
    closeAll({s[1]});
    EXPECT_EQ(active(s[0]), Beside);
    EXPECT_EQ(active(s[2]), Beside);
    closeAll({s[0], s[2]});
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(Plans, OtherSchedulesAreNoMix) {
  struct {
    ScheduleSpec first, second;
  } const pairs[] = {
      {exampleWorker(0, 2), exampleWorker(0, 2)},              // twice the same
      {exampleWorker(0, 2), exampleWorker(1, 2, "another id")},
      {exampleWorker(0, 2), exampleWorker(1, 3)}, // the same id, by accident
      {exampleWorker(0, 3), exampleWorker(1, 3)}, // one is missing
      {exampleWorker(0, 2), examplePlans()},
      {examplePlans(), exampleWorker(0, 2)}};
  for (const auto &[first, second] : pairs) {
    eclip_schedule *a = loaded(first), *b = loaded(second);
    EXPECT_EQ(planOfRun(a, 1), Beside);
    EXPECT_EQ(planOfRun(b, 2), Beside);
    closeAll({a, b});
  }
}

TEST_F(Plans, AreTheCallersIfWanted) {
  eclip_schedule *a = loaded(exampleWorker(0, 2));
  ASSERT_OK(eclip_schedule_set_plan(a, InMix, m));
  EXPECT_EQ(planOfRun(a, 1), InMix);
  eclip_schedule *b = loaded(examplePlans());
  EXPECT_EQ(planOfRun(a, 2), InMix);
  EXPECT_EQ(planOfRun(b, 3), Beside);
  EXPECT_FAILS(eclip_schedule_set_plan(a, 3, m), ECLIP_ERROR_INVALID_ARGUMENT,
               "plan 3 of 3");
  EXPECT_FAILS(eclip_schedule_set_plan(nullptr, 0, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "NULL");
  EXPECT_EQ(active(a), InMix);
  ASSERT_OK(eclip_schedule_set_plan(a, ECLIP_PLAN_AUTO, m));
  EXPECT_EQ(planOfRun(a, 4), Beside);
  closeAll({b});
  EXPECT_EQ(planOfRun(a, 5), Alone);
  closeAll({a});
}

/// A request's bound buffers are those of whichever plan it runs.
TEST_F(Plans, BindingsHoldForEachPlan) {
  eclip_schedule *schedule = loaded(examplePlans());
  void *in = nullptr, *out = nullptr;
  ASSERT_OK(eclip_buffer_allocate(device, kElements * 4, &in, m));
  ASSERT_OK(eclip_buffer_allocate(device, kElements * 4, &out, m));
  eclip_request *request = nullptr;
  ASSERT_OK(eclip_request_acquire(schedule, &request, m));
  auto runs = [&](uint32_t plan, unsigned seed, bool bound) {
    auto x = exampleInput(seed);
    std::vector<float> zeros(kElements), y(kElements);
    EXPECT_OK(eclip_buffer_write(device, out, zeros.data(), kElements * 4, m));
    if (bound) {
      EXPECT_OK(eclip_buffer_write(device, in, x.data(), kElements * 4, m));
      EXPECT_OK(eclip_request_bind_input(request, 0, in, kElements * 4, m));
      EXPECT_OK(eclip_request_bind_output(request, 0, out, kElements * 4, m));
    } else {
      EXPECT_OK(
          eclip_request_write_input(request, 0, x.data(), kElements * 4, m));
      EXPECT_OK(eclip_request_bind_output(request, 0, nullptr, 0, m));
    }
    EXPECT_OK(eclip_schedule_set_plan(schedule, plan, m));
    EXPECT_OK(eclip_request_submit(request, m));
    EXPECT_OK(eclip_request_wait(request, 60000000000, m));
    EXPECT_OK(
        eclip_request_read_output(request, 0, y.data(), kElements * 4, m));
    EXPECT_EQ(y, exampleOutput(x));
    EXPECT_OK(eclip_buffer_read(device, y.data(), out, kElements * 4, m));
    EXPECT_EQ(y, bound ? exampleOutput(x) : zeros);
  };
  unsigned seed = 0;
  for (bool bound : {true, false, false, true})
    for (uint32_t plan : {Alone, Beside, Alone})
      runs(plan, ++seed, bound);
  // What was bound is forgotten with the request, for all plans.
  ASSERT_OK(eclip_request_release(request, m));
  EXPECT_OK(eclip_buffer_free(device, in, m));
  EXPECT_OK(eclip_buffer_free(device, out, m));
  for (uint32_t plan : {Alone, Beside}) {
    ASSERT_OK(eclip_schedule_set_plan(schedule, plan, m));
    EXPECT_EQ(planOfRun(schedule, 9), plan);
  }
  closeAll({schedule});
}

TEST_F(Plans, PrivateQueues) {
  auto privately = [&](const ScheduleSpec &spec, eclip_schedule **schedule) {
    FileBytes file = buildFile(spec);
    eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
    options.private_queues = 1;
    return eclip_schedule_load_memory(device, file.data(), file.size(),
                                      &options, schedule, m);
  };
  eclip_schedule *a = loaded(example()), *b = nullptr, *c = nullptr,
                 *d = nullptr;
  EXPECT_EQ(queueCount(), 2u);
  ASSERT_OK(privately(example(), &b));
  EXPECT_EQ(queueCount(), 4u);
  c = loaded(example()); // shares with a, not with b
  EXPECT_EQ(queueCount(), 4u);
  auto shared = [&](eclip_schedule *schedule) {
    eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
    EXPECT_OK(eclip_schedule_get_queue(schedule, 0, &queue, m));
    return queue.shared != 0;
  };
  EXPECT_FALSE(shared(a));
  EXPECT_FALSE(shared(b));
  EXPECT_TRUE(shared(c));
  // Its plans share: 4 masks in 3 plans, but the device runs 7 queues.
  EXPECT_FAILS(privately(exampleWorker(0, 2), &d), ECLIP_ERROR_RESOURCES,
               "7 masked queues are open, those of all schedules and their "
               "plans together; the device runs 7");
  EXPECT_EQ(queueCount(), 4u);
  EXPECT_EQ(planOfRun(a, 1), Alone);
  EXPECT_EQ(planOfRun(b, 2), Alone);
  closeAll({a, c});
  EXPECT_EQ(queueCount(), 2u);
  ASSERT_OK(privately(exampleWorker(0, 2), &d));
  EXPECT_EQ(queueCount(), 6u);
  closeAll({b, d});
}

TEST_F(Plans, OptionsOfTheFutureAreRefused) {
  FileBytes file = buildFile(example());
  eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
  options.reserved = 1;
  eclip_schedule *schedule = nullptr;
  EXPECT_FAILS(eclip_schedule_load_memory(device, file.data(), file.size(),
                                          &options, &schedule, m),
               ECLIP_ERROR_UNSUPPORTED, "reserved");
}

/// A caller of version 0.1 knows smaller structs.
TEST_F(Plans, OldCallers) {
  FileBytes file = buildFile(examplePlans());
  eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
  options.struct_bytes = offsetof(eclip_schedule_options, private_queues);
  options.private_queues = 7; // behind what it has
  eclip_schedule *a = loaded(examplePlans()), *b = nullptr;
  ASSERT_OK(eclip_schedule_load_memory(device, file.data(), file.size(),
                                       &options, &b, m));
  eclip_schedule_info info = ECLIP_SCHEDULE_INFO_INIT;
  info.struct_bytes = offsetof(eclip_schedule_info, precision);
  info.plan_count = 99;
  ASSERT_OK(eclip_schedule_get_info(b, &info, m));
  EXPECT_EQ(info.plan_count, 99u);
  EXPECT_EQ(info.queue_count, 2u);
  closeAll({a, b});
}

/// Others come and go while one schedule submits.
TEST_F(Plans, ChangeUnderLoad) {
  eclip_schedule *a = loaded(examplePlans());
  std::atomic<bool> stop{false};
  std::atomic<uint32_t> runs[2] = {};
  auto submitter = [&](unsigned seed) {
    while (!stop) {
      uint32_t plan = planOfRun(a, seed++);
      ASSERT_LT(plan, 2u);
      ++runs[plan];
    }
  };
  std::thread first(submitter, 0), second(submitter, 1000);
  auto waitFor = [&](uint32_t plan) {
    // Two more: one may have read its plan before it changed.
    for (uint32_t seen = runs[plan]; runs[plan] < seen + 3;)
      std::this_thread::yield();
  };
  for (unsigned i = 0; i < 25; ++i) {
    waitFor(Alone);
    eclip_schedule *b = loaded(examplePlans());
    waitFor(Beside);
    EXPECT_EQ(planOfRun(b, i), Beside);
    closeAll({b});
  }
  stop = true;
  first.join();
  second.join();
  closeAll({a});
}

/// Schedules that load and close at the same time leave the right plan.
TEST_F(Plans, ConcurrentLoads) {
  eclip_schedule *a = loaded(examplePlans());
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      FileBytes file = buildFile(examplePlans());
      for (unsigned i = 0; i < 20; ++i) {
        Message own;
        eclip_schedule *s = nullptr;
        ASSERT_EQ(eclip_schedule_load_memory(device, file.data(), file.size(),
                                             nullptr, &s, own),
                  ECLIP_OK)
            << own.text;
        EXPECT_EQ(planOfRun(s, t * 100 + i), Beside);
        EXPECT_EQ(eclip_schedule_close(s, own), ECLIP_OK) << own.text;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(planOfRun(a, 1), Alone);
  eclip_schedule *b = loaded(examplePlans()); // both ends are as at first
  EXPECT_NE(infoOf(b).far_end, 0u);
  closeAll({a, b});
}

} // namespace
