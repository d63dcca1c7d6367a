//===- MixPriorities.h - priorities of a mix's workers ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the decision over a mix (PlanClustering.h).
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXPRIORITIES_H
#define ECLIP_COMPILER_SCHEDULE_MIXPRIORITIES_H

#include "compiler/schedule/MixClustering.h"

namespace eclip {

/// Orders of priorities worth a try: none, each worker alone ahead of the
/// others, and the shorter its kernels the higher, as a short kernel loses most
/// behind a long one. Only none where priorities change nothing.
std::vector<std::vector<int64_t>> prioritiesToTry(const MixProblem &problem);

/// One priority for each worker.
void setPriorities(MixProblem &problem, llvm::ArrayRef<int64_t> order);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXPRIORITIES_H
