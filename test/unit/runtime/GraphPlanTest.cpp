//===- GraphPlanTest.cpp - a graph that says what the queues say ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/cuda/graph_plan.h"
#include "test/unit/runtime/ScheduleBuilder.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

using namespace eclip;
using namespace eclip::test;
using eclip::cuda::GraphPlan;

namespace {

using Name = std::pair<uint32_t, uint32_t>; // queue, packet
using Order = std::set<std::pair<Name, Name>>;

/// Queues of random dispatches and barriers. Packets are written one after the
/// other, and barriers wait for what was written before: no deadlock.
ScheduleSpec randomSchedule(std::mt19937 &random) {
  ScheduleSpec spec = example();
  uint32_t queues = 1 + random() % 4, packets = random() % 40;
  QueueSpec empty = spec.queues[0];
  empty.packets.clear();
  spec.queues.assign(queues, empty);
  spec.signalCount = 0;
  for (uint32_t i = 0; i < packets; ++i) {
    uint32_t q = random() % queues;
    PacketSpec packet = dispatch(spec, 0, Copy, {input(), output()});
    if (spec.signalCount && random() % 3 == 0) {
      std::set<uint32_t> waits;
      for (uint32_t n = 1 + random() % 5; n--;)
        waits.insert(random() % spec.signalCount);
      packet = barrier(0, {waits.begin(), waits.end()});
    }
    if (random() % 2)
      packet.completion = static_cast<int32_t>(spec.signalCount++);
    spec.queues[q].packets.push_back(packet);
  }
  return spec;
}

/// Which dispatch comes before which, from the packets' own rules: a closure
/// over all packets, barriers too.
Order orderOfPackets(const ScheduleSpec &spec) {
  std::map<uint32_t, Name> completes;
  std::vector<Name> names;
  for (uint32_t q = 0; q < spec.queues.size(); ++q)
    for (uint32_t p = 0; p < spec.queues[q].packets.size(); ++p) {
      names.push_back({q, p});
      int32_t signal = spec.queues[q].packets[p].completion;
      if (signal >= 0)
        completes[static_cast<uint32_t>(signal)] = {q, p};
    }
  Order order;
  for (Name name : names) {
    if (name.second)
      order.insert({{name.first, name.second - 1}, name});
    for (uint32_t s : spec.queues[name.first].packets[name.second].waits)
      order.insert({completes[s], name});
  }
  for (Name via : names)
    for (Name a : names)
      if (order.count({a, via}))
        for (Name b : names)
          if (order.count({via, b}))
            order.insert({a, b});
  auto isDispatch = [&](Name n) {
    return spec.queues[n.first].packets[n.second].kind ==
           fb::PacketKind::Dispatch;
  };
  Order result;
  for (const auto &[a, b] : order)
    if (isDispatch(a) && isDispatch(b))
      result.insert({a, b});
  return result;
}

struct Planned {
  std::vector<Name> names;
  std::set<std::pair<uint32_t, uint32_t>> edges, first, closure;
};

Planned planOf(const ScheduleSpec &spec) {
  std::vector<uint8_t> payload = buildPayload(spec);
  const fb::Plan &packets = *fb::GetSchedule(payload.data())->plans()->Get(0);
  Error error(nullptr);
  Memory memory;
  GraphPlan plan;
  EXPECT_EQ(plan.build(packets, memory, error), ECLIP_OK);
  std::map<const fb::Packet *, Name> nameOf;
  for (uint32_t q = 0; q < packets.queues()->size(); ++q)
    for (uint32_t p = 0; p < packets.queues()->Get(q)->packets()->size(); ++p)
      nameOf[packets.queues()->Get(q)->packets()->Get(p)] = {q, p};
  Planned result;
  for (uint32_t i = 0; i < plan.nodes().size(); ++i) {
    const GraphPlan::Node &node = plan.nodes()[i];
    result.names.push_back(nameOf[node.packet]);
    EXPECT_EQ(result.names.back().first, node.queue);
    for (uint32_t e = 0; e < node.edge_count; ++e) {
      uint32_t parent = plan.edges(node)[e];
      EXPECT_LT(parent, i);
      EXPECT_TRUE(result.edges.insert({parent, i}).second);
      if (e == 0)
        result.first.insert({parent, i});
      result.closure.insert({parent, i});
      for (uint32_t a = 0; a < parent; ++a)
        if (result.closure.count({a, parent}))
          result.closure.insert({a, i});
    }
  }
  return result;
}

TEST(GraphPlan, KeepsTheOrderAndNothingElse) {
  std::mt19937 random(7);
  for (unsigned i = 0; i < 500; ++i) {
    ScheduleSpec spec = randomSchedule(random);
    Planned plan = planOf(spec);
    Order planned;
    for (auto [a, b] : plan.closure)
      planned.insert({plan.names[a], plan.names[b]});
    ASSERT_EQ(planned, orderOfPackets(spec)) << "schedule " << i;
  }
}

/// But those within a queue, which are all there, and first.
TEST(GraphPlan, NoEdgeBetweenQueuesIsImplied) {
  std::mt19937 random(8);
  for (unsigned i = 0; i < 500; ++i) {
    Planned plan = planOf(randomSchedule(random));
    std::map<uint32_t, uint32_t> previous;
    for (uint32_t node = 0; node < plan.names.size(); ++node) {
      auto [it, first] = previous.try_emplace(plan.names[node].first, node);
      EXPECT_TRUE(first || plan.first.count({it->second, node}));
      it->second = node;
    }
    for (auto [a, b] : plan.edges)
      for (uint32_t via = a + 1; via < b; ++via)
        ASSERT_FALSE(plan.names[a].first != plan.names[b].first &&
                     plan.closure.count({a, via}) &&
                     plan.closure.count({via, b}))
            << "schedule " << i << ": " << a << " to " << b << " by " << via;
  }
}

TEST(GraphPlan, EndsOfQueues) {
  std::vector<uint8_t> payload = buildPayload(example());
  Error error(nullptr);
  Memory memory;
  GraphPlan plan;
  ASSERT_EQ(plan.build(*fb::GetSchedule(payload.data())->plans()->Get(0), memory,
                       error),
            ECLIP_OK);
  std::vector<int> ends;
  for (const GraphPlan::Node &node : plan.nodes())
    ends.push_back(node.first_of_queue + 2 * node.last_of_queue);
  // Queue 0 as far as it goes, queue 1, and the rest of queue 0.
  EXPECT_EQ(ends, (std::vector<int>{1, 0, 3, 2}));
}

} // namespace
