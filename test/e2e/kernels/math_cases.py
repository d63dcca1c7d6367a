# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every function of the math dialect over its range, in each float type.

The reference is numpy in double precision for narrower types; for f64 itself numpy and Python's math are within one
or two units in the last place, and the tolerance says what the kernels promise on top.
"""
import math

import numpy as np

from kernel_text import Kernel, element_type
from pointwise_cases import RNG, SPECIAL, normal

TINY = np.array([1e-300, -1e-300, 1e-20, -1e-20, 1e-8, -1e-8, 1e-4, -1e-4])
ENDS = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])


def vectorized(function):
    def guarded(x):
        try:
            return function(x)
        except OverflowError:
            return math.inf if x > 0 else -math.inf
        except ValueError:
            return math.nan
    return np.vectorize(guarded, otypes=[np.float64])


def spread(low, high, count=300):
    return np.concatenate([RNG.uniform(low, high, count), TINY, ENDS])


def logarithmic(low, high, count=300):
    """Both signs, exponents spread evenly."""
    x = 10 ** RNG.uniform(low, high, count)
    return np.concatenate([x, -x, TINY, ENDS])


def functions():
    """(name, samples, reference, absolute error allowed in units of the type's precision)"""
    everything = logarithmic(-12, 2.8)
    positive = np.abs(logarithmic(-30, 30))
    unit = np.concatenate([spread(-1, 1), 1 - 10.0 ** RNG.uniform(-6, -1, 50)])
    return [
        ("exp", everything, np.exp, 0), ("exp2", everything, np.exp2, 0), ("expm1", everything, np.expm1, 0),
        ("log", positive, np.log, 1), ("log2", positive, np.log2, 2), ("log10", positive, np.log10, 1),
        ("log1p", np.concatenate([np.abs(everything), unit]), np.log1p, 0),
        ("sqrt", positive, np.sqrt, 0), ("rsqrt", positive, lambda x: 1 / np.sqrt(x), 0),
        ("cbrt", logarithmic(-30, 30), np.cbrt, 0),
        ("sin", np.concatenate([spread(-3000, 3000), logarithmic(-8, 9)]), np.sin, 1),
        ("cos", np.concatenate([spread(-3000, 3000), logarithmic(-8, 9)]), np.cos, 1),
        ("tan", spread(-1.5, 1.5), np.tan, 0), ("asin", unit, np.arcsin, 0), ("acos", unit, np.arccos, 1),
        ("atan", everything, np.arctan, 0), ("sinh", everything, np.sinh, 0), ("cosh", everything, np.cosh, 0),
        ("tanh", everything, np.tanh, 0), ("asinh", logarithmic(-12, 30), np.arcsinh, 0),
        ("acosh", 1 + np.abs(logarithmic(-6, 30)), np.arccosh, 0), ("atanh", unit, np.arctanh, 0),
        ("erf", everything, vectorized(math.erf), 0), ("erfc", spread(-6, 5), vectorized(math.erfc), 0),
        ("floor", everything, np.floor, 0), ("ceil", everything, np.ceil, 0), ("trunc", everything, np.trunc, 0),
        ("roundeven", everything, np.round, 0), ("absf", everything, np.abs, 0),
        ("round", np.concatenate([everything, [0.5, -0.5, 1.5, 2.5, -2.5]]),
         lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x), 0),
    ]


# Relative error allowed: what numpy rounds to, and what the expansions promise.
PRECISION = {np.float64: 1e-15, np.float32: 3e-7, np.float16: 5e-4}


def unary():
    for dtype, rtol in PRECISION.items():
        kind = element_type(dtype)
        limits = np.finfo(dtype)
        for name, samples, reference, units in functions():
            with np.errstate(all="ignore"):
                x = samples.astype(dtype)
                expected = reference(x.astype(np.float64))
                # numpy's halfway cases of large numbers are not exact sums.
                # Denormal results of single precision are flushed or rounded.
                smallest = float(limits.tiny) if dtype != np.float16 else float(limits.smallest_subnormal)
                k = Kernel(f"{name}_{kind}", "pointwise", rtol=rtol, atol=max(units * rtol / 4, smallest))
                yield k.result(k.map([k.arg(x)], f"%r = math.{name} %i0 : {kind}"), expected)


def binary():
    for dtype, rtol in PRECISION.items():
        kind = element_type(dtype)
        smallest = float(np.finfo(dtype).tiny)
        base = np.concatenate([np.abs(normal(300)) * 4, RNG.uniform(0.9, 1.1, 200), -RNG.integers(1, 9, 100),
                               np.repeat(SPECIAL, 18)])
        power = np.concatenate([normal(300) * 8, normal(200) * 300, RNG.integers(-5, 6, 100), np.tile(SPECIAL, 18)])
        with np.errstate(all="ignore"):
            x, y = base.astype(dtype), power.astype(dtype)
            k = Kernel(f"powf_{kind}", "pointwise", rtol=4 * rtol if dtype == np.float64 else rtol, atol=smallest)
            yield k.result(k.map([k.arg(x), k.arg(y)], f"%r = math.powf %i0, %i1 : {kind}"),
                           np.power(x.astype(np.float64), y.astype(np.float64)))
            x = np.concatenate([logarithmic(-6, 3), np.repeat(ENDS, 7)]).astype(dtype)
            y = np.concatenate([RNG.permutation(logarithmic(-6, 3)), np.tile(ENDS, 7)]).astype(dtype)
            k = Kernel(f"atan2_{kind}", "pointwise", rtol=rtol, atol=smallest)
            yield k.result(k.map([k.arg(x), k.arg(y)], f"%r = math.atan2 %i0, %i1 : {kind}"),
                           np.arctan2(x.astype(np.float64), y.astype(np.float64)))
            k = Kernel(f"copysign_{kind}", "pointwise")
            yield k.result(k.map([k.arg(x), k.arg(y)], f"%r = math.copysign %i0, %i1 : {kind}"), np.copysign(x, y))
            a, b, c = (normal(200).astype(dtype) for _ in range(3))
            k = Kernel(f"fma_{kind}", "pointwise", rtol=rtol, atol=rtol)
            yield k.result(k.map([k.arg(a), k.arg(b), k.arg(c)], f"%r = math.fma %i0, %i1, %i2 : {kind}"),
                           a.astype(np.float64) * b + c)
            low, high = k_constants(dtype)
            k = Kernel(f"clampf_{kind}", "pointwise")
            text = f"%r = math.clampf %i0 to [{k.constant(low, dtype)}, {k.constant(high, dtype)}] : {kind}"
            yield k.result(k.map([k.arg(x)], text), np.clip(x, dtype(low), dtype(high)))
            n = RNG.integers(-6, 7, x.size).astype(np.int32)
            k = Kernel(f"fpowi_{kind}", "pointwise", rtol=4 * rtol if dtype == np.float64 else rtol, atol=smallest)
            yield k.result(k.map([k.arg(x), k.arg(n)], f"%r = math.fpowi %i0, %i1 : {kind}, i32"),
                           np.power(x.astype(np.float64), n.astype(np.float64)))


def k_constants(dtype):
    return dtype(-0.5), dtype(0.75)


def classes():
    for dtype in PRECISION:
        kind = element_type(dtype)
        with np.errstate(all="ignore"):
            x = np.concatenate([SPECIAL, normal(30), [np.finfo(dtype).tiny, np.finfo(dtype).tiny / 4]]).astype(dtype)
        tiny = np.finfo(dtype).tiny
        for name, reference in (("isnan", np.isnan), ("isinf", np.isinf), ("isfinite", np.isfinite),
                                ("isnormal", lambda v, tiny=tiny: np.isfinite(v) & (np.abs(v) >= tiny))):
            k = Kernel(f"{name}_{kind}", "pointwise")
            yield k.result(k.map([k.arg(x)], f"%r = math.{name} %i0 : {kind}", dtype=np.bool_), reference(x))


def integer_powers(dtype):
    """By squaring, in Python's integers, and cut to the type."""
    info = np.iinfo(dtype)
    x = np.concatenate([RNG.integers(-9, 10, 200), [0, 1, -1, 1, -1, 0, 2, 3]]).astype(dtype)
    y = np.concatenate([RNG.integers(-3, 12, 200), [0, -5, -5, -4, -4, 3, 40, 7]]).astype(dtype)
    y[(x == 0) & (y < 0)] = 2

    def power(a, b):
        exact = a ** b if b >= 0 else (1 if a == 1 or (a == -1 and b % 2 == 0) else -1 if a == -1 else 0)
        return (exact - info.min) % 2 ** info.bits + info.min
    return x, y, np.array([power(int(a), int(b)) for a, b in zip(x, y)], dtype)


def integers():
    for dtype in (np.int8, np.int16, np.int32, np.int64):
        kind, info = element_type(dtype), np.iinfo(dtype)
        x = np.concatenate([RNG.integers(info.min, info.max, 200, dtype, endpoint=True),
                            np.array([0, 1, -1, info.min, info.max], dtype)])
        strings = [np.binary_repr(int(v), info.bits) for v in x]
        table = [("ctpop", [s.count("1") for s in strings]),
                 ("ctlz", [len(s) - len(s.lstrip("0")) for s in strings]),
                 ("cttz", [len(s) - len(s.rstrip("0")) for s in strings]), ("absi", np.abs(x))]
        for name, expected in table:
            k = Kernel(f"{name}_{kind}", "pointwise")
            yield k.result(k.map([k.arg(x)], f"%r = math.{name} %i0 : {kind}"), np.array(expected).astype(dtype))
        x, y, expected = integer_powers(dtype)
        k = Kernel(f"ipowi_{kind}", "pointwise")
        yield k.result(k.map([k.arg(x), k.arg(y)], f"%r = math.ipowi %i0, %i1 : {kind}"), expected)


def all_cases():
    for group in (unary, binary, classes, integers):
        yield from group()
