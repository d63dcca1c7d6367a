//===- Contraction.cpp - matrix products and convolutions -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/contraction/Contraction.h"
#include "compiler/kernels/codegen/PerElement.h"
#include "compiler/kernels/codegen/contraction/Tail.h"
#include "compiler/kernels/codegen/contraction/TileTable.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

using llvm::divideCeil;

namespace {
class TiledGenerator {
public:
  TiledGenerator(KernelOp kernel, gpu::GPUFuncOp func, OpBuilder &builder,
                 const ContractionProblem &problem, const ContractionPlan &plan)
      : kernel(kernel), func(func), b(builder), loc(kernel.getLoc()),
        eval(kernel, func, builder), problem(problem), plan(plan),
        tile(plan.tile), context{eval, problem, plan, {}, {}, {}},
        a(context, problem.a, plan.a, problem.mLoops),
        bStage(context, problem.b, plan.b, problem.nLoops) {}

  FailureOr<LaunchShape> run();

private:
  void prepare();
  FailureOr<SmallVector<Value>> loadBoth(Value tileNumber);
  void storeBoth(ArrayRef<Value> staged);
  FailureOr<SmallVector<Value>> loadNext(Value tileNumber,
                                         ArrayRef<Value> staged);
  void multiply(SmallVectorImpl<Value> &accumulators);
  Value multiplyAdd(Value lhs, Value rhs, Value sum);
  FailureOr<SmallVector<Value>> walk();
  void addShares(SmallVectorImpl<Value> &accumulators);
  void writeShare(ArrayRef<Value> accumulators, Value share);
  SmallVector<Value> readShare(ArrayRef<Value> accumulators, Value share);
  Value shareWord(Value share, int64_t four);
  LogicalResult finish(ArrayRef<Value> accumulators);

  KernelOp kernel;
  gpu::GPUFuncOp func;
  OpBuilder &b;
  Location loc;
  IndexedEval eval;
  const ContractionProblem &problem;
  const ContractionPlan &plan;
  const ContractionTile &tile;
  StageContext context;
  OperandStage a, bStage;
  /// The thread's place along m and n, and its share of k.
  Value placeM, placeN, share;
  Value firstRow, firstColumn;
};
} // namespace

/// Bank-conflict-free reads want 16-byte alignment, which the first word has.
static Value addLds(gpu::GPUFuncOp func, OpBuilder &b, int64_t words,
                    Location loc) {
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  return func.addWorkgroupAttribution(
      MemRefType::get({words}, b.getF32Type(), MemRefLayoutAttrInterface(),
                      space),
      loc);
}

void TiledGenerator::prepare() {
  context.lds = addLds(func, b, plan.ldsWords, loc);
  context.thread = gpu::ThreadIdOp::create(b, loc, gpu::Dimension::x);
  Value m = gpu::BlockIdOp::create(b, loc, gpu::Dimension::x);
  Value n = gpu::BlockIdOp::create(b, loc, gpu::Dimension::y);
  context.loops.assign(problem.loopSizes.size(), eval.constant(0));
  if (problem.batch > 1) {
    Value batch = gpu::BlockIdOp::create(b, loc, gpu::Dimension::z);
    SmallVector<Value> indices =
        eval.delinearize(batch, problem.sizesOf(problem.batchLoops));
    for (auto [loop, value] : llvm::zip_equal(problem.batchLoops, indices))
      context.loops[loop] = value;
  }
  firstRow = divideCeil(problem.m, tile.m()) == 1 ? eval.constant(0)
                                                  : eval.mul(m, tile.m());
  firstColumn = divideCeil(problem.n, tile.n()) == 1 ? eval.constant(0)
                                                     : eval.mul(n, tile.n());
  Value rest = eval.div(context.thread, tile.threadsN);
  placeN = eval.rem(context.thread, tile.threadsN);
  placeM = tile.threadsK == 1 ? rest : eval.rem(rest, tile.threadsM);
  share = tile.threadsK == 1 ? eval.constant(0) : eval.div(rest, tile.threadsM);
  a.prepare(firstRow, placeM, tile.threadsM, share);
  bStage.prepare(firstColumn, placeN, tile.threadsN, share);
}

FailureOr<SmallVector<Value>> TiledGenerator::loadBoth(Value tileNumber) {
  FailureOr<SmallVector<Value>> fromA = a.load(tileNumber);
  if (failed(fromA))
    return failure();
  FailureOr<SmallVector<Value>> fromB = bStage.load(tileNumber);
  if (failed(fromB))
    return failure();
  fromA->append(fromB->begin(), fromB->end());
  return fromA;
}

void TiledGenerator::storeBoth(ArrayRef<Value> staged) {
  a.store(staged.take_front(plan.a.slots), 0);
  bStage.store(staged.drop_front(plan.a.slots), plan.a.words);
}

/// The loads of the tile after `tileNumber`, if there is one.
FailureOr<SmallVector<Value>> TiledGenerator::loadNext(Value tileNumber,
                                                       ArrayRef<Value> staged) {
  Value next = eval.add(tileNumber, eval.constant(1));
  Value more = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, next,
                                     eval.constant(plan.walk.tiles));
  SmallVector<Type> types(ValueRange(staged).getTypes());
  auto choice = scf::IfOp::create(b, loc, types, more, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    IndexedEval::Scope scope(eval);
    b.setInsertionPointToStart(choice.thenBlock());
    FailureOr<SmallVector<Value>> loaded = loadBoth(next);
    if (failed(loaded))
      return failure();
    scf::YieldOp::create(b, loc, *loaded);
    b.setInsertionPointToStart(choice.elseBlock());
    // Nobody reads what the last round carries on; without a value there the
    // registers that wait for the loads need no copies.
    SmallVector<Value> nothing;
    for (Type type : types)
      nothing.push_back(LLVM::PoisonOp::create(b, loc, type));
    scf::YieldOp::create(b, loc, nothing);
  }
  return SmallVector<Value>(choice.getResults());
}

/// One word of each operand: v_fma_f32, or v_dot2_f32_f16, which adds both
/// products to the f32 sum.
Value TiledGenerator::multiplyAdd(Value lhs, Value rhs, Value sum) {
  if (!problem.halves)
    return math::FmaOp::create(b, loc, lhs, rhs, sum);
  auto pair = VectorType::get({2}, b.getF16Type());
  Value noClamp = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
  return LLVM::CallIntrinsicOp::create(
             b, loc, b.getF32Type(),
             b.getStringAttr("llvm.amdgcn.fdot2"),
             ValueRange{LLVM::BitcastOp::create(b, loc, pair, lhs),
                        LLVM::BitcastOp::create(b, loc, pair, rhs), sum,
                        noClamp})
      .getResult(0);
}

void TiledGenerator::multiply(SmallVectorImpl<Value> &accumulators) {
  // Fragments that are read ahead take registers. Where just they would leave
  // room for only one wave on a SIMD, or spill because a workgroup of more than
  // 256 has half of the registers for each thread, they are read in order, and
  // waves wait for LDS in turn.
  bool inOrder = tile.threads() > 256 ||
                 (plan.vgprEstimate >= kReadAheadVgprs &&
                  plan.vgprEstimate <= kTwoWavesVgprs);
  for (int64_t group = 0; group < tile.stepK / 4; ++group) {
    if (inOrder && group != 0)
      ROCDL::SchedBarrier::create(b, loc, /*mask=*/0);
    auto rows = a.fragment(group, 0);
    auto columns = bStage.fragment(group, plan.a.words);
    for (int64_t step = 0; step < 4; ++step)
      for (int64_t row = 0; row < tile.threadM; ++row)
        for (int64_t column = 0; column < tile.threadN; ++column) {
          Value &sum = accumulators[row * tile.threadN + column];
          sum = multiplyAdd(rows[row][step], columns[column][step], sum);
        }
  }
}

/// One tile is in registers on its way from memory while the one before it is
/// multiplied out of LDS.
FailureOr<SmallVector<Value>> TiledGenerator::walk() {
  int64_t count = tile.threadM * tile.threadN;
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
  FailureOr<SmallVector<Value>> staged = loadBoth(eval.constant(0));
  if (failed(staged))
    return failure();
  SmallVector<Value> accumulators(count, zero);
  if (plan.walk.tiles == 1) {
    storeBoth(*staged);
    gpu::BarrierOp::create(b, loc);
    multiply(accumulators);
    return accumulators;
  }
  SmallVector<Value> carried(accumulators);
  carried.append(staged->begin(), staged->end());
  auto loop = scf::ForOp::create(b, loc, eval.constant(0),
                                 eval.constant(plan.walk.tiles),
                                 eval.constant(1), carried);
  OpBuilder::InsertionGuard guard(b);
  IndexedEval::Scope scope(eval);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> inside(loop.getRegionIterArgs());
  SmallVector<Value> sums(ArrayRef(inside).take_front(count));
  ArrayRef<Value> current = ArrayRef(inside).drop_front(count);
  gpu::BarrierOp::create(b, loc);
  storeBoth(current);
  gpu::BarrierOp::create(b, loc);
  FailureOr<SmallVector<Value>> next =
      loadNext(loop.getInductionVar(), current);
  if (failed(next))
    return failure();
  multiply(sums);
  sums.append(next->begin(), next->end());
  scf::YieldOp::create(b, loc, sums);
  return SmallVector<Value>(loop.getResults().take_front(count));
}

//===----------------------------------------------------------------------===//
// Shares of k
//===----------------------------------------------------------------------===//

Value TiledGenerator::shareWord(Value from, int64_t four) {
  int64_t holders = tile.threadsM * tile.threadsN;
  int64_t fours = tile.threadM * tile.threadN / 4;
  Value place = eval.rem(context.thread, holders);
  Value first =
      eval.add(eval.mul(from, fours * holders * 4), eval.mul(place, 4));
  return eval.add(first, eval.constant(four * holders * 4));
}

void TiledGenerator::writeShare(ArrayRef<Value> accumulators, Value to) {
  auto quad = VectorType::get({4}, b.getF32Type());
  for (int64_t four = 0; four < int64_t(accumulators.size()) / 4; ++four) {
    Value values = vector::FromElementsOp::create(
        b, loc, quad, accumulators.slice(four * 4, 4));
    vector::StoreOp::create(b, loc, values, context.lds, shareWord(to, four),
                            /*nontemporal=*/false, llvm::MaybeAlign(16));
  }
}

SmallVector<Value> TiledGenerator::readShare(ArrayRef<Value> accumulators,
                                             Value from) {
  auto quad = VectorType::get({4}, b.getF32Type());
  SmallVector<Value> sums;
  for (int64_t four = 0; four < int64_t(accumulators.size()) / 4; ++four) {
    Value values =
        vector::LoadOp::create(b, loc, quad, context.lds, shareWord(from, four),
                               /*nontemporal=*/false, llvm::MaybeAlign(16));
    for (int64_t i = 0; i < 4; ++i)
      sums.push_back(
          arith::AddFOp::create(b, loc, accumulators[four * 4 + i],
                                vector::ExtractOp::create(b, loc, values, i)));
  }
  return sums;
}

/// A tree: the upper half of the shares is added to the lower half until one
/// is left. The order is fixed, so results do not vary between runs.
void TiledGenerator::addShares(SmallVectorImpl<Value> &accumulators) {
  for (int64_t half = tile.threadsK / 2; half >= 1; half /= 2) {
    Value middle = eval.constant(half);
    gpu::BarrierOp::create(b, loc);
    Value giving =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, share, middle);
    if (half * 2 != tile.threadsK) {
      Value active = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                           share, eval.constant(half * 2));
      giving = arith::AndIOp::create(b, loc, giving, active);
    }
    auto write = scf::IfOp::create(b, loc, giving, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(b);
      IndexedEval::Scope scope(eval);
      b.setInsertionPointToStart(write.thenBlock());
      writeShare(accumulators, arith::SubIOp::create(b, loc, share, middle));
    }
    gpu::BarrierOp::create(b, loc);
    Value taking =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, share, middle);
    SmallVector<Type> types(accumulators.size(), b.getF32Type());
    auto read =
        scf::IfOp::create(b, loc, types, taking, /*withElseRegion=*/true);
    {
      OpBuilder::InsertionGuard guard(b);
      IndexedEval::Scope scope(eval);
      b.setInsertionPointToStart(read.thenBlock());
      scf::YieldOp::create(b, loc, readShare(accumulators, share));
      b.setInsertionPointToStart(read.elseBlock());
      scf::YieldOp::create(b, loc, ArrayRef<Value>(accumulators));
    }
    accumulators.assign(read.getResults().begin(), read.getResults().end());
  }
}

LogicalResult TiledGenerator::finish(ArrayRef<Value> accumulators) {
  ThreadOutputs outputs{accumulators, firstRow, firstColumn, placeM, placeN};
  if (tile.threadsK == 1)
    return emitTail(context, kernel, outputs);
  Value holds = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, share,
                                      eval.constant(0));
  auto guard = scf::IfOp::create(b, loc, holds, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard point(b);
  IndexedEval::Scope scope(eval);
  b.setInsertionPointToStart(guard.thenBlock());
  return emitTail(context, kernel, outputs);
}

FailureOr<LaunchShape> TiledGenerator::run() {
  prepare();
  FailureOr<SmallVector<Value>> accumulators = walk();
  if (failed(accumulators))
    return failure();
  addShares(*accumulators);
  if (failed(finish(*accumulators)))
    return failure();
  gpu::ReturnOp::create(b, loc);
  LaunchShape launch;
  launch.grid = {int64_t(divideCeil(problem.m, tile.m())),
                 int64_t(divideCeil(problem.n, tile.n())), problem.batch};
  launch.workgroup = {tile.threads(), 1, 1};
  return launch;
}

/// Lets the back end make one instruction of the product and the sum, as the
/// tiled form does; of halves v_fma_mix_f32, which also extends them.
static void allowFusing(linalg::LinalgOp op) {
  auto contract = arith::FastMathFlagsAttr::get(op.getContext(),
                                                arith::FastMathFlags::contract);
  arith::MulFOp product = contractedProduct(op);
  product.setFastmathAttr(contract);
  for (Operation *user : product->getUsers())
    if (auto sum = dyn_cast<arith::AddFOp>(user))
      sum.setFastmathAttr(contract);
}

FailureOr<LaunchShape> eclip::generateContraction(KernelOp kernel,
                                                  gpu::GPUFuncOp func,
                                                  OpBuilder &builder,
                                                  const KernelTarget &target) {
  FailureOr<ContractionProblem> problem = analyzeContraction(kernel);
  if (failed(problem))
    return failure();
  // Without a loop of its own on either side (depthwise convolution) no element
  // is used by two outputs beside one another along n or m: tiles gain nothing.
  if (problem->m == 1 || problem->n == 1) {
    if (problem->batch > 1) {
      kernel->setAttr("eclip.tile", builder.getStringAttr("direct"));
      allowFusing(problem->op);
      return generatePerElement(kernel, func, builder, target,
                                /*maxNeighbours=*/4);
    }
  }
  ContractionPlan plan = chooseTile(*problem, target);
  kernel->setAttr("eclip.tile", builder.getStringAttr(plan.tile.name()));
  return TiledGenerator(kernel, func, builder, *problem, plan).run();
}
