//===- SchemaHash.cpp - a hash of the format's definition -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/golden/SchemaHash.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#define XXH_INLINE_ALL
#include <xxhash.h>

std::string eclip::test::stripComments(const std::string &text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "//") == 0) {
      i = text.find('\n', i);
    } else if (text.compare(i, 2, "/*") == 0) {
      i = text.find("*/", i);
      i += i != std::string::npos;
    } else if (!std::isspace(static_cast<unsigned char>(text[i]))) {
      out += text[i];
    }
    if (i == std::string::npos)
      break;
  }
  return out;
}

static std::string readText(const char *name) {
  std::string path = std::string(ECLIP_SCHEMA_DIR "/") + name;
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)),
                   std::istreambuf_iterator<char>());
  if (text.empty()) {
    std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
    std::abort();
  }
  return text;
}

std::string eclip::test::schemaHash() {
  std::string all = stripComments(readText("schedule.fbs")) + '\0' +
                    stripComments(readText("file_header.h"));
  char text[17];
  std::snprintf(
      text, sizeof(text), "%016llx",
      static_cast<unsigned long long>(XXH3_64bits(all.data(), all.size())));
  return text;
}
