# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small pieces of the evaluation graphs: a few connected nodes, small images, random weights."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MODELS = ("albert", "alexnet", "densenet201", "resnet152", "resnext101_32x8d", "shufflenet_v2_x1_0", "vgg19")

# Elements of all weights of a piece, and rows and columns of its images at most.
WEIGHT_LIMIT, IMAGE_LIMIT = 1 << 20, 12


class Source:
    """One of the seven graphs with the types of all its values, batch 1."""

    def __init__(self, path):
        model = onnx.load(path, load_external_data=False)
        for value in model.graph.input:
            for dim in value.type.tensor_type.shape.dim:
                if not dim.HasField("dim_value"):
                    dim.dim_value = 1
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
        self.model, self.nodes = model, model.graph.node
        self.initializers = {t.name: t for t in model.graph.initializer}
        self.infos = {v.name: v for v in (*model.graph.value_info, *model.graph.input, *model.graph.output)}
        self.producer = {o: i for i, node in enumerate(self.nodes) for o in node.output}
        self.users = {}
        for i, node in enumerate(self.nodes):
            for name in node.input:
                self.users.setdefault(name, []).append(i)

    def neighbours(self, index):
        node = self.nodes[index]
        for name in node.input:
            if name in self.producer:
                yield self.producer[name]
        for name in node.output:
            yield from self.users.get(name, [])

    def is_typed(self, name):
        info = self.infos.get(name)
        return info is not None and info.type.tensor_type.HasField("shape") and all(
            d.HasField("dim_value") and d.dim_value > 0 for d in info.type.tensor_type.shape.dim)

    def weight_elements(self, index):
        return sum(int(np.prod(self.initializers[n].dims)) for n in self.nodes[index].input if n in self.initializers)

    def connected(self, random, size):
        """Indices of up to `size` connected nodes, in the graph's order."""
        chosen, weights = set(), 0
        frontier = [int(random.integers(len(self.nodes)))]
        while frontier and len(chosen) < size:
            index = frontier.pop(int(random.integers(len(frontier))))
            weight = self.weight_elements(index)
            if index in chosen or weights + weight > WEIGHT_LIMIT:
                continue
            chosen.add(index)
            weights += weight
            frontier += [i for i in self.neighbours(index) if i not in chosen]
        return sorted(chosen)


def small_weights(random, tensor):
    """The tensor with data of its own; weights that lie outside of the file become random ones."""
    if tensor.data_location != TensorProto.EXTERNAL:
        return tensor
    fan_in = max(1, int(np.prod(tensor.dims[1:])))
    values = random.standard_normal(list(tensor.dims)).astype(np.float32) / np.sqrt(fan_in).astype(np.float32)
    # Variances and scales are not negative.
    return numpy_helper.from_array(np.abs(values) + np.float32(0.1) if len(tensor.dims) == 1 else values, tensor.name)


def smaller_image(info):
    """Rows and columns of a rank-4 tensor brought into IMAGE_LIMIT, alike for equal extents."""
    dims = info.type.tensor_type.shape.dim
    if len(dims) == 4:
        for dim in list(dims)[2:]:
            if dim.dim_value > IMAGE_LIMIT:
                dim.dim_value = max(4, dim.dim_value * IMAGE_LIMIT // 224)
    return info


def extract(random, source, size):
    """A model of up to `size` connected nodes, or None if a value's type is not known."""
    nodes = [source.nodes[i] for i in source.connected(random, size)]
    made = {o for n in nodes for o in n.output if o}
    used = list(dict.fromkeys(i for n in nodes for i in n.input if i))
    inputs = [n for n in used if n not in made and n not in source.initializers]
    inside = {i for n in nodes for i in n.input}
    outputs = [o for o in made if o not in inside] + [
        o for o in made if o in inside and random.integers(8) == 0]
    if not nodes or not inputs or not all(map(source.is_typed, inputs)):
        return None
    def typed(name):
        info = onnx.ValueInfoProto()
        info.CopyFrom(source.infos[name])
        return info
    results = []
    for name in outputs:
        known = source.infos.get(name)
        kind = known.type.tensor_type.elem_type if known is not None else TensorProto.FLOAT
        results.append(helper.make_tensor_value_info(name, kind, None))
    graph = helper.make_graph(nodes, "piece", [smaller_image(typed(n)) for n in inputs], results,
                              [small_weights(random, source.initializers[n]) for n in used
                               if n in source.initializers])
    model = helper.make_model(graph, opset_imports=list(source.model.opset_import), ir_version=source.model.ir_version)
    model.producer_name = ""
    return model
