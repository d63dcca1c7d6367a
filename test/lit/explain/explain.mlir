// The report of a schedule whose figures are small enough to be checked by hand.
// RUN: eclip-opt --eclip-explain %s -o /dev/null | FileCheck %s
// RUN: eclip-opt --eclip-explain=format=json %s -o /dev/null | FileCheck %s --check-prefix=JSON

eclip.kernel @k attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @sum attributes {eclip.kind = "reduction"} {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

// CHECK: device mi50 (gfx906): 60 CUs, masks of 15, 30, 45, 60 CUs, at most 7 masked queues
// CHECK: === model: 3 launches of 2 kernels
// CHECK: --- plan alone: objective energy, proven optimal, at most 400 ns

// 100 + 102 + 100 and two switches of 10 ns; 40 + 10 + 40 and two of 5 nJ.
// CHECK:      this plan                  322 ns  100 nJ    +7.33 %  -16.67 %
// CHECK-NEXT: all kernels on all 60 CUs  300 ns  120 nJ
// CHECK-NEXT: all kernels on 45 CUs      400 ns  120 nJ   +33.33 %    0.00 %
// CHECK-NEXT: all kernels on 30 CUs      500 ns  120 nJ   +66.67 %    0.00 %
// CHECK-NEXT: all kernels on 15 CUs      902 ns  190 nJ  +200.67 %  +58.33 %
// CHECK-NEXT: 3 launches in 3 groups on 2 masked queues, 2 switches of CU count, 2 barrier packets
// CHECK-NEXT: arena 512 bytes; lower bound 512: as small as can be

// 102 ns on 15 CUs are within 2 % of 100 ns on 60: @sum needs 15.
// CHECK:      60 |###########################{{ +}}###############################{{$}}
// CHECK-NEXT: 45 |###########################{{ +}}###############################{{$}}
// CHECK-NEXT: 30 |###########################{{ +}}###############################{{$}}
// CHECK-NEXT: 15 |{{#+}}{{$}}

// CHECK:      group  CUs  launches  queue   start    time  energy
// CHECK-NEXT: a       60         1  q60      0 ns  100 ns   40 nJ
// CHECK-NEXT: b       15         1  q15    100 ns  102 ns   10 nJ
// CHECK-NEXT: c       60         1  q60    212 ns  100 ns   40 nJ

// @sum on 60 CUs saves both switches: 100 - 102 - 20 ns and 40 - 10 - 10 nJ.
// The first on 15 CUs saves one: 400 - 100 - 10 ns, 90 - 40 - 5 nJ; 612 ns are
// over the limit.
// CHECK:      switches, each 10 ns and 5 nJ
// CHECK-NEXT:      at  CUs       without it         time  energy  objective  why
// CHECK-NEXT:  100 ns  60 -> 15  1 launch on 60   -22 ns  +20 nJ  +20.000 %  saves energy
// CHECK-NEXT:                    1 launch on 15  +290 ns  +45 nJ  +45.000 %  breaks a limit
// CHECK-NEXT:  212 ns  15 -> 60  1 launch on 15  +290 ns  +45 nJ  +45.000 %  breaks a limit
// CHECK-NEXT:                    1 launch on 60   -22 ns  +20 nJ  +20.000 %  saves energy

// CHECK:      q15: 15 CUs, 1 launch, 1 barrier packet with 1 wait, mask 01111111 11111111
// CHECK-NEXT: SE0 ###############  SE1 ...............  SE2 ...............  SE3 ...............
// CHECK-NEXT: q60: 60 CUs, 2 launches, 1 barrier packet with 1 wait, mask 0fffffff ffffffff
// CHECK-NEXT: SE0 ###############  SE1 ###############  SE2 ###############  SE3 ###############

// CHECK:      kernel kinds
// CHECK:      pointwise         2  200 ns  66.2 %   80 nJ  88.9 %
// CHECK-NEXT: reduction         1  102 ns  33.8 %   10 nJ  11.1 %
// CHECK:      switches         20 ns   6.2 %
// CHECK:      top kernels by time
// CHECK:      k           2  200 ns
// CHECK-NEXT: sum         1  102 ns

// JSON-DAG: "schema_version":1
// JSON-DAG: "total":{"energy_nj":100,"time_ns":322}
// JSON-DAG: "all_cus":{"energy_nj":120,"time_ns":300}
// JSON-DAG: "needed_cu_count":15,"nodes":["pool","relu"]
// JSON-DAG: "change":{"energy_nj":20,"time_ns":-22}
// JSON-DAG: "change":{"energy_nj":45,"time_ns":290}
// JSON-DAG: "arena_bytes":512,"buffers":[{"bytes":256,"end_ns":212,"first_step":0,"last_step":1,"offset_bytes":0,"start_ns":0},{"bytes":256,"end_ns":322,"first_step":1,"last_step":2,"offset_bytes":256,"start_ns":100}],"lower_bound_bytes":512,"peak_live_bytes":512
eclip.schedule @chain inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 attributes {
    eclip.arena_lower_bound = 512 : i64, eclip.switch_cost_ns = 10 : i64, eclip.switch_cost_nj = 5 : i64,
    eclip.clustering = {objective = "energy", optimal = true, time_limit_ns = 400 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 60 on @q60
  eclip.group @b cus 15 on @q15
  eclip.group @c cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @a at [0] cost <cus = [15, 30, 45, 60], time_ns = [400, 200, 150, 100], energy_nj = [90, 50, 45, 40], source = "model"> {eclip.nodes = ["conv"]} : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @b waits(%0 : tensor<64xf32>)
  %1 = eclip.dispatch @sum(%0) in @b at [256] cost <cus = [15, 30, 45, 60], time_ns = [102, 100, 100, 100], energy_nj = [10, 20, 30, 40], source = "model"> {eclip.nodes = ["pool", "relu"]} : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @c waits(%1 : tensor<64xf32>)
  %2 = eclip.dispatch @k(%1) in @c at [-1] cost <cus = [15, 30, 45, 60], time_ns = [400, 200, 150, 100], energy_nj = [90, 50, 45, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %2 : tensor<64xf32>
}
