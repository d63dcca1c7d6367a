//===- NarrowExpansion.cpp - functions of 16-bit floats -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions of f16 and bf16 are computed in f32 and rounded once: half an error
// of the narrow type and one set of expansions.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Lowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace eclip;

static bool isNarrow(Type type) {
  auto floatType = dyn_cast<FloatType>(type);
  return floatType && floatType.getWidth() < 32;
}

/// True if gfx9 has an instruction for `op` of f16, or it is only about bits.
static bool staysNarrow(Operation *op) {
  return isa<math::AbsFOp, math::CopySignOp>(op) ||
         (isa<math::FmaOp, math::FloorOp, math::CeilOp, math::TruncOp,
              math::RoundEvenOp>(op) &&
          getElementTypeOrSelf(op->getResult(0).getType()).isF16());
}

namespace {
struct WidenFunction : RewritePattern {
  explicit WidenFunction(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/20, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const final {
    if (!isa_and_nonnull<math::MathDialect>(op->getDialect()) ||
        staysNarrow(op) || llvm::none_of(op->getOperandTypes(), isNarrow))
      return failure();
    Location loc = op->getLoc();
    Type f32 = rewriter.getF32Type();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(
          isNarrow(operand.getType())
              ? arith::ExtFOp::create(rewriter, loc, f32, operand).getResult()
              : operand);
    SmallVector<Type> types;
    for (Type type : op->getResultTypes())
      types.push_back(isNarrow(type) ? f32 : type);
    OperationState state(loc, op->getName(), operands, types, op->getAttrs());
    Operation *wide = rewriter.create(state);
    SmallVector<Value> results;
    for (auto [type, result] :
         llvm::zip_equal(op->getResultTypes(), wide->getResults()))
      results.push_back(
          isNarrow(type)
              ? arith::TruncFOp::create(rewriter, loc, type, result).getResult()
              : Value(result));
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void eclip::populateNarrowExpansion(RewritePatternSet &patterns) {
  patterns.add<WidenFunction>(patterns.getContext());
}
