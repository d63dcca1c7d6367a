# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The least time a model can take on a device: each contraction by arithmetic or by bytes, whichever is longer.

Every convolution and matrix product counts its operations, and its operands and result once each; whatever else the graph
has could be fused into them and counts nothing. So no implementation layer by layer is faster, and one that keeps tensors
on the chip between layers could be.
"""

import math

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

# Dense peaks by data sheet: TFLOP/s by precision, and GB/s of memory.
PEAKS = {"H100": {"f16": 989.4, "tf32": 494.7, "f32": 66.9, "gbs": 3352.0},
         "H200": {"f16": 989.4, "tf32": 494.7, "f32": 66.9, "gbs": 4800.0},
         "A100": {"f16": 312.0, "tf32": 156.0, "f32": 19.5, "gbs": 2039.0}}
# What exporters compute shapes with.
FOLDED = {"Gather", "Unsqueeze", "Concat", "Mul", "Div", "Add", "Cast", "Slice", "Reshape", "ConstantOfShape", "Equal", "Where"}
ELEMENT_BYTES = {"f16": 2, "tf32": 4, "f32": 4}


def peaks_of(device_name):
    """(key, peaks) of a device by its product name; None for one that is not listed."""
    return next(((key, peaks) for key, peaks in PEAKS.items() if key in device_name), (None, None))


def bind(model, batch):
    """Give every dynamic dimension of the inputs the batch size, and forget what shapes the exporter noted."""
    for value in model.graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if not dim.dim_value:
                dim.dim_value = batch
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")


def known_shapes(model):
    inferred = shape_inference.infer_shapes(model).graph
    shapes = {tensor.name: list(tensor.dims) for tensor in inferred.initializer}
    for value in [*inferred.input, *inferred.value_info, *inferred.output]:
        shapes[value.name] = [d.dim_value for d in value.type.tensor_type.shape.dim]
    for node in inferred.node:  # copies of shared weights
        if node.op_type == "Identity" and node.input[0] in shapes:
            shapes.setdefault(node.output[0], shapes[node.input[0]])
    return shapes


def fold_shapes(model, shapes):
    """Replace what computes with shapes by constants; True if there was any."""
    constants = {n.output[0]: numpy_helper.to_array(n.attribute[0].t) for n in model.graph.node if n.op_type == "Constant"}
    changed = False
    for node in model.graph.node:
        if node.op_type == "Shape" and 0 not in shapes.get(node.input[0], [0]):
            value = np.array(shapes[node.input[0]], np.int64)
        elif node.op_type in FOLDED and all(name in constants for name in node.input):
            value = np.asarray(ReferenceEvaluator(node).run(None, {name: constants[name] for name in node.input})[0])
        else:
            continue
        constants[node.output[0]] = value
        replacement = helper.make_node("Constant", [], [node.output[0]], value=numpy_helper.from_array(value))
        node.CopyFrom(replacement)
        changed = True
    return changed


def shapes_of(path, batch):
    """The graph and the dimensions of its values at this batch size."""
    model = onnx.load(path, load_external_data=False)
    bind(model, batch)
    shapes = known_shapes(model)
    while fold_shapes(model, shapes):
        shapes = known_shapes(model)
    return model.graph, shapes


def contractions(path, batch):
    """(operations, elements moved) of each convolution and matrix product, by its node's name (its value's, where it has none)."""
    graph, shapes = shapes_of(path, batch)
    found = {}
    for node in graph.node:
        if node.op_type not in ("Conv", "Gemm", "MatMul"):
            continue
        a, b, out = (shapes[name] for name in (node.input[0], node.input[1], node.output[0]))
        if 0 in (math.prod(a), math.prod(b), math.prod(out)):
            raise ValueError(f"{path}: {node.name}: unknown shape")
        depth = math.prod(b[1:]) if node.op_type == "Conv" else a[-1]
        found[node.name or node.output[0]] = (2 * math.prod(out) * depth, math.prod(a) + math.prod(b) + math.prod(out))
    return found


def roofline(path, batch, precision, peaks):
    """Operations, bytes, and the least milliseconds."""
    layers = contractions(path, batch).values()
    size = ELEMENT_BYTES[precision]
    flops_per_ms, bytes_per_ms = peaks[precision] * 1e9, peaks["gbs"] * 1e6
    return {"gflop": sum(f for f, _ in layers) / 1e9, "mbytes": sum(e for _, e in layers) * size / 1e6,
            "ms": sum(max(f / flops_per_ms, e * size / bytes_per_ms) for f, e in layers)}
