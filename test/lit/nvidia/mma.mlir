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

// A k of 30 has no whole chunks, but pieces of two halves.
// CHECK-LABEL: .entry pieces(
// CHECK-NOT: cp.async.cg
// CHECK: cp.async.ca.shared.global [{{.*}}], [{{.*}}], 4
// CHECK-NOT: ld.global
// CHECK: mma.sync
// GPU-LABEL: gpu.func @pieces
// GPU: nvgpu.device_async_copy {{.*}}, 2,
// GPU: nvgpu.mma.sync
eclip.kernel @pieces attributes {eclip.kind = "contraction"} {
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

// A k of 31 has no runs that could be copied: elements go through registers.
// CHECK-LABEL: .entry ragged(
// CHECK-NOT: cp.async.c
// CHECK: st.shared
// CHECK: mma.sync
// GPU-LABEL: gpu.func @ragged
// GPU-NOT: nvgpu.device_async_copy
// GPU: nvgpu.mma.sync
eclip.kernel @ragged attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<64x31xf16>, %w: tensor<17x31xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x17xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x17xf32>) -> tensor<64x17xf32>
  %r = linalg.generic {indexing_maps = [#a, #bt, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<64x31xf16>, tensor<17x31xf16>) outs(%init : tensor<64x17xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x17xf32>
  eclip.yield %r : tensor<64x17xf32>
}

// A convolution of three channels of floats: rows of the product lie side by
// side in memory, and what an element's k adds to its address is a constant. A
// tap outside of the padding is not loaded; two of the three channels share its
// check with the first.
// CHECK-LABEL: .entry first(
// CHECK: @[[TAP:%p[0-9]+]] ld.global.f32
// CHECK: @[[TAP]] ld.global.f32
// CHECK: @[[TAP]] ld.global.f32
// CHECK-NOT: div.u32
// CHECK-NOT: bra
// CHECK: cvt.rn.f16
// CHECK: mma.sync
// GPU-LABEL: gpu.func @first
// GPU-NOT: scf.for
// GPU-COUNT-27: vector.maskedload {{.*}} vector<1xf32>
// GPU-NOT: vector.maskedload
// GPU: nvgpu.mma.sync
// GPU: gpu.return
eclip.kernel @first attributes {eclip.kind = "contraction", eclip.tile = "mma 128x64x32 64x32 s4"} {
^bb0(%x: tensor<1x3x64x64xf32>, %w: tensor<3x3x3x64xf16>):
  %zero = arith.constant 0.0 : f32
  %outside = arith.constant 0.0 : f32
  %padded = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %y: index, %z: index):
    tensor.yield %outside : f32
  } : tensor<1x3x64x64xf32> to tensor<1x3x66x66xf32>
  %last = tensor.empty() : tensor<1x66x66x3xf32>
  %t = linalg.transpose ins(%padded : tensor<1x3x66x66xf32>) outs(%last : tensor<1x66x66x3xf32>) permutation = [0, 2, 3, 1]
  %empty = tensor.empty() : tensor<1x32x32x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x32x32x64xf32>) -> tensor<1x32x32x64xf32>
  %r = linalg.generic {
      indexing_maps = [affine_map<(n, y, x, f, i, j, c) -> (n, y * 2 + i, x * 2 + j, c)>,
                       affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>,
                       affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%t, %w : tensor<1x66x66x3xf32>, tensor<3x3x3x64xf16>) outs(%init : tensor<1x32x32x64xf32>) {
  ^bb0(%l: f32, %r: f16, %acc: f32):
    %h = arith.truncf %l : f32 to f16
    %lx = arith.extf %h : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x32x32x64xf32>
  eclip.yield %r : tensor<1x32x32x64xf32>
}

// Batch norm and ReLU ahead of a product whose k (96) does not fill the tiles
// (64): a chunk is inside or outside as one, and its halves come in one load.
// CHECK-LABEL: .entry computed(
// CHECK-NOT: ld.global.nc.b16
// CHECK: ld.global.nc.v4.b32
// CHECK-NOT: cvt.rn.f16.f32
// CHECK: cvt.rn.f16x2.f32
// CHECK-NOT: cvt.rn.f16.f32
// CHECK: mma.sync
// Loads are ahead of the product, what is computed out of them behind it.
// GPU-LABEL: gpu.func @computed
// GPU: scf.for
// GPU: memref.load
// GPU-NOT: arith.maximumf
// GPU: nvgpu.mma.sync
// GPU: arith.maximumf
// GPU: vector.store
// GPU: scf.yield
eclip.kernel @computed attributes {eclip.kind = "contraction", eclip.tile = "mma 64x64x64 32x32 s4"} {
^bb0(%x: tensor<256x96xf16>, %scale: tensor<96xf16>, %w: tensor<96x64xf16>):
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0.0 : f32
  %shape = tensor.empty() : tensor<256x96xf16>
  %a = linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (k)>, affine_map<(m, k) -> (m, k)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x, %scale : tensor<256x96xf16>, tensor<96xf16>) outs(%shape : tensor<256x96xf16>) {
  ^bb0(%v: f16, %s: f16, %o: f16):
    %vx = arith.extf %v : f16 to f32
    %sx = arith.extf %s : f16 to f32
    %p = arith.mulf %vx, %sx : f32
    %q = arith.maximumf %p, %none : f32
    %t = arith.truncf %q : f32 to f16
    linalg.yield %t : f16
  } -> tensor<256x96xf16>
  %empty = tensor.empty() : tensor<256x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<256x64xf32>) -> tensor<256x64xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %w : tensor<256x96xf16>, tensor<96x64xf16>) outs(%init : tensor<256x64xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<256x64xf32>
  eclip.yield %r : tensor<256x64xf32>
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
