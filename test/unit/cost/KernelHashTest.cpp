//===- KernelHashTest.cpp - what a kernel is, whatever its name -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/KernelHash.h"

#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <set>

using namespace eclip;

namespace {

std::vector<uint8_t> kernels() {
  std::ifstream file(ECLIP_CONFORMANCE_CODE, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string hashOf(llvm::ArrayRef<uint8_t> code, llvm::StringRef name,
                   const LaunchGeometry &geometry = {}) {
  auto hash = hashKernel(code, name, geometry);
  return hash ? *hash : llvm::toString(hash.takeError());
}

TEST(KernelHash, TellsKernelsAndGeometriesApart) {
  std::vector<uint8_t> code = kernels();
  std::set<std::string> seen;
  for (const char *name : {"copy", "add", "slow", "double", "fault"}) {
    std::string hash = hashOf(code, name);
    EXPECT_TRUE(isKernelHash(hash)) << hash;
    EXPECT_TRUE(seen.insert(hash).second) << name;
    EXPECT_EQ(hash, hashOf(code, name));
    EXPECT_TRUE(seen.insert(hashOf(code, name, {{2, 1, 1}, {1, 1, 1}})).second);
    EXPECT_TRUE(seen.insert(hashOf(code, name, {{1, 2, 1}, {1, 1, 1}})).second);
    EXPECT_TRUE(seen.insert(hashOf(code, name, {{1, 1, 1}, {2, 1, 1}})).second);
  }
}

/// Where the code lies relative to its descriptor is not part of what it is,
/// every other byte of the descriptor and the code is.
TEST(KernelHash, LeavesOutOnlyTheCodesPlace) {
  std::vector<uint8_t> code = kernels();
  std::string before = hashOf(code, "copy");
  constexpr size_t descriptor = 0xb40, text = 0xd00; // as in kernels.hsaco
  for (size_t byte = 0; byte < 64; ++byte) {
    code[descriptor + byte] ^= 0x5a;
    if (byte >= 16 && byte < 24)
      EXPECT_EQ(hashOf(code, "copy"), before) << byte;
    else
      EXPECT_NE(hashOf(code, "copy"), before) << byte;
    code[descriptor + byte] ^= 0x5a;
  }
  for (size_t byte : {size_t(0), size_t(47)}) {
    code[text + byte] ^= 1;
    EXPECT_NE(hashOf(code, "copy"), before) << byte;
    EXPECT_EQ(hashOf(code, "add"), hashOf(kernels(), "add"));
    code[text + byte] ^= 1;
  }
  EXPECT_EQ(hashOf(code, "copy"), before);
}

TEST(KernelHash, RefusesWhatIsNoCodeObject) {
  EXPECT_EQ(hashOf(kernels(), "none"), "code object: has no symbol 'none'");
  EXPECT_EQ(hashOf({}, "copy").find("code object: "), 0u);
  std::vector<uint8_t> other = kernels();
  other[18] = 62; // e_machine: x86-64
  EXPECT_EQ(hashOf(other, "copy"), "code object: is not for AMD GPUs");
}

TEST(KernelHash, SurvivesDamage) {
  std::vector<uint8_t> code = kernels();
  for (size_t size = 0; size < code.size(); size += 13)
    hashOf(llvm::ArrayRef(code).take_front(size), "copy");
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> damaged = code;
    for (int k = 0; k < 4; ++k)
      damaged[random() % (i % 2 ? damaged.size() : 0x100)] =
          static_cast<uint8_t>(random());
    std::string result = hashOf(damaged, "copy");
    EXPECT_FALSE(result.empty());
  }
}

TEST(KernelHash, KnowsItsForm) {
  EXPECT_FALSE(isKernelHash(""));
  EXPECT_FALSE(isKernelHash(std::string(31, 'a')));
  EXPECT_FALSE(isKernelHash(std::string(32, 'A')));
  EXPECT_FALSE(isKernelHash(std::string(32, 'g')));
  EXPECT_TRUE(isKernelHash(std::string(32, '0')));
}

} // namespace
