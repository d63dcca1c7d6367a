//===- IndexedLinalg.cpp - elements of linalg results ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/IndexedEval.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace eclip;

FailureOr<Value> IndexedEval::evalLinalg(OpResult result, ValueRange indices) {
  auto op = cast<linalg::LinalgOp>(result.getOwner());
  if (op.hasDynamicShape())
    return refuse(op, "dynamic shape");
  unsigned number = result.getResultNumber();
  if (op.getNumReductionLoops() != 0)
    return evalReduction(op, number, indices);
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(number));
  if (!map.isPermutation())
    return refuse(op, "the output map of a parallel operation is not a "
                      "permutation");
  SmallVector<Value> ivs = applyMap(inversePermutation(map), indices);
  FailureOr<SmallVector<Value>> inputs = inputsAt(op, ivs);
  if (failed(inputs))
    return failure();
  SmallVector<Value> outs;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    BlockArgument inside = op.getMatchingBlockArgument(&init);
    if (inside.use_empty()) {
      outs.push_back(
          scalarConstant(cast<TypedAttr>(b.getZeroAttr(inside.getType()))));
      continue;
    }
    FailureOr<Value> value =
        at(init.get(), applyMap(op.getMatchingIndexingMap(&init), ivs));
    if (failed(value))
      return failure();
    outs.push_back(*value);
  }
  FailureOr<SmallVector<Value>> yields = applyBody(op, ivs, *inputs, outs);
  if (failed(yields))
    return failure();
  return (*yields)[number];
}

FailureOr<Value> IndexedEval::evalReduction(linalg::LinalgOp op,
                                            unsigned resultNumber,
                                            ValueRange indices) {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(resultNumber));
  SmallVector<Value> ivs(op.getNumLoops());
  for (auto [expr, index] : llvm::zip_equal(map.getResults(), indices)) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      ivs[dim.getPosition()] = index;
    else if (!isa<AffineConstantExpr>(expr))
      return refuse(op, "the output map of a reduction is not a projection");
  }
  SmallVector<Value> current;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    if (op.getMatchingIndexingMap(&init) != map)
      return refuse(op, "outputs with different maps");
    FailureOr<Value> value = at(init.get(), indices);
    if (failed(value))
      return failure();
    current.push_back(*value);
  }
  SmallVector<Value> start = current;
  OpBuilder::InsertionGuard guard(b);
  SmallVector<scf::ForOp> loops;
  for (auto [dim, count] : reductionLoops(op)) {
    auto loop = scf::ForOp::create(b, location, constant(0), constant(count),
                                   constant(1), current);
    ivs[dim] = loop.getInductionVar();
    current.assign(loop.getRegionIterArgs().begin(),
                   loop.getRegionIterArgs().end());
    b.setInsertionPointToStart(loop.getBody());
    loops.push_back(loop);
  }
  for (auto [dim, iv] : llvm::enumerate(ivs))
    if (!iv)
      return refuse(op, "a parallel loop that no output names");
  {
    Scope scope(*this);
    double outside = census ? census->trips : 1;
    if (census && census->countsTrips)
      for (auto [dim, count] : reductionLoops(op))
        census->trips *= count;
    FailureOr<SmallVector<Value>> inputs = inputsAt(op, ivs);
    if (failed(inputs))
      return failure();
    FailureOr<SmallVector<Value>> yields = applyBody(op, ivs, *inputs, current);
    if (failed(yields))
      return failure();
    scf::YieldOp::create(b, location, *yields);
    if (census)
      census->trips = outside;
  }
  for (unsigned level = loops.size(); level-- > 1;) {
    b.setInsertionPointToEnd(loops[level - 1].getBody());
    scf::YieldOp::create(b, location, loops[level].getResults());
  }
  return loops.front().getResult(resultNumber);
}

FailureOr<SmallVector<Value>> IndexedEval::inputsAt(linalg::LinalgOp op,
                                                    ValueRange ivs) {
  SmallVector<Value> inputs;
  for (OpOperand *input : op.getDpsInputOperands()) {
    FailureOr<Value> value =
        isa<RankedTensorType>(input->get().getType())
            ? at(input->get(), applyMap(op.getMatchingIndexingMap(input), ivs))
            : scalar(input->get());
    if (failed(value))
      return failure();
    inputs.push_back(*value);
  }
  return inputs;
}

FailureOr<SmallVector<Value>> IndexedEval::applyBody(linalg::LinalgOp op,
                                                     ValueRange ivs,
                                                     ValueRange inputs,
                                                     ValueRange outs) {
  Block &body = *op.getBlock();
  IRMapping mapping;
  for (auto [argument, value] : llvm::zip(
           body.getArguments(), llvm::concat<Value>(SmallVector<Value>(inputs),
                                                    SmallVector<Value>(outs))))
    mapping.map(argument, value);
  for (Operation &inner : body.without_terminator())
    if (failed(cloneScalarOp(inner, ivs, mapping)))
      return failure();
  SmallVector<Value> yields;
  for (Value value : body.getTerminator()->getOperands()) {
    FailureOr<Value> result = mapping.contains(value)
                                  ? FailureOr<Value>(mapping.lookup(value))
                                  : scalar(value);
    if (failed(result))
      return failure();
    yields.push_back(*result);
  }
  return yields;
}

LogicalResult IndexedEval::cloneScalarOp(Operation &op, ValueRange ivs,
                                         IRMapping &mapping) {
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    mapping.map(index.getResult(), ivs[index.getDim()]);
    return success();
  }
  for (Value operand : op.getOperands()) {
    if (mapping.contains(operand) || isa<RankedTensorType>(operand.getType()))
      continue;
    FailureOr<Value> value = scalar(operand);
    if (failed(value))
      return failure();
    mapping.map(operand, *value);
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    mapping.map(constant.getResult(), scalarConstant(constant.getValue()));
    return success();
  }
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    SmallVector<Value> indices;
    for (auto [index, size] : llvm::zip_equal(
             extract.getIndices(), extract.getTensor().getType().getShape()))
      indices.push_back(clamp(mapping.lookup(index), size));
    FailureOr<Value> value = at(extract.getTensor(), indices);
    if (failed(value))
      return failure();
    mapping.map(extract.getResult(), *value);
    return success();
  }
  if (op.getNumRegions() != 0 || !isMemoryEffectFree(&op) ||
      llvm::any_of(op.getOperandTypes(),
                   [](Type type) { return isa<ShapedType>(type); }))
    return refuse(&op, "not a scalar operation without side effects");
  Operation *clone = b.clone(op, mapping);
  clone->setLoc(location);
  return success();
}

FailureOr<Value> IndexedEval::scalar(Value value) {
  if (Value known = remembered(value, {}))
    return known;
  Operation *op = value.getDefiningOp();
  if (!op)
    return refuse(kernel, "a scalar that is an argument");
  IRMapping mapping;
  if (failed(cloneScalarOp(*op, {}, mapping)))
    return failure();
  Value result = mapping.lookup(value);
  remember(value, {}, result);
  return result;
}
