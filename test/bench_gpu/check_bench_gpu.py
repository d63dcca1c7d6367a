# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The benchmarks for NVIDIA GPUs, where there is none: on the virtual GPU, with small models and a stand-in for PyTorch.

What it cannot check is CUDA, PyTorch itself, and whether the figures are good.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = ROOT / "test/bench"
FAKE = pathlib.Path(__file__).resolve().parent / "fake_torch_worker.py"
sys.path.insert(0, str(BENCH))
from gpu import eclip_tools, power, roofline  # noqa: E402

failures = []


def check(holds, what):
    if not holds:
        failures.append(what)
        print(f"FAIL: {what}")


def write_model(path, width):
    """Two products with a ReLU, batch N."""
    generator = np.random.default_rng(width)
    weights = {"a": generator.normal(size=(16, width)), "b": generator.normal(size=(width, 4))}
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "a"], ["p"]), helper.make_node("Relu", ["p"], ["r"]),
         helper.make_node("MatMul", ["r", "b"], ["y"])], path.stem,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)


def run(script, build, out, *options):
    command = [sys.executable, str(BENCH / script), "--archive", str(build), "--device", "vgpu", "--out", str(out),
               "--precision", "f32", "--repeats", "2", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=250)


def check_single(build, work, models):
    out = work / "single"
    names = [part for model in models for part in ("--model", model)]
    options = [*names, "--batch", 2, "--seconds", 0.5]
    result = run("bench_gpu.py", build, out, *options, "--torch-worker", FAKE, "--timeout", 2)
    check(result.returncode == 0, f"bench_gpu.py: exit code {result.returncode}: {result.stderr}")
    entries = json.loads((out / "single.f32.json").read_text())["entries"]
    check(set(entries) == {f"{model.stem}.b2" for model in models}, f"entries: {list(entries)}")
    for key, entry in entries.items():
        check(entry["errors"]["ours"] < 1e-5 and entry["errors"]["energy"] < 1e-5, f"{key}: errors {entry['errors']}")
        check(entry["ms"]["ours"]["device"] > 0 and entry["ms"]["ours"]["submit"] > 0, f"{key}: times {entry['ms']}")
        check(entry["ms"]["eager"] == {"device": 2.0, "device_spread": [2.0, 2.0], "e2e": 3.0, "e2e_spread": [3.0, 3.0]},
              f"{key}: PyTorch's times {entry['ms']}")
    check(entries["plain.b2"]["ms"]["compiled"]["device"] == 2.0, "a compiled model is measured")
    check(entries["slow.b2"]["notes"] == ["compiled: fake_torch_worker.py: not finished after 2 s"], entries["slow.b2"]["notes"])
    check("a graph break" in entries["odd.b2"]["notes"][0], entries["odd.b2"]["notes"])
    ratio = 2.0 / entries["plain.b2"]["ms"]["ours"]["device"]
    line = next(line for line in (out / "single.f32.md").read_text().splitlines() if line.startswith("| plain"))
    check(f"| {ratio:.2f} |" in line, f"the table's ratio, {ratio:.2f}: {line}")
    again = run("bench_gpu.py", build, out, *options, "--no-torch")
    check("measuring" not in again.stderr, "what is measured is not measured again")
    over = run("bench_gpu.py", build, work / "over", *options, "--no-torch", "--budget-seconds", 1)
    check(over.returncode in (1, 3) and "budget" in over.stderr, f"a budget that ends: {over.returncode}, {over.stderr}")
    only = run("bench_gpu.py", build, work / "only", *options, "--torch-worker", FAKE, "--check-only")
    entries = json.loads((work / "only/single.f32.json").read_text())["entries"]
    check(only.returncode == 0 and all(list(e["errors"]) == ["ours", "energy"] and not e["ms"] for e in entries.values()),
          f"--check-only: {entries}")
    none = run("bench_gpu.py", build, work / "none", "--model", models[0], "--batch", 2, "--seconds", 0.5, "--no-torch")
    check("PyTorch is skipped" in none.stderr and none.returncode == 0, f"without torch: {none.stderr}")


def check_mixes(build, work, models):
    out = work / "mixes"
    ways = ["one stream", "streams", "split 30", "plans", "joint energy", "torch"]
    mix = ",".join(str(model) for model in models[:2])
    result = run("bench_gpu_mixes.py", build, out, "--mix", mix, "--batch", 2, "--seconds", 0.5, "--warmup", 0.05,
                 "--torch-worker", FAKE, *[part for way in ways for part in ("--way", way)])
    check(result.returncode == 0, f"bench_gpu_mixes.py: exit code {result.returncode}: {result.stderr}")
    results = json.loads((out / "mixes.f32.json").read_text())
    entry = results["entries"][mix]
    check(list(entry["ways"]) == ways, f"ways: {list(entry['ways'])}, {entry['notes']}")
    solos = [solo["per_second"] for solo in results["solo"].values()]
    expected = sum(50.0 / rate for rate in solos)
    check(abs(entry["ways"]["torch"]["throughput"] / expected - 1) < 1e-9, "the stand-in's throughput, relative to solo rates")
    for way, figures in entry["ways"].items():
        check(figures["throughput"] > 0 and figures["p95"] > 0 and figures["watts"] is None, f"{way}: {figures}")
    check("| best split | 1 |" in (out / "mixes.f32.md").read_text(), "the report names the best split")


def check_tool(build, work, model):
    """eclip-bench by itself: exit codes, and one line for each error."""
    schedule = work / "tool.eclip"
    subprocess.run([build / "bin/eclip-compile", model, "--batch", "2", "-o", schedule, "--quiet"], check=True)

    def bench(*options, text=""):
        command = [build / "bin/eclip-bench", *map(str, options)]
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)

    report = json.loads(bench(schedule, schedule, "--device", "vgpu", "--seconds", 0.5, "--warmup", 0, "--queue-times", "--json",
                              "--in-flight", 2).stdout)
    check([worker["model"] for worker in report["workers"]] == ["plain", "plain"], f"workers: {report['workers']}")
    for worker in report["workers"]:
        latency = worker["latency_ns"]
        check(0 < latency["p50"] <= latency["p95"] <= latency["p99"] <= latency["max"], f"latencies {latency}")
        check(worker["device_ns"]["p50"] <= latency["p50"], f"a request takes less on the device than on the host: {worker}")
        length = (report["window"]["end_ns"] - report["window"]["begin_ns"]) * 1e-9
        check(abs(worker["per_second"] * length / worker["requests"] - 1) < 0.2, f"rate: {worker}")
    for code, options, text in ((1, [work / "absent.eclip", "--device", "vgpu"], ""), (1, [schedule], ""),
                                (1, [model, "--device", "vgpu"], ""), (1, [schedule, "--device", "vgpu", "--in-flight", 0], ""),
                                (2, [schedule, "--device", "cuda", "--device-library", "libno-such-driver.so"], ""),
                                (1, [schedule, "--device", "vgpu", "--serve"], "soon\n")):
        result = bench(*options, text=text)
        check(result.returncode == code and result.stderr.count("\n") == 1 and result.stderr.startswith("eclip-bench: error: "),
              f"eclip-bench {options}: exit code {result.returncode}, expected {code}: {result.stderr}")


def check_parts(work):
    path = work / "roofline.onnx"
    write_model(path, 32)
    peaks = {"f16": 1.0, "gbs": 1.0}  # 1 TFLOP/s, 1 GB/s: both products are bound by bytes
    limit = roofline.roofline(path, 8, "f16", peaks)
    elements = (8 * 16 + 16 * 32 + 8 * 32) + (8 * 32 + 32 * 4 + 8 * 4)
    check(limit["gflop"] * 1e9 == 2 * 8 * (16 * 32 + 32 * 4), f"operations: {limit}")
    check(abs(limit["ms"] - elements * 2 / 1e6) < 1e-12, f"the bound: {limit}")
    for name, gflop in (("resnet152", 23.03), ("shufflenet_v2_x1_0", 0.2898), ("vgg19", 39.26)):
        found = roofline.roofline(ROOT / f"models/{name}.onnx", 1, "f16", roofline.PEAKS["H100"])["gflop"]
        check(abs(found / gflop - 1) < 0.01, f"{name}: {found} GFLOP, {gflop} are known")
    moves = [(i * 100_000_000, 10.0 * i) for i in range(20)]  # 10 J each 100 ms
    watts = power.mean_power(moves, 250_000_000, 1_230_000_000)
    check(watts is not None and abs(watts - 100) < 1e-9, f"mean power: {watts}")
    check(power.mean_power(moves, 250_000_000, 390_000_000) is None, "one move of the counter tells no power")
    check(eclip_tools.relative_error(np.array([1.0, np.nan]), np.array([1.0, 1.0])) == float("inf"), "NaN never passes")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        models = [work / f"{name}.onnx" for name in ("plain", "slow", "odd")]
        for width, model in enumerate(models, 8):
            write_model(model, width)
        check_parts(work)
        check_tool(args.build, work, models[0])
        check_single(args.build, work, models)
        check_mixes(args.build, work, models)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
