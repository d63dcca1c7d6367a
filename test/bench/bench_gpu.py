#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measure models alone on an NVIDIA GPU: ours against PyTorch, on one machine in one run.

  bench_gpu.py --out DIR [--model NAME]... [--batch N]... [--precision f16|tf32|f32] [--budget-seconds S]

For each model and batch size, interleaved and repeated, the median of the repetitions:

  ours       eclip-compile on this machine, every kernel on all SMs (--cus), and with the default objective, energy
  eager      PyTorch: cuDNN autotuned, channels-last, fused operators, the whole model in a CUDA graph
  compiled   torch.compile in its max-autotune mode, captured in a CUDA graph as well

with the same weights, inputs and precision. "device": from a request's first kernel to the end of its last one, on the
device's clock. "e2e": from submit to a host that knows of the end, one request at a time. Ours takes and gives float32,
contiguous; PyTorch's inputs are converted and channels-last already. Outputs are compared with PyTorch's in float32
without TF32 on the same machine. DIR/single.PRECISION.json has everything, single.PRECISION.md the tables; started again with the
same DIR the script goes on with what is missing.

Exit codes: 0 every model that was asked for is measured and within tolerance, 1 something failed or is off, 2 wrong usage,
3 the time budget ended first.
"""

import concurrent.futures
import math
import os
import pathlib
import statistics
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from gpu import eclip_tools, roofline, session

MODE = "max-autotune-no-cudagraphs"
WAYS = ("ours", "energy", "eager", "compiled")


class Bench(session.Session):
    def __init__(self, args):
        super().__init__(args, "single", markdown)
        self.eager = None
        self.no_torch = self.torch_missing()
        self.compiled = {}  # programs with compiled models, by (name, batch)
        self.not_compiled = {}  # why there is none
        self.missing = []  # what could not be measured, and why

    # --- PyTorch -----------------------------------------------------------

    def start_eager(self):
        if self.eager or self.no_torch:
            return
        try:
            self.eager = self.torch()
            ready = self.eager.answer(120)
            self.results["machine"].update({key: ready[key] for key in ("torch", "device", "cudnn")})
        except eclip_tools.ToolError as error:
            self.eager, self.no_torch = None, str(error)

    def compile_ahead(self, pool, paths, batch):
        """Start compiling all models with PyTorch, beside each other and beside eclip-compile."""
        self.say(f"torch.compile of {len(paths)} models, {self.args.torch_jobs} at once")
        return {name: pool.submit(self.compile_torch, path, batch) for name, path in paths.items()}

    def take_compiled(self, started, batch):
        for name, future in started.items():
            server, why = future.result()
            self.say(f"{name}: {why or 'torch.compile is done'}")
            if server:
                self.compiled[name, batch] = server
            else:
                self.not_compiled[name, batch] = why

    def compile_torch(self, path, batch):
        """A worker with the compiled model, or why there is none."""
        limit = min(self.args.timeout, self.left())
        environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": str(self.work.resolve() / "inductor")}
        server = self.torch("--compile", self.args.compile_mode, environment=environment)
        try:
            server.answer(120)
            server.ask(["load", str(path), batch], limit)
            return server, None
        except eclip_tools.ToolError as error:
            server.close()
            return None, str(error)

    # --- one model at one batch size ---------------------------------------

    def schedules(self, name, batch):
        stem = f"{name}.b{batch}.{self.args.precision}"
        return {"ours": self.work / f"{stem}.all.eclip", "energy": self.work / f"{stem}.energy.eclip"}

    def compile_ours(self, paths, batch):
        """All models at this batch size; messages of what failed by (name, way)."""
        everywhere = self.everywhere(132 if self.args.device == "cuda" else 60)
        alone = ["--plans", "alone"] if self.tools.can("--plans") else []
        jobs = []
        for name, path in paths.items():
            files = self.schedules(name, batch)
            jobs.append(((name, "ours"), [path], files["ours"], self.options(batch, *everywhere)))
            jobs.append(((name, "energy"), [path], files["energy"], self.options(batch, *alone)))
        return self.compile_all(jobs)

    def torch_outputs(self, name, path, batch, entry):
        """The float32 reference, or None, and PyTorch's outputs by way; the model is loaded for measuring after that."""
        outputs, expected = {}, None
        inputs, names = eclip_tools.random_inputs(path, batch)
        if self.eager:
            file = self.work / "torch.npy"
            try:
                self.eager.ask(["clear"])
                self.eager.ask(["reference", str(file), str(path), batch], 300)
                expected = np.load(file)
                if not self.args.check_only:
                    self.eager.ask(["load", str(path), batch], 300)
                for way, server in (("eager", self.eager), ("compiled", self.compiled.get((name, batch)))):
                    if server and not self.args.check_only:
                        server.ask(["output", str(file)])
                        outputs[way] = np.load(file)
            except eclip_tools.ToolError as error:
                entry["notes"].append(f"eager: {error}")
                self.eager.close()  # CUDA may be dead in it: the next model gets a new one
                self.eager = None
        if expected is None:
            try:
                import onnxruntime
                run = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
                expected = run.run(names, inputs)[0]
            except ImportError:
                entry["notes"].append("not compared: neither torch nor onnxruntime here")
        return expected, outputs

    def prepare(self, name, path, batch, files, entry):
        """Errors of all sides, and ours loaded for measuring: all at once, since nothing is measured yet."""
        inputs, names = eclip_tools.random_inputs(path, batch)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            torch = pool.submit(self.torch_outputs, name, path, batch, entry)
            ours = {way: pool.submit(self.tools.outputs, file, inputs, names, self.work / f"arrays.{way}")
                    for way, file in files.items()}
            opened = {way: pool.submit(self.open_servers, way, file) for way, file in files.items() if not self.args.check_only}
        expected, outputs = torch.result()
        servers = {}
        for way in files:
            try:
                outputs[way] = ours[way].result()[0]
                if way in opened:
                    servers[way] = opened[way].result()
            except eclip_tools.ToolError as error:
                entry["notes"].append(f"{way}: {error}")
        if expected is not None:
            entry["errors"] = {way: eclip_tools.relative_error(output, expected) for way, output in outputs.items()}
        return servers

    def open_servers(self, way, file):
        """A way's program, and for ours one with times of queues on the device."""
        kinds = ([], ["--queue-times"]) if way == "ours" else ([],)
        servers = [self.tools.bench([file], "--warmup", "0.05", *more) for more in kinds]
        for server in servers:
            ready = server.answer(60)
            self.results["machine"].setdefault("gpu", ready["device"]["name"])
        return servers

    def measure(self, name, path, batch, failed):
        entry = {"model": name, "batch": batch, "notes": [], "ms": {}, "errors": {}}
        files = {}
        for way, file in self.schedules(name, batch).items():
            if (name, way) in failed:
                entry["notes"].append(f"{way}: {failed[name, way]}")
            else:
                files[way] = file
        servers = self.prepare(name, path, batch, files, entry)
        try:
            if not self.args.check_only:
                self.repeat(entry, name, batch, servers)
        finally:
            for pair in servers.values():
                for server in pair:
                    server.close()
        return entry

    def repeat(self, entry, name, batch, servers):
        taken = {}
        compiled = self.compiled.get((name, batch))
        for _ in range(self.args.repeats):
            for way, (plain, *timed) in servers.items():
                report = eclip_tools.measure(plain, self.args.seconds)["workers"][0]
                taken.setdefault((way, "e2e"), []).append(report["latency_ns"]["p50"] * 1e-6)
                taken.setdefault((way, "submit"), []).append(report["submit_ns"]["p50"] * 1e-6)
                for server in timed:
                    device = eclip_tools.measure(server, self.args.seconds)["workers"][0]["device_ns"]["p50"]
                    taken.setdefault((way, "device"), []).append(device * 1e-6)
            for way, server in (("eager", self.eager), ("compiled", compiled)):
                if server:
                    times = server.ask(["time", self.args.seconds])
                    taken.setdefault((way, "e2e"), []).append(times["host_ms"])
                    taken.setdefault((way, "device"), []).append(times["device_ms"])
        for (way, what), values in taken.items():
            entry["ms"].setdefault(way, {})[what] = statistics.median(values)
            entry["ms"][way][what + "_spread"] = [min(values), max(values)]

    # --- all of them -------------------------------------------------------

    def run(self, names, batches):
        paths = self.models(names)
        self.start_eager()
        if self.no_torch:
            self.say(f"PyTorch is skipped: {self.no_torch}")
        for batch in batches:
            unmeasured = {n: p for n, p in paths.items() if f"{n}.b{batch}" not in self.results["entries"]}
            if not unmeasured:
                continue
            with concurrent.futures.ThreadPoolExecutor(self.args.torch_jobs) as pool:
                ahead = self.args.torch_jobs > 1 and not self.no_torch and self.wants_compiled(batch)
                started = self.compile_ahead(pool, unmeasured, batch) if ahead else {}
                failed = self.compile_ours(unmeasured, batch)
                self.take_compiled(started, batch)
            for name, path in unmeasured.items():
                if self.left() < 5:
                    self.say("the time budget has ended")
                    return False
                self.one(name, path, batch, failed)
        return True

    def wants_compiled(self, batch):
        return not self.args.check_only and batch in (self.args.compiled_batch or [batch])

    def one(self, name, path, batch, failed):
        why = self.no_torch or self.not_compiled.get((name, batch))
        if not why and (name, batch) not in self.compiled and self.wants_compiled(batch):
            self.say(f"{name}, batch {batch}: torch.compile, at most {min(self.args.timeout, self.left()):.0f} s")
            server, why = self.compile_torch(path, batch)
            if server:
                self.compiled[name, batch] = server
        elif not why and (name, batch) not in self.compiled:
            why = "not asked for"
        self.start_eager()
        try:
            self.say(f"{name}, batch {batch}: measuring")
            entry = self.measure(name, path, batch, failed)
        except eclip_tools.ToolError as error:
            self.missing.append(f"{name}.b{batch}: {error}")
            self.say(self.missing[-1])
            return
        finally:
            if (name, batch) in self.compiled:
                self.compiled.pop((name, batch)).close()
        if why:
            entry["notes"].append(f"compiled: {why}")
        self.add_roofline(entry, path)
        self.results["entries"][f"{name}.b{batch}"] = entry
        self.save()
        times = [f"{way} {entry['ms'][way]['e2e']:.3f} ms" for way in WAYS if way in entry["ms"]]
        errors = [f"{way} {error:.1e} off" for way, error in entry["errors"].items()]
        self.say(f"{name}, batch {batch}: " + ", ".join(times + errors))

    def add_roofline(self, entry, path):
        device = self.results["machine"].get("gpu", "")
        key, peaks = roofline.peaks_of(device)
        if peaks:
            entry["roofline"] = {**roofline.roofline(path, entry["batch"], self.args.precision, peaks), "peaks": key}


# --- the report --------------------------------------------------------------


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


def failures(results, args):
    """What is off or missing among the entries."""
    limit = eclip_tools.TOLERANCES[args.precision]
    found = []
    for key, entry in results["entries"].items():
        found += [f"{key}: {way} is {error:.2g} off" for way, error in entry["errors"].items()
                  if way in ("ours", "energy") and not error <= limit]
        if "ours" not in (entry["errors"] if args.check_only else entry["ms"]):
            found.append(f"{key}: ours is not measured")
    return found


def main():
    parser = session.arguments(__doc__, 2)
    parser.add_argument("--model", action="append", metavar="NAME|FILE.onnx", help="default: all seven")
    parser.add_argument("--batch", action="append", type=int, metavar="N", help="default: 8, 1, 32")
    parser.add_argument("--seconds", type=float, default=0.25, help="of each measurement")
    parser.add_argument("--check-only", action="store_true", help="compare outputs, measure nothing; use an --out of its own")
    parser.add_argument("--timeout", type=float, default=240, help="seconds that torch.compile may take for one model")
    parser.add_argument("--torch-jobs", type=int, default=1, metavar="N",
                        help="compile N models at once ahead of measuring; their autotuners then disturb each other")
    parser.add_argument("--compile-mode", default=MODE, help=f"of torch.compile (default {MODE})")
    parser.add_argument("--compiled-batch", action="append", type=int, metavar="N", help="torch.compile only at these")
    args = parser.parse_args()
    try:
        bench = Bench(args)
        complete = bench.run(args.model or list(session.MODELS), args.batch or [8, 1, 32])
    except (eclip_tools.ToolError, OSError) as error:
        print(f"bench_gpu.py: error: {error}", file=sys.stderr)
        return 1
    if bench.eager:
        bench.eager.close()
    bench.save()
    print(markdown(bench.results))
    wrong = bench.missing + failures(bench.results, args)
    for line in wrong:
        print(f"bench_gpu.py: {line}", file=sys.stderr)
    return 1 if wrong else 0 if complete else 3


if __name__ == "__main__":
    sys.exit(main())
