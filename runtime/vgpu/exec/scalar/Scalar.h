//===- Scalar.h - how scalar formulas become handlers -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_SCALAR_SCALAR_H
#define ECLIP_VGPU_EXEC_SCALAR_SCALAR_H

#include "runtime/vgpu/exec/Wave.h"

#include <type_traits>

namespace eclip::vgpu {

void addScalarAluOps(OpSink &sink);
void addScalarBitOps(OpSink &sink);
void addScalarControlOps(OpSink &sink);
void addScalarMemoryOps(OpSink &sink);

namespace scalar {

template <class T> inline T get(Wave &wave, uint32_t slot) {
  T value;
  memcpy(&value, wave.at(slot), sizeof(T));
  return value;
}
template <class T> inline void put(Wave &wave, uint32_t slot, T value) {
  memcpy(wave.at(slot), &value, sizeof(T));
}
template <class T> constexpr Ty typeOf() { return sizeof(T) == 8 ? Ty::B64 : Ty::B32; }

// F takes the sources and SCC by reference and returns the result.
template <class F, class D, class A> const Inst *run1(Wave &wave, const Inst *inst) {
  bool scc = wave.scc;
  D value = F{}(get<A>(wave, inst->src[0]), scc);
  put<D>(wave, inst->dst, value);
  wave.scc = scc;
  return inst + 1;
}
template <class F, class D, class A, class B> const Inst *run2(Wave &wave, const Inst *inst) {
  bool scc = wave.scc;
  D value = F{}(get<A>(wave, inst->src[0]), get<B>(wave, inst->src[1]), scc);
  put<D>(wave, inst->dst, value);
  wave.scc = scc;
  return inst + 1;
}
template <class F, class A, class B> const Inst *runCompare(Wave &wave, const Inst *inst) {
  wave.scc = F{}(get<A>(wave, inst->src[0]), get<B>(wave, inst->src[1]));
  return inst + 1;
}

inline void addPlain(OpSink &sink, const char *name, Handler run, Ty dst, Ty a, Ty b, uint32_t flags = 0) {
  PlainOp op = {name, run, nullptr, 0, 0, dst, {a, b}, flags};
  sink.plain(sink, op);
}
template <class D, class A, class F> void op1(OpSink &s, const char *name, F, uint32_t flags = 0) {
  addPlain(s, name, run1<F, D, A>, typeOf<D>(), typeOf<A>(), Ty::None, flags);
}
template <class D, class A, class B, class F> void op2(OpSink &s, const char *name, F, uint32_t flags = 0) {
  addPlain(s, name, run2<F, D, A, B>, typeOf<D>(), typeOf<A>(), typeOf<B>(), flags);
}
template <class A, class B, class F> void cmp(OpSink &s, const char *name, F, uint32_t flags = 0) {
  addPlain(s, name, runCompare<F, A, B>, Ty::None, typeOf<A>(), typeOf<B>(), flags);
}

} // namespace scalar
} // namespace eclip::vgpu

#endif // ECLIP_VGPU_EXEC_SCALAR_SCALAR_H
