//===- Tail.cpp - from accumulators to the result -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/contraction/Tail.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace eclip;

namespace {
class TailEmitter {
public:
  TailEmitter(StageContext &context, KernelOp kernel,
              const ThreadOutputs &outputs)
      : context(context), eval(context.eval), b(context.eval.builder()),
        loc(context.eval.loc()), problem(context.problem),
        tile(context.plan.tile), outputs(outputs),
        yield(cast<YieldOp>(kernel.getBodyBlock().getTerminator())) {}

  LogicalResult run() {
    for (int64_t row = 0; row < tile.threadM; ++row)
      if (failed(emitRow(row)))
        return failure();
    return success();
  }

private:
  /// Emits `body` where `index` < `size`; without a test if `always`.
  LogicalResult guarded(bool always, Value index, int64_t size,
                        llvm::function_ref<LogicalResult()> body) {
    if (always) {
      IndexedEval::Scope scope(eval);
      return body();
    }
    Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                         index, eval.constant(size));
    auto guard = scf::IfOp::create(b, loc, inside, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard point(b);
    b.setInsertionPointToStart(guard.thenBlock());
    IndexedEval::Scope scope(eval);
    return body();
  }

  LogicalResult emitRow(int64_t row) {
    // As the fragments of A were read.
    int64_t distance = context.plan.a.rowMajor
                           ? row * tile.threadsM
                           : row / 4 * tile.threadsM * 4 + row % 4;
    Value place =
        context.plan.a.rowMajor ? outputs.placeM : eval.mul(outputs.placeM, 4);
    Value m =
        eval.add(eval.add(outputs.firstRow, place), eval.constant(distance));
    return guarded(problem.m % tile.m() == 0, m, problem.m, [&] {
      SmallVector<Value> loops = context.loops;
      SmallVector<Value> indices =
          eval.delinearize(m, problem.sizesOf(problem.mLoops));
      for (auto [loop, value] : llvm::zip_equal(problem.mLoops, indices))
        loops[loop] = value;
      for (int64_t four = 0; four < tile.threadN / 4; ++four)
        if (failed(emitFour(row, four, loops)))
          return failure();
      return success();
    });
  }

  /// Elements along n that are computed at once: they lie all inside the
  /// problem or all outside.
  int64_t together() const {
    return problem.n % 4 == 0 ? 4 : problem.n % 2 == 0 ? 2 : 1;
  }

  /// Four neighbours along n.
  LogicalResult emitFour(int64_t row, int64_t four, ArrayRef<Value> rowLoops) {
    Value n =
        eval.add(eval.add(outputs.firstColumn, eval.mul(outputs.placeN, 4)),
                 eval.constant(four * tile.threadsN * 4));
    ArrayRef<Value> values =
        outputs.accumulators.slice(row * tile.threadN + four * 4, 4);
    for (int64_t i = 0; i < 4; i += together()) {
      Value index = eval.add(n, eval.constant(i));
      if (failed(guarded(problem.n % tile.n() == 0, index, problem.n, [&] {
            return emitElements(index, values.slice(i, together()), rowLoops);
          })))
        return failure();
    }
    return success();
  }

  SmallVector<Value> loopsAt(Value n, int64_t element,
                             ArrayRef<Value> rowLoops) {
    SmallVector<Value> loops(rowLoops);
    if (problem.nLoops.empty())
      return loops;
    SmallVector<int64_t> sizes = problem.sizesOf(problem.nLoops);
    // Where neighbours do not straddle the last loop, only its index differs.
    bool sameRest = sizes.back() % together() == 0;
    Value number = sameRest ? n : eval.add(n, eval.constant(element));
    SmallVector<Value> indices = eval.delinearize(number, sizes);
    if (sameRest)
      indices.back() = eval.add(indices.back(), eval.constant(element));
    for (auto [loop, value] : llvm::zip_equal(problem.nLoops, indices))
      loops[loop] = value;
    return loops;
  }

  LogicalResult emitElements(Value n, ArrayRef<Value> values,
                             ArrayRef<Value> rowLoops) {
    // All elements are computed before the first store: a store would keep
    // later loads from being combined with earlier ones.
    struct Store {
      Value value, buffer;
      SmallVector<Value> indices;
    };
    SmallVector<SmallVector<Store>> stores(yield.getNumOperands());
    for (auto [element, accumulator] : llvm::enumerate(values)) {
      SmallVector<Value> result =
          eval.applyMap(problem.outMap, loopsAt(n, element, rowLoops));
      FailureOr<Value> value = accumulated(accumulator, result);
      if (failed(value))
        return failure();
      IndexedEval::Scope scope(eval);
      eval.bind(problem.op->getResult(0),
                [total = *value](OpBuilder &, Location, ValueRange)
                    -> FailureOr<Value> { return total; });
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

  FailureOr<Value> accumulated(Value accumulator, ValueRange indices) {
    if (problem.zeroInit)
      return accumulator;
    FailureOr<Value> init =
        eval.at(linalg::LinalgOp(problem.op).getDpsInits()[0], indices);
    if (failed(init))
      return failure();
    return Value(arith::AddFOp::create(b, loc, *init, accumulator));
  }

  StageContext &context;
  IndexedEval &eval;
  OpBuilder &b;
  Location loc;
  const ContractionProblem &problem;
  const ContractionTile &tile;
  const ThreadOutputs &outputs;
  YieldOp yield;
};
} // namespace

LogicalResult eclip::emitTail(StageContext &context, KernelOp kernel,
                              const ThreadOutputs &outputs) {
  return TailEmitter(context, kernel, outputs).run();
}
