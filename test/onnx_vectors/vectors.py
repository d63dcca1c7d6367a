# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX's backend operator tests: one compiled, run on the virtual GPU, and judged."""

import re
import subprocess

import numpy as np
import onnx
from onnx import numpy_helper

# The sets of libonnx-testdata. "real" holds only addresses of models.
SETS = ("node", "simple", "pytorch-operator", "pytorch-converted")

# Best to worst.
PASS, CONSTANT, REFUSED, FAIL = "pass", "constant", "refused", "fail"

# (relative, absolute). Those of float and double are what ONNX's own runner takes for every type; a half has a
# precision of 1e-3 by itself. All other types must agree exactly.
TOLERANCES = {"float64": (1e-3, 1e-7), "float32": (1e-3, 1e-7), "float16": (2e-3, 1e-4)}

COMPILE_SECONDS, RUN_SECONDS = 30, 30

# The vectors pass these operands as graph inputs. They decide the shape of a result or, as axes and the like, the
# program, so that models hold them as initializers or compute them from shapes.
SHAPING = {
    "BlackmanWindow": (0,), "CenterCropPad": (1,), "Compress": (1,), "ConstantOfShape": (0,), "CumSum": (1,),
    "DFT": (1,), "Dropout": (1, 2), "Expand": (1,), "HammingWindow": (0,), "HannWindow": (0,), "Loop": (0,),
    "MaxUnpool": (2,), "OneHot": (1,), "Pad": (1, 3), "Range": (0, 1, 2), "Reshape": (1,), "Resize": (1, 2, 3),
    "STFT": (1, 3), "Slice": (1, 2, 3, 4), "Split": (1,), "Squeeze": (1,), "Tile": (1,), "TopK": (1,), "Trilu": (1,),
    "Unsqueeze": (1,), "Upsample": (1,),
    **{f"Reduce{kind}": (1,) for kind in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum",
                                          "SumSquare")}}


class Result:
    def __init__(self, kind, text="", operator=""):
        self.kind, self.text, self.operator = kind, text, operator


def find_tests(data):
    """Paths of the tests' folders, named SET/NAME without ONNX's prefix 'test_'."""
    return {f"{group}/{path.parent.name.removeprefix('test_')}": path.parent
            for group in SETS for path in sorted((data / group).glob("test_*/model.onnx"))}


def read_tensor(path):
    tensor = onnx.TensorProto()
    tensor.ParseFromString(path.read_bytes())
    return numpy_helper.to_array(tensor)


def mismatch(got, expected):
    """None, or how an output differs from the expected one."""
    if got.dtype != expected.dtype:
        return f"is {got.dtype}, expected {expected.dtype}"
    if got.shape != expected.shape:
        return f"has shape {list(got.shape)}, expected {list(expected.shape)}"
    if got.dtype.name not in TOLERANCES:
        wrong = int(np.sum(got != expected))
        return f"{wrong} of {got.size} elements differ" if wrong else None
    relative, absolute = TOLERANCES[got.dtype.name]
    wrong = ~np.isclose(got.astype(np.float64), expected.astype(np.float64), relative, absolute, equal_nan=True)
    if not wrong.any():
        return None
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return f"{int(wrong.sum())} of {got.size} elements differ, first at {list(at)}: {got[at]}, expected {expected[at]}"


def node_names(nodes):
    """(name, operator) of each node, as the importer names them, nodes of subgraphs included."""
    for index, node in enumerate(nodes):
        name = node.name or (node.output[0] if node.output and node.output[0] else f"#{index}")
        yield name, f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
        yield name, node.op_type
        for attribute in node.attribute:
            yield from node_names(attribute.g.node)


def judge_refusal(code, stderr, model):
    """A Result from a non-zero exit of the compiler: refused only with one line that names a node and its operator,
    or a graph input that no node reads."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    if code < 0:
        return Result(FAIL, f"eclip-compile ended by signal {-code}")
    if len(lines) != 1:
        return Result(FAIL, f"eclip-compile printed {len(lines)} lines: {' | '.join(lines)[:200]}")
    unread = re.match(r"eclip-compile: error: .*?\binput '(.*?)': (.*)$", lines[0])
    if unread and not any(unread[1] in node.input for node in model.graph.node):
        return Result(REFUSED, f"an input that no node reads: {unread[2]}", "none")
    found = re.match(r"eclip-compile: error: .*?node '(.*?)' \(([\w.]+)\)(?:: )?(.*)$", lines[0])
    if not found:
        return Result(FAIL, f"the diagnostic does not name node and operator: {lines[0]}")
    name, operator, message = found.groups()
    if (name, operator) not in set(node_names(model.graph.node)):
        return Result(FAIL, f"the diagnostic names '{name}' ({operator}), which is no node: {lines[0]}")
    return Result(REFUSED, message or lines[0], operator)


def shaping_inputs(model):
    """Names of graph inputs that some node reads as one of its SHAPING operands, or that such an operand is computed
    from other than by its shape."""
    inputs = {value.name for value in model.graph.input if value.type.HasField("tensor_type")}
    producers = {name: node for node in model.graph.node for name in node.output}
    pending = [node.input[i] for node in model.graph.node for i in SHAPING.get(node.op_type, ()) if i < len(node.input)]
    seen = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in producers and producers[name].op_type not in ("Shape", "Size"):
            pending.extend(producers[name].input)
    return inputs & seen


class VectorTest:
    """One test. `work` is a folder of its own, which its caller removes."""

    def __init__(self, tools, path, work):
        self.tools, self.path, self.work = tools, path, work
        self.data = path / "test_data_set_0"

    def run(self):
        model = onnx.load(self.path / "model.onnx")
        result = self.attempt(model, self.path / "model.onnx", list(model.graph.input))
        if result.kind != REFUSED:
            return result
        shaping = shaping_inputs(model)
        if not shaping:
            return result
        inputs = list(model.graph.input)
        for index, value in enumerate(inputs):
            path = self.data / f"input_{index}.pb"
            if value.name in shaping and path.exists():
                model.graph.initializer.append(numpy_helper.from_array(read_tensor(path), value.name))
        folded = self.work / "model.onnx"
        onnx.save(model, folded)
        result = self.attempt(model, folded, inputs)
        return Result(CONSTANT) if result.kind == PASS else result

    def attempt(self, model, path, inputs):
        """Compiles and runs; `inputs` are the model's with the index that the data has."""
        compiled = self.work / "model.eclip"
        command = [self.tools / "eclip-compile", path, "-o", compiled, "--quiet", *self.bindings(inputs)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=COMPILE_SECONDS)
        except subprocess.TimeoutExpired:
            return Result(FAIL, f"eclip-compile ran longer than {COMPILE_SECONDS} s")
        if done.returncode:
            return judge_refusal(done.returncode, done.stderr, model)
        if done.stderr.strip():
            return Result(FAIL, f"eclip-compile succeeded and printed {done.stderr.strip()[:200]}")
        initializers = {tensor.name for tensor in model.graph.initializer}
        arguments = []
        for index, value in enumerate(inputs):
            if value.name not in initializers:
                np.save(self.work / f"in{index}.npy", read_tensor(self.data / f"input_{index}.pb"))
                arguments += ["--input", f"{value.name}={self.work / f'in{index}.npy'}"]
        for index, value in enumerate(model.graph.output):
            arguments += ["--output", f"{value.name}={self.work / f'out{index}.npy'}"]
        return self.execute(compiled, arguments, len(model.graph.output))

    def bindings(self, inputs):
        """Options that bind named dynamic dimensions to the extents of the data."""
        extents = {}
        for index, value in enumerate(inputs):
            path = self.data / f"input_{index}.pb"
            names = [(i, dim.dim_param) for i, dim in enumerate(value.type.tensor_type.shape.dim) if dim.dim_param]
            if names and path.exists():
                shape = read_tensor(path).shape
                # An empty extent cannot be bound; with 1 the compiler gets to what it refuses, or the run fails.
                extents.update({name: max(shape[i], 1) for i, name in names})
        return [text for name, extent in extents.items() for text in ("--dim", f"{name}={extent}")]

    def execute(self, compiled, arguments, outputs):
        command = [self.tools / "eclip-run", compiled, "--device", "vgpu", "--check", "--timeout", RUN_SECONDS,
                   *arguments]
        try:
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, errors="replace",
                                  timeout=2 * RUN_SECONDS)
        except subprocess.TimeoutExpired:
            return Result(FAIL, f"eclip-run ran longer than {2 * RUN_SECONDS} s")
        if done.returncode < 0:
            return Result(FAIL, f"eclip-run ended by signal {-done.returncode}")
        if done.returncode:
            return Result(FAIL, f"eclip-run ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        for index in range(outputs):
            if not (self.work / f"out{index}.npy").exists():
                return Result(FAIL, f"eclip-run succeeded without output {index}")
            problem = mismatch(np.load(self.work / f"out{index}.npy"), read_tensor(self.data / f"output_{index}.pb"))
            if problem:
                return Result(FAIL, f"output {index} {problem}")
        return Result(PASS)
