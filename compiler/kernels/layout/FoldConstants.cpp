//===- FoldConstants.cpp - data movement and arithmetic on constants ------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/layout/ConstantData.h"
#include "compiler/kernels/layout/ConstantEval.h"
#include "compiler/kernels/layout/Passes.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/CSE.h"
#include "llvm/ADT/TypeSwitch.h"

namespace eclip {
#define GEN_PASS_DEF_ECLIPFOLDCONSTANTS
#include "compiler/kernels/layout/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

/// A constant may grow to this many elements by being broadcast; beyond it the
/// broadcast is left to the operation that reads it.
static constexpr int64_t kMaxBroadcast = 1 << 16;

static bool growsTooMuch(int64_t from, int64_t to) {
  return to > std::max(from, kMaxBroadcast);
}

static Attribute constantOf(Value value) {
  Attribute attr;
  matchPattern(value, m_Constant(&attr));
  return attr;
}

/// The result of gathering `shape` elements from `source` at `offset` with
/// `strides`, all in elements.
static TypedAttr gather(const ConstantData &source, RankedTensorType type,
                        int64_t offset, ArrayRef<int64_t> strides) {
  if (source.splat)
    return makeSplat(type, source.data);
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(
      type.getNumElements() * source.elementBytes, 64);
  stridedCopy(type.getContext(), type.getShape(), blob.getMutableData().data(),
              rowMajorStrides(type.getShape()),
              source.data.data() + offset * source.elementBytes, strides,
              source.elementBytes);
  return makeConstant(type, std::move(blob));
}

static TypedAttr foldTranspose(linalg::TransposeOp op) {
  auto source = readConstant(constantOf(op.getInput()));
  if (!source)
    return {};
  SmallVector<int64_t> from = rowMajorStrides(source->type.getShape()), strides;
  for (int64_t dim : op.getPermutation())
    strides.push_back(from[dim]);
  return gather(*source, cast<RankedTensorType>(op->getResult(0).getType()), 0,
                strides);
}

static TypedAttr foldBroadcast(linalg::BroadcastOp op) {
  auto source = readConstant(constantOf(op.getInput()));
  if (!source)
    return {};
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!source->splat &&
      growsTooMuch(source->type.getNumElements(), type.getNumElements()))
    return {};
  SmallVector<int64_t> from = rowMajorStrides(source->type.getShape());
  SmallVector<int64_t> strides(type.getRank(), 0);
  size_t next = 0;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (!llvm::is_contained(op.getDimensions(), dim))
      strides[dim] = from[next++];
  return gather(*source, type, 0, strides);
}

static TypedAttr foldSlice(tensor::ExtractSliceOp op) {
  auto source = readConstant(constantOf(op.getSource()));
  if (!source || !op.getOffsets().empty() || !op.getStrides().empty() ||
      !op.getSizes().empty())
    return {};
  SmallVector<int64_t> from = rowMajorStrides(source->type.getShape()), strides;
  llvm::SmallBitVector dropped = op.getDroppedDims();
  int64_t offset = 0;
  for (auto [i, stride] : llvm::enumerate(from)) {
    offset += op.getStaticOffset(i) * stride;
    if (!dropped[i])
      strides.push_back(stride * op.getStaticStride(i));
  }
  return gather(*source, op.getType(), offset, strides);
}

static TypedAttr foldReshape(Value input, RankedTensorType type) {
  Attribute attr = constantOf(input);
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(attr))
    return dense.reshape(type);
  if (auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(attr))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  return {};
}

/// A constant of `type` filled with `element`, into which `place` copies.
static TypedAttr assemble(RankedTensorType type, ArrayRef<char> element,
                          llvm::function_ref<void(char *)> place) {
  int64_t count = type.getNumElements(), bytes = element.size();
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(count * bytes, 64);
  char *data = blob.getMutableData().data();
  SmallVector<int64_t> zero{0}, one{1}, size{count};
  stridedCopy(type.getContext(), size, data, one, element.data(), zero, bytes);
  place(data);
  return makeConstant(type, std::move(blob));
}

static void placeBlock(const ConstantData &source, char *data,
                       ArrayRef<int64_t> strides, int64_t offset) {
  SmallVector<int64_t> from = rowMajorStrides(source.type.getShape());
  if (source.splat)
    from.assign(from.size(), 0);
  stridedCopy(source.type.getContext(), source.type.getShape(),
              data + offset * source.elementBytes, strides, source.data.data(),
              from, source.elementBytes);
}

static TypedAttr foldPad(tensor::PadOp op) {
  auto source = readConstant(constantOf(op.getSource()));
  Value padding = op.getConstantPaddingValue();
  Attribute scalar = padding ? constantOf(padding) : Attribute();
  if (!source || !scalar || !op.getLow().empty() || !op.getHigh().empty() ||
      source->type.getNumElements() == 0)
    return {};
  RankedTensorType type = op.getResultType();
  auto fill = readConstant(DenseElementsAttr::get(
      RankedTensorType::get({}, type.getElementType()), scalar));
  if (!fill)
    return {};
  if (source->splat && source->data == fill->data)
    return makeSplat(type, fill->data);
  SmallVector<int64_t> strides = rowMajorStrides(type.getShape());
  int64_t offset = 0;
  for (auto [low, stride] : llvm::zip_equal(op.getStaticLow(), strides)) {
    if (low < 0)
      return {};
    offset += low * stride;
  }
  if (llvm::any_of(op.getStaticHigh(), [](int64_t high) { return high < 0; }))
    return {};
  return assemble(type, fill->data, [&](char *data) {
    placeBlock(*source, data, strides, offset);
  });
}

static TypedAttr foldConcat(tensor::ConcatOp op) {
  SmallVector<std::optional<ConstantData>> sources;
  for (Value input : op.getInputs()) {
    sources.push_back(readConstant(constantOf(input)));
    if (!sources.back())
      return {};
  }
  auto type = cast<RankedTensorType>(op.getType());
  if (type.getNumElements() == 0)
    return {};
  ArrayRef<char> element = sources.front()->data;
  if (llvm::all_of(sources, [&](auto &s) { return s->splat && s->data == element; }))
    return makeSplat(type, element);
  SmallVector<int64_t> strides = rowMajorStrides(type.getShape());
  SmallVector<char> zero(sources.front()->elementBytes, 0);
  return assemble(type, zero, [&](char *data) {
    int64_t at = 0;
    for (auto &source : sources) {
      if (source->type.getNumElements() != 0)
        placeBlock(*source, data, strides, at * strides[op.getDim()]);
      at += source->type.getDimSize(op.getDim());
    }
  });
}

/// A generic that only yields its input, through projected permutations with
/// no repeated dimension: a broadcast or a transpose, of any size.
static TypedAttr foldCopyGeneric(linalg::GenericOp op) {
  Block *body = op.getBody();
  if (op.getNumDpsInputs() != 1 || op.getNumResults() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      body->getTerminator()->getOperand(0) != body->getArgument(0))
    return {};
  AffineMap in = op.getIndexingMapsArray()[0], out = op.getIndexingMapsArray()[1];
  auto source = readConstant(constantOf(op.getInputs()[0]));
  auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
  if (!source || !type || !out.isPermutation() ||
      !in.isProjectedPermutation(/*allowZeroInResults=*/true) ||
      (!source->splat &&
       growsTooMuch(source->type.getNumElements(), type.getNumElements())))
    return {};
  SmallVector<int64_t> from = rowMajorStrides(source->type.getShape());
  SmallVector<int64_t> loops(op.getNumLoops(), 0), strides;
  for (auto [expr, stride] : llvm::zip_equal(in.getResults(), from))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      loops[dim.getPosition()] = stride;
  for (AffineExpr expr : out.getResults())
    strides.push_back(loops[cast<AffineDimExpr>(expr).getPosition()]);
  return gather(*source, type, 0, strides);
}

static TypedAttr foldGeneric(linalg::GenericOp op, int64_t maxElements) {
  if (TypedAttr copy = foldCopyGeneric(op))
    return copy;
  // Without inputs it is a fill, which its consumers take as it is.
  if (op.getNumDpsInputs() == 0)
    return {};
  SmallVector<Attribute> inputs;
  for (Value input : op.getInputs()) {
    inputs.push_back(constantOf(input));
    if (!inputs.back())
      return {};
  }
  return evaluateElementwise(op, inputs, maxElements);
}

static TypedAttr fold(Operation *op, int64_t maxElements) {
  return TypeSwitch<Operation *, TypedAttr>(op)
      .Case<linalg::TransposeOp>(foldTranspose)
      .Case<linalg::BroadcastOp>(foldBroadcast)
      .Case<tensor::ExtractSliceOp>(foldSlice)
      .Case<tensor::PadOp>(foldPad)
      .Case<tensor::ConcatOp>(foldConcat)
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
          [](auto reshape) { return foldReshape(reshape.getSrc(), reshape.getResultType()); })
      .Case<linalg::GenericOp>(
          [&](linalg::GenericOp generic) { return foldGeneric(generic, maxElements); })
      .Default([](Operation *) { return TypedAttr(); });
}

namespace {
struct FoldConstantsPass : eclip::impl::EclipFoldConstantsBase<FoldConstantsPass> {
  using EclipFoldConstantsBase::EclipFoldConstantsBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    // Weights that several layers share are moved once.
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
    for (Block &block : getOperation().getBody())
      foldBlock(rewriter, block);
  }

  void foldBlock(IRRewriter &rewriter, Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      auto type = op.getNumResults() == 1
                      ? dyn_cast<RankedTensorType>(op.getResult(0).getType())
                      : nullptr;
      if (!type || !type.hasStaticShape())
        continue;
      TypedAttr value = fold(&op, maxElements);
      if (!value)
        continue;
      rewriter.setInsertionPoint(&op);
      auto constant = arith::ConstantOp::create(rewriter, op.getLoc(), value);
      rewriter.replaceAllUsesWith(op.getResult(0), constant.getResult());
    }
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        rewriter.eraseOp(&op);
  }
};
} // namespace
