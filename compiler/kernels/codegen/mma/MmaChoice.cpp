//===- MmaChoice.cpp - which tile a kernel takes --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/MmaChoice.h"
#include "compiler/kernels/codegen/mma/MmaGroups.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace eclip;

std::optional<ContractionProblem> eclip::mmaProblem(KernelOp kernel) {
  auto kind = kernel->getAttrOfType<StringAttr>("eclip.kind");
  if (!kind || kind != "contraction")
    return std::nullopt;
  // What is wrong with the kernel is said when it is generated.
  ScopedDiagnosticHandler quiet(kernel.getContext(),
                                [](Diagnostic &) { return success(); });
  FailureOr<ContractionProblem> problem = analyzeContraction(kernel);
  if (failed(problem) || !suitsMma(*problem))
    return std::nullopt;
  return withJoinedGroups(std::move(*problem));
}

/// How an operand comes: in chunks along k or along its rows, or element by
/// element (from one argument, or computed); and whether there is padding.
static std::string describe(const ContractionOperand &operand,
                            const MmaStage &stage) {
  std::string text = stage.async        ? stage.alongK ? "k" : "r"
                     : operand.view     ? "e"
                                        : "c";
  if (operand.view && !operand.view->checks.empty())
    text += "p";
  return text;
}

/// Tensors as large as the result that the tail reads, and what it writes.
static std::string describeTail(KernelOp kernel,
                                const ContractionProblem &problem) {
  int64_t elements = problem.batch * problem.m * problem.n, reads = 0;
  llvm::SmallPtrSet<Value, 4> factors;
  for (const ContractionOperand *operand : {&problem.a, &problem.b})
    if (operand->view)
      factors.insert(operand->view->base);
  for (BlockArgument argument : kernel.getBodyBlock().getArguments())
    if (!factors.contains(argument) &&
        cast<RankedTensorType>(argument.getType()).getNumElements() == elements)
      ++reads;
  std::string text = std::to_string(reads) + ">";
  for (Type type : kernel.getResultTypes())
    llvm::raw_string_ostream(text) << getElementTypeOrSelf(type);
  return text;
}

std::string eclip::mmaKey(KernelOp kernel, const KernelTarget &target) {
  std::optional<ContractionProblem> problem = mmaProblem(kernel);
  if (!problem)
    return {};
  MmaPlan plan = chooseMma(*problem, target);
  int64_t inner =
      problem->kLoops.empty() ? 1 : problem->loopSizes[problem->kLoops.back()];
  return llvm::formatv("{0}x{1}x{2}/{3} b{4} {5}{6} {7} {8}", problem->m,
                       problem->n, problem->k, inner, problem->batch,
                       describe(problem->a, plan.a),
                       "*" + describe(problem->b, plan.b),
                       describeTail(kernel, *problem),
                       problem->halves ? "f16" : "tf32");
}

std::vector<MmaCandidate> eclip::mmaCandidates(KernelOp kernel,
                                               const KernelTarget &target) {
  std::vector<MmaCandidate> candidates;
  if (std::optional<ContractionProblem> problem = mmaProblem(kernel))
    for (const MmaPlan &plan : mmaPlans(*problem, target))
      candidates.push_back({plan.tile.name(), plan.cycles});
  return candidates;
}

void eclip::chooseFromTables(KernelOp kernel, const KernelTarget &target,
                             const MmaTable *given) {
  const MmaTable &builtIn = MmaTable::builtIn(target.chip);
  if (kernel->hasAttr("eclip.tile") ||
      (builtIn.tiles.empty() && (!given || given->tiles.empty())))
    return;
  std::string key = mmaKey(kernel, target);
  if (key.empty())
    return;
  const MmaTable::Entry *entry = given ? given->find(key) : nullptr;
  if (!entry)
    entry = builtIn.find(key);
  if (!entry)
    return;
  std::optional<ContractionProblem> problem = mmaProblem(kernel);
  std::optional<MmaTile> tile = MmaTile::parse(entry->tile);
  if (tile && planMma(*problem, *tile, target))
    kernel->setAttr("eclip.tile",
                    StringAttr::get(kernel.getContext(), entry->tile));
}
