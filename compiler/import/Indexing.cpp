//===- Indexing.cpp - reading and reducing by computed indices ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Indexing.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace eclip::frontend {

Value fromFront(NodeEmitter &e, OpBuilder &b, Value index, int64_t extent) {
  Type type = index.getType();
  Value isNegative =
      arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::slt, index, e.scalar(b, type, 0));
  Value fromEnd = arith::AddIOp::create(b, e.loc, index, e.scalar(b, type, static_cast<double>(extent)));
  return arith::SelectOp::create(b, e.loc, isNegative, fromEnd, index);
}

Value safeIndex(NodeEmitter &e, OpBuilder &b, Value index, int64_t extent) {
  Type type = index.getType();
  Value position = fromFront(e, b, index, extent);
  position = arith::MaxSIOp::create(b, e.loc, position, e.scalar(b, type, 0));
  position = arith::MinSIOp::create(b, e.loc, position, e.scalar(b, type, static_cast<double>(extent - 1)));
  return arith::IndexCastOp::create(b, e.loc, b.getIndexType(), position);
}

SmallVector<Value> loopIndices(NodeEmitter &e, OpBuilder &b, int64_t count) {
  SmallVector<Value> indices;
  for (int64_t d = 0; d < count; ++d)
    indices.push_back(linalg::IndexOp::create(b, e.loc, d));
  return indices;
}

Value extract(NodeEmitter &e, OpBuilder &b, Value tensor, ValueRange index) {
  return tensor::ExtractOp::create(b, e.loc, tensor, index);
}

Value asInteger(NodeEmitter &e, OpBuilder &b, Value index, Type type) {
  if (index.getType() == type)
    return index;
  if (index.getType().isIndex() || type.isIndex())
    return arith::IndexCastOp::create(b, e.loc, type, index);
  if (index.getType().getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth())
    return arith::ExtSIOp::create(b, e.loc, type, index);
  return arith::TruncIOp::create(b, e.loc, type, index);
}

Value reduceIndexed(NodeEmitter &e, ArrayRef<int64_t> parallel, ArrayRef<int64_t> reduced, TypedAttr init,
                    IndexBody body) {
  Value accumulator = e.filled(parallel, init);
  if (llvm::is_contained(reduced, 0) || llvm::is_contained(parallel, 0))
    return accumulator;
  int64_t outer = parallel.size(), rank = outer + reduced.size();
  SmallVector<AffineExpr> dims;
  for (int64_t d = 0; d < rank; ++d)
    dims.push_back(e.b.getAffineDimExpr(d));
  MLIRContext *context = e.b.getContext();
  // The input only says how far the reduced loops run, as a pooling's window.
  SmallVector<AffineMap> maps{AffineMap::get(rank, 0, ArrayRef(dims).drop_front(outer), context),
                              AffineMap::get(rank, 0, ArrayRef(dims).take_front(outer), context)};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::reduction);
  std::fill(iterators.begin(), iterators.begin() + outer, utils::IteratorType::parallel);
  Value window = e.emptyTensor(reduced, e.b.getI32Type());
  return linalg::GenericOp::create(e.b, e.loc, accumulator.getType(), window, accumulator, maps, iterators,
                                   [&](OpBuilder &b, Location, ValueRange args) {
                                     linalg::YieldOp::create(b, e.loc, body(b, loopIndices(e, b, rank), args[1]));
                                   })
      .getResult(0);
}

} // namespace eclip::frontend
