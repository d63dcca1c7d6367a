//===- Convolution.h - convolutions that operators share --------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_CONVOLUTION_H
#define ECLIP_COMPILER_IMPORT_CONVOLUTION_H

#include "compiler/import/NodeEmitter.h"

namespace eclip::frontend {

/// One entry per spatial dimension.
struct ConvGeometry {
  int64_t group = 1;
  Shape strides, dilations;
  Shape low, high; // padding with zeros
};

/// The weights under a shape with as many elements.
using ShapedWeights = llvm::function_ref<mlir::Value(llvm::ArrayRef<int64_t>)>;

/// input [n, c, d..] with weights [f, c / group, k..] to [n, f, o..]. Two spatial
/// dimensions become linalg's named operations, one gets a unit height, three
/// are a linalg.generic.
mlir::Value convolve(NodeEmitter &e, mlir::Value input, llvm::ArrayRef<int64_t> weightShape, ShapedWeights weights,
                     const ConvGeometry &geometry);

/// value [n, f, o..] plus a vector of f.
mlir::Value addBias(NodeEmitter &e, mlir::Value value, mlir::Value bias);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_CONVOLUTION_H
