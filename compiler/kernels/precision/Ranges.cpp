//===- Ranges.cpp - what f16 may not hold ---------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/precision/Ranges.h"

#include "compiler/kernels/codegen/contraction/Problem.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace eclip;

namespace {
class RangeWalk {
public:
  explicit RangeWalk(Ranges &ranges) : ranges(ranges) {}

  void visit(Operation &op) {
    if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
      return visitLinalg(linalgOp);
    if (auto pad = dyn_cast<tensor::PadOp>(op)) {
      Value padding = pad.getConstantPaddingValue();
      ranges[pad.getResult()] =
          join(of(pad.getSource()), padding ? of(padding) : ValueRange16());
      return;
    }
    for (Value result : op.getResults())
      if (isa<FloatType>(getElementTypeOrSelf(result.getType())))
        ranges[result] = transfer(op);
  }

private:
  static ValueRange16 join(const ValueRange16 &a, const ValueRange16 &b) {
    ValueRange16 both{a.huge || b.huge, a.sum || b.sum, {}};
    if (a.constant == b.constant)
      both.constant = a.constant;
    return both;
  }

  /// Constants outside the kernel's walk (of a pad's region) are read here.
  ValueRange16 of(Value value) {
    if (auto it = ranges.find(value); it != ranges.end())
      return it->second;
    Operation *op = value.getDefiningOp();
    return op && isa<arith::ConstantOp>(op) ? transfer(*op) : ValueRange16();
  }

  ValueRange16 joinOperands(Operation &op) {
    ValueRange16 range;
    for (Value operand : op.getOperands())
      if (isa<FloatType>(getElementTypeOrSelf(operand.getType()))) {
        ValueRange16 one = of(operand);
        range.huge |= one.huge;
        range.sum |= one.sum;
      }
    return range;
  }

  static ValueRange16 ofConstant(Attribute attribute) {
    ValueRange16 range;
    auto note = [&](const APFloat &value) {
      bool inexact;
      APFloat single = value;
      single.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                     &inexact);
      float number = single.convertToFloat();
      range.huge |= std::isfinite(number) && std::fabs(number) > kHalfMax;
      range.constant = number;
    };
    if (auto number = dyn_cast<FloatAttr>(attribute)) {
      note(number.getValue());
    } else if (auto dense = dyn_cast<DenseElementsAttr>(attribute);
               dense && isa<FloatType>(dense.getElementType())) {
      if (dense.isSplat()) {
        note(dense.getSplatValue<APFloat>());
        return range;
      }
      for (const APFloat &value : dense.getValues<APFloat>())
        note(value);
      range.constant.reset();
    }
    return range;
  }

  /// max(x, c) with a c so low that it never wins is x.
  ValueRange16 ofExtreme(Operation &op, bool isMax) {
    ValueRange16 a = of(op.getOperand(0)), b = of(op.getOperand(1));
    auto never = [&](const ValueRange16 &range) {
      return range.constant && (isMax ? *range.constant <= -kHalfMax
                                      : *range.constant >= kHalfMax);
    };
    return never(a) ? b : never(b) ? a : join(a, b);
  }

  ValueRange16 ofProduct(Operation &op) {
    ValueRange16 range = joinOperands(op);
    for (Value operand : op.getOperands())
      if (std::optional<float> factor = of(operand).constant)
        range.sum &= std::fabs(*factor) >= 1;
    return range;
  }

  ValueRange16 transfer(Operation &op) {
    Attribute attribute;
    if (matchPattern(&op, m_Constant(&attribute)))
      return ofConstant(attribute);
    if (isa<arith::MaximumFOp, arith::MaxNumFOp>(op))
      return ofExtreme(op, /*isMax=*/true);
    if (isa<arith::MinimumFOp, arith::MinNumFOp>(op))
      return ofExtreme(op, /*isMax=*/false);
    if (isa<arith::MulFOp>(op))
      return ofProduct(op);
    if (isa<arith::DivFOp>(op))
      return {of(op.getOperand(0)).huge, false, {}};
    if (isa<arith::SelectOp>(op))
      return join(of(op.getOperand(1)), of(op.getOperand(2)));
    if (isa<math::SqrtOp, math::CbrtOp>(op))
      return {of(op.getOperand(0)).huge, false, {}};
    // What they give is of moderate size whatever they are given, or infinite
    // in f32 too.
    if (isa<math::ExpOp, math::Exp2Op, math::TanhOp, math::ErfOp, math::SinOp,
            math::CosOp, math::LogOp, math::Log2Op, math::Log10Op,
            math::Log1pOp, math::AtanOp, math::RsqrtOp>(op))
      return {};
    if (isa<arith::SIToFPOp, arith::UIToFPOp>(op)) {
      Type type = getElementTypeOrSelf(op.getOperand(0).getType());
      return {type.getIntOrFloatBitWidth() > 16, false, {}};
    }
    return joinOperands(op);
  }

  void visitLinalg(linalg::LinalgOp op) {
    Block *body = op.getBlock();
    for (auto [argument, operand] :
         llvm::zip_equal(body->getArguments(), op->getOperands()))
      ranges[argument] = of(operand);
    bool sums = op.getNumReductionLoops() != 0 && !isContractionOp(op);
    for (Operation &inner : body->without_terminator()) {
      visit(inner);
      auto add = dyn_cast<arith::AddFOp>(inner);
      if (add && sums && llvm::any_of(op.getRegionOutputArgs(), [&](Value out) {
            return add.getLhs() == out || add.getRhs() == out;
          }))
        ranges[add.getResult()].sum = true;
    }
    for (auto [result, yielded] :
         llvm::zip_equal(op->getResults(), body->getTerminator()->getOperands()))
      ranges[result] = of(yielded);
  }

  Ranges &ranges;
};
} // namespace

Ranges eclip::analyzeRanges(KernelOp kernel,
                            ArrayRef<ValueRange16> arguments) {
  Ranges ranges;
  Block &body = kernel.getBodyBlock();
  for (auto [argument, range] : llvm::zip_equal(body.getArguments(), arguments))
    ranges[argument] = range;
  RangeWalk walk(ranges);
  for (Operation &op : body.without_terminator())
    walk.visit(op);
  return ranges;
}
