"""Checks who may include whom: the table of docs/architecture.md.

usage: check_layering.py SOURCE_DIR

Rules carry labels: L1 the runtime never includes LLVM, MLIR, the dialect or the
compiler (the virtual GPU alone may use LLVM's MC layer); L2 drivers never include
each other; L3 compiler and runtime meet in runtime/schema only; L4 each compiler
layer includes only the layers that the table allows; L5 eclip.h includes only libc.
"""
import re
import sys
from pathlib import Path

# Folder -> prefixes of our own that its files may include, besides its own folder.
ALLOWED = {
    "dialect": [],
    "compiler/import": [],
    "compiler/kernels": ["dialect/"],
    "compiler/cost": [],
    "compiler/schedule": ["dialect/", "compiler/cost/"],
    "compiler/emit": ["dialect/", "runtime/schema/"],
    "compiler/explain": ["dialect/", "compiler/cost/", "compiler/schedule/"],
    "compiler/pipeline": ["dialect/", "compiler/"],
    "runtime/include": [],
    "runtime/schema": [],
    "runtime/src": ["runtime/include/", "runtime/schema/", "runtime/vgpu/hsa/eclip_vgpu.h"],
    "runtime/vgpu": [],
}
OURS = ("dialect/", "compiler/", "runtime/", "tools/", "test/")
LLVM_MC = ("llvm/MC/", "llvm/TargetParser/", "llvm/Support/", "llvm/ADT/", "llvm/Object/", "llvm/BinaryFormat/")
LIBC = {"stdint.h", "stddef.h", "stdbool.h"}


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(errors="replace"), re.M)


def layer_of(relative):
    matches = [layer for layer in ALLOWED if str(relative).startswith(layer + "/")]
    return max(matches, key=len) if matches else None


def check_file(relative, included):
    """Yields (rule, message) for each include that breaks a rule."""
    layer = layer_of(relative)
    for name in included:
        if layer.startswith("runtime"):
            foreign = name.startswith(("llvm/", "mlir/", "lld/", "clang/", "dialect/", "compiler/"))
            if foreign and not (layer == "runtime/vgpu" and name.startswith(LLVM_MC)):
                yield "L1", f"{layer} may not include {name}"
                continue
        driver = re.match(r"runtime/src/drivers/([^/]+)/", str(relative))
        other = re.match(r"(?:runtime/src/)?drivers/([^/]+)/", name)
        if driver and other and other.group(1) != driver.group(1):
            yield "L2", f"driver {driver.group(1)} may not include {name}"
        if layer.startswith("compiler") and name.startswith("runtime/") and not name.startswith("runtime/schema/"):
            yield "L3", f"the compiler may not include {name}"
        elif name.startswith(OURS) and not name.startswith(tuple(ALLOWED[layer]) + (layer + "/",)):
            yield "L4", f"{layer} may not include {name}"
        if layer == "runtime/include" and name not in LIBC and not name.startswith("eclip/"):
            yield "L5", f"{layer} may include only libc, not {name}"


def main():
    source = Path(sys.argv[1])
    failures = files = 0
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        if path.suffix not in (".h", ".cpp", ".c", ".td", ".inc") or layer_of(relative) is None:
            continue
        files += 1
        for rule, message in check_file(relative, includes(path)):
            print(f"{relative}: {rule}: {message}")
            failures += 1
    print(f"{files} files, {failures} violations")
    return 1 if failures or not files else 0


if __name__ == "__main__":
    sys.exit(main())
