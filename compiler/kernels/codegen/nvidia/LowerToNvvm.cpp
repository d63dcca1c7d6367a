//===- LowerToNvvm.cpp - from GPU functions to the LLVM dialect -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Lowering.h"
#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/GPUCommon/GPUCommonPass.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/NVGPUToNVVM/NVGPUToNVVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

/// Makes the workgroup's static arrays parts of its dynamic memory, and notes
/// how much there is of it.
static void useDynamicSharedMemory(gpu::GPUFuncOp func) {
  OpBuilder b = OpBuilder::atBlockBegin(&func.getBody().front());
  Location loc = func.getLoc();
  int64_t bytes = 0;
  func.walk([&](gpu::DynamicSharedMemoryOp op) {
    for (Operation *user : op->getUsers())
      if (auto view = dyn_cast<memref::ViewOp>(user)) {
        auto type = cast<MemRefType>(view.getType());
        bytes = std::max<int64_t>(bytes, type.getNumElements() *
                                             type.getElementTypeBitWidth() / 8);
      }
  });
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  auto memoryType = MemRefType::get({ShapedType::kDynamic}, b.getI8Type(),
                                    MemRefLayoutAttrInterface(), space);
  Value memory;
  ArrayRef<BlockArgument> arrays = func.getWorkgroupAttributions();
  for (BlockArgument array : arrays) {
    auto type = cast<MemRefType>(array.getType());
    if (!memory)
      memory = gpu::DynamicSharedMemoryOp::create(b, loc, memoryType);
    bytes = llvm::alignTo(bytes, 16);
    Value offset = arith::ConstantIndexOp::create(b, loc, bytes);
    array.replaceAllUsesWith(
        memref::ViewOp::create(b, loc, type, memory, offset, ValueRange{}));
    bytes += type.getNumElements() * type.getElementTypeBitWidth() / 8;
  }
  unsigned first = func.getNumArguments();
  func.getBody().front().eraseArguments(first, arrays.size());
  func->removeAttr(gpu::GPUFuncOp::getNumWorkgroupAttributionsAttrName());
  func->setAttr(kSharedBytesAttr, b.getI64IntegerAttr(bytes));
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

namespace {
/// exp(x) = 2^(x log2 e) and so on: PTX has ex2 and lg2 only.
template <typename OpT, typename BaseT, bool before>
struct ToBaseTwo : OpRewritePattern<OpT> {
  ToBaseTwo(MLIRContext *context, double factor)
      : OpRewritePattern<OpT>(context), factor(factor) {}

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const final {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return rewriter.notifyMatchFailure(op, "not f32");
    Location loc = op.getLoc();
    TypedAttr value = rewriter.getF32FloatAttr(float(factor));
    if (auto vector = dyn_cast<VectorType>(type))
      value = DenseElementsAttr::get(vector, Attribute(value));
    Value constant = arith::ConstantOp::create(rewriter, loc, value);
    Value argument = op.getOperand();
    if (before)
      argument = arith::MulFOp::create(rewriter, loc, argument, constant);
    Value result = BaseT::create(rewriter, loc, argument);
    if (!before)
      result = arith::MulFOp::create(rewriter, loc, result, constant);
    rewriter.replaceOp(op, result);
    return success();
  }

  double factor;
};

/// The generators' cross-lane read, whose address is four times the lane.
struct LaneRead : OpRewritePattern<ROCDL::DsBpermuteOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ROCDL::DsBpermuteOp op,
                                PatternRewriter &rewriter) const final {
    Location loc = op.getLoc();
    Type i32 = rewriter.getI32Type();
    auto constant = [&](int32_t value) -> Value {
      return arith::ConstantOp::create(rewriter, loc,
                                       rewriter.getI32IntegerAttr(value));
    };
    Value lane = arith::ShRUIOp::create(rewriter, loc, op.getIndex(),
                                        constant(2));
    rewriter.replaceOpWithNewOp<NVVM::ShflOp>(
        op, i32, constant(-1), op.getSrc(), lane, constant(31),
        NVVM::ShflKind::idx, UnitAttr());
    return success();
  }
};

/// A load of one element under a condition, as a predicated instruction: what
/// it would load otherwise need not be a place of the buffer, and the register
/// is not waited for, as it would be by a select behind the load.
struct PredicatedLoad : ConvertOpToLLVMPattern<vector::MaskedLoadOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(vector::MaskedLoadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const final {
    VectorType type = op.getVectorType();
    MemRefType memory = op.getMemRefType();
    Type element = type.getElementType();
    bool isFloat = element.isF32();
    if (type.getNumElements() != 1 || type.getRank() != 1 ||
        (!isFloat && !element.isF16()) || !memory.getLayout().isIdentity() ||
        memory.getRank() != 1)
      return rewriter.notifyMatchFailure(op, "not one element of a buffer");
    Location loc = op.getLoc();
    Value base = MemRefDescriptor(adaptor.getBase()).alignedPtr(rewriter, loc);
    Value index = adaptor.getIndices().front();
    if (!index.getType().isInteger(64))
      index = LLVM::SExtOp::create(rewriter, loc, rewriter.getI64Type(), index);
    Value address = LLVM::GEPOp::create(rewriter, loc, base.getType(), element,
                                        base, ValueRange{index});
    Value zero = LLVM::ConstantOp::create(rewriter, loc, rewriter.getI64Type(),
                                          rewriter.getI64IntegerAttr(0));
    auto only = [&](Value vector) -> Value {
      return LLVM::ExtractElementOp::create(rewriter, loc, vector, zero);
    };
    Value otherwise = only(adaptor.getPassThru());
    Type bits = isFloat ? element : Type(rewriter.getI16Type());
    if (!isFloat)
      otherwise = LLVM::BitcastOp::create(rewriter, loc, bits, otherwise);
    // Memory that a kernel reads does not change while it runs.
    Value loaded =
        LLVM::InlineAsmOp::create(
            rewriter, loc, TypeRange(bits),
            ValueRange{address, only(adaptor.getMask()), otherwise},
            isFloat ? "@$2 ld.global.f32 $0, [$1];"
                    : "@$2 ld.global.b16 $0, [$1];",
            isFloat ? "=f,l,b,0" : "=h,l,b,0", /*has_side_effects=*/false,
            /*is_align_stack=*/false, LLVM::tailcallkind::TailCallKind::None,
            LLVM::AsmDialectAttr(), ArrayAttr())
            .getRes();
    if (!isFloat)
      loaded = LLVM::BitcastOp::create(rewriter, loc, element, loaded);
    Value result = LLVM::PoisonOp::create(
        rewriter, loc, getTypeConverter()->convertType(type));
    rewriter.replaceOpWithNewOp<LLVM::InsertElementOp>(op, result, loaded,
                                                       zero);
    return success();
  }
};

struct LowerToNvvmPass
    : PassWrapper<LowerToNvvmPass, OperationPass<gpu::GPUModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerToNvvmPass)

  StringRef getArgument() const final { return "eclip-lower-to-nvvm"; }

  void getDependentDialects(DialectRegistry &registry) const final {
    eclip::registerNvidiaDialects(registry);
  }

  void runOnOperation() final {
    gpu::GPUModuleOp module = getOperation();
    LowerToLLVMOptions options(&getContext());
    options.useBarePtrCallConv = true;
    options.overrideIndexBitwidth(indexBitwidth(module));
    LLVMTypeConverter converter(&getContext(), options);
    nvgpu::populateCommonGPUTypeAndAttributeConversions(converter);
    converter.addConversion([&](nvgpu::DeviceAsyncTokenType type) -> Type {
      return converter.convertType(
          IntegerType::get(type.getContext(), 32));
    });

    RewritePatternSet patterns(&getContext());
    populateElementAccessPatterns(converter, patterns);
    patterns.add<PredicatedLoad>(converter, /*benefit=*/10);
    populateNVGPUToNVVMConversionPatterns(converter, patterns);
    populateGpuToNVVMConversionPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    LLVMConversionTarget target(getContext());
    configureGpuToNVVMConversionLegality(target);
    // Upstream has library calls for these; the back end expands them inline,
    // and createExpandMathPass lets no other through.
    target.addLegalOp<LLVM::Exp2Op, LLVM::FAbsOp, LLVM::FCeilOp, LLVM::FFloorOp,
                      LLVM::FRemOp, LLVM::Log2Op, LLVM::SqrtOp>();
    if (failed(applyPartialConversion(module, target, std::move(patterns))))
      signalPassFailure();
  }
};

/// Ahead of math's conversion to LLVM.
struct PrepareForNvvmPass
    : PassWrapper<PrepareForNvvmPass, OperationPass<gpu::GPUModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PrepareForNvvmPass)

  StringRef getArgument() const final { return "eclip-prepare-for-nvvm"; }

  void getDependentDialects(DialectRegistry &registry) const final {
    eclip::registerNvidiaDialects(registry);
  }

  void runOnOperation() final {
    getOperation().walk(useDynamicSharedMemory);
    // Hints for the other machine's scheduler.
    getOperation().walk([](ROCDL::SchedBarrier op) { op.erase(); });
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<ToBaseTwo<math::ExpOp, math::Exp2Op, true>>(
        context, 1.4426950408889634);
    patterns.add<ToBaseTwo<math::LogOp, math::Log2Op, false>>(
        context, 0.6931471805599453);
    patterns.add<ToBaseTwo<math::Log10Op, math::Log2Op, false>>(
        context, 0.3010299956639812);
    patterns.add<LaneRead>(context);
    populateGpuRewritePatterns(patterns);
    vector::populateVectorInsertExtractStridedSliceTransforms(patterns);
    vector::populateVectorBroadcastLoweringPatterns(patterns);
    (void)applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};
} // namespace

void eclip::buildNvidiaLowering(OpPassManager &pm) {
  pm.addPass(createExpandMathPass());
  pm.addPass(std::make_unique<PrepareForNvvmPass>());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createStateAlignmentPass());
  pm.addPass(createCSEPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(std::make_unique<LowerToNvvmPass>());
  pm.addPass(createCSEPass());
}

void eclip::registerNvidiaDialects(DialectRegistry &registry) {
  registerLoweringDialects(registry);
  registry.insert<NVVM::NVVMDialect, nvgpu::NVGPUDialect>();
  registerNVVMDialectTranslation(registry);
}
