//===- Coordinates.cpp - elements that correspond -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/formation/Coordinates.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace eclip;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static bool isPlain(AffineMap map) {
  return llvm::all_of(map.getResults(), [](AffineExpr expr) {
    return isa<AffineDimExpr, AffineConstantExpr>(expr);
  });
}

bool Coordinates::hasRows(linalg::GenericOp anchor, int64_t maxRow) {
  int64_t row = 1;
  for (auto [kind, size] : llvm::zip_equal(anchor.getIteratorTypesArray(),
                                           anchor.getStaticLoopRanges()))
    if (kind == utils::IteratorType::reduction)
      row *= size;
  return row <= maxRow && llvm::all_of(anchor.getIndexingMapsArray(), isPlain);
}

Coordinates::Coordinates(linalg::GenericOp anchor, bool rows)
    : context(anchor.getContext()), rows(rows) {
  SmallVector<int64_t> sizes = anchor.getStaticLoopRanges();
  Exprs loops;
  for (auto [i, kind] : llvm::enumerate(anchor.getIteratorTypesArray())) {
    loops.push_back(sizes[i] == 1 ? getAffineConstantExpr(0, context)
                                  : getAffineDimExpr(i, context));
    if (sizes[i] == 1)
      continue;
    (kind == utils::IteratorType::reduction ? reducedLoops : rowLoops).push_back(i);
    if (kind != utils::IteratorType::reduction)
      points *= sizes[i];
    else
      rowElements *= sizes[i];
  }
  SmallVector<AffineMap> maps = anchor.getIndexingMapsArray();
  for (OpResult result : anchor->getResults())
    note(result, maps[anchor.getNumDpsInputs() + result.getResultNumber()], loops);
  if (!rows)
    return;
  for (OpOperand *input : anchor.getDpsInputOperands())
    if (isa<RankedTensorType>(input->get().getType()))
      note(input->get(), maps[input->getOperandNumber()], loops);
}

/// Records that `value` is read or written at `map` of `loops`, unless it has
/// coordinates already.
void Coordinates::note(Value value, AffineMap map, ArrayRef<AffineExpr> loops) {
  Exprs result;
  for (auto [expr, size] : llvm::zip_equal(map.getResults(), shapeOf(value)))
    result.push_back(size == 1 ? getAffineConstantExpr(0, context)
                               : expr.replaceDims(loops));
  exprs.try_emplace(value, std::move(result));
}

/// The coordinates of each loop of `op`, from the operands that have some.
FailureOr<Coordinates::Exprs> Coordinates::loopsOf(linalg::GenericOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  Exprs loops(sizes.size());
  for (OpOperand &operand : op->getOpOperands()) {
    auto it = exprs.find(operand.get());
    if (it == exprs.end())
      continue;
    AffineMap map = maps[operand.getOperandNumber()];
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      if (shapeOf(operand.get())[i] == 1)
        continue;
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        return failure();
      AffineExpr &mine = loops[loop.getPosition()];
      if (mine && mine != it->second[i])
        return failure();
      mine = it->second[i];
    }
  }
  for (auto [expr, size] : llvm::zip_equal(loops, sizes)) {
    if (size == 1)
      expr = getAffineConstantExpr(0, context);
    else if (!expr)
      return failure();
  }
  return loops;
}

/// True if `loops`, those of one iteration aside, are exactly the anchor's
/// loops `dims` in any order.
bool Coordinates::usesPlain(ArrayRef<AffineExpr> loops, ArrayRef<unsigned> dims) const {
  llvm::SmallDenseSet<unsigned> seen;
  for (AffineExpr expr : loops) {
    if (isa<AffineConstantExpr>(expr))
      continue;
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || !llvm::is_contained(dims, dim.getPosition()) ||
        !seen.insert(dim.getPosition()).second)
      return false;
  }
  return seen.size() == dims.size();
}

LogicalResult Coordinates::followReduction(linalg::GenericOp op,
                                           ArrayRef<AffineExpr> loops) {
  if (!rows || !llvm::all_of(op.getIndexingMapsArray(), isPlain))
    return failure();
  Exprs parallel, reduced;
  for (auto [kind, loop] : llvm::zip_equal(op.getIteratorTypesArray(), loops))
    (kind == utils::IteratorType::reduction ? reduced : parallel).push_back(loop);
  return success(usesPlain(parallel, rowLoops) && usesPlain(reduced, reducedLoops));
}

LogicalResult Coordinates::followGeneric(linalg::GenericOp op) {
  FailureOr<Exprs> loops = loopsOf(op);
  if (failed(loops))
    return failure();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (op.getNumReductionLoops() != 0) {
    if (failed(followReduction(op, *loops)))
      return failure();
  } else {
    // As many points as there are results, or as there are elements of rows.
    int64_t count = 1;
    for (int64_t size : op.getStaticLoopRanges())
      count *= size;
    if (count != points && !(rows && count == points * rowElements))
      return failure();
  }
  for (OpResult result : op->getResults())
    note(result, maps[op.getNumDpsInputs() + result.getResultNumber()], *loops);
  if (rows)
    for (OpOperand *input : op.getDpsInputOperands())
      if (isa<RankedTensorType>(input->get().getType()) &&
          isPlain(maps[input->getOperandNumber()]) &&
          maps[input->getOperandNumber()].isPermutation())
        note(input->get(), maps[input->getOperandNumber()], *loops);
  return success();
}

bool Coordinates::keepsNeighbours(Value value, unsigned loop,
                                  ArrayRef<int64_t> sizes) const {
  Exprs point(sizes.size(), getAffineConstantExpr(0, context));
  // The row-major number of the element at `i` of the loop, 0 of the others.
  auto number = [&](int64_t i) {
    point[loop] = getAffineConstantExpr(i, context);
    int64_t linear = 0;
    for (auto [expr, extent] : llvm::zip_equal(exprs.find(value)->second, shapeOf(value)))
      linear = linear * extent + cast<AffineConstantExpr>(expr.replaceDims(point)).getValue();
    return linear;
  };
  for (int64_t i = 1; i < sizes[loop]; ++i)
    if (number(i) != number(i - 1) + 1)
      return false;
  return true;
}

LogicalResult Coordinates::follow(Operation *op) {
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return followGeneric(generic);
  Value source = op->getOperand(0);
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  const Exprs &from = exprs.find(source)->second;
  Exprs result(shape.size(), getAffineConstantExpr(0, context));
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    for (auto [i, group] : llvm::enumerate(expand.getReassociationIndices())) {
      AffineExpr rest = from[i];
      SmallVector<int64_t> real;
      for (int64_t dim : group)
        if (shape[dim] != 1)
          real.push_back(dim);
      for (size_t k = real.size(); k-- > 0;) {
        result[real[k]] = k == 0 ? rest : rest % shape[real[k]];
        rest = rest.floorDiv(shape[real[k]]);
      }
    }
  } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    for (auto [i, group] : llvm::enumerate(collapse.getReassociationIndices())) {
      AffineExpr linear = getAffineConstantExpr(0, context);
      for (int64_t dim : group)
        linear = linear * shapeOf(source)[dim] + from[dim];
      result[i] = linear;
    }
  } else {
    return failure();
  }
  exprs[op->getResult(0)] = std::move(result);
  return success();
}
