// What eclip-lower-precision refuses.
// RUN: not eclip-opt %s -split-input-file --eclip-lower-precision=to=bf16 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: eclip-opt %s --eclip-lower-precision=to=f16 -split-input-file -verify-diagnostics

// TYPE: error: tensors can't be stored in 'bf16'; known: f16, tf32

// expected-error @below {{has no eclip.schedule: precision is lowered after --eclip-form-kernels}}
module {
}

// -----

module {
  // expected-error @below {{is compiled: precision is lowered before --eclip-compile-kernels}}
  eclip.kernel @done launch <grid = [1, 1, 1], workgroup = [64, 1, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 16, vgprs = 24, sgprs = 16> {
  ^bb0(%x: tensor<8xf32>):
    eclip.yield %x : tensor<8xf32>
  }
  eclip.schedule @main inputs ["x"] outputs ["y"] {
  ^bb0(%x: tensor<8xf32>):
    %y = eclip.dispatch @done(%x) : (tensor<8xf32>) -> tensor<8xf32>
    eclip.yield %y : tensor<8xf32>
  }
}
