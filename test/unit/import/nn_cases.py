# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cases of check_ops.py for convolution, pooling, normalization, losses, resizing and the like."""

import numpy as np

from op_cases import case, const, floats, ints


def convolutions():
    x = floats(2, 3, 5, 6, 4)
    case("conv_3d", "Conv", x, const(floats(4, 3, 2, 3, 2)), const(floats(4)), pads=[1, 0, 1, 0, 1, 0])
    case("conv_3d_strides", "Conv", x, floats(4, 3, 2, 2, 2), strides=[2, 1, 2], dilations=[1, 2, 1])
    case("conv_3d_groups", "Conv", floats(1, 4, 3, 4, 5), const(floats(6, 2, 2, 2, 2)), const(floats(6)), group=2)
    case("conv_3d_depthwise", "Conv", floats(1, 3, 3, 4, 5), const(floats(3, 1, 2, 2, 2)), group=3,
         auto_pad="SAME_UPPER")
    case("conv_1d_same", "Conv", floats(1, 3, 9), const(floats(2, 3, 4)), auto_pad="SAME_LOWER", strides=[2])


def transposed_convolutions():
    x, w, b = floats(2, 4, 5, 6), floats(4, 3, 3, 3), floats(3)
    for name, weights in (("", const(w)), ("_runtime", w)):
        case("convtranspose" + name, "ConvTranspose", x, weights, const(b))
        case("convtranspose_strides" + name, "ConvTranspose", x, weights, const(b), strides=[2, 3])
        case("convtranspose_pads" + name, "ConvTranspose", x, weights, strides=[2, 2], pads=[1, 0, 1, 2])
        case("convtranspose_padding" + name, "ConvTranspose", x, weights, const(b), strides=[3, 2],
             output_padding=[2, 1])
        case("convtranspose_dilated" + name, "ConvTranspose", x, weights, dilations=[2, 3])
        case("convtranspose_dilated_strides" + name, "ConvTranspose", x, weights, dilations=[2, 3], strides=[2, 2],
             pads=[1, 1, 1, 1])
    case("convtranspose_crop_all_taps", "ConvTranspose", x, const(w), pads=[2, 3, 2, 1])
    case("convtranspose_groups", "ConvTranspose", x, const(floats(4, 3, 2, 2)), const(floats(6)), group=2,
         strides=[2, 2])
    case("convtranspose_groups_runtime", "ConvTranspose", x, floats(4, 3, 2, 2), group=2, strides=[2, 1])
    case("convtranspose_depthwise", "ConvTranspose", x, const(floats(4, 1, 4, 4)), group=4, strides=[2, 2],
         pads=[1, 1, 1, 1])
    case("convtranspose_same_upper", "ConvTranspose", x, const(w), auto_pad="SAME_UPPER", strides=[2, 2])
    case("convtranspose_same_lower", "ConvTranspose", x, const(w), auto_pad="SAME_LOWER", strides=[2, 2])
    case("convtranspose_valid", "ConvTranspose", x, const(w), auto_pad="VALID", strides=[2, 1])
    case("convtranspose_output_shape", "ConvTranspose", x, const(w), strides=[3, 2], output_shape=[14, 13])
    case("convtranspose_stride_over_kernel", "ConvTranspose", x, const(floats(4, 3, 2, 2)), const(b), strides=[3, 4])
    case("convtranspose_1d", "ConvTranspose", floats(2, 3, 7), const(floats(3, 2, 4)), strides=[2], pads=[1, 1])
    case("convtranspose_1d_runtime", "ConvTranspose", floats(2, 3, 7), floats(3, 2, 3), strides=[2],
         output_padding=[1])
    case("convtranspose_3d", "ConvTranspose", floats(1, 2, 3, 4, 3), const(floats(2, 3, 2, 3, 3)), const(b),
         strides=[2, 1, 2])


def pooling():
    x, volume = floats(2, 3, 10, 9), floats(1, 2, 6, 7, 5)
    case("maxpool_uint8", "MaxPool", ints(1, 2, 6, 6, dtype=np.uint8, low=0, high=255), kernel_shape=[2, 2])
    case("maxpool_3d", "MaxPool", volume, kernel_shape=[2, 3, 2], strides=[2, 1, 2])
    case("maxpool_3d_pads", "MaxPool", volume, kernel_shape=[3, 3, 3], pads=[1, 1, 1, 1, 1, 1], dilations=[2, 1, 1])
    case("maxpool_indices", "MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], outputs=2)
    case("maxpool_indices_ceil", "MaxPool", x, kernel_shape=[3, 2], strides=[2, 2], ceil_mode=1, outputs=2)
    case("maxpool_indices_column", "MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], storage_order=1, outputs=2)
    case("maxpool_indices_ties", "MaxPool", np.zeros((1, 2, 4, 4), np.float32), kernel_shape=[2, 2], outputs=2)
    case("maxpool_indices_1d", "MaxPool", floats(2, 3, 11), kernel_shape=[3], strides=[2], outputs=2)
    case("maxpool_indices_3d", "MaxPool", volume, kernel_shape=[2, 2, 2], outputs=2)
    case("averagepool_3d", "AveragePool", volume, kernel_shape=[2, 3, 2], pads=[1, 1, 0, 0, 1, 1])
    case("averagepool_same", "AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_LOWER")
    case("averagepool_3d_include", "AveragePool", volume, kernel_shape=[2, 2, 2], pads=[1, 0, 1, 0, 1, 0],
         count_include_pad=1)
    case("lppool", "LpPool", x, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1])
    case("lppool_1", "LpPool", x, kernel_shape=[2, 2], p=1)
    case("lppool_3", "LpPool", x, kernel_shape=[2, 2], p=3)
    case("lppool_dilations", "LpPool", x, kernel_shape=[2, 2], dilations=[2, 2], opset=18)
    case("globallppool", "GlobalLpPool", x)
    case("globallppool_1", "GlobalLpPool", x, p=1)
    case("globalaveragepool_3d", "GlobalAveragePool", volume)


def normalization():
    x = floats(2, 6, 4, 5)
    stats = [floats(6), floats(6), floats(6), floats(6, low=0.1)]
    case("batchnorm_runtime", "BatchNormalization", x, *stats, opset=15)
    case("batchnorm_part_runtime", "BatchNormalization", x, const(stats[0]), *stats[1:], opset=9)
    case("batchnorm_training", "BatchNormalization", x, *stats, opset=15, training_mode=1, outputs=3, momentum=0.7,
         tolerance=1e-5)
    case("layernorm_outputs", "LayerNormalization", x, const(floats(5)), const(floats(5)), outputs=3, tolerance=1e-5)
    case("layernorm_outputs_axis", "LayerNormalization", x, floats(4, 5), axis=2, outputs=3, tolerance=1e-5)
    case("groupnorm", "GroupNormalization", x, const(floats(6)), const(floats(6)), num_groups=3, opset=21,
         tolerance=1e-5)
    case("groupnorm_runtime", "GroupNormalization", x, floats(6), floats(6), num_groups=2, opset=21, epsilon=0.1,
         tolerance=1e-5)
    case("groupnorm_per_group", "GroupNormalization", x, const(floats(3)), const(floats(3)), num_groups=3, opset=18,
         tolerance=1e-5)
    case("instancenorm_3d", "InstanceNormalization", floats(2, 3, 4, 3, 2), const(floats(3)), const(floats(3)),
         tolerance=1e-5)
    case("mvn", "MeanVarianceNormalization", x, tolerance=1e-5)
    case("mvn_axes", "MeanVarianceNormalization", x, axes=[1, 3], tolerance=1e-5)
    case("lpnorm", "LpNormalization", x)
    case("lpnorm_1", "LpNormalization", x, axis=1, p=1)
    case("lpnorm_zeros", "LpNormalization", np.zeros((2, 3), np.float32))
    case("lrn", "LRN", x, size=3)
    case("lrn_wide", "LRN", x, size=5, alpha=0.3, beta=0.6, bias=2.0)
    case("hardmax", "Hardmax", x)
    case("hardmax_axis", "Hardmax", ints(3, 4, 5, low=0, high=2).astype(np.float32), axis=1)
    case("hardmax_old", "Hardmax", x, axis=2, opset=11)


def losses():
    scores, classes = floats(4, 5, 3, low=-5, high=0), ints(4, 3, low=0, high=4)
    some = classes.copy()
    some[1, 2] = some[0, 0] = -100
    for reduction in ("none", "sum", "mean"):
        for name, op in (("nll", "NegativeLogLikelihoodLoss"), ("sce", "SoftmaxCrossEntropyLoss")):
            case(f"{name}_{reduction}", op, scores, classes, reduction=reduction)
            case(f"{name}_{reduction}_weights", op, scores, classes, floats(5, low=0.1), reduction=reduction)
            case(f"{name}_{reduction}_ignore", op, scores, some, const(floats(5, low=0.1)), reduction=reduction,
                 ignore_index=-100)
            case(f"{name}_{reduction}_ignore_only", op, scores, some, reduction=reduction, ignore_index=-100)
    case("nll_int32", "NegativeLogLikelihoodLoss", floats(4, 5), ints(4, dtype=np.int32, low=0, high=4))
    case("sce_outputs", "SoftmaxCrossEntropyLoss", scores, classes, outputs=2)


def space():
    case("depthtospace", "DepthToSpace", floats(2, 8, 3, 4), blocksize=2)
    case("depthtospace_crd", "DepthToSpace", floats(2, 18, 3, 4), blocksize=3, mode="CRD")
    case("spacetodepth", "SpaceToDepth", floats(2, 3, 6, 4), blocksize=2)


def resizing():
    x, line = floats(1, 2, 5, 4), floats(1, 2, 7)
    transforms = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
    up, down = const([1, 2, 9, 10]), const([1, 2, 3, 2])
    for transform in transforms:
        for way, sizes in (("up", up), ("down", down)):
            for mode in ("linear", "cubic"):
                case(f"resize_{mode}_{transform}_{way}", "Resize", x, None, None, sizes, mode=mode,
                     coordinate_transformation_mode=transform, tolerance=1e-5)
            for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
                case(f"resize_nearest_{transform}_{rounding}_{way}", "Resize", x, None, None, sizes,
                     coordinate_transformation_mode=transform, nearest_mode=rounding)
    def scales(*values):
        return const(list(values), np.float32)

    case("resize_whole_factor", "Resize", x, None, scales(1, 1, 2, 3), nearest_mode="floor",
         coordinate_transformation_mode="asymmetric")
    case("resize_scales", "Resize", x, None, scales(1, 1, 1.6, 0.7), mode="linear")
    case("resize_scales_all", "Resize", floats(2, 3, 4), None, scales(2, 0.7, 1.5))
    case("resize_1d_linear", "Resize", line, None, scales(1, 1, 1.7), mode="linear")
    case("resize_3d_linear", "Resize", floats(1, 2, 3, 4, 5), None, scales(1, 1, 2, 1.5, 0.8), mode="linear")
    case("resize_cubic_exclude", "Resize", x, None, scales(1, 1, 1.6, 0.7), mode="cubic", exclude_outside=1,
         cubic_coeff_a=-0.5, tolerance=1e-5)
    omitted = const(np.zeros(0, np.float32))
    case("resize_tf_half_pixel", "Resize", x, omitted, omitted, const([1, 2, 3, 2]), opset=11,
         coordinate_transformation_mode="tf_half_pixel_for_nn")
    for mode in ("linear", "nearest"):
        case(f"resize_crop_{mode}", "Resize", x, const([0, 0, 0.2, -0.3, 1, 1, 0.9, 1.4], np.float32), None,
             const([1, 2, 4, 6]), mode=mode, coordinate_transformation_mode="tf_crop_and_resize",
             extrapolation_value=7.0)
    case("resize_axes", "Resize", x, None, None, const([8, 7]), opset=18, axes=[3, 2], mode="linear")
    for policy in ("not_larger", "not_smaller"):
        case(f"resize_{policy}", "Resize", x, None, None, const([9, 6]), opset=18, axes=[2, 3],
             keep_aspect_ratio_policy=policy, mode="linear")
    case("dropout_mask", "Dropout", x, outputs=2)
    case("dropout_zero", "Dropout", x, const(0.0, np.float32), const(True, np.bool_), outputs=2)
    case("resize_symmetric", "Resize", x, None, scales(1, 1, 1.5, 0.7), opset=19, mode="linear",
         coordinate_transformation_mode="half_pixel_symmetric")
    case("resize_identity", "Resize", x, None, scales(1, 1, 1, 1), mode="linear")
    case("resize_int8", "Resize", ints(1, 2, 5, 4, dtype=np.int8), None, scales(1, 1, 1.6, 2))
    for mode in ("nearest", "linear"):
        for way, values in (("up", scales(1, 1, 1.6, 2)), ("down", scales(1, 1, 0.6, 0.5))):
            case(f"resize_old_{mode}_{way}", "Resize", x, values, opset=10, mode=mode)
        case(f"upsample_{mode}", "Upsample", x, scales(1, 1, 2, 2.5), opset=9, mode=mode)
        case(f"upsample_attribute_{mode}", "Upsample", x, opset=7, mode=mode, scales=[1.0, 1.0, 2.0, 3.0])


def sampling():
    x, grid = floats(2, 3, 5, 6), floats(2, 4, 3, 2, low=-1.6, high=1.6)
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for corners in (0, 1):
                case(f"gridsample_{mode}_{padding}_{corners}", "GridSample", x, grid, mode=mode, padding_mode=padding,
                     align_corners=corners, tolerance=1e-5)
    case("gridsample_linear", "GridSample", x, grid, opset=20, mode="linear", tolerance=1e-5)
    rois = np.array([[0, 0, 3, 4], [1, 2, 5, 4.5], [-3, -2, 8.3, 8.6], [2, 2, 2.2, 2.3]], np.float32)
    indices = np.array([1, 0, 1, 0])
    for transform in ("half_pixel", "output_half_pixel"):
        case(f"roialign_{transform}", "RoiAlign", x, rois, indices, output_height=3, output_width=2, sampling_ratio=2,
             spatial_scale=0.8, coordinate_transformation_mode=transform, tolerance=1e-5)
    case("roialign_old", "RoiAlign", x, rois, indices, output_height=2, output_width=3, sampling_ratio=3, opset=10,
         tolerance=1e-5)


def recurrent():
    x, small = floats(3, 2, 4), {"hidden_size": 5, "tolerance": 1e-5}
    for op, gates, states in (("RNN", 1, 1), ("GRU", 3, 1), ("LSTM", 4, 2)):
        name, outputs = op.lower(), 1 + states
        w, r, b = floats(1, gates * 5, 4), floats(1, gates * 5, 5), floats(1, 2 * gates * 5)
        start = [floats(1, 2, 5) for _ in range(states)]
        case(name, op, x, const(w), const(r), outputs=outputs, **small)
        case(f"{name}_bias", op, x, const(w), const(r), const(b), None, *start, outputs=outputs, **small)
        case(f"{name}_reverse", op, x, w, r, b, direction="reverse", outputs=outputs, **small)
        case(f"{name}_clip", op, x, w, r, b, clip=0.7, outputs=outputs, **small)
        case(f"{name}_lengths", op, x, w, r, b, const([3, 3], np.int32), outputs=outputs, **small)
        both = [const(floats(2, gates * 5, 4)), const(floats(2, gates * 5, 5)), const(floats(2, 2 * gates * 5))]
        case(f"{name}_bidirectional", op, x, *both, None, *[floats(2, 2, 5) for _ in range(states)],
             direction="bidirectional", outputs=outputs, **small)
    case("rnn_relu", "RNN", x, floats(1, 5, 4), floats(1, 5, 5), activations=["Relu"], outputs=2, **small)
    case("gru_reset_after", "GRU", x, floats(1, 15, 4), floats(1, 15, 5), floats(1, 30), linear_before_reset=1,
         outputs=2, **small)
    case("lstm_peepholes", "LSTM", x, floats(1, 20, 4), floats(1, 20, 5), floats(1, 40), None, floats(1, 2, 5),
         floats(1, 2, 5), floats(1, 15), outputs=3, **small)
    case("lstm_coupled", "LSTM", x, floats(1, 20, 4), floats(1, 20, 5), input_forget=1, outputs=3, **small)


def activations():
    case("shrink", "Shrink", floats(37))
    case("shrink_soft", "Shrink", floats(37), lambd=1.5, bias=1.5)


for group in (convolutions, transposed_convolutions, pooling, normalization, losses, space, resizing, sampling, recurrent,
              activations):
    group()
