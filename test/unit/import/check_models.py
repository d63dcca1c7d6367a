#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole models: the imported module on the CPU against ONNX Runtime.

    check_models.py IMPORT_TEST MODEL... [--weights DIR]

A MODEL is a path, `magika` (the model of that Python package), or the name of a
graph in models/, whose weights are written to DIR. The batch is 1.
Exit codes: 0 all agree, 1 some do not, 77 onnx or onnxruntime is missing.
"""

import argparse
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    import onnx
    import onnx_cpu
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


def random_input(info, generator):
    shape = [d.dim_value or 1 for d in info.type.tensor_type.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
    if dtype.kind == "f":
        return generator.standard_normal(shape).astype(dtype)
    if "mask" in info.name:
        # The last third is padding.
        return (np.arange(shape[-1]) < 2 * shape[-1] // 3).astype(dtype) * np.ones(shape, dtype)
    return generator.integers(0, 256, shape).astype(dtype)


def check(tool, path):
    graph = onnx.load(path, load_external_data=False).graph
    initialized = {i.name for i in graph.initializer}
    generator = np.random.default_rng(7)
    inputs = [random_input(i, generator) for i in graph.input if i.name not in initialized]
    expected = onnx_cpu.reference_outputs(path, inputs)
    with tempfile.TemporaryDirectory() as directory:
        got = onnx_cpu.imported_outputs(tool, path, inputs, expected, directory, ["--batch", "1"])
    problems = [onnx_cpu.compare(g, e, 1e-4) for g, e in zip(got, expected)]
    return [p for p in problems if p]


def locate(model, weights):
    if model == "magika":
        package = importlib.util.find_spec("magika")
        if package is None:
            raise FileNotFoundError("the Python package magika is missing")
        return str(pathlib.Path(package.origin).parent / "models" / "standard_v3_3" / "model.onnx")
    if "/" in model:
        return model
    generator = pathlib.Path(__file__).resolve().parents[3] / "models" / "generate_weights.py"
    subprocess.run([sys.executable, str(generator), "--model", model, "--out", weights], check=True)
    return str(pathlib.Path(weights) / f"{model}.onnx")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--weights", default="models")
    args = parser.parse_args()
    failures = 0
    for path in args.models:
        start = time.monotonic()
        try:
            path = locate(path, args.weights)
            problems = check(args.tool, path)
        except Exception as error:  # report the model and go on
            problems = [f"{type(error).__name__}: {error}"]
        failures += bool(problems)
        print(f"{path}: {'; '.join(problems) or 'agrees'} ({time.monotonic() - start:.1f} s)", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
