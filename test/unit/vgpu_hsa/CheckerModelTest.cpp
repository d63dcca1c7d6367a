//===- CheckerModelTest.cpp - the checker against its definition ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random programs of a host and several queues, run in a random legal order.
// The oracle knows nothing of clocks, chains or forgetting: it has one graph
// node for each launch, completion and host operation, an edge for each rule of
// docs/virtual-gpu.md, and calls a race what conflicts without a path. The
// checker must report these pairs and no others, whatever the order was.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

using namespace eclip::vgpu;

namespace {

struct Access {
  uint64_t granule;
  bool write;
};

struct Packet {
  bool isBarrier = false, barrierBit = false;
  std::vector<int> deps; ///< signals, barriers only
  int completion = -1;   ///< each signal is completed by one packet
  std::vector<Access> accesses;
  bool launched = false, completed = false;
  size_t launch = 0, complete = 0; ///< nodes
  std::shared_ptr<CheckedEvent> event;
};

/// Submit the queue's next packet, or wait for a signal.
struct HostStep {
  int queue = -1, wait = -1;
  size_t node = 0;
};

using Pairs = std::set<std::pair<std::string, std::string>>;

class Program {
public:
  Program(std::mt19937_64 &random, int queueCount, int steps, bool waits,
          int barrierBitPercent)
      : random(random), queues(size_t(queueCount)), next(size_t(queueCount)),
        announced(size_t(queueCount)) {
    for (int i = 0; i < steps; ++i)
      addStep(waits, barrierBitPercent);
    connect();
  }

  Pairs oracle() const {
    Pairs races;
    std::vector<std::pair<int, size_t>> all;
    for (int q = 0; q < int(queues.size()); ++q)
      for (size_t p = 0; p < queues[size_t(q)].size(); ++p)
        all.push_back({q, p});
    std::map<size_t, std::vector<bool>> reach;
    for (size_t i = 0; i < all.size(); ++i)
      for (size_t j = i + 1; j < all.size(); ++j) {
        const Packet &a = at(all[i]), &b = at(all[j]);
        if (conflict(a, b) && !path(reach, a.complete, b.launch) &&
            !path(reach, b.complete, a.launch))
          races.insert(ordered(name(all[i]), name(all[j])));
      }
    return races;
  }

  /// Drives the checker through one random legal order.
  Pairs run(Checker &checker) {
    checker.enable(true, false);
    host = 0;
    std::vector<bool> done(signalCount, false);
    for (;;) {
      std::vector<int> ready; // -1: host; q: launch; 1000 + index: complete
      if (host < steps.size() &&
          (steps[host].wait < 0 || done[size_t(steps[host].wait)]))
        ready.push_back(-1);
      for (int q = 0; q < int(queues.size()); ++q)
        if (canLaunch(q, done))
          ready.push_back(q);
      for (size_t i = 0; i < runningNow.size(); ++i)
        ready.push_back(1000 + int(i));
      if (ready.empty())
        break;
      int choice = ready[random() % ready.size()];
      if (choice < 0)
        hostStep(checker);
      else if (choice < 1000)
        launch(checker, choice, done);
      else
        complete(checker, size_t(choice - 1000), done);
    }
    Pairs found;
    for (const Finding &f : checker.takeFindings(true))
      found.insert(ordered(f.firstKernel, f.secondKernel));
    return found;
  }

private:
  static std::pair<std::string, std::string> ordered(std::string a,
                                                     std::string b) {
    return a < b ? std::pair(a, b) : std::pair(b, a);
  }
  static std::string name(std::pair<int, size_t> id) {
    return "q" + std::to_string(id.first) + "p" + std::to_string(id.second);
  }
  const Packet &at(std::pair<int, size_t> id) const {
    return queues[size_t(id.first)][id.second];
  }

  void addStep(bool waits, int barrierBitPercent) {
    HostStep step;
    if (waits && signalCount && random() % 6 == 0) {
      step.wait = int(random() % signalCount);
      steps.push_back(step);
      return;
    }
    step.queue = int(random() % queues.size());
    Packet p;
    p.barrierBit = int(random() % 100) < barrierBitPercent;
    p.isBarrier = signalCount && random() % 3 == 0;
    if (p.isBarrier)
      // Signals of packets submitted before: no deadlock is possible.
      for (uint64_t i = 0; i < 1 + random() % 3; ++i)
        p.deps.push_back(int(random() % signalCount));
    else
      for (uint64_t i = 0; i < 1 + random() % 3; ++i)
        p.accesses.push_back({random() % 12, random() % 3 == 0});
    if (random() % 2)
      p.completion = int(signalCount++);
    queues[size_t(step.queue)].push_back(p);
    steps.push_back(step);
  }

  size_t node() {
    edges.emplace_back();
    return edges.size() - 1;
  }

  void connect() {
    std::vector<size_t> signalNode(signalCount);
    for (auto &queue : queues)
      for (Packet &p : queue) {
        p.launch = node();
        p.complete = p.isBarrier ? p.launch : node();
        if (!p.isBarrier)
          edges[p.launch].push_back(p.complete);
        if (p.completion >= 0)
          signalNode[size_t(p.completion)] = p.complete;
      }
    for (auto &queue : queues)
      for (size_t i = 0; i < queue.size(); ++i) {
        if (i > 0)
          edges[queue[i - 1].launch].push_back(queue[i].launch);
        for (size_t j = 0; queue[i].barrierBit && j < i; ++j)
          edges[queue[j].complete].push_back(queue[i].launch);
        for (int s : queue[i].deps)
          edges[signalNode[size_t(s)]].push_back(queue[i].launch);
      }
    std::vector<size_t> submitted(queues.size());
    for (size_t i = 0; i < steps.size(); ++i) {
      steps[i].node = node();
      if (i > 0)
        edges[steps[i - 1].node].push_back(steps[i].node);
      if (steps[i].wait >= 0)
        edges[signalNode[size_t(steps[i].wait)]].push_back(steps[i].node);
      else
        edges[steps[i].node].push_back(
            queues[size_t(steps[i].queue)][submitted[size_t(steps[i].queue)]++]
                .launch);
    }
  }

  bool path(std::map<size_t, std::vector<bool>> &reach, size_t from,
            size_t to) const {
    auto [it, fresh] = reach.try_emplace(from);
    if (fresh) {
      it->second.assign(edges.size(), false);
      std::vector<size_t> stack = {from};
      it->second[from] = true;
      while (!stack.empty()) {
        size_t n = stack.back();
        stack.pop_back();
        for (size_t m : edges[n])
          if (!it->second[m]) {
            it->second[m] = true;
            stack.push_back(m);
          }
      }
    }
    return it->second[to];
  }

  static bool conflict(const Packet &a, const Packet &b) {
    for (const Access &x : a.accesses)
      for (const Access &y : b.accesses)
        if (x.granule == y.granule && (x.write || y.write))
          return true;
    return false;
  }

  bool canLaunch(int q, const std::vector<bool> &done) const {
    size_t n = next[size_t(q)];
    if (n >= announced[size_t(q)])
      return false;
    const auto &queue = queues[size_t(q)];
    for (size_t j = 0; queue[n].barrierBit && j < n; ++j)
      if (!queue[j].completed)
        return false;
    for (int s : queue[n].deps)
      if (!done[size_t(s)])
        return false;
    return true;
  }

  void hostStep(Checker &checker) {
    const HostStep &step = steps[host++];
    auto lock = checker.lock();
    if (step.wait >= 0)
      checker.hostSeesSignal(uint32_t(step.wait));
    else
      checker.hostRings(uint64_t(step.queue), ++announced[size_t(step.queue)]);
  }

  void launch(Checker &checker, int q, std::vector<bool> &done) {
    size_t n = next[size_t(q)]++;
    Packet &p = queues[size_t(q)][n];
    auto lock = checker.lock();
    if (!p.isBarrier) {
      p.event =
          checker.dispatchStarts(uint64_t(q), n, p.barrierBit, name({q, n}));
      runningNow.push_back({q, n});
      return;
    }
    Clock clock = checker.barrierPasses(uint64_t(q), n, p.barrierBit,
                                        {p.deps.begin(), p.deps.end()}, false);
    p.completed = true;
    if (p.completion >= 0) {
      checker.deviceChangesSignal(uint32_t(p.completion), clock);
      done[size_t(p.completion)] = true;
    }
  }

  void complete(Checker &checker, size_t index, std::vector<bool> &done) {
    auto [q, n] = runningNow[index];
    runningNow.erase(runningNow.begin() + long(index));
    Packet &p = queues[size_t(q)][n];
    AccessRecorder recorder(1);
    for (const Access &a : p.accesses) {
      uint64_t addresses[64] = {0x10000 + a.granule * 4};
      recorder.access(addresses, 1, 4, a.write, 0);
    }
    checker.dispatchEnded(*p.event, recorder);
    if (p.completion >= 0) {
      auto lock = checker.lock();
      checker.deviceChangesSignal(uint32_t(p.completion), p.event->clock);
      done[size_t(p.completion)] = true;
    }
    p.completed = true;
  }

  std::mt19937_64 &random;
  std::vector<std::vector<Packet>> queues;
  std::vector<HostStep> steps;
  size_t signalCount = 0;
  std::vector<std::vector<size_t>> edges;
  // The run.
  size_t host = 0;
  std::vector<size_t> next, announced;
  std::vector<std::pair<int, size_t>> runningNow;
};

class CheckerModel : public testing::TestWithParam<int> {};

TEST_P(CheckerModel, ReportsWhatTheDefinitionCallsRaces) {
  int barrierBitPercent = GetParam();
  MemoryRegistry memory;
  size_t races = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    std::mt19937_64 random(seed * 8 + uint64_t(barrierBitPercent));
    Program program(random, 1 + int(seed % 5), 40 + int(seed % 3) * 40,
                    seed % 2 == 0, barrierBitPercent);
    Checker checker(memory);
    Pairs expected = program.oracle();
    ASSERT_EQ(program.run(checker), expected) << "seed " << seed;
    races += expected.size();
  }
  EXPECT_GT(races, 1000u); // the programs are not all ordered
}

INSTANTIATE_TEST_SUITE_P(BarrierBits, CheckerModel,
                         testing::Values(100, 70, 30, 0));

TEST(CheckerBound, ForgetsWhatIsOrderedBeforeEverything) {
  // Requests of two queues with a wait each: what is kept does not grow.
  MemoryRegistry memory;
  Checker checker(memory);
  checker.enable(true, false);
  size_t most = 0;
  uint64_t packet = 0;
  for (int request = 0; request < 200; ++request)
    for (uint64_t q = 0; q < 2; ++q) {
      std::shared_ptr<CheckedEvent> event;
      {
        auto lock = checker.lock();
        checker.hostRings(q, packet / 2 + 1);
        event = checker.dispatchStarts(q, packet / 2, true, "k");
      }
      AccessRecorder recorder(1);
      uint64_t addresses[64] = {0x1000};
      recorder.access(addresses, 1, 4, true, 0);
      checker.dispatchEnded(*event, recorder);
      {
        auto lock = checker.lock();
        checker.deviceChangesSignal(0, event->clock);
        checker.hostSeesSignal(0);
      }
      ++packet;
      most = std::max(most, checker.keptEvents());
    }
  EXPECT_LE(most, 1u);
  EXPECT_TRUE(checker.takeFindings(true).empty());
}

} // namespace
