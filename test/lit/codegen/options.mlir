// RUN: not eclip-opt %s --eclip-compile-kernels=target=gfx1100 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not eclip-opt %s --eclip-compile-kernels=stop-after=sass 2>&1 | FileCheck %s --check-prefix=STAGE
// RUN: not eclip-opt %s --eclip-compile-kernels="stop-after=asm kernel=nope" 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not eclip-opt %s --eclip-compile-kernels=code-file=%t.no-such-folder/code 2>&1 | FileCheck %s --check-prefix=FILE
// RUN: eclip-opt %s --eclip-compile-kernels="stop-after=asm kernel=b" | FileCheck %s --check-prefix=ONE

// TARGET: unknown target gfx1100, known: gfx906, sm_80, sm_90
// STAGE: unknown stage sass, known are gpu, rocdl, llvm and asm
// NAME: no kernel 'nope'
// FILE: can't write {{.*}}no-such-folder/code
// ONE-NOT: .globl a
// ONE: .globl b
// ONE-NOT: .globl a
eclip.kernel @a attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<4xf32>):
  eclip.yield %a : tensor<4xf32>
}
eclip.kernel @b attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<8xf32>):
  eclip.yield %a : tensor<8xf32>
}
