//===- ChannelsLast.cpp - channels-last by lazy transposes ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/layout/ConstantData.h"
#include "compiler/kernels/layout/LazyLayout.h"
#include "compiler/kernels/layout/Passes.h"
#include "compiler/kernels/layout/Reshape.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <map>

namespace eclip {
#define GEN_PASS_DEF_ECLIPCHANNELSLAST
#include "compiler/kernels/layout/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

// Physical dimension i holds logical dimension kNhwc[i].
static constexpr int64_t kNhwc[] = {0, 2, 3, 1};
static constexpr int64_t kHwcf[] = {2, 3, 1, 0};
static constexpr int64_t kNhwgc[] = {0, 3, 4, 1, 2};
static constexpr int64_t kGhwcf[] = {0, 3, 4, 2, 1};
static constexpr int64_t kHwg[] = {3, 4, 0, 1, 2};

namespace {
/// The walk over one function. Each visit returns false to leave its operation
/// as it is, with operands in their logical order.
class ChannelsLast {
public:
  ChannelsLast(func::FuncOp func) : builder(func.getContext()), layout(builder) {}

  void visit(Operation *op);

private:
  bool visitConv(linalg::Conv2DNchwFchwOp op);
  bool visitGroupedConv(linalg::Conv2DNgchwGfchwOp op);
  void buildGroupedConv(linalg::Conv2DNgchwGfchwOp op);
  void buildDepthwiseConv(linalg::Conv2DNgchwGfchwOp op);
  template <typename To, typename From> bool visitPool(From op);
  bool visitTranspose(linalg::TransposeOp op);
  bool visitPad(tensor::PadOp op);
  bool visitConcat(tensor::ConcatOp op);
  bool visitSlice(tensor::ExtractSliceOp op);
  bool visitExpand(tensor::ExpandShapeOp op);
  bool visitCollapse(tensor::CollapseShapeOp op);
  bool visitGeneric(linalg::GenericOp op);
  SmallVector<int64_t> chooseOrder(linalg::GenericOp op, bool &found);
  void absorbOperands(linalg::GenericOp op);
  linalg::GenericOp makeContraction(Location loc, ValueRange inputs, Value init,
                                    ArrayRef<AffineMap> maps, unsigned parallel,
                                    Operation *source);

  OpBuilder builder;
  LazyLayout layout;
};
} // namespace

static SmallVector<int64_t> pick(ArrayRef<int64_t> values, ArrayRef<int64_t> order) {
  return applyPermutation(values, order);
}

static bool isIdentity(ArrayRef<int64_t> order) {
  for (auto [i, dim] : llvm::enumerate(order))
    if (static_cast<int64_t>(i) != dim)
      return false;
  return true;
}

bool ChannelsLast::visitConv(linalg::Conv2DNchwFchwOp op) {
  Value input = layout.get(op.getInputs()[0], kNhwc);
  Value filter = layout.get(op.getInputs()[1], kHwcf);
  Value init = layout.get(op.getOutputs()[0], kNhwc);
  auto conv = linalg::Conv2DNhwcHwcfOp::create(
      builder, op.getLoc(), TypeRange{init.getType()}, ValueRange{input, filter},
      ValueRange{init}, op.getStridesAttr(), op.getDilationsAttr());
  layout.set(op->getResult(0), conv->getResult(0), kNhwc);
  return true;
}

/// A multiply-add over all loops beyond the first `parallel`, whose body is
/// that of the operation it replaces.
linalg::GenericOp ChannelsLast::makeContraction(Location loc, ValueRange inputs,
                                                Value init, ArrayRef<AffineMap> maps,
                                                unsigned parallel, Operation *source) {
  SmallVector<utils::IteratorType> iterators(maps[0].getNumDims(),
                                             utils::IteratorType::reduction);
  std::fill_n(iterators.begin(), parallel, utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(builder, loc, TypeRange{init.getType()},
                                           inputs, ValueRange{init}, maps, iterators);
  IRMapping mapping;
  source->getRegion(0).cloneInto(&generic.getRegion(), mapping);
  return generic;
}

static int64_t attrAt(DenseIntElementsAttr attr, int64_t i) {
  return attr.getValues<int64_t>()[i];
}

void ChannelsLast::buildGroupedConv(linalg::Conv2DNgchwGfchwOp op) {
  Value input = layout.get(op.getInputs()[0], kNhwgc);
  Value filter = layout.get(op.getInputs()[1], kGhwcf);
  Value init = layout.get(op.getOutputs()[0], kNhwgc);
  MLIRContext *context = op.getContext();
  SmallVector<AffineExpr> d(8); // n, oh, ow, g, f, kh, kw, c
  bindDimsList(context, MutableArrayRef<AffineExpr>(d));
  AffineExpr h = d[1] * attrAt(op.getStrides(), 0) + d[5] * attrAt(op.getDilations(), 0);
  AffineExpr w = d[2] * attrAt(op.getStrides(), 1) + d[6] * attrAt(op.getDilations(), 1);
  AffineMap maps[] = {AffineMap::get(8, 0, {d[0], h, w, d[3], d[7]}, context),
                      AffineMap::get(8, 0, {d[3], d[5], d[6], d[7], d[4]}, context),
                      AffineMap::get(8, 0, {d[0], d[1], d[2], d[3], d[4]}, context)};
  auto generic = makeContraction(op.getLoc(), {input, filter}, init, maps, 5, op);
  layout.set(op->getResult(0), generic.getResult(0), kNhwgc);
}

/// One channel in and out of each group: the group is the channel.
void ChannelsLast::buildDepthwiseConv(linalg::Conv2DNgchwGfchwOp op) {
  Location loc = op.getLoc();
  auto dropLast = [&](Value value, ArrayRef<int64_t> order, size_t rank) {
    Value physical = layout.get(value, order);
    auto shape = cast<RankedTensorType>(physical.getType()).getShape();
    return reshapeTo(builder, loc, physical, shape.take_front(rank));
  };
  Value input = dropLast(op.getInputs()[0], kNhwgc, 4);
  Value filter = dropLast(op.getInputs()[1], kHwg, 3);
  Value init = layout.get(op.getOutputs()[0], kNhwgc);
  auto resultType = cast<RankedTensorType>(init.getType());
  init = layout.fillLike(op.getOutputs()[0], resultType.getShape().drop_back());
  if (!init)
    init = dropLast(op.getOutputs()[0], kNhwgc, 4);
  MLIRContext *context = op.getContext();
  SmallVector<AffineExpr> d(6); // n, oh, ow, g, kh, kw
  bindDimsList(context, MutableArrayRef<AffineExpr>(d));
  AffineExpr h = d[1] * attrAt(op.getStrides(), 0) + d[4] * attrAt(op.getDilations(), 0);
  AffineExpr w = d[2] * attrAt(op.getStrides(), 1) + d[5] * attrAt(op.getDilations(), 1);
  AffineMap maps[] = {AffineMap::get(6, 0, {d[0], h, w, d[3]}, context),
                      AffineMap::get(6, 0, {d[4], d[5], d[3]}, context),
                      AffineMap::get(6, 0, {d[0], d[1], d[2], d[3]}, context)};
  auto generic = makeContraction(loc, {input, filter}, init, maps, 4, op);
  Value result = reshapeTo(builder, loc, generic.getResult(0), resultType.getShape());
  layout.set(op->getResult(0), result, kNhwgc);
}

bool ChannelsLast::visitGroupedConv(linalg::Conv2DNgchwGfchwOp op) {
  auto filter = cast<RankedTensorType>(op.getInputs()[1].getType());
  if (filter.getDimSize(1) == 1 && filter.getDimSize(2) == 1)
    buildDepthwiseConv(op);
  else
    buildGroupedConv(op);
  return true;
}

template <typename To, typename From> bool ChannelsLast::visitPool(From op) {
  Value input = layout.get(op.getInputs()[0], kNhwc);
  Value init = layout.get(op.getOutputs()[0], kNhwc);
  auto pool = To::create(builder, op.getLoc(), TypeRange{init.getType()},
                         ValueRange{input, op.getInputs()[1]}, ValueRange{init},
                         op.getStridesAttr(), op.getDilationsAttr());
  layout.set(op->getResult(0), pool->getResult(0), kNhwc);
  return true;
}

bool ChannelsLast::visitTranspose(linalg::TransposeOp op) {
  // Logical result dimension i is logical input dimension permutation[i].
  const Physical &input = layout.any(op.getInput());
  SmallVector<int64_t> inverse = invertPermutationVector(op.getPermutation());
  SmallVector<int64_t> order;
  for (int64_t dim : input.order)
    order.push_back(inverse[dim]);
  layout.set(op->getResult(0), input.value, order);
  return true;
}

bool ChannelsLast::visitPad(tensor::PadOp op) {
  const Physical &input = layout.any(op.getSource());
  Value padding = op.getConstantPaddingValue();
  if (!padding || !op.getLow().empty() || !op.getHigh().empty() ||
      isIdentity(input.order))
    return false;
  // The padding value may be a constant inside of the op's own region.
  Attribute constant;
  if (!matchPattern(padding, m_Constant(&constant)))
    return false;
  Value scalar = arith::ConstantOp::create(builder, op.getLoc(), cast<TypedAttr>(constant));
  auto type = RankedTensorType::get(pick(op.getResultType().getShape(), input.order),
                                    op.getResultType().getElementType());
  SmallVector<OpFoldResult> low, high;
  for (int64_t dim : input.order) {
    low.push_back(builder.getIndexAttr(op.getStaticLow()[dim]));
    high.push_back(builder.getIndexAttr(op.getStaticHigh()[dim]));
  }
  SmallVector<int64_t> order = input.order;
  auto pad = tensor::PadOp::create(builder, op.getLoc(), type, input.value, low, high,
                                   scalar, op.getNofold());
  layout.set(op.getResult(), pad.getResult(), order);
  return true;
}

bool ChannelsLast::visitConcat(tensor::ConcatOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  // The order that most elements already have.
  std::map<SmallVector<int64_t>, int64_t> votes;
  SmallVector<int64_t> best;
  int64_t bestVotes = -1;
  for (Value input : op.getInputs()) {
    const SmallVector<int64_t> &order = layout.any(input).order;
    int64_t &count = votes[order];
    count += cast<RankedTensorType>(input.getType()).getNumElements();
    if (count > bestVotes) {
      bestVotes = count;
      best = order;
    }
  }
  if (isIdentity(best))
    return false;
  SmallVector<Value> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(layout.get(input, best));
  int64_t dim = std::find(best.begin(), best.end(), op.getDim()) - best.begin();
  auto concat = tensor::ConcatOp::create(
      builder, op.getLoc(),
      RankedTensorType::get(pick(type.getShape(), best), type.getElementType()), dim,
      inputs);
  layout.set(op.getResult(), concat.getResult(), best);
  return true;
}

bool ChannelsLast::visitSlice(tensor::ExtractSliceOp op) {
  Physical input = layout.any(op.getSource());
  if (!op.getOffsets().empty() || !op.getSizes().empty() ||
      !op.getStrides().empty() || op.getDroppedDims().any() ||
      isIdentity(input.order))
    return false;
  SmallVector<OpFoldResult> offsets = applyPermutation(op.getMixedOffsets(), input.order);
  SmallVector<OpFoldResult> sizes = applyPermutation(op.getMixedSizes(), input.order);
  SmallVector<OpFoldResult> strides = applyPermutation(op.getMixedStrides(), input.order);
  auto slice = tensor::ExtractSliceOp::create(builder, op.getLoc(), input.value,
                                              offsets, sizes, strides);
  layout.set(op.getResult(), slice.getResult(), input.order);
  return true;
}

bool ChannelsLast::visitExpand(tensor::ExpandShapeOp op) {
  Physical input = layout.any(op.getSrc());
  if (isIdentity(input.order) || input.order.empty())
    return false;
  SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
  SmallVector<int64_t> order, shape;
  for (int64_t dim : input.order)
    for (int64_t part : groups[dim]) {
      order.push_back(part);
      shape.push_back(op.getResultType().getDimSize(part));
    }
  Value result = reshapeTo(builder, op.getLoc(), input.value, shape);
  layout.set(op.getResult(), result, order);
  return true;
}

/// The dimensions of a group must stand together and in order. Where they
/// don't (a channel shuffle), they are brought together at the place of the
/// first of them, so that what was last, the channels, stays last.
bool ChannelsLast::visitCollapse(tensor::CollapseShapeOp op) {
  Physical input = layout.any(op.getSrc());
  RankedTensorType type = op.getSrcType();
  if (isIdentity(input.order) || op.getResultType().getRank() == 0)
    return false;
  SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
  SmallVector<int64_t> groupOf(type.getRank());
  for (auto [i, group] : llvm::enumerate(groups))
    for (int64_t dim : group)
      groupOf[dim] = i;
  // Order of the result: groups by their first dimension that is not one.
  // Groups of ones only go where they stand in the logical order.
  SmallVector<int64_t> order, wanted;
  for (int64_t dim : input.order)
    if (type.getDimSize(dim) != 1 && !llvm::is_contained(order, groupOf[dim]))
      order.push_back(groupOf[dim]);
  for (int64_t i = 0, e = groups.size(); i < e; ++i)
    if (!llvm::is_contained(order, i))
      order.insert(i == 0 ? order.begin() : std::next(llvm::find(order, i - 1)), i);
  for (int64_t group : order)
    wanted.append(groups[group].begin(), groups[group].end());
  // This moves nothing, or only ones, if the groups stand together already.
  Value source = layout.get(op.getSrc(), wanted);
  Value result = reshapeTo(builder, op.getLoc(), source,
                           pick(op.getResultType().getShape(), order));
  layout.set(op.getResult(), result, order);
  return true;
}

/// `map` of a logical operand as a map of its physical value.
static AffineMap permuteResults(AffineMap map, ArrayRef<int64_t> order) {
  SmallVector<AffineExpr> results;
  for (int64_t dim : order)
    results.push_back(map.getResult(dim));
  return AffineMap::get(map.getNumDims(), 0, results, map.getContext());
}

/// The order of loops, outermost first, in which the operand that weighs most
/// is read front to back. A loop order is a list of old loops.
SmallVector<int64_t> ChannelsLast::chooseOrder(linalg::GenericOp op, bool &found) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> best;
  int64_t bestWeight = -1;
  std::map<SmallVector<int64_t>, int64_t> weights;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    AffineMap map = maps[operand->getOperandNumber()];
    if (!isa<RankedTensorType>(operand->get().getType()) || !map.isPermutation() ||
        matchPattern(operand->get(), m_Constant()))
      continue;
    AffineMap physical = permuteResults(map, layout.any(operand->get()).order);
    SmallVector<int64_t> order;
    for (AffineExpr expr : physical.getResults())
      order.push_back(cast<AffineDimExpr>(expr).getPosition());
    // Of two orders of one weight, the one that another layout asked for.
    int64_t &weight = weights[order];
    weight += isIdentity(layout.any(operand->get()).order) ? 2 : 3;
    if (weight > bestWeight) {
      bestWeight = weight;
      best = order;
    }
  }
  found = !best.empty();
  return best;
}

/// Reads operands through their physical order and keeps loops and results.
void ChannelsLast::absorbOperands(linalg::GenericOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (OpOperand *operand : op.getDpsInputOperands()) {
    if (!isa<RankedTensorType>(operand->get().getType()))
      continue;
    Physical input = layout.any(operand->get());
    AffineMap &map = maps[operand->getOperandNumber()];
    map = permuteResults(map, input.order);
    operand->set(input.value);
  }
  op.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
  for (OpOperand &init : op.getDpsInitsMutable())
    init.set(layout.logical(init.get()));
}

bool ChannelsLast::visitGeneric(linalg::GenericOp op) {
  // Values that the body reads by itself, as in a gather.
  op.getBody()->walk([&](Operation *inner) {
    for (OpOperand &operand : inner->getOpOperands())
      if (operand.get().getParentRegion() != &op.getRegion() &&
          isa<RankedTensorType>(operand.get().getType()))
        operand.set(layout.logical(operand.get()));
  });
  bool anyMoved = llvm::any_of(op.getInputs(), [&](Value input) {
    return isa<RankedTensorType>(input.getType()) && !isIdentity(layout.any(input).order);
  });
  if (!anyMoved)
    return false;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap out = maps[op.getNumDpsInputs()];
  bool elementwise =
      op.getNumParallelLoops() == op.getNumLoops() && out.isPermutation() &&
      llvm::all_of(ArrayRef(maps).drop_front(op.getNumDpsInputs()),
                   [&](AffineMap map) { return map == out; }) &&
      llvm::all_of(op.getRegionOutputArgs(), [](Value arg) { return arg.use_empty(); });
  bool found = false;
  SmallVector<int64_t> loopOrder;
  if (elementwise)
    loopOrder = chooseOrder(op, found);
  absorbOperands(op);
  if (!found)
    return true;

  // New loop i is old loop loopOrder[i]; results have the new loops' order.
  MLIRContext *context = op.getContext();
  SmallVector<AffineExpr> newDims(loopOrder.size());
  SmallVector<int64_t> resultOfLoop(loopOrder.size()), order;
  for (auto [i, loop] : llvm::enumerate(loopOrder))
    newDims[loop] = getAffineDimExpr(i, context);
  for (auto [i, expr] : llvm::enumerate(out.getResults()))
    resultOfLoop[cast<AffineDimExpr>(expr).getPosition()] = i;
  for (int64_t loop : loopOrder)
    order.push_back(resultOfLoop[loop]);
  maps = op.getIndexingMapsArray();
  for (AffineMap &map : maps)
    map = map.replaceDimsAndSymbols(newDims, {}, newDims.size(), 0);
  SmallVector<Value> inits;
  SmallVector<Type> types;
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    types.push_back(RankedTensorType::get(pick(type.getShape(), order), type.getElementType()));
    inits.push_back(tensor::EmptyOp::create(builder, op.getLoc(),
                                            cast<RankedTensorType>(types.back()).getShape(),
                                            type.getElementType()));
    maps[op.getNumDpsInputs() + i] =
        builder.getMultiDimIdentityMap(loopOrder.size());
  }
  auto generic = linalg::GenericOp::create(builder, op.getLoc(), types, op.getInputs(),
                                           inits, maps, op.getIteratorTypesArray());
  generic.getRegion().takeBody(op.getRegion());
  SmallVector<int64_t> place = invertPermutationVector(loopOrder);
  generic.walk([&](linalg::IndexOp index) { index.setDim(place[index.getDim()]); });
  for (auto [from, to] : llvm::zip_equal(op.getResults(), generic.getResults()))
    layout.set(from, to, order);
  return true;
}

void ChannelsLast::visit(Operation *op) {
  builder.setInsertionPoint(op);
  bool done =
      TypeSwitch<Operation *, bool>(op)
          .Case([&](linalg::Conv2DNchwFchwOp o) { return visitConv(o); })
          .Case([&](linalg::Conv2DNgchwGfchwOp o) { return visitGroupedConv(o); })
          .Case([&](linalg::PoolingNchwMaxOp o) { return visitPool<linalg::PoolingNhwcMaxOp>(o); })
          .Case([&](linalg::PoolingNchwSumOp o) { return visitPool<linalg::PoolingNhwcSumOp>(o); })
          .Case([&](linalg::TransposeOp o) { return visitTranspose(o); })
          .Case([&](tensor::PadOp o) { return visitPad(o); })
          .Case([&](tensor::ConcatOp o) { return visitConcat(o); })
          .Case([&](tensor::ExtractSliceOp o) { return visitSlice(o); })
          .Case([&](tensor::ExpandShapeOp o) { return visitExpand(o); })
          .Case([&](tensor::CollapseShapeOp o) { return visitCollapse(o); })
          .Case([&](linalg::GenericOp o) { return visitGeneric(o); })
          .Default([](Operation *) { return false; });
  if (done)
    return;
  for (OpOperand &operand : op->getOpOperands())
    if (isa<RankedTensorType>(operand.get().getType()))
      operand.set(layout.logical(operand.get()));
}

namespace {
struct ChannelsLastPass : eclip::impl::EclipChannelsLastBase<ChannelsLastPass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func.getBody().hasOneBlock())
      return;
    // Named elementwise operations are generics with one more way to say it.
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> ops;
    for (Operation &op : llvm::make_early_inc_range(func.getBody().front())) {
      auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
      if (linalgOp && linalg::isElementwise(linalgOp) &&
          !isa<linalg::GenericOp, linalg::FillOp, linalg::TransposeOp>(op)) {
        rewriter.setInsertionPoint(&op);
        (void)linalg::generalizeNamedOp(rewriter, linalgOp);
      }
    }
    for (Operation &op : func.getBody().front())
      ops.push_back(&op);
    ChannelsLast walk(func);
    for (Operation *op : ops)
      walk.visit(op);
    for (Operation *op : llvm::reverse(ops))
      if (isOpTriviallyDead(op))
        op->erase();
    SmallVector<Operation *> dead;
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(func.getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }
};
} // namespace
