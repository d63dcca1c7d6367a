//===- ConstantData.cpp - raw data of constants ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/layout/ConstantData.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Threading.h"

#include <cstring>

using namespace mlir;
using namespace eclip;

/// Above this many elements a constant becomes a resource.
static constexpr int64_t kInlineElements = 16;
/// Copies of fewer bytes than this stay on one thread.
static constexpr int64_t kParallelBytes = 1 << 20;
/// Side of the square tiles of a transposing copy, in elements.
static constexpr int64_t kTile = 32;

unsigned eclip::constantElementBytes(Type type) {
  if (type.isIndex())
    return 8;
  if (!type.isIntOrFloat())
    return 0;
  unsigned bits = type.getIntOrFloatBitWidth();
  if (bits == 1)
    return 1;
  return bits == 8 || bits == 16 || bits == 32 || bits == 64 ? bits / 8 : 0;
}

std::optional<ConstantData> eclip::readConstant(Attribute attr) {
  auto elements = dyn_cast_or_null<ElementsAttr>(attr);
  if (!elements)
    return std::nullopt;
  ConstantData result;
  result.type = dyn_cast<RankedTensorType>(elements.getShapedType());
  if (!result.type || !result.type.hasStaticShape())
    return std::nullopt;
  result.elementBytes = constantElementBytes(result.type.getElementType());
  if (result.elementBytes == 0)
    return std::nullopt;
  size_t fullBytes = result.type.getNumElements() * result.elementBytes;
  if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    result.splat = dense.isSplat();
    if (result.type.getElementType().isInteger(1)) { // Packed bits.
      if (result.splat)
        result.storage.push_back(dense.getSplatValue<bool>());
      else
        for (bool value : dense.getValues<bool>())
          result.storage.push_back(value);
      result.data = result.storage;
      return result;
    }
    result.data = dense.getRawData();
    if (result.data.size() != (result.splat ? result.elementBytes : fullBytes))
      return std::nullopt;
    return result;
  }
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() != fullBytes || fullBytes == 0)
      return std::nullopt;
    result.data = blob->getData();
    return result;
  }
  return std::nullopt;
}

TypedAttr eclip::makeSplat(RankedTensorType type, ArrayRef<char> element) {
  if (type.getElementType().isInteger(1))
    return DenseElementsAttr::get(type, element.front() != 0);
  return DenseElementsAttr::getFromRawBuffer(type, element);
}

TypedAttr eclip::makeConstant(RankedTensorType type, AsmResourceBlob blob) {
  ArrayRef<char> data = blob.getData();
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> bits;
    for (char c : data)
      bits.push_back(c != 0);
    return DenseElementsAttr::get(type, bits);
  }
  if (type.getNumElements() <= kInlineElements)
    return DenseElementsAttr::getFromRawBuffer(type, data);
  auto &manager =
      DenseResourceElementsHandle::getManagerInterface(type.getContext());
  return DenseResourceElementsAttr::get(type,
                                        manager.insert("folded", std::move(blob)));
}

SmallVector<int64_t> eclip::rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

namespace {
struct Dim {
  int64_t size, dst, src;
};
} // namespace

/// Drops dimensions of size one and merges neighbours that are contiguous in
/// each other on both sides.
static SmallVector<Dim> simplify(ArrayRef<int64_t> shape, ArrayRef<int64_t> dst,
                                 ArrayRef<int64_t> src) {
  SmallVector<Dim> dims;
  for (auto [size, d, s] : llvm::zip_equal(shape, dst, src)) {
    if (size == 1)
      continue;
    if (!dims.empty() && dims.back().dst == d * size && dims.back().src == s * size)
      dims.back() = {dims.back().size * size, d, s};
    else
      dims.push_back({size, d, s});
  }
  return dims;
}

/// One row: the innermost dimension.
template <typename T>
static void copyRow(T *dst, const T *src, const Dim &dim) {
  if (dim.dst == 1 && dim.src == 1) {
    std::memcpy(dst, src, dim.size * sizeof(T));
  } else if (dim.dst == 1 && dim.src == 0) {
    std::fill_n(dst, dim.size, *src);
  } else {
    for (int64_t i = 0; i < dim.size; ++i)
      dst[i * dim.dst] = src[i * dim.src];
  }
}

/// Two dimensions, the source contiguous in `row` and the destination in `col`.
template <typename T>
static void copyTransposed(T *dst, const T *src, const Dim &row, const Dim &col) {
  for (int64_t i0 = 0; i0 < row.size; i0 += kTile)
    for (int64_t j0 = 0; j0 < col.size; j0 += kTile) {
      int64_t iEnd = std::min(i0 + kTile, row.size);
      int64_t jEnd = std::min(j0 + kTile, col.size);
      for (int64_t i = i0; i < iEnd; ++i)
        for (int64_t j = j0; j < jEnd; ++j)
          dst[i * row.dst + j * col.dst] = src[i * row.src + j * col.src];
    }
}

template <typename T>
static void copyDims(T *dst, const T *src, ArrayRef<Dim> dims) {
  if (dims.empty()) {
    *dst = *src;
    return;
  }
  if (dims.size() == 1)
    return copyRow(dst, src, dims[0]);
  if (dims.size() == 2 && dims[1].src != 1 && dims[0].src == 1)
    return copyTransposed(dst, src, dims[0], dims[1]);
  for (int64_t i = 0; i < dims[0].size; ++i)
    copyDims(dst + i * dims[0].dst, src + i * dims[0].src, dims.drop_front());
}

/// Moves the dimension that is contiguous in the source next to the innermost,
/// where copyTransposed finds it. The order of copying is free.
static void orderForBlocking(SmallVectorImpl<Dim> &dims) {
  if (dims.size() < 3 || dims.back().src == 1)
    return;
  for (size_t i = 0; i + 2 < dims.size(); ++i)
    if (dims[i].src == 1) {
      std::rotate(dims.begin() + i, dims.begin() + i + 1, dims.end() - 1);
      return;
    }
}

template <typename T>
static void copyTyped(MLIRContext *context, char *dst, const char *src,
                      ArrayRef<Dim> dims, int64_t total) {
  auto *d = reinterpret_cast<T *>(dst);
  const auto *s = reinterpret_cast<const T *>(src);
  if (dims.empty() || total * static_cast<int64_t>(sizeof(T)) < kParallelBytes)
    return copyDims(d, s, dims);
  constexpr int64_t kChunks = 16;
  int64_t size = dims[0].size;
  int64_t chunk = llvm::divideCeil(size, std::min(size, kChunks));
  parallelFor(context, 0, llvm::divideCeil(size, chunk), [&](size_t c) {
    SmallVector<Dim> part(dims);
    int64_t begin = static_cast<int64_t>(c) * chunk;
    part[0].size = std::min(chunk, size - begin);
    copyDims(d + begin * part[0].dst, s + begin * part[0].src, part);
  });
}

void eclip::stridedCopy(MLIRContext *context, ArrayRef<int64_t> shape, char *dst,
                        ArrayRef<int64_t> dstStrides, const char *src,
                        ArrayRef<int64_t> srcStrides, unsigned elementBytes) {
  int64_t total = 1;
  for (int64_t size : shape)
    total *= size;
  if (total == 0)
    return;
  SmallVector<Dim> dims = simplify(shape, dstStrides, srcStrides);
  orderForBlocking(dims);
  switch (elementBytes) {
  case 1:
    return copyTyped<uint8_t>(context, dst, src, dims, total);
  case 2:
    return copyTyped<uint16_t>(context, dst, src, dims, total);
  case 4:
    return copyTyped<uint32_t>(context, dst, src, dims, total);
  case 8:
    return copyTyped<uint64_t>(context, dst, src, dims, total);
  default:
    llvm_unreachable("readConstant admits 1, 2, 4 and 8 bytes");
  }
}
