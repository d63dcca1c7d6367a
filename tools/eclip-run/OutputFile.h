//===- OutputFile.h - a file that appears whole or not at all ---*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_RUN_OUTPUTFILE_H
#define ECLIP_TOOLS_ECLIP_RUN_OUTPUTFILE_H

#include <cstddef>
#include <string>

namespace eclip::tool {

/// A temporary file beside its final place. Created before the work starts, so
/// that a place that cannot be written to shows early; removed unless kept.
class OutputFile {
public:
  OutputFile() = default;
  OutputFile(OutputFile &&other) noexcept;
  OutputFile &operator=(OutputFile &&) = delete;
  ~OutputFile();

  // Each returns false with `message`, which begins with the path.
  bool create(const std::string &path, std::string &message);
  bool write(const void *data, size_t bytes, std::string &message);
  /// Closes the file and renames it to its place.
  bool keep(std::string &message);

private:
  bool fail(std::string &message, const char *what);

  std::string path, temporary;
  int fd = -1;
};

} // namespace eclip::tool

#endif // ECLIP_TOOLS_ECLIP_RUN_OUTPUTFILE_H
