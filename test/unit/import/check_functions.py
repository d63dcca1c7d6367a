#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models with functions of their own: the imported module on the CPU against ONNX Runtime, and refusals.

    check_functions.py IMPORT_TEST

Exit codes: 0 all agree, 1 some do not, 77 onnx or onnxruntime is missing.
"""

import pathlib
import sys
import tempfile
import unittest

try:
    import numpy as np
    import onnx
    import onnx_cpu
    from onnx import helper
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TOOL = None
OPSET = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]


def function(name, inputs, outputs, nodes, attributes=(), defaults=(), opsets=None):
    return helper.make_function("local", name, inputs, outputs, nodes, opsets or OPSET, list(attributes),
                                list(defaults))


def referring(op, inputs, outputs, attribute, refers_to, kind=onnx.AttributeProto.FLOAT, **attributes):
    node = helper.make_node(op, inputs, outputs, **attributes)
    node.attribute.append(onnx.AttributeProto(name=attribute, ref_attr_name=refers_to, type=kind))
    return node


def model(nodes, functions, inputs, outputs):
    """inputs: arrays by name; outputs: names of floats."""
    graph = helper.make_graph(nodes, "g", [onnx_cpu.declared(n, a) for n, a in inputs.items()],
                              [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None) for n in outputs])
    return helper.make_model(graph, opset_imports=OPSET, functions=functions, ir_version=9)


class Functions(unittest.TestCase):
    x = np.random.default_rng(1).uniform(-2, 2, (3, 4)).astype(np.float32)
    y = np.random.default_rng(2).uniform(-2, 2, (3, 4)).astype(np.float32)

    def run_model(self, built, inputs):
        expected = onnx_cpu.reference_outputs(built, list(inputs.values()))
        for value, array in zip(built.graph.output, expected):
            value.CopyFrom(onnx_cpu.declared(value.name, array))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.onnx"
            onnx.save(built, path)
            return expected, onnx_cpu.imported_outputs(TOOL, path, list(inputs.values()), expected, folder)

    def agrees(self, nodes, functions, outputs, **inputs):
        expected, got = self.run_model(model(nodes, functions, inputs, outputs), inputs)
        for mine, reference in zip(got, expected):
            self.assertIsNone(onnx_cpu.compare(mine, reference, 2e-6))

    def refuses(self, nodes, functions, message, **inputs):
        built = model(nodes, functions, inputs, ["z"])
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.onnx"
            onnx.save(built, path)
            with self.assertRaises(onnx_cpu.Refused) as caught:
                onnx_cpu.imported_outputs(TOOL, path, list(inputs.values()), [np.zeros(1, np.float32)], folder)
        self.assertIn(message, str(caught.exception))

    swish = function("Swish", ["a"], ["b"], [helper.make_node("Sigmoid", ["a"], ["t"]),
                                             helper.make_node("Mul", ["a", "t"], ["b"])])

    def test_called_twice(self):
        calls = [helper.make_node("Swish", ["x"], ["t"], domain="local", name="one"),
                 helper.make_node("Swish", ["t"], ["z"], domain="local", name="two")]
        self.agrees(calls, [self.swish], ["z"], x=self.x)

    def test_calls_without_names(self):
        self.agrees([helper.make_node("Swish", ["x"], ["t"], domain="local"),
                     helper.make_node("Swish", ["t"], ["z"], domain="local")], [self.swish], ["z"], x=self.x)

    def test_nested(self):
        outer = function("Outer", ["a", "b"], ["c", "d"], [
            helper.make_node("Swish", ["a"], ["t"], domain="local", name="s"),
            helper.make_node("Add", ["t", "b"], ["c"]), helper.make_node("Swish", ["c"], ["d"], domain="local")])
        self.agrees([helper.make_node("Outer", ["x", "y"], ["z", "w"], domain="local", name="call")],
                    [outer, self.swish], ["z", "w"], x=self.x, y=self.y)

    def test_attributes(self):
        leaky = function("Leaky", ["a"], ["b"], [referring("LeakyRelu", ["a"], ["b"], "alpha", "slope")], ["slope"])
        for given in ({"slope": 0.3}, {}):
            self.agrees([helper.make_node("Leaky", ["x"], ["z"], domain="local", **given)], [leaky], ["z"], x=self.x)

    def test_default_attributes(self):
        elu = function("MyElu", ["a"], ["b"], [referring("Elu", ["a"], ["b"], "alpha", "scale")],
                       defaults=[helper.make_attribute("scale", 0.25)])
        for given in ({"scale": 3.0}, {}):
            self.agrees([helper.make_node("MyElu", ["x"], ["z"], domain="local", **given)], [elu], ["z"], x=self.x)

    def test_subgraph_reads_the_function_s_values(self):
        branch = [helper.make_graph([helper.make_node(op, ["t"], ["r"])], op, [], [helper.make_tensor_value_info(
            "r", onnx.TensorProto.FLOAT, None)]) for op in ("Exp", "Neg")]
        choose = function("Choose", ["a"], ["b"], [
            helper.make_node("Constant", [], ["yes"], value=helper.make_tensor("v", onnx.TensorProto.BOOL, [], [1])),
            helper.make_node("Abs", ["a"], ["t"]),
            helper.make_node("If", ["yes"], ["b"], then_branch=branch[0], else_branch=branch[1])])
        self.agrees([helper.make_node("Choose", ["x"], ["z"], domain="local")], [choose], ["z"], x=self.x)

    def test_diagnostics_name_the_call(self):
        bad = function("Bad", ["a"], ["b"], [helper.make_node("NoSuchOp", ["a"], ["b"], name="inner")])
        self.refuses([helper.make_node("Bad", ["x"], ["z"], domain="local", name="call")], [bad],
                     "node 'call/inner' (NoSuchOp): operator 'NoSuchOp' is not supported", x=self.x)

    def test_refuses_recursion(self):
        loop = function("Loop_", ["a"], ["b"], [helper.make_node("Loop_", ["a"], ["b"], domain="local")])
        self.refuses([helper.make_node("Loop_", ["x"], ["z"], domain="local", name="call")], [loop],
                     "functions call each other more than 64 deep", x=self.x)

    def test_refuses_growth(self):
        functions = [function("F0", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])])]
        for i in range(1, 40):
            functions.append(function(f"F{i}", ["a"], ["b"], [
                helper.make_node(f"F{i - 1}", ["a"], ["t"], domain="local"),
                helper.make_node(f"F{i - 1}", ["t"], ["b"], domain="local")]))
        call = helper.make_node("F39", ["x"], ["z"], domain="local", name="call")
        self.refuses([call], functions, "expand", x=self.x)

    def test_refuses_another_opset(self):
        old = function("Old", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])],
                       opsets=[helper.make_opsetid("", 13)])
        self.refuses([helper.make_node("Old", ["x"], ["z"], domain="local", name="call")], [old],
                     "node 'call' (Old): the function uses opset 13, the model 17", x=self.x)

    def test_refuses_too_many_inputs(self):
        self.refuses([helper.make_node("Swish", ["x", "y"], ["z"], domain="local", name="call")], [self.swish],
                     "node 'call' (Swish): has 2 inputs and 1 outputs, the function 1 and 1", x=self.x, y=self.y)


if __name__ == "__main__":
    TOOL = sys.argv.pop(1)
    unittest.main()
