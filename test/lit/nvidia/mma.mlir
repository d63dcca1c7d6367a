// Products of halves on tensor cores.
// RUN: eclip-opt %s --eclip-compile-kernels="target=sm_90 stop-after=asm" | FileCheck %s
// RUN: eclip-opt %s --eclip-compile-kernels="target=sm_90 stop-after=gpu" | FileCheck %s --check-prefix=GPU

#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#bt = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>

// A along k, B along n: whole chunks are copied without registers, B's
// fragments are transposed on their way.
// CHECK-LABEL: .entry along_n(
// CHECK: .reqntid
// CHECK-DAG: cp.async.cg.shared.global
// CHECK-DAG: cp.async.commit_group
// CHECK-DAG: cp.async.wait_group
// CHECK-DAG: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK-DAG: ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16
// CHECK-DAG: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// GPU-LABEL: gpu.func @along_n
// GPU: nvgpu.device_async_copy
// GPU: nvgpu.ldmatrix {{.*}}transpose = false
// GPU: nvgpu.ldmatrix {{.*}}transpose = true
// GPU: nvgpu.mma.sync
eclip.kernel @along_n attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<512x512xf16>, %w: tensor<512x512xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<512x512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<512x512xf32>) -> tensor<512x512xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<512x512xf16>, tensor<512x512xf16>) outs(%init : tensor<512x512xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<512x512xf32>
  eclip.yield %r : tensor<512x512xf32>
}

// Both along k: no fragment is transposed.
// CHECK-LABEL: .entry along_k(
// CHECK: ldmatrix
// CHECK-NOT: .trans
// CHECK: mma.sync
// GPU-LABEL: gpu.func @along_k
// GPU-NOT: transpose = true
// GPU: nvgpu.mma.sync
eclip.kernel @along_k attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<512x512xf16>, %w: tensor<512x512xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<512x512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<512x512xf32>) -> tensor<512x512xf32>
  %r = linalg.generic {indexing_maps = [#a, #bt, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<512x512xf16>, tensor<512x512xf16>) outs(%init : tensor<512x512xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<512x512xf32>
  eclip.yield %r : tensor<512x512xf32>
}

// A k of 30 has no whole chunks: elements go through registers.
// CHECK-LABEL: .entry ragged(
// CHECK-NOT: cp.async.cg
// CHECK: st.shared
// CHECK: mma.sync
// GPU-LABEL: gpu.func @ragged
// GPU-NOT: nvgpu.device_async_copy
// GPU: nvgpu.mma.sync
eclip.kernel @ragged attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<64x30xf16>, %w: tensor<17x30xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x17xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x17xf32>) -> tensor<64x17xf32>
  %r = linalg.generic {indexing_maps = [#a, #bt, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<64x30xf16>, tensor<17x30xf16>) outs(%init : tensor<64x17xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x17xf32>
  eclip.yield %r : tensor<64x17xf32>
}

// Floats stay off the tensor cores.
// CHECK-LABEL: .entry floats(
// CHECK-NOT: mma.sync
// CHECK: fma.rn.f32
eclip.kernel @floats attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<64x32xf32>, %w: tensor<64x32xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x64xf32>) -> tensor<64x64xf32>
  %r = linalg.generic {indexing_maps = [#a, #bt, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<64x32xf32>, tensor<64x32xf32>) outs(%init : tensor<64x64xf32>) {
  ^bb0(%l: f32, %r: f32, %acc: f32):
    %p = arith.mulf %l, %r : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x64xf32>
  eclip.yield %r : tensor<64x64xf32>
}
