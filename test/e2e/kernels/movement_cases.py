# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data movement: padding, slices, transposes, reshapes, joins, gathers."""
import numpy as np

from kernel_text import Kernel, identity
from pointwise_cases import RNG, normal, pointwise


def pads():
    k = pointwise("pad_2d")
    x = normal(3, 5)
    yield k.result(k.pad(k.arg(x), (1, 2), (0, 3), 1.5),
                   np.pad(x, ((1, 0), (2, 3)), constant_values=1.5))
    k = pointwise("pad_nhwc")
    x = normal(1, 13, 11, 64)
    yield k.result(k.pad(k.arg(x), (0, 1, 1, 0), (0, 1, 1, 0), 0.0),
                   np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))))
    k = pointwise("pad_of_pad")
    x = normal(7)
    inner = k.pad(k.arg(x), (2,), (1,), 3.0)
    yield k.result(k.pad(inner, (1,), (4,), -np.inf),
                   np.pad(np.pad(x, (2, 1), constant_values=3.0), (1, 4), constant_values=-np.inf))
    k = pointwise("pad_after_relu")
    x = normal(4, 6)
    a, zero = k.arg(x), k.constant(0.0)
    y = k.map([a], f"%r = arith.maximumf %i0, {zero} : f32")
    yield k.result(k.pad(y, (1, 1), (1, 1), -1.0),
                   np.pad(np.maximum(x, 0), 1, constant_values=-1.0))
    k = pointwise("pad_one")
    x = normal(1, 1)
    yield k.result(k.pad(k.arg(x), (2, 0), (1, 4), 9.0),
                   np.pad(x, ((2, 1), (0, 4)), constant_values=9.0))


def slices():
    k = pointwise("slice_strided")
    x = normal(20, 30)
    yield k.result(k.slice(k.arg(x), (3, 1), (6, 10), (2, 3)), x[3:15:2, 1:31:3])
    k = pointwise("slice_then_add")
    x = normal(2, 64, 10)
    a = k.arg(x)
    low, high = k.slice(a, (0, 0, 0), (2, 32, 10), (1, 1, 1)), k.slice(a, (0, 32, 0), (2, 32, 10), (1, 1, 1))
    yield k.result(k.map([low, high], "%r = arith.mulf %i0, %i1 : f32"), x[:, :32] * x[:, 32:])
    k = pointwise("insert_slice")
    x, y = normal(8, 8), normal(3, 4)
    a, b = k.arg(x), k.arg(y)
    expected = x.copy()
    expected[2:5, 3:7] = y
    yield k.result(k.emit(f"tensor.insert_slice {b.ssa} into {a.ssa}[2, 3] [3, 4] [1, 1] : "
                          f"{b.type} into $T", (8, 8), np.float32), expected)


def crops_and_strides():
    x = normal(9, 12)
    k = pointwise("pad_that_crops")
    yield k.result(k.pad(k.arg(x), (-2, 1), (3, -4), 5.0),
                   np.pad(x[2:, :-4], ((0, 3), (1, 0)), constant_values=5.0))
    k = pointwise("pad_that_only_crops")
    yield k.result(k.pad(k.arg(x), (-2, 0), (-3, -1), 5.0), x[2:-3, :-1])
    k = pointwise("pad_wide")
    yield k.result(k.pad(k.arg(x), (300, 5), (200, 70), -1.0),
                   np.pad(x, ((300, 200), (5, 70)), constant_values=-1.0))
    k = pointwise("reverse")
    yield k.result(k.slice(k.arg(x), (8, 11), (9, 12), (-1, -1)), x[::-1, ::-1])
    k = pointwise("slice_backwards_by_three")
    yield k.result(k.slice(k.arg(x), (8, 1), (3, 2), (-3, 5)), x[8::-3, 1:7:5])
    for name, offsets, strides in (("every_other", (0, 1), (2, 3)), ("from_the_end", (4, 0), (1, 2))):
        k = pointwise(f"insert_{name}")
        y = normal(3, 4)
        a, b = k.arg(x), k.arg(y)
        expected = x.copy()
        expected[offsets[0]:offsets[0] + 3 * strides[0]:strides[0],
                 offsets[1]:offsets[1] + 4 * strides[1]:strides[1]] = y
        yield k.result(k.emit(f"tensor.insert_slice {b.ssa} into {a.ssa}{list(offsets)} [3, 4] {list(strides)} : "
                              f"{b.type} into $T", x.shape, np.float32), expected)
    k = pointwise("insert_a_row")
    y = normal(12)
    a, b = k.arg(x), k.arg(y)
    expected = x.copy()
    expected[5] = y
    yield k.result(k.emit(f"tensor.insert_slice {b.ssa} into {a.ssa}[5, 0] [1, 12] [1, 1] : {b.type} into $T",
                          x.shape, np.float32), expected)


def made_from_indices():
    k = pointwise("generate")
    k.arg(normal(1))
    text = ("tensor.generate {\n  ^bb0(%i: index, %j: index):\n    %c = arith.constant 10 : index\n"
            "    %m = arith.muli %i, %c : index\n    %s = arith.addi %m, %j : index\n"
            "    %v = arith.index_cast %s : index to i32\n    tensor.yield %v : i32\n  } : $T")
    yield k.result(k.emit(text, (6, 7), np.int32), np.arange(6)[:, None] * 10 + np.arange(7))
    k = pointwise("pad_by_position")
    x = RNG.integers(0, 9, 5).astype(np.int32)
    text = (f"tensor.pad {k.arg(x).ssa} low[2] high[3] {{\n  ^bb0(%i: index):\n"
            "    %v = arith.index_cast %i : index to i32\n    tensor.yield %v : i32\n  } : tensor<5xi32> to $T")
    yield k.result(k.emit(text, (10,), np.int32), np.concatenate([[0, 1], x, [7, 8, 9]]))
    k = pointwise("listed_elements")
    k.arg(normal(1))
    parts = [k.constant(v, np.int64) for v in (5, -7, 11, 2, 3, 4)]
    yield k.result(k.emit(f"tensor.from_elements {', '.join(parts)} : $T", (2, 3), np.int64),
                   np.array([[5, -7, 11], [2, 3, 4]]))
    k = pointwise("bits_of_floats")
    x = normal(40)
    yield k.result(k.emit(f"tensor.bitcast {k.arg(x).ssa} : tensor<40xf32> to $T", (40,), np.int32), x.view(np.int32))


def scatters():
    """Scatter as a search: the last update that names the place."""
    k = pointwise("scatter_rows")
    x, y, rows = normal(30, 8), normal(6, 8), np.array([4, 9, 4, 0, 29, 9])
    a, u, r = k.arg(x), k.arg(y), k.arg(rows)
    body = ["%i = linalg.index 0 : index", "%j = linalg.index 1 : index"]
    current = "%i0"
    for n in range(6):
        body += [f"%n{n} = arith.constant {n} : index", f"%t{n} = tensor.extract {r.ssa}[%n{n}] : {r.type}",
                 f"%p{n} = arith.index_cast %t{n} : i64 to index", f"%h{n} = arith.cmpi eq, %p{n}, %i : index",
                 f"%u{n} = tensor.extract {u.ssa}[%n{n}, %j] : {u.type}",
                 f"%s{n} = arith.select %h{n}, %u{n}, {current} : f32"]
        current = f"%s{n}"
    body.append(f"%r = arith.select %h0, {current}, {current} : f32")
    expected = x.copy()
    for n, row in enumerate(rows):
        expected[row] = y[n]
    yield k.result(k.map([a], "\n ".join(body)), expected)


def transposes():
    for shape, permutation in (((17, 33), (1, 0)), ((2, 3, 9, 8), (0, 2, 3, 1)),
                               ((2, 9, 8, 3), (0, 3, 1, 2)), ((3, 4, 5, 6), (3, 1, 0, 2)),
                               ((1, 64, 1, 64), (2, 3, 0, 1))):
        name = "".join(map(str, permutation)) + "_" + "x".join(map(str, shape))
        k = pointwise(f"transpose_{name}")
        x = normal(*shape)
        yield k.result(k.transpose(k.arg(x), permutation), x.transpose(permutation))
    k = pointwise("transpose_i64")
    x = RNG.integers(-2**62, 2**62, (5, 7))
    yield k.result(k.transpose(k.arg(x), (1, 0)), x.T)


def reshapes():
    k = pointwise("flatten")
    x = normal(2, 3, 4, 5)
    yield k.result(k.reshape(k.arg(x), ((0,), (1, 2, 3)), (2, 60)), x.reshape(2, 60))
    k = pointwise("split")
    x = normal(2, 60)
    yield k.result(k.reshape(k.arg(x), ((0,), (1, 2, 3)), (2, 3, 4, 5)), x.reshape(2, 3, 4, 5))
    k = pointwise("channel_shuffle")
    x = normal(1, 6, 5, 4)
    a = k.reshape(k.arg(x), ((0,), (1, 2), (3,), (4,)), (1, 2, 3, 5, 4))
    b = k.transpose(a, (0, 2, 1, 3, 4))
    yield k.result(k.reshape(b, ((0,), (1, 2), (3,), (4,)), (1, 6, 5, 4)),
                   x.reshape(1, 2, 3, 5, 4).transpose(0, 2, 1, 3, 4).reshape(1, 6, 5, 4))
    k = pointwise("regroup")
    x = normal(4, 6, 7)
    flat = k.reshape(k.arg(x), ((0, 1, 2),), (168,))
    yield k.result(k.reshape(flat, ((0, 1),), (12, 14)), x.reshape(12, 14))
    k = pointwise("to_scalar")
    x = normal(1, 1, 1)
    yield k.result(k.reshape(k.arg(x), (), ()), x.reshape(()))
    k = pointwise("from_scalar")
    x = normal()
    yield k.result(k.reshape(k.arg(x), (), (1, 1)), x.reshape(1, 1))


def joins():
    for axis, sizes in ((0, (3, 4)), (1, (5, 2, 6)), (2, (1, 8)), (2, (4, 4, 4, 4))):
        k = pointwise(f"concat_{axis}_{len(sizes)}_{sizes[0]}")
        shape = [3, 4, 5]
        parts = []
        for size in sizes:
            shape[axis] = size
            parts.append(normal(*shape))
        yield k.result(k.concat(axis, [k.arg(p) for p in parts]), np.concatenate(parts, axis))
    k = pointwise("concat_of_pad_and_slice")
    x, y = normal(4, 6), normal(9, 9)
    left = k.pad(k.arg(x), (0, 1), (2, 0), 7.0)
    right = k.slice(k.arg(y), (1, 2), (6, 3), (1, 2))
    yield k.result(k.concat(1, [left, right]),
                   np.concatenate([np.pad(x, ((0, 2), (1, 0)), constant_values=7.0), y[1:7, 2:8:2]], 1))
    k = pointwise("concat_channels_large")
    x, y, z = normal(1, 28, 28, 64), normal(1, 28, 28, 32), normal(1, 28, 28, 20)
    yield k.result(k.concat(3, [k.arg(x), k.arg(y), k.arg(z)]), np.concatenate([x, y, z], 3))


def gathers():
    for dtype, kind in ((np.int64, "i64"), (np.int32, "i32")):
        k = pointwise(f"gather_{kind}")
        table, rows = normal(50, 24), RNG.integers(0, 50, 17).astype(dtype)
        t, r = k.arg(table), k.arg(rows)
        body = (f"%p = arith.index_cast %i0 : {kind} to index\n %c = linalg.index 1 : index\n"
                f" %r = tensor.extract {t.ssa}[%p, %c] : {t.type}")
        yield k.result(k.generic([(r, "d0")], (17, 24), np.float32, body), table[rows])
    k = pointwise("gather_outside")
    table, rows = normal(8), np.array([-5, 0, 7, 8, 10**9, -10**9, 2**31 - 1], np.int64)
    t, r = k.arg(table), k.arg(rows)
    body = (f"%p = arith.index_cast %i0 : i64 to index\n"
            f" %r = tensor.extract {t.ssa}[%p] : {t.type}")
    # Not defined by ONNX; the code clamps, so that no access leaves the table.
    yield k.result(k.generic([(r, None)], (7,), np.float32, body), table[np.clip(rows, 0, 7)])
    k = pointwise("iota")
    body = ("%a = linalg.index 0 : index\n %b = linalg.index 1 : index\n %c10 = arith.constant 10 : index\n"
            " %m = arith.muli %a, %c10 : index\n %s = arith.addi %m, %b : index\n"
            " %r = arith.index_cast %s : index to i64")
    k.arg(normal(1))
    yield k.result(k.generic([], (7, 9), np.int64, body),
                   np.arange(7)[:, None] * 10 + np.arange(9)[None])
    k = pointwise("broadcast")
    x = normal(3, 1, 5)
    yield k.result(k.generic([(k.arg(x), "d1, 0, d3")], (2, 3, 4, 5), np.float32,
                             "%r = " + identity(np.float32)), np.broadcast_to(x, (2, 3, 4, 5)))
    k = pointwise("nearest_upsampling")
    x = normal(1, 3, 4, 5)
    yield k.result(k.generic([(k.arg(x), "d0, d1, d2 floordiv 2, d3 floordiv 2")], (1, 3, 8, 10),
                             np.float32, "%r = " + identity(np.float32)),
                   x.repeat(2, 2).repeat(2, 3))


def all_cases():
    for group in (pads, slices, crops_and_strides, made_from_indices, scatters, transposes, reshapes, joins, gathers):
        yield from group()
