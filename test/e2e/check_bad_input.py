"""Bad input to the tools: one clear line, a non-zero exit code, nothing half written.

usage: check_bad_input.py --build DIR
"""
import argparse
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import model_runs as runs

BUILD = WORK = None


def save_model(name, nodes, inputs, outputs, initializers=(), opset=17):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    path = WORK / f"{name}.onnx"
    onnx.save(model, path)
    return path


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


class BadInput(unittest.TestCase):
    def refuse(self, tool, arguments, *mentions, output=None):
        """Runs a tool that must fail with one line that mentions everything in `mentions`."""
        if output and output.exists():
            output.unlink()
        before = set(WORK.iterdir())
        result = subprocess.run([str(BUILD / "bin" / tool), *map(str, arguments)], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=120)
        self.assertNotIn(result.returncode, (0, None), f"{tool} {arguments} succeeded")
        self.assertGreater(result.returncode, 0, f"{tool} ended by signal {-result.returncode}: {result.stderr}")
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        self.assertEqual(len(lines), 1, result.stderr)
        for mention in mentions:
            self.assertIn(mention, lines[0])
        self.assertEqual(set(WORK.iterdir()) - before, set(), "a file was left behind")
        if output:
            self.assertFalse(output.exists(), f"{output} was written")

    def compile_refused(self, model, *mentions, options=("--batch", "1")):
        out = WORK / "refused.eclip"
        self.refuse("eclip-compile", [model, *options, "-o", out], *mentions, output=out)

    @classmethod
    def setUpClass(cls):
        weights = numpy_helper.from_array(np.arange(32, dtype=np.float32).reshape(4, 8), "w")
        cls.small = save_model("small", [helper.make_node("MatMul", ["x", "w"], ["y"], "mm")], [value("x", ["N", 4])],
                               [value("y", ["N", 8])], [weights])
        cls.compiled = WORK / "small.eclip"
        runs.compile_model(BUILD, cls.small, cls.compiled, 2)
        cls.good = WORK / "x.npy"
        np.save(cls.good, np.ones((2, 4), np.float32))

    # eclip-compile

    def test_missing_model(self):
        self.compile_refused(WORK / "nowhere.onnx", "nowhere.onnx")

    def test_not_a_model(self):
        path = WORK / "noise.onnx"
        path.write_bytes(bytes(range(256)) * 8)
        self.compile_refused(path, "noise.onnx")

    def test_truncated_model(self):
        data = self.small.read_bytes()
        path = WORK / "cut.onnx"
        path.write_bytes(data[: len(data) // 2])
        self.compile_refused(path, "cut.onnx")

    def test_unsupported_operator(self):
        path = save_model("unsupported", [helper.make_node("NonZero", ["x"], ["y"], "find_me")], [value("x", [2, 2])],
                          [value("y", ["a", "b"], TensorProto.INT64)])
        self.compile_refused(path, "NonZero", "find_me", options=())

    def test_unbound_dimension(self):
        self.compile_refused(self.small, "'N'", options=())

    def test_unknown_dimension(self):
        self.compile_refused(self.small, "Q", options=("--dim", "Q=3", "--batch", "1"))

    def test_missing_weights(self):
        path = WORK / "resnet152.onnx"
        shutil.copy(runs.SOURCE / "models/resnet152.onnx", path)
        self.compile_refused(path, "resnet152.weights")

    def test_short_weights(self):
        path = WORK / "alexnet.onnx"
        shutil.copy(runs.SOURCE / "models/alexnet.onnx", path)
        (WORK / "alexnet.weights").write_bytes(b"\0" * 4096)
        self.compile_refused(path, "alexnet.weights")

    def test_bad_options(self):
        self.compile_refused(self.small, "--target", options=("--target", "gfx000"))
        self.compile_refused(self.small, "--batch", options=("--batch", "0"))
        self.compile_refused(self.small, "nowhere", options=("--batch", "1", "--device", "nowhere"))
        self.refuse("eclip-compile", [self.small, "--emit", "nonsense"], "nonsense")

    def test_unwritable_output(self):
        out = WORK / "no" / "such" / "folder.eclip"
        self.refuse("eclip-compile", [self.small, "--batch", "1", "-o", out], "folder.eclip", output=out)

    # .eclip files

    def test_truncated_file(self):
        data = self.compiled.read_bytes()
        for size in (0, 4, 64, 127, 128, 200, len(data) // 4, len(data) // 2, len(data) - 4096, len(data) - 1):
            with self.subTest(size=size):
                path = WORK / "truncated.eclip"
                path.write_bytes(data[:size])
                self.refuse("eclip-dump", [path], "truncated.eclip")
                self.refuse("eclip-run", [path, "--device", "vgpu"], "truncated.eclip")

    def test_corrupted_file(self):
        data = self.compiled.read_bytes()
        constants = int.from_bytes(data[40:48], "little")
        places = {"magic": 0, "version": 8, "minimum reader": 12, "file size": 16, "payload offset": 24,
                  "payload size": 32, "constants offset": 40, "constants size": 48, "checksum": 56, "reserved": 64,
                  "payload": 140, "code": constants // 2, "padding": constants - 1, "constants": constants + 8,
                  "last byte": len(data) - 1}
        for what, offset in places.items():
            with self.subTest(what=what):
                path = WORK / "corrupted.eclip"
                path.write_bytes(data[:offset] + bytes([data[offset] ^ 0x55]) + data[offset + 1:])
                self.refuse("eclip-dump", [path], "corrupted.eclip")
                self.refuse("eclip-run", [path, "--device", "vgpu"], "corrupted.eclip")

    def test_dump_unknown_kernel(self):
        self.refuse("eclip-dump", [self.compiled, "--asm", "nobody"], "nobody")

    # eclip-run

    def run_refused(self, inputs, *mentions, device="vgpu"):
        out = WORK / "y.npy"
        arguments = [self.compiled, "--device", device, "--output", f"y={out}"]
        for item in inputs:
            arguments += ["--input", item]
        self.refuse("eclip-run", arguments, *mentions, output=out)

    def test_wrong_input_name(self):
        self.run_refused([f"z={self.good}"], "z")

    def test_missing_input(self):
        self.run_refused([], "x")

    def test_missing_input_file(self):
        self.run_refused([f"x={WORK / 'absent.npy'}"], "absent.npy")

    def test_wrong_shape(self):
        path = WORK / "shape.npy"
        np.save(path, np.ones((3, 4), np.float32))
        self.run_refused([f"x={path}"], "x", "[2,4]")

    def test_wrong_type(self):
        path = WORK / "type.npy"
        np.save(path, np.ones((2, 4), np.float64))
        self.run_refused([f"x={path}"], "x", "f32")

    def test_truncated_input(self):
        path = WORK / "cut.npy"
        path.write_bytes(self.good.read_bytes()[:-5])
        self.run_refused([f"x={path}"], "cut.npy")

    def test_no_gpu(self):
        if Path("/dev/kfd").exists():
            self.skipTest("this machine has an AMD GPU")
        self.run_refused([f"x={self.good}"], "hsa", device="hsa")


def main():
    global BUILD, WORK
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    args = parser.parse_args()
    BUILD, WORK = args.build, args.build / "e2e" / "bad_input"
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    unittest.main(argv=[sys.argv[0], "-v"])


main()
