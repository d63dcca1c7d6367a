//===- RowPlan.h - rows that threads reduce together ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_ROWPLAN_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_ROWPLAN_H

#include "compiler/kernels/codegen/Generator.h"

namespace eclip {

/// A reduction whose result depends only on the row.
struct RowStage {
  mlir::linalg::LinalgOp op;
  /// The operation that combines two partial results.
  mlir::Operation *combiner = nullptr;
  /// What a partial result starts from.
  mlir::TypedAttr neutral;
  /// Of each loop: the dim of the kernel's result that it steps with; -1 if
  /// it stays at `fixed`; -2 if it is a reduction loop.
  llvm::SmallVector<int> resultDim;
  llvm::SmallVector<int64_t> fixed;

  /// Elements that one row's reduction reads.
  int64_t size() const;
  llvm::SmallVector<int64_t> reductionShape() const;
};

/// The kernel's results seen as rows: all reductions in `stages` have one value
/// for each row and are needed by the elements of that row only. Softmax over
/// the last axis has a row for each vector; a global average pool has rows of
/// one element.
struct RowPlan {
  llvm::SmallVector<int64_t> shape; ///< of the results
  llvm::SmallVector<bool> isRowDim; ///< of each result dim
  /// In the order in which they must be computed. Other reductions of the
  /// kernel are computed by each thread where it needs them.
  llvm::SmallVector<RowStage> stages;

  int64_t rows() const;
  int64_t elementsOfRow() const;
  /// The largest reduction.
  int64_t reductionSize() const;
};

/// Finds the rows by evaluating one element in scratch code, in the empty
/// `func` (which is empty again afterwards). No stages if nothing is reduced by
/// row, or the results have different shapes. Fails where the kernel can't be
/// evaluated at all, with an error.
mlir::FailureOr<RowPlan> planRows(KernelOp kernel, mlir::gpu::GPUFuncOp func,
                                  mlir::OpBuilder &builder);

/// Code for a plan that has stages.
mlir::FailureOr<LaunchShape> generateRows(KernelOp kernel,
                                          mlir::gpu::GPUFuncOp func,
                                          mlir::OpBuilder &builder,
                                          const KernelTarget &target,
                                          const RowPlan &plan);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_ROWPLAN_H
