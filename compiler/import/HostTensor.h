//===- HostTensor.h - tensors known at import -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Element types of ONNX, and a tensor whose bytes are in host memory: an
// initializer (inside the model, or in a mapped weights file) or the result of
// a subgraph evaluated at import.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_HOSTTENSOR_H
#define ECLIP_COMPILER_IMPORT_HOSTTENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace eclip::frontend {

using Shape = llvm::SmallVector<int64_t, 4>;

/// The element types that the importer knows. Integers keep their signedness
/// here; in the IR they are signless and the emitters pick the operation.
enum class DType : uint8_t { F32, F16, BF16, F64, I8, I16, I32, I64, U8, U16, U32, U64, Bool };

/// ONNX's own name of the type, as in "float", "uint8", "bool".
llvm::StringRef dtypeName(DType type);
/// From TensorProto.DataType; none for strings, complex and narrow floats.
std::optional<DType> dtypeFromOnnx(int32_t code);
/// Bytes of one element; a bool takes one.
int64_t dtypeBytes(DType type);
bool isFloat(DType type);
bool isUnsigned(DType type); // bool included
inline bool isInt(DType type) { return !isFloat(type) && type != DType::Bool; }

/// No tensor may need more bytes than this: larger than any device's memory,
/// small enough that no size computation overflows.
constexpr int64_t kMaxTensorBytes = int64_t(1) << 36;

/// Product of the extents; none if an extent is negative or the product of the
/// nonzero ones times `elementBytes` exceeds kMaxTensorBytes.
std::optional<int64_t> checkedElements(llvm::ArrayRef<int64_t> shape, int64_t elementBytes);
/// "[1, 3, 224, 224]", for diagnostics.
std::string shapeText(llvm::ArrayRef<int64_t> shape);

/// A number of any element type: `f` holds floats, `i` integers and bools
/// (uint64 by its bits).
struct Scalar {
  double f = 0;
  int64_t i = 0;
};

/// Row-major elements in little-endian host memory. Copies share the bytes;
/// `owner` keeps them alive (a mapped file, the parsed model, a heap buffer).
struct HostTensor {
  DType type = DType::F32;
  Shape shape;
  std::shared_ptr<const void> owner;
  llvm::ArrayRef<char> bytes;
  /// The initializer's name, empty for computed tensors.
  std::string name;

  int64_t elements() const { return static_cast<int64_t>(bytes.size()) / dtypeBytes(type); }
  Scalar at(int64_t index) const;
  /// All elements as integers (uint64 by its bits); floats are not converted.
  llvm::SmallVector<int64_t> integers() const;
  /// All elements as doubles, integers converted.
  llvm::SmallVector<double> numbers() const;
  /// True if there is at least one element and all have the same bits.
  bool isSplat() const;
  /// The same bytes under another shape with as many elements.
  HostTensor reshaped(llvm::ArrayRef<int64_t> newShape) const;
};

/// A new tensor that the caller fills. The size must have passed
/// checkedElements.
struct MutableTensor {
  HostTensor tensor;
  char *data = nullptr;

  MutableTensor(DType type, llvm::ArrayRef<int64_t> shape);
  void set(int64_t index, Scalar value);
};

/// A 1-D tensor of int64.
HostTensor hostVector(llvm::ArrayRef<int64_t> values);
/// A tensor of float32 from doubles, rounded once.
HostTensor hostFloats(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values);

/// Row-major strides in elements.
Shape stridesOf(llvm::ArrayRef<int64_t> shape);
/// Calls `body` with each multi-index of `shape` in row-major order.
void forEachIndex(llvm::ArrayRef<int64_t> shape, llvm::function_ref<void(llvm::ArrayRef<int64_t>)> body);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_HOSTTENSOR_H
