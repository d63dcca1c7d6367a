//===- MixPaper.h - the published objective for a mix -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXPAPER_H
#define ECLIP_COMPILER_SCHEDULE_MIXPAPER_H

#include "compiler/schedule/MixClustering.h"

namespace eclip {

/// Objective::Paper for all workers jointly, exactly. Its value is the product
/// of two sums over all kernels of all workers, of times and of CU counts, so
/// the optimum is a vertex of the hull of (sum, sum), and a weighted sum is
/// least where each worker's own is: one dynamic program a worker and vertex.
/// Where the masks exceed the queues, every set of masks is tried, at most
/// 5000.
llvm::Expected<MixSolution> solveMixPaper(const MixProblem &problem);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXPAPER_H
