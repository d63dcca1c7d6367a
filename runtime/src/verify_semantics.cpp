//===- verify_semantics.cpp - does the schedule mean something? -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/verify.h"

using namespace eclip;

using ull = unsigned long long;
#define BAD(...) error.fail(ECLIP_ERROR_BAD_FILE, __VA_ARGS__)

uint32_t eclip::countMask(const flatbuffers::Vector<uint32_t> &mask) {
  uint32_t count = 0;
  for (uint32_t word : mask)
    count += static_cast<uint32_t>(__builtin_popcount(word));
  return count;
}

static bool isEmpty(const flatbuffers::String *name) {
  // A name with a NUL inside would read differently in C.
  return name->size() == 0 || memchr(name->data(), 0, name->size());
}

/// F10.
static eclip_status verifyDevice(const fb::Device &device, Error &error) {
  if (isEmpty(device.name()) || isEmpty(device.target()))
    return BAD("F10: device: name or target is empty");
  uint32_t cus = device.cu_count(), engines = device.shader_engines();
  if (cus < 1 || cus > 4096 || engines < 1 || engines > cus)
    return BAD("F10: device: cu_count %u and shader_engines %u: expected 1 to "
               "4096 CUs in at most as many shader engines",
               cus, engines);
  if (device.max_masked_queues() < 1 || device.max_masked_queues() > kMaxQueues)
    return BAD("F10: device: max_masked_queues is %u, expected 1 to %u",
               device.max_masked_queues(), kMaxQueues);
  return ECLIP_OK;
}

static uint16_t read16(const uint8_t *p) {
  return static_cast<uint16_t>(p[0] | p[1] << 8);
}

/// PTX is text with a NUL behind it, and nothing but comments before .version.
static bool isPtx(const flatbuffers::Vector<uint8_t> &image) {
  const char *text = reinterpret_cast<const char *>(image.data());
  return image.size() > 8 && image.Get(image.size() - 1) == 0 &&
         memchr(text, 0, image.size()) == text + image.size() - 1 &&
         (memcmp(text, "//", 2) == 0 || memcmp(text, ".version", 8) == 0);
}

static bool isCuda(const fb::CodeObject &object) {
  return strncmp(object.isa()->c_str(), "nvptx64-", 8) == 0;
}

/// F11 and F12.
static eclip_status verifyCodeObjects(const fb::Schedule &schedule,
                                      Error &error) {
  uint32_t i = 0;
  if (schedule.code_objects()->size() == 0)
    return BAD("F11: code_objects: there is none");
  for (const fb::CodeObject *object : *schedule.code_objects()) {
    if (isEmpty(object->isa()))
      return BAD("F11: code_objects[%u]: isa is empty", i);
    const auto &image = *object->image();
    if (isCuda(*object) && isPtx(image)) {
      ++i;
      continue;
    }
    constexpr uint8_t elf64[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    if (image.size() < 64 || memcmp(image.data(), elf64, sizeof(elf64)) != 0)
      return BAD(
          "F12: code_objects[%u]: image (%u bytes) is not a little-endian "
          "ELF64 file%s",
          i, image.size(), isCuda(*object) ? ", nor PTX that ends in NUL" : "");
    constexpr uint16_t machineAmdgpu = 224, machineCuda = 190;
    uint16_t machine = read16(image.data() + 18);
    uint16_t expected = isCuda(*object) ? machineCuda : machineAmdgpu;
    if (machine != expected)
      return BAD("F12: code_objects[%u]: image is for ELF machine %u, %s is "
                 "machine %u",
                 i, machine, object->isa()->c_str(), expected);
    ++i;
  }
  return ECLIP_OK;
}

/// F13 to F15.
static eclip_status verifyKernels(const fb::Schedule &schedule, Error &error) {
  uint32_t i = 0;
  for (const fb::Kernel *kernel : *schedule.kernels()) {
    if (isEmpty(kernel->name()) || isEmpty(kernel->symbol()))
      return BAD("F13: kernels[%u]: name or symbol is empty", i);
    const char *name = kernel->name()->c_str();
    if (kernel->code_object() >= schedule.code_objects()->size())
      return BAD("F13: kernel '%s': code_object is %u of %u", name,
                 kernel->code_object(), schedule.code_objects()->size());
    if (kernel->kernarg_bytes() % 8 || kernel->kernarg_bytes() > 4096)
      return BAD(
          "F14: kernel '%s': kernarg_bytes is %u, expected a multiple of "
          "8 up to 4096",
          name, kernel->kernarg_bytes());
    uint32_t maxLds =
        isCuda(*schedule.code_objects()->Get(kernel->code_object()))
            ? kMaxSharedBytes
            : kMaxLdsBytes;
    if (kernel->lds_bytes() > maxLds)
      return BAD("F14: kernel '%s': lds_bytes is %u, a CU has %u", name,
                 kernel->lds_bytes(), maxLds);
    if (kernel->scratch_bytes() > 1u << 20)
      return BAD("F14: kernel '%s': scratch_bytes is %u, expected at most "
                 "1048576 for each work-item",
                 name, kernel->scratch_bytes());
    const fb::Dims *workgroup = kernel->workgroup();
    if (!workgroup)
      return BAD("F15: kernel '%s': workgroup is missing", name);
    uint32_t x = workgroup->x(), y = workgroup->y(), z = workgroup->z();
    if (!x || !y || !z || x > kMaxWorkgroup || y > kMaxWorkgroup ||
        z > kMaxWorkgroup || x * ull(y) * z > kMaxWorkgroup)
      return BAD("F15: kernel '%s': workgroup %u x %u x %u, expected 1 to %u "
                 "work-items",
                 name, x, y, z, kMaxWorkgroup);
    ++i;
  }
  return ECLIP_OK;
}

/// F16 and F17. `what` is "input" or "output".
static eclip_status verifyTensors(
    const flatbuffers::Vector<flatbuffers::Offset<fb::Tensor>> &tensors,
    const char *what, Error &error) {
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    const fb::Tensor &tensor = *tensors.Get(i);
    if (isEmpty(tensor.name()))
      return BAD("F16: %s %u: name is empty", what, i);
    const char *name = tensor.name()->c_str();
    for (uint32_t j = 0; j < i; ++j)
      if (strcmp(tensors.Get(j)->name()->c_str(), name) == 0)
        return BAD("F16: %s '%s': the name is there twice", what, name);
    size_t element =
        eclip_element_bytes(static_cast<eclip_element_type>(tensor.type()));
    if (!element)
      return BAD("F17: %s '%s': type %u is unknown", what, name,
                 static_cast<unsigned>(tensor.type()));
    uint32_t rank = tensor.dims() ? tensor.dims()->size() : 0;
    if (rank > kMaxRank)
      return BAD("F17: %s '%s': %u dims, expected at most %u", what, name, rank,
                 kMaxRank);
    uint64_t bytes = element;
    for (uint32_t d = 0; d < rank; ++d)
      if (tensor.dims()->Get(d) == 0 ||
          __builtin_mul_overflow(bytes, tensor.dims()->Get(d), &bytes))
        return BAD("F17: %s '%s': dims[%u] is %llu: zero or too large", what,
                   name, d, ull(tensor.dims()->Get(d)));
    if (bytes != tensor.bytes() || bytes > kMaxArenaBytes)
      return BAD("F17: %s '%s': bytes is %llu, type and dims make %llu", what,
                 name, ull(tensor.bytes()), ull(bytes));
  }
  return ECLIP_OK;
}

/// F18.
static eclip_status verifyGroups(const fb::Schedule &schedule, Error &error) {
  uint32_t i = 0;
  for (const fb::Group *group : *schedule.groups()) {
    if (isEmpty(group->name()))
      return BAD("F18: groups[%u]: name is empty", i);
    if (group->queue() >= schedule.queues()->size())
      return BAD("F18: group '%s': queue is %u of %u", group->name()->c_str(),
                 group->queue(), schedule.queues()->size());
    uint32_t cus = countMask(*schedule.queues()->Get(group->queue())->mask());
    if (group->cu_count() != cus)
      return BAD(
          "F18: group '%s': cu_count is %u, the mask of its queue has %u",
          group->name()->c_str(), group->cu_count(), cus);
    ++i;
  }
  return ECLIP_OK;
}

static bool sameMask(const fb::Queue &a, const fb::Queue &b) {
  return a.mask()->size() == b.mask()->size() &&
         memcmp(a.mask()->data(), b.mask()->data(), a.mask()->size() * 4) == 0;
}

/// F19 to F21.
static eclip_status verifyQueues(const fb::Schedule &schedule, Error &error) {
  const auto &queues = *schedule.queues();
  uint32_t cus = schedule.device()->cu_count();
  if (queues.size() < 1 ||
      queues.size() > schedule.device()->max_masked_queues())
    return BAD("F19: queues: there are %u, the device runs 1 to %u",
               queues.size(), schedule.device()->max_masked_queues());
  for (uint32_t i = 0; i < queues.size(); ++i) {
    const fb::Queue &queue = *queues.Get(i);
    if (isEmpty(queue.name()))
      return BAD("F19: queues[%u]: name is empty", i);
    const char *name = queue.name()->c_str();
    if (queue.mask()->size() != (cus + 31) / 32)
      return BAD("F20: queue '%s': mask has %u words, %u CUs need %u", name,
                 queue.mask()->size(), cus, (cus + 31) / 32);
    if (countMask(*queue.mask()) == 0)
      return BAD("F20: queue '%s': mask is empty", name);
    uint32_t last = queue.mask()->Get(queue.mask()->size() - 1);
    if (cus % 32 && last >> cus % 32)
      return BAD("F20: queue '%s': mask has bits at or above cu_count %u", name,
                 cus);
    for (uint32_t j = 0; j < i; ++j)
      if (sameMask(*queues.Get(j), queue))
        return BAD("F21: queue '%s': has the mask of queue '%s'", name,
                   queues.Get(j)->name()->c_str());
    if (packetCount(queue) > kMaxPacketsPerQueue)
      return BAD("F19: queue '%s': %u packets, expected at most %u", name,
                 packetCount(queue), kMaxPacketsPerQueue);
  }
  return ECLIP_OK;
}

eclip_status eclip::verifySemantics(const fb::Schedule &schedule,
                                    uint64_t constantsBytes,
                                    const Memory &memory, Error &error) {
  if (eclip_status status = verifyDevice(*schedule.device(), error))
    return status;
  if (eclip_status status = verifyCodeObjects(schedule, error))
    return status;
  if (eclip_status status = verifyKernels(schedule, error))
    return status;
  if (eclip_status status = verifyTensors(*schedule.inputs(), "input", error))
    return status;
  if (eclip_status status = verifyTensors(*schedule.outputs(), "output", error))
    return status;
  // Groups look at their queue's mask.
  if (eclip_status status = verifyQueues(schedule, error))
    return status;
  if (eclip_status status = verifyGroups(schedule, error))
    return status;
  if (schedule.arena_bytes() > kMaxArenaBytes ||
      schedule.arena_lower_bound_bytes() > schedule.arena_bytes())
    return BAD(
        "F35: arena_bytes is %llu, arena_lower_bound_bytes %llu: expected "
        "the bound below, and at most 2^47 bytes",
        ull(schedule.arena_bytes()), ull(schedule.arena_lower_bound_bytes()));
  if (eclip_status status =
          verifyPackets(schedule, constantsBytes, memory, error))
    return status;
  return verifyOrder(schedule, memory, error);
}
