//===- Reduction.cpp - kernels with reductions and no contraction ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/PerElement.h"
#include "compiler/kernels/codegen/RowPlan.h"

using namespace mlir;
using namespace eclip;

/// True if each thread is better off reducing alone: windows of a pool, and
/// rows so short that evaluating them again for each element costs little.
static bool isSmall(const RowPlan &plan) {
  return plan.reductionSize() * plan.elementsOfRow() <=
         (plan.elementsOfRow() == 1 ? 32 : 16);
}

FailureOr<LaunchShape> eclip::generateReduction(KernelOp kernel,
                                                gpu::GPUFuncOp func,
                                                OpBuilder &builder,
                                                const KernelTarget &target) {
  FailureOr<RowPlan> plan = planRows(kernel, func, builder);
  if (failed(plan))
    return failure();
  if (plan->stages.empty() || isSmall(*plan))
    return generatePerElement(kernel, func, builder, target,
                              /*maxNeighbours=*/1);
  return generateRows(kernel, func, builder, target, *plan);
}
