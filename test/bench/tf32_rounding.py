#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What rounding to TF32 alone does to a model's outputs, whoever computes them.

  tf32_rounding.py MODEL.onnx... [--batch N] [--seed S]

ONNX Runtime runs each model in float32 twice: as it is, and with the factors of every convolution and matrix product rounded
to 10 bits of fraction (to nearest, by Veltkamp's splitting: c = 8193 x, c - (c - x)). Prints the largest difference relative
to the largest magnitude: the error that remains where sums are exact.
"""

import argparse
import pathlib
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from gpu.eclip_tools import random_inputs, relative_error

# Which inputs are factors.
PRODUCTS = {"Conv": (0, 1), "Gemm": (0, 1), "MatMul": (0, 1)}


def rounded(model):
    """A copy of the model in which the factors of products are rounded."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    graph.initializer.append(numpy_helper.from_array(np.float32(8193), "tf32.splitter"))
    nodes, done = [], {}
    for node in graph.node:
        for i in PRODUCTS.get(node.op_type, ()):
            name = node.input[i]
            if name not in done:
                done[name] = f"tf32.{len(done)}"
                wide, rest = f"{done[name]}.wide", f"{done[name]}.rest"
                nodes += [helper.make_node("Mul", [name, "tf32.splitter"], [wide]), helper.make_node("Sub", [wide, name], [rest]),
                          helper.make_node("Sub", [wide, rest], [done[name]])]
            node.input[i] = done[name]
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    return copy


def outputs(model, folder, inputs):
    """What ONNX Runtime computes; its graph is left as written."""
    with tempfile.NamedTemporaryFile(suffix=".onnx", dir=folder) as file:
        file.write(model.SerializeToString())
        file.flush()
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        return onnxruntime.InferenceSession(file.name, options, providers=["CPUExecutionProvider"]).run(None, inputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path, metavar="MODEL.onnx")
    parser.add_argument("--batch", type=int, default=1, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    for path in args.models:
        inputs, _ = random_inputs(path, args.batch, args.seed)
        model = onnx.load(path, load_external_data=False)
        expected = outputs(model, path.parent, inputs)
        actual = outputs(rounded(model), path.parent, inputs)
        error = max(relative_error(a, e) for a, e in zip(actual, expected))
        print(f"{path.stem}, batch {args.batch}: {error:.1e}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
