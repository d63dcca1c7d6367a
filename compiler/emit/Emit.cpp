//===- Emit.cpp - a finished schedule as a .eclip file --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Emit.h"

#include "compiler/emit/ScheduleFile.h"
#include "runtime/schema/file_header.h"

#include "llvm/ADT/StringExtras.h"
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

static uint64_t checksumOf(const ScheduleFile &file,
                           const eclip_file_header &header) {
  XXH3_state_t hash;
  XXH3_64bits_reset(&hash);
  XXH3_64bits_update(&hash, &header, sizeof(header));
  writeBody(file, header, [&](ArrayRef<char> bytes) {
    XXH3_64bits_update(&hash, bytes.data(), bytes.size());
  });
  return XXH3_64bits_digest(&hash);
}

namespace {

/// Files on their way to their paths. Destroyed before commit() has succeeded,
/// it leaves every path as it was.
class Staging {
public:
  ~Staging() { undo(); }

  std::error_code add(const ScheduleFile &file, StringRef path);
  /// Renames; on an error says of which path in `failedPath`.
  std::error_code commit(std::string &failedPath);

private:
  struct Entry {
    std::optional<llvm::sys::fs::TempFile> temp;
    std::string path;
    std::string backup; ///< a second name of the old file; empty: none
    bool renamed = false;
  };
  void undo();

  std::vector<Entry> entries;
};

} // namespace

std::error_code Staging::add(const ScheduleFile &file, StringRef path) {
  eclip_file_header header = makeHeader(file);
  header.checksum = checksumOf(file, header);
  if (llvm::sys::fs::is_directory(path))
    return std::make_error_code(std::errc::is_a_directory);
  auto temp = llvm::sys::fs::TempFile::create(path + ".%%%%%%.tmp",
                                              llvm::sys::fs::all_read |
                                                  llvm::sys::fs::owner_write);
  if (!temp)
    return llvm::errorToErrorCode(temp.takeError());
  entries.push_back({std::move(*temp), path.str(), "", false});
  llvm::raw_fd_ostream os(entries.back().temp->FD, /*shouldClose=*/false);
  os.write(reinterpret_cast<const char *>(&header), sizeof(header));
  writeBody(file, header, [&](ArrayRef<char> bytes) {
    os.write(bytes.data(), bytes.size());
  });
  os.flush();
  std::error_code error = os.error();
  os.clear_error();
  return error;
}

std::error_code Staging::commit(std::string &failedPath) {
  // One file needs no way back: its rename happens or doesn't.
  for (Entry &entry : entries) {
    if (entries.size() == 1 || !llvm::sys::fs::exists(entry.path))
      continue;
    failedPath = entry.path;
    llvm::SmallString<256> backup;
    llvm::sys::fs::createUniquePath(entry.path + ".%%%%%%.old", backup,
                                    /*MakeAbsolute=*/false);
    if (auto error = llvm::sys::fs::create_hard_link(entry.path, backup))
      return error;
    entry.backup = std::string(backup);
  }
  for (Entry &entry : entries) {
    failedPath = entry.path;
    if (llvm::Error error = entry.temp->keep(entry.path))
      return llvm::errorToErrorCode(std::move(error));
    entry.renamed = true;
  }
  for (Entry &entry : entries)
    if (!entry.backup.empty())
      llvm::sys::fs::remove(entry.backup);
  entries.clear();
  return {};
}

void Staging::undo() {
  for (Entry &entry : entries) {
    if (!entry.renamed)
      llvm::consumeError(entry.temp->discard());
    else if (entry.backup.empty())
      llvm::sys::fs::remove(entry.path);
    if (entry.backup.empty())
      continue;
    if (entry.renamed)
      llvm::sys::fs::rename(entry.backup, entry.path);
    else
      llvm::sys::fs::remove(entry.backup);
  }
}

/// What tells this mix from any other: its workers' files, before they say so.
static FailureOr<std::string> mixId(ArrayRef<EmitFile> files,
                                    const Provenance &provenance) {
  XXH3_state_t hash;
  XXH3_64bits_reset(&hash);
  for (const EmitFile &file : files) {
    ScheduleFile built;
    MixTable unnamed{"mix", "0", {}, 0};
    if (failed(buildScheduleFile(file.module, provenance, &unnamed, built)))
      return failure();
    XXH3_64bits_update(&hash, built.payload.data(), built.payload.size());
  }
  return llvm::utohexstr(XXH3_64bits_digest(&hash), /*LowerCase=*/true, 16);
}

LogicalResult eclip::emitSchedules(ArrayRef<EmitFile> files,
                                   const std::optional<EmitMix> &mix,
                                   const Provenance &provenance) {
  MixTable table;
  if (mix) {
    FailureOr<std::string> id = mixId(files, provenance);
    if (failed(id))
      return failure();
    table = {mix->name, *id, mix->workers, 0};
  }
  Staging staging;
  auto fail = [&](ModuleOp module, StringRef path, std::error_code error) {
    return emitError(UnknownLoc::get(module.getContext()))
           << path << ": cannot be written: " << error.message();
  };
  for (auto [i, file] : llvm::enumerate(files)) {
    ScheduleFile built;
    table.worker = i;
    if (failed(buildScheduleFile(file.module, provenance,
                                 mix ? &table : nullptr, built)))
      return failure();
    if (std::error_code error = staging.add(built, file.path))
      return fail(file.module, file.path, error);
  }
  std::string path;
  if (std::error_code error = staging.commit(path))
    return fail(files.front().module, path, error);
  return success();
}

LogicalResult eclip::emitSchedule(ModuleOp module, StringRef path,
                                  const Provenance &provenance) {
  return emitSchedules(EmitFile{module, path.str()}, std::nullopt, provenance);
}
