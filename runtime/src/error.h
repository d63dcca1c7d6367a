//===- error.h - status and message of a call -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_ERROR_H
#define ECLIP_RUNTIME_ERROR_H

#include "runtime/include/eclip/eclip.h"

namespace eclip {

/// Writes messages into the caller's eclip_error, if there is one. A value:
/// copy it freely, the caller's buffer is only borrowed for the call.
class Error {
public:
  /// Empties the caller's text, so that a success leaves no old message.
  explicit Error(eclip_error *sink);

  /// Writes the message and returns `status`, to be used as
  /// `return error.fail(ECLIP_ERROR_BAD_FILE, "F2: ...", ...)`.
  [[gnu::format(printf, 3, 4)]] eclip_status fail(eclip_status status,
                                                  const char *format, ...);

  /// Puts "`prefix`: " in front of the message that is there.
  void prepend(const char *prefix);

  /// The same failure for every allocation.
  eclip_status outOfMemory(uint64_t bytes, const char *purpose);

private:
  char *text;
  size_t textBytes;
};

/// Reads the options that a caller gave into a struct of this library's size.
/// `known` is sizeof of the struct; the rest stays as `out` holds it. Fails if
/// `in` is larger than `known` and its surplus is not zero.
eclip_status readStruct(const void *in, void *out, size_t known,
                        const char *name, Error &error);

/// Writes a struct of results: as much of it as the caller knows, leaving the
/// caller's `struct_bytes`.
eclip_status writeStruct(const void *in, void *out, size_t known,
                         const char *name, Error &error);

} // namespace eclip

#endif // ECLIP_RUNTIME_ERROR_H
