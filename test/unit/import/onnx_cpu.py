# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a model through the importer and the host's CPU, and compares with ONNX Runtime."""

import pathlib
import subprocess

import numpy as np
import onnx
import onnxruntime


class Refused(Exception):
    """The importer refused the model; the text is its diagnostic."""


def imported_outputs(tool, path, inputs, outputs, directory, arguments=()):
    """`outputs` are arrays of the expected type and shape; returns new ones."""
    directory = pathlib.Path(directory)
    for index, array in enumerate(inputs):
        (directory / f"in{index}.bin").write_bytes(np.ascontiguousarray(array).tobytes())
    done = subprocess.run([tool, str(path), "--run", str(directory), *arguments], capture_output=True, text=True,
                          check=False)
    if done.returncode == 2:
        raise Refused(done.stderr.strip())
    if done.returncode:
        raise RuntimeError(f"import-test ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    results = []
    for index, expected in enumerate(outputs):
        data = (directory / f"out{index}.bin").read_bytes()
        if len(data) != expected.nbytes:
            raise AssertionError(f"output {index} has {len(data)} bytes, expected {expected.nbytes}")
        results.append(np.frombuffer(data, expected.dtype).reshape(expected.shape))
    return results


def reference_outputs(model, inputs):
    """ONNX Runtime without optimizations: the operators as they are written."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    source = str(model) if isinstance(model, (str, pathlib.Path)) else model.SerializeToString()
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip([i.name for i in session.get_inputs()], inputs)))


def compare(got, expected, tolerance):
    """None, or what differs. Relative to the largest finite magnitude; NaN and infinities must agree."""
    if got.dtype.kind != "f":
        return None if np.array_equal(got, expected) else f"{np.sum(got != expected)} of {got.size} elements differ"
    a, b = got.astype(np.float64), expected.astype(np.float64)
    if not np.array_equal(np.isnan(a), np.isnan(b)):
        return "NaN in different places"
    infinite = np.isinf(a) | np.isinf(b)
    if not np.array_equal(a[infinite], b[infinite]):
        return "infinities in different places"
    finite = np.isfinite(b)
    scale = max(np.abs(b[finite]).max(initial=0), 1e-6)
    error = np.abs(a[finite] - b[finite]).max(initial=0) / scale
    return None if error <= tolerance else f"relative error {error:.3g}"


def declared(name, array, shape=None):
    return onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype),
                                              list(array.shape) if shape is None else shape)
