//===- Classify.cpp - what an operation is to formation -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/formation/Classify.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace eclip;

/// The block argument behind `value`, seen through casts.
static BlockArgument sourceArgument(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (op->getNumOperands() != 1 || op->getNumResults() != 1 || op->getNumRegions() != 0)
      return {};
    value = op->getOperand(0);
  }
  return cast<BlockArgument>(value);
}

/// acc + a * b in f32, of two different inputs.
static bool isMultiplyAdd(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return false;
  Block *body = op.getBody();
  auto sum = body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum || !sum.getType().isF32())
    return false;
  BlockArgument accumulator = body->getArgument(2);
  Value product = sum.getLhs() == accumulator   ? sum.getRhs()
                  : sum.getRhs() == accumulator ? sum.getLhs()
                                                : Value();
  auto mul = product ? product.getDefiningOp<arith::MulFOp>() : nullptr;
  if (!mul)
    return false;
  BlockArgument a = sourceArgument(mul.getLhs()), b = sourceArgument(mul.getRhs());
  return a && b && a != b && a != accumulator && b != accumulator;
}

static bool onlyYieldsInput(linalg::GenericOp op) {
  return op.getNumDpsInputs() == 1 && op.getNumResults() == 1 &&
         op.getBody()->getTerminator()->getOperand(0) == op.getBody()->getArgument(0);
}

static bool isScalarConstant(Value value) {
  return !isa<ShapedType>(value.getType()) && matchPattern(value, m_Constant());
}

static OpClass classifyGeneric(linalg::GenericOp op) {
  if (op.getNumReductionLoops() != 0) {
    bool plainOutput = llvm::all_of(
        op.getIndexingMapsArray().back().getResults(),
        [](AffineExpr e) { return isa<AffineDimExpr, AffineConstantExpr>(e); });
    return isMultiplyAdd(op) && plainOutput ? OpClass::Contraction : OpClass::Reduction;
  }
  if (onlyYieldsInput(op)) {
    if (isScalarConstant(op.getInputs()[0]))
      return OpClass::Free;
    return OpClass::Move;
  }
  bool gathers = false;
  op.getBody()->walk([&](tensor::ExtractOp) { gathers = true; });
  return gathers ? OpClass::Gather : OpClass::Elementwise;
}

OpClass eclip::classify(Operation *op) {
  if (isa<func::ReturnOp>(op))
    return OpClass::Return;
  if (isa<tensor::EmptyOp>(op))
    return OpClass::Free;
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return isScalarConstant(fill.getInputs()[0]) ? OpClass::Free : OpClass::Unsupported;
  if (auto splat = dyn_cast<tensor::SplatOp>(op))
    return isScalarConstant(splat.getInput()) ? OpClass::Free : OpClass::Unsupported;
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (!isa<ShapedType>(constant.getType()))
      return OpClass::Free;
    auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
    return dense && dense.isSplat() ? OpClass::Free : OpClass::Constant;
  }
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return OpClass::View;
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return pad.getConstantPaddingValue() && pad.getLow().empty() && pad.getHigh().empty()
               ? OpClass::Move
               : OpClass::Unsupported;
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return slice.getOffsets().empty() && slice.getSizes().empty() &&
                   slice.getStrides().empty()
               ? OpClass::Move
               : OpClass::Unsupported;
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return insert.getOffsets().empty() && insert.getSizes().empty() &&
                   insert.getStrides().empty()
               ? OpClass::Join
               : OpClass::Unsupported;
  if (isa<tensor::ConcatOp>(op))
    return OpClass::Join;
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return classifyGeneric(generic);
  return OpClass::Unsupported;
}

SmallVector<Value> eclip::valuesRead(Operation *op) {
  llvm::SmallSetVector<Value, 8> values;
  values.insert_range(op->getOperands());
  for (Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (!op->isAncestor(operand.getParentBlock()->getParentOp()))
          values.insert(operand);
    });
  return values.takeVector();
}

ScalarCost eclip::scalarCost(Operation *op) {
  ScalarCost cost;
  for (Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      if (inner->hasTrait<OpTrait::IsTerminator>() ||
          inner->hasTrait<OpTrait::ConstantLike>())
        return;
      bool cheap = isa<math::AbsFOp, math::AbsIOp, math::FmaOp, math::FloorOp,
                       math::CeilOp>(inner) ||
                   (isa_and_present<arith::ArithDialect>(inner->getDialect()) &&
                    !isa<arith::DivFOp, arith::RemFOp, arith::DivSIOp, arith::RemSIOp,
                         arith::DivUIOp, arith::RemUIOp>(inner));
      ++(cheap ? cost.operations : cost.functions);
    });
  return cost;
}

bool eclip::isPermutation(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1)
    return false;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  return maps[0].isPermutation() && maps[1].isPermutation();
}

bool eclip::keepsNeighbours(Operation *op) {
  if (isa<tensor::PadOp, tensor::ExtractSliceOp>(op))
    return true;
  auto oneReal = [](ArrayRef<ReassociationIndices> groups, ArrayRef<int64_t> shape) {
    return llvm::all_of(groups, [&](const ReassociationIndices &group) {
      return llvm::count_if(group, [&](int64_t dim) { return shape[dim] != 1; }) <= 1;
    });
  };
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return oneReal(expand.getReassociationIndices(), expand.getResultType().getShape());
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return oneReal(collapse.getReassociationIndices(), collapse.getSrcType().getShape());
  return false;
}

SmallVector<std::string> eclip::nodeNames(Location loc) {
  llvm::SmallSetVector<StringAttr, 4> names;
  loc->walk([&](Location part) {
    auto name = dyn_cast<NameLoc>(part);
    if (!name)
      return WalkResult::advance();
    names.insert(name.getName());
    return WalkResult::skip(); // below is the operator
  });
  SmallVector<std::string> result;
  for (StringAttr name : names)
    result.push_back(name.str());
  return result;
}
