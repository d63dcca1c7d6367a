//===- Quantize.cpp - quantized operators ---------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of quantized tensors are products of int32: operands less their
// zero points, so that padding with 0 is right. Results are rounded half to
// even and saturate.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportState.h"
#include "compiler/import/Indexing.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
bool isQuantized(DType type) {
  return type == DType::U8 || type == DType::I8 || type == DType::U16 || type == DType::I16;
}

/// How elements of a tensor find their scale and zero point: all the same one,
/// one for each index of `axis`, or one for each block of an axis.
struct Parameter {
  Value value;
  int64_t axis = -1; // -1: one for all
  int64_t block = 0; // 0: not in blocks

  /// The operand's indexing map; blocks are read by readBlock.
  AffineMap map(NodeEmitter &e, int64_t rank) const {
    return axis < 0 ? AffineMap::get(rank, 0, e.b.getContext()) : AffineMap::get(rank, 0, e.b.getAffineDimExpr(axis));
  }
  Value readBlock(NodeEmitter &e, OpBuilder &b, int64_t rank) const {
    SmallVector<Value> at = loopIndices(e, b, rank);
    at[axis] = arith::DivUIOp::create(b, e.loc, at[axis], arith::ConstantIndexOp::create(b, e.loc, block));
    return extract(e, b, value, at);
  }
};
} // namespace

/// Input `i`, a scale or zero point for an operand of shape `shape`.
static FailureOr<Parameter> readParameter(NodeEmitter &e, unsigned i, StringRef what, ArrayRef<int64_t> shape,
                                          int64_t axis, int64_t block = 0) {
  ArrayRef<int64_t> own = e.shape(i);
  auto mismatch = [&] {
    return e.error("input " + Twine(i) + " (" + what + ") of shape " + shapeText(own) + " does not fit " +
                   shapeText(shape));
  };
  if (block == 0 && checkedElements(own, 1) == 1)
    return Parameter{e.reshape(e.value(i), {})};
  if (axis < 0 || axis >= static_cast<int64_t>(shape.size()))
    return mismatch();
  if (block == 0) {
    if (own.size() != 1 || own[0] != shape[axis])
      return mismatch();
    return Parameter{e.value(i), axis};
  }
  Shape expected(shape);
  expected[axis] = (shape[axis] + block - 1) / block;
  if (own != ArrayRef<int64_t>(expected))
    return mismatch();
  return Parameter{e.value(i), axis, block};
}

/// round(x / scale) + zero point, within the type's range; all as floats.
static Value quantized(ScalarBuilder &s, Value x, Value scale, Value zeroPoint, DType to) {
  double low = to == DType::I8 ? -128 : to == DType::I16 ? -32768 : 0;
  double high = to == DType::I8 ? 127 : to == DType::I16 ? 32767 : to == DType::U8 ? 255 : 65535;
  Value level = s.add(s.roundEven(s.div(x, scale)), zeroPoint);
  level = s.min(s.max(level, s.c(low)), s.c(high));
  return convertScalar(s.e, s.b, level, s.type, to);
}

/// Operands that a body reads through maps, or in blocks by extraction.
namespace {
class Operands {
public:
  Operands(NodeEmitter &e, Value x, int64_t rank)
      : e(e), rank(rank), values{x}, maps{e.b.getMultiDimIdentityMap(rank)} {}
  void add(const Parameter &parameter) {
    positions.push_back(parameter.block ? -1 : static_cast<int>(values.size()));
    parameters.push_back(parameter);
    if (parameter.block)
      return;
    values.push_back(parameter.value);
    maps.push_back(parameter.map(e, rank));
  }
  Value get(OpBuilder &b, ValueRange args, unsigned i) const {
    return positions[i] < 0 ? parameters[i].readBlock(e, b, rank) : args[positions[i]];
  }

  NodeEmitter &e;
  int64_t rank;
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;

private:
  SmallVector<int> positions;
  SmallVector<Parameter> parameters;
};
} // namespace

//===----------------------------------------------------------------------===//
// QuantizeLinear and DequantizeLinear
//===----------------------------------------------------------------------===//

/// Scale (input 1) and, if given, zero point (input 2) of input 0.
static LogicalResult readScales(NodeEmitter &e, Operands &operands) {
  int64_t axis = e.intAttr("axis", 1), block = e.intAttr("block_size", 0), rank = e.rank(0);
  if (block < 0)
    return e.error("attribute 'block_size' is " + Twine(block));
  if (axis < 0)
    axis += rank;
  FailureOr<Parameter> scale = readParameter(e, 1, "scale", e.shape(0), axis, block);
  if (failed(scale))
    return failure();
  operands.add(*scale);
  if (!e.has(2))
    return success();
  FailureOr<Parameter> zeroPoint = readParameter(e, 2, "zero_point", e.shape(0), axis, block);
  if (failed(zeroPoint))
    return failure();
  operands.add(*zeroPoint);
  return success();
}

LogicalResult emitQuantizeLinear(NodeEmitter &e) {
  std::optional<DType> to = e.has(2) ? e.type(2) : DType::U8;
  if (int64_t code = e.intAttr("output_dtype", 0)) {
    std::optional<DType> asked = dtypeFromOnnx(static_cast<int32_t>(code));
    if (e.has(2) && asked != to)
      return e.error("attribute 'output_dtype' is not the type of input 2 (zero_point)");
    to = asked;
  }
  if (!to || !isQuantized(*to))
    return e.error("quantizes to a type other than int8, uint8, int16 and uint16, which is not supported");
  if (!isFloat(e.type(1)))
    return e.error("input 1 (scale) must be a float, not " + dtypeName(e.type(1)));
  int64_t rank = e.rank(0);
  Operands operands(e, e.value(0), rank);
  if (failed(readScales(e, operands)))
    return failure();
  DType type = e.type(0), real = type == DType::F64 ? DType::F64 : DType::F32;
  Value result = e.pointwise(operands.values, operands.maps, e.shape(0), e.elementType(*to),
                             [&](OpBuilder &b, ValueRange args) {
                               ScalarBuilder s(e, b, real);
                               Value x = convertScalar(e, b, args[0], type, real);
                               Value scale = convertScalar(e, b, operands.get(b, args, 0), e.type(1), real);
                               Value zeroPoint = e.has(2) ? convertScalar(e, b, operands.get(b, args, 1), *to, real)
                                                          : s.c(0);
                               return quantized(s, x, scale, zeroPoint, *to);
                             });
  return e.setResult(0, result, *to);
}

LogicalResult emitDequantizeLinear(NodeEmitter &e) {
  DType from = e.type(0), to = e.type(1);
  if (!isQuantized(from) && from != DType::I32)
    return e.error("input 0 has element type " + dtypeName(from) + ", which is not supported here");
  if (!isFloat(to))
    return e.error("input 1 (scale) must be a float, not " + dtypeName(to));
  if (e.has(2) && e.type(2) != from)
    return e.error("input 2 (zero_point) is " + dtypeName(e.type(2)) + ", input 0 is " + dtypeName(from));
  Operands operands(e, e.value(0), e.rank(0));
  if (failed(readScales(e, operands)))
    return failure();
  DType real = accumulationType(to);
  Value result = e.pointwise(operands.values, operands.maps, e.shape(0), e.elementType(to),
                             [&](OpBuilder &b, ValueRange args) {
                               ScalarBuilder ints(e, b, DType::I32), s(e, b, real);
                               Value x = convertScalar(e, b, args[0], from, DType::I32);
                               if (e.has(2))
                                 x = ints.sub(x, convertScalar(e, b, operands.get(b, args, 1), from, DType::I32));
                               Value scale = convertScalar(e, b, operands.get(b, args, 0), to, real);
                               Value y = s.mul(convertScalar(e, b, x, DType::I32, real), scale);
                               return convertScalar(e, b, y, real, to);
                             });
  return e.setResult(0, result, to);
}

LogicalResult emitDynamicQuantizeLinear(NodeEmitter &e) {
  Value x = e.value(0);
  SmallVector<int64_t> axes;
  for (int64_t d = 0; d < e.rank(0); ++d)
    axes.push_back(d);
  // The range always holds 0.
  auto extreme = [&](bool isMax) {
    return e.reduce(x, axes, e.number(e.b.getF32Type(), 0), [&](OpBuilder &b, ValueRange args) {
      ScalarBuilder s(e, b, DType::F32);
      return isMax ? s.max(args[0], args[1]) : s.min(args[0], args[1]);
    });
  };
  Value low = extreme(false), high = extreme(true);
  Value scale = e.pointwise({low, high}, {}, e.b.getF32Type(), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, DType::F32);
    return s.select(s.equal(args[0], args[1]), s.c(1), s.div(s.sub(args[1], args[0]), s.c(255)));
  });
  Value zeroPoint = e.pointwise({low, scale}, {}, e.b.getI8Type(), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, DType::F32);
    return quantized(s, s.neg(args[0]), args[1], s.c(0), DType::U8);
  });
  AffineMap all = e.b.getMultiDimIdentityMap(e.rank(0)), one = AffineMap::get(e.rank(0), 0, e.b.getContext());
  Value y = e.pointwise({x, scale, zeroPoint}, {all, one, one}, e.shape(0), e.b.getI8Type(),
                        [&](OpBuilder &b, ValueRange args) {
                          ScalarBuilder s(e, b, DType::F32);
                          Value zero = convertScalar(e, b, args[2], DType::U8, DType::F32);
                          return quantized(s, args[0], args[1], zero, DType::U8);
                        });
  if (failed(e.setResult(0, y, DType::U8)) || failed(e.setResult(1, scale, DType::F32)))
    return failure();
  return e.setResult(2, zeroPoint, DType::U8);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// Input `i` less its zero point (input `zero`, if given), as int32.
static FailureOr<GraphValue> centred(NodeEmitter &e, unsigned i, unsigned zero, int64_t axis) {
  if (e.type(i) != DType::U8 && e.type(i) != DType::I8)
    return e.error("input " + Twine(i) + " must be int8 or uint8, not " + dtypeName(e.type(i)));
  Operands operands(e, e.value(i), e.rank(i));
  if (e.has(zero)) {
    if (e.type(zero) != e.type(i))
      return e.error("input " + Twine(zero) + " (zero point) is " + dtypeName(e.type(zero)) + ", input " + Twine(i) +
                     " is " + dtypeName(e.type(i)));
    FailureOr<Parameter> parameter = readParameter(e, zero, "zero point", e.shape(i), axis);
    if (failed(parameter))
      return failure();
    operands.add(*parameter);
  }
  GraphValue result{DType::I32, Shape(e.shape(i)), {}, {}};
  result.value = e.pointwise(operands.values, operands.maps, e.shape(i), e.b.getI32Type(),
                             [&](OpBuilder &b, ValueRange args) {
                               ScalarBuilder s(e, b, DType::I32);
                               Value x = convertScalar(e, b, args[0], e.type(i), DType::I32);
                               if (!e.has(zero))
                                 return x;
                               return s.sub(x, convertScalar(e, b, args[1], e.type(zero), DType::I32));
                             });
  return result;
}

/// What `emit` makes of the node with the inputs `a` and `b` in place of its own.
static FailureOr<GraphValue> productOf(NodeEmitter &e, EmitFn emit, GraphValue a, GraphValue b) {
  Node node;
  node.name = e.node.name;
  node.op = e.node.op;
  node.attributes = e.node.attributes;
  // A control character that names of other values hardly begin with.
  std::string prefix = "\x01" + e.node.outputs[0];
  node.inputs = {prefix + "/a", prefix + "/b"};
  node.outputs = {prefix + "/product"};
  e.state.define(node.inputs[0], std::move(a));
  e.state.define(node.inputs[1], std::move(b));
  NodeEmitter product(e.state, node, e.b, e.loc);
  if (failed(emit(product)))
    return failure();
  return *e.state.find(node.outputs[0]);
}

static FailureOr<GraphValue> integerProduct(NodeEmitter &e, EmitFn emit, unsigned a, unsigned aZero, int64_t aAxis,
                                            unsigned b, unsigned bZero, int64_t bAxis) {
  FailureOr<GraphValue> left = centred(e, a, aZero, aAxis);
  if (failed(left))
    return failure();
  FailureOr<GraphValue> right = centred(e, b, bZero, bAxis);
  if (failed(right))
    return failure();
  return productOf(e, emit, *left, *right);
}

/// The axes of MatMul's operands that have a zero point or scale of their own:
/// rows of A, columns of B.
static int64_t rowAxis(const NodeEmitter &e, unsigned i) { return e.rank(i) - 2; }
static int64_t columnAxis(const NodeEmitter &e, unsigned i) { return e.rank(i) - 1; }

static LogicalResult setProduct(NodeEmitter &e, const FailureOr<GraphValue> &product) {
  if (failed(product))
    return failure();
  if (product->constant)
    return e.setConstant(0, *product->constant);
  return e.setResult(0, product->value, DType::I32);
}

LogicalResult emitMatMulInteger(NodeEmitter &e) {
  return setProduct(e, integerProduct(e, emitMatMul, 0, 2, rowAxis(e, 0), 1, 3, columnAxis(e, 1)));
}

LogicalResult emitConvInteger(NodeEmitter &e) {
  return setProduct(e, integerProduct(e, emitConv, 0, 2, -1, 1, 3, 0));
}

/// Rounds int32 products to input 7's type. Inputs 1, 4 and 6 are the scales of
/// the operands and the result, `aAxis` and `bAxis` their axes in the product.
static LogicalResult requantize(NodeEmitter &e, const GraphValue &product, int64_t aAxis, int64_t bAxis,
                                std::optional<Parameter> bias) {
  if (product.constant)
    return e.error("the product is empty, which is not supported");
  DType to = e.type(7);
  if (to != DType::U8 && to != DType::I8)
    return e.error("input 7 (y_zero_point) must be int8 or uint8, not " + dtypeName(to));
  Operands operands(e, product.value, product.shape.size());
  std::pair<unsigned, int64_t> scales[] = {{1, aAxis}, {4, bAxis}, {6, -1}, {7, -1}};
  for (auto [i, axis] : scales) {
    if (i != 7 && e.type(i) != DType::F32)
      return e.error("input " + Twine(i) + " (scale) must be float, not " + dtypeName(e.type(i)));
    FailureOr<Parameter> parameter = readParameter(e, i, i == 7 ? "zero point" : "scale", product.shape, axis);
    if (failed(parameter))
      return failure();
    operands.add(*parameter);
  }
  if (bias)
    operands.add(*bias);
  Value result = e.pointwise(operands.values, operands.maps, product.shape, e.elementType(to),
                             [&](OpBuilder &b, ValueRange args) {
                               ScalarBuilder ints(e, b, DType::I32), s(e, b, DType::F32);
                               Value sum = bias ? ints.add(args[0], args[5]) : args[0];
                               Value factor = s.div(s.mul(args[1], args[2]), args[3]);
                               Value x = s.mul(convertScalar(e, b, sum, DType::I32, DType::F32), factor);
                               return quantized(s, x, s.c(1), convertScalar(e, b, args[4], to, DType::F32), to);
                             });
  return e.setResult(0, result, to);
}

LogicalResult emitQLinearMatMul(NodeEmitter &e) {
  FailureOr<GraphValue> product = integerProduct(e, emitMatMul, 0, 2, rowAxis(e, 0), 3, 5, columnAxis(e, 3));
  if (failed(product))
    return failure();
  int64_t rank = product->shape.size();
  return requantize(e, *product, rank - 2, rank - 1, std::nullopt);
}

LogicalResult emitQLinearConv(NodeEmitter &e) {
  FailureOr<GraphValue> product = integerProduct(e, emitConv, 0, 2, -1, 3, 5, 0);
  if (failed(product))
    return failure();
  std::optional<Parameter> bias;
  if (e.has(8)) {
    if (e.type(8) != DType::I32 || e.shape(8) != ArrayRef<int64_t>(product->shape[1]))
      return e.error("input 8 (bias) must be int32 [" + Twine(product->shape[1]) + "], not " + dtypeName(e.type(8)) +
                     " " + shapeText(e.shape(8)));
    bias = Parameter{e.value(8), 1};
  }
  return requantize(e, *product, -1, 1, bias);
}

} // namespace eclip::frontend
