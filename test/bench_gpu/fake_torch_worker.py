# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Answers as test/bench/gpu/torch_worker.py does, with ONNX Runtime's outputs and times that are known beforehand."""

import argparse
import json
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
    args = parser.parse_args()
    print(json.dumps({"ready": True, "torch": "stand-in", "device": "none", "cudnn": 0}), flush=True)
    models = []
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        answer = {}
        if command == "load":
            # One model compiles for ever; the other fails.
            if args.compile and "slow" in arguments[0]:
                time.sleep(1000)
            if args.compile and "odd" in arguments[0]:
                answer = {"error": "Unsupported: a graph break"}
            models.append(arguments)
        elif command == "clear":
            models.clear()
        elif command == "reference":
            np.save(arguments[0], output(*arguments[1:]))
        elif command == "output":
            np.save(arguments[0], output(*models[-1]))
        elif command == "time":
            answer = {"device_ms": 2.0, "host_ms": 3.0, "requests": 10}
        elif command == "window":
            answer = window(models, *arguments)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
