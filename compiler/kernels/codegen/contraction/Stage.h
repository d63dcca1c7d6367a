//===- Stage.h - an operand's way into registers ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_STAGE_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_STAGE_H

#include "compiler/kernels/codegen/IndexedEval.h"
#include "compiler/kernels/codegen/contraction/Plan.h"

namespace eclip {

/// What the stages of both operands share: the emitter and the thread's place.
struct StageContext {
  IndexedEval &eval;
  const ContractionProblem &problem;
  const ContractionPlan &plan;
  /// The workgroup's LDS, one dimension of f32: words of 32 bits, whatever is
  /// in them.
  mlir::Value lds;
  /// Number of the thread in its workgroup.
  mlir::Value thread;
  /// An index for each loop of the contraction; the batch loops are set, the
  /// others constant 0.
  llvm::SmallVector<mlir::Value> loops;
};

/// Loads one operand's tile into registers, stores it to LDS, and reads a
/// thread's fragments from there.
class OperandStage {
public:
  OperandStage(StageContext &context, const ContractionOperand &operand,
               const StagePlan &stage, llvm::ArrayRef<unsigned> rowLoops);

  /// Before the loop over k: all that does not depend on it. `firstRow` is the
  /// workgroup's first row, `position` the thread's place among the `threads`
  /// that read different rows, `share` its share of k.
  void prepare(mlir::Value firstRow, mlir::Value position, int64_t threads,
               mlir::Value share);

  /// The loads of tile number `tile`, one vector for each slot.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> load(mlir::Value tile);

  /// What `load` returned, to LDS at word `base`.
  void store(llvm::ArrayRef<mlir::Value> loaded, int64_t base);

  /// The thread's rows at words 4 * group to 4 * group + 3 of k, from LDS at
  /// `base`: result[row][word].
  llvm::SmallVector<std::array<mlir::Value, 4>> fragment(int64_t group,
                                                         int64_t base);

  mlir::Type slotType() const;

private:
  struct Slot {
    /// Row and k step within the tile, of the first element; and the step in
    /// words.
    mlir::Value row, step, stepWord;
    /// Loop indices with the row's set.
    llvm::SmallVector<mlir::Value> loops;
    /// The parts of the view's forms that stay the same in the loop over k.
    mlir::Value offset;
    llvm::SmallVector<mlir::Value, 2> checks;
    /// LDS word, without the base.
    mlir::Value word;
  };
  /// Where in k a slot's load is.
  struct KPlace {
    /// Number in the inner loops, clamped to the range; and that of the tile's
    /// first step (for the load at hand), the same for all threads.
    mlir::Value inner, tileStart;
    /// Inside the range; null if always.
    mlir::Value valid;
    /// Index of each k loop, filled only if asked for.
    llvm::SmallVector<mlir::Value> loops;
  };

  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value scaled(mlir::Value value, int64_t factor);
  mlir::Value clampTo(mlir::Value value, int64_t last);
  KPlace placeOf(const Slot &slot, mlir::Value tile, int64_t load,
                 bool withLoops);
  /// Some threads' k may lie beyond the range, and is moved to its end.
  bool clampsK() const;
  /// A slot's steps of k are all inside the range or all outside.
  bool keepsSteps() const;
  bool sharesChecks() const;
  /// The part of `form` that changes in the loop over k.
  mlir::Value kPart(const LinearForm &form, const KPlace &place);
  std::optional<int64_t> linearStride(const LinearForm &form) const;
  bool needsLoops() const;
  mlir::FailureOr<mlir::Value> loadSlot(const Slot &slot, mlir::Value tile);
  mlir::FailureOr<mlir::Value> loadView(const Slot &slot, mlir::Value tile,
                                        int64_t load, mlir::Value &valid);
  mlir::FailureOr<mlir::Value> loadEvaluated(const Slot &slot, mlir::Value tile,
                                             int64_t load, mlir::Value &valid);
  mlir::Value asWords(llvm::ArrayRef<mlir::Value> loaded);
  mlir::Value zeroUnless(mlir::Value valid, mlir::Value value);
  mlir::Value ldsRow(mlir::Value row);
  void prepareSlot(int64_t index, mlir::Value firstRow);

  StageContext &context;
  IndexedEval &eval;
  mlir::OpBuilder &b;
  mlir::Location loc;
  const ContractionOperand &operand;
  const StagePlan &stage;
  const ContractionTile &tile;
  llvm::SmallVector<unsigned> rowLoops;
  int64_t rowCount = 1, threadRows = 1, threadCount = 1;
  llvm::SmallVector<Slot> slots;
  mlir::Value flat;
  mlir::Value fragmentWord;
};

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_STAGE_H
