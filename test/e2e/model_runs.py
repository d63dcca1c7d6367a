"""Compiles a model, runs it on the virtual GPU and on ONNX Runtime; shared by the end-to-end tests and the benchmark."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx

# Largest difference from ONNX Runtime's fp32, relative to the largest magnitude, by what tensors are stored in.
TOLERANCES = {"f32": 1e-3, "f16": 2e-2}

SOURCE = Path(__file__).resolve().parent.parent.parent


class ToolError(Exception):
    """A tool of ours ended with a non-zero exit code."""


def run_tool(build, tool, *arguments, env=None):
    """Standard output of a tool; raises ToolError with its standard error."""
    command = [str(build / "bin" / tool), *map(str, arguments)]
    # Never the user's kernel cache.
    env = {"ECLIP_CACHE_DIR": str(build / "test" / "kernel-cache"), **(os.environ if env is None else env)}
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    if result.returncode:
        raise ToolError(f"{' '.join(command)}\nexit code {result.returncode}\n{result.stderr}")
    return result.stdout


def evaluation_model(build, name):
    """Path of one of the seven graphs with its generated weights, made where they are missing."""
    out = build / "models"
    subprocess.run([sys.executable, str(SOURCE / "models/generate_weights.py"), "--model", name, "--out", str(out)],
                   check=True, stdout=subprocess.DEVNULL)
    return out / f"{name}.onnx"


def magika_model():
    """Path of the file-type classifier that the Python package magika ships."""
    import magika
    return Path(magika.__file__).parent / "models" / "standard_v3_3" / "model.onnx"


NUMPY_TYPES = {onnx.TensorProto.FLOAT: np.float32, onnx.TensorProto.INT32: np.int32, onnx.TensorProto.INT64: np.int64}


def random_inputs(model, batch, seed, low=0, high=256):
    """One array for each input: normal floats, or integers of [low, high); dynamic dimensions become `batch`."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for value in onnx.load(model, load_external_data=False).graph.input:
        tensor = value.type.tensor_type
        shape = [d.dim_value or batch for d in tensor.shape.dim]
        dtype = NUMPY_TYPES[tensor.elem_type]
        floats = dtype == np.float32
        arrays[value.name] = (rng.standard_normal(shape) if floats else rng.integers(low, high, shape)).astype(dtype)
    return arrays


def output_names(model):
    return [value.name for value in onnx.load(model, load_external_data=False).graph.output]


def compile_model(build, model, out, batch, *options):
    """Seconds that eclip-compile took."""
    started = time.monotonic()
    run_tool(build, "eclip-compile", model, "--batch", batch, "-o", out, "--quiet", *options)
    return time.monotonic() - started


def run_model(build, compiled, work, inputs, outputs, *options, device="vgpu"):
    """(outputs by name, what eclip-run --json printed, seconds of the whole process)."""
    arguments = [compiled, "--device", device, "--json", *options]
    for i, (name, array) in enumerate(inputs.items()):
        path = work / f"in{i}.npy"
        np.save(path, array)
        arguments += ["--input", f"{name}={path}"]
    for i, name in enumerate(outputs):
        arguments += ["--output", f"{name}={work / f'out{i}.npy'}"]
    started = time.monotonic()
    report = json.loads(run_tool(build, "eclip-run", *arguments))
    seconds = time.monotonic() - started
    return {name: np.load(work / f"out{i}.npy") for i, name in enumerate(outputs)}, report, seconds


def reference(model, inputs):
    """ONNX Runtime's outputs by name, without graph rewrites of its own."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs)))


def relative_error(actual, expected):
    """Largest difference relative to the largest magnitude; infinite where shapes differ or anything is not a number."""
    if actual.shape != expected.shape or not np.isfinite(actual).all():
        return float("inf")
    return float(np.abs(actual.astype(np.float64) - expected).max() / max(np.abs(expected).max(), 1e-30))
