//===- Subgraph.cpp - If, Loop and Scan -----------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bodies are emitted in place: the branch that a known condition takes, both
// branches and a selection where the condition is computed, and each iteration
// of a loop whose count is known.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportState.h"
#include "compiler/import/OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace eclip::frontend {

/// Unrolled loops beyond this would take minutes to compile. Also the limit of
/// iterations: a body may be empty.
static constexpr size_t kMaxInlinedNodes = 20000;

FailureOr<SmallVector<GraphValue>> ImportState::emitSubgraph(const NodeEmitter &node, const Graph &graph,
                                                             const std::string &prefix,
                                                             ArrayRef<GraphValue> inputs) {
  if (inputs.size() != graph.inputs.size())
    return node.error("the subgraph has " + Twine(graph.inputs.size()) + " inputs, needs " + Twine(inputs.size()));
  llvm::StringMap<std::string> renamed;
  auto rename = [&](StringRef name) -> LogicalResult {
    if (!name.empty() && !renamed.try_emplace(name, prefix + name.str()).second)
      return node.error("the subgraph defines '" + name + "' twice");
    return success();
  };
  for (StringRef input : graph.inputs)
    if (failed(rename(input)))
      return failure();
  for (const auto &entry : graph.initializers)
    if (failed(rename(entry.first())))
      return failure();
  for (const Node &inner : graph.nodes)
    for (StringRef output : inner.outputs)
      if (failed(rename(output)))
        return failure();
  auto nameOf = [&](const std::string &name) {
    auto it = renamed.find(name);
    return it == renamed.end() ? name : it->second;
  };
  for (auto [name, value] : llvm::zip_equal(graph.inputs, inputs))
    define(nameOf(name), value);
  for (const auto &entry : graph.initializers)
    define(nameOf(entry.first().str()), {entry.second.type, entry.second.shape, entry.second, {}});

  size_t first = inlined.size();
  for (const Node &inner : graph.nodes) {
    Node &copy = inlined.emplace_back(inner);
    for (std::vector<std::string> *names : {&copy.inputs, &copy.outputs, &copy.captures})
      for (std::string &name : *names)
        name = nameOf(name);
    for (StringRef input : copy.inputs)
      users[root(input)].push_back(&copy);
  }
  for (const std::string &output : graph.outputs)
    users.try_emplace(nameOf(output));
  if (inlined.size() > kMaxInlinedNodes)
    return node.error("unrolling its subgraphs takes more than " + Twine(kMaxInlinedNodes) + " nodes");
  size_t end = inlined.size(); // nested subgraphs append
  for (size_t i = first; i < end; ++i) {
    const Node &inner = inlined[i];
    for (const std::vector<std::string> *names : {&inner.inputs, &inner.captures})
      for (StringRef name : *names)
        if (!name.empty() && !find(name))
          return node.error("in its subgraph, node '" + inner.name + "' (" + inner.op + ") reads '" + name +
                            "', which is not computed before");
    if (inner.op == "Constant" && inner.domain.empty()) {
      FailureOr<HostTensor> tensor = constantTensor(inner);
      if (failed(tensor))
        return failure();
      define(inner.outputs[0], {tensor->type, tensor->shape, *tensor, {}});
    } else if (failed(emitNode(inner, node.b))) {
      return failure();
    }
  }
  SmallVector<GraphValue> results;
  for (const std::string &output : graph.outputs) {
    const GraphValue *value = find(nameOf(output));
    if (!value)
      return node.error("the subgraph's output '" + output + "' is not computed");
    results.push_back(*value);
  }
  return results;
}

namespace {
/// Defines output `i` of the node.
void setOutput(NodeEmitter &e, unsigned i, const GraphValue &value) {
  if (e.wants(i))
    e.state.define(e.node.outputs[i], value);
}

Value asValue(NodeEmitter &e, GraphValue &value) {
  if (!value.value)
    value.value = e.materialize(*value.constant);
  return value.value;
}

/// One boolean, as far as it is known.
FailureOr<std::optional<bool>> knownCondition(NodeEmitter &e, const GraphValue &value, const Twine &what) {
  std::optional<int64_t> count = checkedElements(value.shape, 1);
  if (value.type != DType::Bool || count != 1)
    return e.error(what + " must be one bool, not " + dtypeName(value.type) + " " + shapeText(value.shape));
  if (!value.constant)
    return std::optional<bool>();
  return std::optional(value.constant->at(0).i != 0);
}
} // namespace

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

LogicalResult emitIf(NodeEmitter &e) {
  FailureOr<std::optional<bool>> condition = knownCondition(e, e.input(0), "input 0 (condition)");
  if (failed(condition))
    return failure();
  SmallVector<GraphValue> results[2];
  for (bool branch : {true, false}) {
    if (*condition && **condition != branch)
      continue;
    StringRef name = branch ? "then_branch" : "else_branch";
    auto values = e.state.emitSubgraph(e, *e.attribute(name)->g, e.node.outputs[0] + "/" + name.str() + "/", {});
    if (failed(values))
      return failure();
    if (values->size() < e.numOutputs())
      return e.error("attribute '" + name + "' has " + Twine(values->size()) + " outputs, the node has " +
                     Twine(e.numOutputs()));
    results[branch] = std::move(*values);
  }
  for (unsigned i = 0; i < e.numOutputs(); ++i) {
    if (*condition) {
      setOutput(e, i, results[**condition][i]);
      continue;
    }
    GraphValue &yes = results[true][i], &no = results[false][i];
    if (yes.type != no.type || yes.shape != no.shape)
      return e.error("input 0 (condition) depends on data, and output " + Twine(i) + " is " + dtypeName(yes.type) +
                     " " + shapeText(yes.shape) + " or " + dtypeName(no.type) + " " + shapeText(no.shape) +
                     " with it: the branches must agree, or the condition be known at import");
    int64_t rank = yes.shape.size();
    AffineMap all = e.b.getMultiDimIdentityMap(rank), one = AffineMap::get(rank, 0, e.b.getContext());
    Value flag = e.reshape(e.value(0), {});
    Value result = e.pointwise({flag, asValue(e, yes), asValue(e, no)}, {one, all, all}, yes.shape,
                               e.elementType(yes.type), [&](OpBuilder &b, ValueRange args) -> Value {
                                 return arith::SelectOp::create(b, e.loc, args[0], args[1], args[2]);
                               });
    if (failed(e.setResult(i, result, yes.type)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Loop and Scan
//===----------------------------------------------------------------------===//

/// The values of all iterations along a new dimension `axis`.
static FailureOr<GraphValue> stacked(NodeEmitter &e, MutableArrayRef<GraphValue> parts, int64_t axis) {
  SmallVector<Value> values;
  for (GraphValue &part : parts) {
    if (part.type != parts[0].type || part.shape != parts[0].shape)
      return e.error("a scan output is " + dtypeName(parts[0].type) + " " + shapeText(parts[0].shape) +
                     " first and " + dtypeName(part.type) + " " + shapeText(part.shape) + " later");
    Shape shape = part.shape;
    shape.insert(shape.begin() + axis, 1);
    values.push_back(e.reshape(asValue(e, part), shape));
  }
  GraphValue result;
  result.type = parts[0].type;
  result.shape = parts[0].shape;
  result.shape.insert(result.shape.begin() + axis, parts.size());
  if (failed(e.checkShape(result.shape, result.type)))
    return failure();
  if (llvm::is_contained(result.shape, 0))
    result.constant = MutableTensor(result.type, result.shape).tensor;
  else
    result.value = values.size() == 1 ? values[0] : tensor::ConcatOp::create(e.b, e.loc, axis, values).getResult();
  return result;
}

static GraphValue iterationNumber(int64_t i) {
  HostTensor number = hostVector(i).reshaped({});
  return {DType::I64, {}, number, {}};
}

LogicalResult emitLoop(NodeEmitter &e) {
  const Graph &body = *e.attribute("body")->g;
  unsigned carried = e.numInputs() < 2 ? 0 : e.numInputs() - 2;
  if (body.inputs.size() != carried + 2 || body.outputs.size() < carried + 1)
    return e.error("the body has " + Twine(body.inputs.size()) + " inputs and " + Twine(body.outputs.size()) +
                   " outputs, which do not fit " + Twine(carried) + " carried values");
  int64_t most = INT64_MAX;
  if (e.has(0)) {
    const HostTensor *count = e.constant(0);
    if (!count || count->elements() != 1 || count->type != DType::I64)
      return e.error("the number of iterations depends on data: input 0 (M) must be one int64, known at import");
    most = count->at(0).i;
  }
  GraphValue condition{DType::Bool, {}, {}, {}};
  if (e.has(1)) {
    condition = e.input(1);
  } else {
    MutableTensor yes(DType::Bool, {});
    yes.set(0, {0, 1});
    condition.constant = yes.tensor;
  }
  SmallVector<GraphValue> state;
  for (unsigned i = 0; i < carried; ++i) {
    if (!e.has(i + 2))
      return e.error("input " + Twine(i + 2) + " is missing");
    state.push_back(e.input(i + 2));
  }
  unsigned scans = body.outputs.size() - 1 - carried;
  std::vector<SmallVector<GraphValue>> scanned(scans);
  for (int64_t i = 0; i < most; ++i) {
    FailureOr<std::optional<bool>> goes = knownCondition(e, condition, "the condition");
    if (failed(goes))
      return failure();
    if (!*goes)
      return e.error("the number of iterations depends on data: the condition after iteration " + Twine(i) +
                     " is not known at import");
    if (!**goes)
      break;
    if (i == static_cast<int64_t>(kMaxInlinedNodes))
      return e.error("has more than " + Twine(kMaxInlinedNodes) + " iterations, too many to unroll");
    SmallVector<GraphValue> inputs{iterationNumber(i), condition};
    inputs.append(state);
    auto results = e.state.emitSubgraph(e, body, e.node.outputs[0] + "/" + std::to_string(i) + "/", inputs);
    if (failed(results))
      return failure();
    condition = (*results)[0];
    state.assign(results->begin() + 1, results->begin() + 1 + carried);
    for (unsigned s = 0; s < scans; ++s)
      scanned[s].push_back((*results)[1 + carried + s]);
  }
  for (unsigned i = 0; i < carried && i < e.numOutputs(); ++i)
    setOutput(e, i, state[i]);
  for (unsigned s = 0; s < scans && carried + s < e.numOutputs(); ++s) {
    if (!e.wants(carried + s))
      continue;
    if (scanned[s].empty())
      return e.error("output " + Twine(carried + s) + " of a loop without iterations has no known shape");
    FailureOr<GraphValue> all = stacked(e, scanned[s], 0);
    if (failed(all))
      return failure();
    setOutput(e, carried + s, *all);
  }
  return success();
}

namespace {
/// The scan inputs and outputs: which axis, and whether backwards.
struct ScanSpec {
  unsigned carried = 0, inputs = 0, outputs = 0;
  SmallVector<int64_t> inputAxes, outputAxes, inputBackwards, outputBackwards;
  int64_t length = 0;
};
} // namespace

static FailureOr<ScanSpec> scanSpec(NodeEmitter &e, const Graph &body) {
  ScanSpec s;
  int64_t count = e.intAttr("num_scan_inputs", 0);
  if (count < 1 || count > e.numInputs())
    return e.error("attribute 'num_scan_inputs' is " + Twine(count) + ", the node has " + Twine(e.numInputs()) +
                   " inputs");
  s.inputs = count;
  s.carried = e.numInputs() - s.inputs;
  if (body.outputs.size() < s.carried)
    return e.error("the body has " + Twine(body.outputs.size()) + " outputs for " + Twine(s.carried) + " states");
  s.outputs = body.outputs.size() - s.carried;
  SmallVector<int64_t> inputZeros(s.inputs, 0), outputZeros(s.outputs, 0);
  s.inputAxes = e.intsAttr("scan_input_axes", inputZeros);
  s.inputBackwards = e.intsAttr("scan_input_directions", inputZeros);
  s.outputAxes = e.intsAttr("scan_output_axes", outputZeros);
  s.outputBackwards = e.intsAttr("scan_output_directions", outputZeros);
  if (s.inputAxes.size() != s.inputs || s.inputBackwards.size() != s.inputs || s.outputAxes.size() != s.outputs ||
      s.outputBackwards.size() != s.outputs)
    return e.error("the axes or directions do not fit " + Twine(s.inputs) + " scan inputs and " + Twine(s.outputs) +
                   " scan outputs");
  for (unsigned i = 0; i < s.inputs; ++i) {
    unsigned input = s.carried + i;
    FailureOr<int64_t> axis = e.normalizeAxis(s.inputAxes[i], e.rank(input));
    if (failed(axis))
      return failure();
    s.inputAxes[i] = *axis;
    if (i && e.shape(input)[*axis] != s.length)
      return e.error("the scan inputs have different lengths");
    s.length = e.shape(input)[*axis];
  }
  if (s.length == 0)
    return e.error("the scan inputs are empty, which is not supported");
  if (s.length > static_cast<int64_t>(kMaxInlinedNodes))
    return e.error("has more than " + Twine(kMaxInlinedNodes) + " iterations, too many to unroll");
  return s;
}

LogicalResult emitScan(NodeEmitter &e) {
  const Graph &body = *e.attribute("body")->g;
  FailureOr<ScanSpec> s = scanSpec(e, body);
  if (failed(s))
    return failure();
  SmallVector<GraphValue> state;
  for (unsigned i = 0; i < e.numInputs(); ++i) {
    if (!e.has(i))
      return e.error("input " + Twine(i) + " is missing");
    if (i < s->carried)
      state.push_back(e.input(i));
  }
  std::vector<SmallVector<GraphValue>> scanned(s->outputs);
  for (int64_t step = 0; step < s->length; ++step) {
    SmallVector<GraphValue> inputs(state);
    for (unsigned i = 0; i < s->inputs; ++i) {
      unsigned input = s->carried + i;
      int64_t axis = s->inputAxes[i];
      Shape offsets(e.rank(input), 0), sizes(e.shape(input)), rest(e.shape(input));
      offsets[axis] = s->inputBackwards[i] ? s->length - 1 - step : step;
      sizes[axis] = 1;
      rest.erase(rest.begin() + axis);
      Value slice = e.reshape(e.slice(e.value(input), offsets, sizes), rest);
      inputs.push_back({e.type(input), rest, {}, slice});
    }
    auto results = e.state.emitSubgraph(e, body, e.node.outputs[0] + "/" + std::to_string(step) + "/", inputs);
    if (failed(results))
      return failure();
    state.assign(results->begin(), results->begin() + s->carried);
    for (unsigned i = 0; i < s->outputs; ++i) {
      auto &parts = scanned[i];
      parts.insert(s->outputBackwards[i] ? parts.begin() : parts.end(), (*results)[s->carried + i]);
    }
  }
  for (unsigned i = 0; i < s->carried && i < e.numOutputs(); ++i)
    setOutput(e, i, state[i]);
  for (unsigned i = 0; i < s->outputs && s->carried + i < e.numOutputs(); ++i) {
    FailureOr<int64_t> axis = e.normalizeAxis(s->outputAxes[i], scanned[i][0].shape.size() + 1);
    if (failed(axis))
      return failure();
    FailureOr<GraphValue> all = stacked(e, scanned[i], *axis);
    if (failed(all))
      return failure();
    setOutput(e, s->carried + i, *all);
  }
  return success();
}

} // namespace eclip::frontend
