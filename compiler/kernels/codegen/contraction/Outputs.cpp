//===- Outputs.cpp - the tail of a contraction ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/contraction/Outputs.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace eclip;

LogicalResult
OutputEmitter::guarded(bool always, Value index, int64_t size,
                       llvm::function_ref<LogicalResult()> body) {
  if (always) {
    IndexedEval::Scope scope(eval);
    return body();
  }
  Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index,
                                       eval.constant(size));
  auto guard = scf::IfOp::create(b, loc, inside, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard point(b);
  b.setInsertionPointToStart(guard.thenBlock());
  IndexedEval::Scope scope(eval);
  return body();
}

SmallVector<Value> OutputEmitter::rowLoops(Value m) {
  SmallVector<Value> result(loops);
  SmallVector<Value> indices =
      eval.delinearize(m, problem.sizesOf(problem.mLoops));
  for (auto [loop, value] : llvm::zip_equal(problem.mLoops, indices))
    result[loop] = value;
  return result;
}

SmallVector<Value> OutputEmitter::loopsAt(Value n, int64_t element,
                                          int64_t together,
                                          ArrayRef<Value> rowLoops) {
  SmallVector<Value> result(rowLoops);
  if (problem.nLoops.empty())
    return result;
  SmallVector<int64_t> sizes = problem.sizesOf(problem.nLoops);
  // Where neighbours do not straddle the last loop, only its index differs.
  bool sameRest = sizes.back() % together == 0;
  Value number = sameRest ? n : eval.add(n, eval.constant(element));
  SmallVector<Value> indices = eval.delinearize(number, sizes);
  if (sameRest)
    indices.back() = eval.add(indices.back(), eval.constant(element));
  for (auto [loop, value] : llvm::zip_equal(problem.nLoops, indices))
    result[loop] = value;
  return result;
}

FailureOr<Value> OutputEmitter::accumulated(Value sum, ValueRange indices) {
  if (problem.zeroInit)
    return sum;
  FailureOr<Value> init =
      eval.at(linalg::LinalgOp(problem.op).getDpsInits()[0], indices);
  if (failed(init))
    return failure();
  return Value(arith::AddFOp::create(b, loc, *init, sum));
}

FailureOr<OutputEmitter::Stores>
OutputEmitter::evaluate(Value n, ArrayRef<Value> sums,
                        ArrayRef<Value> rowLoops) {
  Stores stores(yield.getNumOperands());
  for (auto [element, sum] : llvm::enumerate(sums)) {
    SmallVector<Value> result = eval.applyMap(
        problem.outMap, loopsAt(n, element, sums.size(), rowLoops));
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
  return stores;
}

void OutputEmitter::store(const Stores &stores) {
  for (const auto &perResult : stores)
    for (const Store &store : perResult)
      eval.store(store.value, store.buffer, store.indices);
}
