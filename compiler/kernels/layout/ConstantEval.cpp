//===- ConstantEval.cpp - arithmetic on constants -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/layout/ConstantEval.h"
#include "compiler/kernels/layout/ConstantData.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace eclip;

/// A result of more elements than this must not have more than its inputs: a
/// constant that is broadcast costs memory that a kernel's index does not.
static constexpr int64_t kMinResult = 1 << 16;

namespace {
/// One SSA value over a strip of elements. Integers of any width are kept sign
/// extended (i1 as 0 or 1), f32 as float, so that it rounds as the target does.
struct Strip {
  static constexpr int64_t kSize = 512;
  enum Kind { Int, F32, F64 } kind = Int;
  std::vector<int64_t> i;
  std::vector<float> f;
  std::vector<double> d;

  explicit Strip(Kind kind) : kind(kind) {
    if (kind == Int)
      i.resize(kSize);
    else if (kind == F32)
      f.resize(kSize);
    else
      d.resize(kSize);
  }
  template <typename T> std::vector<T> &as() {
    if constexpr (std::is_same_v<T, float>)
      return f;
    else if constexpr (std::is_same_v<T, double>)
      return d;
    else
      return i;
  }
};

std::optional<Strip::Kind> kindOf(Type type) {
  if (type.isF32())
    return Strip::F32;
  if (type.isF64())
    return Strip::F64;
  if (type.isIndex() ||
      (type.isInteger() && constantElementBytes(type) != 0))
    return Strip::Int;
  return std::nullopt;
}

int64_t wrap(int64_t value, Type type) {
  unsigned bits = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  if (bits == 1)
    return value & 1;
  return bits == 64 ? value : llvm::SignExtend64(static_cast<uint64_t>(value), bits);
}

/// Evaluates the body of one generic, a strip at a time.
class Evaluator {
public:
  Evaluator(Block &body) : body(body) {}

  /// Allocates a strip for each value and checks that all operations are known.
  bool prepare();
  Strip &strip(Value value) { return *strips.find(value)->second; }
  bool run();

private:
  bool runOp(Operation &op);
  template <typename T> bool runFloat(Operation &op);
  bool runInt(Operation &op);
  bool runConvert(Operation &op);
  bool runCompare(Operation &op);
  template <typename T, typename Fn> bool map1(Operation &op, Fn fn);
  template <typename T, typename Fn> bool map2(Operation &op, Fn fn);
  void setConstant(arith::ConstantOp op);

  Block &body;
  DenseMap<Value, std::unique_ptr<Strip>> strips;
};
} // namespace

bool Evaluator::prepare() {
  auto add = [&](Value value) {
    std::optional<Strip::Kind> kind = kindOf(value.getType());
    if (kind)
      strips[value] = std::make_unique<Strip>(*kind);
    return kind.has_value();
  };
  if (!llvm::all_of(body.getArguments(), add))
    return false;
  for (Operation &op : body.without_terminator()) {
    if (op.getNumRegions() != 0 || !llvm::all_of(op.getResults(), add))
      return false;
    for (Value operand : op.getOperands())
      if (!strips.contains(operand))
        return false;
  }
  return llvm::all_of(body.getTerminator()->getOperands(),
                      [&](Value v) { return strips.contains(v); });
}

template <typename T, typename Fn> bool Evaluator::map1(Operation &op, Fn fn) {
  auto &a = strip(op.getOperand(0)).as<T>();
  auto &r = strip(op.getResult(0)).as<T>();
  for (int64_t k = 0; k < Strip::kSize; ++k)
    r[k] = fn(a[k]);
  return true;
}

template <typename T, typename Fn> bool Evaluator::map2(Operation &op, Fn fn) {
  auto &a = strip(op.getOperand(0)).as<T>();
  auto &b = strip(op.getOperand(1)).as<T>();
  auto &r = strip(op.getResult(0)).as<T>();
  for (int64_t k = 0; k < Strip::kSize; ++k)
    r[k] = fn(a[k], b[k]);
  return true;
}

void Evaluator::setConstant(arith::ConstantOp op) {
  Strip &r = strip(op);
  if (auto value = dyn_cast<IntegerAttr>(op.getValue()))
    std::fill(r.i.begin(), r.i.end(),
              op.getType().isInteger(1) ? value.getValue().getZExtValue()
                                        : value.getValue().getSExtValue());
  else if (r.kind == Strip::F32)
    std::fill(r.f.begin(), r.f.end(),
              cast<FloatAttr>(op.getValue()).getValue().convertToFloat());
  else
    std::fill(r.d.begin(), r.d.end(),
              cast<FloatAttr>(op.getValue()).getValue().convertToDouble());
}

template <typename T> bool Evaluator::runFloat(Operation &op) {
  auto nan = std::numeric_limits<T>::quiet_NaN();
  return TypeSwitch<Operation *, bool>(&op)
      .Case([&](arith::AddFOp) { return map2<T>(op, [](T a, T b) { return a + b; }); })
      .Case([&](arith::SubFOp) { return map2<T>(op, [](T a, T b) { return a - b; }); })
      .Case([&](arith::MulFOp) { return map2<T>(op, [](T a, T b) { return a * b; }); })
      .Case([&](arith::DivFOp) { return map2<T>(op, [](T a, T b) { return a / b; }); })
      .Case([&](arith::MaxNumFOp) { return map2<T>(op, [](T a, T b) { return std::fmax(a, b); }); })
      .Case([&](arith::MinNumFOp) { return map2<T>(op, [](T a, T b) { return std::fmin(a, b); }); })
      .Case([&](arith::MaximumFOp) {
        return map2<T>(op, [nan](T a, T b) { return std::isnan(a) || std::isnan(b) ? nan : std::fmax(a, b); });
      })
      .Case([&](arith::MinimumFOp) {
        return map2<T>(op, [nan](T a, T b) { return std::isnan(a) || std::isnan(b) ? nan : std::fmin(a, b); });
      })
      .Case([&](math::PowFOp) { return map2<T>(op, [](T a, T b) { return std::pow(a, b); }); })
      .Case([&](arith::NegFOp) { return map1<T>(op, [](T a) { return -a; }); })
      .Case([&](math::SqrtOp) { return map1<T>(op, [](T a) { return std::sqrt(a); }); })
      .Case([&](math::RsqrtOp) { return map1<T>(op, [](T a) { return T(1) / std::sqrt(a); }); })
      .Case([&](math::ExpOp) { return map1<T>(op, [](T a) { return std::exp(a); }); })
      .Case([&](math::LogOp) { return map1<T>(op, [](T a) { return std::log(a); }); })
      .Case([&](math::TanhOp) { return map1<T>(op, [](T a) { return std::tanh(a); }); })
      .Case([&](math::ErfOp) { return map1<T>(op, [](T a) { return std::erf(a); }); })
      .Case([&](math::AbsFOp) { return map1<T>(op, [](T a) { return std::fabs(a); }); })
      .Case([&](math::FloorOp) { return map1<T>(op, [](T a) { return std::floor(a); }); })
      .Case([&](math::CeilOp) { return map1<T>(op, [](T a) { return std::ceil(a); }); })
      .Default([](Operation *) { return false; });
}

bool Evaluator::runInt(Operation &op) {
  using I = int64_t;
  using U = uint64_t;
  Type type = op.getResult(0).getType();
  auto bin = [&](auto fn) {
    return map2<I>(op, [&](I a, I b) { return wrap(fn(a, b), type); });
  };
  return TypeSwitch<Operation *, bool>(&op)
      .Case([&](arith::AddIOp) { return bin([](I a, I b) { return I(U(a) + U(b)); }); })
      .Case([&](arith::SubIOp) { return bin([](I a, I b) { return I(U(a) - U(b)); }); })
      .Case([&](arith::MulIOp) { return bin([](I a, I b) { return I(U(a) * U(b)); }); })
      .Case([&](arith::MaxSIOp) { return bin([](I a, I b) { return std::max(a, b); }); })
      .Case([&](arith::MinSIOp) { return bin([](I a, I b) { return std::min(a, b); }); })
      .Case([&](arith::AndIOp) { return bin([](I a, I b) { return a & b; }); })
      .Case([&](arith::OrIOp) { return bin([](I a, I b) { return a | b; }); })
      .Case([&](arith::XOrIOp) { return bin([](I a, I b) { return a ^ b; }); })
      .Default([](Operation *) { return false; });
}

bool Evaluator::runConvert(Operation &op) {
  Strip &a = strip(op.getOperand(0)), &r = strip(op.getResult(0));
  Type from = op.getOperand(0).getType(), to = op.getResult(0).getType();
  bool sourceIsUnsigned = isa<arith::ExtUIOp, arith::UIToFPOp, arith::IndexCastUIOp>(op);
  unsigned bits = from.isIntOrFloat() ? from.getIntOrFloatBitWidth() : 64;
  if (isa<arith::FPToUIOp>(op) || (sourceIsUnsigned && bits == 64))
    return false;
  uint64_t mask = bits == 64 ? ~0ull : (1ull << bits) - 1;
  // A signed i1 is 0 or -1.
  auto integer = [&](int64_t v) {
    return sourceIsUnsigned ? static_cast<int64_t>(static_cast<uint64_t>(v) & mask)
           : bits == 1 ? -v : v;
  };
  for (int64_t k = 0; k < Strip::kSize; ++k) {
    if (a.kind == Strip::Int) {
      int64_t v = integer(a.i[k]);
      if (r.kind == Strip::Int)
        r.i[k] = wrap(v, to);
      else if (r.kind == Strip::F32)
        r.f[k] = static_cast<float>(v);
      else
        r.d[k] = static_cast<double>(v);
      continue;
    }
    double v = a.kind == Strip::F32 ? a.f[k] : a.d[k];
    if (r.kind == Strip::F32)
      r.f[k] = static_cast<float>(v);
    else if (r.kind == Strip::F64)
      r.d[k] = v;
    else if (std::isfinite(v) && std::fabs(v) < 9.0e18)
      r.i[k] = wrap(static_cast<int64_t>(v), to);
    else
      return false; // Poison: the target decides.
  }
  return true;
}

template <typename T> static bool compareFloat(arith::CmpFPredicate p, T a, T b) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (p) {
  case P::AlwaysFalse: return false;
  case P::AlwaysTrue: return true;
  case P::ORD: return !unordered;
  case P::UNO: return unordered;
  case P::OEQ: return a == b;
  case P::OGT: return a > b;
  case P::OGE: return a >= b;
  case P::OLT: return a < b;
  case P::OLE: return a <= b;
  case P::ONE: return !unordered && a != b;
  case P::UEQ: return unordered || a == b;
  case P::UGT: return unordered || a > b;
  case P::UGE: return unordered || a >= b;
  case P::ULT: return unordered || a < b;
  case P::ULE: return unordered || a <= b;
  case P::UNE: return unordered || a != b;
  }
  return false;
}

static bool compareInt(arith::CmpIPredicate p, int64_t a, int64_t b, unsigned bits) {
  using P = arith::CmpIPredicate;
  uint64_t mask = bits == 64 ? ~0ull : (1ull << bits) - 1;
  uint64_t ua = static_cast<uint64_t>(a) & mask, ub = static_cast<uint64_t>(b) & mask;
  if (bits == 1)
    a = -a, b = -b;
  switch (p) {
  case P::eq: return a == b;
  case P::ne: return a != b;
  case P::slt: return a < b;
  case P::sle: return a <= b;
  case P::sgt: return a > b;
  case P::sge: return a >= b;
  case P::ult: return ua < ub;
  case P::ule: return ua <= ub;
  case P::ugt: return ua > ub;
  case P::uge: return ua >= ub;
  }
  return false;
}

bool Evaluator::runCompare(Operation &op) {
  Strip &a = strip(op.getOperand(0)), &b = strip(op.getOperand(1));
  Strip &r = strip(op.getResult(0));
  if (auto cmp = dyn_cast<arith::CmpIOp>(op)) {
    Type type = cmp.getLhs().getType();
    unsigned bits = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
    for (int64_t k = 0; k < Strip::kSize; ++k)
      r.i[k] = compareInt(cmp.getPredicate(), a.i[k], b.i[k], bits);
    return true;
  }
  auto predicate = cast<arith::CmpFOp>(op).getPredicate();
  for (int64_t k = 0; k < Strip::kSize; ++k)
    r.i[k] = a.kind == Strip::F32 ? compareFloat(predicate, a.f[k], b.f[k])
                                  : compareFloat(predicate, a.d[k], b.d[k]);
  return true;
}

bool Evaluator::runOp(Operation &op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    setConstant(constant);
    return true;
  }
  if (isa<arith::CmpIOp, arith::CmpFOp>(op))
    return runCompare(op);
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    Strip &c = strip(select.getCondition()), &a = strip(select.getTrueValue());
    Strip &b = strip(select.getFalseValue()), &r = strip(select);
    for (int64_t k = 0; k < Strip::kSize; ++k)
      if (r.kind == Strip::Int)
        r.i[k] = c.i[k] ? a.i[k] : b.i[k];
      else if (r.kind == Strip::F32)
        r.f[k] = c.i[k] ? a.f[k] : b.f[k];
      else
        r.d[k] = c.i[k] ? a.d[k] : b.d[k];
    return true;
  }
  if (isa<arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp, arith::IndexCastOp,
          arith::IndexCastUIOp, arith::SIToFPOp, arith::UIToFPOp,
          arith::FPToSIOp, arith::ExtFOp, arith::TruncFOp>(op))
    return runConvert(op);
  if (op.getNumResults() != 1)
    return false;
  switch (strip(op.getResult(0)).kind) {
  case Strip::Int:
    return runInt(op);
  case Strip::F32:
    return runFloat<float>(op);
  case Strip::F64:
    return runFloat<double>(op);
  }
  return false;
}

bool Evaluator::run() {
  for (Operation &op : body.without_terminator())
    if (!runOp(op))
      return false;
  return true;
}

/// Moves `count` elements between a strip and bytes of element type `type`.
static void load(Strip &strip, const char *data, Type type, int64_t count) {
  if (strip.kind == Strip::F32)
    return void(std::memcpy(strip.f.data(), data, count * 4));
  if (strip.kind == Strip::F64)
    return void(std::memcpy(strip.d.data(), data, count * 8));
  unsigned bytes = constantElementBytes(type);
  for (int64_t k = 0; k < count; ++k) {
    int64_t value = 0;
    std::memcpy(&value, data + k * bytes, bytes);
    strip.i[k] = wrap(value, type);
  }
}

static void store(Strip &strip, char *data, Type type, int64_t count) {
  if (strip.kind == Strip::F32)
    return void(std::memcpy(data, strip.f.data(), count * 4));
  if (strip.kind == Strip::F64)
    return void(std::memcpy(data, strip.d.data(), count * 8));
  unsigned bytes = constantElementBytes(type);
  for (int64_t k = 0; k < count; ++k)
    std::memcpy(data + k * bytes, &strip.i[k], bytes);
}

/// The operand as an array over the loops, or nothing if its map is neither a
/// projected permutation nor one with constant zeros.
static std::optional<std::vector<char>> broadcastToLoops(const ConstantData &data,
                                                         AffineMap map,
                                                         ArrayRef<int64_t> loops) {
  SmallVector<int64_t> strides = rowMajorStrides(data.type.getShape());
  SmallVector<int64_t> loopStrides(loops.size(), 0);
  for (auto [expr, stride] : llvm::zip_equal(map.getResults(), strides)) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      loopStrides[dim.getPosition()] += data.splat ? 0 : stride;
    else if (auto zero = dyn_cast<AffineConstantExpr>(expr); !zero || zero.getValue() != 0)
      return std::nullopt;
  }
  int64_t total = 1;
  for (int64_t size : loops)
    total *= size;
  std::vector<char> result(total * data.elementBytes);
  stridedCopy(data.type.getContext(), loops, result.data(), rowMajorStrides(loops),
              data.data.data(), loopStrides, data.elementBytes);
  return result;
}

/// Bytes of a scalar constant, as ConstantData of a tensor of rank 0.
static std::optional<ConstantData> readScalar(Attribute attr) {
  auto typed = dyn_cast_or_null<TypedAttr>(attr);
  if (!typed || !isa<IntegerAttr, FloatAttr>(attr))
    return std::nullopt;
  return readConstant(
      DenseElementsAttr::get(RankedTensorType::get({}, typed.getType()), attr));
}

TypedAttr eclip::evaluateElementwise(linalg::GenericOp op,
                                     ArrayRef<Attribute> inputs,
                                     int64_t maxElements) {
  auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (op.getNumResults() != 1 || op.getNumParallelLoops() != op.getNumLoops() ||
      !type || type.getNumElements() == 0 || !maps.back().isPermutation() ||
      !op.getBody()->getArguments().back().use_empty() ||
      op.getNumDpsInits() != 1 || constantElementBytes(type.getElementType()) == 0)
    return {};
  SmallVector<int64_t> loops = op.getStaticLoopRanges();
  Evaluator evaluator(*op.getBody());
  if (!evaluator.prepare())
    return {};

  // If every input is one element for all loops, so is the result.
  bool splat = true;
  int64_t largest = kMinResult;
  SmallVector<std::optional<ConstantData>> data;
  for (Attribute attr : inputs) {
    data.push_back(readConstant(attr));
    if (!data.back())
      data.back() = readScalar(attr);
    if (!data.back() || data.back()->type.getNumElements() == 0)
      return {};
    splat &= data.back()->splat || data.back()->type.getNumElements() == 1;
    largest = std::max(largest, data.back()->type.getNumElements());
  }
  int64_t total = splat ? 1 : type.getNumElements();
  if (total > maxElements || total > largest)
    return {};
  if (splat)
    loops.assign(loops.size(), 1);
  SmallVector<std::vector<char>> arrays;
  for (auto [i, input] : llvm::enumerate(data)) {
    auto array = broadcastToLoops(*input, maps[i], loops);
    if (!array)
      return {};
    arrays.push_back(std::move(*array));
  }

  Type element = type.getElementType();
  unsigned bytes = constantElementBytes(element);
  Strip &result = evaluator.strip(op.getBody()->getTerminator()->getOperand(0));
  std::vector<char> inLoopOrder(total * bytes);
  for (int64_t at = 0; at < total; at += Strip::kSize) {
    int64_t count = std::min(Strip::kSize, total - at);
    for (auto [i, input] : llvm::enumerate(data))
      load(evaluator.strip(op.getBody()->getArgument(i)),
           arrays[i].data() + at * input->elementBytes,
           input->type.getElementType(), count);
    if (!evaluator.run())
      return {};
    store(result, inLoopOrder.data() + at * bytes, element, count);
  }
  if (splat)
    return makeSplat(type, inLoopOrder);

  SmallVector<int64_t> strides(loops.size());
  SmallVector<int64_t> shapeStrides = rowMajorStrides(type.getShape());
  for (auto [i, expr] : llvm::enumerate(maps.back().getResults()))
    strides[cast<AffineDimExpr>(expr).getPosition()] = shapeStrides[i];
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(total * bytes, 64);
  stridedCopy(op.getContext(), loops, blob.getMutableData().data(), strides,
              inLoopOrder.data(), rowMajorStrides(loops), bytes);
  return makeConstant(type, std::move(blob));
}
