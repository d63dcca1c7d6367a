//===- Constants.cpp - layout and bytes of the constants section ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Constants.h"

#include "dialect/Eclip.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

#include <vector>

using namespace mlir;
using namespace eclip;

static uint64_t byteSize(Attribute attr) {
  return tensorBytes(
      cast<RankedTensorType>(cast<ElementsAttr>(attr).getShapedType()));
}

FailureOr<uint64_t> ConstantTable::add(Operation *op) {
  Attribute attr;
  if (!matchPattern(op, m_Constant(&attr)) ||
      !isa<DenseElementsAttr, DenseResourceElementsAttr>(attr))
    return op->emitOpError("has no value that can be written to a file");
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return op->emitOpError() << "names the resource '"
                               << resource.getRawHandle().getKey()
                               << "', which the module does not hold";
    if (blob->getData().size() != byteSize(attr))
      return op->emitOpError()
             << "needs " << byteSize(attr) << " bytes, resource '"
             << resource.getRawHandle().getKey() << "' has "
             << blob->getData().size();
  }
  auto [it, isNew] = offsets.insert({attr, total});
  if (isNew)
    total = llvm::alignTo(total + byteSize(attr), kBufferAlignment);
  return it->second;
}

/// Bytes of a dense attribute, expanded: splats repeated, i1 one byte each.
static std::vector<char> expand(DenseElementsAttr attr) {
  std::vector<char> bytes(byteSize(attr));
  ArrayRef<char> raw = attr.getRawData();
  if (attr.getElementType().isInteger(1)) {
    size_t i = 0;
    for (bool value : attr.getValues<bool>())
      bytes[i++] = value;
  } else if (attr.isSplat()) {
    for (size_t i = 0; i < bytes.size(); i += raw.size())
      std::copy(raw.begin(), raw.end(), bytes.begin() + i);
  } else {
    std::copy(raw.begin(), raw.end(), bytes.begin());
  }
  return bytes;
}

void ConstantTable::write(
    llvm::function_ref<void(ArrayRef<char>)> sink) const {
  static const char zeros[kBufferAlignment] = {};
  for (auto &[attr, offset] : offsets) {
    if (auto dense = dyn_cast<DenseElementsAttr>(attr))
      sink(expand(dense));
    else
      sink(cast<DenseResourceElementsAttr>(attr).getRawHandle().getBlob()->getData());
    uint64_t size = byteSize(attr);
    sink(ArrayRef<char>(zeros, llvm::alignTo(size, kBufferAlignment) - size));
  }
}
