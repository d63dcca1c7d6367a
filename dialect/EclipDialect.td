//===- EclipDialect.td - the eclip dialect ---------------------*- tablegen -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_DIALECT
#define ECLIP_DIALECT

include "mlir/IR/OpBase.td"

def Eclip_Dialect : Dialect {
  let name = "eclip";
  let cppNamespace = "::eclip";
  let summary = "Kernels, CU groups, masked queues and barriers of one compiled model";
  let description = [{
    One module holds one model. `eclip.kernel` is the computation of one GPU
    launch, written as linalg on tensors. `eclip.schedule` is the model: a
    single block whose arguments are the model's inputs and whose
    `eclip.dispatch` operations launch kernels in a topological order.

    The passes add to the schedule: groups (how many compute units a run of
    dispatches gets), queues (which mask), barriers (which cross-queue
    dependencies are enforced), offsets (where each result lives in the arena).
    They rewrite nothing of it but the kernel that a dispatch names, which may
    have variants for some CU counts (dialect/Variants.h).
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::linalg::LinalgDialect"];
}

#endif // ECLIP_DIALECT
