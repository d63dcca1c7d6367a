//===- Suite.h - one conformance suite for every driver ---------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The cases use nothing but eclip.h, so that they hold for any driver. They are
// registered once; a driver is a name and perhaps a library on the command
// line:
//
//   conformance --driver NAME [--library PATH] [--exclusions FILE] [gtest
//   options]
//
// The exclusions file has two lists, one entry a line:
//   unsupported NAME CASE reason ...        never runs on that driver
//   expected-failure NAME CASE reason ...   must fail; a pass fails the suite,
//   so
//                                           that the list shrinks
// Without a device of the driver the suite is skipped (exit code 77); any other
// error of opening it is a failure.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_CONFORMANCE_SUITE_H
#define ECLIP_TEST_CONFORMANCE_SUITE_H

#include "eclip/eclip.h"
#include "test/unit/runtime/ScheduleBuilder.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace eclip::conformance {

/// What the command line chose.
struct Settings {
  std::string driver, library;
  /// Case -> reason, of the chosen driver.
  std::map<std::string, std::string> unsupported, expectedFailures;
};
Settings &settings();

/// A device of the chosen driver for each case, and checked calls.
class Conformance : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  eclip_schedule *load(const test::ScheduleSpec &spec, uint32_t slots = 2);
  void close(eclip_schedule *schedule);
  eclip_request *submit(eclip_schedule *schedule, const std::vector<float> &x);
  /// Waits, reads output 0, releases.
  std::vector<float> finish(eclip_request *request);
  std::vector<float> run(eclip_schedule *schedule,
                         const std::vector<float> &x) {
    return finish(submit(schedule, x));
  }
  /// Fails the case with the last message unless `status` is ECLIP_OK.
  void expectOk(eclip_status status, const char *what);

  char text[512] = "";
  eclip_error error = ECLIP_ERROR_INIT(text);
  eclip_device *device = nullptr;
};

} // namespace eclip::conformance

#endif // ECLIP_TEST_CONFORMANCE_SUITE_H
