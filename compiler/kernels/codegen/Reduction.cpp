//===- Reduction.cpp - kernels with reductions and no contraction ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/PerElement.h"

using namespace mlir;
using namespace eclip;

FailureOr<LaunchShape> eclip::generateReduction(KernelOp kernel,
                                                gpu::GPUFuncOp func,
                                                OpBuilder &builder,
                                                const KernelTarget &target) {
  return generatePerElement(kernel, func, builder, target, /*maxNeighbours=*/1);
}
