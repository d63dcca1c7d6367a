//===- Passes.td - precision passes ----------------------------*- tablegen -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_KERNELS_PRECISION_PASSES
#define ECLIP_KERNELS_PRECISION_PASSES

include "mlir/Pass/PassBase.td"

def EclipLowerPrecision : Pass<"eclip-lower-precision", "::mlir::ModuleOp"> {
  let summary = "Store f32 tensors between kernels in half precision";
  let description = [{
    Runs on formed kernels, where it is known which tensors go through memory.
    The schedule's f32 constants and the results of its dispatches become f16,
    constants once, while compiling. Inputs and outputs of the model keep their
    types: the first and last kernels convert. A kernel with an f16 argument or
    result has a name that ends in `_f16`.

    Inside of a kernel

    - the two factors of a contraction are f16 and its products are added up in
      f32; data movement in front of it moves halves,
    - everything else is computed in f32, sums of softmax, normalization and
      pooling among it: values are extended where they are read and truncated
      once where they are stored.

    A tensor stays f32

    - (H1) if it is an input or an output of the model,
    - (H2) if it is a constant whose largest finite magnitude is beyond what f16
      holds (65504) or, where it is not zero, below its smallest normal number
      (2^-14),
    - (H3) if finite constants beyond 65504 may have gone into it: an attention
      mask of -3.4e38 would become -infinity, and a row of only that a NaN.
      The analysis follows values through kernels; exp, tanh and the like end it,
    - (H4) if it is an integer of more than 16 bits, made a float,
    - (H5) if it is a sum over a dimension that nothing has scaled yet,
    - (H6) if a kernel that makes integers of floats reads it.

    Other types, integers and f64 among them, are left alone.

    With `to=tf32` everything is stored as f32, and kernels that are contractions
    get `eclip.precision = "tf32"`: on tensor cores their factors are rounded to
    10 bits of mantissa, and products are added up in f32.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [
    Option<"to", "to", "std::string", "\"f16\"",
           "Type to store tensors in: f16; or tf32 to multiply in">,
  ];
}

#endif // ECLIP_KERNELS_PRECISION_PASSES
