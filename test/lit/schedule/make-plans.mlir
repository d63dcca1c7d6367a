// One copy of the schedule for each number of neighbours, marked with it.
// RUN: eclip-opt --eclip-make-plans %s | FileCheck %s
// RUN: eclip-opt --eclip-make-plans=neighbours=0 %s | FileCheck %s --check-prefix=ALONE
// RUN: eclip-opt --eclip-make-plans="neighbours=1 mix-workers=3" %s | FileCheck %s --check-prefix=MIX

// Each is decided by what it is for: alone by itself, the others beside copies.
// RUN: eclip-opt --eclip-make-plans="neighbours=1" --eclip-cluster=objective=latency %s | FileCheck %s --check-prefix=CLUSTER
// Joint plans of one module together; the passes behind take every plan.
// RUN: eclip-opt --eclip-make-plans="neighbours=0 mix-workers=2" --eclip-cluster --eclip-assign-queues --eclip-insert-barriers --eclip-plan-memory --eclip-verify-schedule %s | FileCheck %s --check-prefix=JOINT
// A pinned plan has one group, and may keep to one end.
// RUN: eclip-opt --eclip-make-plans="neighbours=0" --eclip-cluster="cus=30 end=far priority=1" --eclip-assign-queues %s | FileCheck %s --check-prefix=PINNED

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

// CHECK: eclip.schedule @first {{.*}}attributes {eclip.plan_name = "alone", eclip.plan_neighbours = 0 : i64, eclip.switch_cost_ns = 5 : i64}
// CHECK: eclip.dispatch @k
// CHECK: eclip.schedule @first_1_neighbour {{.*}}attributes {eclip.plan_name = "1 neighbour", eclip.plan_neighbours = 1 : i64
// CHECK: eclip.dispatch @k
// CHECK: eclip.schedule @first_2_neighbours {{.*}}attributes {eclip.plan_name = "2 neighbours", eclip.plan_neighbours = 2 : i64
// CHECK: eclip.schedule @first_3_neighbours {{.*}}attributes {eclip.plan_name = "3 neighbours", eclip.plan_neighbours = 3 : i64
// CHECK: eclip.schedule @second {{.*}}eclip.plan_name = "alone"
// CHECK: eclip.schedule @second_3_neighbours
// CHECK-NOT: eclip.schedule
// CHECK-NOT: plan_mix

// ALONE-COUNT-2: eclip.plan_name = "alone"
// ALONE-NOT: eclip.schedule

// MIX: eclip.schedule @first {{.*}}eclip.plan_name = "alone"
// MIX: eclip.schedule @first_1_neighbour
// MIX: eclip.schedule @first_mix {{.*}}eclip.plan_mix, eclip.plan_name = "mix", eclip.plan_neighbours = 2 : i64
// MIX: eclip.schedule @second {{.*}}eclip.plan_name = "alone"

// Alone all CUs are fastest; two copies are faster apart on 30 each.
// CLUSTER: eclip.schedule @first {{.*}}eclip.clustering = {{.*}} time_ns = 300 : i64}
// CLUSTER: eclip.group @group cus 60
// CLUSTER: eclip.schedule @first_1_neighbour {{.*}}eclip.clustering = {{.*}}mix_queues = 2 : i64
// CLUSTER: eclip.group @group cus 30
// CLUSTER-NOT: eclip.group
// CLUSTER: eclip.schedule @second

// JOINT: eclip.schedule @first inputs
// JOINT: eclip.schedule @first_mix {{.*}}mix = ["first_mix", "second_mix"]{{.*}}worker = 0 : i64}{{.*}}eclip.worker_end = "low"
// JOINT: eclip.schedule @second inputs
// JOINT: eclip.schedule @second_mix {{.*}}worker = 1 : i64}{{.*}}eclip.worker_end = "high"

// PINNED: eclip.schedule @first {{.*}}pinned_cus = 30 : i64{{.*}}eclip.fixed_end{{.*}}eclip.priority = 1 : i64{{.*}}eclip.worker_end = "high"
// PINNED: eclip.queue @queue30 mask <cus = 60, words = [3435973836, 214748364]>
// PINNED: eclip.group @group cus 30 on @queue30
// PINNED-NOT: eclip.group
// PINNED: eclip.schedule @second

eclip.schedule @first inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]>
    attributes {eclip.switch_cost_ns = 5 : i64} {
^bb0(%x: tensor<64xf32>):
  %0 = eclip.dispatch @k(%x) cost <cus = [15, 30, 45, 60], time_ns = [210, 110, 105, 100], energy_nj = [60, 50, 55, 60], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  %1 = eclip.dispatch @k(%0) cost <cus = [15, 30, 45, 60], time_ns = [210, 110, 105, 100], energy_nj = [60, 50, 55, 60], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @k(%1) cost <cus = [15, 30, 45, 60], time_ns = [210, 110, 105, 100], energy_nj = [60, 50, 55, 60], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
eclip.schedule @second inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  %y = eclip.dispatch @k(%x) cost <cus = [15, 30, 45, 60], time_ns = [100, 90, 90, 90], energy_nj = [10, 20, 30, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
