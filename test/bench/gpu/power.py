# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The GPU's energy by NVML's counter, read beside whatever runs.

The counter moves every 100 ms, so that a window's energy is taken between two of its moves and scaled to the window.
"""

import ctypes
import threading
import time


class EnergyMeter:
    """Samples the total energy counter from a thread of its own; None where there is no NVML."""

    @staticmethod
    def open(index=0):
        try:
            return EnergyMeter(index)
        except (OSError, RuntimeError):
            return None

    def __init__(self, index, interval_s=0.003):
        self.library = ctypes.CDLL("libnvidia-ml.so.1")
        self.handle = ctypes.c_void_p()
        self.call("nvmlInit_v2")
        self.call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(self.handle))
        self.interval_s = interval_s
        self.moves = []  # (monotonic ns, joules) after each move of the counter
        self.read()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.sample, daemon=True)
        self.thread.start()

    def call(self, name, *arguments):
        if getattr(self.library, name)(*arguments):
            raise RuntimeError(f"{name} failed")

    def read(self):
        millijoules = ctypes.c_ulonglong()
        self.call("nvmlDeviceGetTotalEnergyConsumption", self.handle, ctypes.byref(millijoules))
        return millijoules.value * 1e-3

    def sample(self):
        previous = self.read()
        while not self.stopping.wait(self.interval_s):
            joules = self.read()
            if joules != previous:
                self.moves.append((time.monotonic_ns(), joules))
                previous = joules

    def watts(self, begin_ns, end_ns):
        return mean_power(list(self.moves), begin_ns, end_ns)

    def close(self):
        self.stopping.set()
        self.thread.join()


def mean_power(moves, begin_ns, end_ns):
    """Watts between the first and the last move inside the window; None if it has fewer than two."""
    inside = [move for move in moves if begin_ns <= move[0] <= end_ns]
    if len(inside) < 2:
        return None
    (first_ns, first), (last_ns, last) = inside[0], inside[-1]
    return (last - first) / ((last_ns - first_ns) * 1e-9)
