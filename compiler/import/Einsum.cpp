//===- Einsum.cpp - Einstein sums -----------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each subscript is a loop. Operands are multiplied two at a time from the
// left, and a subscript is summed up as soon as nothing later reads it.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Indexing.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
/// Letters are labels; an ellipsis of n dimensions is n labels from kEllipsis on.
using Labels = SmallVector<int, 6>;
constexpr int kEllipsis = 256;

struct Equation {
  SmallVector<Labels> inputs;
  Labels output;
  llvm::SmallDenseMap<int, int64_t> extents;
};

/// An operand on the way: its labels are distinct.
struct Term {
  Value value;
  Labels labels;
};

class Parser {
public:
  explicit Parser(NodeEmitter &e) : e(e), text(e.stringAttr("equation", "")) { llvm::erase(text, ' '); }

  FailureOr<Equation> parse() {
    auto [left, right] = StringRef(text).split("->");
    bool isExplicit = StringRef(text).contains("->");
    SmallVector<StringRef> parts;
    left.split(parts, ',');
    if (parts.size() != e.numInputs())
      return refuse("names " + Twine(parts.size()) + " operands, the node has " + Twine(e.numInputs()));
    for (auto [i, part] : llvm::enumerate(parts)) {
      size_t letters = part.size() - (part.contains("...") ? 3 : 0);
      if (letters > static_cast<size_t>(e.rank(i)))
        return refuse("has " + Twine(letters) + " subscripts for input " + Twine(i) + " of shape " +
                      shapeText(e.shape(i)));
      if (part.contains("..."))
        ellipsis = std::max<int64_t>(ellipsis, e.rank(i) - letters);
    }
    for (auto [i, part] : llvm::enumerate(parts)) {
      int64_t own = e.rank(i) - (part.size() - (part.contains("...") ? 3 : 0));
      if (failed(term(part, own, result.inputs.emplace_back())) || failed(bindExtents(i)))
        return failure();
    }
    if (isExplicit) {
      if (failed(term(right, ellipsis, result.output)))
        return failure();
    } else {
      implicitOutput();
    }
    for (auto [i, label] : llvm::enumerate(result.output))
      if (!result.extents.contains(label) || llvm::is_contained(ArrayRef(result.output).take_front(i), label))
        return refuse("has an output subscript that no operand has, or twice");
    return std::move(result);
  }

private:
  LogicalResult refuse(const Twine &message) { return e.error("attribute 'equation' '" + text + "' " + message); }

  /// `dims` dimensions stand for the ellipsis; of the common ones the last.
  LogicalResult term(StringRef part, int64_t dims, Labels &labels) {
    while (!part.empty()) {
      if (part.consume_front("...")) {
        for (int64_t d = ellipsis - dims; d < ellipsis; ++d)
          labels.push_back(kEllipsis + d);
        dims = 0;
        continue;
      }
      if (!llvm::isAlpha(part.front()))
        return refuse("has a subscript that is no letter");
      labels.push_back(part.front());
      part = part.drop_front();
    }
    return success();
  }

  LogicalResult bindExtents(unsigned i) {
    ArrayRef<int> labels = result.inputs[i];
    if (static_cast<int64_t>(labels.size()) != e.rank(i))
      return refuse("has " + Twine(labels.size()) + " subscripts for input " + Twine(i) + " of shape " +
                    shapeText(e.shape(i)));
    for (auto [label, extent] : llvm::zip_equal(labels, e.shape(i))) {
      int64_t &known = result.extents.try_emplace(label, extent).first->second;
      if (known != extent && known != 1 && extent != 1)
        return refuse("gives a subscript the extents " + Twine(known) + " and " + Twine(extent));
      known = std::max(known, extent);
    }
    return success();
  }

  /// The ellipsis, then what occurs once, by letter.
  void implicitOutput() {
    for (int64_t d = 0; d < ellipsis; ++d)
      result.output.push_back(kEllipsis + d);
    for (int label = 0; label < kEllipsis; ++label) {
      int64_t count = 0;
      for (ArrayRef<int> labels : result.inputs)
        count += llvm::count(labels, label);
      if (count == 1)
        result.output.push_back(label);
    }
  }

  NodeEmitter &e;
  std::string text;
  int64_t ellipsis = 0;
  Equation result;
};
} // namespace

/// The operand without repeated subscripts (a diagonal) and without extents of
/// 1 that stand for more.
static Term readTerm(NodeEmitter &e, unsigned i, const Equation &equation) {
  Term term;
  Shape shape;
  SmallVector<int> loopOf; // of each dimension; -1: always 0
  bool isPlain = true;
  for (auto [label, extent] : llvm::zip_equal(equation.inputs[i], e.shape(i))) {
    if (extent == 1 && equation.extents.lookup(label) != 1) {
      loopOf.push_back(-1);
      isPlain = false;
      continue;
    }
    auto *found = llvm::find(term.labels, label);
    loopOf.push_back(found - term.labels.begin());
    if (found == term.labels.end()) {
      term.labels.push_back(label);
      shape.push_back(extent);
    } else {
      isPlain = false;
    }
  }
  if (isPlain) {
    term.value = e.value(i);
    return term;
  }
  Value source = e.value(i);
  term.value = e.pointwise(ValueRange{}, shape, e.elementType(e.type(i)), [&](OpBuilder &b, ValueRange) {
    SmallVector<Value> loops = loopIndices(e, b, shape.size()), at;
    for (int loop : loopOf)
      at.push_back(loop < 0 ? Value(arith::ConstantIndexOp::create(b, e.loc, 0)) : loops[loop]);
    return extract(e, b, source, at);
  });
  return term;
}

/// The sum over all subscripts but `kept` of the product of one or two terms.
static Term contracted(NodeEmitter &e, ArrayRef<Term> terms, const Labels &kept, const Equation &equation) {
  // Narrow floats are summed in float and rounded once.
  DType type = e.type(0), sumType = accumulationType(type);
  Labels loops(kept);
  for (const Term &term : terms)
    for (int label : term.labels)
      if (!llvm::is_contained(loops, label))
        loops.push_back(label);
  auto mapOf = [&](ArrayRef<int> labels) {
    SmallVector<AffineExpr> results;
    for (int label : labels)
      results.push_back(e.b.getAffineDimExpr(llvm::find(loops, label) - loops.begin()));
    return AffineMap::get(loops.size(), 0, results, e.b.getContext());
  };
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (const Term &term : terms) {
    operands.push_back(term.value);
    maps.push_back(mapOf(term.labels));
  }
  maps.push_back(mapOf(kept));
  Shape shape;
  for (int label : kept)
    shape.push_back(equation.extents.lookup(label));
  SmallVector<utils::IteratorType> iterators(loops.size(), utils::IteratorType::reduction);
  std::fill(iterators.begin(), iterators.begin() + kept.size(), utils::IteratorType::parallel);
  bool isSum = loops.size() > kept.size();
  Type element = e.elementType(sumType);
  Value init = isSum ? e.filled(shape, e.number(element, 0)) : e.emptyTensor(shape, element);
  Term result;
  result.labels = kept;
  result.value = linalg::GenericOp::create(e.b, e.loc, init.getType(), operands, init, maps, iterators,
                                           [&](OpBuilder &b, Location, ValueRange args) {
                                             ScalarBuilder s(e, b, sumType);
                                             Value value = convertScalar(e, b, args[0], type, sumType);
                                             if (terms.size() == 2)
                                               value = s.mul(value, convertScalar(e, b, args[1], type, sumType));
                                             if (isSum)
                                               value = s.add(args.back(), value);
                                             linalg::YieldOp::create(b, e.loc, value);
                                           })
                     .getResult(0);
  result.value = converted(e, result.value, sumType, type);
  return result;
}

LogicalResult emitEinsum(NodeEmitter &e) {
  for (unsigned i = 0; i < e.numInputs(); ++i) {
    if (!e.has(i))
      return e.error("input " + Twine(i) + " is missing");
    if (e.type(i) != e.type(0))
      return e.error("the inputs have different element types");
    if (llvm::is_contained(e.shape(i), 0))
      return e.error("input " + Twine(i) + " of shape " + shapeText(e.shape(i)) + " is empty, which is not supported");
  }
  FailureOr<Equation> equation = Parser(e).parse();
  if (failed(equation))
    return failure();
  Shape shape;
  for (int label : equation->output)
    shape.push_back(equation->extents.lookup(label));
  if (failed(e.checkShape(shape, e.type(0))))
    return failure();
  // What the terms from i on and the output read.
  auto isReadFrom = [&](unsigned i, int label) {
    bool isRead = llvm::is_contained(equation->output, label);
    for (; i < e.numInputs(); ++i)
      isRead |= llvm::is_contained(equation->inputs[i], label);
    return isRead;
  };
  Term total = readTerm(e, 0, *equation);
  if (e.numInputs() == 1)
    total = contracted(e, total, equation->output, *equation);
  for (unsigned i = 1; i < e.numInputs(); ++i) {
    Term next = readTerm(e, i, *equation);
    Labels kept;
    if (i + 1 == e.numInputs()) {
      kept = equation->output;
    } else {
      for (const Term *term : {&total, &next})
        for (int label : term->labels)
          if (isReadFrom(i + 1, label) && !llvm::is_contained(kept, label))
            kept.push_back(label);
      Shape middle;
      for (int label : kept)
        middle.push_back(equation->extents.lookup(label));
      if (failed(e.checkShape(middle, e.type(0))))
        return failure();
    }
    total = contracted(e, {total, next}, kept, *equation);
  }
  return e.setResult(0, total.value, e.type(0));
}

} // namespace eclip::frontend
