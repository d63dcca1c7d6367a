# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Answers as test/bench/gpu/torch_worker.py does, with ONNX Runtime's outputs and times that are known beforehand."""

import argparse
import json
import os
import pathlib
import sys
import time

import numpy as np
import onnxruntime

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
from gpu import eclip_tools


def output(path, batch):
    inputs, names = eclip_tools.random_inputs(path, batch)
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(names, inputs)[0]


def learn(model):
    """Write what PyTorch's autotuner keeps, after what it has already."""
    folder = pathlib.Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]) / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "timings-of-this-gpu", "a") as file:
        file.write(pathlib.Path(model).stem + "\n")


def window(models, seconds, warmup, in_flight, paths):
    assert set(paths) <= {path for path, _ in models}, f"{paths} are not loaded"
    begin = time.monotonic_ns()
    workers = [{"model": pathlib.Path(path).stem, "requests": 100, "per_second": 50.0,
                "latency_ns": {"p50": 20_000_000, "p95": 40_000_000, "p99": 40_000_000}} for path in paths]
    return {"window": {"begin_ns": begin, "end_ns": begin + int(seconds * 1e9)}, "in_flight": in_flight, "workers": workers}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--precision")
    parser.add_argument("--compile")
    parser.add_argument("--artifacts", type=pathlib.Path)
    parser.add_argument("--benchmark-lock")
    args = parser.parse_args()
    print(json.dumps({"ready": True, "torch": "stand-in", "device": "none", "cudnn": 0}), flush=True)
    models = []
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        answer = {}
        if command == "load":
            # One model compiles for ever, unless it was compiled before; the other fails.
            if args.compile and "slow" in arguments[0] and not args.artifacts:
                learn(arguments[0])
                time.sleep(1000)
            if args.compile and "odd" in arguments[0]:
                answer = {"error": "Unsupported: a graph break"}
            if args.compile and not args.artifacts:
                learn(arguments[0])
            models.append(arguments)
            answer.setdefault("seconds", 1.0)
        elif command == "clear":
            models.clear()
        elif command == "reference":
            np.save(arguments[0], output(*arguments[1:]))
        elif command == "output":
            np.save(arguments[0], output(*models[-1]))
        elif command == "artifacts":
            pathlib.Path(arguments[0]).write_text("artifacts\n")
            answer = {"bytes": 10}
        elif command == "time":
            answer = {"device_ms": 2.0, "host_ms": 3.0, "requests": 10}
        elif command == "window":
            answer = window(models, *arguments)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
