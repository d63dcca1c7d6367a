//===- Lowering.cpp - from GPU functions to the LLVM dialect --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Lowering.h"

#include "mlir/Conversion/AMDGPUToROCDL/AMDGPUToROCDL.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/GPUCommon/GPUCommonPass.h"
#include "mlir/Conversion/GPUToROCDL/GPUToROCDLPass.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/AMDGPU/IR/AMDGPUDialect.h"
#include "mlir/Dialect/AMDGPU/Utils/Chipset.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/ROCDL/ROCDLToLLVMIRTranslation.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace eclip;

//===----------------------------------------------------------------------===//
// Math
//===----------------------------------------------------------------------===//

/// True if the back end has an instruction or an inline sequence for `op`. exp
/// and log have one in single precision only; what is left of them in another
/// type has no expansion here either.
static bool isInline(Operation *op) {
  if (isa<math::FmaOp, math::AbsFOp, math::AbsIOp, math::FloorOp, math::CeilOp,
          math::TruncOp, math::RoundEvenOp, math::RoundOp, math::CopySignOp,
          math::SqrtOp, math::CountLeadingZerosOp, math::CountTrailingZerosOp,
          math::CtPopOp>(op))
    return true;
  return isa<math::ExpOp, math::Exp2Op, math::LogOp, math::Log2Op,
             math::Log10Op>(op) &&
         getElementTypeOrSelf(op->getResult(0).getType()).isF32();
}

/// A type of `op` that the back end may end on instead of reporting: floats
/// but f16, bf16, f32 and f64, and integers of more than 64 bits.
static std::optional<Type> foreignType(Operation *op) {
  auto isForeign = [](Type type) {
    type = getElementTypeOrSelf(type);
    if (auto integer = dyn_cast<IntegerType>(type))
      return integer.getWidth() > 64;
    return isa<FloatType>(type) && !type.isF16() && !type.isBF16() &&
           !type.isF32() && !type.isF64();
  };
  for (Type type : llvm::concat<const Type>(
           SmallVector<Type>(op->getOperandTypes()),
           SmallVector<Type>(op->getResultTypes())))
    if (isForeign(type))
      return type;
  return std::nullopt;
}

/// "no code for OP of ", with the kernel and its nodes as a note.
static InFlightDiagnostic refuse(Operation *op) {
  InFlightDiagnostic error = emitError(op->getLoc(), "no code for ")
                             << op->getName() << " of ";
  auto module = op->getParentOfType<gpu::GPUModuleOp>();
  if (auto origin = module ? module->getAttrOfType<StringAttr>(kOriginAttr)
                           : StringAttr())
    error.attachNote() << origin.getValue();
  return error;
}

namespace {
/// max(x, c) and min(x, c) with a constant: gfx9's own v_max and v_min drop a
/// NaN, so the general form is a maximum, a comparison and a selection. With c
/// known not to be NaN, comparing and selecting is enough: a ReLU is two
/// instructions. -0 is left alone, as it would win over 0 here.
template <typename OpT, arith::CmpFPredicate predicate>
struct ExtremeOfConstant : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const final {
    Value variable = op.getLhs(), constant = op.getRhs();
    APFloat value(0.0f);
    if (!matchPattern(constant, m_ConstantFloat(&value)))
      std::swap(variable, constant);
    if (!matchPattern(constant, m_ConstantFloat(&value)) || value.isNaN() ||
        value.isNegZero())
      return rewriter.notifyMatchFailure(op, "no suitable constant");
    Value takes = arith::CmpFOp::create(rewriter, op.getLoc(), predicate,
                                        variable, constant);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, takes, constant, variable);
    return success();
  }
};

struct ExpandMathPass : PassWrapper<ExpandMathPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandMathPass)

  StringRef getArgument() const final { return "eclip-expand-math"; }

  void getDependentDialects(DialectRegistry &registry) const final {
    registry.insert<math::MathDialect, arith::ArithDialect,
                    scf::SCFDialect, vector::VectorDialect,
                    LLVM::LLVMDialect>();
  }

  void runOnOperation() final {
    RewritePatternSet patterns(&getContext());
    populatePowerExpansion(patterns);
    populateTrigonometryExpansion(patterns);
    populateDoubleExpansion(patterns);
    populateComposedExpansion(patterns);
    populateNarrowExpansion(patterns);
    patterns
        .add<ExtremeOfConstant<arith::MaximumFOp, arith::CmpFPredicate::OLE>,
             ExtremeOfConstant<arith::MinimumFOp, arith::CmpFPredicate::OGE>>(
            &getContext());
    // Of f32; the forms of f64 are ours.
    static const StringRef approximated[] = {
        "math.tanh", "math.erf", "math.erfc", "math.log1p", "math.expm1"};
    auto isApproximated = [](StringRef name) {
      return llvm::is_contained(approximated, name);
    };
    populateMathPolynomialApproximationPatterns(patterns, isApproximated);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    (void)applyPatternsGreedily(getOperation(), std::move(patterns));
    WalkResult result = getOperation()->walk([](Operation *op) {
      if (!isa_and_nonnull<math::MathDialect, arith::ArithDialect>(
              op->getDialect()))
        return WalkResult::advance();
      if (std::optional<Type> strange = foreignType(op)) {
        refuse(op) << *strange << ": no arithmetic in this type";
        return WalkResult::interrupt();
      }
      if (isa<math::MathDialect>(op->getDialect()) && !isInline(op)) {
        refuse(op) << op->getResult(0).getType()
                   << ": not available on this target";
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace

std::unique_ptr<Pass> eclip::createExpandMathPass() {
  return std::make_unique<ExpandMathPass>();
}

//===----------------------------------------------------------------------===//
// To ROCDL
//===----------------------------------------------------------------------===//

namespace {
struct LowerToROCDLPass
    : PassWrapper<LowerToROCDLPass, OperationPass<gpu::GPUModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerToROCDLPass)

  explicit LowerToROCDLPass(StringRef chip) : chip(chip) {}
  LowerToROCDLPass(const LowerToROCDLPass &other) = default;

  StringRef getArgument() const final { return "eclip-lower-to-rocdl"; }

  void getDependentDialects(DialectRegistry &registry) const final {
    eclip::registerLoweringDialects(registry);
  }

  void runOnOperation() final {
    gpu::GPUModuleOp module = getOperation();
    FailureOr<amdgpu::Chipset> chipset = amdgpu::Chipset::parse(chip);
    if (failed(chipset)) {
      module.emitError("unknown chip ") << chip;
      return signalPassFailure();
    }
    {
      RewritePatternSet patterns(&getContext());
      populateGpuRewritePatterns(patterns);
      vector::populateVectorInsertExtractStridedSliceTransforms(patterns);
      vector::populateVectorBroadcastLoweringPatterns(patterns);
      (void)applyPatternsGreedily(module, std::move(patterns));
    }

    LowerToLLVMOptions options(&getContext());
    options.useBarePtrCallConv = true;
    options.overrideIndexBitwidth(indexBitwidth(module));
    LLVMTypeConverter converter(&getContext(), options);
    amdgpu::populateCommonGPUTypeAndAttributeConversions(converter);

    RewritePatternSet patterns(&getContext());
    populateElementAccessPatterns(converter, patterns);
    populateAMDGPUToROCDLConversionPatterns(converter, patterns, *chipset);
    populateGpuToROCDLConversionPatterns(converter, patterns,
                                         gpu::amd::Runtime::HIP, *chipset);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    LLVMConversionTarget target(getContext());
    configureGpuToROCDLConversionLegality(target);
    // Upstream forbids these because it has library calls for them; the back
    // end expands them inline, and createExpandMathPass lets no other through.
    target.addLegalOp<LLVM::ExpOp, LLVM::Exp2Op, LLVM::FAbsOp, LLVM::FCeilOp,
                      LLVM::FFloorOp, LLVM::FRemOp, LLVM::LogOp, LLVM::Log10Op,
                      LLVM::Log2Op, LLVM::SqrtOp>();
    if (failed(applyPartialConversion(module, target, std::move(patterns))))
      signalPassFailure();
  }

  std::string chip;
};
} // namespace

std::unique_ptr<Pass> eclip::createLowerToROCDLPass(StringRef chip) {
  return std::make_unique<LowerToROCDLPass>(chip);
}

void eclip::buildKernelLowering(OpPassManager &pm, StringRef chip) {
  pm.addPass(createExpandMathPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createCSEPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createLowerToROCDLPass(chip));
  pm.addPass(createCSEPass());
}

void eclip::registerLoweringDialects(DialectRegistry &registry) {
  registry
      .insert<affine::AffineDialect, amdgpu::AMDGPUDialect, arith::ArithDialect,
              cf::ControlFlowDialect, gpu::GPUDialect, LLVM::LLVMDialect,
              math::MathDialect, memref::MemRefDialect, ROCDL::ROCDLDialect,
              scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerROCDLDialectTranslation(registry);
}
