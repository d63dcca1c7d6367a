//===- MixSolver.cpp - joint solver by branch and bound -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixEfficiency.h"
#include "compiler/schedule/MixPaper.h"
#include "compiler/schedule/MixSearch.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace eclip;
using namespace eclip::mix;

static constexpr double infinite = std::numeric_limits<double>::infinity();

namespace {

class Solver {
public:
  Solver(const MixProblem &problem, const MixSolverOptions &options)
      : problem(problem), options(options), model(problem),
        incumbent(model, this->options), columns(problem.workers.size()) {
    masks = model.maskCount == 64 ? ~uint64_t(0)
                                  : (uint64_t(1) << model.maskCount) - 1;
    timeHigh = infinite;
    if (auto limit = problem.relativeTimeLimit())
      timeHigh = static_cast<double>(*limit) * 1e-12;
  }

  llvm::Expected<MixSolution> run();

private:
  void findChoices();
  void setForm(const Weights &weights);
  Dual startDual() const;
  double bound(const Goal &goal, size_t programs);
  double boundProduct();
  double searchSlices(std::vector<std::unique_ptr<Search>> &slices,
                      llvm::ArrayRef<double> floors);
  WideInt ownUnits(double bound) const;
  MixSolution finish(WideInt bound) const;

  const MixProblem &problem;
  MixSolverOptions options;
  Model model;
  Incumbent incumbent;
  Columns columns;
  std::unique_ptr<Form> form;
  uint64_t masks;
  double timeHigh; ///< of all times, by the throughput floor
  size_t nodes = 0;
};

} // namespace

//===----------------------------------------------------------------------===//
// Solutions
//===----------------------------------------------------------------------===//

void Solver::findChoices() {
  bool latency = problem.objective == Objective::Latency;
  bool edp = problem.objective == Objective::Edp;
  if (problem.objective == Objective::Efficiency) {
    incumbent.start({}, masks);
    incumbent.moveRuns(masks);
    return;
  }
  if (!latency)
    incumbent.start({0, 1, {}}, masks);
  if (latency || edp)
    incumbent.start({1, 0, {}}, masks);
  if (edp)
    incumbent.start({1, incumbent.time / incumbent.energy, {}}, masks);
  // Prices of time by which choices come to lie on both sides of the floor.
  if (!latency && timeHigh < infinite)
    for (int i = 0; i < 4; ++i) {
      double price = incumbent.priceOfTime(timeHigh);
      incumbent.start({price, 1, {}}, masks);
      if (incumbent.priceOfTime(timeHigh) == price)
        break;
    }
  incumbent.moveRuns(masks);
}

/// A bound in the problem's units. The model's doubles ignore that E_w is
/// rounded to 1e-9, and round themselves.
WideInt Solver::ownUnits(double bound) const {
  bound = std::min(bound, incumbent.value) / incumbent.unit * (1 - 1e-8) -
          16 / (problem.objective == Objective::Edp ? 1e-12 : 1);
  return bound > 0 ? static_cast<WideInt>(bound) : WideInt(0);
}

MixSolution Solver::finish(WideInt bound) const {
  MixSolution solution;
  for (auto [worker, picks] : llvm::zip(problem.workers, incumbent.best)) {
    solution.cuCounts.emplace_back();
    for (uint8_t pick : picks)
      solution.cuCounts.back().push_back(worker.cuCounts[pick]);
  }
  solution.totals = problem.evaluate(solution.cuCounts);
  WideInt value = problem.objectiveValue(solution.totals);
  solution.lowerBound = std::min(value, bound);
  solution.optimal = solution.lowerBound == value;
  return solution;
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

Dual Solver::startDual() const {
  Dual dual;
  dual.limit.assign(model.workers.size(), 0);
  dual.switches = dual.limit;
  return dual;
}

/// A form for times of these weights, and the best choice as its columns.
void Solver::setForm(const Weights &weights) {
  Vector times = model.timeWeightsOf(weights);
  for (double &time : times)
    time += 1e-12;
  form = std::make_unique<Form>(model, std::move(times));
  for (auto [w, point] : llvm::enumerate(model.pointsOf(incumbent.best))) {
    Column column{point, {}};
    for (size_t i = 0; i < form->directions.size(); ++i)
      column.along.push_back(form->along(i, w, point.shape));
    columns[w] = {std::move(column)};
  }
}

/// A bound of a weighted sum, in at most that many programs more.
double Solver::bound(const Goal &goal, size_t programs) {
  programs = std::min(options.maxPrograms, model.programs + programs);
  Dual dual = startDual();
  bool limited = llvm::any_of(problem.workers, [](const MixWorker &worker) {
    return worker.timeLimitNs.has_value();
  });
  if (timeHigh < infinite && goal.of != Goal::Of::Time)
    dual.time = goal.weights.energy * incumbent.priceOfTime(timeHigh);
  std::unique_ptr<Search> search;
  // The limits' multipliers settle while the form follows them.
  for (int round = 0; round < (limited ? 3 : 1); ++round) {
    Weights full = goal.weights;
    full.time += dual.time;
    full.extra = dual.limit;
    setForm(full);
    search = std::make_unique<Search>(model, incumbent, *form, columns, goal,
                                      options.gap);
    search->root(dual, masks, timeHigh);
    if (search->done())
      break;
    dual = search->rootDual();
  }
  while (model.programs < programs && nodes < options.maxNodes &&
         search->step())
    ++nodes;
  return search->bound();
}

/// The least time and energy leave a range of times in which a product can
/// win; it is searched in slices.
double Solver::boundProduct() {
  Goal least;
  least.of = Goal::Of::Time;
  least.weights = {1, 0, {}};
  double timeLow = bound(least, options.maxPrograms / 6);
  if (timeLow == infinite && !incumbent.found)
    return infinite;
  timeLow = std::min(timeLow, incumbent.time) * (1 - 1e-9);
  least.of = Goal::Of::Energy;
  least.weights = {0, 1, {}};
  double energyLow = bound(least, options.maxPrograms / 6);
  energyLow = std::min(energyLow, incumbent.energy) * (1 - 1e-9);
  if (!(timeLow > 0) || !(energyLow > 0) || !incumbent.found)
    return 0;
  double last = std::min(timeHigh, incumbent.value / energyLow * (1 + 1e-9));
  last = std::max(last, timeLow);
  auto count = static_cast<size_t>(
      std::clamp(std::ceil(std::log(last / timeLow) / 0.045), 1.0, 64.0));
  double ratio = std::pow(last / timeLow, 1 / static_cast<double>(count));
  setForm({1, last * timeLow / incumbent.value, {}});
  std::vector<std::unique_ptr<Search>> slices;
  std::vector<double> floors; // of the product, by the least energy
  for (size_t i = 0; i < count; ++i) {
    Goal slice;
    slice.product = true;
    slice.timeLow = timeLow * std::pow(ratio, static_cast<double>(i));
    slice.timeHigh = slice.timeLow * ratio;
    double middle = std::sqrt(slice.timeLow * slice.timeHigh);
    slice.weights = {1 / middle, middle / incumbent.value, {}};
    slices.push_back(std::make_unique<Search>(model, incumbent, *form, columns,
                                              slice, options.gap));
    slices.back()->root(startDual(), masks, timeHigh);
    floors.push_back(slice.timeLow * energyLow);
  }
  return searchSlices(slices, floors);
}

/// Always the slice with the least bound.
double Solver::searchSlices(std::vector<std::unique_ptr<Search>> &slices,
                            llvm::ArrayRef<double> floors) {
  while (true) {
    double least = infinite;
    Search *next = nullptr;
    for (auto [slice, floor] : llvm::zip(slices, floors)) {
      double bound = std::max(slice->bound(), floor);
      if (bound >= least)
        continue;
      least = bound;
      next = slice->done() ? nullptr : slice.get();
    }
    if (!next || least >= incumbent.value * (1 - options.gap) ||
        model.programs >= options.maxPrograms || nodes >= options.maxNodes)
      return least;
    next->step();
    ++nodes;
  }
}

llvm::Expected<MixSolution> Solver::run() {
  findChoices();
  double least = 0;
  if (!options.bounds) {
    // Choices only.
  } else if (problem.objective == Objective::Edp) {
    least = boundProduct();
  } else if (problem.objective != Objective::Efficiency) {
    Goal goal;
    goal.weights = problem.objective == Objective::Latency ? Weights{1, 0, {}}
                                                           : Weights{0, 1, {}};
    least = bound(goal, options.maxPrograms);
  }
  if (incumbent.found) {
    incumbent.moveRuns(~uint64_t(0));
    return finish(problem.objective == Objective::Efficiency
                      ? efficiencyBound(problem)
                      : ownUnits(least));
  }
  if (least == infinite)
    return llvm::createStringError("no choice of CU counts keeps the limits");
  return llvm::createStringError(
      "found no choice of CU counts that keeps the limits, nor a proof that "
      "there is none");
}

llvm::Expected<MixSolution> eclip::solveMix(const MixProblem &problem,
                                            const MixSolverOptions &options) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  size_t counts = 0;
  for (const MixWorker &worker : problem.workers)
    counts += worker.cuCounts.size();
  if (counts > 128 || MixEvaluator(problem).maskCount() > 64)
    return llvm::createStringError(
        "the joint solver takes at most 64 masks and 128 CU counts, the "
        "workers have " +
        llvm::Twine(MixEvaluator(problem).maskCount()) + " and " +
        llvm::Twine(counts));
  if (problem.objective == Objective::Paper)
    return solveMixPaper(problem);
  return Solver(problem, options).run();
}
