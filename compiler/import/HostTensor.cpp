//===- HostTensor.cpp - tensors known at import ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/HostTensor.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace llvm;

namespace eclip::frontend {

namespace {
struct TypeInfo {
  const char *name;
  int onnxCode; // TensorProto.DataType
  int bytes;
  bool isFloat;
  bool isUnsigned;
};
// In the order of DType.
constexpr TypeInfo kTypes[] = {
    {"float", 1, 4, true, false},   {"float16", 10, 2, true, false}, {"bfloat16", 16, 2, true, false},
    {"double", 11, 8, true, false}, {"int8", 3, 1, false, false},    {"int16", 5, 2, false, false},
    {"int32", 6, 4, false, false},  {"int64", 7, 8, false, false},   {"uint8", 2, 1, false, true},
    {"uint16", 4, 2, false, true},  {"uint32", 12, 4, false, true},  {"uint64", 13, 8, false, true},
    {"bool", 9, 1, false, true},
};
const TypeInfo &info(DType type) { return kTypes[static_cast<size_t>(type)]; }

template <typename T> T load(const char *data, int64_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}
template <typename T> void store(char *data, int64_t index, T value) {
  std::memcpy(data + index * sizeof(T), &value, sizeof(T));
}

double fromBits16(uint16_t bits, const fltSemantics &semantics) {
  return APFloat(semantics, APInt(16, bits)).convertToDouble();
}
uint16_t toBits16(double value, const fltSemantics &semantics) {
  APFloat number(value);
  bool losesInfo;
  number.convert(semantics, APFloat::rmNearestTiesToEven, &losesInfo);
  return static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue());
}
} // namespace

StringRef dtypeName(DType type) { return info(type).name; }
int64_t dtypeBytes(DType type) { return info(type).bytes; }
bool isFloat(DType type) { return info(type).isFloat; }
bool isUnsigned(DType type) { return info(type).isUnsigned; }

std::optional<DType> dtypeFromOnnx(int32_t code) {
  for (size_t i = 0; i < std::size(kTypes); ++i)
    if (kTypes[i].onnxCode == code)
      return static_cast<DType>(i);
  return std::nullopt;
}

std::optional<int64_t> checkedElements(ArrayRef<int64_t> shape, int64_t elementBytes) {
  int64_t bytes = elementBytes;
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0)
      return std::nullopt;
    if (extent == 0) {
      empty = true;
      continue;
    }
    // The extents around a zero are bounded too: strides are computed of them.
    if (MulOverflow(bytes, extent, bytes) || bytes > kMaxTensorBytes)
      return std::nullopt;
  }
  return empty ? 0 : bytes / elementBytes;
}

std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [i, extent] : enumerate(shape))
    text += (i ? ", " : "") + std::to_string(extent);
  return text + "]";
}

Scalar HostTensor::at(int64_t index) const {
  const char *data = bytes.data();
  switch (type) {
  case DType::F32:
    return {load<float>(data, index), 0};
  case DType::F64:
    return {load<double>(data, index), 0};
  case DType::F16:
    return {fromBits16(load<uint16_t>(data, index), APFloat::IEEEhalf()), 0};
  case DType::BF16:
    return {fromBits16(load<uint16_t>(data, index), APFloat::BFloat()), 0};
  case DType::I8:
    return {0, load<int8_t>(data, index)};
  case DType::I16:
    return {0, load<int16_t>(data, index)};
  case DType::I32:
    return {0, load<int32_t>(data, index)};
  case DType::I64:
  case DType::U64:
    return {0, load<int64_t>(data, index)};
  case DType::U8:
    return {0, load<uint8_t>(data, index)};
  case DType::U16:
    return {0, load<uint16_t>(data, index)};
  case DType::U32:
    return {0, load<uint32_t>(data, index)};
  case DType::Bool:
    return {0, load<uint8_t>(data, index) != 0};
  }
  return {};
}

SmallVector<int64_t> HostTensor::integers() const {
  SmallVector<int64_t> values;
  for (int64_t i = 0, e = elements(); i < e; ++i)
    values.push_back(at(i).i);
  return values;
}

SmallVector<double> HostTensor::numbers() const {
  SmallVector<double> values;
  for (int64_t i = 0, e = elements(); i < e; ++i) {
    Scalar value = at(i);
    if (isFloat(type))
      values.push_back(value.f);
    else if (type == DType::U64)
      values.push_back(static_cast<double>(static_cast<uint64_t>(value.i)));
    else
      values.push_back(static_cast<double>(value.i));
  }
  return values;
}

bool HostTensor::isSplat() const {
  int64_t size = dtypeBytes(type);
  if (bytes.empty())
    return false;
  // Equal to itself shifted by one element.
  return std::memcmp(bytes.data(), bytes.data() + size, bytes.size() - size) == 0;
}

HostTensor HostTensor::reshaped(ArrayRef<int64_t> newShape) const {
  HostTensor result = *this;
  result.shape.assign(newShape.begin(), newShape.end());
  return result;
}

MutableTensor::MutableTensor(DType type, ArrayRef<int64_t> shape) {
  int64_t size = dtypeBytes(type);
  for (int64_t extent : shape)
    size *= extent;
  // Aligned for every element type; at least one byte, so that data != null.
  std::shared_ptr<char> buffer(static_cast<char *>(::operator new(std::max<int64_t>(size, 1), std::align_val_t(64))),
                               [](char *p) { ::operator delete(p, std::align_val_t(64)); });
  data = buffer.get();
  std::memset(data, 0, size);
  tensor.type = type;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.bytes = ArrayRef<char>(data, size);
  tensor.owner = std::move(buffer);
}

void MutableTensor::set(int64_t index, Scalar value) {
  switch (tensor.type) {
  case DType::F32:
    return store(data, index, static_cast<float>(value.f));
  case DType::F64:
    return store(data, index, value.f);
  case DType::F16:
    return store(data, index, toBits16(value.f, APFloat::IEEEhalf()));
  case DType::BF16:
    return store(data, index, toBits16(value.f, APFloat::BFloat()));
  case DType::I8:
  case DType::U8:
    return store(data, index, static_cast<uint8_t>(value.i));
  case DType::I16:
  case DType::U16:
    return store(data, index, static_cast<uint16_t>(value.i));
  case DType::I32:
  case DType::U32:
    return store(data, index, static_cast<uint32_t>(value.i));
  case DType::I64:
  case DType::U64:
    return store(data, index, value.i);
  case DType::Bool:
    return store(data, index, static_cast<uint8_t>(value.i != 0));
  }
}

HostTensor hostVector(ArrayRef<int64_t> values) {
  MutableTensor result(DType::I64, {static_cast<int64_t>(values.size())});
  for (auto [i, value] : enumerate(values))
    result.set(i, {0, value});
  return result.tensor;
}

HostTensor hostFloats(ArrayRef<int64_t> shape, ArrayRef<double> values) {
  MutableTensor result(DType::F32, shape);
  for (auto [i, value] : enumerate(values))
    result.set(i, {value, 0});
  return result.tensor;
}

Shape stridesOf(ArrayRef<int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

void forEachIndex(ArrayRef<int64_t> shape, function_ref<void(ArrayRef<int64_t>)> body) {
  if (is_contained(shape, 0))
    return;
  Shape index(shape.size(), 0);
  while (true) {
    body(index);
    int64_t dim = static_cast<int64_t>(shape.size()) - 1;
    while (dim >= 0 && ++index[dim] == shape[dim])
      index[dim--] = 0;
    if (dim < 0)
      return;
  }
}

} // namespace eclip::frontend
