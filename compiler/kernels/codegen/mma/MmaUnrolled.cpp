//===- MmaUnrolled.cpp - gathered operands of tensor cores ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A convolution of three channels has no chunks to copy: each factor is loaded
// for itself. Walked in a loop, an element costs a division of k into tap and
// channel, the checks of the padding and an address: some 30 instructions. Here
// a lane keeps its rows, and the code of each tile of k knows its elements: an
// address is the row's and a constant in the instruction, and taps' checks are
// shared by their channels.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/MmaOperand.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace eclip;

/// Neighbouring threads have neighbouring rows; where there are more threads
/// than rows, whole warps divide a row's chunks.
void MmaOperand::prepareUnrolledSlot(int64_t index) {
  Slot &slot = slots[index];
  Value chunk;
  if (stage.threadsPerRow() == 1) {
    int64_t rowsOfThread = stage.rows / tile.threads();
    slot.row = eval.add(context.thread,
                        eval.constant(index % rowsOfThread * tile.threads()));
    chunk = eval.constant(index / rowsOfThread);
  } else {
    slot.row = eval.rem(context.thread, stage.rows);
    chunk = eval.add(
        eval.mul(eval.div(context.thread, stage.rows), stage.slots),
        eval.constant(index));
  }
  Value exchanged =
      arith::XOrIOp::create(b, loc, chunk, swizzle(slot.row));
  slot.place = placeOf(slot.row, exchanged);
  prepareView(slot);
}

Type MmaOperand::memoryType() const {
  return cast<RankedTensorType>(operand.view->base.getType()).getElementType();
}

Value MmaOperand::loadPlaced(const Slot &slot, ArrayRef<int64_t> kIndices) {
  auto constantPart = [&](const LinearForm &form) {
    int64_t sum = 0;
    for (auto [loop, index] :
         llvm::zip_equal(context.problem.kLoops, kIndices))
      sum += form.coefficients[loop] * index;
    return eval.constant(sum);
  };
  auto noSignedWrap = arith::IntegerOverflowFlags::nsw;
  Value place = arith::AddIOp::create(b, loc, slot.offset,
                                      constantPart(operand.view->offset),
                                      noSignedWrap);
  Value valid;
  for (auto [check, fixed] :
       llvm::zip_equal(operand.view->checks, slot.checks))
    valid = both(valid, below(plus(fixed, constantPart(check.index)),
                              check.size));
  if (!valid)
    return memref::LoadOp::create(b, loc, flat, ValueRange{place});
  auto one = VectorType::get({1}, memoryType());
  auto oneBit = VectorType::get({1}, b.getI1Type());
  Value mask = vector::FromElementsOp::create(b, loc, oneBit, valid);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(one));
  Value loaded = vector::MaskedLoadOp::create(b, loc, one, flat,
                                              ValueRange{place}, mask, zero);
  return vector::ExtractOp::create(b, loc, loaded, ArrayRef<int64_t>{0});
}

Value MmaOperand::loadPlaced(const Slot &slot, int64_t chunk,
                             int64_t tileNumber) {
  const KWalk &walk = context.plan.walk;
  const ContractionProblem &problem = context.problem;
  Value zero =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(memoryType()));
  SmallVector<Value> elements;
  for (int64_t i = 0; i < stage.chunk; ++i) {
    int64_t inner = tileNumber % walk.innerTiles * tile.k +
                    chunk * stage.chunk + i;
    if (inner >= walk.innerSize) {
      elements.push_back(zero);
      continue;
    }
    // The inner loops are the last of k.
    int64_t number = tileNumber / walk.innerTiles * walk.innerSize + inner;
    SmallVector<int64_t> indices(problem.kLoops.size());
    for (size_t loop = indices.size(); loop-- > 0;) {
      int64_t size = problem.loopSizes[problem.kLoops[loop]];
      indices[loop] = number % size;
      number /= size;
    }
    elements.push_back(loadPlaced(slot, indices));
  }
  return vector::FromElementsOp::create(
      b, loc, VectorType::get({stage.chunk}, memoryType()), elements);
}

SmallVector<Value> MmaOperand::loadUnrolled(int64_t tileNumber) {
  auto loadPart = [&](int64_t part) {
    SmallVector<Value> loaded;
    int64_t rowsOfThread = std::max<int64_t>(stage.rows / tile.threads(), 1);
    for (int64_t index = 0; index < stage.slots; ++index)
      loaded.push_back(loadPlaced(
          slots[index], part * stage.slots + index / rowsOfThread, tileNumber));
    return loaded;
  };
  int64_t parts = stage.threadsPerRow();
  if (stage.rows >= tile.threads())
    return loadPart(0);
  // Of whole warps, so that none takes two ways.
  SmallVector<Type> types(stage.slots,
                          VectorType::get({stage.chunk}, memoryType()));
  SmallVector<int64_t> cases;
  for (int64_t part = 1; part < parts; ++part)
    cases.push_back(part);
  auto choice = scf::IndexSwitchOp::create(
      b, loc, types, eval.div(context.thread, stage.rows), cases, cases.size());
  OpBuilder::InsertionGuard guard(b);
  for (int64_t part = 0; part < parts; ++part) {
    Region &region =
        part ? choice.getCaseRegions()[part - 1] : choice.getDefaultRegion();
    b.setInsertionPointToStart(&region.emplaceBlock());
    IndexedEval::Scope scope(eval);
    scf::YieldOp::create(b, loc, loadPart(part));
  }
  return SmallVector<Value>(choice.getResults());
}

/// What is multiplied, of elements as they are in memory.
Value MmaOperand::factors(Value loaded) {
  SmallVector<Value> elements;
  for (int64_t i = 0; i < stage.chunk; ++i)
    elements.push_back(asFactor(
        b, operand,
        vector::ExtractOp::create(b, loc, loaded, ArrayRef<int64_t>{i})));
  return vector::FromElementsOp::create(b, loc, cast<VectorType>(slotType()),
                                        elements);
}
