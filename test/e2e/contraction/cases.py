"""Contraction kernels as MLIR text, with what numpy says they compute.

A case is a kernel, its inputs and the expected outputs. Every function here
returns one; check_contraction.py compiles and runs them.
"""
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Case:
    name: str
    text: str
    inputs: list
    expected: list
    # Magnitudes of the sums, to scale the tolerance by.
    scale: float = 1.0
    kernels: list = field(default_factory=list)


# Whether variates are such that f16 holds them exactly.
HALF = False


def normal(rng, shape):
    """Normal variates as float32."""
    data = rng.standard_normal(shape)
    return data.astype(np.float16).astype(np.float32) if HALF else data.astype(np.float32)


def tensor(shape, element="f32"):
    return "tensor<" + "".join(f"{s}x" for s in shape) + element + ">"


def amap(dims, results):
    return f"affine_map<({', '.join(dims)}) -> ({', '.join(results)})>"


MULADD = """^bb0(%x: f32, %y: f32, %z: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32"""


def contraction(result, a, b, a_shape, b_shape, shape, maps, iters, body=MULADD,
                a_type="f32", b_type="f32", init=None):
    """The linalg ops of one contraction from zero (or `init`)."""
    lines = []
    if init is None:
        lines += [f"%{result}_zero = arith.constant 0.0 : f32",
                  f"%{result}_empty = tensor.empty() : {tensor(shape)}",
                  f"%{result}_init = linalg.fill ins(%{result}_zero : f32) "
                  f"outs(%{result}_empty : {tensor(shape)}) -> {tensor(shape)}"]
        init = f"%{result}_init"
    kinds = ", ".join(f'"{i}"' for i in iters)
    lines += [f"%{result} = linalg.generic {{indexing_maps = [{', '.join(maps)}], "
              f"iterator_types = [{kinds}]}} "
              f"ins({a}, {b} : {tensor(a_shape, a_type)}, {tensor(b_shape, b_type)}) "
              f"outs({init} : {tensor(shape)}) {{",
              "    " + body, f"  }} -> {tensor(shape)}"]
    return lines


def elementwise(result, operands, shape, body_lines, value):
    """operands: list of (ssa, shape, [dims]); the body sees %a0, %a1 ..."""
    dims = [f"d{i}" for i in range(len(shape))]
    maps = [amap(dims, [f"d{d}" for d in op[2]]) for op in operands]
    maps.append(amap(dims, dims))
    ins = ", ".join(op[0] for op in operands)
    types = ", ".join(tensor(op[1]) for op in operands)
    args = ", ".join(f"%a{i}: f32" for i in range(len(operands)))
    kinds = ", ".join(['"parallel"'] * len(shape))
    return [f"%{result}_e = tensor.empty() : {tensor(shape)}",
            f"%{result} = linalg.generic {{indexing_maps = [{', '.join(maps)}], "
            f"iterator_types = [{kinds}]}} ins({ins} : {types}) "
            f"outs(%{result}_e : {tensor(shape)}) {{",
            f"    ^bb0({args}, %o: f32):"] + \
        ["      " + line for line in body_lines] + \
        [f"      linalg.yield {value} : f32", f"  }} -> {tensor(shape)}"]


def kernel(name, args, lines, yields, yield_types):
    """args: list of types."""
    arguments = ", ".join(f"%arg{i}: {t}" for i, t in enumerate(args))
    body = "\n  ".join(lines)
    return (f'eclip.kernel @{name} attributes {{eclip.kind = "contraction"}} {{\n'
            f"^bb0({arguments}):\n  {body}\n"
            f"  eclip.yield {', '.join(yields)} : {', '.join(yield_types)}\n}}\n")


def with_tail(value, shape, tail, args, lines, inputs, total, rng):
    """Adds bias, residual and relu (letters b, r, u of `tail`)."""
    rank = len(shape)
    for letter in tail:
        name = f"t{len(lines)}"
        dims = list(range(rank))
        if letter == "u":
            lines += elementwise(name, [(value, shape, dims)], shape,
                                 ["%c = arith.constant 0.0 : f32",
                                  "%m = arith.maximumf %a0, %c : f32"], "%m")
            total = np.maximum(total, 0)
        else:
            extra = shape[-1:] if letter == "b" else shape
            data = normal(rng, extra)
            operand = f"%arg{len(args)}"
            args.append(tensor(extra))
            inputs.append(data)
            lines += elementwise(
                name, [(value, shape, dims), (operand, extra, dims[-len(extra):])],
                shape, ["%s = arith.addf %a0, %a1 : f32"], "%s")
            total = total + data
        value = f"%{name}"
    return value, total


def gemm(name, m, n, k, batch=0, ta=False, tb=False, tail="", seed=0,
         init=False):
    rng = np.random.default_rng(seed)
    lead = ["d0"] if batch else []
    dims = [f"d{i}" for i in range(3 + len(lead))]
    i, j, l = dims[len(lead):]
    pre = [batch] if batch else []
    a_shape = pre + ([k, m] if ta else [m, k])
    b_shape = pre + ([n, k] if tb else [k, n])
    shape = pre + [m, n]
    maps = [amap(dims, lead + ([l, i] if ta else [i, l])),
            amap(dims, lead + ([j, l] if tb else [l, j])),
            amap(dims, lead + [i, j])]
    a = normal(rng, a_shape)
    b = normal(rng, b_shape)
    args = [tensor(a_shape), tensor(b_shape)]
    inputs = [a, b]
    total = (a.swapaxes(-1, -2) if ta else a).astype(np.float64) @ \
        (b.swapaxes(-1, -2) if tb else b)
    start = None
    if init:
        data = normal(rng, shape)
        start = "%arg2"
        args.append(tensor(shape))
        inputs.append(data)
        total = total + data
    lines = contraction("r", "%arg0", "%arg1", a_shape, b_shape, shape, maps,
                        ["parallel"] * (len(lead) + 2) + ["reduction"], init=start)
    value, total = with_tail("%r", shape, tail, args, lines, inputs, total, rng)
    return Case(name, kernel(name, args, lines, [value], [tensor(shape)]), inputs,
                [total], np.sqrt(k))


def conv(name, n, h, w, c, f, kh, kw, stride=1, dilation=1, pad=0, groups=0,
         tail="", seed=0, slice_rows=0):
    """NHWC with weights HWCF; with groups NHWGC and HWGCF."""
    rng = np.random.default_rng(seed)
    pads = (pad, pad) if isinstance(pad, int) else pad
    x_shape = [n, h, w] + ([groups, c] if groups else [c])
    k_shape = [kh, kw] + ([groups, c, f] if groups else [c, f])
    x = normal(rng, x_shape)
    k = normal(rng, k_shape)
    p_shape = [n, h + 2 * pads[0], w + 2 * pads[1]] + x_shape[3:]
    oh = (p_shape[1] - dilation * (kh - 1) - 1) // stride + 1
    ow = (p_shape[2] - dilation * (kw - 1) - 1) // stride + 1
    shape = [n, oh, ow] + ([groups, f] if groups else [f])
    args = [tensor(x_shape), tensor(k_shape)]
    lines = []
    source = "%arg0"
    if pads != (0, 0):
        zeros = "0, " * (len(x_shape) - 4) + "0"
        ids = ", ".join(f"%i{i}: index" for i in range(len(x_shape)))
        low = f"[0, {pads[0]}, {pads[1]}, {zeros}]"
        lines += ["%pz = arith.constant 0.0 : f32",
                  f"%pad = tensor.pad %arg0 low{low} high{low} {{",
                  f"  ^bb0({ids}):", "    tensor.yield %pz : f32",
                  f"  }} : {tensor(x_shape)} to {tensor(p_shape)}"]
        source = "%pad"
    # Loops: n, oh, ow, (g,) f, kh, kw, c.
    count = 8 if groups else 7
    dims = [f"d{i}" for i in range(count)]
    g = ["d3"] if groups else []
    fd, khd, kwd, cd = dims[-4:]
    row = f"d1 * {stride} + {khd} * {dilation}"
    col = f"d2 * {stride} + {kwd} * {dilation}"
    maps = [amap(dims, ["d0", row, col] + g + [cd]),
            amap(dims, [khd, kwd] + g + [cd, fd]),
            amap(dims, ["d0", "d1", "d2"] + g + [fd])]
    lines += contraction("r", source, "%arg1", p_shape, k_shape, shape, maps,
                         ["parallel"] * (count - 3) + ["reduction"] * 3)
    padded = np.zeros(p_shape)
    padded[:, pads[0]:pads[0] + h, pads[1]:pads[1] + w] = x
    total = np.zeros(shape)
    for y in range(kh):
        for z in range(kw):
            part = padded[:, y * dilation:y * dilation + (oh - 1) * stride + 1:stride,
                          z * dilation:z * dilation + (ow - 1) * stride + 1:stride]
            total += np.einsum("nhwgc,gcf->nhwgf" if groups else "nhwc,cf->nhwf",
                               part, k[y, z])
    inputs = [x, k]
    value, total = with_tail("%r", shape, tail, args, lines, inputs, total, rng)
    return Case(name, kernel(name, args, lines, [value], [tensor(shape)]), inputs,
                [total], np.sqrt(kh * kw * c))


def depthwise(name, n, h, w, c, kh, kw, stride=1, pad=0, tail="", seed=0):
    rng = np.random.default_rng(seed)
    x_shape, k_shape = [n, h, w, c], [kh, kw, c]
    x = normal(rng, x_shape)
    k = normal(rng, k_shape)
    p_shape = [n, h + 2 * pad, w + 2 * pad, c]
    oh, ow = (p_shape[1] - kh) // stride + 1, (p_shape[2] - kw) // stride + 1
    shape = [n, oh, ow, c]
    args = [tensor(x_shape), tensor(k_shape)]
    lines = ["%pz = arith.constant 0.0 : f32",
             f"%pad = tensor.pad %arg0 low[0, {pad}, {pad}, 0] high[0, {pad}, {pad}, 0] {{",
             "  ^bb0(%i: index, %j: index, %k: index, %l: index):",
             "    tensor.yield %pz : f32",
             f"  }} : {tensor(x_shape)} to {tensor(p_shape)}"]
    dims = [f"d{i}" for i in range(6)]
    maps = [amap(dims, ["d0", f"d1 * {stride} + d4", f"d2 * {stride} + d5", "d3"]),
            amap(dims, ["d4", "d5", "d3"]), amap(dims, ["d0", "d1", "d2", "d3"])]
    lines += contraction("r", "%pad", "%arg1", p_shape, k_shape, shape, maps,
                         ["parallel"] * 4 + ["reduction"] * 2)
    padded = np.zeros(p_shape)
    padded[:, pad:pad + h, pad:pad + w] = x
    total = np.zeros(shape)
    for y in range(kh):
        for z in range(kw):
            total += padded[:, y:y + (oh - 1) * stride + 1:stride,
                            z:z + (ow - 1) * stride + 1:stride] * k[y, z]
    inputs = [x, k]
    value, total = with_tail("%r", shape, tail, args, lines, inputs, total, rng)
    return Case(name, kernel(name, args, lines, [value], [tensor(shape)]), inputs,
                [total], np.sqrt(kh * kw))


def random_case(name, seed):
    """A small problem of any kind; the same one for the same seed."""
    rng = np.random.default_rng(1000 + seed)
    pick = lambda *options: options[rng.integers(len(options))]
    size = lambda low, high: int(rng.integers(low, high + 1))
    tail = pick("", "b", "u", "bu", "bru", "r")
    kind = pick("gemm", "gemm", "batched", "conv", "conv", "conv", "grouped",
                "depthwise", "one_by_one", "one_d")
    if kind in ("gemm", "batched"):
        rounded = pick(1, 4, 16)
        m, n, k = (rounded * size(1, max(1, 96 // rounded)) for _ in range(3))
        return gemm(name, pick(m, m, 1), pick(n, n, 1), pick(k, k, 3 * k),
                    batch=size(2, 5) if kind == "batched" else 0, ta=pick(True, False),
                    tb=pick(True, False), tail=tail, seed=seed,
                    init=pick(False, False, True))
    h, w = size(5, 15), size(5, 15)
    c, f = pick(1, 3, 4, 6, 8, 16, 32, 48), pick(1, 2, 4, 5, 8, 16, 30, 64)
    stride, dilation = pick(1, 1, 2), pick(1, 1, 2)
    if kind == "conv":
        kernel_h, kernel_w = pick(1, 2, 3), pick(1, 3, 5)
        return conv(name, pick(1, 1, 2), h, w, c, f, kernel_h, kernel_w,
                    stride, 1, (pick(0, 1), pick(0, 1, 2)), tail=tail, seed=seed)
    if kind == "grouped":
        return conv(name, 1, h, w, pick(1, 2, 4, 8), pick(2, 4, 8, 12), 3, 3, stride,
                    dilation, pick(0, 1, 2), groups=pick(2, 3, 8), tail=tail, seed=seed)
    if kind == "depthwise":
        return depthwise(name, pick(1, 2), h, w, pick(3, 8, 58, 64), 3, pick(3, 5),
                         stride, pick(0, 1, 2), tail=tail, seed=seed)
    if kind == "one_by_one":
        return conv(name, pick(1, 3), pick(1, h), pick(1, w), pick(c, 128), pick(f, 100),
                    1, 1, stride, tail=tail, seed=seed)
    return conv(name, pick(1, 2), 1, size(8, 60), c, f, 1, pick(3, 5), stride,
                1, (0, pick(0, 2)), tail=tail, seed=seed)
