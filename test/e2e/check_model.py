"""One model, whole path: compile, run on the virtual MI50, compare every output with ONNX Runtime.

usage: check_model.py --build DIR MODEL [--batch N] [--precision f32|f16] [--tolerance T] [--check] [--branches]

MODEL is one of the evaluation graphs, or magika. Fails unless every output is within the tolerance (of fp32, unless
given: 1e-3, or 2e-2 with --precision f16) and no kernel spills; with f32 also unless at least two
queues with different masks carry dispatches and there is at least one barrier. With --check the run is repeated under
the virtual GPU's checking mode, which must find nothing. With --branches some branches must run side by side: two queues
with dispatches whose masks have no CU in common, which is never so otherwise.
"""
import argparse
import itertools
import json
import re
import sys
from pathlib import Path

import model_runs as runs


def check_schedule(build, compiled, precision, branches):
    """Complaints about the compiled schedule, empty if it is what a schedule must be."""
    dump = json.loads(runs.run_tool(build, "eclip-dump", compiled, "--json"))
    plan = dump["plans"][0]
    busy = {tuple(q["mask"]) for q in plan["queues"] if any(p["kind"] == "dispatch" for p in q["packets"])}
    print(f"{plan['launches']} launches, {len(plan['groups'])} groups, {plan['barriers']} barriers, "
          f"{len(busy)} masks with dispatches: {[q['cu_count'] for q in plan['queues']]}")
    complaints = []
    halves = sum(re.search(r"_f16(_\d+)?$", k["name"]) is not None for k in dump["kernels"])
    if precision == "f16":
        print(f"{halves} of {len(dump['kernels'])} kernels work on halves")
        if halves * 2 < len(dump["kernels"]):
            complaints.append("most kernels do not work on halves")
    elif halves:
        complaints.append("a kernel works on halves, which nobody asked for")
    # Which groups halves are worth is the clustering's to decide; that there are some is asked of f32.
    if precision == "f32" and len(busy) < 2:
        complaints.append("fewer than two differently masked queues carry dispatches")
    if precision == "f32" and plan["barriers"] < 1:
        complaints.append("there is no barrier")
    apart = [(a, b) for a, b in itertools.combinations(sorted(busy), 2) if not any(x & y for x, y in zip(a, b))]
    if branches and not apart:
        complaints.append("no two queues with dispatches have disjoint masks: no branches run side by side")
    if any(k["scratch_bytes"] for k in dump["kernels"]):
        complaints.append("a kernel spills to scratch memory")
    return complaints


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("model")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--precision", choices=runs.TOLERANCES, default="f32")
    parser.add_argument("--tolerance", type=float)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--branches", action="store_true")
    args = parser.parse_args()
    tolerance = runs.TOLERANCES[args.precision] if args.tolerance is None else args.tolerance

    model = runs.magika_model() if args.model == "magika" else runs.evaluation_model(args.build, args.model)
    work = args.build / "e2e" / f"{args.model}-{args.batch}-{args.precision}"
    work.mkdir(parents=True, exist_ok=True)
    compiled = work / "model.eclip"
    seconds = runs.compile_model(args.build, model, compiled, args.batch, "--precision", args.precision)
    print(f"compiled in {seconds:.1f} s, {compiled.stat().st_size / 2**20:.1f} MiB")
    complaints = check_schedule(args.build, compiled, args.precision, args.branches)

    inputs = runs.random_inputs(model, args.batch, seed=1)
    expected = runs.reference(model, inputs)
    for options in [()] + ([("--check",)] if args.check else []):
        outputs, _, seconds = runs.run_model(args.build, compiled, work, inputs, runs.output_names(model), *options)
        for name, array in outputs.items():
            error = runs.relative_error(array, expected[name])
            print(f"{name}: error {error:.2e} relative to the largest magnitude, {seconds:.1f} s {' '.join(options)}")
            if not error <= tolerance:
                complaints.append(f"output {name} differs by {error:.2e}, allowed {tolerance:.0e}")
    for complaint in complaints:
        print(f"FAILED: {complaint}")
    return 1 if complaints else 0


sys.exit(main())
