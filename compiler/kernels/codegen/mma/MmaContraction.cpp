//===- MmaContraction.cpp - matrix products on tensor cores ---------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/MmaContraction.h"
#include "compiler/kernels/codegen/contraction/Contraction.h"
#include "compiler/kernels/codegen/mma/MmaGroups.h"
#include "compiler/kernels/codegen/mma/MmaTail.h"
#include "compiler/kernels/codegen/mma/Warpgroup.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

using llvm::divideCeil;

namespace {
class MmaGenerator {
public:
  MmaGenerator(KernelOp kernel, gpu::GPUFuncOp func, OpBuilder &builder,
               const ContractionProblem &problem, const MmaPlan &plan)
      : kernel(kernel), func(func), b(builder), loc(kernel.getLoc()),
        eval(kernel, func, builder), problem(problem), plan(plan),
        tile(plan.tile), context{eval, problem, plan, {}, {}, {}, {}, {}},
        a(context, problem.a, plan.a, problem.mLoops, /*isA=*/true),
        bOperand(context, problem.b, plan.b, problem.nLoops, /*isA=*/false),
        warpgroups(context),
        stageElements(plan.a.elements() + plan.b.elements()) {}

  FailureOr<LaunchShape> run();

private:
  /// What is under way from memory in registers.
  struct Loaded {
    SmallVector<Value> a, b;
    /// Computes them out of what was loaded; to be moved to where they are
    /// stored.
    SmallVector<Operation *> arithmetic;
    Value base = {}; ///< the stage, of the first ones
  };

  void prepare();
  void prepareBatch(Value batch);
  void prepareShare(Value place);
  Value bBase(Value base) {
    return eval.add(base, eval.constant(plan.a.elements()));
  }
  void startCopies(Value tileNumber, Value base);
  void closeGroup();
  /// `known` is the tile's number where the loop over k is unrolled.
  FailureOr<Loaded> load(Value tileNumber, int64_t known = 0);
  void store(const Loaded &loaded, Value base);
  LogicalResult fillFirstStages();
  FailureOr<Loaded> loadAhead(Value ahead, Value more, Value base);
  void storeAhead(const Loaded &loaded, Value more, Value base);
  SmallVector<Value> zeroSums();
  void multiply(SmallVectorImpl<Value> &sums, Value base);
  Value nextStage(Value base);
  FailureOr<SmallVector<Value>> walk();
  FailureOr<SmallVector<Value>> walkUnrolled();
  bool isAsync() const { return plan.a.async || plan.b.async; }

  KernelOp kernel;
  gpu::GPUFuncOp func;
  OpBuilder &b;
  Location loc;
  IndexedEval eval;
  const ContractionProblem &problem;
  const MmaPlan &plan;
  const MmaTile &tile;
  MmaContext context;
  MmaOperand a, bOperand;
  WarpgroupProduct warpgroups; ///< where the tile is one of them
  int64_t stageElements;
  Value firstRow, firstColumn, warpRow, warpColumn;
  /// Of k: the workgroup's number in its cluster, and its tiles.
  Value share, firstTile, tileCount;
};
} // namespace

void MmaGenerator::prepareBatch(Value batch) {
  context.loops.assign(problem.loopSizes.size(), eval.constant(0));
  if (problem.batch == 1)
    return;
  SmallVector<Value> indices =
      eval.delinearize(batch, problem.sizesOf(problem.batchLoops));
  for (auto [loop, value] : llvm::zip_equal(problem.batchLoops, indices))
    context.loops[loop] = value;
}

/// Which tiles of k are this workgroup's: the workgroups of a cluster are
/// neighbours along x.
void MmaGenerator::prepareShare(Value place) {
  firstTile = eval.constant(0);
  tileCount = eval.constant(plan.walk.tiles);
  if (tile.split == 1)
    return;
  share = eval.rem(place, tile.split);
  if (plan.walk.tiles % tile.split == 0) {
    tileCount = eval.constant(plan.walk.tiles / tile.split);
    firstTile = eval.mul(share, plan.walk.tiles / tile.split);
    return;
  }
  firstTile = eval.div(eval.mul(share, plan.walk.tiles), tile.split);
  Value next = eval.add(share, eval.constant(1));
  Value end = eval.div(eval.mul(next, plan.walk.tiles), tile.split);
  tileCount = arith::SubIOp::create(b, loc, end, firstTile);
}

void MmaGenerator::prepare() {
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  auto bytes = MemRefType::get({ShapedType::kDynamic}, b.getI8Type(),
                               MemRefLayoutAttrInterface(), space);
  Type factor = problem.halves ? Type(b.getF16Type()) : b.getF32Type();
  auto factors = MemRefType::get({stageElements * tile.stages}, factor,
                                 MemRefLayoutAttrInterface(), space);
  context.memory = gpu::DynamicSharedMemoryOp::create(b, loc, bytes);
  context.shared = memref::ViewOp::create(b, loc, factors, context.memory,
                                          eval.constant(0), ValueRange{});
  context.thread = gpu::ThreadIdOp::create(b, loc, gpu::Dimension::x);
  context.lane = eval.rem(context.thread, 32);
  // Neighbouring workgroups share rows of A, the larger operand as a rule.
  int64_t across = divideCeil(problem.n, tile.n);
  int64_t down = divideCeil(problem.m, tile.m);
  Value place = gpu::BlockIdOp::create(b, loc, gpu::Dimension::x);
  prepareShare(place);
  place = eval.div(place, tile.split);
  prepareBatch(eval.div(place, across * down));
  firstRow = eval.mul(eval.rem(eval.div(place, across), down), tile.m);
  firstColumn = eval.mul(eval.rem(place, across), tile.n);
  Value warp = eval.div(context.thread, 32);
  warpRow = eval.mul(eval.div(warp, tile.warpsN()), tile.warpM);
  warpColumn = eval.mul(eval.rem(warp, tile.warpsN()), tile.warpN);
  a.prepare(firstRow, warpRow);
  bOperand.prepare(firstColumn, warpColumn);
  if (tile.warpgroups)
    warpgroups.prepare();
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

void MmaGenerator::startCopies(Value tileNumber, Value base) {
  if (plan.a.async)
    a.copy(tileNumber, base);
  if (plan.b.async)
    bOperand.copy(tileNumber, bBase(base));
}

/// Ends the group of copies of one stage, empty or not: waits count groups.
void MmaGenerator::closeGroup() {
  if (isAsync())
    NVVM::CpAsyncCommitGroupOp::create(b, loc);
}

FailureOr<MmaGenerator::Loaded> MmaGenerator::load(Value tileNumber,
                                                   int64_t known) {
  Loaded loaded;
  auto loadOperand = [&](MmaOperand &operand, const MmaStage &stage,
                         SmallVector<Value> &into) -> LogicalResult {
    if (stage.async)
      return success();
    if (stage.unrolled) {
      into = operand.loadUnrolled(known);
      return success();
    }
    FailureOr<SmallVector<Value>> values = operand.load(tileNumber);
    if (failed(values))
      return failure();
    into = std::move(*values);
    return success();
  };
  if (failed(loadOperand(a, plan.a, loaded.a)) ||
      failed(loadOperand(bOperand, plan.b, loaded.b)))
    return failure();
  return loaded;
}

void MmaGenerator::store(const Loaded &loaded, Value base) {
  if (!plan.a.async)
    a.store(loaded.a, base);
  if (!plan.b.async)
    bOperand.store(loaded.b, bBase(base));
}

/// What is computed out of loads since `before`, without the loads. What they
/// depend on stays with them.
static SmallVector<Operation *> behindLoads(Operation *before,
                                            Block::iterator end) {
  llvm::SmallPtrSet<Operation *, 32> waiting;
  SmallVector<Operation *> behind;
  for (Operation &op :
       llvm::make_range(std::next(Block::iterator(before)), end)) {
    bool waits = false;
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        waits |= waiting.contains(operand.getDefiningOp());
    });
    if (waits)
      behind.push_back(&op);
    if (waits || isa<memref::LoadOp, vector::LoadOp>(op))
      waiting.insert(&op);
  }
  return behind;
}

/// Loads of several stages are under way at once, if their registers are few.
LogicalResult MmaGenerator::fillFirstStages() {
  constexpr int64_t kChunksInRegisters = 16;
  int64_t chunks = (plan.a.async ? 0 : plan.a.slots) +
                   (plan.b.async ? 0 : plan.b.slots);
  bool together = !plan.isUnrolled() &&
                  chunks * tile.ahead() <= kChunksInRegisters;
  SmallVector<Loaded> underWay;
  auto storeAll = [&] {
    for (const Loaded &loaded : underWay) {
      for (Operation *op : loaded.arithmetic)
        op->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
      store(loaded, loaded.base);
    }
    underWay.clear();
  };
  for (int64_t stage = 0; stage < tile.ahead(); ++stage) {
    if (stage < plan.walk.tiles) {
      IndexedEval::Scope scope(eval);
      Value number = eval.add(firstTile, eval.constant(stage));
      Value base = eval.constant(stage * stageElements);
      startCopies(number, base);
      Operation *before = &*std::prev(b.getInsertionPoint());
      FailureOr<Loaded> loaded = load(number, stage);
      if (failed(loaded))
        return failure();
      loaded->base = base;
      if (together)
        loaded->arithmetic = behindLoads(before, b.getInsertionPoint());
      underWay.push_back(std::move(*loaded));
      if (!together)
        storeAll();
    }
    closeGroup();
  }
  IndexedEval::Scope scope(eval);
  storeAll();
  return success();
}

/// Starts the copies of tile number `ahead` of the workgroup's, and loads what
/// goes through registers; beyond the last tile the last one again, since the
/// loads of a block of their own would be waited for at its end.
FailureOr<MmaGenerator::Loaded>
MmaGenerator::loadAhead(Value ahead, Value more, Value base) {
  if (isAsync()) {
    auto choice = scf::IfOp::create(b, loc, more, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    IndexedEval::Scope scope(eval);
    b.setInsertionPointToStart(choice.thenBlock());
    startCopies(eval.add(firstTile, ahead), base);
  }
  closeGroup();
  if (plan.a.async && plan.b.async)
    return Loaded();
  IndexedEval::Scope scope(eval);
  Value last = arith::SubIOp::create(b, loc, tileCount, eval.constant(1));
  Value there = arith::SelectOp::create(b, loc, more, ahead, last);
  Operation *before = there.getDefiningOp();
  FailureOr<Loaded> loaded = load(eval.add(firstTile, there));
  if (succeeded(loaded))
    loaded->arithmetic = behindLoads(before, b.getInsertionPoint());
  return loaded;
}

void MmaGenerator::storeAhead(const Loaded &loaded, Value more, Value base) {
  if (plan.a.async && plan.b.async)
    return;
  // Loads whose values are used below only would be moved there.
  LLVM::InlineAsmOp::create(b, loc, TypeRange(), ValueRange(), "", "~{memory}",
                            /*has_side_effects=*/true,
                            /*is_align_stack=*/false,
                            LLVM::tailcallkind::TailCallKind::None,
                            LLVM::AsmDialectAttr(), ArrayAttr());
  auto choice = scf::IfOp::create(b, loc, more, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  IndexedEval::Scope scope(eval);
  for (Operation *op : loaded.arithmetic)
    op->moveBefore(choice.thenBlock()->getTerminator());
  b.setInsertionPoint(choice.thenBlock()->getTerminator());
  store(loaded, base);
}

//===----------------------------------------------------------------------===//
// The loop
//===----------------------------------------------------------------------===//

SmallVector<Value> MmaGenerator::zeroSums() {
  if (tile.warpgroups)
    return {warpgroups.zero()};
  auto type = VectorType::get({2, 2}, b.getF32Type());
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return SmallVector<Value>(tile.warpM / 16 * (tile.warpN / 8), zero);
}

void MmaGenerator::multiply(SmallVectorImpl<Value> &sums, Value base) {
  if (tile.warpgroups) {
    sums[0] = warpgroups.multiply(sums[0], base, bBase(base));
    return;
  }
  int64_t columns = tile.warpN / 8;
  int64_t depth = 2 * plan.a.chunk;
  for (int64_t step = 0; step < tile.k; step += depth) {
    SmallVector<Value> rows, parts;
    for (int64_t row = 0; row < tile.warpM; row += 16)
      rows.push_back(a.fragment(row, step, base));
    for (int64_t column = 0; column < tile.warpN; column += 16) {
      Value both = bOperand.fragment(column, step, bBase(base));
      for (int64_t half = 0; half < 2; ++half)
        parts.push_back(vector::ExtractStridedSliceOp::create(
            b, loc, both, ArrayRef<int64_t>{half * 2}, ArrayRef<int64_t>{2},
            ArrayRef<int64_t>{1}));
    }
    for (auto [i, row] : llvm::enumerate(rows))
      for (int64_t j = 0; j < columns; ++j) {
        Value &sum = sums[i * columns + j];
        sum = nvgpu::MmaSyncOp::create(b, loc, row, parts[j], sum,
                                       ArrayRef<int64_t>{16, 8, depth},
                                       /*tf32Enabled=*/problem.tf32);
      }
  }
}

Value MmaGenerator::nextStage(Value base) {
  Value next = eval.add(base, eval.constant(stageElements));
  Value end = eval.constant(stageElements * tile.stages);
  Value wraps =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, next, end);
  return arith::SelectOp::create(b, loc, wraps, eval.constant(0), next);
}

FailureOr<SmallVector<Value>> MmaGenerator::walk() {
  if (failed(fillFirstStages()))
    return failure();
  SmallVector<Value> carried = zeroSums();
  int64_t count = carried.size();
  carried.push_back(eval.constant(0));
  carried.push_back(eval.constant(tile.ahead() * stageElements));
  auto loop = scf::ForOp::create(b, loc, eval.constant(0),
                                 tileCount, eval.constant(1), carried);
  OpBuilder::InsertionGuard guard(b);
  IndexedEval::Scope scope(eval);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> inside(loop.getRegionIterArgs());
  SmallVector<Value> sums(ArrayRef(inside).take_front(count));
  Value reading = inside[count], writing = inside[count + 1];
  // This tile's copies have arrived, here and (after the barrier) of all
  // threads; and all have read what the copies below replace.
  if (isAsync())
    NVVM::CpAsyncWaitGroupOp::create(b, loc, uint32_t(tile.ahead() - 1));
  if (tile.warpgroups)
    warpgroups.publish();
  gpu::BarrierOp::create(b, loc);
  Value ahead =
      eval.add(loop.getInductionVar(), eval.constant(tile.ahead()));
  Value more = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, ahead,
                                     tileCount);
  FailureOr<Loaded> loaded = loadAhead(ahead, more, writing);
  if (failed(loaded))
    return failure();
  multiply(sums, reading);
  storeAhead(*loaded, more, writing);
  sums.push_back(nextStage(reading));
  sums.push_back(nextStage(writing));
  scf::YieldOp::create(b, loc, sums);
  b.setInsertionPointAfter(loop);
  if (tile.warpgroups)
    return warpgroups.finish(loop.getResult(0));
  return SmallVector<Value>(loop.getResults().take_front(count));
}

/// The same as code without a loop.
FailureOr<SmallVector<Value>> MmaGenerator::walkUnrolled() {
  if (failed(fillFirstStages()))
    return failure();
  SmallVector<Value> sums = zeroSums();
  auto stageOf = [&](int64_t number) {
    return eval.constant(number % tile.stages * stageElements);
  };
  for (int64_t number = 0; number < plan.walk.tiles; ++number) {
    if (isAsync())
      NVVM::CpAsyncWaitGroupOp::create(b, loc, uint32_t(tile.ahead() - 1));
    if (tile.warpgroups)
      warpgroups.publish();
    gpu::BarrierOp::create(b, loc);
    int64_t ahead = number + tile.ahead();
    std::optional<Loaded> loaded;
    if (ahead < plan.walk.tiles) {
      Value aheadValue = eval.constant(ahead);
      startCopies(aheadValue, stageOf(ahead));
      FailureOr<Loaded> next = load(aheadValue, ahead);
      if (failed(next))
        return failure();
      loaded = std::move(*next);
    }
    closeGroup();
    multiply(sums, stageOf(number));
    if (loaded)
      store(*loaded, stageOf(ahead));
  }
  return tile.warpgroups ? warpgroups.finish(sums[0]) : sums;
}

FailureOr<LaunchShape> MmaGenerator::run() {
  prepare();
  FailureOr<SmallVector<Value>> sums =
      plan.isUnrolled() ? walkUnrolled() : walk();
  if (failed(sums))
    return failure();
  MmaOutputs outputs{*sums,   firstRow,   firstColumn,
                     warpRow, warpColumn, share};
  if (failed(emitMmaTail(context, kernel, outputs)))
    return failure();
  gpu::ReturnOp::create(b, loc);
  LaunchShape launch;
  // All in x: the other dimensions end at 65535.
  launch.grid = {int64_t(divideCeil(problem.n, tile.n) *
                         divideCeil(problem.m, tile.m)) *
                     problem.batch * tile.split,
                 1, 1};
  if (tile.split > 1)
    func->setAttr(NVVM::NVVMDialect::getClusterDimAttrName(),
                  b.getDenseI32ArrayAttr({int32_t(tile.split), 1, 1}));
  launch.workgroup = {tile.threads(), 1, 1};
  return launch;
}

/// The tile that the kernel comes with, or the cheapest.
static FailureOr<MmaPlan> planOf(KernelOp kernel,
                                 const ContractionProblem &problem,
                                 const KernelTarget &target) {
  auto given = kernel->getAttrOfType<StringAttr>("eclip.tile");
  if (!given)
    return chooseMma(problem, target);
  std::optional<MmaTile> tile = MmaTile::parse(given);
  if (!tile)
    return kernel.emitError("no tile of tensor cores is called '")
           << given.getValue() << "'";
  std::optional<MmaPlan> plan = planMma(problem, *tile, target);
  if (!plan)
    return kernel.emitError("tile '")
           << given.getValue() << "' does not fit this contraction on "
           << target.chip;
  return std::move(*plan);
}

FailureOr<LaunchShape> eclip::generateTensorCore(KernelOp kernel,
                                                 gpu::GPUFuncOp func,
                                                 OpBuilder &builder,
                                                 const KernelTarget &target) {
  FailureOr<ContractionProblem> problem = analyzeContraction(kernel);
  if (failed(problem))
    return failure();
  if (!suitsMma(*problem))
    return generateContraction(kernel, func, builder, target);
  problem = withJoinedGroups(std::move(*problem));
  FailureOr<MmaPlan> plan = planOf(kernel, *problem, target);
  if (failed(plan))
    return failure();
  kernel->setAttr("eclip.tile", builder.getStringAttr(plan->tile.name()));
  return MmaGenerator(kernel, func, builder, *problem, *plan).run();
}
