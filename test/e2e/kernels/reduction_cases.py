# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels with reductions: pools, rows, softmax, layer norm."""
import numpy as np

from kernel_text import Kernel, element_type
from pointwise_cases import RNG, normal


def reduction(name, rtol=2e-6, atol=1e-6):
    return Kernel(name, "reduction", rtol=rtol, atol=atol)


def windows(x, size, stride, pads, value, combine, dilation=1):
    """NHWC pooling, the definition written out."""
    x = np.pad(x, ((0, 0), pads, pads, (0, 0)), constant_values=value)
    reach = (size - 1) * dilation + 1
    out = [(d - reach) // stride + 1 for d in x.shape[1:3]]
    result = np.empty((x.shape[0], *out, x.shape[3]), x.dtype)
    for i in range(out[0]):
        for j in range(out[1]):
            window = x[:, i * stride:i * stride + reach:dilation, j * stride:j * stride + reach:dilation]
            result[:, i, j] = combine(window, axis=(1, 2))
    return result


def pool(name, x, size, stride, pads, op, start, combine, dilation=1, layout="nhwc"):
    k = reduction(name, atol=4e-6 if op == "addf" else 0.0)
    expected = windows(x.astype(np.float64), size, stride, pads, start, combine, dilation)
    source = x if layout == "nhwc" else x.transpose(0, 3, 1, 2)
    low = (0, pads[0], pads[0], 0) if layout == "nhwc" else (0, 0, pads[0], pads[0])
    high = (0, pads[1], pads[1], 0) if layout == "nhwc" else (0, 0, pads[1], pads[1])
    padded = k.pad(k.arg(source), low, high, start)
    spot = f"d{{}} * {stride} + d{{}} * {dilation}"
    if layout == "nhwc":
        source_map = f"d0, {spot.format(1, 4)}, {spot.format(2, 5)}, d3"
    else:
        expected = expected.transpose(0, 3, 1, 2)
        source_map = f"d0, d1, {spot.format(2, 4)}, {spot.format(3, 5)}"
    window = k.empty((size, size), np.float32)
    init = k.fill(start, expected.shape)
    y = k.generic([(padded, source_map), (window, "d4, d5")], expected.shape, np.float32,
                  f"%r = arith.{op} %o, %i0 : f32", dims=6, out_map="d0, d1, d2, d3",
                  reduced={4, 5}, init=init)
    return k, y, expected


def pools():
    x = normal(1, 15, 13, 70)
    for layout in ("nhwc", "nchw"):
        k, y, expected = pool(f"max_pool_{layout}", x, 3, 2, (1, 1), "maximumf", -np.inf, np.max,
                              layout=layout)
        yield k.result(y, expected)
        k, y, expected = pool(f"sum_pool_{layout}", x, 2, 2, (0, 1), "addf", 0.0, np.sum, layout=layout)
        yield k.result(y, expected)
    k, y, expected = pool("max_pool_dilated", x, 3, 1, (2, 2), "maximumf", -np.inf, np.max, dilation=2)
    yield k.result(y, expected)
    k, y, expected = pool("average_pool", x, 3, 1, (1, 1), "addf", 0.0, np.sum)
    scale = k.constant(1 / 9)
    yield k.result(k.map([y], f"%r = arith.mulf %i0, {scale} : f32"), expected / 9)
    k, y, expected = pool("pool_7x7", normal(1, 7, 7, 128), 7, 1, (0, 0), "addf", 0.0, np.sum)
    yield k.result(y, expected)
    k, y, expected = pool("pool_9x9_overlapping", normal(1, 20, 20, 24), 9, 1, (4, 4), "maximumf",
                          -np.inf, np.max)
    yield k.result(y, expected)


def global_pools():
    for shape, axes in (((1, 7, 7, 200), (1, 2)), ((2, 96, 7, 7), (2, 3)), ((1, 56, 56, 16), (1, 2)),
                        ((3, 10, 50, 50), (2, 3))):
        k = reduction("global_average_" + "x".join(map(str, shape)))
        x = normal(*shape)
        total = k.reduce(k.arg(x), axes, "arith.addf", 0.0)
        scale = k.constant(1 / (x.shape[axes[0]] * x.shape[axes[1]]))
        mean = k.map([total], f"%r = arith.mulf %i0, {scale} : f32")
        expected = x.astype(np.float64).mean(axis=axes)
        groups = ((0,), (1, 2, 3))
        yield k.result(k.reshape(mean, groups, expected.shape + (1, 1)), expected[..., None, None])


def rows():
    cases = [((1, 100000), (1,)), ((3, 40000), (1,)), ((500, 33), (1,)), ((64, 64), (1,)), ((7, 65), (1,)),
             ((65, 7), (0,)), ((1000, 130), (0,)), ((20, 30, 40), (1,)), ((20, 30, 40), (0, 2)),
             ((9, 11, 5), (0, 1, 2)), ((40000, 4), (1,)), ((2000, 40), (1,))]
    for shape, axes in cases:
        label = "x".join(map(str, shape)) + "_" + "".join(map(str, axes))
        x = normal(*shape)
        k = reduction(f"sum_{label}", atol=2e-5 * np.sqrt(np.prod([shape[a] for a in axes])))
        yield k.result(k.reduce(k.arg(x), axes, "arith.addf", 0.0), x.astype(np.float64).sum(axis=axes))
        k = reduction(f"max_{label}", rtol=0, atol=0)
        yield k.result(k.reduce(k.arg(x), axes, "arith.maximumf", -np.inf), x.max(axis=axes))


def typed_rows():
    for dtype in (np.int32, np.int64, np.int8):
        kind = element_type(dtype)
        x = RNG.integers(-100, 100, (5, 300)).astype(dtype)
        k = reduction(f"sum_{kind}", rtol=0, atol=0)
        yield k.result(k.reduce(k.arg(x), (1,), "arith.addi", 0), x.sum(axis=1, dtype=dtype))
        k = reduction(f"min_{kind}", rtol=0, atol=0)
        yield k.result(k.reduce(k.arg(x), (1,), "arith.minsi", 100), x.min(axis=1))
    b = RNG.integers(0, 50, (40, 100)) == 0
    for op, reference, start in (("ori", np.any, False), ("andi", np.all, True)):
        k = reduction(f"bool_{op}", rtol=0, atol=0)
        yield k.result(k.reduce(k.arg(b if op == "ori" else ~b), (1,), f"arith.{op}", start),
                       reference(b if op == "ori" else ~b, axis=1))
    k = reduction("sum_f64", rtol=1e-13)
    x = normal(6, 500, dtype=np.float64)
    yield k.result(k.reduce(k.arg(x), (1,), "arith.addf", 0.0), x.sum(axis=1))
    k = reduction("product", rtol=1e-5)
    x = (1 + 0.1 * normal(12, 90)).astype(np.float32)
    yield k.result(k.reduce(k.arg(x), (1,), "arith.mulf", 1.0), x.astype(np.float64).prod(axis=1))
    k = reduction("start_that_is_not_neutral")
    x = normal(12, 90)
    yield k.result(k.reduce(k.arg(x), (1,), "arith.addf", 5.0), x.astype(np.float64).sum(axis=1) + 5)
    k = reduction("sum_of_squares")
    yield k.result(k.reduce(k.arg(x), (1,), "", 0.0,
                            body="%s = arith.mulf %i0, %i0 : f32\n %r = arith.addf %o, %s : f32"),
                   (x.astype(np.float64)**2).sum(axis=1))


def without(dims, axis):
    return ", ".join(f"d{i}" for i in range(dims) if i != axis)


def softmax_of(k, a, axis):
    dims, kept = len(a.shape), without(len(a.shape), axis)
    top = k.reduce(a, (axis,), "arith.maximumf", -np.inf)
    power = k.generic([(a, None), (top, kept)], a.shape, np.float32,
                      "%s = arith.subf %i0, %i1 : f32\n %r = math.exp %s : f32")
    total = k.reduce(power, (axis,), "arith.addf", 0.0)
    return k.generic([(power, None), (total, kept)], a.shape, np.float32,
                     "%r = arith.divf %i0, %i1 : f32", dims=dims)


def softmax_reference(x, axis):
    x = x.astype(np.float64)
    power = np.exp(x - x.max(axis=axis, keepdims=True))
    return power / power.sum(axis=axis, keepdims=True)


def softmaxes():
    for shape, axis in (((10, 5), 1), ((3, 10), 1), ((32, 64), 1), ((2, 1000), 1), ((1, 5000), 1),
                        ((12, 128, 128), 2), ((2, 21, 30, 31), 1), ((300, 7), 0), ((1, 3), 1), ((1, 1), 1)):
        k = reduction("softmax_" + "x".join(map(str, shape)) + f"_{axis}", rtol=5e-6, atol=1e-9)
        x = normal(*shape) * 4
        yield k.result(softmax_of(k, k.arg(x), axis), softmax_reference(x, axis))
    k = reduction("masked_softmax", rtol=5e-6, atol=1e-9)
    x, mask = normal(4, 16, 16) * 4, RNG.integers(0, 2, (16, 16)).astype(np.bool_)
    mask[:, 0] = True
    a, m = k.arg(x), k.arg(mask)
    low = k.constant(-1e9)
    masked = k.generic([(a, None), (m, "d1, d2")], x.shape, np.float32,
                       f"%r = arith.select %i1, %i0, {low} : f32")
    yield k.result(softmax_of(k, masked, 2), softmax_reference(np.where(mask, x, np.float32(-1e9)), 2))
    k = reduction("softmax_keepdims", rtol=5e-6, atol=1e-9)
    x = normal(6, 50)
    a = k.arg(x)
    top = k.reshape(k.reduce(a, (1,), "arith.maximumf", -np.inf), ((0, 1),), (6, 1))
    power = k.generic([(a, None), (top, "d0, 0")], x.shape, np.float32,
                      "%s = arith.subf %i0, %i1 : f32\n %r = math.exp %s : f32")
    total = k.reshape(k.reduce(power, (1,), "arith.addf", 0.0), ((0, 1),), (6, 1))
    yield k.result(k.generic([(power, None), (total, "d0, 0")], x.shape, np.float32,
                             "%r = arith.divf %i0, %i1 : f32"), softmax_reference(x, 1))


def layer_norms():
    for shape in ((16, 768), (128, 100), (1, 4096), (5, 3)):
        k = reduction("layer_norm_" + "x".join(map(str, shape)), rtol=1e-5, atol=1e-5)
        x, scale, bias = normal(*shape) * 2 + 1, normal(shape[1]), normal(shape[1])
        x = x.astype(np.float32)
        a, s, b = k.arg(x), k.arg(scale), k.arg(bias)
        inverse, epsilon = k.constant(1 / shape[1]), k.constant(1e-5)
        mean = k.map([k.reduce(a, (1,), "arith.addf", 0.0)], f"%r = arith.mulf %i0, {inverse} : f32")
        centred = k.generic([(a, None), (mean, "d0")], shape, np.float32, "%r = arith.subf %i0, %i1 : f32")
        squares = k.reduce(centred, (1,), "", 0.0,
                           body="%s = arith.mulf %i0, %i0 : f32\n %r = arith.addf %s, %o : f32")
        body = (f"%v = arith.mulf %i1, {inverse} : f32\n %e = arith.addf %v, {epsilon} : f32\n"
                " %q = math.rsqrt %e : f32\n %n = arith.mulf %i0, %q : f32\n"
                " %m = arith.mulf %n, %i2 : f32\n %r = arith.addf %m, %i3 : f32")
        y = k.generic([(centred, None), (squares, "d0"), (s, "d1"), (b, "d1")], shape, np.float32, body)
        x64 = x.astype(np.float64)
        variance = x64.var(axis=1, keepdims=True)
        yield k.result(y, (x64 - x64.mean(axis=1, keepdims=True)) / np.sqrt(variance + 1e-5) * scale + bias)


def products():
    """Contractions of integers, which the matrix generator does not take."""
    for dtype, (m, n, k_size) in ((np.int32, (20, 30, 40)), (np.int64, (3, 5, 200)), (np.int8, (7, 9, 33))):
        kind = element_type(dtype)
        k = Kernel(f"matmul_{kind}", "contraction")
        x, y = RNG.integers(-99, 99, (m, k_size)).astype(dtype), RNG.integers(-99, 99, (k_size, n)).astype(dtype)
        body = f"%p = arith.muli %i0, %i1 : {kind}\n %r = arith.addi %o, %p : {kind}"
        z = k.generic([(k.arg(x), "d0, d2"), (k.arg(y), "d2, d1")], (m, n), dtype, body, dims=3,
                      out_map="d0, d1", reduced={2}, init=k.fill(0, (m, n), dtype))
        yield k.result(z, x @ y)


def combined():
    k, y, expected = pool("pool_then_mean", normal(1, 9, 9, 40), 3, 2, (1, 1), "maximumf", -np.inf, np.max)
    yield k.result(k.reduce(y, (1, 2), "arith.addf", 0.0), expected.sum(axis=(1, 2)))
    k = reduction("sum_of_row_maxima")
    x = normal(30, 40)
    yield k.result(k.reduce(k.reduce(k.arg(x), (1,), "arith.maximumf", -np.inf), (0,), "arith.addf", 0.0),
                   x.max(axis=1).astype(np.float64).sum())
    k = reduction("argmax", rtol=0, atol=0)
    x = RNG.permutation(60 * 70).reshape(60, 70).astype(np.float32)
    a, best, where = k.arg(x), k.fill(-np.inf, (60,)), k.fill(0, (60,), np.int64)
    pair = k.fresh()
    names = "affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>"
    k.lines.append(
        f"{pair}:2 = linalg.generic {{indexing_maps = [{names}], iterator_types = "
        f"[\"parallel\", \"reduction\"]}} ins({a.ssa} : {a.type}) outs({best.ssa}, {where.ssa} : "
        f"{best.type}, {where.type}) {{\n  ^bb0(%x: f32, %b: f32, %w: i64):\n"
        "    %c = arith.cmpf ogt, %x, %b : f32\n    %j = linalg.index 1 : index\n"
        "    %k = arith.index_cast %j : index to i64\n    %v = arith.select %c, %x, %b : f32\n"
        "    %u = arith.select %c, %k, %w : i64\n    linalg.yield %v, %u : f32, i64\n"
        f"  }} -> ({best.type}, {where.type})")
    where.ssa = f"{pair}#1"
    yield k.result(where, x.argmax(axis=1))


def several_results():
    """Of one shape and of several, also where one feeds another."""
    k = reduction("mean_and_all")
    x = normal(40, 30)
    a = k.arg(x)
    total = k.reduce(a, (1,), "arith.addf", 0.0)
    power = k.map([a], "%r = math.exp %i0 : f32")
    k.result(total, x.astype(np.float64).sum(axis=1))
    yield k.result(power, np.exp(x.astype(np.float64)))
    k = Kernel("three_shapes", "pointwise")
    x, y = normal(300, 7), normal(5)
    a, b = k.arg(x), k.arg(y)
    k.result(k.map([a], "%r = arith.negf %i0 : f32"), -x)
    k.result(k.transpose(a, (1, 0)), x.T)
    k.result(k.map([b], "%r = arith.addf %i0, %i0 : f32"), y + y)
    yield k.result(k.map([a], "%r = arith.mulf %i0, %i0 : f32"), x * x)
    k = Kernel("scalar_beside_vector", "reduction", atol=1e-4)
    x = normal(5000)
    a = k.arg(x)
    k.result(k.reduce(a, (0,), "arith.addf", 0.0), x.astype(np.float64).sum())
    yield k.result(k.map([a], "%r = arith.negf %i0 : f32"), -x)


def all_cases():
    for group in (pools, global_pools, rows, typed_rows, softmaxes, layer_norms, products, combined, several_results):
        yield from group()
