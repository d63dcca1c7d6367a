// RUN: eclip-opt %s --eclip-compile-kernels=stop-after=gpu | FileCheck %s
// RUN: eclip-opt %s --eclip-compile-kernels=stop-after=asm | FileCheck %s --check-prefix=ASM

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A wavefront for each row: six exchanges between lanes give every lane the
// maximum, and no LDS is needed.

// CHECK-LABEL: gpu.func @row_max
// CHECK-NOT:     workgroup(
// CHECK-COUNT-4: memref.load
// CHECK-COUNT-4: rocdl.update.dpp
// CHECK:         rocdl.ds_swizzle
// CHECK:         rocdl.ds_bpermute
// CHECK-NOT:     gpu.barrier
// CHECK:         memref.store

// ASM-LABEL: row_max:
// ASM:         global_load_dwordx4
// ASM:         _dpp {{.*}}quad_perm:[1,0,3,2]
// ASM:         _dpp {{.*}}quad_perm:[2,3,0,1]
// ASM:         _dpp {{.*}}row_half_mirror
// ASM:         _dpp {{.*}}row_mirror
// ASM:         ds_swizzle_b32 {{.*}}swizzle(SWAP,16)
// ASM:         ds_bpermute_b32
// ASM-NOT:     s_barrier
// ASM:         s_endpgm
// ASM:         .amdhsa_group_segment_fixed_size 0
// ASM:         .amdhsa_private_segment_fixed_size 0
eclip.kernel @row_max attributes {eclip.kind = "reduction"} {
^bb0(%a: tensor<512x256xf32>):
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<512xf32>
  %f = linalg.fill ins(%low : f32) outs(%e : tensor<512xf32>) -> tensor<512xf32>
  %r = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%a : tensor<512x256xf32>) outs(%f : tensor<512xf32>) {
  ^bb0(%x: f32, %o: f32):
    %m = arith.maximumf %x, %o : f32
    linalg.yield %m : f32
  } -> tensor<512xf32>
  eclip.yield %r : tensor<512xf32>
}

// One long row: 16 wavefronts, joined through LDS after one barrier.

// CHECK-LABEL: gpu.func @long_row
// CHECK-SAME:    workgroup(%{{.*}} : memref<16x1xf32, #gpu.address_space<workgroup>>)
// CHECK-SAME:    known_block_size = array<i32: 1024, 1, 1>
// CHECK-COUNT-4: rocdl.update.dpp
// CHECK:         rocdl.ds_swizzle
// CHECK:         rocdl.ds_bpermute
// CHECK:         gpu.barrier
// CHECK-NOT:     gpu.barrier
// CHECK:         gpu.return

// ASM-LABEL: long_row:
// ASM:         s_barrier
// ASM:         s_endpgm
// ASM:         .amdhsa_group_segment_fixed_size 64
eclip.kernel @long_row attributes {eclip.kind = "reduction"} {
^bb0(%a: tensor<1x100000xf32>):
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1xf32>) -> tensor<1xf32>
  %r = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%a : tensor<1x100000xf32>) outs(%f : tensor<1xf32>) {
  ^bb0(%x: f32, %o: f32):
    %m = arith.addf %x, %o : f32
    linalg.yield %m : f32
  } -> tensor<1xf32>
  eclip.yield %r : tensor<1xf32>
}

// Channels last: neighbouring threads take neighbouring channels, and the
// parts of a channel meet in LDS.

// CHECK-LABEL: gpu.func @global_pool
// CHECK-SAME:    workgroup(%{{.*}} : memref<8x32xf32, #gpu.address_space<workgroup>>)
// CHECK-NOT:     rocdl.update.dpp
// CHECK:         gpu.barrier
eclip.kernel @global_pool attributes {eclip.kind = "reduction"} {
^bb0(%a: tensor<1x7x7x2048xf32>):
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2048xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2048xf32>) -> tensor<1x2048xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d3)>],
                       iterator_types = ["parallel", "reduction", "reduction", "parallel"]}
      ins(%a : tensor<1x7x7x2048xf32>) outs(%f : tensor<1x2048xf32>) {
  ^bb0(%x: f32, %o: f32):
    %m = arith.addf %x, %o : f32
    linalg.yield %m : f32
  } -> tensor<1x2048xf32>
  eclip.yield %r : tensor<1x2048xf32>
}

// A window of four: loops of one thread.

// CHECK-LABEL: gpu.func @pool
// CHECK-NOT:     gpu.barrier
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK:             arith.maximumf
// CHECK:         memref.store
eclip.kernel @pool attributes {eclip.kind = "reduction"} {
^bb0(%a: tensor<1x8x8x16xf32>):
  %low = arith.constant 0xFF800000 : f32
  %w = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<1x4x4x16xf32>
  %f = linalg.fill ins(%low : f32) outs(%e : tensor<1x4x4x16xf32>) -> tensor<1x4x4x16xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(n, h, w, c, y, x) -> (n, h * 2 + y, w * 2 + x, c)>,
                                        affine_map<(n, h, w, c, y, x) -> (y, x)>,
                                        affine_map<(n, h, w, c, y, x) -> (n, h, w, c)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %w : tensor<1x8x8x16xf32>, tensor<2x2xf32>) outs(%f : tensor<1x4x4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.maximumf %o, %x : f32
    linalg.yield %m : f32
  } -> tensor<1x4x4x16xf32>
  eclip.yield %r : tensor<1x4x4x16xf32>
}
