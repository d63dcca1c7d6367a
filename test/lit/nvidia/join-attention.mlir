// Three kernels of attention become one where tensor cores can do it.
// RUN: eclip-opt %s --eclip-join-attention=target=sm_90 --split-input-file | FileCheck %s
// RUN: eclip-opt %s --eclip-join-attention=target=gfx906 --split-input-file | FileCheck %s --check-prefix=AMD
// RUN: not eclip-opt %s --eclip-join-attention=target=sm_00 --split-input-file 2>&1 | FileCheck %s --check-prefix=TARGET
// AMD-NOT: "attention"
// TARGET: unknown target sm_00, known: gfx906, sm_80, sm_90

// Arguments are those of all three; scores are not rounded to f16 in between.
// CHECK-LABEL: eclip.kernel @scores_attention_f16
// CHECK-SAME: eclip.kind = "attention"
// CHECK-NEXT: ^bb0(%[[Q:.*]]: tensor<4x32x64xf16>, %[[K:.*]]: tensor<4x48x64xf16>, %{{.*}}: tensor<48xf32>, %[[V:.*]]: tensor<4x48x64xf16>):
// CHECK: ins(%[[Q]], %[[K]] :
// CHECK-NOT: arith.truncf
// CHECK: arith.maximumf
// CHECK-NOT: arith.truncf
// CHECK: arith.divf
// CHECK: arith.truncf
// CHECK: %[[V]]
// CHECK: eclip.yield
// CHECK-NOT: eclip.kernel
// CHECK-LABEL: eclip.schedule
// CHECK-NEXT: ^bb0(%[[QS:.*]]: tensor<4x32x64xf16>, %[[KS:.*]]: tensor<4x48x64xf16>, %[[VS:.*]]: tensor<4x48x64xf16>, %[[M:.*]]: tensor<48xf32>):
// CHECK-NEXT: %[[Y:.*]] = eclip.dispatch @scores_attention_f16(%[[QS]], %[[KS]], %[[M]], %[[VS]]) {eclip.nodes = ["qk", "scale", "softmax", "pv"]}
// CHECK-NEXT: eclip.yield %[[Y]]
#left = affine_map<(b, i, j, k) -> (b, i, k)>
#right = affine_map<(b, i, j, k) -> (b, j, k)>
#values = affine_map<(b, i, j, k) -> (b, k, j)>
#out = affine_map<(b, i, j, k) -> (b, i, j)>
#all = affine_map<(b, i, j) -> (b, i, j)>
#rows = affine_map<(b, i, j) -> (b, i)>
#key = affine_map<(b, i, j) -> (j)>
eclip.kernel @scores attributes {eclip.kind = "contraction"} {
^bb0(%q: tensor<4x32x64xf16>, %k: tensor<4x48x64xf16>, %m: tensor<48xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x32x48xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x32x48xf32>) -> tensor<4x32x48xf32>
  %s0 = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x32x64xf16>, tensor<4x48x64xf16>) outs(%init : tensor<4x32x48xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %t = arith.mulf %lx, %rx : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x32x48xf32>
  %scaled = linalg.generic {indexing_maps = [#all, #key, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s0, %m : tensor<4x32x48xf32>, tensor<48xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %add: f32, %o: f32):
    %scale = arith.constant 1.250000e-01 : f32
    %a = arith.mulf %in, %scale : f32
    %b = arith.addf %a, %add : f32
    linalg.yield %b : f32
  } -> tensor<4x32x48xf32>
  %she = tensor.empty() : tensor<4x32x48xf16>
  %sh = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%scaled : tensor<4x32x48xf32>) outs(%she : tensor<4x32x48xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x48xf16>
  eclip.yield %sh : tensor<4x32x48xf16>
}
eclip.kernel @softmax attributes {eclip.kind = "reduction"} {
^bb0(%s: tensor<4x32x48xf16>):
  %zero = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %row = tensor.empty() : tensor<4x32xf32>
  %empty = tensor.empty() : tensor<4x32x48xf32>
  %least = linalg.fill ins(%ninf : f32) outs(%row : tensor<4x32xf32>) -> tensor<4x32xf32>
  %max = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%s : tensor<4x32x48xf16>) outs(%least : tensor<4x32xf32>) {
  ^bb0(%in: f16, %o: f32):
    %x = arith.extf %in : f16 to f32
    %y = arith.maximumf %x, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x32xf32>
  %power = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s, %max : tensor<4x32x48xf16>, tensor<4x32xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f16, %most: f32, %o: f32):
    %x = arith.extf %in : f16 to f32
    %d = arith.subf %x, %most : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<4x32x48xf32>
  %none = linalg.fill ins(%zero : f32) outs(%row : tensor<4x32xf32>) -> tensor<4x32xf32>
  %sum = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%power : tensor<4x32x48xf32>) outs(%none : tensor<4x32xf32>) {
  ^bb0(%in: f32, %o: f32):
    %y = arith.addf %in, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x32xf32>
  %share = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%power, %sum : tensor<4x32x48xf32>, tensor<4x32xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %total: f32, %o: f32):
    %y = arith.divf %in, %total : f32
    linalg.yield %y : f32
  } -> tensor<4x32x48xf32>
  %pe = tensor.empty() : tensor<4x32x48xf16>
  %p = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%share : tensor<4x32x48xf32>) outs(%pe : tensor<4x32x48xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x48xf16>
  eclip.yield %p : tensor<4x32x48xf16>
}
eclip.kernel @output attributes {eclip.kind = "contraction"} {
^bb0(%p: tensor<4x32x48xf16>, %v: tensor<4x48x64xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x32x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x32x64xf32>) -> tensor<4x32x64xf32>
  %o0 = linalg.generic {indexing_maps = [#left, #values, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x32x48xf16>, tensor<4x48x64xf16>) outs(%init : tensor<4x32x64xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %t = arith.mulf %lx, %rx : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x32x64xf32>
  %ohe = tensor.empty() : tensor<4x32x64xf16>
  %oh = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%o0 : tensor<4x32x64xf32>) outs(%ohe : tensor<4x32x64xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x64xf16>
  eclip.yield %oh : tensor<4x32x64xf16>
}
eclip.schedule @main inputs ["q", "k", "v", "m"] outputs ["y"] {
^bb0(%q: tensor<4x32x64xf16>, %k: tensor<4x48x64xf16>, %v: tensor<4x48x64xf16>, %m: tensor<48xf32>):
  %0 = eclip.dispatch @scores(%q, %k, %m) {eclip.nodes = ["qk", "scale"]} : (tensor<4x32x64xf16>, tensor<4x48x64xf16>, tensor<48xf32>) -> tensor<4x32x48xf16>
  %1 = eclip.dispatch @softmax(%0) {eclip.nodes = ["softmax"]} : (tensor<4x32x48xf16>) -> tensor<4x32x48xf16>
  %2 = eclip.dispatch @output(%1, %v) {eclip.nodes = ["pv"]} : (tensor<4x32x48xf16>, tensor<4x48x64xf16>) -> tensor<4x32x64xf16>
  eclip.yield %2 : tensor<4x32x64xf16>
}

// -----

// The softmax is also an output of the model.
// CHECK-NOT: "attention"
// CHECK: eclip.kernel @scores
// CHECK-NOT: "attention"
// CHECK-LABEL: eclip.schedule
// CHECK: @scores(
// CHECK: @softmax(
// CHECK: @output(
#left = affine_map<(b, i, j, k) -> (b, i, k)>
#right = affine_map<(b, i, j, k) -> (b, j, k)>
#values = affine_map<(b, i, j, k) -> (b, k, j)>
#out = affine_map<(b, i, j, k) -> (b, i, j)>
#all = affine_map<(b, i, j) -> (b, i, j)>
#rows = affine_map<(b, i, j) -> (b, i)>
#key = affine_map<(b, i, j) -> (j)>
eclip.kernel @scores attributes {eclip.kind = "contraction"} {
^bb0(%q: tensor<4x32x64xf16>, %k: tensor<4x48x64xf16>, %m: tensor<48xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x32x48xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x32x48xf32>) -> tensor<4x32x48xf32>
  %s0 = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x32x64xf16>, tensor<4x48x64xf16>) outs(%init : tensor<4x32x48xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %t = arith.mulf %lx, %rx : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x32x48xf32>
  %scaled = linalg.generic {indexing_maps = [#all, #key, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s0, %m : tensor<4x32x48xf32>, tensor<48xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %add: f32, %o: f32):
    %scale = arith.constant 1.250000e-01 : f32
    %a = arith.mulf %in, %scale : f32
    %b = arith.addf %a, %add : f32
    linalg.yield %b : f32
  } -> tensor<4x32x48xf32>
  %she = tensor.empty() : tensor<4x32x48xf16>
  %sh = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%scaled : tensor<4x32x48xf32>) outs(%she : tensor<4x32x48xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x48xf16>
  eclip.yield %sh : tensor<4x32x48xf16>
}
eclip.kernel @softmax attributes {eclip.kind = "reduction"} {
^bb0(%s: tensor<4x32x48xf16>):
  %zero = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %row = tensor.empty() : tensor<4x32xf32>
  %empty = tensor.empty() : tensor<4x32x48xf32>
  %least = linalg.fill ins(%ninf : f32) outs(%row : tensor<4x32xf32>) -> tensor<4x32xf32>
  %max = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%s : tensor<4x32x48xf16>) outs(%least : tensor<4x32xf32>) {
  ^bb0(%in: f16, %o: f32):
    %x = arith.extf %in : f16 to f32
    %y = arith.maximumf %x, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x32xf32>
  %power = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s, %max : tensor<4x32x48xf16>, tensor<4x32xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f16, %most: f32, %o: f32):
    %x = arith.extf %in : f16 to f32
    %d = arith.subf %x, %most : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<4x32x48xf32>
  %none = linalg.fill ins(%zero : f32) outs(%row : tensor<4x32xf32>) -> tensor<4x32xf32>
  %sum = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%power : tensor<4x32x48xf32>) outs(%none : tensor<4x32xf32>) {
  ^bb0(%in: f32, %o: f32):
    %y = arith.addf %in, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x32xf32>
  %share = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%power, %sum : tensor<4x32x48xf32>, tensor<4x32xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %total: f32, %o: f32):
    %y = arith.divf %in, %total : f32
    linalg.yield %y : f32
  } -> tensor<4x32x48xf32>
  %pe = tensor.empty() : tensor<4x32x48xf16>
  %p = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%share : tensor<4x32x48xf32>) outs(%pe : tensor<4x32x48xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x48xf16>
  eclip.yield %p : tensor<4x32x48xf16>
}
eclip.kernel @output attributes {eclip.kind = "contraction"} {
^bb0(%p: tensor<4x32x48xf16>, %v: tensor<4x48x64xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x32x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x32x64xf32>) -> tensor<4x32x64xf32>
  %o0 = linalg.generic {indexing_maps = [#left, #values, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x32x48xf16>, tensor<4x48x64xf16>) outs(%init : tensor<4x32x64xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %t = arith.mulf %lx, %rx : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x32x64xf32>
  %ohe = tensor.empty() : tensor<4x32x64xf16>
  %oh = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%o0 : tensor<4x32x64xf32>) outs(%ohe : tensor<4x32x64xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x64xf16>
  eclip.yield %oh : tensor<4x32x64xf16>
}
eclip.schedule @main inputs ["q", "k", "v", "m"] outputs ["y", "p"] {
^bb0(%q: tensor<4x32x64xf16>, %k: tensor<4x48x64xf16>, %v: tensor<4x48x64xf16>, %m: tensor<48xf32>):
  %0 = eclip.dispatch @scores(%q, %k, %m) {eclip.nodes = ["qk", "scale"]} : (tensor<4x32x64xf16>, tensor<4x48x64xf16>, tensor<48xf32>) -> tensor<4x32x48xf16>
  %1 = eclip.dispatch @softmax(%0) {eclip.nodes = ["softmax"]} : (tensor<4x32x48xf16>) -> tensor<4x32x48xf16>
  %2 = eclip.dispatch @output(%1, %v) {eclip.nodes = ["pv"]} : (tensor<4x32x48xf16>, tensor<4x48x64xf16>) -> tensor<4x32x64xf16>
  eclip.yield %2, %1 : tensor<4x32x64xf16>, tensor<4x32x48xf16>
}

// -----

// Heads of 136 features.
// CHECK-NOT: "attention"
// CHECK: eclip.kernel @scores
// CHECK-NOT: "attention"
// CHECK-LABEL: eclip.schedule
// CHECK: @scores(
// CHECK: @softmax(
// CHECK: @output(
#left = affine_map<(b, i, j, k) -> (b, i, k)>
#right = affine_map<(b, i, j, k) -> (b, j, k)>
#values = affine_map<(b, i, j, k) -> (b, k, j)>
#out = affine_map<(b, i, j, k) -> (b, i, j)>
#all = affine_map<(b, i, j) -> (b, i, j)>
#rows = affine_map<(b, i, j) -> (b, i)>
#key = affine_map<(b, i, j) -> (j)>
eclip.kernel @scores attributes {eclip.kind = "contraction"} {
^bb0(%q: tensor<4x32x136xf16>, %k: tensor<4x48x136xf16>, %m: tensor<48xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x32x48xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x32x48xf32>) -> tensor<4x32x48xf32>
  %s0 = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x32x136xf16>, tensor<4x48x136xf16>) outs(%init : tensor<4x32x48xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %t = arith.mulf %lx, %rx : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x32x48xf32>
  %scaled = linalg.generic {indexing_maps = [#all, #key, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s0, %m : tensor<4x32x48xf32>, tensor<48xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %add: f32, %o: f32):
    %scale = arith.constant 1.250000e-01 : f32
    %a = arith.mulf %in, %scale : f32
    %b = arith.addf %a, %add : f32
    linalg.yield %b : f32
  } -> tensor<4x32x48xf32>
  %she = tensor.empty() : tensor<4x32x48xf16>
  %sh = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%scaled : tensor<4x32x48xf32>) outs(%she : tensor<4x32x48xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x48xf16>
  eclip.yield %sh : tensor<4x32x48xf16>
}
eclip.kernel @softmax attributes {eclip.kind = "reduction"} {
^bb0(%s: tensor<4x32x48xf16>):
  %zero = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %row = tensor.empty() : tensor<4x32xf32>
  %empty = tensor.empty() : tensor<4x32x48xf32>
  %least = linalg.fill ins(%ninf : f32) outs(%row : tensor<4x32xf32>) -> tensor<4x32xf32>
  %max = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%s : tensor<4x32x48xf16>) outs(%least : tensor<4x32xf32>) {
  ^bb0(%in: f16, %o: f32):
    %x = arith.extf %in : f16 to f32
    %y = arith.maximumf %x, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x32xf32>
  %power = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s, %max : tensor<4x32x48xf16>, tensor<4x32xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f16, %most: f32, %o: f32):
    %x = arith.extf %in : f16 to f32
    %d = arith.subf %x, %most : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<4x32x48xf32>
  %none = linalg.fill ins(%zero : f32) outs(%row : tensor<4x32xf32>) -> tensor<4x32xf32>
  %sum = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%power : tensor<4x32x48xf32>) outs(%none : tensor<4x32xf32>) {
  ^bb0(%in: f32, %o: f32):
    %y = arith.addf %in, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x32xf32>
  %share = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%power, %sum : tensor<4x32x48xf32>, tensor<4x32xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %total: f32, %o: f32):
    %y = arith.divf %in, %total : f32
    linalg.yield %y : f32
  } -> tensor<4x32x48xf32>
  %pe = tensor.empty() : tensor<4x32x48xf16>
  %p = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%share : tensor<4x32x48xf32>) outs(%pe : tensor<4x32x48xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x48xf16>
  eclip.yield %p : tensor<4x32x48xf16>
}
eclip.kernel @output attributes {eclip.kind = "contraction"} {
^bb0(%p: tensor<4x32x48xf16>, %v: tensor<4x48x136xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x32x136xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x32x136xf32>) -> tensor<4x32x136xf32>
  %o0 = linalg.generic {indexing_maps = [#left, #values, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x32x48xf16>, tensor<4x48x136xf16>) outs(%init : tensor<4x32x136xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %t = arith.mulf %lx, %rx : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x32x136xf32>
  %ohe = tensor.empty() : tensor<4x32x136xf16>
  %oh = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%o0 : tensor<4x32x136xf32>) outs(%ohe : tensor<4x32x136xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x136xf16>
  eclip.yield %oh : tensor<4x32x136xf16>
}
eclip.schedule @main inputs ["q", "k", "v", "m"] outputs ["y"] {
^bb0(%q: tensor<4x32x136xf16>, %k: tensor<4x48x136xf16>, %v: tensor<4x48x136xf16>, %m: tensor<48xf32>):
  %0 = eclip.dispatch @scores(%q, %k, %m) {eclip.nodes = ["qk", "scale"]} : (tensor<4x32x136xf16>, tensor<4x48x136xf16>, tensor<48xf32>) -> tensor<4x32x48xf16>
  %1 = eclip.dispatch @softmax(%0) {eclip.nodes = ["softmax"]} : (tensor<4x32x48xf16>) -> tensor<4x32x48xf16>
  %2 = eclip.dispatch @output(%1, %v) {eclip.nodes = ["pv"]} : (tensor<4x32x48xf16>, tensor<4x48x136xf16>) -> tensor<4x32x136xf16>
  eclip.yield %2 : tensor<4x32x136xf16>
}

// -----

// Rows of 60 features are no whole chunks of 16 bytes.
// CHECK-NOT: "attention"
// CHECK: eclip.kernel @scores
// CHECK-NOT: "attention"
// CHECK-LABEL: eclip.schedule
// CHECK: @scores(
// CHECK: @softmax(
// CHECK: @output(
#left = affine_map<(b, i, j, k) -> (b, i, k)>
#right = affine_map<(b, i, j, k) -> (b, j, k)>
#values = affine_map<(b, i, j, k) -> (b, k, j)>
#out = affine_map<(b, i, j, k) -> (b, i, j)>
#all = affine_map<(b, i, j) -> (b, i, j)>
#rows = affine_map<(b, i, j) -> (b, i)>
#key = affine_map<(b, i, j) -> (j)>
eclip.kernel @scores attributes {eclip.kind = "contraction"} {
^bb0(%q: tensor<4x32x60xf16>, %k: tensor<4x48x60xf16>, %m: tensor<48xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x32x48xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x32x48xf32>) -> tensor<4x32x48xf32>
  %s0 = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x32x60xf16>, tensor<4x48x60xf16>) outs(%init : tensor<4x32x48xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %t = arith.mulf %lx, %rx : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x32x48xf32>
  %scaled = linalg.generic {indexing_maps = [#all, #key, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s0, %m : tensor<4x32x48xf32>, tensor<48xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %add: f32, %o: f32):
    %scale = arith.constant 1.250000e-01 : f32
    %a = arith.mulf %in, %scale : f32
    %b = arith.addf %a, %add : f32
    linalg.yield %b : f32
  } -> tensor<4x32x48xf32>
  %she = tensor.empty() : tensor<4x32x48xf16>
  %sh = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%scaled : tensor<4x32x48xf32>) outs(%she : tensor<4x32x48xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x48xf16>
  eclip.yield %sh : tensor<4x32x48xf16>
}
eclip.kernel @softmax attributes {eclip.kind = "reduction"} {
^bb0(%s: tensor<4x32x48xf16>):
  %zero = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %row = tensor.empty() : tensor<4x32xf32>
  %empty = tensor.empty() : tensor<4x32x48xf32>
  %least = linalg.fill ins(%ninf : f32) outs(%row : tensor<4x32xf32>) -> tensor<4x32xf32>
  %max = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%s : tensor<4x32x48xf16>) outs(%least : tensor<4x32xf32>) {
  ^bb0(%in: f16, %o: f32):
    %x = arith.extf %in : f16 to f32
    %y = arith.maximumf %x, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x32xf32>
  %power = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s, %max : tensor<4x32x48xf16>, tensor<4x32xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f16, %most: f32, %o: f32):
    %x = arith.extf %in : f16 to f32
    %d = arith.subf %x, %most : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<4x32x48xf32>
  %none = linalg.fill ins(%zero : f32) outs(%row : tensor<4x32xf32>) -> tensor<4x32xf32>
  %sum = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%power : tensor<4x32x48xf32>) outs(%none : tensor<4x32xf32>) {
  ^bb0(%in: f32, %o: f32):
    %y = arith.addf %in, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x32xf32>
  %share = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%power, %sum : tensor<4x32x48xf32>, tensor<4x32xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %total: f32, %o: f32):
    %y = arith.divf %in, %total : f32
    linalg.yield %y : f32
  } -> tensor<4x32x48xf32>
  %pe = tensor.empty() : tensor<4x32x48xf16>
  %p = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%share : tensor<4x32x48xf32>) outs(%pe : tensor<4x32x48xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x48xf16>
  eclip.yield %p : tensor<4x32x48xf16>
}
eclip.kernel @output attributes {eclip.kind = "contraction"} {
^bb0(%p: tensor<4x32x48xf16>, %v: tensor<4x48x64xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x32x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x32x64xf32>) -> tensor<4x32x64xf32>
  %o0 = linalg.generic {indexing_maps = [#left, #values, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x32x48xf16>, tensor<4x48x64xf16>) outs(%init : tensor<4x32x64xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %t = arith.mulf %lx, %rx : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x32x64xf32>
  %ohe = tensor.empty() : tensor<4x32x64xf16>
  %oh = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%o0 : tensor<4x32x64xf32>) outs(%ohe : tensor<4x32x64xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x32x64xf16>
  eclip.yield %oh : tensor<4x32x64xf16>
}
eclip.schedule @main inputs ["q", "k", "v", "m"] outputs ["y"] {
^bb0(%q: tensor<4x32x60xf16>, %k: tensor<4x48x60xf16>, %v: tensor<4x48x64xf16>, %m: tensor<48xf32>):
  %0 = eclip.dispatch @scores(%q, %k, %m) {eclip.nodes = ["qk", "scale"]} : (tensor<4x32x60xf16>, tensor<4x48x60xf16>, tensor<48xf32>) -> tensor<4x32x48xf16>
  %1 = eclip.dispatch @softmax(%0) {eclip.nodes = ["softmax"]} : (tensor<4x32x48xf16>) -> tensor<4x32x48xf16>
  %2 = eclip.dispatch @output(%1, %v) {eclip.nodes = ["pv"]} : (tensor<4x32x48xf16>, tensor<4x48x64xf16>) -> tensor<4x32x64xf16>
  eclip.yield %2 : tensor<4x32x64xf16>
}

// -----

// Products of f32.
// CHECK-NOT: "attention"
// CHECK: eclip.kernel @scores
// CHECK-NOT: "attention"
// CHECK-LABEL: eclip.schedule
// CHECK: @scores(
// CHECK: @softmax(
// CHECK: @output(
#left = affine_map<(b, i, j, k) -> (b, i, k)>
#right = affine_map<(b, i, j, k) -> (b, j, k)>
#values = affine_map<(b, i, j, k) -> (b, k, j)>
#out = affine_map<(b, i, j, k) -> (b, i, j)>
#all = affine_map<(b, i, j) -> (b, i, j)>
#rows = affine_map<(b, i, j) -> (b, i)>
#key = affine_map<(b, i, j) -> (j)>
eclip.kernel @scores attributes {eclip.kind = "contraction"} {
^bb0(%q: tensor<4x32x64xf32>, %k: tensor<4x48x64xf32>, %m: tensor<48xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x32x48xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x32x48xf32>) -> tensor<4x32x48xf32>
  %s0 = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x32x64xf32>, tensor<4x48x64xf32>) outs(%init : tensor<4x32x48xf32>) {
  ^bb0(%l: f32, %r: f32, %acc: f32):
    %t = arith.mulf %l, %r : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x32x48xf32>
  %scaled = linalg.generic {indexing_maps = [#all, #key, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s0, %m : tensor<4x32x48xf32>, tensor<48xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %add: f32, %o: f32):
    %scale = arith.constant 1.250000e-01 : f32
    %a = arith.mulf %in, %scale : f32
    %b = arith.addf %a, %add : f32
    linalg.yield %b : f32
  } -> tensor<4x32x48xf32>
  eclip.yield %scaled : tensor<4x32x48xf32>
}
eclip.kernel @softmax attributes {eclip.kind = "reduction"} {
^bb0(%s: tensor<4x32x48xf32>):
  %zero = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %row = tensor.empty() : tensor<4x32xf32>
  %empty = tensor.empty() : tensor<4x32x48xf32>
  %least = linalg.fill ins(%ninf : f32) outs(%row : tensor<4x32xf32>) -> tensor<4x32xf32>
  %max = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%s : tensor<4x32x48xf32>) outs(%least : tensor<4x32xf32>) {
  ^bb0(%in: f32, %o: f32):
    %y = arith.maximumf %in, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x32xf32>
  %power = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s, %max : tensor<4x32x48xf32>, tensor<4x32xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %most: f32, %o: f32):
    %d = arith.subf %in, %most : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<4x32x48xf32>
  %none = linalg.fill ins(%zero : f32) outs(%row : tensor<4x32xf32>) -> tensor<4x32xf32>
  %sum = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%power : tensor<4x32x48xf32>) outs(%none : tensor<4x32xf32>) {
  ^bb0(%in: f32, %o: f32):
    %y = arith.addf %in, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x32xf32>
  %share = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%power, %sum : tensor<4x32x48xf32>, tensor<4x32xf32>) outs(%empty : tensor<4x32x48xf32>) {
  ^bb0(%in: f32, %total: f32, %o: f32):
    %y = arith.divf %in, %total : f32
    linalg.yield %y : f32
  } -> tensor<4x32x48xf32>
  eclip.yield %share : tensor<4x32x48xf32>
}
eclip.kernel @output attributes {eclip.kind = "contraction"} {
^bb0(%p: tensor<4x32x48xf32>, %v: tensor<4x48x64xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x32x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x32x64xf32>) -> tensor<4x32x64xf32>
  %o0 = linalg.generic {indexing_maps = [#left, #values, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x32x48xf32>, tensor<4x48x64xf32>) outs(%init : tensor<4x32x64xf32>) {
  ^bb0(%l: f32, %r: f32, %acc: f32):
    %t = arith.mulf %l, %r : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x32x64xf32>
  eclip.yield %o0 : tensor<4x32x64xf32>
}
eclip.schedule @main inputs ["q", "k", "v", "m"] outputs ["y"] {
^bb0(%q: tensor<4x32x64xf32>, %k: tensor<4x48x64xf32>, %v: tensor<4x48x64xf32>, %m: tensor<48xf32>):
  %0 = eclip.dispatch @scores(%q, %k, %m) {eclip.nodes = ["qk", "scale"]} : (tensor<4x32x64xf32>, tensor<4x48x64xf32>, tensor<48xf32>) -> tensor<4x32x48xf32>
  %1 = eclip.dispatch @softmax(%0) {eclip.nodes = ["softmax"]} : (tensor<4x32x48xf32>) -> tensor<4x32x48xf32>
  %2 = eclip.dispatch @output(%1, %v) {eclip.nodes = ["pv"]} : (tensor<4x32x48xf32>, tensor<4x48x64xf32>) -> tensor<4x32x64xf32>
  eclip.yield %2 : tensor<4x32x64xf32>
}

// -----

// One query: no rows to share keys with.
// CHECK-NOT: "attention"
// CHECK: eclip.kernel @scores
// CHECK-NOT: "attention"
// CHECK-LABEL: eclip.schedule
// CHECK: @scores(
// CHECK: @softmax(
// CHECK: @output(
#left = affine_map<(b, i, j, k) -> (b, i, k)>
#right = affine_map<(b, i, j, k) -> (b, j, k)>
#values = affine_map<(b, i, j, k) -> (b, k, j)>
#out = affine_map<(b, i, j, k) -> (b, i, j)>
#all = affine_map<(b, i, j) -> (b, i, j)>
#rows = affine_map<(b, i, j) -> (b, i)>
#key = affine_map<(b, i, j) -> (j)>
eclip.kernel @scores attributes {eclip.kind = "contraction"} {
^bb0(%q: tensor<4x1x64xf16>, %k: tensor<4x48x64xf16>, %m: tensor<48xf32>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x1x48xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x1x48xf32>) -> tensor<4x1x48xf32>
  %s0 = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x1x64xf16>, tensor<4x48x64xf16>) outs(%init : tensor<4x1x48xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %t = arith.mulf %lx, %rx : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x1x48xf32>
  %scaled = linalg.generic {indexing_maps = [#all, #key, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s0, %m : tensor<4x1x48xf32>, tensor<48xf32>) outs(%empty : tensor<4x1x48xf32>) {
  ^bb0(%in: f32, %add: f32, %o: f32):
    %scale = arith.constant 1.250000e-01 : f32
    %a = arith.mulf %in, %scale : f32
    %b = arith.addf %a, %add : f32
    linalg.yield %b : f32
  } -> tensor<4x1x48xf32>
  %she = tensor.empty() : tensor<4x1x48xf16>
  %sh = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%scaled : tensor<4x1x48xf32>) outs(%she : tensor<4x1x48xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x1x48xf16>
  eclip.yield %sh : tensor<4x1x48xf16>
}
eclip.kernel @softmax attributes {eclip.kind = "reduction"} {
^bb0(%s: tensor<4x1x48xf16>):
  %zero = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %row = tensor.empty() : tensor<4x1xf32>
  %empty = tensor.empty() : tensor<4x1x48xf32>
  %least = linalg.fill ins(%ninf : f32) outs(%row : tensor<4x1xf32>) -> tensor<4x1xf32>
  %max = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%s : tensor<4x1x48xf16>) outs(%least : tensor<4x1xf32>) {
  ^bb0(%in: f16, %o: f32):
    %x = arith.extf %in : f16 to f32
    %y = arith.maximumf %x, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x1xf32>
  %power = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s, %max : tensor<4x1x48xf16>, tensor<4x1xf32>) outs(%empty : tensor<4x1x48xf32>) {
  ^bb0(%in: f16, %most: f32, %o: f32):
    %x = arith.extf %in : f16 to f32
    %d = arith.subf %x, %most : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<4x1x48xf32>
  %none = linalg.fill ins(%zero : f32) outs(%row : tensor<4x1xf32>) -> tensor<4x1xf32>
  %sum = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%power : tensor<4x1x48xf32>) outs(%none : tensor<4x1xf32>) {
  ^bb0(%in: f32, %o: f32):
    %y = arith.addf %in, %o : f32
    linalg.yield %y : f32
  } -> tensor<4x1xf32>
  %share = linalg.generic {indexing_maps = [#all, #rows, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%power, %sum : tensor<4x1x48xf32>, tensor<4x1xf32>) outs(%empty : tensor<4x1x48xf32>) {
  ^bb0(%in: f32, %total: f32, %o: f32):
    %y = arith.divf %in, %total : f32
    linalg.yield %y : f32
  } -> tensor<4x1x48xf32>
  %pe = tensor.empty() : tensor<4x1x48xf16>
  %p = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%share : tensor<4x1x48xf32>) outs(%pe : tensor<4x1x48xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x1x48xf16>
  eclip.yield %p : tensor<4x1x48xf16>
}
eclip.kernel @output attributes {eclip.kind = "contraction"} {
^bb0(%p: tensor<4x1x48xf16>, %v: tensor<4x48x64xf16>):
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x1x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x1x64xf32>) -> tensor<4x1x64xf32>
  %o0 = linalg.generic {indexing_maps = [#left, #values, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x1x48xf16>, tensor<4x48x64xf16>) outs(%init : tensor<4x1x64xf32>) {
  ^bb0(%l: f16, %r: f16, %acc: f32):
    %lx = arith.extf %l : f16 to f32
    %rx = arith.extf %r : f16 to f32
    %t = arith.mulf %lx, %rx : f32
    %u = arith.addf %acc, %t : f32
    linalg.yield %u : f32
  } -> tensor<4x1x64xf32>
  %ohe = tensor.empty() : tensor<4x1x64xf16>
  %oh = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%o0 : tensor<4x1x64xf32>) outs(%ohe : tensor<4x1x64xf16>) {
  ^bb0(%in: f32, %o: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<4x1x64xf16>
  eclip.yield %oh : tensor<4x1x64xf16>
}
eclip.schedule @main inputs ["q", "k", "v", "m"] outputs ["y"] {
^bb0(%q: tensor<4x1x64xf16>, %k: tensor<4x48x64xf16>, %v: tensor<4x48x64xf16>, %m: tensor<48xf32>):
  %0 = eclip.dispatch @scores(%q, %k, %m) {eclip.nodes = ["qk", "scale"]} : (tensor<4x1x64xf16>, tensor<4x48x64xf16>, tensor<48xf32>) -> tensor<4x1x48xf16>
  %1 = eclip.dispatch @softmax(%0) {eclip.nodes = ["softmax"]} : (tensor<4x1x48xf16>) -> tensor<4x1x48xf16>
  %2 = eclip.dispatch @output(%1, %v) {eclip.nodes = ["pv"]} : (tensor<4x1x48xf16>, tensor<4x48x64xf16>) -> tensor<4x1x64xf16>
  eclip.yield %2 : tensor<4x1x64xf16>
}
