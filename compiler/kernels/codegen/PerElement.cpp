//===- PerElement.cpp - a thread for each element -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/PerElement.h"

#include "compiler/kernels/codegen/IndexedEval.h"
#include "compiler/kernels/codegen/WorkEstimate.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

/// Values that a thread computes for all its neighbours: what more neighbours
/// save in wide accesses is nothing beside it.
static constexpr int64_t kMaxThreadCode = 1000;

std::optional<SmallVector<int64_t>> eclip::commonResultShape(KernelOp kernel) {
  SmallVector<Type> types = kernel.getResultTypes();
  ArrayRef<int64_t> first = cast<RankedTensorType>(types.front()).getShape();
  for (Type type : types)
    if (cast<RankedTensorType>(type).getShape() != first)
      return std::nullopt;
  return SmallVector<int64_t>(first);
}

/// True if `map` names dims `dim` and `dim + 1` side by side or not at all.
static bool keepsTogether(AffineMap map, unsigned dim) {
  std::optional<unsigned> first, second;
  for (auto [position, expr] : llvm::enumerate(map.getResults())) {
    auto named = dyn_cast<AffineDimExpr>(expr);
    if (!named)
      return false;
    if (named.getPosition() == dim)
      first = position;
    if (named.getPosition() == dim + 1)
      second = position;
  }
  return first ? second && *second == *first + 1 : !second;
}

/// Runs of result dims that every access of the kernel steps through as if
/// they were one dim. Only kernels made of parallel generics over the result's
/// shape have runs longer than 1.
static SmallVector<ReassociationIndices> collapsibleRuns(KernelOp kernel,
                                                         unsigned rank) {
  SmallVector<bool> together(rank, true);
  for (Operation &op : kernel.getBodyBlock().without_terminator()) {
    if (isa<arith::ConstantOp, tensor::EmptyOp>(op))
      continue;
    auto generic = dyn_cast<linalg::LinalgOp>(op);
    bool plain =
        generic && generic.getNumLoops() == rank &&
        generic.getNumParallelLoops() == rank && !generic.hasIndexSemantics() &&
        !generic.getBlock()
             ->walk([](tensor::ExtractOp) { return WalkResult::interrupt(); })
             .wasInterrupted();
    if (plain)
      for (OpOperand &init : generic.getDpsInitsMutable())
        plain &= generic.getMatchingIndexingMap(&init).isIdentity();
    if (!plain) {
      together.assign(rank, false);
      break;
    }
    for (OpOperand &operand : generic->getOpOperands()) {
      AffineMap map = generic.getMatchingIndexingMap(&operand);
      // What is computed here has the result's dims in the result's order, or
      // the runs would mean other dims there.
      bool computed = operand.get().getDefiningOp<linalg::LinalgOp>();
      for (unsigned dim = 0; dim + 1 < rank; ++dim)
        together[dim] = together[dim] && keepsTogether(map, dim) &&
                        (!computed || map.isIdentity());
    }
  }
  // In a window a row may end before its buffer's does.
  for (unsigned i = 0; i < kernel.getResultTypes().size(); ++i)
    if (WindowAttr window = kernel.getWindow(i))
      for (unsigned dim = 0; dim + 1 < rank; ++dim)
        together[dim] = together[dim] &&
                        window.getBuffer().getDimSize(dim + 1) ==
                            cast<RankedTensorType>(kernel.getResultTypes()[i])
                                .getDimSize(dim + 1);
  SmallVector<ReassociationIndices> runs;
  for (unsigned dim = 0; dim < rank; ++dim) {
    if (dim == 0 || !together[dim - 1])
      runs.emplace_back();
    runs.back().push_back(dim);
  }
  return runs;
}

namespace {
/// How the elements are dealt out to threads.
struct Dealing {
  SmallVector<ReassociationIndices> runs;
  /// Size of each run, the last divided by `neighbours`.
  SmallVector<int64_t> shape;
  int64_t neighbours = 1;
  int64_t threads = 1;
  int64_t workgroup = 64;
};
} // namespace

/// `alone`: the kernel has results of this shape only.
static Dealing deal(KernelOp kernel, ArrayRef<int64_t> shape, bool alone,
                    const KernelTarget &target, int64_t maxNeighbours) {
  Dealing dealing;
  if (alone)
    dealing.runs = collapsibleRuns(kernel, shape.size());
  else
    for (unsigned dim = 0; dim < shape.size(); ++dim)
      dealing.runs.push_back({static_cast<int64_t>(dim)});
  for (const ReassociationIndices &run : dealing.runs) {
    int64_t size = 1;
    for (int64_t dim : run)
      size *= shape[dim];
    dealing.shape.push_back(size);
    dealing.threads *= size;
  }
  // Fewer threads pay off once all compute units still have a wavefront.
  int64_t enough = target.cuCount * target.waveSize;
  if (!dealing.shape.empty())
    while (dealing.neighbours < maxNeighbours &&
           dealing.shape.back() % 2 == 0 && dealing.threads / 2 >= enough) {
      dealing.neighbours *= 2;
      dealing.shape.back() /= 2;
      dealing.threads /= 2;
    }
  dealing.workgroup =
      dealing.threads >= 4 * enough ? 4 * target.waveSize : target.waveSize;
  return dealing;
}

/// The result index of neighbour number `k` of the thread's position `place`.
/// A run's number goes to its last dim and 0 to the others: row-major
/// addresses don't tell the difference, and no division is spent.
static SmallVector<Value> elementIndex(IndexedEval &eval,
                                       const Dealing &dealing,
                                       ArrayRef<Value> place, int64_t k) {
  SmallVector<Value> indices;
  for (auto [number, run] : llvm::enumerate(dealing.runs)) {
    Value index = place[number];
    if (number + 1 == dealing.runs.size())
      index = eval.add(eval.mul(index, dealing.neighbours), eval.constant(k));
    indices.append(run.size() - 1, eval.constant(0));
    indices.push_back(index);
  }
  return indices;
}

/// Writes the elements of `results`, which have one shape, by the threads that
/// `number` counts. The builder is left in a block's end.
static LogicalResult writeElements(IndexedEval &eval, KernelOp kernel,
                                   const Dealing &dealing, Value number,
                                   ArrayRef<unsigned> results) {
  OpBuilder &b = eval.builder();
  Location loc = kernel.getLoc();
  IndexedEval::Scope scope(eval);
  OpBuilder::InsertionGuard guard(b);
  if (dealing.threads % dealing.workgroup != 0) {
    Value inside =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, number,
                              eval.constant(dealing.threads));
    b.setInsertionPointToStart(scf::IfOp::create(b, loc, inside).thenBlock());
  }
  SmallVector<Value> place = eval.delinearize(number, dealing.shape);
  auto yields = kernel.getBodyBlock().getTerminator()->getOperands();
  // All values before all stores, so that neighbouring accesses stay together.
  struct Store {
    Value value;
    unsigned result;
    SmallVector<Value> indices;
  };
  SmallVector<Store> stores;
  for (unsigned result : results)
    for (int64_t k = 0; k < dealing.neighbours; ++k) {
      SmallVector<Value> indices = elementIndex(eval, dealing, place, k);
      FailureOr<Value> value = eval.at(yields[result], indices);
      if (failed(value))
        return failure();
      stores.push_back({*value, result, indices});
    }
  for (Store &store : stores)
    eval.store(store.value, eval.resultBuffer(store.result), store.indices);
  return success();
}

FailureOr<LaunchShape>
eclip::generatePerElement(KernelOp kernel, gpu::GPUFuncOp func, OpBuilder &b,
                          const KernelTarget &target, int64_t maxNeighbours) {
  // Results of one shape are written together; each shape has workgroups of
  // its own, one shape's behind the other's.
  llvm::MapVector<ArrayRef<int64_t>, SmallVector<unsigned>> groups;
  for (auto [result, type] : llvm::enumerate(kernel.getResultTypes()))
    groups[cast<RankedTensorType>(type).getShape()].push_back(result);
  SmallVector<Dealing> dealings;
  LaunchShape launch;
  for (auto &[shape, results] : groups) {
    dealings.push_back(
        deal(kernel, shape, groups.size() == 1, target, maxNeighbours));
    launch.workgroup[0] =
        std::max(launch.workgroup[0], dealings.back().workgroup);
  }
  IndexedEval eval(kernel, func, b);
  Location loc = kernel.getLoc();
  Value block = gpu::BlockIdOp::create(b, loc, gpu::Dimension::x);
  Value thread = gpu::ThreadIdOp::create(b, loc, gpu::Dimension::x);
  int64_t first = 0;
  for (auto [dealing, group] : llvm::zip_equal(dealings, groups)) {
    dealing.workgroup = launch.workgroup[0];
    int64_t count = llvm::divideCeil(dealing.threads, dealing.workgroup);
    OpBuilder::InsertionGuard guard(b);
    Value mine = block;
    if (groups.size() > 1) {
      mine = arith::SubIOp::create(b, loc, block, eval.constant(first));
      Value here = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                         mine, eval.constant(count));
      b.setInsertionPointToStart(scf::IfOp::create(b, loc, here).thenBlock());
    }
    IndexedEval::Scope scope(eval);
    Value number = eval.add(eval.mul(mine, dealing.workgroup), thread);
    if (failed(writeElements(eval, kernel, dealing, number, group.second)))
      return failure();
    first += count;
  }
  gpu::ReturnOp::create(b, loc);
  launch.grid[0] = first;
  return launch;
}

FailureOr<LaunchShape> eclip::generatePointwise(KernelOp kernel,
                                                gpu::GPUFuncOp func,
                                                OpBuilder &builder,
                                                const KernelTarget &target) {
  // As many as one store takes, of the widest result.
  int64_t bytes = 1, code = 1;
  for (Type type : kernel.getResultTypes())
    bytes = std::max<int64_t>(
        bytes,
        bufferType(cast<RankedTensorType>(type)).getElementTypeBitWidth() / 8);
  for (Value result : kernel.getBodyBlock().getTerminator()->getOperands())
    code += codeCensus(kernel, result, Leaves(), kMaxThreadCode).total;
  int64_t most = std::max<int64_t>(
      1, std::min<int64_t>(std::min<int64_t>(target.vectorBytes / bytes, 8),
                           llvm::bit_floor<uint64_t>(kMaxThreadCode / code)));
  return generatePerElement(kernel, func, builder, target, most);
}
