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
import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = ROOT / "test/bench"
FAKE = pathlib.Path(__file__).resolve().parent / "fake_torch_worker.py"
sys.path.insert(0, str(BENCH))
from gpu import eclip_tools, kernels, mix_report, mix_ways, power, roofline  # noqa: E402

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
    ahead = run("bench_gpu.py", build, work / "ahead", *options, "--compile-only")
    files = {path.name for path in (work / "ahead").glob("*.eclip")}
    check(ahead.returncode == 0 and len(files) == 6 and "measuring" not in ahead.stderr, f"--compile-only: {files}, {ahead.stderr}")
    none = run("bench_gpu.py", build, work / "none", "--model", models[0], "--batch", 2, "--seconds", 0.5, "--no-torch",
               "--way", "ours")
    check("PyTorch is skipped" in none.stderr and none.returncode == 0, f"without torch: {none.stderr}")
    entry = json.loads((work / "none/single.f32.json").read_text())["entries"]["plain.b2"]
    check(list(entry["ms"]) == ["ours"] and list(entry["errors"]) == ["ours"], f"--way ours: {entry}")


def check_outputs(build, work, models):
    """--check-only: every plan of every precision, against one reference; one that is off, and one that cannot run."""
    options = ["--model", models[0], "--model", models[2], "--batch", 2, "--batch", 3, "--check-only", "--check-jobs", 3]
    result = run("bench_gpu.py", build, work / "checks", *options, "--torch-worker", FAKE,
                 "--check-precision", "f32", "--check-precision", "f16")
    check(result.returncode == 0, f"--check-only: exit code {result.returncode}: {result.stderr}")
    entries = json.loads((work / "checks/checks.json").read_text())["entries"]
    expected = {f"{model}.b{batch}.{precision}.{way}" for model in ("plain", "odd") for batch in (2, 3)
                for precision in ("f32", "f16") for way in ("ours", "plans")}
    check(set(entries) == expected, f"--check-only: {sorted(entries)}")
    check(set(entries["plain.b2.f32.ours"]["errors"]) == {"alone"} and len(entries["plain.b2.f16.plans"]["errors"]) > 1,
          f"plans: {entries['plain.b2.f16.plans']}")
    check(entries["plain.b2.f32.ours"]["errors"]["alone"] < 1e-5 < entries["plain.b2.f16.ours"]["errors"]["alone"],
          "f16 is further off than f32")
    report = (work / "checks/checks.md").read_text()
    check("16 of 16 checks passed" in report and "| plain | 3 |" in report, f"the report: {report}")
    one = ["--batch", 2, "--check-only", "--torch-worker", FAKE, "--check-precision", "f32", "--check-way", "ours"]
    ahead = run("bench_gpu.py", build, work / "off", *options[:2], *one, "--compile-only")
    check(ahead.returncode == 0 and (work / "off/plain.b2.f32.ours.eclip").exists(), f"checks, --compile-only: {ahead.stderr}")
    off = run("bench_gpu.py", build, work / "off", *options[:2], *one)
    check(off.returncode == 0 and not (work / "off/plain.b2.f32.ours.eclip").exists(), f"one check: {off.stderr}")
    reference = work / "off/reference/plain.b2.npy"
    np.save(reference, np.load(reference) * 1.01)
    (work / "off/checks.json").unlink()
    off = run("bench_gpu.py", build, work / "off", *options[:2], *one)
    check(off.returncode == 1 and "plain.b2.f32.ours: 9.9e-03 off (alone)" in off.stderr, f"a reference that differs: {off.stderr}")
    broken = run("bench_gpu.py", build, work / "broken-checks", *options[:2], *one, "--compile-option=--max-switches=-1")
    check(broken.returncode == 1 and "plain.b2.f32.ours: eclip-compile: exit code" in broken.stderr,
          f"a schedule that cannot be made: {broken.stderr}")


def check_cache(build, work, models):
    """--compiled-cache: what is finished is not compiled again, what is not goes on with what it learned."""
    cache = work / "torch-cache"
    options = ["--model", models[0], "--model", models[1], "--batch", 2, "--torch-worker", FAKE, "--timeout", 2,
               "--torch-jobs", 2, "--compiled-cache", cache]
    first = run("bench_gpu.py", build, work / "cache1", *options, "--compile-torch-only")
    check(first.returncode == 3, f"one of two is not finished: {first.returncode}, {first.stderr}")
    state = lambda name: json.loads((cache / f"{name}.b2.f32/state.json").read_text())
    timings = lambda name: (cache / f"{name}.b2.f32/timings/timings-of-this-gpu").read_text().splitlines()
    check(state("plain")["finished"] and not state("slow")["finished"], f"states: {state('plain')}, {state('slow')}")
    check((cache / "plain.b2.f32/artifacts.xz").exists() and not (cache / "slow.b2.f32/artifacts.xz").exists(), "artifacts")
    check(timings("plain") == ["plain"] and timings("slow") == ["slow"], f"timings: {timings('plain')}, {timings('slow')}")
    second = run("bench_gpu.py", build, work / "cache2", *options, "--compile-torch-only")
    check(timings("slow") == ["slow", "slow"] and timings("plain") == ["plain"], f"the second run goes on: {second.stderr}")
    (cache / "slow.b2.f32/artifacts.xz").write_text("artifacts\n")  # as if a third had finished
    third = run("bench_gpu.py", build, work / "cache3", *options, "--compile-torch-only")
    check(third.returncode == 0 and state("slow")["finished"], f"the third run finishes: {third.returncode}, {third.stderr}")
    measured = run("bench_gpu.py", build, work / "cache4", *options, "--seconds", 0.3)
    entries = json.loads((work / "cache4/single.f32.json").read_text())["entries"]
    check(measured.returncode == 0 and all("compiled" in entry["ms"] for entry in entries.values()), f"from the cache: {entries}")
    wrong = run("bench_gpu.py", build, work / "cache5", "--compile-torch-only")
    check(wrong.returncode == 2, f"--compile-torch-only without a cache: {wrong.returncode}")


def check_kernels(build, work, models):
    out = work / "kernels"
    result = run("bench_gpu.py", build, out, "--kernels", "--model", models[0], "--batch", 2, "--top", 1)
    check(result.returncode == 0, f"--kernels: exit code {result.returncode}: {result.stderr}")
    rows = json.loads((out / "kernels.f32.json").read_text())["entries"]["plain.b2"]["rows"]
    check({row["kernel"] for row in rows} == {"p", "y"} and all(row["us"] > 0 for row in rows), f"kernels: {rows}")
    check(sorted(round(row["gflop"] * 1e9) for row in rows) == [2 * 2 * 8 * 4, 2 * 2 * 16 * 8], f"operations: {rows}")
    check("| 1 others | 1 |" in (out / "kernels.f32.md").read_text(), "kernels beyond --top are summed up")
    # Figures that are known beforehand: a kernel of two launches bound by arithmetic, one that was not measured.
    packet = lambda kernel, size: {"kind": "dispatch", "kernel": kernel, "arguments": [{"bytes": size}, {"bytes": size}]}
    dump = {"kernels": [{"name": "a", "kind": "contraction", "nodes": ["n1", "relu", "n2"]},
                        {"name": "b", "kind": "other", "nodes": ["n3"]}],
            "plans": [{"queues": [{"packets": [packet("a", 500), packet("a", 500), {"kind": "barrier-and"}, packet("b", 3000)]}]}]}
    work_of = {"n1": (10 ** 6, 0), "n2": (3 * 10 ** 6, 0)}
    first, second = kernels.rows_of(dump, {"a": 1500}, work_of, {"f16": 1.0, "gbs": 1.0}, "f16")
    check((first["kernel"], first["launches"], first["us"], first["mbytes"]) == ("a", 2, 3.0, 2e-3), f"row: {first}")
    check(abs(first["bound_us"] - 4.0) < 1e-9 and abs(second["bound_us"] - 6.0) < 1e-9 and second["us"] is None,
          f"bounds by arithmetic and by bytes: {first}, {second}")


def run_mixes(build, out, models, ways, *options):
    mix = ",".join(str(model) for model in models)
    result = run("bench_gpu_mixes.py", build, out, "--mix", mix, "--batch", 2, "--seconds", 0.3, "--warmup", 0.05,
                 "--torch-worker", FAKE, *[part for way in ways for part in ("--way", way)], *options)
    file = out / "mixes.f32.json"
    return result, json.loads(file.read_text()) if file.exists() else None, mix


def check_mixes(build, work, models):
    out = work / "mixes"
    ways = ["one stream", "streams", "split 30", "plans", "joint energy", "torch"]
    result, results, mix = run_mixes(build, out, models[:2], ways)
    check(result.returncode == 0, f"bench_gpu_mixes.py: exit code {result.returncode}: {result.stderr}")
    entry = results["entries"][mix]
    check({way: len(windows) for way, windows in entry["windows"].items()} == {way: 2 for way in ways},
          f"windows: {entry['windows']}, {entry['notes']}")
    found = mix_report.figures(results, mix)
    solos = [mix_report.solo(results, model.stem)["per_second"] for model in models[:2]]
    expected = sum(50.0 / rate for rate in solos)
    check(abs(found["torch"]["throughput"] / expected - 1) < 1e-9, "the stand-in's throughput, relative to solo rates")
    check(entry["sms"]["streams"] == [[60], [60]] and entry["sms"]["split 30"] == [[30], [30]], f"partitions: {entry['sms']}")
    check(found["best split"]["name"] == "split 30", f"the only split is the best one: {found['best split']}")
    for way, figures in found.items():
        check(figures["throughput"] > 0 and figures["p95"] > 0 and figures["watts"] is None, f"{way}: {figures}")
        check(len(figures["rates"]) == 2 and abs(sum(figures["rates"]) / figures["throughput"] - 1) < 0.3, f"{way}: {figures}")
    report = (out / "mixes.f32.md").read_text()
    check("split 30: 30 and 30" in report and "| best split | 1 |" in report and "Costs of plans and joint: the compiler's own" in report, f"the report: {report}")
    again, _, _ = run_mixes(build, out, models[:2], ways)
    check(again.returncode == 0 and "loaded" not in again.stderr, f"what is measured is not measured again: {again.stderr}")
    more, results, _ = run_mixes(build, out, models[:2], [*ways, "split 45"], "--profile", "auto")
    check(more.returncode == 0 and "split 45" in results["entries"][mix]["windows"], f"a way more: {more.stderr}")


def check_choices(build, work, models):
    """joint measured: every choice has a window, the best one is measured as that way."""
    result, results, mix = run_mixes(build, work / "choices", models[:2], ["streams", "joint efficiency", "joint measured"],
                                     "--choose-seconds", 0.2, "--repeats", 1)
    check(result.returncode == 0, f"joint measured: exit code {result.returncode}: {result.stderr}")
    entry = results["entries"][mix]
    chosen = entry["chosen"]
    names = [model.stem for model in models[:2]]
    folders = sorted((work / "choices").glob(f"{'+'.join(names)}.b2.f32.efficiency.*"))
    check(sorted(chosen["choices"]) == [folder.suffix[1:] for folder in folders] and chosen["choices"],
          f"choices {sorted(chosen['choices'])} of {[folder.name for folder in folders]}")
    check(str(chosen["choice"]) in chosen["choices"] and len(entry["windows"]["joint measured"]) == 1, f"chosen: {chosen}")
    # By figures that are known beforehand: 0 starves, 1 is slower than streams, 3 is better than 2.
    figure = lambda throughput, efficiency, p95: {"throughput": throughput, "efficiency": efficiency, "p95": p95}
    streams = figure(1.2, 2.0, 3.0)
    choices = {0: figure(1.3, 4.0, 3.1), 1: figure(1.1, 4.0, 2.0), 2: figure(1.2, 2.5, 2.0), 3: figure(1.3, 2.4, 3.0)}
    check(mix_report.choose(streams, choices) == 3, "the largest product that keeps the tail and the throughput")
    check(mix_report.choose(streams, {c: choices[c] for c in (0, 1)}) == 1, "none keeps them: the shortest tail")
    silent = {c: {**choices[c], "efficiency": None} for c in (2, 3)}
    check(mix_report.choose({**streams, "efficiency": None}, silent) == 3, "without power: throughput")


def check_mixes_in_part(build, work, models):
    """Costs that are measured first; a way that cannot run; a budget that ends."""
    out = work / "measured"
    result, results, mix = run_mixes(build, out, models[:2], ["streams", "plans", "joint edp"], "--profile", "auto")
    check(result.returncode == 0 and results["costs"].startswith("times measured"), f"--profile auto: {result.stderr}")
    files = {path.name for path in out.glob("*.eclip")}
    check("plain.b2.f32.measured.plans.eclip" in files, f"--profile auto: {files}")
    described = subprocess.run([build / "bin/eclip-dump", "--json", out / "plain.b2.f32.measured.plans.eclip"],
                               capture_output=True, text=True, check=True)
    check("profile" in json.loads(described.stdout)["cost_source"], "plans are compiled with the profile")
    broken, results, mix = run_mixes(build, work / "broken", models[:2], ["streams", "joint energy"],
                                     "--compile-option=--max-switches=-1", "--no-torch")
    check(broken.returncode == 1, f"schedules that cannot be compiled: {broken.returncode}, {broken.stderr}")
    over, _, _ = run_mixes(build, work / "over-mixes", models[:2], ["streams"], "--budget-seconds", 0.1)
    check(over.returncode == 3 and "budget" in over.stderr, f"a budget that ends: {over.returncode}, {over.stderr}")
    for way in ("split 31", "split 60", "split", "joint", "joint speed", "stream"):
        wrong, _, _ = run_mixes(build, work / "wrong", models[:2], [way])
        check(wrong.returncode == 2 and wrong.stderr.strip().splitlines()[-1].startswith("bench_gpu_mixes.py: error: --way"),
              f"--way {way}: {wrong.returncode}, {wrong.stderr}")


def check_mix_report():
    """Figures of windows that are known beforehand."""
    meter = {"mhz": 1900.0, "power_capped": 0.25, "too_hot": 0.0}
    window = lambda a, b, tail, watts: {"per_second": [a, b], "p95_ns": [tail, tail], "p50_ns": [1, 1], "watts": watts, **meter}
    alone = lambda rate, ms: [{"per_second": rate, "p50_ns": ms * 1e6, "watts": 300.0, "mhz": 1980.0}]
    windows = {"one stream": [window(50, 100, 4e6, 250.0)], "streams": [window(60, 120, 3e6, 400.0), window(80, 120, 3e6, 400.0)],
               "split 32": [window(50, 100, 2e6, 200.0)], "split 64": [window(30, 100, 2e6, 200.0)], "plans": []}
    results = {"machine": {}, "solo": {"a": alone(100.0, 1.0), "b": alone(200.0, 2.0)},
               "entries": {"1": {"models": ["a", "b"], "notes": ["plans: failed"], "windows": windows}}}
    found = mix_report.figures(results, "1")
    check(abs(found["streams"]["throughput"] - 1.3) < 1e-9 and found["streams"]["p95"] == 3.0, f"streams: {found['streams']}")
    check(abs(found["one stream"]["efficiency"] - 4.0) < 1e-9, f"per kJ: {found['one stream']}")
    check(found["best split"]["name"] == "split 32" and "plans" not in found, f"figures: {found}")
    rows = {way: cells for way, _, cells in mix_report.means(results, ["1"])}
    check(abs(rows["best split"][0] - 1.0 / 1.3) < 1e-9 and abs(rows["streams"][3] - 1.3) < 1e-9, f"means: {rows}")
    check(abs(rows["best split"][2] - 2.0 / 3.0) < 1e-9, f"p95 by that of streams: {rows}")
    report = mix_report.markdown(results)
    check("1900 | 25% |" in report and "- plans: failed" in report, f"the report: {report}")


def check_ways(work):
    for device, sms in (("cuda", 132), ("vgpu", 60)):
        schedules = mix_ways.Schedules(work, device, "b8.f16")
        for near in range(schedules.granule, sms - schedules.granule + 1, schedules.granule):
            first, other = schedules.jobs(f"split {near}", ["a", "b"], {"a": "a.onnx", "b": "b.onnx"})
            far = int(other[3][1].split("@")[0])
            check(first[3] == ["--cus", f"{near}@near"] and other[3][1].endswith("@far"), f"split {near}: {first}, {other}")
            check(far % schedules.granule == 0 and 0 <= sms - near - far < schedules.granule, f"split {near}: {far} at the far end")


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
                                (1, [schedule, "--device", "vgpu", "--serve"], "soon\n"), (1, ["--device", "vgpu"], ""),
                                (1, ["--device", "vgpu", "--serve"], "0.1\n"),
                                (1, [schedule, "--device", "vgpu", "--serve"], '{"only": 1}\n'),
                                (1, [schedule, "--device", "vgpu", "--serve"], '{"load": []}\n'),
                                (1, [schedule, "--device", "vgpu", "--serve"], '{"seconds": 1, "load": ["a"]}\n'),
                                (1, [schedule, "--device", "vgpu", "--serve"], '{"speed": 1}\n')):
        result = bench(*options, text=text)
        check(result.returncode == code and result.stderr.count("\n") == 1 and result.stderr.startswith("eclip-bench: error: "),
              f"eclip-bench {options}: exit code {result.returncode}, expected {code}: {result.stderr}")


def check_meter(library):
    """NVML's stand-in: 250 W, 1755 MHz, the clock held down by the limit of 300 W."""
    check(power.EnergyMeter.open(library="libno-such-nvml.so") is None, "no NVML, no meter")
    check(power.EnergyMeter.open(index=1, library=str(library)) is None, "a GPU that there is not")
    meter = power.EnergyMeter.open(library=str(library))
    begin = time.monotonic_ns()
    time.sleep(0.45)
    window = meter.window(begin, time.monotonic_ns())
    empty = meter.window(begin - 10 ** 9, begin - 10 ** 8)
    check(meter.limit_watts() == 300.0, f"the limit: {meter.limit_watts()}")
    meter.close()
    check(abs(window["watts"] / 250 - 1) < 0.1 and window["mhz"] == 1755, f"a window: {window}")
    check(window["power_capped"] == 1.0 and window["too_hot"] == 0.0, f"what holds the clock down: {window}")
    check(empty == power.NOTHING, f"a window without readings: {empty}")


def check_serve(build, work):
    """Windows of one worker, and other schedules, in one program."""
    schedule = str(work / "tool.eclip")
    text = "".join(json.dumps(line) + "\n" for line in (
        {"load": [schedule, schedule]}, {"seconds": 0.2, "only": 1}, {"seconds": 0.2, "one_at_a_time": True},
        {"load": [str(work / "absent.eclip")]}, {"load": [schedule]}, 0.1))
    result = subprocess.run([build / "bin/eclip-bench", "--device", "vgpu", "--serve", "--warmup", "0"], input=text,
                            capture_output=True, text=True, timeout=60)
    first, two, only, turns, absent, one, last = map(json.loads, result.stdout.splitlines())
    check(first["workers"] == [] and len(two["workers"]) == 2 and len(one["workers"]) == 1, f"what is loaded: {result.stdout}")
    check([w["requests"] > 0 for w in only["workers"]] == [False, True], f"one worker alone: {only}")
    requests = [w["requests"] for w in turns["workers"]]
    check(min(requests) > 0.5 * max(requests), f"workers that take turns: {requests}")
    check("absent.eclip" in absent["error"], f"a file that is missing: {absent}")
    check(last["workers"][0]["requests"] > 0 and result.returncode == 0, f"after that: {last}, {result.stderr}")


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
    parser.add_argument("--nvml", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        models = [work / f"{name}.onnx" for name in ("plain", "slow", "odd")]
        for width, model in enumerate(models, 8):
            write_model(model, width)
        check_parts(work)
        check_meter(args.nvml)
        check_tool(args.build, work, models[0])
        check_serve(args.build, work)
        check_single(args.build, work, models)
        check_outputs(args.build, work, models)
        check_cache(args.build, work, models)
        check_kernels(args.build, work, models)
        check_mix_report()
        check_ways(work)
        check_mixes(args.build, work, models)
        check_choices(args.build, work, models)
        check_mixes_in_part(args.build, work, models)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
