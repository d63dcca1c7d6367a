//===- KernelWork.cpp - operations and bytes of a kernel ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/KernelWork.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace eclip;

/// Operations that the vector unit issues for one scalar operation: 1 for what
/// is one instruction, more for what is expanded. Rounded counts of gfx906
/// instructions in the usual expansions; moves and constants are free.
static int64_t scalarOps(Operation &op) {
  return llvm::TypeSwitch<Operation *, int64_t>(&op)
      .Case<arith::ConstantOp, arith::IndexCastOp, arith::BitcastOp>(
          [](auto) { return 0; })
      .Case<arith::DivFOp, arith::RemFOp>([](auto) { return 10; })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(
          [](auto) { return 20; })
      .Case<math::AbsFOp, math::FmaOp, math::FloorOp, math::CeilOp,
            math::CopySignOp>([](auto) { return 1; })
      .Case<math::SqrtOp, math::RsqrtOp, math::ExpOp, math::Exp2Op, math::LogOp,
            math::Log2Op>([](auto) { return 10; })
      .Case<math::TanhOp, math::ErfOp, math::PowFOp, math::SinOp, math::CosOp>(
          [](auto) { return 25; })
      .Default([](Operation *other) -> int64_t {
        if (isa<arith::ArithDialect>(other->getDialect()))
          return 1;
        return isa<math::MathDialect>(other->getDialect()) ? 25 : 0;
      });
}

/// Saturates; no launch or tensor that exists comes near.
static int64_t multiply(int64_t a, int64_t b) {
  int64_t result;
  return llvm::MulOverflow(a, b, result) ? INT64_MAX : result;
}

/// 0 if a dimension is dynamic, which the verifier of kernels excludes.
static int64_t product(ArrayRef<int64_t> values) {
  int64_t result = 1;
  for (int64_t value : values)
    result = ShapedType::isDynamic(value) ? 0 : multiply(result, value);
  return result;
}

static int64_t iterations(linalg::LinalgOp op) {
  return product(op.getStaticLoopRanges());
}

/// The rate of the type that `value` was widened from by nothing but an
/// extension: the factors of a dot product. None otherwise.
static std::optional<Rate> narrowRate(Value value) {
  Operation *def = value.getDefiningOp();
  if (!isa_and_nonnull<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(def))
    return std::nullopt;
  Type from = def->getOperand(0).getType();
  if (from.isF16() || from.isBF16())
    return Rate::Fp16;
  return from.isInteger(8) ? std::optional(Rate::Int8) : std::nullopt;
}

/// Both factors widened from one narrow type: half of a dot instruction.
static std::optional<Rate> dotRate(Operation &op) {
  if (!isa<arith::MulFOp, arith::MulIOp>(op))
    return std::nullopt;
  std::optional<Rate> left = narrowRate(op.getOperand(0));
  return left && left == narrowRate(op.getOperand(1)) ? left : std::nullopt;
}

static Rate typeRate(Operation &op) {
  // A comparison's result says nothing about what it compares.
  Type type = op.getNumOperands() ? op.getOperand(0).getType()
                                  : op.getResult(0).getType();
  if (op.getNumResults() && !op.getResult(0).getType().isInteger(1))
    type = op.getResult(0).getType();
  if (type.isF64())
    return Rate::Fp64;
  return type.isF16() || type.isBF16() ? Rate::Fp16 : Rate::Fp32;
}

static Operation *productOf(Operation &sum) {
  if (!isa<arith::AddFOp, arith::AddIOp>(sum))
    return nullptr;
  for (Value operand : sum.getOperands())
    if (auto *def = operand.getDefiningOp();
        isa_and_nonnull<arith::MulFOp, arith::MulIOp>(def))
      return def;
  return nullptr;
}

static Rate vectorRate(Operation &op) {
  if (std::optional<Rate> dot = dotRate(op))
    return *dot;
  if (Operation *factors = productOf(op))
    if (std::optional<Rate> dot = dotRate(*factors))
      return *dot;
  return typeRate(op);
}

static Rate matrixRate(Rate rate) {
  return static_cast<Rate>(static_cast<int>(rate) +
                           static_cast<int>(Rate::MatrixFp64));
}

/// The sum of a product and what was accumulated so far.
static bool accumulates(Operation &sum, linalg::LinalgOp op) {
  if (!productOf(sum))
    return false;
  return llvm::any_of(op.getRegionOutputArgs(), [&](BlockArgument argument) {
    return llvm::is_contained(sum.getOperands(), argument);
  });
}

/// An extension that only feeds dot products is part of their instruction.
static bool isFree(Operation &op) {
  return isa<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(op) &&
         narrowRate(op.getResult(0)) &&
         llvm::all_of(op.getUsers(), [](Operation *user) {
           return dotRate(*user).has_value();
         });
}

static void addOps(KernelWork &work, Rate rate, int64_t count) {
  if (llvm::AddOverflow(work[rate], count, work[rate]))
    work[rate] = INT64_MAX;
}

void eclip::countOps(KernelOp kernel, KernelWork &work) {
  kernel.getBody().walk([&](linalg::LinalgOp op) {
    int64_t points = iterations(op);
    llvm::SmallPtrSet<Operation *, 4> matrix;
    if (op.getNumReductionLoops() > 0)
      for (Operation &inner : op.getBlock()->without_terminator())
        if (accumulates(inner, op)) {
          matrix.insert(&inner);
          matrix.insert(productOf(inner));
        }
    for (Operation &inner : op.getBlock()->without_terminator()) {
      if (isFree(inner))
        continue;
      Rate rate = vectorRate(inner);
      addOps(work, matrix.contains(&inner) ? matrixRate(rate) : rate,
             multiply(points, scalarOps(inner)));
    }
  });
}

static int64_t bytesOf(Type type) {
  return tensorBytes(cast<RankedTensorType>(type));
}

int64_t eclip::countBytesRead(KernelOp kernel, unsigned index) {
  BlockArgument argument = kernel.getBodyBlock().getArgument(index);
  auto type = cast<RankedTensorType>(argument.getType());
  int64_t whole = tensorBytes(type);
  int64_t elementBytes =
      type.getNumElements() ? whole / type.getNumElements() : 0;
  int64_t read = 0;
  for (Operation *user : argument.getUsers()) {
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(user)) {
      read += bytesOf(slice.getType());
      continue;
    }
    // An element picked by a computed index, once an iteration at most.
    auto owner = user->getParentOfType<linalg::LinalgOp>();
    if (isa<tensor::ExtractOp>(user) && owner) {
      read += std::min(whole, multiply(iterations(owner), elementBytes));
      continue;
    }
    return whole;
  }
  return std::min(read, whole);
}

/// Workgroups that a kernel of this kind usually has: 64 x 64 results of a
/// contraction, 256 of anything else, by 256 work-items.
static void assumeLaunch(KernelOp kernel, int64_t results, KernelWork &work) {
  auto kind = kernel->getAttrOfType<StringAttr>("eclip.kind");
  bool contraction = kind && kind.getValue() == "contraction";
  int64_t perGroup = contraction ? 64 * 64 : 256;
  work.workgroups = std::max<int64_t>(1, llvm::divideCeil(results, perGroup));
  work.workItemsPerGroup = 256;
}

/// Bytes between L2 and the CUs of the multiply-accumulates: every workgroup
/// reads its rows of one factor and its columns of the other. Its results are
/// taken as a square, which reads least.
static double countTileBytes(KernelOp kernel, int64_t workgroups) {
  double bytes = 0;
  kernel.getBody().walk([&](linalg::LinalgOp op) {
    if (llvm::none_of(op.getBlock()->without_terminator(),
                      [&](Operation &inner) { return accumulates(inner, op); }))
      return;
    double results = 1, steps = 1, factorBytes = 0;
    for (auto [extent, kind] :
         llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
      (kind == utils::IteratorType::reduction ? steps : results) *= extent;
    for (Value input : op.getDpsInputs())
      if (auto type = dyn_cast<RankedTensorType>(input.getType()))
        factorBytes +=
            llvm::divideCeil(type.getElementType().getIntOrFloatBitWidth(), 8);
    double side = std::sqrt(std::max(1.0, results / workgroups));
    bytes += workgroups * side * steps * factorBytes;
  });
  return bytes;
}

MatrixCode eclip::matrixCodeOf(ModuleOp module) {
  auto isa = module->getAttrOfType<StringAttr>("eclip.isa");
  // Code for NVIDIA's parts rounds no f32 factors to TF32.
  return !isa                                  ? MatrixCode::All
         : isa.getValue().contains("gfx906")   ? MatrixCode::None
         : isa.getValue().starts_with("nvptx") ? MatrixCode::Narrow
                                               : MatrixCode::All;
}

KernelWork eclip::computeWork(KernelOp kernel, DispatchOp dispatch) {
  KernelWork work;
  countOps(kernel, work);
  llvm::SmallDenseSet<Value, 8> seen;
  unsigned arguments = kernel.getBodyBlock().getNumArguments();
  for (unsigned index = 0; index < arguments; ++index)
    if (seen.insert(dispatch->getOperand(index)).second)
      work.bytesRead += countBytesRead(kernel, index);
  // What is yielded, and not the dispatch's results: of a buffer that several
  // dispatches fill, each writes its window.
  int64_t results = 0;
  for (Value value : kernel.getBodyBlock().getTerminator()->getOperands()) {
    work.bytesWritten += bytesOf(value.getType());
    results += cast<RankedTensorType>(value.getType()).getNumElements();
  }
  if (LaunchAttr launch = kernel.getLaunchAttr()) {
    work.workgroups = product(launch.getGrid());
    work.workItemsPerGroup = product(launch.getWorkgroup());
    work.vgprs = launch.getVgprs();
    work.sgprs = launch.getSgprs();
    work.ldsBytes = launch.getLdsBytes();
  } else {
    assumeLaunch(kernel, results, work);
  }
  double moved = static_cast<double>(work.bytesRead) + work.bytesWritten;
  work.l2Bytes = static_cast<int64_t>(std::min(
      std::max(moved, countTileBytes(kernel, work.workgroups)), 0x1p62));
  return work;
}
