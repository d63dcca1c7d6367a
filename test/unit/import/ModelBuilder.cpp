//===- ModelBuilder.cpp - small ONNX models for tests ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/import/ModelBuilder.h"

#include "compiler/import/Import.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace eclip::test {

NodeBuilder &NodeBuilder::attr(const char *name, int64_t value) {
  onnx::AttributeProto *attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
  return *this;
}
NodeBuilder &NodeBuilder::attr(const char *name, float value) {
  onnx::AttributeProto *attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::FLOAT);
  attribute->set_f(value);
  return *this;
}
NodeBuilder &NodeBuilder::attr(const char *name, const char *value) {
  onnx::AttributeProto *attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::STRING);
  attribute->set_s(value);
  return *this;
}
NodeBuilder &NodeBuilder::attr(const char *name, std::vector<int64_t> values) {
  onnx::AttributeProto *attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (int64_t value : values)
    attribute->add_ints(value);
  return *this;
}
NodeBuilder &NodeBuilder::named(const char *name) {
  node->set_name(name);
  return *this;
}

ModelBuilder::ModelBuilder(int64_t opset) {
  model.set_ir_version(8);
  model.add_opset_import()->set_version(opset);
  model.mutable_graph()->set_name("test");
}

static void setInfo(onnx::ValueInfoProto *info, const char *name, const std::vector<Extent> &shape, int type) {
  info->set_name(name);
  onnx::TypeProto_Tensor *tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  onnx::TensorShapeProto *dims = tensor->mutable_shape();
  for (const Extent &extent : shape) {
    onnx::TensorShapeProto_Dimension *dim = dims->add_dim();
    if (!extent.isName)
      dim->set_dim_value(extent.value);
    else if (!extent.name.empty())
      dim->set_dim_param(extent.name);
  }
}

ModelBuilder &ModelBuilder::input(const char *name, std::vector<Extent> shape, int type) {
  setInfo(model.mutable_graph()->add_input(), name, shape, type);
  return *this;
}
ModelBuilder &ModelBuilder::output(const char *name, std::vector<Extent> shape, int type) {
  setInfo(model.mutable_graph()->add_output(), name, shape, type);
  return *this;
}
ModelBuilder &ModelBuilder::outputOfAnyShape(const char *name, int type) {
  onnx::ValueInfoProto *info = model.mutable_graph()->add_output();
  info->set_name(name);
  info->mutable_type()->mutable_tensor_type()->set_elem_type(type);
  return *this;
}
ModelBuilder &ModelBuilder::weights(const char *name, std::vector<int64_t> shape) {
  onnx::TensorProto *tensor = model.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(kFloat);
  int64_t count = 1;
  for (int64_t extent : shape) {
    tensor->add_dims(extent);
    count *= extent;
  }
  for (int64_t i = 0; i < count; ++i)
    tensor->add_float_data(static_cast<float>(i + 1));
  return *this;
}
ModelBuilder &ModelBuilder::ints(const char *name, std::vector<int64_t> values) {
  onnx::TensorProto *tensor = model.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(kInt64);
  tensor->add_dims(static_cast<int64_t>(values.size()));
  for (int64_t value : values)
    tensor->add_int64_data(value);
  return *this;
}
ModelBuilder &ModelBuilder::external(const char *name, std::vector<int64_t> shape, const char *location,
                                     const char *offset, const char *length) {
  onnx::TensorProto *tensor = model.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(kFloat);
  for (int64_t extent : shape)
    tensor->add_dims(extent);
  tensor->set_data_location(onnx::TensorProto::EXTERNAL);
  const char *entries[][2] = {{"location", location}, {"offset", offset}, {"length", length}};
  for (auto &[key, value] : entries) {
    onnx::StringStringEntryProto *entry = tensor->add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }
  return *this;
}
NodeBuilder ModelBuilder::node(const char *op, std::vector<std::string> inputs, std::vector<std::string> outputs) {
  onnx::NodeProto *node = model.mutable_graph()->add_node();
  int count = model.graph().node_size();
  node->set_name(count == 1 ? "n" : "n" + std::to_string(count));
  node->set_op_type(op);
  for (const std::string &input : inputs)
    node->add_input(input);
  for (const std::string &output : outputs)
    node->add_output(output);
  return NodeBuilder(node);
}

/// One folder per test process, removed at exit.
static const std::filesystem::path &folder() {
  static const struct Folder {
    Folder() : path(std::filesystem::temp_directory_path() / ("eclip_import_" + std::to_string(getpid()))) {
      std::filesystem::create_directories(path);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
  } folder;
  return folder.path;
}

void writeBeside(const char *name, const std::string &bytes) {
  std::ofstream(folder() / name, std::ios::binary) << bytes;
}

static std::string importFile(const std::string &bytes, const ImportOptions &options) {
  writeBeside("model.onnx", bytes);
  std::string path = (folder() / "model.onnx").string(), text;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    text += diagnostic.str() + "\n";
    return mlir::success();
  });
  mlir::OwningOpRef<mlir::ModuleOp> module = importOnnx(context, path, options);
  if (module) {
    llvm::raw_string_ostream stream(text);
    module->print(stream);
  }
  for (std::string::size_type at; (at = text.find(path)) != std::string::npos;)
    text.replace(at, path.size(), "MODEL");
  for (std::string::size_type at; (at = text.find(folder().string() + "/")) != std::string::npos;)
    text.erase(at, folder().string().size() + 1);
  if (!text.empty() && text.back() == '\n' && !module)
    text.pop_back();
  return text;
}

std::string importText(const ModelBuilder &builder, int64_t batch,
                       std::initializer_list<std::pair<const char *, int64_t>> dims) {
  ImportOptions options;
  if (batch)
    options.batch = batch;
  for (auto [name, extent] : dims)
    options.dims[name] = extent;
  return importFile(builder.model.SerializeAsString(), options);
}

std::string importBytes(const std::string &bytes) { return importFile(bytes, {}); }

} // namespace eclip::test
