//===- Problem.cpp - a contraction as a matrix product --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/contraction/Problem.h"
#include "compiler/kernels/codegen/contraction/View.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace eclip;

SmallVector<int64_t>
ContractionProblem::sizesOf(ArrayRef<unsigned> loops) const {
  SmallVector<int64_t> sizes;
  for (unsigned loop : loops)
    sizes.push_back(loopSizes[loop]);
  return sizes;
}

Value eclip::asFactor(OpBuilder &b, const ContractionOperand &operand,
                      Value element) {
  SmallVector<Operation *> chain;
  for (Value value = operand.factor; value != operand.scalar;
       value = chain.back()->getOperand(0))
    chain.push_back(value.getDefiningOp());
  for (Operation *op : llvm::reverse(chain)) {
    IRMapping mapping;
    mapping.map(op->getOperand(0), element);
    element = b.clone(*op, mapping)->getResult(0);
  }
  return element;
}

//===----------------------------------------------------------------------===//
// The scalar body
//===----------------------------------------------------------------------===//

namespace {
struct ScalarProduct {
  Value lhs, rhs;
  BlockArgument lhsArg, rhsArg;
  arith::MulFOp product;
};
} // namespace

/// The block argument that `value` is, seen through unary operations.
static BlockArgument sourceArgument(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (op->getNumOperands() != 1 || op->getNumResults() != 1 ||
        op->getNumRegions() != 0 || !isPure(op))
      return {};
    value = op->getOperand(0);
  }
  return cast<BlockArgument>(value);
}

/// Matches acc + lhs * rhs, in any operand order.
static std::optional<ScalarProduct> matchBody(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() == 0 || op->getNumRegions() != 1)
    return std::nullopt;
  Block *body = op.getBlock();
  auto sum =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return std::nullopt;
  BlockArgument accumulator = body->getArgument(2);
  Value product = sum.getLhs() == accumulator   ? sum.getRhs()
                  : sum.getRhs() == accumulator ? sum.getLhs()
                                                : Value();
  auto mul = product ? product.getDefiningOp<arith::MulFOp>() : nullptr;
  if (!mul)
    return std::nullopt;
  ScalarProduct match{mul.getLhs(), mul.getRhs(), sourceArgument(mul.getLhs()),
                      sourceArgument(mul.getRhs()), mul};
  if (!match.lhsArg || !match.rhsArg || match.lhsArg == match.rhsArg ||
      match.lhsArg == accumulator || match.rhsArg == accumulator)
    return std::nullopt;
  if (match.lhsArg.getArgNumber() > match.rhsArg.getArgNumber()) {
    std::swap(match.lhs, match.rhs);
    std::swap(match.lhsArg, match.rhsArg);
  }
  return match;
}

bool eclip::isContractionOp(linalg::LinalgOp op) {
  return matchBody(op).has_value();
}

arith::MulFOp eclip::contractedProduct(linalg::LinalgOp op) {
  std::optional<ScalarProduct> match = matchBody(op);
  return match ? match->product : arith::MulFOp();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

static FailureOr<linalg::LinalgOp> findContraction(KernelOp kernel) {
  linalg::LinalgOp found;
  for (Operation &op : kernel.getBodyBlock()) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (!linalgOp || linalgOp.getNumReductionLoops() == 0)
      continue;
    if (!isContractionOp(linalgOp))
      return kernel.emitError("a contraction kernel may hold no other "
                              "reduction, but has a ")
             << op.getName() << " at " << op.getLoc();
    if (found)
      return kernel.emitError("a contraction kernel holds one contraction, "
                              "this one has at least two");
    found = linalgOp;
  }
  if (!found)
    return kernel.emitError(
        "no contraction in a kernel of kind \"contraction\"");
  return found;
}

static bool uses(AffineMap map, unsigned loop) {
  return map.isFunctionOfDim(loop);
}

/// Position of the first index of `map` that depends on `loop`.
static unsigned firstUse(AffineMap map, unsigned loop) {
  for (auto [position, expr] : llvm::enumerate(map.getResults()))
    if (expr.isFunctionOfDim(loop))
      return position;
  return map.getNumResults();
}

static void sortBy(SmallVectorImpl<unsigned> &loops, AffineMap first,
                   AffineMap second) {
  auto key = [&](unsigned loop) {
    return std::make_tuple(firstUse(first, loop), firstUse(second, loop), loop);
  };
  llvm::sort(loops,
             [&](unsigned lhs, unsigned rhs) { return key(lhs) < key(rhs); });
}

static int64_t product(ArrayRef<int64_t> sizes) {
  int64_t result = 1;
  for (int64_t size : sizes)
    result *= size;
  return result;
}

/// Sorts the loops into batch, m, n and k. Loops of one iteration are left
/// out: their index is the constant 0.
static void classifyLoops(ContractionProblem &problem) {
  for (auto [loop, kind] :
       llvm::enumerate(problem.op.getIteratorTypesArray())) {
    if (problem.loopSizes[loop] == 1)
      continue;
    bool inA = uses(problem.a.map, loop), inB = uses(problem.b.map, loop);
    if (kind == utils::IteratorType::reduction)
      problem.kLoops.push_back(loop);
    else if (inA && inB)
      problem.batchLoops.push_back(loop);
    else
      (inB ? problem.nLoops : problem.mLoops).push_back(loop);
  }
  sortBy(problem.batchLoops, problem.outMap, problem.outMap);
  sortBy(problem.mLoops, problem.outMap, problem.outMap);
  sortBy(problem.nLoops, problem.outMap, problem.outMap);
  sortBy(problem.kLoops, problem.a.map, problem.b.map);
  problem.batch = product(problem.sizesOf(problem.batchLoops));
  problem.m = product(problem.sizesOf(problem.mLoops));
  problem.n = product(problem.sizesOf(problem.nLoops));
  problem.k = product(problem.sizesOf(problem.kLoops));
}

/// n is the side whose last loop is the output's fastest, so that a thread
/// stores neighbours. A matrix-vector product gets the vector as A.
static void orientSides(ContractionProblem &problem) {
  auto lastPosition = [&](ArrayRef<unsigned> loops) -> int {
    return loops.empty() ? -1 : firstUse(problem.outMap, loops.back());
  };
  if (lastPosition(problem.mLoops) <= lastPosition(problem.nLoops))
    return;
  std::swap(problem.a, problem.b);
  std::swap(problem.mLoops, problem.nLoops);
  std::swap(problem.m, problem.n);
  sortBy(problem.kLoops, problem.a.map, problem.b.map);
}

static bool startsFromZero(linalg::LinalgOp op) {
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  Value init;
  if (fill) {
    init = fill.getInputs()[0];
  } else if (auto generic =
                 op.getDpsInits()[0].getDefiningOp<linalg::GenericOp>()) {
    // The general form of a fill: a body that yields its scalar input.
    if (generic.getNumDpsInputs() != 1 || generic.getNumReductionLoops() ||
        !llvm::hasSingleElement(*generic.getBody()) ||
        generic.getBody()->getTerminator()->getOperand(0) !=
            generic.getBody()->getArgument(0))
      return false;
    init = generic.getInputs()[0];
  }
  auto constant = init ? init.getDefiningOp<arith::ConstantOp>() : nullptr;
  if (!constant)
    return false;
  if (auto value = dyn_cast<FloatAttr>(constant.getValue()))
    return value.getValue().isZero();
  auto splat = dyn_cast<SplatElementsAttr>(constant.getValue());
  return splat && isa<FloatType>(splat.getElementType()) &&
         splat.getSplatValue<APFloat>().isZero();
}

static LogicalResult checkTypes(KernelOp kernel, ContractionProblem &problem) {
  auto result = cast<RankedTensorType>(problem.op->getResult(0).getType());
  if (!result.getElementType().isF32())
    return kernel.emitError("contraction accumulates in ")
           << result.getElementType() << ", only f32 is supported";
  auto tooLarge = [&](Type type) {
    return tensorBytes(cast<RankedTensorType>(type)) >= (int64_t(1) << 31);
  };
  for (Type type : kernel.getBodyBlock().getArgumentTypes())
    if (tooLarge(type))
      return kernel.emitError("argument of type ")
             << type << " has 2^31 bytes or more";
  for (Type type : kernel.getResultTypes())
    if (tooLarge(type))
      return kernel.emitError("result of type ")
             << type << " has 2^31 bytes or more";
  return success();
}

static LogicalResult checkOutMap(KernelOp kernel,
                                 const ContractionProblem &problem) {
  for (AffineExpr expr : problem.outMap.getResults())
    if (!isa<AffineDimExpr, AffineConstantExpr>(expr))
      return kernel.emitError("contraction writes through ")
             << AffineMapAttr::get(problem.outMap)
             << ", only plain loop indices are supported";
  for (unsigned loop : llvm::concat<const unsigned>(
           problem.batchLoops, problem.mLoops, problem.nLoops))
    if (!uses(problem.outMap, loop))
      return kernel.emitError("parallel loop ")
             << loop << " of the contraction is not an output index";
  return success();
}

/// The f16 that `factor` extends; null if it does not.
static Value extendedHalf(Value factor) {
  auto extend = factor.getDefiningOp<arith::ExtFOp>();
  return extend && extend.getIn().getType().isF16() ? extend.getIn() : Value();
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

/// Sets the views that there are; returns how many.
static int64_t findViews(ContractionProblem &problem) {
  int64_t count = 0;
  for (ContractionOperand *operand : {&problem.a, &problem.b}) {
    operand->view =
        viewOperand(operand->value, operand->map, problem.loopSizes);
    count += operand->view.has_value();
  }
  return count;
}

/// `problem` with batch loop `loop` made two, of which the inner has `size`
/// trips.
static ContractionProblem withDividedBatch(ContractionProblem problem,
                                           unsigned loop, int64_t size) {
  MLIRContext *context = problem.outMap.getContext();
  unsigned inner = problem.loopSizes.size();
  SmallVector<AffineExpr> dims;
  for (unsigned dim = 0; dim < inner; ++dim)
    dims.push_back(getAffineDimExpr(dim, context));
  dims[loop] = dims[loop] * size + getAffineDimExpr(inner, context);
  for (AffineMap *map : {&problem.a.map, &problem.b.map, &problem.outMap})
    *map = map->replaceDimsAndSymbols(dims, {}, inner + 1, 0);
  problem.loopSizes[loop] /= size;
  problem.loopSizes.push_back(size);
  problem.batchLoops.insert(llvm::find(problem.batchLoops, loop) + 1, inner);
  return problem;
}

/// Heads of several sequences are often numbered through; an operand in which
/// they lie sequence by sequence is a view only of both loops.
static ContractionProblem withViews(ContractionProblem problem) {
  int64_t most = findViews(problem);
  ContractionProblem best = problem;
  for (unsigned loop : problem.batchLoops)
    for (int64_t size = 2; most < 2 && size < problem.loopSizes[loop]; ++size) {
      if (problem.loopSizes[loop] % size != 0)
        continue;
      ContractionProblem divided = withDividedBatch(problem, loop, size);
      int64_t count = findViews(divided);
      if (count <= most)
        continue;
      most = count;
      best = std::move(divided);
    }
  return best;
}

FailureOr<ContractionProblem> eclip::analyzeContraction(KernelOp kernel) {
  FailureOr<linalg::LinalgOp> op = findContraction(kernel);
  if (failed(op))
    return failure();
  return analyzeContraction(kernel, *op, /*last=*/{});
}

FailureOr<ContractionProblem>
eclip::analyzeContraction(KernelOp kernel, linalg::LinalgOp op, Value last) {
  ContractionProblem problem;
  problem.op = op;
  problem.loopSizes = op.getStaticLoopRanges();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  ScalarProduct match = *matchBody(op);
  problem.a = {op.getDpsInputs()[0], maps[0], match.lhsArg, match.lhs, {}};
  problem.b = {op.getDpsInputs()[1], maps[1], match.rhsArg, match.rhs, {}};
  Value halfA = extendedHalf(match.lhs), halfB = extendedHalf(match.rhs);
  if (halfA && halfB) {
    problem.halves = true;
    problem.a.factor = halfA;
    problem.b.factor = halfB;
  }
  auto precision = kernel->getAttrOfType<StringAttr>("eclip.precision");
  problem.tf32 = !problem.halves && precision && precision == "tf32" &&
                 match.lhs.getType().isF32() && match.rhs.getType().isF32();
  problem.outMap = maps[2];
  problem.zeroInit = startsFromZero(op);
  if (llvm::any_of(problem.loopSizes, [](int64_t size) { return size <= 0; }))
    return kernel.emitError("contraction over an empty or dynamic range");
  classifyLoops(problem);
  orientSides(problem);
  if (failed(checkTypes(kernel, problem)) ||
      failed(checkOutMap(kernel, problem)) ||
      failed(mapTail(kernel, problem, last)))
    return failure();
  return withViews(std::move(problem));
}
