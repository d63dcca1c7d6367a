//===- MmaGroups.cpp - narrow groups side by side -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/MmaGroups.h"
#include "compiler/kernels/codegen/mma/MmaPlan.h"

using namespace mlir;
using namespace eclip;

/// Columns that joined groups have together.
static constexpr int64_t kColumns = 32;

namespace {
/// Splits loop `group` of a problem into `group`, of fewer iterations, and a
/// loop of `count` for its members: one for rows of B (and n), one for k.
class Joiner {
public:
  Joiner(ContractionProblem problem, unsigned group, int64_t count)
      : problem(std::move(problem)), group(group), count(count),
        memberN(this->problem.loopSizes.size()), memberK(memberN + 1),
        context(this->problem.outMap.getContext()) {}

  ContractionProblem run() {
    problem.loopSizes[group] /= count;
    problem.loopSizes.append({count, count});
    problem.batch /= count;
    problem.n *= count;
    problem.k *= count;
    problem.nLoops.insert(problem.nLoops.begin(), memberN);
    // The taps stay outermost, so that a tap's channels lie side by side.
    problem.kLoops.insert(problem.kLoops.end() - 1, memberK);
    problem.outMap = divided(problem.outMap, memberN);
    divide(problem.a, memberK);
    divide(problem.b, memberN);
    // memberN - memberK is in [0, 1) where they are the same.
    OperandView::Check same;
    same.index.coefficients.assign(problem.loopSizes.size(), 0);
    same.index.coefficients[memberN] = 1;
    same.index.coefficients[memberK] = -1;
    same.size = 1;
    problem.b.view->checks.push_back(same);
    return std::move(problem);
  }

private:
  AffineMap divided(AffineMap map, unsigned member) {
    SmallVector<AffineExpr> dims;
    for (unsigned dim = 0; dim < memberN; ++dim)
      dims.push_back(getAffineDimExpr(dim, context));
    dims[group] = dims[group] * count + getAffineDimExpr(member, context);
    return map.replaceDimsAndSymbols(dims, {}, problem.loopSizes.size(), 0);
  }

  void divide(LinearForm &form, unsigned member) {
    form.coefficients.append({0, 0});
    form.coefficients[member] = form.coefficients[group];
    form.coefficients[group] *= count;
    // A loop that is gone has no part in an address.
    if (problem.loopSizes[group] == 1)
      form.coefficients[group] = 0;
  }

  void divide(ContractionOperand &operand, unsigned member) {
    operand.map = divided(operand.map, member);
    divide(operand.view->offset, member);
    for (OperandView::Check &check : operand.view->checks)
      divide(check.index, member);
  }

  ContractionProblem problem;
  unsigned group;
  int64_t count;
  unsigned memberN, memberK;
  MLIRContext *context;
};
} // namespace

ContractionProblem eclip::withJoinedGroups(ContractionProblem problem) {
  if (problem.batchLoops.size() != 1 || problem.nLoops.size() != 1 ||
      problem.kLoops.size() < 2 || !problem.a.view || !problem.b.view ||
      problem.n >= kColumns || kColumns % problem.n != 0)
    return problem;
  unsigned group = problem.batchLoops.front();
  int64_t count = kColumns / problem.n;
  int64_t channels = problem.loopSizes[problem.kLoops.back()];
  // Groups whose channels are neighbours in A, of as many channels as columns.
  if (problem.loopSizes[group] % count != 0 || channels != problem.n ||
      problem.a.view->offset.coefficients[group] != channels ||
      problem.a.view->offset.coefficients[problem.kLoops.back()] != 1)
    return problem;
  ContractionProblem joined = Joiner(problem, group, count).run();
  // Only copies leave out what the check excludes.
  if (!hasChunks(joined, joined.a, joined.kLoops.back()) ||
      !hasChunks(joined, joined.b, joined.nLoops.back()))
    return problem;
  return joined;
}
