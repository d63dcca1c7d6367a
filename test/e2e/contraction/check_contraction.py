#!/usr/bin/env python3
"""Compiles contraction kernels, runs them on the virtual GPU, compares with numpy.

usage: check_contraction.py BUILD_DIR [--precision f32|f16] [--random N] [--first SEED] [--only NAME] [--verbose]

With f16 each kernel goes through eclip-lower-precision first, with all of its arguments in half precision.

Exit codes: 0 all right, 1 a case failed, 77 numpy is missing.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("numpy is missing: skipped")
    sys.exit(77)

import cases
import special


def fixed_cases():
    yield cases.gemm("square", 64, 64, 64)
    yield cases.gemm("odd", 33, 70, 19, tail="b")
    yield cases.gemm("vector", 1, 100, 64, tb=True, tail="bu")
    yield cases.gemm("vector_odd", 1, 37, 51, tail="b")
    yield cases.gemm("dot", 1, 1, 77)
    yield cases.gemm("outer", 20, 30, 1)
    yield cases.gemm("one_column", 50, 1, 64)
    yield cases.gemm("turned_a", 50, 36, 40, ta=True)
    yield cases.gemm("turned_both", 17, 29, 33, ta=True, tb=True, batch=3, init=True)
    yield cases.gemm("wide", 130, 300, 72, tail="bru")
    yield cases.conv("padded", 1, 14, 14, 32, 64, 3, 3, pad=1, tail="bru")
    yield cases.conv("first_layer", 1, 23, 21, 3, 64, 7, 7, stride=2, pad=3, tail="bu")
    yield cases.conv("dilated", 1, 9, 9, 24, 40, 3, 3, dilation=2, pad=2)
    yield cases.conv("strided", 1, 8, 8, 16, 32, 1, 1, stride=2)
    yield cases.conv("seven", 1, 7, 7, 64, 128, 1, 1, tail="bru")
    yield cases.conv("batch", 2, 7, 7, 32, 64, 3, 3, pad=1, tail="u")
    yield cases.conv("one_d", 1, 1, 30, 10, 12, 1, 5, pad=(0, 2))
    yield cases.conv("magika", 1, 1, 64, 256, 128, 1, 5, tail="b")
    yield cases.conv("grouped", 1, 14, 14, 8, 8, 3, 3, pad=1, groups=4, tail="u")
    yield cases.conv("grouped_odd", 1, 9, 7, 3, 5, 3, 3, pad=1, groups=3)
    yield cases.depthwise("depthwise", 1, 14, 14, 24, 3, 3, stride=2, pad=1, tail="bu")
    yield cases.depthwise("depthwise_odd", 2, 9, 8, 29, 3, 3, pad=1)
    yield special.one_hot("one_hot", 200, 257, 64)
    yield special.preactivated("preactivated", 9, 10, 32, 20, 3)
    yield special.preactivated("preactivated_1x1", 14, 14, 64, 128, 1)
    yield special.attention_scores("attention", 48, 4, 64)
    yield special.reshaped_tail("reshaped_tail", 20, 48, 4)
    yield special.channels_first("channels_first", 10, 12, 5, 9)
    yield special.half_operands("half", 40, 50, 36)
    yield special.sliced("sliced")
    yield special.there_and_back("there_and_back")


# Sums of k products of normal variates: errors grow as sqrt(k) ulps. What is computed before it is multiplied is
# rounded to f16, if the factors are.
TOLERANCE = 5e-6
HALF_TOLERANCE = {"preactivated": 2e-3, "preactivated_1x1": 2e-3}


def schedule_of(all_cases):
    """A schedule in which every argument of every kernel is a constant: f32 ones become f16. Outputs stay f32."""
    lines, results = [], []
    for case in all_cases:
        types = re.findall(r"%arg\d+: (tensor<.*?>)", case.text.splitlines()[1])
        operands = [f"%{case.name}_in{number}" for number in range(len(types))]
        for operand, kind in zip(operands, types):
            value = "0" if re.search(r"xi\d+>", kind) else "0.5"
            lines.append(f"{operand} = arith.constant dense<{value}> : {kind}")
        outputs = [cases.tensor(data.shape) for data in case.expected]
        names = [f"%{case.name}_out{number}" for number in range(len(outputs))]
        lines.append(f"{', '.join(names)} = eclip.dispatch @{case.name}({', '.join(operands)}) : "
                     f"({', '.join(types)}) -> ({', '.join(outputs)})")
        results += zip(names, outputs)
    quoted = ", ".join(f'"{name[1:]}"' for name, _ in results)
    lines.append(f"eclip.yield {', '.join(r[0] for r in results)} : {', '.join(r[1] for r in results)}")
    return f"eclip.schedule @main inputs [] outputs [{quoted}] {{\n" + "\n".join(lines) + "\n}\n"


class Compiled:
    """The cases' code object and what the compiler says of each kernel."""

    def __init__(self, build, folder, all_cases, precision):
        self.build, self.folder = build, folder
        self.code = os.path.join(folder, "code.hsaco")
        source = os.path.join(folder, "cases.mlir")
        with open(source, "w") as file:
            file.write("".join(case.text for case in all_cases))
            if precision == "f16":
                file.write(schedule_of(all_cases))
        lowering = ["--eclip-lower-precision=to=f16"] if precision == "f16" else []
        run = subprocess.run(
            [os.path.join(build, "bin", "eclip-opt"), source, *lowering,
             f"--eclip-compile-kernels=code-file={self.code}"],
            capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(f"eclip-opt failed:\n{run.stderr[:4000]}")
        self.kernels = {}
        for name, launch, rest, arguments in re.findall(
                r"eclip\.kernel @(\w+) launch <(.*?)>(.*?)\{\n *\^bb0(.*)$", run.stdout, re.M):
            facts = {key: int(value) for key, value in
                     re.findall(r"(\w+) = (\d+)", launch)}
            for key in ("grid", "workgroup"):
                facts[key] = re.search(key + r" = \[(.*?)\]", launch)[1].replace(" ", "")
            tile = re.search(r'eclip\.tile = "(.*?)"', rest)
            facts["tile"] = tile[1] if tile else ""
            facts["symbol"] = name
            facts["halves"] = [kind.endswith("xf16>") for kind in re.findall(r"tensor<.*?>", arguments)]
            self.kernels[name.removesuffix("_f16")] = facts

    def run(self, case):
        """The kernel's results and how many wave instructions they took."""
        facts = self.kernels[case.name]
        command = [os.path.join(self.build, "bin", "vgpu-run-kernel"), self.code,
                   facts["symbol"], "--grid", facts["grid"], "--block", facts["workgroup"]]
        for number, data in enumerate(case.inputs):
            path = os.path.join(self.folder, f"in{number}")
            (data.astype(np.float16) if facts["halves"][number] else data).tofile(path)
            command.append(f"in:{path}")
        paths = []
        for number, data in enumerate(case.expected):
            paths.append(os.path.join(self.folder, f"out{number}"))
            command.append(f"zero:{data.size * 4}:{paths[-1]}")
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"exit {run.returncode}: {run.stderr.strip()[:500]}")
        found = re.search(r"(\d+) wave\S* instructions", run.stdout + run.stderr)
        return ([np.fromfile(path, np.float32).reshape(data.shape)
                 for path, data in zip(paths, case.expected)],
                int(found[1]) if found else 0)


def check(compiled, case, tolerance, verbose):
    """An error message, or None."""
    try:
        results, instructions = compiled.run(case)
    except RuntimeError as error:
        return str(error)
    facts = compiled.kernels[case.name]
    worst = 0.0
    for result, expected in zip(results, case.expected):
        if not np.isfinite(result).all():
            return "a result is not finite"
        worst = max(worst, np.abs(result - expected).max() / case.scale)
    if verbose:
        print(f"{case.name}: error {worst:.1e}, tile {facts['tile']}, {instructions} wave "
              f"instructions, {facts['vgprs']} VGPRs, {facts['lds_bytes']} B LDS")
    if facts["scratch_bytes"]:
        return f"spills: {facts['scratch_bytes']} B of scratch"
    return None if worst < tolerance else f"differs by {worst:.2e} of sqrt(k)"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--precision", choices=["f32", "f16"], default="f32")
    parser.add_argument("--random", type=int, default=120)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    cases.HALF = options.precision == "f16"
    all_cases = list(fixed_cases()) + [
        cases.random_case(f"random{seed}", seed)
        for seed in range(options.first, options.first + options.random)]
    if options.only:
        all_cases = [case for case in all_cases if case.name == options.only]
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        compiled = Compiled(options.build, folder, all_cases, options.precision)
        for case in all_cases:
            tolerance = HALF_TOLERANCE.get(case.name, TOLERANCE) if cases.HALF else TOLERANCE
            message = check(compiled, case, tolerance, options.verbose)
            if message:
                failures += 1
                print(f"{case.name} ({compiled.kernels[case.name]['tile']}): {message}")
    print(f"{len(all_cases) - failures} of {len(all_cases)} cases are right")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
