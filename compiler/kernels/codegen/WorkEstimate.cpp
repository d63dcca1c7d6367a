//===- WorkEstimate.cpp - how often a kernel computes its values ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/WorkEstimate.h"

#include "compiler/kernels/codegen/RowPlan.h"

using namespace mlir;
using namespace eclip;

namespace {
/// A function to write in and throw away. Errors are kept back: the generator
/// will report them.
class Scratch {
public:
  explicit Scratch(KernelOp kernel)
      : kernel(kernel),
        silence(kernel.getContext(), [](Diagnostic &) { return success(); }),
        builder(kernel.getContext()) {
    Location loc = kernel.getLoc();
    module = gpu::GPUModuleOp::create(builder, loc, "scratch");
    OpBuilder inner = OpBuilder::atBlockBegin(module->getBody());
    SmallVector<Type> buffers;
    for (Type type : kernel.getBodyBlock().getArgumentTypes())
      buffers.push_back(bufferType(cast<RankedTensorType>(type)));
    for (Type type : kernel.getResultTypes())
      buffers.push_back(bufferType(cast<RankedTensorType>(type)));
    function = gpu::GPUFuncOp::create(
        inner, loc, "scratch",
        FunctionType::get(kernel.getContext(), buffers, {}));
    builder.setInsertionPointToStart(&function.getBody().front());
  }

  /// An evaluation in which `leaves` cost a load.
  IndexedEval evaluation(const Leaves &leaves) {
    IndexedEval eval(kernel, function, builder);
    for (Value leaf : leaves)
      bindToZero(eval, leaf);
    return eval;
  }

  static void bindToZero(IndexedEval &eval, Value value) {
    auto zero = cast<TypedAttr>(
        OpBuilder(value.getContext()).getZeroAttr(getElementTypeOrSelf(value)));
    eval.bind(value, [zero](OpBuilder &b, Location loc, ValueRange) {
      return FailureOr<Value>(arith::ConstantOp::create(b, loc, zero));
    });
  }

  /// Indices of a tensor of `shape` that nothing is known about.
  SmallVector<Value> anyIndex(IndexedEval &eval, ArrayRef<int64_t> shape) {
    SmallVector<Value> indices;
    for (int64_t size : shape)
      indices.push_back(
          size == 1 ? eval.constant(0)
                    : Value(gpu::ThreadIdOp::create(builder, kernel.getLoc(),
                                                    gpu::Dimension::x)));
    return indices;
  }

  KernelOp kernel;
  ScopedDiagnosticHandler silence;
  OpBuilder builder;
  OwningOpRef<gpu::GPUModuleOp> module;
  gpu::GPUFuncOp function;
};
} // namespace

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

CodeCensus eclip::codeCensus(KernelOp kernel, Value value, const Leaves &leaves,
                             int64_t enough) {
  Scratch scratch(kernel);
  IndexedEval eval = scratch.evaluation(leaves);
  IndexedEval::Census census;
  census.countsTrips = false;
  eval.count(census);
  eval.setMaxValues(enough);
  (void)eval.at(value, scratch.anyIndex(eval, shapeOf(value)));
  CodeCensus code;
  code.total = eval.valueCount();
  for (Operation &op : kernel.getBodyBlock())
    for (Value result : op.getResults())
      if (double places = census.times.lookup(result))
        code.places.emplace_back(result, places);
  return code;
}

/// What one evaluation of `value` costs beyond what it is computed from.
static double ownCost(Value value, const Leaves &leaves) {
  constexpr double load = 4, function = 8;
  Operation *op = value.getDefiningOp();
  if (!op || leaves.contains(value))
    return load;
  double cost = 0;
  for (Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      if (isa<math::MathDialect>(inner->getDialect()) ||
          isa<arith::DivFOp, arith::RemFOp>(inner))
        cost += function;
      else if (!inner->hasTrait<OpTrait::IsTerminator>() &&
               !inner->hasTrait<OpTrait::ConstantLike>())
        cost += 1;
    });
  if (auto generic = dyn_cast<linalg::LinalgOp>(op))
    for (auto [dim, count] : reductionLoops(generic))
      cost *= count;
  return cost;
}

double eclip::elementCost(KernelOp kernel, Value value, const Leaves &leaves) {
  Scratch scratch(kernel);
  IndexedEval eval = scratch.evaluation(leaves);
  IndexedEval::Census census;
  eval.count(census);
  (void)eval.at(value, scratch.anyIndex(eval, shapeOf(value)));
  double cost = 0;
  for (auto [computed, times] : census.times)
    cost += times * ownCost(computed, leaves);
  return cost;
}

IndexedEval::Census eclip::launchCensus(KernelOp kernel, const Leaves &leaves) {
  Scratch scratch(kernel);
  IndexedEval::Census census;
  FailureOr<RowPlan> plan = planRows(kernel, scratch.function, scratch.builder);
  if (failed(plan))
    return census;
  IndexedEval eval = scratch.evaluation(leaves);
  eval.count(census);
  for (const RowStage &stage : plan->stages)
    if (!leaves.contains(stage.op->getResult(0)))
      Scratch::bindToZero(eval, stage.op->getResult(0));
  // One thread's results, which share what they have in common.
  SmallVector<Value> places = scratch.anyIndex(eval, plan->shape);
  for (Value result : kernel.getBodyBlock().getTerminator()->getOperands()) {
    census.trips = cast<RankedTensorType>(result.getType()).getNumElements();
    bool together = shapeOf(result) == ArrayRef(plan->shape);
    if (failed(eval.at(result, together
                                   ? places
                                   : scratch.anyIndex(eval, shapeOf(result)))))
      return IndexedEval::Census();
  }
  for (const RowStage &stage : llvm::reverse(plan->stages)) {
    SmallVector<Value> ivs;
    for (auto [dim, fixed] : llvm::zip_equal(stage.resultDim, stage.fixed))
      ivs.push_back(dim == -2   ? scratch.anyIndex(eval, {2}).front()
                    : dim == -1 ? eval.constant(fixed)
                                : places[dim]);
    census.trips = double(plan->rows()) * stage.size();
    linalg::LinalgOp op = stage.op;
    if (failed(eval.inputsAt(op, ivs)))
      return IndexedEval::Census();
  }
  // Counted where it is used; computed once for each row.
  for (const RowStage &stage : plan->stages)
    census.times.erase(stage.op->getResult(0));
  return census;
}
