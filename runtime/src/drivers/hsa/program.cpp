//===- program.cpp - build a schedule's packets ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/hsa/program.h"

using namespace eclip;
using namespace eclip::hsa;

namespace {
constexpr uint64_t kKernargWords = 8; // a block starts on a cache line

uint64_t kernargWords(const fb::Kernel &kernel) {
  uint64_t words = kernel.kernarg_bytes() / 8;
  return (words + kKernargWords - 1) / kKernargWords * kKernargWords;
}

bool isDispatch(const fb::Packet &packet) {
  return packet.kind() == fb::PacketKind::Dispatch;
}
} // namespace

eclip_status Device::createProgram(const ProgramOptions &options, Program **out,
                                   Error &error) {
  return makeProgram<HsaProgram>(*this, options, out, error);
}

void HsaProgram::destroy() {
  Memory memory = device.memory;
  memory.destroy(this);
}

HsaProgram::~HsaProgram() {
  // The queues of a lost device may still run something that uses this memory.
  if (device.isLost())
    device.stopQueues();
  for (Slot &slot : slots)
    releaseSlot(slot);
  for (Plan &plan : plans)
    for (Lane &lane : plan.lanes)
      if (lane.taken)
        device.giveQueue(lane.queue);
}

void HsaProgram::releaseSlot(Slot &slot) {
  for (size_t i = 0; i < slot.signal_count; ++i)
    device.api.hsa_signal_destroy(slot.signals[i]);
  if (slot.has_done)
    device.api.hsa_signal_destroy(slot.done);
  if (slot.has_pair)
    device.givePair(slot.pair);
  if (slot.kernargs)
    device.deallocate(slot.kernargs);
}

eclip_status HsaProgram::create(const ProgramOptions &options, Error &error) {
  schedule = options.schedule;
  constants = options.constants;
  submit_timeout_ns = options.submit_timeout_ns;
  if (eclip_status status = executable.load(*schedule, error))
    return status;
  if (eclip_status status =
          makePlans(plans, *schedule, device.memory, error,
                    [&](uint32_t i) { return createPlan(i, options, error); }))
    return status;
  if (!slots.allocate(device.memory, options.slot_count))
    return error.outOfMemory(options.slot_count * sizeof(Slot), "the slots");
  for (uint32_t i = 0; i < options.slot_count; ++i) {
    if (eclip_status status = createSlot(slots[i], error))
      return status;
    for (Plan &plan : plans)
      buildPackets(plan, slots[i], options.slots[i]);
  }
  return ECLIP_OK;
}

eclip_status HsaProgram::createPlan(uint32_t index,
                                    const ProgramOptions &options,
                                    Error &error) {
  auto take = [&](const MaskWords &mask, uint32_t priority, TakenQueue &lane) {
    return device.takeQueue(
        mask, priority, schedule->device()->max_masked_queues(),
        options.private_queues, &lane.queue, &lane.shared, error);
  };
  if (eclip_status status =
          takePlanQueues(plans, index, options, SameQueue::MaskAndPriority,
                         device.memory, error, take))
    return status;
  return measure(plans[index], options.queue_times, error);
}

/// Counts a plan's packets, signals, argument words and relocations, and gives a
/// signal of its own to a first or last dispatch that has none, for its time
/// stamps.
eclip_status HsaProgram::measure(Plan &plan, bool queueTimes, Error &error) {
  plan.signal_count = plan.file->signal_count();
  plan.first_kernarg = kernarg_words;
  uint64_t relocationCount = 0;
  for (uint32_t q = 0; q < plan.lanes.size(); ++q) {
    Lane &lane = plan.lanes[q];
    const fb::Queue &queue = *plan.file->queues()->Get(q);
    uint32_t count = eclip::packetCount(queue);
    lane.first_packet = packets_per_slot + plan.packet_count;
    lane.packet_count = count ? count + 1 : 0;
    plan.counts[lane.queue] = lane.packet_count;
    plan.packet_count += lane.packet_count;
    plan.busy_lanes += count != 0;
    uint32_t first = kNone, last = kNone;
    for (uint32_t p = 0; p < count; ++p) {
      const fb::Packet &packet = *queue.packets()->Get(p);
      if (!isDispatch(packet))
        continue;
      first = first == kNone ? p : first;
      last = p;
      kernarg_words += kernargWords(*schedule->kernels()->Get(packet.kernel()));
      if (packet.arguments())
        for (const fb::Argument *argument : *packet.arguments())
          relocationCount += argument->kind() == fb::BufferKind::Input ||
                             argument->kind() == fb::BufferKind::Output;
    }
    if (!queueTimes || first == kNone)
      continue;
    int32_t signal = queue.packets()->Get(first)->completion();
    lane.first_signal = signal >= 0 ? signal : plan.signal_count++;
    signal = queue.packets()->Get(last)->completion();
    lane.last_signal = first == last ? lane.first_signal
                       : signal >= 0 ? static_cast<uint32_t>(signal)
                                     : plan.signal_count++;
  }
  packets_per_slot += plan.packet_count;
  if (plan.signal_count > signals_per_slot)
    signals_per_slot = plan.signal_count;
  if (kernarg_words > UINT32_MAX ||
      !plan.relocations.allocate(device.memory, relocationCount))
    return error.outOfMemory(relocationCount * sizeof(Relocation),
                             "the relocations");
  return ECLIP_OK;
}

eclip_status HsaProgram::createSignals(Slot &slot, Error &error) {
  const Api &api = device.api;
  if (!slot.signals.allocate(device.memory, signals_per_slot))
    return error.outOfMemory(signals_per_slot * 8ull, "the signals");
  for (hsa_signal_t &signal : slot.signals) {
    // Only the device waits for these: no interrupt when they change.
    hsa_status_t status = api.hsa_signal_create(1, 1, &device.agent, &signal);
    if (status != HSA_STATUS_SUCCESS)
      return api.fail(error, status, "hsa_signal_create");
    ++slot.signal_count;
  }
  hsa_status_t status = api.hsa_signal_create(0, 0, nullptr, &slot.done);
  if (status != HSA_STATUS_SUCCESS)
    return api.fail(error, status, "hsa_signal_create");
  slot.has_done = true;
  return ECLIP_OK;
}

eclip_status HsaProgram::createSlot(Slot &slot, Error &error) {
  if (eclip_status status = device.takePair(&slot.pair, error))
    return status;
  slot.has_pair = true;
  if (!slot.packets.allocate(device.memory, packets_per_slot))
    return error.outOfMemory(packets_per_slot * 64ull, "the packets");
  if (kernarg_words) {
    void *pointer = nullptr;
    if (eclip_status status =
            device.allocateKernargs(kernarg_words * 8, &pointer, error))
      return status;
    slot.kernargs = static_cast<uint64_t *>(pointer);
  }
  return createSignals(slot, error);
}

void HsaProgram::buildDispatch(Slot &slot, const SlotAddresses &addresses,
                               const fb::Packet &packet, aql::Packet *out,
                               uint32_t &kernargWord) {
  out->dispatch.kernel_object = executable.kernelObject(packet.kernel());
  uint64_t *block = slot.kernargs + kernargWord;
  kernargWord += static_cast<uint32_t>(
      kernargWords(*schedule->kernels()->Get(packet.kernel())));
  if (!packet.arguments() || packet.arguments()->size() == 0)
    return;
  out->dispatch.kernarg = reinterpret_cast<uintptr_t>(block);
  for (const fb::Argument *argument : *packet.arguments())
    *block++ = addressOf(*argument, addresses, constants);
}

/// Same for every slot, and cheap: written again by each.
static void appendRelocations(const fb::Packet &packet, uint32_t word,
                              auto add) {
  if (!packet.arguments())
    return;
  for (const fb::Argument *argument : *packet.arguments()) {
    if (argument->kind() == fb::BufferKind::Input)
      add(word, argument->index(), Bound::Input, argument->offset());
    else if (argument->kind() == fb::BufferKind::Output)
      add(word, argument->index(), Bound::Output, argument->offset());
    ++word;
  }
}

void HsaProgram::buildPackets(Plan &plan, Slot &slot,
                              const SlotAddresses &addresses) {
  uint32_t kernargWord = static_cast<uint32_t>(plan.first_kernarg);
  size_t relocation = 0;
  for (uint32_t q = 0; q < plan.lanes.size(); ++q) {
    const Lane &lane = plan.lanes[q];
    const fb::Queue &queue = *plan.file->queues()->Get(q);
    aql::Packet *out = slot.packets.data() + lane.first_packet;
    uint32_t count = eclip::packetCount(queue);
    uint32_t first = kNone, last = kNone;
    for (uint32_t p = 0; p < count; ++p, ++out) {
      const fb::Packet &packet = *queue.packets()->Get(p);
      memcpy(out, packet.image()->bytes()->data(), sizeof(*out));
      if (isDispatch(packet)) {
        first = first == kNone ? p : first;
        last = p;
        appendRelocations(
            packet, kernargWord,
            [&](uint32_t word, uint32_t index, Bound kind, uint64_t offset) {
              plan.relocations[relocation++] = {word, index, kind, offset};
            });
        buildDispatch(slot, addresses, packet, out, kernargWord);
      } else {
        for (uint32_t i = 0; i < packet.waits()->size(); ++i)
          out->barrier.dependency[i] =
              slot.signals[packet.waits()->Get(i)].handle;
      }
      // The completion signal has one place in both kinds.
      if (packet.completion() >= 0)
        out->dispatch.completion = slot.signals[packet.completion()].handle;
    }
    if (!count)
      continue;
    aql::Packet *packets = slot.packets.data() + lane.first_packet;
    if (lane.first_signal != kNone) {
      packets[first].dispatch.completion =
          slot.signals[lane.first_signal].handle;
      packets[last].dispatch.completion = slot.signals[lane.last_signal].handle;
    }
    out->barrier = {};
    out->barrier.header =
        aql::makeHeader(aql::kBarrierAnd, aql::kSystem, aql::kSystem);
    out->barrier.completion = slot.done.handle;
  }
}

void HsaProgram::bind(uint32_t slot, uint32_t plan, Bound kind, uint32_t index,
                      void *address) {
  for (const Relocation &r : plans[plan].relocations)
    if (r.kind == kind && r.index == index)
      slots[slot].kernargs[r.word] =
          reinterpret_cast<uintptr_t>(address) + r.offset;
}

void HsaProgram::queueInfo(QueuePlace queue, eclip_queue_info *info) const {
  const Lane &lane = plans[queue.plan].lanes[queue.queue];
  info->mask_reduced = device.queue(lane.queue).mask_reduced;
  info->shared = lane.shared;
}
