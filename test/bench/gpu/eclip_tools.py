# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tools of a release archive, or of a build."""

import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile

import numpy as np
import onnx

TOLERANCES = {"f16": 2e-2, "tf32": 5e-3, "f32": 1e-3}
NUMPY_TYPES = {onnx.TensorProto.FLOAT: np.float32, onnx.TensorProto.INT32: np.int32, onnx.TensorProto.INT64: np.int64}


class ToolError(Exception):
    """A tool ended with a non-zero exit code; its own message."""


class Tools:
    """Where the tools are, and which options this version of them has."""

    def __init__(self, root, device, cache, connections=None):
        self.bin = pathlib.Path(root) / "bin"
        self.device = device
        self.environment = {"ECLIP_CACHE_DIR": str(cache), **os.environ}
        if connections:
            self.environment["CUDA_DEVICE_MAX_CONNECTIONS"] = str(connections)

    def run(self, tool, *arguments, timeout=600):
        command = [str(self.bin / tool), *map(str, arguments)]
        try:
            result = subprocess.run(command, capture_output=True, text=True, env=self.environment, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise ToolError(f"{tool}: not done after {timeout:.0f} s") from None
        if result.returncode:
            last = (result.stderr.strip().splitlines() or ["no message"])[-1]
            raise ToolError(f"{tool}: exit code {result.returncode}: {last}")
        return result.stdout

    def bench(self, files, *options):
        command = [str(self.bin / "eclip-bench"), *map(str, files), "--device", self.device, "--serve", *options]
        return Server(command, self.environment)

    def outputs(self, schedule, inputs, names, work):
        """A request's outputs, by eclip-run; `work` is a folder of this call's own."""
        work.mkdir(exist_ok=True)
        arguments = [schedule, "--device", self.device, "--json"]
        for i, (name, array) in enumerate(inputs.items()):
            np.save(work / f"in{i}.npy", array)
            arguments += ["--input", f"{name}={work / f'in{i}.npy'}"]
        for i, name in enumerate(names):
            arguments += ["--output", f"{name}={work / f'out{i}.npy'}"]
        self.run("eclip-run", *arguments)
        return [np.load(work / f"out{i}.npy") for i in range(len(names))]


class Server:
    """A program that answers each line with a line of JSON, after a first line that says it is ready.

    Its standard error goes to a file: what autotuners write there would fill a pipe.
    """

    def __init__(self, command, environment=None):
        self.name = pathlib.Path(command[1 if command[0] == sys.executable else 0]).name
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True, env=environment)

    def answer(self, timeout):
        """The next line; ToolError where none comes in time. After that the program is gone."""
        ready, _, _ = select.select([self.process.stdout], [], [], max(timeout, 0))
        line = self.process.stdout.readline() if ready else ""
        if line:
            answer = json.loads(line)
            if "error" in answer:
                raise ToolError(f"{self.name}: {answer['error']}")
            return answer
        self.process.kill()
        self.process.wait()
        self.log.seek(0)
        errors = self.log.read().strip().splitlines() or ["no message"]
        raise ToolError(f"{self.name}: " + (errors[-1][:300] if ready else f"not finished after {timeout:.0f} s"))

    def ask(self, line, timeout=120):
        try:
            self.process.stdin.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it ended; answer() tells why
        return self.answer(timeout)

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


def measure(server, seconds, **options):
    """eclip-bench's report of a window in which every worker finished requests; a longer one where the first is too short.

    `options`: more fields of its request for a window. With `only`, the report has that worker alone.
    """
    for attempt in range(3):
        report = server.ask({"seconds": seconds * 4 ** attempt, **options}, timeout=120 + seconds * 32)
        if "only" in options:
            report["workers"] = [report["workers"][options["only"]]]
        idle = [worker["model"] for worker in report["workers"] if worker["requests"] < 2]
        if not idle:
            return report
    raise ToolError(f"{', '.join(idle)}: fewer than 2 requests ended in {seconds * 16:.1f} s")


def random_inputs(path, batch, seed=1):
    """By name: normal floats, and integers of [1, 256), which are valid tokens and a mask that is all true."""
    rng = np.random.default_rng(seed)
    graph = onnx.load(path, load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    arrays = {}
    for value in graph.input:
        if value.name in weights:
            continue
        kind = value.type.tensor_type
        shape = [d.dim_value or batch for d in kind.shape.dim]
        dtype = NUMPY_TYPES[kind.elem_type]
        arrays[value.name] = (rng.standard_normal(shape) if dtype == np.float32 else rng.integers(1, 256, shape)).astype(dtype)
    return arrays, [value.name for value in graph.output]


def relative_error(actual, expected):
    """Largest difference relative to the largest magnitude; infinite where shapes differ or anything is not a number."""
    if actual.shape != expected.shape or not np.isfinite(actual).all():
        return float("inf")
    return float(np.abs(actual.astype(np.float64) - expected).max() / max(np.abs(expected).max(), 1e-30))
