// What stays f32 (H1 to H6), and types that are none of the pass's business.
// RUN: eclip-opt %s --eclip-lower-precision | FileCheck %s

#map = affine_map<(d0) -> (d0)>
#zero = affine_map<(d0) -> ()>
module {
  eclip.kernel @double attributes {eclip.kind = "pointwise"} {
  ^bb0(%x: tensor<8xf32>):
    %empty = tensor.empty() : tensor<8xf32>
    %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
        ins(%x : tensor<8xf32>) outs(%empty : tensor<8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %in, %in : f32
      linalg.yield %s : f32
    } -> tensor<8xf32>
    eclip.yield %r : tensor<8xf32>
  }
  eclip.kernel @mask attributes {eclip.kind = "pointwise"} {
  ^bb0(%x: tensor<8xf32>):
    %empty = tensor.empty() : tensor<8xf32>
    %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
        ins(%x : tensor<8xf32>) outs(%empty : tensor<8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %lowest = arith.constant -3.40282347E+38 : f32
      %s = arith.mulf %in, %lowest : f32
      linalg.yield %s : f32
    } -> tensor<8xf32>
    eclip.yield %r : tensor<8xf32>
  }
  // A bound that no value reaches is not what comes out.
  eclip.kernel @clip attributes {eclip.kind = "pointwise"} {
  ^bb0(%x: tensor<8xf32>):
    %empty = tensor.empty() : tensor<8xf32>
    %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
        ins(%x : tensor<8xf32>) outs(%empty : tensor<8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %zero = arith.constant 0.0 : f32
      %highest = arith.constant 3.40282347E+38 : f32
      %l = arith.maximumf %in, %zero : f32
      %s = arith.minimumf %l, %highest : f32
      linalg.yield %s : f32
    } -> tensor<8xf32>
    eclip.yield %r : tensor<8xf32>
  }
  eclip.kernel @exp attributes {eclip.kind = "pointwise"} {
  ^bb0(%x: tensor<8xf32>):
    %empty = tensor.empty() : tensor<8xf32>
    %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
        ins(%x : tensor<8xf32>) outs(%empty : tensor<8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = math.exp %in : f32
      linalg.yield %s : f32
    } -> tensor<8xf32>
    eclip.yield %r : tensor<8xf32>
  }
  eclip.kernel @from_long attributes {eclip.kind = "pointwise"} {
  ^bb0(%x: tensor<8xi64>):
    %empty = tensor.empty() : tensor<8xf32>
    %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
        ins(%x : tensor<8xi64>) outs(%empty : tensor<8xf32>) {
    ^bb0(%in: i64, %out: f32):
      %s = arith.sitofp %in : i64 to f32
      linalg.yield %s : f32
    } -> tensor<8xf32>
    eclip.yield %r : tensor<8xf32>
  }
  eclip.kernel @to_long attributes {eclip.kind = "pointwise"} {
  ^bb0(%x: tensor<8xf32>):
    %empty = tensor.empty() : tensor<8xi64>
    %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
        ins(%x : tensor<8xf32>) outs(%empty : tensor<8xi64>) {
    ^bb0(%in: f32, %out: i64):
      %s = arith.fptosi %in : f32 to i64
      linalg.yield %s : i64
    } -> tensor<8xi64>
    eclip.yield %r : tensor<8xi64>
  }
  eclip.kernel @total attributes {eclip.kind = "reduction"} {
  ^bb0(%x: tensor<8xf32>):
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<f32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
    %r = linalg.generic {indexing_maps = [#map, #zero], iterator_types = ["reduction"]}
        ins(%x : tensor<8xf32>) outs(%init : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %in, %out : f32
      linalg.yield %s : f32
    } -> tensor<f32>
    eclip.yield %r : tensor<f32>
  }
  eclip.kernel @mean attributes {eclip.kind = "reduction"} {
  ^bb0(%x: tensor<8xf32>):
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<f32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
    %t = linalg.generic {indexing_maps = [#map, #zero], iterator_types = ["reduction"]}
        ins(%x : tensor<8xf32>) outs(%init : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %in, %out : f32
      linalg.yield %s : f32
    } -> tensor<f32>
    %r = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
        ins(%t : tensor<f32>) outs(%empty : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      %count = arith.constant 8.0 : f32
      %s = arith.divf %in, %count : f32
      linalg.yield %s : f32
    } -> tensor<f32>
    eclip.yield %r : tensor<f32>
  }
  eclip.kernel @last attributes {eclip.kind = "pointwise"} {
  ^bb0(%a: tensor<8xf32>, %b: tensor<8xf32>, %c: tensor<f32>, %d: tensor<f32>, %e: tensor<8xi64>, %f: tensor<8xf32>, %g: tensor<8xf32>, %h: tensor<8xf64>, %i: tensor<8xf16>):
    %empty = tensor.empty() : tensor<8xf32>
    %r = linalg.generic {indexing_maps = [#map, #map, #zero, #zero, #map, #map, #map, #map, #map, #map], iterator_types = ["parallel"]}
        ins(%a, %b, %c, %d, %e, %f, %g, %h, %i : tensor<8xf32>, tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<8xi64>, tensor<8xf32>, tensor<8xf32>, tensor<8xf64>, tensor<8xf16>)
        outs(%empty : tensor<8xf32>) {
    ^bb0(%0: f32, %1: f32, %2: f32, %3: f32, %4: i64, %5: f32, %6: f32, %7: f64, %8: f16, %out: f32):
      %s = arith.addf %0, %1 : f32
      linalg.yield %s : f32
    } -> tensor<8xf32>
    eclip.yield %r : tensor<8xf32>
  }

  // CHECK-LABEL: eclip.schedule @main
  // CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<8xf32>, %[[N:.*]]: tensor<8xi64>):
  eclip.schedule @main inputs ["x", "n"] outputs ["y"] {
  ^bb0(%x: tensor<8xf32>, %n: tensor<8xi64>):
    // H2
    // CHECK: arith.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 7.000000e+04, 0.000000e+00, 0.000000e+00, 0.000000e+00, 0.000000e+00]> : tensor<8xf32>
    // CHECK: arith.constant dense<{{.*}}E-13> : tensor<8xf32>
    // CHECK: arith.constant dense<{{.*}}> : tensor<8xf64>
    // CHECK: arith.constant dense<{{.*}}> : tensor<8xf16>
    %large = arith.constant dense<[1.0, 2.0, 3.0, 70000.0, 0.0, 0.0, 0.0, 0.0]> : tensor<8xf32>
    %tiny = arith.constant dense<1.0e-12> : tensor<8xf32>
    %f64 = arith.constant dense<1.0> : tensor<8xf64>
    %f16 = arith.constant dense<2.0> : tensor<8xf16>
    // H3, through a kernel; a bound and a function end it.
    // CHECK: eclip.dispatch @mask(%[[X]]) : (tensor<8xf32>) -> tensor<8xf32>
    %mask = eclip.dispatch @mask(%x) : (tensor<8xf32>) -> tensor<8xf32>
    // CHECK: eclip.dispatch @double({{.*}}) : (tensor<8xf32>) -> tensor<8xf32>
    %twice = eclip.dispatch @double(%mask) : (tensor<8xf32>) -> tensor<8xf32>
    // CHECK: eclip.dispatch @exp_f16({{.*}}) : (tensor<8xf32>) -> tensor<8xf16>
    %soft = eclip.dispatch @exp(%twice) : (tensor<8xf32>) -> tensor<8xf32>
    // CHECK: eclip.dispatch @clip_f16({{.*}}) : (tensor<8xf32>) -> tensor<8xf16>
    %clip = eclip.dispatch @clip(%x) : (tensor<8xf32>) -> tensor<8xf32>
    // H4
    // CHECK: eclip.dispatch @from_long({{.*}}) : (tensor<8xi64>) -> tensor<8xf32>
    %float = eclip.dispatch @from_long(%n) : (tensor<8xi64>) -> tensor<8xf32>
    // H5, and that scaling ends it
    // CHECK: eclip.dispatch @total_f16({{.*}}) : (tensor<8xf16>) -> tensor<f32>
    %total = eclip.dispatch @total(%clip) : (tensor<8xf32>) -> tensor<f32>
    // CHECK: eclip.dispatch @mean_f16({{.*}}) : (tensor<8xf16>) -> tensor<f16>
    %mean = eclip.dispatch @mean(%clip) : (tensor<8xf32>) -> tensor<f32>
    // H6
    // CHECK: eclip.dispatch @double({{.*}}) : (tensor<8xf32>) -> tensor<8xf32>
    %index = eclip.dispatch @double(%x) : (tensor<8xf32>) -> tensor<8xf32>
    // CHECK: eclip.dispatch @to_long({{.*}}) : (tensor<8xf32>) -> tensor<8xi64>
    %long = eclip.dispatch @to_long(%index) : (tensor<8xf32>) -> tensor<8xi64>
    // H1
    // CHECK: eclip.dispatch @last_f16({{.*}}) : (tensor<8xf16>, tensor<8xf32>, tensor<f32>, tensor<f16>, tensor<8xi64>, tensor<8xf32>, tensor<8xf32>, tensor<8xf64>, tensor<8xf16>) -> tensor<8xf32>
    %y = eclip.dispatch @last(%soft, %float, %total, %mean, %long, %large, %tiny, %f64, %f16) : (tensor<8xf32>, tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<8xi64>, tensor<8xf32>, tensor<8xf32>, tensor<8xf64>, tensor<8xf16>) -> tensor<8xf32>
    eclip.yield %y : tensor<8xf32>
  }
}
