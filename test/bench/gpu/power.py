# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The GPU's energy by NVML's counter and its SM clock, read beside whatever runs.

The counter moves every 100 ms, so that a window's energy is taken between two of its moves and scaled to the window.
"""

import ctypes
import threading
import time

# nvml.h: nvmlClockType_t, and bits of the clocks' event reasons.
CLOCK_SM = 1
REASONS_OF_POWER = 0x4 | 0x80  # software power cap; hardware power brake
REASONS_OF_HEAT = 0x20 | 0x40


class EnergyMeter:
    """Samples counter and clock from a thread of its own; open() gives None where there is no NVML."""

    @staticmethod
    def open(index=0, library="libnvidia-ml.so.1"):
        try:
            return EnergyMeter(index, library)
        except (OSError, RuntimeError):
            return None

    def __init__(self, index, library, interval_s=0.003, clock_interval_s=0.05):
        self.library = ctypes.CDLL(library)
        self.handle = ctypes.c_void_p()
        self.call("nvmlInit_v2")
        self.call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(self.handle))
        self.interval_s, self.clock_interval_s = interval_s, clock_interval_s
        self.moves = []  # (monotonic ns, joules) after each move of the counter
        self.clocks = []  # (monotonic ns, MHz of the SMs, reasons for no more; None where NVML does not tell)
        self.joules()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.sample, daemon=True)
        self.thread.start()

    def call(self, name, *arguments):
        if getattr(self.library, name)(*arguments):
            raise RuntimeError(f"{name} failed")

    def number(self, name, kind, *before):
        """What NVML writes to the last argument; None where it refuses or has no such call."""
        value = kind()
        try:
            self.call(name, self.handle, *before, ctypes.byref(value))
        except (AttributeError, RuntimeError):
            return None
        return value.value

    def joules(self):
        millijoules = ctypes.c_ulonglong()
        self.call("nvmlDeviceGetTotalEnergyConsumption", self.handle, ctypes.byref(millijoules))
        return millijoules.value * 1e-3

    def limit_watts(self):
        milliwatts = self.number("nvmlDeviceGetEnforcedPowerLimit", ctypes.c_uint)
        return milliwatts and milliwatts * 1e-3

    def sample(self):
        previous, next_clock = self.joules(), 0.0
        while not self.stopping.wait(self.interval_s):
            joules = self.joules()
            if joules != previous:
                self.moves.append((time.monotonic_ns(), joules))
                previous = joules
            if time.monotonic() >= next_clock:
                next_clock = time.monotonic() + self.clock_interval_s
                mhz = self.number("nvmlDeviceGetClockInfo", ctypes.c_uint, ctypes.c_int(CLOCK_SM))
                reasons = self.number("nvmlDeviceGetCurrentClocksThrottleReasons", ctypes.c_ulonglong)
                if mhz is not None:
                    self.clocks.append((time.monotonic_ns(), mhz, reasons))

    def watts(self, begin_ns, end_ns):
        return mean_power(list(self.moves), begin_ns, end_ns)

    def window(self, begin_ns, end_ns):
        """What a window's report gets: power, mean clock, and shares of readings with the clock held down."""
        inside = [(mhz, reasons) for at, mhz, reasons in list(self.clocks) if begin_ns <= at <= end_ns]
        share = lambda bits: sum(bool(r and r & bits) for _, r in inside) / len(inside) if inside else None
        return {"watts": self.watts(begin_ns, end_ns),
                "mhz": sum(mhz for mhz, _ in inside) / len(inside) if inside else None,
                "power_capped": share(REASONS_OF_POWER), "too_hot": share(REASONS_OF_HEAT)}

    def close(self):
        self.stopping.set()
        self.thread.join()


NOTHING = {"watts": None, "mhz": None, "power_capped": None, "too_hot": None}


def mean_power(moves, begin_ns, end_ns):
    """Watts between the first and the last move inside the window; None if it has fewer than two."""
    inside = [move for move in moves if begin_ns <= move[0] <= end_ns]
    if len(inside) < 2:
        return None
    (first_ns, first), (last_ns, last) = inside[0], inside[-1]
    return (last - first) / ((last_ns - first_ns) * 1e-9)
