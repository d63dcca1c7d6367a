"""Checks that docs/dialect.md is what mlir-tblgen generates from the dialect's ODS; --write updates it.

usage: check_dialect_doc.py MLIR_TBLGEN MLIR_INCLUDE SOURCE_DIR [--write]
"""
import subprocess
import sys
from pathlib import Path

tblgen, include, source = sys.argv[1], sys.argv[2], Path(sys.argv[3])
target = source / "docs/dialect.md"
generated = subprocess.run(
    [tblgen, "-gen-dialect-doc", "-dialect=eclip", f"-I{include}", f"-I{source / 'dialect'}",
     str(source / "dialect/EclipOps.td")], check=True, stdout=subprocess.PIPE, text=True).stdout
if "--write" in sys.argv:
    target.write_text(generated)
elif not target.exists() or target.read_text() != generated:
    sys.exit(f"{target} is not what the dialect's ODS says; run `ninja dialect-doc`")
