//===- MmaGroups.h - narrow groups side by side -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMAGROUPS_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMAGROUPS_H

#include "compiler/kernels/codegen/contraction/Problem.h"

namespace eclip {

/// Joins neighbouring groups of a grouped convolution of few channels: their
/// channels stand side by side in n and in k, and B is zero where the two
/// belong to different groups. More products, most of them with zero, but the
/// instruction has 8 columns and 16 steps of k anyway, and rows of A are read in
/// whole sectors of 32 bytes, once for all groups. Other problems come back as
/// they are.
ContractionProblem withJoinedGroups(ContractionProblem problem);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMAGROUPS_H
