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

/// By how much another tile has to be faster on some of the CUs to be worth a
/// kernel of its own: a factor above 1, of times that were measured and of
/// estimates, which are off by more.
struct MmaGain {
  double measured = 1.05, estimated = 1.15;
};

/// The tile for all CUs of the target, and for those of `cuCounts` where another
/// is worth it, that one. From the tables as above, at the measured CU count
/// that is nearest in ratio; where the table has the problem on all CUs only, or
/// not at all, by estimate, with as few tiles as that gain allows. Nothing for a
/// kernel that has `eclip.tile` or that tensor cores do not compute.
struct MmaTiles {
  std::string whole;
  std::map<int64_t, std::string> onCus;
  /// What a launch takes with each of these tiles, on each of `cuCounts`: as the
  /// tables have it at the nearest count that was measured, and in proportion to
  /// the estimate from there.
  std::map<std::string, std::vector<double>> timesNs;
};
std::optional<MmaTiles> chooseByCus(KernelOp kernel, const KernelTarget &target,
                                    const MmaTable *given,
                                    llvm::ArrayRef<int64_t> cuCounts,
                                    const MmaGain &gain);

/// The kernel's problem, if tensor cores compute it.
std::optional<ContractionProblem> mmaProblem(KernelOp kernel);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMACHOICE_H
