//===- MmaTail.cpp - from tensor cores to the result ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/MmaTail.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace eclip;

namespace {
class MmaTail {
public:
  MmaTail(MmaContext &context, KernelOp kernel, const MmaOutputs &outputs)
      : context(context), eval(context.eval), b(context.eval.builder()),
        loc(context.eval.loc()), problem(context.problem),
        tile(context.plan.tile), outputs(outputs),
        yield(cast<YieldOp>(kernel.getBodyBlock().getTerminator())) {}

  LogicalResult run() {
    // A lane holds two neighbours in each of two rows, 8 apart.
    row = eval.add(outputs.firstRow, eval.div(context.lane, 4));
    column = eval.add(outputs.firstColumn,
                      eval.mul(eval.rem(context.lane, 4), 2));
    for (int64_t i = 0; i < tile.warpM / 8; ++i)
      if (failed(emitRow(i)))
        return failure();
    return success();
  }

private:
  /// Emits `body` where `index` < `size`; without a test if `always`.
  LogicalResult guarded(bool always, Value index, int64_t size,
                        llvm::function_ref<LogicalResult()> body) {
    IndexedEval::Scope scope(eval);
    if (always)
      return body();
    Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                         index, eval.constant(size));
    auto guard = scf::IfOp::create(b, loc, inside, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard point(b);
    b.setInsertionPointToStart(guard.thenBlock());
    return body();
  }

  LogicalResult emitRow(int64_t number) {
    Value m = eval.add(row, eval.constant(number * 8));
    return guarded(problem.m % tile.m == 0, m, problem.m, [&] {
      SmallVector<Value> loops = context.loops;
      SmallVector<Value> indices =
          eval.delinearize(m, problem.sizesOf(problem.mLoops));
      for (auto [loop, value] : llvm::zip_equal(problem.mLoops, indices))
        loops[loop] = value;
      for (int64_t j = 0; j < tile.warpN / 8; ++j)
        if (failed(emitPair(number, j, loops)))
          return failure();
      return success();
    });
  }

  LogicalResult emitPair(int64_t number, int64_t j, ArrayRef<Value> loops) {
    Value sums = outputs.accumulators[number / 2 * (tile.warpN / 8) + j];
    Value n = eval.add(column, eval.constant(j * 8));
    bool together = problem.n % 2 == 0;
    for (int64_t i = 0; i < 2; i += together ? 2 : 1) {
      Value index = eval.add(n, eval.constant(i));
      SmallVector<Value, 2> values;
      for (int64_t e = i; e < (together ? 2 : i + 1); ++e)
        values.push_back(vector::ExtractOp::create(
            b, loc, sums, ArrayRef<int64_t>{number % 2, e}));
      if (failed(guarded(problem.n % tile.n == 0, index, problem.n, [&] {
            return emitElements(index, values, loops);
          })))
        return failure();
    }
    return success();
  }

  SmallVector<Value> loopsAt(Value n, int64_t element, bool together,
                             ArrayRef<Value> rowLoops) {
    SmallVector<Value> loops(rowLoops);
    if (problem.nLoops.empty())
      return loops;
    SmallVector<int64_t> sizes = problem.sizesOf(problem.nLoops);
    // Where neighbours do not straddle the last loop, only its index differs.
    bool sameRest = !together || sizes.back() % 2 == 0;
    Value number = sameRest ? n : eval.add(n, eval.constant(element));
    SmallVector<Value> indices = eval.delinearize(number, sizes);
    if (sameRest)
      indices.back() = eval.add(indices.back(), eval.constant(element));
    for (auto [loop, value] : llvm::zip_equal(problem.nLoops, indices))
      loops[loop] = value;
    return loops;
  }

  FailureOr<Value> accumulated(Value sum, ValueRange indices) {
    if (problem.zeroInit)
      return sum;
    FailureOr<Value> init =
        eval.at(linalg::LinalgOp(problem.op).getDpsInits()[0], indices);
    if (failed(init))
      return failure();
    return Value(arith::AddFOp::create(b, loc, *init, sum));
  }

  /// All elements are computed before the first store, which would keep later
  /// loads from being combined with earlier ones.
  LogicalResult emitElements(Value n, ArrayRef<Value> values,
                             ArrayRef<Value> rowLoops) {
    struct Store {
      Value value, buffer;
      SmallVector<Value> indices;
    };
    SmallVector<SmallVector<Store>> stores(yield.getNumOperands());
    for (auto [element, sum] : llvm::enumerate(values)) {
      SmallVector<Value> result = eval.applyMap(
          problem.outMap, loopsAt(n, element, values.size() == 2, rowLoops));
      FailureOr<Value> total = accumulated(sum, result);
      if (failed(total))
        return failure();
      IndexedEval::Scope scope(eval);
      eval.bind(problem.op->getResult(0),
                [value = *total](OpBuilder &, Location, ValueRange)
                    -> FailureOr<Value> { return value; });
      for (auto [number, tensor] : llvm::enumerate(yield.getValues())) {
        SmallVector<Value> indices =
            eval.applyMap(problem.tailMaps.lookup(tensor), result);
        FailureOr<Value> stored = eval.at(tensor, indices);
        if (failed(stored))
          return failure();
        stores[number].push_back(
            {*stored, eval.resultBuffer(number), std::move(indices)});
      }
    }
    eval.unbind(problem.op->getResult(0));
    for (const auto &perResult : stores)
      for (const Store &store : perResult)
        eval.store(store.value, store.buffer, store.indices);
    return success();
  }

  MmaContext &context;
  IndexedEval &eval;
  OpBuilder &b;
  Location loc;
  const ContractionProblem &problem;
  const MmaTile &tile;
  const MmaOutputs &outputs;
  YieldOp yield;
  Value row, column;
};
} // namespace

LogicalResult eclip::emitMmaTail(MmaContext &context, KernelOp kernel,
                                 const MmaOutputs &outputs) {
  return MmaTail(context, kernel, outputs).run();
}
