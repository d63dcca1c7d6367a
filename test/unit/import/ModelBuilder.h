//===- ModelBuilder.h - small ONNX models for tests -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_IMPORT_MODELBUILDER_H
#define ECLIP_TEST_UNIT_IMPORT_MODELBUILDER_H

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace eclip::test {

constexpr int kFloat = onnx::TensorProto::FLOAT;
constexpr int kInt64 = onnx::TensorProto::INT64;

/// A dimension: a number, a name, or "" for an unknown one.
struct Extent {
  Extent(int64_t value) : value(value) {}
  Extent(int value) : value(value) {}
  Extent(const char *name) : isName(true), name(name) {}
  bool isName = false;
  int64_t value = 0;
  std::string name;
};

class NodeBuilder {
public:
  explicit NodeBuilder(onnx::NodeProto *node) : node(node) {}
  NodeBuilder &attr(const char *name, int64_t value);
  NodeBuilder &attr(const char *name, float value);
  NodeBuilder &attr(const char *name, const char *value);
  NodeBuilder &attr(const char *name, std::vector<int64_t> values);
  NodeBuilder &named(const char *name);
  onnx::NodeProto *node;
};

/// Builds a model; nodes are "n", "n2", "n3" and so on unless given other names.
class ModelBuilder {
public:
  explicit ModelBuilder(int64_t opset = 17);
  ModelBuilder &input(const char *name, std::vector<Extent> shape, int type = kFloat);
  ModelBuilder &output(const char *name, std::vector<Extent> shape, int type = kFloat);
  /// An output without a declared shape.
  ModelBuilder &outputOfAnyShape(const char *name, int type = kFloat);
  /// Initializers: floats 1, 2, 3 .. or the given integers.
  ModelBuilder &weights(const char *name, std::vector<int64_t> shape);
  ModelBuilder &ints(const char *name, std::vector<int64_t> values);
  /// An initializer in a file of its own.
  ModelBuilder &external(const char *name, std::vector<int64_t> shape, const char *location, const char *offset,
                         const char *length);
  NodeBuilder node(const char *op, std::vector<std::string> inputs, std::vector<std::string> outputs);

  onnx::ModelProto model;
};

/// Writes and imports the model (or the bytes, if given); returns the text of
/// the module, or every diagnostic, one a line. The path is shown as MODEL.
std::string importText(const ModelBuilder &builder, int64_t batch = 0,
                       std::initializer_list<std::pair<const char *, int64_t>> dims = {});
std::string importBytes(const std::string &bytes);
/// A file beside the models that importText writes.
void writeBeside(const char *name, const std::string &bytes);

} // namespace eclip::test

#endif // ECLIP_TEST_UNIT_IMPORT_MODELBUILDER_H
