#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damaged models: each ends in one line of diagnostic, or in results that ONNX Runtime agrees with.

    check_mutations.py --build DIR [--compiler PATH] [--tries N] [--first K] [--seed S] [--keep DIR]

Pieces of up to 20 nodes of the seven evaluation graphs, and every twentieth time a whole graph, get an attribute out of
range, a missing, wrong or cyclic operand, a duplicate name, another operator, type or shape, a damaged constant, or
damaged bytes. eclip-compile (of the build, or PATH: one built with sanitizers) must refuse with exit code 2 and one
line, or succeed silently; then the virtual GPU runs the schedule, and its outputs are compared with ONNX Runtime's. A
model that ONNX Runtime refuses and eclip-compile does not is a failure too, except for the reasons in EXPLAINED; so is
a NaN in another place, except behind a MaxPool.

--first starts at try K, which is how one try is repeated. Exit codes: 0 no failure, 1 some, 77 a package is missing.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    import onnxruntime  # noqa: F401  (used by oracle.py's process)
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

import mutate
import subgraphs
from oracle import Oracle

SOURCE = pathlib.Path(__file__).resolve().parents[2]

# Of all outputs' largest magnitude; everything but floats must be equal.
TOLERANCES = {"float32": 1e-3, "float64": 1e-3, "float16": 2e-2}

# Bytes of inputs, outputs and arena beyond which a schedule is not run.
RUN_LIMIT = 1 << 28

# Bytes up to which the virtual GPU watches every access while it runs.
CHECK_LIMIT = 1 << 21

# Why ONNX Runtime may refuse what eclip-compile takes.
EXPLAINED = {
    r"NOT_IMPLEMENTED|Could not find an implementation": "ONNX Runtime has no kernel of that type",
    r"out of data bounds|idx must be within": "an index that is known at run time only: clamped, as documented",
    r"Opset \d+ is under development|is till opset": "an opset newer than ONNX Runtime",
}


class Verdict:
    REFUSED, AGREES, EXPLAINED, TOO_LARGE, FAILED = (
        "refused", "agree", "differ for an explained reason", "too large to run", "FAILED")

    def __init__(self, kind, text=""):
        self.kind, self.text = kind, text


def judge_exit(code, stderr):
    """A verdict on a compiler that refused, crashed or talked; None if it succeeded silently."""
    lines = stderr.splitlines()
    if code == 0 and not lines:
        return None
    if code == 2 and len(lines) == 1 and lines[0].startswith("eclip-compile: error: "):
        return Verdict(Verdict.REFUSED, lines[0])
    return Verdict(Verdict.FAILED, f"exit code {code}, {len(lines)} lines: {stderr[:2000]}")


def judge_refusal(problem):
    """A verdict on a model that ONNX Runtime refuses and the compiler takes."""
    for pattern, reason in EXPLAINED.items():
        if re.search(pattern, problem):
            return Verdict(Verdict.EXPLAINED, reason)
    return Verdict(Verdict.FAILED, f"accepted, but: {problem[:600]}")


def mismatch(name, got, expected):
    """None, or how an output differs from ONNX Runtime's."""
    if got.dtype != expected.dtype or got.shape != expected.shape:
        return f"output '{name}' is {got.dtype}{list(got.shape)}, expected {expected.dtype}{list(expected.shape)}"
    if got.dtype.name not in TOLERANCES:
        wrong = int(np.sum(got != expected))
        return f"output '{name}': {wrong} of {got.size} elements differ" if wrong else None
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    finite = np.isfinite(expected)
    if not np.array_equal(got[~finite], expected[~finite], equal_nan=True) or not np.isfinite(got[finite]).all():
        return f"output '{name}': infinities or NaNs are not where they should be"
    if not finite.any():
        return None
    error = np.abs(got[finite] - expected[finite]).max() / max(np.abs(expected[finite]).max(), 1e-30)
    if not error <= TOLERANCES[got.dtype.name if got.dtype.name in TOLERANCES else "float32"]:
        return f"output '{name}' differs by {error:.1e} of the largest magnitude"
    return None


def judge_mismatch(problem, path):
    """A verdict on an output that differs."""
    if "NaNs" in problem and any(n.op_type == "MaxPool" for n in onnx.load(path, load_external_data=False).graph.node):
        return Verdict(Verdict.EXPLAINED, "NaN in the window of a MaxPool: ONNX leaves open what its maximum is")
    return Verdict(Verdict.FAILED, problem)


DTYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "bool": np.bool_}
DTYPES |= {f"{sign}{bits}": np.dtype(f"{kind}{bits}") for sign, kind in (("i", "int"), ("u", "uint"))
           for bits in (8, 16, 32, 64)}


def random_input(random, value):
    dtype = np.dtype(DTYPES[value["type"]])
    if dtype.kind == "f":
        return random.standard_normal(value["dims"]).astype(dtype)
    return random.integers(0, 2, value["dims"]).astype(dtype)


class Checker:
    def __init__(self, args, work):
        self.args, self.work, self.oracle = args, work, Oracle()
        self.bin = args.build / "bin"
        self.compiler = args.compiler or self.bin / "eclip-compile"
        # One directory for all runs: most kernels of a damaged model are those of the whole one.
        self.environment = os.environ | {"ECLIP_CACHE_DIR": str(args.build / "mutations" / "cache")}
        self.sources = {name: subgraphs.Source(SOURCE / "models" / f"{name}.onnx") for name in subgraphs.MODELS}
        self.pieces = {}

    def run(self, command, seconds):
        """(exit code, standard output, standard error); an exit code of None is a time that ran out."""
        try:
            done = subprocess.run([str(c) for c in command], capture_output=True, timeout=seconds, check=False,
                                  env=self.environment)
        except subprocess.TimeoutExpired:
            return None, "", f"no end after {seconds} s"
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def check(self, path, random, options):
        """Verdict on the model at `path`."""
        compiled = self.work / "model.eclip"
        compiled.unlink(missing_ok=True)
        code, out, err = self.run([self.compiler, path, *options, "--quiet", "-o", compiled], self.args.seconds)
        verdict = judge_exit(code, out + err)
        if verdict:
            if compiled.exists():
                return Verdict(Verdict.FAILED, "refused, but wrote a file")
            return verdict
        return self.compare(path, compiled, random)

    def compare(self, path, compiled, random):
        code, out, err = self.run([self.bin / "eclip-dump", compiled, "--json"], 60)
        if code != 0:
            return Verdict(Verdict.FAILED, f"eclip-dump: {err[:600]}")
        dump = json.loads(out)
        total = max(p["arena_bytes"] for p in dump["plans"]) + sum(v["bytes"] for v in (*dump["inputs"], *dump["outputs"]))
        if total > RUN_LIMIT:
            return Verdict(Verdict.TOO_LARGE)
        inputs = {v["name"]: random_input(random, v) for v in dump["inputs"]}
        expected, problem = self.oracle.run(path, inputs)
        if problem:
            return judge_refusal(problem)
        command = [self.bin / "eclip-run", compiled, "--device", "vgpu", *(["--check"] if total < CHECK_LIMIT else [])]
        for i, (name, array) in enumerate(inputs.items()):
            np.save(self.work / f"in{i}.npy", array)
            command += ["--input", f"{name}={self.work / f'in{i}.npy'}"]
        for i, name in enumerate(expected):
            command += ["--output", f"{name}={self.work / f'out{i}.npy'}"]
        code, out, err = self.run(command, 120)
        if code != 0:
            return Verdict(Verdict.FAILED, f"eclip-run: exit code {code}: {err[:600]}")
        for i, (name, array) in enumerate(expected.items()):
            problem = mismatch(name, np.load(self.work / f"out{i}.npy"), array)
            if problem:
                return judge_mismatch(problem, path)
        return Verdict(Verdict.AGREES)

    def piece(self, random):
        """A whole piece that ONNX Runtime runs; its name says how to make it again."""
        while True:
            name, number = mutate.pick(random, subgraphs.MODELS), int(random.integers(60))
            if (name, number) not in self.pieces:
                self.pieces[name, number] = self.make_piece(name, number)
            if self.pieces[name, number] is not None:
                return f"{name} piece {number}", self.pieces[name, number]

    def make_piece(self, name, number):
        random = np.random.default_rng([subgraphs.MODELS.index(name), number])
        model = subgraphs.extract(random, self.sources[name], int(random.integers(1, 21)))
        if model is None:
            return None
        path = self.work / "piece.onnx"
        onnx.save(model, path)
        inputs = {}
        for value in model.graph.input:
            dtype = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
            inputs[value.name] = np.ones([d.dim_value for d in value.type.tensor_type.shape.dim], dtype)
        return model if self.oracle.run(path, inputs)[1] is None else None

    def whole(self, random):
        """A whole graph. Its weights lie beside the damaged copy, as a link: the graph is what is damaged."""
        name = mutate.pick(random, [n for n in subgraphs.MODELS if (self.args.build / "models" / f"{n}.weights").exists()])
        if name is None:
            return self.piece(random)
        link = self.work / f"{name}.weights"
        if not link.exists():
            os.link(self.args.build / "models" / link.name, link)
        return name, onnx.load(SOURCE / "models" / f"{name}.onnx", load_external_data=False)

    def attempt(self, number):
        """(what was damaged and how, verdict) of one try."""
        random = np.random.default_rng([self.args.seed, number])
        is_whole = number % 20 == 19
        name, model = self.whole(random) if is_whole else self.piece(random)
        options = ["--batch", "1"] if is_whole or random.integers(10) == 0 else []
        data, how = mutate.mutated(random, model)
        path = self.work / "model.onnx"
        path.write_bytes(data)
        verdict = self.check(path, random, options)
        if verdict.kind == Verdict.FAILED and self.args.keep:
            self.args.keep.mkdir(parents=True, exist_ok=True)
            (self.args.keep / f"{self.args.seed}_{number}.onnx").write_bytes(data)
        return f"{name}, {how}", verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", type=pathlib.Path)
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=120, help="limit for one compilation")
    parser.add_argument("--keep", type=pathlib.Path, help="where models that failed are kept")
    parser.add_argument("--verbose", action="store_true", help="print every verdict")
    args = parser.parse_args()
    args.build = args.build.resolve()
    (args.build / "mutations").mkdir(exist_ok=True)
    counts = collections.Counter()
    with tempfile.TemporaryDirectory(dir=args.build / "mutations") as directory:
        checker = Checker(args, pathlib.Path(directory))
        for number in range(args.first, args.first + args.tries):
            what, verdict = checker.attempt(number)
            counts[verdict.kind] += 1
            if args.verbose or verdict.kind == Verdict.FAILED:
                print(f"try {number} of seed {args.seed} ({what}): {verdict.kind} {verdict.text}", flush=True)
        checker.oracle.close()
    print(f"{args.tries} damaged models: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())))
    if not args.first and args.tries >= 100 and not (counts[Verdict.REFUSED] and counts[Verdict.AGREES]):
        print("FAILED: neither refusals alone nor acceptance alone can be right")
        return 1
    return 1 if counts[Verdict.FAILED] else 0


if __name__ == "__main__":
    sys.exit(main())
