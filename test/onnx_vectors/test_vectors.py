#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""That the runner of ONNX's operator tests sees what it should see."""

import pathlib
import stat
import sys
import tempfile
import types
import unittest

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    import vectors
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

import report


def model(operator="Relu", inputs=(("x", [2]),)):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs]
    node = helper.make_node(operator, [name for name, _ in inputs], ["y"], name="n")
    result = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])]
    return helper.make_model(helper.make_graph([node], "g", values, result))


class Mismatch(unittest.TestCase):
    def test_values(self):
        expected = np.array([1, 2, np.nan, np.inf], np.float32)
        self.assertIsNone(vectors.mismatch(expected.copy(), expected))
        self.assertIsNone(vectors.mismatch(expected * np.float32(1.0005), expected))
        self.assertIn("first at [1]", vectors.mismatch(np.array([1, 2.01, np.nan, np.inf], np.float32), expected))
        self.assertIsNotNone(vectors.mismatch(np.array([1, 2, 0, np.inf], np.float32), expected))
        self.assertIsNotNone(vectors.mismatch(np.array([1, 2, np.nan, -np.inf], np.float32), expected))

    def test_type_and_shape(self):
        expected = np.zeros((2, 3), np.int64)
        self.assertIn("int32", vectors.mismatch(expected.astype(np.int32), expected))
        self.assertIn("[3, 2]", vectors.mismatch(expected.reshape(3, 2), expected))
        self.assertIn("1 of 6", vectors.mismatch(expected + np.eye(2, 3, dtype=np.int64) * [[1], [0]], expected))


class Refusal(unittest.TestCase):
    def judge(self, code, *lines):
        return vectors.judge_refusal(code, "\n".join(lines) + "\n", model())

    def test_one_line_with_node_and_operator(self):
        result = self.judge(2, "eclip-compile: error: m.onnx: node 'n' (Relu): no such thing")
        self.assertEqual((result.kind, result.operator, result.text), ("refused", "Relu", "no such thing"))

    def test_everything_else_fails(self):
        for code, lines in [(-11, [""]), (2, []), (2, ["eclip-compile: error: m.onnx: node 'n': no operator"]),
                            (2, ["eclip-compile: error: m.onnx: node 'other' (Relu): a name"]),
                            (2, ["eclip-compile: error: m.onnx: node 'n' (Elu): another operator"]),
                            (2, ["eclip-compile: error: m.onnx: node 'n' (Relu): a", "eclip-compile: error: b"]),
                            (2, ["eclip-compile: error: m.onnx: input 'x': is bad"])]:
            self.assertEqual(self.judge(code, *lines).kind, "fail", lines)

    def test_an_input_that_no_node_reads(self):
        graph = model(inputs=(("x", [2]),))
        graph.graph.input.append(helper.make_tensor_value_info("unread", TensorProto.STRING, [1]))
        line = "eclip-compile: error: m.onnx: input 'unread': element type 8 is not supported"
        self.assertEqual(vectors.judge_refusal(2, line, graph).kind, "refused")


class Tools(unittest.TestCase):
    """Whole tests with scripts in the tools' place."""

    def run_with(self, compile_script, run_script, operator="Relu"):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for tool, text in (("eclip-compile", compile_script), ("eclip-run", run_script)):
                (folder / tool).write_text("#!/bin/sh\n" + text)
                (folder / tool).chmod(stat.S_IRWXU)
            data = folder / "test_data_set_0"
            data.mkdir()
            (folder / "scratch").mkdir()
            reshapes = operator == "Reshape"
            graph = model(operator, (("x", [2]), ("shape", [1])) if reshapes else (("x", [2]),))
            onnx.save(graph, folder / "model.onnx")
            value = np.array([1, 2], np.float32)
            for path, array in [("input_0.pb", value), ("input_1.pb", np.array([2])), ("output_0.pb", value)]:
                (data / path).write_bytes(numpy_helper.from_array(array).SerializeToString())
            np.save(folder / "good.npy", value)
            np.save(folder / "bad.npy", value + 1)
            return vectors.VectorTest(folder, folder, folder / "scratch").run()

    COPY = 'cp "$(dirname "$0")/%s.npy" "$(dirname "$0")/scratch/out0.npy"'

    def test_classes(self):
        self.assertEqual(self.run_with("exit 0", self.COPY % "good").kind, "pass")
        self.assertEqual(self.run_with("exit 0", self.COPY % "bad").kind, "fail")
        self.assertEqual(self.run_with("kill -SEGV $$", "").kind, "fail")
        self.assertEqual(self.run_with("exit 0", "kill -ABRT $$").kind, "fail")
        self.assertEqual(self.run_with("exit 0", "exit 5").kind, "fail")
        self.assertEqual(self.run_with("exit 0", "exit 0").kind, "fail")

    def test_hang(self):
        before, vectors.COMPILE_SECONDS = vectors.COMPILE_SECONDS, 0.2
        try:
            self.assertEqual(self.run_with("exec sleep 5", "").kind, "fail")
        finally:
            vectors.COMPILE_SECONDS = before

    def test_constant_inputs(self):
        refuse = """echo "eclip-compile: error: m: node 'n' (Reshape): unknown shape" >&2; exit 2"""
        only_original = f'case "$1" in */scratch/*) exit 0;; esac; {refuse}'
        self.assertEqual(self.run_with(only_original, self.COPY % "good", "Reshape").kind, "constant")
        self.assertEqual(self.run_with(refuse, "", "Reshape").kind, "refused")


class List(unittest.TestCase):
    def test_differences_are_seen(self):
        def result(kind, text=""):
            return types.SimpleNamespace(kind=kind, operator="Op", text=text)

        expected = {"a": result("pass"), "b": result("refused", "r"), "c": result("pass")}
        self.assertEqual(report.compare(expected, dict(expected), partial=False), ([], 0))
        worse, _ = report.compare(expected, {**expected, "a": result("refused")}, partial=False)
        self.assertTrue(worse[0].startswith("WORSE a"))
        better, _ = report.compare(expected, {**expected, "b": result("pass")}, partial=False)
        self.assertTrue(better[0].startswith("BETTER b"))
        gone, _ = report.compare(expected, {"a": expected["a"]}, partial=False)
        self.assertEqual(len(gone), 2)
        self.assertEqual(report.compare({}, {"a": result("pass")}, partial=True)[0][0][:5], "NEW a")
        self.assertEqual(report.compare(expected, {**expected, "b": result("refused", "s")}, partial=False), ([], 1))


if __name__ == "__main__":
    unittest.main()
