//===- ElementAccess.cpp - loads and stores of buffers' elements ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Lowering.h"

#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace eclip;

/// The address of `indices` in a static, row-major buffer.
static FailureOr<Value> elementAddress(ConversionPatternRewriter &rewriter,
                                       const LLVMTypeConverter &converter,
                                       Location loc, MemRefType type,
                                       Value descriptor, ValueRange indices) {
  FailureOr<unsigned> space = converter.getMemRefAddressSpace(type);
  if (failed(space) || !type.hasStaticShape() ||
      !type.getLayout().isIdentity() || !type.getElementType().isIntOrFloat())
    return failure();
  Value base = MemRefDescriptor(descriptor).alignedPtr(rewriter, loc);
  Type indexType = converter.getIndexType();
  auto constant = [&](int64_t value) -> Value {
    return LLVM::ConstantOp::create(rewriter, loc, indexType,
                                    rewriter.getIntegerAttr(indexType, value));
  };
  auto flags =
      LLVM::IntegerOverflowFlags::nsw | LLVM::IntegerOverflowFlags::nuw;
  auto multiply = [&](Value value, int64_t factor) -> Value {
    return factor == 1 ? value
                       : LLVM::MulOp::create(rewriter, loc, value,
                                             constant(factor), flags);
  };
  Value offset;
  int64_t stride = 1;
  SmallVector<Value> terms;
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
    terms.push_back(multiply(indices[dim], stride));
    stride *= type.getDimSize(dim);
  }
  for (Value term : llvm::reverse(terms))
    offset =
        offset ? LLVM::AddOp::create(rewriter, loc, offset, term, flags) : term;
  if (!offset)
    return base;
  offset = multiply(offset, type.getElementType().getIntOrFloatBitWidth() / 8);
  // Known to be unsigned, the offset folds into the 32-bit offset register of
  // global_load and global_store beside a scalar base.
  if (*space == 1 && indexType.isInteger(32))
    offset = LLVM::ZExtOp::create(rewriter, loc, rewriter.getI64Type(), offset);
  return LLVM::GEPOp::create(
             rewriter, loc, base.getType(), rewriter.getI8Type(), base,
             ArrayRef<LLVM::GEPArg>{offset},
             LLVM::GEPNoWrapFlags::inbounds | LLVM::GEPNoWrapFlags::nuw)
      .getResult();
}

/// Explicit alignment of a vector access, else that of one element: the
/// generators promise no more, and gfx9 needs no more.
template <typename OpT> static unsigned alignmentOf(OpT op, MemRefType type) {
  if (std::optional<uint64_t> alignment = op.getAlignment())
    return *alignment;
  return type.getElementType().getIntOrFloatBitWidth() / 8;
}

namespace {
template <typename OpT> struct LoadLowering : ConvertOpToLLVMPattern<OpT> {
  using ConvertOpToLLVMPattern<OpT>::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(OpT op, typename OpT::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const final {
    MemRefType type = op.getMemRefType();
    Value memref;
    if constexpr (std::is_same_v<OpT, vector::LoadOp>)
      memref = adaptor.getBase();
    else
      memref = adaptor.getMemref();
    FailureOr<Value> address =
        elementAddress(rewriter, *this->getTypeConverter(), op.getLoc(), type,
                       memref, adaptor.getIndices());
    if (failed(address))
      return failure();
    Type result =
        this->getTypeConverter()->convertType(op.getResult().getType());
    rewriter.replaceOpWithNewOp<LLVM::LoadOp>(op, result, *address,
                                              alignmentOf(op, type));
    return success();
  }
};

template <typename OpT> struct StoreLowering : ConvertOpToLLVMPattern<OpT> {
  using ConvertOpToLLVMPattern<OpT>::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(OpT op, typename OpT::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const final {
    MemRefType type = op.getMemRefType();
    Value memref, value;
    if constexpr (std::is_same_v<OpT, vector::StoreOp>) {
      memref = adaptor.getBase();
      value = adaptor.getValueToStore();
    } else {
      memref = adaptor.getMemref();
      value = adaptor.getValue();
    }
    FailureOr<Value> address =
        elementAddress(rewriter, *this->getTypeConverter(), op.getLoc(), type,
                       memref, adaptor.getIndices());
    if (failed(address))
      return failure();
    rewriter.replaceOpWithNewOp<LLVM::StoreOp>(op, value, *address,
                                               alignmentOf(op, type));
    return success();
  }
};
} // namespace

void eclip::populateElementAccessPatterns(const LLVMTypeConverter &converter,
                                          RewritePatternSet &patterns) {
  patterns
      .add<LoadLowering<memref::LoadOp>, LoadLowering<vector::LoadOp>,
           StoreLowering<memref::StoreOp>, StoreLowering<vector::StoreOp>>(
          converter, /*benefit=*/10);
}

unsigned eclip::indexBitwidth(gpu::GPUModuleOp module) {
  unsigned bits = 32;
  module.walk([&](gpu::GPUFuncOp func) {
    for (Type type : func.getArgumentTypes()) {
      auto buffer = dyn_cast<MemRefType>(type);
      if (buffer && buffer.getNumElements() *
                            buffer.getElementType().getIntOrFloatBitWidth() /
                            8 >=
                        (int64_t(1) << 31))
        bits = 64;
    }
  });
  return bits;
}
