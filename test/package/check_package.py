#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Check a release archive: what it holds, what it needs, and that it runs where it is unpacked.

usage: check_package.py ARCHIVE [--any-size]
       check_package.py --build DIR    makes one first, not compressed

Exit codes: 0 all holds, 1 something does not, 77 the build has no release.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SIZE_LIMIT = 60_000_000
MODELS = ("albert", "alexnet", "densenet201", "resnet152", "resnext101_32x8d", "shufflenet_v2_x1_0", "vgg19")
TOOLS = ("eclip-bench", "eclip-compile", "eclip-dump", "eclip-opt", "eclip-profile", "eclip-run")
REQUIRED = {
    "LICENSE", "README.md", "include/eclip/eclip.h", "lib/libeclip.so", "lib/libeclip.so.0",
    "lib/vgpu/libhsa-runtime64.so.1", "models/generate_weights.py", "models/weights.sha256",
    "share/doc/eclip/THIRD_PARTY.md", "share/doc/eclip/docs/tools.md", "share/doc/eclip/third-party/llvm-22-dev.txt",
    *(f"bin/{tool}" for tool in TOOLS), *(f"models/{model}.onnx" for model in MODELS)}
FOLDERS = {"bin", "lib", "include", "models", "bench", "share"}

# What any Debian 12 or Ubuntu 24.04 has, however small; and Debian 12's versions.
BASE = {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libz.so.1", "ld-linux-x86-64.so.2",
        "libdl.so.2", "libpthread.so.0"}
NEWEST = {"GLIBC": (2, 36), "GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13), "GCC": (12, 0, 0)}
# No compiler, assembler or library of this machine's own may help.
BARE = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C"}

PROGRAM = r"""
#include <eclip/eclip.h>
#include <stdio.h>
int main(void) {
  char text[256] = "";
  eclip_error error = ECLIP_ERROR_INIT(text);
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  eclip_device *device = NULL;
  options.driver = "vgpu";
  if (eclip_device_open(&options, &device, &error) != ECLIP_OK) {
    fprintf(stderr, "%s\n", text);
    return 1;
  }
  return eclip_device_close(device, &error) != ECLIP_OK;
}
"""

failures = []


def check(holds, what):
    if not holds:
        failures.append(what)
        print(f"FAIL: {what}")


def check_members(archive):
    """Names, kinds and owners; returns the archive's top folder."""
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
    top = members[0].name.split("/")[0]
    check(archive.name.startswith(top + ".tar"), f"{archive.name} holds the folder {top}")
    names = set()
    for member in members:
        path = pathlib.PurePosixPath(member.name)
        check(path.parts[0] == top and ".." not in path.parts, f"{member.name}: outside of {top}")
        check(member.isfile() or member.isdir() or member.issym(), f"{member.name}: not a plain file")
        check(member.uid == 0 and member.gid == 0, f"{member.name}: belongs to user {member.uid}")
        if member.issym():
            check("/" not in member.linkname, f"{member.name}: a link to {member.linkname}")
        if not member.isdir():
            names.add("/".join(path.parts[1:]))
    for name in sorted(REQUIRED - names):
        check(False, f"{name} is missing")
    for name in sorted(names):
        check("/" not in name or name.split("/")[0] in FOLDERS, f"{name}: unexpected folder")
        check(not name.endswith((".weights", ".a", ".pyc")), f"{name} does not belong there")
    return top


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], capture_output=True, text=True, check=True).stdout


def check_elf(root):
    """Libraries and symbol versions that each program and library asks for."""
    bundled = {path.name for path in (root / "lib").iterdir()}
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.open("rb").read(4) != b"\x7fELF":
            continue
        name, dynamic = path.relative_to(root), readelf("-d", path)
        runpaths = re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", dynamic)
        for part in ":".join(runpaths).split(":"):
            check(not part or part.startswith("$ORIGIN/"), f"{name}: looks for libraries in {part}")
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
        for library in sorted(needed - BASE):
            check(library in bundled, f"{name}: needs {library}, which is not in the archive")
        if name.parts[0] == "bin" and needed - BASE:
            check("$ORIGIN/../lib" in ":".join(runpaths), f"{name}: does not look in ../lib")
        for kind, version in set(re.findall(r"Name: (GLIBC|GLIBCXX|CXXABI|GCC)_([\d.]+)", readelf("-V", path))):
            number = tuple(int(part) for part in version.split("."))
            check(number <= NEWEST[kind], f"{name}: needs {kind}_{version}, newer than Debian 12")


def run(*command, **options):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=BARE, **options)
    check(result.returncode == 0, f"{pathlib.Path(command[0]).name} {' '.join(map(str, command[1:]))}: exit code "
          f"{result.returncode}: {result.stderr.strip()}")
    return result.stdout


def write_model(path):
    """A convolution, its tail, a pool and a product; returns input and expected output."""
    generator = np.random.default_rng(7)
    weights = {"w": generator.normal(size=(8, 3, 3, 3)), "b": generator.normal(size=8), "m": generator.normal(size=(8, 5))}
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w", "b"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
         helper.make_node("Relu", ["c"], ["r"]), helper.make_node("GlobalAveragePool", ["r"], ["p"]),
         helper.make_node("Flatten", ["p"], ["f"]), helper.make_node("MatMul", ["f", "m"], ["y"])],
        "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3, 10, 10])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 5])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)
    x = generator.normal(size=(2, 3, 10, 10)).astype(np.float32)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    conv = np.einsum("nchwij,ocij->nohw", windows, weights["w"]) + weights["b"][:, None, None]
    return x, np.maximum(conv, 0).mean(axis=(2, 3)) @ weights["m"]


def check_runs(root, work):
    """Compile a model, run it on the virtual GPU, and compare."""
    tools = root / "bin"
    for tool in TOOLS:
        run(tools / tool, "--help")
        listed = subprocess.run(["ldd", tools / tool], capture_output=True, text=True, env=BARE).stdout
        for name, where in re.findall(r"(\S+) => (.*?)(?: \(0x|$)", listed, re.M):
            inside = pathlib.Path(where).resolve().is_relative_to(root.resolve())
            check(name in BASE or inside, f"{tool}: {name} comes from {where}")
    model, schedule = work / "small model.onnx", work / "small model.eclip"
    x, expected = write_model(model)
    np.save(work / "x.npy", x)
    run(tools / "eclip-compile", model, "-o", schedule, "--no-cache", "--quiet")
    run(tools / "eclip-run", schedule, "--device", "vgpu", "--check", "--input", f"x={work / 'x.npy'}",
        "--output", f"y={work / 'y.npy'}")
    if (work / "y.npy").exists():
        error = np.abs(np.load(work / "y.npy") - expected).max() / np.abs(expected).max()
        check(error < 1e-5, f"the virtual GPU's result is {error:.2g} off")
    check("small" in run(tools / "eclip-dump", schedule), "eclip-dump names the model")
    ptx = run(tools / "eclip-compile", model, "-o", work / "small.sm_90.eclip", "--target", "sm_90", "--no-cache")
    check((work / "small.sm_90.eclip").exists(), f"a schedule with PTX, where there is no ptxas: {ptx}")
    ir = "func.func @f(%a: i32) -> i32 {\n  return %a : i32\n}\n"
    check("@f" in run(tools / "eclip-opt", "-", "--canonicalize", input=ir), "eclip-opt reads IR")


def check_links(root, work):
    """A C program against the header and the library."""
    source, program = work / "program.c", work / "program"
    source.write_text(PROGRAM)
    build = ["cc", "-std=c99", "-Wall", "-Werror", "-I", root / "include", source, "-o", program, "-L", root / "lib",
             "-leclip", f"-Wl,-rpath,{root / 'lib'}"]
    result = subprocess.run([str(part) for part in build], capture_output=True, text=True)
    check(result.returncode == 0, f"linking libeclip: {result.stderr.strip()}")
    if result.returncode == 0:
        run(program)


def make_archive(build, folder):
    if not (build / "release/bin/eclip-compile").exists():
        print("skipped: the target `release` is not built")
        sys.exit(77)
    command = [sys.executable, ROOT / "tools/package.py", "--build", build, "--output", folder, "--level", "0", "--no-check"]
    subprocess.run(command, check=True)
    return next(pathlib.Path(folder).glob("*.tar"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", nargs="?", type=pathlib.Path)
    parser.add_argument("--any-size", action="store_true", help="it is not compressed as releases are")
    parser.add_argument("--build", type=pathlib.Path, metavar="DIR")
    args = parser.parse_args()
    if (args.archive is None) == (args.build is None):
        parser.error("give an archive, or --build")
    with tempfile.TemporaryDirectory(prefix="eclip package ") as folder:
        work = pathlib.Path(folder)
        archive = args.archive or make_archive(args.build, work)
        size = archive.stat().st_size
        limited = not args.any_size and args.archive
        check(not limited or size <= SIZE_LIMIT, f"{size} bytes, more than {SIZE_LIMIT}")
        top = check_members(archive)
        with tarfile.open(archive) as tar:
            tar.extractall(work / "some where", **({"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}))
        root = work / "some where" / top
        check_elf(root)
        check_runs(root, work)
        check_links(root, work)
        print(f"{archive.name}: {size / 1e6:.1f} MB, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
