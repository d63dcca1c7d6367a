#!/usr/bin/env python3
"""Predict seven mixes of models on one device, and print the tables of docs/mixes.md.

Each model is imported and formed into kernels (eclip-compile --emit=kernels), its dispatches get predicted costs
(eclip-opt --eclip-annotate-cost), and predict_mixes clusters each mix with the published objective and with ours and plays
the results with the same simulator. Nothing is measured: all numbers are predictions of the cost model and the simulator.

  bench_mixes.py --build build --models DIR [--device mi50] [--target sm_90 [--precision f16]] [--batch 8] [--work DIR]

DIR holds NAME.onnx with NAME.weights, as models/generate_weights.py writes them.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from gpu.mixes import MIXES

# ECLIP (ISLPED 2025, arXiv 2506.12598), Table I: CU switches per request, summed over the workers, by ioctl for each kernel,
# over preallocated streams for each kernel, and of the paper's method.
TABLE_I = {1: (1319, 413, 42), 2: (1015, 755, 23), 3: (1077, 538, 28), 4: (613, 330, 10), 5: (728, 166, 12),
           6: (1422, 695, 20), 7: (102, 72, 30)}

WAYS = ["one queue", "queues without masks", "best fixed partition", "paper", "latency", "edp", "energy", "efficiency"]


def run(command, **options):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return result.stdout


def annotate(name, args, work):
    """Path of the model's schedule with costs; made once per batch size and device."""
    costs = work / f"{name}.b{args.batch}.{args.device}.mlir"
    if not costs.exists() and args.target:
        # Tensor cores' tiles, and the kernels for parts of the device, belong to the target.
        run([args.build / "bin/eclip-compile", "--emit=plans", "--plans", "alone", "--quiet", "--batch", args.batch, "--target",
             args.target, "--device", args.device, "--precision", args.precision, args.models / f"{name}.onnx", "-o", costs])
    if not costs.exists():
        kernels = work / f"{name}.b{args.batch}.kernels.mlir"
        run([args.build / "bin/eclip-compile", "--emit=kernels", "--quiet", "--batch", args.batch,
             args.models / f"{name}.onnx", "-o", kernels])
        run([args.build / "bin/eclip-opt", f"--eclip-annotate-cost=device={args.device}", kernels, "-o", costs])
    return costs


def predict(models, args, work):
    out = run([args.build / "bin/predict_mixes"] + [annotate(name, args, work) for name in models])
    return {entry["way"]: entry for entry in map(json.loads, out.splitlines())}


def switches(entry):
    return sum(worker["switches"] for worker in entry["workers"])


def p95(entry):
    return " / ".join(f"{worker['p95_ms']:.3g}" for worker in entry["workers"])


def slowest(entry):
    """The largest p95 relative to the worker alone on all CUs."""
    return max(worker["p95_ms"] / worker["alone_ms"] for worker in entry["workers"])


def print_tables(results):
    print("| mix | models | paper: ioctl / preallocated / ECLIP | `paper` | `latency` | `edp` | `energy` | "
          "`efficiency` | limit |")
    print("|---|---|---|---|---|---|---|---|---|")
    for mix, ways in results.items():
        print(f"| {mix} | {', '.join(MIXES[mix])} | {' / '.join(map(str, TABLE_I[mix]))} | "
              + " | ".join(str(switches(ways[way])) for way in WAYS[3:]) + f" | {14 * len(MIXES[mix])} |")
    print()
    print("| mix | way | throughput | efficiency | W | p95, ms, by worker | queues | gap |")
    print("|---|---|---|---|---|---|---|---|")
    for mix, ways in results.items():
        for way in WAYS:
            entry = ways[way]
            gap = f"{100 * entry['gap']:.1f} %" if way in ("latency", "edp", "energy") else ""
            print(f"| {mix} | {way} | {entry['throughput']:.2f} | {entry['efficiency']:.2f} | {entry['watts']:.0f} | "
                  f"{p95(entry)} | {entry['queues']} | {gap} |")
    print()
    print("| mean over the mixes, relative to queues without masks | throughput | efficiency | slowest worker's p95 |")
    print("|---|---|---|---|")
    for way in WAYS:
        means = [sum(value(ways[way]) / value(ways["queues without masks"]) for ways in results.values()) / len(results)
                 for value in (lambda entry: entry["throughput"], lambda entry: entry["efficiency"], slowest)]
        print(f"| {way} | {means[0]:.2f} | {means[1]:.2f} | {means[2]:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="build directory with predict_mixes")
    parser.add_argument("--models", type=pathlib.Path, required=True, help="folder of NAME.onnx and NAME.weights")
    parser.add_argument("--device", default="mi50")
    parser.add_argument("--target", choices=("sm_80", "sm_90"), help="cost the kernels that are compiled for it")
    parser.add_argument("--precision", default="f16", choices=("f32", "tf32", "f16"), help="with --target")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--work", type=pathlib.Path, help="keep intermediate files here")
    parser.add_argument("--mix", type=int, action="append", choices=sorted(MIXES), help="only these mixes")
    parser.add_argument("--json", type=pathlib.Path, help="write all predictions here too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = args.work or pathlib.Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        results = {mix: predict(MIXES[mix], args, work) for mix in args.mix or sorted(MIXES)}
    for mix, ways in results.items():
        for way, entry in ways.items():
            for worker in entry["workers"]:
                if worker["switches"] > 14:
                    sys.exit(f"mix {mix}, {way}: {worker['switches']} switches of one worker")
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    print_tables(results)


if __name__ == "__main__":
    main()
