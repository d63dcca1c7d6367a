//===- Coordinates.h - elements that correspond -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_FORMATION_COORDINATES_H
#define ECLIP_COMPILER_KERNELS_FORMATION_COORDINATES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/DenseMap.h"

namespace eclip {

/// For the values around one anchor (a contraction or a reduction), the index
/// of the element that belongs to one point of the anchor's loops. Dimensions
/// of the expressions are the anchor's loops; where a tensor's dimension is 1
/// the expression is 0.
class Coordinates {
public:
  /// Starts from the anchor's results. With `rows`, the anchor reduces whole
  /// rows: its inputs get coordinates too, and operations over all loops, or
  /// reductions over the anchor's reduction loops, may follow.
  Coordinates(mlir::linalg::GenericOp anchor, bool rows);

  /// True if `anchor` can be taken with `rows`: every operand is read at plain
  /// loop indices, and a row has at most `maxRow` elements.
  static bool hasRows(mlir::linalg::GenericOp anchor, int64_t maxRow);

  /// Follows `op`, an operation that reads values with coordinates, and gives
  /// its results theirs. Fails, with nothing changed, where one point of the
  /// anchor would need several elements of one value.
  llvm::LogicalResult follow(mlir::Operation *op);

  /// True if neighbours along `loop` of the anchor, whose loops are of `sizes`,
  /// are neighbours in `value`, which has coordinates.
  bool keepsNeighbours(mlir::Value value, unsigned loop,
                       llvm::ArrayRef<int64_t> sizes) const;

private:
  using Exprs = llvm::SmallVector<mlir::AffineExpr>;

  llvm::LogicalResult followGeneric(mlir::linalg::GenericOp op);
  llvm::LogicalResult followReduction(mlir::linalg::GenericOp op,
                                      llvm::ArrayRef<mlir::AffineExpr> loops);
  mlir::FailureOr<Exprs> loopsOf(mlir::linalg::GenericOp op);
  bool usesPlain(llvm::ArrayRef<mlir::AffineExpr> loops, llvm::ArrayRef<unsigned> dims) const;
  void note(mlir::Value value, mlir::AffineMap map, llvm::ArrayRef<mlir::AffineExpr> loops);

  mlir::MLIRContext *context;
  bool rows;
  llvm::SmallVector<unsigned> rowLoops, reducedLoops;
  /// Results of the anchor, and elements that it reduces for each.
  int64_t points = 1, rowElements = 1;
  llvm::DenseMap<mlir::Value, Exprs> exprs;
};

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_FORMATION_COORDINATES_H
