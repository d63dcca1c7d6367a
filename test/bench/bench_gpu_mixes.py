#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measure two and three models at once on an NVIDIA GPU, on one machine in one run.

  bench_gpu_mixes.py --out DIR [--mix N]... [--way WAY]... [--profile FILE|auto] [--budget-seconds S]

A closed loop: each model has a thread that keeps --in-flight requests under way. The ways, interleaved and repeated:

  one stream   the same kernels on all SMs, one request after another whosever it is (the paper's baseline)
  streams      the same kernels on all SMs, each model's requests on a stream of their own
  split N      model-wise green contexts: the first model on N SMs of one end, the others together on the rest
  plans        each model compiled by itself; the runtime picks its plan for so many neighbours
  joint OBJ    compiled together, by the objective OBJ
  joint measured  of the choices of the objective efficiency (eclip-compile --choice) that which measures best: the largest
               product of throughput and efficiency, with both and the slowest tail no worse than streams'
  torch        PyTorch: autotuned, in CUDA graphs, each model on a stream of its own

throughput: the sum over the models of requests a second, each relative to our kernels of that model alone on all SMs.
efficiency: that per kilojoule, by NVML's energy counter. p95: of the slowest model, relative to its median latency alone.
DIR/mixes.PRECISION.json has every window as soon as it is measured, mixes.PRECISION.md the tables; started again with the same
DIR the script goes on with what is missing.

Exit codes: 0 everything that was asked for is measured, 1 something failed, 2 wrong usage, 3 the time budget ended first.
"""

import concurrent.futures
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from gpu import eclip_tools, mix_report, mix_ways, power, session
from gpu.mixes import MIXES, PAIRS

# A program that holds schedules for each way but the first two, which load the same ones: a new process costs the driver
# seconds, and programs wait for each other there.
SAME_FILES = "streams"
MEASURED = "joint measured"


class Bench(session.Session):
    def __init__(self, args, mixes, ways):
        super().__init__(args, f"mixes.{args.precision}", mix_report.markdown)
        self.mixes, self.ways = mixes, ways
        self.schedules = mix_ways.Schedules(self.work, args.device, f"b{args.batch}.{args.precision}")
        self.meter = power.EnergyMeter.open() if args.device == "cuda" else None
        if self.meter:
            self.results["machine"]["power limit W"] = self.meter.limit_watts()
        self.no_torch = self.torch_missing()
        self.servers, self.torch_server, self.torch_loading = {}, None, None
        self.pool = concurrent.futures.ThreadPoolExecutor(16)
        self.failed = {}
        for mix, models in mixes.items():
            self.results["entries"].setdefault(mix, {"models": models, "notes": [], "windows": {}})
        self.results.setdefault("solo", {})

    # --- schedules ---------------------------------------------------------

    def wanted(self, mix):
        """Ways with windows missing."""
        known = self.results["entries"][mix]["windows"]
        return [way for way in self.ways if len(known.get(way, [])) < self.args.repeats]

    def compile_options(self, way):
        """Of this way alone."""
        if way.startswith("split"):
            fine = self.work / "partitions.json"
            if not fine.exists():
                mix_ways.fine_description(self.description(), fine, self.schedules.granule)
            return ["--device", str(fine)]
        decided = way == "plans" or way.startswith("joint")
        return ["--profile", str(self.profile)] if decided and self.profile else []

    def compile_missing(self, paths):
        jobs = {}
        for mix, models in self.mixes.items():
            ways = self.wanted(mix)
            for way in [SAME_FILES, *ways] if ways else []:
                if way == "torch":
                    continue
                for key, inputs, out, options in self.schedules.jobs(way, models, paths):
                    more = self.compile_options(way)
                    jobs[out] = (key, inputs, out, self.options(self.args.batch, *more, *options))
        self.failed = self.compile_all(list(jobs.values()))
        for models in self.mixes.values():  # a mix may have fewer choices than are asked for
            if str(self.schedules.choice_folder(models, 0)) not in self.failed:
                for choice in range(1, mix_ways.CHOICES):
                    self.failed.pop(str(self.schedules.choice_folder(models, choice)), None)

    def description(self):
        """Of the device: the archive has it, and so has the source tree."""
        name = {"cuda": "h100.json", "vgpu": "mi50.json"}[self.args.device]
        roots = (self.args.archive / "share/eclip/devices", session.HERE.parent.parent.parent / "compiler/cost/devices")
        for root in roots:
            if (root / name).exists():
                return root / name
        raise eclip_tools.ToolError(f"no {name} in {roots[0]}")

    def measure_costs(self, paths):
        """The profile to compile with, or None; made here for `auto`, of every kernel in all its variants."""
        self.profile = None
        choice = self.args.profile
        if not choice:
            self.results["costs"] = "the compiler's own, measured tiles and its model"
            return
        self.schedules.name += ".measured"
        self.profile = self.work / f"profile.b{self.args.batch}.{self.args.precision}.json" if choice == "auto" \
            else pathlib.Path(choice)
        self.results["costs"] = f"times measured ({self.profile.name}), energy modelled"
        if choice != "auto":
            return
        jobs = {file: (f"kernels of {model}", [path], file, self.options(self.args.batch, "--plans", "cus"))
                for model, path in paths.items() for file in [self.schedules.file(model, "kernels")]}
        failed = self.compile_all(list(jobs.values()))
        files = [file for file, job in jobs.items() if job[0] not in failed]
        try:
            self.tools.run("eclip-profile", *files, "--device", self.args.device, "-o", self.profile, "--no-energy", "--quiet",
                           *self.args.profile_option)
            self.say("every kernel is measured")
        except eclip_tools.ToolError as error:  # what was measured before that is there
            self.say(str(error))
        if not self.profile.exists():
            raise eclip_tools.ToolError("--profile auto: nothing could be measured")

    # --- programs ----------------------------------------------------------

    def server(self, way):
        """The program of a way, started without schedules."""
        if way not in self.servers:
            options = ["--in-flight", str(self.args.in_flight), "--warmup", str(self.args.warmup)]
            if way == SAME_FILES:
                options.append("--private-queues")
            server = self.tools.bench([], *options)
            server.answer(120)
            self.servers[way] = server
        return self.servers[way]

    def drop(self, way):
        if way in self.servers:
            self.servers.pop(way).close()

    def start_ahead(self, paths):
        """Start programs, and PyTorch with all models, while schedules are compiled."""
        ways = {way if way != "one stream" else SAME_FILES for way in [*self.ways, SAME_FILES]} - {"torch"}
        starting = [self.pool.submit(self.server, way) for way in sorted(ways)]
        if "torch" in self.ways and not self.no_torch:
            self.torch_loading = self.pool.submit(self.load_torch, paths)
        return starting

    def load_torch(self, paths):
        """PyTorch's program, after what it took to load all models; each model's failure by name."""
        server, failed = self.torch(), {}
        server.answer(120)
        for model, path in paths.items():
            try:
                server.ask(["load", str(path), self.args.batch], 300)
            except eclip_tools.ToolError as error:
                failed[model] = str(error)
        self.torch_server = server
        return failed

    def load(self, way, models):
        """Put a way's schedules into its program; SMs of each model's queues, None for PyTorch."""
        if way == "torch":
            if self.no_torch:
                raise eclip_tools.ToolError(self.no_torch)
            failed = self.torch_loading.result()
            for model in models:
                if model in failed:
                    raise eclip_tools.ToolError(failed[model])
            return None
        files = self.schedules.files(way, models)
        for file in files:
            if not file.exists():
                why = self.failed.get(str(file)) or self.failed.get(str(file.parent), "it was not compiled")
                raise eclip_tools.ToolError(f"{file.name}: {why}")
        server = self.server(way)
        try:
            ready = server.ask({"load": [str(file) for file in files]}, 120)
            return [worker.get("queue_cus") for worker in ready["workers"]]
        except eclip_tools.ToolError:
            self.drop(way)
            raise

    def load_all(self, models, ways, sms):
        """Messages of ways that cannot be loaded; all programs load beside each other. `sms` gets what each has."""
        loads = {way: self.pool.submit(self.load, way, models)
                 for way in {SAME_FILES, *ways} if way != "one stream"}
        failed = {}
        for way, load in loads.items():
            try:
                sms[way] = load.result()
            except eclip_tools.ToolError as error:
                failed[way] = str(error)
        if SAME_FILES in failed:
            failed["one stream"] = failed[SAME_FILES]
        return failed

    # --- windows -----------------------------------------------------------

    def window(self, way, models, paths, seconds=None, **options):
        """One window's figures as they are kept."""
        if way == "torch":
            report = self.torch_server.ask(["window", self.args.seconds, self.args.warmup, self.args.in_flight,
                                            [str(paths[model]) for model in models]])
        else:
            server = self.server(SAME_FILES if way == "one stream" else way)
            report = eclip_tools.measure(server, seconds or self.args.seconds, **options)
        span, workers = report["window"], report["workers"]
        return {"per_second": [w["per_second"] for w in workers], "p50_ns": [w["latency_ns"]["p50"] for w in workers],
                "p95_ns": [w["latency_ns"]["p95"] for w in workers], "plans": [w.get("plans") for w in workers],
                **(self.meter.window(span["begin_ns"], span["end_ns"]) if self.meter else power.NOTHING)}

    def measure_solos(self, models, paths):
        """Our kernels of each model alone on all SMs, in the program that has all of the mix's."""
        for i, model in enumerate(models):
            windows = self.results["solo"].setdefault(model, [])
            while len(windows) < self.args.repeats:
                taken = self.window(SAME_FILES, models, paths, only=i)
                taken["per_second"], taken["p50_ns"] = taken["per_second"][0], taken["p50_ns"][0]
                windows.append(taken)
                self.save()

    def choose(self, models, paths):
        """Measure the choices of `joint measured` beside streams, keep the best; its number and all figures."""
        solos = [mix_report.solo(self.results, model) for model in models]
        options = {"seconds": self.args.choose_seconds}
        streams = mix_report.of_window(self.window(SAME_FILES, models, paths, **options), solos)
        figures = {}
        for choice in range(mix_ways.CHOICES):
            self.schedules.chosen[tuple(models)] = choice
            if not all(file.exists() for file in self.schedules.files(MEASURED, models)):
                continue  # there are no more, or it was not compiled
            self.load(MEASURED, models)
            figures[choice] = mix_report.of_window(self.window(MEASURED, models, paths, **options), solos)
        if not figures:
            raise eclip_tools.ToolError("no choice was compiled")
        best = mix_report.choose(streams, figures)
        self.schedules.chosen[tuple(models)] = best
        return {"choice": best, "streams": streams, "choices": figures, "sms": self.load(MEASURED, models)}

    def measure(self, mix, paths):
        """All missing windows of a mix; False if the budget ended."""
        entry, ways = self.results["entries"][mix], self.wanted(mix)
        models = entry["models"]
        failed = self.load_all(models, ways, entry.setdefault("sms", {}))
        entry["notes"] = [f"{way}: {why}" for way, why in failed.items()]
        if SAME_FILES in failed:
            self.save()
            return True
        self.say(f"mix {mix}: {', '.join(models)} are loaded")
        self.measure_solos(models, paths)
        if MEASURED in ways and MEASURED not in failed:
            try:
                entry["chosen"] = self.choose(models, paths)
                entry["sms"][MEASURED] = entry["chosen"].pop("sms")
                self.say(f"mix {mix}: choice {entry['chosen']['choice']} of {len(entry['chosen']['choices'])} measured best")
            except eclip_tools.ToolError as error:
                failed[MEASURED] = str(error)
                entry["notes"].append(f"{MEASURED}: {error}")
        for repetition in range(self.args.repeats):
            for way in ways:
                if way in failed or len(entry["windows"].get(way, [])) > repetition:
                    continue
                if self.left() < self.args.seconds + self.args.warmup:
                    return False
                try:
                    options = {"one_at_a_time": True} if way == "one stream" else {}
                    entry["windows"].setdefault(way, []).append(self.window(way, models, paths, **options))
                except eclip_tools.ToolError as error:
                    failed[way] = str(error)
                    entry["notes"].append(f"{way}: {error}")
                    self.drop(SAME_FILES if way == "one stream" else way)
                self.save()
        return True

    def run(self, paths):
        self.measure_costs(paths)  # nothing else may be on the GPU then
        starting = [] if self.args.compile_only else self.start_ahead(paths)
        self.compile_missing(paths)
        if self.args.compile_only:
            return not self.failed
        for start in starting:
            start.result()
        if self.torch_loading:
            self.torch_loading.result()
        self.say("programs are ready")
        for mix in self.mixes:
            if not self.wanted(mix):
                continue
            if self.left() < 5 or not self.measure(mix, paths):
                self.say("the time budget has ended")
                return False
            for way, f in mix_report.figures(self.results, mix).items():
                clock = f"{f['watts']:.0f} W, {f['mhz'] or 0:.0f} MHz, " if f["watts"] else ""
                self.say(f"  {way}: throughput {f['throughput']:.2f}, {clock}p95 {f['p95']:.1f}")
            for note in self.results["entries"][mix]["notes"]:
                self.say(f"  {note}")
        return True

    def close(self):
        threads = [threading.Thread(target=server.close)
                   for server in [*self.servers.values(), *([self.torch_server] if self.torch_server else [])]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.meter:
            self.meter.close()


def parse_arguments():
    parser = session.arguments(__doc__, 8)
    parser.add_argument("--mix", action="append", metavar="N|A,B[,C]",
                        help=f"of {', '.join(map(str, [*MIXES, *PAIRS]))}, or names or files of models (default: all)")
    parser.add_argument("--way", action="append", metavar="WAY", help="default: all, with splits of 32, 64 and 96 SMs; "
                        "split N takes every multiple of 8 SMs")
    parser.add_argument("--batch", type=int, default=8, metavar="N")
    parser.add_argument("--profile", metavar="FILE|auto", help="measured times for plans and joint; auto: measured here first, "
                        "kept in --work and gone on with (default: the compiler's own costs)")
    parser.add_argument("--profile-option", action="append", metavar="OPTION", help="for eclip-profile with --profile auto "
                        "(default: --repetitions=7 --warmups=1)")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each window")
    parser.add_argument("--warmup", type=float, default=0.3, help="seconds of the same load ahead of each")
    parser.add_argument("--choose-seconds", type=float, default=0.8, help="joint measured: of the window of each choice (default 0.8)")
    parser.add_argument("--in-flight", type=int, default=1, metavar="K",
                        help="requests of each model at once (default 1; of ours several overlap, of PyTorch's they queue)")
    parser.add_argument("--compile-only", action="store_true", help="leave the schedules in --work, measure no windows")
    args = parser.parse_args()
    if args.profile_option is None:
        args.profile_option = ["--repetitions=7", "--warmups=1"] if args.device == "cuda" else []
    try:
        args.way = args.way or mix_ways.DEFAULT
        for way in args.way:
            mix_ways.parse(way, args.device)
    except mix_ways.WayError as error:
        parser.error(str(error))
    return args


def main():
    args = parse_arguments()
    known = {str(key): models for key, models in {**MIXES, **PAIRS}.items()}
    asked = {mix: known.get(mix) or mix.split(",") for mix in args.mix or known}
    mixes = {mix: [pathlib.Path(m).stem if m.endswith(".onnx") else m for m in models] for mix, models in asked.items()}
    try:
        bench = Bench(args, mixes, args.way)
        paths = bench.models(list(dict.fromkeys(model for models in asked.values() for model in models)))
        complete = bench.run(paths)
    except (eclip_tools.ToolError, OSError) as error:
        print(f"bench_gpu_mixes.py: error: {error}", file=sys.stderr)
        return 1
    bench.save()
    bench.close()
    if args.compile_only:
        return 0 if complete else 1
    print(mix_report.markdown(bench.results))
    missing = [f"mix {mix}: {way} is not measured" for mix in mixes for way in bench.wanted(mix)
               if not (way == "torch" and bench.no_torch)]
    for line in missing if complete else []:
        print(f"bench_gpu_mixes.py: {line}", file=sys.stderr)
    return 3 if not complete else 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
