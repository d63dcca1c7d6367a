# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cases of check_ops.py for indices, logic, integers, reductions of all kinds, quantization and control flow."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from op_cases import SPECIAL, bools, case, const, floats, ints

UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)


def kind(dtype):
    return np.dtype(dtype).name


def arithmetic():
    for op, low, high in (("Tan", -1.4, 1.4), ("Asin", -1, 1), ("Acos", -1, 1), ("Atan", -9, 9), ("Sinh", -4, 4),
                          ("Cosh", -4, 4), ("Asinh", -9, 9), ("Acosh", 1, 9), ("Atanh", -0.99, 0.99)):
        case(op.lower(), op, floats(37, low=low, high=high), tolerance=4e-6)
    case("sign_special", "Sign", SPECIAL)
    for positive, negative in ((1, 0), (0, 1), (0, 0), (1, 1)):
        case(f"isinf_{positive}{negative}", "IsInf", SPECIAL, detect_positive=positive, detect_negative=negative)
    for dtype in UNSIGNED:
        top = np.iinfo(dtype).max
        wide = np.array([0, 1, 2, top // 2, top // 2 + 1, top - 1, top], dtype)
        for direction in ("LEFT", "RIGHT"):
            case(f"bitshift_{kind(dtype)}_{direction.lower()}", "BitShift", wide,
                 const(np.array([3, 1, 0, 5, 2, 7, 1], dtype)), direction=direction)
    for dtype in (np.uint32, np.uint64):
        top = np.iinfo(dtype).max
        wide = np.array([0, 1, 2, top // 2, top // 2 + 1, top - 1, top], dtype)
        case(f"div_{kind(dtype)}", "Div", wide, const(np.array(3, dtype)))
        for op in ("Max", "Min", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"):
            case(f"{op.lower()}_{kind(dtype)}", op, wide, wide[::-1].copy())
        case(f"mod_{kind(dtype)}", "Mod", wide, const(np.array(7, dtype)))
    for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
        case(op.lower(), op, ints(3, 4, dtype=np.int32), ints(4, dtype=np.int32), opset=18)
    case("bitwisenot", "BitwiseNot", ints(9, dtype=np.int8), opset=18)
    case("bitwisenot_unsigned", "BitwiseNot", ints(9, dtype=np.uint8, low=0), opset=18)
    case("mod_half", "Mod", floats(9, dtype=np.float16), floats(9, dtype=np.float16, low=0.5), fmod=1, tolerance=1e-3)
    base, exponent = ints(3, 4, low=-3, high=3), ints(4, low=0, high=9)
    case("pow_ints", "Pow", base, exponent)
    case("pow_ints_mixed", "Pow", base.astype(np.int32), exponent)
    case("pow_int_float", "Pow", ints(9, low=0, high=9), floats(9, low=0, high=3).round())
    case("pow_int_half", "Pow", ints(9, low=0, high=9), const(0.5, np.float32))
    case("pow_float_int", "Pow", floats(9), ints(9, low=-3, high=4, dtype=np.int32))
    for dtype in (np.int8, np.uint8, np.uint64, np.int64, np.int32):
        case(f"clip_{kind(dtype)}", "Clip", ints(17, dtype=dtype, low=0, high=99), const(11, dtype), const(55, dtype))
    case("castlike", "CastLike", floats(9), const(0, np.int32), opset=15)
    for source in (np.float32, np.int64):
        values = (floats(23, low=0, high=100) if source == np.float32 else ints(23, low=0)).astype(source)
        for code in (TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64, TensorProto.INT16):
            case(f"cast_{kind(source)}_{code}", "Cast", values, to=code)
    for dtype in UNSIGNED:
        top = np.iinfo(dtype).max
        for code in (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.UINT8):
            case(f"cast_{kind(dtype)}_{code}", "Cast", np.array([0, 1, top // 2 + 1, top], dtype), to=code)


def reductions():
    x = floats(2, 3, 4)
    for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare", "ReduceL1"):
        case(op.lower() + "_int32", op, ints(3, 4, dtype=np.int32, low=1), const([1]), opset=18)
        case(op.lower() + "_double", op, floats(3, 4, dtype=np.float64), const([0]), opset=18, keepdims=0)
    for op in ("ReduceMax", "ReduceMin"):
        for dtype in (np.int8, np.uint8, np.int64):
            case(f"{op.lower()}_{kind(dtype)}", op, ints(3, 40, dtype=dtype, low=0, high=120), const([1]), opset=18)
        case(op.lower() + "_bool", op, bools(5, 3), const([1]), opset=20)
    case("reducelogsumexp_large", "ReduceLogSumExp", floats(3, 40, low=80, high=200), const([1]), opset=18)
    case("reducelogsumexp_infinite", "ReduceLogSumExp", np.array([[-np.inf, 1], [-np.inf, -np.inf], [np.inf, 1]],
                                                                 np.float32), const([1]), opset=18)
    case("reducel2_all", "ReduceL2", x, opset=18, keepdims=0)
    case("reducesum_no_axes", "ReduceSum", x, const(np.zeros(0, np.int64)))
    case("reducesum_no_axes_noop", "ReduceSum", x, const(np.zeros(0, np.int64)), noop_with_empty_axes=1)
    case("reducemax_noop", "ReduceMax", x, opset=18, noop_with_empty_axes=1)
    case("reducesum_scalar", "ReduceSum", floats(), keepdims=1)
    case("reducesum_half", "ReduceSum", floats(3, 300, dtype=np.float16), const([1]), tolerance=2e-3)
    for op in ("ArgMax", "ArgMin"):
        for dtype in (np.int8, np.uint8, np.int32):
            case(f"{op.lower()}_{kind(dtype)}", op, ints(5, 9, dtype=dtype, low=0, high=5), axis=1)
        case(op.lower() + "_first", op, ints(5, 9, dtype=np.int32, low=0, high=3), axis=-1, select_last_index=0)
        case(op.lower() + "_last_int", op, ints(5, 9, dtype=np.int32, low=0, high=3), axis=0, select_last_index=1)


def scatters():
    x = floats(4, 5, 6)
    for known in (False, True):
        name, maybe = ("_known", const) if known else ("", lambda array: array)
        index = maybe(ints(4, 2, 6, low=-5, high=4))
        case("scatterelements" + name, "ScatterElements", x, maybe(np.stack([np.random.default_rng(3).permutation(4)] * 5,
             1)[:, :, None].repeat(6, 2)), floats(4, 5, 6), axis=0)
        case("scatterelements_part" + name, "ScatterElements", x, maybe(ints(3, 1, 4, low=-5, high=4)),
             floats(3, 1, 4), axis=1)
        for reduction in ("add", "mul", "max", "min"):
            case(f"scatterelements_{reduction}{name}", "ScatterElements", x, index, floats(4, 2, 6), axis=1,
                 reduction=reduction, opset=18)
        rows = maybe(np.array([[3], [0], [-2]]))
        case("scatternd_rows" + name, "ScatterND", x, rows, floats(3, 5, 6))
        deep = maybe(np.array([[[3, 1, 5], [0, 0, 0]], [[1, -1, -6], [2, 4, 3]]]))
        case("scatternd_deep" + name, "ScatterND", x, deep, floats(2, 2))
        repeated = maybe(np.array([[1, 1], [1, 1], [3, 0], [-3, 1]]))
        for reduction in ("add", "mul", "max", "min"):
            case(f"scatternd_{reduction}{name}", "ScatterND", x, repeated, floats(4, 6), reduction=reduction, opset=18)
        case("gathernd" + name, "GatherND", x, maybe(np.array([[0, 1], [-1, -5], [3, 4]])))
        case("gathernd_batch" + name, "GatherND", x, maybe(ints(4, 3, 1, low=-5, high=4)), batch_dims=1)
        case("gathernd_element" + name, "GatherND", x, maybe(np.array([3, -1, 2])))
    case("scatter", "Scatter", x, ints(1, 5, 6, low=0, high=3), floats(1, 5, 6), opset=10)
    case("scatterelements_int", "ScatterElements", ints(9), np.array([2, -1, 4]), ints(3))
    case("scatterelements_bool", "ScatterElements", bools(9), np.array([2, -1, 4], np.int32), bools(3))


def sorting():
    x = floats(3, 40, 5)
    case("topk", "TopK", x, const([7]), outputs=2, axis=1)
    case("topk_smallest", "TopK", x, const([7]), outputs=2, axis=1, largest=0)
    case("topk_all", "TopK", floats(3, 9), const([9]), outputs=2)
    case("topk_ties", "TopK", ints(3, 30, low=0, high=3), const([12]), outputs=2)
    case("topk_ties_smallest", "TopK", ints(3, 30, low=0, high=3), const([12]), outputs=2, largest=0)
    case("topk_old", "TopK", floats(3, 9), outputs=2, k=4, opset=9)
    case("topk_infinite", "TopK", np.array([np.inf, 1, -np.inf, 3, np.inf], np.float32), const([4]), outputs=2)
    for options in ({}, {"exclusive": 1}, {"reverse": 1}, {"exclusive": 1, "reverse": 1}):
        suffix = "".join("_" + key for key in options)
        case("cumsum" + suffix, "CumSum", x, const(1, np.int32), **options)
        case("cumsum_long" + suffix, "CumSum", ints(2, 2100), const([-1]), **options)
    case("cumsum_double", "CumSum", floats(33, dtype=np.float64), const(0))
    case("cumsum_one", "CumSum", floats(3, 1), const(1), exclusive=1)


def generated():
    case("onehot", "OneHot", ints(3, 4, low=-9, high=9), const(7), floats(2))
    case("onehot_axis", "OneHot", ints(3, 4, low=-9, high=9), const([7]), const(np.array([5, 2])), axis=1)
    case("onehot_float", "OneHot", ints(4, low=0, high=7).astype(np.float32), const(8, np.float32), floats(2), axis=0)
    case("eyelike", "EyeLike", floats(4, 6))
    case("eyelike_k", "EyeLike", floats(4, 6), k=-2, dtype=TensorProto.INT32)
    case("eyelike_far", "EyeLike", floats(4, 6), k=99)
    for k in (None, 0, 2, -1, -9, 9):
        for upper in (0, 1):
            case(f"trilu_{k}_{upper}", "Trilu", floats(2, 4, 5), *([] if k is None else [const(k)]), upper=upper)
    case("trilu_runtime", "Trilu", ints(4, 5), np.array(1), upper=1)
    case("trilu_bool", "Trilu", bools(4, 5), upper=0, opset=14)
    lengths = np.array([3, 1, 5, 2])
    case("reversesequence", "ReverseSequence", floats(5, 4, 2), lengths)
    case("reversesequence_batch", "ReverseSequence", floats(4, 5), const(lengths), batch_axis=0, time_axis=1)
    case("compress", "Compress", floats(3, 4), const(np.array([False, True, True])), axis=0)
    case("compress_flat", "Compress", floats(3, 4), const(np.array([False, True, True, False, True])))
    case("nonzero", "NonZero", const(ints(3, 4, low=0, high=1)))
    case("range", "Range", const(3, np.int32), const(-9, np.int32), const(-2, np.int32))
    case("range_float", "Range", const(1.5, np.float32), const(4.6, np.float32), const(0.5, np.float32))


def paddings():
    x = floats(3, 4, 5)
    case("pad_reflect_wide", "Pad", floats(2, 4), const([0, 3, 0, 3]), mode="reflect")
    case("pad_runtime_value", "Pad", x, const([1, 0, 2, 0, 1, 0]), np.array(2.5, np.float32))
    case("pad_int", "Pad", ints(3, 4), const([1, 0, 0, 2]), const(7))
    case("pad_uint8", "Pad", ints(3, 4, dtype=np.uint8, low=0), const([1, 0, 0, 2]), const(200, np.uint8))
    case("pad_bool", "Pad", bools(3, 4), const([1, 0, 0, 2]), const(True, bool))
    for mode in ("edge", "reflect"):
        case(f"pad_crop_{mode}", "Pad", x, const([0, -1, 1, 0, 2, -2]), mode=mode)
    case("pad_wrap_wide", "Pad", floats(2, 3), const([0, 2, 0, 3]), mode="wrap", opset=19)


def einsums():
    a, b = floats(2, 3, 4), floats(2, 4, 5)
    case("einsum_batch", "Einsum", a, b, equation="bij,bjk->bik", tolerance=1e-5)
    case("einsum_implicit", "Einsum", floats(3, 4), floats(4, 5), equation="ij,jk", tolerance=1e-5)
    case("einsum_trace", "Einsum", floats(4, 4), equation="ii->", tolerance=1e-5)
    case("einsum_diagonal", "Einsum", floats(3, 4, 4), equation="...ii->...i")
    case("einsum_transpose", "Einsum", a, equation="abc->cab")
    case("einsum_sum", "Einsum", a, equation="abc->b", tolerance=1e-5)
    case("einsum_outer", "Einsum", floats(3), floats(4), equation="i,j->ij")
    case("einsum_ellipsis", "Einsum", floats(2, 3, 4, 5), floats(2, 3, 5, 6), equation="...ij,...jk->...ik",
         tolerance=1e-5)
    case("einsum_attention", "Einsum", floats(2, 5, 3, 4), floats(2, 6, 3, 4), equation="bqhd,bkhd->bhqk",
         tolerance=1e-5)
    case("einsum_three", "Einsum", floats(3, 4), floats(4, 5), floats(5, 2), equation="ij,jk,kl->il", tolerance=2e-5)
    case("einsum_spaces", "Einsum", floats(3, 4), floats(5, 4), equation=" i j , k j -> k i ", tolerance=1e-5)
    case("einsum_double", "Einsum", floats(3, 4, dtype=np.float64), floats(4, dtype=np.float64), equation="ij,j->i")
    case("einsum_half", "Einsum", floats(3, 40, dtype=np.float16), floats(40, 2, dtype=np.float16), equation="ij,jk->ik",
         tolerance=2e-3)
    case("matmul_half", "MatMul", floats(2, 3, 40, dtype=np.float16), floats(2, 40, 2, dtype=np.float16), tolerance=2e-3)
    case("einsum_int", "Einsum", ints(3, 4, dtype=np.int32), ints(4, 2, dtype=np.int32), equation="ij,jk->ik")


def quantized():
    x = floats(3, 4, 5, low=-9, high=9)
    for dtype in (np.uint8, np.int8):
        zero = const(3, dtype)
        case(f"quantizelinear_{kind(dtype)}", "QuantizeLinear", x, const(0.07, np.float32), zero)
        case(f"quantizelinear_axis_{kind(dtype)}", "QuantizeLinear", x, const(floats(4, low=0.02, high=0.1)),
             const(ints(4, dtype=dtype, low=0)), axis=-2)
        q = ints(3, 4, dtype=dtype, low=0, high=120)
        case(f"dequantizelinear_{kind(dtype)}", "DequantizeLinear", q, const(0.3, np.float32), zero)
        case(f"dequantizelinear_axis_{kind(dtype)}", "DequantizeLinear", q, floats(3), const(ints(3, dtype=dtype, low=0)),
             axis=0)
    case("quantizelinear_halves", "QuantizeLinear", np.arange(-9, 9, dtype=np.float32) / 2, const(1, np.float32),
         const(0, np.int8))
    case("quantizelinear_default", "QuantizeLinear", x, const(0.07, np.float32))
    case("quantizelinear_blocks", "QuantizeLinear", floats(6, 4), const(floats(3, 4, low=0.02, high=0.1)),
         const(ints(3, 4, dtype=np.int8)), axis=0, block_size=2, opset=21)
    case("dequantizelinear_blocks", "DequantizeLinear", ints(6, 4, dtype=np.int8), floats(6, 2), axis=1, block_size=2,
         opset=21)
    case("dequantizelinear_int32", "DequantizeLinear", ints(9, dtype=np.int32), const(0.3, np.float32))
    case("dynamicquantizelinear", "DynamicQuantizeLinear", x, outputs=3)
    case("dynamicquantizelinear_positive", "DynamicQuantizeLinear", np.abs(x), outputs=3)
    case("dynamicquantizelinear_zero", "DynamicQuantizeLinear", np.zeros(5, np.float32), outputs=3)
    # ONNX Runtime adds pairs of uint8 times int8 in saturating 16 bits on some processors: small int8 avoid that.
    a, b = ints(3, 4, dtype=np.uint8, low=0, high=255), ints(4, 5, dtype=np.int8, low=-60, high=60)
    case("matmulinteger", "MatMulInteger", a, b, const(12, np.uint8), const(-3, np.int8))
    case("matmulinteger_plain", "MatMulInteger", a, b)
    case("matmulinteger_columns", "MatMulInteger", a, const(b), const(7, np.uint8), const(ints(5, dtype=np.int8)))
    case("matmulinteger_batch", "MatMulInteger", ints(2, 3, 4, dtype=np.uint8, low=0, high=255), b)
    image = ints(2, 3, 7, 6, dtype=np.uint8, low=0, high=255)
    weights = ints(4, 3, 3, 3, dtype=np.uint8, low=0, high=255)
    case("convinteger", "ConvInteger", image, const(weights), const(9, np.uint8), const(2, np.uint8), pads=[1, 1, 1, 1],
         strides=[2, 1])
    case("convinteger_plain", "ConvInteger", image, weights)
    scale = const(0.02, np.float32)
    case("qlinearmatmul", "QLinearMatMul", a, scale, const(120, np.uint8), ints(4, 5, dtype=np.uint8, low=0, high=255),
         scale, const(100, np.uint8), const(0.03, np.float32), const(99, np.uint8))
    signed = ints(4, 3, 3, 3, dtype=np.int8, low=-60, high=60)
    case("qlinearconv", "QLinearConv", image, scale, const(120, np.uint8), const(signed),
         const(floats(4, low=0.01, high=0.03)), const(np.zeros(4, np.int8)), const(0.4, np.float32),
         const(99, np.uint8), const(ints(4, dtype=np.int32, low=-999, high=999)), pads=[1, 0, 1, 0])


def signals():
    for op in ("HannWindow", "HammingWindow", "BlackmanWindow"):
        case(op.lower(), op, const(17))
        case(op.lower() + "_symmetric", op, const(16, np.int32), periodic=0)
    x, z = floats(2, 20, 1), floats(2, 20, 2)
    case("dft", "DFT", x, tolerance=1e-5)
    case("dft_complex", "DFT", z, tolerance=1e-5)
    case("dft_inverse", "DFT", z, inverse=1, tolerance=1e-5)
    case("dft_onesided", "DFT", x, onesided=1, tolerance=1e-5)
    case("dft_padded", "DFT", x, const(32), tolerance=1e-5)
    case("dft_cut", "DFT", z, const(13), tolerance=1e-5)
    case("dft_axis", "DFT", floats(3, 4, 10, 2), axis=2, tolerance=1e-5)
    case("dft_axis_input", "DFT", floats(3, 10, 4, 1), None, const(-3), opset=20, tolerance=1e-5)
    case("stft", "STFT", floats(2, 64, 1), const(8), const(floats(16)), tolerance=1e-5)
    case("stft_length", "STFT", floats(2, 64, 1), const(8), None, const(16), onesided=0, tolerance=1e-5)
    for rows in (1, 2, 3, 4):
        case(f"det_{rows}", "Det", floats(5, rows, rows), tolerance=1e-5)


def branch(name, nodes, output, initializers=()):
    return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
                             list(initializers))


def control_flow():
    three = onnx.numpy_helper.from_array(np.array([1, 2, 3], np.float32), "three")
    both = {"then_branch": branch("then", [helper.make_node("Exp", ["three"], ["e"])], "e", [three]),
            "else_branch": branch("else", [helper.make_node("Neg", ["three"], ["e"])], "e", [three])}
    for value in (True, False):
        case(f"if_{value}", "If", const(value, bool), **both)
        case(f"if_runtime_{value}", "If", np.array(value), **both)
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Add", ["sum", "x"], ["next"]), helper.make_node("Identity", ["next"], ["scanned"])],
        "body", [value("sum", TensorProto.FLOAT, [4]), value("x", TensorProto.FLOAT, [4])],
        [value("next", TensorProto.FLOAT, [4]), value("scanned", TensorProto.FLOAT, [4])])
    case("scan", "Scan", floats(4), floats(5, 4), outputs=2, body=body, num_scan_inputs=1)
    case("scan_reverse", "Scan", floats(4), floats(4, 5), outputs=2, body=body, num_scan_inputs=1,
         scan_input_axes=[1], scan_input_directions=[1], scan_output_axes=[-1], scan_output_directions=[1])
    limit = onnx.numpy_helper.from_array(np.array(3, np.int64), "limit")
    body = helper.make_graph(
        [helper.make_node("Mul", ["state", "state"], ["next"]), helper.make_node("Less", ["i", "limit"], ["goes"]),
         helper.make_node("Identity", ["next"], ["scanned"])],
        "body", [value("i", TensorProto.INT64, []), value("go", TensorProto.BOOL, []),
                 value("state", TensorProto.FLOAT, [4])],
        [value("goes", TensorProto.BOOL, []), value("next", TensorProto.FLOAT, [4]),
         value("scanned", TensorProto.FLOAT, [4])], [limit])
    case("loop", "Loop", const(9), const(True, bool), floats(4, low=-1, high=1), outputs=2, body=body)
    case("loop_count", "Loop", const(2), None, floats(4, low=-1, high=1), outputs=2, body=body)


def evaluated():
    """All inputs known: the importer computes the result itself."""
    for dtype in (np.int64, np.int32, np.float32):
        name = kind(dtype)
        a, b = const(ints(3, 4, dtype=dtype)), const(ints(4, dtype=dtype, low=1))
        for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Equal", "Less", "GreaterOrEqual"):
            case(f"known_{op.lower()}_{name}", op, a, b)
        case(f"known_mod_{name}", "Mod", a, const(-ints(4, dtype=dtype, low=1)), fmod=int(dtype == np.float32))
        case(f"known_pow_{name}", "Pow", a, const(ints(4, low=0, high=5)))
        for op in ("ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceMean"):
            case(f"known_{op.lower()}_{name}", op, a, const([1]), opset=18)
            case(f"known_{op.lower()}_{name}_flat", op, a, opset=18, keepdims=0)
        for op in ("Neg", "Abs", "Sign"):
            case(f"known_{op.lower()}_{name}", op, a)
        case(f"known_clip_{name}", "Clip", a, const(-2, dtype), None)
        case(f"known_where_{name}", "Where", const(bools(3, 1)), a, b)
        case(f"known_tile_{name}", "Tile", a, const([2, 3]))
        case(f"known_split_{name}", "Split", a, const([1, 3]), axis=1, outputs=2)
        case(f"known_expand_{name}", "Expand", b, const([2, 1, 4]))
        case(f"known_slice_{name}", "Slice", a, const([-1]), const([-9]), const([1]), const([-2]))
    halves = const(np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, 1e9], np.float32))
    for op in ("Round", "Floor", "Ceil"):
        case(f"known_{op.lower()}", op, halves)
    case("known_isinf", "IsInf", const(SPECIAL), detect_negative=0)
    case("known_pow_negative", "Pow", const(np.array([2, 1, -1, -1])), const(np.array([-1, -2, -2, -3])))
    case("known_pow_float_exponent", "Pow", const(np.array([2, 3, 9])), const(np.array([3, 2, 0.5], np.float32)))
    case("known_bitshift", "BitShift", const(ints(5, dtype=np.uint8, low=0, high=255)), const(3, np.uint8),
         direction="LEFT")
    case("known_bitwise", "BitwiseXor", const(ints(5)), const(ints(5)), opset=18)
    case("known_bitwisenot", "BitwiseNot", const(ints(5, dtype=np.uint8, low=0)), opset=18)
    case("known_sum", "Sum", const(floats(3)), const(floats(2, 1)), const(floats(3)))
    case("known_mean", "Mean", const(floats(3)), const(floats(2, 1)), const(floats(3)))


for group in (evaluated, arithmetic, reductions, scatters, sorting, generated, paddings, einsums, quantized, signals,
              control_flow):
    group()
