//===- Executable.cpp - loaded code ---------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Executable.h"
#include "runtime/vgpu/hsa/Runtime.h"

#include <algorithm>
#include <elf.h>
#include <sys/mman.h>

using namespace eclip::vgpu;

std::shared_ptr<const Program> Kernel::program(std::string &error) const {
  std::lock_guard lock(mutex);
  if (!decoded) {
    code = decodeProgram(image, decodeError);
    decoded = true;
  }
  error = decodeError;
  return code;
}

Executable::~Executable() {
  Runtime *rt = Runtime::get();
  for (auto &s : symbols)
    if (s->kernel)
      rt->executables.forgetKernel(s->address);
  for (auto &o : objects) {
    for (const auto &r : o->segments)
      rt->memory.remove(r.begin, MemoryKind::Code);
    rt->memory.unmap(o->mapping, o->mappingBytes);
  }
}

ExecutableTable::~ExecutableTable() {
  executables.clear();
  for (CodeReader *r : readers)
    delete r;
}

Executable *ExecutableTable::find(hsa_executable_t handle) {
  auto it = executables.find(reinterpret_cast<Executable *>(handle.handle));
  return it == executables.end() ? nullptr : it->second.get();
}

CodeReader *ExecutableTable::find(hsa_code_object_reader_t handle) {
  auto it = readers.find(reinterpret_cast<CodeReader *>(handle.handle));
  return it == readers.end() ? nullptr : *it;
}

Symbol *ExecutableTable::find(hsa_executable_symbol_t handle) {
  for (auto &[key, executable] : executables)
    for (auto &s : executable->symbols)
      if (reinterpret_cast<uint64_t>(s.get()) == handle.handle)
        return s.get();
  return nullptr;
}

LoadedCodeObject *ExecutableTable::find(hsa_loaded_code_object_t handle) {
  for (auto &[key, executable] : executables)
    for (auto &o : executable->objects)
      if (reinterpret_cast<uint64_t>(o.get()) == handle.handle)
        return o.get();
  return nullptr;
}

std::shared_ptr<const Kernel> ExecutableTable::kernel(uint64_t object) {
  std::lock_guard lock(kernelMutex);
  auto it = kernels.find(object);
  return it == kernels.end() ? nullptr : it->second;
}

void ExecutableTable::forgetKernel(uint64_t object) {
  std::lock_guard lock(kernelMutex);
  kernels.erase(object);
}

static hsa_status_t statusOf(CodeObjectError error) {
  switch (error) {
  case CodeObjectError::None:
    return HSA_STATUS_SUCCESS;
  case CodeObjectError::Malformed:
    return HSA_STATUS_ERROR_INVALID_CODE_OBJECT;
  case CodeObjectError::Incompatible:
    return HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS;
  case CodeObjectError::UndefinedVariable:
    return HSA_STATUS_ERROR_VARIABLE_UNDEFINED;
  case CodeObjectError::OutOfMemory:
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  }
  return HSA_STATUS_ERROR;
}

/// Registers kernels and variables. False if a global name is already taken.
bool ExecutableTable::addSymbols(Executable &executable,
                                 const CodeObject &object,
                                 const LoadedCodeObject &loaded,
                                 std::string &message) {
  uint64_t delta = reinterpret_cast<uint64_t>(loaded.mapping) - object.begin;
  std::vector<std::unique_ptr<Symbol>> found;
  for (uint32_t i = 0; i < object.symbols.size(); ++i) {
    const CodeObject::Symbol &s = object.symbols[i];
    if (!s.defined || s.type != STT_OBJECT || s.name.empty())
      continue;
    auto symbol = std::make_unique<Symbol>();
    symbol->executable = &executable;
    symbol->name = s.name;
    symbol->address = s.value + delta;
    symbol->size = s.size;
    symbol->global = s.binding != STB_LOCAL;
    int segment = object.segmentOf(s.value, s.size);
    symbol->isConst =
        segment >= 0 && !object.segments[size_t(segment)].writable;
    for (const CodeObject::Kernel &k : object.kernels) {
      if (k.symbol != i)
        continue;
      auto kernel = std::make_shared<Kernel>();
      const auto &code = object.segments[k.segment];
      kernel->name = s.name.substr(0, s.name.size() - 3);
      kernel->image.name = kernel->name;
      kernel->image.codeAddress = code.address + delta;
      kernel->image.codeBytes = code.bytes;
      kernel->image.entryAddress = k.entry + delta;
      kernel->image.ldsBytes = k.ldsBytes;
      kernel->image.scratchBytes = k.scratchBytes;
      kernel->image.kernargBytes = k.kernargBytes;
      kernel->image.rsrc1 = k.rsrc1;
      kernel->image.rsrc2 = k.rsrc2;
      kernel->image.properties = k.properties;
      symbol->kernel = std::move(kernel);
    }
    if (executable.byName.contains(symbol->name)) {
      message = "symbol '" + symbol->name + "' is already defined";
      return false;
    }
    found.push_back(std::move(symbol));
  }
  for (auto &symbol : found) {
    executable.byName.emplace(symbol->name, symbol.get());
    if (symbol->kernel) {
      std::lock_guard lock(kernelMutex);
      kernels[symbol->address] = symbol->kernel;
    }
    executable.symbols.push_back(std::move(symbol));
  }
  return true;
}

hsa_status_t ExecutableTable::load(Executable &executable,
                                   const CodeReader &reader,
                                   LoadedCodeObject *&loaded) {
  Runtime *rt = Runtime::get();
  std::string message;
  CodeObject object;
  CodeObjectError error =
      parseCodeObject(reader.bytes, reader.size, object, message);
  if (error != CodeObjectError::None) {
    report("error: code object refused: %s", message.c_str());
    return statusOf(error);
  }
  size_t bytes = object.end - object.begin;
  void *mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED)
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  auto define = [&](std::string_view name) -> uint64_t {
    if (auto it = executable.external.find(name);
        it != executable.external.end())
      return it->second;
    auto it = executable.byName.find(name);
    return it == executable.byName.end() ? 0 : it->second->address;
  };
  error = loadCodeObject(object, mapping, define, message);
  auto item = std::make_unique<LoadedCodeObject>();
  item->executable = &executable;
  item->mapping = mapping;
  item->mappingBytes = bytes;
  item->fileBegin = object.begin;
  item->storage = reader.bytes;
  item->storageBytes = reader.size;
  item->file = reader.file;
  item->uri = "memory://" + std::to_string(getpid()) + "#offset=" +
              std::to_string(reinterpret_cast<uint64_t>(reader.bytes)) +
              "&size=" + std::to_string(reader.size);
  hsa_status_t status = statusOf(error);
  if (error == CodeObjectError::None &&
      !addSymbols(executable, object, *item, message))
    status = HSA_STATUS_ERROR_VARIABLE_ALREADY_DEFINED;
  if (status != HSA_STATUS_SUCCESS) {
    report("error: code object refused: %s", message.c_str());
    munmap(mapping, bytes);
    return status;
  }
  for (const auto &s : object.segments) {
    uint64_t begin =
        reinterpret_cast<uint64_t>(mapping) + (s.address - object.begin);
    rt->memory.add(begin, s.bytes, MemoryKind::Code, s.writable);
    item->segments.push_back({begin, s.bytes});
  }
  loaded = item.get();
  executable.objects.push_back(std::move(item));
  return HSA_STATUS_SUCCESS;
}
