//===- Alignment.cpp - what addresses are multiples of --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM combines neighbouring loads and stores where it knows the alignment of
// the first. It looks only a few operations deep into an address, and the index
// of an element of a tile is deeper, so that alignments are stated here.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

namespace {
/// Powers of two that divide index values.
class Divisors {
public:
  int64_t of(Value value) {
    auto [known, isNew] = divisors.try_emplace(value, 1);
    if (!isNew)
      return known->second;
    int64_t divisor = compute(value);
    divisors[value] = divisor;
    return divisor;
  }

  /// Of the element number of `indices` in a buffer of type `type`.
  int64_t of(ValueRange indices, MemRefType type) {
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(type.getStridesAndOffset(strides, offset)) ||
        ShapedType::isDynamic(offset))
      return 1;
    int64_t bits = offset;
    for (auto [index, stride] : llvm::zip_equal(indices, strides))
      bits |= ShapedType::isDynamic(stride) ? 1 : of(index) * stride;
    return lowest(bits);
  }

private:
  static constexpr int64_t kMost = 1 << 12;

  static int64_t lowest(int64_t bits) {
    return bits == 0 ? kMost : std::min(bits & -bits, kMost);
  }

  int64_t compute(Value value) {
    if (std::optional<int64_t> constant = getConstantIntValue(value))
      return lowest(*constant);
    Operation *op = value.getDefiningOp();
    if (!op)
      return 1;
    if (isa<arith::MulIOp>(op))
      return std::min(of(op->getOperand(0)) * of(op->getOperand(1)), kMost);
    // The rest of a division by a power of two keeps the lower bits; by another
    // number, a common divisor stays one.
    if (isa<arith::AddIOp, arith::SubIOp, arith::XOrIOp, arith::OrIOp,
            arith::RemUIOp, arith::RemSIOp, arith::MinUIOp, arith::MaxUIOp,
            arith::MinSIOp, arith::MaxSIOp>(op))
      return std::min(of(op->getOperand(0)), of(op->getOperand(1)));
    if (isa<arith::SelectOp>(op))
      return std::min(of(op->getOperand(1)), of(op->getOperand(2)));
    if (isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtUIOp,
            arith::ExtSIOp>(op))
      return of(op->getOperand(0));
    return 1;
  }

  llvm::DenseMap<Value, int64_t> divisors;
};

struct StateAlignmentPass
    : PassWrapper<StateAlignmentPass, OperationPass<gpu::GPUModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(StateAlignmentPass)

  StringRef getArgument() const final { return "eclip-state-alignment"; }

  void runOnOperation() final { getOperation().walk(state); }

  static void state(gpu::GPUFuncOp func) {
    auto buffers =
        func->getAttrOfType<DenseI64ArrayAttr>(kBufferAlignmentsAttr);
    if (!buffers)
      return;
    Divisors divisors;
    auto visit = [&](auto access) {
      auto buffer = dyn_cast<BlockArgument>(access.getMemref());
      MemRefType type = access.getMemRefType();
      if (!buffer || !type.getElementType().isIntOrFloat() ||
          buffer.getOwner() != &func.getBody().front() ||
          buffer.getArgNumber() >= unsigned(buffers.size()))
        return;
      int64_t bytes =
          std::max<int64_t>(type.getElementTypeBitWidth() / 8, 1) *
          divisors.of(access.getIndices(), type);
      access.setAlignment(
          std::min(bytes, buffers.asArrayRef()[buffer.getArgNumber()]));
    };
    func.walk([&](Operation *op) {
      if (auto load = dyn_cast<memref::LoadOp>(op))
        visit(load);
      else if (auto store = dyn_cast<memref::StoreOp>(op))
        visit(store);
    });
  }
};
} // namespace

std::unique_ptr<Pass> eclip::createStateAlignmentPass() {
  return std::make_unique<StateAlignmentPass>();
}
