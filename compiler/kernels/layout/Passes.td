//===- Passes.td - data layout passes --------------------------*- tablegen -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_KERNELS_LAYOUT_PASSES
#define ECLIP_KERNELS_LAYOUT_PASSES

include "mlir/Pass/PassBase.td"

def EclipChannelsLast : Pass<"eclip-channels-last", "::mlir::func::FuncOp"> {
  let summary = "Compute convolutions and pooling channels-last";
  let description = [{
    Rewrites `linalg.conv_2d_nchw_fchw` to `linalg.conv_2d_nhwc_hwcf`,
    `linalg.conv_2d_ngchw_gfchw` to a generic over n, h, w, g, f with weights in
    g, kh, kw, c, f order (depthwise: weights in kh, kw, g order and no
    dimension of size one), and pooling to its nhwc form.

    One walk in program order keeps, for each value, a physical value and the
    order of its dimensions. A transpose is only a change of that order;
    elementwise operations, pads, concatenations, slices, reshapes and
    reductions take the order of their operands over. A transpose is written
    out only where an operation needs another order than there is, in general
    at the borders of the model. One that moves only dimensions of size one is
    a reshape.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
}

def EclipReorderProducts : Pass<"eclip-reorder-products", "::mlir::func::FuncOp"> {
  let summary = "Read flattened feature maps in the order of memory";
  let description = [{
    Where a contraction sums over a flattened transposition (a classifier after
    `eclip-channels-last`), it reads what is transposed instead, and its constant
    factor is put in that order; `eclip-fold-constants` does so once and for all.
    Not where the other factor is computed, or the constant has other users.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def EclipFoldConstants : Pass<"eclip-fold-constants", "::mlir::func::FuncOp"> {
  let summary = "Evaluate data movement and small arithmetic on constants";
  let description = [{
    Transposes, reshapes, slices, pads, concatenations and broadcasts of
    constants become constants of any size; elementwise generics do if the
    result has at most `max-elements` elements. Splats stay splats. Results of
    more than 16 elements are resources; a reshape shares its operand's blob.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let options = [
    Option<"maxElements", "max-elements", "int64_t", "4194304",
           "Largest result of an evaluated elementwise operation">,
  ];
}

#endif // ECLIP_KERNELS_LAYOUT_PASSES
