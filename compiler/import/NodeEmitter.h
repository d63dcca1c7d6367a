//===- NodeEmitter.h - what an operator's emitter works with ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A NodeEmitter is one node during import: its operands and attributes, its
// results, diagnostics that name it, and builders of the operations that
// emitters share. Attributes have been checked against the operator's table
// row before, so that their getters cannot fail.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_NODEEMITTER_H
#define ECLIP_COMPILER_IMPORT_NODEEMITTER_H

#include "compiler/import/Model.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace eclip::frontend {

/// A value of the graph: an SSA value, or a tensor known at import, or (once a
/// known tensor has been used by an operation) both.
struct GraphValue {
  DType type = DType::F32;
  Shape shape;
  std::optional<HostTensor> constant;
  mlir::Value value;
};

mlir::Type toMlirType(DType type, mlir::MLIRContext *context);

class ImportState;

class NodeEmitter {
public:
  NodeEmitter(ImportState &state, const Node &node, mlir::OpBuilder &builder, mlir::Location loc)
      : node(node), b(builder), loc(loc), state(state) {}

  const Node &node;
  mlir::OpBuilder &b;
  mlir::Location loc;

  /// Reports the node's one error: "path: node 'NAME' (Op): message".
  mlir::LogicalResult error(const llvm::Twine &message) const;
  int64_t opset() const;

  //===--- Operands ---------------------------------------------------------===//
  unsigned numInputs() const { return node.inputs.size(); }
  unsigned numOutputs() const { return node.outputs.size(); }
  /// True if the optional input is given.
  bool has(unsigned i) const { return i < node.inputs.size() && !node.inputs[i].empty(); }
  /// True if somebody may read the output.
  bool wants(unsigned i) const { return i < node.outputs.size() && !node.outputs[i].empty(); }
  const GraphValue &input(unsigned i) const;
  DType type(unsigned i) const { return input(i).type; }
  llvm::ArrayRef<int64_t> shape(unsigned i) const { return input(i).shape; }
  int64_t rank(unsigned i) const { return input(i).shape.size(); }
  /// Null if the input is not known at import.
  const HostTensor *constant(unsigned i) const;
  /// The input as an SSA value; a constant is materialized once.
  mlir::Value value(unsigned i);
  /// The integers of an input that must be known at import; `what` names it.
  mlir::FailureOr<llvm::SmallVector<int64_t>> constantInts(unsigned i, const llvm::Twine &what) const;

  //===--- Attributes -------------------------------------------------------===//
  const Attribute *attribute(llvm::StringRef name) const;
  int64_t intAttr(llvm::StringRef name, int64_t fallback) const;
  double floatAttr(llvm::StringRef name, double fallback) const;
  std::string stringAttr(llvm::StringRef name, llvm::StringRef fallback) const;
  llvm::SmallVector<int64_t> intsAttr(llvm::StringRef name, llvm::ArrayRef<int64_t> fallback = {}) const;
  /// `axis` counted from the front, checked against [-rank, rank).
  mlir::FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank) const;
  /// Checked, sorted and without repetitions.
  mlir::FailureOr<llvm::SmallVector<int64_t>> normalizeAxes(llvm::ArrayRef<int64_t> axes, int64_t rank) const;

  //===--- Results ----------------------------------------------------------===//
  /// Fails if the shape is too large.
  mlir::LogicalResult checkShape(llvm::ArrayRef<int64_t> shape, DType type) const;
  /// A result without elements is known at import, whatever it comes from.
  mlir::LogicalResult setResult(unsigned i, mlir::Value value, DType type);
  mlir::LogicalResult setConstant(unsigned i, HostTensor tensor);
  /// The result is the input's value itself.
  mlir::LogicalResult forward(unsigned result, unsigned input);

  //===--- Builders ---------------------------------------------------------===//
  mlir::Value materialize(const HostTensor &tensor);
  mlir::Type elementType(DType type) const { return toMlirType(type, b.getContext()); }
  mlir::RankedTensorType tensorType(llvm::ArrayRef<int64_t> shape, mlir::Type element) const {
    return mlir::RankedTensorType::get(shape, element);
  }
  mlir::Value emptyTensor(llvm::ArrayRef<int64_t> shape, mlir::Type element);
  mlir::Value filled(llvm::ArrayRef<int64_t> shape, mlir::TypedAttr value);
  mlir::TypedAttr number(mlir::Type element, double value) const;
  mlir::Value scalar(mlir::OpBuilder &builder, mlir::Type element, double value) const;
  /// index * factor + offset, of type index.
  mlir::Value linear(mlir::OpBuilder &builder, mlir::Value index, int64_t factor, int64_t offset) const;

  using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::ValueRange)>;
  /// A linalg.generic with parallel iterators over `shape`.
  mlir::Value pointwise(mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps, llvm::ArrayRef<int64_t> shape,
                        mlir::Type element, Body body);
  /// Elementwise over operands of the shape `shape`.
  mlir::Value pointwise(mlir::ValueRange inputs, llvm::ArrayRef<int64_t> shape, mlir::Type element, Body body);
  /// A reduction of `input` over `axes` (sorted) into a tensor without these
  /// dimensions. The body gets the elements of `input` (and of `second`, if
  /// given, which has the shape of `input`), then the accumulator.
  mlir::Value reduce(mlir::ValueRange inputs, llvm::ArrayRef<int64_t> axes, mlir::TypedAttr init, Body body);
  /// The map of an operand without the dimensions `dropped` of `rank`.
  mlir::AffineMap mapWithout(int64_t rank, llvm::ArrayRef<int64_t> dropped) const;

  /// An operand of numpy broadcasting as one that a projected map can read:
  /// broadcast unit dimensions are collapsed away.
  struct Broadcast {
    mlir::Value value;
    mlir::AffineMap map;
  };
  mlir::FailureOr<Broadcast> broadcast(const GraphValue &operand, llvm::ArrayRef<int64_t> shape);
  /// The common shape of numpy broadcasting, or none.
  static std::optional<Shape> broadcastShape(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

  /// Collapses and expands into `shape`, which has as many elements.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  /// Unit dimensions inserted so that reduced axes are kept.
  mlir::Value keepDims(mlir::Value value, llvm::ArrayRef<int64_t> fullShape, llvm::ArrayRef<int64_t> axes);
  mlir::Value padded(mlir::Value value, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high,
                     mlir::TypedAttr padding);
  mlir::Value slice(mlir::Value value, llvm::ArrayRef<int64_t> offsets, llvm::ArrayRef<int64_t> sizes,
                    llvm::ArrayRef<int64_t> strides = {});

  ImportState &state;
};

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_NODEEMITTER_H
