//===- Buffer.cpp - MUBUF instructions ------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/Memory.h"
#include "runtime/vgpu/exec/lanes/Swizzle.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

/// A buffer descriptor of gfx9.
struct Descriptor {
  uint64_t base;
  uint32_t stride, records, indexStride, elementSize;
  bool swizzled, addThread;
  ECLIP_INLINE explicit Descriptor(const uint32_t *w)
      : base(w[0] | static_cast<uint64_t>(w[1] & 0xffff) << 32), stride(w[1] >> 16 & 0x3fff),
        records(w[2]), indexStride(8u << (w[3] >> 21 & 3)), elementSize(2u << (w[3] >> 19 & 3)),
        swizzled(w[1] >> 31), addThread(w[3] >> 23 & 1) {}
};

/// MUBUF operands beside those of Memory.h: imm2 bit 0 offen, bit 1 idxen;
/// maskSrc is the descriptor, src[2] the scalar offset.
struct BufferLanes {
  Descriptor resource;
  const uint32_t *index = nullptr, *offset = nullptr;
  uint32_t imm;
  uint64_t scalarOffset;
  ECLIP_INLINE BufferLanes(Wave &wave, const Inst *inst)
      : resource(wave.at(inst->maskSrc)), imm(static_cast<uint32_t>(inst->imm)),
        scalarOffset(*wave.at(inst->src[2])) {
    const uint32_t *row = wave.at(inst->src[0]);
    if (inst->imm2 & 2) {
      index = row;
      row += 64;
    }
    if (inst->imm2 & 1)
      offset = row;
  }
  ECLIP_INLINE uint32_t indexOf(unsigned l) const {
    return (index ? index[l] : 0) + (resource.addThread ? l : 0);
  }
  ECLIP_INLINE uint64_t offsetOf(unsigned l) const { return (offset ? offset[l] : 0) + static_cast<uint64_t>(imm); }
  /// Address of byte k of the access.
  ECLIP_INLINE uint64_t at(unsigned l, unsigned k = 0) const {
    uint64_t o = offsetOf(l) + k, i = indexOf(l);
    if (!resource.swizzled)
      return resource.base + scalarOffset + o + i * resource.stride;
    uint64_t block = i / resource.indexStride * resource.stride + o / resource.elementSize * resource.elementSize;
    return resource.base + scalarOffset + block * resource.indexStride +
           i % resource.indexStride * resource.elementSize + o % resource.elementSize;
  }
  /// Beyond the records: a load gives zero, a store does nothing.
  ECLIP_INLINE bool beyond(unsigned l, unsigned bytes) const {
    if (resource.swizzled)
      return false;
    if (resource.stride && index)
      return indexOf(l) >= resource.records;
    return offsetOf(l) + scalarOffset + bytes > resource.records;
  }
};

static const Inst *bufferFault(Wave &wave, const Inst *inst, bool write, uint64_t address) {
  return fault(wave, inst, RunStatus::MemoryFault,
               write ? "buffer write outside the live allocations at" : "buffer read outside the live allocations at",
               address);
}

/// Scratch is the runner's own memory and no allocation of the device's.
static ECLIP_INLINE bool reachable(Wave &wave, uint64_t first, uint64_t last, bool write) {
  if (first >= wave.scratchBase && last < wave.scratchEnd && first <= last)
    return true;
  return inRange(*wave.context, first, last - first + 1, write);
}

template <class K, bool write> static ECLIP_INLINE const Inst *bufferAccess(Wave &wave, const Inst *inst) {
  BufferLanes lanes(wave, inst);
  uint32_t *rows = wave.at(write ? inst->src[1] : inst->dst);
  uint64_t exec = wave.exec();
  if (!lanes.resource.swizzled) {
    uint64_t inside = 0;
    for (unsigned l = 0; l < 64; ++l)
      inside |= static_cast<uint64_t>(!lanes.beyond(l, K::bytes)) << l;
    observe(wave, exec & inside, K::bytes, write, [&](unsigned l) { return lanes.at(l); });
  }
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    uint8_t value[16] = {};
    if (lanes.beyond(l, K::bytes)) {
      if constexpr (!write)
        K::load(rows, l, value);
      continue;
    }
    uint64_t first = lanes.at(l), last = lanes.at(l, K::bytes - 1);
    if (!reachable(wave, first, last, write))
      return bufferFault(wave, inst, write, first);
    if constexpr (write) {
      K::store(rows, l, value);
      for (unsigned k = 0; k < K::bytes; ++k)
        *reinterpret_cast<uint8_t *>(lanes.at(l, k)) = value[k];
    } else {
      for (unsigned k = 0; k < K::bytes; ++k)
        value[k] = *reinterpret_cast<const uint8_t *>(lanes.at(l, k));
      K::load(rows, l, value);
    }
  }
  return inst + 1;
}
template <class K> static const Inst *bufferLoad(Wave &w, const Inst *i) { return bufferAccess<K, false>(w, i); }
template <class K> static const Inst *bufferStore(Wave &w, const Inst *i) { return bufferAccess<K, true>(w, i); }

template <class T, class F>
static ECLIP_INLINE const Inst *bufferChange(Wave &wave, const Inst *inst, F change) {
  BufferLanes lanes(wave, inst);
  uint32_t *data = wave.at(inst->src[1]);
  uint64_t exec = wave.exec(), inside = 0;
  for (unsigned l = 0; l < 64; ++l)
    inside |= static_cast<uint64_t>(!lanes.beyond(l, sizeof(T))) << l;
  observe(wave, exec & inside, sizeof(T), true, [&](unsigned l) { return lanes.at(l); });
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    T old = 0;
    if (!lanes.beyond(l, sizeof(T))) {
      uint64_t address = lanes.at(l);
      if (address % sizeof(T))
        return misaligned(wave, inst, address);
      if (lanes.resource.swizzled || !inRange(*wave.context, address, sizeof(T), true))
        return bufferFault(wave, inst, true, address);
      T *p = reinterpret_cast<T *>(address);
      T value = rowValue<T>(data, l), second = rowValue<T>(data + 64 * sizeof(T) / 4, l);
      old = __atomic_load_n(p, __ATOMIC_RELAXED);
      while (!__atomic_compare_exchange_n(p, &old, change(old, value, second), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
      }
    }
    if (inst->flags)
      setRowValue<T>(data, l, old);
  }
  return inst + 1;
}
template <class Op, class T> static const Inst *bufferAtomic(Wave &wave, const Inst *inst) {
  return bufferChange<T>(wave, inst, [](T m, T d, T) { return Op::op(m, d); });
}
template <class T> static const Inst *bufferCompareSwap(Wave &wave, const Inst *inst) {
  return bufferChange<T>(wave, inst, [](T m, T value, T expected) { return m == expected ? value : m; });
}
static const Inst *nothing(Wave &, const Inst *inst) { return inst + 1; }

static ECLIP_INLINE void add(OpSink &s, const char *name, Handler run, unsigned rows, unsigned result, uint32_t flags) {
  PlainOp op = {name, run, nullptr, static_cast<uint8_t>(rows), static_cast<uint8_t>(result), Ty::None, {Ty::None, Ty::None}, flags};
  s.plain(s, op);
}
template <class K> static void load(OpSink &s, const char *name) { add(s, name, bufferLoad<K>, 0, K::rows, PF_NoData); }
template <class K> static void store(OpSink &s, const char *name) { add(s, name, bufferStore<K>, K::rows, 0, PF_Store); }

#define ECLIP_BUFFER_ATOMIC(name, Op)                                                        \
  add(s, "buffer_atomic_" name, bufferAtomic<Op, uint32_t>, 1, 1, PF_Atomic);                \
  add(s, "buffer_atomic_" name "_x2", bufferAtomic<Op, uint64_t>, 2, 2, PF_Atomic)

static void addAccesses(OpSink &s) {
  load<Words<1>>(s, "buffer_load_dword");
  load<Words<2>>(s, "buffer_load_dwordx2");
  load<Words<3>>(s, "buffer_load_dwordx3");
  load<Words<4>>(s, "buffer_load_dwordx4");
  load<Narrow<uint8_t>>(s, "buffer_load_ubyte");
  load<Narrow<int8_t>>(s, "buffer_load_sbyte");
  load<Narrow<uint16_t>>(s, "buffer_load_ushort");
  load<Narrow<int16_t>>(s, "buffer_load_sshort");
  load<Half16<uint8_t, false>>(s, "buffer_load_ubyte_d16");
  load<Half16<uint8_t, true>>(s, "buffer_load_ubyte_d16_hi");
  load<Half16<int8_t, false>>(s, "buffer_load_sbyte_d16");
  load<Half16<int8_t, true>>(s, "buffer_load_sbyte_d16_hi");
  load<Half16<uint16_t, false>>(s, "buffer_load_short_d16");
  load<Half16<uint16_t, true>>(s, "buffer_load_short_d16_hi");
  store<Words<1>>(s, "buffer_store_dword");
  store<Words<2>>(s, "buffer_store_dwordx2");
  store<Words<3>>(s, "buffer_store_dwordx3");
  store<Words<4>>(s, "buffer_store_dwordx4");
  store<Narrow<uint8_t>>(s, "buffer_store_byte");
  store<Narrow<uint16_t>>(s, "buffer_store_short");
  store<Narrow<uint8_t, true>>(s, "buffer_store_byte_d16_hi");
  store<Narrow<uint16_t, true>>(s, "buffer_store_short_d16_hi");
}

void addBufferOps(OpSink &s) {
  addAccesses(s);
  ECLIP_BUFFER_ATOMIC("swap", AtomicSwap);
  ECLIP_BUFFER_ATOMIC("add", AtomicAdd);
  ECLIP_BUFFER_ATOMIC("sub", AtomicSub);
  ECLIP_BUFFER_ATOMIC("smin", AtomicSMin);
  ECLIP_BUFFER_ATOMIC("umin", AtomicUMin);
  ECLIP_BUFFER_ATOMIC("smax", AtomicSMax);
  ECLIP_BUFFER_ATOMIC("umax", AtomicUMax);
  ECLIP_BUFFER_ATOMIC("and", AtomicAnd);
  ECLIP_BUFFER_ATOMIC("or", AtomicOr);
  ECLIP_BUFFER_ATOMIC("xor", AtomicXor);
  ECLIP_BUFFER_ATOMIC("inc", AtomicInc);
  ECLIP_BUFFER_ATOMIC("dec", AtomicDec);
  add(s, "buffer_atomic_cmpswap", bufferCompareSwap<uint32_t>, 2, 1, PF_Atomic);
  add(s, "buffer_atomic_cmpswap_x2", bufferCompareSwap<uint64_t>, 4, 2, PF_Atomic);
  // Caches are the host's and coherent.
  add(s, "buffer_wbinvl1", nothing, 0, 0, PF_NoData);
  add(s, "buffer_wbinvl1_vol", nothing, 0, 0, PF_NoData);
}

} // namespace eclip::vgpu::ECLIP_LANES
