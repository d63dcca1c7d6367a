//===- View.cpp - seeing through data movement ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/contraction/View.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace eclip;

using Exprs = SmallVector<AffineExpr>;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Adds `scale * expr` to `form`; false if that is not linear.
static bool accumulate(AffineExpr expr, int64_t scale, LinearForm &form) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    form.coefficients[dim.getPosition()] += scale;
    return true;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    form.constant += scale * constant.getValue();
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (expr.getKind() == AffineExprKind::Add)
    return accumulate(binary.getLHS(), scale, form) &&
           accumulate(binary.getRHS(), scale, form);
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return expr.getKind() == AffineExprKind::Mul && factor &&
         accumulate(binary.getLHS(), scale * factor.getValue(), form);
}

std::optional<LinearForm> eclip::linearForm(AffineExpr expr,
                                            ArrayRef<int64_t> loopSizes) {
  LinearForm form;
  form.coefficients.assign(loopSizes.size(), 0);
  if (!accumulate(expr, 1, form))
    return std::nullopt;
  for (auto [coefficient, size] : llvm::zip_equal(form.coefficients, loopSizes))
    if (size == 1)
      coefficient = 0;
  return form;
}

static AffineExpr linearized(ArrayRef<AffineExpr> exprs,
                             ArrayRef<int64_t> shape, MLIRContext *context) {
  AffineExpr linear = getAffineConstantExpr(0, context);
  for (auto [expr, size] : llvm::zip_equal(exprs, shape))
    linear = linear * size + expr;
  return linear;
}

//===----------------------------------------------------------------------===//
// Index expressions
//===----------------------------------------------------------------------===//

namespace {
/// Simplifies index expressions, knowing how far the dims go: reshapes there
/// and back must cancel, which without ranges they do not.
class Simplifier {
public:
  explicit Simplifier(ArrayRef<int64_t> dimSizes) : dimSizes(dimSizes) {}

  AffineExpr operator()(AffineExpr expr) const {
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary)
      return expr;
    AffineExpr lhs = (*this)(binary.getLHS()), rhs = (*this)(binary.getRHS());
    auto divisor = dyn_cast<AffineConstantExpr>(rhs);
    if (divisor && divisor.getValue() > 0 &&
        (expr.getKind() == AffineExprKind::FloorDiv ||
         expr.getKind() == AffineExprKind::Mod))
      return divided(lhs, divisor.getValue(),
                     expr.getKind() == AffineExprKind::Mod);
    return getAffineBinaryOpExpr(expr.getKind(), lhs, rhs);
  }

private:
  using Range = std::pair<int64_t, int64_t>;

  /// Least and greatest value; nothing for forms that do not arise here.
  std::optional<Range> rangeOf(AffineExpr expr) const {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return Range(0, dimSizes[dim.getPosition()] - 1);
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return Range(constant.getValue(), constant.getValue());
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary)
      return std::nullopt;
    std::optional<Range> lhs = rangeOf(binary.getLHS());
    std::optional<Range> rhs = rangeOf(binary.getRHS());
    if (!lhs || !rhs)
      return std::nullopt;
    if (expr.getKind() == AffineExprKind::Add)
      return Range(lhs->first + rhs->first, lhs->second + rhs->second);
    int64_t factor = rhs->first;
    if (factor != rhs->second || factor <= 0 || lhs->first < 0)
      return std::nullopt;
    switch (expr.getKind()) {
    case AffineExprKind::Mul:
      return Range(lhs->first * factor, lhs->second * factor);
    case AffineExprKind::FloorDiv:
      return Range(lhs->first / factor, lhs->second / factor);
    case AffineExprKind::Mod:
      return Range(0, std::min(lhs->second, factor - 1));
    default:
      return std::nullopt;
    }
  }

  static void splitSum(AffineExpr expr, SmallVectorImpl<AffineExpr> &terms) {
    auto sum = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!sum || expr.getKind() != AffineExprKind::Add) {
      terms.push_back(expr);
      return;
    }
    splitSum(sum.getLHS(), terms);
    splitSum(sum.getRHS(), terms);
  }

  /// `expr` divided by `divisor`, or the rest. The terms that are multiples of
  /// the divisor part from the others if those stay below it.
  AffineExpr divided(AffineExpr expr, int64_t divisor, bool rest) const {
    SmallVector<AffineExpr> terms;
    splitSum(expr, terms);
    AffineExpr zero = getAffineConstantExpr(0, expr.getContext());
    AffineExpr multiples = zero, others = zero;
    for (AffineExpr term : terms)
      (term.isMultipleOf(divisor) ? multiples : others) =
          (term.isMultipleOf(divisor) ? multiples : others) + term;
    std::optional<Range> range = rangeOf(others);
    if (!range || range->first < 0 || range->second >= divisor)
      return rest ? expr % divisor : expr.floorDiv(divisor);
    return rest ? others : multiples.floorDiv(divisor);
  }

  ArrayRef<int64_t> dimSizes;
};
} // namespace

/// The index of row-major element number `linear`; dims of size 1 get 0.
static Exprs delinearized(AffineExpr linear, ArrayRef<int64_t> shape) {
  Exprs exprs(shape.size(), getAffineConstantExpr(0, linear.getContext()));
  int64_t first = 0, count = shape.size();
  while (first < count && shape[first] == 1)
    ++first;
  for (int64_t dim = count; dim-- > first;) {
    if (shape[dim] == 1)
      continue;
    exprs[dim] = dim == first ? linear : linear % shape[dim];
    linear = linear.floorDiv(shape[dim]);
  }
  return exprs;
}

Value eclip::permutedInput(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() != 0 || op->getNumRegions() != 1 ||
      !llvm::hasSingleElement(*op.getBlock()) ||
      op.getBlock()->getTerminator()->getOperand(0) !=
          op.getBlock()->getArgument(0) ||
      !isa<RankedTensorType>(op.getDpsInputs()[0].getType()))
    return {};
  AffineMap out = op.getIndexingMapsArray()[1];
  return out.isPermutation() ? op.getDpsInputs()[0] : Value();
}

static bool isZeroPad(tensor::PadOp pad) {
  Value value = pad.getConstantPaddingValue();
  if (!value)
    return false;
  return matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_Zero());
}

namespace {
/// Walks from an operand towards the argument that it views.
class ViewWalk {
public:
  ViewWalk(AffineMap map, ArrayRef<int64_t> loopSizes)
      : context(map.getContext()), loopSizes(loopSizes),
        exprs(map.getResults()),
        fallback(exprs.size(), getAffineConstantExpr(0, context)) {}

  std::optional<OperandView> walk(Value value) {
    while (!isa<BlockArgument>(value)) {
      // Reshapes of the argument itself leave the element's number alone.
      if (Value source = throughReshapes(value)) {
        return finish(cast<BlockArgument>(source), typeOf(value).getShape());
      }
      Operation *op = value.getDefiningOp();
      value = step(op);
      if (!value)
        return std::nullopt;
      // The first element inside of a pad, where it lies further on.
      if (isa<tensor::PadOp>(op)) {
        fallback.assign(exprs.size(), getAffineConstantExpr(0, context));
      } else {
        std::swap(exprs, fallback);
        (void)step(op);
        std::swap(exprs, fallback);
      }
    }
    return finish(cast<BlockArgument>(value), typeOf(value).getShape());
  }

private:
  static Value throughReshapes(Value value) {
    while (Operation *op = value.getDefiningOp()) {
      if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
        return {};
      value = op->getOperand(0);
    }
    return value;
  }

  std::optional<LinearForm> linear(AffineExpr expr) const {
    return linearForm(expr, loopSizes);
  }

  std::optional<OperandView> finish(BlockArgument base,
                                    ArrayRef<int64_t> shape) {
    std::optional<LinearForm> form = linear(linearized(exprs, shape, context));
    if (!form)
      return std::nullopt;
    std::optional<LinearForm> element =
        linear(linearized(fallback, shape, context));
    return OperandView{base, *form, checks, element ? element->constant : 0};
  }

  /// Replaces the index expressions by those of the op's source.
  Value step(Operation *op) {
    if (auto pad = dyn_cast<tensor::PadOp>(op))
      return stepPad(pad);
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
      return stepSlice(slice);
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
      Exprs inner;
      ArrayRef<int64_t> shape = expand.getResultType().getShape();
      for (ArrayRef<int64_t> group : expand.getReassociationIndices())
        inner.push_back(
            linearized(ArrayRef(exprs).slice(group[0], group.size()),
                       shape.slice(group[0], group.size()), context));
      exprs = inner;
      return expand.getSrc();
    }
    if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
      return stepCollapse(collapse);
    if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
      return stepPermutation(linalgOp);
    return {};
  }

  Value stepPad(tensor::PadOp pad) {
    if (!isZeroPad(pad))
      return {};
    ArrayRef<int64_t> low = pad.getStaticLow(), high = pad.getStaticHigh();
    for (auto [dim, expr] : llvm::enumerate(exprs)) {
      if (low[dim] < 0 || high[dim] < 0)
        return {};
      if (low[dim] == 0 && high[dim] == 0)
        continue;
      expr = expr - low[dim];
      std::optional<LinearForm> form = linear(expr);
      if (!form)
        return {};
      checks.push_back({*form, pad.getSourceType().getDimSize(dim)});
    }
    return pad.getSource();
  }

  Value stepSlice(tensor::ExtractSliceOp slice) {
    if (!slice.getOffsets().empty() || !slice.getStrides().empty())
      return {};
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    Exprs inner;
    unsigned next = 0;
    for (auto [dim, offset, stride] :
         llvm::enumerate(slice.getStaticOffsets(), slice.getStaticStrides())) {
      AffineExpr index =
          dropped.test(dim) ? getAffineConstantExpr(0, context) : exprs[next++];
      inner.push_back(index * stride + offset);
    }
    exprs = inner;
    return slice.getSource();
  }

  Value stepCollapse(tensor::CollapseShapeOp collapse) {
    ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
    Exprs inner;
    for (auto [index, group] :
         llvm::enumerate(collapse.getReassociationIndices()))
      for (AffineExpr expr : delinearized(
               exprs[index], shape.slice(group[0], group.size())))
        inner.push_back(Simplifier(loopSizes)(expr));
    exprs = inner;
    return collapse.getSrc();
  }

  Value stepPermutation(linalg::LinalgOp op) {
    Value source = permutedInput(op);
    if (!source)
      return {};
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    AffineMap inverse = inversePermutation(maps[1]);
    Exprs loops;
    for (AffineExpr expr : inverse.getResults())
      loops.push_back(expr.replaceDims(exprs));
    Exprs inner;
    for (AffineExpr expr : maps[0].getResults())
      inner.push_back(expr.replaceDims(loops));
    exprs = inner;
    return source;
  }

  MLIRContext *context;
  ArrayRef<int64_t> loopSizes;
  Exprs exprs;
  Exprs fallback; ///< constants, on the same way
  SmallVector<OperandView::Check, 2> checks;
};
} // namespace

std::optional<OperandView> eclip::viewOperand(Value value, AffineMap map,
                                              ArrayRef<int64_t> loopSizes) {
  return ViewWalk(map, loopSizes).walk(value);
}

//===----------------------------------------------------------------------===//
// The tail
//===----------------------------------------------------------------------===//

namespace {
class TailWalk {
public:
  TailWalk(KernelOp kernel, ContractionProblem &problem)
      : kernel(kernel), problem(problem), maps(problem.tailMaps),
        context(kernel.getContext()) {}

  LogicalResult run(Value last) {
    Value result = problem.op->getResult(0);
    rank = typeOf(result).getRank();
    // An index of size 1 is 0, so that equal elements have equal indices.
    Exprs identity;
    for (auto [dim, size] : llvm::enumerate(typeOf(result).getShape()))
      identity.push_back(size == 1 ? getAffineConstantExpr(0, context)
                                   : getAffineDimExpr(dim, context));
    set(result, identity);
    if (last == result)
      return success();
    for (Operation *op = problem.op->getNextNode(); op;
         op = op->getNextNode()) {
      if (auto yield = dyn_cast<YieldOp>(op))
        return checkYield(yield);
      if (llvm::none_of(op->getOperands(),
                        [&](Value operand) { return maps.contains(operand); }))
        continue;
      if (failed(step(op)))
        return kernel.emitError("the tail of a contraction is one-to-one, but ")
               << op->getName() << " at " << op->getLoc() << " is not";
      if (last && last.getDefiningOp() == op)
        return success();
    }
    return success();
  }

private:
  LogicalResult checkYield(YieldOp yield) {
    int64_t elements = typeOf(problem.op->getResult(0)).getNumElements();
    for (Value value : yield.getValues()) {
      if (!maps.contains(value))
        return kernel.emitError(
            "a yielded value does not depend on the contraction");
      if (typeOf(value).getNumElements() != elements)
        return kernel.emitError("the contraction has ")
               << elements << " elements, a yielded value has "
               << typeOf(value).getNumElements();
    }
    return success();
  }

  void set(Value value, ArrayRef<AffineExpr> exprs) {
    Simplifier simplify(typeOf(problem.op->getResult(0)).getShape());
    Exprs simple;
    for (AffineExpr expr : exprs)
      simple.push_back(simplify(expr));
    maps[value] = AffineMap::get(rank, 0, simple, context);
  }

  LogicalResult step(Operation *op) {
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
      expandIndex(expand);
      return success();
    }
    if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
      ArrayRef<AffineExpr> from = maps[collapse.getSrc()].getResults();
      ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
      Exprs exprs;
      for (ArrayRef<int64_t> group : collapse.getReassociationIndices())
        exprs.push_back(linearized(from.slice(group[0], group.size()),
                                   shape.slice(group[0], group.size()),
                                   context));
      set(collapse.getResult(), exprs);
      return success();
    }
    if (auto cast = dyn_cast<tensor::CastOp>(op)) {
      AffineMap map = maps[cast.getSource()];
      maps[cast.getResult()] = map;
      return success();
    }
    if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
      return stepElementwise(linalgOp);
    return failure();
  }

  void expandIndex(tensor::ExpandShapeOp op) {
    ArrayRef<AffineExpr> from = maps[op.getSrc()].getResults();
    ArrayRef<int64_t> shape = op.getResultType().getShape();
    Exprs exprs;
    for (auto [index, group] : llvm::enumerate(op.getReassociationIndices()))
      llvm::append_range(exprs,
                         delinearized(from[index],
                                      shape.slice(group[0], group.size())));
    set(op.getResult(), exprs);
  }

  /// All operands that depend on the contraction must be read at the same
  /// element of it.
  LogicalResult stepElementwise(linalg::LinalgOp op) {
    if (op.getNumReductionLoops() != 0)
      return failure();
    SmallVector<AffineMap> indexing = op.getIndexingMapsArray();
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    std::optional<Exprs> loops;
    for (OpOperand &operand : op->getOpOperands()) {
      auto it = maps.find(operand.get());
      if (it == maps.end())
        continue;
      Exprs mine(ranges.size());
      for (auto [dim, expr] :
           llvm::enumerate(indexing[operand.getOperandNumber()].getResults())) {
        if (auto loop = dyn_cast<AffineDimExpr>(expr))
          mine[loop.getPosition()] = it->second.getResult(dim);
        else if (typeOf(operand.get()).getDimSize(dim) != 1)
          return failure();
      }
      for (auto [expr, size] : llvm::zip_equal(mine, ranges)) {
        if (size == 1)
          expr = getAffineConstantExpr(0, context);
        else if (!expr)
          return failure();
      }
      if (loops && *loops != mine)
        return failure();
      loops = mine;
    }
    for (OpResult result : op->getResults()) {
      AffineMap out = indexing[op.getNumDpsInputs() + result.getResultNumber()];
      Exprs exprs;
      for (AffineExpr expr : out.getResults())
        exprs.push_back(expr.replaceDims(*loops));
      set(result, exprs);
    }
    return success();
  }

  KernelOp kernel;
  ContractionProblem &problem;
  llvm::DenseMap<Value, AffineMap> &maps;
  MLIRContext *context;
  unsigned rank = 0;
};
} // namespace

LogicalResult eclip::mapTail(KernelOp kernel, ContractionProblem &problem,
                             Value last) {
  return TailWalk(kernel, problem).run(last);
}
