//===- ImportState.h - one import in progress -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_IMPORTSTATE_H
#define ECLIP_COMPILER_IMPORT_IMPORTSTATE_H

#include "compiler/import/Import.h"
#include "compiler/import/NodeEmitter.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/DenseSet.h"

#include <deque>

namespace eclip::frontend {

/// Emits "path: message" as one line: control characters, which names in a file
/// may hold, are escaped.
mlir::LogicalResult reportError(mlir::MLIRContext &context, llvm::StringRef path, const llvm::Twine &message);

/// The extents that a model's dynamic dimensions are bound to.
struct DimBindings {
  llvm::StringMap<int64_t> byName;
  /// For leading dimensions without a name.
  std::optional<int64_t> unnamedBatch;
};

/// Binds `options` to the model's dynamic dimensions and checks that inputs
/// are static then. Errors are reported on `context`.
mlir::FailureOr<DimBindings> bindDims(mlir::MLIRContext &context, const Model &model, const ImportOptions &options);

class ImportState {
public:
  ImportState(mlir::MLIRContext &context, const Model &model) : context(context), model(model) {}

  /// Orders the nodes, drops Identity, Dropout and Constant nodes and dead
  /// ones. Reports cycles, missing and doubly defined values.
  mlir::LogicalResult prepareGraph();
  /// Builds the module.
  mlir::OwningOpRef<mlir::ModuleOp> build(const DimBindings &bindings);

  mlir::LogicalResult error(const llvm::Twine &message) const;

  /// The value's name behind Identity and the like.
  llvm::StringRef root(llvm::StringRef name) const;
  /// Null if the value is not yet computed.
  const GraphValue *find(llvm::StringRef name) const;
  GraphValue *find(llvm::StringRef name);
  void define(llvm::StringRef name, GraphValue value);
  /// The tensor behind a name that is an initializer or a Constant node.
  const HostTensor *initializer(llvm::StringRef name) const;
  /// The only node that reads output 0 of `node`, if that is no graph output.
  const Node *soleUser(const Node &node) const;
  /// `node` will not be emitted: its output 0 is that of `producer`.
  void absorb(const Node &node, const Node &producer);
  /// Emits the nodes of a subgraph of `node` in place, each name behind
  /// `prefix`. Its inputs are the values `inputs`, in order. Returns the values
  /// of its outputs.
  mlir::FailureOr<llvm::SmallVector<GraphValue>> emitSubgraph(const NodeEmitter &node, const Graph &graph,
                                                              const std::string &prefix,
                                                              llvm::ArrayRef<GraphValue> inputs);
  /// The resource of a constant tensor; splats become splat attributes.
  mlir::TypedAttr toAttribute(const HostTensor &tensor);

  mlir::MLIRContext &context;
  const Model &model;

private:
  mlir::LogicalResult checkDefinitions();
  mlir::LogicalResult sortNodes();
  void collectAliases();
  mlir::LogicalResult collectConstants();
  mlir::FailureOr<HostTensor> constantTensor(const Node &node) const;
  void collectUsers();
  mlir::LogicalResult emitNode(const Node &node, mlir::OpBuilder &builder);
  mlir::LogicalResult finish(mlir::OpBuilder &builder, const DimBindings &bindings,
                             mlir::OwningOpRef<mlir::ModuleOp> &module);
  mlir::FailureOr<mlir::Value> outputValue(const ValueInfo &info, mlir::OpBuilder &builder, DimBindings &bindings,
                                           llvm::DenseSet<mlir::Value> &returned);

  std::vector<const Node *> order; // live nodes, topologically
  llvm::StringMap<std::string> aliases;
  llvm::StringMap<HostTensor> constants; // initializers and Constant nodes
  llvm::StringMap<GraphValue> values;
  llvm::StringMap<llvm::SmallVector<const Node *, 2>> users; // by root name
  llvm::DenseSet<const Node *> absorbed;
  std::deque<Node> inlined; // nodes of subgraphs, under their new names
};

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_IMPORTSTATE_H
