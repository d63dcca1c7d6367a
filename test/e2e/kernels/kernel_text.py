# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes eclip.kernel operations as text, without any of the compiler's code."""
import itertools

import numpy as np

MLIR_TYPE = {"float32": "f32", "float64": "f64", "float16": "f16", "int8": "i8", "int16": "i16",
             "int32": "i32", "int64": "i64", "bool": "i1",
             # The operations know of signs, the types do not.
             "uint8": "i8", "uint16": "i16", "uint32": "i32", "uint64": "i64"}


def element_type(dtype):
    return MLIR_TYPE[np.dtype(dtype).name]


class Tensor:
    """An SSA value of the kernel."""

    def __init__(self, ssa, shape, dtype):
        self.ssa, self.shape, self.dtype = ssa, tuple(shape), np.dtype(dtype)

    @property
    def type(self):
        dims = "".join(f"{d}x" for d in self.shape)
        return f"tensor<{dims}{element_type(self.dtype)}>"


class Kernel:
    """One kernel: `inputs` are its numpy arguments, `expected` what it must write."""

    def __init__(self, name, kind, rtol=1e-6, atol=0.0):
        self.name, self.kind, self.rtol, self.atol = name, kind, rtol, atol
        self.inputs, self.expected, self.args, self.results, self.lines = [], [], [], [], []
        self.counter = itertools.count()

    def fresh(self):
        return f"%v{next(self.counter)}"

    def arg(self, array):
        array = np.array(array, order="C")
        tensor = Tensor(f"%arg{len(self.args)}", array.shape, array.dtype)
        self.args.append(tensor)
        self.inputs.append(array)
        return tensor

    def emit(self, text, shape, dtype):
        tensor = Tensor(self.fresh(), shape, dtype)
        self.lines.append(f"{tensor.ssa} = {text}".replace("$T", tensor.type))
        return tensor

    def constant(self, value, dtype=np.float32):
        """A scalar constant; returns its SSA name."""
        ssa = self.fresh()
        type_text = "" if np.dtype(dtype) == np.bool_ else f" : {element_type(dtype)}"
        self.lines.append(f"{ssa} = arith.constant {literal(value, dtype)}{type_text}")
        return ssa

    def empty(self, shape, dtype):
        return self.emit("tensor.empty() : $T", shape, dtype)

    def fill(self, value, shape, dtype=np.float32):
        scalar, empty = self.constant(value, dtype), self.empty(shape, dtype)
        return self.emit(f"linalg.fill ins({scalar} : {element_type(dtype)}) "
                         f"outs({empty.ssa} : {empty.type}) -> $T", shape, dtype)

    def generic(self, ins, shape, dtype, body, dims=None, out_map=None, reduced=(), init=None):
        """`ins` are (tensor, map results as text or None for identity); body text reads %i0, %i1,
        ... and %o, and yields %r."""
        dims = len(shape) if dims is None else dims
        names = ", ".join(f"d{i}" for i in range(dims))
        maps = [m if m is not None else names for _, m in ins]
        maps.append(out_map if out_map is not None else names)
        maps_text = ", ".join(f"affine_map<({names}) -> ({m})>" for m in maps)
        iterators = ", ".join('"reduction"' if i in reduced else '"parallel"' for i in range(dims))
        out = init if init is not None else self.empty(shape, dtype)
        operands = ""
        if ins:
            operands = (f"ins({', '.join(t.ssa for t, _ in ins)} : "
                        f"{', '.join(t.type for t, _ in ins)}) ")
        block = ", ".join([f"%i{i}: {element_type(t.dtype)}" for i, (t, _) in enumerate(ins)]
                          + [f"%o: {element_type(dtype)}"])
        text = (f"linalg.generic {{indexing_maps = [{maps_text}], iterator_types = [{iterators}]}} "
                f"{operands}outs({out.ssa} : {out.type}) {{\n  ^bb0({block}):\n    {body}\n"
                f"    linalg.yield %r : {element_type(dtype)}\n  }} -> $T")
        return self.emit(text, shape, dtype)

    def map(self, ins, body, dtype=None, shape=None):
        """Elementwise over tensors of one shape."""
        first = ins[0]
        return self.generic([(t, None) for t in ins], shape or first.shape, dtype or first.dtype, body)

    def reduce(self, tensor, axes, op, start, body=None):
        """Sums (or the like) over `axes`, which disappear."""
        rank = len(tensor.shape)
        kept = [i for i in range(rank) if i not in axes]
        shape = [tensor.shape[i] for i in kept]
        init = self.fill(start, shape, tensor.dtype)
        out_map = ", ".join(f"d{i}" for i in kept)
        kind = element_type(tensor.dtype)
        return self.generic([(tensor, None)], shape, tensor.dtype,
                            body or f"%r = {op} %i0, %o : {kind}", dims=rank, out_map=out_map,
                            reduced=set(axes), init=init)

    def pad(self, tensor, low, high, value):
        shape = [l + d + h for l, d, h in zip(low, tensor.shape, high)]
        scalar = self.constant(value, tensor.dtype)
        block = ", ".join(f"%p{i}: index" for i in range(len(shape)))
        return self.emit(f"tensor.pad {tensor.ssa} low{list(low)} high{list(high)} {{\n"
                         f"  ^bb0({block}):\n    tensor.yield {scalar} : "
                         f"{element_type(tensor.dtype)}\n  }} : {tensor.type} to $T",
                         shape, tensor.dtype)

    def slice(self, tensor, offsets, sizes, strides):
        return self.emit(f"tensor.extract_slice {tensor.ssa}{list(offsets)}{list(sizes)}"
                         f"{list(strides)} : {tensor.type} to $T".replace(
                             "]  [", "] ["), sizes, tensor.dtype)

    def concat(self, axis, tensors):
        shape = list(tensors[0].shape)
        shape[axis] = sum(t.shape[axis] for t in tensors)
        return self.emit(f"tensor.concat dim({axis}) {', '.join(t.ssa for t in tensors)} : "
                         f"({', '.join(t.type for t in tensors)}) -> $T", shape, tensors[0].dtype)

    def transpose(self, tensor, permutation):
        shape = [tensor.shape[p] for p in permutation]
        where = [f"d{list(permutation).index(i)}" for i in range(len(shape))]
        return self.generic([(tensor, ", ".join(where))], shape, tensor.dtype,
                            "%r = " + identity(tensor.dtype))

    def reshape(self, tensor, groups, shape):
        """tensor.collapse_shape or expand_shape, by which rank is larger."""
        text = "[" + ", ".join(str(list(g)) for g in groups) + "]"
        if len(shape) < len(tensor.shape):
            return self.emit(f"tensor.collapse_shape {tensor.ssa} {text} : {tensor.type} into $T",
                             shape, tensor.dtype)
        return self.emit(f"tensor.expand_shape {tensor.ssa} {text} output_shape {list(shape)} : "
                         f"{tensor.type} into $T", shape, tensor.dtype)

    def result(self, tensor, expected):
        """The kernel writes `tensor`, which must equal `expected`."""
        expected = np.asarray(expected)
        assert tuple(expected.shape) == tensor.shape, (self.name, expected.shape, tensor.shape)
        self.results.append(tensor)
        self.expected.append(expected.astype(tensor.dtype))
        return self

    def text(self):
        block = ", ".join(f"{a.ssa}: {a.type}" for a in self.args)
        body = "\n  ".join(self.lines)
        return (f"eclip.kernel @{self.name} attributes {{eclip.kind = \"{self.kind}\", "
                f"eclip.nodes = [\"{self.name}\"]}} {{\n^bb0({block}):\n  {body}\n"
                f"  eclip.yield {', '.join(r.ssa for r in self.results)} : "
                f"{', '.join(r.type for r in self.results)}\n}}\n")


def literal(value, dtype):
    dtype = np.dtype(dtype)
    if dtype == np.bool_:
        return "true" if value else "false"
    if dtype.kind == "f":
        bits = np.array(value, dtype).view(f"uint{8 * dtype.itemsize}")
        return f"0x{int(bits):0{2 * dtype.itemsize}X}"
    return str(int(value))


def identity(dtype):
    """An operation that returns %i0."""
    kind = element_type(dtype)
    return f"arith.bitcast %i0 : {kind} to {kind}"
