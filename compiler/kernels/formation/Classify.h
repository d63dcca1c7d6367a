//===- Classify.h - what an operation is to formation -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_FORMATION_CLASSIFY_H
#define ECLIP_COMPILER_KERNELS_FORMATION_CLASSIFY_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <string>

namespace eclip {

enum class OpClass {
  Free,        ///< Costs nothing and is copied to its users: empty, fill, splat.
  Constant,    ///< A tensor in memory: an operand of dispatches.
  View,        ///< expand_shape, collapse_shape: the same elements in order.
  Move,        ///< One source, other indices: pad, slice, transpose, broadcast.
  Gather,      ///< Elementwise, but reads a tensor at computed indices.
  Join,        ///< Several sources by position: concat, insert_slice.
  Elementwise, ///< Arithmetic, one result element from elements at its place.
  Contraction, ///< f32 multiply-add over reduction loops.
  Reduction,   ///< Any other generic with reduction loops.
  Return,      ///< The function's terminator.
  Unsupported  ///< Has no place in a kernel.
};

OpClass classify(mlir::Operation *op);

/// The values that `op` reads, those that its regions capture included, each
/// once and in order.
llvm::SmallVector<mlir::Value> valuesRead(mlir::Operation *op);

/// What an operation of class Elementwise costs for each element.
struct ScalarCost {
  int64_t operations = 0; ///< arithmetic, comparisons, casts
  int64_t functions = 0;  ///< exp, tanh, division ...
};
ScalarCost scalarCost(mlir::Operation *op);

/// A generic whose result elements correspond one to one to its only input.
bool isPermutation(mlir::linalg::LinalgOp op);

/// A View or Move after which neighbours are still neighbours: reshapes by
/// dimensions of one, pads and slices.
bool keepsNeighbours(mlir::Operation *op);

/// Names of the ONNX nodes in a location, first to last, each once.
llvm::SmallVector<std::string> nodeNames(mlir::Location loc);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_FORMATION_CLASSIFY_H
