//===- RunCorpus.cpp - the fuzz target over files, without a fuzzer -------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

using Input = std::vector<uint8_t>;

static void runTight(const Input &input) {
  Input tight(input);
  tight.shrink_to_fit();
  LLVMFuzzerTestOneInput(tight.data(), tight.size());
}

/// Truncations and byte changes of one input, always the same.
static void runMutations(const Input &input) {
  std::mt19937 rng(uint32_t(input.size()));
  for (int round = 0; round < 500; ++round) {
    Input changed = input;
    if (rng() % 4 == 0)
      changed.resize(1 + rng() % changed.size());
    for (unsigned i = 0; i < 1 + rng() % 3; ++i)
      changed[rng() % changed.size()] = uint8_t(rng());
    runTight(changed);
  }
}

int main(int argc, char **argv) {
  std::vector<std::filesystem::path> paths;
  for (int i = 1; i < argc; ++i)
    for (const auto &entry : std::filesystem::directory_iterator(argv[i]))
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto &path : paths) {
    std::ifstream file(path, std::ios::binary);
    Input input((std::istreambuf_iterator<char>(file)),
                std::istreambuf_iterator<char>());
    runTight(input);
    if (input.size() > 1)
      runMutations(input);
  }
  std::printf("%zu files\n", paths.size());
  return paths.empty(); // a corpus that is not found is no success
}
