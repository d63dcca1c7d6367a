//===- HalfConstants.cpp - constants in half precision --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/precision/HalfConstants.h"

#include "compiler/kernels/layout/ConstantData.h"

#include "mlir/IR/Threading.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace mlir;
using namespace eclip;

/// Elements that one thread converts at a time.
static constexpr size_t kChunk = 1 << 18;

static constexpr uint32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;

// Without branches that depend on the value but for the rare ends, so that the
// loop over a weight's elements is vectorized.
uint16_t eclip::halfFromSingle(uint32_t bits) {
  uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & kMagnitude;
  // Adding 1/2 puts the last place of an f16 subnormal last in the f32, and
  // rounds as the addition does.
  float aligned = llvm::bit_cast<float>(magnitude) + 0.5f;
  uint32_t subnormal = llvm::bit_cast<uint32_t>(aligned) - 0x3f000000;
  uint32_t odd = magnitude >> 13 & 1;
  uint32_t normal = (magnitude - (112u << 23) + 0xfff + odd) >> 13;
  uint32_t beyond = magnitude > kInfinity ? 0x7e00 : 0x7c00;
  uint32_t half = magnitude < 0x38800000   ? subnormal
                  : magnitude < 0x47800000 ? normal
                                           : beyond;
  return static_cast<uint16_t>(sign | half);
}

namespace {
/// The bits of the elements. Weights in a mapped file may stand anywhere.
class Words {
public:
  explicit Words(const ConstantData &data)
      : first(data.data.data()), count(data.data.size() / sizeof(uint32_t)) {}

  size_t size() const { return count; }
  uint32_t operator[](size_t index) const {
    uint32_t word;
    std::memcpy(&word, first + index * sizeof(word), sizeof(word));
    return word;
  }

private:
  const char *first;
  size_t count;
};
} // namespace

std::optional<float> eclip::largestMagnitude(Attribute value) {
  std::optional<ConstantData> data = readConstant(value);
  if (!data || !data->type.getElementType().isF32())
    return std::nullopt;
  Words words(*data);
  size_t chunks = llvm::divideCeil(words.size(), kChunk);
  std::vector<uint32_t> largest(chunks, 0);
  parallelFor(value.getContext(), 0, chunks, [&](size_t chunk) {
    uint32_t most = 0;
    size_t end = std::min(words.size(), (chunk + 1) * kChunk);
    for (size_t i = chunk * kChunk; i < end; ++i) {
      uint32_t magnitude = words[i] & kMagnitude;
      most = std::max(most, magnitude < kInfinity ? magnitude : 0);
    }
    largest[chunk] = most;
  });
  uint32_t most = 0;
  for (uint32_t one : largest)
    most = std::max(most, one);
  return llvm::bit_cast<float>(most);
}

TypedAttr eclip::toHalf(Attribute value) {
  std::optional<ConstantData> data = readConstant(value);
  MLIRContext *context = value.getContext();
  auto type = RankedTensorType::get(data->type.getShape(),
                                    Float16Type::get(context));
  Words words(*data);
  if (data->splat) {
    uint16_t half = halfFromSingle(words[0]);
    return makeSplat(
        type, ArrayRef(reinterpret_cast<const char *>(&half), sizeof(half)));
  }
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(words.size() * sizeof(uint16_t), 64);
  auto *halves = reinterpret_cast<uint16_t *>(blob.getMutableData().data());
  parallelFor(context, 0, llvm::divideCeil(words.size(), kChunk),
              [&](size_t chunk) {
                size_t end = std::min(words.size(), (chunk + 1) * kChunk);
                for (size_t i = chunk * kChunk; i < end; ++i)
                  halves[i] = halfFromSingle(words[i]);
              });
  return makeConstant(type, std::move(blob));
}
