# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs schedules and compares their first outputs with a reference, in a process of its own.

usage: check_worker.py ARCHIVE cuda|vgpu

Each line of standard input is a JSON list, ["check", FILE.eclip, FILE.onnx, BATCH, REFERENCE.npy]; each answer is a line of
JSON: the relative error of each plan, or "error".
"""

import json
import os
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from gpu import eclip_runtime, eclip_tools


def check(device, schedule, model, batch, reference):
    inputs, _ = eclip_tools.random_inputs(model, batch)
    expected = np.load(reference)
    return {plan: eclip_tools.relative_error(arrays[0], expected) for plan, arrays in device.outputs(schedule, inputs).items()}


def main():
    archive, driver = sys.argv[1:]
    # Whatever libraries print goes to standard error.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        device = eclip_runtime.Device(archive, driver)
    except (eclip_runtime.RuntimeFailure, OSError) as error:
        answers.write(json.dumps({"error": str(error)}) + "\n")
        return 1
    answers.write(json.dumps({"ready": True}) + "\n")
    for line in sys.stdin:
        try:
            answer = {"errors": check(device, *json.loads(line)[1:])}
        except (eclip_runtime.RuntimeFailure, KeyError, OSError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
    device.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
