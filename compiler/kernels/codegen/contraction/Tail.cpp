//===- Tail.cpp - from accumulators to the result -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/contraction/Tail.h"
#include "compiler/kernels/codegen/contraction/Outputs.h"

using namespace mlir;
using namespace eclip;

namespace {
class TailEmitter {
public:
  TailEmitter(StageContext &context, KernelOp kernel,
              const ThreadOutputs &outputs)
      : context(context), eval(context.eval), problem(context.problem),
        tile(context.plan.tile), outputs(outputs),
        emitter(eval, kernel, problem, context.loops) {}

  LogicalResult run() {
    for (int64_t row = 0; row < tile.threadM; ++row)
      if (failed(emitRow(row)))
        return failure();
    return success();
  }

private:
  LogicalResult emitRow(int64_t row) {
    // As the fragments of A were read.
    int64_t distance = context.plan.a.rowMajor
                           ? row * tile.threadsM
                           : row / 4 * tile.threadsM * 4 + row % 4;
    Value place =
        context.plan.a.rowMajor ? outputs.placeM : eval.mul(outputs.placeM, 4);
    Value m =
        eval.add(eval.add(outputs.firstRow, place), eval.constant(distance));
    return emitter.guarded(problem.m % tile.m() == 0, m, problem.m, [&] {
      SmallVector<Value> loops = emitter.rowLoops(m);
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
      if (failed(emitter.guarded(
              problem.n % tile.n() == 0, index, problem.n,
              [&]() -> LogicalResult {
                auto stores = emitter.evaluate(
                    index, values.slice(i, together()), rowLoops);
                if (failed(stores))
                  return failure();
                emitter.store(*stores);
                return success();
              })))
        return failure();
    }
    return success();
  }

  StageContext &context;
  IndexedEval &eval;
  const ContractionProblem &problem;
  const ContractionTile &tile;
  const ThreadOutputs &outputs;
  OutputEmitter emitter;
};
} // namespace

LogicalResult eclip::emitTail(StageContext &context, KernelOp kernel,
                              const ThreadOutputs &outputs) {
  return TailEmitter(context, kernel, outputs).run();
}
