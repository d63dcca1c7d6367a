# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The single-operator cases of check_ops.py."""

import dataclasses
import zlib

import numpy as np


@dataclasses.dataclass
class Case:
    name: str
    op: str
    inputs: list  # (array or None, is it known at import)
    attributes: dict
    opset: int
    outputs: int
    tolerance: float


CASES = []


def case(name, op, *inputs, opset=17, outputs=1, tolerance=2e-6, **attributes):
    """Arrays are run-time inputs; const(array) is known at import; None is omitted."""
    pairs = [i if isinstance(i, tuple) else (i, False) for i in inputs]
    CASES.append(Case(name, op, pairs, attributes, opset, outputs, tolerance))


def const(value, dtype=np.int64):
    return (value if isinstance(value, np.ndarray) else np.array(value, dtype), True)


def floats(*shape, dtype=np.float32, low=-3.0, high=3.0):
    # A seed of its own for each call: a new case changes no other.
    seed = zlib.crc32(f"{len(CASES)} {shape}".encode())
    return np.random.default_rng(seed).uniform(low, high, shape).astype(dtype)


def ints(*shape, dtype=np.int64, low=-9, high=9):
    seed = zlib.crc32(f"{len(CASES)} {shape}".encode())
    return np.random.default_rng(seed).integers(low, high, shape, endpoint=True).astype(dtype)


def bools(*shape):
    return ints(*shape, low=0, high=1).astype(bool)


SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, np.nan, np.inf, -np.inf, 1e-40, 88.0, -88.0, 3e38],
                   np.float32)


def convolutions():
    x, w, b = floats(2, 6, 9, 8), floats(4, 6, 3, 3), floats(4)
    case("conv", "Conv", x, const(w), const(b))
    case("conv_runtime_weights", "Conv", x, w, b)
    case("conv_pads", "Conv", x, const(w), const(b), pads=[1, 2, 0, 1], strides=[2, 1])
    case("conv_dilations", "Conv", x, const(w), dilations=[2, 3], pads=[2, 2, 2, 2])
    case("conv_same_upper", "Conv", x, const(w), auto_pad="SAME_UPPER", strides=[2, 3])
    case("conv_same_lower", "Conv", x, const(w), auto_pad="SAME_LOWER", strides=[2, 2])
    case("conv_valid", "Conv", x, const(w), auto_pad="VALID")
    case("conv_groups", "Conv", x, const(floats(4, 3, 3, 3)), const(b), group=2, pads=[1, 1, 1, 1])
    case("conv_depthwise", "Conv", x, const(floats(6, 1, 3, 3)), const(floats(6)), group=6, strides=[2, 2])
    case("conv_depthwise_runtime", "Conv", x, floats(12, 1, 2, 2), group=6)
    case("conv_1x1", "Conv", x, const(floats(5, 6, 1, 1)), kernel_shape=[1, 1])
    case("conv_1d", "Conv", floats(2, 3, 11), const(floats(4, 3, 3)), const(b), strides=[2], pads=[1, 1])
    case("conv_1d_runtime", "Conv", floats(2, 4, 11), floats(4, 2, 3), group=2, dilations=[2])


def pooling():
    x = floats(2, 3, 10, 9)
    case("maxpool", "MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    case("maxpool_ceil", "MaxPool", x, kernel_shape=[3, 2], strides=[2, 3], ceil_mode=1)
    case("maxpool_ceil_pads", "MaxPool", x, kernel_shape=[3, 3], strides=[3, 3], ceil_mode=1, pads=[1, 1, 1, 1])
    case("maxpool_dilations", "MaxPool", x, kernel_shape=[2, 2], dilations=[3, 2])
    case("maxpool_1d", "MaxPool", floats(2, 3, 11), kernel_shape=[3], strides=[2])
    case("maxpool_same", "MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    case("maxpool_int8", "MaxPool", ints(1, 2, 6, 6, dtype=np.int8, low=-100, high=100), kernel_shape=[2, 2])
    case("averagepool", "AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    case("averagepool_pads", "AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    case("averagepool_include", "AveragePool", x, kernel_shape=[3, 3], pads=[1, 0, 1, 2], count_include_pad=1)
    case("averagepool_ceil", "AveragePool", x, kernel_shape=[3, 2], strides=[2, 2], ceil_mode=1, opset=19)
    case("averagepool_ceil_include", "AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1,
         pads=[1, 1, 1, 1], count_include_pad=1, opset=19)
    case("averagepool_dilations", "AveragePool", x, kernel_shape=[2, 3], dilations=[2, 2], opset=19)
    case("averagepool_1d", "AveragePool", floats(2, 3, 11), kernel_shape=[4], strides=[3])
    case("globalaveragepool", "GlobalAveragePool", x)
    case("globalmaxpool", "GlobalMaxPool", x)
    case("globalmaxpool_1d", "GlobalMaxPool", floats(2, 3, 11))


def products():
    case("gemm", "Gemm", floats(4, 5), floats(5, 3), floats(3))
    case("gemm_transposed", "Gemm", floats(5, 4), const(floats(3, 5)), const(floats(4, 1)), transA=1, transB=1,
         alpha=0.5, beta=2.0)
    case("gemm_no_bias", "Gemm", floats(4, 5), floats(5, 3), alpha=2.0)
    case("gemm_scalar_bias", "Gemm", floats(4, 5), floats(5, 3), const(1.5, np.float32), opset=13)
    case("matmul", "MatMul", floats(4, 5), floats(5, 3))
    case("matmul_batch", "MatMul", floats(2, 3, 4, 5), floats(2, 3, 5, 6))
    case("matmul_one_right", "MatMul", floats(2, 3, 4, 5), const(floats(5, 6)))
    case("matmul_one_left", "MatMul", floats(4, 5), floats(2, 3, 5, 6))
    case("matmul_broadcast", "MatMul", floats(2, 1, 4, 5), floats(3, 5, 6))
    case("matmul_crossed", "MatMul", floats(2, 1, 4, 5), floats(1, 2, 5, 6))
    case("matmul_vectors", "MatMul", floats(5), floats(5))
    case("matmul_vector_right", "MatMul", floats(2, 4, 5), floats(5))
    case("matmul_vector_left", "MatMul", floats(5), floats(2, 5, 3))
    case("matmul_int", "MatMul", ints(4, 5, dtype=np.int32), ints(5, 3, dtype=np.int32))


def normalization():
    x = floats(2, 3, 4, 5)
    stats = [const(floats(3)), const(floats(3)), const(floats(3)), const(floats(3, low=0.1))]
    case("batchnorm", "BatchNormalization", x, *stats, opset=15)
    case("batchnorm_epsilon", "BatchNormalization", floats(4, 3), *stats, opset=15, epsilon=0.1)
    case("instancenorm", "InstanceNormalization", x, const(floats(3)), const(floats(3)), tolerance=1e-5)
    case("layernorm", "LayerNormalization", x, const(floats(5)), const(floats(5)), tolerance=1e-5)
    case("layernorm_axis", "LayerNormalization", x, const(floats(4, 5)), axis=2, epsilon=0.01, tolerance=1e-5)
    case("layernorm_runtime", "LayerNormalization", x, floats(5), floats(5), tolerance=1e-5)
    case("softmax", "Softmax", x)
    case("softmax_axis", "Softmax", x, axis=1)
    case("softmax_old", "Softmax", x, axis=2, opset=11)
    case("softmax_large", "Softmax", floats(3, 4, low=-500, high=500))
    case("logsoftmax", "LogSoftmax", x, axis=2)


def elementwise():
    a, b = floats(2, 3, 4), floats(3, 1)
    for op in ("Add", "Sub", "Mul", "Div", "Max", "Min"):
        case(op.lower(), op, a, b)
        case(op.lower() + "_int", op, ints(3, 4, low=1), ints(4, low=1))
        case(op.lower() + "_constant", op, a, const(1.5, np.float32))
        case(op.lower() + "_constant_first", op, const(floats(1, 4)), a)
    for op in ("Add", "Div", "Max", "Less"):
        case(op.lower() + "_uint8", op, ints(9, dtype=np.uint8, low=1, high=255),
             ints(9, dtype=np.uint8, low=1, high=255)) if op in ("Less",) else None
        case(op.lower() + "_uint64", op, ints(9, low=-9, high=-1).astype(np.uint64), ints(9, low=1).astype(np.uint64)
             ) if op != "Less" else None
    case("add_square", "Add", a, a)
    case("max_three", "Max", a, b, floats(1))
    case("max_special", "Max", SPECIAL, const(SPECIAL[::-1].copy()))
    case("min_special", "Min", SPECIAL, const(SPECIAL[::-1].copy()))
    case("sum_three", "Sum", a, b, floats(1))
    case("mean_three", "Mean", a, b, floats(1))
    case("mod_int", "Mod", ints(20), const(3))
    case("mod_int_negative", "Mod", ints(20), const(-3))
    case("mod_int_fmod", "Mod", ints(20), const(3), fmod=1)
    case("mod_float", "Mod", floats(20), const(0.7, np.float32), fmod=1)
    for exponent in (0, 1, 2, 3, 0.5, 1.7, -1, 5):
        case(f"pow_{exponent}", "Pow", floats(9, low=0.1), const(exponent, np.float32))
    case("pow_negative_base", "Pow", floats(9), const(2, np.int64))
    case("pow_int", "Pow", ints(9), const(3))
    case("pow_runtime", "Pow", floats(9, low=0.1), floats(9))
    for op in ("Abs", "Neg", "Floor", "Ceil", "Round", "Relu", "LeakyRelu", "Sigmoid", "Tanh", "Erf", "Exp", "Sign",
               "HardSigmoid", "Elu", "Selu", "Softsign", "IsNaN", "Reciprocal", "Sin", "Cos", "HardSwish",
               "ThresholdedRelu", "Celu"):
        case(op.lower(), op, floats(37, low=-6, high=6))
    for op in ("Abs", "Neg", "Floor", "Ceil", "Round", "Relu", "Sigmoid", "Tanh", "Exp", "IsNaN"):
        case(op.lower() + "_special", op, SPECIAL)
    for op in ("Sqrt", "Log"):
        case(op.lower(), op, floats(37, low=0.01))
        case(op.lower() + "_special", op, SPECIAL)
    for op in ("Abs", "Neg", "Sign", "Relu"):
        case(op.lower() + "_int", op, ints(17, dtype=np.int32))
    case("softplus", "Softplus", floats(37, low=-30, high=30))
    case("mish", "Mish", floats(37, low=-9, high=9), opset=18)
    case("gelu", "Gelu", floats(37), opset=20)
    case("gelu_tanh", "Gelu", floats(37), opset=20, approximate="tanh")
    case("leakyrelu_alpha", "LeakyRelu", floats(37), alpha=0.3)
    case("prelu", "PRelu", a, const(floats(3, 1)))
    case("clip", "Clip", a, const(-1, np.float32), const(1, np.float32))
    case("clip_max", "Clip", a, None, const(1, np.float32))
    case("clip_runtime", "Clip", a, floats(low=-1, high=0), None)
    case("clip_old", "Clip", a, opset=10, min=-1.0, max=0.5)
    case("clip_int", "Clip", ints(9, dtype=np.int32), const(-2, np.int32), const(4, np.int32), opset=13)


def logic():
    a, b = ints(3, 4, low=0, high=2), ints(4, low=0, high=2)
    for op in ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"):
        case(op.lower(), op, a, b)
        case(op.lower() + "_float", op, SPECIAL, const(SPECIAL[::-1].copy()))
    for op in ("And", "Or", "Xor"):
        case(op.lower(), op, bools(3, 4), bools(4))
    case("and_constant", "And", bools(3, 4), const(bools(3, 1)))
    case("not", "Not", bools(7))
    case("equal_bool", "Equal", bools(9), bools(9))
    case("where", "Where", bools(3, 4), floats(4), floats(3, 1))
    case("where_constant", "Where", bools(3, 4), const(0, np.float32), floats(3, 4))
    case("where_int", "Where", bools(3, 1), const(ints(4)), ints(3, 4))


def casts():
    numbers = {"float": floats(23, low=-100, high=100), "double": floats(23, dtype=np.float64), "int32": ints(
        23, dtype=np.int32), "int64": ints(23), "uint8": ints(23, dtype=np.uint8, low=0, high=255), "bool": bools(23),
        "float16": floats(23, dtype=np.float16), "int8": ints(23, dtype=np.int8)}
    codes = {"float": 1, "double": 11, "int32": 6, "int64": 7, "uint8": 2, "bool": 9, "float16": 10, "int8": 3}
    for source, array in numbers.items():
        for target, code in codes.items():
            # A negative float to an unsigned type is undefined.
            if target == "uint8" and source in ("float", "double", "float16"):
                array = np.abs(array)
            case(f"cast_{source}_{target}", "Cast", array, to=code)


def reductions():
    x = floats(2, 3, 4, 5)
    for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare", "ReduceL1",
               "ReduceL2", "ReduceLogSumExp"):
        case(op.lower(), op, x, opset=11, axes=[1, 3])
        case(op.lower() + "_all", op, x, opset=11)
        case(op.lower() + "_flat", op, x, opset=11, axes=[-2], keepdims=0)
        case(op.lower() + "_input", op, x, const([0, 2]), opset=18)
    case("reducelogsum", "ReduceLogSum", floats(3, 4, low=0.1), opset=11, axes=[1])
    case("reducesum_noop", "ReduceSum", x, None, noop_with_empty_axes=1)
    case("reducesum_all_flat", "ReduceSum", x, keepdims=0)
    case("reducesum_int", "ReduceSum", ints(3, 4), const([1]))
    case("reducemax_int", "ReduceMax", ints(3, 4, dtype=np.int32), axes=[1])
    case("reducemin_int", "ReduceMin", ints(3, 4), axes=[0], keepdims=0)
    for op in ("ArgMax", "ArgMin"):
        case(op.lower(), op, ints(3, 7, 4, low=0, high=3), axis=1)
        case(op.lower() + "_flat", op, floats(3, 7), axis=-1, keepdims=0)
        case(op.lower() + "_last", op, ints(3, 7, 4, low=0, high=3).astype(np.float32), axis=1, select_last_index=1)


def movement():
    x = floats(2, 3, 4, 5)
    case("reshape", "Reshape", x, const([6, 20]))
    case("reshape_infer", "Reshape", x, const([0, -1, 2]))
    case("reshape_split", "Reshape", x, const([3, 2, 4, 5]))
    case("reshape_scalar", "Reshape", floats(1, 1), const(np.zeros(0, np.int64)))
    case("reshape_units", "Reshape", floats(1, 6, 1), const([2, 1, 3, 1, 1]))
    case("reshape_from_scalar", "Reshape", floats(), const([1, 1]))
    case("flatten", "Flatten", x, axis=2)
    case("flatten_0", "Flatten", x, axis=0)
    case("flatten_end", "Flatten", x, axis=4)
    case("flatten_negative", "Flatten", x, axis=-1)
    case("squeeze", "Squeeze", floats(1, 3, 1, 4), const([0, -2]))
    case("squeeze_all", "Squeeze", floats(1, 3, 1, 4))
    case("squeeze_old", "Squeeze", floats(1, 3, 1, 4), opset=11, axes=[2])
    case("unsqueeze", "Unsqueeze", floats(3, 4), const([0, -1]))
    case("unsqueeze_old", "Unsqueeze", floats(3, 4), opset=11, axes=[1, 3])
    case("transpose", "Transpose", x, perm=[0, 2, 3, 1])
    case("transpose_default", "Transpose", x)
    case("transpose_bool", "Transpose", bools(3, 4))
    case("concat", "Concat", x, floats(2, 1, 4, 5), const(floats(2, 2, 4, 5)), axis=1)
    case("concat_negative", "Concat", floats(3, 2), floats(3, 5), axis=-1)
    case("slice", "Slice", x, const([1, 0]), const([3, -1]), const([1, 3]))
    case("slice_steps", "Slice", x, const([0, 1]), const([9, 2**40]), const([2, -1]), const([2, 3]))
    case("slice_reverse", "Slice", x, const([-1, 3]), const([-9, 0]), const([1, 2]), const([-1, -2]))
    case("slice_no_axes", "Slice", x, const([0, 1]), const([1, 3]))
    case("slice_old", "Slice", x, opset=9, starts=[1], ends=[3], axes=[3])
    case("slice_int32", "Slice", x, const([1], np.int32), const([3], np.int32), const([2], np.int32))
    case("split", "Split", x, outputs=2, axis=2)
    case("split_sizes", "Split", x, const([1, 4]), outputs=2, axis=3)
    case("split_uneven", "Split", floats(7, 2), outputs=3, num_outputs=3, opset=18)
    case("split_old", "Split", x, outputs=3, axis=1, opset=11, split=[1, 1, 1])
    case("expand", "Expand", floats(3, 1), const([2, 3, 4]))
    case("expand_smaller", "Expand", floats(2, 3, 1), const([1, 5]))
    case("tile", "Tile", floats(2, 3), const([2, 3]))
    case("pad", "Pad", x, const([0, 1, 0, 2, 1, 0, 0, 1]), const(1.5, np.float32))
    case("pad_negative", "Pad", x, const([0, -1, 0, 2, 0, 0, -2, 1]))
    for mode in ("edge", "reflect"):
        case("pad_" + mode, "Pad", x, const([0, 0, 2, 1, 0, 0, 3, 2]), mode=mode)
    case("pad_wrap", "Pad", x, const([0, 0, 2, 1, 0, 0, 3, 2]), mode="wrap", opset=19)
    case("pad_axes", "Pad", x, const([1, 2]), None, const([-1]), opset=18)
    case("pad_old", "Pad", x, opset=10, pads=[0, 0, 1, 0, 0, 0, 0, 1], value=2.0)
    case("identity", "Identity", x)
    case("dropout", "Dropout", x)


def indexing():
    x = floats(4, 5, 6)
    case("gather", "Gather", x, ints(2, 3, low=-4, high=3))
    case("gather_axis", "Gather", x, ints(2, 3, low=0, high=4), axis=1)
    case("gather_last", "Gather", x, ints(2, low=-6, high=5, dtype=np.int32), axis=-1)
    case("gather_scalar", "Gather", x, const(-2), axis=1)
    case("gather_run", "Gather", x, const([1, 2, 3]), axis=2)
    case("gather_constant", "Gather", x, const([3, 0, 3]), axis=1)
    case("gather_table", "Gather", const(floats(7, 3)), ints(2, 4, low=0, high=6))
    case("gather_elements", "GatherElements", x, ints(2, 5, 6, low=-4, high=3), axis=0)
    case("gather_elements_last", "GatherElements", x, ints(4, 5, 3, low=0, high=5), axis=2)


for group in (convolutions, pooling, products, normalization, elementwise, logic, casts, reductions, movement, indexing):
    group()
