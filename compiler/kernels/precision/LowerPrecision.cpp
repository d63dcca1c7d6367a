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
  /// Alignment of each f16 window in its buffer, in bytes; 0 for others.
  SmallVector<int64_t> aligned;

  bool operator<(const Form &other) const {
    return std::tie(kernel, halfArguments, halfResults, fits, aligned) <
           std::tie(other.kernel, other.halfArguments, other.halfResults,
                    other.fits, other.aligned);
  }
};

class ScheduleLowering {
public:
  ScheduleLowering(ModuleOp module, ScheduleOp schedule)
      : schedule(schedule), symbols(module) {}

  void run() {
    Block &body = schedule.getBodyBlock();
    for (Operation &op : body.without_terminator())
      analyze(op);
    for (Operation &op : body.without_terminator())
      lower(op);
    for (KernelOp kernel : replaced)
      if (!kept.contains(kernel))
        symbols.erase(kernel);
  }

private:
  //===--------------------------------------------------------------------===//
  // Which tensors
  //===--------------------------------------------------------------------===//

  KernelOp kernelOf(DispatchOp dispatch) {
    return symbols.lookup<KernelOp>(dispatch.getKernel());
  }

  static bool isSingle(Value value) {
    return getElementTypeOrSelf(value.getType()).isF32();
  }

  /// Values in the bytes of one buffer have one type.
  static Value storageOf(Value value) {
    BufferOp buffer = bufferOf(value);
    return buffer ? buffer.getResult() : value;
  }

  /// True if all who read `value` may be given f16 (H1, H6).
  bool readersAllow(Value value) {
    return llvm::all_of(value.getUses(), [&](OpOperand &use) {
      auto dispatch = dyn_cast<DispatchOp>(use.getOwner());
      return dispatch && (llvm::is_contained(dispatch.getDests(), value) ||
                          !makesIntegers(kernelOf(dispatch)));
    });
  }

  SmallVector<ValueRange16> rangesOf(ValueRange values) {
    SmallVector<ValueRange16> found;
    for (Value value : values)
      found.push_back(ranges.lookup(value));
    return found;
  }

  void analyze(Operation &op) {
    bool small = false;
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      if (!isSingle(constant.getResult()))
        return;
      std::optional<float> magnitude = largestMagnitude(constant.getValue());
      ranges[constant.getResult()].huge = !magnitude || *magnitude > kHalfMax;
      small = magnitude && *magnitude != 0 && *magnitude < kHalfMinNormal;
    } else if (auto dispatch = dyn_cast<DispatchOp>(op)) {
      analyzeDispatch(dispatch);
    }
    for (Value result : op.getResults())
      if (small || !ranges.lookup(result).fits() || !readersAllow(result))
        single.insert(storageOf(result));
  }

  void analyzeDispatch(DispatchOp dispatch) {
    KernelOp kernel = kernelOf(dispatch);
    Ranges inside = analyzeRanges(kernel, rangesOf(dispatch.getArgs()));
    Operation *yield = kernel.getBodyBlock().getTerminator();
    for (auto [index, yielded] : llvm::enumerate(yield->getOperands())) {
      ValueRange16 range = inside.lookup(yielded);
      range.constant.reset();
      if (Value dest = dispatch.getDest(index)) {
        ValueRange16 before = ranges.lookup(dest);
        range.huge |= before.huge;
        range.sum |= before.sum;
      }
      ranges[dispatch.getResult(index)] = range;
    }
  }

  //===--------------------------------------------------------------------===//
  // Rewriting
  //===--------------------------------------------------------------------===//

  void lower(Operation &op) {
    if (auto dispatch = dyn_cast<DispatchOp>(op))
      lowerDispatch(dispatch);
    for (Value result : op.getResults()) {
      if (!isSingle(result) || single.contains(storageOf(result)))
        continue;
      if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
        TypedAttr &half = constants[constant.getValue()];
        if (!half)
          half = toHalf(constant.getValue());
        constant.setValueAttr(half);
      }
      Type half = Float16Type::get(op.getContext());
      result.setType(cast<RankedTensorType>(result.getType()).clone(half));
      lowered.insert(result);
    }
  }

  void lowerDispatch(DispatchOp dispatch) {
    KernelOp kernel = kernelOf(dispatch);
    Form form{kernel, {}, {}, {}, {}};
    SmallVector<ValueRange16> arguments = rangesOf(dispatch.getArgs());
    for (auto [argument, range] :
         llvm::zip_equal(dispatch.getArgs(), arguments)) {
      form.halfArguments.push_back(lowered.contains(argument));
      form.fits.push_back(range.fits());
    }
    for (auto [index, result] : llvm::enumerate(dispatch.getResults())) {
      bool half = isSingle(result) && !single.contains(storageOf(result));
      form.halfResults.push_back(half);
      form.aligned.push_back(half ? alignmentOf(dispatch, index) : 0);
    }
    KernelOp rewritten = inForm(kernel, form, arguments);
    if (rewritten == kernel)
      kept.insert(kernel);
    else
      replaced.insert(kernel);
    dispatch.setKernel(rewritten.getSymName());
  }

  /// Of the window that f16 result `index` writes; 0 if it writes none. As much
  /// as vector stores can use, like formation's.
  static int64_t alignmentOf(DispatchOp dispatch, unsigned index) {
    BoxAttr box = dispatch.getBox(index);
    if (!box)
      return 0;
    auto type = cast<RankedTensorType>(dispatch.getResult(index).getType());
    Type half = Float16Type::get(dispatch.getContext());
    int64_t offset = boxOffset(box, type.clone(half)) | 16;
    return offset & -offset;
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
    lowerWindows(known, form);
    lowerKernel(known, form.halfArguments, form.halfResults, arguments);
    return known;
  }

  static void lowerWindows(KernelOp kernel, const Form &form) {
    if (!kernel.getWindows())
      return;
    MLIRContext *context = kernel.getContext();
    SmallVector<Attribute> windows(kernel.getWindows()->begin(),
                                   kernel.getWindows()->end());
    for (auto [index, align] : llvm::enumerate(form.aligned))
      if (align)
        windows[index] = WindowAttr::get(
            context,
            kernel.getWindow(index).getBuffer().clone(
                Float16Type::get(context)),
            align);
    kernel.setWindowsAttr(ArrayAttr::get(context, windows));
  }

  ScheduleOp schedule;
  SymbolTable symbols;
  Ranges ranges;          ///< of the schedule's values
  DenseSet<Value> single; ///< storages that stay f32
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
    if (to == "tf32")
      markContractions(module);
    else
      for (ScheduleOp schedule : module.getOps<ScheduleOp>())
        ScheduleLowering(module, schedule).run();
    module->setAttr("eclip.precision", StringAttr::get(&getContext(), to));
  }

  /// What is stored stays f32; code generation rounds factors.
  static void markContractions(ModuleOp module) {
    for (KernelOp kernel : module.getOps<KernelOp>()) {
      auto kind = kernel->getAttrOfType<StringAttr>("eclip.kind");
      if (kind && kind == "contraction")
        kernel->setAttr("eclip.precision",
                        StringAttr::get(module.getContext(), "tf32"));
    }
  }

  LogicalResult check() {
    ModuleOp module = getOperation();
    if (to != "f16" && to != "tf32")
      return module.emitError("tensors can't be stored in '")
             << to << "'; known: f16, tf32";
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
