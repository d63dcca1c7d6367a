# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tables of bench_gpu.py's entries, and what is wrong with them."""

import math

from gpu import eclip_tools


def ratio(entry, way, what):
    """How many times faster ours is."""
    ms = entry["ms"]
    return ms[way][what] / ms["ours"][what] if way in ms and "ours" in ms and ms["ours"][what] else None


def mean_of(values):
    """(geometric mean, how many)."""
    values = [v for v in values if v]
    return (math.exp(sum(map(math.log, values)) / len(values)), len(values)) if values else (None, 0)


def cell(value, form=".3f"):
    return format(value, form) if value is not None else "—"


def row(entry):
    ms = entry["ms"]
    get = lambda way, what="device": ms.get(way, {}).get(what)
    limit = entry.get("roofline", {}).get("ms")
    share = limit / get("ours") if limit and get("ours") else None
    cells = [entry["model"], str(entry["batch"]), cell(get("ours")), cell(get("ours", "e2e")), cell(get("energy", "e2e")),
             cell(get("eager")), cell(get("eager", "e2e")), cell(get("compiled")), cell(get("compiled", "e2e")),
             cell(ratio(entry, "eager", "device"), ".2f"), cell(ratio(entry, "eager", "e2e"), ".2f"),
             cell(ratio(entry, "compiled", "device"), ".2f"), cell(ratio(entry, "compiled", "e2e"), ".2f"), cell(limit),
             cell(share, ".0%"), cell(get("ours", "submit") and get("ours", "submit") * 1e3, ".1f"),
             cell(entry["errors"].get("ours"), ".1e"), cell(entry["errors"].get("eager"), ".1e")]
    return "| " + " | ".join(cells) + " |"


def markdown(results):
    machine, entries = results["machine"], list(results["entries"].values())
    lines = [", ".join(f"{key} {value}" for key, value in machine.items()), "",
             "Milliseconds; device, and end to end (e2e).", "",
             "| model | batch | ours | e2e | energy, e2e | eager | e2e | compiled | e2e | eager/ours | e2e | compiled/ours | e2e | "
             "roofline | of it | submit µs | error | eager's |", "|---|" + "---:|" * 17]
    lines += [row(entry) for entry in entries]
    lines += ["", "| batch | eager/ours, device | e2e | compiled/ours, device | e2e |", "|---|---:|---:|---:|---:|"]
    for batch in sorted({entry["batch"] for entry in entries}):
        cells = []
        for way in ("eager", "compiled"):
            for what in ("device", "e2e"):
                mean, count = mean_of(ratio(e, way, what) for e in entries if e["batch"] == batch)
                cells.append(f"{cell(mean, '.2f')} (of {count})")
        lines.append(f"| {batch} | " + " | ".join(cells) + " |")
    notes = [f"- {entry['model']}, batch {entry['batch']}: {note}" for entry in entries for note in entry["notes"]]
    return "\n".join([*lines, *([""] + notes if notes else [])]) + "\n"


def failures(results, precision):
    """What is off or missing among the entries."""
    limit = eclip_tools.TOLERANCES[precision]
    found = []
    for key, entry in results["entries"].items():
        found += [f"{key}: {way} is {error:.2g} off" for way, error in entry["errors"].items()
                  if way in ("ours", "energy") and not error <= limit]
        if "ours" not in entry["ms"]:
            found.append(f"{key}: ours is not measured")
    return found
