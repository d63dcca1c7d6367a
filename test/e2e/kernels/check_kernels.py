#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles small kernels and compares what the virtual GPU computes with numpy.

All kernels of a group go into one module and one code object; each is launched
by vgpu-run-kernel with random inputs. Exit code 77 (skipped) without numpy.
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
    print("skipped: numpy is missing")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import math_cases
import movement_cases
import pointwise_cases
import random_cases
import reduction_cases
import type_cases

GROUPS = {"pointwise": pointwise_cases, "math": math_cases, "types": type_cases, "movement": movement_cases,
          "reduction": reduction_cases, "random": random_cases}
LAUNCH = re.compile(r"eclip\.kernel @(\S+) launch <grid = \[([\d, ]+)\], workgroup = \[([\d, ]+)\], "
                    r"lds_bytes = (\d+), scratch_bytes = (\d+)")


def compile_kernels(kernels, build, folder):
    """Returns the code object's path and {name: (grid, workgroup)}."""
    source, code = os.path.join(folder, "kernels.mlir"), os.path.join(folder, "kernels.hsaco")
    with open(source, "w", encoding="utf-8") as file:
        file.write("".join(k.text() for k in kernels))
    done = subprocess.run([os.path.join(build, "bin", "eclip-opt"),
                           f"--eclip-compile-kernels=code-file={code}",
                           "--mlir-elide-resource-strings-if-larger=16", source],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("compilation failed:\n" + done.stderr[-6000:])
    launches = {}
    for name, grid, workgroup, _, scratch in LAUNCH.findall(done.stdout):
        launches[name.strip('"')] = (grid.replace(" ", ""), workgroup.replace(" ", ""))
        if scratch != "0":
            print(f"note: {name} uses {scratch} bytes of scratch for each work-item")
    return code, launches


def differences(got, want, rtol, atol):
    """None, or a line that says where `got` is not `want`."""
    if want.dtype.kind != "f":
        wrong = got != want
    else:
        with np.errstate(all="ignore"):
            near = np.abs(got.astype(np.float64) - want) <= atol + rtol * np.abs(want.astype(np.float64))
        wrong = ~(near | (got == want) | (np.isnan(got) & np.isnan(want)))
    if not wrong.any():
        return None
    spot = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(wrong)))
    return (f"{int(wrong.sum())} of {want.size} elements differ, first at {list(spot)}: "
            f"got {np.atleast_1d(got)[spot]!r}, numpy has {np.atleast_1d(want)[spot]!r}")


def run_kernel(kernel, code, launch, build, folder):
    words = [os.path.join(build, "bin", "vgpu-run-kernel"), code, kernel.name,
             "--grid", launch[0], "--block", launch[1]]
    for index, array in enumerate(kernel.inputs):
        path = os.path.join(folder, f"in{index}.bin")
        array.tofile(path)
        words.append(f"in:{path}")
    outputs = []
    for index, expected in enumerate(kernel.expected):
        outputs.append(os.path.join(folder, f"out{index}.bin"))
        words.append(f"zero:{expected.nbytes}:{outputs[-1]}")
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        return (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
    problems = []
    for path, expected in zip(outputs, kernel.expected):
        got = np.fromfile(path, expected.dtype).reshape(expected.shape)
        problem = differences(got, expected, kernel.rtol, kernel.atol)
        if problem:
            problems.append(problem)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="build directory")
    parser.add_argument("--only", help="regular expression of kernel names")
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], help="default: all")
    options = parser.parse_args()
    failures = total = 0
    for group in options.groups or GROUPS:
        kernels = [k for k in GROUPS[group].all_cases()
                   if not options.only or re.search(options.only, k.name)]
        if not kernels:
            continue
        with tempfile.TemporaryDirectory() as folder:
            code, launches = compile_kernels(kernels, options.build, folder)
            for kernel in kernels:
                total += 1
                problems = run_kernel(kernel, code, launches[kernel.name], options.build, folder)
                if problems:
                    failures += 1
                    print(f"FAIL {kernel.name}: {'; '.join(problems)}")
        print(f"{group}: {len(kernels)} kernels")
    print(f"{total - failures} of {total} kernels agree with numpy")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
