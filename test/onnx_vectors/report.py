# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The checked-in list of results and the documentation page that is made from it."""

import collections
import re
import types

ORDER = ("pass", "constant", "refused", "fail")

EXPECTED_HEAD = """\
# ONNX's backend operator tests and how each of them ends, written by run_vectors.py --update:
#   CLASS SET/NAME [OPERATOR: REASON]
# pass; constant: passes once the inputs that decide shapes are initializers; refused with that diagnostic; fail.
"""

PAGE_HEAD = """\
# ONNX's operator tests

Debian's package libonnx-testdata holds the backend tests of ONNX 1.12: models of mostly one operator with inputs and
expected outputs. `test/onnx_vectors/run_vectors.py` compiles each with `eclip-compile` for gfx906, runs it with
`eclip-run --check` on the virtual GPU, and compares every output: type and shape exactly, integers and bools exactly,
float and double within 1e-3 relative and 1e-7 absolute as ONNX's own runner does, half within 2e-3 and 1e-4.
This page is made by `run_vectors.py --update` from the results in `test/onnx_vectors/expected.txt`; the test
`onnx_vectors` fails where a result differs from that list, `onnx_vectors_documented` where this page does.

- **pass**: all outputs agree, with the model as it is.
- **pass with constant inputs**: the model as it is is refused because an input decides the shape of a result (Reshape's
  `shape`, Slice's `starts`, a Loop's count); with just these inputs as initializers all outputs agree. Counted apart
  from the former.
- **refused**: the compiler ends with one line that names a node and its operator.
- **fail**: everything else: a wrong output, a crash, more than 30 s, another diagnostic, or a race or an access out of
  bounds that the virtual GPU's checking mode finds.

"""


def line(name, result):
    reason = f"  {result.operator}: {result.text}" if result.kind == "refused" else ""
    return f"{result.kind:<8} {name}{reason}"


def expected_text(results):
    return EXPECTED_HEAD + "".join(line(name, result) + "\n" for name, result in results.items())


def read_expected(path):
    results = {}
    for text in path.read_text().splitlines():
        if text.startswith("#"):
            continue
        kind, name, *rest = text.split(maxsplit=2)
        operator, _, reason = (rest[0] if rest else "").partition(": ")
        results[name] = types.SimpleNamespace(kind=kind, operator=operator, text=reason)
    return results


def compare(expected, results, partial):
    """(problems, number of refusals with another reason). `partial`: only some of the tests have run."""
    problems, notes = [], 0
    for name, result in results.items():
        known = expected.get(name)
        if known is None:
            problems.append(f"NEW {name}: {result.kind}, not in expected.txt")
        elif known.kind != result.kind:
            word = "WORSE" if ORDER.index(result.kind) > ORDER.index(known.kind) else "BETTER"
            problems.append(f"{word} {name}: {result.kind} ({result.operator} {result.text}), expected {known.kind}")
        elif result.kind == "refused" and (known.operator, known.text) != (result.operator, result.text):
            notes += 1
    if not partial:
        problems += [f"GONE {name}: in expected.txt, but there is no such test" for name in expected
                     if name not in results]
    return problems, notes


def counts(results, group=""):
    return collections.Counter(result.kind for name, result in results.items() if name.startswith(group))


def summary(results, seconds):
    found = counts(results)
    return (f"{len(results)} tests in {seconds:.0f} s: {found['pass']} pass, {found['constant']} pass with constant "
            f"inputs, {found['refused']} refused, {found['fail']} fail")


def general(reason):
    """The reason without what is a single test's own: names, numbers and shapes."""
    reason = re.sub(r"\[[\d, ]*\]", "[..]", reason)
    return re.sub(r"(?<!opset )(?<!\()\b\d+\b(?!-D| are)", "N", reason)


def page(results):
    text = PAGE_HEAD
    text += "| set | tests | pass | pass with constant inputs | refused | fail |\n|---|---|---|---|---|---|\n"
    groups = list(dict.fromkeys(name.split("/")[0] for name in results))
    for title, prefix in [(f"`{group}`", group + "/") for group in groups] + [("all", "")]:
        found = counts(results, prefix)
        cells = [sum(found.values()), *(found[kind] for kind in ORDER)]
        text += f"| {title} | " + " | ".join(map(str, cells)) + " |\n"
    text += "\n## Refused\n\n"
    text += "By the operator that the diagnostic names, with its message (numbers and shapes left out).\n\n"
    refused = collections.defaultdict(lambda: collections.defaultdict(list))
    for name, result in results.items():
        if result.kind == "refused":
            refused[result.operator][general(result.text)].append(name)
    text += "| operator | reason | tests |\n|---|---|---|\n"
    for operator in sorted(refused):
        for reason, names in sorted(refused[operator].items()):
            tests = ", ".join(name.removeprefix("node/") for name in names)
            cell = reason.replace("|", "\\|")
            text += f"| {operator} | {cell} | {tests} |\n"
    failed = [(name, result) for name, result in results.items() if result.kind == "fail"]
    if failed:
        text += "\n## Failed\n\n" + "".join(f"- {name}\n" for name, _ in failed)
    text += "\n## Passed with constant inputs\n\n"
    text += ", ".join(name.removeprefix("node/") for name, r in results.items() if r.kind == "constant") + "\n"
    return text
