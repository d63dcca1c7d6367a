//===- Suite.cpp - one conformance suite for every driver -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conformance/Suite.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

using namespace eclip;
using namespace eclip::conformance;

namespace {
constexpr int kSkipped = 77;
constexpr uint64_t kTimeoutNs = 60ull * 1000 * 1000 * 1000;
} // namespace

Settings &eclip::conformance::settings() {
  static Settings value;
  return value;
}

static eclip_status openDevice(eclip_device **device, eclip_error *error) {
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  options.driver = settings().driver.c_str();
  if (!settings().library.empty())
    options.library_path = settings().library.c_str();
  return eclip_device_open(&options, device, error);
}

void Conformance::SetUp() {
  const char *name =
      testing::UnitTest::GetInstance()->current_test_info()->name();
  auto it = settings().unsupported.find(name);
  if (it != settings().unsupported.end())
    GTEST_SKIP() << it->second;
  ASSERT_EQ(openDevice(&device, &error), ECLIP_OK) << text;
}

void Conformance::TearDown() {
  expectOk(eclip_device_close(device, &error), "close");
}

void Conformance::expectOk(eclip_status status, const char *what) {
  EXPECT_EQ(status, ECLIP_OK) << what << ": " << text;
}

eclip_schedule *Conformance::load(const test::ScheduleSpec &spec,
                                  uint32_t slots) {
  eclip_device_info info = ECLIP_DEVICE_INFO_INIT;
  expectOk(eclip_device_get_info(device, &info, &error), "info");
  bool cuda = std::strncmp(info.isa, "nvptx64-", 8) == 0;
  test::FileBytes file =
      test::buildFile(cuda ? test::onCuda(spec, info.cu_count) : spec);
  eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
  options.slots = slots;
  eclip_schedule *schedule = nullptr;
  expectOk(eclip_schedule_load_memory(device, file.data(), file.size(),
                                      &options, &schedule, &error),
           "load");
  return schedule;
}

void Conformance::close(eclip_schedule *schedule) {
  expectOk(eclip_schedule_close(schedule, &error), "close schedule");
}

eclip_request *Conformance::submit(eclip_schedule *schedule,
                                   const std::vector<float> &x) {
  eclip_request *request = nullptr;
  expectOk(eclip_request_acquire(schedule, &request, &error), "acquire");
  expectOk(
      eclip_request_write_input(request, 0, x.data(), x.size() * 4, &error),
      "write");
  expectOk(eclip_request_submit(request, &error), "submit");
  return request;
}

std::vector<float> Conformance::finish(eclip_request *request) {
  std::vector<float> y(test::kElements);
  expectOk(eclip_request_wait(request, kTimeoutNs, &error), "wait");
  expectOk(
      eclip_request_read_output(request, 0, y.data(), y.size() * 4, &error),
      "read");
  expectOk(eclip_request_release(request, &error), "release");
  return y;
}

/// False: the file is wrong.
static bool readExclusions(const char *path) {
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path);
    return false;
  }
  std::string line;
  for (unsigned number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line);
    std::string list, driver, name, reason;
    if (line.empty() || line[0] == '#')
      continue;
    words >> list >> driver >> name;
    std::getline(words >> std::ws, reason);
    if (reason.empty() ||
        (list != "unsupported" && list != "expected-failure")) {
      std::fprintf(stderr, "%s:%u: expected LIST DRIVER CASE REASON\n", path,
                   number);
      return false;
    }
    if (driver == settings().driver)
      (list == "unsupported" ? settings().unsupported
                             : settings().expectedFailures)[name] = reason;
  }
  return true;
}

/// Failures of cases that are expected to fail do not count; their success
/// does.
static int judge() {
  int failures = 0;
  std::map<std::string, bool> known;
  const testing::UnitTest &unit = *testing::UnitTest::GetInstance();
  for (int i = 0; i < unit.total_test_suite_count(); ++i) {
    const testing::TestSuite &suite = *unit.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const testing::TestInfo &info = *suite.GetTestInfo(j);
      known[info.name()] = true;
      if (!info.should_run())
        continue;
      bool expected = settings().expectedFailures.count(info.name()) != 0;
      bool failed = info.result()->Failed();
      if (expected && !failed)
        std::printf("UNEXPECTED PASS: %s: take it off the list\n", info.name());
      else if (expected)
        std::printf("expected failure: %s\n", info.name());
      failures += expected != failed;
    }
  }
  for (const auto *list :
       {&settings().unsupported, &settings().expectedFailures})
    for (const auto &[name, reason] : *list)
      if (!known.count(name)) {
        std::printf("exclusion of a case that does not exist: %s\n",
                    name.c_str());
        ++failures;
      }
  return failures ? 1 : 0;
}

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  const char *exclusions = nullptr;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--driver") == 0)
      settings().driver = argv[i + 1];
    else if (std::strcmp(argv[i], "--library") == 0)
      settings().library = argv[i + 1];
    else if (std::strcmp(argv[i], "--exclusions") == 0)
      exclusions = argv[i + 1];
  }
  if (settings().driver.empty()) {
    std::fprintf(stderr, "usage: conformance --driver NAME [--library PATH] "
                         "[--exclusions FILE]\n");
    return 2;
  }
  if (exclusions && !readExclusions(exclusions))
    return 2;
  char text[512];
  eclip_error error = ECLIP_ERROR_INIT(text);
  eclip_device *device = nullptr;
  eclip_status status = openDevice(&device, &error);
  if (status == ECLIP_ERROR_NO_DEVICE) {
    std::printf("skipped: %s\n", text);
    return kSkipped;
  }
  eclip_device_close(device, nullptr);
  (void)!RUN_ALL_TESTS(); // judge() knows better
  return judge();
}
