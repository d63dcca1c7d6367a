//===- AttentionRows.h - rows of features in shared memory ------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTIONROWS_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTIONROWS_H

#include "compiler/kernels/codegen/IndexedEval.h"
#include "compiler/kernels/codegen/attention/AttentionTile.h"

namespace eclip {

/// The emitter, shared memory as halves, and the thread's place.
struct AttentionContext {
  IndexedEval &eval;
  const AttentionTile &tile;
  mlir::Value shared, thread, lane;
};

/// One of queries, keys and values: blocks of its rows on their way from memory
/// to shared memory, and fragments from there to registers.
class AttentionRows {
public:
  /// `blockRows` rows of `operand` along `rowLoop`, each one's features along
  /// `columnLoop`.
  AttentionRows(AttentionContext &context, const ContractionProblem &problem,
                const ContractionOperand &operand, unsigned rowLoop,
                unsigned columnLoop, int64_t blockRows);

  /// Elements of a block in shared memory.
  int64_t elements() const { return blockRows * stride; }

  /// Before all else. `loops` has the batch's indices.
  void prepare(mlir::ValueRange loops);

  /// Starts copying the block from row `first` on to element `base`. What is
  /// beyond the rows or features there are becomes zero.
  void copy(mlir::Value first, mlir::Value base);

  /// How the four matrices of 8 x 8 of a fragment follow one another.
  enum Order {
    RowsFirst, ///< both of the first columns, then both of the second
    ColumnsFirst
  };
  /// 16 rows by 16 columns from (row, column) of the block at `base` on:
  /// vector<4x2xf16>.
  mlir::Value fragment(mlir::Value row, int64_t column, mlir::Value base,
                       Order order, bool transposed);

private:
  void copyChunk(mlir::Value number, mlir::Value first, mlir::Value base);

  AttentionContext &context;
  IndexedEval &eval;
  mlir::OpBuilder &b;
  mlir::Location loc;
  const ContractionProblem &problem;
  const ContractionOperand &operand;
  unsigned rowLoop, columnLoop;
  int64_t blockRows, rows, columns, stride;
  /// The argument's buffer in one dimension, and where the batch begins there.
  mlir::Value flat, start;
};

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTIONROWS_H
