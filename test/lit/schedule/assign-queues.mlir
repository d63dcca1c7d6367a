// Whole shader engines from one end: bit i is engine i mod 4. Groups with one CU
// count share a queue.
// RUN: eclip-opt --eclip-assign-queues %s | FileCheck %s --check-prefixes=CHECK,LOW
// RUN: eclip-opt --eclip-assign-queues=worker=2 %s | FileCheck %s --check-prefixes=CHECK,LOW
// RUN: eclip-opt --eclip-assign-queues=worker=1 %s | FileCheck %s --check-prefixes=CHECK,HIGH
// RUN: eclip-opt --eclip-assign-queues=worker-end=high %s | FileCheck %s --check-prefixes=CHECK,HIGH
// RUN: eclip-opt --eclip-assign-queues="worker=1 worker-end=low" %s | FileCheck %s --check-prefixes=CHECK,LOW

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  // 0x11111111, 0x01111111 and 0x88888888, 0x08888888
  // LOW: eclip.queue @queue15 mask <cus = 60, words = [286331153, 17895697]>
  // HIGH: eclip.queue @queue15 mask <cus = 60, words = [2290649224, 143165576]>
  // 0x77777777, 0x07777777 and 0xeeeeeeee, 0x0eeeeeee
  // LOW-NEXT: eclip.queue @queue45 mask <cus = 60, words = [2004318071, 125269879]>
  // HIGH-NEXT: eclip.queue @queue45 mask <cus = 60, words = [4008636142, 250539758]>
  // CHECK-NEXT: eclip.queue @queue60 mask <cus = 60, words = [4294967295, 268435455]>
  // CHECK: eclip.group @a cus 15 on @queue15
  eclip.group @a cus 15
  // CHECK-NEXT: eclip.group @b cus 60 on @queue60
  eclip.group @b cus 60
  // CHECK-NEXT: eclip.group @c cus 15 on @queue15
  eclip.group @c cus 15
  // CHECK-NEXT: eclip.group @d cus 45 on @queue45
  eclip.group @d cus 45
  %0 = eclip.dispatch @k(%x) in @a : (tensor<64xf32>) -> tensor<64xf32>
  %1 = eclip.dispatch @k(%0) in @b : (tensor<64xf32>) -> tensor<64xf32>
  %2 = eclip.dispatch @k(%1) in @c : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @k(%2) in @d : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
