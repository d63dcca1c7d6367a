"""eclip-profile on the virtual GPU, and what eclip-compile makes of its profiles.

usage: check_profile.py --build DIR --smi FAKE_LIBRARY
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BUILD = WORK = SMI = None


def tool(name, *arguments):
    env = {**os.environ, "ECLIP_CACHE_DIR": str(BUILD / "test" / "kernel-cache")}
    return subprocess.run([str(BUILD / "bin" / name), *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=env, timeout=240)


def save_model(path, channels):
    """Convolution, pooling, fully connected, softmax: four kernels."""
    random = np.random.default_rng(channels)

    def weight(name, *shape):
        return numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name)

    nodes = [helper.make_node("Conv", ["x", "w1", "b1"], ["c"], "conv", pads=[1, 1, 1, 1]),
             helper.make_node("Relu", ["c"], ["r"], "relu"),
             helper.make_node("MaxPool", ["r"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
             helper.make_node("Flatten", ["p"], ["f"], "flatten"),
             helper.make_node("Gemm", ["f", "w2", "b2"], ["g"], "dense"),
             helper.make_node("Softmax", ["g"], ["y"], "softmax")]
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8, 32, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 100])],
        [weight("w1", channels, 8, 3, 3), weight("b1", channels), weight("w2", channels * 256, 100), weight("b2", 100)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


class Profile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.onnx, cls.model = WORK / "small.onnx", WORK / "small.eclip"
        save_model(cls.onnx, 16)
        result = tool("eclip-compile", cls.onnx, "-o", cls.model)
        assert result.returncode == 0, result.stderr
        cls.profile = WORK / "base.json"
        result = tool("eclip-profile", cls.model, "--device", "vgpu", "-o", cls.profile)
        assert result.returncode == 0, result.stderr
        cls.message = result.stderr
        cls.content = json.loads(cls.profile.read_text())

    def sweep(self, output, *options, model=None):
        return tool("eclip-profile", model or self.model, "--device", "vgpu", "-o", output, *options)

    def write(self, name, content):
        path = WORK / name
        path.write_text(json.dumps(content) if isinstance(content, dict) else content)
        return path

    def changed(self):
        return json.loads(json.dumps(self.content))

    def refused(self, result, code, *mentions):
        self.assertEqual(result.returncode, code, result.stderr)
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        self.assertEqual(len(lines), 1, result.stderr)
        for mention in mentions:
            self.assertIn(mention, lines[0])

    def test_every_kernel_at_every_cu_count(self):
        self.assertIn("4 kernels, 16 points measured, 0 known", self.message)
        kernels = self.content["kernels"]
        self.assertEqual(len(kernels), 4)
        for kernel in kernels.values():
            self.assertEqual([p["cu_count"] for p in kernel["points"]], [15, 30, 45, 60])
            times = [p["time_ns"] for p in kernel["points"]]
            self.assertEqual(times, sorted(times, reverse=True), "modelled time rises with CUs")
        conv = next(k for k in kernels.values() if k["name"] == "conv")
        # 16 workgroups: two on the busiest of 15 CUs, one on each of 30.
        self.assertAlmostEqual(conv["points"][0]["time_ns"] / conv["points"][1]["time_ns"], 2, delta=0.01)

    def test_provenance(self):
        device = self.content["device"]
        self.assertEqual((device["name"], device["target"], device["cu_count"], device["driver"]),
                         ("mi50", "gfx906", 60, "vgpu"))
        self.assertIn("Virtual", device["product"])
        self.assertTrue(Path(device["library"]).exists())
        self.assertEqual(self.content["time_source"], "virtual_gpu_instructions")
        self.assertEqual(self.content["energy_source"], "none")
        self.assertEqual(self.content["energy_absent_reason"], "the virtual GPU has no energy counter")
        self.assertRegex(self.content["updated_utc"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertRegex(self.content["tool_version"], r"^\d+\.\d+")

    def test_modelled_time_is_the_same_every_time(self):
        again = WORK / "again.json"
        self.assertEqual(self.sweep(again).returncode, 0)
        self.assertEqual(json.loads(again.read_text())["kernels"], self.content["kernels"])

    def test_known_points_are_not_measured_again(self):
        path = WORK / "known.json"
        shutil.copy(self.profile, path)
        result = self.sweep(path)
        self.assertIn("0 points measured, 16 known", result.stderr)
        self.assertEqual(path.read_bytes(), self.profile.read_bytes())

    def test_goes_on_where_it_stopped(self):
        partial = self.changed()
        hashes = list(partial["kernels"])
        del partial["kernels"][hashes[0]]
        del partial["kernels"][hashes[1]]["points"][2]
        path = self.write("partial.json", partial)
        result = self.sweep(path)
        self.assertIn("5 points measured, 11 known", result.stderr)
        self.assertEqual(json.loads(path.read_text())["kernels"], self.content["kernels"])
        self.assertEqual(list(WORK.glob("partial.json.*")), [], "a temporary file was left behind")

    def test_killed_in_the_middle(self):
        """What is on disk is a whole profile at any time, and the next run goes on with it."""
        path = WORK / "killed.json"
        command = [str(BUILD / "bin" / "eclip-profile"), str(self.model), "--device", "vgpu", "-o", str(path),
                   "--vgpu-host-time", "--repetitions", "100", "--quiet"]
        process = subprocess.Popen(command)
        while not path.exists() and process.poll() is None:
            time.sleep(0.002)
        process.kill()
        process.wait()
        known = sum(len(k["points"]) for k in json.loads(path.read_text())["kernels"].values())
        self.assertGreaterEqual(known, 4)
        result = self.sweep(path, "--vgpu-host-time", "--repetitions", "1", "--warmups", "0")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"{16 - known} points measured, {known} known", result.stderr)
        self.assertEqual(len(json.loads(path.read_text())["kernels"]), 4)

    def test_chosen_cu_counts(self):
        path = WORK / "chosen.json"
        self.assertEqual(self.sweep(path, "--cus", "60,7").returncode, 0)
        for kernel in json.loads(path.read_text())["kernels"].values():
            self.assertEqual([p["cu_count"] for p in kernel["points"]], [7, 60])
        self.refused(self.sweep(path, "--cus", "61"), 1, "--cus", "61", "60 CUs")

    def test_kernels_keep_their_hash_in_another_schedule(self):
        other = WORK / "other.eclip"
        result = tool("eclip-compile", self.onnx, "-o", other, "--objective", "latency", "--max-switches", "0")
        self.assertEqual(result.returncode, 0, result.stderr)
        path = WORK / "other.json"
        shutil.copy(self.profile, path)
        self.assertIn("0 points measured, 16 known", self.sweep(path, model=other).stderr)

    def test_compiles_a_model_first(self):
        path = WORK / "from-onnx.json"
        shutil.copy(self.profile, path)
        self.assertIn("0 points measured, 16 known", self.sweep(path, model=self.onnx).stderr)

    def test_host_time_has_spread(self):
        path = WORK / "host.json"
        result = self.sweep(path, "--vgpu-host-time", "--repetitions", "5", "--warmups", "1", "--cus", "60")
        self.assertEqual(result.returncode, 0, result.stderr)
        content = json.loads(path.read_text())
        self.assertEqual(content["time_source"], "virtual_gpu_host_time")
        for kernel in content["kernels"].values():
            point = kernel["points"][0]
            self.assertEqual(point["repetition_count"], 5)
            self.assertLessEqual(point["time_min_ns"], point["time_ns"])
            self.assertLessEqual(point["time_ns"], point["time_p90_ns"])

    def test_energy_counter(self):
        path = WORK / "energy.json"
        result = self.sweep(path, "--smi-library", SMI, "--energy-window-ms", "0", "--cus", "60")
        self.assertEqual(result.returncode, 0, result.stderr)
        content = json.loads(path.read_text())
        self.assertEqual(content["energy_source"], "rocm_smi")
        self.assertNotIn("energy_absent_reason", content)
        for kernel in content["kernels"].values():
            # 1000 counts of 15.3 uJ between two reads, over one request of 64 launches.
            self.assertAlmostEqual(kernel["points"][0]["energy_nj"], 1000 * 15.3e3 / 64, delta=1)

    def test_energy_counter_that_is_not_there(self):
        path = WORK / "no-energy.json"
        result = self.sweep(path, "--smi-library", WORK / "absent.so", "--cus", "60")
        self.assertEqual(result.returncode, 0, result.stderr)
        content = json.loads(path.read_text())
        self.assertEqual(content["energy_source"], "none")
        self.assertIn("ROCm SMI: ", content["energy_absent_reason"])

    def groups(self, profile, *options):
        result = tool("eclip-compile", self.onnx, "--emit", "groups", "--profile", profile, *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_profile_decides(self):
        """The same model, two profiles: kernels that run best on few CUs, then on all."""
        for best in (15, 60):
            content = self.changed()
            for kernel in content["kernels"].values():
                for point in kernel["points"]:
                    median = 1000 if point["cu_count"] == best else 900000
                    point.update(time_ns=median, time_min_ns=median, time_p90_ns=median)
            text = self.groups(self.write(f"best{best}.json", content), "--objective", "latency")
            self.assertEqual(set(re.findall(r"eclip\.group @\w+ cus (\d+)", text)), {str(best)})
            # 1000 ns and what lies between two packets.
            self.assertIn("4000", re.search(r"@conv.*?time_ns = \[([^]]*)\]", text).group(1))

    def test_sources_stand_in_the_ir(self):
        text = self.groups(self.profile)
        self.assertEqual(set(re.findall(r'(?<!_)source = "([^"]*)"', text)), {"profile of the virtual GPU"})
        self.assertRegex(text, r"eclip\.profile = \{dispatches = 4 : i64, hash = \"[0-9a-f]{16}\", profiled = 4 : i64, "
                               r'time_source = "virtual_gpu_instructions"\}')
        partial = self.changed()
        conv = next(h for h, k in partial["kernels"].items() if k["name"] == "conv")
        del partial["kernels"][conv]["points"][0]  # not at every CU count: the model takes over
        text = self.groups(self.write("mixed.json", partial), "--max-switches", "0")
        sources = re.findall(r'eclip\.dispatch @(\w+)\(.*?source = "([^"]*)"', text)
        self.assertEqual(dict(sources)["conv"], "model")
        self.assertEqual(set(s for k, s in sources if k != "conv"), {"profile of the virtual GPU"})
        self.assertRegex(text, r'eclip\.group .* source = "mixed"')
        self.assertIn("profiled = 3", text)

    def test_profiles_without_the_model_are_warned_of(self):
        """PF7: of other kernels, and at too few CU counts; the model's costs are used."""
        def warned(content, *words):
            result = tool("eclip-compile", self.onnx, "-o", WORK / "warned.eclip", "--profile", self.write("warned.json", content))
            self.assertEqual(result.returncode, 0, result.stderr)
            for word in ("warning: ", "warned.json: kernels: ", *words):
                self.assertIn(word, result.stderr)

        content = self.changed()
        content["kernels"] = {"0" * 32: next(iter(content["kernels"].values()))}
        warned(content, "none of the model's 4 kernels is among the profile's 1; the model predicts them")
        content = self.changed()
        for kernel in content["kernels"].values():
            kernel["points"] = [point for point in kernel["points"] if point["cu_count"] != 45]
        warned(content, "has 4 of the model's 4 kernels, but none at every mask size of device 'mi50': one lacks 45 CUs")

    def test_profiles_that_are_refused(self):
        def compile_with(content):
            return tool("eclip-compile", self.onnx, "-o", WORK / "refused.eclip", "--profile",
                        self.write("refused.json", content))

        some = next(iter(self.content["kernels"]))
        content = self.changed()
        content["device"]["name"] = "mi60"
        self.refused(compile_with(content), 2, "refused.json: device.name: ", "'mi60'", "'mi50'")  # PF6
        content = self.changed()
        content["kernels"][some]["points"][1]["time_ns"] = -3
        self.refused(compile_with(content), 2, f"kernels.{some}.points[1].time_ns: must be at least 1, is -3")
        content = self.changed()
        content["kernels"][some]["points"][1]["time"] = content["kernels"][some]["points"][1].pop("time_ns")
        self.refused(compile_with(content), 2, "with its unit it is 'time_ns'")
        self.refused(compile_with("{ nonsense"), 2, "refused.json: not JSON")
        result = tool("eclip-compile", self.onnx, "-o", WORK / "refused.eclip", "--device", "mi100")
        self.refused(result, 2, "device 'mi100' is gfx908, kernels are compiled for gfx906")
        self.assertFalse((WORK / "refused.eclip").exists())

    def test_profile_must_cover(self):
        """PF8, in eclip-opt: a kernel that the profile lacks; and kernels without machine code."""
        ir = self.write("kernel.mlir", """
eclip.kernel @neg attributes {eclip.kind = "pointwise"} {
^bb0(%x: tensor<4096xf32>):
  %e = tensor.empty() : tensor<4096xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4096xf32>) outs(%e : tensor<4096xf32>) {
  ^bb1(%p: f32, %s: f32):
    %m = arith.negf %p : f32
    linalg.yield %m : f32
  } -> tensor<4096xf32>
  eclip.yield %r : tensor<4096xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4096xf32>):
  %y = eclip.dispatch @neg(%x) : (tensor<4096xf32>) -> tensor<4096xf32>
  eclip.yield %y : tensor<4096xf32>
}
""")
        result = tool("eclip-opt", "--eclip-compile-kernels",
                      f"--eclip-annotate-cost=profile={self.profile} profile-must-cover=true", ir)
        self.assertNotEqual(result.returncode, 0)
        self.assertRegex(result.stderr, r"\([0-9a-f]{32}\) is not in .*base.json at every CU count of device 'mi50'")
        result = tool("eclip-opt", f"--eclip-annotate-cost=profile={self.profile}", ir)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("these kernels are not compiled", result.stderr)

    def test_profile_of_another_device_is_not_continued(self):
        for field, value in (("product", "Another GPU"), ("driver", "hsa"), ("target", "gfx908")):
            content = self.changed()
            content["device"][field] = value
            path = self.write("foreign.json", content)
            before = path.read_bytes()
            self.refused(self.sweep(path), 1, f"foreign.json: device.{field}: ", value)
            self.assertEqual(path.read_bytes(), before)

    def test_wrong_usage(self):
        self.refused(tool("eclip-profile", self.model, "-o", WORK / "x.json"), 1, "--device")
        self.refused(tool("eclip-profile", self.model, "--device", "abacus", "-o", WORK / "x.json"), 1, "abacus")
        self.refused(tool("eclip-profile", self.model, "--device", "vgpu"), 1, "-o")
        self.refused(tool("eclip-profile", WORK / "none.eclip", "--device", "vgpu", "-o", WORK / "x.json"), 1,
                     "none.eclip: No such file")
        damaged = WORK / "damaged.eclip"
        damaged.write_bytes(self.model.read_bytes()[:-1])
        self.refused(tool("eclip-profile", damaged, "--device", "vgpu", "-o", WORK / "x.json"), 1, "damaged.eclip: ")
        self.refused(self.sweep(WORK / "absent" / "x.json"), 4, "cannot be written")
        self.refused(self.sweep(WORK / "x.json", "--description", "mi60"), 1, "compiled for mi50")
        if not Path("/dev/kfd").exists():
            self.refused(tool("eclip-profile", self.model, "--device", "hsa", "-o", WORK / "x.json"), 2, "hsa")
        self.assertFalse((WORK / "x.json").exists())


def main():
    global BUILD, WORK, SMI
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--smi", type=Path, required=True)
    args = parser.parse_args()
    BUILD, SMI, WORK = args.build.resolve(), args.smi.resolve(), args.build.resolve() / "test" / "profile" / "work"
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    unittest.main(argv=[sys.argv[0], "-v"])


main()
