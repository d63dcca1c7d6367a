//===- Stage.cpp - an operand's way into registers ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/contraction/Stage.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace eclip;

/// The buffer as one dimension.
static Value flatten(OpBuilder &b, Location loc, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getRank() == 1)
    return buffer;
  int64_t size = type.getNumElements();
  auto flat =
      MemRefType::get({size}, type.getElementType(),
                      MemRefLayoutAttrInterface(), type.getMemorySpace());
  return memref::ReinterpretCastOp::create(b, loc, flat, buffer, /*offset=*/0,
                                           ArrayRef<int64_t>{size},
                                           ArrayRef<int64_t>{1});
}

OperandStage::OperandStage(StageContext &context,
                           const ContractionOperand &operand,
                           const StagePlan &stage, ArrayRef<unsigned> rowLoops)
    : context(context), eval(context.eval), b(context.eval.builder()),
      loc(context.eval.loc()), operand(operand), stage(stage),
      tile(context.plan.tile), rowLoops(rowLoops) {
  for (unsigned loop : rowLoops)
    rowCount *= context.problem.loopSizes[loop];
}

// View offsets may be negative where padding is checked, so their arithmetic
// carries no flag against wrapping.
Value OperandStage::add(Value lhs, Value rhs) {
  if (!lhs || !rhs)
    return lhs ? lhs : rhs;
  return b.createOrFold<arith::AddIOp>(loc, lhs, rhs);
}

Value OperandStage::scaled(Value value, int64_t factor) {
  if (factor == 0)
    return {};
  if (factor == 1)
    return value;
  return b.createOrFold<arith::MulIOp>(loc, value, eval.constant(factor));
}

Value OperandStage::clampTo(Value value, int64_t last) {
  return b.createOrFold<arith::MinUIOp>(loc, value, eval.constant(last));
}

//===----------------------------------------------------------------------===//
// Before the loop
//===----------------------------------------------------------------------===//

Value OperandStage::ldsRow(Value row) {
  if (!stage.permuted)
    return row;
  int64_t period = threadCount * 4;
  Value group = eval.div(row, period), inGroup = eval.rem(row, period);
  Value position = eval.div(inGroup, 4), element = eval.rem(inGroup, 4);
  return eval.add(eval.mul(group, period),
                  eval.add(eval.mul(element, threadCount), position));
}

void OperandStage::prepareSlot(int64_t index, Value firstRow) {
  Slot &slot = slots[index];
  int64_t perSlow =
      (stage.alongK ? tile.kWords() : stage.rows) / stage.slotWords;
  int64_t threads = tile.threads();
  // Slots whose threads keep their place along the fast dimension share its
  // arithmetic with the first.
  Value number = eval.add(context.thread, eval.constant(index * threads));
  Value fast, slow;
  if (threads % perSlow == 0 && index != 0) {
    fast = stage.alongK ? slots[0].stepWord : slots[0].row;
    slow = eval.add(stage.alongK ? slots[0].row : slots[0].stepWord,
                    eval.constant(index * threads / perSlow));
  } else {
    fast = eval.mul(eval.rem(number, perSlow), stage.slotWords);
    slow = eval.div(number, perSlow);
  }
  slot.row = stage.alongK ? slow : fast;
  slot.stepWord = stage.alongK ? fast : slow;
  slot.step = eval.mul(slot.stepWord, tile.pack);
  if (stage.rowMajor)
    slot.word =
        eval.add(eval.mul(ldsRow(slot.row), stage.stride), slot.stepWord);
  else
    slot.word = eval.add(eval.mul(slot.stepWord, stage.stride), slot.row);

  Value row = eval.add(firstRow, slot.row);
  if (rowCount % stage.rows != 0 || (stage.overhang && stage.alongK))
    row = clampTo(row, rowCount - (stage.alongK ? 1 : stage.vector));
  slot.loops = context.loops;
  SmallVector<Value> indices =
      eval.delinearize(row, context.problem.sizesOf(rowLoops));
  for (auto [loop, value] : llvm::zip_equal(rowLoops, indices))
    slot.loops[loop] = value;
  if (!operand.view)
    return;
  // Where k is not clamped, the thread's step within the tile is part of it,
  // and what the loop adds is the same for all threads.
  auto fixedPart = [&](const LinearForm &form) {
    Value sum = eval.constant(form.constant);
    for (auto [loop, coefficient] : llvm::enumerate(form.coefficients))
      if (coefficient && !llvm::is_contained(context.problem.kLoops, loop))
        sum = add(sum, scaled(slot.loops[loop], coefficient));
    std::optional<int64_t> stride = linearStride(form);
    return stride && !clampsK() ? add(sum, scaled(slot.step, *stride)) : sum;
  };
  slot.offset = fixedPart(operand.view->offset);
  for (const OperandView::Check &check : operand.view->checks)
    slot.checks.push_back(fixedPart(check.index));
}

void OperandStage::prepare(Value firstRow, Value position, int64_t threads,
                           Value share) {
  threadCount = threads;
  threadRows = stage.rows / threads;
  slots.resize(stage.slots);
  for (int64_t index = 0; index < stage.slots; ++index)
    prepareSlot(index, firstRow);
  if (operand.view)
    flat = flatten(b, loc, eval.bufferOf(operand.view->base));
  Value step = eval.mul(share, tile.stepK);
  if (stage.rowMajor)
    fragmentWord = eval.add(eval.mul(position, stage.stride), step);
  else
    fragmentWord =
        eval.add(eval.mul(step, stage.stride), eval.mul(position, 4));
}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

Type OperandStage::slotType() const {
  return VectorType::get({stage.slotWords}, b.getF32Type());
}

/// The factor between number in the inner loops and the form's k part, if the
/// inner loops are contiguous for it.
std::optional<int64_t>
OperandStage::linearStride(const LinearForm &form) const {
  const KWalk &walk = context.plan.walk;
  if (walk.inner.empty())
    return 0;
  int64_t stride = form.coefficients[walk.inner.back()];
  int64_t expected = stride;
  for (unsigned loop : llvm::reverse(walk.inner)) {
    if (form.coefficients[loop] != expected)
      return std::nullopt;
    expected *= context.problem.loopSizes[loop];
  }
  return stride;
}

/// Whether the single inner loops' indices are needed, beside their number.
bool OperandStage::needsLoops() const {
  if (!operand.view)
    return true;
  if (!linearStride(operand.view->offset))
    return true;
  return llvm::any_of(operand.view->checks, [&](const auto &check) {
    return !linearStride(check.index);
  });
}

OperandStage::KPlace OperandStage::placeOf(const Slot &slot, Value tileNumber,
                                           int64_t load, bool withLoops) {
  const KWalk &walk = context.plan.walk;
  const ContractionProblem &problem = context.problem;
  KPlace place;
  place.loops = context.loops;
  Value innerTile = eval.rem(tileNumber, walk.innerTiles);
  if (!walk.outer.empty()) {
    Value outer = eval.div(tileNumber, walk.innerTiles);
    SmallVector<Value> indices =
        eval.delinearize(outer, problem.sizesOf(walk.outer));
    for (auto [loop, value] : llvm::zip_equal(walk.outer, indices))
      place.loops[loop] = value;
  }
  Value ahead = eval.constant(load);
  place.tileStart = eval.mul(innerTile, tile.k());
  place.inner = eval.add(place.tileStart, slot.step);
  place.tileStart = eval.add(place.tileStart, ahead);
  // Where all steps of a slot share their fate, the first decides.
  if (!keepsSteps())
    place.inner = eval.add(place.inner, ahead);
  if (walk.hasTail)
    place.valid =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, place.inner,
                              eval.constant(walk.innerSize));
  if (clampsK()) {
    int64_t steps = !keepsSteps()  ? 1
                    : stage.alongK ? std::max(stage.loads, stage.vector)
                                   : stage.loads;
    place.inner = clampTo(place.inner, walk.innerSize - steps);
  }
  if (keepsSteps())
    place.inner = eval.add(place.inner, ahead);
  if (withLoops) {
    SmallVector<Value> indices =
        eval.delinearize(place.inner, problem.sizesOf(walk.inner));
    for (auto [loop, value] : llvm::zip_equal(walk.inner, indices))
      place.loops[loop] = value;
  }
  return place;
}

bool OperandStage::keepsSteps() const {
  return context.plan.walk.innerSize % stage.loads == 0;
}

bool OperandStage::clampsK() const {
  return context.plan.walk.hasTail || (stage.overhang && !stage.alongK);
}

Value OperandStage::kPart(const LinearForm &form, const KPlace &place) {
  const KWalk &walk = context.plan.walk;
  Value sum;
  for (unsigned loop : walk.outer)
    sum = add(sum, scaled(place.loops[loop], form.coefficients[loop]));
  if (std::optional<int64_t> stride = linearStride(form))
    return add(sum, scaled(clampsK() ? place.inner : place.tileStart, *stride));
  for (unsigned loop : walk.inner)
    sum = add(sum, scaled(place.loops[loop], form.coefficients[loop]));
  return sum;
}

Value OperandStage::zeroUnless(Value valid, Value value) {
  if (!valid)
    return value;
  Value zero =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(value.getType()));
  return arith::SelectOp::create(b, loc, valid, value, zero);
}

/// Whole words, from what the slot's loads gave: the halves of a word are next
/// to one another, or one in each of two loads.
Value OperandStage::asWords(ArrayRef<Value> loaded) {
  if (tile.pack == 1)
    return loaded.front();
  Value halves = loaded.front();
  if (loaded.size() == 2) {
    SmallVector<int64_t> order;
    for (int64_t i = 0; i < stage.vector; ++i)
      order.append({i, stage.vector + i});
    halves = vector::ShuffleOp::create(b, loc, loaded[0], loaded[1], order);
  }
  return vector::BitCastOp::create(b, loc, cast<VectorType>(slotType()),
                                   halves);
}

FailureOr<Value> OperandStage::loadView(const Slot &slot, Value tileNumber,
                                        int64_t load, Value &valid) {
  KPlace place = placeOf(slot, tileNumber, load, needsLoops());
  const OperandView &view = *operand.view;
  Value inside;
  valid = place.valid;
  for (auto [check, fixed] : llvm::zip_equal(view.checks, slot.checks)) {
    Value index = add(fixed, kPart(check.index, place));
    Value ok = b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ult,
                                             index, eval.constant(check.size));
    inside = inside ? b.createOrFold<arith::AndIOp>(loc, inside, ok) : ok;
  }
  Value offset = add(slot.offset, kPart(view.offset, place));
  if (inside) {
    offset = arith::SelectOp::create(b, loc, inside, offset,
                                     eval.constant(view.fallback));
    valid = valid ? b.createOrFold<arith::AndIOp>(loc, valid, inside) : inside;
  }
  Type element = cast<MemRefType>(flat.getType()).getElementType();
  auto type = VectorType::get({stage.vector}, element);
  Value loaded = vector::LoadOp::create(b, loc, type, flat, offset,
                                        /*nontemporal=*/false,
                                        llvm::MaybeAlign(stage.alignment));
  Type multiplied = operand.factor.getType();
  if (operand.factor == operand.scalar && element == multiplied)
    return loaded;
  SmallVector<Value> factors;
  for (int64_t i = 0; i < stage.vector; ++i) {
    Value scalar = vector::ExtractOp::create(b, loc, loaded, i);
    if (operand.scalar.getType().isInteger(1))
      scalar = arith::TruncIOp::create(b, loc, b.getI1Type(), scalar);
    factors.push_back(asFactor(b, operand, scalar));
  }
  return Value(vector::FromElementsOp::create(
      b, loc, VectorType::get({stage.vector}, multiplied), factors));
}

FailureOr<Value> OperandStage::loadEvaluated(const Slot &slot, Value tileNumber,
                                             int64_t load, Value &valid) {
  KPlace place = placeOf(slot, tileNumber, load, true);
  valid = place.valid;
  SmallVector<Value> loops = slot.loops;
  for (unsigned loop : context.problem.kLoops)
    loops[loop] = place.loops[loop];
  ArrayRef<unsigned> along =
      stage.alongK ? ArrayRef<unsigned>(context.plan.walk.inner) : rowLoops;
  SmallVector<Value> factors;
  for (int64_t i = 0; i < stage.vector; ++i) {
    SmallVector<Value> here = loops;
    if (i)
      here[along.back()] = eval.add(loops[along.back()], eval.constant(i));
    FailureOr<Value> element =
        eval.at(operand.value, eval.applyMap(operand.map, here));
    if (failed(element))
      return failure();
    factors.push_back(asFactor(b, operand, *element));
  }
  return Value(vector::FromElementsOp::create(
      b, loc, VectorType::get({stage.vector}, operand.factor.getType()),
      factors));
}

FailureOr<Value> OperandStage::loadSlot(const Slot &slot, Value tileNumber) {
  SmallVector<Value, 2> loaded, valid(stage.loads);
  for (int64_t load = 0; load < stage.loads; ++load) {
    FailureOr<Value> value =
        operand.view ? loadView(slot, tileNumber, load, valid[load])
                     : loadEvaluated(slot, tileNumber, load, valid[load]);
    if (failed(value))
      return failure();
    loaded.push_back(*value);
  }
  // Zeroing words is cheaper than zeroing their halves.
  if (stage.loads == 1 || (sharesChecks() && keepsSteps()))
    return zeroUnless(valid.front(), asWords(loaded));
  for (auto [value, ok] : llvm::zip_equal(loaded, valid))
    value = zeroUnless(ok, value);
  return asWords(loaded);
}

/// The checks of the view do not tell the steps of a slot apart.
bool OperandStage::sharesChecks() const {
  return !operand.view ||
         llvm::none_of(operand.view->checks, [&](const auto &check) {
           return llvm::any_of(context.plan.walk.inner, [&](unsigned loop) {
             return check.index.coefficients[loop] != 0;
           });
         });
}

FailureOr<SmallVector<Value>> OperandStage::load(Value tileNumber) {
  SmallVector<Value> loaded;
  for (const Slot &slot : slots) {
    FailureOr<Value> value = loadSlot(slot, tileNumber);
    if (failed(value))
      return failure();
    loaded.push_back(*value);
  }
  return loaded;
}

//===----------------------------------------------------------------------===//
// LDS
//===----------------------------------------------------------------------===//

void OperandStage::store(ArrayRef<Value> loaded, int64_t base) {
  for (auto [slot, value] : llvm::zip_equal(slots, loaded)) {
    if (stage.alongK == stage.rowMajor) {
      int64_t width = std::min<int64_t>(stage.slotWords, 4);
      for (int64_t i = 0; i < stage.slotWords; i += width) {
        Value part = value;
        if (width != stage.slotWords)
          part = vector::ExtractStridedSliceOp::create(b, loc, value, i, width,
                                                       1);
        Value word = eval.add(slot.word, eval.constant(base + i));
        vector::StoreOp::create(b, loc, part, context.lds, word,
                                /*nontemporal=*/false,
                                llvm::MaybeAlign(width * 4));
      }
      continue;
    }
    // Against the grain: neighbours along the rows go to consecutive rows.
    for (int64_t i = 0; i < stage.slotWords; ++i) {
      Value element = vector::ExtractOp::create(b, loc, value, i);
      int64_t distance = i * stage.stride;
      if (stage.rowMajor && stage.permuted)
        distance *= threadCount;
      Value word = eval.add(slot.word, eval.constant(base + distance));
      memref::StoreOp::create(b, loc, element, context.lds, word);
    }
  }
}

SmallVector<std::array<Value, 4>> OperandStage::fragment(int64_t group,
                                                         int64_t base) {
  auto quad = VectorType::get({4}, b.getF32Type());
  auto read = [&](int64_t distance) {
    Value word = eval.add(fragmentWord, eval.constant(base + distance));
    return Value(vector::LoadOp::create(b, loc, quad, context.lds, word,
                                        /*nontemporal=*/false,
                                        llvm::MaybeAlign(16)));
  };
  SmallVector<std::array<Value, 4>> result(threadRows);
  if (stage.rowMajor) {
    for (int64_t row = 0; row < threadRows; ++row) {
      Value steps = read(row * threadCount * stage.stride + group * 4);
      for (int64_t step = 0; step < 4; ++step)
        result[row][step] = vector::ExtractOp::create(b, loc, steps, step);
    }
    return result;
  }
  for (int64_t step = 0; step < 4; ++step)
    for (int64_t four = 0; four < threadRows / 4; ++four) {
      Value rows =
          read((group * 4 + step) * stage.stride + four * threadCount * 4);
      for (int64_t i = 0; i < 4; ++i)
        result[four * 4 + i][step] = vector::ExtractOp::create(b, loc, rows, i);
    }
  return result;
}
