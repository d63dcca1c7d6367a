// What tensor cores can't do of attention, and tiles that they can't.
// RUN: eclip-opt %s --eclip-compile-kernels="target=sm_90" --split-input-file --verify-diagnostics -o /dev/null

#left = affine_map<(b, i, j, k) -> (b, i, k)>
#right = affine_map<(b, i, j, k) -> (b, j, k)>
#values = affine_map<(b, i, j, k) -> (b, k, j)>
#out = affine_map<(b, i, j, k) -> (b, i, j)>
#all = affine_map<(b, i, j) -> (b, i, j)>
#rows = affine_map<(b, i, j) -> (b, i)>
#key = affine_map<(b, i, j) -> (j)>
// expected-error @below {{tile 'attention 64x64 s1' does not fit this attention on sm_}}
// expected-note @below {{in kernel 'attention'}}
eclip.kernel @attention attributes {eclip.kind = "attention", eclip.tile = "attention 64x64 s1"} {
^bb0(%q: tensor<4x100x72xf16>, %k: tensor<4x300x72xf16>, %m: tensor<300xf32>, %v: tensor<4x300x40xf16>):
  %zero_s = arith.constant 0.0 : f32
  %empty_s = tensor.empty() : tensor<4x100x300xf32>
  %init_s = linalg.fill ins(%zero_s : f32) outs(%empty_s : tensor<4x100x300xf32>) -> tensor<4x100x300xf32>
  %s0_s = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x100x72xf16>, tensor<4x300x72xf16>) outs(%init_s : tensor<4x100x300xf32>) {
  ^bb0(%l_s: f16, %r_s: f16, %acc_s: f32):
    %lx_s = arith.extf %l_s : f16 to f32
    %rx_s = arith.extf %r_s : f16 to f32
    %t_s = arith.mulf %lx_s, %rx_s : f32
    %u_s = arith.addf %acc_s, %t_s : f32
    linalg.yield %u_s : f32
  } -> tensor<4x100x300xf32>
  %scaled = linalg.generic {indexing_maps = [#all, #key, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s0_s, %m : tensor<4x100x300xf32>, tensor<300xf32>) outs(%empty_s : tensor<4x100x300xf32>) {
  ^bb0(%in_s: f32, %add_s: f32, %o_s: f32):
    %scale_s = arith.constant 1.250000e-01 : f32
    %a_s = arith.mulf %in_s, %scale_s : f32
    %b_s = arith.addf %a_s, %add_s : f32
    linalg.yield %b_s : f32
  } -> tensor<4x100x300xf32>
  %zero_x = arith.constant 0.0 : f32
  %ninf_x = arith.constant 0xFF800000 : f32
  %row_x = tensor.empty() : tensor<4x100xf32>
  %empty_x = tensor.empty() : tensor<4x100x300xf32>
  %least_x = linalg.fill ins(%ninf_x : f32) outs(%row_x : tensor<4x100xf32>) -> tensor<4x100xf32>
  %max_x = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%scaled : tensor<4x100x300xf32>) outs(%least_x : tensor<4x100xf32>) {
  ^bb0(%in_x: f32, %o_x: f32):
    %y_x = arith.maximumf %in_x, %o_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x100xf32>
  %power_x = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%scaled, %max_x : tensor<4x100x300xf32>, tensor<4x100xf32>) outs(%empty_x : tensor<4x100x300xf32>) {
  ^bb0(%in_x: f32, %most_x: f32, %o_x: f32):
    %d_x = arith.subf %in_x, %most_x : f32
    %e_x = math.exp %d_x : f32
    linalg.yield %e_x : f32
  } -> tensor<4x100x300xf32>
  %none_x = linalg.fill ins(%zero_x : f32) outs(%row_x : tensor<4x100xf32>) -> tensor<4x100xf32>
  %sum_x = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%power_x : tensor<4x100x300xf32>) outs(%none_x : tensor<4x100xf32>) {
  ^bb0(%in_x: f32, %o_x: f32):
    %y_x = arith.addf %in_x, %o_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x100xf32>
  %share_x = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%power_x, %sum_x : tensor<4x100x300xf32>, tensor<4x100xf32>) outs(%empty_x : tensor<4x100x300xf32>) {
  ^bb0(%in_x: f32, %total_x: f32, %o_x: f32):
    %y_x = arith.divf %in_x, %total_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x100x300xf32>
  %pe_x = tensor.empty() : tensor<4x100x300xf16>
  %p = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%share_x : tensor<4x100x300xf32>) outs(%pe_x : tensor<4x100x300xf16>) {
  ^bb0(%in_x: f32, %o_x: f16):
    %h_x = arith.truncf %in_x : f32 to f16
    linalg.yield %h_x : f16
  } -> tensor<4x100x300xf16>
  %zero_o = arith.constant 0.0 : f32
  %empty_o = tensor.empty() : tensor<4x100x40xf32>
  %init_o = linalg.fill ins(%zero_o : f32) outs(%empty_o : tensor<4x100x40xf32>) -> tensor<4x100x40xf32>
  %o0_o = linalg.generic {indexing_maps = [#left, #values, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x100x300xf16>, tensor<4x300x40xf16>) outs(%init_o : tensor<4x100x40xf32>) {
  ^bb0(%l_o: f16, %r_o: f16, %acc_o: f32):
    %lx_o = arith.extf %l_o : f16 to f32
    %rx_o = arith.extf %r_o : f16 to f32
    %t_o = arith.mulf %lx_o, %rx_o : f32
    %u_o = arith.addf %acc_o, %t_o : f32
    linalg.yield %u_o : f32
  } -> tensor<4x100x40xf32>
  %ohe_o = tensor.empty() : tensor<4x100x40xf16>
  %oh_o = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%o0_o : tensor<4x100x40xf32>) outs(%ohe_o : tensor<4x100x40xf16>) {
  ^bb0(%in_o: f32, %o_o: f16):
    %h_o = arith.truncf %in_o : f32 to f16
    linalg.yield %h_o : f16
  } -> tensor<4x100x40xf16>
  eclip.yield %oh_o : tensor<4x100x40xf16>
}

// -----

#left = affine_map<(b, i, j, k) -> (b, i, k)>
#right = affine_map<(b, i, j, k) -> (b, j, k)>
#values = affine_map<(b, i, j, k) -> (b, k, j)>
#out = affine_map<(b, i, j, k) -> (b, i, j)>
#all = affine_map<(b, i, j) -> (b, i, j)>
#rows = affine_map<(b, i, j) -> (b, i)>
#key = affine_map<(b, i, j) -> (j)>
// expected-error @below {{no tile of attention is called 'mma 64x64'}}
// expected-note @below {{in kernel 'attention'}}
eclip.kernel @attention attributes {eclip.kind = "attention", eclip.tile = "mma 64x64"} {
^bb0(%q: tensor<4x100x72xf16>, %k: tensor<4x300x72xf16>, %m: tensor<300xf32>, %v: tensor<4x300x40xf16>):
  %zero_s = arith.constant 0.0 : f32
  %empty_s = tensor.empty() : tensor<4x100x300xf32>
  %init_s = linalg.fill ins(%zero_s : f32) outs(%empty_s : tensor<4x100x300xf32>) -> tensor<4x100x300xf32>
  %s0_s = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x100x72xf16>, tensor<4x300x72xf16>) outs(%init_s : tensor<4x100x300xf32>) {
  ^bb0(%l_s: f16, %r_s: f16, %acc_s: f32):
    %lx_s = arith.extf %l_s : f16 to f32
    %rx_s = arith.extf %r_s : f16 to f32
    %t_s = arith.mulf %lx_s, %rx_s : f32
    %u_s = arith.addf %acc_s, %t_s : f32
    linalg.yield %u_s : f32
  } -> tensor<4x100x300xf32>
  %scaled = linalg.generic {indexing_maps = [#all, #key, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s0_s, %m : tensor<4x100x300xf32>, tensor<300xf32>) outs(%empty_s : tensor<4x100x300xf32>) {
  ^bb0(%in_s: f32, %add_s: f32, %o_s: f32):
    %scale_s = arith.constant 1.250000e-01 : f32
    %a_s = arith.mulf %in_s, %scale_s : f32
    %b_s = arith.addf %a_s, %add_s : f32
    linalg.yield %b_s : f32
  } -> tensor<4x100x300xf32>
  %zero_x = arith.constant 0.0 : f32
  %ninf_x = arith.constant 0xFF800000 : f32
  %row_x = tensor.empty() : tensor<4x100xf32>
  %empty_x = tensor.empty() : tensor<4x100x300xf32>
  %least_x = linalg.fill ins(%ninf_x : f32) outs(%row_x : tensor<4x100xf32>) -> tensor<4x100xf32>
  %max_x = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%scaled : tensor<4x100x300xf32>) outs(%least_x : tensor<4x100xf32>) {
  ^bb0(%in_x: f32, %o_x: f32):
    %y_x = arith.maximumf %in_x, %o_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x100xf32>
  %power_x = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%scaled, %max_x : tensor<4x100x300xf32>, tensor<4x100xf32>) outs(%empty_x : tensor<4x100x300xf32>) {
  ^bb0(%in_x: f32, %most_x: f32, %o_x: f32):
    %d_x = arith.subf %in_x, %most_x : f32
    %e_x = math.exp %d_x : f32
    linalg.yield %e_x : f32
  } -> tensor<4x100x300xf32>
  %none_x = linalg.fill ins(%zero_x : f32) outs(%row_x : tensor<4x100xf32>) -> tensor<4x100xf32>
  %sum_x = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%power_x : tensor<4x100x300xf32>) outs(%none_x : tensor<4x100xf32>) {
  ^bb0(%in_x: f32, %o_x: f32):
    %y_x = arith.addf %in_x, %o_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x100xf32>
  %share_x = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%power_x, %sum_x : tensor<4x100x300xf32>, tensor<4x100xf32>) outs(%empty_x : tensor<4x100x300xf32>) {
  ^bb0(%in_x: f32, %total_x: f32, %o_x: f32):
    %y_x = arith.divf %in_x, %total_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x100x300xf32>
  %pe_x = tensor.empty() : tensor<4x100x300xf16>
  %p = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%share_x : tensor<4x100x300xf32>) outs(%pe_x : tensor<4x100x300xf16>) {
  ^bb0(%in_x: f32, %o_x: f16):
    %h_x = arith.truncf %in_x : f32 to f16
    linalg.yield %h_x : f16
  } -> tensor<4x100x300xf16>
  %zero_o = arith.constant 0.0 : f32
  %empty_o = tensor.empty() : tensor<4x100x40xf32>
  %init_o = linalg.fill ins(%zero_o : f32) outs(%empty_o : tensor<4x100x40xf32>) -> tensor<4x100x40xf32>
  %o0_o = linalg.generic {indexing_maps = [#left, #values, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x100x300xf16>, tensor<4x300x40xf16>) outs(%init_o : tensor<4x100x40xf32>) {
  ^bb0(%l_o: f16, %r_o: f16, %acc_o: f32):
    %lx_o = arith.extf %l_o : f16 to f32
    %rx_o = arith.extf %r_o : f16 to f32
    %t_o = arith.mulf %lx_o, %rx_o : f32
    %u_o = arith.addf %acc_o, %t_o : f32
    linalg.yield %u_o : f32
  } -> tensor<4x100x40xf32>
  %ohe_o = tensor.empty() : tensor<4x100x40xf16>
  %oh_o = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%o0_o : tensor<4x100x40xf32>) outs(%ohe_o : tensor<4x100x40xf16>) {
  ^bb0(%in_o: f32, %o_o: f16):
    %h_o = arith.truncf %in_o : f32 to f16
    linalg.yield %h_o : f16
  } -> tensor<4x100x40xf16>
  eclip.yield %oh_o : tensor<4x100x40xf16>
}

// -----

#left = affine_map<(b, i, j, k) -> (b, i, k)>
#right = affine_map<(b, i, j, k) -> (b, j, k)>
#values = affine_map<(b, i, j, k) -> (b, k, j)>
#out = affine_map<(b, i, j, k) -> (b, i, j)>
#all = affine_map<(b, i, j) -> (b, i, j)>
#rows = affine_map<(b, i, j) -> (b, i)>
#key = affine_map<(b, i, j) -> (j)>
// expected-error @below {{a head has 136 features, tensor cores take 128 at most}}
// expected-note @below {{in kernel 'attention'}}
eclip.kernel @attention attributes {eclip.kind = "attention"} {
^bb0(%q: tensor<4x32x136xf16>, %k: tensor<4x48x136xf16>, %m: tensor<48xf32>, %v: tensor<4x48x64xf16>):
  %zero_s = arith.constant 0.0 : f32
  %empty_s = tensor.empty() : tensor<4x32x48xf32>
  %init_s = linalg.fill ins(%zero_s : f32) outs(%empty_s : tensor<4x32x48xf32>) -> tensor<4x32x48xf32>
  %s0_s = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x32x136xf16>, tensor<4x48x136xf16>) outs(%init_s : tensor<4x32x48xf32>) {
  ^bb0(%l_s: f16, %r_s: f16, %acc_s: f32):
    %lx_s = arith.extf %l_s : f16 to f32
    %rx_s = arith.extf %r_s : f16 to f32
    %t_s = arith.mulf %lx_s, %rx_s : f32
    %u_s = arith.addf %acc_s, %t_s : f32
    linalg.yield %u_s : f32
  } -> tensor<4x32x48xf32>
  %scaled = linalg.generic {indexing_maps = [#all, #key, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s0_s, %m : tensor<4x32x48xf32>, tensor<48xf32>) outs(%empty_s : tensor<4x32x48xf32>) {
  ^bb0(%in_s: f32, %add_s: f32, %o_s: f32):
    %scale_s = arith.constant 1.250000e-01 : f32
    %a_s = arith.mulf %in_s, %scale_s : f32
    %b_s = arith.addf %a_s, %add_s : f32
    linalg.yield %b_s : f32
  } -> tensor<4x32x48xf32>
  %zero_x = arith.constant 0.0 : f32
  %ninf_x = arith.constant 0xFF800000 : f32
  %row_x = tensor.empty() : tensor<4x32xf32>
  %empty_x = tensor.empty() : tensor<4x32x48xf32>
  %least_x = linalg.fill ins(%ninf_x : f32) outs(%row_x : tensor<4x32xf32>) -> tensor<4x32xf32>
  %max_x = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%scaled : tensor<4x32x48xf32>) outs(%least_x : tensor<4x32xf32>) {
  ^bb0(%in_x: f32, %o_x: f32):
    %y_x = arith.maximumf %in_x, %o_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x32xf32>
  %power_x = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%scaled, %max_x : tensor<4x32x48xf32>, tensor<4x32xf32>) outs(%empty_x : tensor<4x32x48xf32>) {
  ^bb0(%in_x: f32, %most_x: f32, %o_x: f32):
    %d_x = arith.subf %in_x, %most_x : f32
    %e_x = math.exp %d_x : f32
    linalg.yield %e_x : f32
  } -> tensor<4x32x48xf32>
  %none_x = linalg.fill ins(%zero_x : f32) outs(%row_x : tensor<4x32xf32>) -> tensor<4x32xf32>
  %sum_x = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%power_x : tensor<4x32x48xf32>) outs(%none_x : tensor<4x32xf32>) {
  ^bb0(%in_x: f32, %o_x: f32):
    %y_x = arith.addf %in_x, %o_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x32xf32>
  %share_x = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%power_x, %sum_x : tensor<4x32x48xf32>, tensor<4x32xf32>) outs(%empty_x : tensor<4x32x48xf32>) {
  ^bb0(%in_x: f32, %total_x: f32, %o_x: f32):
    %y_x = arith.divf %in_x, %total_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x32x48xf32>
  %pe_x = tensor.empty() : tensor<4x32x48xf16>
  %p = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%share_x : tensor<4x32x48xf32>) outs(%pe_x : tensor<4x32x48xf16>) {
  ^bb0(%in_x: f32, %o_x: f16):
    %h_x = arith.truncf %in_x : f32 to f16
    linalg.yield %h_x : f16
  } -> tensor<4x32x48xf16>
  %zero_o = arith.constant 0.0 : f32
  %empty_o = tensor.empty() : tensor<4x32x64xf32>
  %init_o = linalg.fill ins(%zero_o : f32) outs(%empty_o : tensor<4x32x64xf32>) -> tensor<4x32x64xf32>
  %o0_o = linalg.generic {indexing_maps = [#left, #values, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x32x48xf16>, tensor<4x48x64xf16>) outs(%init_o : tensor<4x32x64xf32>) {
  ^bb0(%l_o: f16, %r_o: f16, %acc_o: f32):
    %lx_o = arith.extf %l_o : f16 to f32
    %rx_o = arith.extf %r_o : f16 to f32
    %t_o = arith.mulf %lx_o, %rx_o : f32
    %u_o = arith.addf %acc_o, %t_o : f32
    linalg.yield %u_o : f32
  } -> tensor<4x32x64xf32>
  %ohe_o = tensor.empty() : tensor<4x32x64xf16>
  %oh_o = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%o0_o : tensor<4x32x64xf32>) outs(%ohe_o : tensor<4x32x64xf16>) {
  ^bb0(%in_o: f32, %o_o: f16):
    %h_o = arith.truncf %in_o : f32 to f16
    linalg.yield %h_o : f16
  } -> tensor<4x32x64xf16>
  eclip.yield %oh_o : tensor<4x32x64xf16>
}

// -----

// Not over keys.
#left = affine_map<(b, i, j, k) -> (b, i, k)>
#right = affine_map<(b, i, j, k) -> (b, j, k)>
#values = affine_map<(b, i, j, k) -> (b, k, j)>
#out = affine_map<(b, i, j, k) -> (b, i, j)>
#all = affine_map<(b, i, j) -> (b, i, j)>
#rows = affine_map<(b, i, j) -> (b, i)>
#other = affine_map<(b, i, j) -> (b, 0)>
#key = affine_map<(b, i, j) -> (j)>
// expected-error @below {{the left factor of the outputs is no softmax over keys}}
// expected-note @below {{in kernel 'attention'}}
eclip.kernel @attention attributes {eclip.kind = "attention"} {
^bb0(%q: tensor<4x32x64xf16>, %k: tensor<4x48x64xf16>, %m: tensor<48xf32>, %v: tensor<4x48x64xf16>):
  %zero_s = arith.constant 0.0 : f32
  %empty_s = tensor.empty() : tensor<4x32x48xf32>
  %init_s = linalg.fill ins(%zero_s : f32) outs(%empty_s : tensor<4x32x48xf32>) -> tensor<4x32x48xf32>
  %s0_s = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x32x64xf16>, tensor<4x48x64xf16>) outs(%init_s : tensor<4x32x48xf32>) {
  ^bb0(%l_s: f16, %r_s: f16, %acc_s: f32):
    %lx_s = arith.extf %l_s : f16 to f32
    %rx_s = arith.extf %r_s : f16 to f32
    %t_s = arith.mulf %lx_s, %rx_s : f32
    %u_s = arith.addf %acc_s, %t_s : f32
    linalg.yield %u_s : f32
  } -> tensor<4x32x48xf32>
  %scaled = linalg.generic {indexing_maps = [#all, #key, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s0_s, %m : tensor<4x32x48xf32>, tensor<48xf32>) outs(%empty_s : tensor<4x32x48xf32>) {
  ^bb0(%in_s: f32, %add_s: f32, %o_s: f32):
    %scale_s = arith.constant 1.250000e-01 : f32
    %a_s = arith.mulf %in_s, %scale_s : f32
    %b_s = arith.addf %a_s, %add_s : f32
    linalg.yield %b_s : f32
  } -> tensor<4x32x48xf32>
  %zero_x = arith.constant 0.0 : f32
  %ninf_x = arith.constant 0xFF800000 : f32
  %row_x = tensor.empty() : tensor<4x32xf32>
  %empty_x = tensor.empty() : tensor<4x32x48xf32>
  %least_x = linalg.fill ins(%ninf_x : f32) outs(%row_x : tensor<4x32xf32>) -> tensor<4x32xf32>
  %max_x = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%scaled : tensor<4x32x48xf32>) outs(%least_x : tensor<4x32xf32>) {
  ^bb0(%in_x: f32, %o_x: f32):
    %y_x = arith.maximumf %in_x, %o_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x32xf32>
  %power_x = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%scaled, %max_x : tensor<4x32x48xf32>, tensor<4x32xf32>) outs(%empty_x : tensor<4x32x48xf32>) {
  ^bb0(%in_x: f32, %most_x: f32, %o_x: f32):
    %d_x = arith.subf %in_x, %most_x : f32
    %e_x = math.exp %d_x : f32
    linalg.yield %e_x : f32
  } -> tensor<4x32x48xf32>
  %none_x = linalg.fill ins(%zero_x : f32) outs(%row_x : tensor<4x32xf32>) -> tensor<4x32xf32>
  %sum_x = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%power_x : tensor<4x32x48xf32>) outs(%none_x : tensor<4x32xf32>) {
  ^bb0(%in_x: f32, %o_x: f32):
    %y_x = arith.addf %in_x, %o_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x32xf32>
  %share_x = linalg.generic {indexing_maps = [#all, #other, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%power_x, %sum_x : tensor<4x32x48xf32>, tensor<4x32xf32>) outs(%empty_x : tensor<4x32x48xf32>) {
  ^bb0(%in_x: f32, %total_x: f32, %o_x: f32):
    %y_x = arith.divf %in_x, %total_x : f32
    linalg.yield %y_x : f32
  } -> tensor<4x32x48xf32>
  %pe_x = tensor.empty() : tensor<4x32x48xf16>
  %p = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%share_x : tensor<4x32x48xf32>) outs(%pe_x : tensor<4x32x48xf16>) {
  ^bb0(%in_x: f32, %o_x: f16):
    %h_x = arith.truncf %in_x : f32 to f16
    linalg.yield %h_x : f16
  } -> tensor<4x32x48xf16>
  %zero_o = arith.constant 0.0 : f32
  %empty_o = tensor.empty() : tensor<4x32x64xf32>
  %init_o = linalg.fill ins(%zero_o : f32) outs(%empty_o : tensor<4x32x64xf32>) -> tensor<4x32x64xf32>
  %o0_o = linalg.generic {indexing_maps = [#left, #values, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x32x48xf16>, tensor<4x48x64xf16>) outs(%init_o : tensor<4x32x64xf32>) {
  ^bb0(%l_o: f16, %r_o: f16, %acc_o: f32):
    %lx_o = arith.extf %l_o : f16 to f32
    %rx_o = arith.extf %r_o : f16 to f32
    %t_o = arith.mulf %lx_o, %rx_o : f32
    %u_o = arith.addf %acc_o, %t_o : f32
    linalg.yield %u_o : f32
  } -> tensor<4x32x64xf32>
  %ohe_o = tensor.empty() : tensor<4x32x64xf16>
  %oh_o = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%o0_o : tensor<4x32x64xf32>) outs(%ohe_o : tensor<4x32x64xf16>) {
  ^bb0(%in_o: f32, %o_o: f16):
    %h_o = arith.truncf %in_o : f32 to f16
    linalg.yield %h_o : f16
  } -> tensor<4x32x64xf16>
  eclip.yield %oh_o : tensor<4x32x64xf16>
}
