//===- Window.h - sliding windows of convolution and pooling ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_WINDOW_H
#define ECLIP_COMPILER_IMPORT_WINDOW_H

#include "compiler/import/NodeEmitter.h"

namespace eclip::frontend {

/// The window attributes of a node, one entry per spatial dimension.
struct Window {
  Shape kernel, strides, dilations;
  Shape low, high; // padding, auto_pad resolved
  Shape out;       // extents of the result
  /// Padding beyond `high` that the last window of ceil_mode needs.
  Shape ceilExtra;

  /// The same window over a leading spatial dimension of extent 1.
  Window withUnitHeight() const;
};

/// Reads auto_pad, dilations, kernel_shape, pads, strides and computes the
/// result's extents. `weightKernel` is the kernel of a convolution's weights,
/// empty for pooling, which takes kernel_shape.
mlir::FailureOr<Window> readWindow(NodeEmitter &e, int64_t spatial, llvm::ArrayRef<int64_t> weightKernel,
                                   bool ceilMode);

/// An attribute of `count` values from `least` up, `fallback` each if absent.
mlir::FailureOr<Shape> readExtents(NodeEmitter &e, llvm::StringRef name, int64_t count, int64_t least,
                                   int64_t fallback);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_WINDOW_H
