//===- DeviceTest.cpp - devices, options, loading -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ApiFixture.h"

#include <cstdlib>
#include <cstring>
#include <fstream>

using namespace eclip;
using namespace eclip::test;

namespace {

using Device = Api;

TEST(Status, ValuesNeverChange) {
  const char *names[] = {"ECLIP_OK",
                         "ECLIP_ERROR_INVALID_ARGUMENT",
                         "ECLIP_ERROR_OUT_OF_MEMORY",
                         "ECLIP_ERROR_IO",
                         "ECLIP_ERROR_BAD_FILE",
                         "ECLIP_ERROR_FORMAT_VERSION",
                         "ECLIP_ERROR_NO_DEVICE",
                         "ECLIP_ERROR_INCOMPATIBLE_DEVICE",
                         "ECLIP_ERROR_BUSY",
                         "ECLIP_ERROR_TIMEOUT",
                         "ECLIP_ERROR_DEVICE_LOST",
                         "ECLIP_ERROR_DRIVER",
                         "ECLIP_ERROR_STATE",
                         "ECLIP_ERROR_UNSUPPORTED",
                         "ECLIP_ERROR_RESOURCES"};
  for (int i = 0; i < 15; ++i)
    EXPECT_STREQ(eclip_status_string(eclip_status(i)), names[i]);
  EXPECT_STREQ(eclip_status_string(eclip_status(15)), "ECLIP_ERROR_UNKNOWN");
}

TEST(Elements, NamesAndSizes) {
  EXPECT_EQ(eclip_element_bytes(ECLIP_F16), 2u);
  EXPECT_EQ(eclip_element_bytes(ECLIP_BOOL), 1u);
  EXPECT_EQ(eclip_element_bytes(eclip_element_type(12)), 0u);
  EXPECT_EQ(eclip_element_bytes(eclip_element_type(-1)), 0u);
  EXPECT_STREQ(eclip_element_name(ECLIP_I64), "i64");
  EXPECT_STREQ(eclip_element_name(eclip_element_type(99)), "unknown");
}

TEST_F(Device, Info) {
  open();
  eclip_device_info info = ECLIP_DEVICE_INFO_INIT;
  ASSERT_OK(eclip_device_get_info(device, &info, m));
  EXPECT_STREQ(info.driver, "hsa");
  EXPECT_STREQ(info.name, "Fake MI50");
  EXPECT_STREQ(info.isa, "amdgcn-amd-amdhsa--gfx906:sramecc+:xnack-");
  EXPECT_STREQ(info.library_path, ECLIP_FAKE_HSA);
  EXPECT_EQ(info.cu_count, 60u);
  EXPECT_EQ(info.shader_engines, 4u);
  EXPECT_EQ(info.queue_count, 0u);
}

TEST_F(Device, OlderCallersStructIsEnough) {
  open();
  eclip_device_info info = ECLIP_DEVICE_INFO_INIT;
  info.struct_bytes = offsetof(eclip_device_info, cu_count);
  ASSERT_OK(eclip_device_get_info(device, &info, m));
  EXPECT_STREQ(info.driver, "hsa");
  EXPECT_EQ(info.cu_count, 0u) << "written behind the caller's struct";
}

TEST_F(Device, NewerCallersStructMustBeZeroBehind) {
  struct {
    eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
    uint64_t newer = 0;
  } large;
  large.options.struct_bytes = sizeof(large);
  large.options.driver = "hsa";
  large.options.library_path = ECLIP_FAKE_HSA;
  ASSERT_OK(eclip_device_open(&large.options, &device, m));
  close();
  large.newer = 1;
  EXPECT_FAILS(eclip_device_open(&large.options, &device, m),
               ECLIP_ERROR_UNSUPPORTED, "knows only");
  large.options.struct_bytes = 0;
  EXPECT_FAILS(eclip_device_open(&large.options, &device, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "struct_bytes");
}

TEST_F(Device, Refusals) {
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  EXPECT_FAILS(eclip_device_open(nullptr, &device, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "NULL");
  EXPECT_FAILS(eclip_device_open(&options, &device, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "driver is NULL");
  options.driver = "metal";
  EXPECT_FAILS(tryOpen(options), ECLIP_ERROR_UNSUPPORTED, "'metal'");
  options.driver = "hsa";
  options.queue_packets = 100;
  EXPECT_FAILS(tryOpen(options), ECLIP_ERROR_INVALID_ARGUMENT, "power of two");
  options.queue_packets = 0;
  options.device_index = 1;
  EXPECT_FAILS(tryOpen(options), ECLIP_ERROR_NO_DEVICE, "index 1");
  options.device_index = 0;
  options.library_path = "/nonexistent/libhsa.so";
  EXPECT_FAILS(tryOpen(options), ECLIP_ERROR_NO_DEVICE, "cannot be opened");
  options.library_path = "libm.so.6";
  EXPECT_FAILS(tryOpen(options), ECLIP_ERROR_NO_DEVICE,
               "lacks the function hsa_init");
  EXPECT_EQ(device, nullptr);
}

TEST_F(Device, NoGpu) {
  fakeHsa->control.noGpu = true;
  EXPECT_FAILS(tryOpen(), ECLIP_ERROR_NO_DEVICE, "hsa: no usable AMD GPU");
  EXPECT_TRUE(m.has("0x1008")) << m.text;
}

TEST_F(Device, VgpuLibraryFromEnvironment) {
  setenv("ECLIP_VGPU_LIBRARY", ECLIP_FAKE_HSA, 1);
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  options.driver = "vgpu";
  ASSERT_OK(eclip_device_open(&options, &device, m));
  eclip_device_info info = ECLIP_DEVICE_INFO_INIT;
  ASSERT_OK(eclip_device_get_info(device, &info, m));
  EXPECT_STREQ(info.driver, "vgpu");
  close();
  setenv("ECLIP_VGPU_LIBRARY", "/nonexistent/lib.so", 1);
  EXPECT_FAILS(eclip_device_open(&options, &device, m), ECLIP_ERROR_NO_DEVICE,
               "/nonexistent/lib.so");
  unsetenv("ECLIP_VGPU_LIBRARY");
}

TEST_F(Device, AllocatorMustBeWhole) {
  eclip_allocator allocator = {sizeof(allocator), nullptr, nullptr, nullptr};
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  options.allocator = &allocator;
  EXPECT_FAILS(tryOpen(options), ECLIP_ERROR_INVALID_ARGUMENT, "allocate");
}

TEST_F(Device, Buffers) {
  for (bool reaches : {true, false}) {
    fakeHsa->control.hostReachesMemory = reaches;
    open();
    void *buffer = nullptr;
    ASSERT_OK(eclip_buffer_allocate(device, 100, &buffer, m));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer) % 256, 0u);
    const char text[] = "one hundred bytes";
    char back[sizeof(text)] = "";
    ASSERT_OK(eclip_buffer_write(device, buffer, text, sizeof(text), m));
    ASSERT_OK(eclip_buffer_read(device, back, buffer, sizeof(back), m));
    EXPECT_STREQ(text, back);
    EXPECT_EQ(fakeHsa->counters.copies, reaches ? 0u : 2u);
    EXPECT_OK(eclip_buffer_free(device, buffer, m));
    EXPECT_FAILS(eclip_buffer_allocate(device, 0, &buffer, m),
                 ECLIP_ERROR_INVALID_ARGUMENT, "bytes");
    EXPECT_FAILS(eclip_buffer_allocate(device, SIZE_MAX, &buffer, m),
                 ECLIP_ERROR_OUT_OF_MEMORY, "buffer");
    EXPECT_FAILS(eclip_buffer_allocate(device, 1ull << 40, &buffer, m),
                 ECLIP_ERROR_OUT_OF_MEMORY, "1099511627776 bytes");
    close();
  }
}

using Loading = Api;

TEST_F(Loading, Queries) {
  open();
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(load(example(), &schedule, 3));
  eclip_schedule_info info = ECLIP_SCHEDULE_INFO_INIT;
  ASSERT_OK(eclip_schedule_get_info(schedule, &info, m));
  EXPECT_STREQ(info.model_name, "example");
  EXPECT_STREQ(info.device_name, "mi50");
  EXPECT_STREQ(info.target, "gfx906");
  EXPECT_EQ(info.input_count, 1u);
  EXPECT_EQ(info.output_count, 1u);
  EXPECT_EQ(info.queue_count, 2u);
  EXPECT_EQ(info.group_count, 2u);
  EXPECT_EQ(info.kernel_count, 5u);
  EXPECT_EQ(info.dispatch_count, 4u);
  EXPECT_EQ(info.barrier_count, 2u);
  EXPECT_EQ(info.slots, 3u);
  EXPECT_EQ(info.arena_bytes, 1536u);
  EXPECT_EQ(info.constants_bytes, 512u);
  EXPECT_EQ(info.predicted_energy_nj, 4000u);

  eclip_tensor_info tensor = ECLIP_TENSOR_INFO_INIT;
  ASSERT_OK(eclip_schedule_get_input(schedule, 0, &tensor, m));
  EXPECT_STREQ(tensor.name, "x");
  EXPECT_EQ(tensor.type, ECLIP_F32);
  ASSERT_EQ(tensor.rank, 2u);
  EXPECT_EQ(tensor.dims[1], 64u);
  EXPECT_EQ(tensor.bytes, 512u);
  ASSERT_OK(eclip_schedule_get_output(schedule, 0, &tensor, m));
  EXPECT_STREQ(tensor.name, "y");
  EXPECT_FAILS(eclip_schedule_get_input(schedule, 1, &tensor, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "input 1 of 1");
  EXPECT_FAILS(eclip_schedule_get_output(schedule, 1, &tensor, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "output 1 of 1");

  eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
  ASSERT_OK(eclip_schedule_get_queue(schedule, 0, &queue, m));
  EXPECT_STREQ(queue.name, "q0");
  EXPECT_EQ(queue.mask_words, 2u);
  EXPECT_EQ(queue.mask[0], 0x33333333u);
  EXPECT_EQ(queue.cu_count, 30u);
  EXPECT_EQ(queue.packet_count, 4u);
  EXPECT_EQ(queue.mask_reduced, 0u);
  EXPECT_EQ(queue.shared, 0u);
  EXPECT_FAILS(eclip_schedule_get_queue(schedule, 2, &queue, m),
               ECLIP_ERROR_INVALID_ARGUMENT, "queue 2 of 2");
  EXPECT_OK(eclip_schedule_close(schedule, m));
}

TEST_F(Loading, FromFile) {
  open();
  std::string path = testing::TempDir() + "/eclip_loading_test.eclip";
  FileBytes file = buildFile(example());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(file.data()), file.size());
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(
      eclip_schedule_load_file(device, path.c_str(), nullptr, &schedule, m));
  std::remove(path.c_str());
  auto x = exampleInput(1);
  EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
  EXPECT_OK(eclip_schedule_close(schedule, m));

  EXPECT_FAILS(
      eclip_schedule_load_file(device, path.c_str(), nullptr, &schedule, m),
      ECLIP_ERROR_IO, path.c_str());
  EXPECT_FAILS(eclip_schedule_load_file(device, "/", nullptr, &schedule, m),
               ECLIP_ERROR_IO, "not a regular file");
  std::ofstream(path, std::ios::binary).write("", 0);
  EXPECT_FAILS(
      eclip_schedule_load_file(device, path.c_str(), nullptr, &schedule, m),
      ECLIP_ERROR_BAD_FILE, "F1");
  file[300] ^= 1;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(file.data()), file.size());
  EXPECT_FAILS(
      eclip_schedule_load_file(device, path.c_str(), nullptr, &schedule, m),
      ECLIP_ERROR_BAD_FILE, (path + ": F8").c_str());
  std::remove(path.c_str());
}

TEST_F(Loading, Refusals) {
  open();
  eclip_schedule *schedule = nullptr;
  EXPECT_FAILS(load(example(), &schedule, ECLIP_MAX_SLOTS + 1),
               ECLIP_ERROR_INVALID_ARGUMENT, "slots is 65");
  ScheduleSpec spec = example();
  spec.kernels[Slow].symbol = "nobody.kd";
  EXPECT_FAILS(load(spec, &schedule), ECLIP_ERROR_BAD_FILE,
               "no symbol 'nobody.kd'");
  spec = example();
  spec.kernels[Slow].kernargBytes = 8;
  EXPECT_FAILS(load(spec, &schedule), ECLIP_ERROR_BAD_FILE,
               "needs 16 bytes of arguments");
  spec = example();
  spec.arenaBytes = 1ull << 40;
  EXPECT_FAILS(load(spec, &schedule), ECLIP_ERROR_OUT_OF_MEMORY, "an arena");
  EXPECT_EQ(schedule, nullptr);
}

TEST_F(Loading, AnotherDevice) {
  eclip_schedule *schedule = nullptr;
  fakeHsa->control.isa = "amdgcn-amd-amdhsa--gfx90a";
  open();
  EXPECT_FAILS(load(example(), &schedule), ECLIP_ERROR_INCOMPATIBLE_DEVICE,
               "gfx906, the device is amdgcn-amd-amdhsa--gfx90a");
  close();
  fakeHsa->control.isa = "amdgcn-amd-amdhsa--gfx906";
  fakeHsa->control.cuCount = 56;
  open();
  EXPECT_FAILS(load(example(), &schedule), ECLIP_ERROR_INCOMPATIBLE_DEVICE,
               "60 CUs, the device has 56");
  close();
  fakeHsa->control.cuCount = 64;
  fakeHsa->control.shaderEngines = 8;
  open();
  EXPECT_FAILS(load(example(), &schedule), ECLIP_ERROR_INCOMPATIBLE_DEVICE,
               "4 shader engines, the device has 8");
  close();
  fakeHsa->control.shaderEngines = 4; // an MI60 runs what an MI50 runs
  open();
  ASSERT_OK(load(example(), &schedule));
  EXPECT_OK(eclip_schedule_close(schedule, m));
}

TEST_F(Loading, ReducedMaskIsReported) {
  fakeHsa->control.maskReduced = true;
  open();
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(load(example(), &schedule));
  eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
  ASSERT_OK(eclip_schedule_get_queue(schedule, 1, &queue, m));
  EXPECT_EQ(queue.mask_reduced, 1u);
  EXPECT_OK(eclip_schedule_close(schedule, m));
}

TEST_F(Loading, QueuesAreSharedByMask) {
  open();
  eclip_schedule *a = nullptr, *b = nullptr, *c = nullptr;
  ASSERT_OK(load(example(), &a));
  ScheduleSpec other = example();
  other.queues[1].mask = {0x77777777, 0x07777777};
  other.groups[1].cuCount = 45;
  ASSERT_OK(load(other, &b));
  EXPECT_EQ(fakeHsa->counters.queues, 3);
  eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
  ASSERT_OK(eclip_schedule_get_queue(b, 0, &queue, m));
  EXPECT_EQ(queue.shared, 1u);
  ASSERT_OK(eclip_schedule_get_queue(b, 1, &queue, m));
  EXPECT_EQ(queue.shared, 0u);
  // A third mask of its own is one more than this schedule says there may be.
  ScheduleSpec third = example();
  third.maxMaskedQueues = 3;
  third.queues[1].mask = {0xeeeeeeee, 0x0eeeeeee};
  third.groups[1].cuCount = 45;
  EXPECT_FAILS(load(third, &c), ECLIP_ERROR_RESOURCES,
               "3 masked queues are open");
  auto x = exampleInput(3);
  EXPECT_EQ(runOnce(a, x), exampleOutput(x));
  EXPECT_OK(eclip_schedule_close(a, m));
  EXPECT_EQ(fakeHsa->counters.queues, 2);
  EXPECT_EQ(runOnce(b, x), exampleOutput(x));
  ASSERT_OK(load(third, &c)); // a new queue in the place of a used one
  EXPECT_EQ(runOnce(c, x), exampleOutput(x));
  EXPECT_OK(eclip_schedule_close(b, m));
  EXPECT_OK(eclip_schedule_close(c, m));
}

/// HSA's priorities are the queue's: another one of the same mask has its own.
TEST_F(Loading, QueuesOfOtherPriorityAreNotShared) {
  open();
  eclip_schedule *a = nullptr, *b = nullptr, *c = nullptr;
  ScheduleSpec high = example(), higher = example();
  high.queues[0].priority = 1;
  higher.queues[0].priority = 2;
  ASSERT_OK(load(example(), &a));
  EXPECT_EQ(fakeHsa->counters.highPriorities, 0);
  ASSERT_OK(load(high, &b));
  EXPECT_EQ(fakeHsa->counters.queues, 3);
  EXPECT_EQ(fakeHsa->counters.highPriorities, 1);
  ASSERT_OK(load(higher, &c));
  EXPECT_EQ(fakeHsa->counters.queues, 4);
  EXPECT_EQ(fakeHsa->counters.highPriorities, 2);
  auto x = exampleInput(3);
  for (eclip_schedule *schedule : {a, b, c})
    EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
  EXPECT_OK(eclip_schedule_close(c, m));
  ASSERT_OK(load(high, &c));
  EXPECT_EQ(fakeHsa->counters.queues, 3);
  eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
  ASSERT_OK(eclip_schedule_get_queue(c, 0, &queue, m));
  EXPECT_EQ(queue.shared, 1u);
  EXPECT_EQ(queue.priority, 1u);
  for (eclip_schedule *schedule : {a, b, c})
    EXPECT_OK(eclip_schedule_close(schedule, m));
}

TEST_F(Loading, DeviceStaysOpenWhileUsed) {
  open();
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(load(example(), &schedule));
  EXPECT_FAILS(eclip_device_close(device, m), ECLIP_ERROR_BUSY, "1 schedules");
  EXPECT_OK(eclip_schedule_close(schedule, m));
  EXPECT_OK(eclip_schedule_close(nullptr, m));
}

TEST_F(Loading, FromUnalignedMemory) {
  open();
  FileBytes file = buildFile(example());
  FileBytes shifted(file.size() + 3);
  std::memcpy(shifted.data() + 3, file.data(), file.size());
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(eclip_schedule_load_memory(device, shifted.data() + 3, file.size(),
                                       nullptr, &schedule, m));
  std::fill(shifted.begin(), shifted.end(), 0); // not needed any more
  auto x = exampleInput(2);
  EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
  EXPECT_OK(eclip_schedule_close(schedule, m));
}

} // namespace
