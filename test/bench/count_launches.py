"""A Markdown table of the launches that each evaluation model becomes, beside its ONNX nodes.

usage: count_launches.py --build DIR [--batch N] [MODEL...]

MODEL is one of the evaluation graphs, or magika; all of them without one. Nothing is run.
"""
import argparse
import sys
from pathlib import Path

import onnx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import model_runs as runs  # noqa: E402
from kernel_counts import count_kernels  # noqa: E402

MODELS = ["albert", "alexnet", "densenet201", "magika", "resnet152", "resnext101_32x8d", "shufflenet_v2_x1_0", "vgg19"]
COLUMNS = ["launches", "contraction", "reduction", "pointwise", "moves", "kernels"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("models", nargs="*")
    args = parser.parse_args()
    print("| model | ONNX nodes | launches | contraction | reduction | pointwise | only move data | distinct kernels |")
    print("|---|" + "---:|" * (len(COLUMNS) + 1))
    for name in args.models or MODELS:
        model = runs.magika_model() if name == "magika" else runs.evaluation_model(args.build, name)
        nodes = len(onnx.load(model, load_external_data=False).graph.node)
        counts = count_kernels(args.build, model, "--batch", args.batch)
        print(f"| {name} | {nodes} | " + " | ".join(str(counts[column]) for column in COLUMNS) + " |", flush=True)


main()
