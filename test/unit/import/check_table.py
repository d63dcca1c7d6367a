#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that the operator table in the documentation is the importer's own.

    check_table.py IMPORT_TEST docs/import.md [--write]

Exit codes: 0 it is (or has been written), 1 it is not.
"""

import pathlib
import subprocess
import sys

BEGIN, END = "<!-- operators: begin -->\n", "<!-- operators: end -->"


def main():
    tool, path = sys.argv[1], pathlib.Path(sys.argv[2])
    table = subprocess.run([tool, "--table"], capture_output=True, text=True, check=True).stdout
    head, rest = path.read_text().split(BEGIN)
    old, tail = rest.split(END)
    if "--write" in sys.argv:
        path.write_text(head + BEGIN + table + END + tail)
    elif old != table:
        print(f"{path}: the operator table is not the importer's; build the target import-doc")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
