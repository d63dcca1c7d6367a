//===- MixChoosing.cpp - an efficient mix, chosen by simulation -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The joint problem takes priorities and ends of the device as given. Efficiency
// is for the board, whose tails the definition doesn't know and whose priorities
// it overrates: here the solver's choices and the best fixed partitions, for
// several priorities and ends, are played by the simulator, which decides.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixEfficiency.h"
#include "compiler/schedule/MixPriorities.h"
#include "compiler/schedule/MixSimulation.h"
#include "compiler/schedule/PlanClustering.h"

#include "llvm/ADT/STLExtras.h"

#include <array>
#include <numeric>

using namespace eclip;

namespace {

/// By how much a simulated tail may be above that of plain sharing: where masks
/// keep two models apart, tails relative to it are so much too long in the mean
/// (docs/mixes.md).
constexpr double tailTolerance = 1.1;
/// Slack of limitSlowdown().
constexpr double usualSlack = 1.3, relaxedSlack = 1.7;

/// Priorities and ends of the workers, how much slower than in plain sharing the
/// slowest may be, and what fixed partitions these allow.
struct Setting {
  std::vector<int64_t> priorities;
  std::vector<bool> highEnd;
  double slack = usualSlack;
  double least = 0; ///< P / R^2 of the fixed partitions, by the model
};

/// Where a candidate is from. Each is a guess of its own at what the models
/// don't know, so a list of choices alternates between them.
enum class Origin { Partition, Ahead, Solver, Relaxed, Energy, Edp };
constexpr size_t originCount = 6;

struct Played {
  double throughput = 0, watts = 0;
  double slowest = 0; ///< largest p95 relative to the worker alone on all CUs
  double value() const { return watts / (throughput * throughput); }
};

struct Candidate {
  Setting setting;
  Origin origin = Origin::Partition;
  MixChoice choice;
  MixTotals totals;
  WideInt value = 0; ///< by the definition
  Played played;
};

/// How many of what are tried; together they bound the time.
constexpr size_t partitionsOfSetting = 8, partitionsPlayed = 40,
                 settingsSolved = 6, requestsPlayed = 30, choicesListed = 16;

class Chooser {
public:
  Chooser(const MixProblem &from) : from(from) {}

  llvm::Expected<MixSolution> run(MixProblem &problem, MixPlay &play,
                                  size_t rank);

private:
  MixProblem problemOf(const Setting &setting) const;
  void makeSettings();
  void addPartitions(Setting &setting);
  void addSolutions();
  void addSolution(const Setting &setting, Origin origin);
  void addCandidate(const Setting &setting, const MixProblem &problem,
                    MixChoice choice, Origin origin);
  void keepBest();
  void playAll();
  std::vector<const Candidate *> list() const;

  const MixProblem &from;
  std::vector<Setting> settings;
  std::vector<Candidate> candidates;
  Played shared; ///< all on all CUs without priorities
};

} // namespace

MixProblem Chooser::problemOf(const Setting &setting) const {
  MixProblem problem = from;
  setPriorities(problem, setting.priorities);
  for (auto [worker, highEnd] : llvm::zip(problem.workers, setting.highEnd))
    worker.highEnd = highEnd;
  limitSlowdown(problem, setting.slack);
  return problem;
}

/// All orders and ends of up to three workers; of more those of
/// prioritiesToTry, at the ends that they have.
void Chooser::makeSettings() {
  size_t count = from.workers.size();
  std::vector<bool> given;
  for (const MixWorker &worker : from.workers)
    given.push_back(worker.highEnd);
  std::vector<std::vector<int64_t>> orders = prioritiesToTry(from);
  std::vector<std::vector<bool>> ends{given};
  if (count == 2 || count == 3) {
    for (size_t bits = 1; bits + 1 < size_t(1) << count; ++bits) {
      std::vector<bool> high;
      for (size_t w = 0; w < count; ++w)
        high.push_back(bits >> w & 1);
      if (high != given)
        ends.push_back(std::move(high));
    }
    if (count == 3 && orders.size() > 1)
      for (size_t last = 0; last < 3; ++last) { // two ahead of one, and grades
        orders.emplace_back(3, 2)[last] = 0;
        std::vector<int64_t> graded(3, 0);
        for (size_t first = 0; first < 3; ++first)
          if (first != last) {
            graded.assign(3, 1);
            graded[first] = 2;
            graded[last] = 0;
            if (!llvm::is_contained(orders, graded))
              orders.push_back(graded);
          }
      }
  }
  for (const auto &order : orders)
    for (const auto &highEnd : ends)
      settings.push_back({order, highEnd, usualSlack, 0});
}

void Chooser::addCandidate(const Setting &setting, const MixProblem &problem,
                           MixChoice choice, Origin origin) {
  Candidate candidate{setting, origin, std::move(choice), {}, 0, {}};
  candidate.totals = problem.evaluate(candidate.choice);
  candidate.value = problem.objectiveValue(candidate.totals);
  if (problem.keepsLimits(candidate.totals) &&
      llvm::none_of(candidates, [&](const Candidate &other) {
        return other.setting.priorities == setting.priorities &&
               other.setting.highEnd == setting.highEnd &&
               other.choice == candidate.choice;
      }))
    candidates.push_back(std::move(candidate));
}

/// The best fixed partitions of a setting. What one worker adds to another
/// depends on these two alone, so each pair is asked for once.
void Chooser::addPartitions(Setting &setting) {
  MixProblem problem = problemOf(setting);
  mix::Model model(problem);
  size_t count = problem.workers.size();
  std::vector<std::vector<mix::Point>> points(count);
  for (size_t w = 0; w < count; ++w)
    for (size_t cu = 0; cu < model.workers[w].width; ++cu)
      points[w].push_back(model.workers[w].point(
          std::vector<uint8_t>(model.workers[w].kernels, cu)));
  // added[w][v][i][j]: to the time of w on its i by v on its j.
  using Matrix = std::vector<mix::Vector>;
  std::vector<std::vector<Matrix>> added(count, std::vector<Matrix>(count));
  for (size_t w = 0; w < count; ++w)
    for (size_t v = 0; v < count; ++v) {
      if (v == w)
        continue;
      mix::Vector ones(count);
      ones[w] = 1;
      added[w][v].assign(points[w].size(), mix::Vector(points[v].size()));
      for (size_t j = 0; j < points[v].size(); ++j) {
        mix::Vector prices(model.workers[w].entries());
        model.addPrices(w, ones, v, points[v][j].shape, prices);
        for (size_t i = 0; i < points[w].size(); ++i)
          added[w][v][i][j] = std::inner_product(
              prices.begin(), prices.begin() + model.workers[w].exposures(),
              points[w][i].shape.begin(), 0.0);
      }
    }
  std::vector<std::pair<double, std::vector<size_t>>> ranked;
  std::vector<size_t> digits(count, 0);
  mix::Shared shared{mix::Vector(count), mix::Vector(count)};
  size_t tried = 0;
  for (bool more = true; more && tried < 4096; ++tried) {
    double over = 0;
    for (size_t w = 0; w < count; ++w) {
      const mix::Point &own = points[w][digits[w]];
      shared.times[w] = own.time;
      shared.energies[w] = own.energy;
      for (size_t v = 0; v < count; ++v)
        if (v != w)
          shared.times[w] += added[w][v][digits[w]][digits[v]];
      if (auto limit = model.relativeLimit(w))
        over += std::max(0.0, shared.times[w] / *limit - 1);
    }
    ranked.emplace_back(mix::efficiency(model, shared) * (1 + 10 * over),
                        digits);
    size_t w = 0;
    while (w < count && ++digits[w] == points[w].size())
      digits[w++] = 0;
    more = w < count;
  }
  llvm::sort(ranked);
  setting.least = ranked.front().first;
  ranked.resize(std::min(ranked.size(), partitionsOfSetting));
  for (const auto &[value, best] : ranked) {
    MixChoice choice;
    for (size_t w = 0; w < count; ++w)
      choice.emplace_back(problem.workers[w].kernelCount,
                          problem.workers[w].cuCounts[best[w]]);
    bool equal = llvm::all_equal(setting.priorities);
    addCandidate(setting, problem, std::move(choice),
                 equal ? Origin::Partition : Origin::Ahead);
  }
}

/// What the solver finds for a setting, by the objective of the origin.
void Chooser::addSolution(const Setting &setting, Origin origin) {
  MixProblem problem = problemOf(setting);
  MixProblem other = problem;
  MixSolverOptions options{.maxStarts = 24, .maxMoves = 1500, .bounds = false};
  if (origin == Origin::Energy) {
    other.objective = Objective::Latency;
    auto fastest = solveMix(other, options);
    if (!fastest)
      return llvm::consumeError(fastest.takeError());
    other.objective = Objective::Energy;
    other.throughputFloorPpm = std::max(other.throughputFloorPpm,
                                        defaultFloorPpm(fastest->totals));
  } else if (origin == Origin::Edp) {
    other.objective = Objective::Edp;
  }
  auto solution = solveMix(other, options);
  if (solution)
    addCandidate(setting, problem, std::move(solution->cuCounts), origin);
  else
    llvm::consumeError(solution.takeError());
}

/// Solutions with the priorities and ends of the best partitions.
void Chooser::addSolutions() {
  std::vector<size_t> order(settings.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::pair(settings[a].least, a) < std::pair(settings[b].least, b);
  });
  order.resize(std::min(order.size(), settingsSolved));
  for (size_t setting : order)
    addSolution(settings[setting], Origin::Solver);
  Setting best = settings[order.front()];
  addSolution(best, Origin::Energy);
  addSolution(best, Origin::Edp);
  best.slack = relaxedSlack;
  addPartitions(best);
  for (Candidate &candidate : candidates)
    if (candidate.setting.slack > usualSlack)
      candidate.origin = Origin::Relaxed;
  addSolution(best, Origin::Relaxed);
}

/// Of the partitions, the best by the definition.
void Chooser::keepBest() {
  llvm::sort(candidates, [](const Candidate &x, const Candidate &y) {
    return std::tie(x.value, x.setting.priorities, x.setting.highEnd,
                    x.choice) < std::tie(y.value, y.setting.priorities,
                                         y.setting.highEnd, y.choice);
  });
  candidates.resize(std::min(candidates.size(), partitionsPlayed));
}

static MixChoice onAllCus(const MixProblem &problem) {
  MixChoice choice;
  for (const MixWorker &worker : problem.workers)
    choice.emplace_back(worker.kernelCount, worker.cuCounts.back());
  return choice;
}

static Played playOut(const MixProblem &problem, const MixChoice &choice,
                      const MixTotals &totals) {
  MixPrediction all =
      simulateMix(problem, choice, {.requests = requestsPlayed});
  Played played{all.throughput, all.watts, 0};
  for (auto [own, worker] : llvm::zip(totals.workers, all.workers))
    played.slowest = std::max(played.slowest,
                              worker.p95Ns / static_cast<double>(own.aloneNs));
  return played;
}

/// Plays all candidates, and puts them in order: first those with a tail as
/// short as in plain sharing, about, the others by how much longer it is.
void Chooser::playAll() {
  const Setting &first = settings.front();
  MixProblem plain = problemOf(first);
  setPriorities(plain, std::vector<int64_t>(from.workers.size(), 0));
  MixChoice all = onAllCus(plain);
  shared = playOut(plain, all, plain.evaluate(all));
  addCandidate(first, plain, std::move(all), Origin::Partition);
  for (Candidate &candidate : candidates)
    candidate.played = playOut(problemOf(candidate.setting), candidate.choice,
                               candidate.totals);
  auto over = [&](const Candidate &candidate) {
    return std::max(0.0, candidate.played.slowest / shared.slowest -
                             tailTolerance);
  };
  llvm::sort(candidates, [&](const Candidate &x, const Candidate &y) {
    auto key = [&](const Candidate &of) {
      return std::tuple(over(of), of.played.value(), of.setting.priorities,
                        of.setting.highEnd, of.choice);
    };
    return key(x) < key(y);
  });
}

/// The best, then the best of each origin in turn, and so on: choices that are
/// the same but for which end is whose, or for priorities that change nothing,
/// count once.
std::vector<const Candidate *> Chooser::list() const {
  std::vector<const Candidate *> choices;
  std::array<std::vector<const Candidate *>, originCount> rest;
  auto same = [](const Candidate &x, const Candidate &y) {
    auto flipped = y.setting.highEnd;
    flipped.flip();
    // On disjoint CUs priorities change nothing.
    return x.choice == y.choice &&
           (x.totals == y.totals ||
            x.setting.priorities == y.setting.priorities) &&
           (x.setting.highEnd == y.setting.highEnd ||
            x.setting.highEnd == flipped);
  };
  std::vector<const Candidate *> distinct;
  for (const Candidate &candidate : candidates)
    if (llvm::none_of(distinct, [&](const Candidate *other) {
          return same(candidate, *other);
        }))
      distinct.push_back(&candidate);
  choices.push_back(distinct.front());
  for (const Candidate *candidate : llvm::drop_begin(distinct))
    rest[static_cast<size_t>(candidate->origin)].push_back(candidate);
  for (size_t round = 0; round < candidates.size(); ++round)
    for (const auto &own : rest)
      if (round < own.size() && choices.size() < choicesListed)
        choices.push_back(own[round]);
  return choices;
}

static bool isFixed(const MixChoice &choice) {
  return llvm::all_of(choice, [](const std::vector<int64_t> &own) {
    return llvm::all_equal(own);
  });
}

llvm::Expected<MixSolution> Chooser::run(MixProblem &problem, MixPlay &play,
                                         size_t rank) {
  makeSettings();
  for (Setting &setting : settings)
    addPartitions(setting);
  keepBest();
  addSolutions();
  if (candidates.empty())
    return solveMix(problemOf(settings.front())); // for its words why
  playAll();
  std::vector<const Candidate *> choices = list();
  if (rank >= choices.size())
    return llvm::createStringError(
        "choice " + llvm::Twine(rank) + " of the mix: there are " +
        llvm::Twine(choices.size()) + ", 0 to " +
        llvm::Twine(choices.size() - 1));
  const Candidate &chosen = *choices[rank];
  problem = problemOf(chosen.setting);
  play = {candidates.size(),
          choices.size(),
          rank,
          isFixed(chosen.choice),
          chosen.played.throughput / shared.throughput,
          chosen.played.throughput / chosen.played.watts * shared.watts /
              shared.throughput,
          chosen.played.slowest / shared.slowest};
  MixSolution solution;
  solution.cuCounts = chosen.choice;
  solution.totals = chosen.totals;
  solution.lowerBound = std::min(chosen.value, mix::efficiencyBound(problem));
  solution.optimal = solution.lowerBound == chosen.value;
  return solution;
}

llvm::Expected<MixSolution> eclip::chooseBySimulation(MixProblem &problem,
                                                      MixPlay &play,
                                                      size_t rank) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  MixProblem from = problem;
  return Chooser(from).run(problem, play, rank);
}
