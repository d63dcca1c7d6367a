# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What both benchmarks share: their command line, models, results that survive a stop, and the time that is left."""

import argparse
import concurrent.futures
import datetime
import importlib.util
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

from gpu import eclip_tools

HERE = pathlib.Path(__file__).resolve().parent
MODELS = ("albert", "alexnet", "densenet201", "resnet152", "resnext101_32x8d", "shufflenet_v2_x1_0", "vgg19")


def arguments(description, connections):
    """The options that both scripts have; `connections` is the default of --connections."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=pathlib.Path, default=HERE.parent.parent, metavar="DIR",
                        help="an unpacked release, or a build folder (default: the archive that this script is in)")
    parser.add_argument("--models", type=pathlib.Path, metavar="DIR",
                        help="NAME.onnx with NAME.weights; missing ones are generated (default: models in --out)")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR", help="results, and what is resumed from")
    parser.add_argument("--work", type=pathlib.Path, metavar="DIR", help="compiled files (default: --out)")
    parser.add_argument("--device", choices=("cuda", "vgpu"), default="cuda")
    parser.add_argument("--target", help="default: sm_90, on vgpu gfx906")
    parser.add_argument("--precision", choices=eclip_tools.TOLERANCES, default="f16")
    parser.add_argument("--repeats", type=int, default=3, help="interleaved measurements, of which the median counts")
    parser.add_argument("--budget-seconds", type=float, default=float("inf"), help="start nothing new after this time")
    parser.add_argument("--compile-jobs", type=int, default=os.cpu_count(), metavar="N", help="of eclip-compile at once")
    parser.add_argument("--compile-option", action="append", default=[], metavar="OPTION",
                        help="for every eclip-compile, such as --compile-option=--profile=FILE")
    parser.add_argument("--torch-worker", type=pathlib.Path, default=HERE / "torch_worker.py", help=argparse.SUPPRESS)
    parser.add_argument("--connections", type=int, default=connections, metavar="N",
                        help=f"CUDA_DEVICE_MAX_CONNECTIONS of ours (default {connections}; docs/measurements-h100.md)")
    parser.add_argument("--no-torch", action="store_true", help="only ours")
    return parser


class Session:
    def __init__(self, args, name, markdown):
        self.markdown = markdown
        self.args = args
        self.started = time.monotonic()
        args.out.mkdir(parents=True, exist_ok=True)
        self.work = args.work or args.out
        self.work.mkdir(parents=True, exist_ok=True)
        self.tools = eclip_tools.Tools(args.archive, args.device, self.work / "kernel-cache", args.connections)
        self.json = args.out / f"{name}.json"
        self.results = json.loads(self.json.read_text()) if self.json.exists() else {"machine": {}, "entries": {}}
        self.target = args.target or ("sm_90" if args.device == "cuda" else "gfx906")
        self.results["machine"].update(self.machine())

    def machine(self):
        return {"date": datetime.date.today().isoformat(), "host": platform.platform(), "cores": os.cpu_count(),
                "eclip": self.tools.run("eclip-bench", "--version").strip(), "target": self.target,
                "precision": self.args.precision, "connections": self.args.connections}

    def left(self):
        return self.args.budget_seconds - (time.monotonic() - self.started)

    def say(self, text):
        print(f"[{time.monotonic() - self.started:6.1f} s] {text}", file=sys.stderr, flush=True)

    def save(self):
        partial = self.json.with_suffix(".partial")
        partial.write_text(json.dumps(self.results, indent=1) + "\n")
        os.replace(partial, self.json)
        self.json.with_suffix(".md").write_text(self.markdown(self.results))

    def torch_missing(self):
        """Why PyTorch is not measured, or None."""
        if self.args.no_torch:
            return "--no-torch was given"
        own = self.args.torch_worker == HERE / "torch_worker.py"
        if own and importlib.util.find_spec("torch") is None:
            return "this Python has no torch"
        return None

    def torch(self, *options, precision=None, environment=None):
        command = [sys.executable, str(self.args.torch_worker), "--precision", precision or self.args.precision, *options]
        return eclip_tools.Server(command, environment=environment)

    def models(self, names):
        """Paths by name; a name that is a path stands for itself."""
        folder = self.args.models or self.work / "models"
        missing = [n for n in names if not n.endswith(".onnx") and not (folder / f"{n}.weights").exists()]
        if missing:
            self.say(f"generating weights of {', '.join(missing)}")
            roots = (self.args.archive / "models", HERE.parent.parent / "models", HERE.parent.parent.parent / "models")
            script = next(root / "generate_weights.py" for root in roots if (root / "generate_weights.py").exists())
            options = [part for name in missing for part in ("--model", name)]
            subprocess.run([sys.executable, script, "--out", folder, *options], check=True, stdout=subprocess.DEVNULL)
        return {(pathlib.Path(n).stem if n.endswith(".onnx") else n): pathlib.Path(n) if n.endswith(".onnx")
                else folder / f"{n}.onnx" for n in names}

    def options(self, batch, *more, precision=None):
        return ["--target", self.target, "--precision", precision or self.args.precision, "--batch", batch, "--quiet",
                *self.args.compile_option, *more]

    def everywhere(self):
        """Options that put every kernel on all SMs."""
        return ["--cus", "132" if self.args.device == "cuda" else "60"]

    def compile_all(self, jobs):
        """Run jobs (key, [inputs], output, options) beside each other; returns messages of those that failed, by key."""
        failed = {}

        def one(job):
            key, inputs, out, options = job
            try:
                if not out.exists():
                    self.tools.run("eclip-compile", *inputs, "-o", out, *options)
            except eclip_tools.ToolError as error:
                failed[key] = str(error)

        self.say(f"compiling {len(jobs)} schedules")
        with concurrent.futures.ThreadPoolExecutor(self.args.compile_jobs) as pool:
            list(pool.map(one, jobs))
        for key, message in failed.items():
            self.say(f"{key}: {message}")
        return failed
