"""Small ONNX graphs as exporters write them: one for each way in which data movement meets arithmetic.

PATTERNS maps a name to (function that makes the graph, kernels that it may become, kernels that may only move data).
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Collects nodes; every method returns the name of its result."""

    def __init__(self, seed=0):
        self.nodes, self.initializers, self.inputs = [], [], []
        self.rng = np.random.default_rng(seed)

    def input(self, name, *shape):
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def constant(self, array):
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weights(self, *shape):
        fan_in = max(1, int(np.prod(shape[1:]))) if len(shape) != 2 else shape[0]
        return self.constant((self.rng.standard_normal(shape) / np.sqrt(fan_in)).astype(np.float32))

    def op(self, kind, *inputs, outputs=1, **attributes):
        names = [f"{kind.lower()}{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=f"{kind.lower()}{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def conv(self, x, c_in, c_out, kernel=3, relu=True, **attributes):
        group = attributes.get("group", 1)
        attributes.setdefault("pads", [kernel // 2] * 4)
        y = self.op("Conv", x, self.weights(c_out, c_in // group, kernel, kernel), self.weights(c_out),
                    kernel_shape=[kernel, kernel], **attributes)
        return self.op("Relu", y) if relu else y

    def batch_norm(self, x, channels):
        positive = self.constant((self.rng.random(channels) + 0.5).astype(np.float32))
        return self.op("BatchNormalization", x, positive, self.weights(channels), self.weights(channels), positive)

    def linear(self, x, n_in, n_out):
        return self.op("Add", self.weights(n_out), self.op("MatMul", x, self.weights(n_in, n_out)))

    def layer_norm(self, x, size):
        return self.op("LayerNormalization", x, self.weights(size), self.weights(size), axis=-1)

    def gelu(self, x):
        scaled = self.op("Div", x, self.constant(np.float32(np.sqrt(2))))
        erf = self.op("Add", self.op("Erf", scaled), self.constant(np.float32(1)))
        return self.op("Mul", self.op("Mul", x, erf), self.constant(np.float32(0.5)))

    def shape(self, x, *shape):
        return self.op("Reshape", x, self.constant(np.array(shape, np.int64)))

    def upsample(self, x):
        return self.op("Resize", x, "", self.constant(np.array([1, 1, 2, 2], np.float32)), mode="nearest",
                       coordinate_transformation_mode="asymmetric", nearest_mode="floor")

    def attention(self, x, tokens, width, heads, mask=None, scale_operands=False):
        """Scores are scaled; with `scale_operands` queries and keys are, as PyTorch's fused attention is exported."""
        size = width // heads
        query, key, value = (
            self.op("Transpose", self.shape(self.linear(x, width, width), 1, tokens, heads, size), perm=[0, 2, 1, 3])
            for _ in range(3))
        key = self.op("Transpose", key, perm=[0, 1, 3, 2])
        if scale_operands:
            root = self.constant(np.float32(size ** -0.25))
            query, key = self.op("Mul", query, root), self.op("Mul", key, root)
        scores = self.op("MatMul", query, key)
        if not scale_operands:
            scores = self.op("Div", scores, self.constant(np.float32(np.sqrt(size))))
        if mask:
            scores = self.op("Add", scores, mask)
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), value)
        merged = self.shape(self.op("Transpose", mixed, perm=[0, 2, 1, 3]), 1, tokens, width)
        return self.linear(merged, width, width)

    def model(self, *outputs):
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "pattern", self.inputs, results, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return onnx.shape_inference.infer_shapes(model)


def dense_block():
    g = Graph()
    features = [g.conv(g.input("x", 1, 3, 16, 16), 3, 16)]
    channels = 16
    for _ in range(3):
        x = g.op("Concat", *features, axis=1) if len(features) > 1 else features[0]
        x = g.conv(g.op("Relu", g.batch_norm(x, channels)), channels, 32, kernel=1)
        features.append(g.conv(x, 32, 8, relu=False))
        channels += 8
    x = g.op("Relu", g.batch_norm(g.op("Concat", *features, axis=1), channels))
    return g.model(g.op("GlobalAveragePool", x))


def inception():
    g = Graph()
    x = g.conv(g.input("x", 1, 3, 16, 16), 3, 16)
    branches = [g.conv(x, 16, 8, kernel=1), g.conv(g.conv(x, 16, 8, kernel=1), 8, 12),
                g.conv(g.conv(x, 16, 4, kernel=1), 4, 4, kernel=5),
                g.conv(g.op("MaxPool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1]), 16, 8, kernel=1)]
    return g.model(g.conv(g.op("Concat", *branches, axis=1), 32, 8))


def yolo_neck():
    g = Graph()
    x = g.input("x", 1, 3, 16, 16)
    skip = g.conv(x, 3, 16)
    deep = g.conv(skip, 16, 16, strides=[2, 2])
    return g.model(g.conv(g.op("Concat", g.upsample(deep), skip, axis=1), 32, 16))


def csp_split():
    g = Graph()
    left, right = g.op("Split", g.conv(g.input("x", 1, 3, 16, 16), 3, 32), g.constant(np.array([16, 16], np.int64)),
                       outputs=2, axis=1)
    inner = g.op("Add", right, g.conv(g.conv(right, 16, 16), 16, 16))
    return g.model(g.conv(g.op("Concat", left, right, inner, axis=1), 48, 16, kernel=1))


def u_net():
    g = Graph()
    first = g.conv(g.input("x", 1, 3, 16, 16), 3, 8)
    second = g.conv(g.op("MaxPool", first, kernel_shape=[2, 2], strides=[2, 2]), 8, 16)
    third = g.conv(g.op("MaxPool", second, kernel_shape=[2, 2], strides=[2, 2]), 16, 32)
    x = g.conv(g.op("Concat", second, g.upsample(third), axis=1), 48, 16)
    return g.model(g.conv(g.op("Concat", first, g.upsample(x), axis=1), 24, 8))


def shuffle_unit():
    g = Graph()
    x = g.conv(g.input("x", 1, 3, 16, 16), 3, 32)
    for _ in range(2):
        left, right = g.op("Split", x, g.constant(np.array([16, 16], np.int64)), outputs=2, axis=1)
        right = g.conv(g.conv(g.conv(right, 16, 16, kernel=1), 16, 16, relu=False, group=16), 16, 16, kernel=1)
        x = g.shape(g.op("Concat", left, right, axis=1), 1, 2, 16, 16, 16)
        x = g.shape(g.op("Transpose", x, perm=[0, 2, 1, 3, 4]), 1, 32, 16, 16)
    return g.model(g.conv(x, 32, 16, kernel=1))


def squeeze_excitation():
    """MobileNetV3: HardSwish as exporters of old opsets write it, and a gate of HardSigmoid."""
    g = Graph()

    def hard_swish(x):
        clipped = g.op("Clip", g.op("Add", x, g.constant(np.float32(3))), g.constant(np.float32(0)),
                       g.constant(np.float32(6)))
        return g.op("Div", g.op("Mul", x, clipped), g.constant(np.float32(6)))

    x = hard_swish(g.conv(g.input("x", 1, 3, 16, 16), 3, 16, relu=False))
    y = hard_swish(g.conv(x, 16, 64, kernel=1, relu=False))
    y = hard_swish(g.conv(y, 64, 64, relu=False, group=64))
    gate = g.conv(g.op("GlobalAveragePool", y), 64, 16, kernel=1)
    gate = g.op("HardSigmoid", g.conv(gate, 16, 64, kernel=1, relu=False), alpha=1 / 6)
    return g.model(g.op("Add", x, g.conv(g.op("Mul", y, gate), 64, 16, kernel=1, relu=False)))


def convnext_block():
    g = Graph()
    x = g.conv(g.input("x", 1, 3, 32, 32), 3, 32, kernel=4, relu=False, pads=[0] * 4, strides=[4, 4])
    y = g.op("Transpose", g.conv(x, 32, 32, kernel=7, relu=False, group=32), perm=[0, 2, 3, 1])
    y = g.linear(g.gelu(g.linear(g.layer_norm(y, 32), 32, 128)), 128, 32)
    y = g.op("Transpose", g.op("Mul", y, g.weights(32)), perm=[0, 3, 1, 2])
    return g.model(g.op("Add", x, y))


def bert_layer():
    g = Graph()
    x, mask = g.input("x", 1, 16, 32), g.input("mask", 1, 1, 1, 16)
    y = g.layer_norm(g.op("Add", g.attention(x, 16, 32, 4, mask), x), 32)
    z = g.linear(g.gelu(g.linear(y, 32, 128)), 128, 32)
    return g.model(g.layer_norm(g.op("Add", z, y), 32))


def vision_transformer():
    """Patch embedding, class token, positions, one layer, the class token's features."""
    g = Graph()
    x = g.conv(g.input("x", 1, 3, 32, 32), 3, 32, kernel=8, relu=False, pads=[0] * 4, strides=[8, 8])
    x = g.op("Transpose", g.shape(x, 1, 32, 16), perm=[0, 2, 1])
    x = g.op("Add", g.op("Concat", g.weights(1, 1, 32), x, axis=1), g.weights(1, 17, 32))
    x = g.op("Add", x, g.attention(g.layer_norm(x, 32), 17, 32, 4, scale_operands=True))
    x = g.op("Add", x, g.linear(g.gelu(g.linear(g.layer_norm(x, 32), 32, 128)), 128, 32))
    token = g.op("Gather", g.layer_norm(x, 32), g.constant(np.int64(0)), axis=1)
    return g.model(g.linear(token, 32, 10))


def patch_merging():
    """Swin: four strided slices side by side, normalized and projected."""
    g = Graph()
    x = g.input("x", 1, 16, 16, 16)
    ints = lambda *v: g.constant(np.array(v, np.int64))
    parts = [g.op("Slice", x, ints(row, column), ints(16, 16), ints(1, 2), ints(2, 2))
             for column in (0, 1) for row in (0, 1)]
    x = g.layer_norm(g.shape(g.op("Concat", *parts, axis=-1), 1, 64, 64), 64)
    return g.model(g.op("MatMul", x, g.weights(64, 32)))


def returned_pieces():
    """What is an output of the model, a piece of two concatenations, or a piece twice."""
    g = Graph()
    x = g.input("x", 1, 3, 8, 8)
    a, b = g.conv(x, 3, 8), g.conv(x, 3, 8, kernel=1)
    both = g.op("Concat", a, b, axis=1)
    return g.model(both, b, g.op("Concat", b, a, b, axis=2), g.op("Concat", both, a, axis=1))


PATTERNS = {
    "dense block": (dense_block, 8, 0),
    "inception": (inception, 8, 0),
    "YOLO neck: resize, concatenation": (yolo_neck, 4, 1),
    "CSP: split, concatenation": (csp_split, 5, 1),
    "U-Net": (u_net, 9, 2),
    "ShuffleNet unit": (shuffle_unit, 10, 2),
    "MobileNetV3: HardSwish, squeeze and excitation": (squeeze_excitation, 7, 0),
    "ConvNeXt block": (convnext_block, 5, 0),
    "BERT layer with mask": (bert_layer, 9, 0),
    "vision transformer": (vision_transformer, 13, 0),
    "Swin patch merging": (patch_merging, 2, 0),
    "pieces that are returned": (returned_pieces, 7, 5),
}
