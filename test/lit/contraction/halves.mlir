// Halves are multiplied two at a time.
// RUN: eclip-opt %s --eclip-compile-kernels=stop-after=asm | FileCheck %s
// RUN: eclip-opt %s --eclip-compile-kernels | FileCheck %s --check-prefix=TILE

#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#bt = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// Both operands lie along k: eight halves a load, whole words to LDS, no
// instruction to pack them. The result is rounded once and stored in fours.
// TILE: eclip.kernel @along_k {{.*}} scratch_bytes = 0,
// TILE-SAME: eclip.tile = "32x64x32 4x4 k1"
// CHECK-LABEL: along_k:
// CHECK-NOT: v_perm_b32
// CHECK: global_load_dwordx4
// CHECK-NOT: v_perm_b32
// CHECK: ds_read_b128
// CHECK-COUNT-64: v_dot2_f32_f16
// CHECK-NOT: v_fma
// CHECK: v_cvt_f16_f32
// CHECK: global_store_dwordx2
// CHECK: .vgpr_spill_count: 0
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
  %half = tensor.empty() : tensor<512x512xf16>
  %t = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%r : tensor<512x512xf32>) outs(%half : tensor<512x512xf16>) {
  ^bb0(%in: f32, %out: f16):
    %n = arith.truncf %in : f32 to f16
    linalg.yield %n : f16
  } -> tensor<512x512xf16>
  eclip.yield %t : tensor<512x512xf16>
}

// Weights lie along n: two loads, one step of k apart, are interleaved.
// CHECK-LABEL: along_n:
// CHECK: v_perm_b32
// CHECK: v_dot2_f32_f16
// CHECK: .vgpr_spill_count: 0
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

// One factor is f32 itself: nothing is rounded that the model does not round.
// CHECK-LABEL: mixed:
// CHECK-NOT: v_dot2_f32_f16
// CHECK: .vgpr_spill_count: 0
eclip.kernel @mixed attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<64x64xf32>, %w: tensor<64x64xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x64xf32>) -> tensor<64x64xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<64x64xf32>, tensor<64x64xf16>) outs(%init : tensor<64x64xf32>) {
  ^bb0(%l: f32, %r: f16, %acc: f32):
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %l, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x64xf32>
  eclip.yield %r : tensor<64x64xf32>
}

// Depthwise: no tile, but one instruction extends, multiplies and adds.
// CHECK-LABEL: depthwise:
// CHECK-COUNT-9: v_fma_mix_f32
// CHECK: .vgpr_spill_count: 0
// TILE: eclip.kernel @depthwise {{.*}}eclip.tile = "direct"
eclip.kernel @depthwise attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<1x30x30x64xf16>, %w: tensor<3x3x64xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x28x28x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d4, d2 + d5, d3)>,
                                        affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5, d3)>,
                                        affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : tensor<1x30x30x64xf16>, tensor<3x3x64xf16>) outs(%init : tensor<1x28x28x64xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x28x28x64xf32>
  eclip.yield %r : tensor<1x28x28x64xf32>
}
