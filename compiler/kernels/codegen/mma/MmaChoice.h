//===- MmaChoice.h - which tile a kernel takes ------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel that comes with `eclip.tile = "mma ..."` is generated with that tile.
// One that comes without gets the tile of a table, if a table has its problem,
// or else the cheapest by estimate.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMACHOICE_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMACHOICE_H

#include "compiler/kernels/codegen/mma/MmaPlan.h"
#include "compiler/kernels/codegen/mma/MmaTable.h"

#include <functional>

namespace eclip {

/// What decides how fast a tile is, as one line of printable text without
/// quotes; equal for kernels that differ in nothing else. Empty for a kernel
/// that tensor cores do not compute (no error is emitted).
std::string mmaKey(KernelOp kernel, const KernelTarget &target);

struct MmaCandidate {
  std::string tile; ///< for `eclip.tile`
  double cycles;    ///< estimated, of the whole kernel
};

/// Every tile that fits, the cheapest by estimate first. Empty where mmaKey()
/// is.
std::vector<MmaCandidate> mmaCandidates(KernelOp kernel,
                                        const KernelTarget &target);

/// Sets `eclip.tile` on kernels that have none and whose problem is in `given`
/// or, if not there, in the table built in for the target's chip. A tile that
/// does not fit (the table is of another compiler) is passed over.
void chooseFromTables(KernelOp kernel, const KernelTarget &target,
                      const MmaTable *given);

/// The kernel's problem, if tensor cores compute it.
std::optional<ContractionProblem> mmaProblem(KernelOp kernel);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMACHOICE_H
