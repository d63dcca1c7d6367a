//===- Joins.cpp - concatenations that are no launch ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A concatenation whose pieces are results of kernels is memory that those
// kernels write into (docs/adr/0005-concatenations-are-buffers.md). In a dense
// block each concatenation is the beginning of the next, so the last one is the
// memory of all.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/formation/Formation.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace eclip;

/// Launches that writing in place may add: pieces that no kernel computes
/// anyway, each of which must then be copied. The concatenation as a kernel of
/// its own would be one launch, and would copy all pieces. None may be added if
/// the only reader can compute the concatenation in a kernel that there is
/// anyway.
static constexpr int64_t kMaxAddedLaunches = 1;

//===----------------------------------------------------------------------===//
// Equivalent concatenations
//===----------------------------------------------------------------------===//

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// concat(concat(a, b), c) reads a, b and c.
static void flatten(RewriterBase &rewriter, tensor::ConcatOp op) {
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    auto inner = input.getDefiningOp<tensor::ConcatOp>();
    if (inner && inner.getDim() == op.getDim())
      llvm::append_range(inputs, inner.getInputs());
    else
      inputs.push_back(input);
  }
  if (inputs.size() != op.getInputs().size())
    rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(inputs); });
}

template <typename OpT> static OpT onlyUser(Value value) {
  return value.hasOneUse() ? dyn_cast<OpT>(*value.user_begin()) : OpT();
}

/// Splits dimension `dim` of `rank` in two.
static SmallVector<ReassociationIndices> splitting(int64_t rank, int64_t dim) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0, next = 0; i < rank; ++i) {
    groups.push_back({next++});
    if (i == dim)
      groups.back().push_back(next++);
  }
  return groups;
}

/// True if the generic exchanges dimensions `dim` and `dim` + 1 and does nothing
/// else.
static bool exchanges(linalg::GenericOp op, int64_t dim) {
  if (!op || !isPermutation(op) || classify(op) != OpClass::Move)
    return false;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap map = maps[0].compose(inversePermutation(maps[1]));
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    int64_t from = cast<AffineDimExpr>(expr).getPosition(), to = i;
    int64_t expected = to == dim ? dim + 1 : to == dim + 1 ? dim : to;
    if (from != expected)
      return false;
  }
  return true;
}

/// A channel shuffle of pieces of one size interleaves them: it is their
/// concatenation along a new last dimension.
static void interleave(RewriterBase &rewriter, tensor::ConcatOp op) {
  int64_t dim = op.getDim(), count = op.getInputs().size();
  RankedTensorType piece = typeOf(op.getInputs()[0]);
  auto expand = onlyUser<tensor::ExpandShapeOp>(op.getResult());
  auto groups = splitting(piece.getRank(), dim);
  if (!expand || !llvm::all_equal(op.getInputs().getTypes()) ||
      expand.getReassociationIndices() != groups ||
      expand.getResultType().getDimSize(dim) != count)
    return;
  auto transpose = onlyUser<linalg::GenericOp>(expand.getResult());
  if (!exchanges(transpose, dim))
    return;
  rewriter.setInsertionPoint(transpose);
  SmallVector<int64_t> shape(piece.getShape());
  shape.insert(shape.begin() + dim + 1, 1);
  SmallVector<Value> pieces;
  for (Value input : op.getInputs())
    pieces.push_back(tensor::ExpandShapeOp::create(rewriter, op.getLoc(),
                                                   piece.clone(shape), input, groups));
  Location loc =
      rewriter.getFusedLoc({op.getLoc(), expand.getLoc(), transpose.getLoc()});
  auto joined = tensor::ConcatOp::create(rewriter, loc, dim + 1, pieces);
  rewriter.replaceOp(transpose, joined.getResult());
  rewriter.eraseOp(expand);
  rewriter.eraseOp(op);
}

void eclip::normalizeJoins(func::FuncOp func) {
  IRRewriter rewriter(func.getContext());
  auto concats = llvm::to_vector(func.getBody().front().getOps<tensor::ConcatOp>());
  for (tensor::ConcatOp op : concats)
    flatten(rewriter, op);
  for (tensor::ConcatOp op : concats)
    interleave(rewriter, op);
}

//===----------------------------------------------------------------------===//
// Planning
//===----------------------------------------------------------------------===//

namespace {
class JoinPlanner {
public:
  JoinPlanner(const Graph &graph, ArrayRef<Cluster> clusters, Joins &joins)
      : graph(graph), joins(joins) {
    for (const Cluster &cluster : clusters) {
      exits.insert(cluster.exit);
      clustered.insert(cluster.ops.begin(), cluster.ops.end());
      if (cluster.rows)
        rows.insert(cluster.anchor);
    }
  }
  /// Copies that are missing, as operands of concatenations.
  SmallVector<OpOperand *> run();

private:
  bool isReturned(Value value) const;
  bool isWritten(Value value) const;
  bool isPartOfReader(Value value) const;
  bool placeWithin(tensor::ConcatOp op);
  void placeAsBuffer(tensor::ConcatOp op, SmallVectorImpl<OpOperand *> &copies);
  void place(Value value, tensor::ConcatOp buffer, int64_t offset);

  const Graph &graph;
  Joins &joins;
  DenseSet<Value> exits;
  DenseSet<Operation *> clustered, rows;
  SmallVector<tensor::ConcatOp> buffers;
};
} // namespace

bool JoinPlanner::isReturned(Value value) const {
  return llvm::any_of(value.getUsers(),
                      [&](Operation *user) { return graph.classOf(user) == OpClass::Return; });
}

/// True if the concatenation's only reader is a reduction of rows, which takes
/// it in, or arithmetic of which a kernel is made because several read it.
bool JoinPlanner::isPartOfReader(Value value) const {
  bool arithmetic = false;
  SmallVector<Operation *> users = graph.users(value);
  for (; users.size() == 1; users = graph.users(users.front())) {
    Operation *user = users.front();
    if (clustered.contains(user))
      return rows.contains(user);
    switch (graph.classOf(user)) {
    case OpClass::Elementwise:
      arithmetic = true;
      break;
    case OpClass::View:
    case OpClass::Move:
      break;
    case OpClass::Return:
      return arithmetic;
    default:
      return false;
    }
  }
  return arithmetic;
}

/// True if a kernel can write `value` where it is wanted.
bool JoinPlanner::isWritten(Value value) const {
  Operation *op = value.getDefiningOp();
  return op && op->getNumResults() == 1 && graph.classOf(op) != OpClass::Constant &&
         graph.classOf(op) != OpClass::Free && !isReturned(value) && !joins.find(value);
}

void JoinPlanner::place(Value value, tensor::ConcatOp buffer, int64_t offset) {
  SmallVector<int64_t> offsets(typeOf(value).getRank(), 0);
  offsets[buffer.getDim()] = offset;
  joins.places[value] = {buffer.getResult(), offsets};
}

/// Finds the pieces of `op` side by side in a buffer.
bool JoinPlanner::placeWithin(tensor::ConcatOp op) {
  if (isReturned(op.getResult()))
    return false;
  for (tensor::ConcatOp buffer : buffers) {
    if (buffer.getDim() != op.getDim() ||
        typeOf(buffer.getResult()).getRank() != typeOf(op.getResult()).getRank())
      continue;
    auto all = buffer.getInputs(), mine = op.getInputs();
    auto it = std::search(all.begin(), all.end(), mine.begin(), mine.end());
    if (it == all.end())
      continue;
    int64_t offset = 0;
    for (Value before : llvm::make_range(all.begin(), it))
      offset += typeOf(before).getDimSize(op.getDim());
    place(op.getResult(), buffer, offset);
    return true;
  }
  return false;
}

void JoinPlanner::placeAsBuffer(tensor::ConcatOp op, SmallVectorImpl<OpOperand *> &copies) {
  SmallVector<OpOperand *> missing;
  int64_t added = 0;
  DenseSet<Value> seen;
  for (OpOperand &operand : op->getOpOperands()) {
    Value piece = operand.get();
    if (typeOf(piece).getNumElements() == 0)
      return;
    bool written = isWritten(piece) && seen.insert(piece).second;
    if (!written)
      missing.push_back(&operand);
    added += !written || !exits.contains(piece);
  }
  if (added > (isPartOfReader(op.getResult()) ? 0 : kMaxAddedLaunches))
    return;
  copies.append(missing);
  buffers.push_back(op);
  place(op.getResult(), op, 0);
  int64_t offset = 0;
  for (Value piece : op.getInputs()) {
    if (!joins.find(piece))
      place(piece, op, offset);
    offset += typeOf(piece).getDimSize(op.getDim());
  }
}

SmallVector<OpOperand *> JoinPlanner::run() {
  SmallVector<OpOperand *> copies;
  for (Operation *op : llvm::reverse(graph.ops))
    if (auto concat = dyn_cast<tensor::ConcatOp>(op))
      if (!joins.find(concat.getResult()) && !placeWithin(concat))
        placeAsBuffer(concat, copies);
  return copies;
}

SmallVector<OpOperand *> eclip::planJoins(const Graph &graph, ArrayRef<Cluster> clusters,
                                          Joins &joins) {
  joins.places.clear();
  return JoinPlanner(graph, clusters, joins).run();
}

Value eclip::createCopy(OpBuilder &b, Location loc, Value value) {
  RankedTensorType type = typeOf(value);
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(
      b, loc, TypeRange{type}, ValueRange{value}, ValueRange{empty},
      ArrayRef<AffineMap>{identity, identity}, loops,
      [](OpBuilder &nested, Location l, ValueRange args) {
        linalg::YieldOp::create(nested, l, args[0]);
      });
  return copy->getResult(0);
}

void eclip::insertCopy(OpOperand &operand) {
  OpBuilder b(operand.getOwner());
  operand.set(createCopy(b, operand.getOwner()->getLoc(), operand.get()));
}
