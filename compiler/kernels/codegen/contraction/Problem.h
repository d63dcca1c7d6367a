//===- Problem.h - a contraction as a matrix product ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_PROBLEM_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_PROBLEM_H

#include "dialect/Eclip.h"

#include "mlir/IR/AffineMap.h"

#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace eclip {

/// An affine function of a contraction's loop indices: one coefficient for
/// each loop, and a constant.
struct LinearForm {
  llvm::SmallVector<int64_t> coefficients;
  int64_t constant = 0;
};

/// Where an operand's elements lie in a kernel argument, if that can be said
/// by linear forms: the argument itself, or a pad, slice, permutation or
/// reshape of it.
struct OperandView {
  /// The argument's tensor.
  mlir::BlockArgument base;
  /// Element number in the row-major buffer of `base`.
  LinearForm offset;
  /// An element lies inside the padding's source iff each of these forms is in
  /// [0, size); outside it is zero.
  struct Check {
    LinearForm index;
    int64_t size;
  };
  llvm::SmallVector<Check, 2> checks;
  /// An element to load where a check fails: one that the view reads anyway.
  /// Others may belong to a part of the buffer that is being written.
  int64_t fallback = 0;
};

/// One multiplied operand.
struct ContractionOperand {
  /// A tensor of the kernel's body.
  mlir::Value value;
  /// From loop indices to indices of `value`.
  mlir::AffineMap map;
  /// The block argument of the contraction's scalar body.
  mlir::BlockArgument scalar;
  /// What is multiplied: `scalar`, or unary operations (casts) on it. Where
  /// halves are multiplied, the half that the scalar body extends.
  mlir::Value factor;
  std::optional<OperandView> view;
};

/// What `operand` multiplies, of `element` of its tensor.
mlir::Value asFactor(mlir::OpBuilder &b, const ContractionOperand &operand,
                     mlir::Value element);

/// out[b, m, n] += A[b, m, k] * B[b, k, n]. Each list of loops is ordered
/// slowest first.
struct ContractionProblem {
  mlir::linalg::LinalgOp op;
  ContractionOperand a, b;
  mlir::AffineMap outMap;
  llvm::SmallVector<int64_t> loopSizes;
  llvm::SmallVector<unsigned> batchLoops, mLoops, nLoops, kLoops;
  int64_t batch = 1, m = 1, n = 1, k = 1;
  /// Both factors are halves that the scalar body extends: products are taken
  /// two at a time.
  bool halves = false;
  /// Both factors are floats, of which tensor cores may drop all but 10 bits.
  bool tf32 = false;
  /// The accumulator starts from zero; else from the op's init operand.
  bool zeroInit = true;
  /// For each value between the contraction's result and the kernel's yield:
  /// its index as a function of the result's index.
  llvm::DenseMap<mlir::Value, mlir::AffineMap> tailMaps;

  llvm::SmallVector<int64_t> sizesOf(llvm::ArrayRef<unsigned> loops) const;
  /// Neighbours along k in one 32-bit word.
  int64_t pack() const { return halves ? 2 : 1; }
  /// Bytes of a factor.
  int64_t factorBytes() const { return halves ? 2 : 4; }
};

/// Finds and classifies the contraction of `kernel`. On failure it has emitted
/// an error at the kernel that says what is not supported.
mlir::FailureOr<ContractionProblem> analyzeContraction(KernelOp kernel);

/// The same for `op`, for which isContractionOp() holds and which need not be
/// the kernel's only reduction. Its tail ends with `last`, or with what the
/// kernel yields if that is null.
mlir::FailureOr<ContractionProblem>
analyzeContraction(KernelOp kernel, mlir::linalg::LinalgOp op,
                   mlir::Value last);

/// True if `op` is a contraction: it has reduction loops, and its body adds
/// the product of (casts of) two inputs to the accumulator.
bool isContractionOp(mlir::linalg::LinalgOp op);

/// The product that the scalar body of the contraction `op` adds up; null if
/// `op` is none.
mlir::arith::MulFOp contractedProduct(mlir::linalg::LinalgOp op);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_PROBLEM_H
