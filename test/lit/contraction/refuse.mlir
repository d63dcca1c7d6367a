// What the contraction generator does not take, and what it says then.
// RUN: eclip-opt %s --eclip-compile-kernels -split-input-file -verify-diagnostics

// expected-error @+2 {{contraction accumulates in 'f64', only f32 is supported}}
// expected-note @+1 {{in kernel 'double'}}
eclip.kernel @double attributes {eclip.kind = "contraction"} {
^bb0(%a: tensor<8x8xf64>, %b: tensor<8x8xf64>):
  %zero = arith.constant 0.0 : f64
  %empty = tensor.empty() : tensor<8x8xf64>
  %init = linalg.fill ins(%zero : f64) outs(%empty : tensor<8x8xf64>) -> tensor<8x8xf64>
  %r = linalg.matmul ins(%a, %b : tensor<8x8xf64>, tensor<8x8xf64>)
    outs(%init : tensor<8x8xf64>) -> tensor<8x8xf64>
  eclip.yield %r : tensor<8x8xf64>
}

// -----

// expected-error @+2 {{no contraction in a kernel of kind "contraction"}}
// expected-note @+1 {{in kernel 'none'}}
eclip.kernel @none attributes {eclip.kind = "contraction"} {
^bb0(%a: tensor<8xf32>):
  %empty = tensor.empty() : tensor<8xf32>
  %r = linalg.exp ins(%a : tensor<8xf32>) outs(%empty : tensor<8xf32>) -> tensor<8xf32>
  eclip.yield %r : tensor<8xf32>
}

// -----

// expected-error @+2 {{a contraction kernel holds one contraction, this one has at least two}}
// expected-note @+1 {{in kernel 'two'}}
eclip.kernel @two attributes {eclip.kind = "contraction"} {
^bb0(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>)
    outs(%init : tensor<8x8xf32>) -> tensor<8x8xf32>
  %s = linalg.matmul ins(%r, %b : tensor<8x8xf32>, tensor<8x8xf32>)
    outs(%init : tensor<8x8xf32>) -> tensor<8x8xf32>
  eclip.yield %s : tensor<8x8xf32>
}

// -----

// expected-error @+2 {{a contraction kernel may hold no other reduction, but has a linalg.reduce}}
// expected-note @+1 {{in kernel 'reduction'}}
eclip.kernel @reduction attributes {eclip.kind = "contraction"} {
^bb0(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>)
    outs(%init : tensor<8x8xf32>) -> tensor<8x8xf32>
  %row = tensor.empty() : tensor<8xf32>
  %row_init = linalg.fill ins(%zero : f32) outs(%row : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.reduce ins(%r : tensor<8x8xf32>) outs(%row_init : tensor<8xf32>) dimensions = [1]
    (%x: f32, %acc: f32) {
      %sum = arith.addf %x, %acc : f32
      linalg.yield %sum : f32
    }
  eclip.yield %s : tensor<8xf32>
}

// -----

// expected-error @+2 {{the tail of a contraction is one-to-one, but tensor.pad}}
// expected-note @+1 {{in kernel 'padded_result'}}
eclip.kernel @padded_result attributes {eclip.kind = "contraction"} {
^bb0(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>)
    outs(%init : tensor<8x8xf32>) -> tensor<8x8xf32>
  %p = tensor.pad %r low[0, 1] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<8x8xf32> to tensor<8x10xf32>
  eclip.yield %p : tensor<8x10xf32>
}

// -----

// The sum of the result and its transpose reads two elements of it.
// expected-error @+2 {{the tail of a contraction is one-to-one, but linalg.generic}}
// expected-note @+1 {{in kernel 'symmetric'}}
eclip.kernel @symmetric attributes {eclip.kind = "contraction"} {
^bb0(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>)
    outs(%init : tensor<8x8xf32>) -> tensor<8x8xf32>
  %s = linalg.generic {
    indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>,
                     affine_map<(i, j) -> (i, j)>],
    iterator_types = ["parallel", "parallel"]}
    ins(%r, %r : tensor<8x8xf32>, tensor<8x8xf32>) outs(%empty : tensor<8x8xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %sum = arith.addf %x, %y : f32
    linalg.yield %sum : f32
  } -> tensor<8x8xf32>
  eclip.yield %s : tensor<8x8xf32>
}

// -----

// expected-error @+2 {{a yielded value does not depend on the contraction}}
// expected-note @+1 {{in kernel 'unrelated'}}
eclip.kernel @unrelated attributes {eclip.kind = "contraction"} {
^bb0(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>)
    outs(%init : tensor<8x8xf32>) -> tensor<8x8xf32>
  eclip.yield %r, %init : tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

// expected-error @+2 {{argument of type 'tensor<16384x32768xf32>' has 2^31 bytes or more}}
// expected-note @+1 {{in kernel 'large'}}
eclip.kernel @large attributes {eclip.kind = "contraction"} {
^bb0(%a: tensor<16384x32768xf32>, %b: tensor<32768x8xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16384x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<16384x8xf32>) -> tensor<16384x8xf32>
  %r = linalg.matmul ins(%a, %b : tensor<16384x32768xf32>, tensor<32768x8xf32>)
    outs(%init : tensor<16384x8xf32>) -> tensor<16384x8xf32>
  eclip.yield %r : tensor<16384x8xf32>
}
