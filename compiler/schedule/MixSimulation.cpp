//===- MixSimulation.cpp - a mix in time ----------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixSimulation.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace eclip;

namespace {

/// One worker on its way through its kernels.
struct Player {
  std::vector<uint8_t> picks;
  size_t kernel = 0;
  /// Left of what nothing stretches: switch and launch, in ns.
  double fixedNs = 0;
  /// Left of the kernel, in ns alone on its CUs.
  double busyNs = 0;
  double speed = 1;              ///< of busyNs; fixedNs always goes at 1
  double readyNs = 0;            ///< when this kernel could start
  double startNs = 0;            ///< of the request
  std::vector<double> latencies; ///< of all requests so far
  bool warm = false;
};

class Simulation {
public:
  Simulation(const MixProblem &problem, const MixChoice &choice,
             const MixSimulationOptions &options);
  MixPrediction run();

private:
  const MixEvaluator::Kernel &kernelOf(size_t w) const {
    const Player &player = players[w];
    const MixEvaluator::Worker &worker = tables.worker(w);
    return worker
        .table[player.kernel * worker.width + player.picks[player.kernel]];
  }
  bool runs(size_t w) const { return !options.oneQueue || w == front; }
  void enter(size_t w);
  void setSpeeds();
  double nextEvent() const;
  void advance(double ns);
  void complete(size_t w);
  bool enough() const;
  MixPrediction result() const;

  const MixProblem &problem;
  MixSimulationOptions options;
  MixEvaluator tables;
  std::vector<Player> players;
  size_t front = 0; ///< of the one queue
  double nowNs = 0, warmNs = 0;
  double energyNj = 0; ///< above idle, since all are warm
  size_t warmCount = 0;
  std::vector<size_t> warmRequests; ///< latencies before all were warm
};

} // namespace

Simulation::Simulation(const MixProblem &problem, const MixChoice &choice,
                       const MixSimulationOptions &options)
    : problem(problem), options(options), tables(problem) {
  players.resize(choice.size());
  for (size_t w = 0; w < choice.size(); ++w) {
    for (int64_t cuCount : choice[w])
      players[w].picks.push_back(
          llvm::find(problem.workers[w].cuCounts, cuCount) -
          problem.workers[w].cuCounts.begin());
    enter(w);
    // Workers that start together would stay in step for long.
    if (options.oneQueue)
      continue;
    double aloneNs = 1e15 / static_cast<double>(tables.worker(w).timeWeight);
    players[w].fixedNs +=
        aloneNs * static_cast<double>(w) / static_cast<double>(choice.size());
  }
  warmRequests.resize(choice.size());
}

void Simulation::enter(size_t w) {
  Player &player = players[w];
  const MixEvaluator::Kernel &kernel = kernelOf(w);
  player.fixedNs = static_cast<double>(kernel.timeNs - kernel.busyNs);
  // The last kernel of a request and the first of the next are not ordered by
  // a barrier, as the next request's packets wait for nothing of this one's
  // queues; the host sends it when the last is complete.
  if (player.kernel > 0 &&
      player.picks[player.kernel] != player.picks[player.kernel - 1])
    player.fixedNs += static_cast<double>(tables.worker(w).switchNs);
  player.busyNs = static_cast<double>(kernel.busyNs);
  player.readyNs = nowNs;
}

/// Each CU gives its kernels equal parts; memory, where more is asked than it
/// has, gives each the same part of what it asks.
void Simulation::setSpeeds() {
  if (options.oneQueue) {
    front = 0;
    for (size_t w = 1; w < players.size(); ++w)
      if (players[w].readyNs < players[front].readyNs)
        front = w;
    for (Player &player : players)
      player.speed = 1;
    return;
  }
  auto busy = [&](size_t w) { return players[w].fixedNs <= 0; };
  double demand = 0;
  for (size_t w = 0; w < players.size(); ++w) {
    if (!busy(w))
      continue;
    double others = 0;
    for (size_t v = 0; v < players.size(); ++v)
      if (v != w && busy(v))
        others += static_cast<double>(tables.overlapPpm(
                      w, players[w].picks[players[w].kernel], v,
                      players[v].picks[players[v].kernel])) *
                  1e-12 * static_cast<double>(kernelOf(v).usePpm);
    players[w].speed = 1 / (1 + others);
    const MixEvaluator::Kernel &kernel = kernelOf(w);
    if (kernel.busyNs > 0)
      demand += players[w].speed * static_cast<double>(kernel.memoryNs) /
                static_cast<double>(kernel.busyNs);
  }
  if (demand <= 1)
    return;
  for (size_t w = 0; w < players.size(); ++w) {
    const MixEvaluator::Kernel &kernel = kernelOf(w);
    if (!busy(w) || kernel.busyNs == 0)
      continue;
    double part = static_cast<double>(kernel.memoryNs) /
                  static_cast<double>(kernel.busyNs);
    players[w].speed /= 1 - part + part * demand;
  }
}

double Simulation::nextEvent() const {
  double least = std::numeric_limits<double>::infinity();
  for (size_t w = 0; w < players.size(); ++w)
    if (runs(w))
      least = std::min(least, players[w].fixedNs > 0
                                  ? players[w].fixedNs
                                  : players[w].busyNs / players[w].speed);
  return least;
}

void Simulation::advance(double ns) {
  nowNs += ns;
  for (size_t w = 0; w < players.size(); ++w) {
    Player &player = players[w];
    if (!runs(w))
      continue;
    if (player.fixedNs > 0) {
      player.fixedNs = player.fixedNs - ns < 1e-6 ? 0 : player.fixedNs - ns;
      continue;
    }
    double done = std::min(player.busyNs, ns * player.speed);
    player.busyNs = player.busyNs - done < 1e-6 ? 0 : player.busyNs - done;
  }
}

/// The kernel of worker `w` is done: its energy counts, and the next enters.
void Simulation::complete(size_t w) {
  Player &player = players[w];
  const MixEvaluator::Worker &worker = tables.worker(w);
  if (warmCount == players.size())
    energyNj += static_cast<double>(kernelOf(w).energyNj);
  if (++player.kernel < worker.kernels) {
    if (player.picks[player.kernel] != player.picks[player.kernel - 1] &&
        warmCount == players.size())
      energyNj += static_cast<double>(worker.switchNj);
    enter(w);
    return;
  }
  player.kernel = 0;
  player.latencies.push_back(nowNs - player.startNs);
  player.startNs = nowNs;
  if (!player.warm && player.latencies.size() >= options.warmUp) {
    player.warm = true;
    if (++warmCount == players.size()) {
      warmNs = nowNs;
      for (size_t v = 0; v < players.size(); ++v)
        warmRequests[v] = players[v].latencies.size();
    }
  }
  enter(w);
}

bool Simulation::enough() const {
  if (warmCount < players.size())
    return false;
  for (size_t w = 0; w < players.size(); ++w)
    if (players[w].latencies.size() < warmRequests[w] + options.requests)
      return false;
  return true;
}

MixPrediction Simulation::result() const {
  MixPrediction prediction;
  double ns = nowNs - warmNs, aloneWatts = 0;
  for (size_t w = 0; w < players.size(); ++w) {
    std::vector<double> latencies(players[w].latencies.begin() +
                                      warmRequests[w],
                                  players[w].latencies.end());
    MixPrediction::Worker own;
    own.requests = latencies.size();
    own.requestsPerS = static_cast<double>(latencies.size()) / ns * 1e9;
    for (double latency : latencies)
      own.meanNs += latency / static_cast<double>(latencies.size());
    llvm::sort(latencies);
    auto rank = static_cast<size_t>(
        std::ceil(0.95 * static_cast<double>(latencies.size())));
    own.p95Ns = latencies[rank - 1];
    double aloneNs = 1e15 / static_cast<double>(tables.worker(w).timeWeight);
    double aloneNj = 1e15 / static_cast<double>(tables.worker(w).energyWeight);
    prediction.throughput += own.requestsPerS * aloneNs * 1e-9;
    aloneWatts += aloneNj / aloneNs / static_cast<double>(players.size());
    prediction.workers.push_back(own);
  }
  prediction.watts =
      energyNj / ns + static_cast<double>(problem.limits.idleMilliwatts) * 1e-3;
  prediction.efficiency = prediction.throughput / prediction.watts * aloneWatts;
  return prediction;
}

MixPrediction Simulation::run() {
  while (!enough()) {
    setSpeeds();
    advance(nextEvent());
    for (size_t w = 0; w < players.size(); ++w)
      if (players[w].fixedNs <= 0 && players[w].busyNs <= 0)
        complete(w);
  }
  return result();
}

MixPrediction eclip::simulateMix(const MixProblem &problem,
                                 const MixChoice &choice,
                                 const MixSimulationOptions &options) {
  return Simulation(problem, choice, options).run();
}
