//===- Absorb.cpp - what feeds each kernel --------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/formation/Formation.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <set>

using namespace mlir;
using namespace eclip;

/// Arithmetic of one element that a contraction or a window may repeat.
static constexpr int64_t kMaxHotOperations = 8;
/// Arithmetic of one element that several kernels may repeat.
static constexpr int64_t kMaxRepeatedOperations = 2;
/// Buffers of one kernel.
static constexpr size_t kMaxBuffers = 100;

namespace {
/// How an operation stands in the kernel being planned.
struct Member {
  /// No other kernel computes it, as far as can be seen from its readers.
  bool exclusive = false;
  /// It feeds the anchor, which evaluates each element more than once.
  bool hot = false;
};

class Planner {
public:
  Planner(const Graph &graph, ArrayRef<Cluster> clusters);

  std::vector<KernelPlan> run();

private:
  void demand(Value value);
  KernelPlan plan(Value value);
  void absorbInto(KernelPlan &kernel, const Cluster *cluster);
  bool absorbs(Operation *op, const Member &member, const Cluster *cluster, size_t buffers);
  bool absorbsHot(Operation *op, const Member &member, bool rows);
  Member memberOf(Operation *op, const Cluster *cluster);
  bool endsInPointwise(Value value);
  bool isLarge(Value value) const;

  const Graph &graph;
  DenseMap<Value, const Cluster *> clusterOf;
  DenseSet<Operation *> clustered;
  std::set<std::pair<unsigned, unsigned>> demands; // position, result number
  DenseSet<Value> planned;
  DenseMap<Operation *, Member> members;
  DenseMap<Value, bool> pointwiseEnds;
};
} // namespace

Planner::Planner(const Graph &graph, ArrayRef<Cluster> clusters) : graph(graph) {
  for (const Cluster &cluster : clusters) {
    if (cluster.exit)
      clusterOf[cluster.exit] = &cluster;
    clustered.insert(cluster.ops.begin(), cluster.ops.end());
  }
}

void Planner::demand(Value value) {
  auto result = dyn_cast<OpResult>(value);
  if (result && graph.classOf(result.getOwner()) != OpClass::Constant &&
      planned.insert(value).second)
    demands.insert({graph.position.lookup(result.getOwner()), result.getResultNumber()});
}

/// Bigger than a row of parameters: worth reading once only.
bool Planner::isLarge(Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  return !isa_and_present<arith::ConstantOp>(value.getDefiningOp()) &&
         type.getNumElements() > 4096;
}

/// True if `value` comes, through data movement and arithmetic, from an
/// operation that will be a pointwise kernel whatever its readers do.
bool Planner::endsInPointwise(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || clustered.contains(op))
    return false;
  auto [it, isNew] = pointwiseEnds.try_emplace(value, false);
  if (!isNew)
    return it->second;
  bool result = false;
  switch (graph.classOf(op)) {
  case OpClass::Join:
  case OpClass::Gather:
    result = true;
    break;
  case OpClass::Elementwise:
  case OpClass::View:
  case OpClass::Move:
    result = llvm::any_of(graph.readsOf(op), [&](Value read) { return endsInPointwise(read); });
    break;
  default:
    break;
  }
  pointwiseEnds[value] = result;
  return result;
}

Member Planner::memberOf(Operation *op, const Cluster *cluster) {
  Member member;
  member.exclusive = true;
  for (Operation *user : graph.users(op)) {
    auto it = members.find(user);
    if (it == members.end()) {
      member.exclusive = false;
      continue;
    }
    member.exclusive &= it->second.exclusive;
    bool feedsAnchor =
        cluster && user == cluster->anchor &&
        llvm::any_of(cast<linalg::GenericOp>(user).getInputs(),
                     [&](Value input) { return input.getDefiningOp() == op; });
    member.hot |= it->second.hot || feedsAnchor;
  }
  // Each stage of rows reads its inputs again, wherever they come in.
  member.hot |= cluster && cluster->rows;
  return member;
}

/// Rules for what the anchor evaluates more than once.
bool Planner::absorbsHot(Operation *op, const Member &member, bool rows) {
  switch (graph.classOf(op)) {
  case OpClass::View:
  case OpClass::Move:
    // Index arithmetic that breaks vector loads is better done by the kernel
    // that has to write the value anyway.
    return rows || keepsNeighbours(op) || !endsInPointwise(op->getResult(0));
  case OpClass::Gather:
    return rows && member.exclusive;
  case OpClass::Elementwise: {
    if (!member.exclusive)
      return false;
    if (rows)
      return true;
    ScalarCost cost = scalarCost(op);
    return cost.functions == 0 && cost.operations <= kMaxHotOperations &&
           llvm::count_if(graph.readsOf(op), [&](Value v) { return isLarge(v); }) <= 1 &&
           !endsInPointwise(op->getResult(0));
  }
  default:
    return false;
  }
}

bool Planner::absorbs(Operation *op, const Member &member, const Cluster *cluster,
                      size_t buffers) {
  if (clustered.contains(op))
    return false;
  if (graph.classOf(op) == OpClass::Free)
    return true;
  if (buffers > kMaxBuffers)
    return false;
  if (member.hot)
    return absorbsHot(op, member, cluster->rows);
  switch (graph.classOf(op)) {
  case OpClass::View:
  case OpClass::Move:
    // Of a shuffled concatenation that several read, the shuffled one is kept.
    return member.exclusive || keepsNeighbours(op) ||
           !endsInPointwise(op->getResult(0));
  case OpClass::Gather:
    return member.exclusive || !cluster;
  case OpClass::Join:
    return member.exclusive && !cluster;
  case OpClass::Elementwise: {
    if (member.exclusive)
      return true;
    ScalarCost cost = scalarCost(op);
    return cost.functions == 0 && cost.operations <= kMaxRepeatedOperations &&
           llvm::count_if(graph.readsOf(op), [&](Value v) { return isLarge(v); }) <= 1;
  }
  default:
    return false;
  }
}

/// Adds to `kernel`, from its operations backwards, what feeds it. Demands the
/// rest. A value is visited after all its readers.
void Planner::absorbInto(KernelPlan &kernel, const Cluster *cluster) {
  std::set<std::pair<unsigned, Operation *>, std::greater<>> open;
  DenseSet<Value> buffers;
  auto openReads = [&](Operation *op) {
    for (Value value : graph.readsOf(op)) {
      if (!isa<RankedTensorType>(value.getType()) && !value.getDefiningOp())
        continue;
      Operation *source = value.getDefiningOp();
      if (source && !kernel.ops.contains(source))
        open.insert({graph.position.lookup(source), source});
      else if (!source)
        buffers.insert(value);
    }
  };
  for (Operation *op : kernel.ops)
    openReads(op);
  while (!open.empty()) {
    Operation *op = open.begin()->second;
    open.erase(open.begin());
    Member member = memberOf(op, cluster);
    if (absorbs(op, member, cluster, buffers.size() + open.size())) {
      members[op] = member;
      kernel.ops.insert(op);
      openReads(op);
      continue;
    }
    for (OpResult result : op->getResults())
      for (Operation *user : graph.users(result))
        if (kernel.ops.contains(user)) {
          buffers.insert(result);
          demand(result);
          break;
        }
  }
}

KernelPlan Planner::plan(Value value) {
  KernelPlan kernel;
  kernel.result = value;
  members.clear();
  const Cluster *cluster = clusterOf.lookup(value);
  if (cluster) {
    kernel.anchor = cluster->anchor;
    kernel.ops.insert(cluster->ops.begin(), cluster->ops.end());
  } else {
    kernel.ops.insert(value.getDefiningOp());
    OpClass kind = graph.classOf(value.getDefiningOp());
    if (kind == OpClass::Contraction || kind == OpClass::Reduction)
      kernel.anchor = value.getDefiningOp();
  }
  for (Operation *op : kernel.ops)
    members[op].exclusive = true;
  absorbInto(kernel, cluster);
  return kernel;
}

std::vector<KernelPlan> Planner::run() {
  for (Value value : graph.readsOf(graph.ops.back()))
    demand(value);
  std::vector<KernelPlan> plans;
  while (!demands.empty()) {
    auto last = std::prev(demands.end());
    Value value = graph.ops[last->first]->getResult(last->second);
    demands.erase(last);
    plans.push_back(plan(value));
  }
  // Demands came from the last operation to the first.
  std::reverse(plans.begin(), plans.end());
  return plans;
}

std::vector<KernelPlan> eclip::planKernels(const Graph &graph,
                                           ArrayRef<Cluster> clusters) {
  return Planner(graph, clusters).run();
}
