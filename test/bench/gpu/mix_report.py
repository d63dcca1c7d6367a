# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Figures and tables of bench_gpu_mixes.py's windows.

results: "solo" by model: the windows of it alone. "entries" by mix: "models", "notes", and "windows" by way. A window has rates
(requests a second) and p95 latencies by model, and what the meter read.
"""

import statistics

BASES = ("streams", "one stream")
METER = ("watts", "mhz", "power_capped", "too_hot")


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def solo(results, model):
    """Medians of a model alone, or None."""
    windows = results.get("solo", {}).get(model)
    return {key: median(w[key] for w in windows) for key in ("per_second", "p50_ns", "watts", "mhz")} if windows else None


def of_window(window, solos):
    """Figures of one window. Throughput and efficiency are relative to each model's rate alone, tails to its median latency."""
    rates = [rate / s["per_second"] for rate, s in zip(window["per_second"], solos)]
    tails = [p95 / s["p50_ns"] for p95, s in zip(window["p95_ns"], solos)]
    watts = window["watts"]
    return {"throughput": sum(rates), "p95": max(tails), "efficiency": sum(rates) / watts * 1e3 if watts else None,
            "rates": rates, "tails": tails, **{key: window[key] for key in METER}}


def choose(streams, choices):
    """Of choices by number, figures each, that with the largest product of throughput and efficiency (throughput alone where no
    power is read), if any is no worse than streams in throughput and slowest tail: else that of the shortest tail.
    """
    kept = [c for c, f in choices.items() if f["throughput"] >= streams["throughput"] and f["p95"] <= streams["p95"]]
    if kept:
        return max(kept, key=lambda c: choices[c]["throughput"] * (choices[c]["efficiency"] or 1))
    return min(choices, key=lambda c: choices[c]["p95"])


def figures(results, mix):
    """By way, the medians over its windows."""
    entry = results["entries"][mix]
    solos = [solo(results, model) for model in entry["models"]]
    if None in solos:
        return {}
    found = {}
    for way, windows in entry["windows"].items():
        each = [of_window(window, solos) for window in windows]
        if each:
            found[way] = {key: median(e[key] for e in each) for key in ("throughput", "efficiency", "p95", *METER)}
            found[way]["windows"] = len(each)
            for key in ("rates", "tails"):
                found[way][key] = [median(values) for values in zip(*(e[key] for e in each))]
    best = best_split(found)
    if best:
        found["best split"] = {**found[best], "name": best}
    return found


def best_split(ways):
    """Of the measured model-wise splits that with the largest product of throughput and efficiency."""
    splits = [way for way in ways if way.startswith("split ")]
    return max(splits, key=lambda way: ways[way]["throughput"] * (ways[way]["efficiency"] or 1), default=None)


def relative(ways, way, base):
    """(throughput, efficiency, p95) of a way by those of another; None for what either lacks."""
    if way not in ways or base not in ways:
        return (None, None, None)
    divide = lambda key: ways[way][key] / ways[base][key] if ways[way][key] is not None and ways[base][key] else None
    return tuple(divide(key) for key in ("throughput", "efficiency", "p95"))


def means(results, mixes):
    """Rows (way, mixes counted, six means): arithmetic means of the factors against streams and against one stream."""
    by_mix = [figures(results, mix) for mix in mixes]
    rows = []
    for way in dict.fromkeys(way for ways in by_mix for way in ways):
        cells = []
        for base in BASES:
            found = [relative(ways, way, base) for ways in by_mix]
            for values in zip(*found):
                known = [value for value in values if value is not None]
                cells.append(statistics.mean(known) if known else None)
        rows.append((way, sum(way in ways and "streams" in ways for ways in by_mix), cells))
    return rows


# --- as Markdown ---------------------------------------------------------------


def cell(value, form=".2f"):
    return format(value, form) if value is not None else "—"


def table(header, rows, left):
    """Markdown; the first `left` columns are text."""
    cells = [header, ["---"] * left + ["---:"] * (len(header) - left), *rows]
    return ["| " + " | ".join(row) + " |" for row in cells] + [""]


def mix_tables(results, mix):
    entry, ways = results["entries"][mix], figures(results, mix)
    rows, workers = [], []
    for way, f in ways.items():
        name = f"{way} ({f['name']})" if "name" in f else way
        against = [cell(value) for base in BASES for value in relative(ways, way, base)]
        rows.append([name, cell(f["throughput"]), cell(f["efficiency"]), cell(f["p95"], ".1f"), *against])
        if way != "best split":
            workers.append([way, *[cell(rate) for rate in f["rates"]], *[cell(tail, ".1f") for tail in f["tails"]],
                            cell(f["watts"], ".0f"), cell(f["mhz"], ".0f"), cell(f["power_capped"], ".0%"), str(f["windows"])])
    parts = [f"{way}: {' and '.join('+'.join(map(str, queues)) for queues in each)}"
             for way, each in entry.get("sms", {}).items() if each and all(each) and way in entry["windows"]]
    short = [model.split("_")[0] for model in entry["models"]]
    against = [f"{what} / {base}" for base in BASES for what in ("throughput", "efficiency", "p95")]
    return [f"### Mix {mix}: {', '.join(entry['models'])}", "",
            *table(["way", "throughput", "per kJ", "p95", *against], rows, 1),
            *table(["way", *[f"{m} rate" for m in short], *[f"{m} p95" for m in short], "W", "MHz", "power cap", "windows"],
                   workers, 1),
            *(["SMs of each model's queues: " + "; ".join(parts) + ".", ""] if parts else []),
            *[f"- {note}" for note in entry["notes"]], ""]


def markdown(results):
    machine, mixes = results["machine"], results["entries"]
    numbered = [mix for mix in mixes if mix.isdigit()] or list(mixes)
    lines = [", ".join(f"{key} {value}" for key, value in machine.items()), "",
             f"Costs of plans and joint: {results.get('costs', 'not compiled')}.", "",
             f"## Means of factors over {len(numbered)} mixes", ""]
    against = [f"{what} / {base}" for base in BASES for what in ("throughput", "efficiency", "p95")]
    lines += table(["way", "mixes", *against],
                   [[way, str(count), *map(cell, cells)] for way, count, cells in means(results, numbered)], 1)
    alone = []
    for model in results.get("solo", {}):
        s = solo(results, model)
        alone.append([model, cell(s["per_second"], ".1f"), cell(s["p50_ns"] * 1e-6, ".3f"), cell(s["watts"], ".0f"),
                      cell(s["mhz"], ".0f")])
    lines += ["## Each model alone, on all SMs", "", *table(["model", "requests/s", "median ms", "W", "MHz"], alone, 1)]
    for mix in mixes:
        lines += mix_tables(results, mix)
    return "\n".join(lines).rstrip() + "\n"
