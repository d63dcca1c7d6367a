//===- MergeContractions.cpp - contractions of one input as one -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The query, key and value projections of attention, or convolutions of one
// shape side by side: products of one input with different constant weights
// become one product with the weights side by side, and slices of its result.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/formation/Classify.h"
#include "compiler/kernels/formation/Passes.h"
#include "compiler/kernels/formation/Simplify.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Transforms/CSE.h"
#include "llvm/ADT/MapVector.h"

namespace eclip {
#define GEN_PASS_DEF_ECLIPMERGECONTRACTIONS
#include "compiler/kernels/formation/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

/// Slices begin at multiples of this, so that vector loads stay possible.
static constexpr int64_t kSliceBytes = 16;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static bool isConstant(Value value) { return matchPattern(value, m_Constant()); }

static Operation *onlyUser(Value value) {
  return value.hasOneUse() ? *value.user_begin() : nullptr;
}

static RankedTensorType withSize(RankedTensorType type, int64_t dim, int64_t size) {
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = size;
  return type.clone(shape);
}

/// Position of the plain dim `loop` among the results of `map`; nothing if it
/// occurs in another form or more than once.
static std::optional<unsigned> positionOf(AffineMap map, unsigned loop) {
  std::optional<unsigned> position;
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    if (!expr.isFunctionOfDim(loop))
      continue;
    if (position || !isa<AffineDimExpr>(expr))
      return std::nullopt;
    position = i;
  }
  return position;
}

namespace {
/// The loop of a contraction over which weights are put side by side.
struct WideLoop {
  unsigned weightDim = 0, resultDim = 0;
};

/// One of the contractions, with its current value: the contraction's result,
/// or what the operations merged so far make of it.
struct Branch {
  linalg::LinalgOp op;
  Value value;
  int64_t size = 0;
};

class Merger {
public:
  explicit Merger(func::FuncOp func) : func(func), rewriter(func.getContext()) {}
  /// True if something was merged.
  bool run();

private:
  bool merge(ArrayRef<linalg::LinalgOp> group);
  void mergeRoot();
  bool step();
  bool stepReshape(ArrayRef<Operation *> users);
  std::optional<unsigned> loopAlongBranches(linalg::GenericOp first);
  bool inputsAgree(ArrayRef<linalg::GenericOp> users, unsigned number, unsigned loop);
  bool stepElementwise(ArrayRef<linalg::GenericOp> users);
  void takeScales();
  void slice();
  Value sideBySide(ArrayRef<Value> parts, int64_t dim);

  func::FuncOp func;
  IRRewriter rewriter;
  SmallVector<Branch> branches;
  /// The merged value so far, and the dim along which branches lie in it.
  Value merged;
  int64_t dim = 0;
};
} // namespace

/// The last loop that only weights and result have.
static std::optional<WideLoop> wideLoop(linalg::LinalgOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (unsigned loop = op.getNumLoops(); loop-- > 0;) {
    if (maps[0].isFunctionOfDim(loop))
      continue;
    auto weight = positionOf(maps[1], loop), result = positionOf(maps[2], loop);
    if (weight && result)
      return WideLoop{*weight, *result};
  }
  return std::nullopt;
}

/// A product of a value and constant weights, summed from zero.
static bool isCandidate(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() == 0 || op->getNumResults() != 1)
    return false;
  Value input = op.getDpsInputs()[0], weights = op.getDpsInputs()[1];
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  if (isConstant(input) || !isConstant(weights) || !isa<RankedTensorType>(weights.getType()) ||
      !fill || !matchPattern(fill.getInputs()[0], m_AnyZeroFloat()))
    return false;
  std::optional<WideLoop> loop = wideLoop(op);
  if (!loop)
    return false;
  RankedTensorType type = typeOf(op->getResult(0));
  return type.getDimSize(loop->resultDim) *
             type.getElementTypeBitWidth() % (8 * kSliceBytes) == 0;
}

static bool sameBody(Operation *a, Operation *b) {
  return OperationEquivalence::isRegionEquivalentTo(
      &a->getRegion(0), &b->getRegion(0), OperationEquivalence::IgnoreLocations);
}

/// True if the two differ in nothing but their weights and how many results
/// those make along the wide loop.
static bool areAlike(linalg::LinalgOp a, linalg::LinalgOp b) {
  if (a->getName() != b->getName() ||
      a->getAttrDictionary() != b->getAttrDictionary() ||
      a.getIndexingMapsArray() != b.getIndexingMapsArray() ||
      a.getIteratorTypesArray() != b.getIteratorTypesArray() || !sameBody(a, b))
    return false;
  WideLoop loop = *wideLoop(a);
  return withSize(typeOf(a.getDpsInputs()[1]), loop.weightDim, 1) ==
             withSize(typeOf(b.getDpsInputs()[1]), loop.weightDim, 1) &&
         withSize(typeOf(a->getResult(0)), loop.resultDim, 1) ==
             withSize(typeOf(b->getResult(0)), loop.resultDim, 1);
}

static bool isMove(Operation *op) {
  OpClass kind = classify(op);
  return isa<linalg::TransposeOp>(op) || kind == OpClass::View || kind == OpClass::Move;
}

/// x * scale with a scalar constant, of any shape.
static std::optional<APFloat> scaleOf(Operation *op) {
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  if (!generic || generic.getNumDpsInputs() != 1 || generic.getNumResults() != 1 ||
      generic.getNumReductionLoops() != 0 ||
      generic.getDpsInputs()[0].getType() != generic->getResult(0).getType() ||
      !llvm::all_equal(generic.getIndexingMapsArray()))
    return std::nullopt;
  Block *body = generic.getBody();
  auto product = body->getTerminator()->getOperand(0).getDefiningOp<arith::MulFOp>();
  if (!product)
    return std::nullopt;
  for (auto [value, factor] : {std::pair(product.getLhs(), product.getRhs()),
                               std::pair(product.getRhs(), product.getLhs())}) {
    APFloat scale(0.0f);
    if (value == body->getArgument(0) && matchPattern(factor, m_ConstantFloat(&scale)))
      return scale;
  }
  return std::nullopt;
}

/// The multiplication by a scalar that `value` goes to, through data movement.
static Operation *scaleAfter(Value value) {
  for (Operation *user = onlyUser(value); user; user = onlyUser(user->getResult(0))) {
    if (scaleOf(user))
      return user;
    if (user->getNumResults() != 1 || !isMove(user))
      return nullptr;
  }
  return nullptr;
}

/// True if slices of a wider value serve the readers of `value` as well as it
/// does: they are no arithmetic that could be the contraction's own tail, no
/// output, and no concatenation that its kernel could write into.
static bool takesSlices(Value value) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (user->getNumResults() == 1 && isMove(user))
      return takesSlices(user->getResult(0));
    if (scaleOf(user))
      return takesSlices(user->getResult(0));
    auto linalgOp = dyn_cast<linalg::LinalgOp>(user);
    return linalgOp && linalgOp.getNumReductionLoops() != 0;
  });
}

/// The arithmetic with constants, up to its last operation, that follows
/// `value` and nothing else; reshapes in between included.
static SmallVector<Operation *> tailOf(Value value) {
  SmallVector<Operation *> tail;
  size_t length = 0;
  for (Operation *user = onlyUser(value); user; user = onlyUser(value)) {
    auto generic = dyn_cast<linalg::GenericOp>(user);
    bool arithmetic = generic && generic.getNumResults() == 1 &&
                      generic.getNumReductionLoops() == 0 && !isMove(generic) &&
                      !scaleOf(generic) &&
                      generic.getBody()->getArguments().back().use_empty() &&
                      llvm::all_of(generic.getDpsInputs(), [&](Value input) {
                        return input == value || isConstant(input);
                      });
    if (!arithmetic && !isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user))
      break;
    tail.push_back(user);
    if (arithmetic)
      length = tail.size();
    value = user->getResult(0);
  }
  tail.truncate(length);
  return tail;
}

/// True if the operations are the same but for their constants.
static bool sameTail(ArrayRef<Operation *> a, ArrayRef<Operation *> b) {
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [](auto pair) {
    auto [x, y] = pair;
    auto left = dyn_cast<linalg::GenericOp>(x), right = dyn_cast<linalg::GenericOp>(y);
    return x->getName() == y->getName() &&
           (!left || (left.getIndexingMapsArray() == right.getIndexingMapsArray() &&
                      sameBody(left, right)));
  });
}

Value Merger::sideBySide(ArrayRef<Value> parts, int64_t along) {
  return tensor::ConcatOp::create(rewriter, parts.front().getLoc(), along, parts);
}

void Merger::mergeRoot() {
  linalg::LinalgOp first = branches.front().op;
  WideLoop loop = *wideLoop(first);
  SmallVector<Value> weights;
  SmallVector<Location> locations;
  int64_t size = 0;
  for (Branch &branch : branches) {
    weights.push_back(branch.op.getDpsInputs()[1]);
    locations.push_back(branch.op->getLoc());
    branch.value = branch.op->getResult(0);
    branch.size = typeOf(branch.value).getDimSize(loop.resultDim);
    size += branch.size;
  }
  Location loc = rewriter.getFusedLoc(locations);
  RankedTensorType type = withSize(typeOf(first->getResult(0)), loop.resultDim, size);
  auto fill = first.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  Value wide = sideBySide(weights, loop.weightDim);
  Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(), type.getElementType());
  Value init = linalg::FillOp::create(rewriter, loc, fill.getInputs()[0], empty).getResult(0);
  Operation *op = clone(rewriter, first, type, {first.getDpsInputs()[0], wide, init});
  op->setLoc(loc);
  merged = op->getResult(0);
  dim = loop.resultDim;
}

/// A reshape of all branches that leaves `dim` alone.
bool Merger::stepReshape(ArrayRef<Operation *> users) {
  auto groupsOf = [](Operation *op) {
    auto expand = dyn_cast<tensor::ExpandShapeOp>(op);
    return expand ? expand.getReassociationIndices()
                  : cast<tensor::CollapseShapeOp>(op).getReassociationIndices();
  };
  SmallVector<ReassociationIndices> groups = groupsOf(users.front());
  bool expands = isa<tensor::ExpandShapeOp>(users.front());
  int64_t newDim = -1;
  for (auto [i, group] : llvm::enumerate(groups))
    if (group.size() == 1 && (expands ? int64_t(i) : group[0]) == dim)
      newDim = expands ? group[0] : int64_t(i);
  if (newDim < 0)
    return false;
  RankedTensorType first = typeOf(users.front()->getResult(0));
  for (Operation *user : users)
    if (groupsOf(user) != groups ||
        withSize(typeOf(user->getResult(0)), newDim, 1) != withSize(first, newDim, 1))
      return false;
  RankedTensorType type = withSize(first, newDim, typeOf(merged).getDimSize(dim));
  Location loc = users.front()->getLoc();
  merged = expands
               ? Value(tensor::ExpandShapeOp::create(rewriter, loc, type, merged, groups))
               : Value(tensor::CollapseShapeOp::create(rewriter, loc, type, merged, groups));
  dim = newDim;
  return true;
}

/// The loop of the first branch's arithmetic along which branches lie side by
/// side. Nothing if the arithmetic is of no form that can be widened.
std::optional<unsigned> Merger::loopAlongBranches(linalg::GenericOp first) {
  SmallVector<AffineMap> maps = first.getIndexingMapsArray();
  if (first.getNumReductionLoops() != 0 || first.getNumResults() != 1 ||
      first.hasIndexSemantics() || !maps.back().isPermutation() ||
      !first.getBody()->getArguments().back().use_empty())
    return std::nullopt;
  std::optional<unsigned> loop;
  for (OpOperand *operand : first.getDpsInputOperands())
    if (operand->get() == branches.front().value) {
      AffineMap map = maps[operand->getOperandNumber()];
      auto expr = dyn_cast<AffineDimExpr>(map.getResult(dim));
      if (!map.isPermutation() || !expr || (loop && *loop != expr.getPosition()))
        return std::nullopt;
      loop = expr.getPosition();
    }
  return loop;
}

/// True if input `number` of each is the branch itself, or constants that differ
/// at most along `loop`.
bool Merger::inputsAgree(ArrayRef<linalg::GenericOp> users, unsigned number, unsigned loop) {
  linalg::GenericOp first = users.front();
  Value input = first.getDpsInputs()[number];
  AffineMap map = first.getIndexingMapsArray()[number];
  bool own = input == branches.front().value;
  bool along = positionOf(map, loop).has_value();
  if (!own && map.isFunctionOfDim(loop) && !along)
    return false;
  return llvm::all_of(llvm::zip_equal(users, branches), [&](auto pair) {
    auto [user, branch] = pair;
    Value theirs = linalg::GenericOp(user).getDpsInputs()[number];
    return own ? theirs == branch.value : isConstant(theirs) && (along || theirs == input);
  });
}

/// The same arithmetic on all branches, with constants that differ at most
/// along `dim`.
bool Merger::stepElementwise(ArrayRef<linalg::GenericOp> users) {
  linalg::GenericOp first = users.front();
  SmallVector<AffineMap> maps = first.getIndexingMapsArray();
  std::optional<unsigned> loop = loopAlongBranches(first);
  if (!loop)
    return false;
  unsigned newDim = *positionOf(maps.back(), *loop);
  RankedTensorType firstType = typeOf(first->getResult(0));
  for (linalg::GenericOp user : users)
    if (user.getIndexingMapsArray() != maps || !sameBody(user, first) ||
        withSize(typeOf(user->getResult(0)), newDim, 1) != withSize(firstType, newDim, 1))
      return false;
  for (unsigned i = 0; i < first.getNumDpsInputs(); ++i)
    if (!inputsAgree(users, i, *loop))
      return false;
  SmallVector<Value> inputs;
  for (auto [i, input] : llvm::enumerate(first.getDpsInputs())) {
    std::optional<unsigned> along = positionOf(maps[i], *loop);
    if (input == branches.front().value || !along) {
      inputs.push_back(input == branches.front().value ? merged : input);
      continue;
    }
    SmallVector<Value> parts;
    for (linalg::GenericOp user : users)
      parts.push_back(user.getDpsInputs()[i]);
    inputs.push_back(sideBySide(parts, *along));
  }
  SmallVector<Location> locations;
  for (linalg::GenericOp user : users)
    locations.push_back(user.getLoc());
  Location loc = rewriter.getFusedLoc(locations);
  RankedTensorType type = withSize(firstType, newDim, typeOf(merged).getDimSize(dim));
  inputs.push_back(
      tensor::EmptyOp::create(rewriter, loc, type.getShape(), type.getElementType()));
  Operation *op = clone(rewriter, cast<linalg::LinalgOp>(first.getOperation()), type, inputs);
  op->setLoc(loc);
  merged = op->getResult(0);
  dim = newDim;
  return true;
}

/// Takes one operation that follows every branch into the merged value.
bool Merger::step() {
  SmallVector<Operation *> users;
  SmallVector<linalg::GenericOp> generics;
  for (const Branch &branch : branches) {
    Operation *user = onlyUser(branch.value);
    // The same operation for two branches reads both.
    if (!user || llvm::is_contained(users, user) ||
        (!users.empty() && user->getName() != users.front()->getName()))
      return false;
    users.push_back(user);
    if (auto generic = dyn_cast<linalg::GenericOp>(user))
      generics.push_back(generic);
  }
  bool taken = generics.size() == users.size() ? stepElementwise(generics)
               : isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(users.front())
                   ? stepReshape(users)
                   : false;
  for (auto [branch, user] : llvm::zip_equal(branches, users))
    if (taken)
      branch.value = user->getResult(0);
  return taken;
}

/// Attention scales queries, and some exporters keys, after they are split in
/// heads. As a factor of each column it is the merged contraction's tail; the
/// other branches are multiplied by 1, which changes no value.
void Merger::takeScales() {
  auto element = dyn_cast<FloatType>(typeOf(merged).getElementType());
  SmallVector<APFloat> factors;
  SmallVector<Location> locations{merged.getLoc()};
  for (Branch &branch : branches) {
    Operation *scale = element ? scaleAfter(branch.value) : nullptr;
    APFloat factor = scale ? *scaleOf(scale) : APFloat(1.0f);
    if (scale) {
      locations.push_back(scale->getLoc());
      rewriter.replaceOp(scale, cast<linalg::LinalgOp>(scale).getDpsInputs()[0]);
    } else if (element) {
      bool lost;
      factor.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    }
    factors.append(branch.size, factor);
  }
  if (locations.size() == 1)
    return;
  Location loc = rewriter.getFusedLoc(locations);
  RankedTensorType type = typeOf(merged);
  auto factorType = RankedTensorType::get({type.getDimSize(dim)}, element);
  Value factor = arith::ConstantOp::create(rewriter, loc,
                                           DenseElementsAttr::get(factorType, factors));
  Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(), element);
  AffineMap identity = rewriter.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  auto scaled = linalg::GenericOp::create(
      rewriter, loc, TypeRange{type}, ValueRange{merged, factor}, ValueRange{empty},
      ArrayRef<AffineMap>{identity, identity.getSubMap({unsigned(dim)}), identity}, loops,
      [](OpBuilder &b, Location l, ValueRange args) {
        linalg::YieldOp::create(b, l, arith::MulFOp::create(b, l, args[0], args[1]).getResult());
      });
  merged = scaled->getResult(0);
}

/// Gives the readers of each branch their part of the merged value.
void Merger::slice() {
  RankedTensorType type = typeOf(merged);
  SmallVector<OpFoldResult> offsets(type.getRank(), rewriter.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes, strides(type.getRank(), rewriter.getIndexAttr(1));
  for (int64_t size : type.getShape())
    sizes.push_back(rewriter.getIndexAttr(size));
  int64_t begin = 0;
  for (const Branch &branch : branches) {
    offsets[dim] = rewriter.getIndexAttr(begin);
    sizes[dim] = rewriter.getIndexAttr(branch.size);
    Value part = tensor::ExtractSliceOp::create(rewriter, branch.value.getLoc(), merged,
                                                offsets, sizes, strides);
    rewriter.replaceAllUsesWith(branch.value, part);
    begin += branch.size;
  }
}

/// `group`: contractions that are alike, in program order.
bool Merger::merge(ArrayRef<linalg::LinalgOp> group) {
  branches.clear();
  // Tails that differ would part some arithmetic from its contraction.
  SmallVector<Operation *> tail;
  for (linalg::LinalgOp op : group) {
    SmallVector<Operation *> mine = tailOf(op->getResult(0));
    if (!takesSlices(mine.empty() ? op->getResult(0) : mine.back()->getResult(0)) ||
        (!branches.empty() && !sameTail(tail, mine)))
      continue;
    tail = mine;
    branches.push_back({op, {}, 0});
  }
  if (branches.size() < 2)
    return false;
  // Constants stand anywhere before their readers; all are needed here.
  Operation *place = branches.front().op;
  rewriter.setInsertionPoint(place);
  mergeRoot();
  while (step()) {
  }
  takeScales();
  slice();
  return true;
}

bool Merger::run() {
  llvm::MapVector<Value, SmallVector<SmallVector<linalg::LinalgOp>>> groups;
  // Constants first, so that every one is there where branches are merged.
  Block &block = func.getBody().front();
  SmallVector<Operation *> constants;
  for (Operation &op : block)
    if (op.hasTrait<OpTrait::ConstantLike>())
      constants.push_back(&op);
  for (Operation *op : llvm::reverse(constants))
    op->moveBefore(&block, block.begin());
  for (auto op : block.getOps<linalg::LinalgOp>()) {
    if (!isCandidate(op))
      continue;
    auto &sets = groups[op.getDpsInputs()[0]];
    auto *set = llvm::find_if(sets, [&](auto &other) { return areAlike(other.front(), op); });
    if (set == sets.end())
      sets.push_back({op});
    else
      set->push_back(op);
  }
  bool any = false;
  for (auto &[input, sets] : groups)
    for (auto &set : sets)
      any |= set.size() > 1 && merge(set);
  return any;
}

namespace {
struct MergeContractionsPass
    : eclip::impl::EclipMergeContractionsBase<MergeContractionsPass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func.getBody().hasOneBlock())
      return;
    IRRewriter rewriter(func.getContext());
    {
      DominanceInfo dominance(func);
      eliminateCommonSubExpressions(rewriter, dominance, func);
    }
    if (!Merger(func).run())
      return;
    DominanceInfo dominance(func);
    eliminateCommonSubExpressions(rewriter, dominance, func);
    eraseDead(func.getBody().front());
  }
};
} // namespace
