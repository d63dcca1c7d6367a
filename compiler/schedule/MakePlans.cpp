//===- MakePlans.cpp - a schedule for each number of neighbours -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "compiler/schedule/Plans.h"
#include "compiler/schedule/ScheduleClustering.h"

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_MAKEPLANS
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

namespace {

struct MakePlans : eclip::impl::MakePlansBase<MakePlans> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(checkOptions()))
      return signalPassFailure();
    SymbolTable symbols(getOperation());
    for (auto schedule :
         llvm::to_vector(getOperation().getOps<ScheduleOp>()))
      if (failed(makePlans(schedule, symbols)))
        return signalPassFailure();
  }

  LogicalResult checkOptions();
  LogicalResult makePlans(ScheduleOp schedule, SymbolTable &symbols);
  LogicalResult makeForEachCus(ScheduleOp schedule, SymbolTable &symbols);
};

} // namespace

LogicalResult MakePlans::checkOptions() {
  if (neighbours < 0 || neighbours > kMaxPlanNeighbours)
    return emitError(getOperation().getLoc())
           << "plans are made for 0 to " << kMaxPlanNeighbours
           << " neighbours, not for " << neighbours.getValue();
  if (mixWorkers != 0 && (mixWorkers < 2 || mixWorkers > 16))
    return emitError(getOperation().getLoc())
           << "a mix has 2 to 16 workers, not " << mixWorkers.getValue();
  if (eachCus && mixWorkers != 0)
    return emitError(getOperation().getLoc())
           << "each-cus is for one model, not for a mix's worker";
  return success();
}

/// Plans that a file holds at most (docs/schedule-format.md, F37).
static constexpr size_t kMaxPlans = 16;

/// Inserts a copy of `schedule` behind `last`.
static ScheduleOp copyPlan(ScheduleOp schedule, const PlanKind &plan,
                           Operation *last, SymbolTable &symbols) {
  ScheduleOp copy = schedule.clone();
  std::string suffix = plan.name;
  std::replace(suffix.begin(), suffix.end(), ' ', '_');
  copy.setSymName((schedule.getSymName() + "_" + suffix).str());
  symbols.insert(copy, std::next(Block::iterator(last)));
  plan.mark(copy);
  return copy;
}

LogicalResult MakePlans::makeForEachCus(ScheduleOp schedule,
                                        SymbolTable &symbols) {
  ArrayRef<int64_t> sizes = schedule.getDeviceAttr().getMaskSizes();
  if (sizes.size() > kMaxPlans)
    return schedule.emitOpError() << "would have " << sizes.size()
                                  << " plans, a file holds " << kMaxPlans;
  Builder builder(schedule.getContext());
  Operation *last = schedule;
  ScheduleOp plan = schedule;
  for (auto [i, size] : llvm::enumerate(llvm::reverse(sizes))) {
    PlanKind kind{"on " + std::to_string(size) + " CUs",
                  static_cast<int64_t>(i)};
    if (i > 0)
      last = plan = copyPlan(schedule, kind, last, symbols);
    plan->setAttr("eclip.pinned_cus", builder.getI64IntegerAttr(size));
  }
  PlanKind{"on " + std::to_string(sizes.back()) + " CUs"}.mark(schedule);
  return success();
}

LogicalResult MakePlans::makePlans(ScheduleOp schedule, SymbolTable &symbols) {
  if (failed(checkReadyToCluster(schedule)))
    return failure();
  if (schedule->hasAttr("eclip.plan_name"))
    return schedule.emitOpError() << "is the plan '"
                                  << PlanKind::of(schedule).name << "' already";
  if (eachCus)
    return makeForEachCus(schedule, symbols);
  auto offered = cuCountsWithinQueues(schedule.getDeviceAttr());
  if (offered.size() < schedule.getDeviceAttr().getMaskSizes().size())
    schedule->setAttr("eclip.offered_cus",
                      DenseI64ArrayAttr::get(schedule.getContext(), offered));
  SmallVector<PlanKind> plans;
  for (int64_t count = 1; count <= neighbours; ++count)
    plans.push_back({planName(count), count});
  if (mixWorkers)
    plans.push_back({"mix", mixWorkers - 1, true});

  Operation *last = schedule;
  for (const PlanKind &plan : plans)
    last = copyPlan(schedule, plan, last, symbols);
  PlanKind{}.mark(schedule);
  return success();
}
