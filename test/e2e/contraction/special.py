"""Contraction kernels with other prologues and tails than cases.py makes."""
import numpy as np

from cases import (Case, amap, contraction, elementwise, kernel, normal, tensor)


def one_hot(name, rows, classes, width, seed=0):
    """Embedding as a product with a one-hot matrix made from token numbers."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, classes, rows).astype(np.int32)
    table = normal(rng, (classes, width))
    hot, out = [rows, classes], [rows, width]
    lines = [f"%e = tensor.empty() : {tensor(hot)}",
             f"%hot = linalg.generic {{indexing_maps = [{amap(['d0', 'd1'], ['d0'])}, "
             f"{amap(['d0', 'd1'], ['d0', 'd1'])}], "
             'iterator_types = ["parallel", "parallel"]} '
             f"ins(%arg0 : {tensor([rows], 'i32')}) outs(%e : {tensor(hot)}) {{",
             "  ^bb0(%t: i32, %o: f32):",
             "    %i = linalg.index 1 : index",
             "    %j = arith.index_cast %i : index to i32",
             "    %c = arith.cmpi eq, %t, %j : i32",
             "    %f = arith.uitofp %c : i1 to f32",
             "    linalg.yield %f : f32", f"  }} -> {tensor(hot)}"]
    dims = ["d0", "d1", "d2"]
    lines += contraction("r", "%hot", "%arg1", hot, [classes, width], out,
                         [amap(dims, ["d0", "d2"]), amap(dims, ["d2", "d1"]),
                          amap(dims, ["d0", "d1"])],
                         ["parallel", "parallel", "reduction"])
    return Case(name, kernel(name, [tensor([rows], "i32"), tensor([classes, width])],
                             lines, ["%r"], [tensor(out)]),
                [tokens, table], [table[tokens].astype(np.float64)])


def preactivated(name, h, w, c, f, size, seed=0):
    """Scale, shift and relu of the input before padding and convolution."""
    rng = np.random.default_rng(seed)
    pad = size // 2
    x = normal(rng, (1, h, w, c))
    scale = normal(rng, c)
    shift = normal(rng, c)
    k = normal(rng, (size, size, c, f))
    x_shape, out = [1, h, w, c], [1, h, w, f]
    p_shape = [1, h + 2 * pad, w + 2 * pad, c]
    all_dims = [0, 1, 2, 3]
    lines = elementwise("act", [("%arg0", x_shape, all_dims), ("%arg1", [c], [3]),
                                ("%arg2", [c], [3])], x_shape,
                        ["%m = arith.mulf %a0, %a1 : f32",
                         "%s = arith.addf %m, %a2 : f32",
                         "%c0 = arith.constant 0.0 : f32",
                         "%u = arith.maximumf %s, %c0 : f32"], "%u")
    lines += ["%pz = arith.constant 0.0 : f32",
              f"%pad = tensor.pad %act low[0, {pad}, {pad}, 0] high[0, {pad}, {pad}, 0] {{",
              "  ^bb0(%i: index, %j: index, %k: index, %l: index):",
              "    tensor.yield %pz : f32",
              f"  }} : {tensor(x_shape)} to {tensor(p_shape)}"]
    dims = [f"d{i}" for i in range(7)]
    lines += contraction("r", "%pad", "%arg3", p_shape, [size, size, c, f], out,
                         [amap(dims, ["d0", "d1 + d4", "d2 + d5", "d6"]),
                          amap(dims, ["d4", "d5", "d6", "d3"]),
                          amap(dims, ["d0", "d1", "d2", "d3"])],
                         ["parallel"] * 4 + ["reduction"] * 3)
    act = np.maximum(x.astype(np.float64) * scale + shift, 0)
    padded = np.zeros(p_shape)
    padded[:, pad:pad + h, pad:pad + w] = act
    total = sum(np.einsum("nhwc,cf->nhwf", padded[:, y:y + h, z:z + w], k[y, z])
                for y in range(size) for z in range(size))
    return Case(name, kernel(name, [tensor(x_shape), tensor([c]), tensor([c]),
                                    tensor([size, size, c, f])],
                             lines, ["%r"], [tensor(out)]),
                [x, scale, shift, k], [total], np.sqrt(size * size * c))


def attention_scores(name, seq, heads, width, seed=0):
    """Q times K transposed, both split into heads by a reshape, then scaled."""
    rng = np.random.default_rng(seed)
    q = normal(rng, (seq, heads * width))
    k = normal(rng, (seq, heads * width))
    flat, split, out = [seq, heads * width], [seq, heads, width], [heads, seq, seq]
    expand = (f"tensor.expand_shape %arg{{}} [[0], [1, 2]] output_shape "
              f"[{seq}, {heads}, {width}] : {tensor(flat)} into {tensor(split)}")
    lines = ["%q = " + expand.format(0), "%k = " + expand.format(1)]
    dims = ["d0", "d1", "d2", "d3"]
    lines += contraction("r", "%q", "%k", split, split, out,
                         [amap(dims, ["d1", "d0", "d3"]),
                          amap(dims, ["d2", "d0", "d3"]),
                          amap(dims, ["d0", "d1", "d2"])],
                         ["parallel"] * 3 + ["reduction"])
    lines += elementwise("s", [("%r", out, [0, 1, 2])], out,
                         ["%c = arith.constant 0.125 : f32",
                          "%m = arith.mulf %a0, %c : f32"], "%m")
    total = 0.125 * np.einsum("qhc,khc->hqk", q.reshape(split).astype(np.float64),
                              k.reshape(split))
    return Case(name, kernel(name, [tensor(flat)] * 2, lines, ["%s"], [tensor(out)]),
                [q, k], [total], np.sqrt(width))


def reshaped_tail(name, m, n, split, seed=0):
    """The result is reshaped, permuted, added to and yielded twice."""
    rng = np.random.default_rng(seed)
    k = 24
    a = normal(rng, (m, k))
    b = normal(rng, (k, n))
    r = normal(rng, (split, m, n // split))
    three, turned = [m, split, n // split], [split, m, n // split]
    dims = ["d0", "d1", "d2"]
    lines = contraction("r", "%arg0", "%arg1", [m, k], [k, n], [m, n],
                        [amap(dims, ["d0", "d2"]), amap(dims, ["d2", "d1"]),
                         amap(dims, ["d0", "d1"])],
                        ["parallel", "parallel", "reduction"])
    lines += [f"%x = tensor.expand_shape %r [[0], [1, 2]] output_shape "
              f"[{m}, {split}, {n // split}] : {tensor([m, n])} into {tensor(three)}",
              f"%te = tensor.empty() : {tensor(turned)}",
              f"%t = linalg.transpose ins(%x : {tensor(three)}) "
              f"outs(%te : {tensor(turned)}) permutation = [1, 0, 2]"]
    lines += elementwise("s", [("%t", turned, [0, 1, 2]), ("%arg2", turned, [0, 1, 2])],
                         turned, ["%v = arith.addf %a0, %a1 : f32"], "%v")
    flat = [split * m, n // split]
    lines += [f"%c = tensor.collapse_shape %s [[0, 1], [2]] : {tensor(turned)} into "
              f"{tensor(flat)}"]
    product = a.astype(np.float64) @ b
    total = product.reshape(three).transpose(1, 0, 2) + r
    return Case(name, kernel(name, [tensor([m, k]), tensor([k, n]), tensor(turned)],
                             lines, ["%c", "%r"], [tensor(flat), tensor([m, n])]),
                [a, b, r], [total.reshape(flat), product], np.sqrt(k))


def channels_first(name, h, w, c, f, seed=0):
    """A 3x3 convolution that reads and writes NCHW itself."""
    rng = np.random.default_rng(seed)
    x = normal(rng, (1, c, h, w))
    k = normal(rng, (f, c, 3, 3))
    x_shape, p_shape, out = [1, c, h, w], [1, c, h + 2, w + 2], [1, f, h, w]
    lines = ["%pz = arith.constant 0.0 : f32",
             "%pad = tensor.pad %arg0 low[0, 0, 1, 1] high[0, 0, 1, 1] {",
             "  ^bb0(%i: index, %j: index, %k: index, %l: index):",
             "    tensor.yield %pz : f32",
             f"  }} : {tensor(x_shape)} to {tensor(p_shape)}"]
    dims = [f"d{i}" for i in range(7)]
    lines += contraction("r", "%pad", "%arg1", p_shape, [f, c, 3, 3], out,
                         [amap(dims, ["d0", "d4", "d2 + d5", "d3 + d6"]),
                          amap(dims, ["d1", "d4", "d5", "d6"]),
                          amap(dims, ["d0", "d1", "d2", "d3"])],
                         ["parallel"] * 4 + ["reduction"] * 3)
    padded = np.zeros(p_shape)
    padded[:, :, 1:-1, 1:-1] = x
    total = sum(np.einsum("nchw,fc->nfhw", padded[:, :, y:y + h, z:z + w],
                          k[:, :, y, z]) for y in range(3) for z in range(3))
    return Case(name, kernel(name, [tensor(x_shape), tensor([f, c, 3, 3])], lines,
                             ["%r"], [tensor(out)]), [x, k], [total], np.sqrt(9 * c))


def half_operands(name, m, n, k, seed=0):
    """f16 operands, extended in the contraction's body."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((m, k)).astype(np.float16)
    b = rng.standard_normal((k, n)).astype(np.float16)
    body = """^bb0(%x: f16, %y: f16, %z: f32):
      %xf = arith.extf %x : f16 to f32
      %yf = arith.extf %y : f16 to f32
      %p = arith.mulf %xf, %yf : f32
      %s = arith.addf %p, %z : f32
      linalg.yield %s : f32"""
    dims = ["d0", "d1", "d2"]
    lines = contraction("r", "%arg0", "%arg1", [m, k], [k, n], [m, n],
                        [amap(dims, ["d0", "d2"]), amap(dims, ["d2", "d1"]),
                         amap(dims, ["d0", "d1"])],
                        ["parallel", "parallel", "reduction"], body, "f16", "f16")
    return Case(name, kernel(name, [tensor([m, k], "f16"), tensor([k, n], "f16")],
                             lines, ["%r"], [tensor([m, n])]), [a, b],
                [a.astype(np.float64) @ b.astype(np.float64)], np.sqrt(k))


def sliced(name, seed=0):
    """A operand is a slice, with a stride, of a larger argument."""
    rng = np.random.default_rng(seed)
    x = normal(rng, (30, 64))
    b = normal(rng, (16, 36))
    lines = ["%part = tensor.extract_slice %arg0[2, 8] [14, 16] [2, 1] : "
             f"{tensor([30, 64])} to {tensor([14, 16])}"]
    dims = ["d0", "d1", "d2"]
    lines += contraction("r", "%part", "%arg1", [14, 16], [16, 36], [14, 36],
                         [amap(dims, ["d0", "d2"]), amap(dims, ["d2", "d1"]),
                          amap(dims, ["d0", "d1"])],
                         ["parallel", "parallel", "reduction"])
    a = x[2:30:2, 8:24].astype(np.float64)
    return Case(name, kernel(name, [tensor([30, 64]), tensor([16, 36])], lines,
                             ["%r"], [tensor([14, 36])]), [x, b], [a @ b], 4.0)


def there_and_back(name, seed=0):
    """The result is flattened, put through relu, split again, and added to itself."""
    rng = np.random.default_rng(seed)
    a = normal(rng, (3, 4, 5, 8))
    b = normal(rng, (8, 12))
    shape, flat = [3, 4, 5, 12], [60, 12]
    dims = [f"d{i}" for i in range(5)]
    lines = contraction("r", "%arg0", "%arg1", [3, 4, 5, 8], [8, 12], shape,
                        [amap(dims, ["d0", "d1", "d2", "d4"]), amap(dims, ["d4", "d3"]),
                         amap(dims, ["d0", "d1", "d2", "d3"])],
                        ["parallel"] * 4 + ["reduction"])
    lines += [f"%f = tensor.collapse_shape %r [[0, 1, 2], [3]] : {tensor(shape)} into "
              f"{tensor(flat)}"]
    lines += elementwise("u", [("%f", flat, [0, 1])], flat,
                         ["%c0 = arith.constant 0.0 : f32",
                          "%m = arith.maximumf %a0, %c0 : f32"], "%m")
    lines += [f"%x = tensor.expand_shape %u [[0, 1, 2], [3]] output_shape [3, 4, 5, 12] : "
              f"{tensor(flat)} into {tensor(shape)}"]
    lines += elementwise("s", [("%x", shape, [0, 1, 2, 3]), ("%r", shape, [0, 1, 2, 3])],
                         shape, ["%v = arith.addf %a0, %a1 : f32"], "%v")
    total = a.astype(np.float64) @ b
    return Case(name, kernel(name, [tensor([3, 4, 5, 8]), tensor([8, 12])], lines,
                             ["%s"], [tensor(shape)]),
                [a, b], [np.maximum(total, 0) + total], np.sqrt(8))
