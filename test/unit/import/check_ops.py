#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Single-operator models: the imported module on the CPU against ONNX Runtime.

    check_ops.py IMPORT_TEST [-k SUBSTRING]

Exit codes: 0 all agree, 1 some do not, 77 onnx or onnxruntime is missing.
"""

import argparse
import pathlib
import sys
import tempfile

try:
    import numpy as np
    import onnx
    import onnx_cpu
    from onnx import helper
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

import index_cases  # noqa: E402, F401 (adds its cases)
import nn_cases  # noqa: E402, F401
from op_cases import CASES  # noqa: E402


def build(case):
    """(model, run-time inputs) of a case: its constants become initializers."""
    names, inputs, initializers, values = [], [], [], []
    for index, (array, is_constant) in enumerate(case.inputs):
        name = "" if array is None else f"x{index}"
        names.append(name)
        if array is None:
            continue
        if is_constant:
            initializers.append(onnx.numpy_helper.from_array(array, name))
        else:
            inputs.append(onnx_cpu.declared(name, array))
            values.append(array)
    outputs = [f"y{i}" for i in range(case.outputs)]
    node = helper.make_node(case.op, names, outputs, name="the_node", **case.attributes)
    infos = [onnx.helper.make_empty_tensor_value_info(name) for name in outputs]
    graph = helper.make_graph([node], "case", inputs, infos, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", case.opset)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model)
    expected = onnx_cpu.reference_outputs(model, values)
    del model.graph.output[:]
    model.graph.output.extend(onnx_cpu.declared(n, a) for n, a in zip(outputs, expected))
    return model, values, expected


def check(tool, case, directory):
    model, values, expected = build(case)
    path = pathlib.Path(directory) / "model.onnx"
    onnx.save(model, path)
    got = onnx_cpu.imported_outputs(tool, path, values, expected, directory)
    for index, (mine, reference) in enumerate(zip(got, expected)):
        problem = onnx_cpu.compare(mine, reference, case.tolerance)
        if problem:
            return f"output {index}: {problem}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool")
    parser.add_argument("-k", default="", help="only cases whose name contains this")
    args = parser.parse_args()
    failures = count = 0
    for case in CASES:
        if args.k not in case.name:
            continue
        count += 1
        with tempfile.TemporaryDirectory() as directory:
            try:
                problem = check(args.tool, case, directory)
            except Exception as error:  # report the case and go on
                problem = f"{type(error).__name__}: {error}"
        if problem:
            failures += 1
            print(f"FAIL {case.name}: {problem}")
    print(f"{count - failures} of {count} cases agree with ONNX Runtime")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
