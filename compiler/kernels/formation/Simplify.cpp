//===- Simplify.cpp - fewer operations in a kernel's body -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/formation/Simplify.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace eclip;

static linalg::GenericOp elementwise(Operation *op) {
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  return generic && generic->getNumResults() == 1 &&
                 generic.getNumParallelLoops() == generic.getNumLoops()
             ? generic
             : linalg::GenericOp();
}

/// The value itself where `op` is a pad by nothing or a slice of all.
static Value unchanged(Operation *op) {
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    if (pad.getSource().getType() == pad.getType() && !pad.getNofold())
      return pad.getSource();
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    if (slice.getSource().getType() == slice.getType())
      return slice.getSource();
  if (auto concat = dyn_cast<tensor::ConcatOp>(op))
    if (concat.getInputs().size() == 1)
      return concat.getInputs()[0];
  return {};
}

/// Reads each (value, map) once: two inputs that are the same become one.
static linalg::GenericOp mergeInputs(RewriterBase &rewriter, linalg::GenericOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray(), keptMaps;
  SmallVector<Value> kept;
  SmallVector<unsigned> place;
  for (auto [input, map] : llvm::zip(op.getInputs(), maps)) {
    unsigned i = 0;
    while (i < kept.size() && (kept[i] != input || keptMaps[i] != map))
      ++i;
    if (i == kept.size()) {
      kept.push_back(input);
      keptMaps.push_back(map);
    }
    place.push_back(i);
  }
  if (kept.size() == op.getInputs().size())
    return op;
  keptMaps.push_back(maps.back());
  rewriter.setInsertionPoint(op);
  auto merged = linalg::GenericOp::create(rewriter, op.getLoc(), op->getResultTypes(), kept,
                                          op.getOutputs(), keptMaps,
                                          op.getIteratorTypesArray());
  Block *from = op.getBody();
  Block *to = rewriter.createBlock(&merged.getRegion());
  SmallVector<Value> arguments;
  for (Value input : kept)
    to->addArgument(getElementTypeOrSelf(input.getType()), input.getLoc());
  BlockArgument out = to->addArgument(from->getArguments().back().getType(), op.getLoc());
  for (unsigned i : place)
    arguments.push_back(to->getArgument(i));
  arguments.push_back(out);
  rewriter.mergeBlocks(from, to, arguments);
  rewriter.replaceOp(op, merged->getResults());
  return merged;
}

/// Merges one producer of `op` into it; null if there is none to merge.
static linalg::GenericOp mergeProducer(RewriterBase &rewriter, linalg::GenericOp op) {
  for (OpOperand *operand : op.getDpsInputOperands()) {
    linalg::GenericOp producer = elementwise(operand->get().getDefiningOp());
    // An index in the producer would have to be computed from the reader's.
    if (!producer || !producer->hasOneUse() || producer.hasIndexSemantics() ||
        !linalg::areElementwiseOpsFusable(operand))
      continue;
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::ElementwiseOpFusionResult> fused =
        linalg::fuseElementwiseOps(rewriter, operand);
    if (failed(fused))
      continue;
    rewriter.replaceAllUsesWith(op->getResult(0), fused->replacements.lookup(op->getResult(0)));
    rewriter.eraseOp(op);
    rewriter.eraseOp(producer);
    return cast<linalg::GenericOp>(fused->fusedOp);
  }
  return {};
}

void eclip::simplifyBody(Block &body) {
  IRRewriter rewriter(body.getParentOp()->getContext());
  SmallVector<Operation *> ops;
  for (Operation &op : body)
    ops.push_back(&op);
  for (Operation *op : ops) {
    if (Value value = unchanged(op)) {
      rewriter.replaceOp(op, value);
      continue;
    }
    // Producers stand before and are merged already, so that only what is
    // merged into `op` itself changes it.
    linalg::GenericOp generic = elementwise(op);
    while (generic) {
      generic = mergeInputs(rewriter, generic);
      generic = mergeProducer(rewriter, generic);
    }
  }
  eraseDead(body);
}

void eclip::eraseDead(Block &body) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
}
