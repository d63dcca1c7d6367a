# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""torch.compile's side: a process for each model, and what it learned kept for later processes.

Of a model's compilation two things are worth keeping, both from PyTorch's own caches: `timings`, its autotuner's measurements
of every candidate (a few kB, written after each operator, so that one that was stopped goes on), and `artifacts`, what
torch.compiler.save_cache_artifacts() gives of a finished one. PyTorch takes them only with the same version and GPU.
"""

import concurrent.futures
import json
import os
import shutil

from gpu import eclip_tools


class Compiled:
    """Models compiled with torch.compile by (name, batch), and why others are not."""

    def __init__(self, bench, mode, cache, jobs, timeout):
        self.bench, self.mode, self.cache, self.jobs, self.timeout = bench, mode, cache, jobs, timeout
        self.servers, self.why = {}, {}

    def folder(self, name, batch):
        return f"{name}.b{batch}.{self.bench.args.precision}"

    def kept(self, name, batch):
        """Where this model's part of the cache is, or None."""
        return self.cache / self.folder(name, batch) if self.cache else None

    def restore(self, name, batch, inductor):
        """Options of the worker; the autotuner finds its timings in its own folder."""
        kept = self.kept(name, batch)
        if not kept:
            return []
        if (kept / "timings").is_dir() and not (inductor / "cache").exists():
            shutil.copytree(kept / "timings", inductor / "cache")
        return ["--artifacts", str(kept / "artifacts.xz")] if (kept / "artifacts.xz").exists() else []

    def keep(self, name, batch, inductor, server, seconds):
        """Save what there is; `server`: it has the finished model."""
        kept = self.kept(name, batch)
        if not kept:
            return
        kept.mkdir(parents=True, exist_ok=True)
        if (inductor / "cache").is_dir():
            shutil.copytree(inductor / "cache", kept / "timings", dirs_exist_ok=True)
        state = {"mode": self.mode, "finished": server is not None, "seconds": seconds}
        if server:
            state["artifacts"] = server.ask(["artifacts", str(kept / "artifacts.xz")], 120)
        (kept / "state.json").write_text(json.dumps(state) + "\n")

    def finished(self, name, batch):
        kept = self.kept(name, batch)
        return bool(kept) and (kept / "state.json").exists() and json.loads((kept / "state.json").read_text())["finished"]

    def compile(self, name, path, batch):
        """Start a worker that has the compiled model, or note why there is none."""
        bench = self.bench
        limit = min(self.timeout, bench.left())
        inductor = (bench.work / "inductor" / self.folder(name, batch)).resolve()
        inductor.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": str(inductor), "TRITON_CACHE_DIR": str(inductor / "triton")}
        known = self.finished(name, batch)
        server = bench.torch("--compile", self.mode, "--benchmark-lock", str(inductor.parent / "lock"),
                             *self.restore(name, batch, inductor), environment=environment)
        try:
            server.answer(120)
            seconds = server.ask(["load", str(path), batch], limit)["seconds"]
            if not known:
                self.keep(name, batch, inductor, server, seconds)
            self.servers[name, batch] = server
            bench.say(f"{name}, batch {batch}: torch.compile took {seconds:.1f} s")
        except eclip_tools.ToolError as error:
            server.close()
            if not known:
                self.keep(name, batch, inductor, None, limit)
            self.why[name, batch] = str(error)
            bench.say(f"{name}, batch {batch}: {error}")

    def ahead(self, pool, paths, batch):
        """Compile all models, as many beside each other as the pool has threads."""
        self.bench.say(f"torch.compile of {len(paths)} models, {self.jobs} at once")
        return [pool.submit(self.compile, name, path, batch) for name, path in paths.items()]

    def only(self, paths, batches):
        """Fill the cache and measure nothing; True if all are finished."""
        wanted = [(name, path, batch) for batch in batches for name, path in paths.items() if not self.finished(name, batch)]
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            for _ in pool.map(lambda job: self.one_only(*job), wanted):
                pass
        return all(self.finished(name, batch) for batch in batches for name in paths)

    def one_only(self, name, path, batch):
        if self.bench.left() > 5:
            self.compile(name, path, batch)
            self.close(name, batch)

    def close(self, name, batch):
        server = self.servers.pop((name, batch), None)
        if server:
            server.close()
