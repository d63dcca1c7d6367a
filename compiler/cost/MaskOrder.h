//===- MaskOrder.h - which CU each bit of a mask is -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every part numbers the bits of a CU mask in an order of its own. The AMD
// orders are those of Linux's amdkfd, mqd_symmetrically_map_cu_mask.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_COST_MASKORDER_H
#define ECLIP_COMPILER_COST_MASKORDER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace eclip {

enum class MaskBitOrder {
  /// One die: bit i is shader engine i mod count, the next CU of it.
  ShaderEngineInterleaved,
  /// Several dies: bit i is XCD i mod count; within an XCD as above.
  XcdThenShaderEngineInterleaved,
  /// NVIDIA: bit i is SM i, groups are neighbours.
  SmGroup
};

std::optional<MaskBitOrder> parseMaskBitOrder(llvm::StringRef name);
llvm::StringRef maskBitOrderName(MaskBitOrder order);

/// What an order needs to know. Counts are positive; `xcdCount` divides
/// `cuCount` and `engineCount`. The CUs of an XCD are spread over its engines
/// so that the first ones may have one more than the others.
struct MaskTopology {
  MaskBitOrder order = MaskBitOrder::ShaderEngineInterleaved;
  int64_t cuCount = 1;
  int64_t xcdCount = 1;
  int64_t engineCount = 1; ///< of all XCDs together
  /// SM groups only: bits that masks have all or none of, counted from bit 0. The
  /// last ones may be too few.
  int64_t granule = 1;
  /// SM groups only: CUs beyond the last whole granule that a mask with that
  /// granule gets too.
  int64_t extra = 0;
};

/// Where the CU of a bit is.
struct CuPosition {
  int64_t xcd = 0;
  int64_t engine = 0; ///< within the XCD
  int64_t cu = 0;     ///< within the engine
  bool operator==(const CuPosition &) const = default;
};

/// The three orders by name; `bit` is below `cuCount`.
CuPosition shaderEngineInterleaved(int64_t bit, int64_t engines,
                                   int64_t cuCount);
CuPosition xcdThenShaderEngineInterleaved(int64_t bit, int64_t xcds,
                                          int64_t enginesPerXcd,
                                          int64_t cuCount);
CuPosition smGroup(int64_t bit, int64_t groups, int64_t smCount);

CuPosition positionOfBit(const MaskTopology &topology, int64_t bit);
/// The inverse; `position` exists.
int64_t bitOfPosition(const MaskTopology &topology, CuPosition position);

/// Mask words of `cuCount` CUs (1 to all), 32 bits a word, lowest bit first,
/// taken from the low or the high end of the device. On one die: whole shader
/// engines, the rest from the next engine's first CUs. On several: as many CUs
/// of every XCD as can be equal, because each XCD runs a part of every
/// dispatch; lowest or highest bits first. SM groups: neighbours, from the high
/// end the highest that begin with a whole granule. Masks from
/// opposite ends are disjoint if both fit beside each other and, on one die,
/// no more than one of them takes a part of an engine.
llvm::SmallVector<int64_t, 4> maskFromEnd(const MaskTopology &topology,
                                          int64_t cuCount, bool high);

/// The CUs that a queue with this mask runs on: its own, and what it gets too.
llvm::SmallVector<int64_t, 4> cusBehindMask(const MaskTopology &topology,
                                            llvm::ArrayRef<int64_t> mask);

/// How many CUs a queue with maskFromEnd() runs on.
int64_t cusFromEnd(const MaskTopology &topology, int64_t cuCount, bool high);

} // namespace eclip

#endif // ECLIP_COMPILER_COST_MASKORDER_H
