//===- ApiFixture.h - devices on the fake HSA library -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_RUNTIME_APIFIXTURE_H
#define ECLIP_TEST_UNIT_RUNTIME_APIFIXTURE_H

#include "eclip/eclip.h"
#include "test/unit/runtime/ScheduleBuilder.h"
#include "test/unit/runtime/fake_hsa/FakeHsa.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace eclip::test {

/// An error's text, to be handed to a call and printed when it fails.
struct Message {
  char text[512] = "";
  eclip_error error = ECLIP_ERROR_INIT(text);
  operator eclip_error *() { return &error; }
  bool has(const char *words) const {
    return std::string(text).find(words) != std::string::npos;
  }
};

#define ASSERT_OK(call) ASSERT_EQ(call, ECLIP_OK) << m.text
#define EXPECT_OK(call) EXPECT_EQ(call, ECLIP_OK) << m.text
#define EXPECT_FAILS(call, status, words)                                      \
  do {                                                                         \
    EXPECT_EQ(call, status) << m.text;                                         \
    EXPECT_TRUE(m.has(words)) << m.text;                                       \
  } while (0)

/// Opens the fake library as "hsa". At the end everything must be closed, and
/// the library must have seen no breach.
class Api : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  void open(eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT);
  eclip_status
  tryOpen(eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT);
  void close(); // device and nothing else
  eclip_status load(const ScheduleSpec &spec, eclip_schedule **schedule,
                    uint32_t slots = 2);

  Message m;
  eclip_device *device = nullptr;
  fake::Library *fakeHsa = nullptr;
};

/// Inputs and expectation of example(): y = (x + c) + 2x.
std::vector<float> exampleInput(unsigned seed);
std::vector<float> exampleOutput(const std::vector<float> &x);

/// Acquires, writes x, submits, waits, reads y, releases. Returns y, or an
/// empty vector after a failed expectation.
std::vector<float> runOnce(eclip_schedule *schedule,
                           const std::vector<float> &x);

} // namespace eclip::test

#endif // ECLIP_TEST_UNIT_RUNTIME_APIFIXTURE_H
