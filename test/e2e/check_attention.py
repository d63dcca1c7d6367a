"""Attention of many shapes and masks computes softmax(Q K^T / sqrt(size) + mask) V.

usage: check_attention.py --build DIR [NAME...] [--device vgpu|cuda]

Queries, keys and values are products of the input, as in a transformer. On the virtual GPU every model is compiled for
gfx906 in f32 and f16, where attention is three kernels, and run in checking mode; and it is compiled for sm_90 in f16 up
to its kernels, of which one has to be attention. With --device cuda it is compiled for sm_90 in f16 and run there.

Expected values are computed with numpy in f64; a row whose keys are all masked by a finite number is a mean of values.
"""
import argparse
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

import model_runs as runs
from patterns import Graph

WIDTH = 48
OUTPUTS = 24
# The largest difference, relative to the largest output, by precision.
TOLERANCES = {"f32": 1e-5, "f16": 1e-2}
LEAST = np.float32(np.finfo(np.float32).min)

# Batch, tokens, heads, features of a head, mask, whether tensor cores do it as one kernel.
CASES = {
    "plain": (2, 64, 2, 64, None, True),
    "one_block": (1, 17, 2, 32, None, True),
    "padding": (3, 100, 2, 64, "padding", True),
    "causal": (2, 130, 1, 80, "causal", True),
    "bias": (1, 77, 2, 40, "bias", True),
    "wide": (1, 70, 1, 128, "padding", True),
    "narrow": (2, 33, 3, 16, "bias", True),
    "too_wide": (1, 20, 1, 136, None, False),
    "uneven": (1, 20, 2, 12, None, False),
}


def make_model(batch, tokens, heads, size, mask):
    """The model and what it computes, a function of its inputs."""
    graph = Graph(seed=3)
    x = graph.input("x", batch, tokens, WIDTH)
    weights = [(graph.rng.standard_normal((WIDTH, heads * size)) * 1.5 / np.sqrt(WIDTH)).astype(np.float32)
               for _ in range(3)]
    last = (graph.rng.standard_normal((heads * size, OUTPUTS)) / np.sqrt(heads * size)).astype(np.float32)
    query, key, value = (
        graph.op("Transpose", graph.shape(graph.op("MatMul", x, graph.constant(w)), batch, tokens, heads, size),
                 perm=[0, 2, 1, 3]) for w in weights)
    scores = graph.op("MatMul", query, graph.op("Transpose", key, perm=[0, 1, 3, 2]))
    scores = graph.op("Div", scores, graph.constant(np.float32(np.sqrt(size))))
    causal = np.triu(np.full((tokens, tokens), -np.inf, np.float32), 1)
    if mask == "causal":
        scores = graph.op("Add", scores, graph.constant(causal))
    elif mask == "bias":
        scores = graph.op("Add", scores, graph.input("mask", 1, heads, tokens, tokens))
    elif mask == "padding":
        graph.inputs.append(helper.make_tensor_value_info("mask", TensorProto.INT64, (batch, tokens)))
        keep = graph.shape(graph.op("Cast", "mask", to=TensorProto.BOOL), batch, 1, 1, tokens)
        scores = graph.op("Add", scores, graph.op("Where", keep, graph.constant(np.float32(0)), graph.constant(LEAST)))
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)
    mixed = graph.shape(graph.op("Transpose", mixed, perm=[0, 2, 1, 3]), batch, tokens, heads * size)
    model = graph.model(graph.op("MatMul", mixed, graph.constant(last)))

    def expected(inputs):
        q, k, v = ((inputs["x"].astype(np.float64) @ w).reshape(batch, tokens, heads, size).transpose(0, 2, 1, 3)
                   for w in weights)
        logits = q @ k.transpose(0, 1, 3, 2) / np.sqrt(size)
        if mask == "causal":
            logits = logits + causal
        elif mask == "bias":
            logits = logits + inputs["mask"]
        elif mask == "padding":
            # Sums with the least float are that float.
            logits = np.where(inputs["mask"].reshape(batch, 1, 1, tokens) != 0, logits, float(LEAST))
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        y = powers / powers.sum(-1, keepdims=True) @ v
        return y.transpose(0, 2, 1, 3).reshape(batch, tokens, heads * size) @ last

    return model, expected


def make_inputs(batch, tokens, heads, mask):
    rng = np.random.default_rng(5)
    inputs = {"x": rng.standard_normal((batch, tokens, WIDTH)).astype(np.float32)}
    if mask == "bias":
        inputs["mask"] = (2 * rng.standard_normal((1, heads, tokens, tokens))).astype(np.float32)
    elif mask == "padding":
        keep = (rng.random((batch, tokens)) < 0.7).astype(np.int64)
        keep[0, : tokens * 3 // 4] = 0  # more than a block of keys
        if batch > 1:
            keep[-1] = 0
        inputs["mask"] = keep
    return inputs


def check(build, work, name, device):
    """Complaints about one model."""
    batch, tokens, heads, size, mask, joined = CASES[name]
    path = work / f"{name}.onnx"
    model, expected = make_model(batch, tokens, heads, size, mask)
    onnx.save(model, path)
    inputs = make_inputs(batch, tokens, heads, mask)
    complaints = []
    kernels = runs.run_tool(build, "eclip-compile", path, "--target", "sm_90", "--precision", "f16", "--quiet",
                            "--emit", "kernels", "-o", "-").count('eclip.kind = "attention"')
    if kernels != joined:
        complaints.append(f"{kernels} kernels of attention for sm_90, expected {int(joined)}")
    target, precisions, options = ("sm_90", ["f16"], []) if device == "cuda" else ("gfx906", ["f32", "f16"], ["--check"])
    for precision in precisions:
        compiled = work / f"{name}_{precision}.eclip"
        runs.run_tool(build, "eclip-compile", path, "--target", target, "--precision", precision, "--quiet", "-o", compiled)
        outputs, _, _ = runs.run_model(build, compiled, work, inputs, runs.output_names(path), *options, device=device)
        error = runs.relative_error(next(iter(outputs.values())), expected(inputs))
        print(f"{name} {precision}: {error:.1e}")
        if not error <= TOLERANCES[precision]:
            complaints.append(f"{precision} differs by {error:.1e}, allowed {TOLERANCES[precision]:.0e}")
    return complaints


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True, help="folder with bin/")
    parser.add_argument("--device", choices=["vgpu", "cuda"], default="vgpu")
    parser.add_argument("--work", type=Path, help="folder for models and arrays (default BUILD/e2e/attention)")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    work = args.work or args.build / "e2e" / "attention"
    work.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for name in args.names or CASES:
        for complaint in check(args.build, work, name, args.device):
            print(f"FAILED: {name}: {complaint}")
            wrong += 1
    return 1 if wrong else 0


sys.exit(main())
