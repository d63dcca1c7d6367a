//===- Outline.cpp - kernels and schedule ---------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/formation/Formation.h"
#include "compiler/kernels/formation/Simplify.h"
#include "dialect/Eclip.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"

#include <map>

using namespace mlir;
using namespace eclip;

/// A symbol made of a node's name: letters, digits and single underscores.
static std::string symbolFor(StringRef name) {
  std::string symbol;
  for (char c : name) {
    if (llvm::isAlnum(c))
      symbol += c;
    else if (!symbol.empty() && symbol.back() != '_')
      symbol += '_';
  }
  while (!symbol.empty() && symbol.back() == '_')
    symbol.pop_back();
  symbol.resize(std::min<size_t>(symbol.size(), 80));
  if (symbol.empty() || llvm::isDigit(symbol.front()))
    symbol = "k_" + symbol;
  return symbol;
}

/// Hash of a kernel's body: operations, attributes, types and which values they
/// use, but no names and no locations.
static llvm::hash_code hashBody(Block &body) {
  DenseMap<Value, size_t> numbers;
  llvm::hash_code hash = llvm::hash_value(body.getNumArguments());
  auto number = [&](Value value) {
    return numbers.try_emplace(value, numbers.size()).first->second;
  };
  for (BlockArgument arg : body.getArguments())
    number(arg);
  body.walk<WalkOrder::PreOrder>([&](Operation *op) {
    hash = llvm::hash_combine(hash, op->getName(), op->getAttrDictionary(),
                              op->getNumRegions());
    for (Value operand : op->getOperands())
      hash = llvm::hash_combine(hash, number(operand));
    for (Value result : op->getResults()) {
      number(result);
      hash = llvm::hash_combine(hash, result.getType());
    }
    for (Region &region : op->getRegions())
      for (BlockArgument arg : region.getArguments())
        number(arg);
  });
  return hash;
}

namespace {
class Outliner {
public:
  Outliner(const Graph &graph, const Joins &joins)
      : graph(graph), joins(joins), module(graph.func->getParentOfType<ModuleOp>()),
        builder(graph.func), symbols(module) {}

  void run(ArrayRef<KernelPlan> plans);

private:
  ScheduleOp makeSchedule();
  void dispatch(const KernelPlan &plan);
  KernelOp makeKernel(const KernelPlan &plan, SmallVectorImpl<Value> &operands);
  void cloneInto(Block &body, const KernelPlan &plan, Value value,
                 SmallVectorImpl<Value> &operands, IRMapping &mapping);
  KernelOp share(KernelOp kernel);
  Value copyOf(Value value, Location loc);
  Value inSchedule(Value value);
  Value argumentFor(Block &body, Value value, SmallVectorImpl<Value> &operands,
                    IRMapping &mapping);
  SmallVector<std::string> namesOf(const KernelPlan &plan) const;
  void finish();

  const Graph &graph;
  const Joins &joins;
  ModuleOp module;
  OpBuilder builder;
  SymbolTable symbols;
  ScheduleOp schedule;
  IRMapping values; ///< From @main to the schedule.
  std::multimap<size_t, KernelOp> kernels;
};
} // namespace

ScheduleOp Outliner::makeSchedule() {
  func::FuncOp func = graph.func;
  SmallVector<Attribute> inputs, outputs;
  auto name = [&](Attribute given, StringRef kind, unsigned i) -> Attribute {
    return given ? given : builder.getStringAttr(kind + Twine(i));
  };
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    inputs.push_back(name(func.getArgAttr(i, "eclip.name"), "input", i));
  for (unsigned i = 0; i < func.getNumResults(); ++i)
    outputs.push_back(name(func.getResultAttr(i, "eclip.name"), "output", i));
  auto op = ScheduleOp::create(builder, func.getLoc(), "main",
                               builder.getArrayAttr(inputs), builder.getArrayAttr(outputs),
                               DeviceAttr(), IntegerAttr());
  // Integers are signless; the file names the sign of inputs and outputs.
  SmallVector<int64_t> unsignedInputs, unsignedOutputs;
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    if (func.getArgAttr(i, "eclip.unsigned"))
      unsignedInputs.push_back(i);
  for (unsigned i = 0; i < func.getNumResults(); ++i)
    if (func.getResultAttr(i, "eclip.unsigned"))
      unsignedOutputs.push_back(i);
  if (!unsignedInputs.empty())
    op->setAttr("eclip.unsigned_inputs", builder.getDenseI64ArrayAttr(unsignedInputs));
  if (!unsignedOutputs.empty())
    op->setAttr("eclip.unsigned_outputs", builder.getDenseI64ArrayAttr(unsignedOutputs));
  Block &block = op.getBody().emplaceBlock();
  for (BlockArgument arg : func.getArguments())
    values.map(arg, block.addArgument(arg.getType(), arg.getLoc()));
  return op;
}

/// ONNX nodes of a plan, in program order.
SmallVector<std::string> Outliner::namesOf(const KernelPlan &plan) const {
  SmallVector<Operation *> ops(plan.ops.begin(), plan.ops.end());
  llvm::sort(ops, [&](Operation *a, Operation *b) {
    return graph.position.lookup(a) < graph.position.lookup(b);
  });
  llvm::SmallSetVector<StringRef, 8> seen;
  SmallVector<std::string> names;
  for (Operation *op : ops) {
    OpClass kind = graph.classOf(op);
    if (kind == OpClass::Free)
      continue;
    for (std::string &name : nodeNames(op->getLoc()))
      if (!llvm::is_contained(names, name))
        names.push_back(name);
  }
  return names;
}

/// A new argument of a kernel for `value`; where that lies in a concatenation,
/// its part of an argument for the whole.
Value Outliner::argumentFor(Block &body, Value value, SmallVectorImpl<Value> &operands,
                            IRMapping &mapping) {
  const Joins::Place *place = joins.find(value);
  if (!place) {
    operands.push_back(value);
    return body.addArgument(value.getType(), value.getLoc());
  }
  Value whole = mapping.lookupOrNull(place->buffer);
  if (!whole) {
    operands.push_back(place->buffer);
    whole = body.addArgument(place->buffer.getType(), value.getLoc());
    mapping.map(place->buffer, whole);
  }
  auto type = cast<RankedTensorType>(value.getType());
  if (type == whole.getType())
    return whole;
  auto b = OpBuilder::atBlockEnd(&body);
  SmallVector<OpFoldResult> offsets, sizes, strides(type.getRank(), b.getIndexAttr(1));
  for (auto [offset, size] : llvm::zip_equal(place->offsets, type.getShape())) {
    offsets.push_back(b.getIndexAttr(offset));
    sizes.push_back(b.getIndexAttr(size));
  }
  return tensor::ExtractSliceOp::create(b, value.getLoc(), type, whole, offsets, sizes,
                                        strides);
}

/// A window promises no more alignment than vector stores can use, so that
/// dispatches at different places share one kernel.
static constexpr int64_t kWindowAlignment = 16;

static BoxAttr boxOf(const Joins::Place &place, Value value) {
  return BoxAttr::get(value.getContext(), place.offsets,
                      cast<RankedTensorType>(value.getType()).getShape());
}

static WindowAttr windowOf(const Joins::Place &place, Value value) {
  auto buffer = cast<RankedTensorType>(place.buffer.getType());
  int64_t offset = boxOffset(boxOf(place, value), buffer);
  int64_t align = offset ? std::min(kWindowAlignment, offset & -offset) : kWindowAlignment;
  return WindowAttr::get(value.getContext(), buffer, align);
}

/// Clones what computes `value` after what it needs, so that equal kernels have
/// equal bodies wherever their operations stood in @main.
void Outliner::cloneInto(Block &body, const KernelPlan &plan, Value value,
                         SmallVectorImpl<Value> &operands, IRMapping &mapping) {
  if (mapping.contains(value))
    return;
  Operation *op = value.getDefiningOp();
  if (!op || !plan.ops.contains(op)) {
    mapping.map(value, argumentFor(body, value, operands, mapping));
    return;
  }
  for (Value read : graph.readsOf(op))
    cloneInto(body, plan, read, operands, mapping);
  OpBuilder::atBlockEnd(&body).clone(*op, mapping);
}

KernelOp Outliner::makeKernel(const KernelPlan &plan, SmallVectorImpl<Value> &operands) {
  Operation *named = plan.anchor ? plan.anchor : plan.result.getDefiningOp();
  OpClass kind = plan.anchor ? graph.classOf(plan.anchor) : OpClass::Elementwise;
  StringRef kindName = kind == OpClass::Contraction ? "contraction"
                       : kind == OpClass::Reduction ? "reduction"
                                                    : "pointwise";
  SmallVector<std::string> names = nodeNames(named->getLoc());
  ArrayAttr windows;
  if (const Joins::Place *place = joins.find(plan.result))
    windows = builder.getArrayAttr({windowOf(*place, plan.result)});
  builder.setInsertionPoint(schedule);
  auto kernel = KernelOp::create(
      builder, named->getLoc(),
      names.empty() ? kindName.str() : symbolFor(names.front()), windows,
      LaunchAttr());
  kernel->setAttr("eclip.kind", builder.getStringAttr(kindName));
  Block &body = kernel.getBody().emplaceBlock();
  IRMapping mapping;
  cloneInto(body, plan, plan.result, operands, mapping);
  auto end = OpBuilder::atBlockEnd(&body);
  YieldOp::create(end, named->getLoc(), ValueRange{mapping.lookup(plan.result)});
  simplifyBody(body);
  return kernel;
}

/// An earlier kernel that equals `kernel`, which is then erased; else `kernel`.
KernelOp Outliner::share(KernelOp kernel) {
  size_t hash = hashBody(kernel.getBodyBlock());
  auto [begin, end] = kernels.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (it->second->getAttr("eclip.kind") == kernel->getAttr("eclip.kind") &&
        it->second.getWindows() == kernel.getWindows() &&
        OperationEquivalence::isRegionEquivalentTo(
            &it->second.getBody(), &kernel.getBody(),
            OperationEquivalence::IgnoreLocations)) {
      kernel.erase();
      return it->second;
    }
  symbols.insert(kernel, Block::iterator(schedule));
  kernels.emplace(hash, kernel);
  return kernel;
}

/// `value` of @main in the schedule; constants appear where first used. For a
/// concatenation that is a buffer this is what has been written of it so far.
Value Outliner::inSchedule(Value value) {
  if (Value known = values.lookupOrNull(value))
    return known;
  builder.setInsertionPointToEnd(&schedule.getBodyBlock());
  if (joins.find(value)) {
    Value buffer = BufferOp::create(builder, value.getLoc(), value.getType(), IntegerAttr());
    values.map(value, buffer);
    return buffer;
  }
  builder.clone(*value.getDefiningOp(), values);
  return values.lookup(value);
}

void Outliner::dispatch(const KernelPlan &plan) {
  SmallVector<Value> operands;
  KernelOp kernel = share(makeKernel(plan, operands));
  for (Value &operand : operands)
    operand = inSchedule(operand);
  builder.setInsertionPointToEnd(&schedule.getBodyBlock());
  Operation *named = plan.anchor ? plan.anchor : plan.result.getDefiningOp();
  Value written = plan.result;
  Value dest;
  ArrayAttr boxes;
  if (const Joins::Place *place = joins.find(plan.result)) {
    written = place->buffer;
    dest = inSchedule(written);
    boxes = builder.getArrayAttr({boxOf(*place, plan.result)});
  }
  auto op = DispatchOp::create(builder, named->getLoc(), TypeRange{written.getType()},
                               FlatSymbolRefAttr::get(kernel.getSymNameAttr()), operands,
                               dest ? ValueRange{dest} : ValueRange(), boxes,
                               FlatSymbolRefAttr(), DenseI64ArrayAttr(), CostAttr());
  SmallVector<std::string> names = namesOf(plan);
  op->setAttr("eclip.nodes",
              builder.getStrArrayAttr(SmallVector<StringRef>(names.begin(), names.end())));
  values.map(written, op.getResult(0));
}

/// A dispatch that copies `value` (of the schedule).
Value Outliner::copyOf(Value value, Location loc) {
  auto type = cast<RankedTensorType>(value.getType());
  builder.setInsertionPoint(schedule);
  auto kernel = KernelOp::create(builder, loc, "copy", ArrayAttr(), LaunchAttr());
  kernel->setAttr("eclip.kind", builder.getStringAttr("pointwise"));
  Block &body = kernel.getBody().emplaceBlock();
  Value source = body.addArgument(type, loc);
  auto b = OpBuilder::atBlockEnd(&body);
  YieldOp::create(b, loc, createCopy(b, loc, source));
  kernel = share(kernel);
  builder.setInsertionPointToEnd(&schedule.getBodyBlock());
  auto op = DispatchOp::create(builder, loc, TypeRange{type},
                               FlatSymbolRefAttr::get(kernel.getSymNameAttr()),
                               ValueRange{value});
  op->setAttr("eclip.nodes", builder.getStrArrayAttr({}));
  return op.getResult(0);
}

/// Yields the outputs: each the result of a dispatch, and of its own.
void Outliner::finish() {
  Operation *ret = graph.ops.back();
  DenseSet<Value> yielded;
  SmallVector<Value> outputs;
  for (Value value : ret->getOperands()) {
    Value output = inSchedule(value);
    if (!output.getDefiningOp<DispatchOp>() || !yielded.insert(output).second)
      output = copyOf(output, ret->getLoc());
    yielded.insert(output);
    outputs.push_back(output);
  }
  builder.setInsertionPointToEnd(&schedule.getBodyBlock());
  YieldOp::create(builder, ret->getLoc(), outputs);
}

void Outliner::run(ArrayRef<KernelPlan> plans) {
  schedule = makeSchedule();
  for (const KernelPlan &plan : plans)
    dispatch(plan);
  finish();
  func::FuncOp func = graph.func;
  symbols.remove(func);
  func.erase();
}

void eclip::outline(const Graph &graph, const Joins &joins, ArrayRef<KernelPlan> plans) {
  Outliner(graph, joins).run(plans);
}
