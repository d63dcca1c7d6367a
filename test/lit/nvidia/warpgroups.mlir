// Products of whole warpgroups: both operands are read from shared memory by the
// tensor cores, along k or (transposed on the way) along rows.
// RUN: eclip-opt %s --eclip-compile-kernels="target=sm_90 stop-after=asm" > %t
// RUN: FileCheck %s < %t
// RUN: FileCheck %s --check-prefix=COPY < %t
// RUN: not eclip-opt %s --eclip-compile-kernels="target=sm_80 stop-after=asm" 2>&1 | FileCheck %s --check-prefix=OLD
// OLD: tile 'wgmma 128x128x64 s4' does not fit this contraction on sm_80

// CHECK: .target sm_90a
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#bt = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>

// Copies arrive, are published to the tensor cores' view of memory, and only
// then meet the barrier.
// COPY-LABEL: .entry along_k(
// COPY: cp.async.wait_group 1
// COPY: fence.proxy.async.shared::cta
// COPY: bar.sync
// One product may be under way from one step to the next, none when the sums
// are read.
// CHECK-LABEL: .entry along_k(
// CHECK: .reqntid 256
// CHECK-NOT: ldmatrix
// CHECK: wgmma.fence.sync.aligned
// CHECK-COUNT-4: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 {{.*}} 1, 1, 1, 0, 0;
// CHECK: wgmma.commit_group.sync.aligned
// CHECK: wgmma.wait_group.sync.aligned 1
eclip.kernel @along_k attributes {eclip.kind = "contraction", eclip.tile = "wgmma 128x128x64 s4"} {
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

// 192 columns: three blocks of 64 along n; a thread has six runs of eight
// columns, three of them at once.
// CHECK-LABEL: .entry wide(
// CHECK: .reqntid 256
// CHECK-COUNT-4: wgmma.mma_async.sync.aligned.m64n192k16.f32.f16.f16 {{.*}} 1, 1, 1, 0, 1;
// COPY-LABEL: .entry wide(
// COPY-COUNT-3: st.global.v4
// COPY-NOT: st.global.v4
eclip.kernel @wide attributes {eclip.kind = "contraction", eclip.tile = "wgmma 128x192x64 s4 k2"} {
^bb0(%x: tensor<512x512xf16>, %w: tensor<512x768xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<512x768xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<512x768xf32>) -> tensor<512x768xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<512x512xf16>, tensor<512x768xf16>) outs(%init : tensor<512x768xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<512x768xf32>
  %h = tensor.empty() : tensor<512x768xf16>
  %n = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%r : tensor<512x768xf32>) outs(%h : tensor<512x768xf16>) {
  ^bb0(%v: f32, %o: f16):
    %t = arith.truncf %v : f32 to f16
    linalg.yield %t : f16
  } -> tensor<512x768xf16>
  eclip.yield %n : tensor<512x768xf16>
}

// CHECK-LABEL: .entry along_n(
// CHECK: .reqntid 128
// COPY-LABEL: .entry along_n(
// COPY: cp.async.wait_group 3
// CHECK-COUNT-4: wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {{.*}} 1, 1, 1, 0, 1;
eclip.kernel @along_n attributes {eclip.kind = "contraction", eclip.tile = "wgmma 64x64x64 s6"} {
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
