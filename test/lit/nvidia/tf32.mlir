// Products of floats on tensor cores: factors are rounded, sums are f32.
// RUN: eclip-opt %s --eclip-compile-kernels="target=sm_90 stop-after=asm" | FileCheck %s
// RUN: eclip-opt %s --eclip-compile-kernels="target=sm_80 stop-after=asm" | FileCheck %s

#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#bt = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>

// Both along k: fragments come by ldmatrix.
// CHECK-LABEL: .entry along_k(
// CHECK: cp.async.cg.shared.global
// CHECK: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK-NOT: .trans
// CHECK: cvt.rna.tf32.f32
// CHECK: mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32
// CHECK: ret
eclip.kernel @along_k attributes {eclip.kind = "contraction", eclip.precision = "tf32", eclip.tile = "mma 64x64x32 32x32 s4"} {
^bb0(%x: tensor<256x256xf32>, %w: tensor<256x256xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<256x256xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<256x256xf32>) -> tensor<256x256xf32>
  %r = linalg.generic {indexing_maps = [#a, #bt, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<256x256xf32>, tensor<256x256xf32>) outs(%init : tensor<256x256xf32>) {
  ^bb0(%l: f32, %r: f32, %acc: f32):
    %p = arith.mulf %l, %r : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<256x256xf32>
  eclip.yield %r : tensor<256x256xf32>
}

// B along n: no instruction transposes floats, so lanes gather them.
// CHECK-LABEL: .entry along_n(
// CHECK: cp.async.cg.shared.global
// CHECK-DAG: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK-DAG: ld.shared.b32
// CHECK-NOT: .trans
// CHECK: mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32
// CHECK: ret
eclip.kernel @along_n attributes {eclip.kind = "contraction", eclip.precision = "tf32", eclip.tile = "mma 64x64x32 32x32 s4"} {
^bb0(%x: tensor<256x256xf32>, %w: tensor<256x256xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<256x256xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<256x256xf32>) -> tensor<256x256xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<256x256xf32>, tensor<256x256xf32>) outs(%init : tensor<256x256xf32>) {
  ^bb0(%l: f32, %r: f32, %acc: f32):
    %p = arith.mulf %l, %r : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<256x256xf32>
  eclip.yield %r : tensor<256x256xf32>
}

// Without the mark floats are multiplied as floats.
// CHECK-LABEL: .entry plain(
// CHECK-NOT: mma.sync
// CHECK: fma.rn.f32
// CHECK: ret
eclip.kernel @plain attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<256x256xf32>, %w: tensor<256x256xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<256x256xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<256x256xf32>) -> tensor<256x256xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<256x256xf32>, tensor<256x256xf32>) outs(%init : tensor<256x256xf32>) {
  ^bb0(%l: f32, %r: f32, %acc: f32):
    %p = arith.mulf %l, %r : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<256x256xf32>
  eclip.yield %r : tensor<256x256xf32>
}
