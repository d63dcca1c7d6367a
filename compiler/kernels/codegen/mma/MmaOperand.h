//===- MmaOperand.h - an operand's way to the tensor cores ------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMAOPERAND_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMAOPERAND_H

#include "compiler/kernels/codegen/IndexedEval.h"
#include "compiler/kernels/codegen/mma/MmaPlan.h"

namespace eclip {

/// What both operands share: the emitter and the thread's place.
struct MmaContext {
  IndexedEval &eval;
  const ContractionProblem &problem;
  const MmaPlan &plan;
  /// Shared memory as bytes and as factors, one dimension.
  mlir::Value memory, shared;
  mlir::Value thread, lane;
  /// An index for each loop; those of the batch are set, the others 0.
  llvm::SmallVector<mlir::Value> loops;
};

/// Copies one operand's tiles to shared memory and reads fragments from there.
class MmaOperand {
public:
  /// `isA`: fragments are those of the left operand.
  MmaOperand(MmaContext &context, const ContractionOperand &operand,
             const MmaStage &stage, llvm::ArrayRef<unsigned> rowLoops,
             bool isA);

  /// Before the loop over k. `firstRow` is the workgroup's first row, `warpRow`
  /// the warp's within the tile.
  void prepare(mlir::Value firstRow, mlir::Value warpRow);

  /// Starts copying tile number `tile` to shared memory at element `base`.
  /// Asynchronous operands only.
  void copy(mlir::Value tile, mlir::Value base);
  /// The same in two steps, for the others: a vector for each slot.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> load(mlir::Value tile);
  void store(mlir::ValueRange loaded, mlir::Value base);
  /// Instead of load(), of an unrolled operand: tile number `tile`, elements as
  /// they are in memory.
  llvm::SmallVector<mlir::Value> loadUnrolled(int64_t tile);
  mlir::Type slotType() const;

  /// The fragment of 16 rows from `row` of the warp's on, and two chunks of k
  /// from `step` on, of the tile at `base`: vector<4x2xf16> or vector<4x1xf32>,
  /// in the order of A for A, for B first the two registers of rows 0 to 7, then
  /// of 8 to 15.
  mlir::Value fragment(int64_t row, int64_t step, mlir::Value base);

private:
  struct Slot {
    /// Row and step of k in the tile, of the first element of the chunk or
    /// piece.
    mlir::Value row, step;
    /// Element in shared memory.
    mlir::Value place;
    // Of asynchronous operands: what does not change with k. The row is inside
    // the problem (null if all are), and the view's forms.
    mlir::Value inside, offset;
    llvm::SmallVector<mlir::Value, 2> checks;
  };

  mlir::Value plus(mlir::Value lhs, mlir::Value rhs);
  mlir::Value times(mlir::Value value, int64_t factor);
  mlir::Value both(mlir::Value lhs, mlir::Value rhs);
  mlir::Value below(mlir::Value value, int64_t size);
  mlir::Value orZero(mlir::Value condition, mlir::Value value);
  mlir::Value swizzle(mlir::Value row);
  mlir::Type elementType() const;
  bool isTransposed() const { return !stage.alongK && stage.chunk == 8; }
  /// Floats along rows, which no instruction transposes.
  bool isGathered() const { return !stage.alongK && stage.chunk == 4; }
  void prepareGather(mlir::Value warpRow);
  mlir::Value gather(int64_t row, int64_t step, mlir::Value base);
  mlir::Value rounded(mlir::ValueRange floats);
  mlir::Value placeOf(mlir::Value row, mlir::Value chunk);
  void prepareSlot(int64_t index);
  void prepareUnrolledSlot(int64_t index);
  void prepareView(Slot &slot);
  void flatten();
  void prepareFragments(mlir::Value warpRow);
  /// Sets the loops of row `row` of the tile; those of row 0 where the row is
  /// outside of the problem. Returns whether it is inside, null if always.
  mlir::Value setRow(mlir::Value row, llvm::MutableArrayRef<mlir::Value> loops);
  /// The same for step `step` of tile number `tileNumber` of k.
  mlir::Value setStep(mlir::Value tileNumber, mlir::Value step,
                      llvm::MutableArrayRef<mlir::Value> loops);
  mlir::Value evaluate(const LinearForm &form, mlir::ValueRange loops,
                       llvm::ArrayRef<unsigned> which);
  mlir::FailureOr<mlir::Value> elementAt(mlir::ValueRange loops,
                                         mlir::Value valid);
  mlir::FailureOr<mlir::Value> loadChunk(const Slot &slot,
                                         mlir::Value tileNumber);
  mlir::Type memoryType() const;
  mlir::Value loadPlaced(const Slot &slot, int64_t chunk, int64_t tileNumber);
  mlir::Value loadPlaced(const Slot &slot, llvm::ArrayRef<int64_t> kIndices);
  mlir::Value factors(mlir::Value loaded);

  MmaContext &context;
  IndexedEval &eval;
  mlir::OpBuilder &b;
  mlir::Location loc;
  const ContractionOperand &operand;
  const MmaStage &stage;
  const MmaTile &tile;
  llvm::SmallVector<unsigned> rowLoops;
  bool isA;
  int64_t rowCount = 1;
  llvm::SmallVector<Slot> slots;
  mlir::Value firstRow, flat;
  /// Of the lane: the first element of its row, and its chunk, exchanged.
  mlir::Value fragmentRow, fragmentChunk;
};

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMAOPERAND_H
