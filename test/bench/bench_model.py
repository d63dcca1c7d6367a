"""Benchmark: compiles models and runs requests on the virtual GPU. Prints a table, passes no judgement.

Each model is compiled with an empty kernel cache (cold) and again with what that left (warm); CPU seconds are those of
all cores together, which other work on the machine changes little.

usage: bench_model.py --build DIR [MODEL...] [--batch N] [--precision f32|f16] [--repeat R]
"""
import argparse
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
from pathlib import Path

import onnx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import model_runs as runs


def cpu_seconds():
    """CPU time of all ended child processes."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(build, name, batch, precision, repeat):
    """Figures of one model by column name."""
    model = runs.magika_model() if name == "magika" else runs.evaluation_model(build, name)
    work = build / "bench" / name
    work.mkdir(parents=True, exist_ok=True)
    compiled = work / "model.eclip"
    times = {"cold s": [], "cold CPU s": [], "warm s": [], "warm CPU s": []}
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as cache:
            for state in ("cold", "warm"):
                before = cpu_seconds()
                times[f"{state} s"].append(runs.compile_model(build, model, compiled, batch, "--precision", precision,
                                                              "--cache-dir", cache))
                times[f"{state} CPU s"].append(cpu_seconds() - before)
    dump = json.loads(runs.run_tool(build, "eclip-dump", compiled, "--json"))
    plan = dump["plans"][0]
    inputs = runs.random_inputs(model, batch, seed=1)
    expected = runs.reference(model, inputs)
    request_s, error = [], 0.0
    for _ in range(repeat):
        outputs, report, _ = runs.run_model(build, compiled, work, inputs, list(expected))
        request_s.append(report["request_time_ns"]["median"] / 1e9)
        error = max([error] + [runs.relative_error(outputs[key], expected[key]) for key in expected])
    seconds, instructions = statistics.median(request_s), report["vgpu"]["instructions"]
    return {"nodes": len(onnx.load(model, load_external_data=False).graph.node), "launches": plan["launches"],
            "kernels": len(dump["kernels"]), "queues": len(plan["queues"]), "switches": plan["switches"],
            "barriers": plan["barriers"], **{name: statistics.median(values) for name, values in times.items()},
            "request s": seconds,
            "M wave instructions": instructions / 1e6, "M instructions/s": instructions / 1e6 / seconds,
            "error": error}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("models", nargs="*", default=["resnet152"])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--precision", choices=runs.TOLERANCES, default="f32")
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    print(f"Virtual MI50 on {os.cpu_count()} host cores ({platform.machine()}), batch {args.batch}, {args.precision}, "
          f"median of {args.repeat}. Requests run on the virtual GPU, not on hardware; errors are against ONNX Runtime.\n")
    formats = {"request s": ".2f", "M wave instructions": ".1f", "M instructions/s": ".0f", "error": ".1e",
               "cold s": ".1f", "cold CPU s": ".1f", "warm s": ".1f", "warm CPU s": ".1f"}
    header = None
    for name in args.models:
        row = measure(args.build, name, args.batch, args.precision, args.repeat)
        if header is None:
            header = list(row)
            print("| model | " + " | ".join(header) + " |\n|---|" + "---:|" * len(header))
        print(f"| {name} | " + " | ".join(format(row[key], formats.get(key, "d")) for key in header) + " |", flush=True)


main()
