//===- ExecutableApi.cpp - code object readers and executables ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Runtime.h"

#include <cstring>
#include <sys/stat.h>

using namespace eclip::vgpu;

/// Reads [offset, offset + size) of a file; size 0 means to its end.
static hsa_status_t readFile(int file, size_t offset, size_t size,
                             std::vector<uint8_t> &bytes) {
  struct stat info;
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode))
    return HSA_STATUS_ERROR_INVALID_FILE;
  size_t length = size_t(info.st_size);
  if (offset > length || size > length - offset)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  bytes.resize(size ? size : length - offset);
  for (size_t done = 0; done < bytes.size();) {
    ssize_t n = pread(file, bytes.data() + done, bytes.size() - done,
                      off_t(offset + done));
    if (n <= 0)
      return HSA_STATUS_ERROR_INVALID_FILE;
    done += size_t(n);
  }
  return bytes.empty() ? HSA_STATUS_ERROR_INVALID_FILE : HSA_STATUS_SUCCESS;
}

hsa_status_t eclip::vgpu::createReader(int file, size_t offset, size_t size,
                                       hsa_code_object_reader_t *out) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!out)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  auto reader = std::make_unique<CodeReader>();
  hsa_status_t status = readFile(file, offset, size, reader->owned);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  reader->bytes = reader->owned.data();
  reader->size = reader->owned.size();
  reader->file = file;
  std::lock_guard lock(rt->executables.mutex);
  out->handle = reinterpret_cast<uint64_t>(reader.get());
  rt->executables.readers.insert(reader.release());
  return HSA_STATUS_SUCCESS;
}

extern "C" {

hsa_status_t
hsa_code_object_reader_create_from_file(hsa_file_t file,
                                        hsa_code_object_reader_t *reader) {
  return createReader(file, 0, 0, reader);
}

hsa_status_t
hsa_code_object_reader_create_from_memory(const void *code_object, size_t size,
                                          hsa_code_object_reader_t *reader) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!code_object || size == 0 || !reader)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  auto r = std::make_unique<CodeReader>();
  r->bytes = static_cast<const uint8_t *>(code_object);
  r->size = size;
  std::lock_guard lock(rt->executables.mutex);
  reader->handle = reinterpret_cast<uint64_t>(r.get());
  rt->executables.readers.insert(r.release());
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_code_object_reader_destroy(hsa_code_object_reader_t reader) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  std::lock_guard lock(rt->executables.mutex);
  CodeReader *r = rt->executables.find(reader);
  if (!r)
    return HSA_STATUS_ERROR_INVALID_CODE_OBJECT_READER;
  rt->executables.readers.erase(r);
  delete r;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t
hsa_executable_create_alt(hsa_profile_t profile,
                          hsa_default_float_rounding_mode_t rounding,
                          const char *options, hsa_executable_t *executable) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!executable || profile > HSA_PROFILE_FULL ||
      rounding > HSA_DEFAULT_FLOAT_ROUNDING_MODE_NEAR)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  auto e = std::make_unique<Executable>();
  e->profile = profile;
  e->rounding = rounding;
  std::lock_guard lock(rt->executables.mutex);
  Executable *key = e.get();
  rt->executables.executables.emplace(key, std::move(e));
  executable->handle = reinterpret_cast<uint64_t>(key);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_executable_create(hsa_profile_t profile,
                                   hsa_executable_state_t state,
                                   const char *options,
                                   hsa_executable_t *executable) {
  if (state > HSA_EXECUTABLE_STATE_FROZEN)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  hsa_status_t status = hsa_executable_create_alt(
      profile, HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT, options, executable);
  if (status == HSA_STATUS_SUCCESS && state == HSA_EXECUTABLE_STATE_FROZEN)
    status = hsa_executable_freeze(*executable, nullptr);
  return status;
}

} // extern "C"

/// What every call on an executable begins with; holds the table's lock.
namespace {
struct Access {
  Runtime *rt = Runtime::get();
  std::unique_lock<std::recursive_mutex> lock;
  Executable *executable = nullptr;
  hsa_status_t status = HSA_STATUS_ERROR_NOT_INITIALIZED;

  explicit Access(hsa_executable_t handle) {
    if (!rt)
      return;
    lock = std::unique_lock(rt->executables.mutex);
    executable = rt->executables.find(handle);
    status =
        executable ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_INVALID_EXECUTABLE;
  }
  explicit operator bool() const { return executable != nullptr; }
};
} // namespace

extern "C" {

hsa_status_t hsa_executable_destroy(hsa_executable_t executable) {
  Access a(executable);
  if (a)
    a.rt->executables.executables.erase(a.executable);
  return a.status;
}

hsa_status_t hsa_executable_load_agent_code_object(
    hsa_executable_t executable, hsa_agent_t agent,
    hsa_code_object_reader_t reader, const char *options,
    hsa_loaded_code_object_t *loaded_code_object) {
  Access a(executable);
  if (!a)
    return a.status;
  if (a.executable->frozen)
    return HSA_STATUS_ERROR_FROZEN_EXECUTABLE;
  if (!isGpu(agent))
    return isCpu(agent) ? HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS
                        : HSA_STATUS_ERROR_INVALID_AGENT;
  CodeReader *r = a.rt->executables.find(reader);
  if (!r)
    return HSA_STATUS_ERROR_INVALID_CODE_OBJECT_READER;
  LoadedCodeObject *loaded = nullptr;
  hsa_status_t status = a.rt->executables.load(*a.executable, *r, loaded);
  if (status == HSA_STATUS_SUCCESS && loaded_code_object)
    loaded_code_object->handle = reinterpret_cast<uint64_t>(loaded);
  return status;
}

hsa_status_t hsa_executable_freeze(hsa_executable_t executable,
                                   const char *options) {
  Access a(executable);
  if (!a)
    return a.status;
  if (a.executable->frozen)
    return HSA_STATUS_ERROR_FROZEN_EXECUTABLE;
  a.executable->frozen = true;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_executable_get_info(hsa_executable_t executable,
                                     hsa_executable_info_t attribute,
                                     void *value) {
  Access a(executable);
  if (!a)
    return a.status;
  if (!value)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  switch (attribute) {
  case HSA_EXECUTABLE_INFO_PROFILE:
    *static_cast<hsa_profile_t *>(value) = a.executable->profile;
    return HSA_STATUS_SUCCESS;
  case HSA_EXECUTABLE_INFO_STATE:
    *static_cast<hsa_executable_state_t *>(value) =
        a.executable->frozen ? HSA_EXECUTABLE_STATE_FROZEN
                             : HSA_EXECUTABLE_STATE_UNFROZEN;
    return HSA_STATUS_SUCCESS;
  case HSA_EXECUTABLE_INFO_DEFAULT_FLOAT_ROUNDING_MODE:
    *static_cast<hsa_default_float_rounding_mode_t *>(value) =
        a.executable->rounding;
    return HSA_STATUS_SUCCESS;
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

static hsa_status_t define(hsa_executable_t executable, const char *name,
                           void *address) {
  Access a(executable);
  if (!a)
    return a.status;
  if (!name || !address)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (a.executable->frozen)
    return HSA_STATUS_ERROR_FROZEN_EXECUTABLE;
  if (a.executable->byName.contains(name) ||
      !a.executable->external.emplace(name, reinterpret_cast<uint64_t>(address))
           .second)
    return HSA_STATUS_ERROR_VARIABLE_ALREADY_DEFINED;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_executable_global_variable_define(hsa_executable_t executable,
                                                   const char *variable_name,
                                                   void *address) {
  return define(executable, variable_name, address);
}

hsa_status_t hsa_executable_agent_global_variable_define(
    hsa_executable_t executable, hsa_agent_t agent, const char *variable_name,
    void *address) {
  if (!isGpu(agent))
    return HSA_STATUS_ERROR_INVALID_AGENT;
  return define(executable, variable_name, address);
}

hsa_status_t hsa_executable_readonly_variable_define(
    hsa_executable_t executable, hsa_agent_t agent, const char *variable_name,
    void *address) {
  if (!isGpu(agent))
    return HSA_STATUS_ERROR_INVALID_AGENT;
  return define(executable, variable_name, address);
}

hsa_status_t hsa_executable_validate_alt(hsa_executable_t executable,
                                         const char *options,
                                         uint32_t *result) {
  Access a(executable);
  if (!a)
    return a.status;
  if (!result)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  *result = 0; // what would not validate was refused when it was loaded
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_executable_validate(hsa_executable_t executable,
                                     uint32_t *result) {
  return hsa_executable_validate_alt(executable, nullptr, result);
}

hsa_status_t hsa_executable_get_symbol_by_name(
    hsa_executable_t executable, const char *symbol_name,
    const hsa_agent_t *agent, hsa_executable_symbol_t *symbol) {
  Access a(executable);
  if (!a)
    return a.status;
  if (!symbol_name || !symbol)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (agent && !isGpu(*agent))
    return HSA_STATUS_ERROR_INVALID_AGENT;
  auto it = a.executable->byName.find(symbol_name);
  if (it == a.executable->byName.end())
    return HSA_STATUS_ERROR_INVALID_SYMBOL_NAME;
  symbol->handle = reinterpret_cast<uint64_t>(it->second);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_executable_get_symbol(hsa_executable_t executable,
                                       const char *module_name,
                                       const char *symbol_name,
                                       hsa_agent_t agent,
                                       int32_t call_convention,
                                       hsa_executable_symbol_t *symbol) {
  if (module_name && *module_name)
    return HSA_STATUS_ERROR_INVALID_SYMBOL_NAME;
  return hsa_executable_get_symbol_by_name(executable, symbol_name, &agent,
                                           symbol);
}

hsa_status_t hsa_executable_iterate_agent_symbols(
    hsa_executable_t executable, hsa_agent_t agent,
    hsa_status_t (*callback)(hsa_executable_t, hsa_agent_t,
                             hsa_executable_symbol_t, void *),
    void *data) {
  Access a(executable);
  if (!a)
    return a.status;
  if (!callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (!isGpu(agent))
    return HSA_STATUS_ERROR_INVALID_AGENT;
  for (auto &s : a.executable->symbols) {
    hsa_status_t status = callback(executable, agent,
                                   {reinterpret_cast<uint64_t>(s.get())}, data);
    if (status != HSA_STATUS_SUCCESS)
      return status;
  }
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_executable_iterate_symbols(
    hsa_executable_t executable,
    hsa_status_t (*callback)(hsa_executable_t, hsa_executable_symbol_t, void *),
    void *data) {
  Access a(executable);
  if (!a)
    return a.status;
  if (!callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  for (auto &s : a.executable->symbols) {
    hsa_status_t status =
        callback(executable, {reinterpret_cast<uint64_t>(s.get())}, data);
    if (status != HSA_STATUS_SUCCESS)
      return status;
  }
  return HSA_STATUS_SUCCESS;
}

/// Program allocation does not exist in code objects of version 4 and later, so
/// there is nothing to visit.
hsa_status_t hsa_executable_iterate_program_symbols(
    hsa_executable_t executable,
    hsa_status_t (*callback)(hsa_executable_t, hsa_executable_symbol_t, void *),
    void *data) {
  Access a(executable);
  if (!a)
    return a.status;
  return callback ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

} // extern "C"

template <class T> static hsa_status_t give(void *value, T what) {
  memcpy(value, &what, sizeof what);
  return HSA_STATUS_SUCCESS;
}

static hsa_status_t kernelInfo(const Symbol &s,
                               hsa_executable_symbol_info_t attribute,
                               void *value) {
  if (!s.kernel)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  const KernelImage &image = s.kernel->image;
  switch (attribute) {
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_OBJECT:
    return give<uint64_t>(value, s.address);
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_SIZE:
    return give<uint32_t>(value, image.kernargBytes);
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_ALIGNMENT:
    return give<uint32_t>(value, 16);
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_GROUP_SEGMENT_SIZE:
    return give<uint32_t>(value, image.ldsBytes);
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_PRIVATE_SEGMENT_SIZE:
    return give<uint32_t>(value, image.scratchBytes);
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_DYNAMIC_CALLSTACK:
    return give<bool>(value, image.properties >> 11 & 1);
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_CALL_CONVENTION:
    return give<uint32_t>(value, 0);
  default:
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
}

static hsa_status_t variableInfo(const Symbol &s,
                                 hsa_executable_symbol_info_t attribute,
                                 void *value) {
  if (s.kernel)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  switch (attribute) {
  case HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_ADDRESS:
    return give<uint64_t>(value, s.address);
  case HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_ALLOCATION:
    return give(value, HSA_VARIABLE_ALLOCATION_AGENT);
  case HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_SEGMENT:
    return give(value, s.isConst ? HSA_VARIABLE_SEGMENT_READONLY
                                 : HSA_VARIABLE_SEGMENT_GLOBAL);
  case HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_ALIGNMENT:
    // ELF symbols have none; what the address shows, at most a cache line.
    return give<uint32_t>(
        value, uint32_t(std::min<uint64_t>(64, s.address & (~s.address + 1))));
  case HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_SIZE:
    return give<uint32_t>(value, uint32_t(s.size));
  case HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_IS_CONST:
    return give<bool>(value, s.isConst);
  default:
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
}

extern "C" hsa_status_t
hsa_executable_symbol_get_info(hsa_executable_symbol_t executable_symbol,
                               hsa_executable_symbol_info_t attribute,
                               void *value) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!value)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  std::lock_guard lock(rt->executables.mutex);
  Symbol *s = rt->executables.find(executable_symbol);
  if (!s)
    return HSA_STATUS_ERROR_INVALID_EXECUTABLE_SYMBOL;
  switch (attribute) {
  case HSA_EXECUTABLE_SYMBOL_INFO_TYPE:
    return give(value,
                s->kernel ? HSA_SYMBOL_KIND_KERNEL : HSA_SYMBOL_KIND_VARIABLE);
  case HSA_EXECUTABLE_SYMBOL_INFO_NAME_LENGTH:
    return give<uint32_t>(value, uint32_t(s->name.size()));
  case HSA_EXECUTABLE_SYMBOL_INFO_NAME:
    memcpy(value, s->name.data(), s->name.size());
    return HSA_STATUS_SUCCESS;
  case HSA_EXECUTABLE_SYMBOL_INFO_MODULE_NAME_LENGTH:
    return give<uint32_t>(value, 0);
  case HSA_EXECUTABLE_SYMBOL_INFO_MODULE_NAME:
    return HSA_STATUS_SUCCESS;
  case HSA_EXECUTABLE_SYMBOL_INFO_AGENT:
    return give(value, device::gpuAgent);
  case HSA_EXECUTABLE_SYMBOL_INFO_LINKAGE:
    return give(value, s->global ? HSA_SYMBOL_LINKAGE_PROGRAM
                                 : HSA_SYMBOL_LINKAGE_MODULE);
  case HSA_EXECUTABLE_SYMBOL_INFO_IS_DEFINITION:
    return give<bool>(value, true);
  default:
    return s->kernel ? kernelInfo(*s, attribute, value)
                     : variableInfo(*s, attribute, value);
  }
}
