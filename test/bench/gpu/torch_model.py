# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A PyTorch module with the operators and the weights of an ONNX graph.

The graph is turned into Python source, one line an operator, for one batch size: whatever depends on shapes alone is
evaluated here, on the CPU, and dead lines are dropped. What exporters spell out is put together again, so that PyTorch runs
what a model written for it would: a product and its bias are F.linear, tanh's GELU is F.gelu, and attention is
F.scaled_dot_product_attention. The source has no branches: torch.compile sees one graph.
"""

import linecache
import math

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

TYPES = {1: "DTYPE", 6: "torch.int32", 7: "torch.int64", 9: "torch.bool", 10: "DTYPE", 11: "DTYPE"}
ELEMENTWISE = {"Add": "+", "Sub": "-", "Mul": "*", "Equal": "==", "GreaterOrEqual": ">=", "And": "&", "Pow": "**"}


class UnsupportedGraph(Exception):
    """An operator, or a use of one, that the seven graphs don't have."""


class Generated(torch.nn.Module):
    """The weights, and a forward() made from source."""

    def __init__(self, constants, source):
        super().__init__()
        for name, value in constants.items():
            self.register_buffer(name, value)
        self.source = source

    def finish(self, device, dtype):
        """Move to the device; floats become `dtype`, filters channels-last."""
        for name, value in list(self.named_buffers()):
            if value.is_floating_point():
                limit = torch.finfo(dtype).max
                value = value.clamp(-limit, limit).to(dtype)
            if value.dim() == 4 and value.is_floating_point():
                value = value.contiguous(memory_format=torch.channels_last)
            setattr(self, name, value.to(device))
        file = f"<onnx graph {id(self)}>"
        linecache.cache[file] = (len(self.source), None, self.source.splitlines(True), file)
        space = {"torch": torch, "F": F, "DTYPE": dtype}
        exec(compile(self.source, file, "exec"), space)  # our own source, made above
        type(self).forward = space["forward"]
        return self.eval()


class Translator:
    """Walks the graph; values that depend on inputs are tensors of device "meta"."""

    def __init__(self, path, batch):
        self.model = onnx.load(path)
        self.batch = batch
        self.lines = []  # (result, expression, names that it reads)
        self.values = {}  # ONNX name -> Python name
        self.tensors = {}  # Python name -> tensor: real if it is constant
        self.made = {}  # Python name -> (operator, inputs), for patterns
        self.transposed = {}  # constant -> its transpose

    def constant(self, name):
        return self.tensors[name].device.type != "meta"

    def add_constant(self, tensor):
        name = f"c{len(self.tensors)}"
        self.tensors[name] = tensor
        return name

    def literal(self, name):
        """A float of one element is written as a number; others by name."""
        tensor = self.tensors[name]
        if self.constant(name) and tensor.numel() == 1 and tensor.dim() <= 1 and tensor.is_floating_point():
            return repr(float(tensor))
        return name

    def emit(self, node, expression, reads):
        """Evaluate an expression over `reads`, and keep its line unless all of them are constant."""
        dynamic = not all(self.constant(name) for name in reads) if reads else False
        space = {"torch": torch, "F": F, "DTYPE": torch.float32}
        for name in reads:
            space[name] = self.tensors[name].to("meta") if dynamic else self.tensors[name]
        result = eval(expression, space)  # our own expression
        if not dynamic:
            return self.add_constant(result)
        name = f"v{len(self.tensors)}"
        self.tensors[name] = result
        self.lines.append((name, expression, list(reads)))
        self.made[name] = (node.op_type, [self.values[i] for i in node.input if i])
        return name

    def ints(self, name):
        if not self.constant(name):
            raise UnsupportedGraph(f"{name}: depends on the input's values, not on shapes")
        return [int(v) for v in self.tensors[name].reshape(-1)]

    def translate(self):
        graph = self.model.graph
        for tensor in graph.initializer:
            self.values[tensor.name] = self.add_constant(torch.from_numpy(numpy_helper.to_array(tensor).copy()))
        inputs = []
        known = {tensor.name for tensor in graph.initializer}
        for value in graph.input:
            if value.name in known:
                continue
            kind = value.type.tensor_type
            shape = [d.dim_value or self.batch for d in kind.shape.dim]
            dtype = torch.float32 if kind.elem_type == 1 else getattr(torch, TYPES[kind.elem_type].split(".")[1])
            name = f"x{len(inputs)}"
            self.tensors[name] = torch.empty(shape, dtype=dtype, device="meta")
            self.values[value.name] = name
            inputs.append(name)
        for node in graph.node:
            handler = getattr(self, "op_" + node.op_type.lower(), None)
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type in ELEMENTWISE:
                result = self.elementwise(node)
            elif handler:
                result = handler(node, attributes, *[self.values[i] if i else None for i in node.input])
            else:
                raise UnsupportedGraph(f"{node.name}: no {node.op_type} here")
            self.values[node.output[0]] = result
        return self.finish(inputs, [self.values[o.name] for o in graph.output])

    def finish(self, inputs, outputs):
        live, kept = set(outputs), []
        for name, expression, reads in reversed(self.lines):
            if name in live:
                kept.append((name, expression))
                live.update(reads)
        constants = {n: self.tensors[n] for n in sorted(live) if self.constant(n) and not n.startswith("x")}
        text = [f"def forward(self, {', '.join(inputs)}):"]
        text += [f"    {name} = self.{name}" for name in constants]
        text += [f"    {name} = {expression}" for name, expression in reversed(kept)]
        text.append(f"    return ({', '.join(outputs)},)")
        return Generated(constants, "\n".join(text) + "\n")

    # --- operators ---------------------------------------------------------

    def elementwise(self, node):
        a, b = (self.values[name] for name in node.input)
        fused = {"Add": self.bias_of, "Mul": self.gelu_of}.get(node.op_type)
        result = fused(node, a, b) if fused else None
        if result:
            return result
        left, right = self.literal(a), self.literal(b)
        if self.constant(a) and self.constant(b):
            left, right = a, b
        return self.emit(node, f"{left} {ELEMENTWISE[node.op_type]} {right}", [n for n in (a, b) if n in (left, right)])

    def bias_of(self, node, a, b):
        for product, bias in ((a, b), (b, a)):
            kind, reads = self.made.get(product, (None, None))
            if kind == "Linear" and self.constant(bias) and self.tensors[bias].dim() == 1:
                return self.emit(node, f"F.linear({reads[0]}, {reads[1]}, {bias})", [*reads, bias])
        return None

    def number(self, name):
        return float(self.tensors[name]) if self.constant(name) and self.tensors[name].numel() == 1 else None

    def times(self, name, factor):
        """The operand that `name` multiplies with (about) a constant, or None."""
        kind, reads = self.made.get(name, (None, ()))
        for value, other in (reads, reads[::-1]) if kind == "Mul" else ():
            number = self.number(other)
            if number is not None and math.isclose(number, factor, rel_tol=1e-4):
                return value
        return None

    def gelu_of(self, node, a, b):
        """x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3)))."""
        x = self.times(a, 0.5)
        kind, plus = self.made.get(b, (None, ()))
        if x is None or kind != "Add" or self.number(plus[1]) != 1.0:
            return None
        kind, inner = self.made.get(plus[0], (None, ()))
        total = self.times(inner[0], math.sqrt(2 / math.pi)) if kind == "Tanh" else None
        kind, terms = self.made.get(total, (None, ()))
        cube = self.times(terms[1], 0.044715) if kind == "Add" and terms[0] == x else None
        if cube is None or self.made.get(cube, (None,))[0] != "Pow" or self.made[cube][1][0] != x:
            return None
        return self.emit(node, f"F.gelu({x}, approximate='tanh')", [x])

    def attention_of(self, node, weights, v):
        """softmax(q k^T scale + mask) v."""
        kind, reads = self.made.get(weights, (None, ()))
        kind, sums = self.made.get(reads[0], (None, ())) if kind == "Softmax" else (None, ())
        if kind != "Add" or not hasattr(F, "scaled_dot_product_attention"):
            return None
        kind, scaled = self.made.get(sums[0], (None, ()))
        scale = self.number(scaled[1]) if kind == "Mul" else None
        kind, product = self.made.get(scaled[0], (None, ())) if scale is not None else (None, ())
        if kind != "MatMul":
            return None
        q, k = product
        rank = self.tensors[q].dim()
        if rank != 4 or self.tensors[k].dim() != 4:
            return None
        return self.emit(node, f"F.scaled_dot_product_attention({q}, {k}.transpose(2, 3), {v}, attn_mask={sums[1]}, "
                         f"scale={scale!r})", [q, k, v, sums[1]])

    def op_matmul(self, node, attributes, a, b):
        if self.constant(b) and self.tensors[b].dim() == 2 and not self.constant(a):
            if b not in self.transposed:
                self.transposed[b] = self.add_constant(self.tensors[b].t().contiguous())
            w = self.transposed[b]
            result = self.emit(node, f"F.linear({a}, {w})", [a, w])
            self.made[result] = ("Linear", [a, w])
            return result
        return self.attention_of(node, a, b) or self.emit(node, f"torch.matmul({a}, {b})", [a, b])

    def op_gemm(self, node, attributes, a, b, c):
        plain = attributes.get("alpha", 1.0) == 1.0 and attributes.get("beta", 1.0) == 1.0
        if not plain or attributes.get("transA") or not attributes.get("transB"):
            raise UnsupportedGraph(f"{node.name}: a Gemm that is no linear layer")
        return self.emit(node, f"F.linear({a}, {b}, {c})", [a, b, c])

    def op_conv(self, node, attributes, x, w, b=None):
        pads = attributes.get("pads", [0, 0, 0, 0])
        if pads[:2] != pads[2:]:
            raise UnsupportedGraph(f"{node.name}: asymmetric padding")
        return self.emit(node, f"F.conv2d({x}, {w}, {b}, {attributes.get('strides', [1, 1])}, {pads[:2]}, "
                         f"{attributes.get('dilations', [1, 1])}, {attributes.get('group', 1)})", [n for n in (x, w, b) if n])

    def op_maxpool(self, node, attributes, x):
        return self.emit(node, f"F.max_pool2d({x}, {attributes['kernel_shape']}, {attributes['strides']}, "
                         f"{attributes.get('pads', [0, 0])[:2]}, 1, {bool(attributes.get('ceil_mode'))})", [x])

    def op_averagepool(self, node, attributes, x):
        return self.emit(node, f"F.avg_pool2d({x}, {attributes['kernel_shape']}, {attributes['strides']}, "
                         f"{attributes.get('pads', [0, 0])[:2]}, {bool(attributes.get('ceil_mode'))}, "
                         f"{bool(attributes.get('count_include_pad'))})", [x])

    def op_globalaveragepool(self, node, attributes, x):
        return self.emit(node, f"F.adaptive_avg_pool2d({x}, 1)", [x])

    def op_batchnormalization(self, node, attributes, x, scale, bias, mean, variance):
        return self.emit(node, f"F.batch_norm({x}, {mean}, {variance}, {scale}, {bias}, False, 0.0, "
                         f"{attributes.get('epsilon', 1e-5)!r})", [x, scale, bias, mean, variance])

    def op_layernormalization(self, node, attributes, x, scale, bias):
        size = self.tensors[x].shape[-1]
        return self.emit(node, f"F.layer_norm({x}, [{size}], {scale}, {bias}, {attributes.get('epsilon', 1e-5)!r})",
                         [x, scale, bias])

    def op_relu(self, node, attributes, x):
        return self.emit(node, f"F.relu({x})", [x])

    def op_tanh(self, node, attributes, x):
        return self.emit(node, f"torch.tanh({x})", [x])

    def op_softmax(self, node, attributes, x):
        return self.emit(node, f"F.softmax({x}, {attributes.get('axis', -1)})", [x])

    def op_div(self, node, attributes, a, b):
        if not self.tensors[a].is_floating_point():
            return self.emit(node, f"torch.div({a}, {b}, rounding_mode='trunc')", [a, b])
        return self.emit(node, f"{a} / {b}", [a, b])

    def op_identity(self, node, attributes, x):
        return x

    def op_constant(self, node, attributes):
        return self.add_constant(torch.from_numpy(numpy_helper.to_array(attributes["value"]).copy()))

    def op_shape(self, node, attributes, x):
        return self.add_constant(torch.tensor(list(self.tensors[x].shape), dtype=torch.int64))

    def op_cast(self, node, attributes, x):
        return self.emit(node, f"{x}.to({TYPES[attributes['to']]})", [x])

    def op_gather(self, node, attributes, x, index):
        axis = attributes.get("axis", 0)
        if self.constant(x) and self.tensors[x].dim() == 2 and axis == 0 and not self.constant(index):
            return self.emit(node, f"F.embedding({index}, {x})", [x, index])
        return self.emit(node, f"{x}[{':, ' * axis}{index}]", [x, index])

    def op_gatherelements(self, node, attributes, x, index):
        return self.emit(node, f"torch.gather({x}, {attributes.get('axis', 0)}, {index})", [x, index])

    def op_unsqueeze(self, node, attributes, x, axes):
        places = self.ints(axes)
        rank = self.tensors[x].dim() + len(places)
        text = x
        for place in sorted(p % rank for p in places):
            text += f".unsqueeze({place})"
        return self.emit(node, text, [x])

    def op_slice(self, node, attributes, x, starts, ends, axes=None, steps=None):
        places = self.ints(axes) if axes else list(range(len(self.ints(starts))))
        parts = [":"] * self.tensors[x].dim()
        for start, end, place, step in zip(self.ints(starts), self.ints(ends), places,
                                           self.ints(steps) if steps else [1] * len(places)):
            if step != 1:
                raise UnsupportedGraph(f"{node.name}: a slice with steps")
            parts[place] = f"{start}:{end}"
        return self.emit(node, f"{x}[{', '.join(parts)}]", [x])

    def op_concat(self, node, attributes, *parts):
        return self.emit(node, f"torch.cat([{', '.join(parts)}], {attributes['axis']})", list(dict.fromkeys(parts)))

    def op_reshape(self, node, attributes, x, shape):
        old = list(self.tensors[x].shape)
        new = [old[i] if d == 0 else d for i, d in enumerate(self.ints(shape))]
        return self.emit(node, f"{x}.reshape({new})", [x])

    def op_flatten(self, node, attributes, x):
        old, axis = list(self.tensors[x].shape), attributes.get("axis", 1)
        return self.emit(node, f"{x}.reshape([{math.prod(old[:axis])}, {math.prod(old[axis:])}])", [x])

    def op_transpose(self, node, attributes, x):
        return self.emit(node, f"{x}.permute({list(attributes['perm'])})", [x])

    def op_constantofshape(self, node, attributes, shape):
        value = numpy_helper.to_array(attributes["value"]) if "value" in attributes else np.zeros(1, np.float32)
        return self.add_constant(torch.full(self.ints(shape), value.reshape(-1)[0].item(),
                                            dtype=torch.from_numpy(value.copy()).dtype))

    def op_expand(self, node, attributes, x, shape):
        old, new = list(self.tensors[x].shape), self.ints(shape)
        old = [1] * (len(new) - len(old)) + old
        return self.emit(node, f"{x}.expand({[max(a, b) for a, b in zip(old, new)]})", [x])

    def op_range(self, node, attributes, start, end, step):
        return self.add_constant(torch.arange(*(self.ints(v)[0] for v in (start, end, step))))

    def op_where(self, node, attributes, condition, a, b):
        return self.emit(node, f"torch.where({condition}, {a}, {b})", [condition, a, b])

    def op_reducemean(self, node, attributes, x):
        return self.emit(node, f"{x}.mean({list(attributes['axes'])}, {bool(attributes.get('keepdims', 1))})", [x])


def load(path, batch, device, dtype):
    """The module of an ONNX file, ready to run with float inputs of `dtype`."""
    class Module(Generated):  # each has a forward() of its own
        pass

    module = Translator(path, batch).translate()
    module.__class__ = Module
    return module.finish(device, dtype)
