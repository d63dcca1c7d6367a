// Kernels without products on NVIDIA GPUs: no library calls, lanes exchange by
// shfl, shared memory is what the launch brings.
// RUN: eclip-opt %s --eclip-compile-kernels="target=sm_90 stop-after=asm" | FileCheck %s
// RUN: eclip-opt %s --eclip-compile-kernels="target=sm_80 stop-after=asm" | FileCheck %s --check-prefix=SM80
// RUN: not eclip-opt %s --eclip-compile-kernels="target=sm_70 stop-after=asm" 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: sm_70
// SM80: .target sm_80

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: .entry exponential(
// CHECK-NOT: call
// CHECK: ex2.approx
eclip.kernel @exponential attributes {eclip.kind = "pointwise"} {
^bb0(%x: tensor<64x64xf32>):
  %empty = tensor.empty() : tensor<64x64xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<64x64xf32>) outs(%empty : tensor<64x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %e = math.exp %in : f32
    linalg.yield %e : f32
  } -> tensor<64x64xf32>
  eclip.yield %r : tensor<64x64xf32>
}

// CHECK-LABEL: .entry rows(
// CHECK: shfl.sync.idx
eclip.kernel @rows attributes {eclip.kind = "reduction"} {
^bb0(%x: tensor<512x64xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<512xf32>) -> tensor<512xf32>
  %r = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<512x64xf32>) outs(%init : tensor<512xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %s = arith.addf %in, %acc : f32
    linalg.yield %s : f32
  } -> tensor<512xf32>
  eclip.yield %r : tensor<512xf32>
}
