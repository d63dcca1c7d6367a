//===- OpTable.h - the operators of the importer ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_OPTABLE_H
#define ECLIP_COMPILER_IMPORT_OPTABLE_H

#include "compiler/import/NodeEmitter.h"

namespace eclip::frontend {

/// The newest version of the default operator set that the table describes.
/// From 7 on all operators of the table are supported; what of older versions
/// differs is in the rows' first opset.
constexpr int64_t kMinOpset = 7;
constexpr int64_t kMaxOpset = 21;

/// Sets of element types, as bits of 1 << DType.
using TypeSet = uint32_t;
constexpr TypeSet typeBit(DType type) { return TypeSet(1) << static_cast<unsigned>(type); }
constexpr TypeSet kFloats = typeBit(DType::F32) | typeBit(DType::F16) | typeBit(DType::BF16) | typeBit(DType::F64);
constexpr TypeSet kSignedInts =
    typeBit(DType::I8) | typeBit(DType::I16) | typeBit(DType::I32) | typeBit(DType::I64);
constexpr TypeSet kUnsignedInts =
    typeBit(DType::U8) | typeBit(DType::U16) | typeBit(DType::U32) | typeBit(DType::U64);
constexpr TypeSet kInts = kSignedInts | kUnsignedInts;
constexpr TypeSet kNumbers = kFloats | kInts;
constexpr TypeSet kBool = typeBit(DType::Bool);
constexpr TypeSet kAll = kNumbers | kBool;

/// Emits the node's operations and sets its results.
using EmitFn = mlir::LogicalResult (*)(NodeEmitter &);
/// Sets the node's results from constant inputs. Returns failure only after an
/// error; leaves the results unset where it does not apply.
using EvaluateFn = mlir::LogicalResult (*)(NodeEmitter &);

/// One operator. The documentation's operator table is this table.
struct OpRow {
  llvm::StringLiteral name;
  int since; // first opset
  int until; // last opset
  int minInputs, maxInputs; // -1: any number
  /// Types of input 0. Emitters check the other inputs.
  TypeSet types;
  /// Attributes as "kind:name", see Attribute::Kind, separated by blanks;
  /// '@N' behind a name: the attribute came with opset N; '!': it is required.
  llvm::StringLiteral attributes;
  EmitFn emit; // null: only evaluated at import
  EvaluateFn evaluate; // null: never evaluated
  llvm::StringLiteral limits; // for the documentation
  /// Inputs may have no elements.
  bool takesEmpty = false;
};

/// Null if the operator is unknown in every opset.
const OpRow *findOp(llvm::StringRef name);
llvm::ArrayRef<OpRow> opTable();
/// What keeps an operator without a row out, where there is more to say than
/// that it has none; else empty.
llvm::StringRef whyUnsupported(llvm::StringRef domain, llvm::StringRef op);

/// Checks opset, number of inputs, attributes and the type of input 0.
mlir::LogicalResult checkNode(NodeEmitter &e, const OpRow &row);

//===--- Emitters, by file --------------------------------------------------===//
mlir::LogicalResult emitConv(NodeEmitter &e);
mlir::LogicalResult emitConvTranspose(NodeEmitter &e);
mlir::LogicalResult emitBatchNormalization(NodeEmitter &e);
mlir::LogicalResult emitInstanceNormalization(NodeEmitter &e);
mlir::LogicalResult emitLayerNormalization(NodeEmitter &e);
mlir::LogicalResult emitGroupNormalization(NodeEmitter &e);
mlir::LogicalResult emitMeanVarianceNormalization(NodeEmitter &e);
mlir::LogicalResult emitLpNormalization(NodeEmitter &e);
mlir::LogicalResult emitLRN(NodeEmitter &e);
mlir::LogicalResult emitSoftmax(NodeEmitter &e);
mlir::LogicalResult emitNegativeLogLikelihoodLoss(NodeEmitter &e);
mlir::LogicalResult emitSoftmaxCrossEntropyLoss(NodeEmitter &e);
mlir::LogicalResult emitGridSample(NodeEmitter &e);
mlir::LogicalResult emitRoiAlign(NodeEmitter &e);
mlir::LogicalResult emitRecurrent(NodeEmitter &e);
mlir::LogicalResult emitResize(NodeEmitter &e);
mlir::LogicalResult emitDepthToSpace(NodeEmitter &e);
mlir::LogicalResult emitSpaceToDepth(NodeEmitter &e);
mlir::LogicalResult emitMaxPool(NodeEmitter &e);
mlir::LogicalResult emitAveragePool(NodeEmitter &e);
mlir::LogicalResult emitLpPool(NodeEmitter &e);
mlir::LogicalResult emitGlobalPool(NodeEmitter &e);
mlir::LogicalResult emitGemm(NodeEmitter &e);
mlir::LogicalResult emitMatMul(NodeEmitter &e);
mlir::LogicalResult emitReduce(NodeEmitter &e);
mlir::LogicalResult emitArgExtremum(NodeEmitter &e);
mlir::LogicalResult emitElementwise(NodeEmitter &e);
mlir::LogicalResult emitClip(NodeEmitter &e);
mlir::LogicalResult emitCast(NodeEmitter &e);
mlir::LogicalResult emitReshape(NodeEmitter &e);
mlir::LogicalResult emitTranspose(NodeEmitter &e);
mlir::LogicalResult emitConcat(NodeEmitter &e);
mlir::LogicalResult emitSlice(NodeEmitter &e);
mlir::LogicalResult emitSplit(NodeEmitter &e);
mlir::LogicalResult emitExpand(NodeEmitter &e);
mlir::LogicalResult emitPad(NodeEmitter &e);
mlir::LogicalResult emitGather(NodeEmitter &e);
mlir::LogicalResult emitGatherElements(NodeEmitter &e);
mlir::LogicalResult emitEinsum(NodeEmitter &e);
mlir::LogicalResult emitMatMulInteger(NodeEmitter &e);
mlir::LogicalResult emitConvInteger(NodeEmitter &e);
mlir::LogicalResult emitQLinearMatMul(NodeEmitter &e);
mlir::LogicalResult emitQLinearConv(NodeEmitter &e);
mlir::LogicalResult emitQuantizeLinear(NodeEmitter &e);
mlir::LogicalResult emitDequantizeLinear(NodeEmitter &e);
mlir::LogicalResult emitDynamicQuantizeLinear(NodeEmitter &e);
mlir::LogicalResult emitGatherND(NodeEmitter &e);
mlir::LogicalResult emitScatterElements(NodeEmitter &e);
mlir::LogicalResult emitScatterND(NodeEmitter &e);
mlir::LogicalResult emitTopK(NodeEmitter &e);
mlir::LogicalResult emitCumSum(NodeEmitter &e);
mlir::LogicalResult emitOneHot(NodeEmitter &e);
mlir::LogicalResult emitEyeLike(NodeEmitter &e);
mlir::LogicalResult emitTrilu(NodeEmitter &e);
mlir::LogicalResult emitReverseSequence(NodeEmitter &e);
mlir::LogicalResult emitCompress(NodeEmitter &e);
mlir::LogicalResult evaluateNonZero(NodeEmitter &e);
mlir::LogicalResult evaluateWindow(NodeEmitter &e);
mlir::LogicalResult emitDFT(NodeEmitter &e);
mlir::LogicalResult emitSTFT(NodeEmitter &e);
mlir::LogicalResult emitDet(NodeEmitter &e);
mlir::LogicalResult emitIf(NodeEmitter &e);
mlir::LogicalResult emitLoop(NodeEmitter &e);
mlir::LogicalResult emitScan(NodeEmitter &e);

mlir::LogicalResult evaluateElementwise(NodeEmitter &e);
mlir::LogicalResult evaluateCast(NodeEmitter &e);
mlir::LogicalResult evaluateClip(NodeEmitter &e);
mlir::LogicalResult evaluateTile(NodeEmitter &e);
mlir::LogicalResult evaluateSplit(NodeEmitter &e);
mlir::LogicalResult evaluateTranspose(NodeEmitter &e);
mlir::LogicalResult evaluateConcat(NodeEmitter &e);
mlir::LogicalResult evaluateSlice(NodeEmitter &e);
mlir::LogicalResult evaluateExpand(NodeEmitter &e);
mlir::LogicalResult evaluateGather(NodeEmitter &e);
mlir::LogicalResult evaluateReduce(NodeEmitter &e);
mlir::LogicalResult evaluateShape(NodeEmitter &e);
mlir::LogicalResult evaluateSize(NodeEmitter &e);
mlir::LogicalResult evaluateRange(NodeEmitter &e);
mlir::LogicalResult evaluateConstantOfShape(NodeEmitter &e);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_OPTABLE_H
