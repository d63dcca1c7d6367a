# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX Runtime in a process of its own: a damaged model may crash it, or make it take all memory or time."""

import multiprocessing
import resource


def serve(connection):
    import onnxruntime
    onnxruntime.set_default_logger_severity(4)
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
    while True:
        path, inputs = connection.recv()
        try:
            options = onnxruntime.SessionOptions()
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            options.intra_op_num_threads = 1
            session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            names = [o.name for o in session.get_outputs()]
            wanted = {i.name for i in session.get_inputs()}
            values = session.run(None, {n: v for n, v in inputs.items() if n in wanted})
            connection.send((dict(zip(names, values)), None))
        except Exception as error:  # every refusal of ONNX Runtime is an exception of its own kind
            connection.send((None, f"{type(error).__name__}: {error}"))


class Oracle:
    """Runs models one after the other; restarts its process where one ended it."""

    def __init__(self, seconds=60):
        self.seconds, self.process = seconds, None

    def start(self):
        self.connection, other = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("spawn").Process(target=serve, args=(other,), daemon=True)
        self.process.start()
        other.close()

    def run(self, path, inputs):
        """(outputs by name, None) or (None, why there are none)."""
        if self.process is None:
            self.start()
        try:
            self.connection.send((path, inputs))
            if self.connection.poll(self.seconds):
                return self.connection.recv()
            problem = f"ONNX Runtime did not end within {self.seconds} s"
        except (EOFError, OSError):
            problem = "ONNX Runtime crashed"
        self.close()
        return None, problem

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None
