//===- AttentionRows.cpp - rows of features in shared memory --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/attention/AttentionRows.h"
#include "compiler/kernels/codegen/mma/MmaPlan.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

/// Halves that a copy moves at once.
static constexpr int64_t kChunk = kChunkBytes / 2;

AttentionRows::AttentionRows(AttentionContext &context,
                             const ContractionProblem &problem,
                             const ContractionOperand &operand,
                             unsigned rowLoop, unsigned columnLoop,
                             int64_t blockRows)
    : context(context), eval(context.eval), b(context.eval.builder()),
      loc(context.eval.loc()), problem(problem), operand(operand),
      rowLoop(rowLoop), columnLoop(columnLoop), blockRows(blockRows),
      rows(problem.loopSizes[rowLoop]), columns(problem.loopSizes[columnLoop]),
      stride(attentionRowStride(columns)) {}

void AttentionRows::prepare(ValueRange loops) {
  Value buffer = eval.bufferOf(operand.view->base);
  auto type = cast<MemRefType>(buffer.getType());
  int64_t size = type.getNumElements();
  flat = memref::ReinterpretCastOp::create(
      b, loc,
      MemRefType::get({size}, type.getElementType(),
                      MemRefLayoutAttrInterface(), type.getMemorySpace()),
      buffer, /*offset=*/0, ArrayRef<int64_t>{size}, ArrayRef<int64_t>{1});
  const LinearForm &form = operand.view->offset;
  start = eval.constant(form.constant);
  for (unsigned loop : problem.batchLoops)
    start = eval.add(start, eval.mul(loops[loop], form.coefficients[loop]));
}

void AttentionRows::copy(Value first, Value base) {
  int64_t chunks = blockRows * (llvm::alignTo(columns, 16) / kChunk);
  int64_t threads = context.tile.threads();
  for (int64_t done = 0; done < chunks; done += threads) {
    IndexedEval::Scope scope(eval);
    Value number = eval.add(context.thread, eval.constant(done));
    if (done + threads <= chunks) {
      copyChunk(number, first, base);
      continue;
    }
    Value more = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                       number, eval.constant(chunks));
    auto guard = scf::IfOp::create(b, loc, more, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard point(b);
    b.setInsertionPointToStart(guard.thenBlock());
    copyChunk(number, first, base);
  }
}

void AttentionRows::copyChunk(Value number, Value first, Value base) {
  int64_t perRow = llvm::alignTo(columns, 16) / kChunk;
  Value row = eval.div(number, perRow);
  Value column = eval.mul(eval.rem(number, perRow), kChunk);
  Value place = eval.add(base, eval.add(eval.mul(row, stride), column));
  Value index = eval.add(first, row);
  Value offset = eval.add(
      eval.add(start, eval.mul(index, operand.view->offset.coefficients[rowLoop])),
      column);
  Value inside;
  auto require = [&](Value value, int64_t size) {
    Value below = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                        value, eval.constant(size));
    inside = inside ? Value(arith::AndIOp::create(b, loc, inside, below)) : below;
  };
  if (rows % blockRows != 0)
    require(index, rows);
  if (columns % 16 != 0)
    require(column, columns);
  Value count;
  if (inside) {
    // Nothing is read then, but the address must be one of the buffer.
    Value none = eval.constant(0);
    offset = arith::SelectOp::create(b, loc, inside, offset, none);
    count = arith::SelectOp::create(b, loc, inside, eval.constant(kChunk), none);
  }
  nvgpu::DeviceAsyncCopyOp::create(
      b, loc, nvgpu::DeviceAsyncTokenType::get(b.getContext()), context.shared,
      ValueRange{place}, flat, ValueRange{offset}, b.getIndexAttr(kChunk), count,
      /*bypassL1=*/b.getUnitAttr());
}

/// Lanes give the addresses of rows of 8 x 8 matrices, eight lanes a matrix.
Value AttentionRows::fragment(Value row, int64_t column, Value base, Order order,
                              bool transposed) {
  Value matrix = eval.div(context.lane, 8), line = eval.rem(context.lane, 8);
  Value low = eval.mul(eval.rem(matrix, 2), 8);
  Value high = eval.mul(eval.div(matrix, 2), 8);
  Value down = eval.add(order == RowsFirst ? low : high, line);
  Value across = order == RowsFirst ? high : low;
  Value lanePlace = eval.add(eval.mul(down, stride), across);
  Value place = eval.add(eval.add(base, lanePlace),
                         eval.add(eval.mul(row, stride), eval.constant(column)));
  auto type = VectorType::get({4, 2}, b.getF16Type());
  return nvgpu::LdMatrixOp::create(b, loc, type, context.shared,
                                   ValueRange{place}, transposed,
                                   /*numTiles=*/4);
}
