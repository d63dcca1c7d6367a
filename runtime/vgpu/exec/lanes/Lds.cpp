//===- Lds.cpp - LDS instructions -----------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/FloatOps.h"
#include "runtime/vgpu/exec/lanes/Gather.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

/// Largest address of the active lanes.
static ECLIP_INLINE uint32_t highest(Wave &wave, const uint32_t *address) {
  uint32_t high = 0;
  if (__builtin_expect(wave.exec() == ~0ull, 1)) {
#pragma clang loop vectorize(enable)
    for (unsigned l = 0; l < 64; ++l)
      high = address[l] > high ? address[l] : high;
    return high;
  }
  const uint32_t *active = expandedExec(wave);
#pragma clang loop vectorize(enable)
  for (unsigned l = 0; l < 64; ++l) {
    uint32_t a = address[l] & active[l];
    high = a > high ? a : high;
  }
  return high;
}

static ECLIP_INLINE bool outside(Wave &wave, uint32_t high, uint32_t offset, uint32_t bytes) {
  return static_cast<uint64_t>(high) + offset + bytes > wave.context->ldsBytes;
}

static const Inst *ldsFault(Wave &wave, const Inst *inst, uint64_t address) {
  return fault(wave, inst, RunStatus::MemoryFault, "LDS access outside the allocated size at offset", address);
}

/// The address row, or a copy of it where the destination would cover it.
static ECLIP_INLINE const uint32_t *addressRow(Wave &wave, const Inst *inst, unsigned rows, uint32_t *copy) {
  const uint32_t *address = wave.at(inst->src[0]);
  if (inst->src[0] - inst->dst >= rows * 256)
    return address;
  ECLIP_LANE_LOOP copy[l] = address[l];
  return copy;
}

template <class K>
static ECLIP_INLINE void readAll(uint32_t *d, const uint8_t *lds, const uint32_t *address) {
  if constexpr (K::isWords)
    gatherAll<K>(d, lds, address);
  else
    for (unsigned l = 0; l < 64; ++l)
      K::load(d, l, lds + address[l]);
}

template <class K> static const Inst *ldsRead(Wave &wave, const Inst *inst) {
  alignas(64) uint32_t copy[64];
  const uint32_t *address = addressRow(wave, inst, K::rows, copy);
  uint32_t *d = wave.at(inst->dst);
  uint32_t offset = static_cast<uint32_t>(inst->imm);
  uint32_t high = highest(wave, address);
  uint64_t exec = wave.exec();
  if (outside(wave, high, offset, K::bytes) && exec)
    return ldsFault(wave, inst, static_cast<uint64_t>(high) + offset);
  const uint8_t *lds = wave.context->lds + offset;
  if (__builtin_expect(exec == ~0ull, 1)) {
    readAll<K>(d, lds, address);
    return inst + 1;
  }
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    K::load(d, l, lds + address[l]);
  }
  return inst + 1;
}

/// Both loads see the addresses before either result is written.
template <class K> static const Inst *ldsRead2(Wave &wave, const Inst *inst) {
  alignas(64) uint32_t copy[64];
  const uint32_t *address = addressRow(wave, inst, 2 * K::rows, copy);
  uint32_t *d = wave.at(inst->dst);
  uint32_t first = static_cast<uint32_t>(inst->imm), second = static_cast<uint32_t>(inst->imm2);
  uint32_t high = highest(wave, address), far = first > second ? first : second;
  uint64_t exec = wave.exec();
  if (outside(wave, high, far, K::bytes) && exec)
    return ldsFault(wave, inst, static_cast<uint64_t>(high) + far);
  const uint8_t *lds = wave.context->lds;
  if (__builtin_expect(exec == ~0ull, 1)) {
    gatherAll<K>(d, lds + first, address);
    gatherAll<K>(d + 64 * K::rows, lds + second, address);
    return inst + 1;
  }
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    const uint8_t *p = lds + address[l];
    K::load(d, l, p + first);
    K::load(d + 64 * K::rows, l, p + second);
  }
  return inst + 1;
}

template <class K> static const Inst *ldsWrite(Wave &wave, const Inst *inst) {
  const uint32_t *address = wave.at(inst->src[0]), *data = wave.at(inst->src[1]);
  uint32_t offset = static_cast<uint32_t>(inst->imm);
  uint32_t high = highest(wave, address);
  uint64_t exec = wave.exec();
  if (outside(wave, high, offset, K::bytes) && exec)
    return ldsFault(wave, inst, static_cast<uint64_t>(high) + offset);
  uint8_t *lds = wave.context->lds + offset;
  if (__builtin_expect(exec == ~0ull, 1)) {
    if constexpr (K::isWords)
      scatterAll<K>(data, lds, address);
    else
      for (unsigned l = 0; l < 64; ++l)
        K::store(data, l, lds + address[l]);
    return inst + 1;
  }
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    K::store(data, l, lds + address[l]);
  }
  return inst + 1;
}

template <class K> static const Inst *ldsWrite2(Wave &wave, const Inst *inst) {
  const uint32_t *address = wave.at(inst->src[0]);
  const uint32_t *data = wave.at(inst->src[1]), *data2 = wave.at(inst->src[2]);
  uint32_t first = static_cast<uint32_t>(inst->imm), second = static_cast<uint32_t>(inst->imm2);
  uint32_t high = highest(wave, address), far = first > second ? first : second;
  uint64_t exec = wave.exec();
  if (outside(wave, high, far, K::bytes) && exec)
    return ldsFault(wave, inst, static_cast<uint64_t>(high) + far);
  uint8_t *lds = wave.context->lds;
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    K::store(data, l, lds + address[l] + first);
    K::store(data2, l, lds + address[l] + second);
  }
  return inst + 1;
}

/// One host thread runs a workgroup, so LDS needs no host atomics. Lanes act in
/// order. `change` gets memory and both data operands of one lane.
template <class T, bool returns, class F>
static ECLIP_INLINE const Inst *ldsChange(Wave &wave, const Inst *inst, F change) {
  const uint32_t *address = wave.at(inst->src[0]);
  const uint32_t *data = wave.at(inst->src[1]), *data2 = wave.at(inst->src[2]);
  uint32_t *d = wave.at(inst->dst);
  uint32_t offset = static_cast<uint32_t>(inst->imm);
  uint32_t high = highest(wave, address);
  uint64_t exec = wave.exec();
  if (outside(wave, high, offset, sizeof(T)) && exec)
    return ldsFault(wave, inst, static_cast<uint64_t>(high) + offset);
  uint8_t *lds = wave.context->lds + offset;
  for (; exec; exec &= exec - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(exec));
    uint8_t *p = lds + address[l];
    T old = loadAs<T>(p);
    storeAs<T>(p, change(old, rowValue<T>(data, l), rowValue<T>(data2, l)));
    if (returns)
      setRowValue<T>(d, l, old);
  }
  return inst + 1;
}
template <class Op, class T, bool returns> static const Inst *ldsAtomic(Wave &wave, const Inst *inst) {
  return ldsChange<T, returns>(wave, inst, [](T m, T d, T) { return Op::op(m, d); });
}
template <class T, bool returns> static const Inst *ldsCompareStore(Wave &wave, const Inst *inst) {
  return ldsChange<T, returns>(wave, inst, [](T m, T expected, T value) { return m == expected ? value : m; });
}
template <class T, bool returns> static const Inst *ldsMaskOr(Wave &wave, const Inst *inst) {
  return ldsChange<T, returns>(wave, inst, [](T m, T mask, T value) { return (m & ~mask) | value; });
}
struct FloatAdd {
  static ECLIP_INLINE uint32_t op(uint32_t m, uint32_t d) { return bits<uint32_t>(bits<float>(m) + bits<float>(d)); }
};
struct FloatMin {
  static ECLIP_INLINE uint32_t op(uint32_t m, uint32_t d) {
    return bits<uint32_t>(floatMin(Mode_IEEE | Mode_Denorm32, bits<float>(m), bits<float>(d)));
  }
};
struct FloatMax {
  static ECLIP_INLINE uint32_t op(uint32_t m, uint32_t d) {
    return bits<uint32_t>(floatMax(Mode_IEEE | Mode_Denorm32, bits<float>(m), bits<float>(d)));
  }
};

// Exchanges between lanes: no memory is touched.
static const Inst *permute(Wave &wave, const Inst *inst) {
  const uint32_t *address = wave.at(inst->src[0]), *data = wave.at(inst->src[1]);
  uint32_t out[64] = {};
  uint64_t exec = wave.exec();
  for (uint64_t m = exec; m; m &= m - 1) {
    unsigned l = static_cast<unsigned>(__builtin_ctzll(m));
    out[(address[l] + static_cast<uint32_t>(inst->imm)) >> 2 & 63] = data[l];
  }
  uint32_t *d = wave.at(inst->dst);
  for (unsigned l = 0; l < 64; ++l)
    d[l] = laneBit(exec, l) ? out[l] : d[l];
  return inst + 1;
}
static const Inst *backPermute(Wave &wave, const Inst *inst) {
  const uint32_t *address = wave.at(inst->src[0]), *data = wave.at(inst->src[1]);
  uint32_t out[64];
  uint64_t exec = wave.exec();
  for (unsigned l = 0; l < 64; ++l) {
    unsigned from = (address[l] + static_cast<uint32_t>(inst->imm)) >> 2 & 63;
    out[l] = laneBit(exec, from) ? data[from] : 0;
  }
  uint32_t *d = wave.at(inst->dst);
  for (unsigned l = 0; l < 64; ++l)
    d[l] = laneBit(exec, l) ? out[l] : d[l];
  return inst + 1;
}
static const Inst *swizzle(Wave &wave, const Inst *inst) {
  const uint32_t *data = wave.at(inst->src[0]);
  uint32_t out[64], pattern = static_cast<uint32_t>(inst->imm);
  uint64_t exec = wave.exec();
  for (unsigned l = 0; l < 64; ++l) {
    unsigned from;
    if (pattern >= 0xc000) { // rotate within 32 lanes
      unsigned amount = pattern >> 5 & 31, keep = pattern & 31;
      unsigned moved = pattern >> 10 & 1 ? l - amount : l + amount;
      from = (l & 32) | (l & keep) | (moved & 31 & ~keep);
    } else if (pattern & 0x8000) {
      from = (l & ~3u) | (pattern >> (2 * (l & 3)) & 3);
    } else {
      unsigned in = l & 31;
      from = (l & 32) | (((in & (pattern & 31)) | (pattern >> 5 & 31)) ^ (pattern >> 10 & 31));
    }
    out[l] = laneBit(exec, from) ? data[from] : 0;
  }
  uint32_t *d = wave.at(inst->dst);
  for (unsigned l = 0; l < 64; ++l)
    d[l] = laneBit(exec, l) ? out[l] : d[l];
  return inst + 1;
}
static const Inst *nothing(Wave &, const Inst *inst) { return inst + 1; }

static ECLIP_INLINE void add(OpSink &s, const char *name, Handler run, unsigned rows, unsigned result, uint32_t flags) {
  PlainOp op = {name, run, nullptr, static_cast<uint8_t>(rows), static_cast<uint8_t>(result), Ty::None, {Ty::None, Ty::None}, flags};
  s.plain(s, op);
}

static void addAccesses(OpSink &s) {
  auto read = [&](const char *name, Handler run, unsigned rows) { add(s, name, run, 0, rows, PF_NoData); };
  read("ds_read_b32", ldsRead<Words<1>>, 1);
  read("ds_read_b64", ldsRead<Words<2>>, 2);
  read("ds_read_b96", ldsRead<Words<3>>, 3);
  read("ds_read_b128", ldsRead<Words<4>>, 4);
  read("ds_read_u8", ldsRead<Narrow<uint8_t>>, 1);
  read("ds_read_i8", ldsRead<Narrow<int8_t>>, 1);
  read("ds_read_u16", ldsRead<Narrow<uint16_t>>, 1);
  read("ds_read_i16", ldsRead<Narrow<int16_t>>, 1);
  read("ds_read_u8_d16", ldsRead<Half16<uint8_t, false>>, 1);
  read("ds_read_u8_d16_hi", ldsRead<Half16<uint8_t, true>>, 1);
  read("ds_read_i8_d16", ldsRead<Half16<int8_t, false>>, 1);
  read("ds_read_i8_d16_hi", ldsRead<Half16<int8_t, true>>, 1);
  read("ds_read_u16_d16", ldsRead<Half16<uint16_t, false>>, 1);
  read("ds_read_u16_d16_hi", ldsRead<Half16<uint16_t, true>>, 1);
  add(s, "ds_read2_b32", ldsRead2<Words<1>>, 0, 2, PF_NoData | PF_Two);
  add(s, "ds_read2_b64", ldsRead2<Words<2>>, 0, 4, PF_NoData | PF_Two);
  add(s, "ds_read2st64_b32", ldsRead2<Words<1>>, 0, 2, PF_NoData | PF_Two | PF_Stride64);
  add(s, "ds_read2st64_b64", ldsRead2<Words<2>>, 0, 4, PF_NoData | PF_Two | PF_Stride64);
  auto write = [&](const char *name, Handler run, unsigned rows) { add(s, name, run, rows, 0, PF_Store); };
  write("ds_write_b8", ldsWrite<Narrow<uint8_t>>, 1);
  write("ds_write_b16", ldsWrite<Narrow<uint16_t>>, 1);
  write("ds_write_b8_d16_hi", ldsWrite<Narrow<uint8_t, true>>, 1);
  write("ds_write_b16_d16_hi", ldsWrite<Narrow<uint16_t, true>>, 1);
  write("ds_write_b32", ldsWrite<Words<1>>, 1);
  write("ds_write_b64", ldsWrite<Words<2>>, 2);
  write("ds_write_b96", ldsWrite<Words<3>>, 3);
  write("ds_write_b128", ldsWrite<Words<4>>, 4);
  constexpr uint32_t two = PF_Store | PF_Two | PF_Data2;
  add(s, "ds_write2_b32", ldsWrite2<Words<1>>, 1, 0, two);
  add(s, "ds_write2_b64", ldsWrite2<Words<2>>, 2, 0, two);
  add(s, "ds_write2st64_b32", ldsWrite2<Words<1>>, 1, 0, two | PF_Stride64);
  add(s, "ds_write2st64_b64", ldsWrite2<Words<2>>, 2, 0, two | PF_Stride64);
}

#define ECLIP_LDS_ATOMIC(Op, op, u32, u64)                                     \
  add(s, "ds_" op "_" u32, ldsAtomic<Op, uint32_t, false>, 1, 0, PF_Atomic);   \
  add(s, "ds_" op "_rtn_" u32, ldsAtomic<Op, uint32_t, true>, 1, 1, PF_Atomic); \
  add(s, "ds_" op "_" u64, ldsAtomic<Op, uint64_t, false>, 2, 0, PF_Atomic);   \
  add(s, "ds_" op "_rtn_" u64, ldsAtomic<Op, uint64_t, true>, 2, 2, PF_Atomic)
#define ECLIP_LDS_FLOAT(Op, op)                                                \
  add(s, "ds_" op "_f32", ldsAtomic<Op, uint32_t, false>, 1, 0, PF_Atomic);    \
  add(s, "ds_" op "_rtn_f32", ldsAtomic<Op, uint32_t, true>, 1, 1, PF_Atomic)

static void addAtomics(OpSink &s) {
  ECLIP_LDS_ATOMIC(AtomicAdd, "add", "u32", "u64");
  ECLIP_LDS_ATOMIC(AtomicSub, "sub", "u32", "u64");
  ECLIP_LDS_ATOMIC(AtomicRevSub, "rsub", "u32", "u64");
  ECLIP_LDS_ATOMIC(AtomicInc, "inc", "u32", "u64");
  ECLIP_LDS_ATOMIC(AtomicDec, "dec", "u32", "u64");
  ECLIP_LDS_ATOMIC(AtomicSMin, "min", "i32", "i64");
  ECLIP_LDS_ATOMIC(AtomicSMax, "max", "i32", "i64");
  ECLIP_LDS_ATOMIC(AtomicUMin, "min", "u32", "u64");
  ECLIP_LDS_ATOMIC(AtomicUMax, "max", "u32", "u64");
  ECLIP_LDS_ATOMIC(AtomicAnd, "and", "b32", "b64");
  ECLIP_LDS_ATOMIC(AtomicOr, "or", "b32", "b64");
  ECLIP_LDS_ATOMIC(AtomicXor, "xor", "b32", "b64");
  ECLIP_LDS_FLOAT(FloatAdd, "add");
  ECLIP_LDS_FLOAT(FloatMin, "min");
  ECLIP_LDS_FLOAT(FloatMax, "max");
  constexpr uint32_t both = PF_Atomic | PF_Data2;
  add(s, "ds_wrxchg_rtn_b32", ldsAtomic<AtomicSwap, uint32_t, true>, 1, 1, PF_Atomic);
  add(s, "ds_wrxchg_rtn_b64", ldsAtomic<AtomicSwap, uint64_t, true>, 2, 2, PF_Atomic);
  add(s, "ds_cmpst_b32", ldsCompareStore<uint32_t, false>, 1, 0, both);
  add(s, "ds_cmpst_rtn_b32", ldsCompareStore<uint32_t, true>, 1, 1, both);
  add(s, "ds_cmpst_b64", ldsCompareStore<uint64_t, false>, 2, 0, both);
  add(s, "ds_cmpst_rtn_b64", ldsCompareStore<uint64_t, true>, 2, 2, both);
  add(s, "ds_mskor_b32", ldsMaskOr<uint32_t, false>, 1, 0, both);
  add(s, "ds_mskor_rtn_b32", ldsMaskOr<uint32_t, true>, 1, 1, both);
  add(s, "ds_mskor_b64", ldsMaskOr<uint64_t, false>, 2, 0, both);
  add(s, "ds_mskor_rtn_b64", ldsMaskOr<uint64_t, true>, 2, 2, both);
}

void addLdsOps(OpSink &s) {
  addAccesses(s);
  addAtomics(s);
  add(s, "ds_permute_b32", permute, 1, 1, 0);
  add(s, "ds_bpermute_b32", backPermute, 1, 1, 0);
  add(s, "ds_swizzle_b32", swizzle, 0, 1, PF_NoData);
  add(s, "ds_nop", nothing, 0, 0, PF_NoData);
}

} // namespace eclip::vgpu::ECLIP_LANES
