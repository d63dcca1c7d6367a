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

bool eclip::isName(const flatbuffers::String *name) {
  // A name with a NUL inside would read differently in C.
  return name->size() != 0 && !memchr(name->data(), 0, name->size());
}

static bool isEmpty(const flatbuffers::String *name) { return !isName(name); }

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

/// F36: enums that say what a kernel and a schedule are.
static eclip_status verifyKinds(const fb::Schedule &schedule, Error &error) {
  if (schedule.precision() > fb::Precision::MAX)
    return BAD("F36: precision %u is unknown",
               static_cast<unsigned>(schedule.precision()));
  for (const fb::Kernel *kernel : *schedule.kernels())
    if (kernel->kind() > fb::KernelKind::MAX)
      return BAD("F36: kernel '%s': kind %u is unknown",
                 kernel->name()->c_str(),
                 static_cast<unsigned>(kernel->kind()));
  return ECLIP_OK;
}

/// F40.
static eclip_status verifyMix(const fb::Mix &mix, Error &error) {
  if (!isName(mix.name()) || !isName(mix.id()))
    return BAD("F40: mix: name or id is empty");
  uint32_t workers = mix.workers()->size();
  if (workers < 2 || workers > kMaxWorkers)
    return BAD("F40: mix '%s': %u workers, expected 2 to %u",
               mix.name()->c_str(), workers, kMaxWorkers);
  for (const flatbuffers::String *worker : *mix.workers())
    if (!isName(worker))
      return BAD("F40: mix '%s': a worker's name is empty", mix.name()->c_str());
  if (mix.worker() >= workers)
    return BAD("F40: mix '%s': worker is %u of %u", mix.name()->c_str(),
               mix.worker(), workers);
  return ECLIP_OK;
}

/// F37 to F39: which plans there are, and in which order.
static eclip_status verifyPlans(const fb::Schedule &schedule, Error &error) {
  const auto &plans = *schedule.plans();
  if (plans.size() < 1 || plans.size() > kMaxPlans)
    return BAD("F37: plans: there are %u, expected 1 to %u", plans.size(),
               kMaxPlans);
  for (uint32_t i = 0; i < plans.size(); ++i) {
    const fb::Plan &plan = *plans.Get(i);
    if (!isName(plan.name()))
      return BAD("F37: plans[%u]: name is empty", i);
    const char *name = plan.name()->c_str();
    for (uint32_t j = 0; j < i; ++j)
      if (strcmp(plans.Get(j)->name()->c_str(), name) == 0)
        return BAD("F37: plan '%s': the name is there twice", name);
    if (i == 0 && (plan.neighbours() != 0 || plan.for_mix()))
      return BAD("F38: plan '%s': is the first and %s", name,
                 plan.for_mix() ? "a mix's" : "has neighbours");
    if (plan.for_mix() && i + 1 < plans.size())
      return BAD("F39: plan '%s': is a mix's and not the last", name);
    if (i && !plan.for_mix() &&
        plan.neighbours() <= plans.Get(i - 1)->neighbours())
      return BAD("F38: plan '%s': is for %u neighbours, the one before for %u",
                 name, plan.neighbours(), plans.Get(i - 1)->neighbours());
  }
  const fb::Plan &last = *plans.Get(plans.size() - 1);
  if (last.for_mix() != (schedule.mix() != nullptr))
    return BAD("F39: %s", last.for_mix() ? "there is a mix's plan and no mix"
                                         : "there is a mix and no plan for it");
  if (last.for_mix() &&
      last.neighbours() + 1 != schedule.mix()->workers()->size())
    return BAD("F39: plan '%s': is for %u neighbours, the mix has %u workers",
               last.name()->c_str(), last.neighbours(),
               schedule.mix()->workers()->size());
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
  if (eclip_status status = verifyKinds(schedule, error))
    return status;
  if (schedule.mix())
    if (eclip_status status = verifyMix(*schedule.mix(), error))
      return status;
  if (eclip_status status = verifyPlans(schedule, error))
    return status;
  for (const fb::Plan *plan : *schedule.plans()) {
    if (eclip_status status = verifyQueues(schedule, *plan, error))
      return status;
    if (eclip_status status =
            verifyPackets(schedule, *plan, constantsBytes, memory, error))
      return status;
    if (eclip_status status = verifyOrder(*plan, memory, error))
      return status;
  }
  return ECLIP_OK;
}
