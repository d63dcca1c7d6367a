//===- Scatter.cpp - ScatterElements and ScatterND ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A scatter seen from its result: each element looks for the updates that are
// meant for it. That needs no atomic operation and gives the same result in
// every run. Of several updates of one element the last wins, as in ONNX
// Runtime. Where the indices are known at import the search is done here, and
// leaves a table of positions.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Evaluate.h"
#include "compiler/import/Indexing.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
enum class Combine { Replace, Add, Mul, Max, Min };

/// The two operators in one form: update number u of `updates` goes to the
/// places of `data` whose first index components are `indices` at u.
struct Scatter {
  Combine combine = Combine::Replace;
  /// Loops of the search: the part of the data's index that decides.
  Shape keyShape;
  int64_t updates = 0;
  /// True if update `u` (of type index) is for the element at `key`.
  std::function<Value(OpBuilder &, ValueRange key, Value u)> matches;
  /// Where update `u` of the element at `index` stands in input 2.
  std::function<SmallVector<Value>(OpBuilder &, ValueRange index, Value u)> updateAt;
  /// The last update of each key by number, -1 if none, where known at import.
  std::optional<HostTensor> table;
  bool hasRepeats = false; // of those known at import
};
} // namespace

static FailureOr<Combine> readCombine(NodeEmitter &e) {
  std::string name = e.stringAttr("reduction", "none");
  if (name != "none" && (e.opset() < 16 || ((name == "max" || name == "min") && e.opset() < 18)))
    return e.error("attribute 'reduction' is '" + name + "', which opset " + Twine(e.opset()) + " does not have");
  std::optional<Combine> found = llvm::StringSwitch<std::optional<Combine>>(name)
                                     .Case("none", Combine::Replace)
                                     .Case("add", Combine::Add)
                                     .Case("mul", Combine::Mul)
                                     .Case("max", Combine::Max)
                                     .Case("min", Combine::Min)
                                     .Default(std::nullopt);
  if (!found)
    return e.error("attribute 'reduction' is '" + name + "', which is not supported");
  if (e.type(0) == DType::Bool && *found != Combine::Replace)
    return e.error("attribute 'reduction' is '" + name + "', which bool does not have");
  return *found;
}

static Value combined(ScalarBuilder &s, Combine combine, Value x, Value y) {
  switch (combine) {
  case Combine::Add:
    return s.add(x, y);
  case Combine::Mul:
    return s.mul(x, y);
  case Combine::Max:
    return s.max(x, y);
  case Combine::Min:
    return s.min(x, y);
  case Combine::Replace:
    break;
  }
  return y;
}

/// The number of the last update of each key, or -1.
static Value lastUpdate(NodeEmitter &e, const Scatter &s) {
  if (s.table)
    return e.materialize(*s.table);
  Type i32 = e.b.getI32Type();
  return reduceIndexed(e, s.keyShape, s.updates, e.b.getI32IntegerAttr(-1),
                       [&](OpBuilder &b, ValueRange loops, Value last) -> Value {
                         Value u = loops.back(), number = asInteger(e, b, u, i32);
                         Value candidate = arith::SelectOp::create(b, e.loc, s.matches(b, loops.drop_back(), u),
                                                                   number, e.scalar(b, i32, -1));
                         return arith::MaxSIOp::create(b, e.loc, candidate, last);
                       });
}

/// Each element takes one update at most.
static Value scatterLast(NodeEmitter &e, const Scatter &s) {
  DType type = e.type(0);
  int64_t rank = e.rank(0);
  Value data = e.value(0), updates = e.value(2), last = lastUpdate(e, s);
  AffineMap all = e.b.getMultiDimIdentityMap(rank);
  AffineMap key = AffineMap::get(rank, 0, all.getResults().take_front(s.keyShape.size()), e.b.getContext());
  return e.pointwise({data, last}, {all, key}, e.shape(0), e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    Value zero = e.scalar(b, args[1].getType(), 0);
    Value hasOne = arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::sge, args[1], zero);
    Value number = asInteger(e, b, arith::MaxSIOp::create(b, e.loc, args[1], zero), b.getIndexType());
    Value update = extract(e, b, updates, s.updateAt(b, loopIndices(e, b, rank), number));
    ScalarBuilder scalars(e, b, type);
    return scalars.select(hasOne, combined(scalars, s.combine, args[0], update), args[0]);
  });
}

/// Each element combines all its updates.
static Value scatterAll(NodeEmitter &e, const Scatter &s) {
  DType type = e.type(0);
  Value data = e.value(0), updates = e.value(2);
  Type element = e.elementType(type);
  TypedAttr neutral = s.combine == Combine::Add   ? e.number(element, 0)
                      : s.combine == Combine::Mul ? e.number(element, 1)
                                                  : extremeInit(e, type, s.combine == Combine::Max);
  Value total = reduceIndexed(e, e.shape(0), s.updates, neutral,
                              [&](OpBuilder &b, ValueRange loops, Value accumulator) {
                                ScalarBuilder scalars(e, b, type);
                                ValueRange index = loops.drop_back();
                                Value u = loops.back();
                                Value isMine = s.matches(b, index.take_front(s.keyShape.size()), u);
                                Value update = extract(e, b, updates, s.updateAt(b, index, u));
                                Value none = arith::ConstantOp::create(b, e.loc, neutral);
                                return combined(scalars, s.combine, scalars.select(isMine, update, none), accumulator);
                              });
  return e.pointwise({data, total}, e.shape(0), element, [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder scalars(e, b, type);
    return combined(scalars, s.combine, args[0], args[1]);
  });
}

static LogicalResult emitScatter(NodeEmitter &e, const Scatter &s) {
  bool takesLast = s.combine == Combine::Replace || (s.table && !s.hasRepeats);
  return e.setResult(0, takesLast ? scatterLast(e, s) : scatterAll(e, s), e.type(0));
}

/// Fills `s.table` from (key, update) pairs in the order of the updates, unless
/// the table would be large.
static void fillTable(Scatter &s, ArrayRef<std::pair<int64_t, int64_t>> pairs) {
  if (!isEvaluable(DType::I32, s.keyShape))
    return;
  MutableTensor table(DType::I32, s.keyShape);
  for (int64_t i = 0, count = table.tensor.elements(); i < count; ++i)
    table.set(i, {0, -1});
  for (auto [key, update] : pairs) {
    s.hasRepeats |= table.tensor.at(key).i >= 0;
    table.set(key, {0, update});
  }
  s.table = table.tensor;
}

static LogicalResult checkScatter(NodeEmitter &e) {
  if (e.type(1) != DType::I64 && !(e.type(1) == DType::I32 && e.node.op != "ScatterND"))
    return e.error("input 1 (indices) must be " + Twine(e.node.op == "ScatterND" ? "" : "int32 or ") +
                   "int64, not " + dtypeName(e.type(1)));
  if (e.type(2) != e.type(0))
    return e.error("input 2 is " + dtypeName(e.type(2)) + ", input 0 is " + dtypeName(e.type(0)));
  return success();
}

/// `index` with `position` in place of dimension `axis`.
static SmallVector<Value> withAxis(ValueRange index, int64_t axis, Value position) {
  SmallVector<Value> result(index);
  result[axis] = position;
  return result;
}

LogicalResult emitScatterElements(NodeEmitter &e) {
  FailureOr<Combine> combine = readCombine(e);
  FailureOr<int64_t> axis = e.normalizeAxis(e.intAttr("axis", 0), e.rank(0));
  if (failed(combine) || failed(axis) || failed(checkScatter(e)))
    return failure();
  ArrayRef<int64_t> data = e.shape(0), given = e.shape(1);
  bool fits = given.size() == data.size() && e.shape(2) == given;
  for (size_t d = 0; fits && d < data.size(); ++d)
    fits = static_cast<int64_t>(d) == *axis || given[d] <= data[d];
  if (!fits)
    return e.error("indices of shape " + shapeText(given) + " and updates of shape " + shapeText(e.shape(2)) +
                   " do not fit data of shape " + shapeText(data));
  if (llvm::is_contained(given, 0))
    return e.forward(0, 0);
  Scatter s;
  s.combine = *combine;
  s.keyShape.assign(data.begin(), data.end());
  s.updates = given[*axis];
  // Beside the axis the indices may cover the data in part.
  auto clamped = [&](OpBuilder &b, ValueRange index, Value u) {
    SmallVector<Value> at = withAxis(index, *axis, u);
    for (int64_t d = 0; d < e.rank(0); ++d)
      if (d != *axis && given[d] < data[d])
        at[d] = arith::MinSIOp::create(b, e.loc, at[d], arith::ConstantIndexOp::create(b, e.loc, given[d] - 1));
    return at;
  };
  if (const HostTensor *indices = e.constant(1)) {
    SmallVector<std::pair<int64_t, int64_t>> pairs;
    Shape strides = stridesOf(data);
    int64_t position = 0;
    bool isValid = true;
    forEachIndex(given, [&](ArrayRef<int64_t> index) {
      int64_t to = indices->at(position++).i, key = 0;
      isValid &= to >= -data[*axis] && to < data[*axis];
      to += to < 0 ? data[*axis] : 0;
      for (size_t d = 0; d < index.size(); ++d)
        key += (static_cast<int64_t>(d) == *axis ? to : index[d]) * strides[d];
      pairs.push_back({key, index[*axis]});
    });
    if (!isValid)
      return e.error("an index is out of range for an extent of " + Twine(data[*axis]));
    fillTable(s, pairs);
  }
  Value indices = e.value(1);
  s.matches = [&](OpBuilder &b, ValueRange key, Value u) -> Value {
    Value to = fromFront(e, b, extract(e, b, indices, clamped(b, key, u)), data[*axis]);
    Value result = arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::eq, to,
                                         asInteger(e, b, key[*axis], to.getType()));
    for (int64_t d = 0; d < e.rank(0); ++d)
      if (d != *axis && given[d] < data[d]) {
        Value limit = arith::ConstantIndexOp::create(b, e.loc, given[d]);
        Value inside = arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::slt, key[d], limit);
        result = arith::AndIOp::create(b, e.loc, result, inside);
      }
    return result;
  };
  s.updateAt = clamped;
  return emitScatter(e, s);
}

LogicalResult emitScatterND(NodeEmitter &e) {
  FailureOr<Combine> combine = readCombine(e);
  if (failed(combine) || failed(checkScatter(e)))
    return failure();
  ArrayRef<int64_t> data = e.shape(0), given = e.shape(1);
  int64_t rank = data.size(), depth = given.empty() ? 0 : given.back();
  Shape expected(given.empty() ? given : given.drop_back());
  if (depth >= 0 && depth <= rank)
    expected.append(data.begin() + depth, data.end());
  if (rank == 0 || given.empty() || depth > rank || e.shape(2) != ArrayRef<int64_t>(expected))
    return e.error("indices of shape " + shapeText(given) + " and updates of shape " + shapeText(e.shape(2)) +
                   " do not fit data of shape " + shapeText(data));
  if (llvm::is_contained(e.shape(2), 0))
    return e.forward(0, 0);
  if (depth == 0)
    return e.error("indices of shape " + shapeText(given) + " have no components, which is not supported");
  Scatter s;
  s.combine = *combine;
  s.keyShape.assign(data.begin(), data.begin() + depth);
  int64_t batchRank = given.size() - 1;
  s.updates = 1;
  for (int64_t extent : given.drop_back())
    s.updates *= extent;
  if (const HostTensor *indices = e.constant(1)) {
    SmallVector<std::pair<int64_t, int64_t>> pairs;
    Shape strides = stridesOf(s.keyShape);
    for (int64_t u = 0; u < s.updates; ++u) {
      int64_t key = 0;
      for (int64_t j = 0; j < depth; ++j) {
        int64_t to = indices->at(u * depth + j).i;
        if (to < -data[j] || to >= data[j])
          return e.error("index " + Twine(to) + " is out of range for an extent of " + Twine(data[j]));
        key += (to + (to < 0 ? data[j] : 0)) * strides[j];
      }
      pairs.push_back({key, u});
    }
    fillTable(s, pairs);
  }
  Value indices = e.reshape(e.value(1), {s.updates, depth});
  s.matches = [&](OpBuilder &b, ValueRange key, Value u) {
    Value result;
    for (int64_t j = 0; j < depth; ++j) {
      Value component = arith::ConstantIndexOp::create(b, e.loc, j);
      Value to = fromFront(e, b, extract(e, b, indices, {u, component}), data[j]);
      Value equal = arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::eq, to,
                                          asInteger(e, b, key[j], to.getType()));
      result = result ? arith::AndIOp::create(b, e.loc, result, equal) : equal;
    }
    return result;
  };
  s.updateAt = [&](OpBuilder &b, ValueRange index, Value u) {
    // Update number u along the leading dimensions.
    SmallVector<Value> at(batchRank);
    for (int64_t d = batchRank - 1; d >= 0; --d) {
      Value extent = arith::ConstantIndexOp::create(b, e.loc, given[d]);
      at[d] = d ? arith::RemUIOp::create(b, e.loc, u, extent).getResult() : u;
      u = d ? arith::DivUIOp::create(b, e.loc, u, extent).getResult() : u;
    }
    at.append(index.begin() + depth, index.end());
    return at;
  };
  return emitScatter(e, s);
}

} // namespace eclip::frontend
