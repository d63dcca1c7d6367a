//===- RowReduction.cpp - reductions by several threads -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A team of threads has one row. Each thread reduces every team-size-th element
// of the row, then the team combines: within a wavefront by exchanging values
// between lanes, beyond it through LDS. Every thread ends up with the result,
// which the next stage and the row's elements are computed from.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/IndexedEval.h"
#include "compiler/kernels/codegen/RowPlan.h"

#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

namespace {
/// Which threads of a workgroup share a row.
struct Teams {
  int64_t teamSize = 64;    ///< a power of two
  int64_t rowsPerGroup = 1; ///< a power of two
  /// Neighbouring threads are of one team, else of neighbouring rows.
  bool threadsAlongRow = true;

  int64_t workgroup() const { return teamSize * rowsPerGroup; }
};
} // namespace

/// True if neighbouring addresses of the first stage's first tensor belong to
/// one row.
static bool isContiguousAlongRow(const RowStage &stage) {
  linalg::LinalgOp op = stage.op;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    auto type = dyn_cast<RankedTensorType>(input->get().getType());
    if (!type)
      continue;
    for (int64_t dim = type.getRank(); dim-- > 0;)
      if (type.getDimSize(dim) != 1) {
        bool reduced = false;
        map.getResult(dim).walk([&](AffineExpr expr) {
          if (auto loop = dyn_cast<AffineDimExpr>(expr))
            reduced |= stage.resultDim[loop.getPosition()] == -2;
        });
        return reduced;
      }
  }
  return true;
}

static Teams formTeams(const RowPlan &plan, const KernelTarget &target) {
  Teams teams;
  int64_t rows = plan.rows(), wave = target.waveSize;
  int64_t length = std::max(plan.reductionSize(), plan.elementsOfRow());
  teams.threadsAlongRow = isContiguousAlongRow(plan.stages.front());
  if (teams.threadsAlongRow) {
    teams.teamSize = std::min<int64_t>(llvm::PowerOf2Ceil(length), wave);
    // Few long rows: more threads for each, as long as each has 16 elements.
    while (teams.teamSize >= wave && teams.teamSize < target.maxWorkgroupSize &&
           rows * teams.teamSize < 4 * target.cuCount * wave &&
           length >= 32 * teams.teamSize)
      teams.teamSize *= 2;
    int64_t workgroup =
        rows * teams.teamSize >= target.cuCount * 4 * wave ? 4 * wave : wave;
    teams.rowsPerGroup = std::max<int64_t>(1, workgroup / teams.teamSize);
    return teams;
  }
  // 16 neighbouring rows still fill the 64 bytes of a memory access; fewer rows
  // for a workgroup means more workgroups. All parts of a row are read from LDS
  // by each thread of its team, so there are at most 32.
  teams.rowsPerGroup = std::min<int64_t>(llvm::PowerOf2Ceil(rows), wave);
  while (teams.rowsPerGroup > 16 && rows < teams.rowsPerGroup * target.cuCount)
    teams.rowsPerGroup /= 2;
  teams.teamSize = 1;
  while (teams.workgroup() < target.maxWorkgroupSize && teams.teamSize < 32 &&
         length >= 8 * teams.teamSize &&
         (teams.workgroup() < wave ||
          rows * teams.teamSize < 8 * target.cuCount * wave))
    teams.teamSize *= 2;
  return teams;
}

namespace {
class RowGenerator {
public:
  RowGenerator(KernelOp kernel, gpu::GPUFuncOp func, OpBuilder &b,
               const KernelTarget &target, const RowPlan &plan)
      : eval(kernel, func, b), kernel(kernel), func(func), b(b), target(target),
        plan(plan), teams(formTeams(plan, target)), loc(kernel.getLoc()) {}

  FailureOr<LaunchShape> run() {
    placeThread();
    for (const RowStage &stage : plan.stages)
      if (failed(reduce(stage)))
        return failure();
    if (failed(writeRow()))
      return failure();
    gpu::ReturnOp::create(b, loc);
    LaunchShape launch;
    launch.workgroup[0] = teams.workgroup();
    launch.grid[0] = llvm::divideCeil(plan.rows(), teams.rowsPerGroup);
    return launch;
  }

private:
  /// Which row and which member of its team the thread is.
  void placeThread() {
    Value block = gpu::BlockIdOp::create(b, loc, gpu::Dimension::x);
    thread = gpu::ThreadIdOp::create(b, loc, gpu::Dimension::x);
    if (teams.threadsAlongRow) {
      member = eval.rem(thread, teams.teamSize);
      rowInGroup = eval.div(thread, teams.teamSize);
    } else {
      member = eval.div(thread, teams.rowsPerGroup);
      rowInGroup = eval.rem(thread, teams.rowsPerGroup);
    }
    if (teams.rowsPerGroup == 1)
      rowInGroup = eval.constant(0);
    if (teams.teamSize == 1)
      member = eval.constant(0);
    row = eval.add(eval.mul(block, teams.rowsPerGroup), rowInGroup);
    // Teams beyond the last row repeat it and store nothing: all threads must
    // take part in the exchanges and barriers.
    if (plan.rows() % teams.rowsPerGroup != 0) {
      Value last = eval.constant(plan.rows() - 1);
      rowExists =
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, row, last);
      row = arith::MinUIOp::create(b, loc, row, last);
    }
    SmallVector<int64_t> rowShape;
    for (auto [size, isRow] : llvm::zip_equal(plan.shape, plan.isRowDim))
      if (isRow)
        rowShape.push_back(size);
    SmallVector<Value> rowIndex = eval.delinearize(row, rowShape);
    unsigned next = 0;
    for (bool isRow : plan.isRowDim)
      place.push_back(isRow ? rowIndex[next++] : Value());
  }

  /// How many neighbours a thread takes at a time of the elements of `shape`:
  /// as many as a wide load has, where the elements can be dealt out so evenly.
  int64_t chunkOf(ArrayRef<int64_t> shape) {
    int64_t count = 1, extents = 0;
    for (int64_t size : shape) {
      count *= size;
      extents += size != 1;
    }
    int64_t chunk = teams.threadsAlongRow && extents == 1
                        ? target.vectorBytes / elementBytes()
                        : 1;
    while (chunk > 1 && count % (teams.teamSize * chunk) != 0)
      chunk /= 2;
    return std::max<int64_t>(chunk, 1);
  }

  /// Of the largest buffer that is read.
  int64_t elementBytes() {
    int64_t most = 0, bytes = 4;
    for (BlockArgument argument : kernel.getBodyBlock().getArguments()) {
      MemRefType type = bufferType(cast<RankedTensorType>(argument.getType()));
      if (type.getNumElements() <= most)
        continue;
      most = type.getNumElements();
      bytes = type.getElementTypeBitWidth() / 8;
    }
    return bytes;
  }

  using BodyFn =
      llvm::function_ref<FailureOr<Value>(Value number, Value carried)>;

  /// `body` for the elements of chunk number `number`.
  FailureOr<Value> forChunk(Value number, int64_t chunk, Value carried,
                            BodyFn body) {
    for (int64_t k = 0; k < chunk; ++k) {
      FailureOr<Value> result =
          body(eval.add(eval.mul(number, chunk), eval.constant(k)), carried);
      if (failed(result))
        return failure();
      carried = *result;
    }
    return carried;
  }

  /// Runs `body` for the thread's share of the elements of `shape` with the
  /// element's number, carrying `start` along: every member-th chunk. `body`
  /// may leave the builder anywhere in its block's end.
  FailureOr<Value> forMine(ArrayRef<int64_t> shape, Value start, BodyFn body) {
    int64_t count = 1, chunk = chunkOf(shape);
    for (int64_t size : shape)
      count *= size;
    Value carried = start;
    int64_t whole = count / (teams.teamSize * chunk);
    if (whole == 1) {
      FailureOr<Value> result = forChunk(member, chunk, carried, body);
      if (failed(result))
        return failure();
      carried = *result;
    } else if (whole > 1) {
      auto loop = scf::ForOp::create(b, loc, eval.constant(0),
                                     eval.constant(whole), eval.constant(1),
                                     start ? ValueRange(start) : ValueRange());
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      IndexedEval::Scope scope(eval);
      Value number =
          eval.add(eval.mul(loop.getInductionVar(), teams.teamSize), member);
      FailureOr<Value> result = forChunk(
          number, chunk, start ? loop.getRegionIterArg(0) : Value(), body);
      if (failed(result))
        return failure();
      b.setInsertionPointToEnd(loop.getBody());
      if (start) {
        scf::YieldOp::create(b, loc, ValueRange(*result));
        carried = loop.getResult(0);
      } else if (loop.getBody()->empty() ||
                 !isa<scf::YieldOp>(loop.getBody()->back())) {
        scf::YieldOp::create(b, loc);
      }
    }
    int64_t rest = count - whole * teams.teamSize * chunk;
    if (rest == 0)
      return carried;
    Value mine = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                       member, eval.constant(rest));
    return guarded(mine, carried, [&](Value value) {
      return body(eval.add(member, eval.constant(whole * teams.teamSize)),
                  value);
    });
  }

  /// `body` where `condition` holds; `carried` elsewhere.
  FailureOr<Value>
  guarded(Value condition, Value carried,
          llvm::function_ref<FailureOr<Value>(Value carried)> body) {
    auto branch = scf::IfOp::create(
        b, loc, carried ? TypeRange(carried.getType()) : TypeRange(), condition,
        /*withElseRegion=*/bool(carried));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    IndexedEval::Scope scope(eval);
    FailureOr<Value> result = body(carried);
    if (failed(result))
      return failure();
    if (!carried)
      return Value();
    b.setInsertionPointToEnd(branch.thenBlock());
    scf::YieldOp::create(b, loc, ValueRange(*result));
    b.setInsertionPointToEnd(branch.elseBlock());
    scf::YieldOp::create(b, loc, ValueRange(carried));
    return branch.getResult(0);
  }

  Value combine(const RowStage &stage, Value lhs, Value rhs) {
    IRMapping mapping;
    mapping.map(stage.combiner->getOperand(0), lhs);
    mapping.map(stage.combiner->getOperand(1), rhs);
    Operation *clone = b.clone(*stage.combiner, mapping);
    clone->setLoc(loc);
    return clone->getResult(0);
  }

  LogicalResult reduce(const RowStage &stage) {
    linalg::LinalgOp op = stage.op;
    SmallVector<Value> ivs(op.getNumLoops());
    for (auto [loop, dim] : llvm::enumerate(stage.resultDim))
      if (dim != -2)
        ivs[loop] = dim == -1 ? eval.constant(stage.fixed[loop]) : place[dim];
    SmallVector<int64_t> shape = stage.reductionShape();
    Value neutral = arith::ConstantOp::create(b, loc, stage.neutral);
    FailureOr<Value> partial = forMine(
        shape, neutral, [&](Value number, Value carried) -> FailureOr<Value> {
          SmallVector<Value> index = eval.delinearize(number, shape);
          for (auto [position, loop] : llvm::enumerate(reductionLoops(op)))
            ivs[loop.first] = index[position];
          FailureOr<SmallVector<Value>> inputs = eval.inputsAt(op, ivs);
          if (failed(inputs))
            return failure();
          auto yields = eval.applyBody(op, ivs, *inputs, carried);
          if (failed(yields))
            return failure();
          return yields->front();
        });
    if (failed(partial))
      return failure();
    FailureOr<Value> total = acrossTeam(stage, *partial);
    if (failed(total))
      return failure();
    OpOperand *init = op.getDpsInitOperand(0);
    FailureOr<Value> start = eval.at(
        init->get(), eval.applyMap(op.getMatchingIndexingMap(init), ivs));
    if (failed(start))
      return failure();
    Attribute constant;
    if (!matchPattern(*start, m_Constant(&constant)) ||
        constant != stage.neutral)
      total = combine(stage, *start, *total);
    Value result = *total;
    eval.bind(op->getResult(0),
              [result](OpBuilder &, Location, ValueRange) -> FailureOr<Value> {
                return result;
              });
    return success();
  }

  FailureOr<Value> acrossTeam(const RowStage &stage, Value value) {
    if (teams.teamSize == 1)
      return value;
    if (!teams.threadsAlongRow)
      return throughLds(stage, value, member, rowInGroup, teams.teamSize,
                        teams.rowsPerGroup, /*everyoneStores=*/true);
    FailureOr<Value> result = acrossLanes(stage, value);
    if (failed(result) || teams.teamSize <= target.waveSize)
      return result;
    Value wave = eval.div(thread, target.waveSize);
    return throughLds(stage, *result, wave, eval.constant(0),
                      teams.teamSize / target.waveSize, 1,
                      /*everyoneStores=*/false);
  }

  /// Exchanges with another lane for each bit of the team's lane numbers: then
  /// all lanes of the team have the total.
  FailureOr<Value> acrossLanes(const RowStage &stage, Value value) {
    int64_t width = std::min(teams.teamSize, target.waveSize);
    for (int64_t bit = 1; bit < width; bit *= 2)
      value = combine(stage, value, moved(value, [&](Value word) {
                        return exchanged(word, bit);
                      }));
    return value;
  }

  /// `word` of a lane in the other half of 2 `bit` lanes, whose halves have one
  /// value each. Within 16 lanes that is an operand modifier of gfx9 (DPP), by
  /// mirroring where it has no exchange of single bits.
  Value exchanged(Value word, int64_t bit) {
    enum : int { xor1 = 0xb1, xor2 = 0x4e, mirror8 = 0x141, mirror16 = 0x140 };
    const bool hasDpp = StringRef(target.chip).starts_with("gfx");
    if (hasDpp && bit <= 8) {
      int control = bit == 1   ? xor1
                    : bit == 2 ? xor2
                    : bit == 4 ? mirror8
                               : mirror16;
      return ROCDL::DPPUpdateOp::create(b, loc, word.getType(), word, word,
                                        control, /*rowMask=*/0xf,
                                        /*bankMask=*/0xf, /*boundCtrl=*/true);
    }
    if (hasDpp && bit == 16) {
      // Bit mode within 32 lanes: and 31, or 0, xor 16.
      Value pattern = arith::ConstantOp::create(
          b, loc, b.getI32IntegerAttr((16 << 10) | 31));
      return ROCDL::DsSwizzleOp::create(b, loc, b.getI32Type(), word, pattern);
    }
    // ds_bpermute takes four times the lane, of which it ignores the bits above
    // the wavefront's lanes.
    Type i32 = b.getI32Type();
    auto constant = [&](int32_t number) -> Value {
      return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(number));
    };
    Value lane = arith::IndexCastOp::create(b, loc, i32, thread);
    Value other = arith::XOrIOp::create(b, loc, lane, constant(bit));
    Value address = arith::ShLIOp::create(b, loc, other, constant(2));
    return ROCDL::DsBpermuteOp::create(b, loc, i32, address, word);
  }

  /// `value` after `move` of each of its 32-bit registers.
  Value moved(Value value, llvm::function_ref<Value(Value)> move) {
    Type type = value.getType(), i32 = b.getI32Type();
    unsigned width = type.getIntOrFloatBitWidth();
    Type integer = b.getIntegerType(width);
    Value bits = isa<FloatType>(type)
                     ? Value(arith::BitcastOp::create(b, loc, integer, value))
                     : value;
    if (width < 32)
      bits = arith::ExtUIOp::create(b, loc, i32, bits);
    bits = width <= 32 ? move(bits) : movedWide(bits, move);
    if (width < 32)
      bits = arith::TruncIOp::create(b, loc, integer, bits);
    return isa<FloatType>(type)
               ? Value(arith::BitcastOp::create(b, loc, type, bits))
               : bits;
  }

  /// The same for an i64, in two halves.
  Value movedWide(Value bits, llvm::function_ref<Value(Value)> move) {
    Type i32 = b.getI32Type(), i64 = b.getI64Type();
    Value shift = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(32));
    Value low = arith::TruncIOp::create(b, loc, i32, bits);
    Value high = arith::TruncIOp::create(
        b, loc, i32, arith::ShRUIOp::create(b, loc, bits, shift));
    low = move(low);
    high = move(high);
    Value wideHigh = arith::ShLIOp::create(
        b, loc, arith::ExtUIOp::create(b, loc, i64, high), shift);
    return arith::OrIOp::create(
        b, loc, arith::ExtUIOp::create(b, loc, i64, low), wideHigh);
  }

  /// Slot (part, column) of LDS takes this thread's value; after the barrier
  /// each thread combines the parts of its column. Each stage has LDS of its
  /// own, so that one barrier is enough.
  FailureOr<Value> throughLds(const RowStage &stage, Value value, Value part,
                              Value column, int64_t parts, int64_t columns,
                              bool everyoneStores) {
    Type stored = value.getType();
    if (stored.isInteger(1))
      stored = b.getI8Type();
    auto type =
        MemRefType::get({parts, columns}, stored, MemRefLayoutAttrInterface(),
                        gpu::AddressSpaceAttr::get(
                            b.getContext(), gpu::AddressSpace::Workgroup));
    Value lds = func.addWorkgroupAttribution(type, loc);
    auto storeMine = [&] { eval.store(value, lds, {part, column}); };
    if (everyoneStores) {
      storeMine();
    } else {
      Value first = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                          eval.rem(thread, target.waveSize),
                                          eval.constant(0));
      auto branch = scf::IfOp::create(b, loc, first);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      storeMine();
    }
    gpu::BarrierOp::create(b, loc);
    Value total;
    for (int64_t other = 0; other < parts; ++other) {
      Value got =
          eval.load(lds, {eval.constant(other), column}, value.getType());
      total = total ? combine(stage, total, got) : got;
    }
    return total;
  }

  LogicalResult writeRow() {
    if (rowExists)
      return success(succeeded(
          guarded(rowExists, Value(), [&](Value) { return writeElements(); })));
    return success(succeeded(writeElements()));
  }

  FailureOr<Value> writeElements() {
    SmallVector<int64_t> shape;
    for (auto [size, isRow] : llvm::zip_equal(plan.shape, plan.isRowDim))
      if (!isRow)
        shape.push_back(size);
    auto yields = kernel.getBodyBlock().getTerminator()->getOperands();
    return forMine(shape, Value(),
                   [&](Value number, Value) -> FailureOr<Value> {
                     SmallVector<Value> inner = eval.delinearize(number, shape);
                     SmallVector<Value> index(place);
                     unsigned next = 0;
                     for (Value &part : index)
                       if (!part)
                         part = inner[next++];
                     SmallVector<Value> values;
                     for (Value tensor : yields) {
                       FailureOr<Value> value = eval.at(tensor, index);
                       if (failed(value))
                         return failure();
                       values.push_back(*value);
                     }
                     for (auto [result, value] : llvm::enumerate(values))
                       eval.store(value, eval.resultBuffer(result), index);
                     return Value();
                   });
  }

  IndexedEval eval;
  KernelOp kernel;
  gpu::GPUFuncOp func;
  OpBuilder &b;
  const KernelTarget &target;
  const RowPlan &plan;
  const Teams teams;
  Location loc;
  Value thread, member, rowInGroup, row, rowExists;
  /// The row's index in the result's dims; null where not a row dim.
  SmallVector<Value> place;
};
} // namespace

FailureOr<LaunchShape> eclip::generateRows(KernelOp kernel, gpu::GPUFuncOp func,
                                           OpBuilder &builder,
                                           const KernelTarget &target,
                                           const RowPlan &plan) {
  return RowGenerator(kernel, func, builder, target, plan).run();
}
