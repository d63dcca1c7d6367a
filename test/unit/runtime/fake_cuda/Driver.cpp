//===- Driver.cpp - devices, contexts, memory, streams and events ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/fake_cuda/State.h"

#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <map>

using namespace eclip::fakecuda;
using abi::Result;

Library eclip::fakecuda::library;
std::atomic<Result> eclip::fakecuda::sticky{0};

namespace {
std::mutex messageMutex;
std::string messageText;

thread_local std::vector<abi::Context> contextStack;

std::mutex primaryMutex;
abi::ContextHandle primary{132};
int primaryUsers = 0;

Alive<abi::GreenContextHandle> greens;
Alive<abi::StreamHandle> streams;
Alive<abi::EventHandle> events;
std::mutex allocationMutex;
std::map<uintptr_t, size_t> allocations;

const char *messages() { return messageText.c_str(); }

void reset() {
  Counters &c = library.counters;
  for (auto *count : {&c.contexts, &c.greens, &c.streams, &c.events, &c.graphs,
                      &c.execs, &c.libraries, &c.allocations})
    if (*count)
      breach("reset: something is still alive");
  library.breaches = 0;
  messageText.clear();
  sticky = 0;
  Control fresh;
  Control &control = library.control;
  control.smCount = fresh.smCount.load();
  control.major = fresh.major.load();
  control.minor = fresh.minor.load();
  control.smAlignment = fresh.smAlignment.load();
  control.smGroups = 0;
  control.initResult = 0;
  control.gpuCount = 1;
  control.creationsLeft = INT64_MAX;
}
} // namespace

extern "C" __attribute__((visibility("default"))) Library *eclip_fake_cuda() {
  library.messages = messages;
  library.reset = reset;
  return &library;
}

void eclip::fakecuda::breach(const char *format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  std::lock_guard<std::mutex> lock(messageMutex);
  if (library.breaches++ < 10)
    messageText += std::string(line) + "\n";
}

bool eclip::fakecuda::mayCreate() {
  ++library.counters.creations;
  return library.control.creationsLeft-- > 0;
}

bool eclip::fakecuda::hasContext(const char *call) {
  if (!contextStack.empty())
    return true;
  breach("%s: no context is current", call);
  return false;
}

uint64_t eclip::fakecuda::nowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// ---- device ------------------------------------------------------------

FAKE_API cuInit(unsigned flags) {
  if (flags)
    breach("cuInit: flags are %u", flags);
  return library.control.initResult;
}
FAKE_API cuDriverGetVersion(int *version) {
  *version = 13000;
  return 0;
}
FAKE_API cuGetErrorName(Result result, const char **text) {
  *text = result == kIllegalAddress ? "CUDA_ERROR_ILLEGAL_ADDRESS"
          : result == abi::kOutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY"
                                        : "CUDA_ERROR_FAKE";
  return 0;
}
FAKE_API cuGetErrorString(Result, const char **text) {
  *text = "an error of the fake driver";
  return 0;
}
FAKE_API cuDeviceGetCount(int *count) {
  *count = library.control.gpuCount;
  return 0;
}
FAKE_API cuDeviceGet(abi::Device *device, int index) {
  *device = index;
  return 0;
}
FAKE_API cuDeviceGetName(char *name, int bytes, abi::Device) {
  snprintf(name, bytes, "Fake GPU");
  return 0;
}
FAKE_API cuDeviceGetAttribute(int *value, int attribute, abi::Device) {
  switch (attribute) {
  case abi::kMultiprocessorCount:
    *value = library.control.smCount;
    return 0;
  case abi::kComputeMajor:
    *value = library.control.major;
    return 0;
  case abi::kComputeMinor:
    *value = library.control.minor;
    return 0;
  case abi::kMaxSharedBytesOptIn:
    *value = 227 * 1024;
    return 0;
  }
  breach("cuDeviceGetAttribute: attribute %d", attribute);
  return kInvalidValue;
}

// ---- contexts ----------------------------------------------------------

FAKE_API cuDevicePrimaryCtxRetain(abi::Context *context, abi::Device) {
  if (!mayCreate())
    return abi::kOutOfMemory;
  if (sticky)
    return sticky;
  std::lock_guard<std::mutex> lock(primaryMutex);
  primary.sms = library.control.smCount;
  ++primaryUsers;
  ++library.counters.contexts;
  *context = &primary;
  return 0;
}
FAKE_API cuDevicePrimaryCtxRelease_v2(abi::Device) {
  std::lock_guard<std::mutex> lock(primaryMutex);
  --library.counters.contexts;
  --primaryUsers;
  return 0;
}
FAKE_API cuCtxPushCurrent_v2(abi::Context context) {
  contextStack.push_back(context);
  return 0;
}
FAKE_API cuCtxPopCurrent_v2(abi::Context *context) {
  if (!hasContext("cuCtxPopCurrent"))
    return kInvalidContext;
  *context = contextStack.back();
  contextStack.pop_back();
  return 0;
}

FAKE_API cuCtxGetStreamPriorityRange(int *least, int *greatest) {
  if (!hasContext("cuCtxGetStreamPriorityRange"))
    return kInvalidContext;
  *least = 0;
  *greatest = -5;
  return 0;
}

FAKE_API cuDeviceGetDevResource(abi::Device, abi::Resource *resource,
                                int type) {
  *resource = {};
  resource->type = type;
  resource->sm.count = library.control.smCount;
  resource->sm.min_partition = library.control.smAlignment;
  resource->sm.alignment = library.control.smAlignment;
  return 0;
}
FAKE_API cuDevSmResourceSplitByCount(abi::Resource *groups, unsigned *count,
                                     const abi::Resource *input,
                                     abi::Resource *rest, unsigned,
                                     unsigned minCount) {
  unsigned possible = input->sm.count / minCount;
  if (*count < possible)
    possible = *count;
  if (library.control.smGroups && library.control.smGroups < possible)
    possible = library.control.smGroups;
  for (unsigned i = 0; i < possible; ++i) {
    groups[i] = *input;
    groups[i].sm.count = minCount;
    groups[i].internal[0] = static_cast<unsigned char>(i + 1); // its identity
  }
  *count = possible;
  *rest = *input;
  rest->sm.count = input->sm.count - possible * minCount;
  rest->internal[0] = 0xff;
  if (!rest->sm.count)
    rest->type = 0;
  return 0;
}
FAKE_API cuDevResourceGenerateDesc(abi::ResourceDescription *description,
                                   abi::Resource *resources, unsigned count) {
  if (!mayCreate())
    return abi::kOutOfMemory;
  unsigned sms = 0;
  std::set<unsigned> seen;
  for (unsigned i = 0; i < count; ++i) {
    sms += resources[i].sm.count;
    if (!resources[i].internal[0] || !seen.insert(resources[i].internal[0]).second)
      breach("cuDevResourceGenerateDesc: not a group, or the same one twice");
  }
  if (!count)
    breach("cuDevResourceGenerateDesc: no resource");
  // The driver offers no way to give a description back: kept for ever.
  static std::deque<abi::ResourceDescriptionHandle> kept;
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  kept.push_back({sms});
  *description = &kept.back();
  return 0;
}
FAKE_API cuGreenCtxCreate(abi::GreenContext *green,
                          abi::ResourceDescription description, abi::Device,
                          unsigned flags) {
  if (flags != abi::kGreenDefaultStream)
    breach("cuGreenCtxCreate: flags are %u", flags);
  if (!mayCreate())
    return abi::kOutOfMemory;
  ++library.counters.greens;
  *green = greens.add(new abi::GreenContextHandle{{description->sms}});
  return 0;
}
FAKE_API cuGreenCtxDestroy(abi::GreenContext green) {
  if (!greens.remove(green, "cuGreenCtxDestroy"))
    return kInvalidHandle;
  if (graphsUse(green->context))
    breach("cuGreenCtxDestroy: a graph still uses it");
  --library.counters.greens;
  delete green;
  return 0;
}
FAKE_API cuCtxFromGreenCtx(abi::Context *context, abi::GreenContext green) {
  if (!greens.has(green, "cuCtxFromGreenCtx"))
    return kInvalidHandle;
  *context = &green->context;
  return 0;
}

// ---- memory ------------------------------------------------------------

FAKE_API cuMemAlloc_v2(abi::DevicePointer *pointer, size_t bytes) {
  if (!hasContext("cuMemAlloc") || sticky)
    return sticky ? sticky.load() : kInvalidContext;
  if (!bytes || !mayCreate())
    return abi::kOutOfMemory;
  void *memory = aligned_alloc(512, (bytes + 511) / 512 * 512);
  std::lock_guard<std::mutex> lock(allocationMutex);
  ++library.counters.allocations;
  allocations[reinterpret_cast<uintptr_t>(memory)] = bytes;
  *pointer = reinterpret_cast<uintptr_t>(memory);
  return 0;
}
FAKE_API cuMemFree_v2(abi::DevicePointer pointer) {
  hasContext("cuMemFree");
  std::lock_guard<std::mutex> lock(allocationMutex);
  if (!allocations.erase(pointer)) {
    breach("cuMemFree: not allocated");
    return kInvalidValue;
  }
  --library.counters.allocations;
  free(reinterpret_cast<void *>(static_cast<uintptr_t>(pointer)));
  return 0;
}

static bool isAllocated(abi::DevicePointer pointer, size_t bytes) {
  std::lock_guard<std::mutex> lock(allocationMutex);
  auto after = allocations.upper_bound(pointer);
  if (after == allocations.begin())
    return false;
  --after;
  return pointer + bytes <= after->first + after->second;
}

void eclip::fakecuda::clear(uint64_t address) {
  std::lock_guard<std::mutex> lock(allocationMutex);
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin())
    return breach("a kernel's argument is no address");
  --after;
  if (address < after->first + after->second)
    memset(reinterpret_cast<void *>(static_cast<uintptr_t>(address)), 0,
           after->first + after->second - address);
}

// ---- streams and events ------------------------------------------------

static void work(abi::StreamHandle *stream) {
  std::unique_lock<std::mutex> lock(stream->mutex);
  for (;;) {
    stream->changed.wait(
        lock, [&] { return stream->stop || !stream->work.empty(); });
    if (stream->work.empty())
      return;
    auto item = std::move(stream->work.front());
    stream->work.pop_front();
    lock.unlock();
    item();
    lock.lock();
  }
}

static void enqueue(abi::Stream stream, std::function<void()> item) {
  std::lock_guard<std::mutex> lock(stream->mutex);
  stream->work.push_back(std::move(item));
  stream->changed.notify_all();
}

FAKE_API cuStreamCreate(abi::Stream *stream, unsigned flags) {
  if (flags != abi::kStreamNonBlocking)
    breach("cuStreamCreate: it would wait for the default stream");
  if (!hasContext("cuStreamCreate") || !mayCreate())
    return abi::kOutOfMemory;
  ++library.counters.streams;
  *stream = streams.add(new abi::StreamHandle);
  (*stream)->worker = std::thread(work, *stream);
  return 0;
}
FAKE_API cuStreamDestroy_v2(abi::Stream stream) {
  hasContext("cuStreamDestroy");
  if (!streams.remove(stream, "cuStreamDestroy"))
    return kInvalidHandle;
  {
    std::lock_guard<std::mutex> lock(stream->mutex);
    stream->stop = true;
    stream->changed.notify_all();
  }
  stream->worker.join(); // what is queued still runs
  --library.counters.streams;
  delete stream;
  return 0;
}
FAKE_API cuStreamSynchronize(abi::Stream stream) {
  if (!hasContext("cuStreamSynchronize") ||
      !streams.has(stream, "cuStreamSynchronize"))
    return kInvalidHandle;
  std::promise<void> reached;
  enqueue(stream, [&] { reached.set_value(); });
  reached.get_future().wait();
  return sticky;
}
FAKE_API cuMemcpyHtoDAsync_v2(abi::DevicePointer to, const void *from,
                              size_t bytes, abi::Stream stream) {
  if (!hasContext("cuMemcpyHtoDAsync") || sticky)
    return sticky ? sticky.load() : kInvalidContext;
  if (!isAllocated(to, bytes) || !streams.has(stream, "cuMemcpyHtoDAsync"))
    return kInvalidValue;
  enqueue(stream, [=] {
    memcpy(reinterpret_cast<void *>(static_cast<uintptr_t>(to)), from, bytes);
  });
  return 0;
}
FAKE_API cuMemcpyDtoHAsync_v2(void *to, abi::DevicePointer from, size_t bytes,
                              abi::Stream stream) {
  if (!hasContext("cuMemcpyDtoHAsync") || sticky)
    return sticky ? sticky.load() : kInvalidContext;
  if (!isAllocated(from, bytes) || !streams.has(stream, "cuMemcpyDtoHAsync"))
    return kInvalidValue;
  enqueue(stream, [=] {
    memcpy(to, reinterpret_cast<void *>(static_cast<uintptr_t>(from)), bytes);
  });
  return 0;
}

FAKE_API cuEventCreate(abi::Event *event, unsigned flags) {
  if (!hasContext("cuEventCreate") || !mayCreate())
    return abi::kOutOfMemory;
  ++library.counters.events;
  *event = events.add(new abi::EventHandle);
  (*event)->timed = !(flags & abi::kEventDisableTiming);
  return 0;
}
FAKE_API cuEventDestroy_v2(abi::Event event) {
  if (!events.remove(event, "cuEventDestroy"))
    return kInvalidHandle;
  --library.counters.events;
  delete event;
  return 0;
}
FAKE_API cuEventRecord(abi::Event event, abi::Stream stream) {
  if (!hasContext("cuEventRecord") || sticky)
    return sticky ? sticky.load() : kInvalidContext;
  if (!events.has(event, "cuEventRecord") ||
      !streams.has(stream, "cuEventRecord"))
    return kInvalidHandle;
  event->recorded = true;
  event->done = false;
  enqueue(stream, [event] {
    event->ns = nowNs();
    event->done = true;
  });
  return 0;
}
FAKE_API cuEventQuery(abi::Event event) {
  if (!hasContext("cuEventQuery") || !events.has(event, "cuEventQuery"))
    return kInvalidHandle;
  if (event->recorded && !event->done)
    return abi::kNotReady;
  return sticky;
}
FAKE_API cuEventElapsedTime(float *milliseconds, abi::Event start,
                            abi::Event end) {
  if (!events.has(start, "cuEventElapsedTime") ||
      !events.has(end, "cuEventElapsedTime"))
    return kInvalidHandle;
  if (!start->timed || !end->timed || !start->done || !end->done) {
    breach("cuEventElapsedTime: an event has no time");
    return kInvalidHandle;
  }
  *milliseconds = static_cast<float>(
      static_cast<double>(end->ns - start->ns) / 1e6);
  return 0;
}

FAKE_API cuGraphLaunch(abi::GraphExec exec, abi::Stream stream) {
  if (!hasContext("cuGraphLaunch") || sticky)
    return sticky ? sticky.load() : kInvalidContext;
  if (!streams.has(stream, "cuGraphLaunch"))
    return kInvalidHandle;
  ++library.counters.launches;
  ++exec->running;
  enqueue(stream, [exec] {
    runGraph(*exec);
    --exec->running;
  });
  return 0;
}
FAKE_API cuGraphUpload(abi::GraphExec, abi::Stream stream) {
  return streams.has(stream, "cuGraphUpload") ? 0 : kInvalidHandle;
}
