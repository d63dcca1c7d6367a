//===- Formation.h - the parts of kernel formation --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formation is five steps, a file each: classify the operations of @main, grow
// a cluster from each contraction and reduction (Grow), choose concatenations
// that kernels write in place (Joins), go backwards from the outputs and give
// each kernel what feeds it (Absorb), and write kernels and schedule (Outline).
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_FORMATION_FORMATION_H
#define ECLIP_COMPILER_KERNELS_FORMATION_FORMATION_H

#include "compiler/kernels/formation/Classify.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

#include <vector>

namespace eclip {

/// The operations of @main in order, with what formation knows of each.
struct Graph {
  mlir::func::FuncOp func;
  std::vector<mlir::Operation *> ops;
  llvm::DenseMap<mlir::Operation *, unsigned> position;
  llvm::DenseMap<mlir::Operation *, OpClass> classes;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Value>> reads;

  explicit Graph(mlir::func::FuncOp func);

  OpClass classOf(mlir::Operation *op) const { return classes.lookup(op); }
  /// The class of what defines `value`; an argument is a Constant: in memory.
  OpClass classOf(mlir::Value value) const;
  llvm::ArrayRef<mlir::Value> readsOf(mlir::Operation *op) const {
    return reads.find(op)->second;
  }
  /// Operations of @main's block that read a result of `op`, each once.
  llvm::SmallVector<mlir::Operation *> users(mlir::Operation *op) const;
  llvm::SmallVector<mlir::Operation *> users(mlir::Value value) const;
};

/// A contraction or a reduction with what follows it in its kernel.
struct Cluster {
  mlir::Operation *anchor = nullptr;
  /// In program order, the anchor first.
  llvm::SmallVector<mlir::Operation *> ops;
  /// The only value of the cluster that others read.
  mlir::Value exit;
  /// The kernel reduces rows: what feeds it is read once for each stage.
  bool rows = false;
  /// Reductions, and what is written after the last.
  int64_t stages = 1;
};

/// Clusters of all contractions, then of the reductions that are left. No
/// operation is in two.
std::vector<Cluster> growClusters(const Graph &graph);

/// Values that lie in a part of a concatenation's memory: pieces, which their
/// kernels write there, and concatenations, which are no launch.
struct Joins {
  struct Place {
    mlir::Value buffer; ///< the concatenation whose memory it is
    llvm::SmallVector<int64_t> offsets;
  };
  llvm::DenseMap<mlir::Value, Place> places;

  const Place *find(mlir::Value value) const {
    auto it = places.find(value);
    return it == places.end() ? nullptr : &it->second;
  }
};

/// Flattens concatenations of concatenations, and turns channel shuffles into
/// concatenations.
void normalizeJoins(mlir::func::FuncOp func);

/// Fills `joins`. Returns the operands of concatenations whose value can't be
/// written in place by what defines it: with insertCopy each gets a kernel.
/// The graph is then out of date.
llvm::SmallVector<mlir::OpOperand *> planJoins(const Graph &graph,
                                               llvm::ArrayRef<Cluster> clusters,
                                               Joins &joins);
void insertCopy(mlir::OpOperand &operand);

/// An operation that copies `value`.
mlir::Value createCopy(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);

/// One launch: operations (also such that other kernels repeat), the values it
/// reads from memory, and the one it writes.
struct KernelPlan {
  mlir::Operation *anchor = nullptr;
  llvm::DenseSet<mlir::Operation *> ops;
  mlir::Value result;
};

/// The kernels that compute the function's results, in an order in which each
/// follows those that it reads. Arguments and constants that are returned
/// directly have no kernel.
std::vector<KernelPlan> planKernels(const Graph &graph, const Joins &joins,
                                    llvm::ArrayRef<Cluster> clusters);

/// Writes kernels and schedule into the module and erases the function.
void outline(const Graph &graph, const Joins &joins, llvm::ArrayRef<KernelPlan> plans);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_FORMATION_FORMATION_H
