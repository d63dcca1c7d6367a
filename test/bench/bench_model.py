"""Benchmark: compile one model, run one request on the virtual GPU. Prints figures, passes no judgement.

usage: bench_model.py --build DIR [MODEL...] [--batch N] [--repeat R]
"""
import argparse
import os
import platform
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import model_runs as runs


def measure(build, name, batch, repeat):
    model = runs.magika_model() if name == "magika" else runs.evaluation_model(build, name)
    work = build / "bench" / name
    work.mkdir(parents=True, exist_ok=True)
    compiled = work / "model.eclip"
    compile_s = [runs.compile_model(build, model, compiled, batch) for _ in range(repeat)]
    inputs = runs.random_inputs(model, batch, seed=1)
    request_s, rate, instructions = [], [], 0
    for _ in range(repeat):
        _, report, _ = runs.run_model(build, compiled, work, inputs, runs.output_names(model))
        seconds = report["request_time_ns"]["median"] / 1e9
        instructions = report["vgpu"]["instructions"]
        request_s.append(seconds)
        rate.append(instructions / seconds)
    return statistics.median(compile_s), statistics.median(request_s), instructions, statistics.median(rate)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("models", nargs="*", default=["resnet152"])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    print(f"virtual MI50 on {os.cpu_count()} cores of {platform.machine()}, batch {args.batch}, "
          f"median of {args.repeat}; request on the virtual GPU, not on hardware")
    print(f"{'model':20} {'compile s':>10} {'request s':>10} {'wave instructions':>18} {'M instructions/s':>17}")
    for name in args.models:
        compile_s, request_s, instructions, rate = measure(args.build, name, args.batch, args.repeat)
        print(f"{name:20} {compile_s:10.2f} {request_s:10.2f} {instructions:18,d} {rate / 1e6:17.1f}", flush=True)


main()
