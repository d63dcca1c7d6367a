//===- MmaOperand.cpp - an operand's way to the tensor cores --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/MmaOperand.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace eclip;

MmaOperand::MmaOperand(MmaContext &context, const ContractionOperand &operand,
                       const MmaStage &stage, ArrayRef<unsigned> rowLoops,
                       bool isA)
    : context(context), eval(context.eval), b(context.eval.builder()),
      loc(context.eval.loc()), operand(operand), stage(stage),
      tile(context.plan.tile), rowLoops(rowLoops), isA(isA) {
  for (unsigned loop : rowLoops)
    rowCount *= context.problem.loopSizes[loop];
}

// Offsets of views may be negative where padding is checked, so their
// arithmetic carries no flag against wrapping.
Value MmaOperand::plus(Value lhs, Value rhs) {
  if (!lhs || !rhs)
    return lhs ? lhs : rhs;
  return b.createOrFold<arith::AddIOp>(loc, lhs, rhs);
}

Value MmaOperand::times(Value value, int64_t factor) {
  if (factor == 0)
    return {};
  if (factor == 1)
    return value;
  return b.createOrFold<arith::MulIOp>(loc, value, eval.constant(factor));
}

Value MmaOperand::both(Value lhs, Value rhs) {
  if (!lhs || !rhs)
    return lhs ? lhs : rhs;
  return b.createOrFold<arith::AndIOp>(loc, lhs, rhs);
}

Value MmaOperand::below(Value value, int64_t size) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, value,
                                       eval.constant(size));
}

Value MmaOperand::orZero(Value condition, Value value) {
  if (!condition)
    return value;
  Value zero =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(value.getType()));
  return arith::SelectOp::create(b, loc, condition, value, zero);
}

/// What a row's chunk numbers are combined with. Rows of fewer than eight
/// chunks share the 128 bytes of all banks.
Value MmaOperand::swizzle(Value row) {
  int64_t chunks = stage.chunksPerRow;
  // A warp gathers two chunks of each of four rows.
  if (isGathered())
    return eval.rem(eval.mul(eval.rem(row, 4), 2), std::min<int64_t>(chunks, 8));
  int64_t perLine = std::max<int64_t>(8 / chunks, 1);
  return eval.rem(eval.div(row, perLine), std::min<int64_t>(chunks, 8));
}

/// Element of a stage at which chunk `chunk` of row `row` lies.
Value MmaOperand::placeOf(Value row, Value chunk) {
  constexpr int64_t kLine = 128 / kChunkBytes;
  if (!stage.blocked)
    return eval.add(eval.mul(row, stage.chunksPerRow * stage.chunk),
                    eval.mul(chunk, stage.chunk));
  Value block = eval.mul(eval.div(chunk, kLine), stage.rows * kLine * stage.chunk);
  return eval.add(block, eval.add(eval.mul(row, kLine * stage.chunk),
                                  eval.mul(eval.rem(chunk, kLine), stage.chunk)));
}

//===----------------------------------------------------------------------===//
// Loop indices
//===----------------------------------------------------------------------===//

Value MmaOperand::setRow(Value row, MutableArrayRef<Value> loops) {
  row = eval.add(firstRow, row);
  Value inside;
  if (rowCount % (isA ? tile.m : tile.n) != 0) {
    inside = below(row, rowCount);
    row = orZero(inside, row);
  }
  SmallVector<Value> indices =
      eval.delinearize(row, context.problem.sizesOf(rowLoops));
  for (auto [loop, value] : llvm::zip_equal(rowLoops, indices))
    loops[loop] = value;
  return inside;
}

Value MmaOperand::setStep(Value tileNumber, Value step,
                          MutableArrayRef<Value> loops) {
  const KWalk &walk = context.plan.walk;
  const ContractionProblem &problem = context.problem;
  if (!walk.outer.empty()) {
    Value outer = eval.div(tileNumber, walk.innerTiles);
    SmallVector<Value> indices =
        eval.delinearize(outer, problem.sizesOf(walk.outer));
    for (auto [loop, value] : llvm::zip_equal(walk.outer, indices))
      loops[loop] = value;
  }
  Value innerTile = eval.rem(tileNumber, walk.innerTiles);
  Value inner = eval.add(eval.mul(innerTile, tile.k), step);
  Value inside;
  if (walk.hasTail) {
    inside = below(inner, walk.innerSize);
    inner = orZero(inside, inner);
  }
  SmallVector<Value> indices =
      eval.delinearize(inner, problem.sizesOf(walk.inner));
  for (auto [loop, value] : llvm::zip_equal(walk.inner, indices))
    loops[loop] = value;
  return inside;
}

Value MmaOperand::evaluate(const LinearForm &form, ValueRange loops,
                           ArrayRef<unsigned> which) {
  Value sum;
  for (unsigned loop : which)
    if (form.coefficients[loop])
      sum = plus(sum, times(loops[loop], form.coefficients[loop]));
  return sum;
}

//===----------------------------------------------------------------------===//
// Before the loop over k
//===----------------------------------------------------------------------===//

void MmaOperand::prepareSlot(int64_t index) {
  if (stage.unrolled)
    return prepareUnrolledSlot(index);
  int64_t piece = index % stage.pieces() * stage.piece;
  Slot &slot = slots[index];
  Value number = eval.add(
      context.thread, eval.constant(index / stage.pieces() * tile.threads()));
  Value slow = eval.div(number, stage.chunksPerRow);
  Value chunk = eval.rem(number, stage.chunksPerRow);
  Value exchanged = arith::XOrIOp::create(b, loc, chunk, swizzle(slow));
  slot.place = eval.add(placeOf(slow, exchanged), eval.constant(piece));
  Value fast = eval.add(eval.mul(chunk, stage.chunk), eval.constant(piece));
  slot.row = stage.alongK ? slow : fast;
  slot.step = stage.alongK ? fast : slow;
  if (stage.async)
    prepareView(slot);
}

void MmaOperand::prepareView(Slot &slot) {
  SmallVector<Value> loops = context.loops;
  slot.inside = setRow(slot.row, loops);
  SmallVector<unsigned> fixed;
  for (unsigned loop = 0; loop < loops.size(); ++loop)
    if (!llvm::is_contained(context.problem.kLoops, loop))
      fixed.push_back(loop);
  auto fixedPart = [&](const LinearForm &form) {
    return plus(eval.constant(form.constant), evaluate(form, loops, fixed));
  };
  slot.offset = fixedPart(operand.view->offset);
  for (const OperandView::Check &check : operand.view->checks)
    slot.checks.push_back(fixedPart(check.index));
}

/// Lanes give ldmatrix the addresses of rows of 8 x 8 matrices, eight lanes a
/// matrix. In shared memory the matrices of a fragment lie two by two.
void MmaOperand::prepareFragments(Value warpRow) {
  if (isGathered())
    return prepareGather(warpRow);
  Value matrix = eval.div(context.lane, 8), line = eval.rem(context.lane, 8);
  Value low = eval.rem(matrix, 2), high = eval.div(matrix, 2);
  // The registers' order is (rows, then k) in A, (k, then rows) in B.
  Value rowHalf = isA ? low : high, stepHalf = isA ? high : low;
  Value slowHalf = stage.alongK ? rowHalf : stepHalf;
  Value fastHalf = stage.alongK ? stepHalf : rowHalf;
  Value slow = eval.add(eval.mul(slowHalf, 8), line);
  Value chunk = fastHalf;
  if (stage.alongK)
    slow = eval.add(slow, warpRow);
  else
    chunk = eval.add(eval.div(warpRow, stage.chunk), chunk);
  fragmentRow = eval.mul(slow, stage.chunksPerRow * stage.chunk);
  fragmentChunk = arith::XOrIOp::create(b, loc, chunk, swizzle(slow));
}

void MmaOperand::prepare(Value first, Value warpRow) {
  firstRow = first;
  slots.resize(stage.slots * stage.pieces());
  for (size_t index = 0; index < slots.size(); ++index)
    prepareSlot(index);
  prepareFragments(warpRow);
  if (stage.async || stage.unrolled)
    flatten();
}

void MmaOperand::flatten() {
  Value buffer = eval.bufferOf(operand.view->base);
  auto type = cast<MemRefType>(buffer.getType());
  int64_t size = type.getNumElements();
  auto flatType =
      MemRefType::get({size}, type.getElementType(),
                      MemRefLayoutAttrInterface(), type.getMemorySpace());
  flat = memref::ReinterpretCastOp::create(
      b, loc, flatType, buffer, /*offset=*/0, ArrayRef<int64_t>{size},
      ArrayRef<int64_t>{1});
}

//===----------------------------------------------------------------------===//
// To shared memory
//===----------------------------------------------------------------------===//

void MmaOperand::copy(Value tileNumber, Value base) {
  const OperandView &view = *operand.view;
  Value none = eval.constant(0), all = eval.constant(stage.piece);
  // Past the first cache go whole chunks only.
  UnitAttr bypass = stage.pieces() == 1 ? b.getUnitAttr() : UnitAttr();
  for (const Slot &slot : slots) {
    SmallVector<Value> loops = context.loops;
    Value valid = both(slot.inside, setStep(tileNumber, slot.step, loops));
    ArrayRef<unsigned> kLoops = context.problem.kLoops;
    for (auto [check, fixed] : llvm::zip_equal(view.checks, slot.checks))
      valid = both(valid, below(plus(fixed, evaluate(check.index, loops,
                                                     kLoops)),
                                check.size));
    Value offset = plus(slot.offset, evaluate(view.offset, loops, kLoops));
    Value count;
    if (valid) {
      // Nothing is read then, but the address must be one of the buffer.
      offset = arith::SelectOp::create(b, loc, valid, offset, none);
      count = arith::SelectOp::create(b, loc, valid, all, none);
    }
    nvgpu::DeviceAsyncCopyOp::create(
        b, loc, nvgpu::DeviceAsyncTokenType::get(b.getContext()),
        context.shared, ValueRange{eval.add(base, slot.place)}, flat,
        ValueRange{offset}, b.getIndexAttr(stage.piece), count, bypass);
  }
}

Type MmaOperand::elementType() const {
  return context.problem.halves ? Type(b.getF16Type()) : b.getF32Type();
}

Type MmaOperand::slotType() const {
  return VectorType::get({stage.chunk}, elementType());
}

FailureOr<Value> MmaOperand::elementAt(ValueRange loops, Value valid) {
  FailureOr<Value> element =
      eval.at(operand.value, eval.applyMap(operand.map, loops));
  if (failed(element))
    return failure();
  return orZero(valid, asFactor(b, operand, *element));
}

FailureOr<Value> MmaOperand::loadChunk(const Slot &slot, Value tileNumber) {
  SmallVector<Value> loops = context.loops;
  Value valid = both(setRow(slot.row, loops),
                     setStep(tileNumber, slot.step, loops));
  // Where the chunk's loop is one of whole chunks, its elements are neighbours,
  // inside or outside together: the back end makes one load of theirs.
  ArrayRef<unsigned> chunkLoops =
      stage.alongK ? ArrayRef<unsigned>(context.plan.walk.inner) : rowLoops;
  bool whole = !chunkLoops.empty() &&
               context.problem.loopSizes[chunkLoops.back()] % stage.chunk == 0;
  SmallVector<Value> elements;
  for (int64_t i = 0; i < stage.chunk; ++i) {
    SmallVector<Value> at = loops;
    Value inside = valid, ahead = eval.constant(i);
    if (whole)
      at[chunkLoops.back()] = eval.add(loops[chunkLoops.back()], ahead);
    else if (stage.alongK)
      inside = both(setRow(slot.row, at),
                    setStep(tileNumber, eval.add(slot.step, ahead), at));
    else
      inside = both(setRow(eval.add(slot.row, ahead), at),
                    setStep(tileNumber, slot.step, at));
    FailureOr<Value> element = elementAt(at, whole ? Value() : inside);
    if (failed(element))
      return failure();
    elements.push_back(*element);
  }
  Value chunk = vector::FromElementsOp::create(
      b, loc, cast<VectorType>(slotType()), elements);
  if (!whole || !valid)
    return chunk;
  // As words: of two halves that are chosen one by one, each is converted for
  // itself, at a quarter of the rate.
  Value words = vector::BitCastOp::create(
      b, loc, VectorType::get({kChunkBytes / 4}, b.getI32Type()), chunk);
  return vector::BitCastOp::create(b, loc, chunk.getType(),
                                   orZero(valid, words))
      .getResult();
}

FailureOr<SmallVector<Value>> MmaOperand::load(Value tileNumber) {
  SmallVector<Value> loaded;
  for (const Slot &slot : slots) {
    FailureOr<Value> chunk = loadChunk(slot, tileNumber);
    if (failed(chunk))
      return failure();
    loaded.push_back(*chunk);
  }
  return loaded;
}

void MmaOperand::store(ValueRange loaded, Value base) {
  for (auto [slot, value] : llvm::zip_equal(slots, loaded))
    vector::StoreOp::create(b, loc, stage.unrolled ? factors(value) : value,
                            context.shared,
                            eval.add(base, slot.place), /*nontemporal=*/false,
                            llvm::MaybeAlign(16));
}

//===----------------------------------------------------------------------===//
// From shared memory
//===----------------------------------------------------------------------===//

Value MmaOperand::fragment(int64_t row, int64_t step, Value base) {
  if (isGathered())
    return gather(row, step, base);
  int64_t slow = stage.alongK ? row : step, fast = stage.alongK ? step : row;
  // `fast` is a multiple of 16 below a power of two that the lane's own chunk is
  // a multiple of, but for its lowest bit: adding is combining, and commutes
  // with the exchange.
  Value chunk = arith::XOrIOp::create(b, loc, fragmentChunk,
                                      eval.constant(fast / stage.chunk));
  Value place = eval.add(
      eval.add(eval.add(base, fragmentRow),
               eval.constant(slow * stage.chunksPerRow * stage.chunk)),
      eval.mul(chunk, stage.chunk));
  auto type = VectorType::get({4, 4 / context.problem.factorBytes()},
                              elementType());
  Value loaded = nvgpu::LdMatrixOp::create(b, loc, type, context.shared,
                                           ValueRange{place},
                                           /*transpose=*/isTransposed(),
                                           /*numTiles=*/4);
  if (context.problem.halves)
    return loaded;
  SmallVector<Value> floats;
  for (int64_t i = 0; i < 4; ++i)
    floats.push_back(vector::ExtractOp::create(b, loc, loaded,
                                               ArrayRef<int64_t>{i, 0}));
  return rounded(floats);
}

/// Registers of m16n8k8, whose lanes hold k in steps of one and rows in steps of
/// four lanes.
void MmaOperand::prepareGather(Value warpRow) {
  Value step = eval.rem(context.lane, 4), row = eval.div(context.lane, 4);
  fragmentRow = eval.add(eval.mul(step, stage.chunksPerRow * stage.chunk),
                         eval.rem(row, stage.chunk));
  Value chunk = eval.div(eval.add(warpRow, row), stage.chunk);
  fragmentChunk = arith::XOrIOp::create(b, loc, chunk, swizzle(step));
}

Value MmaOperand::gather(int64_t row, int64_t step, Value base) {
  SmallVector<Value> floats;
  for (int64_t i = 0; i < 4; ++i) {
    int64_t down = (isA ? i % 2 : i / 2) * 8, along = (isA ? i / 2 : i % 2) * 4;
    Value chunk =
        arith::XOrIOp::create(b, loc, fragmentChunk,
                              eval.constant((row + down) / stage.chunk));
    Value place = eval.add(
        eval.add(eval.add(base, fragmentRow),
                 eval.constant((step + along) * stage.chunksPerRow *
                               stage.chunk)),
        eval.mul(chunk, stage.chunk));
    floats.push_back(
        memref::LoadOp::create(b, loc, context.shared, ValueRange{place}));
  }
  return rounded(floats);
}

/// To the ten bits that are multiplied; the instruction would cut them off.
Value MmaOperand::rounded(ValueRange floats) {
  auto type = VectorType::get({4, 1}, b.getF32Type());
  Value registers = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (auto [i, value] : llvm::enumerate(floats)) {
    Value bits = NVVM::ConvertFloatToTF32Op::create(
        b, loc, b.getI32Type(), value, NVVM::FPRoundingMode::RNA);
    Value rounded = arith::BitcastOp::create(b, loc, b.getF32Type(), bits);
    registers = vector::InsertOp::create(b, loc, rounded, registers,
                                         ArrayRef<int64_t>{int64_t(i), 0});
  }
  return registers;
}
