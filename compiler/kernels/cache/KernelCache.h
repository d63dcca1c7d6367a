//===- KernelCache.h - compiled kernels on disk -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A directory of values under content-derived keys. Any number of processes and
// threads may share it: an entry appears by a rename and is never changed, a
// reader keeps what it opened, and an entry that is damaged or gone is a miss.
//
// Eviction is LLVM's pruneCache, which decides the names of the files. LLVM's
// localCache is not used: it ends the process where the disk is full.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CACHE_KERNELCACHE_H
#define ECLIP_COMPILER_KERNELS_CACHE_KERNELCACHE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace eclip {

/// BLAKE3 of everything that the value depends on.
using CacheKey = std::array<uint8_t, 32>;

/// A value in the cache; the bytes live as long as it does.
struct CacheEntry {
  std::unique_ptr<llvm::MemoryBuffer> file;
  llvm::StringRef value;
};

class KernelCache {
public:
  /// `directory` is made when the first entry is stored; `maxBytes` of 0 is no
  /// limit.
  KernelCache(llvm::StringRef directory, uint64_t maxBytes)
      : directory(directory), maxBytes(maxBytes) {}

  /// The value under `key`, or an entry without a file. Damaged entries are
  /// deleted. Safe from any thread.
  CacheEntry load(const CacheKey &key);

  /// Keeps `value` under `key`. After the first failure stores nothing more.
  /// Safe from any thread.
  void store(const CacheKey &key, llvm::StringRef value);

  /// Deletes what was not used for longest until the size limit holds. Does
  /// nothing if this object stored nothing. Call after all loads and stores.
  void prune();

  /// Why the cache could not be used as it should, or an empty string.
  std::string problem() const;

private:
  std::string pathOf(const CacheKey &key) const;
  void report(llvm::StringRef path, std::error_code error);

  std::string directory;
  uint64_t maxBytes;
  std::atomic<bool> stored = false, broken = false;
  mutable std::mutex lock; ///< of `firstProblem`
  std::string firstProblem;
};

/// ECLIP_CACHE_DIR if it is set and not empty, else `eclip` in the user's cache
/// directory ($XDG_CACHE_HOME or ~/.cache). Empty if there is none.
std::string defaultCacheDirectory();

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CACHE_KERNELCACHE_H
