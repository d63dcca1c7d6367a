// Constraints K1 to K3 of eclip.kernel.
// RUN: eclip-opt %s --split-input-file --verify-diagnostics

// K1
// expected-error@+1 {{argument 0 must be a tensor of static shape, is 'tensor<?xf32>'}}
eclip.kernel @k {
^bb0(%a: tensor<?xf32>):
  %c = arith.constant dense<0.0> : tensor<4xf32>
  eclip.yield %c : tensor<4xf32>
}

// -----

// K1
// expected-error@+1 {{argument 1 must be a tensor of static shape, is 'i32'}}
eclip.kernel @k {
^bb0(%a: tensor<4xf32>, %b: i32):
  eclip.yield %a : tensor<4xf32>
}

// -----

// K1
// expected-error@+1 {{result 0 must be a tensor of static shape, is 'tensor<?xf32>'}}
eclip.kernel @k {
^bb0(%a: tensor<4xf32>):
  %b = tensor.cast %a : tensor<4xf32> to tensor<?xf32>
  eclip.yield %b : tensor<?xf32>
}

// -----

// K1: the bytes of an index are not known
// expected-error@+1 {{argument 0 must have elements of integers or floats, is 'tensor<4xindex>'}}
eclip.kernel @k {
^bb0(%a: tensor<4xindex>):
  %c = arith.constant dense<0.0> : tensor<4xf32>
  eclip.yield %c : tensor<4xf32>
}

// -----

// K2
// expected-error@+1 {{must yield at least one value}}
eclip.kernel @k {
^bb0(%a: tensor<4xf32>):
  eclip.yield
}

// -----

// K3
// expected-error@+1 {{has 2 arguments and results, so 16 kernarg bytes, not 8}}
eclip.kernel @k launch <grid = [1, 1, 1], workgroup = [64, 1, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 8, vgprs = 1, sgprs = 1> {
^bb0(%a: tensor<4xf32>):
  eclip.yield %a : tensor<4xf32>
}

// -----

// A kernel ends with a yield.
// expected-error@+1 {{must end with eclip.yield}}
eclip.kernel @k {
^bb0(%a: tensor<4xf32>):
  llvm.unreachable
}

// -----

// A kernel stands in a module.
func.func @f() {
  // expected-error@+1 {{'eclip.kernel' op expects parent op 'builtin.module'}}
  eclip.kernel @k {
  ^bb0(%a: tensor<4xf32>):
    eclip.yield %a : tensor<4xf32>
  }
  return
}
