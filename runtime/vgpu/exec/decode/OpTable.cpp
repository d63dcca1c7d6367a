//===- OpTable.cpp - operations by name -----------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/decode/OpTable.h"

#include "runtime/vgpu/exec/scalar/Scalar.h"

#define ECLIP_LANES portable
#include "runtime/vgpu/exec/lanes/Tables.h"
#undef ECLIP_LANES
#undef ECLIP_VGPU_EXEC_LANES_TABLES_H
#if defined(ECLIP_HAVE_AVX2_LANES)
#define ECLIP_LANES avx2
#include "runtime/vgpu/exec/lanes/Tables.h"
#undef ECLIP_LANES
#endif

namespace eclip::vgpu {

namespace portable {
const Inst *generalVector(Wave &wave, const Inst *inst);
}
namespace avx2 {
const Inst *generalVector(Wave &wave, const Inst *inst);
}

namespace {
struct Sink : OpSink {
  OpTable *table;
};
} // namespace

#define ECLIP_ADD_ALL(lanes)                                                   \
  lanes::addFloatOps(sink);                                                    \
  lanes::addDoubleOps(sink);                                                   \
  lanes::addHalfOps(sink);                                                     \
  lanes::addPackedOps(sink);                                                   \
  lanes::addDotOps(sink);                                                      \
  lanes::addPermuteOps(sink);                                                  \
  lanes::addIntegerOps(sink);                                                  \
  lanes::addShortOps(sink);                                                    \
  lanes::addWideOps(sink);                                                     \
  lanes::addConvertOps(sink);                                                  \
  lanes::addFloatCompareOps(sink);                                             \
  lanes::addIntegerCompareOps(sink);                                           \
  lanes::addCrossLaneOps(sink);                                                \
  lanes::addLdsOps(sink);                                                      \
  lanes::addGlobalOps(sink);                                                   \
  lanes::addBufferOps(sink);                                                   \
  generalHandler = lanes::generalVector

OpTable::OpTable(bool usePortable) {
  Sink sink;
  sink.table = this;
  sink.vector = [](OpSink &s, const VectorOp &op) { static_cast<Sink &>(s).table->vectorOps.emplace(op.name, op); };
  sink.plain = [](OpSink &s, const PlainOp &op) { static_cast<Sink &>(s).table->plainOps.emplace(op.name, op); };
  addScalarAluOps(sink);
  addScalarBitOps(sink);
  addScalarControlOps(sink);
  addScalarMemoryOps(sink);
#if defined(ECLIP_HAVE_AVX2_LANES)
  if (!usePortable) {
    ECLIP_ADD_ALL(avx2);
    return;
  }
#endif
  ECLIP_ADD_ALL(portable);
}

bool OpTable::hostHasVectors() {
#if defined(ECLIP_HAVE_AVX2_LANES)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt") && __builtin_cpu_supports("movbe");
#else
  return false;
#endif
}

const OpTable &OpTable::get(bool usePortable) {
  static const OpTable best(!hostHasVectors());
  if (!usePortable || !hostHasVectors())
    return best;
  static const OpTable plain(true);
  return plain;
}

const VectorOp *OpTable::findVector(std::string_view name) const {
  auto found = vectorOps.find(name);
  return found == vectorOps.end() ? nullptr : &found->second;
}
const PlainOp *OpTable::findPlain(std::string_view name) const {
  auto found = plainOps.find(name);
  return found == plainOps.end() ? nullptr : &found->second;
}

} // namespace eclip::vgpu
