//===- file.h - header and checksum of a schedule file ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_FILE_H
#define ECLIP_RUNTIME_FILE_H

#include "runtime/schema/file_header.h"
#include "runtime/src/memory.h"

namespace eclip {

/// Bytes that somebody else owns.
struct Bytes {
  const uint8_t *data = nullptr;
  size_t size = 0;
};

/// A file mapped for reading, until destruction.
class MappedFile {
public:
  MappedFile() = default;
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile();

  eclip_status open(const char *path, Error &error);
  Bytes bytes() const { return {static_cast<const uint8_t *>(base), size}; }

private:
  void *base = nullptr;
  size_t size = 0;
};

/// Where the two sections of a file are.
struct FileSections {
  Bytes payload;
  Bytes constants;
};

/// Checks the header against the bytes that are there (F1 to F7) and the
/// checksum over all of them (F8). After that every byte of both sections is
/// readable, and nothing is known about their meaning.
eclip_status verifyHeader(Bytes file, FileSections *sections, Error &error);

} // namespace eclip

#endif // ECLIP_RUNTIME_FILE_H
