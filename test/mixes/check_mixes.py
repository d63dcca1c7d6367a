#!/usr/bin/env python3
"""Compiles mixes of small models, runs the files alone and together on the virtual GPU, and compares with ONNX Runtime.

usage: check_mixes.py --build BUILD

Also: what a mix's files say (plans, masks of opposite ends, one mix), and that nothing is written where a compile is refused.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

BUILD = Path()
FEATURES = 64


def write_model(path, width, layers, seed):
    """A chain of Gemm, each before a Relu or a Softmax in turn, from N x FEATURES to N x 16."""
    rng = np.random.default_rng(seed)
    weights, nodes, last, inner = [], [], "x", FEATURES
    for layer in range(layers):
        outer = 16 if layer + 1 == layers else width
        for name, shape in ((f"w{layer}", (inner, outer)), (f"b{layer}", (outer,))):
            values = (rng.standard_normal(shape) / np.sqrt(inner)).astype(np.float32)
            weights.append(numpy_helper.from_array(values, name))
        nodes.append(helper.make_node("Gemm", [last, f"w{layer}", f"b{layer}"], [f"g{layer}"], f"gemm{layer}"))
        nodes.append(helper.make_node("Softmax" if layer % 2 else "Relu", [f"g{layer}"], [f"r{layer}"], f"act{layer}"))
        last, inner = f"r{layer}", outer
    graph = helper.make_graph(
        nodes, path.stem, [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", FEATURES])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["N", 16])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def compile_models(*arguments):
    env = {**os.environ, "ECLIP_CACHE_DIR": str(BUILD / "test" / "kernel-cache")}
    return subprocess.run([BUILD / "bin/eclip-compile", *map(str, arguments)], capture_output=True, text=True, env=env)


def dump(path):
    return json.loads(subprocess.run([BUILD / "bin/eclip-dump", "--json", path], check=True, capture_output=True).stdout)


def bits(words):
    return sum(word << 32 * i for i, word in enumerate(words))


class Mixes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.work = Path(cls.folder.name)
        cls.models = []
        for i, (name, width, layers) in enumerate((("wide", 512, 5), ("narrow", 48, 4), ("deep", 96, 7))):
            cls.models.append(cls.work / f"{name}.onnx")
            write_model(cls.models[-1], width, layers, i)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def compiled(self, *arguments):
        result = compile_models(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stderr

    def refused(self, message, *arguments, code=1):
        """One line, nothing written; `message` holds what the line must say."""
        out = self.work / "refused"
        result = compile_models(*arguments, "-o", out)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        self.assertIn(message, result.stderr)
        self.assertEqual(list(out.glob("*")) if out.exists() else [], [])

    def run_together(self, files, models, batch):
        """Plan and end of each; outputs are compared with ONNX Runtime."""
        arguments = [self.work / "out"]
        inputs = []
        for i, file in enumerate(files):
            inputs.append(np.random.default_rng(100 + i).standard_normal((batch, FEATURES)).astype(np.float32))
            inputs[-1].tofile(self.work / f"in.{i}")
            arguments += [file, self.work / f"in.{i}"]
        result = subprocess.run([BUILD / "bin/run-together", *arguments], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        for i, model in enumerate(models):
            session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
            expected = session.run(None, {"x": inputs[i]})[0]
            actual = np.fromfile(self.work / f"out.{i}", np.float32).reshape(expected.shape)
            self.assertLessEqual(np.abs(actual - expected).max(), 1e-3 * np.abs(expected).max(), files[i])
        return result.stdout.split("\n")[:-1]

    def test_alone_and_together(self):
        out = self.work / "mix"
        text = self.compiled(*self.models, "-o", out, "--batch", 4)
        files = [out / f"{model.stem}.eclip" for model in self.models]
        self.assertIn("mix wide+narrow+deep: objective energy", text)
        for file, model in zip(files, self.models):
            self.assertEqual(self.run_together([file], [model], 4), ["near alone"])
        self.assertEqual(self.run_together(files[:2], self.models[:2], 4), ["near 1 neighbour", "far 1 neighbour"])
        self.assertEqual(self.run_together(files, self.models, 4), ["near mix", "far mix", "near mix"])

    def test_unknown_neighbours(self):
        """Files that were not compiled together take both ends, and the plan for as many as there are."""
        files = []
        for model in self.models:
            files.append(self.work / f"{model.stem}.eclip")
            self.compiled(model, "-o", files[-1], "--batch", 2)
            self.assertEqual([plan["name"] for plan in dump(files[-1])["plans"]],
                             ["alone", "1 neighbour", "2 neighbours", "3 neighbours"])
        self.assertEqual(self.run_together(files[:2], self.models[:2], 2), ["near 1 neighbour", "far 1 neighbour"])
        self.assertEqual(self.run_together(files + files[:1], self.models + self.models[:1], 2),
                         [f"{end} 3 neighbours" for end in ("near", "far", "near", "far")])

    def test_plans_alone(self):
        file = self.work / "one.eclip"
        self.compiled(self.models[0], "-o", file, "--batch", 2, "--plans", "alone")
        self.assertEqual([plan["name"] for plan in dump(file)["plans"]], ["alone"])

    def test_copies_are_named_apart(self):
        out = self.work / "copies"
        self.compiled(self.models[0], self.models[0], "-o", out, "--batch", 2)
        self.assertEqual(sorted(file.name for file in out.iterdir()), ["wide.2.eclip", "wide.eclip"])
        self.assertEqual(self.run_together([out / "wide.eclip", out / "wide.2.eclip"], [self.models[0]] * 2, 2),
                         ["near mix", "far mix"])

    def test_opposite_ends(self):
        """Two masks of a pair share no more CUs than their counts force, and its queues are within the device's."""
        out = self.work / "pair"
        for objective in ("latency", "energy", "edp", "efficiency", "paper"):
            self.compiled(*self.models[:2], "-o", out, "--batch", 8, "--objective", objective)
            near, far = (dump(out / f"{model.stem}.eclip") for model in self.models[:2])
            self.assertEqual(near["mix"]["id"], far["mix"]["id"])
            queues = [{bits(queue["mask"]) for queue in file["plans"][-1]["queues"]} for file in (near, far)]
            for one in queues[0]:
                for other in queues[1]:
                    forced = max(0, one.bit_count() + other.bit_count() - 60)
                    self.assertEqual((one & other).bit_count(), forced, (objective, hex(one), hex(other)))
            every = {bits(queue[mask]) for file in (near, far) for plan in file["plans"] for queue in plan["queues"]
                     for mask in ("mask", "far_mask") if queue.get(mask)}
            self.assertLessEqual(len(every), 7, objective)

    def test_choices_of_efficiency(self):
        """The best by simulation and another run together; one past the last is refused with how many there are."""
        out = self.work / "efficient"
        common = ("-o", out, "--batch", 4, "--objective", "efficiency")
        files = [out / f"{model.stem}.eclip" for model in self.models]
        found = set()
        for choice in (0, 1):
            text = self.compiled(*self.models, *common, "--choice", choice)
            count = int(re.search(rf"choice {choice} of (\d+), .* simulated: ", text)[1])
            self.assertNotIn("gap", text.splitlines()[-3])
            found.add(tuple(bytes(file.read_bytes()) for file in files))
            self.run_together(files, self.models, 4)
        self.assertEqual(len(found), 2)
        self.assertGreater(count, 2)
        self.refused(f"choice {count} of the mix: there are {count}, 0 to {count - 1}", *self.models, *common[2:], "--choice",
                     count, code=2)

    def test_pinned(self):
        file = self.work / "pinned.eclip"
        masks = {}
        for end in ("", "@near", "@far"):
            self.compiled(self.models[0], "-o", file, "--batch", 2, "--cus", f"30{end}")
            plans = dump(file)["plans"]
            self.assertEqual([plan["name"] for plan in plans], ["alone"])
            self.assertEqual(len(plans[0]["queues"]), 1)
            masks[end] = plans[0]["queues"][0]
            self.assertEqual(bits(masks[end]["mask"]).bit_count(), 30)
            self.assertEqual(bool(masks[end].get("far_mask")), end == "")
        self.assertEqual(bits(masks["@near"]["mask"]) & bits(masks["@far"]["mask"]), 0)
        self.refused("can't be on 20 CUs; device 'mi50' has masks of 15, 30, 45, 60", self.models[0], "--cus", 20,
                     "--batch", 2, code=2)

    def mix_file(self, **fields):
        path = self.work / "mix.json"
        path.write_text(json.dumps({"models": [{"path": model.name} for model in self.models[:2]], **fields}))
        return path

    def test_mix_file(self):
        out = self.work / "from_file"
        models = [{"path": "wide.onnx", "name": "first", "batch": 4, "slo_ms": 50, "max_switches": 2},
                  {"path": "narrow.onnx", "dims": {"N": 4}, "precision": "f32"}]
        path = self.mix_file(name="pair", device="mi50", target="gfx906", objective="latency", models=models)
        self.assertIn("mix pair: objective latency", self.compiled("--mix", path, "-o", out))
        files = [out / "first.eclip", out / "narrow.eclip"]
        self.assertEqual(dump(files[1])["mix"]["workers"], ["first", "narrow"])
        self.assertEqual(self.run_together(files, self.models[:2], 4), ["near mix", "far mix"])

    def test_mix_file_refusals(self):
        for message, fields in (
                ("mix.json: colour: unknown field", {"colour": 1}),
                ("mix.json: name: ", {"name": 3}),
                ("mix.json: device: ", {"device": ""}),
                ("mix.json: target: 'gfx900' is not known", {"target": "gfx900"}),
                ("mix.json: objective: 'speed' is not known", {"objective": "speed"}),
                ("mix.json: throughput_floor: must be at most 1, is 2", {"throughput_floor": 2}),
                ("mix.json: models: has 0 entries, expected 1 to 16", {"models": []}),
                ("mix.json: models: has 17 entries", {"models": [{"path": "wide.onnx"}] * 17}),
                ("mix.json: models[0]: must be an object", {"models": [3]}),
                ("mix.json: models[0].path: ", {"models": [{}]}),
                ("mix.json: models[0].width: unknown field", {"models": [{"path": "wide.onnx", "width": 1}]}),
                ("mix.json: models[0].name: 'a/b' must be", {"models": [{"path": "wide.onnx", "name": "a/b"}]}),
                ("mix.json: models[0].batch: ", {"models": [{"path": "wide.onnx", "batch": 0}]}),
                ("mix.json: models[0].dims.N: ", {"models": [{"path": "wide.onnx", "dims": {"N": "x"}}]}),
                ("mix.json: models[0].precision: 'f8' is not", {"models": [{"path": "wide.onnx", "precision": "f8"}]}),
                ("mix.json: models[0].slo_ms: must not be neg", {"models": [{"path": "wide.onnx", "slo_ms": -1}]}),
                ("mix.json: models[0].max_switches: ", {"models": [{"path": "wide.onnx", "max_switches": -1}]}),
                ("mix.json: models[1].name: 'x' is the name of models[0] too",
                 {"models": [{"path": "wide.onnx", "name": "x"}, {"path": "narrow.onnx", "name": "x"}]})):
            with self.subTest(message=message):
                self.refused(message, "--mix", self.mix_file(**fields))
        self.refused("mix.json: objective: is given by --objective too", "--mix", self.mix_file(objective="edp"),
                     "--objective", "edp")
        (self.work / "mix.json").write_text("{")
        self.refused("mix.json", "--mix", self.work / "mix.json")

    def test_command_line_refusals(self):
        a, b = self.models[:2]
        for message, arguments in (
                ("--mix and MODEL.onnx exclude each other", (a, "--mix", self.mix_file())),
                ("17 models given; a mix has at most 16", (a,) * 17),
                ("--slo-ms has 3 limits for 2 models", (a, b, "--slo-ms", "1,2,3")),
                ("--slo-ms needs milliseconds above 0", (a, b, "--slo-ms", "1,0")),
                ("--choice must not be negative", (a, b, "--objective", "efficiency", "--choice", "-1")),
                ("--choice is for several models with --objective efficiency", (a, b, "--choice", "1")),
                ("--choice is for several models with --objective efficiency",
                 (a, "--objective", "efficiency", "--choice", "1")),
                ("--throughput-floor must be above 0 and at most 1", (a, b, "--throughput-floor", "1.5")),
                ("--plans 'some' is not known", (a, "--plans", "some")),
                ("--cus needs N, N@near or N@far", (a, "--cus", "30@left")),
                ("--cus is for one model", (a, b, "--cus", "30")),
                ("objective paper takes no time limit", (a, "--objective", "paper", "--slo-ms", "1")),
                ("--emit prints one model", (a, b, "--emit", "schedule"))):
            with self.subTest(message=message):
                self.refused(message, *arguments)

    def test_compile_refusals(self):
        a, b = self.models[:2]
        broken = self.work / "broken.onnx"
        broken.write_bytes(b"not a model")
        self.refused("broken.onnx", a, broken, b, "--batch", 2, code=2)
        self.refused("can't be clustered", a, b, "--batch", 2, "--slo-ms", "0.0001", code=2)
        self.refused("device 'h100' is sm_90, kernels are compiled for gfx906", a, b, "--batch", 2, "--device", "h100",
                     code=2)

    def test_unwritable(self):
        """Old files stay as they are where one of the new ones can't be written."""
        a, b = self.models[:2]
        out = self.work / "kept"
        (out / "narrow.eclip").mkdir(parents=True)
        (out / "wide.eclip").write_text("old")
        result = compile_models(a, b, "-o", out, "--batch", 2)
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("narrow.eclip: cannot be written", result.stderr)
        self.assertEqual((out / "wide.eclip").read_text(), "old")
        self.assertEqual(sorted(file.name for file in out.iterdir()), ["narrow.eclip", "wide.eclip"])
        blocked = self.work / "blocked"
        blocked.write_text("a file")
        result = compile_models(a, b, "-o", blocked / "inside", "--batch", 2)
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("cannot be made", result.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    known, rest = parser.parse_known_args()
    BUILD = known.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
