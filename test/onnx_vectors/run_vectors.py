#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs ONNX's backend operator tests through eclip-compile and the virtual GPU.

    run_vectors.py --build DIR [-k REGEX] [-j N] [--update | --check-docs]

Every test ends in one class: pass; constant (passes once the inputs that decide shapes are initializers); refused
(the compiler ends with one line that names a node and its operator); fail (anything else: a wrong result, a crash, a
hang, another diagnostic, a race or an access out of bounds that the virtual GPU finds). expected.txt holds the class
of each test; --update writes it and docs/onnx-vectors.md anew, --check-docs
only compares the two.

Exit codes: 0 all tests are in their expected class and none fails; 1 some are not; 77 the test data or a Python
package is missing.
"""

import argparse
import concurrent.futures
import pathlib
import re
import sys
import tempfile
import time

try:
    import vectors
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

import report

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = HERE / "expected.txt"
DOCS = HERE.parent.parent / "docs" / "onnx-vectors.md"
DATA = pathlib.Path("/usr/share/libonnx-testdata/data")


def run_one(tools, path):
    with tempfile.TemporaryDirectory(prefix="eclip-vectors-") as work:
        try:
            return vectors.VectorTest(tools, path, pathlib.Path(work)).run()
        except Exception as error:  # a fault of the runner: report the test and go on
            return vectors.Result(vectors.FAIL, f"the runner failed: {type(error).__name__}: {error}")


def run_all(tools, tests, jobs):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = {name: pool.submit(run_one, tools, path) for name, path in tests.items()}
        return {name: future.result() for name, future in futures.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="build folder with the tools")
    parser.add_argument("--data", type=pathlib.Path, default=DATA, help="folder of libonnx-testdata")
    parser.add_argument("-k", default="", metavar="REGEX", help="only tests SET/NAME that match")
    parser.add_argument("-j", type=int, default=2, metavar="N", help="tests at the same time")
    parser.add_argument("-v", action="store_true", help="print every test")
    parser.add_argument("--update", action="store_true", help="write expected.txt and the documentation anew")
    parser.add_argument("--check-docs", action="store_true", help="only check that the documentation is the list's")
    args = parser.parse_args()
    if args.check_docs:
        current = DOCS.read_text() == report.page(report.read_expected(EXPECTED))
        print("" if current else f"{DOCS} is not what {EXPECTED} says; build the target onnx-vectors-update")
        return 0 if current else 1
    tests = {name: path for name, path in vectors.find_tests(args.data).items() if re.search(args.k, name)}
    if not tests:
        print(f"skipped: no tests in {args.data}")
        return 77
    for tool in ("eclip-compile", "eclip-run"):
        if not (args.build / "bin" / tool).exists():
            parser.error(f"{args.build}/bin/{tool} is not built")
    if args.update and args.k:
        parser.error("--update needs all tests: leave out -k")

    started = time.monotonic()
    results = run_all(args.build / "bin", tests, args.j)
    seconds = time.monotonic() - started
    if args.v:
        for name, result in results.items():
            print(report.line(name, result))
    failed = [name for name, result in results.items() if result.kind == vectors.FAIL]
    for name in failed:
        print(f"FAIL {name}: {results[name].text}")
    if args.update:
        EXPECTED.write_text(report.expected_text(results))
        DOCS.write_text(report.page(results))
        print(report.summary(results, seconds))
        return 1 if failed else 0
    problems, notes = report.compare(report.read_expected(EXPECTED), results, partial=bool(args.k))
    for problem in problems:
        print(problem)
    if notes:
        print(f"{notes} tests are refused with another reason than expected.txt says; --update writes it down")
    print(report.summary(results, seconds))
    return 1 if failed or problems else 0


if __name__ == "__main__":
    sys.exit(main())
