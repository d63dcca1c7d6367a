//===- Absorb.cpp - what feeds each kernel --------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/formation/Formation.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "llvm/Support/MathExtras.h"

#include <set>

using namespace mlir;
using namespace eclip;

/// What a division, a root or an exponential costs, in operations.
static constexpr int64_t kFunctionOperations = 15;
/// What a kernel of its own for some arithmetic costs, in operations that the
/// vector units could do meanwhile (6.6 a ps on an MI50): 3 us for the launch,
/// and 8 bytes of each element written and read again at 1 TB/s.
static constexpr int64_t kLaunchOperations = 20'000'000;
static constexpr int64_t kElementOperations = 53;
/// What choosing between two pieces of a concatenation costs: a comparison, the
/// clamped index, the load, the selection.
static constexpr int64_t kPieceOperations = 6;
/// Rows of the other operand that one evaluation of an element serves in a
/// contraction: the usual extent of a tile.
static constexpr int64_t kTileExtent = 64;
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
  /// How often the kernel evaluates each element of it.
  int64_t repeats = 1;
  /// Operations for an element, those that its readers in the kernel add to the
  /// same chain included.
  int64_t operations = 0;
};

int64_t elementsOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getNumElements() : 1;
}

class Planner {
public:
  Planner(const Graph &graph, const Joins &joins, ArrayRef<Cluster> clusters);

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
  int64_t repeatsIn(Operation *user, Value value, const Cluster *cluster) const;
  bool isWorthRepeating(Operation *op, const Member &member) const;

  const Graph &graph;
  const Joins &joins;
  DenseMap<Value, const Cluster *> clusterOf;
  DenseSet<Operation *> clustered;
  std::set<std::pair<unsigned, unsigned>> demands; // position, result number
  DenseSet<Value> planned;
  DenseMap<Operation *, Member> members;
  DenseMap<Value, bool> pointwiseEnds;
};
} // namespace

Planner::Planner(const Graph &graph, const Joins &joins, ArrayRef<Cluster> clusters)
    : graph(graph), joins(joins) {
  for (const Cluster &cluster : clusters) {
    if (cluster.exit)
      clusterOf[cluster.exit] = &cluster;
    clustered.insert(cluster.ops.begin(), cluster.ops.end());
  }
}

void Planner::demand(Value value) {
  if (auto concat = value.getDefiningOp<tensor::ConcatOp>(); concat && joins.find(value)) {
    for (Value piece : concat.getInputs())
      demand(piece);
    return;
  }
  auto result = dyn_cast<OpResult>(value);
  if (result && graph.classOf(result.getOwner()) != OpClass::Constant &&
      planned.insert(value).second)
    demands.insert({graph.position.lookup(result.getOwner()), result.getResultNumber()});
}

/// Bigger than a row of parameters: worth reading once only.
bool Planner::isLarge(Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  return !isa_and_present<arith::ConstantOp, tensor::EmptyOp>(value.getDefiningOp()) &&
         type.getNumElements() > 4096;
}

/// True if `value` comes, through data movement and arithmetic, from an
/// operation that will be a pointwise kernel whatever its readers do.
bool Planner::endsInPointwise(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || clustered.contains(op) || joins.find(value))
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

/// How often `user` evaluates an element of `value` to make its own result once:
/// as often as it is broadcast or read by overlapping windows, and in a
/// contraction once more for each tile along the loops of the other operand.
int64_t Planner::repeatsIn(Operation *user, Value value, const Cluster *cluster) const {
  auto generic = dyn_cast<linalg::GenericOp>(user);
  if (!generic)
    return 1;
  SmallVector<int64_t> sizes = generic.getStaticLoopRanges();
  int64_t most = 1;
  for (OpOperand *operand : generic.getDpsInputOperands()) {
    if (operand->get() != value)
      continue;
    AffineMap map = generic.getMatchingIndexingMap(operand);
    int64_t named = 1, others = 1;
    for (auto [loop, size] : llvm::enumerate(sizes))
      (map.isFunctionOfDim(loop) ? named : others) *= size;
    if (cluster && user == cluster->anchor)
      others = llvm::divideCeil(others, kTileExtent);
    most = std::max<int64_t>(most, llvm::divideCeil(named, elementsOf(value)) * others);
  }
  return most;
}

/// Compares what repeating the arithmetic costs with a kernel of its own.
bool Planner::isWorthRepeating(Operation *op, const Member &member) const {
  int64_t elements = elementsOf(op->getResult(0));
  int64_t allowed = kLaunchOperations + elements * kElementOperations;
  return (member.repeats - 1) * member.operations <= allowed / elements;
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
    for (Value result : op->getResults())
      member.repeats = std::max(
          member.repeats, it->second.repeats * repeatsIn(user, result, cluster));
    member.operations = std::max(member.operations, it->second.operations);
    bool feedsAnchor =
        cluster && user == cluster->anchor &&
        llvm::any_of(cast<linalg::GenericOp>(user).getInputs(),
                     [&](Value input) { return input.getDefiningOp() == op; });
    member.hot |= it->second.hot || feedsAnchor;
  }
  ScalarCost cost = scalarCost(op);
  member.operations += cost.operations + cost.functions * kFunctionOperations;
  if (graph.classOf(op) == OpClass::Join)
    member.operations += kPieceOperations * op->getNumOperands();
  // Each stage of rows reads its inputs again, wherever they come in.
  if (cluster && cluster->rows) {
    member.hot = true;
    member.repeats = std::max(member.repeats, cluster->stages);
  }
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
  case OpClass::Join:
    return rows && member.exclusive && isWorthRepeating(op, member);
  case OpClass::Elementwise:
    if (!member.exclusive || !isWorthRepeating(op, member))
      return false;
    return rows ||
           (llvm::count_if(graph.readsOf(op), [&](Value v) { return isLarge(v); }) <= 1 &&
            !endsInPointwise(op->getResult(0)));
  default:
    return false;
  }
}

bool Planner::absorbs(Operation *op, const Member &member, const Cluster *cluster,
                      size_t buffers) {
  if (clustered.contains(op) ||
      llvm::any_of(op->getResults(), [&](Value result) { return joins.find(result); }))
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
    if (!isWorthRepeating(op, member))
      return false;
    if (member.exclusive)
      return true;
    ScalarCost cost = scalarCost(op);
    return cost.functions == 0 && cost.operations <= kMaxRepeatedOperations &&
           llvm::count_if(graph.readsOf(op), [&](Value v) { return isLarge(v); }) <= 1 &&
           !endsInPointwise(op->getResult(0));
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

std::vector<KernelPlan> eclip::planKernels(const Graph &graph, const Joins &joins,
                                           ArrayRef<Cluster> clusters) {
  return Planner(graph, joins, clusters).run();
}
