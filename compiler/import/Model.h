//===- Model.h - a parsed ONNX model, free of protobuf ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_MODEL_H
#define ECLIP_COMPILER_IMPORT_MODEL_H

#include "compiler/import/HostTensor.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <vector>

namespace eclip::frontend {

struct Graph;

/// One attribute. Only the member that `kind` names is meaningful.
struct Attribute {
  enum Kind : char {
    Float = 'f',
    Int = 'i',
    String = 's',
    Tensor = 't',
    Floats = 'F',
    Ints = 'I',
    Strings = 'S',
    Subgraph = 'g',
    Other = '?', // types, sparse tensors
  };
  Kind kind = Other;
  std::string name;
  float f = 0;
  int64_t i = 0;
  std::string s;
  HostTensor t;
  std::vector<double> floats;
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  std::shared_ptr<const Graph> g; // not null
};

struct Node {
  std::string name; // never empty: the first output's name stands in
  std::string op;
  std::string domain; // empty for ONNX's own operators
  std::vector<std::string> inputs; // an empty name is an omitted input
  std::vector<std::string> outputs;
  std::vector<Attribute> attributes;
  /// Values outside of the node's subgraphs that nodes inside read, or that a
  /// subgraph passes on.
  std::vector<std::string> captures;
};

/// A body of If, Loop or Scan.
struct Graph {
  std::vector<Node> nodes;
  llvm::StringMap<HostTensor> initializers;
  std::vector<std::string> inputs;  // without those that an initializer provides
  std::vector<std::string> outputs; // never empty
};

/// An extent as declared: a number, a name, or nothing.
struct Dim {
  std::optional<int64_t> value;
  std::string param;
};

struct ValueInfo {
  std::string name;
  DType type = DType::F32;
  bool hasShape = false;
  std::vector<Dim> shape;
};

struct Model {
  std::string path;
  std::string hash; // hexadecimal, over graph and external weights
  int64_t opset = 0;
  std::vector<Node> nodes;
  std::vector<ValueInfo> inputs; // without those that an initializer provides
  std::vector<ValueInfo> outputs;
  llvm::StringMap<HostTensor> initializers;
};

/// Reads and checks the file: structure, types, sizes of all data. External
/// data is mapped; every HostTensor keeps what it points into alive. The error
/// does not name the path; names in it are as they are in the file.
llvm::Expected<Model> readModel(llvm::StringRef path);

/// "node 'NAME' (Operator): " for the first node that reads or computes the
/// value, to put before a message about it; empty if none does.
std::string nodeWith(const Model &model, llvm::StringRef value);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_MODEL_H
