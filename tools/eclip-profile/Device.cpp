//===- Device.cpp - a device that runs schedules of one kernel ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Device.h"

#include "llvm/ADT/STLExtras.h"

using namespace eclip;
using namespace eclip::profiler;

namespace {
/// The runtime's message, as the compiler's kind of error.
struct Message {
  char text[1024] = "";
  eclip_error error = ECLIP_ERROR_INIT(text);

  operator eclip_error *() { return &error; }
  llvm::Error get() const {
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   llvm::Twine(text));
  }
};
} // namespace

Device::~Device() { eclip_device_close(device, nullptr); }

llvm::Error Device::open(const Options &options) {
  Message message;
  if (tool::openDevice(options.device, &device, &info, message))
    return message.get();
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Run>>
Device::load(const std::vector<char> &file, const Bindings *bindings) {
  std::unique_ptr<Run> run(new Run(device));
  if (llvm::Error error = run->load(file, bindings))
    return error;
  return run;
}

Buffer::~Buffer() {
  if (memory)
    eclip_buffer_free(device, memory, nullptr);
}

llvm::Error Buffer::allocate(Device &owner, uint64_t bytes) {
  device = owner.device;
  Message message;
  if (eclip_buffer_allocate(device, bytes, &memory, message))
    return message.get();
  return llvm::Error::success();
}

llvm::Error Buffer::write(uint64_t offset, llvm::ArrayRef<char> data) {
  Message message;
  if (eclip_buffer_write(device, address(offset), data.data(), data.size(),
                         message))
    return message.get();
  return llvm::Error::success();
}

llvm::Error Buffer::read(uint64_t offset, llvm::MutableArrayRef<char> data) {
  Message message;
  if (eclip_buffer_read(device, data.data(), address(offset), data.size(),
                        message))
    return message.get();
  return llvm::Error::success();
}

Run::~Run() {
  tool::closeSchedule({request}, schedule, device);
}

llvm::Error Run::load(const std::vector<char> &file, const Bindings *bindings) {
  Message message;
  eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
  options.slots = 1;
  eclip_schedule_info info = ECLIP_SCHEDULE_INFO_INIT;
  if (eclip_schedule_load_memory(device, file.data(), file.size(), &options,
                                 &schedule, message) ||
      eclip_schedule_get_info(schedule, &info, message) ||
      eclip_request_acquire(schedule, &request, message))
    return message.get();
  return bindings ? bind(*bindings) : writeZeros(info.input_count);
}

llvm::Error Run::writeZeros(uint32_t inputs) {
  Message message;
  std::vector<char> zeros;
  for (uint32_t i = 0; i < inputs; ++i) {
    eclip_tensor_info tensor = ECLIP_TENSOR_INFO_INIT;
    if (eclip_schedule_get_input(schedule, i, &tensor, message))
      return message.get();
    zeros.resize(tensor.bytes);
    if (eclip_request_write_input(request, i, zeros.data(), tensor.bytes,
                                  message))
      return message.get();
  }
  return llvm::Error::success();
}

llvm::Error Run::bind(const Bindings &bindings) {
  Message message;
  for (auto [i, address] : llvm::enumerate(bindings.inputs)) {
    eclip_tensor_info tensor = ECLIP_TENSOR_INFO_INIT;
    auto index = static_cast<uint32_t>(i);
    if (eclip_schedule_get_input(schedule, index, &tensor, message) ||
        eclip_request_bind_input(request, index, address, tensor.bytes,
                                 message))
      return message.get();
  }
  for (auto [i, address] : llvm::enumerate(bindings.outputs)) {
    eclip_tensor_info tensor = ECLIP_TENSOR_INFO_INIT;
    auto index = static_cast<uint32_t>(i);
    if (eclip_schedule_get_output(schedule, index, &tensor, message) ||
        eclip_request_bind_output(request, index, address, tensor.bytes,
                                  message))
      return message.get();
  }
  return llvm::Error::success();
}

llvm::Error Run::setPlan(uint32_t index) {
  Message message;
  if (eclip_schedule_set_plan(schedule, index, message))
    return message.get();
  return llvm::Error::success();
}

llvm::Expected<eclip_queue_times> Run::launch(uint64_t timeoutNs) {
  Message message;
  eclip_queue_times times = {};
  eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
  stats.queues = &times;
  stats.queue_capacity = 1;
  if (eclip_request_submit(request, message) ||
      eclip_request_wait(request, timeoutNs, message) ||
      eclip_request_get_stats(request, &stats, message))
    return message.get();
  return times;
}
