// Work is counted from the body; time and energy follow docs/cost-model.md.
// RUN: eclip-opt --eclip-annotate-cost %s | FileCheck %s
// RUN: eclip-opt --eclip-annotate-cost=device=%source/compiler/cost/devices/mi50.json %s | FileCheck %s

#id = affine_map<(i) -> (i)>
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// 2 * 4096 * 4096 * 1024 flops at 60 % of 13300 GFLOP/s: 4.3 ms on 60 CUs.
eclip.kernel @gemm launch <grid = [64, 64, 1], workgroup = [256, 1, 1], lds_bytes = 16384, scratch_bytes = 0, kernarg_bytes = 24, vgprs = 64, sgprs = 32>
    attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<4096x1024xf32>, %w: tensor<1024x4096xf32>):
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4096x4096xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<4096x4096xf32>) -> tensor<4096x4096xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<4096x1024xf32>, tensor<1024x4096xf32>) outs(%init : tensor<4096x4096xf32>) {
  ^bb1(%p: f32, %q: f32, %s: f32):
    %m = arith.mulf %p, %q : f32
    %t = arith.addf %s, %m : f32
    linalg.yield %t : f32
  } -> tensor<4096x4096xf32>
  eclip.yield %r : tensor<4096x4096xf32>
}

// 8 bytes for each of 2^24 elements: the same time at 30 CUs and more.
eclip.kernel @relu attributes {eclip.kind = "pointwise"} {
^bb0(%x: tensor<16777216xf32>):
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<16777216xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<16777216xf32>) outs(%e : tensor<16777216xf32>) {
  ^bb1(%p: f32, %s: f32):
    %m = arith.maximumf %p, %zero : f32
    linalg.yield %m : f32
  } -> tensor<16777216xf32>
  eclip.yield %r : tensor<16777216xf32>
}

// One workgroup: no CU count helps, more shader engines are not even used.
eclip.kernel @tiny attributes {eclip.kind = "pointwise"} {
^bb0(%x: tensor<256xf32>, %y: tensor<256xf32>):
  %e = tensor.empty() : tensor<256xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x, %y : tensor<256xf32>, tensor<256xf32>) outs(%e : tensor<256xf32>) {
  ^bb1(%p: f32, %q: f32, %s: f32):
    %m = arith.addf %p, %q : f32
    linalg.yield %m : f32
  } -> tensor<256xf32>
  eclip.yield %r : tensor<256xf32>
}

// Of the table only the rows that are looked up are read.
eclip.kernel @gather attributes {eclip.kind = "pointwise"} {
^bb0(%table: tensor<30000x256xf32>, %rows: tensor<4xi64>):
  %e = tensor.empty() : tensor<4x256xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%rows : tensor<4xi64>) outs(%e : tensor<4x256xf32>) {
  ^bb1(%i: i64, %s: f32):
    %row = arith.index_cast %i : i64 to index
    %col = linalg.index 1 : index
    %v = tensor.extract %table[%row, %col] : tensor<30000x256xf32>
    linalg.yield %v : f32
  } -> tensor<4x256xf32>
  eclip.yield %r : tensor<4x256xf32>
}

// CHECK-LABEL: eclip.schedule @main
// CHECK-SAME: device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]>
// CHECK-NOT: eclip.mask_topology
// CHECK-SAME: eclip.device_limits = {board_mw = 300000 : i64, hbm_bytes_per_s = 819200000000 : i64, idle_mw = 25000 : i64, launch_ns = 3000 : i64}
// CHECK-SAME: eclip.switch_cost_nj = 125000 : i64, eclip.switch_cost_ns = 5000 : i64
eclip.schedule @main inputs ["x", "w", "v", "t", "i"] outputs ["a", "b", "c", "d", "e"] {
^bb0(%x: tensor<4096x1024xf32>, %w: tensor<1024x4096xf32>, %v: tensor<16777216xf32>, %t: tensor<30000x256xf32>, %i: tensor<4xi64>):
  // CHECK: eclip.dispatch @gemm
  // CHECK-SAME: cost <cus = [15, 30, 45, 60], time_ns = [{{17......}}, {{8......}}, {{5......}}, {{4......}}], energy_nj = [{{[0-9, ]+}}], source = "model">
  %a = eclip.dispatch @gemm(%x, %w) : (tensor<4096x1024xf32>, tensor<1024x4096xf32>) -> tensor<4096x4096xf32>
  // CHECK-SAME: eclip.demand = {busy_mw = array<i64: {{.*}}>, hbm_bytes_per_s = array<i64: {{.*}}>, memory_ns = array<i64: 245760, 122880, 122880, 122880>}
  // CHECK: eclip.dispatch @relu
  // CHECK-SAME: time_ns = [{{330...}}, {{166...}}, [[BOUND:166...]], [[BOUND]]]
  %b = eclip.dispatch @relu(%v) : (tensor<16777216xf32>) -> tensor<16777216xf32>
  %c0 = arith.constant dense<1.0> : tensor<256xf32>
  // CHECK: eclip.dispatch @tiny
  // CHECK-SAME: time_ns = [3225, 3225, 3225, 3225]
  %c1 = arith.constant dense<2.0> : tensor<256xf32>
  %c = eclip.dispatch @tiny(%c0, %c1) : (tensor<256xf32>, tensor<256xf32>) -> tensor<256xf32>
  // An operand passed twice is read once.
  // CHECK: eclip.dispatch @tiny
  // CHECK-SAME: time_ns = [3150, 3150, 3150, 3150]
  %d = eclip.dispatch @tiny(%c0, %c0) : (tensor<256xf32>, tensor<256xf32>) -> tensor<256xf32>
  // CHECK: eclip.dispatch @gather
  // CHECK-SAME: time_ns = [3151, 3151, 3151, 3151]
  %e = eclip.dispatch @gather(%t, %i) : (tensor<30000x256xf32>, tensor<4xi64>) -> tensor<4x256xf32>
  eclip.yield %a, %b, %c, %d, %e : tensor<4096x4096xf32>, tensor<16777216xf32>, tensor<256xf32>, tensor<256xf32>, tensor<4x256xf32>
}
