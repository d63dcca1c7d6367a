//===- MatMul.cpp - matrix products ---------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace eclip::frontend {

/// The type of sums: narrow floats are summed in float and rounded once.
static Type sumElement(NodeEmitter &e) { return e.elementType(accumulationType(e.type(0))); }
static Value rounded(NodeEmitter &e, Value sums) {
  return converted(e, sums, accumulationType(e.type(0)), e.type(0));
}

static Value add(NodeEmitter &e, OpBuilder &b, Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return arith::AddFOp::create(b, e.loc, x, y);
  return arith::AddIOp::create(b, e.loc, x, y);
}
static Value multiply(NodeEmitter &e, OpBuilder &b, Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return arith::MulFOp::create(b, e.loc, x, y);
  return arith::MulIOp::create(b, e.loc, x, y);
}

/// [m, k] (or [k, m]) times [k, n] (or [n, k]).
static Value matmul(NodeEmitter &e, Value a, Value b, bool transA, bool transB, int64_t m, int64_t n) {
  Value init = e.filled({m, n}, e.number(sumElement(e), 0));
  auto op = linalg::MatmulOp::create(e.b, e.loc, init.getType(), ValueRange{a, b}, init);
  if (transA || transB) {
    AffineExpr dm, dn, dk;
    bindDims(e.b.getContext(), dm, dn, dk);
    auto map = [&](AffineExpr row, AffineExpr column, bool transposed) {
      return transposed ? AffineMap::get(3, 0, {column, row}, e.b.getContext())
                        : AffineMap::get(3, 0, {row, column}, e.b.getContext());
    };
    op.setIndexingMapsAttr(
        e.b.getAffineMapArrayAttr({map(dm, dk, transA), map(dk, dn, transB), map(dm, dn, false)}));
  }
  return rounded(e, op.getResult(0));
}

LogicalResult emitGemm(NodeEmitter &e) {
  ArrayRef<int64_t> a = e.shape(0), b = e.shape(1);
  if (a.size() != 2 || b.size() != 2)
    return e.error("needs matrices, the inputs have shapes " + shapeText(a) + " and " + shapeText(b));
  if (e.type(1) != e.type(0) || (e.has(2) && e.type(2) != e.type(0)))
    return e.error("the inputs have different element types");
  bool transA = e.intAttr("transA", 0) != 0, transB = e.intAttr("transB", 0) != 0;
  int64_t m = a[transA ? 1 : 0], k = a[transA ? 0 : 1], n = b[transB ? 0 : 1];
  if (b[transB ? 1 : 0] != k)
    return e.error("inner extents of " + shapeText(a) + " and " + shapeText(b) + " do not agree");
  double alpha = e.floatAttr("alpha", 1), beta = e.floatAttr("beta", 1);
  DType type = e.type(0);
  Type element = e.elementType(type);
  if (!isFloat(type) && (alpha != 1 || beta != 1))
    return e.error("attributes 'alpha' and 'beta' must be 1 for integers");
  Shape shape{m, n};
  if (failed(e.checkShape(shape, type)))
    return failure();
  Value result = matmul(e, e.value(0), e.value(1), transA, transB, m, n);
  bool hasBias = e.has(2) && beta != 0;
  if (!hasBias && alpha == 1)
    return e.setResult(0, result, type);
  SmallVector<Value> operands{result};
  SmallVector<AffineMap> maps{e.b.getMultiDimIdentityMap(2)};
  if (hasBias) {
    FailureOr<NodeEmitter::Broadcast> bias = e.broadcast(e.input(2), shape);
    if (failed(bias))
      return failure();
    operands.push_back(bias->value);
    maps.push_back(bias->map);
  }
  result = e.pointwise(operands, maps, shape, element, [&](OpBuilder &builder, ValueRange args) {
    auto scale = [&](Value x, double by) {
      return by == 1 ? x : multiply(e, builder, x, e.scalar(builder, element, by));
    };
    Value product = scale(args[0], alpha);
    return hasBias ? add(e, builder, product, scale(args[1], beta)) : product;
  });
  return e.setResult(0, result, type);
}

/// A contraction whose batch dimensions broadcast in part.
static Value broadcastMatmul(NodeEmitter &e, Value a, Value b, ArrayRef<int64_t> batch, int64_t m, int64_t n) {
  int64_t rank = batch.size() + 3, dm = batch.size(), dn = dm + 1, dk = dm + 2;
  auto read = [&](Value &value, int64_t row, int64_t column) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
    int64_t lead = static_cast<int64_t>(batch.size()) + 2 - static_cast<int64_t>(shape.size());
    SmallVector<AffineExpr> results;
    Shape kept;
    for (int64_t i = 0, end = static_cast<int64_t>(shape.size()) - 2; i < end; ++i)
      if (shape[i] != 1 || batch[i + lead] == 1) {
        results.push_back(e.b.getAffineDimExpr(i + lead));
        kept.push_back(shape[i]);
      }
    kept.append(shape.end() - 2, shape.end());
    results.append({e.b.getAffineDimExpr(row), e.b.getAffineDimExpr(column)});
    value = e.reshape(value, kept);
    return AffineMap::get(rank, 0, results, e.b.getContext());
  };
  SmallVector<AffineMap> maps{read(a, dm, dk), read(b, dk, dn), e.mapWithout(rank, dk)};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.back() = utils::IteratorType::reduction;
  Shape shape(batch);
  shape.append({m, n});
  DType type = e.type(0), sumType = accumulationType(type);
  Value init = e.filled(shape, e.number(sumElement(e), 0));
  auto op = linalg::GenericOp::create(e.b, e.loc, init.getType(), ValueRange{a, b}, init, maps, iterators,
                                      [&](OpBuilder &builder, Location, ValueRange args) {
                                        Value x = convertScalar(e, builder, args[0], type, sumType);
                                        Value y = convertScalar(e, builder, args[1], type, sumType);
                                        Value product = multiply(e, builder, x, y);
                                        linalg::YieldOp::create(builder, e.loc, add(e, builder, product, args[2]));
                                      });
  return rounded(e, op.getResult(0));
}

static int64_t product(ArrayRef<int64_t> shape) {
  int64_t result = 1;
  for (int64_t extent : shape)
    result *= extent;
  return result;
}

LogicalResult emitMatMul(NodeEmitter &e) {
  Shape a(e.shape(0)), b(e.shape(1));
  if (a.empty() || b.empty())
    return e.error("needs tensors of rank 1 or more");
  if (e.type(1) != e.type(0))
    return e.error("the inputs have different element types");
  bool vectorA = a.size() == 1, vectorB = b.size() == 1;
  if (vectorA)
    a.insert(a.begin(), 1);
  if (vectorB)
    b.push_back(1);
  ArrayRef<int64_t> batchA = ArrayRef(a).drop_back(2), batchB = ArrayRef(b).drop_back(2);
  std::optional<Shape> batch = NodeEmitter::broadcastShape(batchA, batchB);
  int64_t m = a[a.size() - 2], k = a.back(), n = b.back();
  if (b[b.size() - 2] != k || !batch)
    return e.error("shapes " + shapeText(e.shape(0)) + " and " + shapeText(e.shape(1)) + " do not multiply");
  DType type = e.type(0);
  Shape full(*batch);
  full.append({m, n});
  if (failed(e.checkShape(full, type)))
    return failure();

  Shape shape(*batch);
  if (!vectorA)
    shape.push_back(m);
  if (!vectorB)
    shape.push_back(n);
  if (k == 0 || llvm::is_contained(full, 0)) // sums of nothing
    return e.setResult(0, e.filled(shape, e.number(e.elementType(type), 0)), type);

  auto operand = [&](unsigned i, ArrayRef<int64_t> shape) {
    if (const HostTensor *constant = e.constant(i); constant && e.shape(i) != shape)
      return e.materialize(constant->reshaped(shape));
    return e.reshape(e.value(i), shape);
  };
  int64_t countA = product(batchA), countB = product(batchB), count = product(*batch);
  Value result;
  if (countB == 1) {
    // One right-hand matrix: the batch is more rows.
    result = matmul(e, operand(0, {countA * m, k}), operand(1, {k, n}), false, false, countA * m, n);
  } else if (countA == count && countB == count) {
    // The same batch on both sides, leading unit extents aside.
    Value init = e.filled({countA, m, n}, e.number(sumElement(e), 0));
    auto op = linalg::BatchMatmulOp::create(
        e.b, e.loc, init.getType(), ValueRange{operand(0, {countA, m, k}), operand(1, {countA, k, n})}, init);
    result = rounded(e, op.getResult(0));
  } else {
    result = broadcastMatmul(e, operand(0, a), operand(1, b), *batch, m, n);
  }
  return e.setResult(0, e.reshape(result, shape), type);
}

} // namespace eclip::frontend
