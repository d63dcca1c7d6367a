//===- CountSets.h - which CU counts a choice may use together --*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the solvers. A limit on the different CU counts of one choice
// (C3, Y8) is kept by solving for each set of as many counts as it allows:
// choices of fewer are in several of them.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_COUNTSETS_H
#define ECLIP_COMPILER_SCHEDULE_COUNTSETS_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace eclip {

/// More sets than this are refused: each is solved by itself.
constexpr size_t maxCountSets = 5000;

/// How many sets of `members` there are among `size` counts; maxCountSets + 1
/// if more than that. One if `members` is not less than `size`.
size_t numberOfSets(size_t size, size_t members);

/// Calls `take` with the indices, ascending, of each set of `members` among
/// `size`; of all once if `members` is not less than `size`.
void forEachSet(size_t size, size_t members,
                llvm::function_ref<void(llvm::ArrayRef<uint8_t>)> take);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_COUNTSETS_H
