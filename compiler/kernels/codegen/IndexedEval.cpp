//===- IndexedEval.cpp - one element of a kernel's tensor -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/IndexedEval.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace eclip;

MemRefType eclip::bufferType(RankedTensorType type) {
  Type element = type.getElementType();
  if (element.isInteger(1))
    element = IntegerType::get(type.getContext(), 8);
  return MemRefType::get(type.getShape(), element, MemRefLayoutAttrInterface(),
                         gpu::AddressSpaceAttr::get(type.getContext(),
                                                    gpu::AddressSpace::Global));
}

SmallVector<std::pair<unsigned, int64_t>>
eclip::reductionLoops(linalg::LinalgOp op) {
  SmallVector<std::pair<unsigned, int64_t>> loops;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  for (auto [dim, kind] : llvm::enumerate(op.getIteratorTypesArray()))
    if (kind == utils::IteratorType::reduction)
      loops.emplace_back(dim, ranges[dim]);
  return loops;
}

IndexedEval::IndexedEval(KernelOp kernel, gpu::GPUFuncOp func,
                         OpBuilder &builder)
    : kernel(kernel), func(func), b(builder), location(kernel.getLoc()) {
  levels.emplace_back();
}

Value IndexedEval::bufferOf(BlockArgument argument) {
  return func.getArgument(argument.getArgNumber());
}

Value IndexedEval::resultBuffer(unsigned index) {
  return func.getArgument(kernel.getBodyBlock().getNumArguments() + index);
}

FailureOr<Value> IndexedEval::refuse(Operation *op, const Twine &reason) {
  kernel.emitError("no code for ") << op->getName() << ": " << reason;
  return failure();
}

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

namespace {
enum ArithKind : unsigned { Add, Sub, Mul, Div, Rem, Min, Max, InRange };
} // namespace

std::optional<int64_t> IndexedEval::constantOf(Value index) {
  APInt value;
  if (matchPattern(index, m_ConstantInt(&value)))
    return value.getSExtValue();
  return std::nullopt;
}

bool IndexedEval::sameIndex(Value lhs, Value rhs) {
  if (lhs == rhs)
    return true;
  std::optional<int64_t> left = constantOf(lhs);
  return left && left == constantOf(rhs);
}

Value IndexedEval::scalarConstant(TypedAttr value) {
  Value &known = constants[value];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&func.getBody().front());
  known = arith::ConstantOp::create(b, location, value);
  return known;
}

Value IndexedEval::constant(int64_t value) {
  return scalarConstant(b.getIndexAttr(value));
}

Value IndexedEval::arith(unsigned kind, Value lhs, Value rhs) {
  auto key = std::make_tuple(kind, lhs, rhs);
  for (Level &level : levels)
    if (Value known = level.arithmetic.lookup(key))
      return known;
  auto flags = arith::IntegerOverflowFlags::nsw;
  std::optional<int64_t> right = constantOf(rhs);
  if (!right || *right >= 0)
    flags = flags | arith::IntegerOverflowFlags::nuw;
  Value value;
  switch (kind) {
  case Add:
    value = arith::AddIOp::create(b, location, lhs, rhs, flags);
    break;
  case Sub:
    value = arith::SubIOp::create(b, location, lhs, rhs,
                                  arith::IntegerOverflowFlags::nsw);
    break;
  case Mul:
    value = arith::MulIOp::create(b, location, lhs, rhs, flags);
    break;
  case Div:
    value = arith::DivUIOp::create(b, location, lhs, rhs);
    break;
  case Rem:
    value = arith::RemUIOp::create(b, location, lhs, rhs);
    break;
  case Min:
    value = arith::MinSIOp::create(b, location, lhs, rhs);
    break;
  case Max:
    value = arith::MaxSIOp::create(b, location, lhs, rhs);
    break;
  case InRange:
    value = arith::CmpIOp::create(b, location, arith::CmpIPredicate::ult, lhs,
                                  rhs);
    break;
  }
  levels.back().arithmetic[key] = value;
  return value;
}

Value IndexedEval::add(Value lhs, Value rhs) {
  std::optional<int64_t> left = constantOf(lhs), right = constantOf(rhs);
  if (left && right)
    return constant(*left + *right);
  if (left && *left == 0)
    return rhs;
  if (right && *right == 0)
    return lhs;
  return left ? arith(Add, rhs, lhs) : arith(Add, lhs, rhs);
}

Value IndexedEval::mul(Value lhs, int64_t rhs) {
  if (std::optional<int64_t> left = constantOf(lhs))
    return constant(*left * rhs);
  if (rhs == 0)
    return constant(0);
  return rhs == 1 ? lhs : arith(Mul, lhs, constant(rhs));
}

Value IndexedEval::div(Value lhs, int64_t rhs) {
  if (std::optional<int64_t> left = constantOf(lhs))
    return constant(*left / rhs);
  return rhs == 1 ? lhs : arith(Div, lhs, constant(rhs));
}

Value IndexedEval::rem(Value lhs, int64_t rhs) {
  if (std::optional<int64_t> left = constantOf(lhs))
    return constant(*left % rhs);
  return rhs == 1 ? constant(0) : arith(Rem, lhs, constant(rhs));
}

Value IndexedEval::clamp(Value index, int64_t size) {
  if (std::optional<int64_t> value = constantOf(index))
    return constant(std::clamp<int64_t>(*value, 0, size - 1));
  if (size == 1)
    return constant(0);
  return arith(Min, arith(Max, index, constant(0)), constant(size - 1));
}

Value IndexedEval::inRange(Value index, int64_t size) {
  if (std::optional<int64_t> value = constantOf(index))
    return scalarConstant(b.getBoolAttr(*value >= 0 && *value < size));
  return arith(InRange, index, constant(size));
}

SmallVector<Value> IndexedEval::delinearize(Value linear,
                                            ArrayRef<int64_t> shape) {
  SmallVector<Value> indices(shape.size());
  int outermost = -1;
  for (int dim = shape.size() - 1; dim >= 0; --dim)
    if (shape[dim] != 1)
      outermost = dim;
  for (int dim = shape.size() - 1; dim >= 0; --dim) {
    if (shape[dim] == 1) {
      indices[dim] = constant(0);
      continue;
    }
    indices[dim] = dim == outermost ? linear : rem(linear, shape[dim]);
    if (dim != outermost)
      linear = div(linear, shape[dim]);
  }
  return indices;
}

Value IndexedEval::linearize(ValueRange indices, ArrayRef<int64_t> shape) {
  Value linear = constant(0);
  for (auto [index, size] : llvm::zip_equal(indices, shape))
    if (size != 1)
      linear = add(mul(linear, size), index);
  return linear;
}

Value IndexedEval::applyExpr(AffineExpr expr, ValueRange operands,
                             unsigned dimCount) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return operands[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return operands[dimCount + symbol.getPosition()];
  if (auto value = dyn_cast<AffineConstantExpr>(expr))
    return constant(value.getValue());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value lhs = applyExpr(binary.getLHS(), operands, dimCount);
  Value rhs = applyExpr(binary.getRHS(), operands, dimCount);
  std::optional<int64_t> right = constantOf(rhs);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return right && *right < 0 ? arith(Sub, lhs, constant(-*right))
                               : add(lhs, rhs);
  case AffineExprKind::Mul:
    return right ? mul(lhs, *right) : arith(Mul, lhs, rhs);
  case AffineExprKind::FloorDiv:
    return right ? div(lhs, *right) : arith(Div, lhs, rhs);
  case AffineExprKind::CeilDiv:
    if (right)
      return div(add(lhs, constant(*right - 1)), *right);
    return arith(Div, add(lhs, arith(Sub, rhs, constant(1))), rhs);
  default:
    return right ? rem(lhs, *right) : arith(Rem, lhs, rhs);
  }
}

SmallVector<Value> IndexedEval::applyMap(AffineMap map, ValueRange operands) {
  SmallVector<Value> results;
  for (AffineExpr expr : map.getResults())
    results.push_back(applyExpr(expr, operands, map.getNumDims()));
  return results;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value IndexedEval::load(Value buffer, ValueRange indices, Type elementType) {
  Value value = memref::LoadOp::create(b, location, buffer, indices);
  if (!elementType.isInteger(1))
    return value;
  Value zero = scalarConstant(b.getI8IntegerAttr(0));
  return arith::CmpIOp::create(b, location, arith::CmpIPredicate::ne, value,
                               zero);
}

void IndexedEval::store(Value value, Value buffer, ValueRange indices) {
  if (value.getType().isInteger(1))
    value = arith::ExtUIOp::create(b, location, b.getI8Type(), value);
  memref::StoreOp::create(b, location, value, buffer, indices);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

void IndexedEval::bind(Value tensor, BindFn fn) {
  bound[tensor] = std::move(fn);
  for (Level &level : levels)
    level.tensors.erase(tensor);
}

void IndexedEval::unbind(Value tensor) {
  bound.erase(tensor);
  for (Level &level : levels)
    level.tensors.erase(tensor);
}

Value IndexedEval::remembered(Value tensor, ValueRange indices) {
  for (Level &level : levels) {
    auto it = level.tensors.find(tensor);
    if (it == level.tensors.end())
      continue;
    for (Entry &entry : it->second)
      if (llvm::all_of(llvm::zip_equal(entry.indices, indices), [](auto pair) {
            return sameIndex(std::get<0>(pair), std::get<1>(pair));
          }))
        return entry.value;
  }
  return {};
}

FailureOr<Value> IndexedEval::at(Value tensor, ValueRange indices) {
  if (Value known = remembered(tensor, indices))
    return known;
  FailureOr<Value> value = compute(tensor, indices);
  if (succeeded(value))
    levels.back().tensors[tensor].push_back(
        {Indices(indices.begin(), indices.end()), *value});
  return value;
}

FailureOr<Value> IndexedEval::compute(Value tensor, ValueRange indices) {
  if (auto it = bound.find(tensor); it != bound.end()) {
    // A copy: the function may bind, which moves the table.
    BindFn fn = it->second;
    return fn(b, location, indices);
  }
  auto type = cast<RankedTensorType>(tensor.getType());
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return load(bufferOf(argument), indices, type.getElementType());
  Operation *op = tensor.getDefiningOp();
  if (op->getBlock() != &kernel.getBodyBlock())
    return refuse(op, "a tensor made inside another operation");
  return TypeSwitch<Operation *, FailureOr<Value>>(op)
      .Case<arith::ConstantOp>([&](auto op) { return evalConstant(op); })
      .Case<tensor::EmptyOp>([&](auto) -> FailureOr<Value> {
        return scalarConstant(cast<TypedAttr>(b.getZeroAttr(type.getElementType())));
      })
      .Case<tensor::SplatOp>(
          [&](auto op) { return scalar(op.getInput()); })
      .Case<tensor::CastOp>(
          [&](auto op) { return at(op.getSource(), indices); })
      .Case<tensor::PadOp>([&](auto op) { return evalPad(op, indices); })
      .Case<tensor::ConcatOp>([&](auto op) { return evalConcat(op, indices); })
      .Case<tensor::ExtractSliceOp>(
          [&](auto op) { return evalExtractSlice(op, indices); })
      .Case<tensor::InsertSliceOp>(
          [&](auto op) { return evalInsertSlice(op, indices); })
      .Case<tensor::ExpandShapeOp>(
          [&](auto op) { return evalExpand(op, indices); })
      .Case<tensor::CollapseShapeOp>(
          [&](auto op) { return evalCollapse(op, indices); })
      .Case<linalg::LinalgOp>([&](auto) {
        return evalLinalg(cast<OpResult>(tensor), indices);
      })
      .Default([&](Operation *op) { return evalElementwise(op, indices); });
}

FailureOr<Value> IndexedEval::evalConstant(arith::ConstantOp op) {
  auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!elements || !(elements.isSplat() || elements.getNumElements() == 1))
    return refuse(op, "only splat constants may be in a kernel");
  return scalarConstant(cast<TypedAttr>(elements.isSplat()
                                            ? elements.getSplatValue<Attribute>()
                                            : *elements.value_begin<Attribute>()));
}

FailureOr<Value> IndexedEval::evalPad(tensor::PadOp op, ValueRange indices) {
  Value padding = op.getConstantPaddingValue();
  if (!padding)
    return refuse(op, "the padding value depends on the position");
  RankedTensorType source = op.getSourceType();
  ArrayRef<int64_t> low = op.getStaticLow(), high = op.getStaticHigh();
  SmallVector<Value> inner;
  Value inside;
  for (int64_t dim = 0; dim < source.getRank(); ++dim) {
    if (ShapedType::isDynamic(low[dim]) || ShapedType::isDynamic(high[dim]))
      return refuse(op, "dynamic padding");
    if (low[dim] < 0 || high[dim] < 0)
      return refuse(op, "negative padding");
    if (low[dim] == 0 && high[dim] == 0) {
      inner.push_back(indices[dim]);
      continue;
    }
    int64_t size = source.getDimSize(dim);
    std::optional<int64_t> fixed = constantOf(indices[dim]);
    Value index = fixed ? constant(*fixed - low[dim])
                  : low[dim] ? arith(Sub, indices[dim], constant(low[dim]))
                             : indices[dim];
    Value ok = inRange(index, size);
    inside = inside ? arith::AndIOp::create(b, location, inside, ok) : ok;
    // Outside, any element serves; the first is always there.
    inner.push_back(size == 1 ? constant(0)
                              : Value(arith::SelectOp::create(
                                    b, location, ok, index, constant(0))));
  }
  FailureOr<Value> value = at(op.getSource(), inner);
  if (failed(value) || !inside)
    return value;
  FailureOr<Value> outside = scalar(padding);
  if (failed(outside))
    return failure();
  return Value(
      arith::SelectOp::create(b, location, inside, *value, *outside));
}

/// `index` as base + rest, where the base is a multiple of `unit`: a neighbour
/// number added to a scaled thread number.
static std::pair<Value, int64_t> splitNeighbour(Value index, int64_t &unit) {
  auto scale = [](Value value) -> int64_t {
    APInt factor;
    auto product = value.getDefiningOp<arith::MulIOp>();
    return product && matchPattern(product.getRhs(), m_ConstantInt(&factor))
               ? factor.getSExtValue()
               : 1;
  };
  Value base = index;
  int64_t rest = 0;
  if (auto sum = index.getDefiningOp<arith::AddIOp>()) {
    APInt constant;
    if (matchPattern(sum.getRhs(), m_ConstantInt(&constant))) {
      base = sum.getLhs();
      rest = constant.getSExtValue();
    }
  }
  unit = scale(base);
  if (rest >= 0 && rest < unit)
    return {base, rest};
  unit = 1;
  return {index, 0};
}

FailureOr<Value> IndexedEval::evalConcat(tensor::ConcatOp op,
                                         ValueRange indices) {
  int64_t dim = op.getDim();
  Value index = indices[dim];
  struct Piece {
    Value value;
    int64_t end;
  };
  SmallVector<Piece> pieces;
  // Where all pieces begin at multiples of the neighbours that a thread makes,
  // the neighbours are in one piece: clamping their common base keeps them
  // neighbours, and their loads one wide load.
  int64_t unit = 1, offset = 0;
  auto [base, rest] = splitNeighbour(index, unit);
  for (Value input : op.getInputs())
    if (cast<RankedTensorType>(input.getType()).getDimSize(dim) % unit != 0)
      unit = 1;
  if (unit == 1)
    base = index, rest = 0;
  for (Value input : op.getInputs()) {
    int64_t size = cast<RankedTensorType>(input.getType()).getDimSize(dim);
    int64_t start = offset;
    offset += size;
    std::optional<int64_t> fixed = constantOf(index);
    if (size == 0 || (fixed && (*fixed < start || *fixed >= offset)))
      continue;
    SmallVector<Value> inner(indices);
    if (fixed) {
      inner[dim] = constant(*fixed - start);
    } else {
      Value first = start ? arith(Sub, base, constant(start)) : base;
      inner[dim] = add(arith(Min, arith(Max, first, constant(0)),
                             constant(size - unit)),
                       constant(rest));
    }
    FailureOr<Value> value = at(input, inner);
    if (failed(value))
      return failure();
    pieces.push_back({*value, offset});
  }
  Value result = pieces.back().value;
  for (const Piece &piece : llvm::reverse(ArrayRef(pieces).drop_back()))
    result = arith::SelectOp::create(b, location, inRange(base, piece.end),
                                     piece.value, result);
  return result;
}

FailureOr<Value> IndexedEval::evalExtractSlice(tensor::ExtractSliceOp op,
                                               ValueRange indices) {
  ArrayRef<int64_t> offsets = op.getStaticOffsets();
  ArrayRef<int64_t> strides = op.getStaticStrides();
  llvm::SmallBitVector dropped = op.getDroppedDims();
  SmallVector<Value> inner;
  unsigned next = 0;
  for (unsigned dim = 0; dim < offsets.size(); ++dim) {
    if (ShapedType::isDynamic(offsets[dim]) ||
        ShapedType::isDynamic(strides[dim]) || strides[dim] < 1)
      return refuse(op, "dynamic or negative offsets or strides");
    Value index = dropped.test(dim) ? constant(0) : indices[next++];
    inner.push_back(add(mul(index, strides[dim]), constant(offsets[dim])));
  }
  return at(op.getSource(), inner);
}

FailureOr<Value> IndexedEval::evalInsertSlice(tensor::InsertSliceOp op,
                                              ValueRange indices) {
  ArrayRef<int64_t> offsets = op.getStaticOffsets();
  ArrayRef<int64_t> sizes = op.getStaticSizes();
  ArrayRef<int64_t> strides = op.getStaticStrides();
  llvm::SmallBitVector dropped = op.getDroppedDims();
  SmallVector<Value> inner;
  Value inside;
  for (unsigned dim = 0; dim < offsets.size(); ++dim) {
    if (ShapedType::isDynamic(offsets[dim]) ||
        ShapedType::isDynamic(sizes[dim]) || strides[dim] != 1)
      return refuse(op, "dynamic or strided insertion");
    std::optional<int64_t> fixed = constantOf(indices[dim]);
    Value index = fixed ? constant(*fixed - offsets[dim])
                  : offsets[dim]
                      ? arith(Sub, indices[dim], constant(offsets[dim]))
                      : indices[dim];
    if (sizes[dim] != op.getDestType().getDimSize(dim)) {
      Value ok = inRange(index, sizes[dim]);
      inside = inside ? arith::AndIOp::create(b, location, inside, ok) : ok;
      index = clamp(index, sizes[dim]);
    }
    if (!dropped.test(dim))
      inner.push_back(index);
  }
  FailureOr<Value> inserted = at(op.getSource(), inner);
  if (failed(inserted) || !inside)
    return inserted;
  FailureOr<Value> rest = at(op.getDest(), indices);
  if (failed(rest))
    return failure();
  return Value(
      arith::SelectOp::create(b, location, inside, *inserted, *rest));
}

FailureOr<Value> IndexedEval::evalExpand(tensor::ExpandShapeOp op,
                                         ValueRange indices) {
  SmallVector<Value> inner;
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    SmallVector<Value> part;
    for (int64_t dim : group)
      part.push_back(indices[dim]);
    inner.push_back(linearize(part, shape.slice(group.front(), group.size())));
  }
  return at(op.getSrc(), inner);
}

FailureOr<Value> IndexedEval::evalCollapse(tensor::CollapseShapeOp op,
                                           ValueRange indices) {
  SmallVector<Value> inner;
  ArrayRef<int64_t> shape = op.getSrcType().getShape();
  auto groups = op.getReassociationIndices();
  for (auto [group, index] : llvm::zip_equal(groups, indices))
    llvm::append_range(
        inner,
        delinearize(index, shape.slice(group.front(), group.size())));
  // A collapse to rank 0 has no groups: all dims are 1.
  while (inner.size() < shape.size())
    inner.push_back(constant(0));
  return at(op.getSrc(), inner);
}

FailureOr<Value> IndexedEval::evalElementwise(Operation *op,
                                              ValueRange indices) {
  if (!OpTrait::hasElementwiseMappableTraits(op) || op->getNumResults() != 1)
    return refuse(op, "not an operation that can be evaluated by index");
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    FailureOr<Value> value = isa<RankedTensorType>(operand.getType())
                                 ? at(operand, indices)
                                 : scalar(operand);
    if (failed(value))
      return failure();
    operands.push_back(*value);
  }
  OperationState state(location, op->getName());
  state.addOperands(operands);
  state.addTypes(getElementTypeOrSelf(op->getResult(0).getType()));
  state.addAttributes(op->getAttrs());
  return b.create(state)->getResult(0);
}

//===----------------------------------------------------------------------===//
// Linalg
//===----------------------------------------------------------------------===//

FailureOr<Value> IndexedEval::evalLinalg(OpResult result, ValueRange indices) {
  auto op = cast<linalg::LinalgOp>(result.getOwner());
  if (op.hasDynamicShape())
    return refuse(op, "dynamic shape");
  unsigned number = result.getResultNumber();
  if (op.getNumReductionLoops() != 0)
    return evalReduction(op, number, indices);
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(number));
  if (!map.isPermutation())
    return refuse(op, "the output map of a parallel operation is not a "
                      "permutation");
  SmallVector<Value> ivs = applyMap(inversePermutation(map), indices);
  FailureOr<SmallVector<Value>> inputs = inputsAt(op, ivs);
  if (failed(inputs))
    return failure();
  SmallVector<Value> outs;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    BlockArgument inside = op.getMatchingBlockArgument(&init);
    if (inside.use_empty()) {
      outs.push_back(scalarConstant(
          cast<TypedAttr>(b.getZeroAttr(inside.getType()))));
      continue;
    }
    FailureOr<Value> value =
        at(init.get(), applyMap(op.getMatchingIndexingMap(&init), ivs));
    if (failed(value))
      return failure();
    outs.push_back(*value);
  }
  FailureOr<SmallVector<Value>> yields = applyBody(op, ivs, *inputs, outs);
  if (failed(yields))
    return failure();
  return (*yields)[number];
}

FailureOr<Value> IndexedEval::evalReduction(linalg::LinalgOp op,
                                            unsigned resultNumber,
                                            ValueRange indices) {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(resultNumber));
  SmallVector<Value> ivs(op.getNumLoops());
  for (auto [expr, index] : llvm::zip_equal(map.getResults(), indices)) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      ivs[dim.getPosition()] = index;
    else if (!isa<AffineConstantExpr>(expr))
      return refuse(op, "the output map of a reduction is not a projection");
  }
  SmallVector<Value> current;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    if (op.getMatchingIndexingMap(&init) != map)
      return refuse(op, "outputs with different maps");
    FailureOr<Value> value = at(init.get(), indices);
    if (failed(value))
      return failure();
    current.push_back(*value);
  }
  SmallVector<Value> start = current;
  OpBuilder::InsertionGuard guard(b);
  SmallVector<scf::ForOp> loops;
  for (auto [dim, count] : reductionLoops(op)) {
    auto loop = scf::ForOp::create(b, location, constant(0), constant(count),
                                   constant(1), current);
    ivs[dim] = loop.getInductionVar();
    current.assign(loop.getRegionIterArgs().begin(),
                   loop.getRegionIterArgs().end());
    b.setInsertionPointToStart(loop.getBody());
    loops.push_back(loop);
  }
  for (auto [dim, iv] : llvm::enumerate(ivs))
    if (!iv)
      return refuse(op, "a parallel loop that no output names");
  {
    Scope scope(*this);
    FailureOr<SmallVector<Value>> inputs = inputsAt(op, ivs);
    if (failed(inputs))
      return failure();
    FailureOr<SmallVector<Value>> yields =
        applyBody(op, ivs, *inputs, current);
    if (failed(yields))
      return failure();
    scf::YieldOp::create(b, location, *yields);
  }
  for (unsigned level = loops.size(); level-- > 1;) {
    b.setInsertionPointToEnd(loops[level - 1].getBody());
    scf::YieldOp::create(b, location, loops[level].getResults());
  }
  return loops.front().getResult(resultNumber);
}

FailureOr<SmallVector<Value>> IndexedEval::inputsAt(linalg::LinalgOp op,
                                                    ValueRange ivs) {
  SmallVector<Value> inputs;
  for (OpOperand *input : op.getDpsInputOperands()) {
    FailureOr<Value> value =
        isa<RankedTensorType>(input->get().getType())
            ? at(input->get(), applyMap(op.getMatchingIndexingMap(input), ivs))
            : scalar(input->get());
    if (failed(value))
      return failure();
    inputs.push_back(*value);
  }
  return inputs;
}

FailureOr<SmallVector<Value>> IndexedEval::applyBody(linalg::LinalgOp op,
                                                     ValueRange ivs,
                                                     ValueRange inputs,
                                                     ValueRange outs) {
  Block &body = *op.getBlock();
  IRMapping mapping;
  for (auto [argument, value] : llvm::zip(
           body.getArguments(), llvm::concat<Value>(SmallVector<Value>(inputs),
                                                    SmallVector<Value>(outs))))
    mapping.map(argument, value);
  for (Operation &inner : body.without_terminator())
    if (failed(cloneScalarOp(inner, ivs, mapping)))
      return failure();
  SmallVector<Value> yields;
  for (Value value : body.getTerminator()->getOperands()) {
    FailureOr<Value> result = mapping.contains(value)
                                  ? FailureOr<Value>(mapping.lookup(value))
                                  : scalar(value);
    if (failed(result))
      return failure();
    yields.push_back(*result);
  }
  return yields;
}

LogicalResult IndexedEval::cloneScalarOp(Operation &op, ValueRange ivs,
                                         IRMapping &mapping) {
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    mapping.map(index.getResult(), ivs[index.getDim()]);
    return success();
  }
  for (Value operand : op.getOperands()) {
    if (mapping.contains(operand) || isa<RankedTensorType>(operand.getType()))
      continue;
    FailureOr<Value> value = scalar(operand);
    if (failed(value))
      return failure();
    mapping.map(operand, *value);
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    mapping.map(constant.getResult(), scalarConstant(constant.getValue()));
    return success();
  }
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    SmallVector<Value> indices;
    for (auto [index, size] : llvm::zip_equal(
             extract.getIndices(), extract.getTensor().getType().getShape()))
      indices.push_back(clamp(mapping.lookup(index), size));
    FailureOr<Value> value = at(extract.getTensor(), indices);
    if (failed(value))
      return failure();
    mapping.map(extract.getResult(), *value);
    return success();
  }
  if (op.getNumRegions() != 0 || !isMemoryEffectFree(&op) ||
      llvm::any_of(op.getOperandTypes(),
                   [](Type type) { return isa<ShapedType>(type); }))
    return refuse(&op, "not a scalar operation without side effects");
  Operation *clone = b.clone(op, mapping);
  clone->setLoc(location);
  return success();
}

FailureOr<Value> IndexedEval::scalar(Value value) {
  if (Value known = remembered(value, {}))
    return known;
  Operation *op = value.getDefiningOp();
  if (!op)
    return refuse(kernel, "a scalar that is an argument");
  IRMapping mapping;
  if (failed(cloneScalarOp(*op, {}, mapping)))
    return failure();
  Value result = mapping.lookup(value);
  levels.back().tensors[value].push_back({Indices(), result});
  return result;
}
