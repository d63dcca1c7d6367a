"""Deletes each wait of each barrier in turn: the verifier must refuse the schedule and the virtual GPU must report a race.

usage: check_barriers.py --build DIR MODEL...

A MODEL is one of the evaluation graphs, or magika. The whole schedule must be accepted and run without a finding, so
that the findings come from the deletions.
"""
import argparse
import subprocess
import sys
from pathlib import Path

import model_runs as runs


def findings(build, compiled, work, inputs):
    """(exit code, standard error) of a run in checking mode."""
    arguments = [compiled, "--device", "vgpu", "--check"]
    for i, (name, array) in enumerate(inputs.items()):
        path = work / f"in{i}.npy"
        runs.np.save(path, array)
        arguments += ["--input", f"{name}={path}"]
    result = subprocess.run([str(build / "bin/eclip-run"), *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return result.returncode, result.stderr


def check(build, name):
    """Complaints about one model, and how many waits were deleted."""
    model = runs.magika_model() if name == "magika" else runs.evaluation_model(build, name)
    work = build / "e2e" / "barriers" / name
    work.mkdir(parents=True, exist_ok=True)
    inputs = runs.random_inputs(model, 1, seed=2)
    verdicts = runs.run_tool(build, "drop-barrier", model, 1, work / "model").split()[1::2]
    complaints = []
    code, errors = findings(build, work / "model.eclip", work, inputs)
    if code:
        complaints.append(f"{name}: the whole schedule does not run cleanly: {errors}")
    if not verdicts:
        complaints.append(f"{name}: the schedule has no barrier to delete")
    for i, verdict in enumerate(verdicts):
        if verdict != "verifier=refuses":
            complaints.append(f"{name}: eclip-verify-schedule accepts the schedule without wait {i}")
        mutant = work / f"model.{i}.eclip"
        code, errors = findings(build, mutant, work, inputs)
        races = [line for line in errors.splitlines() if "race" in line]
        if code == 0 or not races:
            complaints.append(f"{name}: the checking mode finds no race without wait {i}")
        else:
            print(f"{name} without wait {i}: refused, and reported: {races[0]}")
        mutant.unlink()
    return complaints, len(verdicts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    complaints, waits = [], 0
    for name in args.models:
        found, count = check(args.build, name)
        complaints += found
        waits += count
    for complaint in complaints:
        print(f"FAILED: {complaint}")
    print(f"{waits} waits deleted in turn")
    return 1 if complaints else 0


sys.exit(main())
