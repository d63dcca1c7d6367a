#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measure two and three models at once on an NVIDIA GPU, on one machine in one run.

  bench_gpu_mixes.py --out DIR [--mix N]... [--way WAY]... [--budget-seconds S]

A closed loop: each model has a thread that keeps --in-flight requests under way. The ways, interleaved and repeated:

  one stream   the same kernels on all SMs, one request after another whosever it is (the paper's baseline)
  streams      the same kernels on all SMs, each model's requests on a stream of their own
  split N      model-wise green contexts: the first model on N SMs of one end, the others together on the rest
  plans        each model compiled by itself; the runtime picks its plan for so many neighbours
  joint OBJ    compiled together, by the objective OBJ
  torch        PyTorch: autotuned, in CUDA graphs, each model on a stream of its own

throughput: the sum over the models of requests a second, each relative to our kernels of that model alone on all SMs.
efficiency: that per kilojoule, by NVML's energy counter. p95: of the slowest model, relative to its median latency alone.
DIR/mixes.PRECISION.json has everything, mixes.PRECISION.md the tables; started again with the same DIR the script goes on with what is
missing.

Exit codes: 0 everything that was asked for is measured, 1 something failed, 2 wrong usage, 3 the time budget ended first.
"""

import concurrent.futures
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from gpu import eclip_tools, power, session
from gpu.mixes import MIXES, PAIRS

# All SMs, and those that two partitions share out: on an H100 masks are of 32 SMs, and 4 are left.
SMS = {"cuda": 132, "vgpu": 60}
SPLIT_SMS = {"cuda": 128, "vgpu": 60}


class Bench(session.Session):
    def __init__(self, args):
        super().__init__(args, "mixes", markdown)
        self.sms, self.split_sms = SMS[args.device], SPLIT_SMS[args.device]
        self.meter = power.EnergyMeter.open() if args.device == "cuda" else None
        self.no_torch = self.torch_missing()
        self.torch_server = None
        self.failed = {}

    # --- schedules ---------------------------------------------------------

    def file(self, model, kind):
        return self.work / f"{model}.b{self.args.batch}.{self.args.precision}.{kind}.eclip"

    def joint_folder(self, models, objective):
        return self.work / f"{'+'.join(models)}.b{self.args.batch}.{self.args.precision}.{objective}"

    def files(self, way, models):
        """The schedules of a way, in the models' order."""
        kind, _, parameter = way.partition(" ")
        if kind == "joint":
            return [self.joint_folder(models, parameter) / f"{model}.eclip" for model in models]
        if kind == "split":
            return [self.file(model, f"{parameter}near" if i == 0 else f"{self.split_sms - int(parameter)}far")
                    for i, model in enumerate(models)]
        return [self.file(model, "plans" if kind == "plans" else "all") for model in models]

    def jobs(self, mixes, ways, paths):
        """What eclip-compile has to make, once each."""
        jobs = {}

        def single(model, kind, *options):
            out = self.file(model, kind)
            jobs[out] = (str(out), [paths[model]], out, self.options(self.args.batch, *options))

        for models in mixes.values():
            for model in models:
                single(model, "all", *self.everywhere(self.sms))
            for way in ways:
                kind, _, parameter = way.partition(" ")
                if kind == "plans":
                    for model in models:
                        single(model, "plans")
                elif kind == "split":
                    rest = self.split_sms - int(parameter)
                    single(models[0], f"{parameter}near", "--cus", f"{parameter}@near")
                    for model in models[1:]:
                        single(model, f"{rest}far", "--cus", f"{rest}@far")
                elif kind == "joint":
                    out = self.joint_folder(models, parameter)
                    jobs[out] = (str(out), [paths[model] for model in models], out,
                                 self.options(self.args.batch, "--objective", parameter))
        return list(jobs.values())

    # --- windows -----------------------------------------------------------

    def start(self, way, models, paths):
        """A program that answers windows."""
        if way == "torch":
            if self.no_torch:
                raise eclip_tools.ToolError(self.no_torch)
            if not self.torch_server:
                self.torch_server = self.torch()
                self.torch_server.answer(120)
            self.torch_server.ask(["clear"])
            for model in models:
                self.torch_server.ask(["load", str(paths[model]), self.args.batch], 300)
            return self.torch_server
        files = self.files(way, models)
        for file in files:
            if not file.exists():
                why = self.failed.get(str(file)) or self.failed.get(str(file.parent), "it was not compiled")
                raise eclip_tools.ToolError(f"{file.name}: {why}")
        options = ["--in-flight", str(self.args.in_flight), "--warmup", str(self.args.warmup)]
        if way == "one stream":
            options.append("--one-at-a-time")
        if way == "streams" and len(models) > 1:
            options.append("--private-queues")
        server = self.tools.bench(files, *options)
        server.answer(120)
        return server

    def window(self, server):
        """One window's report with the power in it."""
        if server is self.torch_server:
            report = server.ask(["window", self.args.seconds, self.args.warmup, self.args.in_flight])
        else:
            report = eclip_tools.measure(server, self.args.seconds)
        span = report["window"]
        report["watts"] = self.meter.watts(span["begin_ns"], span["end_ns"]) if self.meter else None
        return report

    def solo(self, model):
        """Rate, median latency and power of our kernels alone on all SMs; measured once a run."""
        key = f"{model}.b{self.args.batch}"
        known = self.results.setdefault("solo", {})
        if key not in known:
            server = self.start("streams", [model], {})
            reports = [self.window(server) for _ in range(self.args.repeats)]
            server.close()
            known[key] = {
                "per_second": statistics.median(r["workers"][0]["per_second"] for r in reports),
                "p50_ns": statistics.median(r["workers"][0]["latency_ns"]["p50"] for r in reports),
                "watts": statistics.median(r["watts"] for r in reports) if self.meter else None}
            self.say(f"{model} alone: {known[key]['per_second']:.1f} requests/s, {known[key]['watts'] or 0:.0f} W")
        return known[key]

    def figures(self, models, report):
        solos = [self.solo(model) for model in models]
        rates = [worker["per_second"] / solo["per_second"] for worker, solo in zip(report["workers"], solos)]
        tails = [worker["latency_ns"]["p95"] / solo["p50_ns"] for worker, solo in zip(report["workers"], solos)]
        watts = report["watts"]
        return {"throughput": sum(rates), "rates": rates, "p95": max(tails), "tails": tails, "watts": watts,
                "efficiency": sum(rates) / watts * 1e3 if watts else None}

    def measure(self, models, ways, paths):
        """Figures by way: the median of the repetitions, and all of them."""
        servers, notes, taken = {}, [], {}
        for model in models:
            self.solo(model)
        try:
            with concurrent.futures.ThreadPoolExecutor(len(ways)) as pool:
                starts = {way: pool.submit(self.start, way, models, paths) for way in ways}
            for way, start in starts.items():
                try:
                    servers[way] = start.result()
                except eclip_tools.ToolError as error:
                    notes.append(f"{way}: {error}")
            for _ in range(self.args.repeats):
                for way in list(servers):
                    try:
                        taken.setdefault(way, []).append(self.figures(models, self.window(servers[way])))
                    except eclip_tools.ToolError as error:
                        notes.append(f"{way}: {error}")
                        servers.pop(way).close()
        finally:
            for server in servers.values():
                if server is not self.torch_server:
                    server.close()
        return {"models": models, "notes": notes, "ways": {way: middle(list_) for way, list_ in taken.items()}}

    def run(self, mixes, ways):
        models = list(dict.fromkeys(model for mix in mixes.values() for model in mix))
        paths = self.models(models)
        unmeasured = {mix: models for mix, models in mixes.items() if str(mix) not in self.results["entries"]}
        names = {mix: [pathlib.Path(m).stem if m.endswith(".onnx") else m for m in models] for mix, models in unmeasured.items()}
        self.failed = self.compile_all(self.jobs(names, ways, paths)) if unmeasured else {}
        if self.args.compile_only:
            return not self.failed
        for mix, members in names.items():
            if self.left() < 10:
                self.say("the time budget has ended")
                return False
            self.say(f"mix {mix}: {', '.join(members)}")
            entry = self.measure(members, ways, paths)
            self.results["entries"][str(mix)] = entry
            self.save()
            for way, figures in entry["ways"].items():
                self.say(f"  {way}: throughput {figures['throughput']:.2f}, {figures['watts'] or 0:.0f} W, p95 {figures['p95']:.1f}")
            for note in entry["notes"]:
                self.say(f"  {note}")
        return True

    def close(self):
        if self.torch_server:
            self.torch_server.close()
        if self.meter:
            self.meter.close()


def middle(repetitions):
    median = lambda key: statistics.median(r[key] for r in repetitions) if repetitions[0][key] is not None else None
    return {**{key: median(key) for key in ("throughput", "efficiency", "p95", "watts")}, "repetitions": repetitions}


# --- the report --------------------------------------------------------------


def best_split(ways):
    """The model-wise split with the largest product of throughput and efficiency."""
    splits = [w for w in ways if w.startswith("split ")]
    return max(splits, key=lambda w: ways[w]["throughput"] * (ways[w]["efficiency"] or 1), default=None)


def factors(entry, way, base):
    """(throughput, efficiency, p95) of a way relative to another."""
    ways = entry["ways"]
    way = best_split(ways) if way == "best split" else way
    if way not in ways or base not in ways:
        return None
    divide = lambda key: ways[way][key] / ways[base][key] if ways[way][key] is not None and ways[base][key] else None
    return tuple(divide(key) for key in ("throughput", "efficiency", "p95"))


def cell(value, form=".2f"):
    return format(value, form) if value is not None else "—"


def markdown(results):
    entries = results["entries"]
    lines = [", ".join(f"{key} {value}" for key, value in results["machine"].items()), "",
             "| mix | models | way | throughput | W | efficiency | p95 | against streams: throughput | efficiency | p95 |",
             "|---|---|---|" + "---:|" * 7]
    for mix, entry in entries.items():
        for way, figures in entry["ways"].items():
            relative = factors(entry, way, "streams") or (None, None, None)
            lines.append(f"| {mix} | {', '.join(entry['models'])} | {way} | {cell(figures['throughput'])} | "
                         f"{cell(figures['watts'], '.0f')} | {cell(figures['efficiency'])} | {cell(figures['p95'], '.1f')} | "
                         + " | ".join(map(cell, relative)) + " |")
    numbered = [entry for mix, entry in entries.items() if mix.isdigit()] or list(entries.values())
    lines += ["", f"Means over {len(numbered)} mixes, against streams and against one stream:", "",
              "| way | mixes | throughput | efficiency | p95 | throughput | efficiency | p95 |", "|---|" + "---:|" * 7]
    ways = list(dict.fromkeys(way for entry in numbered for way in entry["ways"]))
    for way in ways + (["best split"] if any(w.startswith("split ") for w in ways) else []):
        cells, count = [], 0
        for base in ("streams", "one stream"):
            found = [f for f in (factors(entry, way, base) for entry in numbered) if f]
            count = max(count, len(found))
            for i in range(3):
                values = [f[i] for f in found if f[i] is not None]
                cells.append(cell(statistics.mean(values) if values else None))
        lines.append(f"| {way} | {count} | " + " | ".join(cells) + " |")
    solo = [f"- {name} alone: {s['per_second']:.1f} requests/s, median {s['p50_ns'] * 1e-6:.3f} ms, {cell(s['watts'], '.0f')} W"
            for name, s in results.get("solo", {}).items()]
    notes = [f"- mix {mix}: {note}" for mix, entry in entries.items() for note in entry["notes"]]
    return "\n".join([*lines, "", *solo, *notes]) + "\n"


def main():
    parser = session.arguments(__doc__, 32)
    parser.add_argument("--mix", action="append", metavar="N|A,B[,C]",
                        help=f"of {', '.join(map(str, [*MIXES, *PAIRS]))}, or names or files of models (default: all)")
    parser.add_argument("--way", action="append", metavar="WAY", help="default: all, with splits of 32, 64 and 96 SMs")
    parser.add_argument("--batch", type=int, default=8, metavar="N")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each window")
    parser.add_argument("--warmup", type=float, default=0.3, help="seconds of the same load ahead of each")
    parser.add_argument("--in-flight", type=int, default=1, metavar="K",
                        help="requests of each model at once (default 1; of ours several overlap, of PyTorch's they queue)")
    parser.add_argument("--compile-only", action="store_true", help="leave the schedules in --work, measure nothing")
    args = parser.parse_args()
    known = {str(key): models for key, models in {**MIXES, **PAIRS}.items()}
    mixes = {mix: known.get(mix) or mix.split(",") for mix in args.mix or known}
    ways = args.way or ["one stream", "streams", "split 32", "split 64", "split 96", "plans", "joint energy", "joint edp",
                        "joint latency", "torch"]
    try:
        bench = Bench(args)
        complete = bench.run(mixes, ways)
    except (eclip_tools.ToolError, OSError) as error:
        print(f"bench_gpu_mixes.py: error: {error}", file=sys.stderr)
        return 1
    bench.close()
    if args.compile_only:
        return 0 if complete else 1
    bench.save()
    print(markdown(bench.results))
    missing = [f"mix {mix}: {way} is not measured" for mix, entry in bench.results["entries"].items()
               for way in ways if way not in entry["ways"] and not (way == "torch" and bench.no_torch)]
    for line in missing:
        print(f"bench_gpu_mixes.py: {line}", file=sys.stderr)
    return 1 if missing else 0 if complete else 3


if __name__ == "__main__":
    sys.exit(main())
