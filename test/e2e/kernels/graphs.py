# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small graphs at the edges of what kernels are: nothing to compute, everything computed twice, unusual types."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F, D, H = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16
I64, I32, U8, I8, B = TensorProto.INT64, TensorProto.INT32, TensorProto.UINT8, TensorProto.INT8, TensorProto.BOOL


class Graph:
    def __init__(self):
        self.nodes, self.inputs, self.outputs, self.weights = [], [], [], []

    def input(self, name, shape, kind=F):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def weight(self, values, dtype=np.float32):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def node(self, op, *inputs, outputs=1, **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=f"{op}_{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def output(self, value, kind=F, shape=None, name=None):
        """`value` under a name of its own, which costs an Identity unless the name is given."""
        if name is None:
            name = f"out{len(self.outputs)}"
            self.nodes.append(helper.make_node("Identity", [value], [name], name=f"Identity_{name}"))
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))
        return self

    def model(self):
        graph = helper.make_graph(self.nodes, "graph", self.inputs, self.outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)


def input_is_output():
    g = Graph()
    return g.output(g.input("x", [3, 4]), shape=[3, 4])


def constant_is_output():
    g = Graph()
    g.input("x", [2])
    return g.output(g.weight(np.arange(12).reshape(3, 4)), shape=[3, 4])


def splat_is_output():
    g = Graph()
    g.input("x", [2])
    return g.output(g.weight(np.full((5, 7), 2.5)), shape=[5, 7])


def value_twice():
    g = Graph()
    y = g.node("Relu", g.input("x", [6, 5]))
    return g.output(y, shape=[6, 5]).output(y, shape=[6, 5])


def output_read_inside():
    g = Graph()
    y = g.node("Relu", g.input("x", [6, 5]))
    g.output(y, shape=[6, 5])
    return g.output(g.node("Softmax", y), shape=[6, 5])


def scalars():
    g = Graph()
    x, y = g.input("x", []), g.input("y", [])
    g.output(g.node("Add", x, g.node("Tanh", y)), shape=[])
    return g.output(g.node("ReduceSum", g.node("Mul", x, y)), shape=[])


def sizes_of_one():
    g = Graph()
    x = g.input("x", [1, 1, 1])
    g.output(g.node("Softmax", x), shape=[1, 1, 1])
    g.output(g.node("ReduceMean", x, axes=[1, 2], keepdims=0), shape=[1])
    return g.output(g.node("Transpose", g.node("Exp", x), perm=[2, 0, 1]), shape=[1, 1, 1])


def doubles():
    g = Graph()
    x, y = g.input("x", [7, 60], D), g.input("y", [60, 9], D)
    m = g.node("MatMul", x, y)
    g.output(g.node("Softmax", g.node("Add", m, g.weight(np.linspace(-1, 1, 9), np.float64))), D, [7, 9])
    g.output(g.node("Log", g.node("Sigmoid", m)), D, [7, 9])
    for op in ("Tanh", "Sin", "Cos", "Atan"):
        g.output(g.node(op, m), D, [7, 9])
    return g.output(g.node("ReduceL2", x, axes=[1]), D, [7, 1])


def long_integers():
    g = Graph()
    x = g.input("x", [4, 33], I64)
    y = g.node("Mul", g.node("Sub", x, g.weight([7], np.int64)), x)
    g.output(g.node("ReduceSum", y, g.weight([1], np.int64)), I64, [4, 1])
    g.output(g.node("ArgMax", y, axis=1), I64, [4, 1])
    g.output(g.node("Mod", x, g.weight([5], np.int64)), I64, [4, 33])
    return g.output(g.node("CumSum", x, g.weight(1, np.int64)), I64, [4, 33])


def integer_products():
    g = Graph()
    x, y = g.input("x", [5, 40], U8), g.input("y", [40, 6], I8)
    g.output(g.node("MatMulInteger", x, y, g.weight(3, np.uint8), g.weight(-1, np.int8)), I32, [5, 6])
    return g


def truth():
    g = Graph()
    x, y = g.input("x", [9, 70]), g.input("y", [70])
    less = g.node("Less", x, y)
    g.output(g.node("And", less, g.node("Not", g.node("Greater", x, g.weight([0.5])))), B, [9, 70])
    return g.output(g.node("ReduceMax", g.node("Cast", less, to=I32), axes=[1]), I32, [9, 1])


def halves():
    g = Graph()
    x = g.input("x", [6, 64], H)
    y = g.node("Relu", g.node("Add", x, g.weight(np.linspace(-1, 1, 64), np.float16)))
    g.output(y, H, [6, 64])
    return g.output(g.node("Softmax", g.node("Mul", y, x)), H, [6, 64])


def prefix_sum_by_doubling():
    """Wants its input twice at each of 12 steps: 4096 values for each element if it were one kernel."""
    g = Graph()
    n, value = 4096, g.input("x", [4096])
    for step in range(12):
        shift = 2 ** step
        head = g.weight(np.zeros(shift))
        body = g.node("Slice", value, g.weight([0], np.int64), g.weight([n - shift], np.int64))
        value = g.node("Add", value, g.node("Concat", head, body, axis=0))
    return g.output(value, shape=[n])


def mirrored_many_times():
    g = Graph()
    value = g.input("x", [3])
    for step in range(9):
        back = g.node("Slice", value, g.weight([-1], np.int64), g.weight([-(2 ** 40)], np.int64),
                      g.weight([0], np.int64), g.weight([-1], np.int64))
        value = g.node("Concat", value, g.node("Neg", back), axis=0)
    return g.output(value, shape=[3 * 2 ** 9])


def reductions_of_reductions():
    g = Graph()
    x = g.input("x", [6, 20, 30])
    top = g.node("ReduceMax", x, axes=[2], keepdims=0)
    g.output(g.node("ReduceSum", g.node("Exp", top), g.weight([1], np.int64), keepdims=0), shape=[6])
    mean = g.node("ReduceMean", x, axes=[0, 2])
    spread = g.node("ReduceMean", g.node("Abs", g.node("Sub", x, mean)), axes=[0, 2])
    g.output(g.node("Div", g.node("Sub", x, mean), spread), shape=[6, 20, 30])
    return g.output(g.node("ReduceL1", x, axes=[0, 1], keepdims=0), shape=[30])


def pools_of_pools():
    g = Graph()
    x = g.input("x", [1, 3, 24, 24])
    y = g.node("MaxPool", x, kernel_shape=[5, 5], strides=[1, 1], pads=[2, 2, 2, 2], dilations=[1, 1])
    y = g.node("MaxPool", y, kernel_shape=[5, 5], strides=[1, 1], pads=[2, 2, 2, 2])
    y = g.node("AveragePool", y, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    g.output(y, shape=[1, 3, 12, 12])
    values, places = g.node("MaxPool", x, outputs=2, kernel_shape=[3, 3], strides=[2, 2])
    return g.output(values, shape=[1, 3, 11, 11]).output(places, I64, [1, 3, 11, 11])


def far_pads():
    g = Graph()
    x = g.input("x", [3, 5])
    y = g.node("Pad", x, g.weight([100, 3, 0, 200], np.int64), g.weight(-2.0))
    g.output(g.node("Relu", y), shape=[103, 208])
    back = g.node("Slice", x, g.weight([4, 2], np.int64), g.weight([-6, -4], np.int64), g.weight([1, 0], np.int64),
                  g.weight([-3, -1], np.int64))
    return g.output(back, shape=[3, 2])


GRAPHS = {make.__name__: make for make in (
    input_is_output, constant_is_output, splat_is_output, value_twice, output_read_inside, scalars, sizes_of_one,
    doubles, long_integers, integer_products, truth, halves, prefix_sum_by_doubling, mirrored_many_times,
    reductions_of_reductions, pools_of_pools, far_pads)}
