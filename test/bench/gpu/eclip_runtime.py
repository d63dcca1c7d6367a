# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""libeclip from Python: as much of eclip/eclip.h as running a schedule takes.

A process that stays runs many schedules: on NVIDIA GPUs opening the device is what a new one waits for.
"""

import ctypes
import pathlib

import numpy as np

# eclip_element_type, in its order.
TYPES = [np.float32, np.float16, np.float64, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64,
         np.bool_]
WAIT_NS = 120 * 10 ** 9


class RuntimeFailure(Exception):
    """What the library said."""


class Sized(ctypes.Structure):
    """The header's structs begin with their own size."""

    def __init__(self, **values):
        super().__init__(ctypes.sizeof(self), **values)


def struct(name, text):
    """A struct from "type field, ..." with the header's names: s string, p pointer, i 32 and l 64 bits."""
    kinds = {"s": ctypes.c_char_p, "p": ctypes.c_void_p, "i": ctypes.c_uint32, "l": ctypes.c_uint64}
    fields = [("struct_bytes", ctypes.c_size_t)]
    fields += [(field, kinds[kind]) for kind, field in (part.split() for part in text.split(", "))]
    return type(name, (Sized,), {"_fields_": fields})


Error = struct("Error", "p text, l text_bytes")
DeviceOptions = struct("DeviceOptions", "s driver, s library_path, i device_index, i queue_packets, p allocator")
ScheduleOptions = struct("ScheduleOptions", "i slots, i no_queue_times, l submit_timeout_ns, i private_queues, i reserved")
ScheduleInfo = struct(
    "ScheduleInfo", "s model_name, s device_name, s target, i input_count, i output_count, i queue_count, i group_count, "
    "i kernel_count, i dispatch_count, i barrier_count, i slots, l arena_bytes, l constants_bytes, l predicted_energy_nj, "
    "s precision, s mix_name, i mix_worker, i mix_workers, i plan_count, i active_plan, i max_queue_count, i far_end")
TensorInfo = struct("TensorInfo", "s name, i type, i rank, p dims, l bytes")
PlanInfo = struct(
    "PlanInfo", "s name, i neighbours, i for_mix, i queue_count, i group_count, i dispatch_count, i barrier_count, "
    "i submitted_packets, i reserved, l arena_bytes, l predicted_time_ns, l predicted_energy_nj")


class Device:
    """An open device; one schedule at a time runs on it."""

    def __init__(self, root, driver):
        """`root`: an unpacked release, or a build folder."""
        found = sorted((pathlib.Path(root) / "lib").glob("libeclip.so*"))
        if not found:
            raise RuntimeFailure(f"no libeclip.so in {root}/lib")
        self.library = ctypes.CDLL(str(found[0]))
        self.text = ctypes.create_string_buffer(1024)
        self.error = Error(text=ctypes.addressof(self.text), text_bytes=1024)
        self.handle = ctypes.c_void_p()
        self.call("device_open", ctypes.byref(DeviceOptions(driver=driver.encode())), ctypes.byref(self.handle))

    def call(self, name, *arguments):
        function = getattr(self.library, f"eclip_{name}")
        if function(*arguments, ctypes.byref(self.error)):
            raise RuntimeFailure(self.text.value.decode(errors="replace"))

    def outputs(self, path, inputs):
        """By plan, the arrays of all outputs; `inputs` are arrays by name."""
        schedule = ctypes.c_void_p()
        options = ScheduleOptions(slots=1, no_queue_times=1)
        self.call("schedule_load_file", self.handle, str(path).encode(), ctypes.byref(options), ctypes.byref(schedule))
        request = ctypes.c_void_p()
        try:
            info = ScheduleInfo()
            self.call("schedule_get_info", schedule, ctypes.byref(info))
            self.call("request_acquire", schedule, ctypes.byref(request))
            self.write_inputs(schedule, request, info.input_count, inputs)
            return {self.set_plan(schedule, plan): self.run(schedule, request, info.output_count)
                    for plan in range(info.plan_count)}
        finally:
            self.library.eclip_request_release(request, None)
            self.library.eclip_schedule_close(schedule, None)

    def write_inputs(self, schedule, request, count, inputs):
        for i in range(count):
            tensor = TensorInfo()
            self.call("schedule_get_input", schedule, ctypes.c_uint32(i), ctypes.byref(tensor))
            array = np.ascontiguousarray(inputs[tensor.name.decode()], TYPES[tensor.type])
            self.call("request_write_input", request, ctypes.c_uint32(i), ctypes.c_void_p(array.ctypes.data),
                      ctypes.c_size_t(array.nbytes))

    def set_plan(self, schedule, index):
        plan = PlanInfo()
        self.call("schedule_get_plan", schedule, ctypes.c_uint32(index), ctypes.byref(plan))
        self.call("schedule_set_plan", schedule, ctypes.c_uint32(index))
        return plan.name.decode()

    def run(self, schedule, request, count):
        self.call("request_submit", request)
        self.call("request_wait", request, ctypes.c_uint64(WAIT_NS))
        arrays = []
        for i in range(count):
            tensor = TensorInfo()
            self.call("schedule_get_output", schedule, ctypes.c_uint32(i), ctypes.byref(tensor))
            dims = ctypes.cast(tensor.dims, ctypes.POINTER(ctypes.c_uint64))[:tensor.rank]
            array = np.empty(dims, TYPES[tensor.type])
            self.call("request_read_output", request, ctypes.c_uint32(i), ctypes.c_void_p(array.ctypes.data),
                      ctypes.c_size_t(array.nbytes))
            arrays.append(array)
        return arrays

    def close(self):
        self.library.eclip_device_close(self.handle, None)
