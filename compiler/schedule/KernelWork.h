//===- KernelWork.h - operations and bytes of a kernel ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_KERNELWORK_H
#define ECLIP_COMPILER_SCHEDULE_KERNELWORK_H

#include "compiler/cost/CostModel.h"
#include "dialect/Eclip.h"

namespace eclip {

/// fp32 operations of one launch: for each linalg operation its iteration space
/// times the arithmetic of its body.
int64_t countFlops(KernelOp kernel);

/// Bytes of argument `index` that the kernel reads: the whole tensor, or less
/// if only slices or single elements are taken from it.
int64_t countBytesRead(KernelOp kernel, unsigned index);

/// Work of one launch for this dispatch. An operand passed twice is read once.
KernelWork computeWork(KernelOp kernel, DispatchOp dispatch);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_KERNELWORK_H
