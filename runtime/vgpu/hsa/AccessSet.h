//===- AccessSet.h - which bytes a dispatch touched -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bitmaps of bytes, in chunks of 64 KiB of address space. One bit of each kind
// per byte makes 1/8 of the touched bytes each: 30 MB for a request that reads
// 240 MB of constants, whatever the number of accesses. Words would take a
// quarter, but two kernels may write the halves of one word: memory has a mask
// for each byte, and a shuffle of channels in halves does so side by side.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_ACCESSSET_H
#define ECLIP_VGPU_HSA_ACCESSSET_H

#include "runtime/vgpu/exec/Executor.h"

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace eclip::vgpu {

inline constexpr uint64_t granuleBytes = 1;
inline constexpr uint64_t chunkBytes = 65536;
using GranuleBits = std::array<uint64_t, chunkBytes / granuleBytes / 64>;

/// Where two sets conflict: the first contiguous range of it, and its extent.
struct Conflict {
  uint64_t begin = 0, end = 0; ///< addresses
  uint64_t totalBytes = 0;
  bool firstWrites = false, secondWrites = false;
};

class AccessSet {
public:
  struct Chunk {
    uint64_t key = 0; ///< address / chunkBytes
    std::unique_ptr<GranuleBits> reads, writes;
  };

  void add(uint64_t begin, uint64_t end, bool write);
  /// Takes over `chunk`, merging it with what is there. Chunks may come in any
  /// order before seal().
  void absorb(Chunk &&chunk);
  /// Sorts; must be called before the queries below.
  void seal();
  /// Forgets [begin, end).
  void erase(uint64_t begin, uint64_t end);

  bool empty() const { return chunks.empty(); }
  size_t heapBytes() const;
  /// True if some granule is touched by both and written by one of them.
  static bool conflict(const AccessSet &first, const AccessSet &second,
                       Conflict &where);

private:
  Chunk &chunk(uint64_t key);
  std::vector<Chunk> chunks;                  ///< sorted by key once sealed
  std::unordered_map<uint64_t, size_t> index; ///< until sealed
};

/// Collects the accesses of one dispatch from all worker threads without locks:
/// each thread has its own table. Merged once, when the dispatch has ended.
class AccessRecorder final : public AccessObserver {
public:
  explicit AccessRecorder(unsigned threads);
  ~AccessRecorder() override;
  void access(const uint64_t *addresses, uint64_t mask, uint32_t bytes,
              bool write, unsigned thread) override;
  /// Empties the recorder. Not before the last access.
  AccessSet take();

private:
  struct Thread;
  std::vector<std::unique_ptr<Thread>> threads;
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_ACCESSSET_H
