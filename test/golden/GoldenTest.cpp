//===- GoldenTest.cpp - old files stay readable, formats do not drift -----===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/golden/SchemaHash.h"
#include "test/unit/runtime/ApiFixture.h"

#include <fstream>
#include <iterator>
#include <map>

using namespace eclip;
using namespace eclip::test;

namespace {

std::string goldenPath(uint32_t version) {
  return ECLIP_GOLDEN_DIR "/v" + std::to_string(version) + ".eclip";
}

/// Version -> hash of the schema that it had.
std::map<uint32_t, std::string> recordedHashes() {
  std::map<uint32_t, std::string> hashes;
  std::ifstream file(ECLIP_GOLDEN_DIR "/formats.txt");
  std::string line;
  while (std::getline(file, line)) {
    uint32_t version;
    char hash[17];
    if (std::sscanf(line.c_str(), "%u %16s", &version, hash) == 2)
      hashes[version] = hash;
  }
  return hashes;
}

TEST(GoldenFormat, SchemaChangesOnlyWithTheVersion) {
  auto hashes = recordedHashes();
  EXPECT_EQ(hashes[ECLIP_FORMAT_VERSION], schemaHash())
      << "runtime/schema has changed. If that changes what files mean, raise "
         "ECLIP_FORMAT_VERSION in runtime/schema/file_header.h. Then run "
         "write_golden, which adds the version's hash and golden file; see "
         "docs/schedule-format.md, Versions.";
}

TEST(GoldenFormat, EveryVersionHasItsHashAndFile) {
  auto hashes = recordedHashes();
  for (uint32_t version = 1; version <= ECLIP_FORMAT_VERSION; ++version) {
    EXPECT_TRUE(hashes.count(version)) << "version " << version;
    EXPECT_TRUE(std::ifstream(goldenPath(version))) << goldenPath(version);
  }
  EXPECT_EQ(hashes.size(), ECLIP_FORMAT_VERSION);
}

TEST(GoldenFormat, CommentsDoNotCount) {
  EXPECT_EQ(stripComments("a /* b */ c // d\n e/*f*/"), "ace");
  EXPECT_EQ(stripComments("a //"), "a");
  EXPECT_EQ(stripComments("/* open"), "");
}

/// What is written today is what was written when the golden file was made.
TEST(GoldenFormat, WriterHasNotChanged) {
  std::ifstream file(goldenPath(ECLIP_FORMAT_VERSION), std::ios::binary);
  FileBytes golden((std::istreambuf_iterator<char>(file)),
                   std::istreambuf_iterator<char>());
  EXPECT_TRUE(golden == buildFile(exampleWorker(1, 2)));
}

using Golden = Api;

TEST_F(Golden, EveryVersionLoadsAndRuns) {
  open();
  for (uint32_t version = ECLIP_OLDEST_FORMAT; version <= ECLIP_FORMAT_VERSION;
       ++version) {
    eclip_schedule *schedule = nullptr;
    ASSERT_OK(eclip_schedule_load_file(device, goldenPath(version).c_str(),
                                       nullptr, &schedule, m));
    auto x = exampleInput(version);
    EXPECT_EQ(runOnce(schedule, x), exampleOutput(x));
    EXPECT_OK(eclip_schedule_close(schedule, m));
  }
  EXPECT_EQ(eclip_format_version(), ECLIP_FORMAT_VERSION);
}

TEST_F(Golden, OldVersionsAreRefused) {
  open();
  for (uint32_t version = 1; version < ECLIP_OLDEST_FORMAT; ++version) {
    eclip_schedule *schedule = nullptr;
    EXPECT_EQ(eclip_schedule_load_file(device, goldenPath(version).c_str(),
                                       nullptr, &schedule, m),
              ECLIP_ERROR_FORMAT_VERSION);
    EXPECT_NE(std::string(m.text).find("compile the model again"),
              std::string::npos)
        << m.text;
    EXPECT_EQ(schedule, nullptr);
  }
}

} // namespace
