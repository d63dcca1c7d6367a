//===- Warpgroup.cpp - products of whole warpgroups -----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/Warpgroup.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace eclip;

namespace {
/// Of a matrix descriptor: the mode that exchanges the chunks of 128 bytes;
/// addresses and strides count 16 bytes.
constexpr uint64_t kExchange128 = uint64_t(1) << 62;
constexpr int64_t kDescriptorUnit = 16;
/// Halves of k that one instruction multiplies, and in a row of 128 bytes.
constexpr int64_t kStep = 16, kRow = 64;
} // namespace

bool eclip::suitsWarpgroups(const MmaTile &tile, const MmaStage &a,
                            const MmaStage &b) {
  return tile.k == kRow && (a.alongK || tile.m % kRow == 0) &&
         (b.alongK || tile.n % kRow == 0);
}

/// Strides of a stage. Along k: groups of eight rows lie one behind the other
/// (the other stride has no meaning, 1 by convention). Along rows: so do groups
/// of eight steps, and then the next 64 rows.
static uint64_t descriptorBits(const MmaStage &stage) {
  uint64_t leading = stage.alongK ? 1 : kRow * 128 / kDescriptorUnit;
  uint64_t group = 8 * 128 / kDescriptorUnit;
  return kExchange128 | group << 32 | leading << 16;
}

/// From one step of k to the next, in a descriptor's address.
static int64_t stepUnits(const MmaStage &stage) {
  return (stage.alongK ? kStep * 2 : kStep * 128) / kDescriptorUnit;
}

WarpgroupProduct::WarpgroupProduct(MmaContext &context)
    : context(context), eval(context.eval), b(context.eval.builder()),
      loc(context.eval.loc()), count(context.plan.tile.n / 2),
      sumsType(LLVM::LLVMStructType::getLiteral(
          b.getContext(), SmallVector<Type>(count, b.getF32Type()))) {}

Value WarpgroupProduct::assembly(StringRef text, StringRef constraints,
                                 ValueRange operands, Type result) {
  // No access to memory moves across any of these.
  std::string all = (constraints + (constraints.empty() ? "" : ",") +
                     "~{memory}")
                        .str();
  auto op = LLVM::InlineAsmOp::create(
      b, loc, result ? TypeRange(result) : TypeRange(), operands, text, all,
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::tailcallkind::TailCallKind::None, LLVM::AsmDialectAttr(),
      ArrayAttr());
  return result ? op.getRes() : Value();
}

Value WarpgroupProduct::onSums(StringRef text, Value sums, ValueRange others) {
  std::string outputs, inputs;
  SmallVector<Value> operands(others);
  for (int64_t i = 0; i < count; ++i) {
    outputs += i ? ",=f" : "=f";
    inputs += "," + std::to_string(i);
    operands.push_back(LLVM::ExtractValueOp::create(b, loc, sums, i));
  }
  std::string constraints = outputs;
  for (size_t i = 0; i < others.size(); ++i)
    constraints += ",l";
  return assembly(text, constraints + inputs, operands, sumsType);
}

void WarpgroupProduct::prepare() {
  Value start = memref::ExtractAlignedPointerAsIndexOp::create(b, loc,
                                                               context.shared);
  // A descriptor has 18 bits of the address; in a cluster the workgroup's number
  // stands above them, where the descriptor has other fields.
  Value local = eval.rem(start, int64_t(1) << 18);
  origin = arith::IndexCastUIOp::create(b, loc, b.getI64Type(),
                                        eval.div(local, kDescriptorUnit));
  // Either way 64 rows by 64 steps are one piece.
  Value group = eval.div(context.thread, kWarpgroup * 32);
  rows = eval.mul(group, kWarpgroupRows * kRow);
}

Value WarpgroupProduct::zero() {
  Value sums = LLVM::PoisonOp::create(b, loc, sumsType);
  Value nothing =
      arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0.0f));
  for (int64_t i = 0; i < count; ++i)
    sums = LLVM::InsertValueOp::create(b, loc, sums, nothing, i);
  return sums;
}

void WarpgroupProduct::publish() {
  assembly("fence.proxy.async.shared::cta;", "", {}, {});
}

Value WarpgroupProduct::descriptor(const MmaStage &stage, Value element) {
  Value units = arith::IndexCastUIOp::create(
      b, loc, b.getI64Type(), eval.div(element, kDescriptorUnit / 2));
  Value bits = arith::ConstantOp::create(
      b, loc, b.getI64IntegerAttr(int64_t(descriptorBits(stage))));
  return arith::AddIOp::create(
      b, loc, bits, arith::AddIOp::create(b, loc, origin, units));
}

Value WarpgroupProduct::multiply(Value sums, Value a, Value bElement) {
  const MmaPlan &plan = context.plan;
  std::string registers;
  for (int64_t i = 0; i < count; ++i)
    registers += (i ? ", $" : "$") + std::to_string(i);
  // Behind the descriptors: add to the sums, negate neither, and which operand
  // lies along rows.
  std::string product =
      llvm::formatv("wgmma.mma_async.sync.aligned.m64n{0}k16.f32.f16.f16 "
                    "{{{1}}, ${2}, ${3}, 1, 1, 1, {4}, {5};",
                    plan.tile.n, registers, count, count + 1,
                    plan.a.alongK ? 0 : 1, plan.b.alongK ? 0 : 1);
  assembly("wgmma.fence.sync.aligned;", "", {}, {});
  Value ofA = descriptor(plan.a, eval.add(a, rows));
  Value ofB = descriptor(plan.b, bElement);
  for (int64_t step = 0; step < plan.tile.k / kStep; ++step) {
    auto at = [&](Value first, const MmaStage &stage) -> Value {
      Value ahead = arith::ConstantOp::create(
          b, loc, b.getI64IntegerAttr(step * stepUnits(stage)));
      return arith::AddIOp::create(b, loc, first, ahead);
    };
    sums = onSums(product, sums, {at(ofA, plan.a), at(ofB, plan.b)});
  }
  assembly("wgmma.commit_group.sync.aligned;", "", {}, {});
  assembly("wgmma.wait_group.sync.aligned 1;", "", {}, {});
  return sums;
}

SmallVector<Value> WarpgroupProduct::finish(Value sums) {
  // The sums pass through, so that nothing reads them before.
  sums = onSums("wgmma.wait_group.sync.aligned 0;", sums, {});
  auto type = VectorType::get({2, 2}, b.getF32Type());
  SmallVector<Value> accumulators;
  for (int64_t i = 0; i < count; i += 4) {
    Value four = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    for (int64_t e = 0; e < 4; ++e)
      four = vector::InsertOp::create(
          b, loc, LLVM::ExtractValueOp::create(b, loc, sums, i + e), four,
          ArrayRef<int64_t>{e / 2, e % 2});
    accumulators.push_back(four);
  }
  return accumulators;
}
