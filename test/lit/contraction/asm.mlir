// The instructions that the inner loop stands on.
// RUN: eclip-opt %s --eclip-compile-kernels=stop-after=asm | FileCheck %s

// Pixels and weights come in fours from memory, go to LDS and are read from
// there in fours.
// CHECK-LABEL: stage4_3x3:
// CHECK: global_load_dwordx4
// CHECK: ds_read_b128
// CHECK-COUNT-224: v_fmac_f32
// CHECK: s_barrier
// CHECK: ds_write_b128
// CHECK: s_barrier
// CHECK: global_load_dwordx4
// CHECK: global_store_dwordx4
// CHECK: .private_segment_fixed_size: 0
// CHECK: .vgpr_spill_count: 0
eclip.kernel @stage4_3x3 attributes {eclip.kind = "contraction"} {
^bb0(%arg0: tensor<1x14x14x256xf32>, %arg1: tensor<3x3x256x256xf32>, %arg2: tensor<256xf32>):
  %pz = arith.constant 0.0 : f32
  %pad = tensor.pad %arg0 low[0, 1, 1, 0] high[0, 1, 1, 0] {
    ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
      tensor.yield %pz : f32
    } : tensor<1x14x14x256xf32> to tensor<1x16x16x256xf32>
  %r_zero = arith.constant 0.0 : f32
  %r_empty = tensor.empty() : tensor<1x14x14x256xf32>
  %r_init = linalg.fill ins(%r_zero : f32) outs(%r_empty : tensor<1x14x14x256xf32>) -> tensor<1x14x14x256xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 * 1 + d4 * 1, d2 * 1 + d5 * 1, d6)>, affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>, affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%pad, %arg1 : tensor<1x16x16x256xf32>, tensor<3x3x256x256xf32>) outs(%r_init : tensor<1x14x14x256xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x14x14x256xf32>
  %t11_e = tensor.empty() : tensor<1x14x14x256xf32>
  %t11 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%r, %arg2 : tensor<1x14x14x256xf32>, tensor<256xf32>) outs(%t11_e : tensor<1x14x14x256xf32>) {
      ^bb0(%a0: f32, %a1: f32, %o: f32):
        %s = arith.addf %a0, %a1 : f32
        linalg.yield %s : f32
    } -> tensor<1x14x14x256xf32>
  %t17_e = tensor.empty() : tensor<1x14x14x256xf32>
  %t17 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%t11 : tensor<1x14x14x256xf32>) outs(%t17_e : tensor<1x14x14x256xf32>) {
      ^bb0(%a0: f32, %o: f32):
        %c = arith.constant 0.0 : f32
        %m = arith.maximumf %a0, %c : f32
        linalg.yield %m : f32
    } -> tensor<1x14x14x256xf32>
  eclip.yield %t17 : tensor<1x14x14x256xf32>
}

// Weights lie along k: whole rows of them are read, and turned on the way out
// of LDS.
// CHECK-LABEL: vector:
// CHECK: global_load_dwordx4
// CHECK: ds_write_b128
// CHECK: v_fmac_f32
// CHECK: .vgpr_spill_count: 0
eclip.kernel @vector attributes {eclip.kind = "contraction"} {
^bb0(%arg0: tensor<1x2048xf32>, %arg1: tensor<1000x2048xf32>):
  %r_zero = arith.constant 0.0 : f32
  %r_empty = tensor.empty() : tensor<1x1000xf32>
  %r_init = linalg.fill ins(%r_zero : f32) outs(%r_empty : tensor<1x1000xf32>) -> tensor<1x1000xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg0, %arg1 : tensor<1x2048xf32>, tensor<1000x2048xf32>) outs(%r_init : tensor<1x1000xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x1000xf32>
  eclip.yield %r : tensor<1x1000xf32>
}
