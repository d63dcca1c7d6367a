//===- Emit.cpp - a finished schedule as a .eclip file --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Emit.h"

#include "compiler/emit/ScheduleFile.h"
#include "runtime/schema/file_header.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace mlir;
using namespace eclip;

static_assert(sizeof(eclip_file_header) == 128);

static eclip_file_header makeHeader(const ScheduleFile &file) {
  eclip_file_header header = {};
  std::memcpy(header.magic, ECLIP_FILE_MAGIC, sizeof(header.magic));
  header.format_version = ECLIP_FORMAT_VERSION;
  header.minimum_reader = ECLIP_MINIMUM_READER;
  header.payload_offset = sizeof(header);
  header.payload_bytes = file.payload.size();
  header.constants_offset = llvm::alignTo(sizeof(header) + file.payload.size(),
                                          ECLIP_CONSTANTS_ALIGNMENT);
  header.constants_bytes = file.constants.bytes();
  header.file_bytes = header.constants_offset + header.constants_bytes;
  return header;
}

/// Calls `sink` with everything after the header, in file order.
static void writeBody(const ScheduleFile &file, const eclip_file_header &header,
                      llvm::function_ref<void(ArrayRef<char>)> sink) {
  sink(file.payload);
  std::vector<char> padding(header.constants_offset - header.payload_offset -
                            header.payload_bytes);
  sink(padding);
  file.constants.write(sink);
}

LogicalResult eclip::emitSchedule(ModuleOp module, StringRef path,
                                  const Provenance &provenance) {
  ScheduleFile file;
  if (failed(buildScheduleFile(module, provenance, file)))
    return failure();

  eclip_file_header header = makeHeader(file);
  XXH3_state_t hash;
  XXH3_64bits_reset(&hash);
  XXH3_64bits_update(&hash, &header, sizeof(header));
  writeBody(file, header, [&](ArrayRef<char> bytes) {
    XXH3_64bits_update(&hash, bytes.data(), bytes.size());
  });
  header.checksum = XXH3_64bits_digest(&hash);

  auto fail = [&](std::error_code error) {
    return emitError(UnknownLoc::get(module.getContext()))
           << path << ": cannot be written: " << error.message();
  };
  auto temp = llvm::sys::fs::TempFile::create(path + ".%%%%%%.tmp",
                                              llvm::sys::fs::all_read |
                                                  llvm::sys::fs::owner_write);
  if (!temp)
    return fail(llvm::errorToErrorCode(temp.takeError()));
  std::error_code writeError;
  {
    llvm::raw_fd_ostream os(temp->FD, /*shouldClose=*/false);
    os.write(reinterpret_cast<const char *>(&header), sizeof(header));
    writeBody(file, header, [&](ArrayRef<char> bytes) {
      os.write(bytes.data(), bytes.size());
    });
    os.flush();
    writeError = os.error();
    os.clear_error();
  }
  if (writeError) {
    llvm::consumeError(temp->discard());
    return fail(writeError);
  }
  if (llvm::Error error = temp->keep(path))
    return fail(llvm::errorToErrorCode(std::move(error)));
  return success();
}
