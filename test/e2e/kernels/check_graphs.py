#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles the graphs of graphs.py and compares what the virtual GPU computes, in checking mode, with ONNX Runtime.

usage: check_graphs.py --build DIR [NAME...]
"""
import argparse
import sys
from pathlib import Path

import numpy as np
import onnx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import model_runs as runs
from graphs import GRAPHS

# Relative to the larger of 1 and the magnitude; integers must be equal.
TOLERANCES = {np.dtype(np.float16): 2e-3, np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}


def inputs_of(model):
    rng = np.random.default_rng(11)
    arrays = {}
    for value in model.graph.input:
        tensor = value.type.tensor_type
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
        shape = [d.dim_value for d in tensor.shape.dim]
        if dtype.kind == "f":
            arrays[value.name] = rng.standard_normal(shape).astype(dtype)
        else:
            arrays[value.name] = rng.integers(0 if dtype.kind == "u" else -50, 50, shape).astype(dtype)
    return arrays


def complaint(got, want):
    if got.dtype != want.dtype or got.shape != want.shape:
        return f"is {got.dtype}{list(got.shape)}, expected {want.dtype}{list(want.shape)}"
    tolerance = TOLERANCES.get(want.dtype, 0.0)
    if tolerance == 0.0:
        wrong = got != want
    else:
        got, want = got.astype(np.float64), want.astype(np.float64)
        wrong = ~(np.abs(got - want) <= tolerance * np.maximum(1, np.abs(want)))
    count = int(np.sum(wrong))
    return f"{count} of {want.size} elements differ" if count else None


def reference(model, path, inputs):
    """By ONNX Runtime; where it lacks an operator for the type, by ONNX's own evaluator in numpy."""
    from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as Lacking
    try:
        return runs.reference(path, inputs)
    except Lacking:
        from onnx.reference import ReferenceEvaluator
        return dict(zip([o.name for o in model.graph.output], ReferenceEvaluator(model).run(None, inputs)))


def check(build, work, name):
    model = GRAPHS[name]().model()
    path = work / f"{name}.onnx"
    onnx.save(model, path)
    compiled = path.with_suffix(".eclip")
    runs.run_tool(build, "eclip-compile", path, "-o", compiled, "--quiet")
    inputs = inputs_of(model)
    outputs, _, _ = runs.run_model(build, compiled, work, inputs, runs.output_names(path), "--check")
    expected = reference(model, path, inputs)
    return [f"output {output} {text}" for output, want in expected.items()
            if (text := complaint(outputs[output], np.asarray(want)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    work = args.build / "e2e" / "graphs"
    work.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for name in args.names or GRAPHS:
        try:
            complaints = check(args.build, work, name)
        except runs.ToolError as error:
            complaints = [str(error).strip()]
        for text in complaints:
            print(f"FAILED: {name}: {text}")
        wrong += bool(complaints)
    print(f"{len(args.names or GRAPHS) - wrong} of {len(args.names or GRAPHS)} graphs agree with ONNX Runtime")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
