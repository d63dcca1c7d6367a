// tf32 stores floats and marks what multiplies them.
// RUN: eclip-opt %s --eclip-lower-precision=to=tf32 | FileCheck %s

// CHECK: module attributes {{.*}}eclip.precision = "tf32"
// CHECK: eclip.kernel @product attributes {eclip.kind = "contraction", eclip.precision = "tf32"}
// CHECK: tensor<8x8xf32>
// CHECK: eclip.kernel @twice attributes {eclip.kind = "pointwise"}
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
module {
  eclip.kernel @product attributes {eclip.kind = "contraction"} {
  ^bb0(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>):
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<8x8xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
    %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%x, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%init : tensor<8x8xf32>) {
    ^bb0(%l: f32, %r: f32, %acc: f32):
      %p = arith.mulf %l, %r : f32
      %s = arith.addf %acc, %p : f32
      linalg.yield %s : f32
    } -> tensor<8x8xf32>
    eclip.yield %r : tensor<8x8xf32>
  }
  eclip.kernel @twice attributes {eclip.kind = "pointwise"} {
  ^bb0(%x: tensor<8x8xf32>):
    %empty = tensor.empty() : tensor<8x8xf32>
    %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<8x8xf32>) outs(%empty : tensor<8x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %in, %in : f32
      linalg.yield %s : f32
    } -> tensor<8x8xf32>
    eclip.yield %r : tensor<8x8xf32>
  }
  eclip.schedule @main inputs ["x", "w"] outputs ["y"] {
  ^bb0(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>):
    %0 = eclip.dispatch @product(%x, %w) : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
    %1 = eclip.dispatch @twice(%0) : (tensor<8x8xf32>) -> tensor<8x8xf32>
    eclip.yield %1 : tensor<8x8xf32>
  }
}
