// As many masked queues as one request may switch among (C3, Y8): one worker, and
// one beside copies of itself.
// RUN: eclip-opt --eclip-cluster=objective=latency %s | FileCheck %s --check-prefix=ANY
// RUN: sed 's/launch_ns = 0/launch_ns = 0 : i64, request_queues = 2/' %s \
// RUN:   | eclip-opt --eclip-cluster=objective=latency | FileCheck %s --check-prefix=TWO
// RUN: sed 's/launch_ns = 0/launch_ns = 0 : i64, request_queues = 2/' %s \
// RUN:   | eclip-opt --eclip-cluster="objective=latency solver=exhaustive" | FileCheck %s --check-prefix=TWO
// RUN: sed 's/launch_ns = 0/launch_ns = 0 : i64, request_queues = 1/' %s \
// RUN:   | eclip-opt --eclip-cluster=objective=latency | FileCheck %s --check-prefix=ONE
// RUN: sed 's/launch_ns = 0/launch_ns = 0 : i64, request_queues = 2/; s/attributes {/attributes {eclip.plan_name = "1 neighbour", eclip.plan_neighbours = 1 : i64, /' %s \
// RUN:   | eclip-opt --eclip-cluster=objective=latency | FileCheck %s --check-prefix=COPIES

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

// The kernels are fastest on 15, 30 and 60 CUs: 300 ns and two switches. With two
// queues the last is on 30 CUs: that takes 150, and 10 of one switch.
// ANY: eclip.clustering = {{.*}} queues = 3 : i64, switches = 2 : i64, time_ns = 320 : i64
// ANY: eclip.group @group cus 15
// ANY: eclip.group @group_0 cus 30
// ANY: eclip.group @group_1 cus 60
// TWO: eclip.clustering = {{.*}} queues = 2 : i64, switches = 1 : i64, time_ns = 360 : i64
// TWO: eclip.group @group cus 15
// TWO: eclip.group @group_0 cus 30
// ONE: eclip.clustering = {{.*}} queues = 1 : i64, switches = 0 : i64, time_ns = 550 : i64
// ONE: eclip.group @group cus 30
// ONE-NOT: eclip.group
// Beside a copy the same two queues: they take the least of the device.
// COPIES: eclip.group @group cus 15
// COPIES: eclip.group @group_0 cus 30
// COPIES-NOT: eclip.group
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 60]>
    attributes {eclip.switch_cost_ns = 10 : i64, eclip.switch_cost_nj = 1 : i64,
      eclip.device_limits = {board_mw = 300000 : i64, hbm_bytes_per_s = 0 : i64, idle_mw = 20000 : i64, launch_ns = 0 : i64}} {
^bb0(%x: tensor<64xf32>):
  %0 = eclip.dispatch @k(%x) cost <cus = [15, 30, 60], time_ns = [100, 300, 400], energy_nj = [60, 50, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  %1 = eclip.dispatch @k(%0) cost <cus = [15, 30, 60], time_ns = [300, 100, 300], energy_nj = [60, 50, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @k(%1) cost <cus = [15, 30, 60], time_ns = [400, 150, 100], energy_nj = [60, 50, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
