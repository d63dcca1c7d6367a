//===- CudaTest.cpp - the cuda driver on a fake CUDA library --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a driver must do is in test/conformance, which runs on this library too.
// Here is what is the cuda driver's own.
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ApiFixture.h"
#include "test/unit/runtime/fake_cuda/FakeCuda.h"

#include <dlfcn.h>

using namespace eclip;
using namespace eclip::test;

namespace {

class Cuda : public testing::Test {
protected:
  void SetUp() override {
    void *handle = dlopen(ECLIP_FAKE_CUDA, RTLD_NOW);
    ASSERT_TRUE(handle) << dlerror();
    auto get = reinterpret_cast<fakecuda::GetLibrary>(
        dlsym(handle, "eclip_fake_cuda"));
    ASSERT_TRUE(get);
    fake = get();
    fake->reset();
  }
  void TearDown() override {
    EXPECT_OK(eclip_device_close(device, m));
    EXPECT_EQ(fake->breaches, 0u) << fake->messages();
    const auto &c = fake->counters;
    for (const auto *count : {&c.contexts, &c.greens, &c.streams, &c.events,
                              &c.graphs, &c.execs, &c.libraries,
                              &c.allocations})
      EXPECT_EQ(*count, 0) << "left over";
  }

  eclip_status tryOpen() {
    eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
    options.driver = "cuda";
    options.library_path = ECLIP_FAKE_CUDA;
    return eclip_device_open(&options, &device, m);
  }
  eclip_status load(const ScheduleSpec &spec, eclip_schedule **schedule,
                    bool times = true) {
    FileBytes file = buildFile(spec);
    eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
    options.no_queue_times = !times;
    return eclip_schedule_load_memory(device, file.data(), file.size(),
                                      &options, schedule, m);
  }
  void expectRefused(const ScheduleSpec &spec, eclip_status status,
                     const char *words) {
    eclip_schedule *schedule = nullptr;
    EXPECT_FAILS(load(spec, &schedule), status, words);
  }

  Message m;
  eclip_device *device = nullptr;
  fakecuda::Library *fake = nullptr;
};

TEST_F(Cuda, NoGpu) {
  fake->control.initResult = 100;
  EXPECT_FAILS(tryOpen(), ECLIP_ERROR_NO_DEVICE, "no usable NVIDIA GPU");
  fake->control.initResult = 0;
  fake->control.gpuCount = 0;
  EXPECT_FAILS(tryOpen(), ECLIP_ERROR_NO_DEVICE, "index 0");
}

TEST_F(Cuda, NoLibrary) {
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  options.driver = "cuda";
  options.library_path = "/nowhere/libcuda.so.1";
  EXPECT_FAILS(eclip_device_open(&options, &device, m), ECLIP_ERROR_NO_DEVICE,
               "no NVIDIA driver here");
}

TEST_F(Cuda, OldDriver) {
  // A library that is none of CUDA 12.4 or later lacks functions.
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  options.driver = "cuda";
  options.library_path = ECLIP_FAKE_HSA;
  EXPECT_FAILS(eclip_device_open(&options, &device, m), ECLIP_ERROR_NO_DEVICE,
               "too old for green contexts");
}

TEST_F(Cuda, MasksArePartitions) {
  ASSERT_OK(tryOpen());
  eclip_schedule *schedule = nullptr;
  ScheduleSpec spec = onCuda(example(), 132);
  ASSERT_OK(load(spec, &schedule));
  // The mask of all SMs needs no green context.
  EXPECT_EQ(fake->counters.greens, 1);
  eclip_schedule *second = nullptr;
  ASSERT_OK(load(spec, &second));
  EXPECT_EQ(fake->counters.greens, 1);
  auto x = exampleInput(1);
  EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
  EXPECT_EQ(fake->counters.lastPartition, 72u); // 30 of 60 CUs, in groups of 8
  EXPECT_OK(eclip_schedule_close(schedule, m));
  EXPECT_EQ(runOnce(second, x), exampleOutput(x));
  EXPECT_OK(eclip_schedule_close(second, m));
}

TEST_F(Cuda, PlansAreGraphs) {
  ASSERT_OK(tryOpen());
  ScheduleSpec spec = onCuda(exampleWorker(0, 2), 132);
  eclip_schedule *a = nullptr, *b = nullptr;
  ASSERT_OK(load(spec, &a));
  EXPECT_EQ(fake->counters.execs, 2 * 3); // slots and plans
  EXPECT_EQ(fake->counters.libraries, 1);
  EXPECT_EQ(fake->counters.streams, 2 + 1); // slots, and that of copies
  EXPECT_EQ(fake->counters.greens, 3);      // 72, 40 and 104 SMs
  auto x = exampleInput(1);
  EXPECT_EQ(runOnce(a, x), exampleOutput(x));
  EXPECT_EQ(fake->counters.lastPartition, 72u);
  // At the other end.
  ASSERT_OK(load(onCuda(examplePlans(), 132), &b));
  EXPECT_EQ(fake->counters.greens, 6);
  EXPECT_EQ(runOnce(a, x), exampleOutput(x));
  EXPECT_EQ(fake->counters.lastPartition, 40u);
  EXPECT_EQ(runOnce(b, x), exampleOutput(x));
  EXPECT_OK(eclip_schedule_close(b, m));
  EXPECT_EQ(runOnce(a, x), exampleOutput(x));
  EXPECT_EQ(fake->counters.lastPartition, 72u);
  for (uint32_t plan : {2u, 1u, 0u}) {
    ASSERT_OK(eclip_schedule_set_plan(a, plan, m));
    EXPECT_EQ(runOnce(a, x), exampleOutput(x));
    EXPECT_EQ(fake->counters.lastPartition, plan == 1 ? 40u : 72u);
  }
  EXPECT_OK(eclip_schedule_close(a, m));
}

TEST_F(Cuda, PlansBindBuffers) {
  ASSERT_OK(tryOpen());
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(load(onCuda(examplePlans(), 132), &schedule));
  void *buffer = nullptr;
  ASSERT_OK(eclip_buffer_allocate(device, kElements * 4, &buffer, m));
  eclip_request *request = nullptr;
  ASSERT_OK(eclip_request_acquire(schedule, &request, m));
  for (uint32_t round = 0; round < 6; ++round) {
    auto x = exampleInput(round);
    std::vector<float> y(kElements);
    bool bound = round % 3 != 2;
    ASSERT_OK(eclip_schedule_set_plan(schedule, round % 2, m));
    ASSERT_OK(
        eclip_request_write_input(request, 0, x.data(), kElements * 4, m));
    ASSERT_OK(eclip_request_bind_output(request, 0, bound ? buffer : nullptr,
                                        bound ? kElements * 4 : 0, m));
    ASSERT_OK(eclip_request_submit(request, m));
    ASSERT_OK(eclip_request_wait(request, 60000000000, m));
    if (bound)
      ASSERT_OK(eclip_buffer_read(device, y.data(), buffer, kElements * 4, m));
    else
      ASSERT_OK(
          eclip_request_read_output(request, 0, y.data(), kElements * 4, m));
    EXPECT_EQ(y, exampleOutput(x)) << "round " << round;
  }
  ASSERT_OK(eclip_request_release(request, m));
  ASSERT_OK(eclip_buffer_free(device, buffer, m));
  EXPECT_OK(eclip_schedule_close(schedule, m));
}

/// A far mask that cuts a group of SMs fails every load, also at the near end.
TEST_F(Cuda, FarMasksTakeWholeGroups) {
  ASSERT_OK(tryOpen());
  ScheduleSpec spec = onCuda(examplePlans(), 132);
  std::vector<uint32_t> &far = spec.morePlans[0].queues[0].farMask;
  far.assign(5, 0);
  for (uint32_t sm = 92; sm < 132; ++sm) // 40, and not at a group's begin
    far[sm / 32] |= 1u << sm % 32;
  expectRefused(spec, ECLIP_ERROR_INCOMPATIBLE_DEVICE,
                "1 neighbour: q0: the mask has 4 of SMs 88 to 95");
}

TEST_F(Cuda, PrivatePartitions) {
  ASSERT_OK(tryOpen());
  FileBytes file = buildFile(onCuda(example(), 132));
  eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
  options.private_queues = 1;
  eclip_schedule *s[2] = {};
  for (eclip_schedule *&each : s)
    ASSERT_OK(eclip_schedule_load_memory(device, file.data(), file.size(),
                                         &options, &each, m));
  EXPECT_EQ(fake->counters.greens, 2); // the whole device needs none
  EXPECT_EQ(fake->counters.streams, 2 * 2 + 1);
  auto x = exampleInput(1);
  for (eclip_schedule *each : s) {
    eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
    for (uint32_t q = 0; q < 2; ++q) {
      EXPECT_OK(eclip_schedule_get_queue(each, q, &queue, m));
      EXPECT_EQ(queue.shared, 0u);
    }
    EXPECT_EQ(runOnce(each, x), exampleOutput(x));
  }
  for (eclip_schedule *each : s)
    EXPECT_OK(eclip_schedule_close(each, m));
}

TEST_F(Cuda, MaskOfTheLastSmallGroup) {
  ASSERT_OK(tryOpen());
  ScheduleSpec spec = onCuda(example(), 132);
  spec.queues[0].mask = {0, 0, 0, 0, 0xf}; // SMs 128 to 131
  spec.groups[0].cuCount = 4;
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(load(spec, &schedule));
  auto x = exampleInput(2);
  EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
  EXPECT_EQ(fake->counters.lastPartition, 4u);
  EXPECT_OK(eclip_schedule_close(schedule, m));
}

/// Some H100s leave 12 SMs over: a mask that counts in groups gets all of them.
TEST_F(Cuda, WhatIsLeftOverComesWhole) {
  fake->control.smGroups = 15;
  ASSERT_OK(tryOpen());
  ScheduleSpec spec = onCuda(example(), 132);
  spec.queues[0].mask = {0, 0, 0, ~0u, 0}; // SMs 96 to 127
  spec.groups[0].cuCount = 32;
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(load(spec, &schedule));
  auto x = exampleInput(2);
  EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
  EXPECT_EQ(fake->counters.lastPartition, 36u);
  EXPECT_OK(eclip_schedule_close(schedule, m));
  spec.queues[0].mask = {0, 0, 0, 0, 0xf}; // SMs 128 to 131
  spec.groups[0].cuCount = 4;
  expectRefused(spec, ECLIP_ERROR_INCOMPATIBLE_DEVICE, "4 of SMs 120 to 131");
}

/// A file with eight masks, far ones too, as the compiler writes them for an H100:
/// groups of 8 from either end, without the last 4 SMs but for the whole device.
ScheduleSpec manyMasks() {
  ScheduleSpec spec = onCuda(example(), 132);
  const QueueSpec empty = {"", {}, {}, {}};
  spec.maxMaskedQueues = 24;
  for (uint32_t i = 0; i < 8; ++i) {
    if (i >= spec.queues.size()) {
      spec.queues.push_back(empty);
      spec.groups.push_back({"g" + std::to_string(i), 0, i});
    }
    QueueSpec &queue = spec.queues[i];
    uint32_t sms = i < 7 ? 16 * (i + 1) : 132;
    queue.name = "q" + std::to_string(i);
    queue.mask.assign(5, 0);
    queue.farMask.assign(i < 7 ? 5 : 0, 0);
    for (uint32_t sm = 0; sm < sms; ++sm) {
      queue.mask[sm / 32] |= 1u << sm % 32;
      if (i < 7)
        queue.farMask[(127 - sm) / 32] |= 1u << (127 - sm) % 32;
    }
    spec.groups[i].cuCount = sms;
  }
  return spec;
}

/// Seven files of eight masks need one context for each mask and end, whatever
/// the driver leaves over, and say how many SMs they got.
TEST_F(Cuda, FilesShareTheirPartitions) {
  for (unsigned groups : {15u, 16u}) {
    fake->control.smGroups = groups;
    ASSERT_OK(tryOpen());
    std::vector<eclip_schedule *> loaded(7);
    for (size_t i = 0; i < loaded.size(); ++i) {
      ASSERT_OK(load(manyMasks(), &loaded[i]));
      EXPECT_EQ(fake->counters.greens, i == 0 ? 7 : 14);
    }
    auto x = exampleInput(2);
    for (eclip_schedule *schedule : loaded) {
      EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
      eclip_schedule_info info = ECLIP_SCHEDULE_INFO_INIT;
      ASSERT_OK(eclip_schedule_get_info(schedule, &info, m));
      // Of 12 SMs left over, a far mask that has 8 gets all.
      uint32_t more = info.far_end && groups == 15 ? 4 : 0;
      EXPECT_EQ(fake->counters.lastPartition, 16 + more);
      for (uint32_t q = 0; q < 8; ++q) {
        eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
        ASSERT_OK(eclip_schedule_get_queue(schedule, q, &queue, m));
        EXPECT_EQ(queue.cu_count, q == 7 ? 132 : 16 * (q + 1) + more);
      }
    }
    for (eclip_schedule *schedule : loaded)
      EXPECT_OK(eclip_schedule_close(schedule, m));
    EXPECT_EQ(fake->counters.greens, 0);
    EXPECT_OK(eclip_device_close(device, m));
    device = nullptr;
  }
}

TEST_F(Cuda, RefusesWhatTheDeviceCannotRun) {
  ASSERT_OK(tryOpen());
  ScheduleSpec spec = onCuda(example(), 132);
  spec.queues[0].mask[0] &= ~1u;
  spec.groups[0].cuCount -= 1;
  expectRefused(spec, ECLIP_ERROR_INCOMPATIBLE_DEVICE, "7 of SMs 0 to 7");
  expectRefused(onCuda(example(), 114), ECLIP_ERROR_INCOMPATIBLE_DEVICE,
                "with 114 SMs, the device has 132");
  expectRefused(example(), ECLIP_ERROR_INCOMPATIBLE_DEVICE,
                "is for amdgcn-amd-amdhsa--gfx906");
  spec = onCuda(example(), 132);
  spec.codeObjects[0].isa = "nvptx64-nvidia-cuda--sm_100";
  expectRefused(spec, ECLIP_ERROR_INCOMPATIBLE_DEVICE, "sm_100");
  spec.codeObjects[0].isa = "nvptx64-nvidia-cuda--sm_80a";
  expectRefused(spec, ECLIP_ERROR_INCOMPATIBLE_DEVICE, "sm_80a");
}

TEST_F(Cuda, PtxErrorIsOneLine) {
  ASSERT_OK(tryOpen());
  ScheduleSpec spec = onCuda(example(), 132);
  std::string text = "// does not assemble";
  spec.codeObjects[0].image.assign(text.begin(), text.end());
  spec.codeObjects[0].image.push_back(0);
  eclip_schedule *schedule = nullptr;
  EXPECT_FAILS(load(spec, &schedule), ECLIP_ERROR_DRIVER,
               "code_objects[0] (nvptx64-nvidia-cuda--sm_80)");
  EXPECT_TRUE(m.has("line 3: error more")) << m.text;
}

TEST_F(Cuda, LargeSharedMemoryIsAskedFor) {
  ASSERT_OK(tryOpen());
  ScheduleSpec spec = onCuda(example(), 132);
  spec.kernels[Double].ldsBytes = 100 * 1024;
  for (QueueSpec &queue : spec.queues)
    for (PacketSpec &packet : queue.packets)
      if (packet.kind == fb::PacketKind::Dispatch && packet.kernel == Double)
        packet.image.dispatch.group_bytes = 100 * 1024;
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(load(spec, &schedule));
  EXPECT_OK(eclip_schedule_close(schedule, m));
}

/// Priorities stand on kernel nodes, evenly over what the driver has; the stand-in
/// refuses a graph whose nodes have some that do not count.
TEST_F(Cuda, PrioritiesOfQueues) {
  ASSERT_OK(tryOpen());
  auto x = exampleInput(4);
  for (auto [priority, expected] : {std::pair{0, 0}, {1, -2}, {2, -5}}) {
    ScheduleSpec spec = onCuda(exampleWorker(0, 2), 132);
    for (QueueSpec &queue : spec.morePlans[1].queues)
      queue.priority = static_cast<uint8_t>(priority);
    eclip_schedule *schedule = nullptr;
    ASSERT_OK(load(spec, &schedule));
    // The plans' partitions are shared, whatever their priorities.
    EXPECT_EQ(fake->counters.greens, 3);
    for (uint32_t plan : {0u, 2u}) {
      ASSERT_OK(eclip_schedule_set_plan(schedule, plan, m));
      fake->counters.lastPriority = 1;
      EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
      EXPECT_EQ(fake->counters.lastPriority, plan == 2 ? expected : 0);
      eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
      ASSERT_OK(eclip_schedule_get_plan_queue(schedule, plan, 0, &queue, m));
      EXPECT_EQ(queue.priority, plan == 2 ? uint32_t(priority) : 0u);
      EXPECT_EQ(queue.shared, 0u);
    }
    EXPECT_OK(eclip_schedule_close(schedule, m));
  }
}

/// Of two queues of a plan only one has a priority: nodes of both say theirs.
TEST_F(Cuda, PriorityOfOneQueue) {
  ASSERT_OK(tryOpen());
  for (uint32_t high : {0u, 1u}) {
    ScheduleSpec spec = onCuda(example(), 132);
    spec.queues[high].priority = 2;
    eclip_schedule *schedule = nullptr;
    ASSERT_OK(load(spec, &schedule));
    auto x = exampleInput(4);
    EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
    // The last kernel runs on queue 0.
    EXPECT_EQ(fake->counters.lastPriority, high == 0 ? -5 : 0);
    EXPECT_OK(eclip_schedule_close(schedule, m));
  }
}

TEST_F(Cuda, SubmitIsOneLaunch) {
  ASSERT_OK(tryOpen());
  eclip_schedule *schedule = nullptr;
  uint64_t edges = fake->counters.edges;
  ASSERT_OK(load(onCuda(example(), 132), &schedule, false));
  // 0 -> 1, 0 -> 2 -> 3, 1 -> 3: of two slots.
  EXPECT_EQ(fake->counters.edges - edges, 2u * 4);
  // One event each, behind the graph.
  EXPECT_EQ(fake->counters.events, 2);
  uint64_t before = fake->counters.launches;
  auto x = exampleInput(4);
  EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
  EXPECT_EQ(fake->counters.launches, before + 1);
  EXPECT_OK(eclip_schedule_close(schedule, m));
}

/// As CUDA does: a failed kernel ends it for the process.
TEST_F(Cuda, DoesNotOpenAfterAFault) {
  ASSERT_OK(tryOpen());
  ScheduleSpec spec = onCuda(example(), 132);
  spec.queues[0].packets.insert(
      spec.queues[0].packets.begin(),
      dispatch(spec, 0, Fault, {input(), arena(0, fb::Access::Write)}));
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(load(spec, &schedule));
  eclip_request *request = nullptr;
  std::vector<float> x = exampleInput(1);
  ASSERT_OK(eclip_request_acquire(schedule, &request, m));
  ASSERT_OK(eclip_request_write_input(request, 0, x.data(), 512, m));
  ASSERT_OK(eclip_request_submit(request, m));
  EXPECT_FAILS(eclip_request_wait(request, ECLIP_WAIT_FOREVER, m),
               ECLIP_ERROR_DEVICE_LOST, "CUDA_ERROR_ILLEGAL_ADDRESS");
  EXPECT_OK(eclip_request_release(request, m));
  EXPECT_OK(eclip_schedule_close(schedule, m));
  EXPECT_OK(eclip_device_close(device, m));
  device = nullptr;
  EXPECT_FAILS(tryOpen(), ECLIP_ERROR_DRIVER, "CUDA_ERROR_ILLEGAL_ADDRESS");
  fake->reset();
}

/// Whichever creation fails: a message, and nothing stays behind.
TEST_F(Cuda, EveryCreationMayFail) {
  for (int64_t n = 0;; ++n) {
    fake->control.creationsLeft = n;
    eclip_schedule *schedule = nullptr;
    bool opened = tryOpen() == ECLIP_OK;
    if (opened) {
      if (load(onCuda(exampleWorker(0, 2), 132), &schedule) == ECLIP_OK) {
        EXPECT_GT(n, 15);
        fake->control.creationsLeft = INT64_MAX;
        EXPECT_OK(eclip_schedule_close(schedule, m));
        return;
      }
    }
    EXPECT_NE(m.text[0], 0) << n;
    EXPECT_OK(eclip_device_close(device, m));
    device = nullptr;
    EXPECT_EQ(fake->counters.greens + fake->counters.execs +
                  fake->counters.allocations + fake->counters.contexts,
              0)
        << n;
  }
}

} // namespace
