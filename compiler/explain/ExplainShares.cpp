//===- ExplainShares.cpp - where a plan's time and energy go --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/PlanReport.h"

#include "llvm/ADT/StringMap.h"

#include <algorithm>

using namespace eclip;

/// Kernels that a report names as the top ones.
static constexpr size_t kTopCount = 10;

/// Adds a step to its share; parts only where every step has them.
static void add(ReportShare &share, const ReportStep &step) {
  if (share.launches++ == 0)
    share.parts = PartTimes();
  share.cost += step.cost;
  if (!step.parts)
    share.parts.reset();
  for (size_t i = 0; share.parts && i < kTimePartCount; ++i)
    (*share.parts)[i] += (*step.parts)[i];
}

/// One share for each different name, in order of first appearance.
static std::vector<ReportShare>
collect(const ReportWorker &worker, const ReportPlan &plan,
        std::string ReportLaunch::*name) {
  std::vector<ReportShare> shares;
  llvm::StringMap<size_t> index;
  for (const ReportStep &step : plan.steps) {
    const ReportLaunch &launch = worker.launches[step.launch];
    auto [it, isNew] = index.try_emplace(launch.*name, shares.size());
    if (isNew) {
      shares.emplace_back();
      shares.back().name = launch.*name;
      shares.back().kind = launch.kind;
    }
    add(shares[it->second], step);
  }
  return shares;
}

/// The largest first; equals by name.
static void sortBy(std::vector<ReportShare> &shares,
                   int64_t ReportCost::*member) {
  std::sort(shares.begin(), shares.end(),
            [&](const ReportShare &a, const ReportShare &b) {
              return std::pair(-(a.cost.*member), llvm::StringRef(a.name)) <
                     std::pair(-(b.cost.*member), llvm::StringRef(b.name));
            });
}

void eclip::explainShares(const ReportWorker &worker, ReportPlan &plan) {
  plan.kinds = collect(worker, plan, &ReportLaunch::kind);
  sortBy(plan.kinds, &ReportCost::timeNs);
  plan.topByTime = plan.topByEnergy =
      collect(worker, plan, &ReportLaunch::kernel);
  sortBy(plan.topByTime, &ReportCost::timeNs);
  sortBy(plan.topByEnergy, &ReportCost::energyNj);
  for (auto *top : {&plan.topByTime, &plan.topByEnergy})
    top->resize(std::min(top->size(), kTopCount));
  ReportShare all;
  for (const ReportStep &step : plan.steps)
    add(all, step);
  plan.parts = all.parts;
}
