// RUN: eclip-opt %s --eclip-compile-kernels -verify-diagnostics -split-input-file

// expected-error @+2 {{has no eclip.kind}}
// expected-note @+1 {{in kernel 'no_kind'}}
eclip.kernel @no_kind {
^bb0(%a: tensor<4xf32>):
  eclip.yield %a : tensor<4xf32>
}

// -----

// expected-error @+2 {{no generator for kernels of kind "sorting"}}
// expected-note @+1 {{in kernel 'unknown_kind', nodes 'sort_1', 'sort_2'}}
eclip.kernel @unknown_kind attributes {eclip.kind = "sorting", eclip.nodes = ["sort_1", "sort_2"]} {
^bb0(%a: tensor<4xf32>):
  eclip.yield %a : tensor<4xf32>
}

// -----

// expected-error @+2 {{no code for arith.constant: only splat constants may be in a kernel}}
// expected-note @+1 {{in kernel 'table', node 'Add_7'}}
eclip.kernel @table attributes {eclip.kind = "pointwise", eclip.nodes = ["Add_7"]} {
^bb0(%a: tensor<2xf32>):
  %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %r = arith.addf %a, %c : tensor<2xf32>
  eclip.yield %r : tensor<2xf32>
}

// -----

// expected-error @+2 {{no code for tensor.reshape: not an operation that can be evaluated by index}}
// expected-note @+1 {{in kernel 'foreign'}}
eclip.kernel @foreign attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<4xf32>, %b: tensor<2xi32>):
  %r = tensor.reshape %a(%b) : (tensor<4xf32>, tensor<2xi32>) -> tensor<2x2xf32>
  eclip.yield %r : tensor<2x2xf32>
}

// -----

// expected-error @+2 {{no code for tensor.extract_slice: dynamic offsets or strides}}
// expected-note @+1 {{in kernel 'slice_by_value'}}
eclip.kernel @slice_by_value attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<5xi32>):
  %i = arith.constant 1 : index
  %r = tensor.extract_slice %a[%i] [3] [1] : tensor<5xi32> to tensor<3xi32>
  eclip.yield %r : tensor<3xi32>
}

// -----

#map = affine_map<(d0) -> (d0)>
// expected-error @+2 {{no code for arith.extf of 'f128': no arithmetic in this type}}
// expected-note @+1 {{in kernel 'quadruple_exp', node 'Exp_0'}}
eclip.kernel @quadruple_exp attributes {eclip.kind = "pointwise", eclip.nodes = ["Exp_0"]} {
^bb0(%a: tensor<8xf64>):
  %e = tensor.empty() : tensor<8xf64>
  %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%a : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%x: f64, %o: f64):
    %0 = arith.extf %x : f64 to f128
    %1 = math.exp %0 : f128
    %2 = arith.truncf %1 : f128 to f64
    linalg.yield %2 : f64
  } -> tensor<8xf64>
  eclip.yield %r : tensor<8xf64>
}

// -----

// expected-error @+1 {{no code for elements of type 'i4'}}
eclip.kernel @half_bytes attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<8xi4>):
  eclip.yield %a : tensor<8xi4>
}
