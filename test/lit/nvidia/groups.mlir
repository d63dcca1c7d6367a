// Groups of 8 channels are joined to groups of 32: 4 of the 8 groups at a time,
// 288 steps of k, and copies of weights that belong to two groups are zero.
// RUN: eclip-opt %s --eclip-compile-kernels="target=sm_90 stop-after=gpu" | FileCheck %s

#x = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1 + d5, d2 + d6, d3, d7)>
#w = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d3, d5, d6, d7, d4)>
#y = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1, d2, d3, d4)>

// 128 rows in one tile, two joined groups: two workgroups of 9 steps of 32.
// CHECK-LABEL: gpu.func @joined
// CHECK-SAME: known_grid_size = array<i32: 2, 1, 1>
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %c9
// CHECK: nvgpu.device_async_copy
// Same group: the difference of the two members is 0.
// CHECK: arith.muli %{{.*}}, %c-1
// CHECK: arith.cmpi ult, %{{.*}}, %c1{{(_[0-9]+)?}} : index
eclip.kernel @joined attributes {eclip.kind = "contraction", eclip.tile = "mma 128x32x32 32x32 s5"} {
^bb0(%a: tensor<2x10x10x64xf16>, %b: tensor<8x3x3x8x8xf16>):
  %zero = arith.constant 0.0 : f32
  %e = tensor.expand_shape %a [[0], [1], [2], [3, 4]] output_shape [2, 10, 10, 8, 8] : tensor<2x10x10x64xf16> into tensor<2x10x10x8x8xf16>
  %empty = tensor.empty() : tensor<2x8x8x8x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x8x8x8x8xf32>) -> tensor<2x8x8x8x8xf32>
  %r = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%e, %b : tensor<2x10x10x8x8xf16>, tensor<8x3x3x8x8xf16>) outs(%init : tensor<2x8x8x8x8xf32>) {
  ^bb0(%l: f16, %m: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %mx = arith.extf %m : f16 to f32
    %p = arith.mulf %lx, %mx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<2x8x8x8x8xf32>
  eclip.yield %r : tensor<2x8x8x8x8xf32>
}
