//===- CodeObjectTest.cpp - hostile code objects --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Feeds the fuzz target of test/fuzz/code_object with tens of thousands of
// mutations of a valid file. What is left to check here is that nothing crashes
// (under the sanitizer builds: that nothing reads out of bounds).
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/CodeObject.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

using namespace eclip::vgpu;

namespace {

std::vector<uint8_t> original() {
  std::ifstream in(ECLIP_TEST_CODE_OBJECT, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A copy on the heap without slack, so that a sanitizer sees any overrun.
void feed(const std::vector<uint8_t> &bytes) {
  std::unique_ptr<uint8_t[]> exact(new uint8_t[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), exact.get());
  LLVMFuzzerTestOneInput(exact.get(), bytes.size());
}

TEST(CodeObject, ParsesAValidFile) {
  std::vector<uint8_t> bytes = original();
  CodeObject object;
  std::string message;
  ASSERT_EQ(parseCodeObject(bytes.data(), bytes.size(), object, message),
            CodeObjectError::None)
      << message;
  EXPECT_EQ(object.kernels.size(), 6u);
  EXPECT_EQ(object.relocations.size(), 1u);
}

TEST(CodeObject, EveryTruncationIsRefusedOrHarmless) {
  std::vector<uint8_t> bytes = original();
  for (size_t n = 0; n < bytes.size(); ++n)
    feed({bytes.begin(), bytes.begin() + long(n)});
}

TEST(CodeObject, SurvivesRandomBytes) {
  std::vector<uint8_t> bytes = original();
  std::mt19937_64 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> b = bytes;
    int changes = 1 + int(random() % 8);
    for (int i = 0; i < changes; ++i)
      b[random() % b.size()] = uint8_t(random());
    feed(b);
  }
}

TEST(CodeObject, SurvivesExtremeFields) {
  // Whole fields of headers, dynamic section, symbols and relocations with the
  // values that overflow sums and products.
  std::vector<uint8_t> bytes = original();
  std::mt19937_64 random(2);
  const uint64_t extremes[] = {0,
                               1,
                               7,
                               63,
                               0x7fffffff,
                               0x80000000,
                               0xffffffff,
                               0x100000000,
                               0x7fffffffffffffff,
                               0x8000000000000000,
                               0xfffffffffffffff0,
                               0xffffffffffffffff,
                               bytes.size(),
                               bytes.size() - 1,
                               bytes.size() + 1};
  size_t limit = std::min<size_t>(bytes.size() - 8, 0x1000);
  for (size_t at = 0; at < limit; at += 4)
    for (uint64_t value : extremes) {
      std::vector<uint8_t> b = bytes;
      size_t width = (at & 4) ? 4 : 8;
      memcpy(b.data() + at, &value, width);
      feed(b);
    }
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> b = bytes;
    for (int i = 0; i < 3; ++i)
      memcpy(b.data() + random() % (b.size() / 8 - 1) * 8,
             &extremes[random() % std::size(extremes)], 8);
    feed(b);
  }
}

} // namespace
