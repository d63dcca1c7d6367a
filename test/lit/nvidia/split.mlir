// The tail of a product: sums pass through shared memory, a thread loads, adds and
// stores 16 bytes; the workgroups of a cluster add up their shares of k.
// RUN: split-file %s %t
// RUN: eclip-opt %t/kernels.mlir --eclip-compile-kernels="target=sm_90 stop-after=asm" | FileCheck %s
// RUN: not eclip-opt %t/kernels.mlir --eclip-compile-kernels="target=sm_80 stop-after=asm" 2>&1 | FileCheck %s --check-prefix=OLD
// RUN: not eclip-opt %t/short.mlir --eclip-compile-kernels="target=sm_90 stop-after=asm" 2>&1 | FileCheck %s --check-prefix=SHORT

// CHECK-LABEL: .entry whole(
// CHECK-NOT: cluster
// CHECK: mma.sync
// CHECK-DAG: ld.global.nc.v4.b32
// CHECK-DAG: st.shared.v2.b32
// CHECK: st.global.v4.b32
// CHECK-NOT: st.global.b
// CHECK: ret

// Each share is 4 of the 16 tiles of k. Nobody leaves while others may read its
// sums.
// CHECK-LABEL: .entry divided(
// CHECK: .reqnctapercluster 4, 1, 1
// CHECK: st.shared.v2.b32
// CHECK: barrier.cluster.arrive
// CHECK: barrier.cluster.wait
// CHECK-COUNT-4: mapa.shared::cluster
// CHECK-COUNT-8: ld.shared::cluster.v4.b32
// CHECK: st.global.v4.b32
// CHECK: barrier.cluster.arrive
// CHECK: barrier.cluster.wait
// CHECK: ret

// There are no clusters before sm_90.
// OLD: tile 'mma 64x64x64 32x32 s4 k4' does not fit this contraction on sm_80
// A share that does not fill the pipeline is none.
// SHORT: tile 'mma 64x64x64 32x32 s4 k8' does not fit this contraction on sm_90

//--- kernels.mlir
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#bt = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
eclip.kernel @whole attributes {eclip.kind = "contraction", eclip.tile = "mma 64x64x64 32x32 s4"} {
^bb0(%x: tensor<64x1024xf16>, %w: tensor<512x1024xf16>, %y: tensor<64x512xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x512xf32>) -> tensor<64x512xf32>
  %r = linalg.generic {indexing_maps = [#a, #bt, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<64x1024xf16>, tensor<512x1024xf16>) outs(%init : tensor<64x512xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x512xf32>
  %half = tensor.empty() : tensor<64x512xf16>
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%r, %y : tensor<64x512xf32>, tensor<64x512xf16>) outs(%half : tensor<64x512xf16>) {
  ^bb0(%v: f32, %q: f16, %out: f16):
    %qx = arith.extf %q : f16 to f32
    %s = arith.addf %v, %qx : f32
    %h = arith.truncf %s : f32 to f16
    linalg.yield %h : f16
  } -> tensor<64x512xf16>
  eclip.yield %t : tensor<64x512xf16>
}
eclip.kernel @divided attributes {eclip.kind = "contraction", eclip.tile = "mma 64x64x64 32x32 s4 k4"} {
^bb0(%x: tensor<64x1024xf16>, %w: tensor<512x1024xf16>, %y: tensor<64x512xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x512xf32>) -> tensor<64x512xf32>
  %r = linalg.generic {indexing_maps = [#a, #bt, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<64x1024xf16>, tensor<512x1024xf16>) outs(%init : tensor<64x512xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x512xf32>
  %half = tensor.empty() : tensor<64x512xf16>
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%r, %y : tensor<64x512xf32>, tensor<64x512xf16>) outs(%half : tensor<64x512xf16>) {
  ^bb0(%v: f32, %q: f16, %out: f16):
    %qx = arith.extf %q : f16 to f32
    %s = arith.addf %v, %qx : f32
    %h = arith.truncf %s : f32 to f16
    linalg.yield %h : f16
  } -> tensor<64x512xf16>
  eclip.yield %t : tensor<64x512xf16>
}
//--- short.mlir
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#bt = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
eclip.kernel @short attributes {eclip.kind = "contraction", eclip.tile = "mma 64x64x64 32x32 s4 k8"} {
^bb0(%x: tensor<64x1024xf16>, %w: tensor<512x1024xf16>, %y: tensor<64x512xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x512xf32>) -> tensor<64x512xf32>
  %r = linalg.generic {indexing_maps = [#a, #bt, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<64x1024xf16>, tensor<512x1024xf16>) outs(%init : tensor<64x512xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x512xf32>
  %half = tensor.empty() : tensor<64x512xf16>
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%r, %y : tensor<64x512xf32>, tensor<64x512xf16>) outs(%half : tensor<64x512xf16>) {
  ^bb0(%v: f32, %q: f16, %out: f16):
    %qx = arith.extf %q : f16 to f32
    %s = arith.addf %v, %qx : f32
    %h = arith.truncf %s : f32 to f16
    linalg.yield %h : f16
  } -> tensor<64x512xf16>
  eclip.yield %t : tensor<64x512xf16>
}
