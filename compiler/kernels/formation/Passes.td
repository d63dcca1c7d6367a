//===- Passes.td - kernel formation ----------------------------*- tablegen -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_KERNELS_FORMATION_PASSES
#define ECLIP_KERNELS_FORMATION_PASSES

include "mlir/Pass/PassBase.td"

def EclipFormKernels : Pass<"eclip-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Divide @main into kernels and a schedule of dispatches";
  let description = [{
    Replaces `func.func @main` by `eclip.kernel`s, each the work of one GPU
    launch, and `eclip.schedule @main`.

    - Every contraction takes the elementwise operations after it whose
      elements correspond one to one to its own, up to the last point where one
      value leaves (a residual block, GELU and the like included).
    - Every reduction does so too; a reduction over whole rows of at most 16384
      elements takes whatever stays within its rows, other reductions included
      (softmax, layer norm).
    - Going backwards from the outputs, each kernel takes the data movement and
      cheap arithmetic that feeds it. Data movement is recomputed wherever it is
      read, arithmetic only where it is used once. What remains between kernels
      becomes pointwise kernels, one for each value that must be in memory.

    A kernel has the attribute `eclip.kind`: `contraction`, `reduction` or
    `pointwise`. Its body holds `linalg.generic`, `linalg.fill`, pads, slices,
    reshapes, concatenations and scalar or splat constants; other constants are
    operands of the dispatch. Kernels of equal bodies are one kernel. A dispatch
    has the attribute `eclip.nodes`, the ONNX nodes that it computes.
  }];
  let dependentDialects = ["::eclip::EclipDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
}

#endif // ECLIP_KERNELS_FORMATION_PASSES
