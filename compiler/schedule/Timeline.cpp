//===- Timeline.cpp - a schedule in time ----------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Timeline.h"
#include "compiler/schedule/Clustering.h"
#include "compiler/schedule/QueueOrder.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace eclip;

namespace {

/// The head of one queue.
struct Lane {
  llvm::SmallVector<unsigned> packets; ///< dispatches, in order
  size_t next = 0;
  bool running = false;
  double fixedNs = 0; ///< left of barriers and launch, which nothing slows
  double busyNs = 0;  ///< left of the rest, in ns alone
  double memoryPart = 0; ///< of that rest, at the whole device's bandwidth
  double speed = 1;

  bool busy() const { return running && fixedNs <= 0; }
};

class Player {
public:
  Player(llvm::ArrayRef<TimelineDispatch> dispatches,
         llvm::ArrayRef<CuRange> queues, const DeviceLimits &limits,
         const KernelCost &switchCost)
      : dispatches(dispatches), queues(queues), limits(limits),
        switchCost(switchCost), lanes(queues.size()) {
    for (auto [index, dispatch] : llvm::enumerate(dispatches))
      lanes[dispatch.queue].packets.push_back(index);
    result.startNs.assign(dispatches.size(), 0);
    result.endNs.assign(dispatches.size(), -1);
  }

  Timeline run();

private:
  void startReady();
  void setSpeeds();
  double shared(const Lane &lane) const;
  double nextEvent() const;
  void advance(double ns);
  int64_t energyNj() const;

  llvm::ArrayRef<TimelineDispatch> dispatches;
  llvm::ArrayRef<CuRange> queues;
  const DeviceLimits &limits;
  const KernelCost &switchCost;
  std::vector<Lane> lanes;
  double nowNs = 0;
  size_t complete = 0;
  Timeline result;
};

} // namespace

void Player::startReady() {
  for (Lane &lane : lanes) {
    if (lane.running || lane.next == lane.packets.size())
      continue;
    unsigned index = lane.packets[lane.next];
    const TimelineDispatch &dispatch = dispatches[index];
    if (llvm::any_of(dispatch.waits,
                     [&](unsigned wait) { return result.endNs[wait] < 0; }))
      continue;
    auto barriers = static_cast<int64_t>(
        llvm::divideCeil(dispatch.waits.size(), kMaxWaits));
    int64_t launchNs = std::min(dispatch.cost.timeNs, limits.launchNs);
    int64_t busyNs = dispatch.cost.timeNs - launchNs;
    lane.running = true;
    lane.fixedNs =
        static_cast<double>(barriers * switchCost.timeNs + launchNs);
    lane.busyNs = static_cast<double>(busyNs);
    lane.memoryPart = 0;
    if (busyNs > 0 && limits.hbmBytesPerS > 0)
      lane.memoryPart =
          std::min(1.0, static_cast<double>(dispatch.cost.timeNs) /
                            static_cast<double>(busyNs) *
                            static_cast<double>(dispatch.cost.hbmBytesPerS) /
                            static_cast<double>(limits.hbmBytesPerS));
    result.startNs[index] = nowNs;
    result.switches += barriers;
  }
}

/// Parts of the lane's CUs that others are on and make use of.
double Player::shared(const Lane &lane) const {
  const CuRange &own = queues[&lane - lanes.data()];
  double sum = 0;
  for (const Lane &other : lanes) {
    const CuRange &range = queues[&other - lanes.data()];
    int64_t common = std::min(own.first + own.count, range.first + range.count) -
                     std::max(own.first, range.first);
    if (&other == &lane || !other.busy() || common <= 0)
      continue;
    sum += static_cast<double>(common) / static_cast<double>(own.count) * 1e-6 *
           static_cast<double>(
               dispatches[other.packets[other.next]].usePpm);
  }
  return sum;
}

void Player::setSpeeds() {
  double demand = 0;
  for (Lane &lane : lanes) {
    lane.speed = 1;
    if (!lane.busy())
      continue;
    lane.speed = 1 / (1 + shared(lane));
    demand += lane.speed * lane.memoryPart;
  }
  for (Lane &lane : lanes)
    if (demand > 1 && lane.busy())
      lane.speed /= 1 - lane.memoryPart + lane.memoryPart * demand;
}

double Player::nextEvent() const {
  double least = std::numeric_limits<double>::infinity();
  for (const Lane &lane : lanes)
    if (lane.running)
      least = std::min(least, lane.fixedNs > 0 ? lane.fixedNs
                                               : lane.busyNs / lane.speed);
  return least;
}

void Player::advance(double ns) {
  nowNs += ns;
  for (Lane &lane : lanes) {
    if (!lane.running)
      continue;
    double &left = lane.fixedNs > 0 ? lane.fixedNs : lane.busyNs;
    left -= lane.fixedNs > 0 ? ns : ns * lane.speed;
    if (left < 1e-6)
      left = 0;
    if (lane.fixedNs > 0 || lane.busyNs > 0)
      continue;
    result.endNs[lane.packets[lane.next++]] = nowNs;
    lane.running = false;
    ++complete;
  }
}

/// What each dispatch and switch draws above idle, and idle power once; in pJ
/// and rounded at the end, so that sums of one queue after another are exact.
int64_t Player::energyNj() const {
  auto aboveIdlePj = [&](const KernelCost &cost) {
    return static_cast<WideInt>(cost.energyNj) * 1000 -
           static_cast<WideInt>(cost.timeNs) * limits.idleMilliwatts;
  };
  WideInt sum = static_cast<WideInt>(result.timeNs) * limits.idleMilliwatts +
                aboveIdlePj(switchCost) * result.switches;
  for (const TimelineDispatch &dispatch : dispatches)
    sum += aboveIdlePj(dispatch.cost);
  return static_cast<int64_t>(std::max<WideInt>(0, sum) / 1000);
}

Timeline Player::run() {
  while (complete < dispatches.size()) {
    startReady();
    setSpeeds();
    advance(nextEvent());
  }
  result.timeNs = std::llround(nowNs);
  result.energyNj = energyNj();
  return std::move(result);
}

Timeline eclip::playTimeline(llvm::ArrayRef<TimelineDispatch> dispatches,
                             llvm::ArrayRef<CuRange> queues,
                             const DeviceLimits &limits,
                             const KernelCost &switchCost) {
  return Player(dispatches, queues, limits, switchCost).run();
}
