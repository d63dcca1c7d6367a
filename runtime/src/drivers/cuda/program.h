//===- program.h - a schedule as a CUDA graph -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each slot has one instantiated graph for each plan. Its kernel nodes sit in the contexts of
// their queues' partitions, its edges are the schedule's order (graph_plan.h):
// a switch of partitions is an edge, and a request one launch. A slot launches on
// a stream of its own: requests order only themselves.
//
// An event behind the graph tells its end. With queue times, the first and the
// last node of each queue have a node beside them that records an event, and the
// stream one before the graph: each costs the CPU a microsecond or two, and the
// nodes the device as much.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_CUDA_PROGRAM_H
#define ECLIP_RUNTIME_DRIVERS_CUDA_PROGRAM_H

#include "runtime/src/drivers/cuda/device.h"
#include "runtime/src/drivers/cuda/graph_plan.h"
#include "runtime/src/plan_queues.h"

namespace eclip::cuda {

class CudaProgram final : public Program {
public:
  explicit CudaProgram(Device &device) : device(device) {}
  /// Also of a half-built program.
  ~CudaProgram();
  eclip_status create(const ProgramOptions &options, Error &error);

  void bind(uint32_t slot, uint32_t plan, Bound kind, uint32_t index,
            void *address) override;
  eclip_status submit(uint32_t slot, uint32_t plan, Error &error) override;
  eclip_status wait(uint32_t slot, uint64_t timeoutNs, Error &error) override;
  bool queueTimes(uint32_t slot, uint32_t queue,
                  eclip_queue_times *times) const override;
  void queueInfo(QueuePlace queue, eclip_queue_info *info) const override;
  uint32_t packetCount(uint32_t plan) const override {
    return static_cast<uint32_t>(plans[plan].graph.nodes().size());
  }
  void destroy() override;

private:
  using Lane = TakenQueue; // its `queue` is the partition

  /// A plan, the same for every slot.
  struct Plan {
    const fb::Plan *file = nullptr;
    Array<Lane> lanes;
    GraphPlan graph;
    Array<uint32_t> first_argument; // of each node
    uint32_t argument_count = 0;    // of all nodes
    uint32_t most_arguments = 0;    // of one node
    bool has_priorities = false;    // a queue's is not 0
  };

  /// A slot's graph of one plan.
  struct SlotGraph {
    abi::Graph graph = nullptr; // its nodes name those of exec
    abi::GraphExec exec = nullptr;
    Array<abi::Event> queue_events; // start and end of each queue, or none
    Array<abi::GraphNode> nodes;    // of the plan
    Array<uint64_t> arguments;      // of all nodes, in node order
  };

  struct Slot {
    abi::Stream stream = nullptr;
    abi::Event done = nullptr;
    abi::Event begin = nullptr; // with queue times
    Array<SlotGraph> graphs;    // of each plan
    uint32_t plan = 0;          // of the last submit
  };

  eclip_status loadKernels(Error &error);
  eclip_status loadObject(uint32_t index, Error &error);
  eclip_status createPlan(uint32_t plan, const ProgramOptions &options,
                          Error &error);
  eclip_status createSlot(Slot &slot, const SlotAddresses &addresses,
                          Error &error);
  eclip_status createGraph(const Plan &plan, Slot &slot, SlotGraph &graph,
                           const SlotAddresses &addresses, Error &error);
  eclip_status createEvent(abi::Event &event, unsigned flags, Error &error);
  eclip_status createQueueEvents(const Plan &plan, SlotGraph &graph,
                                 Error &error);
  eclip_status addNodes(const Plan &plan, SlotGraph &graph, Error &error);
  eclip_status addNode(const Plan &plan, SlotGraph &graph, uint32_t index,
                       Array<abi::GraphNode> &scratch, Error &error);
  void writeArguments(const Plan &plan, SlotGraph &graph,
                      const SlotAddresses &addresses);
  /// `pointers` has room for the node's arguments and outlives the result.
  abi::KernelNode describe(const Plan &plan, SlotGraph &graph, uint32_t node,
                           void **pointers) const;
  void releaseSlot(Slot &slot);
  eclip_status failed(abi::Result result, const char *call, Error &error);

  Device &device;
  const fb::Schedule *schedule = nullptr;
  void *constants = nullptr;
  bool queue_times = false;
  Array<abi::Library> libraries; // one a code object, null if unused
  Array<abi::Kernel> kernels;
  Array<Plan> plans;
  Array<Slot> slots;
};

} // namespace eclip::cuda

#endif // ECLIP_RUNTIME_DRIVERS_CUDA_PROGRAM_H
