// Plans for measuring: one for each mask size, all of it there.
// RUN: eclip-opt --eclip-annotate-cost --eclip-make-plans="each-cus" --eclip-cluster --eclip-assign-queues %s | FileCheck %s
// RUN: not eclip-opt --eclip-annotate-cost --eclip-make-plans="each-cus mix-workers=2" %s 2>&1 | FileCheck %s --check-prefix=MIX
// MIX: each-cus is for one model, not for a mix's worker

// CHECK: eclip.schedule @main {{.*}}eclip.pinned_cus = 60 : i64, eclip.plan_name = "on 60 CUs", eclip.plan_neighbours = 0
// CHECK: eclip.group @{{.*}} cus 60
// CHECK: eclip.schedule @main_on_45_CUs {{.*}}eclip.pinned_cus = 45 : i64, eclip.plan_name = "on 45 CUs", eclip.plan_neighbours = 1
// CHECK: eclip.group @{{.*}} cus 45
// CHECK: eclip.schedule @main_on_30_CUs
// CHECK: eclip.group @{{.*}} cus 30
// CHECK: eclip.schedule @main_on_15_CUs {{.*}}eclip.plan_neighbours = 3
// CHECK: eclip.group @{{.*}} cus 15
// CHECK-NOT: eclip.schedule

eclip.kernel @k attributes {eclip.kind = "pointwise"} {
^bb0(%x: tensor<64xf32>):
  %e = tensor.empty() : tensor<64xf32>
  %r = linalg.exp ins(%x : tensor<64xf32>) outs(%e : tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %r : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<64xf32>):
  %y = eclip.dispatch @k(%x) : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
