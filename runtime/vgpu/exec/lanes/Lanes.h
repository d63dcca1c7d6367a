//===- Lanes.h - how a scalar formula becomes 64 lanes ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sources in this folder are compiled twice, with ECLIP_LANES naming the
// namespace: once for any x86-64 and once for AVX2, FMA and F16C. Nothing from
// the standard library may be instantiated here: the linker merges inline
// functions by name and could keep the copy that the host cannot run.
//
// An operation is a captureless lambda on one lane; the loops below are
// vectorized by the compiler. Lanes never depend on each other, and rows either
// coincide or are disjoint, so no aliasing check is needed.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_LANES_LANES_H
#define ECLIP_VGPU_EXEC_LANES_LANES_H

#include "runtime/vgpu/exec/Wave.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifndef ECLIP_LANES
#error "define ECLIP_LANES as the namespace of this compilation"
#endif

#define ECLIP_LANE_LOOP                                                        \
  _Pragma("clang loop vectorize(assume_safety) interleave(disable)") for (     \
      unsigned l = 0; l < 64; ++l)
#define ECLIP_HOT_LOOP                                                         \
  _Pragma("clang loop vectorize(assume_safety) interleave_count(4)") for (     \
      unsigned l = 0; l < 64; ++l)

namespace eclip::vgpu::ECLIP_LANES {

template <class To, class From> ECLIP_INLINE To bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, from);
}

// Tags: how a row is read as a value of one lane, and written.
struct U32 {
  using Value = uint32_t;
  static constexpr Ty ty = Ty::B32;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) { return r[l]; }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) { r[l] = v; }
  static ECLIP_INLINE Value one(const uint32_t *p) { return p[0]; }
};
struct I32 {
  using Value = int32_t;
  static constexpr Ty ty = Ty::B32;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) { return static_cast<int32_t>(r[l]); }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) { r[l] = static_cast<uint32_t>(v); }
  static ECLIP_INLINE Value one(const uint32_t *p) { return static_cast<int32_t>(p[0]); }
};
struct F32 {
  using Value = float;
  static constexpr Ty ty = Ty::F32;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) { return bits<float>(r[l]); }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) { r[l] = bits<uint32_t>(v); }
  static ECLIP_INLINE Value one(const uint32_t *p) { return bits<float>(p[0]); }
};
struct U64 {
  using Value = uint64_t;
  static constexpr Ty ty = Ty::B64;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) {
    return r[l] | static_cast<uint64_t>(r[l + 64]) << 32;
  }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) {
    r[l] = static_cast<uint32_t>(v);
    r[l + 64] = static_cast<uint32_t>(v >> 32);
  }
  static ECLIP_INLINE Value one(const uint32_t *p) { return p[0] | static_cast<uint64_t>(p[1]) << 32; }
};
struct I64 {
  using Value = int64_t;
  static constexpr Ty ty = Ty::B64;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) { return static_cast<int64_t>(U64::load(r, l)); }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) { U64::store(r, l, static_cast<uint64_t>(v)); }
};
struct F64 {
  using Value = double;
  static constexpr Ty ty = Ty::F64;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) { return bits<double>(U64::load(r, l)); }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) { U64::store(r, l, bits<uint64_t>(v)); }
};
struct U16 {
  using Value = uint32_t;
  static constexpr Ty ty = Ty::B16;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) { return r[l] & 0xffff; }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) { r[l] = v & 0xffff; }
  static ECLIP_INLINE Value one(const uint32_t *p) { return p[0] & 0xffff; }
};
struct I16 {
  using Value = int32_t;
  static constexpr Ty ty = Ty::B16;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) { return static_cast<int32_t>(r[l] << 16) >> 16; }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) { r[l] = static_cast<uint32_t>(v) & 0xffff; }
};

ECLIP_INLINE float halfToFloat(uint32_t h) {
  return static_cast<float>(bits<_Float16>(static_cast<uint16_t>(h)));
}
ECLIP_INLINE uint32_t floatToHalf(float f) {
  return bits<uint16_t>(static_cast<_Float16>(f));
}
/// A half, as the float of the same value. Formulas on it may round to float
/// first: with 24 bits of significand one operation is still rounded correctly.
struct F16 {
  using Value = float;
  static constexpr Ty ty = Ty::F16;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) { return halfToFloat(r[l]); }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) { r[l] = floatToHalf(v); }
  static ECLIP_INLINE Value one(const uint32_t *p) { return halfToFloat(p[0]); }
};
/// A half as its bits.
struct H16 : U16 {
  static constexpr Ty ty = Ty::F16;
};
/// A single and a double as their bits.
struct S32 : U32 {
  static constexpr Ty ty = Ty::F32;
};
struct D64 : U64 {
  static constexpr Ty ty = Ty::F64;
};
template <class T> struct Pair {
  T lo, hi;
};
struct PkF {
  using Value = Pair<float>;
  static constexpr Ty ty = Ty::PF16;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) { return {halfToFloat(r[l]), halfToFloat(r[l] >> 16)}; }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) { r[l] = floatToHalf(v.lo) | floatToHalf(v.hi) << 16; }
  static ECLIP_INLINE Value one(const uint32_t *p) { return {halfToFloat(p[0]), halfToFloat(p[0] >> 16)}; }
};
struct PkU {
  using Value = Pair<uint32_t>;
  static constexpr Ty ty = Ty::P16;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) { return {r[l] & 0xffff, r[l] >> 16}; }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) { r[l] = (v.lo & 0xffff) | v.hi << 16; }
};
/// Two halves as their bits.
struct PkH : PkU {
  static constexpr Ty ty = Ty::PF16;
};
struct PkI {
  using Value = Pair<int32_t>;
  static constexpr Ty ty = Ty::P16;
  static ECLIP_INLINE Value load(const uint32_t *r, unsigned l) {
    return {static_cast<int32_t>(r[l] << 16) >> 16, static_cast<int32_t>(r[l]) >> 16};
  }
  static ECLIP_INLINE void store(uint32_t *r, unsigned l, Value v) {
    r[l] = (static_cast<uint32_t>(v.lo) & 0xffff) | static_cast<uint32_t>(v.hi) << 16;
  }
};
/// A source of v_fma_mix, already made a float.
struct Mix : F32 {
  static constexpr Ty ty = Ty::MixF32;
};

/// Calls a formula, with the MODE register first if it takes that.
template <class F, class... V>
ECLIP_INLINE auto callOp(uint32_t mode, V... v) {
  if constexpr (requires { F{}(mode, v...); } && !requires { F{}(v...); })
    return F{}(mode, v...);
  else
    return F{}(v...);
}

ECLIP_INLINE bool laneBit(uint64_t mask, unsigned l) {
  uint32_t half = static_cast<uint32_t>(l < 32 ? mask : mask >> 32);
  return half >> (l & 31) & 1;
}

/// One bit per lane of a row that holds 0 or all ones.
ECLIP_INLINE uint64_t packMask(const uint32_t *row) {
  uint64_t mask = 0;
#if defined(__AVX2__)
  for (unsigned g = 0; g < 8; ++g) {
    __m256 v = _mm256_load_ps(reinterpret_cast<const float *>(row) + 8 * g);
    mask |= static_cast<uint64_t>(_mm256_movemask_ps(v)) << (8 * g);
  }
#elif defined(__SSE2__)
  for (unsigned g = 0; g < 16; ++g) {
    __m128 v = _mm_load_ps(reinterpret_cast<const float *>(row) + 4 * g);
    mask |= static_cast<uint64_t>(_mm_movemask_ps(v)) << (4 * g);
  }
#else
  for (unsigned l = 0; l < 64; ++l)
    mask |= static_cast<uint64_t>(row[l] >> 31) << l;
#endif
  return mask;
}

/// All ones in the lanes of `mask`, for the rows of a wave.
ECLIP_INLINE const uint32_t *expandedExec(Wave &wave) {
  uint64_t exec = wave.exec();
  if (wave.expandedFor != exec) {
    wave.expandedFor = exec;
    uint32_t *row = wave.expanded;
    uint32_t half[2] = {static_cast<uint32_t>(exec), static_cast<uint32_t>(exec >> 32)};
    for (unsigned h = 0; h < 2; ++h)
      for (unsigned l = 0; l < 32; ++l)
        row[32 * h + l] = 0u - (half[h] >> l & 1);
  }
  return wave.expanded;
}

// Lane functions: every source in a row.
template <class F, class D, class A> void lanes1(LaneArgs &x) {
  ECLIP_LANE_LOOP D::store(x.d, l, callOp<F>(x.mode, A::load(x.a, l)));
}
template <class F, class D, class A, class B> void lanes2(LaneArgs &x) {
  ECLIP_LANE_LOOP D::store(x.d, l, callOp<F>(x.mode, A::load(x.a, l), B::load(x.b, l)));
}
template <class F, class D, class A, class B, class C> void lanes3(LaneArgs &x) {
  ECLIP_LANE_LOOP D::store(x.d, l, callOp<F>(x.mode, A::load(x.a, l), B::load(x.b, l), C::load(x.c, l)));
}
template <class F, class A, class B> void lanesCompare(LaneArgs &x) {
  alignas(64) uint32_t row[64];
  ECLIP_LANE_LOOP row[l] = F{}(A::load(x.a, l), B::load(x.b, l)) ? ~0u : 0u;
  x.maskOut = packMask(row);
}

const Inst *generalVector(Wave &wave, const Inst *inst);

/// A source that is a row or one scalar for all lanes.
template <bool scalar, class T> struct Source {
  const uint32_t *row;
  ECLIP_INLINE Source(const uint32_t *p) : row(p) {}
  ECLIP_INLINE auto at(unsigned l) const { return T::load(row, l); }
};
template <class T> struct Source<true, T> {
  typename T::Value value;
  ECLIP_INLINE Source(const uint32_t *p) : value(T::one(p)) {}
  ECLIP_INLINE auto at(unsigned) const { return value; }
};

// Direct handlers: no modifiers, all lanes active, destination one row.
template <class F, unsigned kinds, class D, class A>
const Inst *direct1(Wave &wave, const Inst *inst) {
  if (__builtin_expect(wave.exec() != ~0ull, 0))
    return generalVector(wave, inst);
  Source<(kinds & 1) != 0, A> a(wave.at(inst->src[0]));
  uint32_t *d = wave.at(inst->dst);
  ECLIP_HOT_LOOP D::store(d, l, F{}(a.at(l)));
  return inst + 1;
}
template <class F, unsigned kinds, class D, class A, class B>
const Inst *direct2(Wave &wave, const Inst *inst) {
  if (__builtin_expect(wave.exec() != ~0ull, 0))
    return generalVector(wave, inst);
  Source<(kinds & 1) != 0, A> a(wave.at(inst->src[0]));
  Source<(kinds & 2) != 0, B> b(wave.at(inst->src[1]));
  uint32_t *d = wave.at(inst->dst);
  uint32_t mode = wave.mode;
  ECLIP_HOT_LOOP D::store(d, l, callOp<F>(mode, a.at(l), b.at(l)));
  return inst + 1;
}
template <class F, unsigned kinds, class D, class A, class B, class C>
const Inst *direct3(Wave &wave, const Inst *inst) {
  if (__builtin_expect(wave.exec() != ~0ull, 0))
    return generalVector(wave, inst);
  Source<(kinds & 1) != 0, A> a(wave.at(inst->src[0]));
  Source<(kinds & 2) != 0, B> b(wave.at(inst->src[1]));
  Source<(kinds & 4) != 0, C> c(wave.at(inst->src[2]));
  uint32_t *d = wave.at(inst->dst);
  ECLIP_HOT_LOOP D::store(d, l, F{}(a.at(l), b.at(l), c.at(l)));
  return inst + 1;
}
template <class F, unsigned kinds, class A, class B>
const Inst *directCompare(Wave &wave, const Inst *inst) {
  if (__builtin_expect(wave.exec() != ~0ull, 0))
    return generalVector(wave, inst);
  Source<(kinds & 1) != 0, A> a(wave.at(inst->src[0]));
  Source<(kinds & 2) != 0, B> b(wave.at(inst->src[1]));
  alignas(64) uint32_t row[64];
  ECLIP_HOT_LOOP row[l] = F{}(a.at(l), b.at(l)) ? ~0u : 0u;
  wave.setWide(inst->maskDst, packMask(row));
  return inst + 1;
}

// Registration. The template arguments name the destination and the sources.
ECLIP_INLINE void addRaw(OpSink &sink, const char *name, LanesFn lanes, Ty dst, Ty a,
                         Ty b, Ty c, uint32_t flags, LanesFn saturating = nullptr,
                         Handler special = nullptr) {
  VectorOp op = {name, lanes, saturating, special, {}, dst, {a, b, c}, flags};
  sink.vector(sink, op);
}
template <class D> constexpr uint32_t floatFlags() {
  return (D::ty == Ty::F32 || D::ty == Ty::F16 || D::ty == Ty::F64 || D::ty == Ty::PF16)
             ? uint32_t(VF_FloatClamp)
             : 0u;
}
template <class D, class A, class F>
void add1(OpSink &sink, const char *name, F, uint32_t flags = 0) {
  addRaw(sink, name, lanes1<F, D, A>, D::ty, A::ty, Ty::None, Ty::None, flags | floatFlags<D>());
}
template <class D, class A, class B, class F>
void add2(OpSink &sink, const char *name, F, uint32_t flags = 0, LanesFn saturating = nullptr) {
  addRaw(sink, name, lanes2<F, D, A, B>, D::ty, A::ty, B::ty, Ty::None, flags | floatFlags<D>(), saturating);
}
template <class D, class A, class B, class C, class F>
void add3(OpSink &sink, const char *name, F, uint32_t flags = 0, LanesFn saturating = nullptr) {
  addRaw(sink, name, lanes3<F, D, A, B, C>, D::ty, A::ty, B::ty, C::ty, flags | floatFlags<D>(), saturating);
}
template <class D, class A, class F>
void hot1(OpSink &sink, const char *name, F, uint32_t flags = 0) {
  VectorOp op = {name, lanes1<F, D, A>, nullptr, nullptr,
                 {direct1<F, 0, D, A>, direct1<F, 1, D, A>},
                 D::ty, {A::ty, Ty::None, Ty::None}, flags | floatFlags<D>()};
  sink.vector(sink, op);
}
template <class D, class A, class B, class F>
void hot2(OpSink &sink, const char *name, F, uint32_t flags = 0, LanesFn saturating = nullptr) {
  VectorOp op = {name, lanes2<F, D, A, B>, saturating, nullptr,
                 {direct2<F, 0, D, A, B>, direct2<F, 1, D, A, B>, direct2<F, 2, D, A, B>},
                 D::ty, {A::ty, B::ty, Ty::None}, flags | floatFlags<D>()};
  sink.vector(sink, op);
}
template <class D, class A, class B, class C, class F>
void hot3(OpSink &sink, const char *name, F, uint32_t flags = 0) {
  VectorOp op = {name, lanes3<F, D, A, B, C>, nullptr, nullptr,
                 {direct3<F, 0, D, A, B, C>, direct3<F, 1, D, A, B, C>,
                  direct3<F, 2, D, A, B, C>, direct3<F, 3, D, A, B, C>,
                  direct3<F, 4, D, A, B, C>, direct3<F, 5, D, A, B, C>,
                  direct3<F, 6, D, A, B, C>},
                 D::ty, {A::ty, B::ty, C::ty}, flags | floatFlags<D>()};
  sink.vector(sink, op);
}
/// fmac and mac: the destination is also the addend.
template <class D, class A, class B, class F>
void hotTied(OpSink &sink, const char *name, F, uint32_t flags = 0) {
  VectorOp op = {name, lanes3<F, D, A, B, D>, nullptr, nullptr,
                 {direct3<F, 0, D, A, B, D>, direct3<F, 1, D, A, B, D>,
                  direct3<F, 2, D, A, B, D>, direct3<F, 3, D, A, B, D>},
                 D::ty, {A::ty, B::ty, D::ty}, flags | VF_Tied | floatFlags<D>()};
  sink.vector(sink, op);
}
template <class A, class B, class F>
void compare(OpSink &sink, const char *name, const char *nameX, F) {
  VectorOp op = {name, lanesCompare<F, A, B>, nullptr, nullptr, {}, Ty::None, {A::ty, B::ty, Ty::None}, VF_Compare};
  sink.vector(sink, op);
  op.name = nameX;
  op.flags |= VF_CompareX;
  sink.vector(sink, op);
}
template <class A, class B, class F>
void hotCompare(OpSink &sink, const char *name, const char *nameX, F) {
  VectorOp op = {name, lanesCompare<F, A, B>, nullptr, nullptr,
                 {directCompare<F, 0, A, B>, directCompare<F, 1, A, B>, directCompare<F, 2, A, B>},
                 Ty::None, {A::ty, B::ty, Ty::None}, VF_Compare};
  sink.vector(sink, op);
  for (Handler &h : op.direct)
    h = nullptr;
  op.name = nameX;
  op.flags |= VF_CompareX;
  sink.vector(sink, op);
}

} // namespace eclip::vgpu::ECLIP_LANES

#endif // ECLIP_VGPU_EXEC_LANES_LANES_H
