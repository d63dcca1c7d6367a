#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measure models alone on an NVIDIA GPU: ours against PyTorch, on one machine in one run.

  bench_gpu.py --out DIR [--model NAME]... [--batch N]... [--precision f16|tf32|f32] [--budget-seconds S]
  bench_gpu.py --out DIR --compiled-cache DIR --compile-torch-only ...   torch.compile alone, for a later run with the cache
  bench_gpu.py --out DIR --check-only [--check-jobs N] ...               outputs alone, in all precisions
  bench_gpu.py --out DIR --kernels ...                                   where our time goes, kernel by kernel

For each model and batch size, interleaved and repeated, the median of the repetitions:

  ours       eclip-compile on this machine, every kernel on all SMs (--cus), and with the default objective, energy
  eager      PyTorch: cuDNN autotuned, channels-last, fused operators, the whole model in a CUDA graph
  compiled   torch.compile in its max-autotune mode, captured in a CUDA graph as well

with the same weights, inputs and precision. "device": from a request's first kernel to the end of its last one, on the
device's clock. "e2e": from submit to a host that knows of the end, one request at a time. Ours takes and gives float32,
contiguous; PyTorch's inputs are converted and channels-last already. Outputs are compared with PyTorch's in float32
without TF32 on the same machine. DIR/single.PRECISION.json has everything, single.PRECISION.md the tables (checks, and
kernels.PRECISION with these options); started again with the same DIR the script goes on with what is missing.

Exit codes: 0 every model that was asked for is measured and within tolerance, 1 something failed or is off, 2 wrong usage,
3 the time budget ended first.
"""

import concurrent.futures
import pathlib
import statistics
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from gpu import checks, compiled, eclip_tools, kernels, roofline, session, single_report

MODE = "max-autotune-no-cudagraphs"
WAYS = ("ours", "energy", "eager", "compiled")
# Programs that measure: what each has loaded, and whether it takes times on the device, which costs a little of them.
PROGRAMS = {"ours": ("ours", False), "timed": ("ours", True), "energy": ("energy", False)}


class Bench(session.Session):
    def __init__(self, args):
        super().__init__(args, f"single.{args.precision}", single_report.markdown)
        self.eager = None
        self.no_torch = self.torch_missing()
        self.compiled = compiled.Compiled(self, args.compile_mode, args.compiled_cache, args.torch_jobs, args.timeout)
        self.programs = {}
        worker = [sys.executable, str(session.HERE / "check_worker.py"), str(args.archive), args.device]
        self.checker = checks.Programs(1, lambda: eclip_tools.Server(worker, self.tools.environment))
        self.references = checks.References(self, 3)
        self.missing = []  # what could not be measured, and why

    def start_eager(self):
        if self.eager or self.no_torch:
            return
        try:
            self.eager = self.torch()
            ready = self.eager.answer(120)
            self.results["machine"].update({key: ready[key] for key in ("torch", "device", "cudnn")})
        except eclip_tools.ToolError as error:
            self.eager, self.no_torch = None, str(error)

    # --- one model at one batch size ---------------------------------------

    def schedules(self, name, batch):
        stem = f"{name}.b{batch}.{self.args.precision}"
        files = {"ours": self.work / f"{stem}.all.eclip", "energy": self.work / f"{stem}.energy.eclip"}
        return {way: file for way, file in files.items() if way in self.args.way}

    def compile_ours(self, models):
        """Of all (name, path, batch); messages of what failed by (name, batch, way)."""
        more = {"ours": self.everywhere(), "energy": ["--plans", "alone"]}
        return self.compile_all([((name, batch, way), [path], file, self.options(batch, *more[way]))
                                 for name, path, batch in models for way, file in self.schedules(name, batch).items()])

    def torch_outputs(self, name, path, batch, entry):
        """PyTorch's outputs by way; the model is loaded for measuring then."""
        outputs, file = {}, self.work / "torch.npy"
        if not self.eager:
            return outputs
        try:
            self.eager.ask(["clear"])
            self.eager.ask(["load", str(path), batch], 300)
            for way, server in (("eager", self.eager), ("compiled", self.compiled.servers.get((name, batch)))):
                if server:
                    server.ask(["output", str(file)])
                    outputs[way] = np.load(file)
        except eclip_tools.ToolError as error:
            entry["notes"].append(f"eager: {error}")
            self.eager.close()  # CUDA may be dead in it: the next model gets a new one
            self.eager = None
        return outputs

    def start(self, program):
        """A program that measures, without a schedule."""
        if program not in self.programs:
            server = self.tools.bench([], "--warmup", "0.05", *(["--queue-times"] if PROGRAMS[program][1] else []))
            ready = server.answer(120)
            self.results["machine"].setdefault("gpu", ready["device"]["name"])
            self.programs[program] = server
        return self.programs[program]

    def start_ahead(self, pool):
        """While schedules are compiled, start the programs that measure them."""
        starts = [pool.submit(self.start, program) for program, (way, _) in PROGRAMS.items() if way in self.args.way]
        return [*starts, pool.submit(self.start_eager)]

    def load(self, program, file):
        try:
            self.start(program).ask({"load": [str(file)]}, 120)
        except eclip_tools.ToolError:
            self.programs.pop(program).close()
            raise

    def errors(self, name, path, batch, files, torch, entry):
        """Of each way, against the reference."""
        try:
            reference = self.references.file(name, path, batch)
        except eclip_tools.ToolError as error:
            entry["notes"].append(str(error))
            return
        expected = np.load(reference)
        entry["errors"] = {way: eclip_tools.relative_error(output, expected) for way, output in torch.result().items()}
        for way, file in files.items():
            try:
                errors = self.checker.ask(["check", str(file), str(path), batch, str(reference)], 300)["errors"]
                entry["errors"][way] = max(errors.values())
            except eclip_tools.ToolError as error:
                entry["notes"].append(f"{way}: {error}")

    def prepare(self, name, path, batch, files, entry):
        """Errors of all sides; then the programs that can measure, with ours loaded: all at once, nothing is measured yet."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            torch = pool.submit(self.torch_outputs, name, path, batch, entry)
            loads = {program: pool.submit(self.load, program, files[way]) for program, (way, _) in PROGRAMS.items() if way in files}
            self.errors(name, path, batch, files, torch, entry)
        ready = []
        for program, load in loads.items():
            try:
                load.result()
                ready.append(program)
            except eclip_tools.ToolError as error:
                entry["notes"].append(f"{program}: {error}")
        return ready

    def measure(self, name, path, batch, failed):
        entry = {"model": name, "batch": batch, "notes": [], "ms": {}, "errors": {}}
        files = {}
        for way, file in self.schedules(name, batch).items():
            if (name, batch, way) in failed:
                entry["notes"].append(f"{way}: {failed[name, batch, way]}")
            else:
                files[way] = file
        self.repeat(entry, name, batch, self.prepare(name, path, batch, files, entry))
        return entry

    def repeat(self, entry, name, batch, programs):
        taken = {}
        for _ in range(self.args.repeats):
            for program in programs:
                way, timed = PROGRAMS[program]
                report = eclip_tools.measure(self.programs[program], self.args.seconds)["workers"][0]
                if timed:
                    taken.setdefault((way, "device"), []).append(report["device_ns"]["p50"] * 1e-6)
                else:
                    taken.setdefault((way, "e2e"), []).append(report["latency_ns"]["p50"] * 1e-6)
                    taken.setdefault((way, "submit"), []).append(report["submit_ns"]["p50"] * 1e-6)
            for way, server in (("eager", self.eager), ("compiled", self.compiled.servers.get((name, batch)))):
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
        if self.args.compile_torch_only:
            return self.compiled.only(paths, batches)
        unmeasured = [(name, path, batch) for batch in batches for name, path in paths.items()
                      if f"{name}.b{batch}" not in self.results["entries"]]
        if self.args.compile_only:
            return not self.compile_ours(unmeasured)
        failed = None
        with concurrent.futures.ThreadPoolExecutor(8) as pool, \
                concurrent.futures.ThreadPoolExecutor(self.references.count) as comparing, \
                concurrent.futures.ThreadPoolExecutor(self.args.torch_jobs) as compiling:
            starts = self.start_ahead(pool) if unmeasured else []
            for batch in dict.fromkeys(batch for _, _, batch in unmeasured):
                models = {name: path for name, path, its in unmeasured if its == batch}
                torch = self.compiled.ahead(compiling, models, batch) if self.compiles_ahead(batch) else []
                # The GPU has nothing else to do while schedules are compiled.
                references = self.references.start(comparing, unmeasured) if failed is None else {}
                failed = self.compile_ours(unmeasured) if failed is None else failed
                for future in [*starts, *torch]:
                    future.result()
                concurrent.futures.wait(references.values())
                if self.no_torch:
                    self.say(f"PyTorch is skipped: {self.no_torch}")
                for name, path in models.items():
                    if self.left() < 5:
                        self.say("the time budget has ended")
                        return False
                    self.one(name, path, batch, failed)
        return True

    def compiles_ahead(self, batch):
        return self.args.torch_jobs > 1 and not self.no_torch and self.wants_compiled(batch)

    def wants_compiled(self, batch):
        return batch in (self.args.compiled_batch or [batch])

    def one(self, name, path, batch, failed):
        key = (name, batch)
        tried = key in self.compiled.servers or key in self.compiled.why
        if not self.no_torch and self.wants_compiled(batch) and not tried:
            self.compiled.compile(name, path, batch)
        why = self.no_torch or self.compiled.why.get(key) or (None if self.wants_compiled(batch) else "not asked for")
        self.start_eager()
        try:
            self.say(f"{name}, batch {batch}: measuring")
            entry = self.measure(name, path, batch, failed)
        except eclip_tools.ToolError as error:
            self.missing.append(f"{name}.b{batch}: {error}")
            self.say(self.missing[-1])
            for program in list(self.programs):  # which one failed is not known
                self.programs.pop(program).close()
            return
        finally:
            self.compiled.close(name, batch)
        if why:
            entry["notes"].append(f"compiled: {why}")
        key, peaks = roofline.peaks_of(self.results["machine"].get("gpu", ""))
        if peaks:
            entry["roofline"] = {**roofline.roofline(path, batch, self.args.precision, peaks), "peaks": key}
        self.results["entries"][f"{name}.b{batch}"] = entry
        self.save()
        times = [f"{way} {entry['ms'][way]['e2e']:.3f} ms" for way in WAYS if way in entry["ms"]]
        errors = [f"{way} {error:.1e} off" for way, error in entry["errors"].items()]
        self.say(f"{name}, batch {batch}: " + ", ".join(times + errors))

    def close(self):
        for server in [*self.programs.values(), *self.compiled.servers.values(), *([self.eager] if self.eager else [])]:
            server.close()
        self.checker.close()
        self.references.close()


def parse_arguments():
    parser = session.arguments(__doc__, 8)
    parser.add_argument("--model", action="append", metavar="NAME|FILE.onnx", help="default: all seven")
    parser.add_argument("--batch", action="append", type=int, metavar="N", help="default: 8, 1, 32")
    parser.add_argument("--way", action="append", choices=("ours", "energy"), help="of compiling ours (default: both)")
    parser.add_argument("--seconds", type=float, default=0.25, help="of each measurement")
    torch = parser.add_argument_group("torch.compile")
    torch.add_argument("--timeout", type=float, default=240, help="seconds that it may take for one model")
    torch.add_argument("--torch-jobs", type=int, default=1, metavar="N",
                       help="compile N models at once ahead of measuring; they share the CPU, candidates are measured in turn")
    torch.add_argument("--compile-mode", default=MODE, help=f"default {MODE}")
    torch.add_argument("--compiled-batch", action="append", type=int, metavar="N", help="only at these")
    torch.add_argument("--compiled-cache", type=pathlib.Path, metavar="DIR",
                       help="what it learns is kept here, and taken from here; also of models that it did not finish")
    torch.add_argument("--compile-torch-only", action="store_true", help="fill --compiled-cache and measure nothing")
    check = parser.add_argument_group("--check-only")
    check.add_argument("--check-only", action="store_true", help="compare outputs, measure nothing")
    check.add_argument("--check-jobs", type=int, default=8, metavar="N", help="checks beside each other (default 8)")
    check.add_argument("--check-precision", action="append", choices=eclip_tools.TOLERANCES, help="default: all")
    check.add_argument("--check-way", action="append", choices=checks.WAYS, help="default: all")
    check.add_argument("--keep-schedules", action="store_true", help="do not delete what is checked")
    parser.add_argument("--compile-only", action="store_true", help="leave our schedules in --work and measure or check nothing")
    parser.add_argument("--kernels", action="store_true", help="measure each kernel by itself, with eclip-profile")
    parser.add_argument("--top", type=int, default=12, metavar="N", help="--kernels: rows for each model (default 12)")
    args = parser.parse_args()
    if args.compile_torch_only and not args.compiled_cache:
        parser.error("--compile-torch-only needs --compiled-cache")
    args.model, args.batch = args.model or list(session.MODELS), args.batch or [8, 1, 32]
    args.way = args.way or ["ours", "energy"]
    return args


def run_checks(args):
    session_ = checks.Checks(args)
    complete = session_.run(args.model, args.batch, args.check_precision or list(eclip_tools.TOLERANCES),
                            args.check_way or list(checks.WAYS))
    session_.save()
    return session_.results, checks.markdown, checks.failures(session_.results), complete


def run_kernels(args):
    session_ = kernels.Kernels(args)
    complete = session_.run(args.model, args.batch)
    session_.save()
    return session_.results, session_.markdown, session_.missing, complete


def run_single(args):
    bench = Bench(args)
    complete = bench.run(args.model, args.batch)
    bench.close()
    bench.save()
    only = args.compile_torch_only or args.compile_only
    wrong = bench.missing + ([] if only else single_report.failures(bench.results, args.precision))
    return bench.results, single_report.markdown, wrong, complete


def main():
    args = parse_arguments()
    try:
        what = run_checks if args.check_only else run_kernels if args.kernels else run_single
        results, markdown, wrong, complete = what(args)
    except (eclip_tools.ToolError, OSError) as error:
        print(f"bench_gpu.py: error: {error}", file=sys.stderr)
        return 1
    print(markdown(results))
    for line in wrong:
        print(f"bench_gpu.py: {line}", file=sys.stderr)
    return 1 if wrong else 0 if complete else 3


if __name__ == "__main__":
    sys.exit(main())
