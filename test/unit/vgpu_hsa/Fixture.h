//===- Fixture.h - a program that uses the virtual GPU ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything here goes through the library's C API, as any HSA program would.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_VGPU_HSA_FIXTURE_H
#define ECLIP_TEST_VGPU_HSA_FIXTURE_H

#include "runtime/vgpu/hsa/eclip_vgpu.h"

#include <gtest/gtest.h>
#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>
#include <hsa/hsa_ven_amd_loader.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

#define ASSERT_OK(call) ASSERT_EQ(call, HSA_STATUS_SUCCESS)
#define EXPECT_OK(call) EXPECT_EQ(call, HSA_STATUS_SUCCESS)

namespace vgpu_test {

inline std::vector<char> readCodeObject() {
  std::ifstream in(ECLIP_TEST_CODE_OBJECT, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Arguments of every kernel in kernels.s: up to two pointers and a value.
struct Arguments {
  std::vector<void *> pointers;
  uint32_t value = 0;
};

/// A queue with the calls a producer needs. All packets get system-scope
/// fences.
struct TestQueue {
  hsa_queue_t *queue = nullptr;
  uint64_t next = 0;

  void *slot(uint64_t index) const {
    return static_cast<char *>(queue->base_address) +
           (index % queue->size) * 64;
  }
  /// Writes the body, publishes the header, and rings the doorbell if asked to.
  template <class Packet>
  uint64_t write(Packet packet, unsigned type, bool barrierBit, bool ring) {
    uint64_t index = hsa_queue_add_write_index_relaxed(queue, 1);
    while (index - hsa_queue_load_read_index_scacquire(queue) >= queue->size)
      ;
    uint16_t header = uint16_t(type << HSA_PACKET_HEADER_TYPE);
    header |= uint16_t(barrierBit) << HSA_PACKET_HEADER_BARRIER;
    header |= HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCACQUIRE_FENCE_SCOPE;
    header |= HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCRELEASE_FENCE_SCOPE;
    char *to = static_cast<char *>(slot(index));
    memcpy(to + 4, reinterpret_cast<char *>(&packet) + 4, 60);
    uint32_t word;
    memcpy(&word, &packet, 4);
    word = (word & 0xffff0000u) | header;
    __atomic_store_n(reinterpret_cast<uint32_t *>(to), word, __ATOMIC_RELEASE);
    next = index + 1;
    if (ring)
      hsa_signal_store_screlease(queue->doorbell_signal, int64_t(index));
    return index;
  }
  uint64_t barrierAnd(std::vector<hsa_signal_t> deps, hsa_signal_t completion,
                      bool barrierBit = true, bool ring = true) {
    return barrier(HSA_PACKET_TYPE_BARRIER_AND, deps, completion, barrierBit,
                   ring);
  }
  uint64_t barrierOr(std::vector<hsa_signal_t> deps, hsa_signal_t completion,
                     bool barrierBit = true, bool ring = true) {
    return barrier(HSA_PACKET_TYPE_BARRIER_OR, deps, completion, barrierBit,
                   ring);
  }
  uint64_t barrier(unsigned type, const std::vector<hsa_signal_t> &deps,
                   hsa_signal_t completion, bool barrierBit, bool ring) {
    hsa_barrier_and_packet_t p{};
    for (size_t i = 0; i < deps.size(); ++i)
      p.dep_signal[i] = deps[i];
    p.completion_signal = completion;
    return write(p, type, barrierBit, ring);
  }
};

inline constexpr hsa_signal_t noSignal{0};

class Device : public testing::Test {
protected:
  hsa_agent_t cpu{}, gpu{};
  hsa_amd_memory_pool_t local{}, kernarg{}, fine{};
  hsa_executable_t executable{};
  std::vector<char> code;
  std::vector<hsa_queue_t *> queues;
  std::vector<hsa_signal_t> signals;
  std::mutex errorMutex; ///< the library calls back on a thread of its own
  std::vector<std::string> errors; ///< status names of queue callbacks
  std::vector<void *> memory;

  void SetUp() override { open(); }
  void TearDown() override { close(); }

  void open() {
    ASSERT_OK(hsa_init());
    ASSERT_OK(hsa_iterate_agents(
        [](hsa_agent_t agent, void *data) {
          auto *self = static_cast<Device *>(data);
          hsa_device_type_t type;
          hsa_agent_get_info(agent, HSA_AGENT_INFO_DEVICE, &type);
          (type == HSA_DEVICE_TYPE_GPU ? self->gpu : self->cpu) = agent;
          return HSA_STATUS_SUCCESS;
        },
        this));
    auto pool = [](hsa_amd_memory_pool_t p, void *data) {
      auto *self = static_cast<Device *>(data);
      uint32_t flags = 0;
      hsa_amd_segment_t segment;
      hsa_amd_memory_pool_get_info(p, HSA_AMD_MEMORY_POOL_INFO_SEGMENT,
                                   &segment);
      hsa_amd_memory_pool_get_info(p, HSA_AMD_MEMORY_POOL_INFO_GLOBAL_FLAGS,
                                   &flags);
      if (segment != HSA_AMD_SEGMENT_GLOBAL)
        return HSA_STATUS_SUCCESS;
      if (flags & HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_KERNARG_INIT)
        self->kernarg = p;
      else if (flags & HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_FINE_GRAINED)
        self->fine = p;
      else
        self->local = p;
      return HSA_STATUS_SUCCESS;
    };
    ASSERT_OK(hsa_amd_agent_iterate_memory_pools(cpu, pool, this));
    ASSERT_OK(hsa_amd_agent_iterate_memory_pools(gpu, pool, this));
    code = readCodeObject();
    ASSERT_FALSE(code.empty());
    hsa_code_object_reader_t reader;
    ASSERT_OK(hsa_code_object_reader_create_from_memory(code.data(),
                                                        code.size(), &reader));
    ASSERT_OK(hsa_executable_create_alt(HSA_PROFILE_BASE,
                                        HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT,
                                        nullptr, &executable));
    ASSERT_OK(hsa_executable_load_agent_code_object(executable, gpu, reader,
                                                    nullptr, nullptr));
    ASSERT_OK(hsa_executable_freeze(executable, nullptr));
    ASSERT_OK(hsa_code_object_reader_destroy(reader));
  }

  void close() {
    for (hsa_queue_t *q : queues)
      hsa_queue_destroy(q);
    for (hsa_signal_t s : signals)
      hsa_signal_destroy(s);
    for (void *p : memory)
      EXPECT_OK(hsa_amd_memory_pool_free(p));
    EXPECT_OK(hsa_executable_destroy(executable));
    EXPECT_OK(hsa_shut_down());
    queues.clear();
    signals.clear();
    memory.clear();
  }

  TestQueue makeQueue(uint32_t size = 64,
                      uint32_t type = HSA_QUEUE_TYPE_MULTI) {
    TestQueue q;
    hsa_status_t status = hsa_queue_create(
        gpu, size, type,
        [](hsa_status_t s, hsa_queue_t *, void *data) {
          const char *text = "?";
          hsa_status_string(s, &text);
          auto *self = static_cast<Device *>(data);
          std::lock_guard lock(self->errorMutex);
          self->errors.push_back(text);
        },
        this, UINT32_MAX, UINT32_MAX, &q.queue);
    EXPECT_EQ(status, HSA_STATUS_SUCCESS);
    queues.push_back(q.queue);
    return q;
  }
  std::vector<std::string> takeErrors() {
    std::lock_guard lock(errorMutex);
    return std::move(errors);
  }
  size_t errorCount() {
    std::lock_guard lock(errorMutex);
    return errors.size();
  }
  hsa_signal_t makeSignal(int64_t value = 1) {
    hsa_signal_t s{};
    EXPECT_OK(hsa_signal_create(value, 0, nullptr, &s));
    signals.push_back(s);
    return s;
  }
  uint32_t *alloc(size_t dwords) {
    void *p = nullptr;
    EXPECT_OK(hsa_amd_memory_pool_allocate(local, dwords * 4, 0, &p));
    EXPECT_OK(hsa_amd_agents_allow_access(1, &cpu, nullptr, p));
    memory.push_back(p);
    return static_cast<uint32_t *>(p);
  }
  void *makeArguments(const Arguments &a) {
    void *p = nullptr;
    EXPECT_OK(hsa_amd_memory_pool_allocate(kernarg, 64, 0, &p));
    EXPECT_OK(hsa_amd_agents_allow_access(1, &gpu, nullptr, p));
    memory.push_back(p);
    char *at = static_cast<char *>(p);
    for (void *pointer : a.pointers) {
      memcpy(at, &pointer, 8);
      at += 8;
    }
    memcpy(at, &a.value, 4);
    return p;
  }
  uint64_t kernelObject(const char *name) {
    hsa_executable_symbol_t symbol;
    uint64_t object = 0;
    std::string full = std::string(name) + ".kd";
    EXPECT_OK(hsa_executable_get_symbol_by_name(executable, full.c_str(), &gpu,
                                                &symbol));
    EXPECT_OK(hsa_executable_symbol_get_info(
        symbol, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_OBJECT, &object));
    return object;
  }
  hsa_kernel_dispatch_packet_t packet(const char *kernel, const Arguments &a,
                                      uint32_t workgroups,
                                      hsa_signal_t completion) {
    hsa_kernel_dispatch_packet_t p{};
    p.setup = 1;
    p.workgroup_size_x = 64;
    p.workgroup_size_y = p.workgroup_size_z = 1;
    p.grid_size_x = workgroups * 64;
    p.grid_size_y = p.grid_size_z = 1;
    p.kernel_object = kernelObject(kernel);
    p.kernarg_address = makeArguments(a);
    p.completion_signal = completion;
    return p;
  }
  uint64_t dispatch(TestQueue &q, const char *kernel, const Arguments &a,
                    uint32_t workgroups = 1, hsa_signal_t completion = noSignal,
                    bool barrierBit = true, bool ring = true) {
    return q.write(packet(kernel, a, workgroups, completion),
                   HSA_PACKET_TYPE_KERNEL_DISPATCH, barrierBit, ring);
  }
  /// Waits until the signal is below 1; the value then, or INT64_MAX after 60
  /// s.
  int64_t wait(hsa_signal_t s) {
    int64_t value = hsa_signal_wait_scacquire(
        s, HSA_SIGNAL_CONDITION_LT, 1, 60'000'000'000u, HSA_WAIT_STATE_BLOCKED);
    return value < 1 ? value : INT64_MAX;
  }
  eclip_vgpu_counters_t counters() {
    eclip_vgpu_counters_t c{};
    c.struct_bytes = sizeof c;
    EXPECT_OK(eclip_vgpu_get_counters(&c));
    return c;
  }
  struct FindingCopy {
    int kind;
    std::string message, first, second;
    uint64_t firstQueue, secondQueue, firstPacket, secondPacket;
    uint64_t address, bytes, occurrences;
  };
  std::vector<FindingCopy> findings() {
    std::vector<FindingCopy> list;
    EXPECT_OK(eclip_vgpu_get_findings(
        [](const eclip_vgpu_finding_t *f, void *data) {
          static_cast<std::vector<FindingCopy> *>(data)->push_back(
              {f->kind, f->message, f->first_kernel, f->second_kernel,
               f->first_queue, f->second_queue, f->first_packet,
               f->second_packet, f->address, f->bytes, f->occurrences});
          return HSA_STATUS_SUCCESS;
        },
        &list, 1));
    return list;
  }
};

} // namespace vgpu_test

#endif // ECLIP_TEST_VGPU_HSA_FIXTURE_H
