// RUN: eclip-opt %s --eclip-cut-kernels | FileCheck %s

#all = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>

// (C2) Each of 4096 x 4096 elements would compute its column's tanh of exp again.
//
// CHECK-LABEL: eclip.kernel @outer_part
// CHECK-NEXT:  ^bb0(%{{.*}}: tensor<4096xf32>):
// CHECK:         math.exp
// CHECK:         eclip.yield %{{.*}} : tensor<4096xf32>
// CHECK:       eclip.kernel @outer attributes
// CHECK-NEXT:  ^bb0(%{{.*}}: tensor<4096x4096xf32>, %{{.*}}: tensor<4096xf32>):
// CHECK-NOT:     math.exp
// CHECK:         arith.mulf
eclip.kernel @outer attributes {eclip.kind = "pointwise"} {
^bb0(%m: tensor<4096x4096xf32>, %v: tensor<4096xf32>):
  %e1 = tensor.empty() : tensor<4096xf32>
  %f = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%v : tensor<4096xf32>) outs(%e1 : tensor<4096xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    %1 = math.tanh %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4096xf32>
  %e = tensor.empty() : tensor<4096x4096xf32>
  %r = linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]}
      ins(%m, %f : tensor<4096x4096xf32>, tensor<4096xf32>) outs(%e : tensor<4096x4096xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4096x4096xf32>
  eclip.yield %r : tensor<4096x4096xf32>
}

// A softmax reduces its rows once: nothing is worth storing.
//
// CHECK-LABEL: eclip.kernel @softmax attributes
// CHECK-NEXT:  ^bb0(%{{.*}}: tensor<4096x4096xf32>):
// CHECK:         eclip.yield
// CHECK-NOT:   eclip.kernel
eclip.kernel @softmax attributes {eclip.kind = "reduction"} {
^bb0(%x: tensor<4096x4096xf32>):
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %er = tensor.empty() : tensor<4096xf32>
  %e = tensor.empty() : tensor<4096x4096xf32>
  %i0 = linalg.fill ins(%low : f32) outs(%er : tensor<4096xf32>) -> tensor<4096xf32>
  %max = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4096x4096xf32>) outs(%i0 : tensor<4096xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<4096xf32>
  %p = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<4096x4096xf32>, tensor<4096xf32>) outs(%e : tensor<4096x4096xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    %1 = math.exp %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4096x4096xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%er : tensor<4096xf32>) -> tensor<4096xf32>
  %sum = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%p : tensor<4096x4096xf32>) outs(%i1 : tensor<4096xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<4096xf32>
  %r = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%p, %sum : tensor<4096x4096xf32>, tensor<4096xf32>) outs(%e : tensor<4096x4096xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4096x4096xf32>
  eclip.yield %r : tensor<4096x4096xf32>
}
