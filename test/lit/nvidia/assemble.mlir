// What a model uses of its kernels is assembled, once, and kept in the kernel cache.
// A stand-in notes how many kernels it is given; registers are what only the real assembler tells.
// RUN: rm -rf %t && split-file %s %t && chmod +x %t/bin/ptxas
// DEFINE: %{front} = eclip-opt %t/k.mlir --eclip-tile-variants="target=sm_90 cus=32,64,96,132 tiles=%t/parts.json"
// DEFINE: %{choose} = --eclip-annotate-cost=device=h100 --eclip-cluster=cus=32 --eclip-select-variants
// DEFINE: %{drop} = --eclip-drop-kernels="target=sm_90 cache-dir=%t/cache" -o %t/out.mlir

// Later: two kernels of three, in one go.
// RUN: env PATH=%t/bin:%build/bin:/usr/bin:/bin LOG=%t/log %{front} --eclip-compile-kernels="target=sm_90 assemble-later" %{choose} %{drop}
// RUN: FileCheck %s --check-prefix=LATER < %t/log
// LATER: assembled 2 kernels
// LATER-NOT: assembled
// RUN: FileCheck %s < %t/out.mlir
// CHECK-NOT: eclip.ptx
// CHECK: eclip.kernel @free_on64 launch
// CHECK: eclip.dispatch @free_on64(
// CHECK: dialect_resources
// CHECK: "0x{{[0-9A-F]+}}6D616368696E6520636F64650A"

// Again: from the cache.
// RUN: env PATH=%t/bin:%build/bin:/usr/bin:/bin LOG=%t/log %{front} --eclip-compile-kernels="target=sm_90 assemble-later" %{choose} %{drop}
// RUN: FileCheck %s --check-prefix=LATER < %t/log

// At once, as a profile of machine code needs it: all three, and the two that are left.
// RUN: env PATH=%t/bin:%build/bin:/usr/bin:/bin LOG=%t/log2 %{front} --eclip-compile-kernels="target=sm_90" %{choose} --eclip-drop-kernels="target=sm_90" -o %t/out.mlir
// RUN: FileCheck %s --check-prefix=NOW < %t/log2
// NOW: assembled 3 kernels
// NOW: assembled 2 kernels
// NOW-NOT: assembled

// An assembler that fails is an error in its words.
// RUN: not env PATH=%t/bin:%build/bin:/usr/bin:/bin LOG=/nonexistent/log %{front} --eclip-compile-kernels="target=sm_90 assemble-later" %{choose} --eclip-drop-kernels="target=sm_90" -o /dev/null 2>&1 | FileCheck %s --check-prefix=FAILS
// FAILS: error: assembling the kernels failed: {{.*}}ptxas: {{.*}}/nonexistent/log

//--- bin/ptxas
#!/bin/sh
[ "$1" = --version ] && { echo stand-in 1; exit; }
while [ $# -gt 0 ]; do
  case "$1" in
    -o) out=$2; shift ;;
    *.ptx) in=$1 ;;
  esac
  shift
done
echo "assembled $(grep -c '\.entry' "$in") kernels" >> "$LOG" || exit 1
echo machine code > "$out"

//--- parts.json
{"chip": "sm_90", "device": "d", "driver": "1", "date": "2026-11-23", "tiles": {
  "512x512x512/512 b1 k*k 0>f32 f16": {"tile": "mma 64x32x32 16x32 s6", "time_ns": 5000, "partitions": {
    "64": {"tile": "wgmma 128x64x64 s4", "time_ns": 5100, "whole_tile_ns": 6000},
    "96": {"tile": "wgmma 64x64x64 s4", "time_ns": 5100, "whole_tile_ns": 5200}}}}}

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
