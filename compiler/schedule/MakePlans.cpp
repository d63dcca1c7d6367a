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
  return success();
}

LogicalResult MakePlans::makePlans(ScheduleOp schedule, SymbolTable &symbols) {
  if (failed(checkReadyToCluster(schedule)))
    return failure();
  if (schedule->hasAttr("eclip.plan_name"))
    return schedule.emitOpError() << "is the plan '"
                                  << PlanKind::of(schedule).name << "' already";
  auto offered = cuCountsWithinQueues(schedule.getDeviceAttr());
  if (offered.size() < schedule.getDeviceAttr().getMaskSizes().size())
    schedule->setAttr("eclip.offered_cus",
                      DenseI64ArrayAttr::get(schedule.getContext(), offered));
  SmallVector<PlanKind> plans;
  for (int64_t count = 1; count <= neighbours; ++count)
    plans.push_back({planName(count), count});
  if (mixWorkers)
    plans.push_back({"mix", mixWorkers - 1, true});

  std::string base = schedule.getSymName().str();
  Operation *last = schedule;
  for (const PlanKind &plan : plans) {
    ScheduleOp copy = schedule.clone();
    std::string suffix = plan.name;
    std::replace(suffix.begin(), suffix.end(), ' ', '_');
    copy.setSymName(base + "_" + suffix);
    symbols.insert(copy, std::next(Block::iterator(last)));
    plan.mark(copy);
    last = copy;
  }
  PlanKind{}.mark(schedule);
  return success();
}
