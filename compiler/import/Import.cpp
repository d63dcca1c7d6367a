//===- Import.cpp - ONNX to linalg on tensors -----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Import.h"

#include "compiler/import/ImportState.h"
#include "compiler/import/OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace eclip::frontend {

LogicalResult reportError(MLIRContext &context, StringRef path, const Twine &message) {
  std::string line;
  for (char c : message.str()) {
    if (llvm::isPrint(c) || static_cast<unsigned char>(c) >= 0x80)
      line += c;
    else
      line += "\\x" + llvm::utohexstr(static_cast<unsigned char>(c), /*LowerCase=*/true, /*Width=*/2);
  }
  return emitError(UnknownLoc::get(&context)) << path << ": " << line;
}

LogicalResult ImportState::error(const Twine &message) const { return reportError(context, model.path, message); }

const GraphValue *ImportState::find(StringRef name) const {
  auto it = values.find(root(name));
  return it == values.end() ? nullptr : &it->second;
}
GraphValue *ImportState::find(StringRef name) {
  return const_cast<GraphValue *>(static_cast<const ImportState *>(this)->find(name));
}

void ImportState::define(StringRef name, GraphValue value) { values[name] = std::move(value); }

TypedAttr ImportState::toAttribute(const HostTensor &tensor) {
  auto type = RankedTensorType::get(tensor.shape, toMlirType(tensor.type, &context));
  if (tensor.bytes.empty())
    return DenseElementsAttr::get(type, ArrayRef<mlir::Attribute>());
  if (tensor.isSplat()) {
    // One byte of 0 or 1 is not how a DenseElementsAttr stores a bool.
    if (tensor.type == DType::Bool)
      return DenseElementsAttr::get(type, tensor.at(0).i != 0);
    return DenseElementsAttr::getFromRawBuffer(type, tensor.bytes.take_front(dtypeBytes(tensor.type)));
  }
  if (tensor.type == DType::Bool) { // any byte but 0 is true
    SmallVector<bool> bits;
    for (int64_t i = 0, count = tensor.elements(); i < count; ++i)
      bits.push_back(tensor.at(i).i != 0);
    return DenseElementsAttr::get(type, bits);
  }
  size_t align = dtypeBytes(tensor.type);
  AsmResourceBlob blob;
  if (reinterpret_cast<uintptr_t>(tensor.bytes.data()) % align == 0) {
    // The blob lives as long as the context and keeps the bytes' owner alive.
    blob = UnmanagedAsmResourceBlob::allocateWithAlign(
        tensor.bytes, align, [owner = tensor.owner](void *, size_t, size_t) mutable { owner.reset(); });
  } else {
    blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(tensor.bytes, align, /*dataIsMutable=*/false);
  }
  return DenseResourceElementsAttr::get(type, tensor.name.empty() ? "folded" : tensor.name, std::move(blob));
}

/// The outputs that come from constants or inputs, or a second time, get an
/// operation of their own: each result of @main is a distinct new tensor.
FailureOr<Value> ImportState::outputValue(const ValueInfo &info, OpBuilder &builder, DimBindings &bindings,
                                          llvm::DenseSet<Value> &returned) {
  GraphValue *value = find(info.name);
  std::string what = "output '" + info.name + "'";
  if (value->type != info.type)
    return error(what + ": is declared " + dtypeName(info.type) + " and computed as " + dtypeName(value->type));
  if (info.hasShape && info.shape.size() != value->shape.size())
    return error(what + ": is declared with rank " + Twine(info.shape.size()) + " and computed with shape " +
                 shapeText(value->shape));
  for (auto [i, dim] : llvm::enumerate(info.shape)) {
    std::optional<int64_t> declared = dim.value;
    if (!declared && !dim.param.empty())
      declared = bindings.byName.try_emplace(dim.param, value->shape[i]).first->second;
    if (declared && *declared != value->shape[i])
      return error(what + ": dimension " + Twine(i) + (dim.param.empty() ? "" : " ('" + dim.param + "')") +
                   " is declared as " + Twine(*declared) + " and computed as " + Twine(value->shape[i]));
  }
  Location loc = NameLoc::get(builder.getStringAttr(info.name));
  Node copy; // stands for the node that computes the output, in diagnostics
  copy.name = info.name;
  copy.op = "output";
  for (const Node &node : model.nodes)
    if (llvm::is_contained(node.outputs, info.name)) {
      copy.name = node.name;
      copy.op = node.op;
    }
  copy.inputs = copy.outputs = {info.name};
  NodeEmitter e(*this, copy, builder, loc);
  if (llvm::is_contained(value->shape, 0)) // schedule files hold none
    return e.error(what + " of shape " + shapeText(value->shape) + " is empty, which is not supported");
  Value tensor = e.value(0);
  bool isOwn = !isa<BlockArgument>(tensor) && !tensor.getDefiningOp<arith::ConstantOp>();
  if (!isOwn || !returned.insert(tensor).second)
    tensor = e.pointwise(tensor, value->shape, e.elementType(value->type),
                         [](OpBuilder &, ValueRange args) { return args[0]; });
  return tensor;
}

LogicalResult ImportState::emitNode(const Node &node, OpBuilder &builder) {
  Location loc = NameLoc::get(builder.getStringAttr(node.name), NameLoc::get(builder.getStringAttr(node.op)));
  NodeEmitter e(*this, node, builder, loc);
  const OpRow *row = node.domain.empty() ? findOp(node.op) : nullptr;
  if (!row) {
    std::string name = node.domain.empty() ? node.op : node.domain + "." + node.op;
    StringRef why = whyUnsupported(node.domain, node.op);
    return e.error("operator '" + name + "' is not supported" + (why.empty() ? "" : ": ") + why);
  }
  if (failed(checkNode(e, *row)))
    return failure();
  auto isDone = [&] { return find(node.outputs[0]) != nullptr; };
  bool allConstant = true;
  for (unsigned i = 0; i < e.numInputs(); ++i)
    allConstant &= !e.has(i) || e.constant(i);
  if (row->evaluate && (allConstant || !row->emit)) {
    if (failed(row->evaluate(e)))
      return failure();
    if (isDone())
      return success();
  }
  if (!row->emit)
    return e.error("the inputs must be known at import");
  // An empty vector is a valid list of axes or extents, but no data.
  for (unsigned i = 0; i < e.numInputs() && !row->takesEmpty; ++i)
    if (e.has(i) && llvm::is_contained(e.shape(i), 0) && !(i > 0 && isInt(e.type(i)) && e.rank(i) == 1))
      return e.error("input " + Twine(i) + " of shape " + shapeText(e.shape(i)) + " is empty, which is not supported");
  if (failed(row->emit(e)))
    return failure();
  for (unsigned i = 0; i < e.numOutputs(); ++i)
    if (e.wants(i) && !find(node.outputs[i]) && users.contains(node.outputs[i]))
      return e.error("output " + Twine(i) + " is not supported");
  return success();
}

OwningOpRef<ModuleOp> ImportState::build(const DimBindings &bindings) {
  Location loc = NameLoc::get(StringAttr::get(&context, model.path));
  OwningOpRef<ModuleOp> module(ModuleOp::create(loc));
  OpBuilder builder(&context);
  (*module)->setAttr("eclip.model_name", builder.getStringAttr(llvm::sys::path::stem(model.path)));
  (*module)->setAttr("eclip.model_hash", builder.getStringAttr(model.hash));

  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attributes;
  for (const ValueInfo &input : model.inputs) {
    GraphValue value;
    value.type = input.type;
    for (const Dim &dim : input.shape) {
      if (dim.value)
        value.shape.push_back(*dim.value);
      else
        value.shape.push_back(dim.param.empty() ? *bindings.unnamedBatch : bindings.byName.lookup(dim.param));
    }
    if (std::optional<int64_t> count = checkedElements(value.shape, dtypeBytes(value.type)); !count || !*count) {
      (void)error(nodeWith(model, input.name) + "input '" + input.name + "': shape " + shapeText(value.shape) +
                  " is " + (count ? "empty, which is not supported" : "too large"));
      return {};
    }
    types.push_back(RankedTensorType::get(value.shape, toMlirType(value.type, &context)));
    SmallVector<NamedAttribute> list{builder.getNamedAttr("eclip.name", builder.getStringAttr(input.name))};
    if (isUnsigned(value.type) && value.type != DType::Bool)
      list.push_back(builder.getNamedAttr("eclip.unsigned", builder.getUnitAttr()));
    attributes.push_back(builder.getDictionaryAttr(list));
    values[input.name] = std::move(value);
  }
  builder.setInsertionPointToEnd(module->getBody());
  auto function = func::FuncOp::create(builder, loc, "main", builder.getFunctionType(types, {}));
  function.setAllArgAttrs(attributes);
  Block *entry = function.addEntryBlock();
  for (auto [input, argument] : llvm::zip_equal(model.inputs, entry->getArguments())) {
    argument.setLoc(NameLoc::get(builder.getStringAttr(input.name)));
    values[input.name].value = argument;
  }
  for (const auto &constant : constants) {
    GraphValue value;
    value.type = constant.second.type;
    value.shape = constant.second.shape;
    value.constant = constant.second;
    values[constant.first()] = std::move(value);
  }
  builder.setInsertionPointToEnd(entry);
  for (const Node *node : order)
    if (!absorbed.contains(node) && failed(emitNode(*node, builder)))
      return {};
  if (failed(finish(builder, bindings, module)))
    return {};
  return module;
}

LogicalResult ImportState::finish(OpBuilder &builder, const DimBindings &bindings, OwningOpRef<ModuleOp> &module) {
  DimBindings known = bindings; // output names that no input binds are bound here
  SmallVector<Value> results;
  SmallVector<mlir::Attribute> attributes;
  llvm::DenseSet<Value> returned;
  for (const ValueInfo &output : model.outputs) {
    FailureOr<Value> value = outputValue(output, builder, known, returned);
    if (failed(value))
      return failure();
    results.push_back(*value);
    SmallVector<NamedAttribute> list{builder.getNamedAttr("eclip.name", builder.getStringAttr(output.name))};
    if (isUnsigned(output.type) && output.type != DType::Bool)
      list.push_back(builder.getNamedAttr("eclip.unsigned", builder.getUnitAttr()));
    attributes.push_back(builder.getDictionaryAttr(list));
  }
  auto function = cast<func::FuncOp>(module->getBody()->front());
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(), TypeRange(ValueRange(results))));
  function.setResAttrsAttr(builder.getArrayAttr(attributes));
  // Constants and shape arithmetic that folding left without a use.
  SmallVector<Operation *> operations;
  for (Operation &op : function.getBody().front())
    operations.push_back(&op);
  for (Operation *op : llvm::reverse(operations))
    if (isOpTriviallyDead(op))
      op->erase();
  return success();
}

} // namespace eclip::frontend

OwningOpRef<ModuleOp> eclip::importOnnx(MLIRContext &context, StringRef path, const ImportOptions &options) {
  using namespace frontend;
  context.loadDialect<arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect, math::MathDialect,
                      tensor::TensorDialect>();
  llvm::Expected<Model> model = readModel(path);
  if (!model) {
    (void)reportError(context, path, llvm::toString(model.takeError()));
    return {};
  }
  if (model->opset > kMaxOpset) {
    (void)reportError(context, path,
                      "opset " + Twine(model->opset) + " is not supported (up to " + Twine(kMaxOpset) + " are)");
    return {};
  }
  FailureOr<DimBindings> bindings = bindDims(context, *model, options);
  if (failed(bindings))
    return {};
  ImportState state(context, *model);
  if (failed(state.prepareGraph()))
    return {};
  OwningOpRef<ModuleOp> module = state.build(*bindings);
  if (module && failed(verify(*module)))
    return {};
  return module;
}
