// RUN: eclip-opt --eclip-cluster %s --split-input-file --verify-diagnostics

eclip.kernel @k {
^bb0(%x: tensor<64xf32>):
  eclip.yield %x : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 60]> {
^bb0(%x: tensor<64xf32>):
  // expected-error@+1 {{eclip.demand.memory_ns must be an array<i64> of 2 entries, one for each CU count}}
  %y = eclip.dispatch @k(%x) cost <cus = [15, 60], time_ns = [2, 1], energy_nj = [1, 1], source = "model"> {eclip.demand = {busy_mw = array<i64: 1, 1>, hbm_bytes_per_s = array<i64: 1, 1>, memory_ns = array<i64: 1>}} : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%x: tensor<64xf32>):
  eclip.yield %x : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 60]> {
^bb0(%x: tensor<64xf32>):
  // expected-error@+1 {{eclip.demand.busy_mw must not be negative, is -1}}
  %y = eclip.dispatch @k(%x) cost <cus = [15, 60], time_ns = [2, 1], energy_nj = [1, 1], source = "model"> {eclip.demand = {busy_mw = array<i64: 1, -1>, hbm_bytes_per_s = array<i64: 1, 1>, memory_ns = array<i64: 1, 1>}} : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%x: tensor<64xf32>):
  eclip.yield %x : tensor<64xf32>
}
// expected-error@+1 {{eclip.device_limits.idle_mw must be an i64 of at least 0}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 60]>
    attributes {eclip.device_limits = {board_mw = 1 : i64, hbm_bytes_per_s = 1 : i64, idle_mw = -1 : i64, launch_ns = 1 : i64}} {
^bb0(%x: tensor<64xf32>):
  %y = eclip.dispatch @k(%x) cost <cus = [15, 60], time_ns = [2, 1], energy_nj = [1, 1], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%x: tensor<64xf32>):
  eclip.yield %x : tensor<64xf32>
}
// expected-error@+1 {{eclip.mask_topology: 7 XCDs with 8 shader engines don't divide 60 CUs}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 60]>
    attributes {eclip.mask_topology = {engines = 8 : i64, order = "xcd_then_shader_engine_interleaved", xcds = 7 : i64}} {
^bb0(%x: tensor<64xf32>):
  %y = eclip.dispatch @k(%x) cost <cus = [15, 60], time_ns = [2, 1], energy_nj = [1, 1], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%x: tensor<64xf32>):
  eclip.yield %x : tensor<64xf32>
}
// expected-error@+1 {{eclip.device_limits.request_queues must be an i64 of 0 to 1000000}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 60]>
    attributes {eclip.device_limits = {board_mw = 1 : i64, hbm_bytes_per_s = 1 : i64, idle_mw = 1 : i64, launch_ns = 1 : i64, request_queues = -1 : i64}} {
^bb0(%x: tensor<64xf32>):
  %y = eclip.dispatch @k(%x) cost <cus = [15, 60], time_ns = [2, 1], energy_nj = [1, 1], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%x: tensor<64xf32>):
  eclip.yield %x : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 60]> {
^bb0(%x: tensor<64xf32>):
  // expected-error@+1 {{eclip.far_cost.time_ns must not be below 1, is 0}}
  %y = eclip.dispatch @k(%x) cost <cus = [15, 60], time_ns = [2, 1], energy_nj = [1, 1], source = "model"> {eclip.far_cost = {busy_mw = array<i64: 1, 1>, energy_nj = array<i64: 1, 1>, hbm_bytes_per_s = array<i64: 1, 1>, memory_ns = array<i64: 1, 1>, time_ns = array<i64: 0, 1>}} : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%x: tensor<64xf32>):
  eclip.yield %x : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 60]> {
^bb0(%x: tensor<64xf32>):
  // expected-error@+1 {{eclip.far_cost.energy_nj must be an array<i64> of 2 entries, one for each CU count}}
  %y = eclip.dispatch @k(%x) cost <cus = [15, 60], time_ns = [2, 1], energy_nj = [1, 1], source = "model"> {eclip.far_cost = {busy_mw = array<i64: 1, 1>, energy_nj = array<i64: 1>}} : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%x: tensor<64xf32>):
  eclip.yield %x : tensor<64xf32>
}
// expected-error@+1 {{eclip.mask_topology.extra is 5, needs 0 to 4}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [16, 60]>
    attributes {eclip.mask_topology = {engines = 30 : i64, extra = 5 : i64, granule = 8 : i64, order = "sm_group", xcds = 1 : i64}} {
^bb0(%x: tensor<64xf32>):
  %y = eclip.dispatch @k(%x) cost <cus = [16, 60], time_ns = [2, 1], energy_nj = [1, 1], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
