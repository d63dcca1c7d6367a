"""Counts the launches that a model's kernels are, from the compiler's own text of them."""
import collections
import re

import model_runs as runs

ARITHMETIC = re.compile(r"= (arith\.(?!constant|index_cast)|math\.)")


def count_kernels(build, model, *options):
    """Counts by name: launches, kernels, launches of each kind, and `moves`: launches of kernels without arithmetic."""
    text = runs.run_tool(build, "eclip-compile", model, "--emit", "kernels", "-o", "-", *options)
    bodies = dict(re.findall(r"^  eclip\.kernel @(\w+)(.*?)^  }", text, re.M | re.S))
    counts = collections.Counter(kernels=len(bodies))
    for name in re.findall(r"eclip\.dispatch @(\w+)\(", text):
        counts["launches"] += 1
        counts[re.search(r'eclip\.kind = "(\w+)"', bodies[name]).group(1)] += 1
        counts["moves"] += not ARITHMETIC.search(bodies[name])
    return counts
