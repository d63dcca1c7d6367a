//===- ApiFixture.cpp - devices on the fake HSA library -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ApiFixture.h"

#include <dlfcn.h>

using namespace eclip;
using namespace eclip::test;

void Api::SetUp() {
  void *handle = dlopen(ECLIP_FAKE_HSA, RTLD_NOW | RTLD_LOCAL);
  ASSERT_TRUE(handle) << dlerror();
  auto get =
      reinterpret_cast<fake::GetLibrary>(dlsym(handle, "eclip_fake_hsa"));
  ASSERT_TRUE(get);
  fakeHsa = get();
  fakeHsa->reset();
}

void Api::TearDown() {
  close();
  const fake::Counters &c = fakeHsa->counters;
  EXPECT_EQ(c.queues, 0);
  EXPECT_EQ(c.signals, 0);
  EXPECT_EQ(c.allocations, 0);
  EXPECT_EQ(c.executables, 0);
  EXPECT_EQ(c.readers, 0);
  EXPECT_EQ(c.initializations, 0);
  EXPECT_EQ(fakeHsa->breaches, 0u) << fakeHsa->messages();
}

eclip_status Api::tryOpen(eclip_device_options options) {
  if (!options.driver)
    options.driver = "hsa";
  if (!options.library_path)
    options.library_path = ECLIP_FAKE_HSA;
  return eclip_device_open(&options, &device, m);
}

void Api::open(eclip_device_options options) { ASSERT_OK(tryOpen(options)); }

void Api::close() {
  EXPECT_OK(eclip_device_close(device, m));
  device = nullptr;
}

eclip_status Api::load(const ScheduleSpec &spec, eclip_schedule **schedule,
                       uint32_t slots) {
  FileBytes file = buildFile(spec);
  eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
  options.slots = slots;
  return eclip_schedule_load_memory(device, file.data(), file.size(), &options,
                                    schedule, m);
}

std::vector<float> eclip::test::exampleInput(unsigned seed) {
  std::vector<float> x(kElements);
  for (uint32_t i = 0; i < kElements; ++i)
    x[i] = float((i * 7 + seed * 13) % 101);
  return x;
}

std::vector<float> eclip::test::exampleOutput(const std::vector<float> &x) {
  std::vector<float> y(kElements);
  for (uint32_t i = 0; i < kElements; ++i)
    y[i] = (x[i] + float(i)) + 2 * x[i];
  return y;
}

std::vector<float> eclip::test::runOnce(eclip_schedule *schedule,
                                        const std::vector<float> &x) {
  Message m;
  eclip_request *request = nullptr;
  std::vector<float> y(x.size());
  eclip_status status = eclip_request_acquire(schedule, &request, m);
  if (!status)
    status = eclip_request_write_input(request, 0, x.data(), x.size() * 4, m);
  if (!status)
    status = eclip_request_submit(request, m);
  if (!status)
    status = eclip_request_wait(request, 60000000000, m);
  if (!status)
    status = eclip_request_read_output(request, 0, y.data(), y.size() * 4, m);
  EXPECT_OK(status);
  EXPECT_OK(eclip_request_release(request, m));
  return status ? std::vector<float>() : y;
}
