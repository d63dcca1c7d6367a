//===- Passes.td - kernel formation ----------------------------*- tablegen -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_KERNELS_FORMATION_PASSES
#define ECLIP_KERNELS_FORMATION_PASSES

include "mlir/Pass/PassBase.td"

def EclipMergeContractions : Pass<"eclip-merge-contractions", "::mlir::func::FuncOp"> {
  let summary = "Compute contractions of one input as one";
  let description = [{
    Contractions of the same value with different constant weights, alike but
    for the number of output features (query, key and value projections;
    convolutions of one shape side by side), become one whose weights are
    concatenated, and slices of its result. The input is read once, and one
    launch has the parallelism of all.

    Arithmetic with constants that follows all of them (bias, activation) is
    merged too, its constants concatenated. A multiplication by a scalar that
    follows only some, behind data movement, becomes a factor for each feature.

    A contraction is left alone if arithmetic, a concatenation or an output
    reads it, which its own kernel would otherwise compute or write, or if its
    slice would not be a multiple of 16 bytes wide.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
}

def EclipFormKernels : Pass<"eclip-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Divide @main into kernels and a schedule of dispatches";
  let description = [{
    Replaces `func.func @main` by `eclip.kernel`s, each the work of one GPU
    launch, and `eclip.schedule @main`.

    - Every contraction takes the elementwise operations after it whose
      elements correspond one to one to its own, up to the last point where one
      value leaves (a residual block, GELU and the like included). A product of
      batches also takes the data movement that puts its rows together as the
      contraction behind reads them (the heads of attention).
    - Every reduction does so too; a reduction over whole rows of at most 16384
      elements takes whatever stays within its rows, other reductions included
      (softmax, layer norm).
    - A concatenation whose pieces, but for one, are results of such kernels is
      an `eclip.buffer` that they write windows of. One that is a part of another
      lies in the other's buffer. Channel shuffles count as concatenations.
    - Going backwards from the outputs, each kernel takes the data movement and
      cheap arithmetic that feeds it. Data movement is recomputed wherever it is
      read, arithmetic where repeating it costs less than a launch. What remains
      between kernels becomes pointwise kernels, one for each value that must be
      in memory.

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
