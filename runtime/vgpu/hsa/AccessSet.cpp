//===- AccessSet.cpp - which bytes a dispatch touched ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/AccessSet.h"

#include <algorithm>
#include <bit>

using namespace eclip::vgpu;

static constexpr uint64_t granulesPerChunk = chunkBytes / granuleBytes;

/// Calls f(word index, bits) for the granules [first, last] of one chunk.
template <class F>
static void forWords(uint64_t first, uint64_t last, const F &f) {
  uint64_t w = first / 64, end = last / 64;
  uint64_t head = ~uint64_t(0) << (first % 64);
  uint64_t tail = ~uint64_t(0) >> (63 - last % 64);
  if (w == end) {
    f(w, head & tail);
    return;
  }
  f(w, head);
  for (++w; w < end; ++w)
    f(w, ~uint64_t(0));
  f(end, tail);
}

static void setBits(std::unique_ptr<GranuleBits> &bits, uint64_t first,
                    uint64_t last) {
  if (!bits)
    bits = std::make_unique<GranuleBits>(); // zeroed
  forWords(first, last, [&](uint64_t w, uint64_t b) { (*bits)[w] |= b; });
}

/// Calls f(chunk key, first granule, last granule) for [begin, end).
template <class F>
static void forChunks(uint64_t begin, uint64_t end, const F &f) {
  if (begin >= end)
    return;
  uint64_t first = begin / granuleBytes, last = (end - 1) / granuleBytes;
  while (first <= last) {
    uint64_t key = first / granulesPerChunk;
    uint64_t stop =
        std::min(last, key * granulesPerChunk + granulesPerChunk - 1);
    f(key, first % granulesPerChunk, stop % granulesPerChunk);
    first = stop + 1;
  }
}

AccessSet::Chunk &AccessSet::chunk(uint64_t key) {
  auto [it, fresh] = index.try_emplace(key, chunks.size());
  if (fresh) {
    chunks.emplace_back();
    chunks.back().key = key;
  }
  return chunks[it->second];
}

void AccessSet::add(uint64_t begin, uint64_t end, bool write) {
  forChunks(begin, end, [&](uint64_t key, uint64_t first, uint64_t last) {
    Chunk &c = chunk(key);
    setBits(write ? c.writes : c.reads, first, last);
  });
}

static void merge(std::unique_ptr<GranuleBits> &into,
                  std::unique_ptr<GranuleBits> &&from) {
  if (!from)
    return;
  if (!into) {
    into = std::move(from);
    return;
  }
  for (size_t i = 0; i < into->size(); ++i)
    (*into)[i] |= (*from)[i];
}

void AccessSet::absorb(Chunk &&other) {
  Chunk &c = chunk(other.key);
  merge(c.reads, std::move(other.reads));
  merge(c.writes, std::move(other.writes));
}

void AccessSet::seal() {
  std::sort(chunks.begin(), chunks.end(),
            [](const Chunk &a, const Chunk &b) { return a.key < b.key; });
  index.clear();
}

void AccessSet::erase(uint64_t begin, uint64_t end) {
  forChunks(begin, end, [&](uint64_t key, uint64_t first, uint64_t last) {
    auto it =
        std::lower_bound(chunks.begin(), chunks.end(), key,
                         [](const Chunk &c, uint64_t k) { return c.key < k; });
    if (it == chunks.end() || it->key != key)
      return;
    for (auto *bits : {&it->reads, &it->writes})
      if (*bits)
        forWords(first, last,
                 [&](uint64_t w, uint64_t b) { (**bits)[w] &= ~b; });
  });
}

size_t AccessSet::heapBytes() const {
  size_t bytes = chunks.capacity() * sizeof(Chunk);
  for (const Chunk &c : chunks)
    bytes += ((c.reads ? 1 : 0) + (c.writes ? 1 : 0)) * sizeof(GranuleBits);
  return bytes;
}

/// One word of the conflict: written by one and touched by the other.
static uint64_t conflictWord(const AccessSet::Chunk &a,
                             const AccessSet::Chunk &b, size_t w) {
  uint64_t ar = a.reads ? (*a.reads)[w] : 0, aw = a.writes ? (*a.writes)[w] : 0;
  uint64_t br = b.reads ? (*b.reads)[w] : 0, bw = b.writes ? (*b.writes)[w] : 0;
  return (aw & (br | bw)) | (ar & bw);
}

bool AccessSet::conflict(const AccessSet &first, const AccessSet &second,
                         Conflict &where) {
  where = {};
  bool open = true; // the first range may still grow
  auto a = first.chunks.begin(), b = second.chunks.begin();
  while (a != first.chunks.end() && b != second.chunks.end()) {
    if (a->key != b->key) {
      (a->key < b->key) ? ++a : ++b;
      continue;
    }
    if (a->writes || b->writes) {
      for (size_t w = 0; w < GranuleBits().size(); ++w) {
        uint64_t bits = conflictWord(*a, *b, w);
        if (!bits)
          continue;
        where.totalBytes += uint64_t(std::popcount(bits)) * granuleBytes;
        uint64_t at = (a->key * granulesPerChunk + w * 64) * granuleBytes;
        while (bits && open) {
          uint64_t skip = uint64_t(std::countr_zero(bits));
          uint64_t begin = at + skip * granuleBytes;
          if (where.end && begin != where.end) {
            open = false;
            break;
          }
          uint64_t run = uint64_t(std::countr_one(bits >> skip));
          if (!where.end)
            where.begin = begin;
          where.end = begin + run * granuleBytes;
          uint64_t bit = uint64_t(1) << skip;
          where.firstWrites |= a->writes && ((*a->writes)[w] & bit);
          where.secondWrites |= b->writes && ((*b->writes)[w] & bit);
          bits = skip + run >= 64 ? 0 : bits & (~uint64_t(0) << (skip + run));
        }
      }
    }
    ++a;
    ++b;
  }
  return where.totalBytes != 0;
}

//===----------------------------------------------------------------------===//
// AccessRecorder
//===----------------------------------------------------------------------===//

struct alignas(64) AccessRecorder::Thread {
  static constexpr size_t ways = 64;
  struct Way {
    uint64_t key = UINT64_MAX;
    AccessSet::Chunk *chunk = nullptr;
  };
  /// Direct-mapped; a kernel's accesses stay in few chunks for long.
  Way cache[ways];
  std::unordered_map<uint64_t, std::unique_ptr<AccessSet::Chunk>> chunks;

  AccessSet::Chunk &find(uint64_t key) {
    Way &way = cache[key % ways];
    if (way.key != key) {
      auto &slot = chunks[key];
      if (!slot) {
        slot = std::make_unique<AccessSet::Chunk>();
        slot->key = key;
      }
      way = {key, slot.get()};
    }
    return *way.chunk;
  }
  void add(uint64_t begin, uint64_t end, bool write) {
    forChunks(begin, end, [&](uint64_t key, uint64_t first, uint64_t last) {
      AccessSet::Chunk &c = find(key);
      setBits(write ? c.writes : c.reads, first, last);
    });
  }
};

AccessRecorder::AccessRecorder(unsigned count) : threads(count) {}
AccessRecorder::~AccessRecorder() = default;

void AccessRecorder::access(const uint64_t *addresses, uint64_t mask,
                            uint32_t bytes, bool write, unsigned thread) {
  if (!threads[thread])
    threads[thread] = std::make_unique<Thread>();
  Thread &t = *threads[thread];
  // Lanes usually touch neighbouring or equal addresses: join them first.
  uint64_t begin = 0, end = 0;
  for (; mask; mask &= mask - 1) {
    uint64_t address = addresses[std::countr_zero(mask)];
    if (address == end && end) {
      end += bytes;
    } else if (address < begin || address + bytes > end) {
      t.add(begin, end, write);
      begin = address;
      end = address + bytes;
    }
  }
  t.add(begin, end, write);
}

AccessSet AccessRecorder::take() {
  AccessSet set;
  for (auto &thread : threads) {
    if (!thread)
      continue;
    for (auto &[key, chunk] : thread->chunks)
      set.absorb(std::move(*chunk));
    thread.reset();
  }
  set.seal();
  return set;
}
