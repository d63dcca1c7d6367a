//===- Outputs.h - the tail of a contraction --------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_OUTPUTS_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_OUTPUTS_H

#include "compiler/kernels/codegen/IndexedEval.h"
#include "compiler/kernels/codegen/contraction/Problem.h"

namespace eclip {

/// Evaluates what a kernel does with the elements of its contraction.
class OutputEmitter {
public:
  /// `loops` has an index for each loop; those of the batch are set.
  OutputEmitter(IndexedEval &eval, KernelOp kernel,
                const ContractionProblem &problem,
                llvm::ArrayRef<mlir::Value> loops)
      : eval(eval), b(eval.builder()), loc(eval.loc()), problem(problem),
        loops(loops),
        yield(mlir::cast<YieldOp>(kernel.getBodyBlock().getTerminator())) {}

  /// Emits `body` where `index` < `size`; without a test if `always`.
  mlir::LogicalResult
  guarded(bool always, mlir::Value index, int64_t size,
          llvm::function_ref<mlir::LogicalResult()> body);

  /// The loops, with those of row `m` set.
  llvm::SmallVector<mlir::Value> rowLoops(mlir::Value m);

  struct Store {
    mlir::Value value, buffer;
    llvm::SmallVector<mlir::Value> indices;
  };
  /// By the kernel's results.
  using Stores = llvm::SmallVector<llvm::SmallVector<Store>>;

  /// The results of neighbours along n, from column `n` on, whose products add
  /// up to `sums`. Nothing is stored yet: a store would keep later loads from
  /// being combined with earlier ones.
  mlir::FailureOr<Stores> evaluate(mlir::Value n,
                                   llvm::ArrayRef<mlir::Value> sums,
                                   llvm::ArrayRef<mlir::Value> rowLoops);
  void store(const Stores &stores);

private:
  llvm::SmallVector<mlir::Value> loopsAt(mlir::Value n, int64_t element,
                                         int64_t together,
                                         llvm::ArrayRef<mlir::Value> rowLoops);
  mlir::FailureOr<mlir::Value> accumulated(mlir::Value sum,
                                           mlir::ValueRange indices);

  IndexedEval &eval;
  mlir::OpBuilder &b;
  mlir::Location loc;
  const ContractionProblem &problem;
  llvm::ArrayRef<mlir::Value> loops;
  YieldOp yield;
};

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_OUTPUTS_H
