#!/usr/bin/env python3
"""Hold the model of workers side by side, and its simulator, against measured rates.

Kernels' costs and their sharing go wrong separately, so the first table is of each model alone: predicted time beside the
measured one. The second has, for each way to share the device, measured rates and those by model and simulator: as they are,
relative to the predicted time alone. The errors in the last lines are root mean squares of log(predicted / measured). The third
says what picking by simulation is worth: of the measured ways of each mix that of the largest throughput times work per joule
whose slowest tail is no longer than without masks (simulated: but for the tolerance that MixChoosing.cpp has), picked by what is simulated
and by what was measured, and what was measured.

  compare_mixes.py --build build --costs DIR [--measured test/bench/mixes_h100.json]

DIR holds NAME.mlir of each model: its annotated schedule (eclip-compile --emit=plans --plans alone, with --profile where there is one, with
--tiles if the kernels measured had another table of tiles, and a description that offers the CU counts of the measured ways and as many masked
queues as twice these: what is not offered costs what the next smaller count does).
"""
import argparse
import json
import math
import pathlib
import re
import subprocess
import sys

from gpu.mixes import MIXES


def predict(args, names, ways):
    command = [args.build / "bin/predict_mixes", *(f"--way={way}" for way in ways), *(args.costs / f"{n}.mlir" for n in names)]
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def alone_ms(path):
    """Sum of the predicted times by CU count."""
    sums = {}
    for line in path.read_text().splitlines():
        found = re.search(r"eclip\.dispatch @.* cost <cus = \[([\d, ]+)\], time_ns = \[([\d, ]+)\]", line)
        if found:
            for cus, ns in zip(found[1].split(", "), found[2].split(", ")):
                sums[cus] = sums.get(cus, 0) + int(ns) * 1e-6
    return sums


def error(logs):
    return f"{100 * math.sqrt(sum(x * x for x in logs) / len(logs)):.1f} %"


# tailTolerance of MixChoosing.cpp.
TOLERANCE = 1.1


def pick(figures, tolerance=1.0):
    """Index of the way of the largest throughput squared by power whose tail is no longer than the first one's."""
    kept = [i for i, (_, _, tail) in enumerate(figures) if tail <= figures[0][2] * tolerance]
    return max(kept, key=lambda i: figures[i][0] ** 2 / figures[i][1])


def print_picks(picks):
    print("\n| mix | picked by simulation | throughput, work per joule, p95: measured | picked by measurement | measured |\n|---|---|---|---|---|")
    means = {"simulation": [], "measurement": []}
    for mix, entries, predicted in picks:
        measured = [(sum(e["rates"]), e["watts"], max(e["p95"])) for e in entries]
        played = [(got["throughput"], got["watts"], max(w["p95_ms"] / w["alone_ms"] for w in got["workers"])) for got in predicted]
        cells = []
        for by, index in (("simulation", pick(played, TOLERANCE)), ("measurement", pick(measured))):
            best, base = measured[index], measured[0]
            factors = (best[0] / base[0], best[0] / best[1] * base[1] / base[0], best[2] / base[2])
            means[by].append(factors)
            cells += [entries[index]["way"].replace(",", " "), " / ".join(f"{f:.2f}" for f in factors)]
        print(f"| {mix} | " + " | ".join(cells) + " |")
    for by, factors in means.items():
        print(f"picked by {by}: " + " / ".join(f"{sum(f) / len(f):.3f}" for f in zip(*factors)) + " on average")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--costs", type=pathlib.Path, required=True, help="folder of annotated schedules, NAME.mlir")
    parser.add_argument("--measured", type=pathlib.Path, default=pathlib.Path(__file__).parent / "mixes_h100.json")
    args = parser.parse_args()
    data = json.loads(args.measured.read_text())
    print(f"Measured: {data['device']}; {data['date']}; {data['conditions']}\n")
    print("| model alone | CUs | measured, ms | predicted, ms |\n|---|---|---|---|")
    for name, points in data["solo"].items():
        sums = alone_ms(args.costs / f"{name}.mlir")
        for cus, point in points.items():
            print(f"| {name} | {cus} | {1e3 / point['requests_per_s']:.3f} | {sums.get(cus, math.nan):.3f} |")
    print("\n| mix | SMs:end:priority of each worker | measured | model | simulator |\n|---|---|---|---|---|")
    kinds, picks, watts = {}, [], []
    for mix in sorted({entry["mix"] for entry in data["ways"]}):
        entries = [entry for entry in data["ways"] if entry["mix"] == mix]
        predicted = predict(args, MIXES[mix], [entry["way"] for entry in entries])
        picks.append((mix, entries, predicted))
        for entry, got in zip(entries, predicted):
            watts.append(math.log(got["watts"] / entry["watts"]))
            model = [w["alone_ms"] / w["model_ms"] for w in got["workers"]]
            played = [w["alone_ms"] * w["requests_per_s"] * 1e-3 for w in got["workers"]]
            row = [" / ".join(f"{x:.2f}" for x in xs) for xs in (entry["rates"], model, played)]
            print(f"| {mix} | {entry['way'].replace(',', ' ')} | " + " | ".join(row) + " |")
            priority = any(not part.endswith(":0") for part in entry["way"].split(","))
            whole = all(part.startswith("132:") for part in entry["way"].split(","))
            kind = "with priorities" if priority else "all SMs" if whole else "partitions"
            logs = kinds.setdefault(kind, ([], []))
            for values, into in zip((model, played), logs):
                into += [math.log(a / b) for a, b in zip(values, entry["rates"])]
    print()
    for kind, (model, played) in kinds.items():
        print(f"{kind}: model {error(model)}, simulator {error(played)} of {len(model)} rates")
    print(f"power: simulator {error(watts)} of {len(watts)} ways")
    print_picks(picks)


if __name__ == "__main__":
    main()
