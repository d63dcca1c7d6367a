//===- KernelWork.cpp - operations and bytes of a kernel ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/KernelWork.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

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

int64_t eclip::countFlops(KernelOp kernel) {
  int64_t flops = 0;
  kernel.getBody().walk([&](linalg::LinalgOp op) {
    int64_t perPoint = 0;
    for (Operation &inner : op.getBlock()->without_terminator())
      perPoint += scalarOps(inner);
    if (llvm::AddOverflow(flops, multiply(iterations(op), perPoint), flops))
      flops = INT64_MAX;
  });
  return flops;
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

KernelWork eclip::computeWork(KernelOp kernel, DispatchOp dispatch) {
  KernelWork work;
  work.flops = countFlops(kernel);
  llvm::SmallDenseSet<Value, 8> seen;
  for (auto [index, operand] : llvm::enumerate(dispatch.getArgs()))
    if (seen.insert(operand).second)
      work.bytesRead += countBytesRead(kernel, index);
  int64_t results = 0;
  for (Type type : kernel.getResultTypes()) {
    work.bytesWritten += bytesOf(type);
    results += cast<RankedTensorType>(type).getNumElements();
  }
  LaunchAttr launch = kernel.getLaunchAttr();
  if (!launch) {
    assumeLaunch(kernel, results, work);
    return work;
  }
  work.workgroups = product(launch.getGrid());
  work.workItemsPerGroup = product(launch.getWorkgroup());
  work.vgprs = launch.getVgprs();
  work.sgprs = launch.getSgprs();
  work.ldsBytes = launch.getLdsBytes();
  return work;
}
