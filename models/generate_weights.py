#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Write deterministic pseudo-random weights for the evaluation graphs.

The graphs beside this script carry no weights: each large initializer is an
ONNX external-data entry that names NAME.weights, an offset and a length. This
script fills those files and puts a copy of the graph next to each, so that
DIR/NAME.onnx loads as it is.

The values come from integer arithmetic alone (a counter-based SplitMix64 keyed
by model and initializer name) and one float32 multiplication, so that they are
the same bytes on every machine and with every numpy version; weights.sha256
pins them. Magnitudes follow the fan-in and the graph's residual structure, so
that activations stay in the range of fp16.

Exit codes: 0 done, 1 a file could not be read or written or does not match its
pinned digest, 2 wrong usage.
"""

import argparse
import hashlib
import json
import math
import os
import pathlib
import shutil
import sys

import numpy as np
import onnx

HERE = pathlib.Path(__file__).resolve().parent
PINNED = HERE / "weights.sha256"
CHUNK = 1 << 20  # values generated at once

CONTRACTIONS = ("Conv", "Gemm", "MatMul")
LONG_CHAIN = 12  # contractions
SHAPE_ONLY = ("Identity", "Dropout", "Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze")


def splitmix64(counter):
    """The SplitMix64 output function on an array of uint64 counters."""
    z = counter * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def integers(key, count, row, part=2):
    """`count` int32 values, uniform in [-2^23, 2^23), in chunks.

    One 64-bit hash yields two values; 24 bits each are nearly exact in float32.
    With `row` > 0 1 / `part` of its mean is taken from each run of `row` values.
    """
    chunk = CHUNK if not row else row * max(2, CHUNK // row // 2 * 2)  # even: two values a hash
    for start in range(0, count, chunk):
        size = min(chunk, count - start)
        counter = np.arange(start // 2, (start + size + 1) // 2, dtype=np.uint64) + np.uint64(key)
        bits = splitmix64(counter).astype("<u8", copy=False).view("<u4")[:size]
        values = (bits >> np.uint32(8)).astype(np.int32) - np.int32(1 << 23)
        if row:
            values = values.reshape(-1, row)
            values -= (values.sum(axis=1, dtype=np.int64, keepdims=True) // (part * row)).astype(np.int32)
        yield values.reshape(-1)


class Graph:
    """Who consumes which initializer, seen through Identity and the like."""

    def __init__(self, graph):
        self.dims = {i.name: list(i.dims) for i in graph.initializer}
        self.producer = {o: n for n in graph.node for o in n.output}
        self.consumers = {}
        for node in graph.node:
            if node.op_type != "Identity":
                for index, name in enumerate(node.input):
                    self.consumers.setdefault(self.root(name), []).append((node, index))

    def root(self, name):
        while name in self.producer and self.producer[name].op_type == "Identity":
            name = self.producer[name].input[0]
        return name

    def source(self, name):
        """The node whose values `name` holds, shape changes and bias skipped."""
        node = self.producer.get(name)
        while node is not None:
            data = node.input[0]
            if node.op_type == "Add":
                values = [i for i in node.input if self.root(i) not in self.dims]
                if len(values) != 1:
                    return node
                data = values[0]
            elif node.op_type not in SHAPE_ONLY:
                return node
            node = self.producer.get(data)
        return None

    def gain(self, node):
        """Variance out over second moment in, for a contraction.

        2.6 before a ReLU keeps the variance: a ReLU leaves half of a symmetric
        input's second moment, and half-centred filters pass 0.76 of it; 2.3
        where a quarter is taken off, which passes 0.86. A branch
        that is added to its block's input gets 0.15, so that fifty blocks grow
        the sum's variance 300-fold at most and not 2^50-fold; two contractions
        that meet get 1 each.
        """
        name = node.output[0]
        while True:
            users = [n for n, _ in self.consumers.get(name, [])]
            if not users:
                return 1.0
            user = users[0]
            if user.op_type == "Add":
                values = [i for i in user.input if self.root(i) not in self.dims]
                if len(values) == 2:
                    sources = [self.source(v) for v in values]
                    contractions = sum(s is not None and s.op_type in ("Conv", "Gemm", "MatMul") for s in sources)
                    return 1.0 if contractions == 2 else 0.15
            elif user.op_type not in SHAPE_ONLY:
                return (2.6 if self.part(node) == 2 else 2.3) if user.op_type == "Relu" else 1.0
            name = user.output[0]

    def row(self, name):
        """Length of the filters that lie contiguously in `name`, 0 if they don't.

        Activations after a ReLU have a positive mean, which over 150 layers
        drowns what depends on the input. Filters without a mean avoid that but
        amplify rounding errors from layer to layer (540-fold in resnet152);
        half-centred ones do neither, but see part(). Small filters (depthwise
        ones) would become high passes.
        """
        dims = self.dims[name]
        for node, index in self.consumers.get(name, []):
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            if index == 1 and (node.op_type == "Conv" or node.op_type == "Gemm" and transposed):
                return math.prod(dims[1:]) if math.prod(dims[1:]) >= 32 else 0
        return 0

    def joins(self, node):
        """Whether several computed values meet in a node."""
        return node.op_type in ("Add", "Mul", "Concat") and sum(self.root(i) not in self.dims for i in node.input) > 1

    def chain(self, node):
        """How many contractions lie behind each other around this one, with nothing that joins them to others."""
        count, before = 1, self.producer.get(node.input[0])
        while before is not None and not self.joins(before):
            count += before.op_type in CONTRACTIONS
            before = self.producer.get(before.input[0])
        users = [n for n, _ in self.consumers.get(node.output[0], [])]
        while len(users) == 1 and not self.joins(users[0]):
            count += users[0].op_type in CONTRACTIONS
            users = [n for n, _ in self.consumers.get(users[0].output[0], [])]
        return count

    def part(self, node):
        """1 / n of a filter's mean is taken from it: n.

        Half-centred filters amplify what differs by 1.15 a layer. Residual
        branches are short and add little; after a plain chain of 19 layers
        (vgg19) the output changes 9.7 times as much, relatively, as the input,
        and as much for every rounding, where it is 0.04 to 3.7 times in the
        other models. With a quarter it is 2.2, and two inputs still have
        outputs that are a quarter of the largest value apart.
        """
        return 4 if self.chain(node) > LONG_CHAIN else 2

    def part_of(self, name):
        """The same for an initializer."""
        return max((self.part(node) for node, index in self.consumers.get(name, []) if index == 1 and node.op_type in CONTRACTIONS),
                   default=2)

    def distribution(self, name):
        """(centre, half width) of the uniform distribution of initializer `name`."""
        dims, bounds = self.dims[name], []
        for node, index in self.consumers.get(name, []):
            op = node.op_type
            if op == "Conv" and index == 1:
                bounds.append(math.sqrt(3.0 * self.gain(node) / math.prod(dims[1:])))
            elif op == "Gemm" and index == 1:
                transposed = any(a.name == "transB" and a.i for a in node.attribute)
                bounds.append(math.sqrt(3.0 * self.gain(node) / dims[1 if transposed else 0]))
            elif op == "MatMul":
                bounds.append(math.sqrt(3.0 * self.gain(node) / dims[-2 if index else -1]))
            elif op == "Gather":
                bounds.append(1.0)
            elif op in ("BatchNormalization", "LayerNormalization") and index in (1, 4):
                return 1.0, 0.25
            else:
                return 0.0, 0.05
        return 0.0, min(bounds, default=0.05)


def key_of(model, name):
    digest = hashlib.sha256(f"{model}/{name}".encode()).digest()
    # The counters of one tensor never wrap: at most 2^62 + number of values.
    return int.from_bytes(digest[:8], "little") >> 2


def entries_of(model, graph):
    """(offset, length, name) of each external initializer, in file order."""
    entries = []
    for tensor in graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        data = {e.key: e.value for e in tensor.external_data}
        count = math.prod(tensor.dims)
        if tensor.data_type != onnx.TensorProto.FLOAT or data["location"] != f"{model}.weights":
            raise ValueError(f"{model}.onnx: initializer '{tensor.name}' is not float32 in {model}.weights")
        offset, length = int(data.get("offset", 0)), int(data["length"])
        if length != 4 * count:
            raise ValueError(f"{model}.onnx: initializer '{tensor.name}' has {count} values and {length} bytes")
        entries.append((offset, length, tensor.name))
    return sorted(entries)


def write_weights(model, graph, path):
    """Write the file and return its SHA-256."""
    structure, digest, position = Graph(graph), hashlib.sha256(), 0
    with open(path, "wb") as out:
        def put(data):
            digest.update(data)
            out.write(data)

        for offset, length, name in entries_of(model, graph):
            if offset < position:
                raise ValueError(f"{model}.onnx: initializer '{name}' overlaps another in {model}.weights")
            put(bytes(offset - position))
            centre, width = structure.distribution(name)
            scale = np.float32(width / (1 << 23))
            for values in integers(key_of(model, name), length // 4, structure.row(name), structure.part_of(name)):
                put((np.float32(centre) + values.astype("<f4") * scale).astype("<f4").tobytes())
            position = offset + length
    return digest.hexdigest()


def is_current(path, stamp, expected):
    """True if an earlier run wrote these bytes and nobody touched them since."""
    try:
        record, status = json.loads(stamp.read_text()), path.stat()
    except (OSError, ValueError):
        return False
    return record == {"sha256": expected, "size": status.st_size, "mtime_ns": status.st_mtime_ns}


def place_graph(model, out):
    source, target = HERE / f"{model}.onnx", out / f"{model}.onnx"
    data = source.read_bytes()
    if target.resolve() == source or (target.exists() and target.read_bytes() == data):
        return
    partial = target.with_suffix(".onnx.partial")
    shutil.copyfile(source, partial)
    os.replace(partial, target)


def generate(model, out, pinned, pin):
    """Make DIR/model.{onnx,weights}; returns the digest."""
    place_graph(model, out)
    path, stamp = out / f"{model}.weights", out / f".{model}.weights.stamp"
    if not pin and is_current(path, stamp, pinned.get(model)):
        print(f"{path}: up to date")
        return pinned[model]
    graph = onnx.load(HERE / f"{model}.onnx", load_external_data=False).graph
    partial = path.with_suffix(".weights.partial")
    digest = write_weights(model, graph, partial)
    if not pin and digest != pinned.get(model):
        partial.unlink()
        raise ValueError(f"{path}: digest {digest} is not the pinned {pinned.get(model)}")
    os.replace(partial, path)
    status = path.stat()
    stamp.write_text(json.dumps({"sha256": digest, "size": status.st_size, "mtime_ns": status.st_mtime_ns}))
    print(f"{path}: {status.st_size / 1e6:.1f} MB")
    return digest


def main():
    models = sorted(p.stem for p in HERE.glob("*.onnx"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", choices=models, metavar="NAME",
                        help=f"one of {', '.join(models)}; may be repeated; default: all")
    parser.add_argument("--out", required=True, type=pathlib.Path, metavar="DIR")
    parser.add_argument("--pin", action="store_true", help="rewrite weights.sha256 (after a change of the generator)")
    args = parser.parse_args()
    pinned = {}
    if PINNED.exists():
        pinned = {name: digest for digest, name in (line.split() for line in PINNED.read_text().splitlines())}
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for model in args.model or models:
            pinned[model] = generate(model, args.out, pinned, args.pin)
        if args.pin:
            PINNED.write_text("".join(f"{pinned[m]}  {m}\n" for m in sorted(pinned)))
    except (OSError, ValueError) as error:
        print(f"generate_weights.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
