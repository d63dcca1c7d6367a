//===- RowPlan.cpp - rows that threads reduce together --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/RowPlan.h"

#include "compiler/kernels/codegen/IndexedEval.h"
#include "compiler/kernels/codegen/PerElement.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/Matchers.h"

#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace eclip;

SmallVector<int64_t> RowStage::reductionShape() const {
  SmallVector<int64_t> shape;
  for (auto [dim, count] : reductionLoops(op))
    shape.push_back(count);
  return shape;
}

int64_t RowStage::size() const {
  int64_t size = 1;
  for (int64_t count : reductionShape())
    size *= count;
  return size;
}

int64_t RowPlan::rows() const {
  int64_t rows = 1;
  for (auto [size, row] : llvm::zip_equal(shape, isRowDim))
    rows *= row ? size : 1;
  return rows;
}

int64_t RowPlan::elementsOfRow() const {
  int64_t elements = 1;
  for (auto [size, row] : llvm::zip_equal(shape, isRowDim))
    elements *= row ? 1 : size;
  return elements;
}

int64_t RowPlan::reductionSize() const {
  int64_t size = 0;
  for (const RowStage &stage : stages)
    size = std::max(size, stage.size());
  return size;
}

/// `op` as a stage with one output and one associative combiner, if it is that.
static std::optional<RowStage> asStage(linalg::LinalgOp op) {
  if (op.getNumDpsInits() != 1 || op.hasDynamicShape())
    return std::nullopt;
  RowStage stage;
  stage.op = op;
  SmallVector<Operation *> combiners;
  if (!matchReduction(op.getRegionOutputArgs(), 0, combiners) ||
      combiners.size() != 1)
    return std::nullopt;
  stage.combiner = combiners.front();
  std::optional<TypedAttr> neutral = arith::getNeutralElement(stage.combiner);
  if (!neutral || stage.combiner->getNumOperands() != 2)
    return std::nullopt;
  stage.neutral = *neutral;
  stage.resultDim.assign(op.getNumLoops(), -1);
  stage.fixed.assign(op.getNumLoops(), 0);
  for (auto [dim, count] : reductionLoops(op))
    stage.resultDim[dim] = -2;
  return stage;
}

namespace {
/// One attempt: evaluates an element with every reduction that is not in
/// `inlined` replaced by a probe, which notes the indices it is asked for.
class Attempt {
public:
  Attempt(KernelOp kernel, gpu::GPUFuncOp func, OpBuilder &b,
          llvm::SmallPtrSetImpl<Operation *> &inlined)
      : eval(kernel, func, b), kernel(kernel), inlined(inlined) {}

  /// False if a reduction was found that must be inlined (it has been added to
  /// `inlined`): try again. A failure has been diagnosed.
  FailureOr<bool> run(RowPlan &plan) {
    for (linalg::LinalgOp op : kernel.getBodyBlock().getOps<linalg::LinalgOp>())
      if (op.getNumReductionLoops() != 0 && !inlined.contains(op))
        if (!addProbe(op))
          return false;
    OpBuilder &b = eval.builder();
    for (int64_t size : plan.shape)
      places.push_back(size == 1 ? eval.constant(0) : placeholder(b));
    for (Value tensor : kernel.getBodyBlock().getTerminator()->getOperands())
      if (failed(eval.at(tensor, places)))
        return failure();
    // A stage's inputs may need earlier stages, so later ones are asked first.
    for (RowStage &stage : llvm::reverse(stages))
      if (demanded.contains(stage.op) && failed(evaluateInputs(stage)))
        return failure();
    if (misfit)
      return inlined.insert(misfit), false;
    plan.isRowDim.assign(plan.shape.size(), false);
    for (RowStage &stage : stages) {
      if (!demanded.contains(stage.op))
        continue;
      for (int dim : stage.resultDim)
        if (dim >= 0)
          plan.isRowDim[dim] = true;
      plan.stages.push_back(stage);
    }
    return true;
  }

private:
  Value placeholder(OpBuilder &b) {
    return gpu::ThreadIdOp::create(b, kernel.getLoc(), gpu::Dimension::x);
  }

  bool addProbe(linalg::LinalgOp op) {
    std::optional<RowStage> stage = asStage(op);
    if (!stage) {
      inlined.insert(op);
      return false;
    }
    unsigned number = stages.size();
    stages.push_back(*stage);
    eval.bind(op->getResult(0),
              [this, number](OpBuilder &b, Location loc, ValueRange indices) {
                note(stages[number], indices);
                return FailureOr<Value>(
                    arith::ConstantOp::create(b, loc, stages[number].neutral));
              });
    return true;
  }

  /// Takes down what the loops of `stage` are asked to be.
  void note(RowStage &stage, ValueRange indices) {
    bool first = demanded.insert(stage.op).second;
    AffineMap map =
        stage.op.getMatchingIndexingMap(stage.op.getDpsInitOperand(0));
    for (auto [expr, index] : llvm::zip_equal(map.getResults(), indices)) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        continue;
      auto place = llvm::find(places, index);
      int dim = place == places.end() ? -1 : int(place - places.begin());
      APInt constant(64, 0);
      bool isConstant = matchPattern(index, m_ConstantInt(&constant));
      int64_t fixed = isConstant ? constant.getSExtValue() : 0;
      if (isConstant)
        dim = -1;
      else if (dim < 0)
        misfit = stage.op;
      unsigned position = loop.getPosition();
      if (!first &&
          (stage.resultDim[position] != dim || stage.fixed[position] != fixed))
        misfit = stage.op;
      stage.resultDim[position] = dim;
      stage.fixed[position] = fixed;
    }
  }

  LogicalResult evaluateInputs(RowStage &stage) {
    SmallVector<Value> ivs;
    for (auto [dim, fixed] : llvm::zip_equal(stage.resultDim, stage.fixed))
      ivs.push_back(dim == -2   ? placeholder(eval.builder())
                    : dim == -1 ? eval.constant(fixed)
                                : places[dim]);
    OpOperand *init = stage.op.getDpsInitOperand(0);
    AffineMap map = stage.op.getMatchingIndexingMap(init);
    return success(succeeded(eval.inputsAt(stage.op, ivs)) &&
                   succeeded(eval.at(init->get(), eval.applyMap(map, ivs))));
  }

  IndexedEval eval;
  KernelOp kernel;
  llvm::SmallPtrSetImpl<Operation *> &inlined;
  SmallVector<Value> places;
  SmallVector<RowStage> stages;
  llvm::SmallPtrSet<Operation *, 4> demanded;
  Operation *misfit = nullptr;
};
} // namespace

FailureOr<RowPlan> eclip::planRows(KernelOp kernel, gpu::GPUFuncOp func,
                                   OpBuilder &builder) {
  std::optional<SmallVector<int64_t>> shape = commonResultShape(kernel);
  if (!shape)
    return RowPlan();
  llvm::SmallPtrSet<Operation *, 4> inlined;
  Block &block = func.getBody().front();
  while (true) {
    RowPlan plan;
    plan.shape = *shape;
    FailureOr<bool> fits = Attempt(kernel, func, builder, inlined).run(plan);
    while (!block.empty())
      block.back().erase();
    builder.setInsertionPointToStart(&block);
    if (failed(fits))
      return failure();
    if (*fits)
      return plan;
  }
}
