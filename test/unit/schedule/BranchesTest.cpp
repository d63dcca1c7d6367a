//===- BranchesTest.cpp - branches side by side ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Branches.h"

#include "llvm/ADT/STLExtras.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

using namespace eclip;

namespace {

class Random {
public:
  explicit Random(unsigned seed) : engine(seed) {}
  int64_t upTo(int64_t most) { return int64_t(engine() % uint64_t(most + 1)); }
  int64_t between(int64_t least, int64_t most) {
    return least + upTo(most - least);
  }

private:
  std::mt19937_64 engine;
};

/// Time falls with CUs down to a floor; energy is above idle power.
std::vector<KernelCost> randomCosts(const BranchProblem &problem,
                                    Random &random) {
  std::vector<KernelCost> costs;
  int64_t work = random.between(100, 60000), floor = random.between(1, 1500);
  int64_t milliwatts = random.between(100, 3000);
  for (int64_t count : problem.cuCounts) {
    KernelCost cost;
    cost.timeNs = problem.limits.launchNs + std::max(floor, work / count);
    cost.energyNj = cost.timeNs *
                    (problem.limits.idleMilliwatts + milliwatts * count) / 1000;
    cost.hbmBytesPerS = random.upTo(problem.limits.hbmBytesPerS);
    costs.push_back(cost);
  }
  return costs;
}

void addDispatch(BranchProblem &problem, std::vector<unsigned> producers,
                 Random &random, unsigned clustered) {
  BranchDispatch dispatch;
  dispatch.producers.assign(producers.begin(), producers.end());
  for (const KernelCost &cost : randomCosts(problem, random))
    dispatch.costs.push_back(cost);
  dispatch.clustered = clustered;
  problem.dispatches.push_back(std::move(dispatch));
}

BranchProblem randomFrame(Random &random) {
  BranchProblem problem;
  problem.cuCounts = {15, 30, 45, 60};
  problem.laneCounts = {15, 30, 45};
  problem.limits.idleMilliwatts = random.upTo(30000);
  problem.limits.launchNs = random.upTo(1) * random.upTo(300);
  problem.limits.hbmBytesPerS = random.upTo(1) * 1000000000;
  problem.switchCost.timeNs = random.upTo(300);
  problem.switchCost.energyNj =
      problem.switchCost.timeNs * problem.limits.idleMilliwatts / 1000;
  problem.objective = std::array{Objective::Latency, Objective::Energy,
                                 Objective::Edp}[random.upTo(2)];
  problem.maxSwitches = random.upTo(1) ? 100 : random.upTo(6);
  problem.maxQueues = random.between(3, 7);
  problem.hasNeighbours = random.upTo(3) == 0;
  return problem;
}

/// A fork, two or three chains, a join; between them the whole device in most.
BranchProblem randomFork(Random &random, unsigned forks) {
  BranchProblem problem = randomFrame(random);
  auto count = [&] { return unsigned(random.upTo(2) ? 3 : random.upTo(3)); };
  addDispatch(problem, {}, random, count());
  for (unsigned i = 0; i < forks; ++i) {
    unsigned fork = problem.dispatches.size() - 1;
    std::vector<unsigned> ends;
    for (int64_t branches = random.between(2, 3); branches-- > 0;) {
      unsigned last = fork;
      for (int64_t length = random.between(1, 2); length-- > 0;) {
        addDispatch(problem, {last}, random, count());
        last = problem.dispatches.size() - 1;
      }
      ends.push_back(last);
    }
    addDispatch(problem, ends, random, count());
  }
  return problem;
}

BranchProblem randomGraph(Random &random, unsigned size) {
  BranchProblem problem = randomFrame(random);
  for (unsigned i = 0; i < size; ++i) {
    std::set<unsigned> from;
    for (int64_t n = random.upTo(2); i > 0 && n-- > 0;)
      from.insert(unsigned(i - 1 - random.upTo(std::min(i - 1, 5u))));
    addDispatch(problem, {from.begin(), from.end()}, random,
                unsigned(random.upTo(3)));
  }
  return problem;
}

/// The totals of splits, as a solver would claim them.
BranchSolution claim(const BranchProblem &problem,
                     std::vector<BranchSplit> splits) {
  BranchSolution solution;
  solution.before = problem.play({}).timeline;
  solution.after = problem.play(splits).timeline;
  solution.splits = std::move(splits);
  return solution;
}

bool accepts(const BranchProblem &problem, const BranchSolution &solution) {
  llvm::Error wrong = problem.verify(solution);
  bool accepted = !wrong;
  llvm::consumeError(std::move(wrong));
  return accepted;
}

//===----------------------------------------------------------------------===//
// The timeline
//===----------------------------------------------------------------------===//

/// In a chain, one after another: exactly the clustering's totals.
TEST(Timeline, OfAChainIsTheClusteringsSum) {
  Random random(5);
  for (int round = 0; round < 500; ++round) {
    BranchProblem problem = randomFrame(random);
    for (unsigned i = 0; i < 20; ++i)
      addDispatch(problem, i ? std::vector{i - 1} : std::vector<unsigned>{},
                  random, unsigned(random.upTo(3)));
    ClusteringProblem clustering;
    clustering.kernelCount = problem.dispatches.size();
    clustering.cuCounts = problem.cuCounts;
    clustering.switchCost = problem.switchCost;
    clustering.cost = [&](size_t kernel, int64_t count) {
      return problem.dispatches[kernel]
          .costs[llvm::find(problem.cuCounts, count) -
                 problem.cuCounts.begin()];
    };
    std::vector<int64_t> choice;
    for (const BranchDispatch &dispatch : problem.dispatches)
      choice.push_back(problem.cuCounts[dispatch.clustered]);
    ClusteringTotals totals = clustering.evaluate(choice);
    Timeline timeline = problem.play({}).timeline;
    ASSERT_EQ(timeline.timeNs, totals.timeNs);
    ASSERT_EQ(timeline.energyNj, totals.energyNj);
    ASSERT_EQ(timeline.switches, totals.switches);
    ASSERT_TRUE(problem.findRegions().empty());
  }
}

/// Queues with CUs of their own and memory for all: the longest path over queue
/// order and waits, dispatch by dispatch.
TEST(Timeline, WithoutContentionIsTheLongestPath) {
  Random random(6);
  for (int round = 0; round < 500; ++round) {
    std::vector<CuRange> queues = {{0, 15}, {15, 15}, {30, 30}};
    std::vector<TimelineDispatch> dispatches(30);
    std::vector<double> end(30);
    std::vector<double> last(3, 0);
    DeviceLimits limits;
    limits.launchNs = random.upTo(200);
    KernelCost switchCost{random.upTo(100), 0};
    for (unsigned i = 0; i < 30; ++i) {
      TimelineDispatch &dispatch = dispatches[i];
      dispatch.queue = unsigned(random.upTo(2));
      dispatch.cost.timeNs = random.between(1, 2000);
      std::set<unsigned> waits;
      for (int64_t n = random.upTo(7); i > 0 && n-- > 0;)
        if (auto wait = unsigned(random.upTo(i - 1));
            dispatches[wait].queue != dispatch.queue)
          waits.insert(wait);
      dispatch.waits.assign(waits.begin(), waits.end());
      double start = last[dispatch.queue];
      for (unsigned wait : waits)
        start = std::max(start, end[wait]);
      start += double(switchCost.timeNs) * double((waits.size() + 4) / 5);
      end[i] = last[dispatch.queue] = start + double(dispatch.cost.timeNs);
    }
    Timeline timeline = playTimeline(dispatches, queues, limits, switchCost);
    for (unsigned i = 0; i < 30; ++i)
      ASSERT_NEAR(timeline.endNs[i], end[i], 1e-3);
    ASSERT_EQ(timeline.timeNs,
              int64_t(*std::max_element(end.begin(), end.end())));
  }
}

Timeline playTwo(CuRange a, CuRange b, int64_t hbmBytesPerS) {
  std::vector<TimelineDispatch> dispatches(2);
  for (TimelineDispatch &dispatch : dispatches) {
    dispatch.cost = {1000, 30000};
    dispatch.cost.hbmBytesPerS = hbmBytesPerS;
  }
  dispatches[1].queue = 1;
  DeviceLimits limits;
  limits.hbmBytesPerS = 100;
  limits.idleMilliwatts = 20000;
  return playTimeline(dispatches, {{a, b}}, limits, {});
}

/// Two that want 60 % of the memory each: the part that waits takes 1.2 times
/// as long. On the same CUs they take turns. Energy: 2 * 10000 nJ above idle,
/// and 20 W for as long as both take.
TEST(Timeline, SharesCusAndMemory) {
  EXPECT_EQ(playTwo({0, 30}, {30, 30}, 50).timeNs, 1000);
  EXPECT_EQ(playTwo({0, 30}, {30, 30}, 50).energyNj, 40000);
  EXPECT_EQ(playTwo({0, 30}, {30, 30}, 60).timeNs, 1120);
  EXPECT_EQ(playTwo({0, 30}, {30, 30}, 60).energyNj, 42400);
  EXPECT_EQ(playTwo({0, 30}, {30, 30}, 100).timeNs, 2000);
  EXPECT_EQ(playTwo({0, 30}, {0, 30}, 60).timeNs, 2000);
  EXPECT_EQ(playTwo({0, 30}, {15, 30}, 0).timeNs, 1500);
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

BranchProblem graphOf(std::vector<std::vector<unsigned>> producers) {
  Random random(1);
  BranchProblem problem = randomFrame(random);
  problem.hasNeighbours = false;
  for (auto &from : producers)
    addDispatch(problem, from, random, 3);
  return problem;
}

TEST(Branches, RegionsOfKnownGraphs) {
  using Branches = std::vector<std::vector<unsigned>>;
  auto regions = [](std::vector<std::vector<unsigned>> producers) {
    std::vector<Branches> found;
    for (const BranchRegion &region : graphOf(producers).findRegions())
      found.push_back(region.branches);
    return found;
  };
  EXPECT_TRUE(regions({{}, {0}, {1}}).empty());
  EXPECT_TRUE(regions({{}, {0}, {0, 1}}).empty()) << "a shortcut is no branch";
  EXPECT_EQ(regions({{}, {0}, {0}, {1, 2}}), (std::vector<Branches>{{{1}, {2}}}));
  EXPECT_EQ(regions({{}, {}, {0}, {1, 2}}),
            (std::vector<Branches>{{{0, 2}, {1}}}))
      << "two inputs";
  EXPECT_EQ(regions({{}, {0}, {0}}), (std::vector<Branches>{{{1}, {2}}}))
      << "two outputs";
  // 1 and 2 meet in 3 and in 4, which meet in 5: only beginnings are apart.
  EXPECT_EQ(regions({{}, {0}, {0}, {1, 2}, {1, 2}, {3, 4}}),
            (std::vector<Branches>{{{1}, {2}}, {{3}, {4}}}));
  // The branch {1, 2, 4} beside {3} has a fork of its own.
  EXPECT_EQ(regions({{}, {0}, {0}, {0}, {1, 2}, {3, 4}}),
            (std::vector<Branches>{{{1}, {2}, {3}}, {{1, 2, 4}, {3}}}));
}

//===----------------------------------------------------------------------===//
// The solver
//===----------------------------------------------------------------------===//

/// Whatever the graph: the solution verifies, so it keeps every limit and is
/// not worse than without; dispatches of different lanes are never ordered the
/// wrong way, since they are not ordered at all.
TEST(Branches, RandomGraphsVerify) {
  Random random(7);
  int split = 0;
  for (int round = 0; round < 500; ++round) {
    BranchProblem problem = randomGraph(random, unsigned(random.between(1, 25)));
    auto solution = splitBranches(problem);
    ASSERT_TRUE(bool(solution));
    llvm::Error wrong = problem.verify(*solution);
    ASSERT_FALSE(wrong) << llvm::toString(std::move(wrong));
    ASSERT_LE(solution->after.timeNs, solution->before.timeNs);
    ASSERT_FALSE(problem.hasLess(solution->before, solution->after));
    split += !solution->splits.empty();
    BranchSchedule schedule = problem.play(solution->splits);
    for (auto [index, dispatch] : llvm::enumerate(problem.dispatches))
      for (unsigned producer : dispatch.producers) {
        ASSERT_TRUE(schedule.order.ordered(producer, index));
        ASSERT_GE(schedule.timeline.startNs[index],
                  schedule.timeline.endNs[producer] - 1e-3);
      }
  }
  EXPECT_GT(split, 100);
}

/// All CUs that a lane could have, from both ends; none: as clustered.
std::vector<std::optional<CuRange>> allRanges() {
  std::vector<std::optional<CuRange>> ways = {std::nullopt};
  for (int64_t count : {15, 30, 45}) {
    ways.push_back(CuRange{0, count});
    ways.push_back(CuRange{60 - count, count});
  }
  return ways;
}

/// Branches with one range share a lane.
BranchSplit splitOf(const BranchProblem &problem, const BranchRegion &region,
                    llvm::ArrayRef<std::optional<CuRange>> chosen) {
  BranchSplit split;
  for (auto [range, branch] : llvm::zip_equal(chosen, region.branches)) {
    auto lane = llvm::find_if(split.lanes, [&](const BranchLane &lane) {
      return range ? !lane.asClustered && lane.cus == *range : lane.asClustered;
    });
    if (lane == split.lanes.end()) {
      split.lanes.emplace_back();
      lane = std::prev(split.lanes.end());
      lane->asClustered = !range;
      lane->cus = range.value_or(CuRange{});
    }
    for (unsigned dispatch : branch) {
      lane->dispatches.push_back(dispatch);
      if (!range)
        lane->cus.count =
            std::max(lane->cus.count,
                     problem.cuCounts[problem.dispatches[dispatch].clustered]);
    }
    llvm::sort(lane->dispatches);
  }
  return split;
}

/// Every way to put the branches of a region on CUs, disjoint or not.
void tryAll(const BranchProblem &problem, const BranchRegion &region,
            std::vector<std::optional<CuRange>> &chosen,
            const std::vector<BranchSplit> &others, BranchSolution &best) {
  if (chosen.size() < region.branches.size()) {
    for (const std::optional<CuRange> &way : allRanges()) {
      chosen.push_back(way);
      tryAll(problem, region, chosen, others, best);
      chosen.pop_back();
    }
    return;
  }
  std::vector<BranchSplit> splits = others;
  splits.push_back(splitOf(problem, region, chosen));
  if (splits.back().lanes.size() != 2)
    return;
  BranchSolution solution = claim(problem, std::move(splits));
  if (problem.hasLess(solution.after, best.after) && accepts(problem, solution))
    best = std::move(solution);
}

/// One region of two or three branches: as good as the best of all ways.
TEST(Branches, OneRegionIsSplitBest) {
  Random random(8);
  int split = 0;
  for (int round = 0; round < 250; ++round) {
    BranchProblem problem = randomFork(random, 1);
    auto regions = problem.findRegions();
    ASSERT_EQ(regions.size(), 1u);
    BranchSolution best = claim(problem, {});
    std::vector<std::optional<CuRange>> chosen;
    tryAll(problem, regions[0], chosen, {}, best);
    BranchSolution solution = llvm::cantFail(splitBranches(problem));
    EXPECT_FALSE(problem.hasLess(best.after, solution.after))
        << round << ": " << best.after.timeNs << " ns, " << best.after.energyNj
        << " nJ; the solver's " << solution.after.timeNs << " ns, "
        << solution.after.energyNj << " nJ";
    split += !solution.splits.empty();
  }
  EXPECT_GT(split, 80);
}

/// Two regions one after another, two branches each: against all ways for both
/// together. The solver takes one region at a time, so it may fall short where
/// both want the same switches or queues.
TEST(Branches, TwoRegionsAreMostlySplitBest) {
  Random random(9);
  int same = 0, rounds = 0;
  while (rounds < 60) {
    BranchProblem problem = randomFork(random, 2);
    auto regions = problem.findRegions();
    if (regions.size() != 2 || regions[0].branches.size() != 2 ||
        regions[1].branches.size() != 2)
      continue;
    ++rounds;
    BranchSolution best = claim(problem, {});
    std::vector<std::optional<CuRange>> chosen;
    tryAll(problem, regions[0], chosen, {}, best);
    tryAll(problem, regions[1], chosen, {}, best);
    for (const std::optional<CuRange> &a : allRanges())
      for (const std::optional<CuRange> &b : allRanges())
        if (BranchSplit split = splitOf(problem, regions[0], {{a, b}});
            split.lanes.size() == 2)
          tryAll(problem, regions[1], chosen, {split}, best);
    BranchSolution solution = llvm::cantFail(splitBranches(problem));
    same += !problem.hasLess(best.after, solution.after);
  }
  std::printf("%d of %d as good as the best\n", same, rounds);
  EXPECT_GE(same, rounds * 8 / 10);
}

TEST(Branches, PaperKnowsNoOverlap) {
  Random random(10);
  BranchProblem problem = randomFork(random, 2);
  problem.objective = Objective::Paper;
  BranchSolution solution = llvm::cantFail(splitBranches(problem));
  EXPECT_TRUE(solution.splits.empty());
  EXPECT_TRUE(accepts(problem, solution));
}

/// A fork whose branches take 1000 ns on any CUs, on 60 in sequence.
BranchProblem cheapFork() {
  BranchProblem problem = graphOf({{}, {0}, {0}, {1, 2}});
  problem.limits = {};
  problem.limits.idleMilliwatts = 20000;
  problem.switchCost = {50, 1000};
  problem.objective = Objective::Latency;
  problem.maxSwitches = 14;
  problem.maxQueues = 7;
  for (BranchDispatch &dispatch : problem.dispatches)
    for (KernelCost &cost : dispatch.costs)
      cost = {1000, 40000};
  return problem;
}

TEST(Branches, LimitsAreKept) {
  auto splits = [](const BranchProblem &problem) {
    BranchSolution solution = llvm::cantFail(splitBranches(problem));
    EXPECT_TRUE(accepts(problem, solution));
    return solution.splits.size();
  };
  BranchProblem problem = cheapFork();
  EXPECT_EQ(splits(problem), 1u);
  EXPECT_EQ(problem.play({}).timeline.timeNs, 4000);
  EXPECT_EQ(llvm::cantFail(splitBranches(problem)).after.timeNs, 3100);
  problem.maxSwitches = 2; // Z5: three are needed
  EXPECT_EQ(splits(problem), 0u);
  problem = cheapFork();
  problem.maxQueues = 2; // Z5: three are needed
  EXPECT_EQ(splits(problem), 0u);
  problem = cheapFork();
  problem.switchCost = {500, 10000}; // Z6: 3000 + 2 * 500 is no gain
  EXPECT_EQ(splits(problem), 0u);
  problem = cheapFork();
  problem.fits = [](const BranchSchedule &) { return false; }; // Z7
  EXPECT_EQ(splits(problem), 0u);
  problem = cheapFork();
  problem.hasNeighbours = true; // Z4
  EXPECT_EQ(splits(problem), 1u);
  for (BranchDispatch &dispatch : problem.dispatches)
    dispatch.clustered = 2;
  EXPECT_EQ(splits(problem), 0u);
  problem.hasNeighbours = false;
  EXPECT_EQ(splits(problem), 1u);
}

TEST(Branches, WrongSolutionsAreRefused) {
  BranchProblem problem = cheapFork();
  BranchSolution right = llvm::cantFail(splitBranches(problem));
  ASSERT_TRUE(accepts(problem, right));
  auto refused = [&](auto mutate, llvm::StringRef label) {
    BranchSolution wrong = right;
    BranchProblem changed = problem;
    mutate(wrong, changed);
    std::string message = llvm::toString(changed.verify(wrong));
    EXPECT_TRUE(llvm::StringRef(message).starts_with(label))
        << label.str() << ": " << message;
  };
  using S = BranchSolution &;
  using P = BranchProblem &;
  refused([](S s, P) { s.splits[0].lanes[0].dispatches.clear(); }, "Z3");
  refused([](S s, P) { s.splits.push_back(s.splits[0]); }, "Z3");
  refused([](S s, P) { s.splits[0].lanes[1].dispatches = {3}; }, "Z3");
  refused([](S s, P) { s.splits[0].lanes[1].dispatches = {9}; }, "Z3");
  refused([](S s, P) { s.splits[0].lanes.pop_back(); }, "Z3");
  refused([](S s, P) { s.splits[0].lanes[1].cus.first = 0; }, "Z4");
  refused([](S s, P) { s.splits[0].lanes[1].cus.first += 60; }, "Z4");
  refused([](S s, P) { s.splits[0].lanes[1].cus = {44, 16}; }, "Z4");
  refused([](S s, P) { s.splits[0].lanes[1].cus = {15, 15}; }, "Z4");
  refused([](S s, P) { s.splits[0].lanes[0].asClustered = true; }, "Z4");
  refused([](S, P p) { p.laneCounts = {}; }, "Z4");
  refused([](S, P p) {
    p.hasNeighbours = true;
    for (BranchDispatch &dispatch : p.dispatches)
      dispatch.clustered = 0;
  }, "Z4");
  refused([](S, P p) { p.maxQueues = 1; }, "Z5");
  refused([](S, P p) { p.maxSwitches = 1; }, "Z5");
  refused([](S s, P) { --s.after.timeNs; }, "Z6");
  refused([](S s, P) { --s.before.energyNj; }, "Z6");
  refused([](S s, P) { ++s.after.switches; }, "Z6");
  refused([](S, P p) { p.objective = Objective::Paper; }, "Z6");
  refused([](S, P p) { p.fits = [](const BranchSchedule &) { return false; }; },
          "Z7");
}

TEST(Branches, WrongInstancesAreRefused) {
  auto refused = [](auto mutate) {
    BranchProblem problem = cheapFork();
    mutate(problem);
    auto solution = splitBranches(problem);
    EXPECT_FALSE(bool(solution));
    llvm::consumeError(solution.takeError());
  };
  using P = BranchProblem &;
  refused([](P p) { p.cuCounts = {}; });
  refused([](P p) { p.cuCounts = {15, 30, 30, 60}; });
  refused([](P p) { p.laneCounts = {16}; });
  refused([](P p) { p.maxQueues = 0; });
  refused([](P p) { p.maxSwitches = -1; });
  refused([](P p) { p.dispatches[1].producers = {1}; });
  refused([](P p) { p.dispatches[1].clustered = 4; });
  refused([](P p) { p.dispatches[1].costs.pop_back(); });
  refused([](P p) { p.dispatches[1].costs[0].timeNs = 0; });
}

} // namespace
