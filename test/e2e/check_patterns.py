"""How many launches typical patterns of graphs become, and that they compute what ONNX Runtime does.

usage: check_patterns.py --build DIR [NAME...] [--table]

Each graph of patterns.py is compiled, its kernels are counted, also those that only move data, and it is run on the
virtual GPU in checking mode. --table prints a Markdown table of the counts.
"""
import argparse
import re
import sys
from pathlib import Path

import onnx

import model_runs as runs
from kernel_counts import count_kernels
from patterns import PATTERNS


def check(build, work, name):
    make, most, most_moves = PATTERNS[name]
    model = work / (re.sub(r"\W+", "_", name) + ".onnx")
    onnx.save(make(), model)
    counts = count_kernels(build, model)
    launches, moves = counts["launches"], counts["moves"]
    complaints = []
    if launches > most or moves > most_moves:
        complaints.append(f"{launches} launches, {moves} of them only move data; at most {most} and {most_moves} are expected")
    compiled = model.with_suffix(".eclip")
    runs.run_tool(build, "eclip-compile", model, "-o", compiled, "--quiet")
    inputs = runs.random_inputs(model, 1, seed=7)
    expected = runs.reference(model, inputs)
    outputs, _, _ = runs.run_model(build, compiled, work, inputs, runs.output_names(model), "--check")
    for output, array in outputs.items():
        error = runs.relative_error(array, expected[output])
        if not error <= 1e-5:
            complaints.append(f"output {output} differs by {error:.1e}, allowed 1e-05")
    nodes = len(onnx.load(model).graph.node)
    return (nodes, launches, counts["kernels"], moves), complaints


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    work = args.build / "e2e" / "patterns"
    work.mkdir(parents=True, exist_ok=True)
    wrong = 0
    if args.table:
        print("| pattern | ONNX nodes | launches | kernels | only move data |\n|---|---|---|---|---|")
    for name in args.names or PATTERNS:
        counts, complaints = check(args.build, work, name)
        print(f"| {name} | {' | '.join(map(str, counts))} |" if args.table else f"{name}: {counts}")
        for complaint in complaints:
            print(f"FAILED: {name}: {complaint}")
        wrong += bool(complaints)
    return 1 if wrong else 0


sys.exit(main())
