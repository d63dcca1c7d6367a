"""Writes a small network with a residual branch: Conv, Relu, Conv, Add, GlobalAveragePool, Gemm.

usage: conv_net.py OUT.onnx
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(7)


def weight(name, *shape):
    return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32) * 0.1, name)


nodes = [
    helper.make_node("Conv", ["image", "w1", "b1"], ["c1"], "first", pads=[1, 1, 1, 1]),
    helper.make_node("Relu", ["c1"], ["r1"], "relu"),
    helper.make_node("Conv", ["r1", "w2"], ["c2"], "second", pads=[1, 1, 1, 1]),
    helper.make_node("Add", ["c2", "r1"], ["s"], "join"),
    helper.make_node("GlobalAveragePool", ["s"], ["p"], "pool"),
    helper.make_node("Flatten", ["p"], ["f"], "flat"),
    helper.make_node("Gemm", ["f", "w3", "b3"], ["scores"], "classify", transB=1),
]
graph = helper.make_graph(
    nodes, "conv_net",
    [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 4, 16, 16])],
    [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 10])],
    [weight("w1", 8, 4, 3, 3), weight("b1", 8), weight("w2", 8, 8, 3, 3), weight("w3", 10, 8), weight("b3", 10)])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), sys.argv[1])
