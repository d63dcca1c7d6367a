//===- EclipDialect.cpp - registration and attribute verifiers ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/Eclip.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

#include "dialect/EclipDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/EclipAttrs.cpp.inc"

void EclipDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/EclipAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/EclipOps.cpp.inc"
      >();
}

int64_t eclip::tensorBytes(RankedTensorType type) {
  unsigned bits = type.getElementType().getIntOrFloatBitWidth();
  return type.getNumElements() * static_cast<int64_t>(llvm::divideCeil(bits, 8));
}

using EmitError = llvm::function_ref<InFlightDiagnostic()>;

static bool strictlyAscending(ArrayRef<int64_t> values) {
  for (size_t i = 1; i < values.size(); ++i)
    if (values[i] <= values[i - 1])
      return false;
  return true;
}

LogicalResult DeviceAttr::verify(EmitError emitError, StringRef name,
                                 StringRef target, int64_t cus,
                                 int64_t shaderEngines, int64_t maxMaskedQueues,
                                 ArrayRef<int64_t> maskSizes) {
  if (cus <= 0 || shaderEngines <= 0 || cus % shaderEngines != 0) // A1
    return emitError() << "device '" << name << "': " << cus
                       << " CUs are not a positive multiple of " << shaderEngines
                       << " shader engines";
  if (maskSizes.empty() || maskSizes.front() < 1 || maskSizes.back() != cus ||
      !strictlyAscending(maskSizes)) // A2
    return emitError() << "device '" << name
                       << "': mask_sizes must ascend strictly from at least 1 to "
                       << cus;
  if (maxMaskedQueues < 1) // A3
    return emitError() << "device '" << name
                       << "': max_masked_queues must be at least 1, is "
                       << maxMaskedQueues;
  return success();
}

LogicalResult CostAttr::verify(EmitError emitError, ArrayRef<int64_t> cus,
                               ArrayRef<int64_t> timeNs,
                               ArrayRef<int64_t> energyNj, StringRef source) {
  if (cus.empty() || cus.size() != timeNs.size() ||
      cus.size() != energyNj.size()) // A4
    return emitError() << "cost needs lists of one length, at least 1; has "
                       << cus.size() << " CU counts, " << timeNs.size()
                       << " times and " << energyNj.size() << " energies";
  if (cus.front() < 1 || !strictlyAscending(cus)) // A5
    return emitError() << "cost needs strictly ascending positive CU counts";
  if (llvm::any_of(timeNs, [](int64_t v) { return v <= 0; }))
    return emitError() << "cost needs positive times";
  if (llvm::any_of(energyNj, [](int64_t v) { return v < 0; }))
    return emitError() << "cost needs energies that are not negative";
  if (source != "model" && source != "profile")
    return emitError() << "cost source must be \"model\" or \"profile\", is \""
                       << source << "\"";
  return success();
}

int64_t CostAttr::indexOf(int64_t cuCount) const {
  const auto *it = llvm::find(getCus(), cuCount);
  return it == getCus().end() ? -1 : it - getCus().begin();
}

LogicalResult CuMaskAttr::verify(EmitError emitError, int64_t cus,
                                 ArrayRef<int64_t> words) {
  if (cus < 1 ||
      words.size() != llvm::divideCeil(static_cast<uint64_t>(cus), 32)) // A6
    return emitError() << "a mask of " << cus << " CUs needs "
                       << llvm::divideCeil(static_cast<uint64_t>(std::max<int64_t>(cus, 0)), 32)
                       << " words, has " << words.size();
  bool any = false;
  for (auto [i, word] : llvm::enumerate(words)) {
    if (word < 0 || word > 0xffffffffll)
      return emitError() << "mask word " << i << " does not fit 32 bits";
    any |= word != 0;
    int64_t valid = std::min<int64_t>(32, cus - static_cast<int64_t>(i) * 32);
    if (valid < 32 && (word >> valid) != 0) // A7
      return emitError() << "mask has a bit at or beyond CU " << cus;
  }
  if (!any)
    return emitError() << "mask is empty";
  return success();
}

int64_t CuMaskAttr::count() const {
  int64_t total = 0;
  for (int64_t word : getWords())
    total += llvm::popcount(static_cast<uint64_t>(word));
  return total;
}

bool CuMaskAttr::contains(int64_t cu) const {
  return cu >= 0 && cu < getCus() && ((getWords()[cu / 32] >> (cu % 32)) & 1);
}

LogicalResult LaunchAttr::verify(EmitError emitError, ArrayRef<int64_t> grid,
                                 ArrayRef<int64_t> workgroup, int64_t ldsBytes,
                                 int64_t scratchBytes, int64_t kernargBytes,
                                 int64_t vgprs, int64_t sgprs) {
  auto positive3 = [](ArrayRef<int64_t> v) {
    return v.size() == 3 && llvm::all_of(v, [](int64_t x) { return x > 0; });
  };
  if (!positive3(grid) || !positive3(workgroup)) // A8
    return emitError() << "launch needs three positive entries each in grid and "
                          "workgroup";
  if (workgroup[0] > 1024 || workgroup[1] > 1024 || workgroup[2] > 1024 ||
      workgroup[0] * workgroup[1] * workgroup[2] > 1024)
    return emitError() << "a workgroup has at most 1024 work-items";
  if (ldsBytes < 0 || scratchBytes < 0 || kernargBytes < 0 || vgprs < 0 ||
      sgprs < 0) // A9
    return emitError() << "launch resources must not be negative";
  return success();
}

LogicalResult WindowAttr::verify(EmitError emitError, RankedTensorType buffer,
                                 int64_t align) {
  if (!buffer.hasStaticShape() || buffer.getRank() == 0 ||
      !buffer.getElementType().isIntOrFloat()) // A10
    return emitError() << "a window's buffer must have a static shape of at least "
                          "one dimension with integers or floats, is "
                       << buffer;
  if (!llvm::isPowerOf2_64(align) || align > kBufferAlignment) // A11
    return emitError() << "a window's alignment must be a power of two up to "
                       << kBufferAlignment << ", is " << align;
  return success();
}

LogicalResult BoxAttr::verify(EmitError emitError, ArrayRef<int64_t> offsets,
                              ArrayRef<int64_t> sizes) {
  if (offsets.empty() || offsets.size() != sizes.size()) // A12
    return emitError() << "a box needs as many offsets as sizes, at least 1; has "
                       << offsets.size() << " and " << sizes.size();
  if (llvm::any_of(offsets, [](int64_t v) { return v < 0; }) ||
      llvm::any_of(sizes, [](int64_t v) { return v < 1; }))
    return emitError() << "a box needs offsets that are not negative and positive "
                          "sizes";
  return success();
}

bool BoxAttr::overlaps(BoxAttr other) const {
  for (auto [begin, size, otherBegin, otherSize] :
       llvm::zip(getOffsets(), getSizes(), other.getOffsets(), other.getSizes()))
    if (begin >= otherBegin + otherSize || otherBegin >= begin + size)
      return false;
  return true;
}

int64_t BoxAttr::getNumElements() const {
  int64_t count = 1;
  for (int64_t size : getSizes())
    count *= size;
  return count;
}

static int64_t elementBytes(RankedTensorType type) {
  return llvm::divideCeil(type.getElementType().getIntOrFloatBitWidth(), 8);
}

/// Row-major number of the element at `indices`.
static int64_t elementNumber(ArrayRef<int64_t> indices, RankedTensorType type) {
  int64_t number = 0;
  for (auto [index, size] : llvm::zip_equal(indices, type.getShape()))
    number = number * size + index;
  return number;
}

int64_t eclip::boxOffset(BoxAttr box, RankedTensorType type) {
  return elementNumber(box.getOffsets(), type) * elementBytes(type);
}

int64_t eclip::boxSpan(BoxAttr box, RankedTensorType type) {
  SmallVector<int64_t> last;
  for (int64_t size : box.getSizes())
    last.push_back(size - 1);
  return (elementNumber(last, type) + 1) * elementBytes(type);
}
