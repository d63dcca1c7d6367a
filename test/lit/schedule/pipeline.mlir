// All passes in order, from kernels to a verified schedule.
// RUN: eclip-opt --eclip-annotate-cost --eclip-cluster --eclip-assign-queues --eclip-insert-barriers --eclip-plan-memory --eclip-verify-schedule %s | FileCheck %s

#id = affine_map<(i) -> (i)>
// Scales to all CUs.
eclip.kernel @wide launch <grid = [3840, 1, 1], workgroup = [256, 1, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 16, vgprs = 24, sgprs = 16> attributes {eclip.kind = "pointwise"} {
^bb0(%x: tensor<983040xf32>):
  %e = tensor.empty() : tensor<983040xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<983040xf32>) outs(%e : tensor<983040xf32>) {
  ^bb1(%p: f32, %s: f32):
    %0 = math.tanh %p : f32
    %1 = math.tanh %0 : f32
    %2 = math.tanh %1 : f32
    %3 = math.tanh %2 : f32
    %4 = math.tanh %3 : f32
    %5 = math.tanh %4 : f32
    %6 = math.tanh %5 : f32
    %7 = math.tanh %6 : f32
    linalg.yield %7 : f32
  } -> tensor<983040xf32>
  eclip.yield %r : tensor<983040xf32>
}
// Four workgroups that compute for long: more CUs only draw power.
eclip.kernel @narrow launch <grid = [4, 1, 1], workgroup = [256, 1, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 16, vgprs = 24, sgprs = 16> attributes {eclip.kind = "reduction"} {
^bb0(%x: tensor<983040xf32>):
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %r = linalg.generic {indexing_maps = [#id, affine_map<(i) -> ()>], iterator_types = ["reduction"]} ins(%x : tensor<983040xf32>) outs(%i : tensor<f32>) {
  ^bb1(%p: f32, %s: f32):
    %0 = math.tanh %p : f32
    %1 = arith.addf %0, %s : f32
    linalg.yield %1 : f32
  } -> tensor<f32>
  eclip.yield %r : tensor<f32>
}

// CHECK: eclip.schedule @main
// CHECK-SAME: arena {{[0-9]+}}
// CHECK-SAME: eclip.arena_lower_bound
// CHECK-SAME: eclip.barrier_waits = 1
// CHECK-SAME: queues = 2 : i64, switches = 1 : i64
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<983040xf32>):
  // CHECK: eclip.queue @queue15
  // CHECK: eclip.queue @queue60
  // CHECK: eclip.group @[[WIDE:.*]] cus 60 on @queue60
  // CHECK: eclip.group @[[NARROW:.*]] cus 15 on @queue15
  // CHECK: eclip.dispatch @wide(%{{.*}}) in @[[WIDE]]
  %0 = eclip.dispatch @wide(%x) : (tensor<983040xf32>) -> tensor<983040xf32>
  // CHECK: %[[LAST:.*]] = eclip.dispatch @wide(%{{.*}}) in @[[WIDE]]
  %1 = eclip.dispatch @wide(%0) : (tensor<983040xf32>) -> tensor<983040xf32>
  // CHECK: eclip.barrier in @[[NARROW]] waits(%[[LAST]]
  // CHECK: eclip.dispatch @narrow(%[[LAST]]) in @[[NARROW]] at [-1]
  %y = eclip.dispatch @narrow(%1) : (tensor<983040xf32>) -> tensor<f32>
  eclip.yield %y : tensor<f32>
}
