"""Counts what ran: every ctest entry, and each lit test in place of the one ctest entry that runs lit.

usage: count_tests.py CTEST_LOG BUILD_DIR --seconds N
"""
import argparse
import re
import sys
from pathlib import Path


def count_ctest(text):
    """(passed, failed, skipped) of the ctest entries other than lit, and whether lit ran."""
    passed = failed = skipped = 0
    lit_ran = False
    for match in re.finditer(r"^ *\d+/\d+ Test +#\d+: (\S+) \.*\s*(\*\*\*)?(\w[\w ]*)", text, re.M):
        name, starred, result = match.groups()
        if name == "lit":
            lit_ran = True
        elif result.startswith("Passed"):
            passed += 1
        elif starred and result.startswith("Skipped"):
            skipped += 1
            print(f"skipped: {name}")
        else:
            failed += 1
    return passed, failed, skipped, lit_ran


def count_lit(build):
    """(passed, failed, skipped) of the last lit run, from the log that its ctest entry left."""
    log = (build / "Testing/Temporary/LastTest.log").read_text(errors="replace")
    results = re.findall(r"^(PASS|XFAIL|FAIL|XPASS|UNRESOLVED|TIMEOUT|UNSUPPORTED|SKIPPED): eclip ::", log, re.M)
    passed = sum(r in ("PASS", "XFAIL") for r in results)
    skipped = sum(r in ("UNSUPPORTED", "SKIPPED") for r in results)
    return passed, len(results) - passed - skipped, skipped


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=Path)
    parser.add_argument("build", type=Path)
    parser.add_argument("--seconds", type=int, required=True)
    args = parser.parse_args()
    passed, failed, skipped, lit_ran = count_ctest(args.log.read_text(errors="replace"))
    if lit_ran:
        lit = count_lit(args.build)
        passed, failed, skipped = passed + lit[0], failed + lit[1], skipped + lit[2]
        if sum(lit) == 0:
            failed += 1  # lit ended before its first test
    print(f"Total time: {args.seconds} s")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


sys.exit(main())
