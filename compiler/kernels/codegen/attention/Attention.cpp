//===- Attention.cpp - attention on tensor cores --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/attention/Attention.h"
#include "compiler/kernels/codegen/attention/AttentionRows.h"
#include "compiler/kernels/codegen/mma/MmaTail.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/Support/MathExtras.h"

#include <array>

using namespace mlir;
using namespace eclip;

using llvm::divideCeil;

namespace {
/// A lane holds, of 16 rows by 8 columns of sums, two neighbours in each of two
/// rows: line 0 and, 8 further down, line 1.
constexpr int64_t kLines = 2, kNeighbours = 2;
using Lines = std::array<Value, kLines>;

class AttentionGenerator {
public:
  AttentionGenerator(KernelOp kernel, gpu::GPUFuncOp func, OpBuilder &builder,
                     const AttentionProblem &problem, const AttentionTile &tile)
      : kernel(kernel), func(func), b(builder), loc(kernel.getLoc()),
        eval(kernel, func, builder), problem(problem), tile(tile),
        context{eval, tile, {}, {}, {}},
        queries(context, problem.scores, problem.scores.a,
                problem.scores.mLoops[0], problem.scores.kLoops[0],
                tile.queries),
        keys(context, problem.scores, problem.scores.b,
             problem.scores.nLoops[0], problem.scores.kLoops[0], tile.keys),
        values(context, problem.output, problem.output.b,
               problem.output.kLoops[0], problem.output.nLoops[0], tile.keys),
        blocks(divideCeil(problem.keys(), tile.keys)),
        ahead(blocks <= tile.stages ? blocks : tile.stages - 1) {}

  FailureOr<LaunchShape> run();

private:
  /// What goes from one block of keys to the next.
  struct State {
    /// vector<2x2xf32> for each 8 features of values.
    SmallVector<Value> outputs;
    Lines maxima, sums;
  };

  void prepare();
  SmallVector<Value> batchLoops(const ContractionProblem &of, Value batch);
  void copyKeys(Value block);
  void copyValues(Value block);
  void copyFirst();
  void copyAhead(Value block);
  void waitFor(int64_t pending);
  Value stageOf(Value block);

  Value multiply(Value left, Value right, int64_t half, Value sum);
  SmallVector<Value> multiplyKeys(Value stage);
  FailureOr<SmallVector<Value>> logitsOf(ArrayRef<Value> scores, Value block);
  FailureOr<Value> logit(Value score, Value query, Value key);
  Value overQuad(Value value, bool isMaximum);
  Lines newMaxima(ArrayRef<Value> logits, const Lines &maxima);
  SmallVector<Value> powers(ArrayRef<Value> logits, const Lines &maxima);
  void scaleState(State &state, const Lines &factors);
  void addSums(State &state, ArrayRef<Value> powers);
  void multiplyValues(State &state, ArrayRef<Value> powers, Value stage);
  LogicalResult step(State &state, Value block);
  FailureOr<State> walk();
  LogicalResult finish(State &state);

  State firstState();
  static SmallVector<Value> flattened(const State &state);
  static State restored(ValueRange values);

  Value zeroSums() {
    auto type = VectorType::get({kLines, kNeighbours}, b.getF32Type());
    return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  }
  Value f32(double value) {
    return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
  }
  Value minusInfinity() {
    return f32(-std::numeric_limits<double>::infinity());
  }
  Value exponential(Value x, Value maximum) {
    return math::ExpOp::create(b, loc,
                               arith::SubFOp::create(b, loc, x, maximum));
  }
  /// Number of the element of sums that holds `neighbour` in `line`, among all
  /// that a thread has of 8 columns.
  static int64_t place(int64_t line, int64_t neighbour) {
    return line * kNeighbours + neighbour;
  }

  KernelOp kernel;
  gpu::GPUFuncOp func;
  OpBuilder &b;
  Location loc;
  IndexedEval eval;
  const AttentionProblem &problem;
  const AttentionTile &tile;
  AttentionContext context;
  AttentionRows queries, keys, values;
  /// Blocks of keys, and how many of them are under way before the first is
  /// multiplied.
  int64_t blocks, ahead;
  Value memory, warpRow, firstQuery;
  SmallVector<Value> scoreLoops, outputLoops;
  /// Of 16 queries of the warp, by 16 features.
  SmallVector<Value> queryFragments;
};
} // namespace

//===----------------------------------------------------------------------===//
// Beginning
//===----------------------------------------------------------------------===//

SmallVector<Value>
AttentionGenerator::batchLoops(const ContractionProblem &of, Value batch) {
  SmallVector<Value> loops(of.loopSizes.size(), eval.constant(0));
  SmallVector<Value> indices =
      eval.delinearize(batch, of.sizesOf(of.batchLoops));
  for (auto [loop, value] : llvm::zip_equal(of.batchLoops, indices))
    loops[loop] = value;
  return loops;
}

void AttentionGenerator::prepare() {
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  auto bytes = MemRefType::get({ShapedType::kDynamic}, b.getI8Type(),
                               MemRefLayoutAttrInterface(), space);
  int64_t elements = queries.elements() +
                     tile.stages * (keys.elements() + values.elements());
  auto halves = MemRefType::get({elements}, b.getF16Type(),
                                MemRefLayoutAttrInterface(), space);
  memory = gpu::DynamicSharedMemoryOp::create(b, loc, bytes);
  context.shared = memref::ViewOp::create(b, loc, halves, memory,
                                          eval.constant(0), ValueRange{});
  context.thread = gpu::ThreadIdOp::create(b, loc, gpu::Dimension::x);
  context.lane = eval.rem(context.thread, 32);
  warpRow = eval.mul(eval.div(context.thread, 32), 16);
  // Neighbouring workgroups read the same keys.
  int64_t down = divideCeil(problem.queries(), tile.queries);
  Value number = gpu::BlockIdOp::create(b, loc, gpu::Dimension::x);
  firstQuery = eval.mul(eval.rem(number, down), tile.queries);
  Value batch = eval.div(number, down);
  scoreLoops = batchLoops(problem.scores, batch);
  outputLoops = batchLoops(problem.output, batch);
  queries.prepare(scoreLoops);
  keys.prepare(scoreLoops);
  values.prepare(outputLoops);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// Where the stage of block number `block` begins: its keys, then its values.
Value AttentionGenerator::stageOf(Value block) {
  Value stage = blocks <= tile.stages ? block : eval.rem(block, tile.stages);
  return eval.add(eval.constant(queries.elements()),
                  eval.mul(stage, keys.elements() + values.elements()));
}

void AttentionGenerator::copyKeys(Value block) {
  keys.copy(eval.mul(block, tile.keys), stageOf(block));
}

void AttentionGenerator::copyValues(Value block) {
  values.copy(eval.mul(block, tile.keys),
              eval.add(stageOf(block), eval.constant(keys.elements())));
}

/// Two groups of copies for each block, keys and values; the queries go with
/// the first keys.
void AttentionGenerator::copyFirst() {
  queries.copy(firstQuery, eval.constant(0));
  for (int64_t block = 0; block < ahead; ++block) {
    copyKeys(eval.constant(block));
    NVVM::CpAsyncCommitGroupOp::create(b, loc);
    copyValues(eval.constant(block));
    NVVM::CpAsyncCommitGroupOp::create(b, loc);
  }
}

/// Block `block` if there is one; two groups, empty or not, since waits count
/// groups.
void AttentionGenerator::copyAhead(Value block) {
  if (ahead == blocks) {
    NVVM::CpAsyncCommitGroupOp::create(b, loc);
    NVVM::CpAsyncCommitGroupOp::create(b, loc);
    return;
  }
  Value more = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, block,
                                     eval.constant(blocks));
  for (auto copy :
       {&AttentionGenerator::copyKeys, &AttentionGenerator::copyValues}) {
    auto guard = scf::IfOp::create(b, loc, more, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard point(b);
      IndexedEval::Scope scope(eval);
      b.setInsertionPointToStart(guard.thenBlock());
      (this->*copy)(block);
    }
    NVVM::CpAsyncCommitGroupOp::create(b, loc);
  }
}

/// All but the newest `pending` groups have arrived, those of all threads.
void AttentionGenerator::waitFor(int64_t pending) {
  NVVM::CpAsyncWaitGroupOp::create(b, loc, uint32_t(pending));
  gpu::BarrierOp::create(b, loc);
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// sum + left * right, of the 8 columns that are half `half` of `right`.
Value AttentionGenerator::multiply(Value left, Value right, int64_t half,
                                   Value sum) {
  Value part = vector::ExtractStridedSliceOp::create(
      b, loc, right, ArrayRef<int64_t>{half * 2}, ArrayRef<int64_t>{2},
      ArrayRef<int64_t>{1});
  return nvgpu::MmaSyncOp::create(b, loc, left, part, sum,
                                  ArrayRef<int64_t>{16, 8, 16},
                                  /*tf32Enabled=*/false);
}

/// Sums for each 8 keys of the block.
SmallVector<Value> AttentionGenerator::multiplyKeys(Value stage) {
  SmallVector<Value> sums(tile.keys / 8, zeroSums());
  for (auto [step, left] : llvm::enumerate(queryFragments))
    for (int64_t key = 0; key < tile.keys; key += 16) {
      Value right = keys.fragment(eval.constant(key), int64_t(step) * 16, stage,
                                  AttentionRows::ColumnsFirst,
                                  /*transposed=*/false);
      for (int64_t half = 0; half < 2; ++half) {
        Value &sum = sums[key / 8 + half];
        sum = multiply(left, right, half, sum);
      }
    }
  return sums;
}

/// The tail of the scores, for one of them.
FailureOr<Value> AttentionGenerator::logit(Value score, Value query, Value key) {
  const ContractionProblem &scores = problem.scores;
  SmallVector<Value> loops = scoreLoops;
  loops[scores.mLoops[0]] = query;
  loops[scores.nLoops[0]] = key;
  SmallVector<Value> element = eval.applyMap(scores.outMap, loops);
  IndexedEval::Scope scope(eval);
  Value result = problem.scores.op->getResult(0);
  eval.bind(result, [score](OpBuilder &, Location, ValueRange)
                -> FailureOr<Value> { return score; });
  FailureOr<Value> value = eval.at(
      problem.logits,
      eval.applyMap(scores.tailMaps.lookup(problem.logits), element));
  eval.unbind(result);
  return value;
}

/// In the order of place(), 8 keys after 8 keys. Keys that there are not get
/// minus infinity.
FailureOr<SmallVector<Value>>
AttentionGenerator::logitsOf(ArrayRef<Value> scores, Value block) {
  Value zero = eval.constant(0);
  auto below = [&](Value index, int64_t size) -> Value {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index,
                                 eval.constant(size));
  };
  Lines rows;
  for (int64_t line = 0; line < kLines; ++line) {
    Value row = eval.add(eval.add(firstQuery, warpRow),
                         eval.add(eval.div(context.lane, 4),
                                  eval.constant(line * 8)));
    rows[line] = problem.queries() % tile.queries == 0
                     ? row
                     : arith::SelectOp::create(
                           b, loc, below(row, problem.queries()), row, zero);
  }
  Value first = eval.add(eval.mul(block, tile.keys),
                         eval.mul(eval.rem(context.lane, 4), kNeighbours));
  bool ragged = problem.keys() % tile.keys != 0;
  SmallVector<Value> logits;
  for (auto [eight, sums] : llvm::enumerate(scores)) {
    std::array<Value, kNeighbours> columns, inside;
    for (int64_t i = 0; i < kNeighbours; ++i) {
      columns[i] = eval.add(first, eval.constant(int64_t(eight) * 8 + i));
      if (!ragged)
        continue;
      inside[i] = below(columns[i], problem.keys());
      columns[i] =
          arith::SelectOp::create(b, loc, inside[i], columns[i], zero);
    }
    for (int64_t line = 0; line < kLines; ++line)
      for (int64_t i = 0; i < kNeighbours; ++i) {
        Value score =
            vector::ExtractOp::create(b, loc, sums, ArrayRef<int64_t>{line, i});
        FailureOr<Value> value = logit(score, rows[line], columns[i]);
        if (failed(value))
          return failure();
        logits.push_back(ragged ? arith::SelectOp::create(b, loc, inside[i],
                                                          *value,
                                                          minusInfinity())
                                : *value);
      }
  }
  return logits;
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Of the four lanes that share a row.
Value AttentionGenerator::overQuad(Value value, bool isMaximum) {
  for (int32_t distance : {1, 2}) {
    Value other = gpu::ShuffleOp::create(b, loc, value, distance, 32,
                                         gpu::ShuffleMode::XOR)
                      .getShuffleResult();
    value = isMaximum ? Value(arith::MaxNumFOp::create(b, loc, value, other))
                      : Value(arith::AddFOp::create(b, loc, value, other));
  }
  return value;
}

Lines AttentionGenerator::newMaxima(ArrayRef<Value> logits,
                                    const Lines &maxima) {
  Lines found;
  for (int64_t line = 0; line < kLines; ++line) {
    Value most;
    for (size_t first = 0; first < logits.size(); first += kLines * kNeighbours)
      for (int64_t i = 0; i < kNeighbours; ++i) {
        Value value = logits[first + place(line, i)];
        most = most ? Value(arith::MaxNumFOp::create(b, loc, most, value))
                    : value;
      }
    found[line] = arith::MaxNumFOp::create(b, loc, maxima[line],
                                           overQuad(most, /*isMaximum=*/true));
  }
  return found;
}

SmallVector<Value> AttentionGenerator::powers(ArrayRef<Value> logits,
                                              const Lines &maxima) {
  SmallVector<Value> result;
  for (auto [number, value] : llvm::enumerate(logits))
    result.push_back(
        exponential(value, maxima[number / kNeighbours % kLines]));
  return result;
}

void AttentionGenerator::scaleState(State &state, const Lines &factors) {
  for (int64_t line = 0; line < kLines; ++line)
    state.sums[line] =
        arith::MulFOp::create(b, loc, state.sums[line], factors[line]);
  for (Value &output : state.outputs)
    for (int64_t line = 0; line < kLines; ++line)
      for (int64_t i = 0; i < kNeighbours; ++i) {
        const std::array<int64_t, 2> at = {line, i};
        Value scaled = arith::MulFOp::create(
            b, loc, vector::ExtractOp::create(b, loc, output, ArrayRef(at)),
            factors[line]);
        output = vector::InsertOp::create(b, loc, scaled, output, ArrayRef(at));
      }
}

/// A thread adds up its own columns; those of the quad come together at the end.
void AttentionGenerator::addSums(State &state, ArrayRef<Value> powers) {
  for (auto [number, value] : llvm::enumerate(powers)) {
    Value &sum = state.sums[number / kNeighbours % kLines];
    sum = arith::AddFOp::create(b, loc, sum, value);
  }
}

/// The sums of 16 rows by 8 columns, twice, are the left fragment of 16 by 16.
void AttentionGenerator::multiplyValues(State &state, ArrayRef<Value> powers,
                                        Value stage) {
  auto pair = VectorType::get({kNeighbours}, b.getF32Type());
  auto halves = VectorType::get({kNeighbours}, b.getF16Type());
  auto fragment = VectorType::get({4, kNeighbours}, b.getF16Type());
  Value base = eval.add(stage, eval.constant(keys.elements()));
  for (int64_t key = 0; key < tile.keys; key += 16) {
    Value left = arith::ConstantOp::create(b, loc, b.getZeroAttr(fragment));
    for (int64_t i = 0; i < 4; ++i) {
      Value both = vector::FromElementsOp::create(
          b, loc, pair,
          powers.slice(key / 8 * kLines * kNeighbours + i * kNeighbours,
                       kNeighbours));
      left = vector::InsertOp::create(
          b, loc, arith::TruncFOp::create(b, loc, halves, both), left,
          ArrayRef<int64_t>{i});
    }
    for (size_t eight = 0; eight < state.outputs.size(); eight += 2) {
      Value right = values.fragment(eval.constant(key), int64_t(eight) * 8,
                                    base, AttentionRows::RowsFirst,
                                    /*transposed=*/true);
      for (size_t half = 0; half < 2; ++half) {
        Value &sum = state.outputs[eight + half];
        sum = multiply(left, right, half, sum);
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// The loop over keys
//===----------------------------------------------------------------------===//

AttentionGenerator::State AttentionGenerator::firstState() {
  State state;
  state.outputs.assign(llvm::alignTo(problem.width(), 16) / 8, zeroSums());
  state.maxima.fill(minusInfinity());
  state.sums.fill(f32(0));
  return state;
}

SmallVector<Value> AttentionGenerator::flattened(const State &state) {
  SmallVector<Value> all(state.outputs);
  llvm::append_range(all, state.maxima);
  llvm::append_range(all, state.sums);
  return all;
}

AttentionGenerator::State AttentionGenerator::restored(ValueRange values) {
  State state;
  auto outputs = values.drop_back(2 * kLines);
  auto rest = values.take_back(2 * kLines);
  state.outputs.assign(outputs.begin(), outputs.end());
  llvm::copy(rest.take_front(kLines), state.maxima.begin());
  llvm::copy(rest.drop_front(kLines), state.sums.begin());
  return state;
}

LogicalResult AttentionGenerator::step(State &state, Value block) {
  // Groups are two for each block that was ever started.
  waitFor(2 * ahead - 1);
  // All have read the stage that the copies replace.
  copyAhead(eval.add(block, eval.constant(ahead)));
  Value stage = stageOf(block);
  FailureOr<SmallVector<Value>> logits =
      logitsOf(multiplyKeys(stage), block);
  if (failed(logits))
    return failure();
  Lines maxima = newMaxima(*logits, state.maxima), finite, factors;
  for (int64_t line = 0; line < kLines; ++line) {
    // Where all so far is minus infinity, powers are to be 0 and not NaN: a
    // later block may have more. A row of nothing else ends as 0 / 0, which is
    // what the softmax of it is.
    Value none = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ,
                                       maxima[line], minusInfinity());
    finite[line] =
        arith::SelectOp::create(b, loc, none, f32(0), maxima[line]);
    factors[line] = exponential(state.maxima[line], finite[line]);
  }
  SmallVector<Value> weights = powers(*logits, finite);
  // Before the first block there are only zeros.
  if (blocks > 1)
    scaleState(state, factors);
  addSums(state, weights);
  state.maxima = maxima;
  waitFor(2 * ahead);
  multiplyValues(state, weights, stage);
  return success();
}

FailureOr<AttentionGenerator::State> AttentionGenerator::walk() {
  copyFirst();
  waitFor(2 * ahead - 1);
  for (int64_t step = 0; step < problem.features(); step += 16)
    queryFragments.push_back(queries.fragment(warpRow, step, eval.constant(0),
                                              AttentionRows::RowsFirst,
                                              /*transposed=*/false));
  auto loop = scf::ForOp::create(b, loc, eval.constant(0),
                                 eval.constant(blocks), eval.constant(1),
                                 flattened(firstState()));
  OpBuilder::InsertionGuard guard(b);
  IndexedEval::Scope scope(eval);
  b.setInsertionPointToStart(loop.getBody());
  State state = restored(loop.getRegionIterArgs());
  if (failed(step(state, loop.getInductionVar())))
    return failure();
  scf::YieldOp::create(b, loc, flattened(state));
  return restored(loop.getResults());
}

//===----------------------------------------------------------------------===//
// Result
//===----------------------------------------------------------------------===//

/// Divides by the sums, and gives the outputs to the tail of contractions.
LogicalResult AttentionGenerator::finish(State &state) {
  Lines factors;
  for (int64_t line = 0; line < kLines; ++line)
    factors[line] = arith::DivFOp::create(
        b, loc, f32(1), overQuad(state.sums[line], /*isMaximum=*/false));
  scaleState(state, factors);
  int64_t width = state.outputs.size() * 8;
  MmaPlan plan;
  plan.tile = {/*m=*/tile.queries, /*n=*/width, /*k=*/16,
               /*warpM=*/16,       /*warpN=*/width, /*stages=*/1};
  MmaContext outputContext{eval,           problem.output, plan,
                           memory,         context.shared, context.thread,
                           context.lane,   outputLoops};
  MmaOutputs outputs{state.outputs, firstQuery,       eval.constant(0),
                     warpRow,       eval.constant(0), {}};
  return emitMmaTail(outputContext, kernel, outputs);
}

FailureOr<LaunchShape> AttentionGenerator::run() {
  prepare();
  FailureOr<State> state = walk();
  if (failed(state) || failed(finish(*state)))
    return failure();
  gpu::ReturnOp::create(b, loc);
  LaunchShape launch;
  launch.grid = {problem.batch() *
                     int64_t(divideCeil(problem.queries(), tile.queries)),
                 1, 1};
  launch.workgroup = {tile.threads(), 1, 1};
  return launch;
}

/// The tile that the kernel comes with, or the one chosen.
static FailureOr<AttentionTile> tileOf(KernelOp kernel,
                                       const AttentionProblem &problem,
                                       const KernelTarget &target) {
  auto given = kernel->getAttrOfType<StringAttr>("eclip.tile");
  if (!given)
    return chooseAttention(problem, target);
  std::optional<AttentionTile> tile = AttentionTile::parse(given);
  if (!tile)
    return kernel.emitError("no tile of attention is called '")
           << given.getValue() << "'";
  if (!fitsAttention(problem, *tile, target))
    return kernel.emitError("tile '")
           << given.getValue() << "' does not fit this attention on "
           << target.chip;
  return *tile;
}

FailureOr<LaunchShape> eclip::generateAttention(KernelOp kernel,
                                                gpu::GPUFuncOp func,
                                                OpBuilder &builder,
                                                const KernelTarget &target) {
  FailureOr<AttentionProblem> problem = analyzeAttention(kernel);
  if (failed(problem))
    return failure();
  FailureOr<AttentionTile> tile = tileOf(kernel, *problem, target);
  if (failed(tile))
    return failure();
  kernel->setAttr("eclip.tile", builder.getStringAttr(tile->name()));
  return AttentionGenerator(kernel, func, builder, *problem, *tile).run();
}
