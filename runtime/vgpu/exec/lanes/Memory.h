//===- Memory.h - what memory instructions share ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kind says how many bytes a lane moves and how they fill registers. Operands
// of a memory Inst: src[0] address row, src[1] data row, src[2] scalar address
// or offset, dst result row, imm byte offset.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_LANES_MEMORY_H
#define ECLIP_VGPU_EXEC_LANES_MEMORY_H

#include "runtime/vgpu/exec/lanes/Lanes.h"

namespace eclip::vgpu {
/// Asks the memory map and fills the context's cache; false: no such range.
bool lookUpRange(Context &context, uint64_t begin, uint64_t end, bool write);
} // namespace eclip::vgpu

namespace eclip::vgpu::ECLIP_LANES {

ECLIP_INLINE bool inRange(Context &context, uint64_t begin, uint64_t bytes, bool write) {
  uint64_t end = begin + bytes;
  const MemoryMap::Range &last = context.ranges[0];
  if (begin >= last.begin && end <= last.end && begin <= end && (!write || last.writable))
    return true;
  return lookUpRange(context, begin, end, write);
}

template <class T> ECLIP_INLINE T loadAs(const uint8_t *p) {
  T v;
  __builtin_memcpy(&v, p, sizeof(T));
  return v;
}
template <class T> ECLIP_INLINE void storeAs(uint8_t *p, T v) { __builtin_memcpy(p, &v, sizeof(T)); }

template <unsigned N> struct Words {
  static constexpr bool isWords = true;
  static constexpr unsigned bytes = 4 * N, rows = N;
  static ECLIP_INLINE void load(uint32_t *d, unsigned l, const uint8_t *p) {
    for (unsigned k = 0; k < N; ++k)
      d[64 * k + l] = loadAs<uint32_t>(p + 4 * k);
  }
  static ECLIP_INLINE void store(const uint32_t *d, unsigned l, uint8_t *p) {
    for (unsigned k = 0; k < N; ++k)
      storeAs<uint32_t>(p + 4 * k, d[64 * k + l]);
  }
};
/// A narrow value, extended to 32 bits; stores take the low part, or the part
/// from bit 16 when `high`.
template <class T, bool high = false> struct Narrow {
  static constexpr bool isWords = false;
  static constexpr unsigned bytes = sizeof(T), rows = 1;
  static ECLIP_INLINE void load(uint32_t *d, unsigned l, const uint8_t *p) {
    d[l] = static_cast<uint32_t>(static_cast<int32_t>(loadAs<T>(p)));
  }
  static ECLIP_INLINE void store(const uint32_t *d, unsigned l, uint8_t *p) {
    storeAs<T>(p, static_cast<T>(high ? d[l] >> 16 : d[l]));
  }
};
/// A narrow value in one half of the register; the other half stays.
template <class T, bool high> struct Half16 {
  static constexpr bool isWords = false;
  static constexpr unsigned bytes = sizeof(T), rows = 1;
  static ECLIP_INLINE void load(uint32_t *d, unsigned l, const uint8_t *p) {
    uint32_t v = static_cast<uint32_t>(static_cast<int32_t>(loadAs<T>(p))) & 0xffff;
    d[l] = high ? (d[l] & 0xffff) | v << 16 : (d[l] & 0xffff0000u) | v;
  }
};

ECLIP_INLINE const Inst *misaligned(Wave &wave, const Inst *inst, uint64_t address) {
  return fault(wave, inst, RunStatus::MemoryFault, "misaligned atomic at", address);
}

/// Tells the observer, if there is one.
template <class AddressOf>
ECLIP_INLINE void observe(Wave &wave, uint64_t mask, unsigned bytes, bool write, AddressOf address) {
  Context &context = *wave.context;
  if (__builtin_expect(context.observer == nullptr, 1))
    return;
  uint64_t list[64];
  for (unsigned l = 0; l < 64; ++l)
    list[l] = laneBit(mask, l) ? address(l) : 0;
  context.observer->access(list, mask, bytes, write, context.thread);
}

// Formulas of the atomics: (memory, data) -> memory.
struct AtomicSwap { template <class T> static ECLIP_INLINE T op(T, T d) { return d; } };
struct AtomicAdd { template <class T> static ECLIP_INLINE T op(T m, T d) { return m + d; } };
struct AtomicSub { template <class T> static ECLIP_INLINE T op(T m, T d) { return m - d; } };
struct AtomicRevSub { template <class T> static ECLIP_INLINE T op(T m, T d) { return d - m; } };
struct AtomicAnd { template <class T> static ECLIP_INLINE T op(T m, T d) { return m & d; } };
struct AtomicOr { template <class T> static ECLIP_INLINE T op(T m, T d) { return m | d; } };
struct AtomicXor { template <class T> static ECLIP_INLINE T op(T m, T d) { return m ^ d; } };
struct AtomicUMin { template <class T> static ECLIP_INLINE T op(T m, T d) { return m < d ? m : d; } };
struct AtomicUMax { template <class T> static ECLIP_INLINE T op(T m, T d) { return m > d ? m : d; } };
struct AtomicSMin {
  static ECLIP_INLINE uint32_t op(uint32_t m, uint32_t d) { return static_cast<int32_t>(m) < static_cast<int32_t>(d) ? m : d; }
  static ECLIP_INLINE uint64_t op(uint64_t m, uint64_t d) { return static_cast<int64_t>(m) < static_cast<int64_t>(d) ? m : d; }
};
struct AtomicSMax {
  static ECLIP_INLINE uint32_t op(uint32_t m, uint32_t d) { return static_cast<int32_t>(m) > static_cast<int32_t>(d) ? m : d; }
  static ECLIP_INLINE uint64_t op(uint64_t m, uint64_t d) { return static_cast<int64_t>(m) > static_cast<int64_t>(d) ? m : d; }
};
struct AtomicInc { template <class T> static ECLIP_INLINE T op(T m, T d) { return m >= d ? T(0) : m + 1; } };
struct AtomicDec { template <class T> static ECLIP_INLINE T op(T m, T d) { return m == 0 || m > d ? d : m - 1; } };

template <class T> ECLIP_INLINE T rowValue(const uint32_t *row, unsigned l) {
  if constexpr (sizeof(T) == 8)
    return U64::load(row, l);
  else
    return row[l];
}
template <class T> ECLIP_INLINE void setRowValue(uint32_t *row, unsigned l, T v) {
  if constexpr (sizeof(T) == 8)
    U64::store(row, l, v);
  else
    row[l] = v;
}

} // namespace eclip::vgpu::ECLIP_LANES

#endif // ECLIP_VGPU_EXEC_LANES_MEMORY_H
