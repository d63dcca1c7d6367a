# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ways in which models can share a GPU: their names, and the schedules that each of them needs."""

import json

# SMs, or CUs, and how many of them a partition is made of.
DEVICES = {"cuda": (132, 8), "vgpu": (60, 15)}
# Of a mix's choices by objective efficiency, how many are worth measuring.
CHOICES = 8
DEFAULT = ["one stream", "streams", "split 32", "split 64", "split 96", "plans", "joint efficiency", "joint energy", "joint edp",
           "joint latency", "torch"]


class WayError(Exception):
    """A way that there is not."""


def parse(way, device):
    """(kind, parameter); a split's parameter is a number of SMs, a joint way's an objective."""
    kind, _, parameter = way.partition(" ")
    if way in ("one stream", "streams", "plans", "torch"):
        return way, None
    sms, granule = DEVICES[device]
    if kind == "split" and parameter.isdigit() and 0 < int(parameter) <= sms - granule and int(parameter) % granule == 0:
        return kind, int(parameter)
    if kind == "joint" and parameter in ("measured", "efficiency", "energy", "edp", "latency", "paper"):
        return kind, parameter
    raise WayError(f"--way {way}: one stream, streams, plans, torch, joint measured|efficiency|energy|edp|latency|paper, or split N "
                   f"with N a multiple of {granule}, at most {sms - granule}")


def fine_description(source, target, granule):
    """A copy of a device description that offers every partition that the device has."""
    description = json.loads(source.read_text())
    topology = description["topology"]
    sms = topology["cu_count"]["value"]
    topology["mask_sizes_cu_count"]["value"] = [*range(granule, sms - granule + 1, granule), sms]
    target.write_text(json.dumps(description, indent=1) + "\n")
    return target


class Schedules:
    """Which files a way loads, and the eclip-compile runs that make them; `name` is of batch size and precision.

    A split's first model has N SMs of the near end. The others' masks are a multiple of the granule beside it, as many as there
    are; SMs that are too few for a granule come along where the driver hands them out with their neighbours.
    """

    def __init__(self, work, device, name):
        self.work, self.device, self.name = work, device, name
        self.sms, self.granule = DEVICES[device]
        self.chosen = {}  # by models of a mix: which of eclip-compile's choices is best, measured

    def rest(self, sms):
        return (self.sms - sms) // self.granule * self.granule

    def file(self, model, kind):
        return self.work / f"{model}.{self.name}.{kind}.eclip"

    def joint_folder(self, models, objective):
        """Of objective `measured` the choice that was taken, the first one until then."""
        if objective == "measured":
            return self.choice_folder(models, self.chosen.get(tuple(models), 0))
        return self.work / f"{'+'.join(models)}.{self.name}.{objective}"

    def choice_folder(self, models, choice):
        return self.joint_folder(models, f"efficiency.{choice}")

    def files(self, way, models):
        """In the models' order."""
        kind, parameter = parse(way, self.device)
        if kind == "joint":
            return [self.joint_folder(models, parameter) / f"{model}.eclip" for model in models]
        if kind == "split":
            return [self.file(model, f"{self.rest(parameter)}far" if i else f"{parameter}near") for i, model in enumerate(models)]
        return [self.file(model, "plans" if kind == "plans" else "all") for model in models]

    def jobs(self, way, models, paths):
        """(what it is, models, file or folder, options) of each run for a way; `options` are of this file alone.

        Plans for unknown neighbours are compiled for `plans` only: nobody else is there but the mix.
        """
        kind, parameter = parse(way, self.device)
        if parameter == "measured":
            folders = [(choice, self.choice_folder(models, choice)) for choice in range(CHOICES)]
            return [(str(out), [paths[model] for model in models], out,
                     ["--plans", "alone", "--objective", "efficiency", "--choice", str(choice)]) for choice, out in folders]
        if kind == "joint":
            out = self.joint_folder(models, parameter)
            return [(str(out), [paths[model] for model in models], out, ["--plans", "alone", "--objective", parameter])]
        options = []
        for i, model in enumerate(models):
            if kind == "split":
                options.append(["--cus", f"{self.rest(parameter)}@far" if i else f"{parameter}@near"])
            else:
                options.append([] if kind == "plans" else ["--cus", str(self.sms)])
        return [(str(file), [paths[model]], file, more) for model, file, more in zip(models, self.files(way, models), options)]
