//===- JoinAttention.cpp - the pass eclip-join-attention ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Formation makes three kernels of attention, which any target can run. Whether
// tensor cores can do it as one depends on what is stored in half precision, and
// so is decided here, by the generator's own analysis of the joined body.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Compile.h"
#include "compiler/kernels/codegen/Passes.h"
#include "compiler/kernels/codegen/attention/AttentionTile.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

#include <array>
#include <map>

namespace eclip {
#define GEN_PASS_DEF_JOINATTENTION
#include "compiler/kernels/codegen/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

//===----------------------------------------------------------------------===//
// Scores in single precision
//===----------------------------------------------------------------------===//

/// What `value` is the f16 form of, element by element; null if it is not.
static Value truncatedFrom(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || op.getNumDpsInputs() != 1 || op->getNumResults() != 1 ||
      op.getNumReductionLoops() != 0)
    return {};
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto cast = op.getBody()
                  ->getTerminator()
                  ->getOperand(0)
                  .getDefiningOp<arith::TruncFOp>();
  bool plain = cast && maps[0].isIdentity() && maps[1].isIdentity() &&
               cast.getIn() == op.getBody()->getArgument(0) &&
               cast.getIn().getType().isF32() && cast.getType().isF16();
  return plain ? op.getDpsInputs()[0] : Value();
}

static bool isReshape(Operation *op) {
  return isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op);
}

/// The block argument of the generic that `use` is an input of, if all that is
/// done with it is extending it; else null.
static BlockArgument extendedArgument(OpOperand &use) {
  auto op = dyn_cast<linalg::GenericOp>(use.getOwner());
  if (!op || !op.isDpsInput(&use))
    return {};
  BlockArgument argument = op.getMatchingBlockArgument(&use);
  bool extended = llvm::all_of(argument.getUsers(), [](Operation *user) {
    return isa<arith::ExtFOp>(user) && user->getResult(0).getType().isF32();
  });
  return extended ? argument : BlockArgument();
}

static bool isOnlyExtended(Value half) {
  return llvm::all_of(half.getUses(), [](OpOperand &use) {
    return isReshape(use.getOwner())
               ? isOnlyExtended(use.getOwner()->getResult(0))
               : bool(extendedArgument(use));
  });
}

/// Readers of `half` get `single`, of which it is the f16 form.
static void readInstead(Value half, Value single) {
  for (OpOperand &use : llvm::make_early_inc_range(half.getUses())) {
    if (isReshape(use.getOwner())) {
      Value reshaped = use.getOwner()->getResult(0);
      use.set(single);
      Type type = getElementTypeOrSelf(single);
      reshaped.setType(cast<RankedTensorType>(reshaped.getType()).clone(type));
      readInstead(reshaped, reshaped);
      continue;
    }
    BlockArgument argument = extendedArgument(use);
    if (!argument)
      continue;
    argument.setType(getElementTypeOrSelf(single));
    for (Operation *extend : llvm::make_early_inc_range(argument.getUsers())) {
      extend->getResult(0).replaceAllUsesWith(argument);
      extend->erase();
    }
    use.set(single);
  }
}

//===----------------------------------------------------------------------===//
// Joining
//===----------------------------------------------------------------------===//

namespace {
/// Dispatches that become one, in order.
struct Chain {
  DispatchOp scores, softmax, output;

  std::array<DispatchOp, 3> all() const { return {scores, softmax, output}; }
};

/// The joined kernel's arguments: the values, and for each argument of each
/// kernel its number among them, -1 for what goes from one kernel to the next.
struct Arguments {
  SmallVector<Value> values;
  std::vector<int64_t> numbers;
};

class Joiner {
public:
  Joiner(ModuleOp module, const KernelTarget &target)
      : module(module), target(target), symbols(module) {}

  void run() {
    for (ScheduleOp schedule : module.getOps<ScheduleOp>())
      for (DispatchOp dispatch : llvm::make_early_inc_range(
               schedule.getBodyBlock().getOps<DispatchOp>()))
        if (std::optional<Chain> chain = chainTo(dispatch))
          join(*chain);
    eraseUnused();
  }

private:
  KernelOp kernelOf(DispatchOp dispatch) {
    return symbols.lookup<KernelOp>(dispatch.getKernel());
  }
  bool isOfKind(DispatchOp dispatch, StringRef kind) {
    auto attribute =
        kernelOf(dispatch)->getAttrOfType<StringAttr>("eclip.kind");
    return attribute && attribute == kind;
  }
  DispatchOp onlyReadBy(DispatchOp reader, StringRef kind);
  std::optional<Chain> chainTo(DispatchOp output);
  Arguments argumentsOf(const Chain &chain);
  KernelOp kernelFor(const Chain &chain, const Arguments &arguments);
  KernelOp makeKernel(const Chain &chain, const Arguments &arguments);
  bool isForTensorCores(KernelOp kernel);
  void join(const Chain &chain);
  void eraseUnused();

  ModuleOp module;
  const KernelTarget &target;
  SymbolTable symbols;
  /// By the kernels and how they share arguments; null where it is not done.
  std::map<std::pair<std::array<Operation *, 3>, std::vector<int64_t>>, KernelOp>
      joined;
  llvm::SetVector<KernelOp> replaced;
};
} // namespace

/// The dispatch of a kernel of `kind` that `reader` alone reads, once, and that
/// has a buffer of its own for its result.
DispatchOp Joiner::onlyReadBy(DispatchOp reader, StringRef kind) {
  for (Value argument : reader.getArgs()) {
    auto dispatch = argument.getDefiningOp<DispatchOp>();
    if (dispatch && dispatch->getNumResults() == 1 && argument.hasOneUse() &&
        dispatch.getDests().empty() && isOfKind(dispatch, kind))
      return dispatch;
  }
  return {};
}

std::optional<Chain> Joiner::chainTo(DispatchOp output) {
  if (!isOfKind(output, "contraction"))
    return std::nullopt;
  DispatchOp softmax = onlyReadBy(output, "reduction");
  DispatchOp scores = softmax ? onlyReadBy(softmax, "contraction") : softmax;
  if (!scores)
    return std::nullopt;
  return Chain{scores, softmax, output};
}

Arguments Joiner::argumentsOf(const Chain &chain) {
  Arguments arguments;
  auto isBetween = [&](Value value) {
    auto dispatch = value.getDefiningOp<DispatchOp>();
    return dispatch && (dispatch == chain.scores || dispatch == chain.softmax);
  };
  for (DispatchOp dispatch : chain.all())
    for (Value value : dispatch.getArgs()) {
      if (isBetween(value)) {
        arguments.numbers.push_back(-1);
        continue;
      }
      auto found = llvm::find(arguments.values, value);
      arguments.numbers.push_back(found - arguments.values.begin());
      if (found == arguments.values.end())
        arguments.values.push_back(value);
    }
  return arguments;
}

KernelOp Joiner::makeKernel(const Chain &chain, const Arguments &arguments) {
  KernelOp first = kernelOf(chain.scores), last = kernelOf(chain.output);
  OpBuilder builder(first);
  StringRef name = first.getSymName();
  name.consume_back("_f16");
  auto kernel = KernelOp::create(builder, first.getLoc(),
                                 (name + "_attention_f16").str(),
                                 last.getWindowsAttr(), LaunchAttr());
  kernel->setAttr("eclip.kind", builder.getStringAttr("attention"));
  Block &body = kernel.getBody().emplaceBlock();
  for (Value value : arguments.values)
    body.addArgument(value.getType(), value.getLoc());
  builder.setInsertionPointToEnd(&body);
  // What the kernel before yielded.
  Value between, scores;
  const int64_t *number = arguments.numbers.data();
  for (DispatchOp dispatch : chain.all()) {
    Block &part = kernelOf(dispatch).getBodyBlock();
    IRMapping mapping;
    for (BlockArgument argument : part.getArguments()) {
      mapping.map(argument,
                  *number < 0 ? between : Value(body.getArgument(*number)));
      ++number;
    }
    for (Operation &op : part.without_terminator())
      builder.clone(op, mapping);
    Operation *yield = part.getTerminator();
    if (dispatch == chain.output)
      builder.clone(*yield, mapping);
    else
      between = mapping.lookup(yield->getOperand(0));
    if (dispatch == chain.scores)
      scores = between;
  }
  // Scores are not stored any more.
  Value single = truncatedFrom(scores);
  if (single && isOnlyExtended(scores)) {
    readInstead(scores, single);
    scores.getDefiningOp()->erase();
  }
  return kernel;
}

bool Joiner::isForTensorCores(KernelOp kernel) {
  // A refusal means that the three kernels stay.
  ScopedDiagnosticHandler quiet(kernel.getContext(),
                                [](Diagnostic &) { return success(); });
  FailureOr<AttentionProblem> problem = analyzeAttention(kernel);
  return succeeded(problem) &&
         fitsAttention(*problem, chooseAttention(*problem, target), target);
}

KernelOp Joiner::kernelFor(const Chain &chain, const Arguments &arguments) {
  std::array<Operation *, 3> parts;
  for (auto [part, dispatch] : llvm::zip_equal(parts, chain.all()))
    part = kernelOf(dispatch);
  auto [known, isNew] =
      joined.try_emplace(std::make_pair(parts, arguments.numbers));
  if (!isNew)
    return known->second;
  KernelOp kernel = makeKernel(chain, arguments);
  if (!isForTensorCores(kernel)) {
    kernel.erase();
    return {};
  }
  symbols.insert(kernel, Block::iterator(parts[0]));
  known->second = kernel;
  return kernel;
}

/// ONNX nodes of the dispatches, each once.
static ArrayAttr nodesOf(const Chain &chain) {
  llvm::SetVector<Attribute> nodes;
  for (DispatchOp dispatch : chain.all())
    if (auto some = dispatch->getAttrOfType<ArrayAttr>("eclip.nodes"))
      nodes.insert_range(some);
  return ArrayAttr::get(DispatchOp(chain.output).getContext(),
                        nodes.getArrayRef());
}

void Joiner::join(const Chain &chain) {
  Arguments arguments = argumentsOf(chain);
  KernelOp kernel = kernelFor(chain, arguments);
  if (!kernel)
    return;
  for (DispatchOp dispatch : chain.all())
    replaced.insert(kernelOf(dispatch));
  DispatchOp output = chain.output;
  ArrayAttr nodes = nodesOf(chain);
  output.setKernel(kernel.getSymName());
  output.getArgsMutable().assign(arguments.values);
  output->setAttr("eclip.nodes", nodes);
  DispatchOp(chain.softmax).erase();
  DispatchOp(chain.scores).erase();
}

void Joiner::eraseUnused() {
  llvm::StringSet<> used;
  for (ScheduleOp schedule : module.getOps<ScheduleOp>())
    for (DispatchOp dispatch : schedule.getBodyBlock().getOps<DispatchOp>())
      used.insert(dispatch.getKernel());
  for (KernelOp kernel : replaced)
    if (!used.contains(kernel.getSymName()))
      symbols.erase(kernel);
}

namespace {
struct JoinAttention : eclip::impl::JoinAttentionBase<JoinAttention> {
  using JoinAttentionBase::JoinAttentionBase;

  void getDependentDialects(DialectRegistry &registry) const final {
    registry.insert<EclipDialect>();
    registerCodegenDialects(registry);
  }

  void runOnOperation() final {
    FailureOr<KernelTarget> chip = targetFor(target);
    if (failed(chip)) {
      getOperation().emitError("unknown target ")
          << target << ", known: gfx906, sm_80, sm_90";
      return signalPassFailure();
    }
    if (chip->isNvidia())
      Joiner(getOperation(), *chip).run();
  }
};
} // namespace
