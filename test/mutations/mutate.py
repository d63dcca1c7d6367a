# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random damage to a model. Every function changes the graph in place, or leaves it where there is nothing to damage."""

import numpy as np
import onnx

EXTREMES = [0, 1, -1, 2, 3, 7, -5, 127, 255, 65536, 2**31 - 1, 2**31, -2**31, 2**40, 2**62, 2**63 - 1, -2**63]
ATTRIBUTES = ["axis", "axes", "pads", "group", "strides", "dilations", "to", "perm", "epsilon", "nonsense"]
OPERATORS = ["Relu", "Add", "MatMul", "Conv", "Reshape", "Transpose", "Concat", "Split", "Softmax", "ReduceMean",
             "Gather", "Erf", "Cast", "Shape", "AveragePool", "NoSuchOperator", "", "Loop"]


def pick(random, sequence):
    return sequence[int(random.integers(len(sequence)))] if len(sequence) else None


def number(random):
    """An extreme, or a small number that may well be valid."""
    return pick(random, EXTREMES) if random.integers(2) else int(random.integers(-3, 6))


def attribute(random, graph):
    node = pick(random, [n for n in graph.node if n.attribute])
    if node is None:
        return
    chosen = pick(random, node.attribute)
    action = random.integers(6)
    if action == 0:
        chosen.name = pick(random, ATTRIBUTES)
    elif action == 1:
        chosen.type = int(random.integers(12))
    elif action == 2:
        node.attribute.remove(chosen)
    elif action == 3 and chosen.ints:
        del chosen.ints[int(random.integers(len(chosen.ints))):]
    elif chosen.ints:
        chosen.ints[int(random.integers(len(chosen.ints)))] = number(random)
    elif chosen.type == onnx.AttributeProto.STRING:
        chosen.s = pick(random, [b"", b"VALID", b"SAME_LOWER", b"SAME_UPPER", b"\xff\xfe", b"edge"])
    elif chosen.type == onnx.AttributeProto.FLOAT:
        chosen.f = float(pick(random, [0.0, -1.0, 1e30, float("nan"), float("inf"), 1e-30]))
    else:
        chosen.i = number(random)


def names_of(graph):
    return [o for n in graph.node for o in n.output] + [t.name for t in graph.initializer] + [
        i.name for i in graph.input]


def operand(random, graph):
    node = pick(random, graph.node)
    if node is None:
        return
    name = pick(random, names_of(graph) + ["", "no such value"])
    action = random.integers(3)
    if action == 0 and node.input:
        del node.input[int(random.integers(len(node.input)))]
    elif action == 1:
        node.input.append(name)
    elif node.input:
        node.input[int(random.integers(len(node.input)))] = name


def operator(random, graph):
    node = pick(random, graph.node)
    if node is None:
        return
    if random.integers(4) == 0:
        node.domain = pick(random, ["ai.onnx", "com.example", "ai.onnx.ml"])
    else:
        node.op_type = pick(random, OPERATORS)


def cycle(random, graph):
    """An operand becomes a result of the node itself or of a later one."""
    node = pick(random, [n for n in graph.node if n.input])
    if node is None:
        return
    index = list(graph.node).index(node)
    later = [o for n in list(graph.node)[index:] for o in n.output]
    if later:
        node.input[int(random.integers(len(node.input)))] = pick(random, later)


def duplicate(random, graph):
    """Two things of one name."""
    action = random.integers(5)
    if action == 0 and graph.node:
        pick(random, graph.node).name = pick(random, graph.node).name
    elif action == 1 and graph.node:
        node = pick(random, [n for n in graph.node if n.output])
        if node is not None:
            node.output[int(random.integers(len(node.output)))] = pick(random, names_of(graph))
    elif action == 2 and graph.initializer:
        graph.initializer.add().CopyFrom(pick(random, graph.initializer))
    elif action == 3 and graph.node:
        graph.node.add().CopyFrom(pick(random, graph.node))
    else:
        values = pick(random, [graph.input, graph.output])
        if len(values):
            values.add().CopyFrom(pick(random, values))


def remove(random, graph):
    """A node, initializer, input or output is missing, or nodes are in another order."""
    action = random.integers(4)
    if action == 3:
        nodes = list(graph.node)
        random.shuffle(nodes)
        del graph.node[:]
        graph.node.extend(nodes)
        return
    part = [graph.initializer, graph.node, pick(random, [graph.input, graph.output])][action]
    if len(part):
        del part[int(random.integers(len(part)))]


def shape(random, graph):
    info = pick(random, list(graph.input) + list(graph.output))
    if info is None:
        return
    dims = info.type.tensor_type.shape.dim
    action = random.integers(5)
    if action == 0:
        info.type.tensor_type.elem_type = int(random.integers(24))
    elif action == 1 and dims:
        del dims[int(random.integers(len(dims)))]
    elif action == 2:
        dims.add().dim_value = number(random)
    elif action == 3 and dims:
        pick(random, dims).dim_param = pick(random, ["N", "other", ""])
    elif dims:
        pick(random, dims).dim_value = number(random)


def constant(random, graph):
    tensors = list(graph.initializer) + [a.t for n in graph.node for a in n.attribute if a.HasField("t")]
    tensor = pick(random, tensors)
    if tensor is None:
        return
    action = random.integers(5)
    integers = tensor.data_type == onnx.TensorProto.INT64
    if action == 0:
        tensor.data_type = int(random.integers(24))
    elif action == 1 and tensor.dims:
        tensor.dims[int(random.integers(len(tensor.dims)))] = number(random)
    elif action == 2 and tensor.data_location == onnx.TensorProto.EXTERNAL and tensor.external_data:
        entry = pick(random, tensor.external_data)
        entry.value = pick(random, [str(number(random)), "../" + entry.value, "/etc/hostname", "", entry.value + "x"])
    elif integers and tensor.raw_data and len(tensor.raw_data) % 8 == 0:
        data = np.frombuffer(tensor.raw_data, np.int64).copy()
        data[int(random.integers(data.size))] = number(random)
        tensor.raw_data = data.tobytes()
    elif integers and tensor.int64_data:
        tensor.int64_data[int(random.integers(len(tensor.int64_data)))] = number(random)
    elif tensor.raw_data:
        tensor.raw_data = tensor.raw_data[:int(random.integers(len(tensor.raw_data) + 1))]


ALIKE = (("Relu", "Sigmoid", "Tanh", "Neg", "Exp", "Identity", "Abs", "Softmax", "Erf"),
         ("Add", "Sub", "Mul", "Div", "Max", "Min"), ("MaxPool", "AveragePool"),
         ("GlobalAveragePool", "GlobalMaxPool"), ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2"))


def alike(random, graph):
    """An operator becomes another one of the same signature: mostly a sound model, with other values."""
    choices = [(n, group) for n in graph.node for group in ALIKE if n.op_type in group]
    node, group = pick(random, choices) or (None, None)
    if node is not None:
        node.op_type = pick(random, group)


def values(random, graph):
    """Some floats of a constant become extremes."""
    tensor = pick(random, [t for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT and t.raw_data])
    if tensor is None or len(tensor.raw_data) % 4:
        return
    data = np.frombuffer(tensor.raw_data, np.float32).copy()
    for _ in range(int(random.integers(1, 4))):
        data[int(random.integers(data.size))] = pick(random, [0.0, -1.0, 1e-30, 1e5, 3e38, np.nan, np.inf, -np.inf])
    tensor.raw_data = data.tobytes()


def extent(random, graph):
    """Rows and columns of all images change."""
    extents = {}
    for info in graph.input:
        for dim in list(info.type.tensor_type.shape.dim)[2:]:
            dim.dim_value = extents.setdefault(dim.dim_value, int(random.integers(1, 16)))


KINDS = (attribute, attribute, operand, operator, cycle, duplicate, remove, shape, constant, alike, alike, values, extent)


def mutated(random, model):
    """(the bytes of a damaged copy, what was done to it)."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    done = []
    for _ in range(int(random.choice([1, 1, 1, 2]))):
        kind = pick(random, KINDS)
        kind(random, copy.graph)
        done.append(kind.__name__)
    if random.integers(16) == 0 and copy.opset_import:
        copy.opset_import[0].version = int(random.integers(1, 24))
        done.append("opset")
    data = bytearray(copy.SerializeToString())
    if random.integers(12) == 0:
        del data[int(random.integers(len(data))):]
        done.append("truncated")
    if random.integers(12) == 0 and data:
        for _ in range(int(random.integers(1, 4))):
            data[int(random.integers(len(data)))] ^= 1 << int(random.integers(8))
        done.append("flipped")
    return bytes(data), "+".join(done)
