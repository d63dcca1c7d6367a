//===- Graph.cpp - order and simplification of the ONNX graph -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportState.h"

#include "llvm/ADT/StringSet.h"

#include <deque>
#include <functional>
#include <queue>

using namespace mlir;

namespace eclip::frontend {

/// All values that must be there before the node is emitted.
static SmallVector<StringRef> valuesRead(const Node &node) {
  SmallVector<StringRef> names;
  for (StringRef input : node.inputs)
    if (!input.empty())
      names.push_back(input);
  names.append(node.captures.begin(), node.captures.end());
  return names;
}

static std::string nodeText(const Node &node) { return "node '" + node.name + "' (" + node.op + ")"; }

LogicalResult ImportState::prepareGraph() {
  if (failed(checkDefinitions()) || failed(sortNodes()))
    return failure();
  collectAliases();
  if (failed(collectConstants()))
    return failure();
  collectUsers();
  return success();
}

/// Every name has one definition, and every use has one.
LogicalResult ImportState::checkDefinitions() {
  llvm::StringMap<std::string> definedBy;
  for (const auto &entry : model.initializers)
    definedBy[entry.first()] = "initializer";
  for (const ValueInfo &input : model.inputs)
    definedBy[input.name] = "input";
  for (const Node &node : model.nodes)
    for (StringRef output : node.outputs) {
      if (output.empty())
        continue;
      auto [entry, isNew] = definedBy.try_emplace(output, nodeText(node));
      if (!isNew)
        return error(nodeText(node) + ": output '" + output + "' is already defined by " + entry->second);
    }
  for (const Node &node : model.nodes)
    for (StringRef input : valuesRead(node))
      if (!definedBy.contains(input))
        return error(nodeText(node) + ": input '" + input + "' is not defined by an initializer, input or node");
  for (const ValueInfo &output : model.outputs)
    if (!definedBy.contains(output.name))
      return error("output '" + output.name + "' is not defined by an initializer, input or node");
  return success();
}

/// Kahn's algorithm, stable in the file's order, over the nodes that an output
/// needs. ONNX demands sorted nodes; files in another order are still sound.
LogicalResult ImportState::sortNodes() {
  llvm::StringMap<size_t> producer;
  for (size_t i = 0; i < model.nodes.size(); ++i)
    for (StringRef output : model.nodes[i].outputs)
      if (!output.empty())
        producer[output] = i;
  // The dependences of each node, and the live nodes.
  std::vector<SmallVector<size_t, 2>> needs(model.nodes.size()), feeds(model.nodes.size());
  for (size_t i = 0; i < model.nodes.size(); ++i)
    for (StringRef input : valuesRead(model.nodes[i]))
      if (auto it = producer.find(input); it != producer.end()) {
        needs[i].push_back(it->second);
        feeds[it->second].push_back(i);
      }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  std::vector<size_t> missing(model.nodes.size());
  for (size_t i = 0; i < model.nodes.size(); ++i)
    if (!(missing[i] = needs[i].size()))
      ready.push(i);
  std::vector<size_t> sorted;
  while (!ready.empty()) {
    size_t i = ready.top();
    ready.pop();
    sorted.push_back(i);
    for (size_t user : feeds[i])
      if (--missing[user] == 0)
        ready.push(user);
  }
  for (size_t i = 0; i < model.nodes.size(); ++i)
    if (missing[i])
      return error(nodeText(model.nodes[i]) + ": the node depends on itself: the graph has a cycle");

  std::vector<char> live(model.nodes.size());
  std::vector<size_t> stack;
  for (const ValueInfo &output : model.outputs)
    if (auto it = producer.find(output.name); it != producer.end())
      stack.push_back(it->second);
  while (!stack.empty()) {
    size_t i = stack.back();
    stack.pop_back();
    if (live[i])
      continue;
    live[i] = 1;
    stack.insert(stack.end(), needs[i].begin(), needs[i].end());
  }
  for (size_t i : sorted)
    if (live[i])
      order.push_back(&model.nodes[i]);
  return success();
}

/// Identity nodes, and Dropout nodes that cannot do anything at inference,
/// become other names of their input.
void ImportState::collectAliases() {
  llvm::StringSet<> used;
  for (const Node *node : order)
    for (StringRef input : valuesRead(*node))
      used.insert(input);
  for (const ValueInfo &output : model.outputs)
    used.insert(output.name);
  llvm::erase_if(order, [&](const Node *node) {
    if (!node->domain.empty() || node->inputs.empty() || node->outputs.empty() || node->inputs[0].empty())
      return false;
    bool isIdentity = node->op == "Identity" && node->inputs.size() == 1 && node->outputs.size() == 1 &&
                      node->attributes.empty();
    bool isDropout = node->op == "Dropout" && node->inputs.size() < 3 &&
                     (node->outputs.size() < 2 || !used.contains(node->outputs[1]));
    if (!isIdentity && !isDropout)
      return false;
    aliases[node->outputs[0]] = root(node->inputs[0]).str();
    return true;
  });
}

FailureOr<HostTensor> ImportState::constantTensor(const Node &node) const {
  if (node.attributes.size() != 1 || node.outputs.size() != 1 || !node.inputs.empty())
    return error(nodeText(node) + ": needs exactly one attribute and one output");
  const Attribute &attribute = node.attributes[0];
  HostTensor tensor;
  if (attribute.name == "value" && attribute.kind == Attribute::Tensor) {
    tensor = attribute.t;
  } else if (attribute.name == "value_int" && attribute.kind == Attribute::Int) {
    tensor = hostVector(attribute.i).reshaped({});
  } else if (attribute.name == "value_ints" && attribute.kind == Attribute::Ints) {
    tensor = hostVector(attribute.ints);
  } else if (attribute.name == "value_float" && attribute.kind == Attribute::Float) {
    tensor = hostFloats({}, attribute.f);
  } else if (attribute.name == "value_floats" && attribute.kind == Attribute::Floats) {
    tensor = hostFloats(static_cast<int64_t>(attribute.floats.size()), attribute.floats);
  } else {
    return error(nodeText(node) + ": attribute '" + attribute.name + "' of this kind is not supported");
  }
  if (tensor.name.empty())
    tensor.name = node.outputs[0];
  return tensor;
}

LogicalResult ImportState::collectConstants() {
  for (const auto &entry : model.initializers)
    constants.try_emplace(entry.first(), entry.second);
  for (const Node *node : order) {
    if (node->op != "Constant" || !node->domain.empty())
      continue;
    FailureOr<HostTensor> tensor = constantTensor(*node);
    if (failed(tensor))
      return failure();
    constants.try_emplace(node->outputs[0], std::move(*tensor));
  }
  llvm::erase_if(order, [](const Node *node) { return node->op == "Constant" && node->domain.empty(); });
  return success();
}

void ImportState::collectUsers() {
  for (const Node *node : order)
    for (StringRef input : valuesRead(*node))
      users[root(input)].push_back(node);
  for (const ValueInfo &output : model.outputs)
    users.try_emplace(root(output.name)); // read, if by no node
}

StringRef ImportState::root(StringRef name) const {
  // Aliases are made in topological order of roots: one step suffices.
  auto it = aliases.find(name);
  return it == aliases.end() ? name : StringRef(it->second);
}

const HostTensor *ImportState::initializer(StringRef name) const {
  auto it = constants.find(root(name));
  return it == constants.end() ? nullptr : &it->second;
}

const Node *ImportState::soleUser(const Node &node) const {
  for (const ValueInfo &output : model.outputs)
    if (root(output.name) == node.outputs[0])
      return nullptr;
  auto it = users.find(node.outputs[0]);
  return it != users.end() && it->second.size() == 1 ? it->second[0] : nullptr;
}

void ImportState::absorb(const Node &node, const Node &producer) {
  absorbed.insert(&node);
  if (const GraphValue *value = find(producer.outputs[0]))
    define(node.outputs[0], *value);
}

} // namespace eclip::frontend
