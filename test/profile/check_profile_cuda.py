"""eclip-profile on the cuda driver, with stand-ins for CUDA and NVML: kernels do nothing, so that times mean nothing.

usage: check_profile_cuda.py --bin DIR --work DIR --cuda FAKE_LIBRARY --nvml FAKE_LIBRARY
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ARGS = None


def tool(name, *arguments, **switches):
    # Without an assembler: the stand-in reads PTX.
    env = {**os.environ, "PATH": "/nowhere", "ECLIP_CACHE_DIR": str(ARGS.work / "cache"), **switches}
    return subprocess.run([str(ARGS.bin / name), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env=env, timeout=200)


def save_model(path):
    weight = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["m"], "product"), helper.make_node("Softmax", ["m"], ["y"], "softmax")],
        "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 64])], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


class Cuda(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.onnx, cls.model = ARGS.work / "small.onnx", ARGS.work / "small.eclip"
        save_model(cls.onnx)
        cls.options = ["--target", "sm_90", "--precision", "f16", "--batch", "128"]
        result = tool("eclip-compile", cls.onnx, "-o", cls.model, *cls.options)
        assert result.returncode == 0, result.stderr

    def profile(self, output, *options):
        return tool("eclip-profile", self.model, "--device", "cuda", "--device-library", ARGS.cuda, "-o", output,
                    "--repetitions", "3", *options)

    def tune(self, output, *options, candidates=2, **switches):
        return tool("eclip-profile", "--tune", self.onnx, "--batch", "128", "--device-library", ARGS.cuda, "--smi-library",
                    ARGS.nvml, "--candidates", candidates, "--jobs", "1", "-o", output, *options, **switches)

    def only_entry(self, path):
        (entry,) = json.loads(path.read_text())["tiles"].values()
        return entry

    def test_power_is_sampled(self):
        path = ARGS.work / "power.json"
        result = self.profile(path, "--smi-library", ARGS.nvml, "--energy-window-ms", "20")
        self.assertEqual(result.returncode, 0, result.stderr)
        content = json.loads(path.read_text())
        self.assertEqual((content["time_source"], content["energy_source"]), ("device_sequences", "nvml_power"))
        self.assertEqual(content["device"]["driver"], "cuda")
        for kernel in content["kernels"].values():
            self.assertEqual([p["cu_count"] for p in kernel["points"]],
                             [24, 32, 48, 56, 64, 72, 80, 96, 104, 132])
            self.assertTrue(all(p["energy_nj"] > 0 for p in kernel["points"]))
        result = tool("eclip-compile", self.onnx, "-o", ARGS.work / "again.eclip", "--profile", path, *self.options)
        self.assertEqual(result.returncode, 0, result.stderr)
        dump = json.loads(tool("eclip-dump", ARGS.work / "again.eclip", "--json").stdout)
        self.assertEqual(dump["cost_source"], "profile")

    def test_several_models_in_one_file(self):
        """Two models in one run; each is compiled with the profile, and so is a mix of them."""
        path, other = ARGS.work / "both.json", ARGS.work / "other.eclip"
        options = ["--target", "sm_90", "--precision", "f16"]
        result = tool("eclip-compile", self.onnx, "-o", other, *options, "--batch", "256", "--cus", "132")
        self.assertEqual(result.returncode, 0, result.stderr)
        result = self.profile(path, "--no-energy", other)
        self.assertEqual(result.returncode, 0, result.stderr)
        kernels = {model: {k["name"] for k in json.loads(tool("eclip-dump", model, "--json").stdout)["kernels"]}
                   for model in (self.model, other)}
        self.assertEqual(len(json.loads(path.read_text())["kernels"]), sum(map(len, kernels.values())))
        for batch in ("128", "256"):
            result = tool("eclip-compile", self.onnx, "-o", ARGS.work / "one.eclip", "--profile", path, *options, "--batch", batch)
            self.assertEqual((result.returncode, "warning" in result.stderr), (0, False), result.stderr)
            dump = json.loads(tool("eclip-dump", ARGS.work / "one.eclip", "--json").stdout)
            self.assertEqual(dump["cost_source"], "profile")
        copy = ARGS.work / "copy.onnx"
        shutil.copy(self.onnx, copy)
        result = tool("eclip-compile", self.onnx, copy, "-o", ARGS.work / "mix", "--profile", path, *options, "--batch", "256")
        self.assertEqual((result.returncode, "warning" in result.stderr), (0, False), result.stderr)
        # Of another model alone: a warning, and the model's costs.
        result = self.profile(ARGS.work / "lone.json", "--no-energy")
        self.assertEqual(result.returncode, 0, result.stderr)
        result = tool("eclip-compile", self.onnx, "-o", ARGS.work / "one.eclip", "--profile", ARGS.work / "lone.json", *options,
                      "--batch", "256")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("warning: ", result.stderr)
        dump = json.loads(tool("eclip-dump", ARGS.work / "one.eclip", "--json").stdout)
        self.assertEqual(dump["cost_source"], "model")

    def test_models_of_different_devices_are_refused(self):
        other = ARGS.work / "amd.eclip"
        result = tool("eclip-compile", self.onnx, "-o", other, "--batch", "128")
        self.assertEqual(result.returncode, 0, result.stderr)
        result = self.profile(ARGS.work / "two.json", other)
        self.assertEqual(result.returncode, 1)
        self.assertIn("amd.eclip: is compiled for mi50", result.stderr)

    def test_energy_is_counted_from_move_to_move(self):
        path = ARGS.work / "energy.json"
        result = self.profile(path, "--smi-library", ARGS.nvml, "--energy", "--cus", "132")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(path.read_text())["energy_source"], "nvml_energy")

    def test_without_nvml(self):
        path = ARGS.work / "none.json"
        result = self.profile(path, "--smi-library", ARGS.work / "absent.so", "--cus", "132")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("NVML: ", json.loads(path.read_text())["energy_absent_reason"])

    def test_short_windows_are_refused(self):
        result = self.profile(ARGS.work / "x.json", "--energy", "--energy-window-ms", "300")
        self.assertEqual(result.returncode, 1)
        self.assertIn("at least 1000", result.stderr)

    def test_tuned_once(self):
        path = ARGS.work / "tiles.json"
        result = self.tune(path)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("1 contractions tuned, 0 known", result.stderr)
        table = json.loads(path.read_text())
        self.assertEqual((table["chip"], table["device"], table["driver"]), ("sm_90", "Fake GPU", "580.0"))
        self.assertIn("0 contractions tuned, 1 known", self.tune(path).stderr)
        self.assertEqual(json.loads(path.read_text()), table)
        based = self.tune(ARGS.work / "based.json", "--base", path)
        self.assertIn("0 contractions tuned, 1 known", based.stderr)
        compiled = tool("eclip-compile", self.onnx, "-o", ARGS.work / "tiled.eclip", "--tiles", path, *self.options)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)

    def test_tiles_for_parts(self):
        """The tile that is slow on parts of the device is chosen for all of it only."""
        path = ARGS.work / "parts.json"
        slow = {"ECLIP_FAKE_CUDA_SLOW": "mma.sync"}
        result = self.tune(path, "--cus", "64,32", "--repetitions", "3", candidates=8, **slow)
        self.assertEqual(result.returncode, 0, result.stderr)
        entry = self.only_entry(path)
        self.assertEqual(list(entry["partitions"]), ["32", "64"])
        for part in entry["partitions"].values():
            self.assertLess(part["time_ns"], 150000)
        # What is there is not measured again, and what is not there is.
        self.assertIn("0 contractions tuned, 1 known", self.tune(path, "--cus", "64").stderr)
        self.assertIn("1 contractions tuned, 0 known", self.tune(path, "--cus", "64,96").stderr)
        # What was not asked for stays, if the tile for the whole device is the same.
        before = self.only_entry(path)
        self.assertIn("1 contractions tuned, 0 known", self.tune(path, "--again", candidates=1).stderr)
        after = self.only_entry(path)
        self.assertEqual(after.get("partitions"), before["partitions"] if after["tile"] == before["tile"] else None)
        compiled = tool("eclip-compile", self.onnx, "-o", ARGS.work / "parts.eclip", "--tiles", path, *self.options)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)

    def test_variants_are_profiled_where_they_run(self):
        """One kernel for all SMs and one for 32 and 64: each is measured on its own CU counts, and that is complete."""
        table = ARGS.work / "variants.tiles.json"
        self.assertEqual(self.tune(table).returncode, 0)
        content = json.loads(table.read_text())
        (entry,) = content["tiles"].values()
        other = "mma 64x32x64 16x32 s6" if entry["tile"] != "mma 64x32x64 16x32 s6" else "mma 32x64x64 16x32 s6"
        entry["partitions"] = {count: {"tile": other, "time_ns": 1000, "whole_tile_ns": 2000} for count in ("32", "64")}
        entry["partitions"]["96"] = {"tile": entry["tile"], "time_ns": 900, "whole_tile_ns": 900}
        table.write_text(json.dumps(content))
        path = ARGS.work / "variants.json"
        options = [*self.options, "--tiles", table]
        result = tool("eclip-profile", self.onnx, "--device", "cuda", "--device-library", ARGS.cuda, "-o", path, "--no-energy",
                      "--repetitions", "3", *(f"--compile-option={option}" for option in options))
        self.assertEqual(result.returncode, 0, result.stderr)
        counts = {kernel["name"]: [point["cu_count"] for point in kernel["points"]]
                  for kernel in json.loads(path.read_text())["kernels"].values()}
        masks = next(points for name, points in counts.items() if "product" not in name)
        variant, whole = (next(points for name, points in counts.items() if "product" in name and ("_on" in name) == is_variant)
                          for is_variant in (True, False))
        self.assertEqual(sorted(variant + whole), masks)
        self.assertIn(32, variant)
        self.assertIn(132, whole)
        # The plans run what the CU counts of their groups ask for, at the costs that were measured.
        output = ARGS.work / "variants.eclip"
        result = tool("eclip-compile", self.onnx, "-o", output, "--profile", path, *options)
        self.assertEqual((result.returncode, "warning" in result.stderr), (0, False), result.stderr)
        schedule = tool("eclip-compile", self.onnx, "-o", "-", "--emit", "schedule", "--profile", path, *options).stdout
        self.assertIn("profiled = 2", schedule)
        self.assertIn("dispatches = 2", schedule)
        for count, used in ((32, True), (132, False)):
            pinned = ARGS.work / f"on{count}.eclip"
            result = tool("eclip-compile", self.onnx, "-o", pinned, "--profile", path, "--cus", count, *options)
            self.assertEqual(result.returncode, 0, result.stderr)
            names = [kernel["name"] for kernel in json.loads(tool("eclip-dump", pinned, "--json").stdout)["kernels"]]
            self.assertEqual((any("_on" in name for name in names), len(names)), (used, 2))

    def test_no_mask_of_the_device(self):
        result = self.tune(ARGS.work / "masks.json", "--cus", "33")
        self.assertEqual(result.returncode, 1)
        self.assertIn("--cus 33: device 'h100' has 132 SMs in groups of 8", result.stderr)

    def test_a_tile_that_faults_is_left_out(self):
        """Another process goes on: CUDA is lost for the one whose kernel failed."""
        path = ARGS.work / "fault.json"
        result = self.tune(path, candidates=8, ECLIP_FAKE_CUDA_FAULT="mma.sync")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("is left out: ", result.stderr)
        self.assertIn("1 contractions tuned", result.stderr)
        for line in result.stderr.splitlines():
            if "is left out" in line:
                self.assertNotIn("'" + self.only_entry(path)["tile"] + "'", line)
        # If all do, the table has nothing, and says so.
        result = self.tune(ARGS.work / "faults.json", ECLIP_FAKE_CUDA_FAULT=".entry")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("0 contractions tuned", result.stderr)
        self.assertEqual(json.loads((ARGS.work / "faults.json").read_text())["tiles"], {})

    def test_a_budget_leaves_the_rest(self):
        path = ARGS.work / "budget.json"
        result = self.tune(path, "--budget-seconds", "0.001")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("0 contractions tuned, 0 known, 1 left", result.stderr)
        self.assertEqual(json.loads(path.read_text())["tiles"], {})

    def test_another_devices_table_is_refused(self):
        path = ARGS.work / "other.json"
        path.write_text(json.dumps({"chip": "sm_90", "device": "Other", "driver": "1", "date": "2026-01-01", "tiles": {}}))
        result = self.tune(path)
        self.assertEqual(result.returncode, 1)
        self.assertIn("was measured on 'Other'", result.stderr)


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    for name in ("bin", "work", "cuda", "nvml"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    ARGS = parser.parse_args()
    shutil.rmtree(ARGS.work, ignore_errors=True)
    ARGS.work.mkdir(parents=True)
    for name, value in vars(ARGS).items():
        setattr(ARGS, name, value.resolve())
    unittest.main(argv=[sys.argv[0], "-v"])


main()
