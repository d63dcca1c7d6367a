# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Outputs of models compared with PyTorch's in float32, several beside each other: bench_gpu.py --check-only."""

import concurrent.futures
import queue
import sys
import threading

import numpy as np

from gpu import eclip_tools, session

WAYS = {"ours": "every kernel on all SMs", "plans": "the default objective, each of its plans"}


class Programs:
    """Programs of one kind, taken and given back; one that failed is replaced by a new one."""

    def __init__(self, count, start):
        self.start, self.free, self.all = start, queue.Queue(), []
        self.starting = threading.Lock()
        for _ in range(count):
            self.free.put(None)

    def ask(self, line, timeout):
        program = self.free.get()
        try:
            if program is None:
                program = self.start()
                program.answer(180)
                self.all.append(program)
            answer = program.ask(line, timeout)
        except eclip_tools.ToolError:
            # CUDA may be dead in it.
            if program:
                program.close()
            program = None
            raise
        finally:
            self.free.put(program)
        return answer

    def close(self):
        for program in self.all:
            program.close()


class References:
    """First outputs by PyTorch in float32 without TF32, by ONNX Runtime where there is no PyTorch; kept in --work."""

    def __init__(self, owner, count):
        self.owner, self.count = owner, count
        self.programs = Programs(count, lambda: owner.torch(precision="f32"))

    def file(self, name, path, batch):
        """Where the output is; made now if it is not there."""
        file = self.owner.work / "reference" / f"{name}.b{batch}.npy"
        if file.exists():
            return file
        file.parent.mkdir(exist_ok=True)
        partial = file.with_suffix(".partial.npy")
        if self.owner.torch_missing():
            try:
                import onnxruntime
            except ImportError:
                raise eclip_tools.ToolError("not compared: neither torch nor onnxruntime here") from None
            inputs, names = eclip_tools.random_inputs(path, batch)
            run = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            np.save(partial, run.run(names[:1], inputs)[0])
        else:
            self.programs.ask(["reference", str(partial), str(path), batch], 300)
        partial.rename(file)
        return file

    def start(self, pool, models):
        """Futures of the files of (name, path, batch), by name and batch."""
        return {(name, batch): pool.submit(self.file, name, path, batch) for name, path, batch in models}

    def close(self):
        self.programs.close()


class Checks(session.Session):
    def __init__(self, args):
        super().__init__(args, "checks", markdown)
        worker = [sys.executable, str(session.HERE / "check_worker.py"), str(args.archive), args.device]
        self.ours = Programs(args.check_jobs, lambda: eclip_tools.Server(worker, self.tools.environment))
        self.references = References(self, max(args.check_jobs // 3, 1))
        self.lock = threading.Lock()

    def schedule(self, name, path, batch, precision, way):
        file = self.work / f"{name}.b{batch}.{precision}.{way}.eclip"
        if not file.exists():
            more = self.everywhere() if way == "ours" else []
            self.tools.run("eclip-compile", path, "-o", file, *self.options(batch, *more, precision=precision))
        return file

    def one(self, key, name, path, batch, precision, way, reference):
        entry = {"model": name, "batch": batch, "precision": precision, "way": way, "limit": eclip_tools.TOLERANCES[precision]}
        try:
            if self.left() < 5:
                return
            file = self.schedule(name, path, batch, precision, way)
            if self.args.compile_only:
                return
            line = ["check", str(file), str(path), batch, str(reference.result())]
            entry["errors"] = self.ours.ask(line, 300)["errors"]
            if not self.args.keep_schedules:
                file.unlink()
        except eclip_tools.ToolError as error:
            entry["failure"] = str(error)
        with self.lock:
            self.results["entries"][key] = entry
            self.save()
            self.say(f"{key}: {describe(entry)}")

    def run(self, names, batches, precisions, ways):
        """Everything that is missing; True if all is done."""
        paths = self.models(names)
        missing = []
        for batch in batches:
            for name, path in paths.items():
                for precision in precisions:
                    missing += [(f"{name}.b{batch}.{precision}.{way}", name, path, batch, precision, way) for way in ways]
        missing = [check for check in missing if "errors" not in self.results["entries"].get(check[0], {})]
        with concurrent.futures.ThreadPoolExecutor(self.args.check_jobs) as pool, \
                concurrent.futures.ThreadPoolExecutor(self.references.count) as torch:
            models = [] if self.args.compile_only else dict.fromkeys(check[1:4] for check in missing)
            references = self.references.start(torch, models)
            running = [pool.submit(self.one, *check, references.get((check[1], check[3]))) for check in missing]
            for future in running:
                future.result()
        self.ours.close()
        self.references.close()
        return self.args.compile_only or all(check[0] in self.results["entries"] for check in missing)


def failures(results):
    return [f"{key}: {describe(entry)}" for key, entry in results["entries"].items() if not passed(entry)]


def passed(entry):
    return bool(entry.get("errors")) and max(entry["errors"].values()) <= entry["limit"]


def describe(entry):
    if "failure" in entry:
        return entry["failure"]
    worst = max(entry["errors"], key=entry["errors"].get)
    return f"{entry['errors'][worst]:.1e} off ({worst}), {entry['limit']:g} is the limit"


def markdown(results):
    """A row for each model and batch, a column for each precision and way: the largest error of all plans."""
    entries = results["entries"]
    columns = sorted({(e["precision"], e["way"]) for e in entries.values()}, key=lambda c: (eclip_tools.TOLERANCES[c[0]], c[1]))
    rows = sorted({(e["batch"], e["model"]) for e in entries.values()})
    lines = [", ".join(f"{key} {value}" for key, value in results["machine"].items()), "",
             "Largest error of all plans, relative to the largest magnitude of the reference.", "",
             "| model | batch | " + " | ".join(f"{p}, {w} (≤ {eclip_tools.TOLERANCES[p]:g})" for p, w in columns) + " |",
             "|---|---:|" + "---:|" * len(columns)]
    for batch, model in rows:
        cells = []
        for precision, way in columns:
            entry = entries.get(f"{model}.b{batch}.{precision}.{way}")
            error = max(entry["errors"].values()) if entry and entry.get("errors") else None
            cells.append("—" if not entry else "failed" if error is None else f"{error:.1e}" + ("" if passed(entry) else " **off**"))
        lines.append(f"| {model} | {batch} | " + " | ".join(cells) + " |")
    count = sum(passed(entry) for entry in entries.values())
    plans = sum(len(entry.get("errors", {})) for entry in entries.values())
    lines += ["", f"{count} of {len(entries)} checks passed, {plans} plans in all."]
    return "\n".join([*lines, *[f"- {line}" for line in failures(results)]]) + "\n"
