//===- WriteCorpus.cpp - makes the corpus of seeds ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ScheduleBuilder.h"

#include <cstdio>
#include <fstream>
#include <string>

using namespace eclip::test;

static void write(const std::string &folder, const char *name, uint8_t mode,
                  const std::vector<uint8_t> &bytes) {
  std::ofstream file(folder + "/" + name, std::ios::binary);
  file.put(char(mode));
  file.write(reinterpret_cast<const char *>(bytes.data()),
             std::streamsize(bytes.size()));
}

/// usage: write_schedule_corpus FOLDER
int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_schedule_corpus FOLDER\n");
    return 2;
  }
  ScheduleSpec spec = exampleWorker(0, 2);
  spec.codeObjects[0].image.resize(64); // no more is verified
  write(argv[1], "payload", 2, buildPayload(spec));
  write(argv[1], "file", 0, buildFile(spec));
  write(argv[1], "file_to_fix", 1, buildFile(spec));
  ScheduleSpec many = spec;
  for (int i = 0; i < 5; ++i) {
    many.inputs.push_back(spec.inputs[0]);
    many.inputs.back().name += std::to_string(i);
    many.kernels.push_back(spec.kernels[0]);
  }
  many.queues.push_back({"q2", {1, 0}, {}, {}});
  write(argv[1], "payload_many", 2, buildPayload(many));
  ScheduleSpec broken = spec;
  broken.queues[1].packets[0].waits = {1};
  write(argv[1], "payload_broken", 2, buildPayload(broken));
}
