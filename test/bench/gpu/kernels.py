# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the time of our models goes, kernel by kernel: bench_gpu.py --kernels.

Each distinct kernel is measured by itself on all SMs by eclip-profile and counts as often as a request launches it. What a
request takes above their sum is between them: launches, and caches that another kernel has filled.
"""

import collections
import json

from gpu import eclip_tools, roofline, session, single_report

cell = single_report.cell


def launches_of(dump):
    """By kernel: launches of a request, and bytes that they read and write."""
    found = collections.defaultdict(lambda: [0, 0])
    for queue in dump["plans"][0]["queues"]:
        for packet in queue["packets"]:
            if packet["kind"] == "dispatch":
                found[packet["kernel"]][0] += 1
                found[packet["kernel"]][1] += sum(argument["bytes"] for argument in packet["arguments"])
    return found


def rows_of(dump, times, work, peaks, precision):
    """One for each kernel, those with the most time first. `times`: ns by kernel; `work`: operations by node; µs in the rows."""
    rows = []
    launches = launches_of(dump)
    for kernel in dump["kernels"]:
        name = kernel["name"]
        count, size = launches[name]
        flop = sum(work[node][0] for node in kernel["nodes"] if node in work)
        bound = max(flop / peaks[precision] * 1e-6, size / peaks["gbs"] * 1e-3) if peaks else None
        rows.append({"kernel": name, "kind": kernel["kind"], "launches": count, "gflop": flop / 1e9, "mbytes": size / 1e6,
                     "us": times[name] * 1e-3 * count if name in times else None, "bound_us": bound})
    return sorted(rows, key=lambda row: -(row["us"] or 0))


class Kernels(session.Session):
    def __init__(self, args):
        super().__init__(args, f"kernels.{args.precision}", self.markdown)
        self.missing = []

    def run(self, names, batches):
        paths = self.models(names)
        wanted = [(name, batch) for batch in batches for name in paths if f"{name}.b{batch}" not in self.results["entries"]]
        file = lambda name, batch: self.work / f"{name}.b{batch}.{self.args.precision}.all.eclip"
        jobs = [((name, batch), [paths[name]], file(name, batch), self.options(batch, *self.everywhere()))
                for name, batch in wanted]
        failed = self.compile_all(jobs) if jobs else {}
        for name, batch in wanted:
            if self.left() < 5:
                self.say("the time budget has ended")
                return False
            try:
                if (name, batch) in failed:
                    raise eclip_tools.ToolError(failed[name, batch])
                self.one(name, paths[name], batch, file(name, batch))
            except eclip_tools.ToolError as error:
                self.missing.append(f"{name}.b{batch}: {error}")
        return True

    def one(self, name, path, batch, file):
        profile = file.with_suffix(".profile.json")
        self.tools.run("eclip-profile", file, "--device", self.args.device, "-o", profile, "--no-energy", "--quiet",
                       "--cus", self.everywhere()[1], "--repetitions", str(max(self.args.repeats, 3)))
        dump = json.loads(self.tools.run("eclip-dump", "--json", file))
        measured = json.loads(profile.read_text())
        times = {kernel["name"]: kernel["points"][-1]["time_ns"] for kernel in measured["kernels"].values()}
        key, peaks = roofline.peaks_of(measured["device"]["product"])
        rows = rows_of(dump, times, roofline.contractions(path, batch), peaks, self.args.precision)
        self.results["machine"]["gpu"] = measured["device"]["product"]
        self.results["entries"][f"{name}.b{batch}"] = {"model": name, "batch": batch, "rows": rows, "peaks": key}
        self.save()
        self.say(f"{name}, batch {batch}: {len(rows)} kernels, {sum(row['us'] or 0 for row in rows):.0f} µs in them")

    def markdown(self, results):
        lines = [", ".join(f"{key} {value}" for key, value in results["machine"].items()), "",
                 "Each kernel alone, without its launch, times its launches in a request; the bound is by arithmetic at the data "
                 "sheet's peak or by the bytes of its operands and results, whichever is longer.", ""]
        for entry in results["entries"].values():
            lines += self.table(entry)
        return "\n".join(lines).rstrip() + "\n"

    def table(self, entry):
        rows, top = entry["rows"], self.args.top
        total = sum(row["us"] or 0 for row in rows)
        count = sum(row["launches"] for row in rows)
        bound = sum(row["bound_us"] or 0 for row in rows)
        lines = [f"### {entry['model']}, batch {entry['batch']}", "",
                 f"{len(rows)} kernels, {count} launches, {total:.0f} µs; the sum of bounds is {bound:.0f} µs.", "",
                 "| kernel | launches | µs | of all | bound µs | × | GFLOP | MB |", "|---|" + "---:|" * 7]
        for row in rows[:top]:
            share = row["us"] / total if row["us"] and total else None
            over = row["us"] / row["bound_us"] if row["us"] and row["bound_us"] else None
            lines.append(f"| {row['kernel']} | {row['launches']} | {cell(row['us'], '.1f')} | {cell(share, '.0%')} | "
                         f"{cell(row['bound_us'], '.1f')} | {cell(over, '.1f')} | {row['gflop']:.2f} | {row['mbytes']:.1f} |")
        rest = sum(row["us"] or 0 for row in rows[top:])
        if rest:
            lines.append(f"| {len(rows) - top} others | {sum(row['launches'] for row in rows[top:])} | {rest:.1f} | "
                         f"{rest / total:.0%} | {sum(row['bound_us'] or 0 for row in rows[top:]):.1f} | | | |")
        return lines + [""]
