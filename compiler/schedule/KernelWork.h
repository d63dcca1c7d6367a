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

/// Adds the operations of one launch to `work`, by rate: for each linalg
/// operation its iteration space times the arithmetic of its body.
/// Multiply-accumulates of a reduction count at matrix rates.
void countOps(KernelOp kernel, KernelWork &work);

/// Bytes of argument `index` that the kernel reads: the whole tensor, or less
/// if only slices or single elements are taken from it.
int64_t countBytesRead(KernelOp kernel, unsigned index);

/// What the module's code has matrix instructions for: vector code stays vector
/// code, whatever the device could do. All, where there is no code yet.
MatrixCode matrixCodeOf(mlir::ModuleOp module);

/// Work of one launch for this dispatch. An operand passed twice is read once.
KernelWork computeWork(KernelOp kernel, DispatchOp dispatch);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_KERNELWORK_H
