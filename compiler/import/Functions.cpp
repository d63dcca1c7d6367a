//===- Functions.cpp - a model's own functions ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Functions.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <onnx/onnx_pb.h>

using namespace llvm;

namespace eclip::frontend {
namespace {

using NodeList = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

// A few nested functions can stand for more nodes than memory holds.
constexpr int kMaxDepth = 64;
constexpr int64_t kMaxNodes = 1 << 20;
constexpr int64_t kMaxBytes = int64_t(1) << 28;

std::string qualifiedName(StringRef domain, StringRef name) {
  return ((domain == "ai.onnx" ? "" : domain) + "::" + name).str();
}

std::string callName(const onnx::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  return node.output_size() && !node.output(0).empty() ? node.output(0) : node.op_type();
}

Error errorAt(const onnx::NodeProto &node, const Twine &message) {
  return createStringError(inconvertibleErrorCode(),
                           "node '" + callName(node) + "' (" + node.op_type() + "): " + message);
}

/// The names of one expansion of a function's body.
class Scope {
public:
  explicit Scope(std::string prefix) : prefix(std::move(prefix)) {}
  void bind(StringRef inner, StringRef outer) { names[inner] = outer.str(); }
  std::string operator()(const std::string &name) const {
    if (name.empty())
      return name;
    auto known = names.find(name);
    return known == names.end() ? prefix + name : known->second;
  }
  void renameGraph(onnx::GraphProto &graph) const;
  void renameNode(onnx::NodeProto &node) const;

private:
  std::string prefix;
  StringMap<std::string> names;
};

class Inliner {
public:
  explicit Inliner(onnx::ModelProto &model) : model(model) {}
  Error run();

private:
  Error collect();
  Error checkOpsets(const onnx::NodeProto &call, const onnx::FunctionProto &function);
  Error expandGraph(onnx::GraphProto &graph, int depth);
  Error expandNodes(NodeList &nodes, int depth);
  Error expandCall(const onnx::NodeProto &call, const onnx::FunctionProto &function, NodeList &result, int depth);
  std::string uniquePrefix(const onnx::NodeProto &call);

  onnx::ModelProto &model;
  StringMap<const onnx::FunctionProto *> functions;
  StringSet<> prefixes;
  int64_t opset = 0, nodeCount = 0, byteCount = 0;
};

} // namespace

void Scope::renameNode(onnx::NodeProto &node) const {
  for (std::string &name : *node.mutable_input())
    name = (*this)(name);
  for (std::string &name : *node.mutable_output())
    name = (*this)(name);
  if (!node.name().empty())
    node.set_name(prefix + node.name());
  for (onnx::AttributeProto &attribute : *node.mutable_attribute())
    if (attribute.has_g())
      renameGraph(*attribute.mutable_g());
}

void Scope::renameGraph(onnx::GraphProto &graph) const {
  for (onnx::ValueInfoProto &value : *graph.mutable_input())
    value.set_name((*this)(value.name()));
  for (onnx::ValueInfoProto &value : *graph.mutable_output())
    value.set_name((*this)(value.name()));
  for (onnx::TensorProto &tensor : *graph.mutable_initializer())
    tensor.set_name((*this)(tensor.name()));
  for (onnx::NodeProto &node : *graph.mutable_node())
    renameNode(node);
}

/// FunctionProto.attribute_proto, which libonnx 1.12 does not know: attributes
/// of a function that have a default value.
static bool defaultAttribute(const onnx::FunctionProto &function, StringRef name, onnx::AttributeProto &result) {
  constexpr int kField = 11;
  const auto &unknown = function.GetReflection()->GetUnknownFields(function);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto &field = unknown.field(i);
    if (field.number() == kField && field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED &&
        result.ParseFromString(field.length_delimited()) && result.name() == name)
      return true;
  }
  return false;
}

/// Replaces attributes that refer to those of the call by what it gives them,
/// or drops them.
static void resolveAttributes(onnx::NodeProto &node, const onnx::NodeProto &call,
                              const onnx::FunctionProto &function) {
  google::protobuf::RepeatedPtrField<onnx::AttributeProto> resolved;
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    onnx::AttributeProto result = attribute;
    if (!attribute.ref_attr_name().empty()) {
      bool isGiven = false;
      for (const onnx::AttributeProto &given : call.attribute())
        if (given.name() == attribute.ref_attr_name()) {
          result = given;
          isGiven = true;
        }
      if (!isGiven && !defaultAttribute(function, attribute.ref_attr_name(), result))
        continue;
      result.set_name(attribute.name());
    }
    if (result.has_g())
      for (onnx::NodeProto &inner : *result.mutable_g()->mutable_node())
        resolveAttributes(inner, call, function);
    *resolved.Add() = std::move(result);
  }
  node.mutable_attribute()->Swap(&resolved);
}

std::string Inliner::uniquePrefix(const onnx::NodeProto &call) {
  std::string base = callName(call), prefix = base + "/";
  for (int64_t n = 2; !prefixes.insert(prefix).second; ++n)
    prefix = base + "#" + std::to_string(n) + "/";
  return prefix;
}

/// All nodes of the model are read by one version of the operator set.
Error Inliner::checkOpsets(const onnx::NodeProto &call, const onnx::FunctionProto &function) {
  for (const onnx::OperatorSetIdProto &set : function.opset_import())
    if ((set.domain().empty() || set.domain() == "ai.onnx") && set.version() != opset)
      return errorAt(call, "the function uses opset " + Twine(set.version()) + ", the model " + Twine(opset) +
                               ", which is not supported");
  return Error::success();
}

Error Inliner::expandCall(const onnx::NodeProto &call, const onnx::FunctionProto &function, NodeList &result,
                          int depth) {
  if (depth > kMaxDepth)
    return errorAt(call, "functions call each other more than " + Twine(kMaxDepth) + " deep");
  if (call.input_size() > function.input_size() || call.output_size() > function.output_size())
    return errorAt(call, "has " + Twine(call.input_size()) + " inputs and " + Twine(call.output_size()) +
                             " outputs, the function " + Twine(function.input_size()) + " and " +
                             Twine(function.output_size()));
  if (Error e = checkOpsets(call, function))
    return e;
  byteCount += static_cast<int64_t>(function.ByteSizeLong());
  if (byteCount > kMaxBytes)
    return errorAt(call, "the model's functions expand to more than " + Twine(kMaxBytes >> 20) + " MiB");
  Scope scope(uniquePrefix(call));
  for (int i = 0; i < function.input_size(); ++i)
    scope.bind(function.input(i), i < call.input_size() ? call.input(i) : "");
  NodeList body;
  for (int i = 0; i < call.output_size(); ++i) {
    if (call.output(i).empty())
      continue;
    if (is_contained(function.input(), function.output(i))) { // passed through
      onnx::NodeProto &identity = *body.Add();
      identity.set_op_type("Identity");
      identity.add_input(scope(function.output(i)));
      identity.add_output(call.output(i));
    } else {
      scope.bind(function.output(i), call.output(i));
    }
  }
  for (const onnx::NodeProto &node : function.node()) {
    onnx::NodeProto &copy = *body.Add();
    copy = node;
    resolveAttributes(copy, call, function);
    if (copy.name().empty()) // named by what it computes, so that diagnostics can tell
      copy.set_name(copy.output_size() ? copy.output(0) : copy.op_type());
    scope.renameNode(copy);
  }
  if (Error e = expandNodes(body, depth + 1))
    return e;
  for (onnx::NodeProto &node : body)
    *result.Add() = std::move(node);
  return Error::success();
}

Error Inliner::expandNodes(NodeList &nodes, int depth) {
  NodeList result;
  for (onnx::NodeProto &node : nodes) {
    if (++nodeCount > kMaxNodes)
      return errorAt(node, "the model has more than " + Twine(kMaxNodes) + " nodes with its functions expanded");
    auto function = functions.find(qualifiedName(node.domain(), node.op_type()));
    if (function != functions.end()) {
      if (Error e = expandCall(node, *function->second, result, depth))
        return e;
      continue;
    }
    for (onnx::AttributeProto &attribute : *node.mutable_attribute())
      if (attribute.has_g())
        if (Error e = expandGraph(*attribute.mutable_g(), depth))
          return e;
    *result.Add() = std::move(node);
  }
  nodes.Swap(&result);
  return Error::success();
}

Error Inliner::expandGraph(onnx::GraphProto &graph, int depth) { return expandNodes(*graph.mutable_node(), depth); }

Error Inliner::collect() {
  for (const onnx::FunctionProto &function : model.functions())
    if (!functions.try_emplace(qualifiedName(function.domain(), function.name()), &function).second)
      return createStringError(inconvertibleErrorCode(), "function '" + function.name() + "' is defined twice");
  for (const onnx::OperatorSetIdProto &set : model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      opset = set.version();
  return Error::success();
}

Error Inliner::run() {
  if (Error e = collect())
    return e;
  if (Error e = expandGraph(*model.mutable_graph(), 0))
    return e;
  functions.clear();
  model.clear_functions();
  return Error::success();
}

Error inlineFunctions(onnx::ModelProto &model) {
  return model.functions_size() ? Inliner(model).run() : Error::success();
}

} // namespace eclip::frontend
