//===- Global.cpp - global, flat and scratch instructions -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/Gather.h"
#include "runtime/vgpu/exec/lanes/Swizzle.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

static const Inst *globalFault(Wave &wave, const Inst *inst, bool write, uint64_t address) {
  return fault(wave, inst, RunStatus::MemoryFault,
               write ? "write outside the live allocations at" : "read outside the live allocations at", address);
}

/// Addresses as a scalar base and a 32-bit offset per lane.
struct SaddrLanes {
  uint64_t base;
  const uint32_t *offset;
  ECLIP_INLINE SaddrLanes(Wave &wave, const Inst *inst)
      : base(wave.wide(inst->src[2]) + static_cast<uint64_t>(static_cast<int64_t>(inst->imm))),
        offset(wave.at(inst->src[0])) {}
  ECLIP_INLINE uint64_t at(unsigned l) const { return base + offset[l]; }
  ECLIP_INLINE bool contiguous(unsigned step) const {
    uint32_t first = offset[0], wrong = 0;
    if (first + 64ull * step > 0xffffffffull)
      return false;
#pragma clang loop vectorize(enable)
    for (unsigned l = 0; l < 64; ++l)
      wrong |= offset[l] ^ (first + l * step);
    return wrong == 0;
  }
};
/// Where all 64 lanes lie, if within 2 GiB of each other.
struct Span {
  uint64_t begin; ///< smallest address
  uint32_t far;   ///< distance of the largest
  bool valid;
};
/// Offsets from the smallest address go to `out`.
static ECLIP_INLINE Span spanOf(const SaddrLanes &lanes, uint32_t *out) {
  uint32_t low = ~0u, high = 0;
#pragma clang loop vectorize(enable)
  for (unsigned l = 0; l < 64; ++l) {
    low = lanes.offset[l] < low ? lanes.offset[l] : low;
    high = lanes.offset[l] > high ? lanes.offset[l] : high;
  }
  ECLIP_LANE_LOOP out[l] = lanes.offset[l] - low;
  return {lanes.base + low, high - low, high - low < 0x7ffffff0u};
}

/// Addresses as 64 bits per lane.
struct VaddrLanes {
  const uint32_t *row;
  uint64_t imm;
  ECLIP_INLINE VaddrLanes(Wave &wave, const Inst *inst)
      : row(wave.at(inst->src[0])), imm(static_cast<uint64_t>(static_cast<int64_t>(inst->imm))) {}
  ECLIP_INLINE uint64_t at(unsigned l) const { return U64::load(row, l) + imm; }
  ECLIP_INLINE bool contiguous(unsigned step) const {
    uint32_t first = row[0], high = row[64], wrong = 0;
    if (first + 64ull * step > 0xffffffffull)
      return false;
#pragma clang loop vectorize(enable)
    for (unsigned l = 0; l < 64; ++l)
      wrong |= (row[l] ^ (first + l * step)) | (row[64 + l] ^ high);
    return wrong == 0;
  }
};

static ECLIP_INLINE Span spanOf(const VaddrLanes &lanes, uint32_t *out) {
  // Relative to 1 GiB below the first lane: 32 bits then hold every lane of a
  // wave that stays within that distance.
  constexpr uint64_t margin = 1u << 30;
  uint64_t origin = U64::load(lanes.row, 0) - margin;
  uint32_t originLow = static_cast<uint32_t>(origin), originHigh = static_cast<uint32_t>(origin >> 32);
  uint32_t low = ~0u, high = 0, wrong = 0;
#pragma clang loop vectorize(enable)
  for (unsigned l = 0; l < 64; ++l) {
    uint32_t r = lanes.row[l] - originLow;
    uint32_t carry = lanes.row[l] < originLow ? 1u : 0u;
    wrong |= lanes.row[64 + l] - originHigh - carry;
    low = r < low ? r : low;
    high = r > high ? r : high;
  }
  uint32_t base = originLow + low;
  ECLIP_LANE_LOOP out[l] = lanes.row[l] - base;
  return {origin + low + lanes.imm, high - low, wrong == 0 && high - low < 0x7ffffff0u};
}

template <class K> static ECLIP_INLINE void loadRun(uint32_t *d, const uint8_t *p) {
  ECLIP_LANE_LOOP K::load(d, l, p + l * K::bytes);
}
template <class K> static ECLIP_INLINE void storeRun(const uint32_t *d, uint8_t *p) {
  ECLIP_LANE_LOOP K::store(d, l, p + l * K::bytes);
}

template <class K, class Lanes> static const Inst *globalLoad(Wave &wave, const Inst *inst) {
  Lanes lanes(wave, inst);
  Context &context = *wave.context;
  uint64_t exec = wave.exec();
  uint32_t *d = wave.at(inst->dst);
  observe(wave, exec, K::bytes, false, [&](unsigned l) { return lanes.at(l); });
  if (exec == ~0ull && lanes.contiguous(K::bytes) && inRange(context, lanes.at(0), 64 * K::bytes, false)) {
    loadRun<K>(d, reinterpret_cast<const uint8_t *>(lanes.at(0)));
    return inst + 1;
  }
  if constexpr (K::isWords) {
    alignas(64) uint32_t offset[64];
    Span span = exec == ~0ull ? spanOf(lanes, offset) : Span{0, 0, false};
    if (span.valid && inRange(context, span.begin, uint64_t(span.far) + K::bytes, false)) {
      gatherAll<K>(d, reinterpret_cast<const uint8_t *>(span.begin), offset);
      return inst + 1;
    }
  }
  // Else each lane is checked: they may reach into different buffers.
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    uint64_t address = lanes.at(l);
    if (!inRange(context, address, K::bytes, false))
      return globalFault(wave, inst, false, address);
    K::load(d, l, reinterpret_cast<const uint8_t *>(address));
  }
  return inst + 1;
}

template <class K, class Lanes> static const Inst *globalStore(Wave &wave, const Inst *inst) {
  Lanes lanes(wave, inst);
  Context &context = *wave.context;
  uint64_t exec = wave.exec();
  const uint32_t *data = wave.at(inst->src[1]);
  observe(wave, exec, K::bytes, true, [&](unsigned l) { return lanes.at(l); });
  if (exec == ~0ull && lanes.contiguous(K::bytes) && inRange(context, lanes.at(0), 64 * K::bytes, true)) {
    storeRun<K>(data, reinterpret_cast<uint8_t *>(lanes.at(0)));
    return inst + 1;
  }
  if constexpr (K::isWords) {
    alignas(64) uint32_t offset[64];
    Span span = exec == ~0ull ? spanOf(lanes, offset) : Span{0, 0, false};
    if (span.valid && inRange(context, span.begin, uint64_t(span.far) + K::bytes, true)) {
      scatterAll<K>(data, reinterpret_cast<uint8_t *>(span.begin), offset);
      return inst + 1;
    }
  }
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    uint64_t address = lanes.at(l);
    if (!inRange(context, address, K::bytes, true))
      return globalFault(wave, inst, true, address);
    K::store(data, l, reinterpret_cast<uint8_t *>(address));
  }
  return inst + 1;
}

/// Other host threads run other workgroups: these are host atomics.
template <class T, class F> static ECLIP_INLINE T changeMemory(uint64_t address, F change) {
  T *p = reinterpret_cast<T *>(address);
  T old = __atomic_load_n(p, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(p, &old, change(old), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
  }
  return old;
}

template <class T, class Lanes, class F>
static ECLIP_INLINE const Inst *globalChange(Wave &wave, const Inst *inst, F change) {
  Lanes lanes(wave, inst);
  Context &context = *wave.context;
  uint64_t exec = wave.exec();
  const uint32_t *data = wave.at(inst->src[1]);
  observe(wave, exec, sizeof(T), true, [&](unsigned l) { return lanes.at(l); });
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    uint64_t address = lanes.at(l);
    if (address % sizeof(T))
      return misaligned(wave, inst, address);
    if (!inRange(context, address, sizeof(T), true))
      return globalFault(wave, inst, true, address);
    T value = rowValue<T>(data, l), second = rowValue<T>(data + 64 * sizeof(T) / 4, l);
    T old = changeMemory<T>(address, [&](T m) { return change(m, value, second); });
    if (inst->flags)
      setRowValue<T>(wave.at(inst->dst), l, old);
  }
  return inst + 1;
}
template <class Op, class T, class Lanes> static const Inst *globalAtomic(Wave &wave, const Inst *inst) {
  return globalChange<T, Lanes>(wave, inst, [](T m, T d, T) { return Op::op(m, d); });
}
template <class T, class Lanes> static const Inst *globalCompareSwap(Wave &wave, const Inst *inst) {
  return globalChange<T, Lanes>(wave, inst, [](T m, T value, T expected) { return m == expected ? value : m; });
}

// Flat: lanes in the LDS or scratch aperture go there, the rest is global.
template <class K, bool write> static ECLIP_INLINE const Inst *flatAccess(Wave &wave, const Inst *inst) {
  VaddrLanes lanes(wave, inst);
  Context &context = *wave.context;
  uint32_t *rows = wave.at(write ? inst->src[1] : inst->dst);
  uint64_t exec = wave.exec(), global = 0;
  for (unsigned l = 0; l < 64; ++l) {
    uint32_t high = static_cast<uint32_t>(lanes.at(l) >> 32);
    global |= static_cast<uint64_t>(high != sharedAperture && high != privateAperture) << l;
  }
  observe(wave, exec & global, K::bytes, write, [&](unsigned l) { return lanes.at(l); });
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    uint64_t address = lanes.at(l);
    uint32_t high = static_cast<uint32_t>(address >> 32), low = static_cast<uint32_t>(address);
    if (high == privateAperture) {
      uint64_t base = wave.wide(scalarSlot(SR_FlatScratchLo));
      if (!scratchAccess<K, write>(wave, rows, l, base, low))
        return globalFault(wave, inst, write, address);
      continue;
    }
    uint8_t *p = reinterpret_cast<uint8_t *>(address);
    if (high == sharedAperture) {
      if (static_cast<uint64_t>(low) + K::bytes > context.ldsBytes)
        return fault(wave, inst, RunStatus::MemoryFault, "LDS access outside the allocated size at offset", low);
      p = context.lds + low;
    } else if (!inRange(context, address, K::bytes, write)) {
      return globalFault(wave, inst, write, address);
    }
    if constexpr (write)
      K::store(rows, l, p);
    else
      K::load(rows, l, p);
  }
  return inst + 1;
}
template <class K> static const Inst *flatLoad(Wave &w, const Inst *i) { return flatAccess<K, false>(w, i); }
template <class K> static const Inst *flatStore(Wave &w, const Inst *i) { return flatAccess<K, true>(w, i); }

/// Atomics through the LDS aperture stay within this host thread; scratch has none.
template <class T, class F> static ECLIP_INLINE const Inst *flatChange(Wave &wave, const Inst *inst, F change) {
  VaddrLanes lanes(wave, inst);
  Context &context = *wave.context;
  const uint32_t *data = wave.at(inst->src[1]);
  uint64_t exec = wave.exec(), global = 0;
  for (unsigned l = 0; l < 64; ++l)
    global |= static_cast<uint64_t>(static_cast<uint32_t>(lanes.at(l) >> 32) != sharedAperture) << l;
  observe(wave, exec & global, sizeof(T), true, [&](unsigned l) { return lanes.at(l); });
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    uint64_t address = lanes.at(l), place = address;
    if (static_cast<uint32_t>(address >> 32) == sharedAperture) {
      uint32_t low = static_cast<uint32_t>(address);
      if (low % sizeof(T) || static_cast<uint64_t>(low) + sizeof(T) > context.ldsBytes)
        return fault(wave, inst, RunStatus::MemoryFault, "LDS access outside the allocated size at offset", low);
      place = reinterpret_cast<uint64_t>(context.lds) + low;
    } else if (address % sizeof(T)) {
      return misaligned(wave, inst, address);
    } else if (!inRange(context, address, sizeof(T), true)) {
      return globalFault(wave, inst, true, address);
    }
    T value = rowValue<T>(data, l), second = rowValue<T>(data + 64 * sizeof(T) / 4, l);
    T old = changeMemory<T>(place, [&](T m) { return change(m, value, second); });
    if (inst->flags)
      setRowValue<T>(wave.at(inst->dst), l, old);
  }
  return inst + 1;
}
template <class Op, class T> static const Inst *flatAtomic(Wave &wave, const Inst *inst) {
  return flatChange<T>(wave, inst, [](T m, T d, T) { return Op::op(m, d); });
}
template <class T> static const Inst *flatCompareSwap(Wave &wave, const Inst *inst) {
  return flatChange<T>(wave, inst, [](T m, T value, T expected) { return m == expected ? value : m; });
}

/// scratch_*: an offset in a lane's private segment, from a row or a scalar.
template <class K, bool write, bool scalarAddress>
static ECLIP_INLINE const Inst *scratchOp(Wave &wave, const Inst *inst) {
  uint32_t *rows = wave.at(write ? inst->src[1] : inst->dst);
  uint64_t base = wave.wide(scalarSlot(SR_FlatScratchLo));
  for (uint64_t exec = wave.exec(); exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    uint32_t from = scalarAddress ? *wave.at(inst->src[2]) : wave.at(inst->src[0])[l];
    uint32_t offset = from + static_cast<uint32_t>(inst->imm);
    if (!scratchAccess<K, write>(wave, rows, l, base, offset))
      return fault(wave, inst, RunStatus::MemoryFault, "scratch access outside the private segment at offset", offset);
  }
  return inst + 1;
}
template <class K> static const Inst *scratchLoad(Wave &w, const Inst *i) { return scratchOp<K, false, false>(w, i); }
template <class K> static const Inst *scratchLoadS(Wave &w, const Inst *i) { return scratchOp<K, false, true>(w, i); }
template <class K> static const Inst *scratchStore(Wave &w, const Inst *i) { return scratchOp<K, true, false>(w, i); }
template <class K> static const Inst *scratchStoreS(Wave &w, const Inst *i) { return scratchOp<K, true, true>(w, i); }

static ECLIP_INLINE void add(OpSink &s, const char *name, Handler run, Handler alt, unsigned rows, unsigned result, uint32_t flags) {
  PlainOp op = {name, run, alt, static_cast<uint8_t>(rows), static_cast<uint8_t>(result), Ty::None, {Ty::None, Ty::None}, flags};
  s.plain(s, op);
}

#define ECLIP_LOAD(name, ...)                                                                       \
  add(s, "global_load_" name, globalLoad<__VA_ARGS__, VaddrLanes>, globalLoad<__VA_ARGS__, SaddrLanes>, 0, __VA_ARGS__::rows, PF_NoData); \
  add(s, "flat_load_" name, flatLoad<__VA_ARGS__>, nullptr, 0, __VA_ARGS__::rows, PF_NoData);       \
  add(s, "scratch_load_" name, scratchLoad<__VA_ARGS__>, scratchLoadS<__VA_ARGS__>, 0, __VA_ARGS__::rows, PF_NoData)
#define ECLIP_STORE(name, ...)                                                                      \
  add(s, "global_store_" name, globalStore<__VA_ARGS__, VaddrLanes>, globalStore<__VA_ARGS__, SaddrLanes>, __VA_ARGS__::rows, 0, PF_Store); \
  add(s, "flat_store_" name, flatStore<__VA_ARGS__>, nullptr, __VA_ARGS__::rows, 0, PF_Store);      \
  add(s, "scratch_store_" name, scratchStore<__VA_ARGS__>, scratchStoreS<__VA_ARGS__>, __VA_ARGS__::rows, 0, PF_Store)

static void addLoads(OpSink &s) {
  ECLIP_LOAD("dword", Words<1>);
  ECLIP_LOAD("dwordx2", Words<2>);
  ECLIP_LOAD("dwordx3", Words<3>);
  ECLIP_LOAD("dwordx4", Words<4>);
  ECLIP_LOAD("ubyte", Narrow<uint8_t>);
  ECLIP_LOAD("sbyte", Narrow<int8_t>);
  ECLIP_LOAD("ushort", Narrow<uint16_t>);
  ECLIP_LOAD("sshort", Narrow<int16_t>);
  ECLIP_LOAD("ubyte_d16", Half16<uint8_t, false>);
  ECLIP_LOAD("ubyte_d16_hi", Half16<uint8_t, true>);
  ECLIP_LOAD("sbyte_d16", Half16<int8_t, false>);
  ECLIP_LOAD("sbyte_d16_hi", Half16<int8_t, true>);
  ECLIP_LOAD("short_d16", Half16<uint16_t, false>);
  ECLIP_LOAD("short_d16_hi", Half16<uint16_t, true>);
}

static void addStores(OpSink &s) {
  ECLIP_STORE("dword", Words<1>);
  ECLIP_STORE("dwordx2", Words<2>);
  ECLIP_STORE("dwordx3", Words<3>);
  ECLIP_STORE("dwordx4", Words<4>);
  ECLIP_STORE("byte", Narrow<uint8_t>);
  ECLIP_STORE("short", Narrow<uint16_t>);
  ECLIP_STORE("byte_d16_hi", Narrow<uint8_t, true>);
  ECLIP_STORE("short_d16_hi", Narrow<uint16_t, true>);
}

#define ECLIP_ATOMIC(name, Op)                                                                      \
  add(s, "global_atomic_" name, globalAtomic<Op, uint32_t, VaddrLanes>, globalAtomic<Op, uint32_t, SaddrLanes>, 1, 1, PF_Atomic); \
  add(s, "global_atomic_" name "_x2", globalAtomic<Op, uint64_t, VaddrLanes>, globalAtomic<Op, uint64_t, SaddrLanes>, 2, 2, PF_Atomic); \
  add(s, "flat_atomic_" name, flatAtomic<Op, uint32_t>, nullptr, 1, 1, PF_Atomic);                  \
  add(s, "flat_atomic_" name "_x2", flatAtomic<Op, uint64_t>, nullptr, 2, 2, PF_Atomic)

void addGlobalOps(OpSink &s) {
  addLoads(s);
  addStores(s);
  ECLIP_ATOMIC("swap", AtomicSwap);
  ECLIP_ATOMIC("add", AtomicAdd);
  ECLIP_ATOMIC("sub", AtomicSub);
  ECLIP_ATOMIC("smin", AtomicSMin);
  ECLIP_ATOMIC("umin", AtomicUMin);
  ECLIP_ATOMIC("smax", AtomicSMax);
  ECLIP_ATOMIC("umax", AtomicUMax);
  ECLIP_ATOMIC("and", AtomicAnd);
  ECLIP_ATOMIC("or", AtomicOr);
  ECLIP_ATOMIC("xor", AtomicXor);
  ECLIP_ATOMIC("inc", AtomicInc);
  ECLIP_ATOMIC("dec", AtomicDec);
  add(s, "global_atomic_cmpswap", globalCompareSwap<uint32_t, VaddrLanes>, globalCompareSwap<uint32_t, SaddrLanes>, 2, 1, PF_Atomic);
  add(s, "global_atomic_cmpswap_x2", globalCompareSwap<uint64_t, VaddrLanes>, globalCompareSwap<uint64_t, SaddrLanes>, 4, 2, PF_Atomic);
  add(s, "flat_atomic_cmpswap", flatCompareSwap<uint32_t>, nullptr, 2, 1, PF_Atomic);
  add(s, "flat_atomic_cmpswap_x2", flatCompareSwap<uint64_t>, nullptr, 4, 2, PF_Atomic);
}

} // namespace eclip::vgpu::ECLIP_LANES
