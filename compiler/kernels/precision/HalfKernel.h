//===- HalfKernel.h - a kernel on tensors of f16 ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_PRECISION_HALFKERNEL_H
#define ECLIP_COMPILER_KERNELS_PRECISION_HALFKERNEL_H

#include "compiler/kernels/precision/Ranges.h"

namespace eclip {

/// Rewrites the body of `kernel`: argument number i, where `halfArguments[i]`,
/// is f16 instead of f32, and so is yielded value i where `halfResults[i]`.
/// `ranges` are those of the arguments as f32: a contraction's factors that f16
/// may not hold stay f32.
void lowerKernel(KernelOp kernel, llvm::ArrayRef<bool> halfArguments,
                 llvm::ArrayRef<bool> halfResults,
                 llvm::ArrayRef<ValueRange16> ranges);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_PRECISION_HALFKERNEL_H
