//===- ModelReader.cpp - protobuf to Model --------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With Functions.cpp the only file that sees protobuf's classes. Everything in the message is
// hostile: sizes, names and enumerators are checked here, so that the rest of
// the importer works on consistent tensors.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Functions.h"
#include "compiler/import/Model.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/xxhash.h"

#include <onnx/onnx_pb.h>

using namespace llvm;

namespace eclip::frontend {
namespace {

class Reader {
public:
  explicit Reader(StringRef path) { model.path = path.str(); }
  Expected<Model> read();

private:
  Error error(const Twine &message) const {
    return createStringError(inconvertibleErrorCode(), message);
  }
  Error readOpset();
  Error readGraph();
  Error readInitializers(const onnx::GraphProto &graph, StringMap<HostTensor> &initializers);
  Error readNode(const onnx::NodeProto &proto, size_t index, Node &node);
  Error readSubgraph(const onnx::GraphProto &proto, const Node &node, Graph &graph);
  Error readAttribute(const onnx::AttributeProto &proto, const Node &node, Attribute &result);
  Error readValueInfo(const onnx::ValueInfoProto &proto, StringRef role, ValueInfo &result);
  Error readTensor(const onnx::TensorProto &proto, const Twine &what, HostTensor &result);
  Error readExternal(const onnx::TensorProto &proto, const std::string &what, int64_t size, HostTensor &result);
  Error readTyped(const onnx::TensorProto &proto, const std::string &what, int64_t count, HostTensor &result);
  Expected<std::shared_ptr<MemoryBuffer>> mapFile(StringRef location, const std::string &what);

  Model model;
  std::shared_ptr<onnx::ModelProto> proto;
  SHA256 hash;
  StringMap<std::shared_ptr<MemoryBuffer>> files; // by location
};

Expected<Model> Reader::read() {
  if (sys::fs::is_directory(model.path))
    return error("is a directory, not a model");
  auto buffer = MemoryBuffer::getFile(model.path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return error("cannot read the model: " + buffer.getError().message());
  StringRef data = (*buffer)->getBuffer();
  if (data.size() > INT32_MAX)
    return error("the model is larger than 2 GiB, which ONNX does not allow");
  hash.update(data);
  proto = std::make_shared<onnx::ModelProto>();
  // Protobuf reports to stderr by itself; our diagnostic is the one line.
  auto *handler = google::protobuf::SetLogHandler(nullptr);
  bool parsed = proto->ParseFromArray(data.data(), static_cast<int>(data.size()));
  google::protobuf::SetLogHandler(handler);
  if (!parsed)
    return error("not an ONNX model, or truncated: its protobuf encoding is broken");
  if (!proto->has_graph())
    return error("not an ONNX model: it has no graph");
  if (Error e = readOpset())
    return e;
  if (Error e = inlineFunctions(*proto))
    return e;
  if (Error e = readGraph())
    return e;
  for (const Node &node : model.nodes)
    if (!model.opset && node.domain.empty())
      return error("node '" + node.name + "' (" + node.op +
                   "): opset_import does not name the default domain's version");
  model.hash = toHex(hash.final(), /*LowerCase=*/true);
  return std::move(model);
}

Error Reader::readOpset() {
  for (const onnx::OperatorSetIdProto &set : proto->opset_import()) {
    if (!set.domain().empty() && set.domain() != "ai.onnx")
      continue;
    if (model.opset && model.opset != set.version())
      return error("opset_import names the default domain twice");
    model.opset = set.version();
  }
  return Error::success();
}

Error Reader::readInitializers(const onnx::GraphProto &graph, StringMap<HostTensor> &initializers) {
  if (graph.sparse_initializer_size())
    return error("sparse initializers are not supported");
  for (const onnx::TensorProto &initializer : graph.initializer()) {
    if (initializer.name().empty())
      return error("an initializer has no name");
    auto [entry, isNew] = initializers.try_emplace(initializer.name());
    if (!isNew)
      return error("initializer '" + initializer.name() + "' is defined twice");
    if (Error e = readTensor(initializer, "initializer '" + initializer.name() + "'", entry->second))
      return e;
    entry->second.name = initializer.name();
  }
  return Error::success();
}

Error Reader::readGraph() {
  const onnx::GraphProto &graph = proto->graph();
  if (Error e = readInitializers(graph, model.initializers))
    return e;
  StringSet<> nodeNames;
  for (auto [index, node] : enumerate(graph.node())) {
    if (!node.name().empty() && !nodeNames.insert(node.name()).second)
      return error("node '" + node.name() + "' (" + node.op_type() + "): another node has that name");
    if (Error e = readNode(node, index, model.nodes.emplace_back()))
      return e;
  }
  StringSet<> names;
  for (const onnx::ValueInfoProto &input : graph.input()) {
    if (!names.insert(input.name()).second)
      return error("input '" + input.name() + "' is declared twice");
    if (model.initializers.contains(input.name()))
      continue; // until IR version 3 initializers were listed as inputs too
    if (Error e = readValueInfo(input, "input", model.inputs.emplace_back()))
      return e;
  }
  names.clear();
  for (const onnx::ValueInfoProto &output : graph.output()) {
    if (!names.insert(output.name()).second)
      return error("output '" + output.name() + "' is declared twice");
    if (Error e = readValueInfo(output, "output", model.outputs.emplace_back()))
      return e;
  }
  if (model.outputs.empty())
    return error("the graph has no output");
  return Error::success();
}

/// What nodes of the graph read and it does not define.
static void collectCaptures(const Graph &graph, std::vector<std::string> &captures) {
  StringSet<> known;
  known.insert_range(graph.inputs);
  for (const auto &entry : graph.initializers)
    known.insert(entry.first());
  for (const Node &node : graph.nodes)
    known.insert_range(node.outputs);
  auto add = [&](const std::string &name) {
    if (!name.empty() && !known.contains(name) && !is_contained(captures, name))
      captures.push_back(name);
  };
  for (const Node &node : graph.nodes) {
    for_each(node.inputs, add);
    for_each(node.captures, add);
  }
  for_each(graph.outputs, add);
}

Error Reader::readSubgraph(const onnx::GraphProto &proto, const Node &node, Graph &graph) {
  if (Error e = readInitializers(proto, graph.initializers))
    return e;
  for (auto [index, inner] : enumerate(proto.node()))
    if (Error e = readNode(inner, index, graph.nodes.emplace_back()))
      return e;
  for (const onnx::ValueInfoProto &input : proto.input())
    if (!graph.initializers.contains(input.name()))
      graph.inputs.push_back(input.name());
  for (const onnx::ValueInfoProto &output : proto.output())
    graph.outputs.push_back(output.name());
  if (graph.outputs.empty() || is_contained(graph.outputs, "") || is_contained(graph.inputs, ""))
    return error("node '" + node.name + "' (" + node.op + "): a subgraph has no output or one without a name");
  return Error::success();
}

Error Reader::readNode(const onnx::NodeProto &proto, size_t index, Node &node) {
  node.op = proto.op_type();
  node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  node.name = proto.name();
  if (node.name.empty())
    node.name = !node.outputs.empty() && !node.outputs[0].empty() ? node.outputs[0] : "#" + std::to_string(index);
  StringSet<> names;
  for (const onnx::AttributeProto &attribute : proto.attribute()) {
    if (!names.insert(attribute.name()).second)
      return error(formatv("node '{0}' ({1}): attribute '{2}' is given twice", node.name, node.op, attribute.name())
                       .str());
    Attribute result;
    if (Error e = readAttribute(attribute, node, result))
      return e;
    if (result.g)
      collectCaptures(*result.g, node.captures);
    node.attributes.push_back(std::move(result));
  }
  return Error::success();
}

/// True if the attribute has no value of another type than it says.
static bool valueHasItsType(const onnx::AttributeProto &proto) {
  using A = onnx::AttributeProto;
  auto alone = [&](bool isSet, A::AttributeType type) { return !isSet || proto.type() == type; };
  return alone(proto.has_f(), A::FLOAT) && alone(proto.has_i(), A::INT) && alone(proto.has_s(), A::STRING) &&
         alone(proto.has_t(), A::TENSOR) && alone(proto.has_g(), A::GRAPH) &&
         alone(proto.floats_size(), A::FLOATS) && alone(proto.ints_size(), A::INTS) &&
         alone(proto.strings_size(), A::STRINGS) && alone(proto.tensors_size(), A::TENSORS) &&
         alone(proto.graphs_size(), A::GRAPHS);
}

Error Reader::readAttribute(const onnx::AttributeProto &proto, const Node &node, Attribute &result) {
  result.name = proto.name();
  if (!valueHasItsType(proto))
    return error(formatv("node '{0}' ({1}): attribute '{2}' has a value of another type than it states", node.name,
                         node.op, proto.name())
                     .str());
  switch (proto.type()) {
  case onnx::AttributeProto::FLOAT:
    result.kind = Attribute::Float;
    result.f = proto.f();
    break;
  case onnx::AttributeProto::INT:
    result.kind = Attribute::Int;
    result.i = proto.i();
    break;
  case onnx::AttributeProto::STRING:
    result.kind = Attribute::String;
    result.s = proto.s();
    break;
  case onnx::AttributeProto::TENSOR:
    result.kind = Attribute::Tensor;
    return readTensor(proto.t(), Twine("node '") + node.name + "' (" + node.op + "): attribute '" + proto.name() + "'",
                      result.t);
  case onnx::AttributeProto::FLOATS:
    result.kind = Attribute::Floats;
    result.floats.assign(proto.floats().begin(), proto.floats().end());
    break;
  case onnx::AttributeProto::INTS:
    result.kind = Attribute::Ints;
    result.ints.assign(proto.ints().begin(), proto.ints().end());
    break;
  case onnx::AttributeProto::STRINGS:
    result.kind = Attribute::Strings;
    result.strings.assign(proto.strings().begin(), proto.strings().end());
    break;
  case onnx::AttributeProto::GRAPH: {
    result.kind = Attribute::Subgraph;
    auto graph = std::make_shared<Graph>();
    if (Error e = readSubgraph(proto.g(), node, *graph))
      return e;
    result.g = std::move(graph);
    break;
  }
  default:
    result.kind = Attribute::Other; // refused by the operator's attribute check
    break;
  }
  return Error::success();
}

Error Reader::readValueInfo(const onnx::ValueInfoProto &proto, StringRef role, ValueInfo &result) {
  auto refuse = [&](const Twine &message) {
    return error(nodeWith(model, proto.name()) + role + " '" + proto.name() + "': " + message);
  };
  result.name = proto.name();
  if (result.name.empty())
    return error("an " + role + " has no name");
  if (!proto.has_type() || !proto.type().has_tensor_type())
    return refuse("only tensors are supported");
  const onnx::TypeProto_Tensor &tensor = proto.type().tensor_type();
  std::optional<DType> type = dtypeFromOnnx(tensor.elem_type());
  if (!type)
    return refuse("element type " + Twine(tensor.elem_type()) + " is not supported");
  if (*type == DType::BF16)
    return refuse("bfloat16 is only supported inside a model");
  result.type = *type;
  result.hasShape = tensor.has_shape();
  for (const onnx::TensorShapeProto_Dimension &dim : tensor.shape().dim()) {
    Dim &extent = result.shape.emplace_back();
    if (dim.has_dim_value()) {
      if (dim.dim_value() < 0)
        return refuse("dimension " + Twine(result.shape.size() - 1) + " is negative (" +
                     Twine(dim.dim_value()) + ")");
      extent.value = dim.dim_value();
    } else {
      extent.param = dim.dim_param();
    }
  }
  return Error::success();
}

Error Reader::readTensor(const onnx::TensorProto &proto, const Twine &twine, HostTensor &result) {
  std::string what = twine.str();
  std::optional<DType> type = dtypeFromOnnx(proto.data_type());
  if (!type)
    return error(what + ": element type " + Twine(proto.data_type()) + " is not supported");
  if (proto.has_segment())
    return error(what + ": segmented tensors are not supported");
  result.type = *type;
  result.shape.assign(proto.dims().begin(), proto.dims().end());
  std::optional<int64_t> count = checkedElements(result.shape, dtypeBytes(*type));
  if (!count)
    return error(what + ": shape " + shapeText(result.shape) + " is negative or too large");
  int64_t size = *count * dtypeBytes(*type);
  if (proto.data_location() == onnx::TensorProto::EXTERNAL)
    return readExternal(proto, what, size, result);
  if (!proto.has_raw_data())
    return readTyped(proto, what, *count, result);
  const std::string &raw = proto.raw_data();
  if (static_cast<int64_t>(raw.size()) != size)
    return error(what + formatv(": shape {0} needs {1} bytes, raw_data has {2}", shapeText(result.shape), size,
                                raw.size())
                            .str());
  result.owner = this->proto;
  result.bytes = ArrayRef<char>(raw.data(), raw.size());
  return Error::success();
}

Error Reader::readTyped(const onnx::TensorProto &proto, const std::string &what, int64_t count, HostTensor &result) {
  int64_t given;
  switch (result.type) {
  case DType::F32:
    given = proto.float_data_size();
    break;
  case DType::F64:
    given = proto.double_data_size();
    break;
  case DType::I64:
    given = proto.int64_data_size();
    break;
  case DType::U32:
  case DType::U64:
    given = proto.uint64_data_size();
    break;
  default:
    given = proto.int32_data_size();
    break;
  }
  if (given != count)
    return error(what + formatv(": shape {0} needs {1} values, the tensor has {2}", shapeText(result.shape), count,
                                given)
                            .str());
  MutableTensor filled(result.type, result.shape);
  for (int64_t i = 0; i < count; ++i) {
    switch (result.type) {
    case DType::F32:
      filled.set(i, {proto.float_data(i), 0});
      break;
    case DType::F64:
      filled.set(i, {proto.double_data(i), 0});
      break;
    case DType::I64:
      filled.set(i, {0, proto.int64_data(i)});
      break;
    case DType::U32:
    case DType::U64:
      filled.set(i, {0, static_cast<int64_t>(proto.uint64_data(i))});
      break;
    case DType::F16:
    case DType::BF16: { // their bits
      auto bits = static_cast<uint16_t>(proto.int32_data(i));
      std::memcpy(filled.data + 2 * i, &bits, 2);
      break;
    }
    default:
      filled.set(i, {0, proto.int32_data(i)});
      break;
    }
  }
  result = std::move(filled.tensor);
  return Error::success();
}

Expected<std::shared_ptr<MemoryBuffer>> Reader::mapFile(StringRef location, const std::string &what) {
  std::shared_ptr<MemoryBuffer> &file = files[location];
  if (file)
    return file;
  bool leaves = sys::path::is_absolute(location) || location.contains('\0');
  for (auto it = sys::path::begin(location), end = sys::path::end(location); it != end; ++it)
    leaves |= *it == "..";
  if (leaves || location.empty())
    return error(what + ": external data location '" + location + "' must be a path inside the model's directory");
  SmallString<256> path(sys::path::parent_path(model.path));
  sys::path::append(path, location);
  if (!sys::fs::exists(path))
    return error(what + ": weights file '" + path + "' does not exist");
  // A named pipe or a device would block or never end.
  if (!sys::fs::is_regular_file(path))
    return error(what + ": weights file '" + path + "' is not a regular file");
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return error(what + ": cannot read weights file '" + path + "': " + buffer.getError().message());
  file = std::move(*buffer);
  return file;
}

Error Reader::readExternal(const onnx::TensorProto &proto, const std::string &what, int64_t size,
                           HostTensor &result) {
  std::string location;
  uint64_t offset = 0, length = size;
  for (const onnx::StringStringEntryProto &entry : proto.external_data()) {
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset" && StringRef(entry.value()).getAsInteger(10, offset))
      return error(what + ": external data offset '" + entry.value() + "' is not a number");
    else if (entry.key() == "length" && StringRef(entry.value()).getAsInteger(10, length))
      return error(what + ": external data length '" + entry.value() + "' is not a number");
  }
  if (length != static_cast<uint64_t>(size))
    return error(what + formatv(": shape {0} needs {1} bytes, its external data has {2}", shapeText(result.shape),
                                size, length)
                            .str());
  auto file = mapFile(location, what);
  if (!file)
    return file.takeError();
  uint64_t available = (*file)->getBufferSize();
  if (offset > available || length > available - offset)
    return error(what + formatv(": weights file '{0}' is too short: bytes {1} to {2} are needed, it has {3}", location,
                                offset, offset + length, available)
                            .str());
  const char *data = (*file)->getBufferStart() + offset;
  // The weights are hashed for the model's identity; XXH3 runs at the speed of
  // memory, SHA-256 over its digests keeps the order.
  XXH128_hash_t digest = xxh3_128bits(ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(data), length));
  hash.update(ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(&digest), sizeof(digest)));
  result.owner = *file;
  result.bytes = ArrayRef<char>(data, length);
  return Error::success();
}

} // namespace

Expected<Model> readModel(StringRef path) { return Reader(path).read(); }

std::string nodeWith(const Model &model, StringRef value) {
  for (const Node &node : model.nodes)
    if (is_contained(node.inputs, value) || is_contained(node.outputs, value))
      return "node '" + node.name + "' (" + node.op + "): ";
  return "";
}

} // namespace eclip::frontend
