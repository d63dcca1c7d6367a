//===- LowerPrecision.cpp - which tensors are stored in half precision ----===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/precision/HalfConstants.h"
#include "compiler/kernels/precision/HalfKernel.h"
#include "compiler/kernels/precision/Passes.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

#include <map>

namespace eclip {
#define GEN_PASS_DEF_ECLIPLOWERPRECISION
#include "compiler/kernels/precision/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

/// Whether `kernel` makes integers of floats, which must be exact (H6).
static bool makesIntegers(KernelOp kernel) {
  return kernel.getBody()
      .walk([](Operation *op) {
        return isa<arith::FPToSIOp, arith::FPToUIOp>(op)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {
/// What a kernel is rewritten for; equal forms of a kernel are one kernel.
struct Form {
  Operation *kernel;
  SmallVector<bool> halfArguments, halfResults, fits;

  bool operator<(const Form &other) const {
    return std::tie(kernel, halfArguments, halfResults, fits) <
           std::tie(other.kernel, other.halfArguments, other.halfResults,
                    other.fits);
  }
};

class ScheduleLowering {
public:
  ScheduleLowering(ModuleOp module, ScheduleOp schedule)
      : schedule(schedule), symbols(module) {}

  void run() {
    Block &body = schedule.getBodyBlock();
    for (Operation &op : llvm::make_early_inc_range(body.without_terminator())) {
      if (auto dispatch = dyn_cast<DispatchOp>(op))
        lowerDispatch(dispatch);
      else if (auto constant = dyn_cast<arith::ConstantOp>(op))
        lowerConstant(constant);
    }
    for (KernelOp kernel : replaced)
      if (!kept.contains(kernel))
        symbols.erase(kernel);
  }

private:
  KernelOp kernelOf(DispatchOp dispatch) {
    return symbols.lookup<KernelOp>(dispatch.getKernel());
  }

  /// True if all who read `value` may be given f16 (H1, H6).
  bool readersAllow(Value value) {
    return llvm::all_of(value.getUsers(), [&](Operation *user) {
      auto dispatch = dyn_cast<DispatchOp>(user);
      return dispatch && !makesIntegers(kernelOf(dispatch));
    });
  }

  static bool isSingle(Value value) {
    return getElementTypeOrSelf(value.getType()).isF32();
  }

  void setHalf(Value value) {
    Type half = Float16Type::get(value.getContext());
    value.setType(cast<RankedTensorType>(value.getType()).clone(half));
    lowered.insert(value);
  }

  void lowerConstant(arith::ConstantOp op) {
    if (!isSingle(op.getResult()))
      return;
    std::optional<float> magnitude = largestMagnitude(op.getValue());
    ValueRange16 &range = ranges[op.getResult()];
    range.huge = !magnitude || *magnitude > kHalfMax;
    if (range.huge || (*magnitude != 0 && *magnitude < kHalfMinNormal) ||
        !readersAllow(op.getResult()))
      return;
    TypedAttr &half = constants[op.getValue()];
    if (!half)
      half = toHalf(op.getValue());
    op.setValueAttr(half);
    setHalf(op.getResult());
  }

  void lowerDispatch(DispatchOp dispatch) {
    KernelOp kernel = kernelOf(dispatch);
    SmallVector<ValueRange16> arguments;
    Form form{kernel, {}, {}, {}};
    for (Value operand : dispatch.getOperands()) {
      arguments.push_back(ranges.lookup(operand));
      form.halfArguments.push_back(lowered.contains(operand));
      form.fits.push_back(arguments.back().fits());
    }
    Ranges inside = analyzeRanges(kernel, arguments);
    Operation *yield = kernel.getBodyBlock().getTerminator();
    for (auto [result, yielded] :
         llvm::zip_equal(dispatch.getResults(), yield->getOperands())) {
      ValueRange16 range = inside.lookup(yielded);
      range.constant.reset();
      ranges[result] = range;
      bool half = isSingle(result) && range.fits() && readersAllow(result);
      form.halfResults.push_back(half);
    }
    KernelOp rewritten = inForm(kernel, form, arguments);
    if (rewritten == kernel)
      kept.insert(kernel);
    else
      replaced.insert(kernel);
    dispatch.setKernel(rewritten.getSymName());
    for (auto [result, half] :
         llvm::zip_equal(dispatch.getResults(), form.halfResults))
      if (half)
        setHalf(result);
  }

  KernelOp inForm(KernelOp kernel, const Form &form,
                  ArrayRef<ValueRange16> arguments) {
    if (!llvm::is_contained(form.halfArguments, true) &&
        !llvm::is_contained(form.halfResults, true))
      return kernel;
    KernelOp &known = forms[form];
    if (known)
      return known;
    known = kernel.clone();
    known.setSymName((kernel.getSymName() + "_f16").str());
    symbols.insert(known, Block::iterator(kernel));
    lowerKernel(known, form.halfArguments, form.halfResults, arguments);
    return known;
  }

  ScheduleOp schedule;
  SymbolTable symbols;
  Ranges ranges; ///< of the schedule's values
  DenseSet<Value> lowered;
  DenseMap<Attribute, TypedAttr> constants;
  std::map<Form, KernelOp> forms;
  llvm::SetVector<KernelOp> replaced;
  DenseSet<KernelOp> kept;
};

struct LowerPrecisionPass
    : eclip::impl::EclipLowerPrecisionBase<LowerPrecisionPass> {
  using EclipLowerPrecisionBase::EclipLowerPrecisionBase;

  void runOnOperation() override {
    if (failed(check()))
      return signalPassFailure();
    ModuleOp module = getOperation();
    for (ScheduleOp schedule : module.getOps<ScheduleOp>())
      ScheduleLowering(module, schedule).run();
  }

  LogicalResult check() {
    ModuleOp module = getOperation();
    if (to != "f16")
      return module.emitError("tensors can't be stored in '")
             << to << "'; known: f16";
    auto schedules = module.getOps<ScheduleOp>();
    if (schedules.empty())
      return module.emitError("has no eclip.schedule: precision is lowered "
                              "after --eclip-form-kernels");
    for (KernelOp kernel : module.getOps<KernelOp>())
      if (kernel.getLaunch())
        return kernel.emitError("is compiled: precision is lowered before "
                                "--eclip-compile-kernels");
    return success();
  }
};
} // namespace
