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
  auto *program = memory.make<CudaProgram>(*this);
  if (!program)
    return error.outOfMemory(sizeof(CudaProgram), "a program");
  if (eclip_status status = program->create(options, error)) {
    program->destroy();
    return status;
  }
  *out = program;
  return ECLIP_OK;
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
  for (Lane &lane : lanes)
    if (lane.partition != kNone)
      device.givePartition(lane.partition);
}

void CudaProgram::releaseSlot(Slot &slot) {
  const Api &api = device.api;
  if (slot.exec)
    api.destroyExec(slot.exec);
  if (slot.graph)
    api.destroyGraph(slot.graph);
  if (slot.stream)
    api.destroyStream(slot.stream);
  for (abi::Event event : slot.queue_events)
    if (event)
      api.destroyEvent(event);
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
  if (eclip_status status = takePartitions(error))
    return status;
  if (eclip_status status = plan.build(*schedule, device.memory, error))
    return status;
  if (!first_argument.allocate(device.memory, plan.nodes().size()))
    return error.outOfMemory(plan.nodes().size() * 4ull, "the graph");
  for (uint32_t i = 0; i < plan.nodes().size(); ++i) {
    const auto *arguments = plan.nodes()[i].packet->arguments();
    uint32_t count = arguments ? arguments->size() : 0;
    first_argument[i] = argument_count;
    argument_count += count;
    most_arguments = count > most_arguments ? count : most_arguments;
  }
  if (!slots.allocate(device.memory, options.slot_count))
    return error.outOfMemory(options.slot_count * sizeof(Slot), "the slots");
  for (uint32_t i = 0; i < options.slot_count; ++i)
    if (eclip_status status = createSlot(slots[i], options.slots[i], error))
      return status;
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

eclip_status CudaProgram::takePartitions(Error &error) {
  const auto &queues = *schedule->queues();
  if (!lanes.allocate(device.memory, queues.size()))
    return error.outOfMemory(queues.size() * sizeof(Lane), "the queues");
  for (uint32_t q = 0; q < queues.size(); ++q)
    if (eclip_status status = device.takePartition(
            *queues.Get(q), schedule->device()->max_masked_queues(),
            &lanes[q].partition, &lanes[q].shared, error))
      return status;
  return ECLIP_OK;
}

eclip_status CudaProgram::createEvents(Slot &slot, Error &error) {
  const Api &api = device.api;
  unsigned flags = queue_times ? abi::kEventDefault : abi::kEventDisableTiming;
  if (abi::Result result = api.createEvent(&slot.done, flags))
    return api.fail(error, result, "cuEventCreate");
  if (!queue_times)
    return ECLIP_OK;
  if (abi::Result result = api.createEvent(&slot.begin, flags))
    return api.fail(error, result, "cuEventCreate");
  if (!slot.queue_events.allocate(device.memory, lanes.size() * 2))
    return error.outOfMemory(lanes.size() * 16ull, "the events");
  for (const GraphPlan::Node &node : plan.nodes())
    for (bool end : {false, true})
      if (end ? node.last_of_queue : node.first_of_queue)
        if (abi::Result result = api.createEvent(
                &slot.queue_events[node.queue * 2 + end], flags))
          return api.fail(error, result, "cuEventCreate");
  return ECLIP_OK;
}

eclip_status CudaProgram::createSlot(Slot &slot, const SlotAddresses &addresses,
                                     Error &error) {
  const Api &api = device.api;
  if (!slot.nodes.allocate(device.memory, plan.nodes().size()) ||
      !slot.arguments.allocate(device.memory, argument_count))
    return error.outOfMemory(argument_count * 8ull, "the kernel arguments");
  writeArguments(slot, addresses);
  if (abi::Result result =
          api.createStream(&slot.stream, abi::kStreamNonBlocking))
    return api.fail(error, result, "cuStreamCreate");
  if (eclip_status status = createEvents(slot, error))
    return status;
  if (abi::Result result = api.createGraph(&slot.graph, 0)) {
    slot.graph = nullptr;
    return api.fail(error, result, "cuGraphCreate");
  }
  if (eclip_status status = addNodes(slot, error))
    return status;
  if (abi::Result result = api.instantiate(&slot.exec, slot.graph, 0)) {
    slot.exec = nullptr;
    return api.fail(error, result, "cuGraphInstantiate");
  }
  // Moves the graph to the device now and not with the first request.
  if (abi::Result result = api.uploadGraph(slot.exec, slot.stream))
    return api.fail(error, result, "cuGraphUpload");
  return ECLIP_OK;
}

void CudaProgram::writeArguments(Slot &slot, const SlotAddresses &addresses) {
  uint32_t place = 0;
  for (const GraphPlan::Node &node : plan.nodes()) {
    if (!node.packet->arguments())
      continue;
    for (const fb::Argument *argument : *node.packet->arguments()) {
      const void *base = nullptr;
      switch (argument->kind()) {
      case fb::BufferKind::Arena:
        base = addresses.arena;
        break;
      case fb::BufferKind::Constant:
        base = constants;
        break;
      case fb::BufferKind::Input:
        base = addresses.inputs[argument->index()];
        break;
      case fb::BufferKind::Output:
        base = addresses.outputs[argument->index()];
        break;
      }
      slot.arguments[place++] =
          reinterpret_cast<uintptr_t>(base) + argument->offset();
    }
  }
}

abi::KernelNode CudaProgram::describe(Slot &slot, uint32_t index,
                                      void **pointers) const {
  const GraphPlan::Node &node = plan.nodes()[index];
  const fb::Packet &packet = *node.packet;
  const fb::Kernel &kernel = *schedule->kernels()->Get(packet.kernel());
  uint32_t count = packet.arguments() ? packet.arguments()->size() : 0;
  for (uint32_t i = 0; i < count; ++i)
    pointers[i] = &slot.arguments[first_argument[index] + i];
  const fb::Dims &grid = *packet.grid(), &block = *kernel.workgroup();
  return {nullptr,
          {grid.x(), grid.y(), grid.z()},
          {block.x(), block.y(), block.z()},
          kernel.lds_bytes(),
          pointers,
          nullptr,
          kernels[packet.kernel()],
          device.context(lanes[node.queue].partition)};
}

/// `scratch` has room for the node's edges and one more.
eclip_status CudaProgram::addNode(Slot &slot, uint32_t index,
                                  Array<abi::GraphNode> &scratch,
                                  Error &error) {
  const Api &api = device.api;
  const GraphPlan::Node &node = plan.nodes()[index];
  size_t count = node.edge_count;
  for (size_t i = 0; i < count; ++i)
    scratch[i] = slot.nodes[plan.edges(node)[i]];
  if (queue_times && node.first_of_queue) {
    abi::GraphNode stamp = nullptr;
    if (abi::Result result =
            api.addEventNode(&stamp, slot.graph, scratch.data(), count,
                             slot.queue_events[node.queue * 2]))
      return api.fail(error, result, "cuGraphAddEventRecordNode");
    scratch[0] = stamp;
    count = 1;
  }
  Array<void *> pointers;
  if (!pointers.allocate(device.memory, most_arguments + 1))
    return error.outOfMemory(most_arguments * 8ull, "the kernel arguments");
  abi::KernelNode params = describe(slot, index, pointers.data());
  if (abi::Result result = api.addKernelNode(&slot.nodes[index], slot.graph,
                                             scratch.data(), count, &params))
    return api.fail(error, result, "cuGraphAddKernelNode");
  if (queue_times && node.last_of_queue) {
    abi::GraphNode stamp = nullptr;
    if (abi::Result result =
            api.addEventNode(&stamp, slot.graph, &slot.nodes[index], 1,
                             slot.queue_events[node.queue * 2 + 1]))
      return api.fail(error, result, "cuGraphAddEventRecordNode");
  }
  return ECLIP_OK;
}

eclip_status CudaProgram::addNodes(Slot &slot, Error &error) {
  Array<abi::GraphNode> scratch;
  if (!scratch.allocate(device.memory, plan.nodes().size() + 1))
    return error.outOfMemory(plan.nodes().size() * 8ull, "the graph");
  for (uint32_t i = 0; i < plan.nodes().size(); ++i)
    if (eclip_status status = addNode(slot, i, scratch, error)) {
      const fb::Packet &packet = *plan.nodes()[i].packet;
      error.prepend(
          schedule->kernels()->Get(packet.kernel())->name()->c_str());
      return status;
    }
  return ECLIP_OK;
}

void CudaProgram::queueInfo(uint32_t queue, eclip_queue_info *info) const {
  info->mask_reduced = 0;
  info->shared = lanes[queue].shared;
}
