//===- FormKernels.cpp - the formation pass -------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/formation/Formation.h"
#include "compiler/kernels/formation/Passes.h"
#include "compiler/kernels/formation/Simplify.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"

namespace eclip {
#define GEN_PASS_DEF_ECLIPFORMKERNELS
#include "compiler/kernels/formation/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

Graph::Graph(func::FuncOp func) : func(func) {
  for (Operation &op : func.getBody().front()) {
    position[&op] = ops.size();
    ops.push_back(&op);
    classes[&op] = classify(&op);
    reads[&op] = valuesRead(&op);
  }
}

OpClass Graph::classOf(Value value) const {
  Operation *op = value.getDefiningOp();
  return op ? classOf(op) : OpClass::Constant;
}

SmallVector<Operation *> Graph::users(Value value) const {
  llvm::SmallSetVector<Operation *, 4> found;
  Block &block = *ops.front()->getBlock();
  for (Operation *user : value.getUsers())
    found.insert(block.findAncestorOpInBlock(*user));
  return found.takeVector();
}

SmallVector<Operation *> Graph::users(Operation *op) const {
  llvm::SmallSetVector<Operation *, 4> found;
  for (Value result : op->getResults())
    found.insert_range(users(result));
  return found.takeVector();
}

static InFlightDiagnostic refuse(Operation *op) {
  InFlightDiagnostic diag = op->emitError();
  SmallVector<std::string> names = nodeNames(op->getLoc());
  if (!names.empty())
    diag << "node '" << names.front() << "' (" << op->getName() << ") ";
  else
    diag << "'" << op->getName() << "' ";
  diag << "cannot be formed into a kernel: ";
  return diag;
}

static bool isTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getNumElements() > 0 &&
         (tensor.getElementType().isIntOrIndexOrFloat());
}

/// Every operation that is left must have a place in some kernel.
static LogicalResult verifyGraph(const Graph &graph) {
  for (Operation *op : graph.ops) {
    OpClass kind = graph.classOf(op);
    if (kind == OpClass::Unsupported)
      return refuse(op) << "no rule for it";
    if (kind == OpClass::Return)
      continue;
    for (Type type : op->getResultTypes())
      if (isa<ShapedType>(type) && !isTensor(type))
        return refuse(op) << "its result " << type
                          << " is not a non-empty tensor of static shape";
  }
  return success();
}

static LogicalResult verifyFunction(func::FuncOp func) {
  if (!func.getBody().hasOneBlock())
    return func.emitError("@main must have a body of one block");
  for (Type type : func.getArgumentTypes())
    if (!isTensor(type))
      return func.emitError() << "input " << type
                              << " is not a non-empty tensor of static shape";
  for (Type type : func.getResultTypes())
    if (!isTensor(type))
      return func.emitError() << "output " << type
                              << " is not a non-empty tensor of static shape";
  if (func.getNumResults() == 0)
    return func.emitError("@main has no output");
  return success();
}

/// Named operations become generics, repeated ones one, unused ones none.
static void normalize(func::FuncOp func) {
  IRRewriter rewriter(func.getContext());
  for (Operation &op : llvm::make_early_inc_range(func.getBody().front())) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (!linalgOp || isa<linalg::GenericOp, linalg::FillOp>(op))
      continue;
    rewriter.setInsertionPoint(&op);
    (void)linalg::generalizeNamedOp(rewriter, linalgOp);
  }
  DominanceInfo dominance(func);
  eliminateCommonSubExpressions(rewriter, dominance, func);
  eraseDead(func.getBody().front());
}

namespace {
struct FormKernelsPass : eclip::impl::EclipFormKernelsBase<FormKernelsPass> {
  void runOnOperation() override {
    auto func = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!func) {
      getOperation().emitError("no func.func @main to form kernels from");
      return signalPassFailure();
    }
    if (failed(verifyFunction(func)))
      return signalPassFailure();
    normalize(func);
    normalizeJoins(func);
    if (failed(verifyGraph(Graph(func))))
      return signalPassFailure();
    // With the copies in place the second round needs none.
    for (SmallVector<OpOperand *> copies;; copies.clear()) {
      Graph graph(func);
      std::vector<Cluster> clusters = growClusters(graph);
      Joins joins;
      copies = planJoins(graph, clusters, joins);
      if (copies.empty())
        return outline(graph, joins, planKernels(graph, joins, clusters));
      for (OpOperand *operand : copies)
        insertCopy(*operand);
    }
  }
};
} // namespace
