//===- schedule.cpp - load, query and close a schedule --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/plans.h"

using namespace eclip;

#define INVALID(...) error.fail(ECLIP_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

namespace {
constexpr uint32_t kDefaultSlots = 2;
constexpr uint64_t kDefaultSubmitTimeoutNs = 600ull * 1000 * 1000 * 1000;
constexpr size_t kPayloadAlignment = 64; // what the FlatBuffer asks at most
} // namespace

/// Copies the payload and verifies the copy.
static eclip_status verifyPayload(const FileSections &sections,
                                  const Memory &memory, Array<uint8_t> &payload,
                                  const fb::Schedule **root, Error &error) {
  if (!payload.allocate(memory, sections.payload.size, kPayloadAlignment))
    return error.outOfMemory(sections.payload.size, "the payload");
  memcpy(payload.data(), sections.payload.data, sections.payload.size);
  if (eclip_status status =
          verifyStructure({payload.data(), payload.size()}, root, error))
    return status;
  return verifySemantics(**root, sections.constants.size, memory, error);
}

static eclip_status allocateTensors(
    Driver &driver,
    const flatbuffers::Vector<flatbuffers::Offset<fb::Tensor>> &tensors,
    const Memory &memory, const char *purpose, Array<void *> &own,
    Array<void *> &used, Error &error) {
  if (!own.allocate(memory, tensors.size()) ||
      !used.allocate(memory, tensors.size()))
    return error.outOfMemory(tensors.size() * sizeof(void *), purpose);
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    if (eclip_status status =
            driver.allocate(tensors.Get(i)->bytes(), purpose, &own[i], error))
      return status;
    used[i] = own[i];
  }
  return ECLIP_OK;
}

/// What every plan's packets hold at first: the slot's own buffers.
static eclip_status fillApplied(eclip_request &slot, const Memory &memory,
                                uint32_t plans, Error &error) {
  size_t each = slot.inputs.size() + slot.outputs.size();
  if (!slot.applied.allocate(memory, plans * each))
    return error.outOfMemory(plans * each * sizeof(void *), "a slot");
  void **out = slot.applied.data();
  for (uint32_t p = 0; p < plans; ++p) {
    for (void *input : slot.inputs)
      *out++ = input;
    for (void *output : slot.outputs)
      *out++ = output;
  }
  return ECLIP_OK;
}

static uint64_t largestArena(const fb::Schedule &root) {
  uint64_t bytes = 0;
  for (const fb::Plan *plan : *root.plans())
    bytes = plan->arena_bytes() > bytes ? plan->arena_bytes() : bytes;
  return bytes;
}

static eclip_status createSlot(eclip_schedule &schedule, uint32_t index,
                               Error &error) {
  eclip_request &slot = schedule.slots[index];
  Driver &driver = *schedule.device->driver;
  const fb::Schedule &root = *schedule.root;
  slot.schedule = &schedule;
  slot.index = index;
  if (uint64_t bytes = largestArena(root))
    if (eclip_status status =
            driver.allocate(bytes, "an arena", &slot.arena, error))
      return status;
  if (eclip_status status =
          allocateTensors(driver, *root.inputs(), schedule.memory, "an input",
                          slot.own_inputs, slot.inputs, error))
    return status;
  if (!slot.input_given.allocate(schedule.memory, root.inputs()->size()))
    return error.outOfMemory(root.inputs()->size(), "a slot");
  if (eclip_status status = allocateTensors(
          driver, *root.outputs(), schedule.memory, "an output",
          slot.own_outputs, slot.outputs, error))
    return status;
  return fillApplied(slot, schedule.memory, root.plans()->size(), error);
}

/// Releases whatever a schedule holds, also one that is half built.
static void destroySchedule(eclip_schedule *schedule) {
  Driver &driver = *schedule->device->driver;
  if (schedule->program)
    schedule->program->destroy();
  for (eclip_request &slot : schedule->slots) {
    for (void *pointer : slot.own_inputs)
      if (pointer)
        driver.deallocate(pointer);
    for (void *pointer : slot.own_outputs)
      if (pointer)
        driver.deallocate(pointer);
    if (slot.arena)
      driver.deallocate(slot.arena);
  }
  if (schedule->constants)
    driver.deallocate(schedule->constants);
  giveEnd(*schedule);
  Memory memory = schedule->memory;
  memory.destroy(schedule);
}

static eclip_status uploadConstants(eclip_schedule &schedule, Bytes constants,
                                    Error &error) {
  schedule.constants_bytes = constants.size;
  if (constants.size == 0)
    return ECLIP_OK;
  Driver &driver = *schedule.device->driver;
  if (eclip_status status = driver.allocate(constants.size, "the constants",
                                            &schedule.constants, error))
    return status;
  return driver.upload(schedule.constants, constants.data, constants.size,
                       error);
}

static eclip_status createProgram(eclip_schedule &schedule,
                                  const eclip_schedule_options &options,
                                  Error &error) {
  Array<SlotAddresses> addresses;
  if (!addresses.allocate(schedule.memory, schedule.slots.size()))
    return error.outOfMemory(schedule.slots.size() * sizeof(SlotAddresses),
                             "the slots");
  for (size_t i = 0; i < addresses.size(); ++i) {
    const eclip_request &slot = schedule.slots[i];
    addresses[i] = {slot.arena, slot.inputs.data(), slot.outputs.data()};
  }
  ProgramOptions program = {schedule.root,
                            schedule.end,
                            schedule.constants,
                            static_cast<uint32_t>(addresses.size()),
                            addresses.data(),
                            options.no_queue_times == 0,
                            options.private_queues != 0,
                            options.submit_timeout_ns};
  return schedule.device->driver->createProgram(program, &schedule.program,
                                                error);
}

/// Everything after the options: on failure the caller destroys `schedule`.
static eclip_status buildSchedule(eclip_schedule &schedule, Bytes file,
                                  const eclip_schedule_options &options,
                                  Error &error) {
  FileSections sections;
  if (eclip_status status = verifyHeader(file, &sections, error))
    return status;
  if (eclip_status status = verifyPayload(
          sections, schedule.memory, schedule.payload, &schedule.root, error))
    return status;
  if (eclip_status status =
          schedule.device->driver->checkTarget(*schedule.root, error))
    return status;
  if (!schedule.slots.allocate(schedule.memory, options.slots))
    return error.outOfMemory(options.slots * sizeof(eclip_request),
                             "the slots");
  for (uint32_t i = 0; i < options.slots; ++i)
    if (eclip_status status = createSlot(schedule, i, error))
      return status;
  if (eclip_status status =
          uploadConstants(schedule, sections.constants, error))
    return status;
  takeEnd(schedule);
  return createProgram(schedule, options, error);
}

static eclip_status loadSchedule(eclip_device *device, Bytes file,
                                 const eclip_schedule_options *given,
                                 eclip_schedule **out, Error &error) {
  eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
  if (given)
    if (eclip_status status = readStruct(given, &options, sizeof(options),
                                         "eclip_schedule_options", error))
      return status;
  if (options.slots == 0)
    options.slots = kDefaultSlots;
  if (options.slots > ECLIP_MAX_SLOTS)
    return INVALID("eclip_schedule_options: slots is %u, expected at most %u",
                   options.slots, ECLIP_MAX_SLOTS);
  if (options.reserved)
    return error.fail(ECLIP_ERROR_UNSUPPORTED,
                      "eclip_schedule_options: reserved is not 0");
  if (options.submit_timeout_ns == 0)
    options.submit_timeout_ns = kDefaultSubmitTimeoutNs;
  auto *schedule = device->memory.make<eclip_schedule>();
  if (!schedule)
    return error.outOfMemory(sizeof(eclip_schedule), "a schedule");
  schedule->memory = device->memory;
  schedule->device = device;
  if (eclip_status status = buildSchedule(*schedule, file, options, error)) {
    destroySchedule(schedule);
    return status;
  }
  enterDevice(*schedule);
  *out = schedule;
  return ECLIP_OK;
}

extern "C" eclip_status
eclip_schedule_load_file(eclip_device *device, const char *path,
                         const eclip_schedule_options *options,
                         eclip_schedule **out, eclip_error *sink) {
  Error error(sink);
  if (!device || !path || !out)
    return INVALID(
        "eclip_schedule_load_file: device, path or schedule is NULL");
  MappedFile file;
  if (eclip_status status = file.open(path, error))
    return status;
  eclip_status status = loadSchedule(device, file.bytes(), options, out, error);
  if (status)
    error.prepend(path);
  return status;
}

extern "C" eclip_status
eclip_schedule_load_memory(eclip_device *device, const void *data, size_t bytes,
                           const eclip_schedule_options *options,
                           eclip_schedule **out, eclip_error *sink) {
  Error error(sink);
  if (!device || !data || !out)
    return INVALID("eclip_schedule_load_memory: device, data or schedule is "
                   "NULL");
  return loadSchedule(device, {static_cast<const uint8_t *>(data), bytes},
                      options, out, error);
}

extern "C" eclip_status eclip_schedule_verify(const void *data, size_t bytes,
                                              const eclip_allocator *allocator,
                                              eclip_error *sink) {
  Error error(sink);
  if (!data)
    return INVALID("eclip_schedule_verify: data is NULL");
  Memory memory;
  if (eclip_status status = Memory::create(allocator, &memory, error))
    return status;
  FileSections sections;
  if (eclip_status status = verifyHeader(
          {static_cast<const uint8_t *>(data), bytes}, &sections, error))
    return status;
  Array<uint8_t> payload;
  const fb::Schedule *root;
  return verifyPayload(sections, memory, payload, &root, error);
}

extern "C" eclip_status eclip_schedule_close(eclip_schedule *schedule,
                                             eclip_error *sink) {
  Error error(sink);
  if (!schedule)
    return ECLIP_OK;
  for (const eclip_request &slot : schedule->slots)
    if (slot.state.load(std::memory_order_acquire) != eclip_request::Free)
      return error.fail(ECLIP_ERROR_BUSY,
                        "a request of the schedule is not released");
  leaveDevice(*schedule);
  destroySchedule(schedule);
  return ECLIP_OK;
}
