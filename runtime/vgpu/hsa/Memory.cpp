//===- Memory.cpp - the device's allocations ------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Memory.h"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <sys/mman.h>

using namespace eclip::vgpu;

static constexpr size_t pageBytes = 4096;
/// An access this close behind an allocation was probably meant for it.
static constexpr uint64_t nearBytes = uint64_t(1) << 20;

/// What a kernel may touch: compilers read the kernarg segment in whole cache
/// lines; everything else ends with the 4-byte granule of the last byte.
static uint64_t usableBytes(size_t bytes, PoolId pool) {
  uint64_t granule = pool == PoolId::SystemKernarg ? 64 : 4;
  return (uint64_t(bytes) + granule - 1) / granule * granule;
}

MemoryRegistry::~MemoryRegistry() {
  for (auto &[begin, a] : live)
    if (a.mapping)
      munmap(a.mapping, a.mappingBytes);
  for (const Zombie &z : zombies)
    munmap(z.mapping, z.bytes);
}

void *MemoryRegistry::allocate(size_t bytes, MemoryKind kind, PoolId pool,
                               bool gpuAccess) {
  if (bytes == 0 || bytes > device::localMemoryBytes)
    return nullptr;
  size_t body =
      (usableBytes(bytes, pool) + pageBytes - 1) / pageBytes * pageBytes;
  size_t total = body + 2 * pageBytes;
  {
    std::unique_lock lock(mutex);
    if (pool == PoolId::Local) {
      if (localBytes + body > device::localMemoryBytes)
        return nullptr;
      localBytes += body;
    }
  }
  void *mapping = mmap(nullptr, total, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  void *memory = static_cast<char *>(mapping) + pageBytes;
  bool ok = mapping != MAP_FAILED;
  if (ok && mprotect(memory, body, PROT_READ | PROT_WRITE) != 0) {
    munmap(mapping, total);
    ok = false;
  }
  std::unique_lock lock(mutex);
  if (!ok) {
    if (pool == PoolId::Local)
      localBytes -= body;
    return nullptr;
  }
  Allocation a;
  a.id = nextId++;
  a.begin = reinterpret_cast<uint64_t>(memory);
  a.end = a.begin + usableBytes(bytes, pool);
  a.kind = kind;
  a.pool = pool;
  a.gpuAccess = gpuAccess;
  a.mapping = mapping;
  a.mappingBytes = total;
  live.emplace(a.begin, std::move(a));
  return memory;
}

bool MemoryRegistry::free(void *pointer, MemoryKind kind) {
  std::vector<Allocation::Callback> callbacks;
  {
    std::unique_lock lock(mutex);
    auto it = live.find(reinterpret_cast<uint64_t>(pointer));
    if (it == live.end() || it->second.kind != kind)
      return false;
    Allocation a = std::move(it->second);
    live.erase(it);
    if (a.pool == PoolId::Local)
      localBytes -= a.mappingBytes - 2 * pageBytes;
    callbacks = std::move(a.callbacks);
    if (callbacks.empty()) {
      dispose(a.mapping, a.mappingBytes);
      return true;
    }
    // The callbacks may still look at the memory.
    lock.unlock();
    for (const auto &c : callbacks)
      c.call(pointer, c.data);
    lock.lock();
    dispose(a.mapping, a.mappingBytes);
  }
  return true;
}

void MemoryRegistry::dispose(void *mapping, size_t bytes) {
  if (!mapping)
    return;
  if (running.empty())
    munmap(mapping, bytes);
  else
    zombies.push_back({nextTicket, mapping, bytes});
}

void MemoryRegistry::add(uint64_t begin, uint64_t bytes, MemoryKind kind,
                         bool writable) {
  std::unique_lock lock(mutex);
  Allocation a;
  a.id = nextId++;
  a.begin = begin;
  a.end = begin + bytes;
  a.kind = kind;
  a.gpuAccess = true;
  a.gpuWritable = writable;
  live.emplace(begin, std::move(a));
}

bool MemoryRegistry::remove(uint64_t begin, MemoryKind kind) {
  std::unique_lock lock(mutex);
  auto it = live.find(begin);
  if (it == live.end() || it->second.kind != kind)
    return false;
  live.erase(it);
  return true;
}

void MemoryRegistry::unmap(void *mapping, size_t bytes) {
  std::unique_lock lock(mutex);
  dispose(mapping, bytes);
}

bool MemoryRegistry::lock(void *pointer, size_t bytes) {
  std::unique_lock guard(mutex);
  uint64_t begin = reinterpret_cast<uint64_t>(pointer);
  if (begin + bytes < begin)
    return false;
  Allocation &a = locked[begin];
  if (a.locks++ == 0) {
    a.id = nextId++;
    a.begin = begin;
    a.kind = MemoryKind::Locked;
    a.gpuAccess = true;
  }
  a.end = std::max(a.end, begin + bytes);
  return true;
}

bool MemoryRegistry::unlock(void *pointer) {
  std::unique_lock guard(mutex);
  auto it = locked.find(reinterpret_cast<uint64_t>(pointer));
  if (it == locked.end())
    return false;
  if (--it->second.locks == 0)
    locked.erase(it);
  return true;
}

/// Under the lock. Of overlapping locked ranges, one that holds the address.
const Allocation *MemoryRegistry::lookup(uint64_t address) const {
  auto it = live.upper_bound(address);
  if (it != live.begin() && address < std::prev(it)->second.end)
    return &std::prev(it)->second;
  for (auto l = locked.begin(); l != locked.end() && l->first <= address; ++l)
    if (address < l->second.end)
      return &l->second;
  return nullptr;
}

static thread_local uint64_t missed = 0;

uint64_t MemoryRegistry::lastMiss() { return missed; }
void MemoryRegistry::clearMiss() { missed = 0; }

MemoryMap::Range MemoryRegistry::find(uint64_t address) const {
  std::shared_lock lock(mutex);
  const Allocation *a = lookup(address);
  if (!a || !a->gpuAccess) {
    missed = address;
    return {};
  }
  if (!a->gpuWritable)
    missed = address; // if the executor refuses a write, it was here
  return {a->begin, a->end, a->gpuWritable};
}

bool MemoryRegistry::info(uint64_t address, Allocation &out) const {
  std::shared_lock lock(mutex);
  const Allocation *a = lookup(address);
  if (a)
    out = *a;
  return a != nullptr;
}

bool MemoryRegistry::contains(const void *address, size_t bytes) const {
  std::shared_lock lock(mutex);
  uint64_t begin = reinterpret_cast<uint64_t>(address);
  const Allocation *a = lookup(begin);
  return a && bytes <= a->end - begin;
}

bool MemoryRegistry::staysInside(const void *address, size_t bytes) const {
  std::shared_lock lock(mutex);
  uint64_t begin = reinterpret_cast<uint64_t>(address);
  const Allocation *a = lookup(begin);
  return !a || bytes <= a->end - begin;
}

bool MemoryRegistry::allowGpu(const void *pointer, bool allow) {
  std::unique_lock lock(mutex);
  auto it = live.find(reinterpret_cast<uint64_t>(pointer));
  if (it == live.end() || it->second.kind != MemoryKind::Pool)
    return false;
  // The device's own memory stays accessible to it.
  it->second.gpuAccess = allow || it->second.pool == PoolId::Local;
  return true;
}

bool MemoryRegistry::setUserData(const void *pointer, void *data) {
  std::unique_lock lock(mutex);
  Allocation *a =
      const_cast<Allocation *>(lookup(reinterpret_cast<uint64_t>(pointer)));
  if (a)
    a->userData = data;
  return a != nullptr;
}

bool MemoryRegistry::addCallback(void *pointer, Allocation::Callback callback) {
  std::unique_lock lock(mutex);
  auto it = live.find(reinterpret_cast<uint64_t>(pointer));
  if (it == live.end() || it->second.kind != MemoryKind::Pool)
    return false;
  it->second.callbacks.push_back(callback);
  return true;
}

bool MemoryRegistry::removeCallback(void *pointer,
                                    hsa_amd_deallocation_callback_t call) {
  std::unique_lock lock(mutex);
  auto it = live.find(reinterpret_cast<uint64_t>(pointer));
  if (it == live.end())
    return false;
  auto &list = it->second.callbacks;
  for (auto c = list.begin(); c != list.end(); ++c)
    if (c->call == call) {
      list.erase(c);
      return true;
    }
  return false;
}

std::string MemoryRegistry::explainMiss(uint64_t address) const {
  std::shared_lock lock(mutex);
  char text[256];
  if (const Allocation *a = lookup(address)) {
    if (a->gpuAccess && a->gpuWritable)
      return {};
    if (a->gpuAccess)
      return "the memory there is read-only";
    snprintf(text, sizeof text,
             "allocation #%llu of %llu bytes there belongs to the host: "
             "hsa_amd_agents_allow_access was not called with the GPU agent",
             (unsigned long long)a->id,
             (unsigned long long)(a->end - a->begin));
    return text;
  }
  auto it = live.upper_bound(address);
  if (it != live.begin()) {
    const Allocation &a = std::prev(it)->second;
    if (address - a.end < nearBytes) {
      snprintf(
          text, sizeof text,
          "that is %llu bytes past the end of allocation #%llu (%llu bytes at "
          "0x%llx)",
          (unsigned long long)(address - a.end), (unsigned long long)a.id,
          (unsigned long long)(a.end - a.begin), (unsigned long long)a.begin);
      return text;
    }
  }
  return "no allocation is there";
}

uint64_t MemoryRegistry::enterDispatch() {
  std::unique_lock lock(mutex);
  uint64_t ticket = nextTicket++;
  running.insert(ticket);
  return ticket;
}

void MemoryRegistry::leaveDispatch(uint64_t ticket) {
  std::unique_lock lock(mutex);
  running.erase(running.find(ticket));
  uint64_t oldest = running.empty() ? UINT64_MAX : *running.begin();
  std::erase_if(zombies, [&](const Zombie &z) {
    // Dispatches that started before the free have tickets below the zombie's.
    if (oldest < z.ticket)
      return false;
    munmap(z.mapping, z.bytes);
    return true;
  });
}
