//===- Grow.cpp - clusters of contractions and reductions -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/formation/Coordinates.h"
#include "compiler/kernels/formation/Formation.h"

#include "llvm/ADT/STLExtras.h"

#include <set>

using namespace mlir;
using namespace eclip;

/// Longest row that several reductions of one kernel may share.
static constexpr int64_t kMaxRow = 16384;
/// Operations of one cluster, so that a search without an end is short.
static constexpr size_t kMaxOps = 96;

namespace {
/// Follows the users of one anchor in program order. Wherever all values but
/// one stay inside, the cluster could end; it ends at the last such place.
class Grower {
public:
  Grower(const Graph &graph, linalg::GenericOp anchor, bool rows,
         const DenseSet<Operation *> &taken)
      : graph(graph), anchor(anchor), rows(rows), taken(taken),
        coordinates(anchor, rows) {}

  Cluster run();

private:
  bool canTake(Operation *op);
  bool mayEndAt(Operation *op) const;
  bool joinsRowsAt(Operation *op) const;
  bool onlyExit(Operation *op) const;
  void take(Operation *op);

  const Graph &graph;
  linalg::GenericOp anchor;
  bool rows;
  const DenseSet<Operation *> &taken;
  Coordinates coordinates;
  SmallVector<Operation *> ops;
  DenseSet<Operation *> inside;
  std::set<std::pair<unsigned, Operation *>> pending;
};
} // namespace

bool Grower::canTake(Operation *op) {
  if (taken.contains(op) || op->getNumResults() != 1)
    return false;
  switch (graph.classOf(op)) {
  case OpClass::Elementwise:
  case OpClass::View:
    break;
  case OpClass::Move:
    if (auto generic = dyn_cast<linalg::GenericOp>(op); !generic || !isPermutation(generic))
      return false;
    break;
  case OpClass::Reduction:
    if (!rows)
      return false;
    break;
  default:
    return false;
  }
  // A region that reads the value at computed indices needs all of it.
  for (Value value : graph.readsOf(op))
    if (inside.contains(value.getDefiningOp()) && !llvm::is_contained(op->getOperands(), value))
      return false;
  return succeeded(coordinates.follow(op));
}

bool Grower::mayEndAt(Operation *op) const {
  OpClass kind = graph.classOf(op);
  if (kind == OpClass::Elementwise || kind == OpClass::Reduction)
    return true;
  // Data movement belongs to its readers, unless it makes an output or a piece
  // of a concatenation, which may be written in place.
  SmallVector<Operation *> users = graph.users(op);
  return users.size() == 1 && (graph.classOf(users[0]) == OpClass::Return ||
                               graph.classOf(users[0]) == OpClass::Join ||
                               joinsRowsAt(op));
}

/// True if `op` puts side by side, as another contraction reads them, the rows of
/// a product of batches: the heads of attention. The reader would find its rows
/// in pieces; the writer has whole pieces of them anyway.
bool Grower::joinsRowsAt(Operation *op) const {
  SmallVector<Operation *> users = graph.users(op);
  if (graph.classOf(anchor) != OpClass::Contraction || users.size() != 1 ||
      graph.classOf(users[0]) != OpClass::Contraction)
    return false;
  linalg::GenericOp product = anchor;
  SmallVector<AffineMap> maps = product.getIndexingMapsArray();
  SmallVector<int64_t> sizes = product.getStaticLoopRanges();
  bool isBatched = false;
  for (unsigned loop = 0; loop < sizes.size(); ++loop)
    isBatched |= sizes[loop] != 1 && llvm::all_of(maps, [&](AffineMap map) {
                   return map.isFunctionOfDim(loop);
                 });
  auto last = dyn_cast<AffineDimExpr>(maps.back().getResults().back());
  return isBatched && last &&
         coordinates.keepsNeighbours(op->getResult(0), last.getPosition(), sizes);
}

/// True if no value but `op`'s is read outside of the cluster.
bool Grower::onlyExit(Operation *op) const {
  return llvm::all_of(ops, [&](Operation *member) {
    return member == op || llvm::all_of(graph.users(member), [&](Operation *user) {
             return inside.contains(user);
           });
  });
}

void Grower::take(Operation *op) {
  ops.push_back(op);
  inside.insert(op);
  for (Operation *user : graph.users(op))
    if (!inside.contains(user))
      pending.insert({graph.position.lookup(user), user});
}

Cluster Grower::run() {
  Cluster cluster;
  cluster.anchor = anchor;
  cluster.rows = rows;
  cluster.ops.push_back(anchor);
  if (anchor->getNumResults() != 1)
    return cluster;
  cluster.exit = anchor->getResult(0);
  take(anchor);
  while (!pending.empty() && ops.size() < kMaxOps) {
    Operation *op = pending.begin()->second;
    if (!canTake(op))
      break;
    pending.erase(pending.begin());
    take(op);
    if (mayEndAt(op) && onlyExit(op)) {
      cluster.ops = ops;
      cluster.exit = op->getResult(0);
    }
  }
  return cluster;
}

std::vector<Cluster> eclip::growClusters(const Graph &graph) {
  std::vector<Cluster> clusters;
  DenseSet<Operation *> taken;
  auto countStages = [&](Cluster &cluster) {
    for (Operation *op : cluster.ops)
      cluster.stages += graph.classOf(op) == OpClass::Reduction;
  };
  for (OpClass kind : {OpClass::Contraction, OpClass::Reduction})
    for (Operation *op : graph.ops) {
      if (graph.classOf(op) != kind || taken.contains(op))
        continue;
      auto anchor = cast<linalg::GenericOp>(op);
      bool rows = kind == OpClass::Reduction && Coordinates::hasRows(anchor, kMaxRow);
      clusters.push_back(Grower(graph, anchor, rows, taken).run());
      countStages(clusters.back());
      taken.insert(clusters.back().ops.begin(), clusters.back().ops.end());
    }
  return clusters;
}
