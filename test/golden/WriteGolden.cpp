//===- WriteGolden.cpp - records a new version of the format --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/golden/SchemaHash.h"
#include "test/unit/runtime/ScheduleBuilder.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

using namespace eclip::test;

/// usage: write_golden FOLDER
///
/// Writes the golden file of the current version, and its line of formats.txt.
/// Other versions' files and lines stay as they are.
int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_golden FOLDER\n");
    return 2;
  }
  std::string folder = argv[1], line;
  std::vector<std::string> lines;
  std::string mark = std::to_string(ECLIP_FORMAT_VERSION) + " ";
  std::ifstream old(folder + "/formats.txt");
  while (std::getline(old, line))
    if (line.compare(0, mark.size(), mark) != 0)
      lines.push_back(line);
  lines.push_back(mark + schemaHash());
  std::ofstream list(folder + "/formats.txt");
  for (const std::string &text : lines)
    list << text << '\n';
  FileBytes file = buildFile(exampleWorker(1, 2));
  std::ofstream golden(folder + "/v" + std::to_string(ECLIP_FORMAT_VERSION) +
                           ".eclip",
                       std::ios::binary);
  golden.write(reinterpret_cast<const char *>(file.data()),
               std::streamsize(file.size()));
  return list.flush() && golden.flush() ? 0 : 1;
}
