//===- KernelCache.cpp - compiled kernels on disk -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/cache/KernelCache.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <chrono>
#include <cstring>

using namespace llvm;
using namespace eclip;

namespace {
/// Start of an entry's file; numbers are little endian. The checksum is of
/// everything after it: key, size and value.
struct EntryHeader {
  char magic[8];
  uint8_t checksum[16]; ///< XXH3, 128 bits
  uint8_t key[32];
  uint8_t valueBytes[8];
};
constexpr char kMagic[8] = {'E', 'C', 'L', 'I', 'P', 'K', 'C', '1'};
constexpr size_t kChecked = offsetof(EntryHeader, key);
static_assert(sizeof(EntryHeader) == 64);

/// pruneCache looks at files with this prefix only. Temporary files have it
/// too, so that what a killed process left is evicted in time.
constexpr StringLiteral kPrefix = "llvmcache-";
} // namespace

static void writeChecksum(StringRef checked, uint8_t *out) {
  XXH128_hash_t hash = xxh3_128bits(arrayRefFromStringRef(checked));
  support::endian::write64le(out, hash.low64);
  support::endian::write64le(out + 8, hash.high64);
}

/// The value of an entry's file, or nothing if it is not what was stored.
static std::optional<StringRef> checkedValue(StringRef file,
                                             const CacheKey &key) {
  EntryHeader header;
  if (file.size() < sizeof(header))
    return std::nullopt;
  std::memcpy(&header, file.data(), sizeof(header));
  uint8_t checksum[sizeof(header.checksum)];
  writeChecksum(file.drop_front(kChecked), checksum);
  bool intact =
      !std::memcmp(header.magic, kMagic, sizeof(kMagic)) &&
      !std::memcmp(header.checksum, checksum, sizeof(checksum)) &&
      !std::memcmp(header.key, key.data(), key.size()) &&
      support::endian::read64le(header.valueBytes) ==
          file.size() - sizeof(header);
  if (!intact)
    return std::nullopt;
  return file.drop_front(sizeof(header));
}

std::string KernelCache::pathOf(const CacheKey &key) const {
  SmallString<256> path(directory);
  sys::path::append(path, kPrefix + toHex(key, /*LowerCase=*/true));
  return path.str().str();
}

void KernelCache::report(StringRef path, std::error_code error) {
  std::lock_guard<std::mutex> guard(lock);
  if (firstProblem.empty())
    firstProblem = (path + ": " + error.message()).str();
}

std::string KernelCache::problem() const {
  std::lock_guard<std::mutex> guard(lock);
  return firstProblem;
}

CacheEntry KernelCache::load(const CacheKey &key) {
  std::string path = pathOf(key);
  auto file = sys::fs::openNativeFileForRead(path);
  if (!file) {
    std::error_code error = errorToErrorCode(file.takeError());
    if (error != std::errc::no_such_file_or_directory)
      report(path, error);
    return {};
  }
  // Copied, not mapped: a mapping of a file that somebody truncates raises
  // SIGBUS on access.
  auto buffer = MemoryBuffer::getOpenFile(*file, path, /*FileSize=*/-1,
                                          /*RequiresNullTerminator=*/false,
                                          /*IsVolatile=*/true);
  // Eviction goes by the time of access, which most file systems are mounted
  // to record once a day at most. The time of modification is taken along, as
  // the call sets both; entries never change.
  (void)sys::fs::setLastAccessAndModificationTime(
      *file, std::chrono::system_clock::now());
  (void)sys::fs::closeFile(*file);
  if (!buffer) {
    report(path, buffer.getError());
    return {};
  }
  std::optional<StringRef> value = checkedValue((*buffer)->getBuffer(), key);
  if (!value) {
    (void)sys::fs::remove(path);
    return {};
  }
  return {std::move(*buffer), *value};
}

/// Writes header and value to `fd`.
static std::error_code writeEntry(int fd, const CacheKey &key,
                                  StringRef value) {
  EntryHeader header;
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  std::memcpy(header.key, key.data(), key.size());
  support::endian::write64le(header.valueBytes, value.size());
  SmallString<0> bytes(StringRef(reinterpret_cast<char *>(&header), sizeof(header)));
  bytes += value;
  writeChecksum(bytes.str().drop_front(kChecked),
                reinterpret_cast<uint8_t *>(bytes.data()) +
                    offsetof(EntryHeader, checksum));
  raw_fd_ostream stream(fd, /*shouldClose=*/false, /*unbuffered=*/true);
  stream << bytes;
  std::error_code error = stream.error();
  stream.clear_error();
  return error;
}

void KernelCache::store(const CacheKey &key, StringRef value) {
  if (broken)
    return;
  auto fail = [&](const Twine &path, std::error_code error) {
    // Another process evicted the temporary file or deleted the directory.
    if (error == std::errc::no_such_file_or_directory)
      return;
    report(path.str(), error);
    broken = true;
  };
  // Code in the cache is run as it is: nobody else may write it.
  if (std::error_code error = sys::fs::create_directories(
          directory, /*IgnoreExisting=*/true, sys::fs::owner_all))
    return fail(directory, error);
  SmallString<256> model(directory);
  sys::path::append(model, kPrefix + "tmp-%%%%%%%%%%%%");
  auto temp = sys::fs::TempFile::create(model, sys::fs::owner_read |
                                                   sys::fs::owner_write);
  if (!temp)
    return fail(directory, errorToErrorCode(temp.takeError()));
  if (std::error_code error = writeEntry(temp->FD, key, value)) {
    consumeError(temp->discard());
    return fail(directory, error);
  }
  std::string path = pathOf(key);
  if (Error error = temp->keep(path))
    return fail(path, errorToErrorCode(std::move(error)));
  stored = true;
}

void KernelCache::prune() {
  if (!stored)
    return;
  CachePruningPolicy policy;
  policy.Interval = std::chrono::seconds(0);
  policy.Expiration = std::chrono::seconds(0);
  policy.MaxSizeBytes = maxBytes;
  pruneCache(directory, policy);
}

std::string eclip::defaultCacheDirectory() {
  if (auto given = sys::Process::GetEnv("ECLIP_CACHE_DIR");
      given && !given->empty())
    return *given;
  SmallString<256> path;
  if (!sys::path::cache_directory(path) || !sys::path::is_absolute(path))
    return {};
  sys::path::append(path, "eclip");
  return path.str().str();
}
