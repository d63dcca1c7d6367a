#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Put the release together from a build whose target `release` is up to date.

The archive is the same bytes for the same build: sorted names, no owners, one
time stamp (SOURCE_DATE_EPOCH, else the last commit's). Exit codes: 0 made and
checked, 1 something is missing or the archive fails its check, 2 wrong usage.
"""

import argparse
import lzma
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMPILER_TOOLS = ("eclip-compile", "eclip-opt", "eclip-dump", "eclip-profile")

# (name, version command's Debian package, how it is in the archive): whatever
# code of others the files of the archive hold.
THIRD_PARTY = (
    ("LLVM, MLIR and lld", "llvm-22-dev", "linked into eclip-compile, eclip-opt, eclip-dump, eclip-profile and the virtual GPU"),
    ("ONNX", "libonnx-dev", "lib/libonnx_proto.so.1"),
    ("Protocol Buffers", "libprotobuf-dev", "lib/libprotobuf.so.32"),
    ("Zstandard", "libzstd-dev", "linked into the compiler's tools"),
    ("FlatBuffers", "libflatbuffers-dev", "headers compiled into libeclip and the tools"),
    ("JSON for Modern C++", "nlohmann-json3-dev", "headers compiled into eclip-run and eclip-bench"),
    ("CLI11", "libcli11-dev", "headers compiled into eclip-run and eclip-bench"),
    ("xxHash", "libxxhash-dev", "headers compiled into libeclip and the tools"),
    ("HSA runtime headers", "libhsa-runtime-dev", "declarations compiled into libeclip and the virtual GPU"),
)


class PackageError(Exception):
    """One line for the user."""


def version_of(build):
    cache = (build / "CMakeCache.txt").read_text()
    return re.search(r"^CMAKE_PROJECT_VERSION:STATIC=(.*)$", cache, re.M).group(1)


def time_stamp():
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    found = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, text=True)
    return int(found.stdout) if found.returncode == 0 else 0


def copy(source, target):
    if not source.exists():
        raise PackageError(f"{source} is missing; build the target `release` first")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def soname_of(library):
    text = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    return re.search(r"SONAME\).*\[(.*)\]", text).group(1)


def stage_programs(build, stage):
    install = ["cmake", "--install", build, "--component", "runtime", "--prefix", stage, "--strip"]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
    release = build / "release"
    for tool in COMPILER_TOOLS:
        copy(release / "bin" / tool, stage / "bin" / tool)
    vgpu = "lib/vgpu/libhsa-runtime64.so.1"
    copy(release / vgpu, stage / vgpu)
    for line in (release / "bundled.txt").read_text().split():
        library = pathlib.Path(line).resolve()
        copy(library, stage / "lib" / soname_of(library))


def stage_sources(stage):
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        copy(ROOT / name, stage / "share/doc/eclip" / name)
    for page in sorted((ROOT / "docs").glob("*.md")):
        copy(page, stage / "share/doc/eclip/docs" / page.name)
    for path in sorted((ROOT / "models").iterdir()):
        if path.suffix in (".onnx", ".py", ".md", ".sha256"):
            copy(path, stage / "models" / path.name)
    for description in sorted((ROOT / "compiler/cost/devices").glob("*.json")):
        copy(description, stage / "share/eclip/devices" / description.name)
    for script in sorted((ROOT / "test/bench").glob("bench_gpu*.py")):
        copy(script, stage / "bench" / script.name)
    gpu = ROOT / "test/bench/gpu"
    for module in sorted(gpu.glob("*.py")):
        copy(module, stage / "bench/gpu" / module.name)
    copy(ROOT / "docs/release.md", stage / "README.md")
    copy(ROOT / "LICENSE", stage / "LICENSE")


def stage_notices(stage):
    notices = stage / "share/doc/eclip/third-party"
    lines = ["# Third-party notices", "",
             "What this archive holds of other projects, each as Debian 12 ships it. The folder third-party has their",
             "copyright notices and licences.", "", "| project | version | in this archive | notice |", "|---|---|---|---|"]
    for name, package, where in THIRD_PARTY:
        copy(pathlib.Path("/usr/share/doc") / package / "copyright", notices / f"{package}.txt")
        version = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True, check=True).stdout
        lines.append(f"| {name} | {version} | {where} | third-party/{package}.txt |")
    # Debian's notices refer to licence texts by this path.
    for licence in ("Apache-2.0", "GPL-2", "GPL-3", "LGPL-2.1"):
        copy((pathlib.Path("/usr/share/common-licenses") / licence).resolve(), notices / "common-licenses" / licence)
    (stage / "share/doc/eclip/THIRD_PARTY.md").write_text("\n".join(lines) + "\n")


def write_archive(stage, archive, level):
    """xz with branch addresses made absolute first and a window over the big tools; a plain tar for level 0."""
    stamp = time_stamp()
    filters = [{"id": lzma.FILTER_X86}] if platform.machine() == "x86_64" else []
    filters.append({"id": lzma.FILTER_LZMA2, "preset": level, "dict_size": 192 << 20})

    def plain(info):
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mtime = stamp
        info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
        return info

    partial = archive.with_suffix(".partial")
    opened = lzma.open(partial, "wb", check=lzma.CHECK_CRC64, filters=filters) if level else open(partial, "wb")
    with opened as out, \
            tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted([stage, *stage.rglob("*")]):
            tar.add(path, path.relative_to(stage.parent), recursive=False, filter=plain)
    os.replace(partial, archive)


def make(build, output, level):
    name = f"eclip-{version_of(build)}-linux-{platform.machine()}"
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="package-", dir=output) as folder:
        stage = pathlib.Path(folder) / name
        stage_programs(build, stage)
        stage_sources(stage)
        stage_notices(stage)
        archive = output / (f"{name}.tar.xz" if level else f"{name}.tar")
        print(f"Compressing {archive}", file=sys.stderr)
        write_archive(stage, archive, level)
    return archive


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--output", type=pathlib.Path, metavar="DIR", help="default: release in the build folder")
    parser.add_argument("--level", type=int, choices=range(10), default=9, help="of compression; 0: a plain tar (default 9)")
    parser.add_argument("--no-check", action="store_true", help="leave the check to the caller")
    args = parser.parse_args()
    try:
        archive = make(args.build.resolve(), (args.output or args.build / "release").resolve(), args.level)
    except (OSError, PackageError, subprocess.CalledProcessError) as error:
        print(f"package: error: {error}", file=sys.stderr)
        return 1
    print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB")
    if args.no_check:
        return 0
    limit = [] if args.level == 9 else ["--any-size"]
    return subprocess.run([sys.executable, ROOT / "test/package/check_package.py", archive, *limit]).returncode


if __name__ == "__main__":
    sys.exit(main())
