# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random chains of data movement, elementwise operations and reductions.

Everything but the sums is exact: values are small integers, so that the order
of additions does not matter either.
"""
import numpy as np

from kernel_text import Kernel, element_type

COUNT = 100


class Chain:
    """Pairs of a kernel's tensor and its numpy value, of one element type."""

    def __init__(self, kernel, rng, dtype):
        self.k, self.rng, self.dtype = kernel, rng, np.dtype(dtype)
        self.kind = element_type(dtype)
        real = self.dtype.kind == "f"
        self.add, self.sub, self.max = (("arith.addf", "arith.subf", "arith.maximumf") if real else
                                        ("arith.addi", "arith.subi", "arith.maxsi"))
        self.lowest = -np.inf if real else np.iinfo(dtype).min

    def start(self):
        shape = tuple(int(d) for d in self.rng.choice([1, 2, 3, 4, 5, 8, 12], self.rng.integers(1, 5)))
        value = self.rng.integers(-8, 9, shape).astype(self.dtype)
        return self.k.arg(value), value

    def pad(self, t, v):
        low = [int(x) for x in self.rng.integers(0, 3, v.ndim)]
        high = [int(x) for x in self.rng.integers(0, 3, v.ndim)]
        fill = int(self.rng.integers(-3, 4))
        return self.k.pad(t, low, high, fill), np.pad(v, list(zip(low, high)), constant_values=fill)

    def slice(self, t, v):
        offsets, sizes, strides = [], [], []
        for d in v.shape:
            stride = int(self.rng.integers(1, 4))
            offset = int(self.rng.integers(0, d))
            sizes.append(int(self.rng.integers(1, (d - 1 - offset) // stride + 2)))
            offsets.append(offset)
            strides.append(stride)
        where = tuple(slice(o, o + (n - 1) * s + 1, s) for o, n, s in zip(offsets, sizes, strides))
        return self.k.slice(t, offsets, sizes, strides), v[where]

    def transpose(self, t, v):
        permutation = [int(p) for p in self.rng.permutation(v.ndim)]
        return self.k.transpose(t, permutation), v.transpose(permutation)

    def collapse(self, t, v):
        if v.ndim < 2:
            return self.expand(t, v)
        at = int(self.rng.integers(0, v.ndim - 1))
        groups = [[i] for i in range(at)] + [[at, at + 1]] + [[i] for i in range(at + 2, v.ndim)]
        shape = v.shape[:at] + (v.shape[at] * v.shape[at + 1],) + v.shape[at + 2:]
        return self.k.reshape(t, groups, shape), v.reshape(shape)

    def expand(self, t, v):
        if v.ndim > 4:
            return t, v
        at = int(self.rng.integers(0, v.ndim))
        factors = [f for f in range(1, v.shape[at] + 1) if v.shape[at] % f == 0]
        first = int(self.rng.choice(factors))
        groups = [[i] for i in range(at)] + [[at, at + 1]] + [[i + 1] for i in range(at + 1, v.ndim)]
        shape = v.shape[:at] + (first, v.shape[at] // first) + v.shape[at + 1:]
        return self.k.reshape(t, groups, shape), v.reshape(shape)

    def join(self, t, v):
        axis = int(self.rng.integers(0, v.ndim))
        other_t, other_v = self.elementwise(t, v)
        if self.rng.integers(0, 2):
            shape = list(v.shape)
            shape[axis] = int(self.rng.choice([1, 4, 6]))
            extra = self.rng.integers(-8, 9, shape).astype(self.dtype)
            return (self.k.concat(axis, [t, self.k.arg(extra), other_t]),
                    np.concatenate([v, extra, other_v], axis))
        return self.k.concat(axis, [other_t, t]), np.concatenate([other_v, v], axis)

    def elementwise(self, t, v):
        vector = self.rng.integers(-3, 4, v.shape[-1:]).astype(self.dtype)
        body = f"%s = {self.add} %i0, %i1 : {self.kind}\n %r = {self.max} %s, %i1 : {self.kind}"
        return (self.k.generic([(t, None), (self.k.arg(vector), f"d{v.ndim - 1}")], v.shape, self.dtype, body),
                np.maximum(v + vector, vector))

    def residual(self, t, v):
        other_t, other_v = self.transpose(*self.transpose(t, v))
        if other_v.shape != v.shape:
            return other_t, other_v
        return self.k.map([t, other_t], f"%r = {self.sub} %i0, %i1 : {self.kind}"), v - other_v

    def reduce(self, t, v):
        count = int(self.rng.integers(1, v.ndim + 1))
        axes = tuple(sorted(int(a) for a in self.rng.choice(v.ndim, count, replace=False)))
        if self.rng.integers(0, 2):
            return self.k.reduce(t, axes, self.max, self.lowest), v.max(axis=axes)
        return self.k.reduce(t, axes, self.add, 0), v.sum(axis=axes, dtype=self.dtype)

    def subtract_row(self, t, v):
        """x - max(x) over one axis, as in softmax."""
        axis = int(self.rng.integers(0, v.ndim))
        top = self.k.reduce(t, (axis,), self.max, self.lowest)
        kept = ", ".join(f"d{i}" for i in range(v.ndim) if i != axis)
        return (self.k.generic([(t, None), (top, kept)], v.shape, self.dtype,
                               f"%r = {self.sub} %i0, %i1 : {self.kind}"), v - v.max(axis=axis, keepdims=True))


    def prefix(self, t, v):
        """Sums of all elements up to each, as a reduction that looks at the position."""
        axis = int(self.rng.integers(0, v.ndim))
        dims = v.ndim + 1  # the last is where it looks
        source = ", ".join(f"d{v.ndim}" if i == axis else f"d{i}" for i in range(v.ndim))
        out = ", ".join(f"d{i}" for i in range(v.ndim))
        zero = self.k.constant(0, self.dtype)
        body = (f"%at = linalg.index {axis} : index\n %from = linalg.index {v.ndim} : index\n"
                f" %before = arith.cmpi ule, %from, %at : index\n"
                f" %part = arith.select %before, %i0, {zero} : {self.kind}\n %r = {self.add} %o, %part : {self.kind}")
        place = self.k.empty((v.shape[axis],), self.dtype)
        return (self.k.generic([(t, source), (place, f"d{v.ndim}")], v.shape, self.dtype, body, dims=dims,
                               out_map=out, reduced={v.ndim}, init=self.k.fill(0, v.shape, self.dtype)),
                v.cumsum(axis=axis, dtype=self.dtype))


TYPES = (np.float32, np.float32, np.float64, np.int32, np.int64, np.int16)


def chain(seed, reducing):
    rng = np.random.default_rng(seed)
    kernel = Kernel(f"random_{'reduction' if reducing else 'pointwise'}_{seed}",
                    "reduction" if reducing else "pointwise", rtol=0, atol=0)
    c = Chain(kernel, rng, TYPES[seed % len(TYPES)])
    moves = [c.pad, c.slice, c.transpose, c.collapse, c.expand, c.join, c.elementwise, c.residual]
    t, v = c.start()
    steps = [moves[i] for i in rng.integers(0, len(moves), rng.integers(2, 6))]
    if reducing:
        at = int(rng.integers(0, len(steps) + 1))
        steps.insert(at, [c.reduce, c.subtract_row, c.prefix][int(rng.integers(0, 3))])
        # Every fourth reduces twice: a reduction of what a reduction made.
        if seed % 4 == 0:
            steps.append(c.reduce if rng.integers(0, 2) else c.subtract_row)
    for step in steps:
        if v.ndim == 0 or v.size > 40000:
            break
        t, v = step(t, v)
    return kernel.result(t, v)


def all_cases():
    for seed in range(COUNT):
        yield chain(seed, False)
    for seed in range(COUNT):
        yield chain(seed, True)
