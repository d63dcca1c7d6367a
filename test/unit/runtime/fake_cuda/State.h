//===- State.h - inside the fake CUDA driver --------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_RUNTIME_FAKE_CUDA_STATE_H
#define ECLIP_TEST_UNIT_RUNTIME_FAKE_CUDA_STATE_H

#include "runtime/src/drivers/cuda/abi.h"
#include "test/unit/runtime/fake_cuda/FakeCuda.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#define FAKE_API                                                               \
  extern "C" __attribute__((visibility("default"))) eclip::cuda::abi::Result

// The driver's handles are incomplete types of its own; these complete them.
namespace eclip::cuda::abi {
struct ContextHandle {
  unsigned sms;
};
struct GreenContextHandle {
  ContextHandle context;
};
struct ResourceDescriptionHandle {
  unsigned sms;
};
struct EventHandle {
  bool timed;
  std::atomic<bool> recorded{false}, done{false};
  std::atomic<uint64_t> ns{0};
};
struct StreamHandle {
  std::thread worker;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> work;
  bool stop = false, busy = false;
};
struct KernelHandle {
  std::string name;
  unsigned parameters = 0;
  int maxShared = 48 * 1024;
  /// By environment variables, for programs that this library is all of CUDA to:
  /// its code has the text of ECLIP_FAKE_CUDA_FAULT, or of ECLIP_FAKE_CUDA_SLOW,
  /// which makes it slow on a part of the device.
  bool faults = false, slowOnParts = false;
};
struct LibraryHandle {
  std::vector<std::unique_ptr<KernelHandle>> kernels;
  std::string text;
};
struct GraphNodeHandle {
  std::vector<GraphNodeHandle *> dependencies;
  EventHandle *event = nullptr; // else a kernel
  KernelHandle *kernel = nullptr;
  ContextHandle *context = nullptr;
  unsigned grid = 0, block = 0, shared = 0;
  int priority = 0;
  std::vector<uint64_t> arguments;
  bool graphAlive = true;
};
struct GraphHandle {
  std::vector<std::shared_ptr<GraphNodeHandle>> nodes;
};
struct GraphExecHandle {
  std::vector<std::shared_ptr<GraphNodeHandle>> nodes; // copies share identity
  std::atomic<int> running{0};
};
} // namespace eclip::cuda::abi

namespace eclip::fakecuda {

namespace abi = eclip::cuda::abi;

constexpr abi::Result kInvalidValue = 1, kInvalidContext = 201,
                      kInvalidHandle = 400, kNotFound = 500,
                      kIllegalAddress = 700;

extern Library library;
/// The error that a failed kernel leaves to all later calls.
extern std::atomic<abi::Result> sticky;

[[gnu::format(printf, 1, 2)]] void breach(const char *format, ...);
/// False: this creation is to fail.
bool mayCreate();
/// A breach and false without a current context.
bool hasContext(const char *call);
uint64_t nowNs();

/// Everything alive, by kind of handle.
template <typename T> class Alive {
public:
  T *add(T *object) {
    std::lock_guard<std::mutex> lock(mutex);
    objects.insert(object);
    return object;
  }
  bool has(T *object, const char *call) {
    std::lock_guard<std::mutex> lock(mutex);
    if (objects.count(object))
      return true;
    breach("%s: a handle that is not alive", call);
    return false;
  }
  bool remove(T *object, const char *call) {
    std::lock_guard<std::mutex> lock(mutex);
    if (objects.erase(object))
      return true;
    breach("%s: a handle that is not alive", call);
    return false;
  }

  template <typename Predicate> bool any(Predicate predicate) {
    std::lock_guard<std::mutex> lock(mutex);
    for (T *object : objects)
      if (predicate(*object))
        return true;
    return false;
  }

private:
  std::mutex mutex;
  std::set<T *> objects;
};

/// Runs a kernel of kernels.ptx; false: it stored to a bad address.
bool runKernel(const abi::GraphNodeHandle &node);
/// Fills what lies behind an address with zeros, as far as it is allocated.
void clear(uint64_t address);

void runGraph(abi::GraphExecHandle &exec);
/// Whether a kernel of an instantiated graph runs in this context.
bool graphsUse(const abi::ContextHandle &context);

} // namespace eclip::fakecuda

#endif // ECLIP_TEST_UNIT_RUNTIME_FAKE_CUDA_STATE_H
