//===- Masks.h - CU masks aligned to shader engines -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MASKS_H
#define ECLIP_COMPILER_SCHEDULE_MASKS_H

#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace eclip {

/// Which shader engine a mask starts from.
enum class MaskEnd { Low, High };

/// Mask words of `cuCount` CUs (1 to `cus`): whole shader engines from one end,
/// the rest, if any, from the next engine's CUs in order. Bit i is shader
/// engine i mod `shaderEngines`, CU i / `shaderEngines` of it; 32 bits a word,
/// lowest bit first. `cus` is a multiple of `shaderEngines`.
llvm::SmallVector<int64_t, 4> makeMask(int64_t cus, int64_t shaderEngines,
                                       int64_t cuCount, MaskEnd end);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MASKS_H
