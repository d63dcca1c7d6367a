//===- file.cpp - header and checksum of a schedule file ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace eclip;

static_assert(sizeof(eclip_file_header) == 128);
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "the file is read without swapping bytes");

using ull = unsigned long long;

MappedFile::~MappedFile() {
  if (base)
    munmap(base, size);
}

eclip_status MappedFile::open(const char *path, Error &error) {
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return error.fail(ECLIP_ERROR_IO, "%s: cannot be opened: %s", path,
                      strerror(errno));
  struct stat info;
  eclip_status status = ECLIP_OK;
  if (fstat(fd, &info) != 0)
    status = error.fail(ECLIP_ERROR_IO, "%s: cannot be read: %s", path,
                        strerror(errno));
  else if (!S_ISREG(info.st_mode))
    status = error.fail(ECLIP_ERROR_IO, "%s: is not a regular file", path);
  else if (info.st_size == 0)
    status =
        error.fail(ECLIP_ERROR_BAD_FILE, "%s: F1: the file is empty", path);
  if (status == ECLIP_OK) {
    size = static_cast<size_t>(info.st_size);
    void *mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED)
      status = error.fail(ECLIP_ERROR_IO, "%s: cannot be mapped: %s", path,
                          strerror(errno));
    else
      base = mapped;
  }
  close(fd); // the mapping does not need it
  return status;
}

static uint64_t checksum(Bytes file, eclip_file_header header) {
  header.checksum = 0;
  XXH3_state_t state; // on the stack: the library's own allocator is not ours
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, &header, sizeof(header));
  XXH3_64bits_update(&state, file.data + sizeof(header),
                     file.size - sizeof(header));
  return XXH3_64bits_digest(&state);
}

/// F5 and F6: the sections lie in the file, one after the other.
static eclip_status verifySections(const eclip_file_header &header,
                                   Error &error) {
  constexpr uint64_t maxPayload = 1ull << 31; // FlatBuffers' offsets are signed
  if (header.payload_offset != sizeof(header) || header.payload_bytes == 0 ||
      header.payload_bytes >= maxPayload)
    return error.fail(ECLIP_ERROR_BAD_FILE,
                      "F5: header: payload_offset %llu and payload_bytes %llu: "
                      "expected offset 128 and 1 to 2147483647 bytes",
                      ull(header.payload_offset), ull(header.payload_bytes));
  uint64_t payloadEnd = header.payload_offset + header.payload_bytes;
  if (header.constants_offset < payloadEnd ||
      header.constants_offset % ECLIP_CONSTANTS_ALIGNMENT)
    return error.fail(ECLIP_ERROR_BAD_FILE,
                      "F6: header: constants_offset %llu is not a multiple of "
                      "%u behind the payload, which ends at %llu",
                      ull(header.constants_offset), ECLIP_CONSTANTS_ALIGNMENT,
                      ull(payloadEnd));
  uint64_t end;
  if (__builtin_add_overflow(header.constants_offset, header.constants_bytes,
                             &end) ||
      end != header.file_bytes)
    return error.fail(ECLIP_ERROR_BAD_FILE,
                      "F6: header: constants_offset %llu and constants_bytes "
                      "%llu do not end at file_bytes %llu",
                      ull(header.constants_offset), ull(header.constants_bytes),
                      ull(header.file_bytes));
  return ECLIP_OK;
}

eclip_status eclip::verifyHeader(Bytes file, FileSections *sections,
                                 Error &error) {
  if (file.size < sizeof(eclip_file_header))
    return error.fail(ECLIP_ERROR_BAD_FILE,
                      "F1: the file has %zu bytes, its header alone needs 128: "
                      "cut off, or not a schedule",
                      file.size);
  eclip_file_header header;
  memcpy(&header, file.data, sizeof(header));
  if (memcmp(header.magic, ECLIP_FILE_MAGIC, sizeof(header.magic)) != 0)
    return error.fail(ECLIP_ERROR_BAD_FILE,
                      "F2: header: magic does not match: not a schedule file");
  if (header.minimum_reader > ECLIP_FORMAT_VERSION)
    return error.fail(ECLIP_ERROR_FORMAT_VERSION,
                      "F3: header: format version %u needs a reader of version "
                      "%u; this library (%s) reads up to %u",
                      header.format_version, header.minimum_reader,
                      eclip_version_string(), ECLIP_FORMAT_VERSION);
  if (header.minimum_reader < 1 ||
      header.format_version < header.minimum_reader)
    return error.fail(ECLIP_ERROR_BAD_FILE,
                      "F3: header: format_version %u with minimum_reader %u",
                      header.format_version, header.minimum_reader);
  if (header.format_version < ECLIP_OLDEST_FORMAT)
    return error.fail(ECLIP_ERROR_FORMAT_VERSION,
                      "F3: header: format version %u is no longer read; this "
                      "library (%s) reads %u to %u: compile the model again",
                      header.format_version, eclip_version_string(),
                      ECLIP_OLDEST_FORMAT, ECLIP_FORMAT_VERSION);
  if (header.file_bytes != file.size)
    return error.fail(
        ECLIP_ERROR_BAD_FILE,
        "F4: header: file_bytes is %llu, the file has %zu: cut off "
        "or appended to",
        ull(header.file_bytes), file.size);
  if (eclip_status status = verifySections(header, error))
    return status;
  for (uint8_t byte : header.reserved)
    if (byte)
      return error.fail(ECLIP_ERROR_BAD_FILE,
                        "F7: header: reserved bytes are not zero");
  uint64_t sum = checksum(file, header);
  if (sum != header.checksum)
    return error.fail(ECLIP_ERROR_BAD_FILE,
                      "F8: checksum is %016llx, the header says %016llx: the "
                      "file is damaged",
                      ull(sum), ull(header.checksum));
  sections->payload = {file.data + header.payload_offset,
                       static_cast<size_t>(header.payload_bytes)};
  sections->constants = {file.data + header.constants_offset,
                         static_cast<size_t>(header.constants_bytes)};
  return ECLIP_OK;
}

extern "C" uint32_t eclip_format_version(void) { return ECLIP_FORMAT_VERSION; }
