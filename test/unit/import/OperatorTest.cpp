//===- OperatorTest.cpp - nodes that are refused, folded and evaluated ----===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/import/ModelBuilder.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace eclip::test;
using testing::HasSubstr;
using testing::Not;

namespace {

/// One node on inputs x: float [2, 6, 8, 8], m: float [4, 5], i: int64 [3],
/// v: float [6], w: weights [4, 6, 3, 3], and whatever `prepare` adds.
struct Refusal {
  const char *name;
  const char *op;
  std::vector<std::string> inputs;
  void (*prepare)(ModelBuilder &, NodeBuilder &);
  const char *message; // after "MODEL: node 'n' (Op): "
  int64_t opset = 17;
};

void PrintTo(const Refusal &refusal, std::ostream *os) { *os << refusal.name; }

void nothing(ModelBuilder &, NodeBuilder &) {}

const Refusal kRefusals[] = {
    // Any operator.
    {"Unknown", "NoSuchOperator", {"x"}, nothing, "operator 'NoSuchOperator' is not supported"},
    {"Domain", "Relu", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.node->set_domain("com.microsoft"); },
     "operator 'com.microsoft.Relu' is not supported"},
    {"Opset", "LayerNormalization", {"x", "v"}, nothing,
     "operator 'LayerNormalization' is not supported in opset 16 (17 to 21 are)", 16},
    {"TooFewInputs", "Add", {"x"}, nothing, "has 1 inputs, needs 2"},
    {"TooManyInputs", "Relu", {"x", "m"}, nothing, "has 2 inputs, needs 1"},
    {"InputRange", "Conv", {"x"}, nothing, "has 1 inputs, needs 2 to 3"},
    {"OmittedInput", "Add", {"", "x"}, nothing, "input 0 is missing"},
    {"FlagOfAnotherValue", "ReduceMean", {"x"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("keepdims", int64_t(-2)); },
     "attribute 'keepdims' is -2, it must be 0 or 1"},
    {"PoolOfPadding", "MaxPool", {"x"},
     [](ModelBuilder &, NodeBuilder &n) {
       n.attr("kernel_shape", std::vector<int64_t>{2, 2});
       n.attr("pads", std::vector<int64_t>{0, 0, 2, 0});
     },
     "attribute 'pads' is not smaller than the kernel of 2 in spatial dimension 0"},
    {"AttributeOfLaterOpset", "AveragePool", {"x"},
     [](ModelBuilder &, NodeBuilder &n) {
       n.attr("kernel_shape", std::vector<int64_t>{2, 2});
       n.attr("dilations", std::vector<int64_t>{1, 1});
     },
     "attribute 'dilations' comes with opset 19, the model has opset 18", 18},
    {"UnknownAttribute", "Relu", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("slope", int64_t(1)); },
     "attribute 'slope' is not supported"},
    {"AttributeKind", "Softmax", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("axis", 1.0f); },
     "attribute 'axis' must be an integer"},
    {"AttributeTwice", "Softmax", {"x"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("axis", int64_t(1)).attr("axis", int64_t(2)); },
     "attribute 'axis' is given twice"},
    {"AttributeMissing", "Concat", {"x"}, nothing, "attribute 'axis' is missing"},
    {"Type", "Sqrt", {"i"}, nothing, "input 0 has element type int64, which is not supported here"},
    {"MixedTypes", "Add", {"i", "m"}, nothing, "input 1 is float, input 0 is int64"},
    {"Broadcast", "Add", {"x", "m"}, nothing, "input 1 of shape [4, 5] does not broadcast with [2, 6, 8, 8]"},

    // Convolution and pooling.
    {"ConvRank", "Conv", {"m", "m"}, nothing,
     "input 0 has shape [4, 5]: only 1-D to 3-D convolutions are supported"},
    {"ConvGroup", "Conv", {"x", "w"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("group", int64_t(4)); },
     "attribute 'group' is 4, which does not divide 6 channels and 4 filters"},
    {"ConvGroupZero", "Conv", {"x", "w"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("group", int64_t(0)); },
     "attribute 'group' is 0, which does not divide 6 channels and 4 filters"},
    {"ConvChannels", "Conv", {"x", "w"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("group", int64_t(2)); },
     "weights of shape [4, 6, 3, 3] do not fit an input of shape [2, 6, 8, 8] in 2 groups"},
    {"ConvKernel", "Conv", {"x", "w"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("kernel_shape", std::vector<int64_t>{3, 2}); },
     "attribute 'kernel_shape' is [3, 2], the weights have [3, 3]"},
    {"ConvStrides", "Conv", {"x", "w"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("strides", std::vector<int64_t>{0, 1}); },
     "attribute 'strides' holds 0, which is out of range"},
    {"ConvPads", "Conv", {"x", "w"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("pads", std::vector<int64_t>{1, 1}); },
     "attribute 'pads' has 2 values, needs 4"},
    {"ConvNegativePads", "Conv", {"x", "w"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("pads", std::vector<int64_t>{1, 1, -1, 1}); },
     "attribute 'pads' holds -1, which is out of range"},
    {"ConvTooSmall", "Conv", {"x", "w"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("dilations", std::vector<int64_t>{4, 1}); },
     "a window of 9 does not fit the padded input of 8 in spatial dimension 0"},
    {"ConvAutoPad", "Conv", {"x", "w"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("auto_pad", "SAME"); },
     "attribute 'auto_pad' is 'SAME', which is not supported"},
    {"ConvBias", "Conv", {"x", "w", "v"}, nothing, "the bias must be a float vector of 4 values, not float [6]"},
    {"PoolRank", "MaxPool", {"m"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("kernel_shape", std::vector<int64_t>{2}); },
     "input 0 has shape [4, 5]: only 1-D to 3-D pooling is supported"},
    {"TransposedGroup", "ConvTranspose", {"x", "w6"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.weights("w6", {6, 2, 3, 3});
       n.attr("group", int64_t(4));
     },
     "attribute 'group' is 4, which does not divide 6 channels"},
    {"TransposedChannels", "ConvTranspose", {"x", "w"}, nothing,
     "float weights of shape [4, 6, 3, 3] do not fit a float input of shape [2, 6, 8, 8]"},
    {"TransposedPads", "ConvTranspose", {"x", "w6"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.weights("w6", {6, 2, 3, 3});
       n.attr("pads", std::vector<int64_t>{5, 0, 5, 0});
     },
     "the result has extent 0 in spatial dimension 0"},
    {"LpPoolP", "LpPool", {"x"},
     [](ModelBuilder &, NodeBuilder &n) {
       n.attr("kernel_shape", std::vector<int64_t>{2, 2});
       n.attr("p", int64_t(0));
     },
     "attribute 'p' is 0, which is out of range"},
    {"DepthBlock", "DepthToSpace", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("blocksize", int64_t(2)); },
     "attribute 'blocksize' is 2, whose square does not divide 6 channels"},
    {"SpaceBlock", "SpaceToDepth", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("blocksize", int64_t(3)); },
     "attribute 'blocksize' is 3, which does not divide the extents [8, 8]"},
    {"ResizeComputed", "Resize", {"x", "", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.input("s", {4}); },
     "input 2 (scales) depends on the model's inputs; it must be known at import"},
    {"ResizeBoth", "Resize", {"x", "", "s", "z"},
     [](ModelBuilder &m, NodeBuilder &) { m.weights("s", {4}).ints("z", {2, 6, 8, 8}); },
     "scales and sizes are both given"},
    {"ResizeNeither", "Resize", {"x"}, nothing, "neither scales nor sizes are given"},
    {"ResizeCount", "Resize", {"x", "", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.weights("s", {3}); },
     "input 2 (scales) has shape [3], needs 4 values"},
    {"ResizeSize", "Resize", {"x", "", "", "z"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("z", {2, 6, 0, 8}); },
     "size 0 of axis 2 is out of range"},
    {"ResizeHuge", "Resize", {"x", "", "", "z"},
     [](ModelBuilder &m, NodeBuilder &) { m.ints("z", {2, 6, int64_t(1) << 30, 8}); },
     "size 1073741824 of axis 2 is out of range"},
    {"TransposedStrides", "ConvTranspose", {"x", "w6"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.weights("w6", {6, 2, 3, 3});
       n.attr("strides", std::vector<int64_t>{8000, 8000});
     },
     "weights of shape [6, 2, 3, 3] in the phases of the strides have shape [128000000, 6, 1, 1], which is too large"},
    {"ResizeMode", "Resize", {"x", "", "s"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.weights("s", {4});
       n.attr("mode", "lanczos");
     },
     "attribute 'mode' is 'lanczos', which is not supported"},
    {"ResizeAntialias", "Resize", {"x", "", "s"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.weights("s", {4});
       n.attr("antialias", int64_t(1));
     },
     "attribute 'antialias' must be 0", 18},
    {"GridMode", "GridSample", {"x", "g"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.input("g", {2, 3, 3, 2});
       n.attr("mode", "lanczos");
     },
     "attribute 'mode' is 'lanczos', which is not supported"},
    {"GridShape", "GridSample", {"x", "x"}, nothing,
     "a float grid of shape [2, 6, 8, 8] does not fit an input of shape [2, 6, 8, 8]"},
    {"RoiSamples", "RoiAlign", {"x", "r", "i"}, [](ModelBuilder &m, NodeBuilder &) { m.input("r", {3, 4}); },
     "attribute 'sampling_ratio' is 0, it must be 1 to 8: with 0 the number of samples depends on data"},
    {"RoiIndices", "RoiAlign", {"x", "r", "i"}, [](ModelBuilder &m, NodeBuilder &) { m.input("r", {5, 4}); },
     "float rois of shape [5, 4] and int64 batch indices of shape [3] do not fit each other and the input"},
    {"RecurrentWeights", "LSTM", {"s", "a", "b"},
     [](ModelBuilder &m, NodeBuilder &) { m.input("s", {3, 2, 4}).weights("a", {1, 20, 3}).weights("b", {1, 20, 5}); },
     "input 1 is float [1, 20, 3], needs float [1, 20, 4]"},
    {"RecurrentDirection", "GRU", {"s", "a", "b"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.input("s", {3, 2, 4}).weights("a", {1, 15, 4}).weights("b", {1, 15, 5});
       n.attr("direction", "sideways");
     },
     "attribute 'direction' is 'sideways', which is not supported"},
    {"RecurrentLengths", "RNN", {"s", "a", "b", "", "lengths"},
     [](ModelBuilder &m, NodeBuilder &) {
       m.input("s", {3, 2, 4}).weights("a", {1, 5, 4}).weights("b", {1, 5, 5});
       m.input("lengths", {2}, onnx::TensorProto::INT32);
     },
     "input 4 (sequence_lens) must give all 2 sequences the full length 3, known at import"},
    {"RecurrentSteps", "RNN", {"s", "a", "b"},
     [](ModelBuilder &m, NodeBuilder &) {
       m.input("s", {1025, 2, 4}).weights("a", {1, 5, 4}).weights("b", {1, 5, 5});
     },
     "a sequence of 1025 steps is too long, at most 1024 are unrolled"},
    {"PoolKernel", "MaxPool", {"x"}, nothing, "attribute 'kernel_shape' is missing"},
    {"GlobalPoolRank", "GlobalMaxPool", {"m"}, nothing, "input 0 needs rank 3 or more, it has shape [4, 5]"},

    // Products.
    {"GemmRank", "Gemm", {"x", "m"}, nothing, "needs matrices, the inputs have shapes [2, 6, 8, 8] and [4, 5]"},
    {"GemmInner", "Gemm", {"m", "m"}, nothing, "inner extents of [4, 5] and [4, 5] do not agree"},
    {"GemmBias", "Gemm", {"m", "m", "v"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("transB", int64_t(1)); },
     "shape [6] does not broadcast to [4, 4]"},
    {"MatMulInner", "MatMul", {"x", "m"}, nothing, "shapes [2, 6, 8, 8] and [4, 5] do not multiply"},

    // Normalization.
    {"BatchNormTraining", "BatchNormalization", {"x", "v", "v", "v", "v"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("is_test", int64_t(0)); },
     "training is only supported from opset 14 on", 6},
    {"BatchNormStatistics", "BatchNormalization", {"x", "i", "v", "v", "v"}, nothing,
     "input 1 must be a float vector of 6 values, not int64 [3]"},
    {"BatchNormSpatial", "BatchNormalization", {"x", "v", "v", "v", "v"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("spatial", int64_t(0)); }, "attribute 'spatial' must be 1", 7},
    {"GroupNormGroups", "GroupNormalization", {"x", "v", "v"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("num_groups", int64_t(4)); },
     "attribute 'num_groups' is 4, which does not divide 6 channels", 21},
    {"GroupNormScale", "GroupNormalization", {"x", "v", "v"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("num_groups", int64_t(2)); },
     "input 1 must be a float vector of 2 values, not float [6]", 18},
    {"LpNormP", "LpNormalization", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("p", int64_t(3)); },
     "attribute 'p' is 3, it must be 1 or 2"},
    {"LrnSize", "LRN", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("size", int64_t(0)); },
     "attribute 'size' is 0, which is out of range for 6 channels"},
    {"LayerNormStash", "LayerNormalization", {"x", "v"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("stash_type", int64_t(10)); },
     "attribute 'stash_type' must be 1 (float)"},
    {"LossClasses", "NegativeLogLikelihoodLoss", {"x", "i"}, nothing, "input 1 has shape [3], needs [2, 8, 8]"},
    {"LossReduction", "SoftmaxCrossEntropyLoss", {"m", "t"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.input("t", {4}, kInt64);
       n.attr("reduction", "max");
     },
     "attribute 'reduction' is 'max', it must be none, sum or mean"},
    {"DropoutTraining", "Dropout", {"x", "", "training"},
     [](ModelBuilder &m, NodeBuilder &) { m.input("training", {}, onnx::TensorProto::BOOL); },
     "training_mode must be false, or the ratio 0, and known at import"},
    {"LayerNormAxis", "LayerNormalization", {"x", "v"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("axis", int64_t(4)); }, "axis 4 is out of range for rank 4"},
    {"LayerNormScale", "LayerNormalization", {"x", "v"}, nothing, "shape [6] does not broadcast to [2, 6, 8, 8]"},
    {"SoftmaxAxis", "Softmax", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("axis", int64_t(-5)); },
     "axis -5 is out of range for rank 4"},

    // Elementwise.
    {"ModFloat", "Mod", {"m", "m"}, nothing, "attribute 'fmod' must be 1 for floats"},
    {"BitShiftDirection", "BitShift", {"u", "u"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.input("u", {3}, onnx::TensorProto::UINT8);
       n.attr("direction", "UP");
     },
     "attribute 'direction' is 'UP', it must be LEFT or RIGHT"},
    {"BitShiftSigned", "BitShift", {"i", "i"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("direction", "LEFT"); },
     "input 0 has element type int64, which is not supported here"},
    {"CastType", "Cast", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("to", int64_t(8)); },
     "attribute 'to' is 8, an element type that is not supported"},
    {"ClipBound", "Clip", {"x", "v"}, nothing, "input 1 must be one float, not float [6]"},
    {"GeluKind", "Gelu", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("approximate", "sigmoid"); },
     "attribute 'approximate' is 'sigmoid', which is not supported", 20},

    // Reductions.
    {"ReduceAxis", "ReduceMean", {"x"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("axes", std::vector<int64_t>{1, 7}); },
     "axis 7 is out of range for rank 4"},
    {"ReduceAxisTwice", "ReduceMean", {"x"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("axes", std::vector<int64_t>{1, -3}); }, "axis -3 is given twice"},
    {"ReduceAxesInput", "ReduceSum", {"x", "i"}, nothing,
     "input 1 (axes) depends on the model's inputs; it must be known at import"},
    {"ReduceAxesAttribute", "ReduceSum", {"x"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("axes", std::vector<int64_t>{1}); },
     "attribute 'axes' is not supported in opset 17"},

    // Data movement.
    {"ReshapeDynamic", "Reshape", {"x", "i"}, nothing,
     "input 1 (shape) depends on the model's inputs; it must be known at import"},
    {"ReshapeSize", "Reshape", {"x", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {5, -1}); },
     "an input of shape [2, 6, 8, 8] does not reshape to [5, -1]"},
    {"ReshapeNegative", "Reshape", {"x", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {-2, 3}); },
     "an input of shape [2, 6, 8, 8] does not reshape to [-2, 3]"},
    {"ReshapeCopies", "Reshape", {"m", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {4, 5, 0}); },
     "shape [4, 5, 0] copies dimension 2 of an input of shape [4, 5]"},
    {"ReshapeKind", "Reshape", {"m", "w"}, nothing,
     "input 1 (shape) must be a vector of integers, not float [4, 6, 3, 3]"},
    {"FlattenAxis", "Flatten", {"x"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("axis", int64_t(5)); },
     "axis 5 is out of range for rank 4"},
    {"Squeeze", "Squeeze", {"x", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {1}); },
     "cannot squeeze dimension 1 of shape [2, 6, 8, 8]"},
    {"UnsqueezeAxes", "Unsqueeze", {"x"}, nothing, "the axes are missing"},
    {"TransposePerm", "Transpose", {"m"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("perm", std::vector<int64_t>{0, 0}); },
     "attribute 'perm' is [0, 0], no permutation of rank 2"},
    {"ConcatShapes", "Concat", {"x", "z"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.input("z", {2, 6, 7, 8});
       n.attr("axis", int64_t(1));
     },
     "inputs of shapes [2, 6, 8, 8] and [2, 6, 7, 8] do not concatenate along axis 1"},
    {"ConcatTypes", "Concat", {"v", "i"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("axis", int64_t(0)); },
     "input 1 is int64 [3], input 0 is float [6]"},
    {"SliceStep", "Slice", {"m", "s", "s", "s", "z"},
     [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {1}).ints("z", {0}); }, "a step is 0"},
    {"SliceEmpty", "Slice", {"m", "s", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {1}); },
     "output 'y' of shape [0, 5] is empty, which is not supported"},
    {"SliceLengths", "Slice", {"m", "s", "t"},
     [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {1}).ints("t", {1, 2}); },
     "starts, ends, axes and steps have different lengths"},
    {"SplitSizes", "Split", {"m", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {3, 1}); },
     "parts of [3, 1] do not split an extent of 4 into 1 outputs"},
    {"ExpandShape", "Expand", {"m", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {3, 5}); },
     "shape [4, 5] does not expand to [3, 5]"},
    {"ExpandHuge", "Expand", {"m", "s"},
     [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {1 << 30, 1, 1}); },
     "a tensor of shape [1073741824, 4, 5] is too large"},
    {"TileRepeats", "Tile", {"m", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {2}); },
     "has 1 repeats for an input of shape [4, 5]"},
    {"PadMode", "Pad", {"m", "s"},
     [](ModelBuilder &m, NodeBuilder &n) {
       m.ints("s", {0, 0, 0, 0});
       n.attr("mode", "mirror");
     },
     "attribute 'mode' is 'mirror', which is not supported"},
    {"PadCrop", "Pad", {"m", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {-3, 0, -2, 0}); },
     "pads of -3 and -2 cut more than an extent of 4"},
    {"QuantizeType", "QuantizeLinear", {"m", "s", "z"},
     [](ModelBuilder &m, NodeBuilder &) {
       m.input("s", {}).input("z", {}, onnx::TensorProto::INT32);
     },
     "quantizes to a type other than int8, uint8, int16 and uint16, which is not supported"},
    {"QuantizeScale", "QuantizeLinear", {"m", "v"}, nothing,
     "input 1 (scale) of shape [6] does not fit [4, 5]"},
    {"EinsumLetters", "Einsum", {"m", "m"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("equation", "ij,j1->i"); },
     "attribute 'equation' 'ij,j1->i' has a subscript that is no letter"},
    {"EinsumExtents", "Einsum", {"m", "m"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("equation", "ij,jk->ik"); },
     "attribute 'equation' 'ij,jk->ik' gives a subscript the extents 5 and 4"},
    {"EinsumOutput", "Einsum", {"m"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("equation", "ij->k"); },
     "attribute 'equation' 'ij->k' has an output subscript that no operand has, or twice"},
    {"EinsumOperands", "Einsum", {"m"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("equation", "ij,jk->k"); },
     "attribute 'equation' 'ij,jk->k' names 2 operands, the node has 1"},
    {"Unique", "Unique", {"m"}, nothing, "operator 'Unique' is not supported: the shape of its result depends on data"},
    {"Random", "RandomUniformLike", {"m"}, nothing,
     "operator 'RandomUniformLike' is not supported: it draws random numbers"},
    {"Sequence", "SequenceConstruct", {"m"}, nothing,
     "operator 'SequenceConstruct' is not supported: it works on sequences"},
    {"DetRows", "Det", {"d"}, [](ModelBuilder &m, NodeBuilder &) { m.input("d", {5, 5}); },
     "input 0 has shape [5, 5]: only square matrices of 1 to 4 rows are supported"},
    {"DFTParts", "DFT", {"m"}, nothing, "input 0 has shape [4, 5], its last extent must be 1 or 2"},
    {"STFTFrames", "STFT", {"m", "s", "", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {6}); },
     "frames of 6 samples every 6 do not fit a signal of 5"},
    {"WindowSize", "HannWindow", {"s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {-1}); },
     "size is -1, needs 0 to 1048576"},
    {"OldBroadcast", "Add", {"m", "m"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("broadcast", int64_t(1)); },
     "attribute 'broadcast' is not supported in opset 17"},
    {"OldShapes", "Add", {"m", "b"}, [](ModelBuilder &m, NodeBuilder &) { m.input("b", {5}); },
     "input 1 of shape [5] does not broadcast with [4, 5]", 6},
    {"TopKCount", "TopK", {"m", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {6}); },
     "K is 6, the axis has an extent of 5"},
    {"TopKComputed", "TopK", {"m", "i"}, nothing,
     "input 1 (K, which decides the result's shape) depends on the model's inputs; it must be known at import"},
    {"CumSumAxis", "CumSum", {"m", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {2}); },
     "axis 2 is out of range for rank 2"},
    {"ScatterReduction", "ScatterElements", {"v", "i", "v"},
     [](ModelBuilder &, NodeBuilder &n) { n.attr("reduction", "mean"); },
     "attribute 'reduction' is 'mean', which is not supported", 18},
    {"ScatterShape", "ScatterElements", {"v", "i", "v"}, nothing,
     "indices of shape [3] and updates of shape [6] do not fit data of shape [6]"},
    {"ScatterNDShape", "ScatterND", {"m", "i", "v"}, nothing,
     "indices of shape [3] and updates of shape [6] do not fit data of shape [4, 5]"},
    {"GatherNDDepth", "GatherND", {"v", "i"}, nothing,
     "indices of shape [3] with 0 batch dimensions do not fit data of shape [6]"},
    {"OneHotDepth", "OneHot", {"i", "d", "v"}, [](ModelBuilder &m, NodeBuilder &) { m.input("d", {}); },
     "input 1 (depth) decides the result's shape and depends on data; it must be known at import"},
    {"EyeLikeRank", "EyeLike", {"v"}, nothing, "needs a matrix, input 0 has shape [6]"},
    {"TriluRank", "Trilu", {"v"}, nothing, "needs matrices, input 0 has shape [6]", 14},
    {"ReverseAxes", "ReverseSequence", {"m", "i"}, [](ModelBuilder &, NodeBuilder &n) { n.attr("time_axis", int64_t(1)); },
     "attributes 'batch_axis' 1 and 'time_axis' 1 must be 0 and 1 in some order, for an input of rank 2 or more"},
    {"CompressComputed", "Compress", {"m", "c"},
     [](ModelBuilder &m, NodeBuilder &) { m.input("c", {4}, onnx::TensorProto::BOOL); },
     "input 1 (condition) decides the result's shape and depends on data; it must be known at import"},
    {"NonZeroComputed", "NonZero", {"m"}, nothing,
     "the result's shape depends on the values of input 0, which must be known at import"},
    {"PadCount", "Pad", {"m", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {1, 1}); },
     "has 2 pads for 2 axes"},
    {"GatherIndex", "Gather", {"m", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {4}); },
     "index 4 is out of range for an extent of 4"},
    {"GatherType", "Gather", {"m", "m"}, nothing, "input 1 (indices) must be int32 or int64, not float"},
    {"GatherElementsRank", "GatherElements", {"m", "i"}, nothing,
     "indices of shape [3] do not fit data of shape [4, 5]"},

    // Evaluated only.
    {"RangeDynamic", "Range", {"i", "i", "i"}, nothing,
     "input 0 depends on the model's inputs; it must be known at import"},
    {"RangeStep", "Range", {"s", "s", "s"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {0}); },
     "the step is 0"},
    {"RangeHuge", "Range", {"a", "b", "c"},
     [](ModelBuilder &m, NodeBuilder &) { m.ints("a", {0}).ints("b", {INT64_MAX}).ints("c", {1}); },
     "the range is not finite or has more than 1048576 values"},
    {"ConstantOfShapeNegative", "ConstantOfShape", {"s"},
     [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {-1}); }, "shape [-1] is negative or too large"},
    {"ConstantOfShapeHuge", "ConstantOfShape", {"s"},
     [](ModelBuilder &m, NodeBuilder &) { m.ints("s", {1 << 21}); }, "shape [2097152] has more than 1048576 elements"},
    {"DivideByZero", "Div", {"a", "b"}, [](ModelBuilder &m, NodeBuilder &) { m.ints("a", {1}).ints("b", {0}); },
     "divides by zero"},
};

class RefusedNode : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedNode, NamesWhatIsWrong) {
  const Refusal &refusal = GetParam();
  ModelBuilder m(refusal.opset);
  m.input("x", {2, 6, 8, 8}).input("m", {4, 5}).input("i", {3}, kInt64).input("v", {6}).weights("w", {4, 6, 3, 3});
  m.outputOfAnyShape("y");
  NodeBuilder node = m.node(refusal.op, refusal.inputs, {"y"});
  refusal.prepare(m, node);
  EXPECT_EQ(importText(m), std::string("MODEL: node 'n' (") + refusal.op + "): " + refusal.message);
}

INSTANTIATE_TEST_SUITE_P(Operators, RefusedNode, testing::ValuesIn(kRefusals),
                         [](const auto &info) { return std::string(info.param.name); });

//===----------------------------------------------------------------------===//
// Outputs that exist only in part
//===----------------------------------------------------------------------===//

TEST(Outputs, RefusesUnsupportedOnesWhereTheyAreRead) {
  ModelBuilder m(13);
  m.input("x", {1, 2, 4, 4}).output("y", {1, 2, 4, 4}).outputOfAnyShape("z").weights("v", {2});
  m.node("BatchNormalization", {"x", "v", "v", "v", "v"}, {"y", "mean", "var", "saved_mean", "saved_var"});
  m.node("Identity", {"mean"}, {"z"}).named("reader");
  EXPECT_EQ(importText(m), "MODEL: node 'n' (BatchNormalization): output 1 is not supported");
}

//===----------------------------------------------------------------------===//
// Folding and evaluation
//===----------------------------------------------------------------------===//

TEST(Folding, BatchNormalizationAfterConvolution) {
  ModelBuilder m;
  m.input("x", {1, 2, 4, 4}).output("y", {1, 3, 4, 4});
  m.weights("w", {3, 2, 1, 1}).weights("scale", {3}).weights("bias", {3}).weights("mean", {3}).weights("var", {3});
  m.node("Conv", {"x", "w"}, {"c"}).named("conv");
  m.node("Identity", {"c"}, {"d"}).named("same");
  m.node("BatchNormalization", {"d", "scale", "bias", "mean", "var"}, {"y"}).named("norm");
  std::string text = importText(m);
  EXPECT_THAT(text, HasSubstr("dense_resource<w.folded>"));
  EXPECT_THAT(text, HasSubstr("dense_resource<norm.folded>"));
  EXPECT_THAT(text, Not(HasSubstr("mulf")));
}

TEST(Folding, KeepsBatchNormalizationWhereTheConvolutionIsReadTwice) {
  ModelBuilder m;
  m.input("x", {1, 2, 4, 4}).output("y", {1, 3, 4, 4}).output("c", {1, 3, 4, 4});
  m.weights("w", {3, 2, 1, 1}).weights("scale", {3}).weights("bias", {3}).weights("mean", {3}).weights("var", {3});
  m.node("Conv", {"x", "w"}, {"c"}).named("conv");
  m.node("BatchNormalization", {"c", "scale", "bias", "mean", "var"}, {"y"}).named("norm");
  EXPECT_THAT(importText(m), HasSubstr("mulf"));
}

TEST(Folding, ShapeArithmeticOfExporters) {
  ModelBuilder m;
  m.input("x", {"N", 6, 4}).output("y", {"N", 24});
  m.ints("zero", {0}).ints("last", {-1});
  m.node("Shape", {"x"}, {"shape"}).named("shape");
  m.node("Gather", {"shape", "zero"}, {"batch"}).named("gather").attr("axis", int64_t(0));
  m.node("Concat", {"batch", "last"}, {"target"}).named("concat").attr("axis", int64_t(0));
  m.node("Reshape", {"x", "target"}, {"y"}).named("reshape");
  std::string text = importText(m, 2);
  EXPECT_THAT(text, HasSubstr("tensor.collapse_shape %arg0 [[0], [1, 2]]"));
  EXPECT_THAT(text, Not(HasSubstr("arith.constant")));
}

TEST(Folding, OutputsAreDistinctNewTensors) {
  ModelBuilder m;
  m.input("x", {4}).output("a", {4}).output("b", {4}).output("w", {2});
  m.weights("w", {2});
  m.node("Identity", {"x"}, {"a"});
  m.node("Identity", {"a"}, {"b"});
  std::string text = importText(m);
  size_t copies = 0;
  for (size_t at = 0; (at = text.find("linalg.generic", at)) != std::string::npos; ++at)
    ++copies;
  EXPECT_EQ(copies, 3u) << text;
}

} // namespace
