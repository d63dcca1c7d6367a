//===- HeaderTest.cpp - damaged files: F1 to F9 ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ScheduleBuilder.h"

#include "eclip/eclip.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>

using namespace eclip::test;

namespace {

/// A file in memory that ends exactly where its bytes end, so that a sanitizer
/// sees a read behind them.
std::string verifyTight(const uint8_t *data, size_t size) {
  std::unique_ptr<uint8_t[]> tight(new uint8_t[size]);
  std::copy(data, data + size, tight.get());
  char text[512];
  eclip_error error = ECLIP_ERROR_INIT(text);
  return eclip_schedule_verify(tight.get(), size, nullptr, &error) ? text : "";
}

#define EXPECT_REFUSED(file, label, words)                                     \
  do {                                                                         \
    std::string message = verify(file);                                        \
    EXPECT_EQ(message.substr(0, sizeof(label)), label ":") << message;         \
    EXPECT_NE(message.find(words), std::string::npos) << message;              \
  } while (0)

TEST(Header, ExampleIsAccepted) { EXPECT_EQ(verify(buildFile(example())), ""); }

TEST(Header, F1Size) {
  FileBytes file = buildFile(example());
  for (size_t size = 0; size < 128; ++size) {
    std::string message = verifyTight(file.data(), size);
    EXPECT_EQ(message.substr(0, 3), "F1:") << size << ": " << message;
  }
}

TEST(Header, F2Magic) {
  for (size_t i = 0; i < 8; ++i) {
    FileBytes file = buildFile(example());
    file[i] ^= 0x20;
    fixChecksum(file);
    EXPECT_REFUSED(file, "F2", "magic");
  }
}

TEST(Header, F3Version) {
  FileBytes file = buildFile(example());
  headerOf(file).format_version = 9;
  headerOf(file).minimum_reader = 7;
  fixChecksum(file);
  EXPECT_REFUSED(file, "F3", "needs a reader of version 7");
  char text[256];
  eclip_error error = ECLIP_ERROR_INIT(text);
  EXPECT_EQ(eclip_schedule_verify(file.data(), file.size(), nullptr, &error),
            ECLIP_ERROR_FORMAT_VERSION);
  headerOf(file).minimum_reader = 0;
  EXPECT_REFUSED(file, "F3", "minimum_reader 0");
  headerOf(file).format_version = 0;
  headerOf(file).minimum_reader = 1;
  EXPECT_REFUSED(file, "F3", "format_version 0");
}

TEST(Header, F3NewerFileForThisReader) {
  FileBytes file = buildFile(example());
  headerOf(file).format_version = ECLIP_FORMAT_VERSION + 1;
  fixChecksum(file);
  EXPECT_EQ(verify(file), "");
}

TEST(Header, F4TruncatedAtEveryBoundary) {
  FileBytes file = buildFile(example());
  const eclip_file_header header = headerOf(file);
  std::vector<size_t> sizes;
  for (uint64_t edge :
       {header.payload_offset, header.payload_offset + header.payload_bytes,
        header.constants_offset, header.file_bytes})
    for (int64_t around = -16; around <= 16; ++around)
      if (edge + around >= 128 && edge + around < header.file_bytes)
        sizes.push_back(edge + around);
  for (size_t size = 128; size < file.size(); size += 97)
    sizes.push_back(size);
  for (size_t size : sizes) {
    std::string message = verifyTight(file.data(), size);
    EXPECT_EQ(message.substr(0, 3), "F4:") << size << ": " << message;
  }
  file.push_back(0);
  EXPECT_REFUSED(file, "F4", "appended");
}

TEST(Header, F5Payload) {
  struct {
    uint64_t offset, bytes;
  } const wrong[] = {{127, 100},        {0, 100},        {128, 0},
                     {128, 1ull << 31}, {UINT64_MAX, 1}, {128, UINT64_MAX}};
  for (auto [offset, bytes] : wrong) {
    FileBytes file = buildFile(example());
    headerOf(file).payload_offset = offset;
    headerOf(file).payload_bytes = bytes;
    fixChecksum(file);
    EXPECT_REFUSED(file, "F5", "payload_bytes");
  }
}

TEST(Header, F6Constants) {
  FileBytes good = buildFile(example());
  const eclip_file_header h = headerOf(good);
  struct {
    uint64_t offset, bytes;
  } const wrong[] = {{h.constants_offset + 1, h.constants_bytes},
                     {0, h.file_bytes},
                     {h.constants_offset, h.constants_bytes + 1},
                     {h.constants_offset, UINT64_MAX},
                     {UINT64_MAX - 4095, 4096 + h.file_bytes},
                     {h.constants_offset + 4096, h.constants_bytes - 4096}};
  for (auto [offset, bytes] : wrong) {
    FileBytes file = good;
    headerOf(file).constants_offset = offset;
    headerOf(file).constants_bytes = bytes;
    fixChecksum(file);
    EXPECT_REFUSED(file, "F6", "constants");
  }
}

TEST(Header, F7Reserved) {
  for (size_t i = 0; i < 64; ++i) {
    FileBytes file = buildFile(example());
    headerOf(file).reserved[i] = 1;
    fixChecksum(file);
    EXPECT_REFUSED(file, "F7", "reserved");
  }
}

TEST(Header, F8EveryByteCounts) {
  FileBytes file = buildFile(example());
  for (size_t i = 0; i < file.size(); i += i < 256 ? 1 : 41) {
    file[i] ^= 0x10;
    EXPECT_NE(verify(file), "") << "byte " << i;
    if (i >= 128) {
      EXPECT_REFUSED(file, "F8", "damaged");
    }
    file[i] ^= 0x10;
  }
  EXPECT_EQ(verify(file), "");
}

TEST(Structure, F9Identifier) {
  std::vector<uint8_t> payload = buildPayload(example());
  payload[4] ^= 1;
  EXPECT_REFUSED(wrapPayload(payload, {}), "F9", "identifier");
}

TEST(Structure, F9TruncatedPayload) {
  std::vector<uint8_t> payload = buildPayload(example());
  for (size_t size = 1; size < payload.size(); size += size < 512 ? 1 : 61) {
    std::vector<uint8_t> cut(payload.begin(), payload.begin() + size);
    std::string message = verify(wrapPayload(cut, {}));
    EXPECT_EQ(message.substr(0, 3), "F9:") << size << ": " << message;
  }
}

/// Moves the vector of field `field` of `table` by 4 bytes.
template <typename T> void shift(const T *table, flatbuffers::voffset_t field) {
  auto *plain = reinterpret_cast<const flatbuffers::Table *>(table);
  auto *place = const_cast<uint8_t *>(plain->GetAddressOf(field));
  ASSERT_TRUE(place);
  uint32_t offset;
  std::memcpy(&offset, place, sizeof(offset));
  offset += 4;
  std::memcpy(place, &offset, sizeof(offset));
}

TEST(Structure, F9Alignment) {
  // 4 bytes on, the low word of the first element is the length: 2 dims, or 1
  // argument, well-formed but for its alignment.
  std::vector<uint8_t> payload = buildPayload(example());
  const auto *schedule = eclip::fb::GetSchedule(payload.data());
  shift(schedule->inputs()->Get(0), eclip::fb::Tensor::VT_DIMS);
  EXPECT_REFUSED(wrapPayload(payload, {}), "F9", "aligned");
  ScheduleSpec spec = example();
  spec.queues[0].packets[0].arguments[0] = arena(1, eclip::fb::Access::Read);
  payload = buildPayload(spec);
  schedule = eclip::fb::GetSchedule(payload.data());
  shift(schedule->plans()->Get(0)->queues()->Get(0)->packets()->Get(0),
        eclip::fb::Packet::VT_ARGUMENTS);
  EXPECT_REFUSED(wrapPayload(payload, {}), "F9", "aligned");
}

/// Most offsets and lengths of a FlatBuffer are small: the mutations prefer the
/// values that are on some edge.
uint8_t mutate(std::mt19937 &rng, uint8_t old) {
  switch (rng() % 5) {
  case 0:
    return uint8_t(rng());
  case 1:
    return uint8_t(old ^ 1u << rng() % 8);
  case 2:
    return 0;
  case 3:
    return 0xff;
  default:
    return uint8_t(old + (rng() % 2 ? 1 : -1));
  }
}

TEST(Structure, RandomMutationsNeverCrash) {
  ScheduleSpec spec = exampleWorker(0, 2);
  // Most bytes of the image are of no interest to the verifier.
  spec.codeObjects[0].image.resize(64);
  const FileBytes good = buildFile(spec);
  const eclip_file_header header = headerOf(const_cast<FileBytes &>(good));
  std::mt19937 rng(20250101);
  unsigned accepted = 0;
  for (int round = 0; round < 10000; ++round) {
    FileBytes file = good;
    unsigned edits = 1 + rng() % 4;
    for (unsigned i = 0; i < edits; ++i) {
      size_t at = header.payload_offset + rng() % header.payload_bytes;
      file[at] = mutate(rng, file[at]);
    }
    fixChecksum(file);
    std::string message = verify(file);
    accepted += message.empty();
    if (!message.empty()) {
      EXPECT_EQ(message[0], 'F') << message;
    }
  }
  // Names, predictions and provenance may be anything.
  EXPECT_GT(accepted, 0u);
  EXPECT_LT(accepted, 9000u);
}

} // namespace
