//===- Memory.h - the device's allocations ----------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All memory that a kernel may touch is registered here. An allocation has its
// own mapping with an inaccessible page before and after it, so an overrun
// never lands in a neighbour; what a kernel may touch ends with the requested
// bytes, not with the page.
//
// A range may be freed while dispatches run (a program's mistake, or a queue
// that was destroyed): it stops being found at once and is unmapped when every
// dispatch that had started before has ended.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_MEMORY_H
#define ECLIP_VGPU_HSA_MEMORY_H

#include "runtime/vgpu/exec/Executor.h"
#include "runtime/vgpu/hsa/Hsa.h"

#include <map>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

namespace eclip::vgpu {

/// Pools and regions share their handles.
enum class PoolId : uint64_t {
  None = 0,
  SystemFine = 0x4001,
  SystemKernarg = 0x4002,
  SystemCoarse = 0x4003,
  Local = 0x4004,
  Group = 0x4005
};

enum class MemoryKind {
  Pool,    ///< from a pool or region; the checking mode watches these
  Code,    ///< a segment of a loaded code object
  Runtime, ///< queues and signals
  Locked   ///< host memory that the program made accessible
};

struct Allocation {
  uint64_t id = 0; ///< counts from 1; for messages
  uint64_t begin = 0, end = 0;
  MemoryKind kind = MemoryKind::Pool;
  PoolId pool = PoolId::None;
  bool gpuAccess = false;
  bool gpuWritable = true;
  unsigned locks = 0; ///< Locked only: how often
  void *userData = nullptr;
  struct Callback {
    hsa_amd_deallocation_callback_t call;
    void *data;
  };
  std::vector<Callback> callbacks;
  void *mapping = nullptr; ///< with the guard pages; null if not ours to unmap
  size_t mappingBytes = 0;
};

class MemoryRegistry final : public MemoryMap {
public:
  MemoryRegistry() = default;
  ~MemoryRegistry() override;

  /// Page-aligned, zeroed memory of `bytes` (> 0). Null if the host or the
  /// modelled memory of the pool has none left.
  void *allocate(size_t bytes, MemoryKind kind, PoolId pool, bool gpuAccess);
  /// False if `pointer` is not the start of an allocation of `kind`.
  bool free(void *pointer, MemoryKind kind);

  /// Registers memory that somebody else maps: host memory or segments.
  void add(uint64_t begin, uint64_t bytes, MemoryKind kind, bool writable);
  bool remove(uint64_t begin, MemoryKind kind);
  /// Unmaps what add()ed ranges lay in, once no dispatch can use it.
  void unmap(void *mapping, size_t bytes);
  bool lock(void *pointer, size_t bytes);
  bool unlock(void *pointer);

  Range find(uint64_t address) const override;
  /// Copies out what is known about the allocation that holds `address`.
  bool info(uint64_t address, Allocation &out) const;
  /// Whether [address, address + bytes) lies in one allocation.
  bool contains(const void *address, size_t bytes) const;
  /// False only if the range starts in an allocation and runs out of it.
  bool staysInside(const void *address, size_t bytes) const;
  bool allowGpu(const void *pointer, bool allow);
  bool setUserData(const void *pointer, void *data);
  bool addCallback(void *pointer, Allocation::Callback callback);
  bool removeCallback(void *pointer, hsa_amd_deallocation_callback_t call);

  /// Why an access to an address is refused; empty if it is not.
  std::string explainMiss(uint64_t address) const;
  /// The last address on the calling thread that find() had nothing for, or
  /// only memory that may not be written.
  static uint64_t lastMiss();
  static void clearMiss();

  /// A dispatch begins or ends: keeps freed ranges mapped while it runs.
  uint64_t enterDispatch();
  void leaveDispatch(uint64_t ticket);

private:
  struct Zombie {
    uint64_t ticket;
    void *mapping;
    size_t bytes;
  };
  const Allocation *lookup(uint64_t address) const;
  void dispose(void *mapping, size_t bytes);

  mutable std::shared_mutex mutex;
  std::map<uint64_t, Allocation> live;   ///< by begin; they do not overlap
  std::map<uint64_t, Allocation> locked; ///< by begin; these may overlap
  uint64_t nextId = 1;
  uint64_t localBytes = 0;
  std::multiset<uint64_t> running; ///< tickets of dispatches
  uint64_t nextTicket = 1;
  std::vector<Zombie> zombies;
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_MEMORY_H
