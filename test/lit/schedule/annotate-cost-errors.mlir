// RUN: eclip-opt --eclip-annotate-cost %s --split-input-file --verify-diagnostics

eclip.kernel @k launch <grid = [1, 1, 1], workgroup = [256, 1, 1], lds_bytes = 65537, scratch_bytes = 0, kernarg_bytes = 16, vgprs = 8, sgprs = 8> {
^bb0(%x: tensor<64xf32>):
  eclip.yield %x : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<64xf32>):
  // expected-error@+1 {{a workgroup of 256 work-items with 8 VGPRs, 8 SGPRs and 65537 bytes of LDS fits no CU of device 'mi50' (lds)}}
  %y = eclip.dispatch @k(%x) : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

// expected-error@+1 {{kernels are compiled for amdgcn-amd-amdhsa--gfx90a, device 'mi50' is gfx906; allow-isa-mismatch predicts from them all the same}}
module attributes {eclip.isa = "amdgcn-amd-amdhsa--gfx90a"} {
}
