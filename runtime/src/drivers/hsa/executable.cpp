//===- executable.cpp - code objects of a schedule, loaded ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/hsa/executable.h"

using namespace eclip;
using namespace eclip::hsa;

Executable::~Executable() {
  if (created)
    device.api.hsa_executable_destroy(executable);
  for (size_t i = 0; i < reader_count; ++i)
    device.api.hsa_code_object_reader_destroy(readers[i]);
}

eclip_status Executable::loadCodeObject(const fb::CodeObject &object,
                                        uint32_t index, Error &error) {
  const Api &api = device.api;
  // The reader may keep pointing at the image: the schedule's payload outlives
  // it.
  hsa_status_t status = api.hsa_code_object_reader_create_from_memory(
      object.image()->data(), object.image()->size(), &readers[reader_count]);
  if (status != HSA_STATUS_SUCCESS)
    return api.fail(error, status, "hsa_code_object_reader_create_from_memory");
  hsa_code_object_reader_t reader = readers[reader_count++];
  status = api.hsa_executable_load_agent_code_object(executable, device.agent,
                                                     reader, nullptr, nullptr);
  if (status != HSA_STATUS_SUCCESS)
    return error.fail(ECLIP_ERROR_DRIVER,
                      "code_objects[%u] (%s): "
                      "hsa_executable_load_agent_code_object: status 0x%x: %s",
                      index, object.isa()->c_str(),
                      static_cast<unsigned>(status), api.text(status));
  return ECLIP_OK;
}

/// Finds the kernel's handle, and refuses a code object whose own idea of the
/// kernel's memory goes beyond what the verified file says.
eclip_status Executable::findKernel(const fb::Kernel &kernel, uint64_t *object,
                                    Error &error) {
  const Api &api = device.api;
  const char *symbolName = kernel.symbol()->c_str();
  hsa_executable_symbol_t symbol;
  hsa_status_t status = api.hsa_executable_get_symbol_by_name(
      executable, symbolName, &device.agent, &symbol);
  if (status != HSA_STATUS_SUCCESS)
    return error.fail(ECLIP_ERROR_BAD_FILE,
                      "kernel '%s': its code object has no symbol '%s'",
                      kernel.name()->c_str(), symbolName);
  uint32_t kernarg = 0, group = 0, scratch = 0;
  struct {
    hsa_executable_symbol_info_t which;
    void *value;
  } const queries[] = {
      {HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_OBJECT, object},
      {HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_SIZE, &kernarg},
      {HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_GROUP_SEGMENT_SIZE, &group},
      {HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_PRIVATE_SEGMENT_SIZE, &scratch}};
  for (const auto &query : queries) {
    status =
        api.hsa_executable_symbol_get_info(symbol, query.which, query.value);
    if (status != HSA_STATUS_SUCCESS)
      return api.fail(error, status, "hsa_executable_symbol_get_info");
  }
  if (kernarg > kernel.kernarg_bytes() || group > kernel.lds_bytes() ||
      scratch > kernel.scratch_bytes())
    return error.fail(
        ECLIP_ERROR_BAD_FILE,
        "kernel '%s': its code needs %u bytes of arguments, %u of "
        "LDS, %u of scratch; the schedule says %u, %u, %u",
        kernel.name()->c_str(), kernarg, group, scratch, kernel.kernarg_bytes(),
        kernel.lds_bytes(), kernel.scratch_bytes());
  return ECLIP_OK;
}

eclip_status Executable::load(const fb::Schedule &schedule, Error &error) {
  const Api &api = device.api;
  const auto &objects = *schedule.code_objects();
  if (!readers.allocate(device.memory, objects.size()) ||
      !kernels.allocate(device.memory, schedule.kernels()->size()))
    return error.outOfMemory(objects.size() * 8ull +
                                 schedule.kernels()->size() * 8ull,
                             "the kernels");
  hsa_status_t status = api.hsa_executable_create_alt(
      HSA_PROFILE_FULL, HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT, nullptr,
      &executable);
  if (status != HSA_STATUS_SUCCESS)
    return api.fail(error, status, "hsa_executable_create_alt");
  created = true;
  for (uint32_t i = 0; i < objects.size(); ++i) {
    bool used = false;
    for (const fb::Kernel *kernel : *schedule.kernels())
      used |= kernel->code_object() == i;
    if (!used)
      continue; // possibly for another device
    if (eclip_status result = loadCodeObject(*objects.Get(i), i, error))
      return result;
  }
  status = api.hsa_executable_freeze(executable, nullptr);
  if (status != HSA_STATUS_SUCCESS)
    return api.fail(error, status, "hsa_executable_freeze");
  for (uint32_t i = 0; i < schedule.kernels()->size(); ++i)
    if (eclip_status result =
            findKernel(*schedule.kernels()->Get(i), &kernels[i], error))
      return result;
  return ECLIP_OK;
}
