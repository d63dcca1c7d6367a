//===- Warpgroup.h - products of whole warpgroups ---------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On sm_90a four warps multiply 64 rows by a whole tile's columns at once
// (wgmma), reading both operands from shared memory and leaving the sums in
// registers. It runs beside the warps: a product is started in one step of the
// loop over k and may be under way in the next.
//
// Shared memory is as MmaOperand lays it out: rows of 128 bytes whose 16-byte
// chunks are exchanged with the row's number, which is the instruction's own
// mode of 128 bytes; wider rows in blocks of 128 bytes. PTX ISA 8.4, "Asynchronous warpgroup level matrix
// instructions".
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_MMA_WARPGROUP_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_MMA_WARPGROUP_H

#include "compiler/kernels/codegen/mma/MmaOperand.h"

namespace eclip {

/// Warps that multiply together, and rows of theirs.
inline constexpr int64_t kWarpgroup = 4, kWarpgroupRows = 64;

/// True if the stages lie as the instruction reads them.
bool suitsWarpgroups(const MmaTile &tile, const MmaStage &a, const MmaStage &b);

/// The multiplying part of a kernel whose tile is one of warpgroups.
class WarpgroupProduct {
public:
  explicit WarpgroupProduct(MmaContext &context);

  /// Once, before the loop.
  void prepare();
  /// What a thread sums in registers: one value for the loop to carry.
  mlir::Value zero();
  /// Makes what this thread wrote to shared memory visible to the products;
  /// before the barrier that makes it visible to the other threads.
  void publish();
  /// Starts the product of the stages at elements `a` and `b`, and waits for
  /// the one before it.
  mlir::Value multiply(mlir::Value sums, mlir::Value a, mlir::Value b);
  /// Waits for the last product: as MmaOutputs wants accumulators.
  llvm::SmallVector<mlir::Value> finish(mlir::Value sums);

private:
  /// Of `stage` from element `element` of shared memory on.
  mlir::Value descriptor(const MmaStage &stage, mlir::Value element);
  mlir::Value assembly(llvm::StringRef text, llvm::StringRef constraints,
                       mlir::ValueRange operands, mlir::Type result);
  /// `text` with sums in place: $0 and on are read and written.
  mlir::Value onSums(llvm::StringRef text, mlir::Value sums,
                     mlir::ValueRange others);

  MmaContext &context;
  IndexedEval &eval;
  mlir::OpBuilder &b;
  mlir::Location loc;
  /// Sums of one thread.
  int64_t count;
  mlir::Type sumsType;
  /// Address of shared memory as descriptors count it; the warpgroup's first
  /// element of A within a stage.
  mlir::Value origin, rows;
};

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_MMA_WARPGROUP_H
