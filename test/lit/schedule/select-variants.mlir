// A dispatch costs what the variant for each CU count costs, and runs the one for
// its group's.
// RUN: eclip-opt --eclip-annotate-cost %s | FileCheck %s --check-prefix=COST
// RUN: eclip-opt --eclip-annotate-cost --eclip-cluster=cus=15 --eclip-select-variants --eclip-drop-kernels %s | FileCheck %s --check-prefix=FEW
// RUN: eclip-opt --eclip-annotate-cost --eclip-cluster=cus=45 --eclip-select-variants --eclip-drop-kernels %s | FileCheck %s --check-prefix=MANY

// One workgroup on 15 and 30 CUs, two on 45 and 60.
// COST: eclip.dispatch @k({{.*}}time_ns = {{\[}}[[ONE:[0-9]+]], [[ONE]], [[TWO:[0-9]+]], [[TWO]]]
// FEW-NOT: eclip.kernel @k launch
// FEW: eclip.kernel @k_on30
// FEW-NOT: variant_cus
// FEW: eclip.dispatch @k_on30({{.*}}eclip.variant_of = @k
// MANY: eclip.kernel @k launch
// MANY-NOT: @k_on30
// MANY: eclip.dispatch @k(

#id = affine_map<(i) -> (i)>
eclip.kernel @k launch <grid = [2, 1, 1], workgroup = [256, 1, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 16, vgprs = 64, sgprs = 32>
    attributes {eclip.kind = "pointwise"} {
^bb0(%x: tensor<65536xf32>):
  %e = tensor.empty() : tensor<65536xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<65536xf32>) outs(%e : tensor<65536xf32>) {
  ^bb1(%p: f32, %s: f32):
    %m = math.tanh %p : f32
    linalg.yield %m : f32
  } -> tensor<65536xf32>
  eclip.yield %r : tensor<65536xf32>
}
eclip.kernel @k_on30 launch <grid = [1, 1, 1], workgroup = [256, 1, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 16, vgprs = 64, sgprs = 32>
    attributes {eclip.kind = "pointwise", eclip.variant_of = @k, eclip.variant_cus = array<i64: 15, 30>} {
^bb0(%x: tensor<65536xf32>):
  %e = tensor.empty() : tensor<65536xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<65536xf32>) outs(%e : tensor<65536xf32>) {
  ^bb1(%p: f32, %s: f32):
    %m = math.tanh %p : f32
    linalg.yield %m : f32
  } -> tensor<65536xf32>
  eclip.yield %r : tensor<65536xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<65536xf32>):
  %y = eclip.dispatch @k(%x) : (tensor<65536xf32>) -> tensor<65536xf32>
  eclip.yield %y : tensor<65536xf32>
}
