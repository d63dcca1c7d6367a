# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PyTorch's side of the measurements: models in CUDA graphs, in a process of its own.

usage: torch_worker.py --precision f16|tf32|f32 [--compile MODE] [--artifacts FILE] [--benchmark-lock FILE]

Each line of standard input is a JSON list, a command with its arguments; each answer is a line of JSON:

  ["load", FILE.onnx, BATCH]         another model: translated, warmed up, captured
  ["clear"]                          forget all models
  ["reference", OUT.npy, FILE.onnx, BATCH]   a model's output in float32, without TF32
  ["output", OUT.npy]                the last model's output as it is measured
  ["artifacts", OUT.xz]              what torch.compile made here, for --artifacts of a later process
  ["time", SECONDS]                  the last model alone, one request at a time
  ["window", SECONDS, WARMUP, K, [FILE.onnx, ...]]   these models at once, each on a stream and a thread of its own, K requests
                                     in flight

--compile: torch.compile's mode; what it made is captured in a CUDA graph as well, so name a mode without CUDA graphs of its own.
--benchmark-lock: processes that compile beside each other measure their candidates one at a time.
"""

import argparse
import fcntl
import gc
import json
import lzma
import os
import pathlib
import statistics
import sys
import threading
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from gpu import eclip_tools, torch_model

DTYPES = {"f16": torch.float16, "tf32": torch.float32, "f32": torch.float32}


def allow_tf32(allowed):
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def make_inputs(path, batch, dtype):
    tensors = []
    for array in eclip_tools.random_inputs(path, batch)[0].values():
        tensor = torch.from_numpy(array).cuda()
        if tensor.is_floating_point():
            tensor = tensor.to(dtype)
        if tensor.dim() == 4:
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        tensors.append(tensor)
    return tensors


def reference(path, batch):
    kept = torch.backends.cuda.matmul.allow_tf32
    allow_tf32(False)
    module = torch_model.load(path, batch, "cuda", torch.float32)
    with torch.no_grad():
        result = module(*make_inputs(path, batch, torch.float32))[0].cpu().numpy()
    allow_tf32(kept)
    return result


class Runner:
    """A model whose requests are replays of one CUDA graph."""

    def __init__(self, path, batch, precision, mode):
        self.path, self.batch = path, batch
        self.inputs = make_inputs(path, batch, DTYPES[precision])
        self.module = torch_model.load(path, batch, "cuda", DTYPES[precision])
        self.stream = torch.cuda.Stream()
        call = self.module
        if mode:
            call = torch.compile(self.module, mode=mode, fullgraph=True, dynamic=False)
        with torch.no_grad(), torch.cuda.stream(self.stream):
            for _ in range(3):
                call(*self.inputs)
            self.stream.synchronize()
            self.graph = torch.cuda.CUDAGraph()
            # Other threads may call CUDA meanwhile: compilers of torch.compile do.
            with torch.cuda.graph(self.graph, stream=self.stream, capture_error_mode="thread_local"):
                self.outputs = call(*self.inputs)

    def output(self):
        with torch.cuda.stream(self.stream):
            self.graph.replay()
        self.stream.synchronize()
        return self.outputs[0].float().cpu().numpy()


def time_alone(runner, seconds):
    """Median milliseconds of a request on the device, and from replay to a host that knows of its end."""
    device, host = [], []
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    with torch.cuda.stream(runner.stream):
        for _ in range(5):
            runner.graph.replay()
        runner.stream.synchronize()
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline or len(host) < 10:
            begin.record()
            runner.graph.replay()
            end.record()
            end.synchronize()
            device.append(begin.elapsed_time(end))
            started = time.perf_counter()
            runner.graph.replay()
            runner.stream.synchronize()
            host.append((time.perf_counter() - started) * 1e3)
    return {"device_ms": statistics.median(device), "host_ms": statistics.median(host), "requests": len(host)}


def closed_loop(runner, begin_ns, end_ns, in_flight, ends):
    torch.cuda.set_stream(runner.stream)
    slots = []
    running = []
    while time.monotonic_ns() < end_ns:
        while len(running) < in_flight:
            event = slots.pop() if slots else torch.cuda.Event()
            submitted = time.monotonic_ns()
            runner.graph.replay()
            event.record()
            running.append((event, submitted))
        event, submitted = running.pop(0)
        event.synchronize()
        slots.append(event)
        now = time.monotonic_ns()
        if begin_ns <= now < end_ns:
            ends.append((now, now - submitted))
    runner.stream.synchronize()


def spread(values):
    values = sorted(values)
    rank = lambda p: values[max((len(values) * p + 99) // 100, 1) - 1] if values else 0
    return {"p50": rank(50), "p95": rank(95), "p99": rank(99)}


def window(runners, seconds, warmup, in_flight):
    """The same report as eclip-bench's."""
    begin = time.monotonic_ns() + int(warmup * 1e9)
    end = begin + int(seconds * 1e9)
    ends = [[] for _ in runners]
    threads = [threading.Thread(target=closed_loop, args=(runner, begin, end, in_flight, list_))
               for runner, list_ in zip(runners, ends)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    workers = []
    for runner, list_ in zip(runners, ends):
        rate = (len(list_) - 1) / ((list_[-1][0] - list_[0][0]) * 1e-9) if len(list_) > 1 else 0.0
        workers.append({"model": pathlib.Path(runner.path).stem, "requests": len(list_), "per_second": rate,
                        "latency_ns": spread(latency for _, latency in list_)})
    return {"window": {"begin_ns": begin, "end_ns": end}, "in_flight": in_flight, "workers": workers}


class Worker:
    def __init__(self, precision, mode):
        self.precision, self.mode, self.runners = precision, mode, []

    def load(self, path, batch):
        started = time.monotonic()
        self.runners.append(Runner(path, batch, self.precision, self.mode))
        return {"seconds": time.monotonic() - started}

    def clear(self):
        self.runners.clear()
        gc.collect()
        torch.cuda.empty_cache()
        return {}

    def reference(self, out, path, batch):
        np.save(out, reference(path, batch))
        return {}

    def output(self, out):
        np.save(out, self.runners[-1].output())
        return {}

    def artifacts(self, out):
        made = torch.compiler.save_cache_artifacts()
        data = made[0] if made else b""
        pathlib.Path(out).write_bytes(lzma.compress(data, preset=1))
        return {"bytes": len(data), "kinds": {kind: len(names) for kind, names in made[1].artifacts.items()} if made else {}}

    def time(self, seconds):
        return time_alone(self.runners[-1], seconds)

    def window(self, seconds, warmup, in_flight, paths):
        by_path = {runner.path: runner for runner in self.runners}
        return window([by_path[path] for path in paths], seconds, warmup, in_flight)


def measure_in_turn(lock):
    """Hold a file's lock while the autotuner measures a candidate."""
    from torch._inductor.runtime import benchmarking
    kind = type(benchmarking.benchmarker)
    alone = kind.benchmark_gpu

    def in_turn(self, *args, **kwargs):
        with open(lock, "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            return alone(self, *args, **kwargs)

    kind.benchmark_gpu = in_turn


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", choices=DTYPES, required=True)
    parser.add_argument("--compile", metavar="MODE")
    parser.add_argument("--artifacts", metavar="FILE")
    parser.add_argument("--benchmark-lock", metavar="FILE")
    args = parser.parse_args()
    # Whatever libraries print goes to standard error.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    allow_tf32(args.precision == "tf32")
    torch.backends.cudnn.benchmark = True
    if args.benchmark_lock:
        measure_in_turn(args.benchmark_lock)
    if args.artifacts:
        torch.compiler.load_cache_artifacts(lzma.decompress(pathlib.Path(args.artifacts).read_bytes()))
    worker = Worker(args.precision, args.compile)
    answers.write(json.dumps({"ready": True, "torch": torch.__version__, "device": torch.cuda.get_device_name(),
                              "cudnn": torch.backends.cudnn.version()}) + "\n")
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        try:
            answer = getattr(worker, command)(*arguments)
        except Exception as error:  # of any library: it is the answer, and the process can go on
            text = str(error).strip().splitlines() or [""]
            answer = {"error": f"{type(error).__name__}: {text[0][:300]}"}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
