//===- PerElement.h - a thread for each element -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_PERELEMENT_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_PERELEMENT_H

#include "compiler/kernels/codegen/Generator.h"

#include <optional>

namespace eclip {

/// Fills `func` with code in which each thread evaluates one element of every
/// result of its shape, or up to `maxNeighbours` that are contiguous in memory.
/// Reductions become loops of the thread.
mlir::FailureOr<LaunchShape> generatePerElement(KernelOp kernel,
                                                mlir::gpu::GPUFuncOp func,
                                                mlir::OpBuilder &builder,
                                                const KernelTarget &target,
                                                int64_t maxNeighbours);

/// The shape that all results of `kernel` have, if they have one.
std::optional<llvm::SmallVector<int64_t>> commonResultShape(KernelOp kernel);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_PERELEMENT_H
