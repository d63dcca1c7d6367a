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
  /// Of others' busyNs, what must pass before workgroups of this kernel get
  /// their CUs; counts where this one's priority is higher.
  std::vector<double> holdNs;
  size_t arrival = 0;            ///< order in which kernels became busy
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
  bool busy(size_t w) const { return players[w].fixedNs <= 0; }
  double overlap(size_t w, size_t v) const {
    return static_cast<double>(
               tables.overlapPpm(w, players[w].picks[players[w].kernel], v,
                                 players[v].picks[players[v].kernel])) *
           1e-6;
  }
  /// What of the kernel is left when it no longer keeps later ones out.
  double placedNs(size_t w) const {
    return (1 - static_cast<double>(problem.limits.pendingPpm) * 1e-6) *
           static_cast<double>(kernelOf(w).busyNs);
  }
  bool pending(size_t w) const {
    return busy(w) && players[w].busyNs > placedNs(w) + 1e-6;
  }
  bool keepsOut(size_t v, size_t w) const;
  void enter(size_t w);
  void arrive(size_t w);
  double freeSpeed(size_t w) const;
  void shareMemory();
  void setSpeeds();
  double nextEvent() const;
  void advance(double ns);
  void complete(size_t w);
  bool enough() const;
  void slowDown(MixPrediction &prediction) const;
  MixPrediction result() const;

  const MixProblem &problem;
  MixSimulationOptions options;
  MixEvaluator tables;
  std::vector<Player> players;
  size_t front = 0; ///< of the one queue
  size_t arrivals = 0;
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
  if (options.oneQueue) // nothing runs beside
    player.fixedNs -= static_cast<double>(tables.worker(w).besideNs);
  // The last kernel of a request and the first of the next are not ordered by
  // a barrier, as the next request's packets wait for nothing of this one's
  // queues; the host sends it when the last is complete.
  if (player.kernel > 0 &&
      player.picks[player.kernel] != player.picks[player.kernel - 1])
    player.fixedNs += static_cast<double>(tables.worker(w).switchNs);
  player.busyNs = static_cast<double>(kernel.busyNs);
  player.readyNs = nowNs;
  if (player.fixedNs <= 0)
    arrive(w);
}

/// The kernel of worker `w` is launched: those that are pending come first.
void Simulation::arrive(size_t w) {
  players[w].arrival = arrivals++;
  players[w].holdNs.assign(players.size(),
                           static_cast<double>(problem.limits.workgroupNs));
}

/// Whether the kernel of `v` keeps that of `w` from the CUs that they share.
bool Simulation::keepsOut(size_t v, size_t w) const {
  if (v == w || !pending(v) || players[v].arrival > players[w].arrival)
    return false;
  return tables.worker(w).priority <= tables.worker(v).priority ||
         players[w].holdNs[v] > 1e-6;
}

/// Speed of the kernel of `w` by the CUs that it can have: of some it is kept
/// out, on others it runs beside kernels that are placed too.
double Simulation::freeSpeed(size_t w) const {
  double left = 1, others = 0;
  for (size_t v = 0; v < players.size(); ++v) {
    if (v == w || !busy(v))
      continue;
    if (keepsOut(v, w))
      left -= overlap(w, v);
    else if (!keepsOut(w, v))
      others +=
          overlap(w, v) * static_cast<double>(kernelOf(v).usePpm) * 1e-6;
  }
  double use = static_cast<double>(kernelOf(w).usePpm) * 1e-6;
  return std::min(1.0, std::max(0.0, left) / use) /
         (1 + others * static_cast<double>(problem.limits.turnPpm) * 1e-6);
}

/// CUs go to kernels in the order in which these came, as far as the device
/// does so.
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
  for (size_t w = 0; w < players.size(); ++w)
    if (busy(w))
      players[w].speed = freeSpeed(w);
  shareMemory();
}

/// Memory, where more is asked than it has, gives each the same part of what it
/// asks; where less is asked, the traffic of those on other CUs is in the way.
void Simulation::shareMemory() {
  double demand = 0;
  std::vector<double> traffic(players.size(), 0.0);
  auto part = [&](size_t w) {
    const MixEvaluator::Kernel &kernel = kernelOf(w);
    return kernel.busyNs > 0 ? static_cast<double>(kernel.trafficNs) /
                                   static_cast<double>(kernel.busyNs)
                             : 0;
  };
  for (size_t w = 0; w < players.size(); ++w)
    if (busy(w))
      demand += traffic[w] = players[w].speed * part(w);
  for (size_t w = 0; w < players.size(); ++w) {
    if (!busy(w))
      continue;
    double beside = 0;
    for (size_t v = 0; v < players.size(); ++v)
      if (v != w && traffic[v] > 0)
        beside += traffic[v] * (1 - overlap(w, v));
    players[w].speed /= std::max(
        1 + beside * static_cast<double>(problem.limits.memoryBesidePpm) * 1e-6,
        1 + part(w) * (demand - 1));
  }
}

double Simulation::nextEvent() const {
  double least = std::numeric_limits<double>::infinity();
  for (size_t w = 0; w < players.size(); ++w) {
    if (!runs(w))
      continue;
    const Player &player = players[w];
    if (player.fixedNs > 0) {
      least = std::min(least, player.fixedNs);
      continue;
    }
    if (player.speed <= 0)
      continue; // something that keeps it out goes on
    least = std::min(least, player.busyNs / player.speed);
    if (options.oneQueue || !tables.waits())
      continue;
    if (pending(w))
      least = std::min(least, (player.busyNs - placedNs(w)) / player.speed);
    for (size_t v = 0; v < players.size(); ++v)
      if (v != w && busy(v) && keepsOut(w, v) &&
          tables.worker(v).priority > tables.worker(w).priority)
        least = std::min(least, players[v].holdNs[w] / player.speed);
  }
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
      if (player.fixedNs == 0)
        arrive(w);
      continue;
    }
    double done = std::min(player.busyNs, ns * player.speed);
    player.busyNs = player.busyNs - done < 1e-6 ? 0 : player.busyNs - done;
    for (Player &other : players)
      if (&other != &player && !other.holdNs.empty())
        other.holdNs[w] -= done;
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

/// At the board's limit the clocks fall. Power above idle goes with a clock's
/// square, about: the voltage falls too, but not where it is at its least.
void Simulation::slowDown(MixPrediction &prediction) const {
  double limit = static_cast<double>(problem.limits.boardMilliwatts) * 1e-3;
  double idle = static_cast<double>(problem.limits.idleMilliwatts) * 1e-3;
  if (limit <= idle || prediction.watts <= limit)
    return;
  double clock = std::sqrt((limit - idle) / (prediction.watts - idle));
  prediction.watts = limit;
  prediction.throughput *= clock;
  for (MixPrediction::Worker &worker : prediction.workers) {
    worker.requestsPerS *= clock;
    worker.meanNs /= clock;
    worker.p95Ns /= clock;
  }
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
  slowDown(prediction);
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
