//===- CubinTest.cpp - what NVIDIA's assembler says of its kernels --------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

using namespace eclip;

static std::vector<char> cubin() {
  std::ifstream file(ECLIP_CUBIN, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The numbers are those that `ptxas -v -arch sm_90` of CUDA 13.0 prints for the
/// conformance suite's kernels.ptx, of which the file is made.
TEST(Cubin, RegistersAreThoseOfTheAssembler) {
  std::map<std::string, int64_t> expected = {
      {"double", 14}, {"fault", 6}, {"slow", 10}, {"add", 12}, {"copy", 10}};
  EXPECT_EQ(registersOf(cubin()), expected);
}

TEST(Cubin, PtxHasNone) {
  std::string ptx = ".version 8.4\n.target sm_90a\n";
  EXPECT_TRUE(registersOf({ptx.data(), ptx.size()}).empty());
  EXPECT_TRUE(registersOf({}).empty());
}

/// Damaged code is read as far as it goes, and never beyond its end.
TEST(Cubin, DamageIsNoCrash) {
  std::vector<char> whole = cubin();
  for (size_t size = 0; size < whole.size(); size += 7) {
    std::vector<char> cut(whole.begin(), whole.begin() + long(size));
    registersOf(cut);
  }
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    std::vector<char> changed = whole;
    for (int i = 0; i < 4; ++i)
      changed[random() % (round % 2 ? changed.size() : 64)] = char(random());
    registersOf(changed);
  }
}
