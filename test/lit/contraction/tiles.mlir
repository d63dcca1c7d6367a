// The tile that the cost function picks from the target's table, and the launch
// that follows from it.
// RUN: eclip-opt %s --eclip-compile-kernels | FileCheck %s

// 14 x 14 pixels are 14 tiles of 14 rows, none of them padded; with 4 columns of
// tiles that is a workgroup for each of 56 CUs, whose threads share the long k.
// CHECK: eclip.kernel @stage4_3x3 launch <grid = {{\[}}14, 4, 1], workgroup = {{\[}}512, 1, 1],
// CHECK-SAME: scratch_bytes = 0,
// CHECK-SAME: eclip.tile = "14x64x128 7x4 k16"
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

// Many pixels and a short k: each thread has its own outputs, and not so many
// that one wave would have a SIMD to itself.
// CHECK: eclip.kernel @stage2_1x1 launch <grid = {{\[}}56, 4, 1], workgroup = {{\[}}128, 1, 1],
// CHECK-SAME: scratch_bytes = 0,
// CHECK-SAME: vgprs = {{[0-9][0-9]|1[01][0-9]|12[0-8]}},
// CHECK-SAME: eclip.tile = "56x64x16 7x4 k1"
eclip.kernel @stage2_1x1 attributes {eclip.kind = "contraction"} {
^bb0(%arg0: tensor<1x56x56x64xf32>, %arg1: tensor<1x1x64x256xf32>, %arg2: tensor<256xf32>):
  %r_zero = arith.constant 0.0 : f32
  %r_empty = tensor.empty() : tensor<1x56x56x256xf32>
  %r_init = linalg.fill ins(%r_zero : f32) outs(%r_empty : tensor<1x56x56x256xf32>) -> tensor<1x56x56x256xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 * 1 + d4 * 1, d2 * 1 + d5 * 1, d6)>, affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>, affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%arg0, %arg1 : tensor<1x56x56x64xf32>, tensor<1x1x64x256xf32>) outs(%r_init : tensor<1x56x56x256xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x56x56x256xf32>
  %t6_e = tensor.empty() : tensor<1x56x56x256xf32>
  %t6 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%r, %arg2 : tensor<1x56x56x256xf32>, tensor<256xf32>) outs(%t6_e : tensor<1x56x56x256xf32>) {
      ^bb0(%a0: f32, %a1: f32, %o: f32):
        %s = arith.addf %a0, %a1 : f32
        linalg.yield %s : f32
    } -> tensor<1x56x56x256xf32>
  eclip.yield %t6 : tensor<1x56x56x256xf32>
}

// 49 rows in one tile without padding.
// CHECK: eclip.kernel @stage5_1x1 launch <grid = {{\[}}1, 32, 1], workgroup = {{\[}}448, 1, 1],
// CHECK-SAME: scratch_bytes = 0,
// CHECK-SAME: eclip.tile = "49x64x64 7x4 k4"
eclip.kernel @stage5_1x1 attributes {eclip.kind = "contraction"} {
^bb0(%arg0: tensor<1x7x7x512xf32>, %arg1: tensor<1x1x512x2048xf32>):
  %r_zero = arith.constant 0.0 : f32
  %r_empty = tensor.empty() : tensor<1x7x7x2048xf32>
  %r_init = linalg.fill ins(%r_zero : f32) outs(%r_empty : tensor<1x7x7x2048xf32>) -> tensor<1x7x7x2048xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 * 1 + d4 * 1, d2 * 1 + d5 * 1, d6)>, affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>, affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%arg0, %arg1 : tensor<1x7x7x512xf32>, tensor<1x1x512x2048xf32>) outs(%r_init : tensor<1x7x7x2048xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x7x7x2048xf32>
  eclip.yield %r : tensor<1x7x7x2048xf32>
}

// Three channels: the k loops are walked as one.
// CHECK: eclip.kernel @first_layer launch <grid = {{\[}}112, 1, 1], workgroup = {{\[}}256, 1, 1],
// CHECK-SAME: scratch_bytes = 0,
// CHECK-SAME: eclip.tile = "112x64x16 7x4 k1"
eclip.kernel @first_layer attributes {eclip.kind = "contraction"} {
^bb0(%arg0: tensor<1x224x224x3xf32>, %arg1: tensor<7x7x3x64xf32>):
  %pz = arith.constant 0.0 : f32
  %pad = tensor.pad %arg0 low[0, 3, 3, 0] high[0, 3, 3, 0] {
    ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
      tensor.yield %pz : f32
    } : tensor<1x224x224x3xf32> to tensor<1x230x230x3xf32>
  %r_zero = arith.constant 0.0 : f32
  %r_empty = tensor.empty() : tensor<1x112x112x64xf32>
  %r_init = linalg.fill ins(%r_zero : f32) outs(%r_empty : tensor<1x112x112x64xf32>) -> tensor<1x112x112x64xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 * 2 + d4 * 1, d2 * 2 + d5 * 1, d6)>, affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>, affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%pad, %arg1 : tensor<1x230x230x3xf32>, tensor<7x7x3x64xf32>) outs(%r_init : tensor<1x112x112x64xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x112x112x64xf32>
  eclip.yield %r : tensor<1x112x112x64xf32>
}

// A group has 16 columns: the tile is no wider.
// CHECK: eclip.kernel @grouped launch <grid = {{\[}}13, 1, 32], workgroup = {{\[}}64, 1, 1],
// CHECK-SAME: scratch_bytes = 0,
// CHECK-SAME: eclip.tile = "64x16x16 4x4 k1"
eclip.kernel @grouped attributes {eclip.kind = "contraction"} {
^bb0(%arg0: tensor<1x28x28x32x16xf32>, %arg1: tensor<3x3x32x16x16xf32>):
  %pz = arith.constant 0.0 : f32
  %pad = tensor.pad %arg0 low[0, 1, 1, 0, 0] high[0, 1, 1, 0, 0] {
    ^bb0(%i0: index, %i1: index, %i2: index, %i3: index, %i4: index):
      tensor.yield %pz : f32
    } : tensor<1x28x28x32x16xf32> to tensor<1x30x30x32x16xf32>
  %r_zero = arith.constant 0.0 : f32
  %r_empty = tensor.empty() : tensor<1x28x28x32x16xf32>
  %r_init = linalg.fill ins(%r_zero : f32) outs(%r_empty : tensor<1x28x28x32x16xf32>) -> tensor<1x28x28x32x16xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1 * 1 + d5 * 1, d2 * 1 + d6 * 1, d3, d7)>, affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d5, d6, d3, d7, d4)>, affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%pad, %arg1 : tensor<1x30x30x32x16xf32>, tensor<3x3x32x16x16xf32>) outs(%r_init : tensor<1x28x28x32x16xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x28x28x32x16xf32>
  eclip.yield %r : tensor<1x28x28x32x16xf32>
}

// One row: what matters is that weights are read side by side.
// CHECK: eclip.kernel @classifier launch <grid = {{\[}}1, 32, 1], workgroup = {{\[}}64, 1, 1],
// CHECK-SAME: scratch_bytes = 0,
// CHECK-SAME: eclip.tile = "1x32x128 1x4 k8"
eclip.kernel @classifier attributes {eclip.kind = "contraction"} {
^bb0(%arg0: tensor<1x2048xf32>, %arg1: tensor<1000x2048xf32>, %arg2: tensor<1000xf32>):
  %r_zero = arith.constant 0.0 : f32
  %r_empty = tensor.empty() : tensor<1x1000xf32>
  %r_init = linalg.fill ins(%r_zero : f32) outs(%r_empty : tensor<1x1000xf32>) -> tensor<1x1000xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg0, %arg1 : tensor<1x2048xf32>, tensor<1000x2048xf32>) outs(%r_init : tensor<1x1000xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x1000xf32>
  %t6_e = tensor.empty() : tensor<1x1000xf32>
  %t6 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%r, %arg2 : tensor<1x1000xf32>, tensor<1000xf32>) outs(%t6_e : tensor<1x1000xf32>) {
      ^bb0(%a0: f32, %a1: f32, %o: f32):
        %s = arith.addf %a0, %a1 : f32
        linalg.yield %s : f32
    } -> tensor<1x1000xf32>
  eclip.yield %t6 : tensor<1x1000xf32>
}

// CHECK: eclip.kernel @square launch <grid = {{\[}}32, 16, 1], workgroup = {{\[}}64, 1, 1],
// CHECK-SAME: scratch_bytes = 0,
// CHECK-SAME: eclip.tile = "32x64x16 8x4 k1"
eclip.kernel @square attributes {eclip.kind = "contraction"} {
^bb0(%arg0: tensor<1024x1024xf32>, %arg1: tensor<1024x1024xf32>):
  %r_zero = arith.constant 0.0 : f32
  %r_empty = tensor.empty() : tensor<1024x1024xf32>
  %r_init = linalg.fill ins(%r_zero : f32) outs(%r_empty : tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg0, %arg1 : tensor<1024x1024xf32>, tensor<1024x1024xf32>) outs(%r_init : tensor<1024x1024xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    } -> tensor<1024x1024xf32>
  eclip.yield %r : tensor<1024x1024xf32>
}

// No loop of n beside m: no operand is used twice in a tile.
// CHECK: eclip.kernel @depthwise launch <grid = {{\[}}196, 1, 1], workgroup = {{\[}}64, 1, 1],
// CHECK-SAME: scratch_bytes = 0,
// CHECK-SAME: eclip.tile = "direct"
eclip.kernel @depthwise attributes {eclip.kind = "contraction"} {
^bb0(%arg0: tensor<1x28x28x64xf32>, %arg1: tensor<3x3x64xf32>):
  %pz = arith.constant 0.0 : f32
  %pad = tensor.pad %arg0 low[0, 1, 1, 0] high[0, 1, 1, 0] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %pz : f32
    } : tensor<1x28x28x64xf32> to tensor<1x30x30x64xf32>
  %r_zero = arith.constant 0.0 : f32
  %r_empty = tensor.empty() : tensor<1x28x28x64xf32>
  %r_init = linalg.fill ins(%r_zero : f32) outs(%r_empty : tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 1 + d4, d2 * 1 + d5, d3)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5, d3)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%pad, %arg1 : tensor<1x30x30x64xf32>, tensor<3x3x64xf32>) outs(%r_init : tensor<1x28x28x64xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x28x28x64xf32>
  eclip.yield %r : tensor<1x28x28x64xf32>
}

