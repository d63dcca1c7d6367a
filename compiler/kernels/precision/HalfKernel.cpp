//===- HalfKernel.cpp - a kernel on tensors of f16 ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Halves go as far as data is only moved. Where it is computed with, a linalg
// op takes the halves and extends them in its scalar body; results are f32.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/precision/HalfKernel.h"

#include "compiler/kernels/codegen/contraction/Problem.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace eclip;

static Type withElement(Type type, Type element) {
  return cast<RankedTensorType>(type).clone(element);
}

/// A generic that only moves elements: its body yields its one input, and its
/// output is only written.
static bool isCopy(linalg::LinalgOp op) {
  Block *body = op.getBlock();
  return isa<linalg::GenericOp>(op) && op.getNumDpsInputs() == 1 &&
         op.getNumDpsInits() == 1 && op.getNumReductionLoops() == 0 &&
         llvm::hasSingleElement(*body) &&
         body->getTerminator()->getOperand(0) == body->getArgument(0);
}

namespace {
class Rewriter {
public:
  Rewriter(KernelOp kernel, Ranges ranges)
      : kernel(kernel), b(kernel.getContext()), half(b.getF16Type()),
        single(b.getF32Type()), ranges(std::move(ranges)) {}

  void run(ArrayRef<bool> halfArguments, ArrayRef<bool> halfResults) {
    Block &body = kernel.getBodyBlock();
    for (auto [argument, isHalf] :
         llvm::zip_equal(body.getArguments(), halfArguments))
      if (isHalf) {
        argument.setType(withElement(argument.getType(), half));
        lowered.insert(argument);
      }
    for (Operation &op : llvm::make_early_inc_range(body.without_terminator()))
      visit(op);
    Operation *yield = body.getTerminator();
    b.setInsertionPoint(yield);
    for (auto [operand, isHalf] :
         llvm::zip_equal(yield->getOpOperands(), halfResults)) {
      if (isHalf != isLowered(operand.get()))
        operand.set(converted(operand.get(), isHalf ? half : single));
    }
  }

private:
  /// True for what was f32 before this rewriting: tensors that are f16 in the
  /// model itself are left alone.
  bool isLowered(Value value) { return lowered.contains(value); }

  /// `value` with elements of `element`, at the builder.
  Value converted(Value value, Type element) {
    auto type = cast<RankedTensorType>(withElement(value.getType(), element));
    Location loc = value.getLoc();
    Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), element);
    AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
    SmallVector<utils::IteratorType> loops(type.getRank(),
                                           utils::IteratorType::parallel);
    auto generic = linalg::GenericOp::create(
        b, loc, TypeRange{type}, ValueRange{value}, ValueRange{empty},
        ArrayRef<AffineMap>{identity, identity}, loops,
        [&](OpBuilder &nested, Location inner, ValueRange arguments) {
          linalg::YieldOp::create(nested, inner,
                                  convertedScalar(nested, arguments[0]));
        });
    return generic.getResult(0);
  }

  Value convertedScalar(OpBuilder &builder, Value scalar) {
    if (scalar.getType().isF16())
      return arith::ExtFOp::create(builder, scalar.getLoc(), single, scalar);
    return arith::TruncFOp::create(builder, scalar.getLoc(), half, scalar);
  }

  void visit(Operation &op) {
    b.setInsertionPoint(&op);
    TypeSwitch<Operation *>(&op)
        .Case<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
              tensor::ExtractSliceOp, tensor::CastOp>(
            [&](auto move) { visitMove(move); })
        .Case<tensor::ConcatOp, tensor::InsertSliceOp>(
            [&](auto move) { visitMove(move); })
        .Case<tensor::PadOp>([&](auto pad) { visitPad(pad); })
        .Case<linalg::LinalgOp>([&](auto linalgOp) { visitLinalg(linalgOp); })
        .Default([&](Operation *other) { extendOperands(*other); });
  }

  void extendOperands(Operation &op) {
    for (OpOperand &operand : op.getOpOperands())
      if (isLowered(operand.get()))
        operand.set(converted(operand.get(), single));
  }

  void setHalf(OpResult result) {
    result.setType(withElement(result.getType(), half));
    lowered.insert(result);
  }

  /// Moves halves if all it moves are.
  void visitMove(Operation *op) {
    bool all = true;
    for (Value operand : op->getOperands())
      if (isa<RankedTensorType>(operand.getType()))
        all &= isLowered(operand);
    if (all)
      setHalf(op->getResult(0));
    else
      extendOperands(*op);
  }

  void visitPad(tensor::PadOp pad) {
    if (!isLowered(pad.getSource()))
      return;
    Value padding = pad.getConstantPaddingValue();
    APFloat value(0.0f);
    bool inexact = true;
    if (padding && matchPattern(padding, m_ConstantFloat(&value)))
      value.convert(APFloat::IEEEhalf(), APFloat::rmNearestTiesToEven,
                    &inexact);
    if (inexact) {
      extendOperands(*pad);
      return;
    }
    Operation *yield = pad.getBody()->getTerminator();
    Value constant = arith::ConstantOp::create(
        b, padding.getLoc(), b.getFloatAttr(half, value));
    yield->setOperand(0, constant);
    setHalf(cast<OpResult>(pad.getResult()));
  }

  void visitLinalg(linalg::LinalgOp op) {
    if (!isa<linalg::GenericOp>(op)) {
      extendOperands(*op);
      return;
    }
    if (isCopy(op) && isLowered(op.getDpsInputs()[0])) {
      moveHalves(op);
      return;
    }
    // Initial values are what is accumulated on: f32.
    for (OpOperand &init : op.getDpsInitsMutable())
      if (isLowered(init.get()))
        init.set(converted(init.get(), single));
    Block *body = op.getBlock();
    for (OpOperand *input : op.getDpsInputOperands()) {
      if (!isLowered(input->get()))
        continue;
      BlockArgument scalar = op.getMatchingBlockArgument(input);
      scalar.setType(half);
      extendUses(scalar, *body);
    }
    body->walk([&](tensor::ExtractOp extract) {
      if (!isLowered(extract.getTensor()))
        return;
      extract.getResult().setType(half);
      extendUses(extract.getResult(), *body);
    });
    truncateFactors(op);
  }

  void moveHalves(linalg::LinalgOp op) {
    OpOperand *init = op.getDpsInitOperand(0);
    auto type = cast<RankedTensorType>(init->get().getType());
    init->set(tensor::EmptyOp::create(b, op.getLoc(), type.getShape(), half));
    for (BlockArgument argument : op.getBlock()->getArguments())
      argument.setType(half);
    setHalf(cast<OpResult>(op->getResult(0)));
  }

  /// All uses of the f16 `scalar` in `body` get it extended.
  void extendUses(Value scalar, Block &body) {
    if (scalar.use_empty())
      return;
    OpBuilder inside = OpBuilder::atBlockBegin(&body);
    inside.setInsertionPointAfterValue(scalar);
    Value extended = convertedScalar(inside, scalar);
    scalar.replaceAllUsesExcept(extended, extended.getDefiningOp());
  }

  /// The factors of a contraction go through f16, unless it may not hold them.
  void truncateFactors(linalg::LinalgOp op) {
    arith::MulFOp product = contractedProduct(op);
    if (!product || !product.getType().isF32())
      return;
    for (OpOperand *input : op.getDpsInputOperands())
      if (!ranges.lookup(op.getMatchingBlockArgument(input)).fits())
        return;
    for (OpOperand &factor : product->getOpOperands()) {
      auto extended = factor.get().getDefiningOp<arith::ExtFOp>();
      if (extended && extended.getIn().getType().isF16())
        continue;
      OpBuilder inside(product);
      Value truncated = convertedScalar(inside, factor.get());
      factor.set(convertedScalar(inside, truncated));
    }
  }

  KernelOp kernel;
  OpBuilder b;
  Type half, single;
  Ranges ranges;
  llvm::DenseSet<Value> lowered;
};
} // namespace

void eclip::lowerKernel(KernelOp kernel, ArrayRef<bool> halfArguments,
                        ArrayRef<bool> halfResults,
                        ArrayRef<ValueRange16> ranges) {
  Rewriter(kernel, analyzeRanges(kernel, ranges))
      .run(halfArguments, halfResults);
}
