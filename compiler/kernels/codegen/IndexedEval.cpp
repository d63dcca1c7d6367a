//===- IndexedEval.cpp - one element of a kernel's tensor -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/IndexedEval.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace eclip;

bool eclip::isStorable(Type element) {
  for (unsigned width : {1, 8, 16, 32, 64})
    if (element.isInteger(width))
      return true;
  return element.isF16() || element.isBF16() || element.isF32() ||
         element.isF64();
}

MemRefType eclip::bufferType(RankedTensorType type) {
  Type element = type.getElementType();
  if (element.isInteger(1))
    element = IntegerType::get(type.getContext(), 8);
  return MemRefType::get(
      type.getShape(), element, MemRefLayoutAttrInterface(),
      gpu::AddressSpaceAttr::get(type.getContext(), gpu::AddressSpace::Global));
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

Value IndexedEval::arith(ArithKind kind, Value lhs, Value rhs) {
  auto key = std::make_tuple(unsigned(kind), lhs, rhs);
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
    value =
        arith::CmpIOp::create(b, location, arith::CmpIPredicate::ult, lhs, rhs);
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

size_t IndexedEval::hashOf(ValueRange indices) {
  llvm::hash_code hash = llvm::hash_value(indices.size());
  for (Value index : indices) {
    std::optional<int64_t> fixed = constantOf(index);
    hash = llvm::hash_combine(
        hash, fixed ? nullptr : index.getAsOpaquePointer(), fixed.value_or(0));
  }
  return hash;
}

Value IndexedEval::remembered(Value tensor, ValueRange indices) {
  const size_t hash = hashOf(indices);
  for (Level &level : levels) {
    auto it = level.tensors.find(tensor);
    if (it == level.tensors.end())
      continue;
    auto [begin, end] = it->second.equal_range(hash);
    for (auto entry = begin; entry != end; ++entry)
      if (llvm::all_of(llvm::zip_equal(entry->second.indices, indices),
                       [](auto pair) {
                         return sameIndex(std::get<0>(pair), std::get<1>(pair));
                       }))
        return entry->second.value;
  }
  return {};
}

void IndexedEval::remember(Value tensor, ValueRange indices, Value value) {
  levels.back().tensors[tensor].emplace(
      hashOf(indices), Entry{Indices(indices.begin(), indices.end()), value});
}

FailureOr<Value> IndexedEval::at(Value tensor, ValueRange indices) {
  if (Value known = remembered(tensor, indices))
    return known;
  FailureOr<Value> value = compute(tensor, indices);
  if (succeeded(value))
    remember(tensor, indices, *value);
  return value;
}

FailureOr<Value> IndexedEval::compute(Value tensor, ValueRange indices) {
  if (++values > maxValues) {
    kernel.emitError("no code: a thread would have to compute more than ")
        << maxValues << " values";
    return failure();
  }
  if (census)
    census->times[tensor] += census->trips;
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
        return scalarConstant(
            cast<TypedAttr>(b.getZeroAttr(type.getElementType())));
      })
      .Case<tensor::SplatOp>([&](auto op) { return scalar(op.getInput()); })
      .Case<tensor::CastOp>(
          [&](auto op) { return at(op.getSource(), indices); })
      .Case<tensor::BitcastOp>([&](auto op) -> FailureOr<Value> {
        FailureOr<Value> value = at(op.getSource(), indices);
        if (failed(value))
          return failure();
        return Value(arith::BitcastOp::create(b, location,
                                              type.getElementType(), *value));
      })
      .Case<tensor::GenerateOp>(
          [&](auto op) { return yieldedAt(op.getBody(), indices); })
      .Case<tensor::FromElementsOp>(
          [&](auto op) { return evalFromElements(op, indices); })
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
      .Case<linalg::LinalgOp>(
          [&](auto) { return evalLinalg(cast<OpResult>(tensor), indices); })
      .Default([&](Operation *op) { return evalElementwise(op, indices); });
}

FailureOr<Value> IndexedEval::evalConstant(arith::ConstantOp op) {
  auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!elements || !(elements.isSplat() || elements.getNumElements() == 1))
    return refuse(op, "only splat constants may be in a kernel");
  return scalarConstant(
      cast<TypedAttr>(elements.isSplat() ? elements.getSplatValue<Attribute>()
                                         : *elements.value_begin<Attribute>()));
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
