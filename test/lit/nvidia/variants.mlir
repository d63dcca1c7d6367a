// Kernels for parts of the device: made by tables and estimate, costed, selected, dropped.
// RUN: split-file %s %t
// RUN: eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=16,32,64,96,132 tiles=%t/parts.json" | FileCheck %s

// Measured: 64 is what 48 to 92 are nearest to. What gains less than 5 % there stays.
// Times are the table's at the counts that it has, and in proportion to the estimate between.
// CHECK: eclip.kernel @free attributes {{.*}}eclip.tile = "mma 64x32x32 16x32 s6", eclip.tile_times = {cus = array<i64: 16, 32, 64, 96, 132>, time_ns = array<i64: {{[0-9]+}}, {{[0-9]+}}, 6000, 5200, 5000>}}
// CHECK-NOT: @free_on132
// CHECK-NOT: @free_on96
// CHECK: eclip.kernel @free_on64 attributes {{.*}}eclip.tile = "wgmma 128x64x64 s4", eclip.tile_times = {{.*}}time_ns = array<i64: {{[0-9]+}}, {{[0-9]+}}, 5100, {{.*}}eclip.variant_cus = array<i64: 16, 32, 64>, eclip.variant_of = @free}
// CHECK: eclip.kernel @given attributes {{.*}}eclip.tile = "mma 32x32x64 16x16 s6"} {
// CHECK-NOT: @given_on
// CHECK: eclip.dispatch @free(

// By estimate a part of the device gets a larger tile than all of it, and near counts share one.
// RUN: eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32,64,96,132 tiles=%t/none.json" | FileCheck %s --check-prefix=ESTIMATE
// ESTIMATE: eclip.kernel @free attributes {{.*}}eclip.tile = "mma 32x64x64 16x32 s6", eclip.tile_times
// ESTIMATE: eclip.kernel @free_on32 attributes {{.*}}eclip.tile = "wgmma 128x64x64 {{.*}}eclip.variant_cus = array<i64: 32>
// ESTIMATE: eclip.kernel @free_on96 attributes {{.*}}eclip.tile_times = {cus = array<i64: 32, 64, 96, 132>, time_ns = array<i64: {{[0-9]+, [0-9]+, [0-9]+, [0-9]+}}>}, eclip.variant_cus = array<i64: 64, 96>

// The gains that are asked for.
// RUN: eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32,64,96,132 tiles=%t/none.json min-estimated-gain-percent=1000" | FileCheck %s --check-prefix=SAME
// RUN: eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32,64,96,132 tiles=%t/parts.json min-gain-percent=50" | FileCheck %s --check-prefix=SAME
// RUN: eclip-opt %t/k.mlir --eclip-tile-variants="target=gfx906 cus=15,30,45,60" | FileCheck %s --check-prefix=SAME
// SAME-NOT: eclip.variant_of

// One CU count for all: its tile, and no variant.
// RUN: eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32,64,96,132 pinned-cus=64 tiles=%t/parts.json" | FileCheck %s --check-prefix=PINNED
// PINNED: eclip.kernel @free attributes {{.*}}eclip.tile = "wgmma 128x64x64 s4", eclip.tile_times
// PINNED-NOT: eclip.variant_of

// A chip with other CUs is not the one that was measured: no times.
// RUN: eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32,64,114 tiles=%t/parts.json" | FileCheck %s --check-prefix=OTHER
// OTHER: eclip.variant_of
// OTHER-NOT: tile_times

// The whole way: 32 SMs get their kernel, the other one is gone, as is its code.
// RUN: eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32,64,96,132 tiles=%t/parts.json" --eclip-compile-kernels="target=sm_90" --eclip-annotate-cost=device=h100 --eclip-cluster="cus=32" --eclip-select-variants --eclip-drop-kernels="target=sm_90" -o %t/selected.mlir
// RUN: FileCheck %s --check-prefix=SELECTED < %t/selected.mlir
// Costs are those of the variants, by the tile's times.
// RUN: eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32,64,96,132 tiles=%t/parts.json" --eclip-compile-kernels="target=sm_90" --eclip-annotate-cost=device=h100 | FileCheck %s --check-prefix=COST
// COST: eclip.dispatch @free({{.*}}cost <cus = [{{.*}}64, {{.*}}time_ns = [{{.*}}5100, {{.*}}5000]
// SELECTED-NOT: eclip.ptx
// SELECTED-NOT: eclip.kernel @free launch
// SELECTED: eclip.kernel @free_on64 launch <grid = [32, 1, 1]
// SELECTED-NOT: variant_cus
// SELECTED: eclip.dispatch @free_on64(
// SELECTED: eclip.dispatch @given(
// RUN: eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32,64,96,132 tiles=%t/parts.json" --eclip-compile-kernels="target=sm_90" --eclip-annotate-cost=device=h100 --eclip-cluster="cus=132" --eclip-select-variants --eclip-drop-kernels="target=sm_90" | FileCheck %s --check-prefix=ALL
// ALL: eclip.kernel @free launch
// ALL-NOT: @free_on64
// ALL: eclip.dispatch @free(

// RUN: not eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_70 cus=32" 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: unknown target sm_70, known: gfx906, sm_80, sm_90
// RUN: not eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=0,32" 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: 0 is no CU count: 1 to 65536
// RUN: not eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32 pinned-cus=64" 2>&1 | FileCheck %s --check-prefix=PIN
// PIN: pinned-cus=64 is not among cus
// RUN: not eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32 min-gain-percent=-1" 2>&1 | FileCheck %s --check-prefix=GAIN
// GAIN: a gain of {{.*}} % is not in 0 to 1000
// RUN: not eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32 tiles=%t/nowhere.json" 2>&1 | FileCheck %s --check-prefix=NOFILE
// NOFILE: nowhere.json: No such file
// RUN: not eclip-opt %t/k.mlir --eclip-select-variants -o /dev/null --eclip-drop-kernels=target=sm_90 --eclip-tile-variants="target=sm_90 cus=32 tiles=%t/count.json" 2>&1 | FileCheck %s --check-prefix=BADCOUNT
// BADCOUNT: count.json: problem 'x': 'many' is no CU count
// RUN: not eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32 tiles=%t/whole.json" 2>&1 | FileCheck %s --check-prefix=WHOLE
// WHOLE: whole.json: problem 'x' on 64 CUs needs a positive 'whole_tile_ns'
// RUN: not eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32 tiles=%t/field.json" 2>&1 | FileCheck %s --check-prefix=FIELD
// FIELD: field.json: problem 'x' on 64 CUs has an unknown field 'sms'
// RUN: not eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32 tiles=%t/list.json" 2>&1 | FileCheck %s --check-prefix=LIST
// LIST: list.json: problem 'x': 'partitions' is not an object

//--- parts.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {
  "512x512x512/512 b1 k*k 0>f32 f16": {"tile": "mma 64x32x32 16x32 s6", "time_ns": 5000, "partitions": {
    "64": {"tile": "wgmma 128x64x64 s4", "time_ns": 5100, "whole_tile_ns": 6000},
    "96": {"tile": "wgmma 64x64x64 s4", "time_ns": 5100, "whole_tile_ns": 5200}}}}}
//--- none.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {}}
//--- count.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {
  "x": {"tile": "mma 64x32x32 16x32 s6", "time_ns": 1, "partitions": {"many": {}}}}}
//--- whole.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {
  "x": {"tile": "mma 64x32x32 16x32 s6", "time_ns": 1, "partitions": {"64": {"tile": "wgmma 128x64x64 s4", "time_ns": 1}}}}}
//--- field.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {
  "x": {"tile": "mma 64x32x32 16x32 s6", "time_ns": 1, "partitions": {"64": {"tile": "wgmma 128x64x64 s4", "time_ns": 1, "whole_tile_ns": 1, "sms": 1}}}}}
//--- list.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {
  "x": {"tile": "mma 64x32x32 16x32 s6", "time_ns": 1, "partitions": []}}}

//--- k.mlir
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#bt = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
eclip.kernel @free attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<512x512xf16>, %w: tensor<512x512xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<512x512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<512x512xf32>) -> tensor<512x512xf32>
  %r = linalg.generic {indexing_maps = [#a, #bt, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<512x512xf16>, tensor<512x512xf16>) outs(%init : tensor<512x512xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<512x512xf32>
  eclip.yield %r : tensor<512x512xf32>
}
eclip.kernel @given attributes {eclip.kind = "contraction", eclip.tile = "mma 32x32x64 16x16 s6"} {
^bb0(%x: tensor<512x512xf16>, %w: tensor<512x512xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<512x512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<512x512xf32>) -> tensor<512x512xf32>
  %r = linalg.generic {indexing_maps = [#a, #bt, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<512x512xf16>, tensor<512x512xf16>) outs(%init : tensor<512x512xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %p = arith.mulf %lx, %rx : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<512x512xf32>
  eclip.yield %r : tensor<512x512xf32>
}
eclip.schedule @main inputs ["x", "w"] outputs ["y", "z"] {
^bb0(%x: tensor<512x512xf16>, %w: tensor<512x512xf16>):
  %y = eclip.dispatch @free(%x, %w) : (tensor<512x512xf16>, tensor<512x512xf16>) -> tensor<512x512xf32>
  %z = eclip.dispatch @given(%x, %w) : (tensor<512x512xf16>, tensor<512x512xf16>) -> tensor<512x512xf32>
  eclip.yield %y, %z : tensor<512x512xf32>, tensor<512x512xf32>
}
