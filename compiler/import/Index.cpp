//===- Index.cpp - Gather, GatherElements, GatherND -----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Evaluate.h"
#include "compiler/import/Indexing.h"
#include "compiler/import/OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cstring>

using namespace mlir;

namespace eclip::frontend {

static FailureOr<int64_t> gatherAxis(NodeEmitter &e) {
  if (e.rank(0) == 0)
    return e.error("input 0 is a scalar, which has no axis");
  if (e.type(1) != DType::I32 && e.type(1) != DType::I64)
    return e.error("input 1 (indices) must be int32 or int64, not " + dtypeName(e.type(1)));
  return e.normalizeAxis(e.intAttr("axis", 0), e.rank(0));
}

static Shape gatherShape(NodeEmitter &e, int64_t axis) {
  Shape shape(e.shape(0).take_front(axis));
  shape.append(e.shape(1).begin(), e.shape(1).end());
  shape.append(e.shape(0).begin() + axis + 1, e.shape(0).end());
  return shape;
}

/// Constant indices, counted from the front and checked.
static FailureOr<SmallVector<int64_t>> constantIndices(NodeEmitter &e, int64_t extent) {
  SmallVector<int64_t> indices = e.constant(1)->integers();
  for (int64_t &index : indices) {
    if (index < -extent || index >= extent)
      return e.error("index " + Twine(index) + " is out of range for an extent of " + Twine(extent));
    index += index < 0 ? extent : 0;
  }
  return indices;
}

LogicalResult evaluateGather(NodeEmitter &e) {
  FailureOr<int64_t> axis = gatherAxis(e);
  if (failed(axis))
    return failure();
  Shape shape = gatherShape(e, *axis);
  FailureOr<SmallVector<int64_t>> indices = constantIndices(e, e.shape(0)[*axis]);
  if (failed(indices))
    return failure();
  if (!isEvaluable(e.type(0), shape))
    return success();
  const HostTensor &data = *e.constant(0);
  MutableTensor result(data.type, shape);
  Shape strides = stridesOf(data.shape);
  int64_t outer = 1, extent = data.shape[*axis], inner = strides[*axis] * dtypeBytes(data.type);
  for (int64_t i = 0; i < *axis; ++i)
    outer *= data.shape[i];
  char *out = result.data;
  for (int64_t block = 0; block < outer && inner; ++block)
    for (int64_t index : *indices) {
      std::memcpy(out, data.bytes.data() + (block * extent + index) * inner, inner);
      out += inner;
    }
  return e.setConstant(0, std::move(result.tensor));
}

/// One or consecutive constant indices are a slice.
static Value gatherSlice(NodeEmitter &e, int64_t axis, int64_t first, int64_t count, ArrayRef<int64_t> shape) {
  Shape offsets(e.rank(0), 0), sizes(e.shape(0));
  offsets[axis] = first;
  sizes[axis] = count;
  return e.reshape(e.slice(e.value(0), offsets, sizes), shape);
}

LogicalResult emitGather(NodeEmitter &e) {
  FailureOr<int64_t> axis = gatherAxis(e);
  if (failed(axis))
    return failure();
  DType type = e.type(0);
  Shape shape = gatherShape(e, *axis);
  if (failed(e.checkShape(shape, type)))
    return failure();
  int64_t extent = e.shape(0)[*axis];
  if (llvm::is_contained(shape, 0))
    return e.setConstant(0, MutableTensor(type, shape).tensor);
  if (extent == 0)
    return e.error("takes elements from data of shape " + shapeText(e.shape(0)) + ", which has none");
  if (e.constant(1)) {
    FailureOr<SmallVector<int64_t>> indices = constantIndices(e, extent);
    if (failed(indices))
      return failure();
    bool consecutive = true;
    for (size_t i = 1; i < indices->size(); ++i)
      consecutive &= (*indices)[i] == (*indices)[i - 1] + 1;
    if (consecutive)
      return e.setResult(0, gatherSlice(e, *axis, (*indices)[0], indices->size(), shape), type);
  }
  int64_t rank = shape.size(), indexRank = e.rank(1);
  SmallVector<AffineExpr> reads;
  for (int64_t i = 0; i < indexRank; ++i)
    reads.push_back(e.b.getAffineDimExpr(*axis + i));
  Value data = e.value(0);
  Value result = e.pointwise(
      e.value(1), AffineMap::get(rank, 0, reads, e.b.getContext()), shape, e.elementType(type),
      [&](OpBuilder &b, ValueRange args) -> Value {
        SmallVector<Value> index;
        for (int64_t d = 0; d < e.rank(0); ++d) {
          if (d == *axis)
            index.push_back(safeIndex(e, b, args[0], extent));
          else
            index.push_back(linalg::IndexOp::create(b, e.loc, d < *axis ? d : d + indexRank - 1));
        }
        return tensor::ExtractOp::create(b, e.loc, data, index);
      });
  return e.setResult(0, result, type);
}

LogicalResult emitGatherElements(NodeEmitter &e) {
  FailureOr<int64_t> axis = gatherAxis(e);
  if (failed(axis))
    return failure();
  if (e.rank(1) != e.rank(0))
    return e.error("indices of shape " + shapeText(e.shape(1)) + " do not fit data of shape " +
                   shapeText(e.shape(0)));
  for (int64_t d = 0; d < e.rank(0); ++d)
    if (d != *axis && e.shape(1)[d] > e.shape(0)[d])
      return e.error("indices of shape " + shapeText(e.shape(1)) + " exceed data of shape " + shapeText(e.shape(0)));
  if (e.constant(1) && failed(constantIndices(e, e.shape(0)[*axis])))
    return failure();
  if (llvm::is_contained(e.shape(1), 0))
    return e.setConstant(0, MutableTensor(e.type(0), e.shape(1)).tensor);
  if (e.shape(0)[*axis] == 0)
    return e.error("takes elements from data of shape " + shapeText(e.shape(0)) + ", which has none");
  Value data = e.value(0);
  Value result = e.pointwise(e.value(1), e.shape(1), e.elementType(e.type(0)),
                             [&](OpBuilder &b, ValueRange args) -> Value {
                               SmallVector<Value> index;
                               for (int64_t d = 0; d < e.rank(0); ++d) {
                                 if (d == *axis)
                                   index.push_back(safeIndex(e, b, args[0], e.shape(0)[d]));
                                 else
                                   index.push_back(linalg::IndexOp::create(b, e.loc, d));
                               }
                               return tensor::ExtractOp::create(b, e.loc, data, index);
                             });
  return e.setResult(0, result, e.type(0));
}

//===----------------------------------------------------------------------===//
// GatherND
//===----------------------------------------------------------------------===//

LogicalResult emitGatherND(NodeEmitter &e) {
  ArrayRef<int64_t> data = e.shape(0), indices = e.shape(1);
  int64_t batch = e.intAttr("batch_dims", 0), rank = data.size();
  if (e.type(1) != DType::I64)
    return e.error("input 1 (indices) must be int64, not " + dtypeName(e.type(1)));
  if (rank == 0 || indices.empty() || batch < 0 || batch >= rank ||
      batch >= static_cast<int64_t>(indices.size()) || data.take_front(batch) != indices.take_front(batch) ||
      indices.back() < 1 || indices.back() > rank - batch)
    return e.error("indices of shape " + shapeText(indices) + " with " + Twine(batch) +
                   " batch dimensions do not fit data of shape " + shapeText(data));
  int64_t depth = indices.back(), lead = indices.size() - 1;
  Shape shape(indices.drop_back());
  shape.append(data.begin() + batch + depth, data.end());
  DType type = e.type(0);
  if (failed(e.checkShape(shape, type)))
    return failure();
  if (llvm::is_contained(shape, 0))
    return e.setConstant(0, MutableTensor(type, shape).tensor);
  if (llvm::is_contained(data, 0))
    return e.error("takes elements from data of shape " + shapeText(data) + ", which has none");
  if (const HostTensor *constant = e.constant(1))
    for (int64_t i = 0, count = constant->elements(); i < count; ++i) {
      int64_t index = constant->at(i).i, extent = data[batch + i % depth];
      if (index < -extent || index >= extent)
        return e.error("index " + Twine(index) + " is out of range for an extent of " + Twine(extent));
    }
  Value source = e.value(0), positions = e.value(1);
  Value result = e.pointwise(ValueRange{}, shape, e.elementType(type), [&](OpBuilder &b, ValueRange) {
    SmallVector<Value> loops = loopIndices(e, b, shape.size());
    SmallVector<Value> at(ArrayRef(loops).take_front(lead)), from(ArrayRef(loops).take_front(batch));
    at.push_back({});
    for (int64_t j = 0; j < depth; ++j) {
      at.back() = arith::ConstantIndexOp::create(b, e.loc, j);
      from.push_back(safeIndex(e, b, extract(e, b, positions, at), data[batch + j]));
    }
    from.append(loops.begin() + lead, loops.end());
    return extract(e, b, source, from);
  });
  return e.setResult(0, result, type);
}

} // namespace eclip::frontend
