# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arithmetic, conversions, movement and reductions in every element type."""
import numpy as np

from kernel_text import Kernel, element_type, identity
from pointwise_cases import RNG, normal

FLOATS = (np.float16, np.float32, np.float64)
UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)


def float_arithmetic():
    for dtype in FLOATS:
        kind = element_type(dtype)
        x, y = normal(301).astype(dtype), normal(301).astype(dtype)
        y[y == 0] = 1
        special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1, -1], dtype)
        x = np.concatenate([x, np.repeat(special, 7)])
        y = np.concatenate([y, np.tile(special, 7)])
        with np.errstate(all="ignore"):
            table = [("addf", x + y), ("subf", x - y), ("mulf", x * y), ("divf", x / y), ("remf", np.fmod(x, y)),
                     ("maximumf", np.maximum(x, y)), ("minimumf", np.minimum(x, y)), ("maxnumf", np.fmax(x, y)),
                     ("minnumf", np.fmin(x, y))]
            for op, expected in table:
                k = Kernel(f"{op}_{kind}", "pointwise", rtol=0)
                yield k.result(k.map([k.arg(x), k.arg(y)], f"%r = arith.{op} %i0, %i1 : {kind}"), expected)
            k = Kernel(f"negf_{kind}", "pointwise", rtol=0)
            yield k.result(k.map([k.arg(x)], f"%r = arith.negf %i0 : {kind}"), -x)
            for predicate, expected in (("ogt", x > y), ("ule", ~(x > y)), ("une", x != y), ("oeq", x == y),
                                        ("ord", ~(np.isnan(x) | np.isnan(y))), ("uno", np.isnan(x) | np.isnan(y))):
                k = Kernel(f"cmpf_{predicate}_{kind}", "pointwise")
                yield k.result(k.map([k.arg(x), k.arg(y)], f"%r = arith.cmpf {predicate}, %i0, %i1 : {kind}",
                                     dtype=np.bool_), expected)


def unsigned_arithmetic():
    for dtype in UNSIGNED:
        kind, info = element_type(dtype), np.iinfo(dtype)
        x = RNG.integers(0, info.max, 300, dtype, endpoint=True)
        y = RNG.integers(1, info.max, 300, dtype, endpoint=True)
        y[:50] = RNG.integers(1, 12, 50)
        shift = RNG.integers(0, info.bits, 300).astype(dtype)
        table = [("divui", x // y, y), ("remui", x % y, y), ("maxui", np.maximum(x, y), y),
                 ("minui", np.minimum(x, y), y), ("shrui", x >> shift, shift), ("shli", x << shift, shift),
                 ("ceildivui", x // y + (x % y != 0), y)]
        for op, expected, right in table:
            k = Kernel(f"{op}_{info.bits}", "pointwise")
            yield k.result(k.map([k.arg(x), k.arg(right)], f"%r = arith.{op} %i0, %i1 : {kind}"),
                           expected.astype(dtype))
        for predicate, expected in (("ult", x < y), ("uge", x >= y)):
            k = Kernel(f"cmpi_{predicate}_{info.bits}", "pointwise")
            yield k.result(k.map([k.arg(x), k.arg(y)], f"%r = arith.cmpi {predicate}, %i0, %i1 : {kind}",
                                 dtype=np.bool_), expected)
        signed = x.view(f"int{info.bits}")
        divisor = y.view(f"int{info.bits}")
        safe = np.where((divisor == -1) | (divisor == 0), 3, divisor).astype(signed.dtype)
        for op, expected in (("floordivsi", signed // safe), ("ceildivsi", -(-signed.astype(object) // safe)),
                             ("shrsi", signed >> shift.astype(signed.dtype))):
            right = shift.astype(signed.dtype) if op == "shrsi" else safe
            k = Kernel(f"{op}_{info.bits}", "pointwise")
            yield k.result(k.map([k.arg(signed), k.arg(right)], f"%r = arith.{op} %i0, %i1 : {kind}"),
                           expected.astype(signed.dtype))


def conversions():
    """Every pair of types that ONNX's Cast can ask for, within the range of both."""
    for source in UNSIGNED + (np.int8, np.int16, np.int32, np.int64):
        info = np.iinfo(source)
        x = RNG.integers(info.min, info.max, 200, source, endpoint=True)
        x[:20] = np.arange(20)
        letter = "u" if info.min == 0 else "s"
        for target in FLOATS:
            k = Kernel(f"{letter}itofp_{info.bits}_{element_type(target)}", "pointwise", rtol=0)
            with np.errstate(all="ignore"):
                expected = x.astype(target)
            text = f"%r = arith.{letter}itofp %i0 : {element_type(source)} to {element_type(target)}"
            yield k.result(k.map([k.arg(x)], text, dtype=target), expected)
        for target in FLOATS:
            largest = min(float(info.max), float(np.finfo(target).max)) * 0.99
            smallest = max(float(info.min), -float(np.finfo(target).max)) * 0.99
            values = RNG.uniform(smallest, largest, 200).astype(target)
            values[:4] = [0, 0.5, 1.5, 2.99]
            k = Kernel(f"fpto{letter}i_{element_type(target)}_{info.bits}", "pointwise")
            text = f"%r = arith.fpto{letter}i %i0 : {element_type(target)} to {element_type(source)}"
            yield k.result(k.map([k.arg(values)], text, dtype=source), values.astype(source))
        for target in (np.int8, np.int16, np.int32, np.int64):
            bits = np.iinfo(target).bits
            if bits == info.bits:
                continue
            op = "trunci" if bits < info.bits else "extui" if letter == "u" else "extsi"
            k = Kernel(f"{op}_{letter}{info.bits}_{bits}", "pointwise")
            text = f"%r = arith.{op} %i0 : {element_type(source)} to {element_type(target)}"
            yield k.result(k.map([k.arg(x)], text, dtype=target), x.astype(target))
    for source, target in ((np.float16, np.float32), (np.float16, np.float64), (np.float32, np.float64),
                           (np.float64, np.float32), (np.float64, np.float16), (np.float32, np.float16)):
        op = "extf" if np.dtype(source).itemsize < np.dtype(target).itemsize else "truncf"
        k = Kernel(f"{op}_{element_type(source)}_{element_type(target)}", "pointwise", rtol=0)
        with np.errstate(all="ignore"):
            x = np.concatenate([normal(200) * 10.0 ** RNG.integers(-9, 6, 200), [0, np.inf, np.nan, 65520, 65519]])
            x = x.astype(source)
            expected = x.astype(target)
        text = f"%r = arith.{op} %i0 : {element_type(source)} to {element_type(target)}"
        yield k.result(k.map([k.arg(x)], text, dtype=target), expected)


def bfloat(x):
    """The f32 numbers of `x` rounded to bf16: (their bits as u16, their values)."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return rounded.astype(np.uint16), (rounded << 16).astype(np.uint32).view(np.float32)


def bfloat_kernel(name, operands, body, expected):
    """The kernel's buffers are i16, so that numpy can hold them; inside they are bf16."""
    k = Kernel(name, "pointwise")
    tensors = [k.arg(bits.view(np.int16)) for bits, _ in operands]
    casts = "\n ".join(f"%b{i} = arith.bitcast %i{i} : i16 to bf16" for i in range(len(operands)))
    text = f"{casts}\n {body}\n %r = arith.bitcast %y : bf16 to i16"
    return k.result(k.map(tensors, text), bfloat(expected)[0].view(np.int16))


def bfloats():
    x, y = bfloat(normal(300) * 3), bfloat(normal(300))
    with np.errstate(all="ignore"):
        for op, expected in (("addf", x[1] + y[1]), ("subf", x[1] - y[1]), ("mulf", x[1] * y[1]),
                             ("divf", x[1] / y[1]), ("maximumf", np.maximum(x[1], y[1]))):
            yield bfloat_kernel(f"{op}_bf16", [x, y], f"%y = arith.{op} %b0, %b1 : bf16", expected)
        for op, expected in (("exp", np.exp(x[1].astype(np.float64))), ("tanh", np.tanh(x[1].astype(np.float64))),
                             ("floor", np.floor(x[1])), ("absf", np.abs(x[1]))):
            yield bfloat_kernel(f"{op}_bf16", [x], f"%y = math.{op} %b0 : bf16", expected)
    k = Kernel("bf16_to_f32", "pointwise", rtol=0)
    text = "%b = arith.bitcast %i0 : i16 to bf16\n %r = arith.extf %b : bf16 to f32"
    yield k.result(k.map([k.arg(x[0].view(np.int16))], text, dtype=np.float32), x[1])
    wide = np.concatenate([normal(300) * 100, [np.inf, -np.inf, 0.0, 3.4e38, 1e-40]]).astype(np.float32)
    k = Kernel("f32_to_bf16", "pointwise", rtol=0)
    text = "%b = arith.truncf %i0 : f32 to bf16\n %r = arith.bitcast %b : bf16 to i16"
    yield k.result(k.map([k.arg(wide)], text, dtype=np.int16), bfloat(wide)[0].view(np.int16))


def movement():
    for dtype in FLOATS + UNSIGNED + (np.int8, np.int16, np.int64, np.bool_):
        x = (RNG.integers(0, 2, (6, 10, 5)) if dtype == np.bool_ else RNG.integers(0, 100, (6, 10, 5))).astype(dtype)
        kind = np.dtype(dtype).name
        k = Kernel(f"move_{kind}", "pointwise", rtol=0)
        t = k.transpose(k.pad(k.arg(x), (0, 1, 0), (2, 0, 3), 1), (2, 0, 1))
        yield k.result(t, np.pad(x, ((0, 2), (1, 0), (0, 3)), constant_values=1).transpose(2, 0, 1))
        k = Kernel(f"copy_{kind}", "pointwise", rtol=0)
        y = RNG.integers(0, 2, (4096, 16)).astype(dtype)
        yield k.result(k.map([k.arg(y)], "%r = " + identity(dtype)), y)


def neighbours():
    """So many elements that a thread makes several, in each type's widest stores."""
    for dtype in FLOATS + UNSIGNED:
        kind, shape = element_type(dtype), (330, 256)
        letter = "f" if np.dtype(dtype).kind == "f" else "i"
        x = RNG.integers(0, 60, shape).astype(dtype)
        y, z = RNG.integers(1, 4, shape).astype(dtype), RNG.integers(0, 9, shape[1]).astype(dtype)
        k = Kernel(f"many_{np.dtype(dtype).name}", "pointwise", rtol=0)
        body = (f"%p = arith.mul{letter} %i0, %i1 : {kind}\n %s = arith.add{letter} %p, %i2 : {kind}\n"
                f" %r = arith.sub{letter} %s, %i1 : {kind}")
        yield k.result(k.generic([(k.arg(x), None), (k.arg(y), None), (k.arg(z), "d1")], shape, dtype, body),
                       x * y + z - y)
        k = Kernel(f"many_flags_{np.dtype(dtype).name}", "pointwise")
        compare = "cmpf olt" if letter == "f" else "cmpi ult"
        yield k.result(k.map([k.arg(x), k.arg(y)], f"%r = arith.{compare}, %i0, %i1 : {kind}", dtype=np.bool_), x < y)
    k = Kernel("many_halves_relu", "pointwise", rtol=0)
    x, y = normal(330, 256).astype(np.float16), normal(330, 256).astype(np.float16)
    x[5, 7], x[6, 8] = np.nan, -np.inf
    a, zero = k.arg(x), k.constant(0.0, np.float16)
    body = f"%s = arith.addf %i0, %i1 : f16\n %r = arith.maximumf %s, {zero} : f16"
    yield k.result(k.map([a, k.arg(y)], body), np.maximum(x + y, np.float16(0)))
    k = Kernel("many_halves_widened", "pointwise", rtol=0)
    yield k.result(k.map([k.arg(x)], "%r = arith.extf %i0 : f16 to f32", dtype=np.float32), x.astype(np.float32))


def rows():
    for dtype in FLOATS:
        kind = element_type(dtype)
        x = RNG.integers(-4, 5, (7, 130, 6)).astype(dtype)
        for axes in ((1,), (2,), (0, 1), (0, 2), (0, 1, 2)):
            label = "".join(map(str, axes))
            k = Kernel(f"sum_{kind}_{label}", "reduction", rtol=0)
            # Sums of small whole numbers are exact in every order.
            yield k.result(k.reduce(k.arg(x), axes, "arith.addf", 0.0), x.astype(np.float64).sum(axis=axes))
            k = Kernel(f"min_{kind}_{label}", "reduction", rtol=0)
            yield k.result(k.reduce(k.arg(x), axes, "arith.minimumf", np.inf), x.min(axis=axes))
        # Rows that threads take in chunks of a wide load, with and without a rest.
        for length in (512, 768, 1024, 1000, 2048):
            x = RNG.integers(-2, 3, (5, length)).astype(dtype)
            k = Kernel(f"centre_{kind}_{length}", "reduction", rtol=0)
            a = k.arg(x)
            top = k.reduce(a, (1,), "arith.addf", 0.0)
            body = f"%r = arith.subf %i0, %i1 : {kind}"
            yield k.result(k.generic([(a, None), (top, "d0")], x.shape, dtype, body),
                           x - x.sum(axis=1, keepdims=True))
    for dtype in UNSIGNED:
        x = RNG.integers(0, np.iinfo(dtype).max, (40, 300), dtype, endpoint=True)
        bits = np.iinfo(dtype).bits
        k = Kernel(f"max_of_rows_{bits}", "reduction")
        yield k.result(k.reduce(k.arg(x), (1,), "arith.maxui", 0), x.max(axis=1))
        k = Kernel(f"product_of_rows_{bits}", "reduction")
        yield k.result(k.reduce(k.arg(x | 1), (1,), "arith.muli", 1), (x | 1).prod(axis=1, dtype=dtype))
        k = Kernel(f"xor_of_columns_{bits}", "reduction")
        yield k.result(k.reduce(k.arg(x), (0,), "arith.xori", 0), np.bitwise_xor.reduce(x, axis=0))


def products():
    """Contractions that the matrix generator does not take, and those of bytes into words."""
    for left, right, wide in ((np.int8, np.int8, np.int32), (np.uint8, np.int8, np.int32),
                              (np.uint8, np.uint8, np.int32)):
        x = RNG.integers(np.iinfo(left).min, np.iinfo(left).max, (17, 70), left, endpoint=True)
        y = RNG.integers(np.iinfo(right).min, np.iinfo(right).max, (70, 23), right, endpoint=True)
        ops = ["extui" if np.iinfo(t).min == 0 else "extsi" for t in (left, right)]
        k = Kernel(f"matmul_{np.dtype(left).name}_{np.dtype(right).name}", "contraction")
        point = k.constant(3, np.int32)
        body = (f"%a = arith.{ops[0]} %i0 : i8 to i32\n %b = arith.{ops[1]} %i1 : i8 to i32\n"
                f" %c = arith.subi %a, {point} : i32\n %p = arith.muli %c, %b : i32\n %r = arith.addi %o, %p : i32")
        z = k.generic([(k.arg(x), "d0, d2"), (k.arg(y), "d2, d1")], (17, 23), wide, body, dims=3,
                      out_map="d0, d1", reduced={2}, init=k.fill(0, (17, 23), wide))
        yield k.result(z, (x.astype(wide) - 3) @ y.astype(wide))
    x, y = normal(19, 90, dtype=np.float64), normal(90, 13, dtype=np.float64)
    k = Kernel("matmul_f64", "reduction", rtol=1e-12, atol=1e-13)
    body = "%p = arith.mulf %i0, %i1 : f64\n %r = arith.addf %o, %p : f64"
    z = k.generic([(k.arg(x), "d0, d2"), (k.arg(y), "d2, d1")], (19, 13), np.float64, body, dims=3,
                  out_map="d0, d1", reduced={2}, init=k.fill(0.0, (19, 13), np.float64))
    yield k.result(z, x @ y)


def all_cases():
    for group in (float_arithmetic, unsigned_arithmetic, conversions, bfloats, movement, neighbours, rows, products):
        yield from group()
