// Every shipped description predicts; a guess across ISAs must be asked for.
// RUN: eclip-opt --eclip-annotate-cost='device=mi60 allow-isa-mismatch' %s | FileCheck %s --check-prefix=MI60
// RUN: eclip-opt --eclip-annotate-cost='device=mi100 allow-isa-mismatch' %s | FileCheck %s --check-prefix=MI100
// RUN: eclip-opt --eclip-annotate-cost='device=mi210 allow-isa-mismatch' %s | FileCheck %s --check-prefix=MI210
// RUN: eclip-opt --eclip-annotate-cost='device=mi300x allow-isa-mismatch' %s | FileCheck %s --check-prefix=MI300X
// RUN: eclip-opt --eclip-annotate-cost='device=h100 allow-isa-mismatch' %s | FileCheck %s --check-prefix=H100
// RUN: not eclip-opt --eclip-annotate-cost=device=mi100 %s 2>&1 | FileCheck %s --check-prefix=REFUSED
// RUN: sed 's/amdgcn-amd-amdhsa--gfx906/amdgcn-amd-amdhsa--gfx908/' %s | eclip-opt --eclip-annotate-cost=device=mi100 | FileCheck %s --check-prefix=MATRIX

// REFUSED: error: kernels are compiled for amdgcn-amd-amdhsa--gfx906, device 'mi100' is gfx908; allow-isa-mismatch predicts from them all the same

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
module attributes {eclip.isa = "amdgcn-amd-amdhsa--gfx906"} {
// f16 factors, f32 sums: dot instructions, 2 * 4096 * 4096 * 1024 operations.
eclip.kernel @gemm launch <grid = [64, 64, 1], workgroup = [256, 1, 1], lds_bytes = 16384, scratch_bytes = 0, kernarg_bytes = 24, vgprs = 64, sgprs = 32>
    attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<4096x1024xf16>, %w: tensor<1024x4096xf16>):
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4096x4096xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<4096x4096xf32>) -> tensor<4096x4096xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<4096x1024xf16>, tensor<1024x4096xf16>) outs(%init : tensor<4096x4096xf32>) {
  ^bb1(%p: f16, %q: f16, %s: f32):
    %pw = arith.extf %p : f16 to f32
    %qw = arith.extf %q : f16 to f32
    %m = arith.mulf %pw, %qw : f32
    %t = arith.addf %s, %m : f32
    linalg.yield %t : f32
  } -> tensor<4096x4096xf32>
  eclip.yield %r : tensor<4096x4096xf32>
}

// 60 % of each part's packed fp16 peak, since vector code stays vector code:
// 34.36e9 operations at 29.5, 46.1, 45.3, 163.4 and 133.8 TFLOP/s, in whole
// rounds of workgroups: 4096 of them are 64 on each of 64 CUs, 1941 us.
// MI60: shader_engines = 4, max_masked_queues = 7, mask_sizes = [16, 32, 48, 64]>
// MI60-NOT: eclip.mask_topology
// MI60: time_ns = [7767913, 3885457, 2611526, 1944229]
// MI100: shader_engines = 8, max_masked_queues = 24, mask_sizes = [30, 60, 90, 120]>
// MI100: time_ns = [5025247, 2550517, 1677083, 1276759]
// MI210: mask_sizes = [26, 52, 78, 104]>
// MI210: time_ns = [5074436, 2538718, 1736276, 1286908]
// On eight dies a mask is counted in dies, and its bits go over them first.
// MI300X: cus = 304, shader_engines = 8, max_masked_queues = 24, mask_sizes = [80, 160, 240, 304]>
// MI300X-SAME: eclip.mask_topology = {engines = 32 : i64, order = "xcd_then_shader_engine_interleaved", xcds = 8 : i64}
// MI300X: time_ns = [1355582, 679291, 471202, 367157]
// H100: cus = 132, shader_engines = 66, max_masked_queues = 24, mask_sizes = [24, 32, 48, 56, 64, 72, 80, 96, 104, 132]>
// H100-SAME: eclip.mask_topology = {engines = 66 : i64, extra = 4 : i64, granule = 8 : i64, order = "sm_group", xcds = 1 : i64}
// H100: time_ns = [2359621, 1766525, 1187222, 1021707, 883778, 787227, 718263, 594126, 552748, 442404]
// Masks of the far end have four SMs more than near ones: of 4096 workgroups
// 147 rounds on 28 SMs, 171 on 24.
// H100-SAME: eclip.far_cost = {{.*}}time_ns = array<i64: 2028591, 1573424, 1090672, 952743, 842399, 745849, 676884, 566541, 525162, 442404>
// Code for gfx908 may use its matrix instructions: 40 % of 184.6 TFLOP/s.
// MATRIX: time_ns = [1884303, 957284, 630101, 480142]
eclip.schedule @main inputs ["x", "w"] outputs ["a"] {
^bb0(%x: tensor<4096x1024xf16>, %w: tensor<1024x4096xf16>):
  %a = eclip.dispatch @gemm(%x, %w) : (tensor<4096x1024xf16>, tensor<1024x4096xf16>) -> tensor<4096x4096xf32>
  eclip.yield %a : tensor<4096x4096xf32>
}
}
