//===- program.cpp - build a schedule's graphs ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/cuda/program.h"

#include "runtime/src/drivers/cuda/target.h"

using namespace eclip;
using namespace eclip::cuda;

eclip_status Device::createProgram(const ProgramOptions &options, Program **out,
                                   Error &error) {
  return makeProgram<CudaProgram>(*this, options, out, error);
}

void CudaProgram::destroy() {
  Memory memory = device.memory;
  memory.destroy(this);
}

CudaProgram::~CudaProgram() {
  {
    Current current(device.api, device.primary);
    for (Slot &slot : slots)
      releaseSlot(slot);
    for (abi::Library library : libraries)
      if (library)
        device.api.unloadLibrary(library);
  }
  for (Plan &plan : plans)
    for (Lane &lane : plan.lanes)
      if (lane.taken)
        device.givePartition(lane.queue);
}

void CudaProgram::releaseSlot(Slot &slot) {
  const Api &api = device.api;
  for (SlotGraph &graph : slot.graphs) {
    if (graph.exec)
      api.destroyExec(graph.exec);
    if (graph.graph)
      api.destroyGraph(graph.graph);
    for (abi::Event event : graph.queue_events)
      if (event)
        api.destroyEvent(event);
  }
  if (slot.stream)
    api.destroyStream(slot.stream);
  for (abi::Event event : {slot.done, slot.begin})
    if (event)
      api.destroyEvent(event);
}

eclip_status CudaProgram::create(const ProgramOptions &options, Error &error) {
  schedule = options.schedule;
  constants = options.constants;
  queue_times = options.queue_times;
  Current current(device.api, device.primary);
  if (eclip_status status = loadKernels(error))
    return status;
  if (eclip_status status =
          makePlans(plans, *schedule, device.memory, error,
                    [&](uint32_t i) { return createPlan(i, options, error); }))
    return status;
  if (!slots.allocate(device.memory, options.slot_count))
    return error.outOfMemory(options.slot_count * sizeof(Slot), "the slots");
  for (uint32_t i = 0; i < options.slot_count; ++i)
    if (eclip_status status = createSlot(slots[i], options.slots[i], error))
      return status;
  return ECLIP_OK;
}

eclip_status CudaProgram::createPlan(uint32_t index,
                                     const ProgramOptions &options,
                                     Error &error) {
  Plan &plan = plans[index];
  auto take = [&](const MaskWords &mask, uint32_t, TakenQueue &lane) {
    return device.takePartition(mask, schedule->device()->max_masked_queues(),
                                options.private_queues, &lane.queue,
                                &lane.shared, error);
  };
  if (eclip_status status = takePlanQueues(plans, index, options,
                                           SameQueue::Mask, device.memory,
                                           error, take))
    return status;
  for (const fb::Queue *queue : *plan.file->queues())
    plan.has_priorities |= queue->priority() != 0;
  if (eclip_status status =
          plan.graph.build(*plan.file, device.memory, error))
    return status;
  const auto &nodes = plan.graph.nodes();
  if (!plan.first_argument.allocate(device.memory, nodes.size()))
    return error.outOfMemory(nodes.size() * 4ull, "the graph");
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    const auto *arguments = nodes[i].packet->arguments();
    uint32_t count = arguments ? arguments->size() : 0;
    plan.first_argument[i] = plan.argument_count;
    plan.argument_count += count;
    plan.most_arguments =
        count > plan.most_arguments ? count : plan.most_arguments;
  }
  return ECLIP_OK;
}

eclip_status CudaProgram::loadObject(uint32_t index, Error &error) {
  const fb::CodeObject &object = *schedule->code_objects()->Get(index);
  char log[256] = "";
  int options[] = {abi::kJitErrorLog, abi::kJitErrorLogBytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log))};
  abi::Result result = device.api.loadLibrary(
      &libraries[index], object.image()->data(), options, values,
      isPtx(object) ? 2 : 0, nullptr, nullptr, 0);
  if (result == abi::kSuccess)
    return ECLIP_OK;
  libraries[index] = nullptr;
  log[sizeof(log) - 1] = 0;
  for (char &c : log)
    c = c == '\n' ? ' ' : c;
  return error.fail(ECLIP_ERROR_DRIVER,
                    "code_objects[%u] (%s): cuLibraryLoadData: %s (%d)%s%s",
                    index, object.isa()->c_str(), device.api.name(result),
                    result, log[0] ? ": " : "", log);
}

eclip_status CudaProgram::loadKernels(Error &error) {
  const Api &api = device.api;
  if (!libraries.allocate(device.memory, schedule->code_objects()->size()) ||
      !kernels.allocate(device.memory, schedule->kernels()->size()))
    return error.outOfMemory(schedule->kernels()->size() * 8ull, "the kernels");
  for (uint32_t i = 0; i < kernels.size(); ++i) {
    const fb::Kernel &kernel = *schedule->kernels()->Get(i);
    abi::Library &library = libraries[kernel.code_object()];
    if (!library)
      if (eclip_status status = loadObject(kernel.code_object(), error))
        return status;
    if (abi::Result result =
            api.getKernel(&kernels[i], library, kernel.symbol()->c_str()))
      return error.fail(ECLIP_ERROR_BAD_FILE,
                        "kernel '%s': its code object has no symbol '%s': %s",
                        kernel.name()->c_str(), kernel.symbol()->c_str(),
                        api.name(result));
    // Without opt-in a block gets at most 48 KiB.
    if (kernel.lds_bytes() > 48 * 1024)
      if (abi::Result result = api.setKernelAttribute(
              abi::kMaxDynamicSharedBytes,
              static_cast<int>(kernel.lds_bytes()), kernels[i], device.handle))
        return api.fail(error, result, "cuKernelSetAttribute");
  }
  return ECLIP_OK;
}

eclip_status CudaProgram::createEvent(abi::Event &event, unsigned flags,
                                      Error &error) {
  abi::Result result = device.api.createEvent(&event, flags);
  return result ? device.api.fail(error, result, "cuEventCreate") : ECLIP_OK;
}

eclip_status CudaProgram::createQueueEvents(const Plan &plan, SlotGraph &graph,
                                            Error &error) {
  if (!queue_times)
    return ECLIP_OK;
  size_t count = plan.lanes.size() * 2;
  if (!graph.queue_events.allocate(device.memory, count))
    return error.outOfMemory(count * 8ull, "the events");
  for (const GraphPlan::Node &node : plan.graph.nodes())
    for (bool end : {false, true})
      if (end ? node.last_of_queue : node.first_of_queue)
        if (eclip_status status = createEvent(
                graph.queue_events[node.queue * 2 + end], abi::kEventDefault,
                error))
          return status;
  return ECLIP_OK;
}

eclip_status CudaProgram::createSlot(Slot &slot, const SlotAddresses &addresses,
                                     Error &error) {
  const Api &api = device.api;
  if (abi::Result result =
          api.createStream(&slot.stream, abi::kStreamNonBlocking))
    return api.fail(error, result, "cuStreamCreate");
  if (eclip_status status =
          createEvent(slot.done, abi::kEventDisableTiming, error))
    return status;
  if (queue_times)
    if (eclip_status status =
            createEvent(slot.begin, abi::kEventDefault, error))
      return status;
  if (!slot.graphs.allocate(device.memory, plans.size()))
    return error.outOfMemory(plans.size() * sizeof(SlotGraph), "the graphs");
  for (uint32_t i = 0; i < plans.size(); ++i)
    if (eclip_status status =
            createGraph(plans[i], slot, slot.graphs[i], addresses, error))
      return status;
  return ECLIP_OK;
}

eclip_status CudaProgram::createGraph(const Plan &plan, Slot &slot,
                                      SlotGraph &graph,
                                      const SlotAddresses &addresses,
                                      Error &error) {
  const Api &api = device.api;
  if (!graph.nodes.allocate(device.memory, plan.graph.nodes().size()) ||
      !graph.arguments.allocate(device.memory, plan.argument_count))
    return error.outOfMemory(plan.argument_count * 8ull,
                             "the kernel arguments");
  writeArguments(plan, graph, addresses);
  if (eclip_status status = createQueueEvents(plan, graph, error))
    return status;
  if (abi::Result result = api.createGraph(&graph.graph, 0)) {
    graph.graph = nullptr;
    return api.fail(error, result, "cuGraphCreate");
  }
  if (eclip_status status = addNodes(plan, graph, error))
    return status;
  // Without the flag nodes run at their stream's priority, whatever they say.
  if (abi::Result result =
          api.instantiate(&graph.exec, graph.graph,
                          plan.has_priorities ? abi::kUseNodePriority : 0)) {
    graph.exec = nullptr;
    return api.fail(error, result, "cuGraphInstantiate");
  }
  // Moves the graph to the device now and not with the first request.
  if (abi::Result result = api.uploadGraph(graph.exec, slot.stream))
    return api.fail(error, result, "cuGraphUpload");
  return ECLIP_OK;
}

void CudaProgram::writeArguments(const Plan &plan, SlotGraph &graph,
                                 const SlotAddresses &addresses) {
  uint32_t place = 0;
  for (const GraphPlan::Node &node : plan.graph.nodes())
    if (node.packet->arguments())
      for (const fb::Argument *argument : *node.packet->arguments())
        graph.arguments[place++] = addressOf(*argument, addresses, constants);
}

abi::KernelNode CudaProgram::describe(const Plan &plan, SlotGraph &graph,
                                      uint32_t index, void **pointers) const {
  const GraphPlan::Node &node = plan.graph.nodes()[index];
  const fb::Packet &packet = *node.packet;
  const fb::Kernel &kernel = *schedule->kernels()->Get(packet.kernel());
  uint32_t count = packet.arguments() ? packet.arguments()->size() : 0;
  for (uint32_t i = 0; i < count; ++i)
    pointers[i] = &graph.arguments[plan.first_argument[index] + i];
  const fb::Dims &grid = *packet.grid(), &block = *kernel.workgroup();
  return {nullptr,
          {grid.x(), grid.y(), grid.z()},
          {block.x(), block.y(), block.z()},
          kernel.lds_bytes(),
          pointers,
          nullptr,
          kernels[packet.kernel()],
          device.context(plan.lanes[node.queue].queue)};
}

/// `scratch` has room for the node's edges and one more.
eclip_status CudaProgram::addNode(const Plan &plan, SlotGraph &graph,
                                  uint32_t index,
                                  Array<abi::GraphNode> &scratch,
                                  Error &error) {
  const Api &api = device.api;
  const GraphPlan::Node &node = plan.graph.nodes()[index];
  size_t count = node.edge_count;
  for (size_t i = 0; i < count; ++i)
    scratch[i] = graph.nodes[plan.graph.edges(node)[i]];
  if (queue_times && node.first_of_queue) {
    abi::GraphNode stamp = nullptr;
    if (abi::Result result =
            api.addEventNode(&stamp, graph.graph, scratch.data(), count,
                             graph.queue_events[node.queue * 2]))
      return api.fail(error, result, "cuGraphAddEventRecordNode");
    scratch[0] = stamp;
    count = 1;
  }
  Array<void *> pointers;
  if (!pointers.allocate(device.memory, plan.most_arguments + 1))
    return error.outOfMemory(plan.most_arguments * 8ull, "the kernel arguments");
  abi::KernelNode params = describe(plan, graph, index, pointers.data());
  if (abi::Result result = api.addKernelNode(&graph.nodes[index], graph.graph,
                                             scratch.data(), count, &params))
    return api.fail(error, result, "cuGraphAddKernelNode");
  if (plan.has_priorities) {
    abi::NodeAttribute value{};
    value.priority =
        device.priorities[plan.file->queues()->Get(node.queue)->priority()];
    if (abi::Result result = api.setNodeAttribute(
            graph.nodes[index], abi::kPriorityAttribute, &value))
      return api.fail(error, result, "cuGraphKernelNodeSetAttribute");
  }
  if (queue_times && node.last_of_queue) {
    abi::GraphNode stamp = nullptr;
    if (abi::Result result =
            api.addEventNode(&stamp, graph.graph, &graph.nodes[index], 1,
                             graph.queue_events[node.queue * 2 + 1]))
      return api.fail(error, result, "cuGraphAddEventRecordNode");
  }
  return ECLIP_OK;
}

eclip_status CudaProgram::addNodes(const Plan &plan, SlotGraph &graph,
                                   Error &error) {
  Array<abi::GraphNode> scratch;
  if (!scratch.allocate(device.memory, plan.graph.nodes().size() + 1))
    return error.outOfMemory(plan.graph.nodes().size() * 8ull, "the graph");
  for (uint32_t i = 0; i < plan.graph.nodes().size(); ++i)
    if (eclip_status status = addNode(plan, graph, i, scratch, error)) {
      const fb::Packet &packet = *plan.graph.nodes()[i].packet;
      error.prepend(
          schedule->kernels()->Get(packet.kernel())->name()->c_str());
      return status;
    }
  return ECLIP_OK;
}

void CudaProgram::queueInfo(QueuePlace queue, eclip_queue_info *info) const {
  const Lane &lane = plans[queue.plan].lanes[queue.queue];
  info->mask_reduced = 0;
  info->shared = lane.shared;
  info->cu_count = device.smsOf(lane.queue);
}
