// Where a tile comes from: the kernel, a table, the estimate.
// RUN: split-file %s %t
// RUN: eclip-opt %t/kernels.mlir --eclip-compile-kernels="target=sm_90 tiles=%t/good.json" | FileCheck %s
// CHECK-LABEL: eclip.kernel @free
// CHECK-SAME: eclip.tile = "mma 64x32x32 16x32 s6"
// CHECK-LABEL: eclip.kernel @given
// CHECK-SAME: eclip.tile = "mma 32x32x64 16x16 s6"

// A tile that does not fit is passed over in a table, and refused on a kernel.
// RUN: eclip-opt %t/kernels.mlir --eclip-compile-kernels="target=sm_90 tiles=%t/large.json" | FileCheck %s --check-prefix=LARGE
// LARGE-LABEL: eclip.kernel @free
// LARGE-NOT: 512x512
// LARGE-SAME: eclip.tile = "mma
// RUN: not eclip-opt %t/large.mlir --eclip-compile-kernels="target=sm_90" 2>&1 | FileCheck %s --check-prefix=NOFIT
// NOFIT: tile 'mma 256x256x128 64x64 s4' does not fit this contraction on sm_90
// RUN: not eclip-opt %t/noname.mlir --eclip-compile-kernels="target=sm_90" 2>&1 | FileCheck %s --check-prefix=NONAME
// NONAME: no tile of tensor cores is called 'mma 48x64x32 16x32 s4'

// RUN: not eclip-opt %t/kernels.mlir --eclip-compile-kernels="target=sm_90 tiles=%t/none.json" 2>&1 | FileCheck %s --check-prefix=NOFILE
// NOFILE: none.json: No such file
// RUN: not eclip-opt %t/kernels.mlir --eclip-compile-kernels="target=sm_80 tiles=%t/good.json" 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: good.json: has tiles for sm_90, the target is sm_80
// RUN: not eclip-opt %t/kernels.mlir --eclip-compile-kernels="target=gfx906 tiles=%t/good.json" 2>&1 | FileCheck %s --check-prefix=GFX
// GFX: tables of tiles are for tensor cores, gfx906 has none
// RUN: not eclip-opt %t/kernels.mlir --eclip-compile-kernels="target=sm_90 tiles=%t/name.json" 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: name.json: problem '512x512x512/512 b1 k*k 0>f32 f16': no tile is called '64x64'
// RUN: not eclip-opt %t/kernels.mlir --eclip-compile-kernels="target=sm_90 tiles=%t/field.json" 2>&1 | FileCheck %s --check-prefix=FIELD
// FIELD: field.json: has an unknown field 'cores'
// RUN: not eclip-opt %t/kernels.mlir --eclip-compile-kernels="target=sm_90 tiles=%t/time.json" 2>&1 | FileCheck %s --check-prefix=TIME
// TIME: time.json: problem 'x' needs a positive 'time_ns'

//--- good.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {
  "512x512x512/512 b1 k*k 0>f32 f16": {"tile": "mma 64x32x32 16x32 s6", "time_ns": 5000}}}
//--- large.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {
  "512x512x512/512 b1 k*k 0>f32 f16": {"tile": "mma 512x512x128 64x128 s4", "time_ns": 5000}}}
//--- name.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {
  "512x512x512/512 b1 k*k 0>f32 f16": {"tile": "64x64", "time_ns": 5000}}}
//--- time.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {
  "x": {"tile": "mma 64x32x32 16x32 s6", "time_ns": 0}}}
//--- field.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "cores": 1, "tiles": {}}

//--- kernels.mlir
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
//--- large.mlir
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#bt = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
eclip.kernel @large attributes {eclip.kind = "contraction", eclip.tile = "mma 256x256x128 64x64 s4"} {
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
//--- noname.mlir
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#bt = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
eclip.kernel @noname attributes {eclip.kind = "contraction", eclip.tile = "mma 48x64x32 16x32 s4"} {
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
