//===- MmaTail.cpp - from tensor cores to the result ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/MmaTail.h"
#include "compiler/kernels/codegen/contraction/Outputs.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

using llvm::divideCeil;

namespace {
/// Neighbours along n that a thread takes at once.
constexpr int64_t kRun = 8;
/// Runs whose loads are under way at once in a thread.
constexpr int64_t kRunsAhead = 4;

class MmaTail {
public:
  MmaTail(MmaContext &context, KernelOp kernel, const MmaOutputs &outputs)
      : context(context), eval(context.eval), b(context.eval.builder()),
        loc(context.eval.loc()), problem(context.problem),
        tile(context.plan.tile), outputs(outputs),
        emitter(eval, kernel, problem, context.loops),
        runs(tile.m * tile.n / kRun / tile.split) {}

  LogicalResult run();

private:
  /// What a run computes, and the condition for storing it (null: always).
  struct Pending {
    Value inside;
    OutputEmitter::Stores stores;
  };

  void writeSums();
  void synchronize();
  void findMembers();
  LogicalResult emitRuns(Value first, int64_t count);
  LogicalResult emitRun(Value number, SmallVectorImpl<Pending> &pending);
  SmallVector<Value> readSums(Value row, Value column);
  Value place(Value row, Value column);
  Value clamped(Value index, int64_t size, Value &inside);
  Value both(Value lhs, Value rhs) {
    return lhs && rhs ? Value(arith::AndIOp::create(b, loc, lhs, rhs))
                      : (lhs ? lhs : rhs);
  }

  MmaContext &context;
  IndexedEval &eval;
  OpBuilder &b;
  Location loc;
  const ContractionProblem &problem;
  const MmaTile &tile;
  const MmaOutputs &outputs;
  OutputEmitter emitter;
  /// Runs of one workgroup.
  int64_t runs;
  Value sums;
  /// Addresses of the cluster's sums.
  SmallVector<Value> members;
};
} // namespace

/// Element of the sum at (row, column). The stride lets the eight rows that a
/// warp writes fall in different banks; exchanging fours in every second 32
/// columns does so for the runs that it reads.
Value MmaTail::place(Value row, Value column) {
  Value odd = eval.rem(eval.div(column, 32), 2);
  Value exchanged = arith::XOrIOp::create(b, loc, column, eval.mul(odd, 4));
  return eval.add(eval.mul(row, tile.sumStride()), exchanged);
}

void MmaTail::writeSums() {
  // A lane holds two neighbours in each of two rows, 8 apart.
  Value row = eval.add(outputs.warpRow, eval.div(context.lane, 4));
  Value column =
      eval.add(outputs.warpColumn, eval.mul(eval.rem(context.lane, 4), 2));
  int64_t columns = tile.warpN / 8;
  for (auto [number, values] : llvm::enumerate(outputs.accumulators))
    for (int64_t half = 0; half < 2; ++half) {
      int64_t down = int64_t(number) / columns * 16 + half * 8;
      int64_t across = int64_t(number) % columns * 8;
      vector::StoreOp::create(
          b, loc,
          vector::ExtractOp::create(b, loc, values, ArrayRef<int64_t>{half}),
          sums,
          place(eval.add(row, eval.constant(down)),
                eval.add(column, eval.constant(across))),
          /*nontemporal=*/false, llvm::MaybeAlign(8));
    }
}

void MmaTail::synchronize() {
  if (tile.split == 1) {
    gpu::BarrierOp::create(b, loc);
    return;
  }
  NVVM::ClusterArriveOp::create(b, loc, b.getUnitAttr());
  NVVM::ClusterWaitOp::create(b, loc, b.getUnitAttr());
}

void MmaTail::findMembers() {
  Value address =
      memref::ExtractAlignedPointerAsIndexOp::create(b, loc, sums);
  address = arith::IndexCastOp::create(b, loc, b.getI32Type(), address);
  auto here = LLVM::LLVMPointerType::get(
      b.getContext(), unsigned(NVVM::NVVMMemorySpace::Shared));
  auto there = LLVM::LLVMPointerType::get(
      b.getContext(), unsigned(NVVM::NVVMMemorySpace::SharedCluster));
  Value mine = LLVM::IntToPtrOp::create(b, loc, here, address);
  for (int64_t member = 0; member < tile.split; ++member) {
    Value rank =
        arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(member));
    members.push_back(NVVM::MapaOp::create(b, loc, there, mine, rank));
  }
}

/// The order of adding is the members' order, so results do not vary between
/// runs.
SmallVector<Value> MmaTail::readSums(Value row, Value column) {
  auto quad = VectorType::get({4}, b.getF32Type());
  SmallVector<Value> result;
  for (int64_t half = 0; half < kRun; half += 4) {
    Value at = place(row, eval.add(column, eval.constant(half)));
    Value total;
    if (members.empty())
      total = vector::LoadOp::create(b, loc, quad, sums, at,
                                     /*nontemporal=*/false,
                                     llvm::MaybeAlign(16));
    Value offset;
    if (!members.empty())
      offset = arith::IndexCastOp::create(b, loc, b.getI32Type(), at);
    for (Value member : members) {
      Value address = LLVM::GEPOp::create(b, loc, member.getType(),
                                          b.getF32Type(), member,
                                          ArrayRef<LLVM::GEPArg>{offset});
      Value part = LLVM::LoadOp::create(b, loc, quad, address, 16);
      total = total ? Value(arith::AddFOp::create(b, loc, total, part)) : part;
    }
    for (int64_t i = 0; i < 4; ++i)
      result.push_back(vector::ExtractOp::create(b, loc, total, i));
  }
  return result;
}

/// `index`, or 0 where it is not below `size`; `inside` says which, null if the
/// tiles end where the problem does.
Value MmaTail::clamped(Value index, int64_t size, Value &inside) {
  inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index,
                                 eval.constant(size));
  return arith::SelectOp::create(b, loc, inside, index, eval.constant(0));
}

LogicalResult MmaTail::emitRun(Value number,
                               SmallVectorImpl<Pending> &pending) {
  int64_t perRow = tile.n / kRun;
  Value row = eval.div(number, perRow);
  Value column = eval.mul(eval.rem(number, perRow), kRun);
  SmallVector<Value> values = readSums(row, column);
  Value m = eval.add(outputs.firstRow, row), rowInside;
  if (problem.m % tile.m != 0)
    m = clamped(m, problem.m, rowInside);
  SmallVector<Value> loops = emitter.rowLoops(m);
  // Elements that lie all inside the problem or all outside.
  int64_t together = kRun;
  while (problem.n % together != 0)
    together /= 2;
  for (int64_t i = 0; i < kRun; i += together) {
    Value n = eval.add(outputs.firstColumn, eval.add(column, eval.constant(i)));
    Value inside;
    if (problem.n % tile.n != 0)
      n = clamped(n, problem.n, inside);
    FailureOr<OutputEmitter::Stores> stores = emitter.evaluate(
        n, ArrayRef<Value>(values).slice(i, together), loops);
    if (failed(stores))
      return failure();
    pending.push_back({both(rowInside, inside), std::move(*stores)});
  }
  return success();
}

/// Runs `first`, `first` + threads, and so on. What lies outside of the problem
/// is computed from its first row or column, so that all loads of the runs come
/// before the first test.
LogicalResult MmaTail::emitRuns(Value first, int64_t count) {
  SmallVector<Pending> pending;
  for (int64_t i = 0; i < count; ++i)
    if (failed(emitRun(eval.add(first, eval.constant(i * tile.threads())),
                       pending)))
      return failure();
  for (const Pending &one : pending) {
    if (!one.inside) {
      emitter.store(one.stores);
      continue;
    }
    auto guard =
        scf::IfOp::create(b, loc, one.inside, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard point(b);
    b.setInsertionPointToStart(guard.thenBlock());
    IndexedEval::Scope scope(eval);
    emitter.store(one.stores);
  }
  return success();
}

LogicalResult MmaTail::run() {
  auto type = MemRefType::get({tile.m * tile.sumStride()}, b.getF32Type(),
                              MemRefLayoutAttrInterface(),
                              cast<MemRefType>(context.memory.getType())
                                  .getMemorySpace());
  sums = memref::ViewOp::create(b, loc, type, context.memory, eval.constant(0),
                                ValueRange{});
  gpu::BarrierOp::create(b, loc); // all have read the last stage
  writeSums();
  synchronize();
  if (tile.split > 1)
    findMembers();
  int64_t perThread = divideCeil(runs, tile.threads());
  int64_t atOnce = std::min(perThread, kRunsAhead);
  while (perThread % atOnce != 0)
    --atOnce;
  // Only a workgroup of fewer runs than threads has some that are idle
  // (planMma()).
  LogicalResult done = emitter.guarded(
      runs >= tile.threads(), context.thread, runs, [&]() -> LogicalResult {
        Value first = context.thread;
        if (tile.split > 1)
          first = eval.add(first, eval.mul(outputs.share, runs));
        if (perThread == atOnce)
          return emitRuns(first, atOnce);
        auto loop = scf::ForOp::create(b, loc, eval.constant(0),
                                       eval.constant(perThread / atOnce),
                                       eval.constant(1));
        OpBuilder::InsertionGuard point(b);
        b.setInsertionPointToStart(loop.getBody());
        IndexedEval::Scope scope(eval);
        return emitRuns(eval.add(first, eval.mul(loop.getInductionVar(),
                                                 atOnce * tile.threads())),
                        atOnce);
      });
  // The others may still be reading this workgroup's sums.
  if (tile.split > 1)
    synchronize();
  return done;
}

LogicalResult eclip::emitMmaTail(MmaContext &context, KernelOp kernel,
                                 const MmaOutputs &outputs) {
  return MmaTail(context, kernel, outputs).run();
}
