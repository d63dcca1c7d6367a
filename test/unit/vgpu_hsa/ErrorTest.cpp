//===- ErrorTest.cpp - what a wrong program gets --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/vgpu_hsa/Fixture.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

using namespace vgpu_test;

namespace {

class ErrorTest : public Device {
protected:
  /// Stderr is the library's only channel for names and addresses.
  std::string stderrOf(const std::function<void()> &f) {
    testing::internal::CaptureStderr();
    f();
    for (int i = 0; i < 2000 && errorCount() == 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return testing::internal::GetCapturedStderr();
  }
  /// Submits a packet that must fail; its message.
  std::string failing(TestQueue &q, hsa_kernel_dispatch_packet_t p,
                      unsigned type = HSA_PACKET_TYPE_KERNEL_DISPATCH) {
    hsa_signal_t done = makeSignal();
    p.completion_signal = done;
    return stderrOf([&] {
      q.write(p, type, true, true);
      EXPECT_LT(wait(done), 0);
    });
  }
  void expectError(const std::string &text, const char *status,
                   const std::string &part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
    std::vector<std::string> list = takeErrors();
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0], status);
  }
};

TEST_F(ErrorTest, UnknownInstructionIsNamedWithItsAddress) {
  TestQueue q = makeQueue();
  hsa_kernel_dispatch_packet_t p = packet("unknown", {}, 1, noSignal);
  std::string text = failing(q, p);
  expectError(text, "HSA_STATUS_ERROR_ILLEGAL_INSTRUCTION", "image_load");
  EXPECT_NE(text.find("kernel 'unknown'"), std::string::npos) << text;
  EXPECT_NE(text.find("0x"), std::string::npos) << text;
}

TEST_F(ErrorTest, MemoryFaultNamesKernelAndAllocation) {
  TestQueue q = makeQueue();
  uint32_t *data = alloc(64);
  std::string text = failing(q, packet("fill", {{data}, 1}, 2, noSignal));
  expectError(text, "HSA_STATUS_ERROR_MEMORY_FAULT", "kernel 'fill'");
  EXPECT_NE(text.find("past the end of allocation #"), std::string::npos)
      << text;
}

TEST_F(ErrorTest, HostMemoryWithoutAccessFaults) {
  TestQueue q = makeQueue();
  void *p = nullptr;
  ASSERT_OK(hsa_amd_memory_pool_allocate(fine, 256, 0, &p));
  memory.push_back(p);
  std::string text = failing(q, packet("fill", {{p}, 1}, 1, noSignal));
  expectError(text, "HSA_STATUS_ERROR_MEMORY_FAULT",
              "hsa_amd_agents_allow_access");
}

TEST_F(ErrorTest, SystemEventHandlerHearsOfFaults) {
  static std::atomic<uint64_t> address;
  address = 0;
  ASSERT_OK(hsa_amd_register_system_event_handler(
      [](const hsa_amd_event_t *event, void *) {
        address = event->memory_fault.virtual_address;
        return HSA_STATUS_SUCCESS;
      },
      nullptr));
  TestQueue q = makeQueue();
  uint32_t *data = alloc(64);
  failing(q, packet("fill", {{data}, 1}, 2, noSignal));
  for (int i = 0; i < 2000 && address == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(address, reinterpret_cast<uint64_t>(data + 64));
}

TEST_F(ErrorTest, FreedMemoryFaults) {
  TestQueue q = makeQueue();
  void *p = nullptr;
  ASSERT_OK(hsa_amd_memory_pool_allocate(local, 256, 0, &p));
  ASSERT_OK(hsa_amd_memory_pool_free(p));
  failing(q, packet("fill", {{p}, 1}, 1, noSignal));
  EXPECT_EQ(errorCount(), 1u);
}

TEST_F(ErrorTest, ErrorReachesEverythingThatDepends) {
  TestQueue a = makeQueue(), b = makeQueue(), other = makeQueue();
  uint32_t *data = alloc(64);
  hsa_signal_t bad = makeSignal(), behind = makeSignal(), done = makeSignal();
  hsa_signal_t fine = makeSignal();
  dispatch(a, "fill", {{data}, 1}, 9, bad);
  dispatch(a, "fill", {{data}, 1}, 1, behind); // the same queue, later
  b.barrierAnd({bad}, noSignal);
  dispatch(b, "fill", {{data}, 1}, 1, done);
  EXPECT_LT(wait(bad), 0);
  EXPECT_LT(wait(behind), 0);
  EXPECT_LT(wait(done), 0);
  dispatch(other, "fill", {{data}, 8}, 1, fine); // other queues go on
  EXPECT_EQ(wait(fine), 0);
  EXPECT_EQ(data[0], 8u);
}

TEST_F(ErrorTest, WrongShapes) {
  struct Case {
    const char *part, *status;
    void (*change)(hsa_kernel_dispatch_packet_t &);
  };
  const Case cases[] = {
      {"1 to 3 dimensions", "HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS",
       [](auto &p) { p.setup = 0; }},
      {"grid size 0", "HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS",
       [](auto &p) { p.grid_size_x = 0; }},
      {"workgroup size 2", "HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS",
       [](auto &p) { p.workgroup_size_y = 2; }},
      {"1024 is the limit", "HSA_STATUS_ERROR_INVALID_ARGUMENT",
       [](auto &p) { p.workgroup_size_x = 2048; }},
      {"2^32", "HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS",
       [](auto &p) {
         p.setup = 3;
         p.grid_size_x = p.grid_size_y = p.grid_size_z = UINT32_MAX;
       }},
      {"bytes of LDS", "HSA_STATUS_ERROR_INVALID_ALLOCATION",
       [](auto &p) { p.group_segment_size = 70000; }},
      {"not a loaded kernel", "HSA_STATUS_ERROR_INVALID_CODE_OBJECT",
       [](auto &p) { p.kernel_object += 4; }},
      {"kernel argument address", "HSA_STATUS_ERROR_MEMORY_FAULT",
       [](auto &p) { p.kernarg_address = nullptr; }},
      {"16-byte aligned", "HSA_STATUS_ERROR_MEMORY_FAULT",
       [](auto &p) {
         p.kernarg_address = static_cast<char *>(p.kernarg_address) + 4;
       }},
  };
  uint32_t *data = alloc(64);
  for (const Case &c : cases) {
    SCOPED_TRACE(c.part);
    TestQueue q = makeQueue();
    hsa_kernel_dispatch_packet_t p = packet("fill", {{data}, 1}, 1, noSignal);
    c.change(p);
    expectError(failing(q, p), c.status, c.part);
  }
}

TEST_F(ErrorTest, WrongPacketTypes) {
  const std::pair<unsigned, const char *> cases[] = {
      {HSA_PACKET_TYPE_VENDOR_SPECIFIC, "vendor specific"},
      {HSA_PACKET_TYPE_AGENT_DISPATCH, "agent dispatch"},
      {9, "unknown type 9"}};
  uint32_t *data = alloc(64);
  for (auto [type, part] : cases) {
    SCOPED_TRACE(part);
    TestQueue q = makeQueue();
    expectError(failing(q, packet("fill", {{data}, 1}, 1, noSignal), type),
                "HSA_STATUS_ERROR_INVALID_PACKET_FORMAT", part);
  }
}

TEST_F(ErrorTest, BarrierOnGarbage) {
  TestQueue q = makeQueue();
  hsa_signal_t done = makeSignal();
  std::string text = stderrOf([&] {
    q.barrierAnd({{0x1234567}}, done);
    EXPECT_LT(wait(done), 0);
  });
  expectError(text, "HSA_STATUS_ERROR_INVALID_PACKET_FORMAT",
              "not a live signal");
}

TEST_F(ErrorTest, CompletionSignalIsGarbage) {
  TestQueue q = makeQueue();
  uint32_t *data = alloc(64);
  std::string text = stderrOf([&] {
    q.write(packet("fill", {{data}, 1}, 1, {0x70}),
            HSA_PACKET_TYPE_KERNEL_DISPATCH, true, true);
  });
  expectError(text, "HSA_STATUS_ERROR_INVALID_PACKET_FORMAT",
              "completion signal");
}

TEST_F(ErrorTest, CallbackMayDestroyItsQueue) {
  struct Context {
    hsa_status_t status = HSA_STATUS_SUCCESS;
    std::atomic<bool> called{false};
  } context;
  hsa_queue_t *handle = nullptr;
  ASSERT_OK(hsa_queue_create(
      gpu, 64, HSA_QUEUE_TYPE_MULTI,
      [](hsa_status_t status, hsa_queue_t *source, void *data) {
        auto *c = static_cast<Context *>(data);
        c->status = status;
        EXPECT_OK(hsa_queue_destroy(source));
        c->called = true;
      },
      &context, 0, 0, &handle));
  TestQueue q;
  q.queue = handle;
  uint32_t *data = alloc(64);
  dispatch(q, "fill", {{data}, 1}, 5);
  for (int i = 0; i < 5000 && !context.called; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(context.called);
  EXPECT_EQ(int(context.status), int(HSA_STATUS_ERROR_MEMORY_FAULT));
}

} // namespace
