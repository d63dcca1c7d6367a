//===- error.cpp - status and message of a call ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

using namespace eclip;

Error::Error(eclip_error *sink) : text(nullptr), textBytes(0) {
  if (!sink || sink->struct_bytes < sizeof(eclip_error) || !sink->text)
    return;
  text = sink->text;
  textBytes = sink->text_bytes;
  if (textBytes)
    text[0] = 0;
}

eclip_status Error::fail(eclip_status status, const char *format, ...) {
  if (!textBytes)
    return status;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, textBytes, format, arguments);
  va_end(arguments);
  // Names in messages come from files and callers: keep them to one line.
  for (char *c = text; *c; ++c)
    if (static_cast<unsigned char>(*c) < 0x20 || *c == 0x7f)
      *c = '?';
  return status;
}

void Error::prepend(const char *prefix) {
  if (!textBytes)
    return;
  size_t prefixLength = strlen(prefix) + 2, length = strlen(text);
  if (prefixLength >= textBytes)
    return;
  if (prefixLength + length >= textBytes)
    length = textBytes - prefixLength - 1;
  memmove(text + prefixLength, text, length);
  text[prefixLength + length] = 0;
  memcpy(text, prefix, prefixLength - 2);
  memcpy(text + prefixLength - 2, ": ", 2);
}

eclip_status Error::outOfMemory(uint64_t bytes, const char *purpose) {
  return fail(ECLIP_ERROR_OUT_OF_MEMORY, "out of memory: %llu bytes for %s",
              static_cast<unsigned long long>(bytes), purpose);
}

eclip_status eclip::readStruct(const void *in, void *out, size_t known,
                               const char *name, Error &error) {
  size_t given;
  memcpy(&given, in, sizeof(given));
  if (given < sizeof(size_t))
    return error.fail(ECLIP_ERROR_INVALID_ARGUMENT,
                      "%s: struct_bytes is %zu; use the _INIT macro", name,
                      given);
  auto bytes = static_cast<const unsigned char *>(in);
  for (size_t i = known; i < given; ++i)
    if (bytes[i])
      return error.fail(ECLIP_ERROR_UNSUPPORTED,
                        "%s: byte %zu is set, but this library (%s) knows only "
                        "%zu bytes of the struct",
                        name, i, eclip_version_string(), known);
  memcpy(out, in, given < known ? given : known);
  memcpy(out, &known, sizeof(known));
  return ECLIP_OK;
}

eclip_status eclip::writeStruct(const void *in, void *out, size_t known,
                                const char *name, Error &error) {
  size_t given;
  memcpy(&given, out, sizeof(given));
  if (given < sizeof(size_t))
    return error.fail(ECLIP_ERROR_INVALID_ARGUMENT,
                      "%s: struct_bytes is %zu; use the _INIT macro", name,
                      given);
  size_t bytes = given < known ? given : known;
  memcpy(static_cast<char *>(out) + sizeof(size_t),
         static_cast<const char *>(in) + sizeof(size_t),
         bytes - sizeof(size_t));
  return ECLIP_OK;
}

extern "C" const char *eclip_status_string(eclip_status status) {
  switch (status) {
#define CASE(name)                                                             \
  case name:                                                                   \
    return #name;
    CASE(ECLIP_OK)
    CASE(ECLIP_ERROR_INVALID_ARGUMENT)
    CASE(ECLIP_ERROR_OUT_OF_MEMORY)
    CASE(ECLIP_ERROR_IO)
    CASE(ECLIP_ERROR_BAD_FILE)
    CASE(ECLIP_ERROR_FORMAT_VERSION)
    CASE(ECLIP_ERROR_NO_DEVICE)
    CASE(ECLIP_ERROR_INCOMPATIBLE_DEVICE)
    CASE(ECLIP_ERROR_BUSY)
    CASE(ECLIP_ERROR_TIMEOUT)
    CASE(ECLIP_ERROR_DEVICE_LOST)
    CASE(ECLIP_ERROR_DRIVER)
    CASE(ECLIP_ERROR_STATE)
    CASE(ECLIP_ERROR_UNSUPPORTED)
    CASE(ECLIP_ERROR_RESOURCES)
#undef CASE
  }
  return "ECLIP_ERROR_UNKNOWN";
}

#define STRING2(x) #x
#define STRING(x) STRING2(x)

extern "C" const char *eclip_version_string(void) {
  return STRING(ECLIP_VERSION_MAJOR) "." STRING(ECLIP_VERSION_MINOR) "." STRING(
      ECLIP_VERSION_PATCH);
}
