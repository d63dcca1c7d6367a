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
  EXPECT_EQ(hashOf(other, "copy"), "code object: is neither for AMD nor for NVIDIA GPUs");
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

std::vector<uint8_t> bytesOf(llvm::StringRef text) {
  return {text.begin(), text.end()};
}

std::vector<uint8_t> readFile(const char *path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// kernels.cubin: the conformance suite's kernels.ptx by ptxas 13.0, sm_90.
TEST(KernelHash, ReadsMachineCodeForNvidia) {
  std::vector<uint8_t> code = readFile(ECLIP_CUBIN);
  std::set<std::string> seen;
  for (const char *name : {"copy", "add", "slow", "double", "fault"}) {
    std::string hash = hashOf(code, name);
    EXPECT_TRUE(isKernelHash(hash)) << hash;
    EXPECT_TRUE(seen.insert(hash).second) << name;
    EXPECT_TRUE(seen.insert(hashOf(code, name, {{2, 1, 1}, {1, 1, 1}})).second);
  }
  std::string copy = hashOf(code, "copy"), add = hashOf(code, "add");
  constexpr size_t textOfCopy = 0x1480;
  code[textOfCopy] ^= 1;
  EXPECT_NE(hashOf(code, "copy"), copy);
  EXPECT_EQ(hashOf(code, "add"), add);
  EXPECT_EQ(hashOf(code, "none"), "code object: has no symbol 'none'");
  for (size_t size = 0; size < code.size(); size += 13)
    EXPECT_FALSE(hashOf(llvm::ArrayRef(code).take_front(size), "copy").empty());
}

constexpr llvm::StringLiteral kPtx = R"(.version 8.4
.target sm_90
.visible .entry conv(.param .u64 conv_param_0)
.reqntid 128, 1, 1
{
	.reg .b64 %rd<2>;
	ld.param.b64 %rd1, [conv_param_0];
	ret;
}
.visible .entry conv_1(.param .u64 conv_1_param_0)
.reqntid 128, 1, 1
{
	.reg .b64 %rd<2>;
	ld.param.b64 %rd1, [conv_1_param_0];
	ret;
}
.visible .entry ret(.param .u64 ret_param_0)
.reqntid 64, 1, 1
{
	.reg .b64 %rd<2>;
	ld.param.b64 %rd1, [ret_param_0];
	ret;
}
)";

TEST(KernelHash, LeavesOutTheNameInPtx) {
  std::vector<uint8_t> code = bytesOf(kPtx);
  std::string hash = hashOf(code, "conv");
  EXPECT_TRUE(isKernelHash(hash)) << hash;
  EXPECT_EQ(hashOf(code, "conv_1"), hash) << "they differ in their names";
  EXPECT_NE(hashOf(code, "ret"), hash) << "other launch bounds";
  EXPECT_NE(hashOf(code, "conv", {{2, 1, 1}, {1, 1, 1}}), hash);
  std::string changed = kPtx.str();
  changed.replace(changed.find("%rd1, [conv_p"), 4, "%rd0");
  EXPECT_NE(hashOf(bytesOf(changed), "conv"), hash);
  EXPECT_EQ(hashOf(bytesOf(changed), "conv_1"), hash);
  EXPECT_EQ(hashOf(code, "con"), "code object: PTX has no kernel 'con'");
  EXPECT_EQ(hashOf(code, ""), "code object: a kernel without a name");
  EXPECT_EQ(hashOf(bytesOf(kPtx.take_front(120)), "conv"),
            "code object: PTX of 'conv' has no end");
}

TEST(KernelHash, KnowsItsForm) {
  EXPECT_FALSE(isKernelHash(""));
  EXPECT_FALSE(isKernelHash(std::string(31, 'a')));
  EXPECT_FALSE(isKernelHash(std::string(32, 'A')));
  EXPECT_FALSE(isKernelHash(std::string(32, 'g')));
  EXPECT_TRUE(isKernelHash(std::string(32, '0')));
}

} // namespace
