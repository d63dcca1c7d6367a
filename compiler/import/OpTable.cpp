//===- OpTable.cpp - the operators of the importer ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace eclip::frontend {

/// Dropout nodes that are left after the graph's simplification: those with a
/// mask, and those for training.
static LogicalResult emitDropout(NodeEmitter &e) {
  if (e.opset() < 7 && e.intAttr("is_test", 0) == 0)
    return e.error("attribute 'is_test' must be 1");
  if (e.has(2)) {
    const HostTensor *training = e.constant(2), *ratio = e.has(1) ? e.constant(1) : nullptr;
    bool dropsNothing = ratio && ratio->elements() == 1 && ratio->at(0).f == 0;
    bool isInference = training && training->elements() == 1 && training->at(0).i == 0;
    if (!dropsNothing && !isInference)
      return e.error("training_mode must be false, or the ratio 0, and known at import");
  }
  if (e.wants(1)) {
    if (e.opset() < 10 && e.type(0) != DType::F32)
      return e.error("output 1 (mask) is not supported for " + dtypeName(e.type(0)) + " in opset " + Twine(e.opset()));
    MutableTensor mask(e.opset() < 10 ? e.type(0) : DType::Bool, e.shape(0));
    for (int64_t n = mask.tensor.elements(), i = 0; i < n; ++i)
      mask.set(i, {1, 1});
    if (failed(e.setConstant(1, mask.tensor)))
      return failure();
  }
  return e.forward(0, 0);
}

/// Operators that set their results from shapes and constants, or by another
/// name of the input.
static LogicalResult emitIdentity(NodeEmitter &e) { return e.forward(0, 0); }

// Rows of elementwise operators share everything but name and types.
#define ELEMENTWISE(NAME, SINCE, MIN, MAX, TYPES, ATTRIBUTES)                                                          \
  {NAME, SINCE, kMaxOpset, MIN, MAX, TYPES, ATTRIBUTES, emitElementwise, evaluateElementwise, "",       \
   true}
#define REDUCTION(NAME, TYPES)                                                                                         \
  {NAME, 1, kMaxOpset, 1, 2, TYPES, "I:axes i:keepdims i:noop_with_empty_axes@13", emitReduce, evaluateReduce,         \
   "axes known at import", true}

static constexpr TypeSet kSigned = kFloats | kSignedInts;
static constexpr TypeSet kBytes = typeBit(DType::I8) | typeBit(DType::U8);
static constexpr TypeSet kProducts =
    kFloats | typeBit(DType::I32) | typeBit(DType::I64) | typeBit(DType::U32) | typeBit(DType::U64);

static constexpr llvm::StringLiteral kRecurrentLimits =
    "1024 steps at most, full sequences, activations Sigmoid, Tanh and Relu";

static const OpRow kTable[] = {
    // Convolution, pooling, matrix products.
    {"Conv", 1, kMaxOpset, 2, 3, kFloats, "s:auto_pad I:dilations i:group I:kernel_shape I:pads I:strides", emitConv,
     nullptr, "1-D to 3-D"},
    {"ConvTranspose", 1, kMaxOpset, 2, 3, kFloats,
     "s:auto_pad I:dilations i:group I:kernel_shape I:output_padding I:output_shape I:pads I:strides",
     emitConvTranspose, nullptr, "1-D to 3-D"},
    {"MaxPool", 1, kMaxOpset, 1, 1, kFloats | kInts,
     "s:auto_pad i:ceil_mode@10 I:dilations@10 I:kernel_shape! I:pads i:storage_order@8 I:strides", emitMaxPool,
     nullptr, "1-D to 3-D"},
    {"AveragePool", 1, kMaxOpset, 1, 1, kFloats,
     "s:auto_pad i:ceil_mode@10 i:count_include_pad@7 I:dilations@19 I:kernel_shape! I:pads I:strides", emitAveragePool,
     nullptr, "1-D to 3-D"},
    {"LpPool", 2, kMaxOpset, 1, 1, kFloats,
     "s:auto_pad i:ceil_mode@18 I:dilations@18 I:kernel_shape! i:p I:pads I:strides",
     emitLpPool, nullptr, "1-D to 3-D"},
    {"GlobalAveragePool", 1, kMaxOpset, 1, 1, kFloats, "", emitGlobalPool, nullptr, ""},
    {"GlobalMaxPool", 1, kMaxOpset, 1, 1, kFloats, "", emitGlobalPool, nullptr, ""},
    {"GlobalLpPool", 2, kMaxOpset, 1, 1, kFloats, "i:p", emitGlobalPool, nullptr, ""},
    {"Gemm", 1, kMaxOpset, 2, 3, kProducts,
     "f:alpha f:beta i:transA i:transB i:broadcast", emitGemm, nullptr, "integers with alpha = beta = 1"},
    {"MatMul", 1, kMaxOpset, 2, 2, kProducts, "", emitMatMul, nullptr, "", true},
    {"Einsum", 12, kMaxOpset, 1, -1, kNumbers, "s:equation!", emitEinsum, nullptr, ""},
    {"MatMulInteger", 10, kMaxOpset, 2, 4, kBytes, "", emitMatMulInteger, nullptr, ""},
    {"ConvInteger", 10, kMaxOpset, 2, 4, kBytes,
     "s:auto_pad I:dilations i:group I:kernel_shape I:pads I:strides", emitConvInteger, nullptr, "1-D to 3-D"},
    {"QLinearMatMul", 10, kMaxOpset, 8, 8, kBytes, "", emitQLinearMatMul, nullptr, ""},
    {"QLinearConv", 10, kMaxOpset, 8, 9, kBytes,
     "s:auto_pad I:dilations i:group I:kernel_shape I:pads I:strides", emitQLinearConv, nullptr, "1-D to 3-D"},
    {"QuantizeLinear", 10, kMaxOpset, 2, 3, kFloats | typeBit(DType::I32),
     "i:axis@13 i:block_size@21 i:output_dtype@21 i:saturate@19", emitQuantizeLinear, nullptr,
     "to 8- and 16-bit integers"},
    {"DequantizeLinear", 10, kMaxOpset, 2, 3,
     kBytes | typeBit(DType::I16) | typeBit(DType::U16) | typeBit(DType::I32), "i:axis@13 i:block_size@21",
     emitDequantizeLinear, nullptr, ""},
    {"DynamicQuantizeLinear", 11, kMaxOpset, 1, 1, typeBit(DType::F32), "", emitDynamicQuantizeLinear, nullptr, ""},

    // Normalization, losses.
    {"BatchNormalization", 6, kMaxOpset, 5, 5, kFloats, "f:epsilon f:momentum i:training_mode@14 i:is_test i:spatial",
     emitBatchNormalization, nullptr, "training from opset 14 on"},
    {"InstanceNormalization", 6, kMaxOpset, 3, 3, kFloats, "f:epsilon", emitInstanceNormalization, nullptr, ""},
    {"LayerNormalization", 17, kMaxOpset, 2, 3, kFloats, "i:axis f:epsilon i:stash_type", emitLayerNormalization,
     nullptr, "computed in float or double"},
    {"GroupNormalization", 18, kMaxOpset, 3, 3, kFloats, "f:epsilon i:num_groups! i:stash_type@21",
     emitGroupNormalization, nullptr, "computed in float or double"},
    {"MeanVarianceNormalization", 9, kMaxOpset, 1, 1, kFloats, "I:axes", emitMeanVarianceNormalization, nullptr, ""},
    {"LpNormalization", 1, kMaxOpset, 1, 1, kFloats, "i:axis i:p", emitLpNormalization, nullptr, ""},
    {"LRN", 1, kMaxOpset, 1, 1, kFloats, "f:alpha f:beta f:bias i:size!", emitLRN, nullptr, ""},
    {"Softmax", 1, kMaxOpset, 1, 1, kFloats, "i:axis", emitSoftmax, nullptr, ""},
    {"LogSoftmax", 1, kMaxOpset, 1, 1, kFloats, "i:axis", emitSoftmax, nullptr, ""},
    {"Hardmax", 1, kMaxOpset, 1, 1, kFloats, "i:axis", emitSoftmax, nullptr, ""},
    {"NegativeLogLikelihoodLoss", 12, kMaxOpset, 2, 3, kFloats, "i:ignore_index s:reduction",
     emitNegativeLogLikelihoodLoss, nullptr, "classes out of range are clamped"},
    {"SoftmaxCrossEntropyLoss", 12, kMaxOpset, 2, 3, kFloats, "i:ignore_index s:reduction",
     emitSoftmaxCrossEntropyLoss, nullptr, "classes out of range are clamped"},

    // Arithmetic.
    ELEMENTWISE("Add", 6, 2, 2, kNumbers, "i:axis i:broadcast"),
    ELEMENTWISE("Sub", 6, 2, 2, kNumbers, "i:axis i:broadcast"),
    ELEMENTWISE("Mul", 6, 2, 2, kNumbers, "i:axis i:broadcast"),
    ELEMENTWISE("Div", 6, 2, 2, kNumbers, "i:axis i:broadcast"),
    ELEMENTWISE("Mod", 10, 2, 2, kNumbers & ~typeBit(DType::BF16), "i:fmod"),
    ELEMENTWISE("Pow", 1, 2, 2, kSigned, "i:axis i:broadcast"),
    ELEMENTWISE("Max", 6, 1, -1, kNumbers, ""),
    ELEMENTWISE("Min", 6, 1, -1, kNumbers, ""),
    ELEMENTWISE("Sum", 6, 1, -1, kFloats, ""),
    ELEMENTWISE("Mean", 6, 1, -1, kFloats, ""),
    ELEMENTWISE("BitShift", 11, 2, 2, kUnsignedInts, "s:direction!"),
    ELEMENTWISE("BitwiseAnd", 18, 2, 2, kInts, ""),
    ELEMENTWISE("BitwiseOr", 18, 2, 2, kInts, ""),
    ELEMENTWISE("BitwiseXor", 18, 2, 2, kInts, ""),
    ELEMENTWISE("BitwiseNot", 18, 1, 1, kInts, ""),
    ELEMENTWISE("Abs", 6, 1, 1, kNumbers, ""),
    ELEMENTWISE("Neg", 6, 1, 1, kSigned, ""),
    ELEMENTWISE("Sign", 9, 1, 1, kNumbers, ""),
    ELEMENTWISE("Floor", 6, 1, 1, kFloats, ""),
    ELEMENTWISE("Ceil", 6, 1, 1, kFloats, ""),
    ELEMENTWISE("Round", 11, 1, 1, kFloats, ""),
    ELEMENTWISE("Reciprocal", 6, 1, 1, kFloats, ""),
    ELEMENTWISE("Sqrt", 6, 1, 1, kFloats, ""),
    ELEMENTWISE("Exp", 6, 1, 1, kFloats, ""),
    ELEMENTWISE("Log", 6, 1, 1, kFloats, ""),
    ELEMENTWISE("Erf", 9, 1, 1, kFloats, ""),
    ELEMENTWISE("Tanh", 6, 1, 1, kFloats, ""),
    ELEMENTWISE("Sin", 7, 1, 1, kFloats, ""),
    ELEMENTWISE("Cos", 7, 1, 1, kFloats, ""),
    ELEMENTWISE("Tan", 7, 1, 1, kFloats, ""),
    ELEMENTWISE("Asin", 7, 1, 1, kFloats, ""),
    ELEMENTWISE("Acos", 7, 1, 1, kFloats, ""),
    ELEMENTWISE("Atan", 7, 1, 1, kFloats, ""),
    ELEMENTWISE("Sinh", 9, 1, 1, kFloats, ""),
    ELEMENTWISE("Cosh", 9, 1, 1, kFloats, ""),
    ELEMENTWISE("Asinh", 9, 1, 1, kFloats, ""),
    ELEMENTWISE("Acosh", 9, 1, 1, kFloats, ""),
    ELEMENTWISE("Atanh", 9, 1, 1, kFloats, ""),

    // Activations.
    ELEMENTWISE("Relu", 6, 1, 1, kSigned, ""),
    ELEMENTWISE("LeakyRelu", 6, 1, 1, kFloats, "f:alpha"),
    ELEMENTWISE("PRelu", 6, 2, 2, kFloats, ""),
    ELEMENTWISE("ThresholdedRelu", 10, 1, 1, kFloats, "f:alpha"),
    ELEMENTWISE("Elu", 6, 1, 1, kFloats, "f:alpha"),
    ELEMENTWISE("Celu", 12, 1, 1, kFloats, "f:alpha"),
    ELEMENTWISE("Selu", 6, 1, 1, kFloats, "f:alpha f:gamma"),
    ELEMENTWISE("Sigmoid", 6, 1, 1, kFloats, ""),
    ELEMENTWISE("HardSigmoid", 6, 1, 1, kFloats, "f:alpha f:beta"),
    ELEMENTWISE("HardSwish", 14, 1, 1, kFloats, ""),
    ELEMENTWISE("Softplus", 1, 1, 1, kFloats, ""),
    ELEMENTWISE("Softsign", 1, 1, 1, kFloats, ""),
    ELEMENTWISE("Mish", 18, 1, 1, kFloats, ""),
    ELEMENTWISE("Gelu", 20, 1, 1, kFloats, "s:approximate"),
    ELEMENTWISE("Shrink", 9, 1, 1, kFloats, "f:bias f:lambd"),
    {"Clip", 6, kMaxOpset, 1, 3, kNumbers, "f:min f:max", emitClip, evaluateClip, "", true},

    // Comparison, logic, types.
    ELEMENTWISE("Equal", 1, 2, 2, kAll, "i:axis i:broadcast"),
    ELEMENTWISE("Less", 1, 2, 2, kNumbers, "i:axis i:broadcast"),
    ELEMENTWISE("LessOrEqual", 12, 2, 2, kNumbers, ""),
    ELEMENTWISE("Greater", 1, 2, 2, kNumbers, "i:axis i:broadcast"),
    ELEMENTWISE("GreaterOrEqual", 12, 2, 2, kNumbers, ""),
    ELEMENTWISE("And", 1, 2, 2, kBool, "i:axis i:broadcast"),
    ELEMENTWISE("Or", 1, 2, 2, kBool, "i:axis i:broadcast"),
    ELEMENTWISE("Xor", 1, 2, 2, kBool, "i:axis i:broadcast"),
    ELEMENTWISE("Not", 1, 1, 1, kBool, ""),
    ELEMENTWISE("IsNaN", 9, 1, 1, kFloats, ""),
    ELEMENTWISE("IsInf", 10, 1, 1, kFloats, "i:detect_negative i:detect_positive"),
    ELEMENTWISE("Where", 9, 3, 3, kBool, ""),
    {"Cast", 6, kMaxOpset, 1, 1, kAll, "i:to! i:saturate@19", emitCast, evaluateCast,
     "between the supported types", true},
    {"CastLike", 15, kMaxOpset, 2, 2, kAll, "i:saturate@19", emitCast, evaluateCast,
     "between the supported types", true},

    // Reductions.
    REDUCTION("ReduceSum", kNumbers),
    REDUCTION("ReduceMean", kNumbers),
    REDUCTION("ReduceMax", kAll),
    REDUCTION("ReduceMin", kAll),
    REDUCTION("ReduceProd", kNumbers),
    REDUCTION("ReduceSumSquare", kNumbers),
    REDUCTION("ReduceL1", kNumbers),
    REDUCTION("ReduceL2", kNumbers),
    REDUCTION("ReduceLogSum", kNumbers),
    REDUCTION("ReduceLogSumExp", kNumbers),
    {"ArgMax", 1, kMaxOpset, 1, 1, kNumbers, "i:axis i:keepdims i:select_last_index@12", emitArgExtremum, nullptr, ""},
    {"ArgMin", 1, kMaxOpset, 1, 1, kNumbers, "i:axis i:keepdims i:select_last_index@12", emitArgExtremum, nullptr, ""},

    // Data movement.
    {"Reshape", 5, kMaxOpset, 2, 2, kAll, "i:allowzero@14", emitReshape, emitReshape, "shape known at import", true},
    {"Flatten", 1, kMaxOpset, 1, 1, kAll, "i:axis", emitReshape, emitReshape, "", true},
    {"Squeeze", 1, kMaxOpset, 1, 2, kAll, "I:axes", emitReshape, emitReshape, "axes known at import", true},
    {"Unsqueeze", 1, kMaxOpset, 1, 2, kAll, "I:axes", emitReshape, emitReshape, "axes known at import", true},
    {"Resize", 10, kMaxOpset, 1, 4, kAll,
     "i:antialias@18 I:axes@18 s:coordinate_transformation_mode@11 f:cubic_coeff_a@11 i:exclude_outside@11 "
     "f:extrapolation_value@11 s:keep_aspect_ratio_policy@18 s:mode s:nearest_mode@11",
     emitResize, nullptr, "scales, sizes and roi known at import, without antialias", true},
    {"Upsample", 7, 9, 1, 2, kAll, "s:mode F:scales", emitResize, nullptr, "scales known at import"},
    {"GridSample", 16, kMaxOpset, 2, 2, kFloats, "i:align_corners s:mode s:padding_mode", emitGridSample, nullptr,
     "2-D"},
    {"RoiAlign", 10, kMaxOpset, 3, 3, kFloats,
     "s:coordinate_transformation_mode@16 s:mode i:output_height i:output_width i:sampling_ratio f:spatial_scale",
     emitRoiAlign, nullptr, "mode avg, sampling_ratio 1 to 8, batch indices out of range are clamped"},
    {"RNN", 7, kMaxOpset, 3, 6, kFloats, "S:activations f:clip s:direction i:hidden_size i:layout@14", emitRecurrent,
     nullptr, kRecurrentLimits},
    {"GRU", 7, kMaxOpset, 3, 6, kFloats,
     "S:activations f:clip s:direction i:hidden_size i:layout@14 i:linear_before_reset", emitRecurrent, nullptr,
     kRecurrentLimits},
    {"LSTM", 7, kMaxOpset, 3, 8, kFloats,
     "S:activations f:clip s:direction i:hidden_size i:input_forget i:layout@14", emitRecurrent, nullptr,
     kRecurrentLimits},
    {"DepthToSpace", 1, kMaxOpset, 1, 1, kAll, "i:blocksize! s:mode@11", emitDepthToSpace, nullptr, ""},
    {"SpaceToDepth", 1, kMaxOpset, 1, 1, kAll, "i:blocksize!", emitSpaceToDepth, nullptr, ""},
    {"Transpose", 1, kMaxOpset, 1, 1, kAll, "I:perm", emitTranspose, evaluateTranspose, "", true},
    {"Concat", 4, kMaxOpset, 1, -1, kAll, "i:axis!", emitConcat, evaluateConcat, "", true},
    {"Slice", 1, kMaxOpset, 1, 5, kAll, "I:axes I:ends I:starts", emitSlice, evaluateSlice,
     "starts, ends, axes and steps known at import", true},
    {"Split", 2, kMaxOpset, 1, 2, kAll, "i:axis I:split i:num_outputs@18", emitSplit, evaluateSplit,
     "split known at import",
     true},
    {"Expand", 8, kMaxOpset, 2, 2, kAll, "", emitExpand, evaluateExpand, "shape known at import", true},
    {"Tile", 6, kMaxOpset, 2, 2, kAll, "", emitExpand, evaluateTile, "repeats known at import", true},
    {"Pad", 2, kMaxOpset, 1, 4, kAll, "s:mode I:pads f:value", emitPad, nullptr, "pads known at import", true},
    {"Gather", 1, kMaxOpset, 2, 2, kAll, "i:axis", emitGather, evaluateGather, "indices out of range are clamped",
     true},
    {"GatherElements", 11, kMaxOpset, 2, 2, kAll, "i:axis", emitGatherElements, nullptr,
     "indices out of range are clamped", true},
    {"GatherND", 11, kMaxOpset, 2, 2, kAll, "i:batch_dims@12", emitGatherND, nullptr,
     "indices out of range are clamped",
     true},
    {"ScatterElements", 11, kMaxOpset, 3, 3, kAll, "i:axis s:reduction@16", emitScatterElements, nullptr,
     "computed indices out of range write nothing; time grows with elements times updates of the axis", true},
    {"Scatter", 9, 10, 3, 3, kAll, "i:axis", emitScatterElements, nullptr, "as ScatterElements", true},
    {"ScatterND", 11, kMaxOpset, 3, 3, kAll, "s:reduction@16", emitScatterND, nullptr,
     "computed indices out of range write nothing; time grows with elements times updates", true},
    {"TopK", 1, kMaxOpset, 1, 2, kNumbers, "i:axis i:k i:largest@11 i:sorted@11", emitTopK, nullptr,
     "K known at import; always sorted; time grows with the square of the axis", true},
    {"CumSum", 11, kMaxOpset, 2, 2, kNumbers, "i:exclusive i:reverse", emitCumSum, nullptr, "axis known at import",
     true},
    {"OneHot", 9, kMaxOpset, 3, 3, kNumbers, "i:axis", emitOneHot, nullptr, "depth known at import", true},
    {"EyeLike", 9, kMaxOpset, 1, 1, kAll, "i:dtype i:k", emitEyeLike, nullptr, "", true},
    {"Trilu", 14, kMaxOpset, 1, 2, kAll, "i:upper", emitTrilu, nullptr, "", true},
    {"ReverseSequence", 10, kMaxOpset, 2, 2, kAll, "i:batch_axis i:time_axis", emitReverseSequence, nullptr,
     "lengths out of range are clamped"},
    {"Compress", 9, kMaxOpset, 2, 2, kAll, "i:axis", emitCompress, nullptr, "condition known at import", true},
    {"NonZero", 9, kMaxOpset, 1, 1, kAll, "", nullptr, evaluateNonZero, "input known at import"},
    {"Identity", 1, kMaxOpset, 1, 1, kAll, "", emitIdentity, emitIdentity, "", true},
    {"Dropout", 6, kMaxOpset, 1, 3, kFloats, "f:ratio i:seed@12 i:is_test", emitDropout, emitDropout,
     "inference, or a ratio of 0"},

    // Signals and matrices.
    {"HannWindow", 17, kMaxOpset, 1, 1, typeBit(DType::I32) | typeBit(DType::I64), "i:output_datatype i:periodic",
     nullptr, evaluateWindow, "size known at import"},
    {"HammingWindow", 17, kMaxOpset, 1, 1, typeBit(DType::I32) | typeBit(DType::I64), "i:output_datatype i:periodic",
     nullptr, evaluateWindow, "size known at import"},
    {"BlackmanWindow", 17, kMaxOpset, 1, 1, typeBit(DType::I32) | typeBit(DType::I64), "i:output_datatype i:periodic",
     nullptr, evaluateWindow, "size known at import"},
    {"DFT", 17, kMaxOpset, 1, 3, kFloats, "i:axis i:inverse i:onesided", emitDFT, nullptr,
     "dft_length and axis known at import; time grows with the square of the length"},
    {"STFT", 17, kMaxOpset, 2, 4, kFloats, "i:onesided", emitSTFT, nullptr,
     "frame_step and frame_length known at import; time grows with the square of the length"},
    {"Det", 11, kMaxOpset, 1, 1, kFloats, "", emitDet, nullptr, "up to 4 rows"},

    // Control flow.
    {"If", 1, kMaxOpset, 1, 1, kBool, "g:then_branch! g:else_branch!", emitIf, nullptr,
     "a computed condition needs branches of equal shapes; both are computed", true},
    {"Loop", 1, kMaxOpset, 0, -1, kAll, "g:body!", emitLoop, nullptr, "number of iterations known at import; unrolled",
     true},
    {"Scan", 9, kMaxOpset, 1, -1, kAll,
     "g:body! i:num_scan_inputs! I:scan_input_axes I:scan_input_directions I:scan_output_axes I:scan_output_directions",
     emitScan, nullptr, "unrolled", true},

    // Shapes: evaluated at import.
    {"Shape", 1, kMaxOpset, 1, 1, kAll, "i:start@15 i:end@15", nullptr, evaluateShape, ""},
    {"Size", 1, kMaxOpset, 1, 1, kAll, "", nullptr, evaluateSize, ""},
    {"Range", 11, kMaxOpset, 3, 3, kSigned, "", nullptr, evaluateRange, "inputs known at import"},
    {"ConstantOfShape", 9, kMaxOpset, 1, 1, kInts, "t:value", nullptr, evaluateConstantOfShape,
     "shape known at import"},
    // Evaluated before emission starts; listed for the documentation.
    {"Constant", 1, kMaxOpset, 0, 0, kAll,
     "t:value f:value_float@12 F:value_floats@12 i:value_int@12 I:value_ints@12", nullptr,
     nullptr, "tensors and numbers"},
};

ArrayRef<OpRow> opTable() { return kTable; }

const OpRow *findOp(StringRef name) {
  static const llvm::StringMap<const OpRow *> index = [] {
    llvm::StringMap<const OpRow *> map;
    for (const OpRow &row : kTable)
      map[row.name] = &row;
    return map;
  }();
  return index.lookup(name);
}

StringRef whyUnsupported(StringRef domain, StringRef op) {
  if (domain == "ai.onnx.preview.training" || domain == "ai.onnx.training")
    return "it is for training";
  if (!domain.empty())
    return "";
  return llvm::StringSwitch<StringRef>(op)
      .Cases({"NonMaxSuppression", "Unique"}, "the shape of its result depends on data")
      .Cases({"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"},
             "it draws random numbers")
      .Cases({"ConcatFromSequence", "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase",
              "SequenceInsert", "SequenceLength", "SequenceMap", "SplitToSequence"},
             "it works on sequences")
      .Cases({"Optional", "OptionalGetElement", "OptionalHasElement"}, "it works on optional values")
      .Cases({"RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer"},
             "it works on strings")
      .Default("");
}

static StringRef kindText(char kind) {
  switch (kind) {
  case Attribute::Float:
    return "a float";
  case Attribute::Int:
    return "an integer";
  case Attribute::String:
    return "a string";
  case Attribute::Tensor:
    return "a tensor";
  case Attribute::Floats:
    return "a list of floats";
  case Attribute::Subgraph:
    return "a graph";
  default:
    return "a list of integers";
  }
}

/// Integers that mean no and yes; what other values mean is said nowhere.
static bool isFlag(StringRef name) {
  static const StringRef flags[] = {"allowzero", "ceil_mode", "count_include_pad", "exclude_outside", "exclusive",
                                    "fmod", "keepdims", "largest", "noop_with_empty_axes", "reverse",
                                    "select_last_index", "sorted", "storage_order", "training_mode", "transA",
                                    "transB", "upper"};
  return llvm::is_contained(flags, name);
}

static LogicalResult checkAttributes(NodeEmitter &e, const OpRow &row) {
  SmallVector<StringRef> specs;
  row.attributes.split(specs, ' ', -1, /*KeepEmpty=*/false);
  for (const Attribute &attribute : e.node.attributes) {
    const StringRef *spec = llvm::find_if(
        specs, [&](StringRef spec) { return spec.drop_front(2).rtrim('!').split('@').first == attribute.name; });
    if (spec == specs.end())
      return e.error("attribute '" + attribute.name + "' is not supported");
    if (spec->front() != attribute.kind)
      return e.error("attribute '" + attribute.name + "' must be " + kindText(spec->front()));
    if (attribute.kind == Attribute::Int && isFlag(attribute.name) && attribute.i != 0 && attribute.i != 1)
      return e.error("attribute '" + attribute.name + "' is " + Twine(attribute.i) + ", it must be 0 or 1");
    int64_t since;
    if (!spec->split('@').second.getAsInteger(10, since) && e.opset() < since)
      return e.error("attribute '" + attribute.name + "' comes with opset " + Twine(since) + ", the model has opset " +
                     Twine(e.opset()));
  }
  for (StringRef spec : specs)
    if (spec.ends_with("!") && !e.attribute(spec.drop_front(2).drop_back()))
      return e.error("attribute '" + spec.drop_front(2).drop_back() + "' is missing");
  return success();
}

LogicalResult checkNode(NodeEmitter &e, const OpRow &row) {
  if (e.opset() < row.since || e.opset() > row.until)
    return e.error("operator '" + row.name + "' is not supported in opset " + Twine(e.opset()) + " (" +
                   Twine(row.since) + " to " + Twine(row.until) + " are)");
  int given = static_cast<int>(e.numInputs());
  if (given < row.minInputs || (row.maxInputs >= 0 && given > row.maxInputs))
    return e.error("has " + Twine(given) + " inputs, needs " + Twine(row.minInputs) +
                   (row.maxInputs == row.minInputs ? ""
                    : row.maxInputs < 0            ? " or more"
                                                   : " to " + std::to_string(row.maxInputs)));
  // A subgraph's values are named after output 0; other nodes may leave it out.
  bool hasSubgraph = llvm::any_of(e.node.attributes, [](const Attribute &a) { return a.g != nullptr; });
  bool hasOutput = llvm::any_of(e.node.outputs, [](const std::string &name) { return !name.empty(); });
  if (!hasOutput || (hasSubgraph && e.node.outputs[0].empty()))
    return e.error("output 0 has no name");
  for (int i = 0; i < row.minInputs; ++i)
    if (!e.has(i))
      return e.error("input " + Twine(i) + " is missing");
  if (failed(checkAttributes(e, row)))
    return failure();
  if (e.has(0) && !(row.types & typeBit(e.type(0))))
    return e.error("input 0 has element type " + dtypeName(e.type(0)) + ", which is not supported here");
  return success();
}

} // namespace eclip::frontend
