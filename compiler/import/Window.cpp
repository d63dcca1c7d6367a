//===- Window.cpp - sliding windows of convolution and pooling ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Window.h"

using namespace mlir;

namespace eclip::frontend {

/// Window attributes above this are no network's; below it no sum of a few
/// products overflows.
static constexpr int64_t kMaxExtent = int64_t(1) << 20;

Window Window::withUnitHeight() const {
  Window w = *this;
  for (Shape *shape : {&w.kernel, &w.strides, &w.dilations, &w.out})
    shape->insert(shape->begin(), 1);
  for (Shape *shape : {&w.low, &w.high, &w.ceilExtra})
    shape->insert(shape->begin(), 0);
  return w;
}

FailureOr<Shape> readExtents(NodeEmitter &e, StringRef name, int64_t count, int64_t least, int64_t fallback) {
  SmallVector<int64_t> values = e.intsAttr(name, SmallVector<int64_t>(count, fallback));
  if (static_cast<int64_t>(values.size()) != count)
    return e.error("attribute '" + name + "' has " + Twine(values.size()) + " values, needs " + Twine(count));
  for (int64_t value : values)
    if (value < least || value > kMaxExtent)
      return e.error("attribute '" + name + "' holds " + Twine(value) + ", which is out of range");
  return Shape(values.begin(), values.end());
}

/// Padding of SAME_UPPER and SAME_LOWER: the result has ceil(in / stride).
static void samePadding(Window &w, size_t i, int64_t in, int64_t effective, bool upper) {
  int64_t out = (in + w.strides[i] - 1) / w.strides[i];
  int64_t total = std::max<int64_t>(0, (out - 1) * w.strides[i] + effective - in);
  w.low[i] = upper ? total / 2 : total - total / 2;
  w.high[i] = total - w.low[i];
}

FailureOr<Window> readWindow(NodeEmitter &e, int64_t spatial, ArrayRef<int64_t> weightKernel, bool ceilMode) {
  Window w;
  FailureOr<Shape> kernel = readExtents(e, "kernel_shape", spatial, 1, 1);
  FailureOr<Shape> strides = failed(kernel) ? kernel : readExtents(e, "strides", spatial, 1, 1);
  FailureOr<Shape> dilations = failed(strides) ? strides : readExtents(e, "dilations", spatial, 1, 1);
  FailureOr<Shape> pads = failed(dilations) ? dilations : readExtents(e, "pads", 2 * spatial, 0, 0);
  if (failed(pads))
    return failure();
  w.kernel = *kernel;
  w.strides = *strides;
  w.dilations = *dilations;
  if (!weightKernel.empty()) {
    if (e.attribute("kernel_shape") && ArrayRef<int64_t>(w.kernel) != weightKernel)
      return e.error("attribute 'kernel_shape' is " + shapeText(w.kernel) + ", the weights have " +
                     shapeText(weightKernel));
    w.kernel.assign(weightKernel.begin(), weightKernel.end());
  }
  w.low.assign(pads->begin(), pads->begin() + spatial);
  w.high.assign(pads->begin() + spatial, pads->end());
  w.ceilExtra.assign(spatial, 0);

  std::string autoPad = e.stringAttr("auto_pad", "NOTSET");
  bool isSame = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (!isSame && autoPad != "VALID" && autoPad != "NOTSET")
    return e.error("attribute 'auto_pad' is '" + autoPad + "', which is not supported");
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t in = e.shape(0)[2 + i];
    int64_t effective = (w.kernel[i] - 1) * w.dilations[i] + 1;
    if (isSame)
      samePadding(w, i, in, effective, autoPad == "SAME_UPPER");
    else if (autoPad == "VALID")
      w.low[i] = w.high[i] = 0;
    int64_t room = in + w.low[i] + w.high[i] - effective;
    if (room < 0)
      return e.error("a window of " + Twine(effective) + " does not fit the padded input of " +
                     Twine(room + effective) + " in spatial dimension " + Twine(i));
    int64_t out = room / w.strides[i] + 1;
    // A last, partial window counts if it begins before the right padding.
    if (ceilMode && room % w.strides[i] && out * w.strides[i] < in + w.low[i])
      ++out;
    w.ceilExtra[i] = std::max<int64_t>(0, (out - 1) * w.strides[i] - room);
    w.out.push_back(out);
  }
  return w;
}

} // namespace eclip::frontend
