// RUN: eclip-opt %s --eclip-compile-kernels=stop-after=asm | FileCheck %s --check-prefix=ASM
// RUN: eclip-opt %s --eclip-compile-kernels --mlir-elide-resource-strings-if-larger=8 | FileCheck %s --check-prefix=LAUNCH

#id = affine_map<(d0, d1) -> (d0, d1)>
#last = affine_map<(d0, d1) -> (d1)>

// Four neighbours a thread: 16-byte loads and stores from a scalar base with a
// 32-bit offset. Adding and a ReLU that lets NaN through are three instructions.

// ASM-LABEL: add_relu:
// ASM:         s_load_dwordx4
// ASM-NOT:     v_add_co
// ASM:         global_load_dwordx4 v[{{[0-9:]+}}], v{{[0-9]+}}, s[{{[0-9:]+}}]
// ASM:         global_load_dwordx4
// ASM-COUNT-4: v_cndmask_b32
// ASM:         global_store_dwordx4
// ASM:         s_endpgm
// ASM:         .amdhsa_kernarg_size 24
// ASM:         .amdhsa_user_sgpr_dispatch_ptr 0
// ASM:         .amdhsa_float_denorm_mode_32 3

// LAUNCH: eclip.code_object = dense_resource<code> : tensor<{{[0-9]+}}xi8>
// LAUNCH-SAME: eclip.isa = "amdgcn-amd-amdhsa--gfx906"
// LAUNCH: eclip.kernel @add_relu launch <grid = [256, 1, 1], workgroup = [256, 1, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 24,
eclip.kernel @add_relu attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<1024x256xf32>, %b: tensor<256xf32>):
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1024x256xf32>
  %r = linalg.generic {indexing_maps = [#id, #last, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a, %b : tensor<1024x256xf32>, tensor<256xf32>) outs(%e : tensor<1024x256xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %s = arith.addf %x, %y : f32
    %m = arith.maximumf %s, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1024x256xf32>
  eclip.yield %r : tensor<1024x256xf32>
}

// 100 elements fill two wavefronts of 64: the rest is masked off, and neither
// a division nor a multiplication finds the element.

// ASM-LABEL: flat:
// ASM-NOT:     v_mul
// ASM:         v_cmp{{.*}}_u32
// ASM:         s_and_saveexec_b64
// ASM:         global_load_dword v
// ASM:         s_endpgm

// LAUNCH: eclip.kernel @flat launch <grid = [2, 1, 1], workgroup = [64, 1, 1]
eclip.kernel @flat attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<4x25xf32>):
  %e = tensor.empty() : tensor<4x25xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<4x25xf32>) outs(%e : tensor<4x25xf32>) {
  ^bb0(%x: f32, %o: f32):
    %s = arith.negf %x : f32
    linalg.yield %s : f32
  } -> tensor<4x25xf32>
  eclip.yield %r : tensor<4x25xf32>
}

// A thread makes as many neighbours as one store takes: 16 bytes of f16, and 8
// bytes of truth values.
//
// ASM-LABEL: halves:
// ASM:         global_load_dwordx4
// ASM:         global_load_dwordx4
// ASM:         v_pk_add_f16
// ASM:         v_pk_mul_f16
// ASM:         global_store_dwordx4
#line = affine_map<(d0) -> (d0)>
eclip.kernel @halves attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<409600xf16>, %b: tensor<409600xf16>):
  %e = tensor.empty() : tensor<409600xf16>
  %r = linalg.generic {indexing_maps = [#line, #line, #line], iterator_types = ["parallel"]}
      ins(%a, %b : tensor<409600xf16>, tensor<409600xf16>) outs(%e : tensor<409600xf16>) {
  ^bb0(%x: f16, %y: f16, %o: f16):
    %0 = arith.addf %x, %y : f16
    %1 = arith.mulf %0, %y : f16
    linalg.yield %1 : f16
  } -> tensor<409600xf16>
  eclip.yield %r : tensor<409600xf16>
}

// ASM-LABEL: flags:
// ASM-COUNT-4: global_load_dwordx4
// ASM:         global_store_dwordx2
eclip.kernel @flags attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<409600xf32>, %b: tensor<409600xf32>):
  %e = tensor.empty() : tensor<409600xi1>
  %r = linalg.generic {indexing_maps = [#line, #line, #line], iterator_types = ["parallel"]}
      ins(%a, %b : tensor<409600xf32>, tensor<409600xf32>) outs(%e : tensor<409600xi1>) {
  ^bb0(%x: f32, %y: f32, %o: i1):
    %0 = arith.cmpf olt, %x, %y : f32
    linalg.yield %0 : i1
  } -> tensor<409600xi1>
  eclip.yield %r : tensor<409600xi1>
}
