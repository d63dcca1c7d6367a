//===- Runtime.h - what hsa_init makes --------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_RUNTIME_H
#define ECLIP_VGPU_HSA_RUNTIME_H

#include "runtime/vgpu/hsa/Checker.h"
#include "runtime/vgpu/hsa/CopyEngine.h"
#include "runtime/vgpu/hsa/Dispatcher.h"
#include "runtime/vgpu/hsa/Executable.h"
#include "runtime/vgpu/hsa/Memory.h"
#include "runtime/vgpu/hsa/PacketProcessor.h"
#include "runtime/vgpu/hsa/Queue.h"
#include "runtime/vgpu/hsa/Signal.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

namespace eclip::vgpu {

/// One line on stderr that begins with "eclip-vgpu: ".
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Everything between hsa_init and the matching hsa_shut_down. Members are
/// destroyed in reverse order: whoever uses another comes after it.
class Runtime {
public:
  /// Null when the library is not initialized. The program may not call
  /// hsa_shut_down while another of its threads is inside the library.
  static Runtime *get() { return current.load(std::memory_order_acquire); }

  static hsa_status_t init();
  static hsa_status_t shutDown();

  MemoryRegistry memory;
  SignalTable signals{memory};
  /// Rung at doorbells, at every change of a signal and every completion; the
  /// packet processor, waiting host threads and the handlers sleep on it.
  EventCount event;
  Checker checker{memory};
  Counters counters;
  ExecutableTable executables;
  AsyncHandlers handlers;
  Dispatcher dispatcher{memory, counters};
  PacketProcessor processor;
  CopyEngine copies;
  CuMask cuMask = allCus; ///< HSA_CU_MASK
  std::atomic<bool> timeCopies{false};

  // The program's queues, by handle.
  std::shared_mutex queueMutex;
  std::map<const hsa_queue_t *, std::shared_ptr<Queue>> queues;
  std::map<const hsa_queue_t *, void *> softQueues; ///< and their rings
  uint64_t nextQueueId = 0;
  std::shared_ptr<Queue> findQueue(const hsa_queue_t *handle);

  // hsa_amd_register_system_event_handler.
  std::mutex eventMutex;
  hsa_amd_system_event_callback_t systemEvent = nullptr;
  void *systemEventData = nullptr;
  void memoryFault(uint64_t address);

private:
  Runtime();
  ~Runtime();
  static std::atomic<Runtime *> current;
  unsigned references = 1;
};

/// A code object reader over a part of a file; size 0 means to its end.
hsa_status_t createReader(int file, size_t offset, size_t size,
                          hsa_code_object_reader_t *reader);

/// Fills the AMD loader's function table: version 1, `bytes` of it.
void fillLoaderTable(void *table, size_t bytes);

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_RUNTIME_H
