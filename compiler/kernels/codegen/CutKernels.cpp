//===- CutKernels.cpp - the pass eclip-cut-kernels ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Compile.h"
#include "compiler/kernels/codegen/Passes.h"
#include "compiler/kernels/codegen/WorkEstimate.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace eclip {
#define GEN_PASS_DEF_CUTKERNELS
#include "compiler/kernels/codegen/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

/// Values that the code of one element may compute: beyond it compiling takes
/// seconds, and the registers are long gone.
static constexpr int64_t kMaxCodeSize = 300;
/// A value that is computed this many times for each of its elements, at more
/// than this many operations in all, is cheaper to store: about 10 us of an
/// MI50, which a launch and its traffic take.
static constexpr double kMaxRepeats = 8;
static constexpr double kMinWastedOperations = 1e8;

//===----------------------------------------------------------------------===//
// What to store
//===----------------------------------------------------------------------===//

/// True if storing `value` can save anything: a tensor that is computed.
static bool isWorthStoring(Value value) {
  Operation *op = value.getDefiningOp();
  return op && isa<RankedTensorType>(value.getType()) &&
         isStorable(getElementTypeOrSelf(value)) &&
         !isa<arith::ConstantOp, tensor::EmptyOp, linalg::FillOp,
              tensor::SplatOp>(op);
}

/// Of what `root` is computed from, the value that leaves least code when it is
/// stored: its own and that of `root` without it. Null if none makes it less.
static Value bestToStore(KernelOp kernel, Value root, const Leaves &leaves) {
  constexpr int64_t enough = 8 * kMaxCodeSize;
  CodeCensus census = codeCensus(kernel, root, leaves, enough);
  Value best;
  double least = census.total;
  for (auto [value, places] : census.places) {
    if (value == root || !isWorthStoring(value) || leaves.contains(value) ||
        places < 2)
      continue;
    double size = codeCensus(kernel, value, leaves, enough).total;
    double left = census.total - double(places) * (size - 1) + size;
    if (left < least) {
      least = left;
      best = value;
    }
  }
  return best;
}

/// Stores so much that the code of every value stays small. Bottom up, so that
/// what a value is computed from is small already.
static void boundCode(KernelOp kernel, Leaves &leaves) {
  for (Operation &op : kernel.getBodyBlock().without_terminator())
    for (Value value : op.getResults()) {
      if (!isWorthStoring(value))
        continue;
      while (codeCensus(kernel, value, leaves, kMaxCodeSize).total >
             kMaxCodeSize) {
        Value stored = bestToStore(kernel, value, leaves);
        if (!stored)
          break;
        leaves.insert(stored);
      }
    }
}

static bool isOfKind(KernelOp kernel, StringRef kind) {
  auto attribute = kernel->getAttrOfType<StringAttr>("eclip.kind");
  return attribute && attribute == kind;
}

static bool isContraction(KernelOp kernel) {
  return isOfKind(kernel, "contraction");
}

/// Stores what would be computed so often that storing it is cheaper.
static void boundWork(KernelOp kernel, Leaves &leaves) {
  while (true) {
    IndexedEval::Census census = launchCensus(kernel, leaves);
    Value worst;
    double mostWasted = kMinWastedOperations;
    for (Operation &op : kernel.getBodyBlock().without_terminator())
      for (Value value : op.getResults()) {
        double times = census.times.lookup(value);
        if (!isWorthStoring(value) || leaves.contains(value) || times == 0)
          continue;
        double elements =
            cast<RankedTensorType>(value.getType()).getNumElements();
        if (times <= kMaxRepeats * elements)
          continue;
        // What is stored is still loaded as often.
        double cost = elementCost(kernel, value, leaves) - 4;
        double wasted = (times - elements) * cost;
        if (wasted > mostWasted) {
          mostWasted = wasted;
          worst = value;
        }
      }
    if (!worst)
      return;
    leaves.insert(worst);
  }
}

//===----------------------------------------------------------------------===//
// Cutting
//===----------------------------------------------------------------------===//

static bool reduces(Operation *op) {
  auto generic = dyn_cast<linalg::LinalgOp>(op);
  return generic && generic.getNumReductionLoops() != 0;
}

/// The only reduction of a contraction kernel, or null.
static Operation *contractionOf(KernelOp kernel) {
  Operation *found = nullptr;
  for (Operation &op : kernel.getBodyBlock())
    if (reduces(&op)) {
      if (found)
        return nullptr;
      found = &op;
    }
  return found;
}

namespace {
class Cutter {
public:
  Cutter(KernelOp kernel, SymbolTable &symbols)
      : kernel(kernel), symbols(symbols),
        contraction(isContraction(kernel) ? contractionOf(kernel) : nullptr) {}

  /// Makes a kernel of what computes each of `leaves`, and an argument of each.
  void run(const Leaves &leaves);

private:
  KernelOp makeKernel(Value leaf, SmallVectorImpl<Value> &arguments);
  void dropUnusedArguments();

  KernelOp kernel;
  SymbolTable &symbols;
  Operation *contraction;
  /// The dispatches of the kernel, and for each the values that its kernel's
  /// arguments and the leaves stand for.
  SmallVector<DispatchOp> dispatches;
  std::vector<IRMapping> values;
  Leaves stored;
};
} // namespace

static StringRef kindOf(Block &body, bool hasContraction) {
  if (hasContraction)
    return "contraction";
  return llvm::any_of(body, [](Operation &op) { return reduces(&op); })
             ? "reduction"
             : "pointwise";
}

/// A kernel that yields `leaf`; `arguments` are the values of the old kernel's
/// body that it takes.
KernelOp Cutter::makeKernel(Value leaf, SmallVectorImpl<Value> &arguments) {
  llvm::SetVector<Operation *> slice;
  BackwardSliceOptions options;
  options.omitUsesFromAbove = false;
  options.inclusive = true;
  options.filter = [&](Operation *op) {
    return op->getBlock() == &kernel.getBodyBlock() &&
           (op == leaf.getDefiningOp() ||
            llvm::none_of(op->getResults(),
                          [&](Value v) { return stored.contains(v); }));
  };
  (void)getBackwardSlice(leaf, &slice, options);
  OpBuilder builder(kernel);
  auto part = KernelOp::create(builder, leaf.getLoc(),
                               (kernel.getSymName() + "_part").str(),
                               ArrayAttr(), LaunchAttr());
  Block &body = part.getBody().emplaceBlock();
  IRMapping mapping;
  auto take = [&](Value value) {
    if (mapping.contains(value) ||
        (value.getDefiningOp() && slice.contains(value.getDefiningOp())))
      return;
    mapping.map(value, body.addArgument(value.getType(), value.getLoc()));
    arguments.push_back(value);
  };
  bool hasContraction = false;
  builder.setInsertionPointToEnd(&body);
  for (Operation &op : kernel.getBodyBlock().without_terminator()) {
    if (!slice.contains(&op))
      continue;
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (operand.getParentBlock() == &kernel.getBodyBlock())
          take(operand);
    });
    hasContraction |= &op == contraction;
    builder.clone(op, mapping);
  }
  YieldOp::create(builder, leaf.getLoc(), ValueRange{mapping.lookup(leaf)});
  part->setAttr("eclip.kind",
                builder.getStringAttr(kindOf(body, hasContraction)));
  if (Attribute nodes = kernel->getAttr("eclip.nodes"))
    part->setAttr("eclip.nodes", nodes);
  symbols.insert(part, Block::iterator(kernel));
  return part;
}

void Cutter::run(const Leaves &leaves) {
  symbols.getOp()->walk([&](DispatchOp dispatch) {
    if (dispatch.getKernel() == kernel.getSymName())
      dispatches.push_back(dispatch);
  });
  Block &body = kernel.getBodyBlock();
  for (DispatchOp dispatch : dispatches) {
    IRMapping &mapping = values.emplace_back();
    for (auto [argument, operand] :
         llvm::zip_equal(body.getArguments(), dispatch.getArgs()))
      mapping.map(argument, operand);
  }
  // In the body's order: a leaf may need an earlier one.
  SmallVector<Value> ordered(leaves.begin(), leaves.end());
  llvm::sort(ordered, [](Value a, Value b) {
    return a.getDefiningOp()->isBeforeInBlock(b.getDefiningOp());
  });
  for (Value leaf : ordered) {
    SmallVector<Value> arguments;
    KernelOp part = makeKernel(leaf, arguments);
    stored.insert(leaf);
    for (auto [dispatch, mapping] : llvm::zip_equal(dispatches, values)) {
      OpBuilder builder(dispatch);
      SmallVector<Value> operands;
      for (Value argument : arguments)
        operands.push_back(mapping.lookup(argument));
      auto made = DispatchOp::create(
          builder, leaf.getLoc(), TypeRange{leaf.getType()},
          FlatSymbolRefAttr::get(part.getSymNameAttr()), operands);
      if (Attribute nodes = dispatch->getAttr("eclip.nodes"))
        made->setAttr("eclip.nodes", nodes);
      mapping.map(leaf, made.getResult(0));
    }
  }
  for (Value leaf : ordered) {
    leaf.replaceAllUsesWith(body.addArgument(leaf.getType(), leaf.getLoc()));
    for (auto [dispatch, mapping] : llvm::zip_equal(dispatches, values))
      dispatch.getArgsMutable().append(mapping.lookup(leaf));
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  bool hasContraction =
      llvm::any_of(body, [&](Operation &op) { return &op == contraction; });
  kernel->setAttr("eclip.kind", StringAttr::get(kernel.getContext(),
                                                kindOf(body, hasContraction)));
  dropUnusedArguments();
}

/// What only the parts read.
void Cutter::dropUnusedArguments() {
  Block &body = kernel.getBodyBlock();
  for (unsigned index = body.getNumArguments(); index-- > 0;) {
    if (!body.getArgument(index).use_empty())
      continue;
    body.eraseArgument(index);
    for (DispatchOp dispatch : dispatches)
      dispatch.getArgsMutable().erase(index);
  }
}

namespace {
struct CutKernels : eclip::impl::CutKernelsBase<CutKernels> {
  using CutKernelsBase::CutKernelsBase;

  void getDependentDialects(DialectRegistry &registry) const final {
    registry.insert<EclipDialect>();
    registerCodegenDialects(registry);
  }

  void runOnOperation() final {
    SymbolTable symbols(getOperation());
    SmallVector<KernelOp> kernels(getOperation().getOps<KernelOp>());
    for (KernelOp kernel : kernels) {
      if (isOfKind(kernel, "attention") ||
          (isContraction(kernel) && !contractionOf(kernel)))
        continue;
      Leaves leaves;
      boundCode(kernel, leaves);
      if (!isContraction(kernel))
        boundWork(kernel, leaves);
      if (!leaves.empty())
        Cutter(kernel, symbols).run(leaves);
    }
  }
};
} // namespace
