# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random chains of data movement, elementwise operations and reductions.

Everything but the sums is exact: values are small integers, so that the order
of additions does not matter either.
"""
import numpy as np

from kernel_text import Kernel

COUNT = 60


class Chain:
    """Pairs of a kernel's tensor and its numpy value."""

    def __init__(self, kernel, rng):
        self.k, self.rng = kernel, rng

    def start(self):
        shape = tuple(int(d) for d in self.rng.choice([1, 2, 3, 4, 5, 8, 12], self.rng.integers(1, 5)))
        value = self.rng.integers(-8, 9, shape).astype(np.float32)
        return self.k.arg(value), value

    def pad(self, t, v):
        low = [int(x) for x in self.rng.integers(0, 3, v.ndim)]
        high = [int(x) for x in self.rng.integers(0, 3, v.ndim)]
        fill = float(self.rng.integers(-3, 4))
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
            extra = self.rng.integers(-8, 9, shape).astype(np.float32)
            return (self.k.concat(axis, [t, self.k.arg(extra), other_t]),
                    np.concatenate([v, extra, other_v], axis))
        return self.k.concat(axis, [other_t, t]), np.concatenate([other_v, v], axis)

    def elementwise(self, t, v):
        vector = self.rng.integers(-3, 4, v.shape[-1:]).astype(np.float32)
        body = "%s = arith.addf %i0, %i1 : f32\n %r = arith.maximumf %s, %i1 : f32"
        return (self.k.generic([(t, None), (self.k.arg(vector), f"d{v.ndim - 1}")], v.shape, np.float32, body),
                np.maximum(v + vector, vector))

    def residual(self, t, v):
        other_t, other_v = self.transpose(*self.transpose(t, v))
        if other_v.shape != v.shape:
            return other_t, other_v
        return self.k.map([t, other_t], "%r = arith.subf %i0, %i1 : f32"), v - other_v

    def reduce(self, t, v):
        count = int(self.rng.integers(1, v.ndim + 1))
        axes = tuple(sorted(int(a) for a in self.rng.choice(v.ndim, count, replace=False)))
        if self.rng.integers(0, 2):
            return self.k.reduce(t, axes, "arith.maximumf", -np.inf), v.max(axis=axes)
        return self.k.reduce(t, axes, "arith.addf", 0.0), v.sum(axis=axes)

    def subtract_row(self, t, v):
        """x - max(x) over one axis, as in softmax."""
        axis = int(self.rng.integers(0, v.ndim))
        top = self.k.reduce(t, (axis,), "arith.maximumf", -np.inf)
        kept = ", ".join(f"d{i}" for i in range(v.ndim) if i != axis)
        return (self.k.generic([(t, None), (top, kept)], v.shape, np.float32,
                               "%r = arith.subf %i0, %i1 : f32"), v - v.max(axis=axis, keepdims=True))


def chain(seed, reducing):
    rng = np.random.default_rng(seed)
    kernel = Kernel(f"random_{'reduction' if reducing else 'pointwise'}_{seed}",
                    "reduction" if reducing else "pointwise", rtol=0, atol=0)
    c = Chain(kernel, rng)
    moves = [c.pad, c.slice, c.transpose, c.collapse, c.expand, c.join, c.elementwise, c.residual]
    t, v = c.start()
    steps = [moves[i] for i in rng.integers(0, len(moves), rng.integers(2, 6))]
    if reducing:
        at = int(rng.integers(0, len(steps) + 1))
        steps.insert(at, c.reduce if rng.integers(0, 2) else c.subtract_row)
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
