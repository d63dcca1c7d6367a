"""Deletes each wait of each barrier in turn: the verifier must refuse the schedule and the virtual GPU must report a race.

usage: check_barriers.py --build DIR

The model is magika: its schedule's barriers all guard real data. The whole schedule must be accepted and run without a
finding, so that the findings come from the deletions.
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    args = parser.parse_args()
    model = runs.magika_model()
    work = args.build / "e2e" / "barriers"
    work.mkdir(parents=True, exist_ok=True)
    inputs = runs.random_inputs(model, 1, seed=2)

    verdicts = runs.run_tool(args.build, "drop-barrier", model, 1, work / "model").split()
    complaints = []
    code, errors = findings(args.build, work / "model.eclip", work, inputs)
    if code:
        complaints.append(f"the whole schedule does not run cleanly: {errors}")
    waits = len(verdicts) // 2
    if waits == 0:
        complaints.append("the schedule has no barrier to delete")
    for i in range(waits):
        if verdicts[2 * i + 1] != "verifier=refuses":
            complaints.append(f"eclip-verify-schedule accepts the schedule without wait {i}")
        code, errors = findings(args.build, work / f"model.{i}.eclip", work, inputs)
        races = [line for line in errors.splitlines() if "race" in line]
        if code == 0 or not races:
            complaints.append(f"the checking mode finds no race without wait {i}")
        else:
            print(f"wait {i}: refused, and reported: {races[0]}")
    for complaint in complaints:
        print(f"FAILED: {complaint}")
    print(f"{waits} waits deleted in turn")
    return 1 if complaints else 0


sys.exit(main())
