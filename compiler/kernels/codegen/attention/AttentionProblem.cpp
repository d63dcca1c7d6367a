//===- AttentionProblem.cpp - what an attention kernel computes -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/attention/AttentionProblem.h"
#include "compiler/kernels/codegen/contraction/View.h"
#include "compiler/kernels/codegen/mma/MmaPlan.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace eclip;

/// Sums of that many features fit a thread's registers.
static constexpr int64_t kMaxFeatures = 128;

//===----------------------------------------------------------------------===//
// Elements by number
//===----------------------------------------------------------------------===//

using Numbers = SmallVector<int64_t>;

/// The row-major number of the element at `map` of the loops, in a tensor of
/// `shape`, as a factor for each loop; nothing if it is not such a sum. Loops of
/// one trip count for nothing.
static std::optional<Numbers> elementNumber(AffineMap map,
                                            ArrayRef<int64_t> shape,
                                            ArrayRef<int64_t> loopSizes) {
  AffineExpr number = getAffineConstantExpr(0, map.getContext());
  for (auto [expr, size] : llvm::zip_equal(map.getResults(), shape))
    number = size == 1 ? number : number * size + expr;
  std::optional<LinearForm> form = linearForm(number, loopSizes);
  if (!form || form->constant != 0)
    return std::nullopt;
  return form->coefficients;
}

/// The number of a point of the loops, in their order.
static Numbers pointNumber(ArrayRef<int64_t> loopSizes) {
  Numbers factors(loopSizes.size(), 0);
  int64_t stride = 1;
  for (unsigned loop = loopSizes.size(); loop-- > 0;) {
    if (loopSizes[loop] != 1)
      factors[loop] = stride;
    stride *= loopSizes[loop];
  }
  return factors;
}

static std::optional<Numbers> operandNumber(linalg::LinalgOp op,
                                            OpOperand &operand) {
  auto type = cast<RankedTensorType>(operand.get().getType());
  return elementNumber(op.getMatchingIndexingMap(&operand), type.getShape(),
                       op.getStaticLoopRanges());
}

/// True if a generic reads and writes element number x at its point number x.
static bool keepsOrder(linalg::GenericOp op, OpOperand &input) {
  Numbers points = pointNumber(op.getStaticLoopRanges());
  return op.getNumReductionLoops() == 0 && op->getNumResults() == 1 &&
         operandNumber(op, input) == points &&
         operandNumber(op, *op.getDpsInitOperand(0)) == points;
}

//===----------------------------------------------------------------------===//
// The softmax
//===----------------------------------------------------------------------===//

namespace {
/// Goes from the softmax's result backwards to what it is taken of.
class SoftmaxMatch {
public:
  explicit SoftmaxMatch(int64_t keys) : keys(keys) {}

  /// The logits; null if `result` is no softmax over rows of `keys` elements.
  Value match(Value result) {
    auto quotient = throughCasts(result).getDefiningOp<linalg::GenericOp>();
    OpOperand *powers = nullptr, *sums = nullptr;
    if (!quotient || !matchBinary<arith::DivFOp>(quotient, powers, sums))
      return {};
    auto exponential = powers->get().getDefiningOp<linalg::GenericOp>();
    OpOperand *logits = nullptr, *maxima = nullptr;
    if (!exponential || !matchExponential(exponential, logits, maxima))
      return {};
    bool matches =
        isReduction<arith::AddFOp>(sums->get(), powers->get(), 0.0) &&
        isReduction<arith::MaximumFOp>(
            maxima->get(), logits->get(),
            -std::numeric_limits<double>::infinity());
    return matches ? logits->get() : Value();
  }

private:
  static Value throughReshapes(Value value) {
    while (Operation *op = value.getDefiningOp()) {
      if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
        break;
      value = op->getOperand(0);
    }
    return value;
  }

  /// Through reshapes and changes of type, which keep the elements' numbers.
  static Value throughCasts(Value value) {
    while (true) {
      value = throughReshapes(value);
      auto op = value.getDefiningOp<linalg::GenericOp>();
      if (!op || op.getNumDpsInputs() != 1 ||
          !isa<RankedTensorType>(op.getDpsInputs()[0].getType()) ||
          !keepsOrder(op, *op.getDpsInputOperand(0)))
        return value;
      Value yielded = op.getBody()->getTerminator()->getOperand(0);
      if (auto cast = yielded.getDefiningOp();
          isa_and_nonnull<arith::TruncFOp, arith::ExtFOp>(cast))
        yielded = cast->getOperand(0);
      if (yielded != op.getBody()->getArgument(0))
        return value;
      value = op.getDpsInputs()[0];
    }
  }

  /// The input whose element `scalar` is.
  static OpOperand *inputOf(linalg::GenericOp op, Value scalar) {
    auto argument = dyn_cast<BlockArgument>(scalar);
    if (!argument || argument.getOwner() != op.getBody() ||
        argument.getArgNumber() >= op.getNumDpsInputs())
      return nullptr;
    return op.getDpsInputOperand(argument.getArgNumber());
  }

  /// `number` is that of a point without the last loop, over keys.
  bool isRowNumber(linalg::GenericOp op,
                   const std::optional<Numbers> &number) const {
    Numbers rows = pointNumber(op.getStaticLoopRanges());
    if (op.getStaticLoopRanges().empty() ||
        op.getStaticLoopRanges().back() != keys)
      return false;
    rows.back() = 0;
    for (int64_t &factor : rows)
      factor /= keys;
    return number == rows;
  }

  /// What is yielded is OpT of an element and its row's.
  template <typename OpT>
  bool matchOperands(linalg::GenericOp op, Value scalar, OpOperand *&element,
                     OpOperand *&row) const {
    auto binary = scalar.getDefiningOp<OpT>();
    if (!binary || op.getNumDpsInputs() != 2)
      return false;
    element = inputOf(op, binary.getLhs());
    row = inputOf(op, binary.getRhs());
    return element && row && keepsOrder(op, *element) &&
           isRowNumber(op, operandNumber(op, *row));
  }

  template <typename OpT>
  bool matchBinary(linalg::GenericOp op, OpOperand *&element,
                   OpOperand *&row) const {
    return matchOperands<OpT>(op, op.getBody()->getTerminator()->getOperand(0),
                              element, row);
  }

  bool matchExponential(linalg::GenericOp op, OpOperand *&element,
                        OpOperand *&row) const {
    auto power = op.getBody()
                     ->getTerminator()
                     ->getOperand(0)
                     .getDefiningOp<math::ExpOp>();
    return power && matchOperands<arith::SubFOp>(op, power.getOperand(),
                                                 element, row);
  }

  static bool startsFrom(Value init, double value) {
    auto fill = init.getDefiningOp<linalg::FillOp>();
    APFloat constant(0.0f);
    return fill && matchPattern(fill.getInputs()[0], m_ConstantFloat(&constant)) &&
           constant.convertToFloat() == value;
  }

  /// `result` has OpT over each row of `source`, beginning with `start`.
  template <typename OpT>
  bool isReduction(Value result, Value source, double start) const {
    auto op = throughReshapes(result).getDefiningOp<linalg::GenericOp>();
    if (!op || op.getNumDpsInputs() != 1 || op->getNumResults() != 1 ||
        op.getDpsInputs()[0] != source || op.getNumReductionLoops() != 1 ||
        op.getIteratorTypesArray().back() != utils::IteratorType::reduction ||
        !startsFrom(op.getDpsInits()[0], start))
      return false;
    if (operandNumber(op, *op.getDpsInputOperand(0)) !=
            pointNumber(op.getStaticLoopRanges()) ||
        !isRowNumber(op, operandNumber(op, *op.getDpsInitOperand(0))))
      return false;
    Block *body = op.getBody();
    auto step = body->getTerminator()->getOperand(0).getDefiningOp<OpT>();
    if (!step)
      return false;
    Value in = body->getArgument(0), sum = body->getArgument(1);
    return (step.getLhs() == in && step.getRhs() == sum) ||
           (step.getLhs() == sum && step.getRhs() == in);
  }

  int64_t keys;
};
} // namespace

//===----------------------------------------------------------------------===//
// The products
//===----------------------------------------------------------------------===//

/// True if what depends on the scores, up to the logits, has its elements in
/// their order.
static bool keepsOrderUpTo(Value scores, Value logits) {
  llvm::SmallDenseSet<Value> ordered = {scores};
  for (Operation *op = scores.getDefiningOp();
       !ordered.contains(logits) && (op = op->getNextNode());) {
    bool reads = false;
    for (OpOperand &operand : op->getOpOperands()) {
      if (!ordered.contains(operand.get()))
        continue;
      auto generic = dyn_cast<linalg::GenericOp>(op);
      if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op) &&
          (!generic || !keepsOrder(generic, operand)))
        return false;
      reads = true;
    }
    if (reads)
      ordered.insert(op->getResult(0));
  }
  return ordered.contains(logits);
}

/// Batch, then rows, then columns, each the one loop of its kind: the numbers of
/// a matrix' elements at `map`.
static bool isMatrix(const ContractionProblem &problem, AffineMap map,
                     Value tensor, int64_t rows, unsigned rowLoop,
                     int64_t columns, unsigned columnLoop) {
  std::optional<Numbers> number =
      elementNumber(map, cast<RankedTensorType>(tensor.getType()).getShape(),
                    problem.loopSizes);
  if (!number)
    return false;
  Numbers expected(problem.loopSizes.size(), 0);
  expected[columnLoop] = 1;
  expected[rowLoop] = columns;
  int64_t stride = rows * columns;
  for (unsigned loop : llvm::reverse(problem.batchLoops)) {
    expected[loop] = stride;
    stride *= problem.loopSizes[loop];
  }
  return *number == expected;
}

/// Rows of features that are copied to shared memory as they are.
static bool isCopied(const ContractionProblem &problem,
                     const ContractionOperand &operand, unsigned columnLoop) {
  return hasChunks(problem, operand, columnLoop) &&
         operand.view->checks.empty() && operand.view->offset.constant >= 0 &&
         llvm::all_of(operand.view->offset.coefficients,
                      [](int64_t factor) { return factor >= 0; });
}

static LogicalResult checkProduct(KernelOp kernel,
                                  const ContractionProblem &problem,
                                  StringRef what) {
  if (problem.mLoops.size() != 1 || problem.nLoops.size() != 1 ||
      problem.kLoops.size() != 1)
    return kernel.emitError("the ")
           << what << " are no products of matrices of two or more rows";
  if (!problem.halves)
    return kernel.emitError("the factors of the ") << what << " are not f16";
  if (!problem.zeroInit)
    return kernel.emitError("the ") << what << " do not start from zero";
  return success();
}

static LogicalResult checkOperands(KernelOp kernel,
                                   const AttentionProblem &problem) {
  const ContractionProblem &scores = problem.scores, &output = problem.output;
  if (!isCopied(scores, scores.a, scores.kLoops[0]) ||
      !isCopied(scores, scores.b, scores.kLoops[0]) ||
      !isCopied(output, output.b, output.nLoops[0]))
    return kernel.emitError("queries, keys or values are not in memory as rows "
                            "of features in multiples of 8");
  for (int64_t features : {problem.features(), problem.width()})
    if (features > kMaxFeatures)
      return kernel.emitError("a head has ")
             << features << " features, tensor cores take " << kMaxFeatures
             << " at most";
  return success();
}

/// The two contractions of the body.
static LogicalResult findProducts(KernelOp kernel,
                                  SmallVectorImpl<linalg::LinalgOp> &found) {
  for (auto op : kernel.getBodyBlock().getOps<linalg::LinalgOp>())
    if (isContractionOp(op))
      found.push_back(op);
  if (found.size() == 2)
    return success();
  return kernel.emitError("an attention kernel holds two contractions, this "
                          "one has ")
         << found.size();
}

FailureOr<AttentionProblem> eclip::analyzeAttention(KernelOp kernel) {
  SmallVector<linalg::LinalgOp> products;
  if (failed(findProducts(kernel, products)))
    return failure();
  AttentionProblem problem;
  FailureOr<ContractionProblem> output =
      analyzeContraction(kernel, products[1], /*last=*/{});
  if (failed(output) || failed(checkProduct(kernel, *output, "outputs")))
    return failure();
  problem.output = std::move(*output);
  problem.logits =
      SoftmaxMatch(problem.output.k).match(problem.output.a.value);
  if (!problem.logits)
    return kernel.emitError("the left factor of the outputs is no softmax over "
                            "keys");
  FailureOr<ContractionProblem> scores =
      analyzeContraction(kernel, products[0], problem.logits);
  if (failed(scores) || failed(checkProduct(kernel, *scores, "scores")))
    return failure();
  problem.scores = std::move(*scores);

  Value first = problem.scores.op->getResult(0);
  int64_t queries = problem.queries(), keys = problem.keys();
  bool fits = problem.output.batch == problem.batch() &&
              problem.output.m == queries && problem.output.k == keys;
  if (!fits || !keepsOrderUpTo(first, problem.logits) ||
      !isMatrix(problem.scores, problem.scores.outMap, first, queries,
                problem.scores.mLoops[0], keys, problem.scores.nLoops[0]) ||
      !isMatrix(problem.output, problem.output.a.map, problem.output.a.value,
                queries, problem.output.mLoops[0], keys,
                problem.output.kLoops[0]))
    return kernel.emitError("scores and outputs go through batch, queries and "
                            "keys in different orders");
  if (failed(checkOperands(kernel, problem)))
    return failure();
  return problem;
}
