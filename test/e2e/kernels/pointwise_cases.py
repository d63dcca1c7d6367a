# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Elementwise and data movement kernels with what numpy says they compute."""
import math

import numpy as np

from kernel_text import Kernel, element_type

RNG = np.random.default_rng(20260101)


def normal(*shape, dtype=np.float32):
    return RNG.standard_normal(shape).astype(dtype)


def pointwise(name, **tolerance):
    return Kernel(name, "pointwise", **tolerance)


def elementwise():
    for n in (1, 3, 63, 64, 65, 257, 4096, 61440, 61444, 300000):
        k = pointwise(f"relu_{n}")
        x = normal(n)
        a = k.arg(x)
        zero = k.constant(0.0)
        yield k.result(k.map([a], f"%r = arith.maximumf %i0, {zero} : f32"), np.maximum(x, 0))
    k = pointwise("bias_relu")
    x, bias = normal(2, 14, 14, 256), normal(256)
    a, b = k.arg(x), k.arg(bias)
    zero = k.constant(0.0)
    y = k.generic([(a, None), (b, "d3")], x.shape, np.float32,
                  f"%s = arith.addf %i0, %i1 : f32\n %r = arith.maximumf %s, {zero} : f32")
    yield k.result(y, np.maximum(x + bias, 0))
    k = pointwise("residual")
    x, y = normal(1, 56, 56, 64), normal(1, 56, 56, 64)
    yield k.result(k.map([k.arg(x), k.arg(y)], "%r = arith.addf %i0, %i1 : f32"), x + y)
    k = pointwise("outer")
    x, y = normal(37), normal(53)
    yield k.result(k.generic([(k.arg(x), "d0"), (k.arg(y), "d1")], (37, 53), np.float32,
                             "%r = arith.mulf %i0, %i1 : f32"), np.outer(x, y))
    k = pointwise("rank0")
    x = normal()
    yield k.result(k.map([k.arg(x)], "%r = arith.negf %i0 : f32"), -x)
    k = pointwise("two_results")
    x, y = normal(5, 9), normal(5, 9)
    a, b = k.arg(x), k.arg(y)
    k.result(k.map([a, b], "%r = arith.addf %i0, %i1 : f32"), x + y)
    yield k.result(k.map([a, b], "%r = arith.subf %i0, %i1 : f32"), x - y)
    k = pointwise("nan_through_relu")
    x = np.array([np.nan, -np.inf, np.inf, -0.0, 1e-45, -1e-45, -3.0], np.float32)
    a = k.arg(x)
    zero, six = k.constant(0.0), k.constant(6.0)
    y = k.map([a], f"%s = arith.maximumf %i0, {zero} : f32\n %r = arith.minimumf %s, {six} : f32")
    yield k.result(y, np.minimum(np.maximum(x, 0), 6))
    k = pointwise("maximum_of_two")
    x = RNG.choice(np.array([np.nan, -np.inf, np.inf, -1.0, 2.0], np.float32), 500)
    y = RNG.choice(np.array([np.nan, -np.inf, np.inf, -2.0, 1.0], np.float32), 500)
    yield k.result(k.map([k.arg(x), k.arg(y)], "%r = arith.maximumf %i0, %i1 : f32"),
                   np.maximum(x, y))


SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 1e-38, 3e38, -3e38,
                    0.5, 2.0, 88.0, -88.0, 104.0, -104.0], np.float32)


def unary_math():
    wide = np.concatenate([normal(400) * 3, normal(200) * 30, normal(200) * 1e-4, SPECIAL])
    positive = np.abs(wide)
    unit = np.concatenate([RNG.uniform(-1, 1, 500), [0, 1, -1, 1e-6]])
    erf = np.vectorize(math.erf)
    table = [
        ("exp", wide, np.exp), ("exp2", wide, np.exp2), ("log", positive, np.log),
        ("log2", positive, np.log2), ("log10", positive, np.log10), ("sqrt", positive, np.sqrt),
        ("rsqrt", positive, lambda x: 1 / np.sqrt(x)), ("tanh", wide, np.tanh),
        ("erf", wide, erf), ("floor", wide, np.floor), ("ceil", wide, np.ceil),
        ("trunc", wide, np.trunc), ("roundeven", wide, np.round), ("absf", wide, np.abs),
        ("log1p", positive, np.log1p), ("expm1", wide, np.expm1), ("atan", wide, np.arctan),
        ("sin", unit * 8, np.sin), ("cos", unit * 8, np.cos), ("tan", unit, np.tan),
        ("sin_far", unit * 3000, np.sin), ("cos_far", unit * 3000, np.cos),
        ("asin", unit, np.arcsin), ("acos", unit, np.arccos), ("sinh", unit * 8, np.sinh),
        ("cosh", unit * 8, np.cosh),
    ]
    # Absolute tolerances where the function passes through 0 or was expanded
    # from differences, in units of its own range.
    loose = {"sin": 1e-8, "cos": 1e-8, "sin_far": 1e-7, "cos_far": 1e-7, "tan": 1e-7, "asin": 4e-7, "acos": 6e-7, "sinh": 6e-7,
             "log": 1e-7, "log2": 2e-7, "log10": 1e-7}
    for name, x, reference in table:
        x = x.astype(np.float32)
        k = pointwise(f"math_{name}", rtol=1e-6, atol=loose.get(name, 1e-44))
        with np.errstate(all="ignore"):
            expected = reference(x.astype(np.float64))
            yield k.result(k.map([k.arg(x)], f"%r = math.{name.split('_')[0]} %i0 : f32"),
                           expected)


def binary_math():
    x = np.concatenate([np.abs(normal(400)) * 4, RNG.uniform(0.9, 1.1, 200), np.repeat(SPECIAL, 18)])
    y = np.concatenate([normal(400) * 8, normal(200) * 300, np.tile(SPECIAL, 18)])
    x, y = x.astype(np.float32), y.astype(np.float32)
    k = pointwise("math_powf", rtol=1e-6, atol=1.5e-45)
    with np.errstate(all="ignore"):
        expected = np.power(x.astype(np.float64), y.astype(np.float64))
        yield k.result(k.map([k.arg(x), k.arg(y)], "%r = math.powf %i0, %i1 : f32"), expected)
    for exponent in (2.0, 3.0, -1.0, 0.5, 1.7):
        k = pointwise(f"power_{exponent}".replace(".", "_").replace("-", "minus_"))
        base = np.abs(normal(300)) + np.float32(0.01)
        a, c = k.arg(base), k.constant(exponent)
        yield k.result(k.map([a], f"%r = math.powf %i0, {c} : f32"),
                       np.power(base.astype(np.float64), np.float64(np.float32(exponent))))
    k = pointwise("division")
    x = np.concatenate([normal(500) * 1e3, np.repeat(SPECIAL, 18)]).astype(np.float32)
    y = np.concatenate([normal(500), np.tile(SPECIAL, 18)]).astype(np.float32)
    with np.errstate(all="ignore"):
        yield k.result(k.map([k.arg(x), k.arg(y)], "%r = arith.divf %i0, %i1 : f32"), x / y)
    k = pointwise("remainder")
    x, y = normal(300) * 100, normal(300)
    yield k.result(k.map([k.arg(x), k.arg(y)], "%r = arith.remf %i0, %i1 : f32"), np.fmod(x, y))
    k = pointwise("sigmoid")
    x = normal(777) * 10
    a, one = k.arg(x), k.constant(1.0)
    body = (f"%n = arith.negf %i0 : f32\n %e = math.exp %n : f32\n"
            f" %d = arith.addf %e, {one} : f32\n %r = arith.divf {one}, %d : f32")
    yield k.result(k.map([a], body), 1 / (1 + np.exp(-x.astype(np.float64))))
    k = pointwise("gelu", atol=1e-6)
    x = normal(1000) * 3
    a, one = k.arg(x), k.constant(1.0)
    half, scale = k.constant(0.5), k.constant(math.sqrt(0.5))
    body = (f"%s = arith.mulf %i0, {scale} : f32\n %e = math.erf %s : f32\n"
            f" %p = arith.addf %e, {one} : f32\n %h = arith.mulf %i0, {half} : f32\n"
            f" %r = arith.mulf %h, %p : f32")
    x64 = x.astype(np.float64)
    yield k.result(k.map([a], body), 0.5 * x64 * (1 + np.vectorize(math.erf)(x64 * math.sqrt(0.5))))


def integer_types():
    for dtype in (np.int32, np.int64, np.int8, np.int16):
        kind = element_type(dtype)
        info = np.iinfo(dtype)
        x = RNG.integers(info.min, info.max, 300, dtype, endpoint=True)
        y = RNG.integers(info.min, info.max, 300, dtype, endpoint=True)
        y[y == 0] = 7
        y[:20] = RNG.integers(1, 20, 20)
        with np.errstate(all="ignore"):
            x_safe = np.where((x == info.min) & (y == -1), dtype(5), x).astype(dtype)
            quotient = np.array([int(abs(int(a)) // abs(int(b))) * (1 if (a < 0) == (b < 0) else -1)
                                 for a, b in zip(x_safe, y)]).astype(dtype)
            rest = np.fmod(x_safe, y)
            cases = [("addi", x, x + y), ("subi", x, x - y), ("muli", x, x * y),
                     ("divsi", x_safe, quotient), ("remsi", x_safe, rest),
                     ("maxsi", x, np.maximum(x, y)), ("minsi", x, np.minimum(x, y)),
                     ("andi", x, x & y), ("ori", x, x | y), ("xori", x, x ^ y)]
        for op, left, expected in cases:
            k = pointwise(f"{op}_{kind}")
            yield k.result(k.map([k.arg(left), k.arg(y)], f"%r = arith.{op} %i0, %i1 : {kind}"),
                           expected)


def conversions():
    x = np.concatenate([normal(300) * 1000, [0.0, -0.5, 0.5, 1e9, -1e9]]).astype(np.float32)
    integers = RNG.integers(-2**31, 2**31 - 1, 300).astype(np.int64)
    table = [("fptosi", x, np.int32), ("fptosi", x, np.int64), ("fptosi", np.clip(x, -100, 100), np.int8),
             ("sitofp", integers.astype(np.int32), np.float32), ("sitofp", integers * 4097, np.float32),
             ("sitofp", integers.astype(np.int8), np.float32), ("extsi", integers.astype(np.int32), np.int64),
             ("trunci", integers, np.int32), ("trunci", integers, np.int8),
             ("uitofp", integers > 0, np.float32), ("extui", integers > 0, np.int64),
             ("extf", x, np.float64), ("truncf", x.astype(np.float64) * 1.0000001, np.float32),
             ("truncf", x / 1e6, np.float16), ("extf", (x / 1e6).astype(np.float16), np.float32)]
    for op, source, dtype in table:
        source = np.asarray(source)
        kinds = element_type(source.dtype), element_type(dtype)
        k = pointwise(f"{op}_{kinds[0]}_{kinds[1]}")
        with np.errstate(all="ignore"):
            yield k.result(k.map([k.arg(source)], f"%r = arith.{op} %i0 : {kinds[0]} to {kinds[1]}",
                                 dtype=dtype), source.astype(dtype))
    k = pointwise("double_arithmetic", rtol=1e-15)
    x, y = normal(300, dtype=np.float64), normal(300, dtype=np.float64)
    body = "%p = arith.mulf %i0, %i1 : f64\n %s = arith.addf %p, %i0 : f64\n %r = arith.divf %s, %i1 : f64"
    yield k.result(k.map([k.arg(x), k.arg(y)], body), (x * y + x) / y)


def booleans():
    x, y = normal(500), normal(500)
    y[::3] = x[::3]
    x[7] = np.nan
    for op, reference in (("olt", np.less), ("oeq", np.equal), ("oge", np.greater_equal)):
        k = pointwise(f"compare_{op}")
        yield k.result(k.map([k.arg(x), k.arg(y)], f"%r = arith.cmpf {op}, %i0, %i1 : f32",
                             dtype=np.bool_), reference(x, y))
    p, q = x > 0, y > 0
    for op, reference in (("andi", np.logical_and), ("ori", np.logical_or), ("xori", np.logical_xor)):
        k = pointwise(f"logical_{op}")
        yield k.result(k.map([k.arg(p), k.arg(q)], f"%r = arith.{op} %i0, %i1 : i1"), reference(p, q))
    k = pointwise("where")
    yield k.result(k.map([k.arg(p), k.arg(x), k.arg(y)], "%r = arith.select %i0, %i1, %i2 : f32",
                         dtype=np.float32), np.where(p, x, y))
    k = pointwise("bool_movement")
    b = RNG.integers(0, 2, (6, 10)).astype(np.bool_)
    padded = k.pad(k.transpose(k.arg(b), (1, 0)), (1, 0), (0, 3), True)
    yield k.result(padded, np.pad(b.T, ((1, 0), (0, 3)), constant_values=True))


def all_cases():
    for group in (elementwise, unary_math, binary_math, integer_types, conversions, booleans):
        yield from group()
