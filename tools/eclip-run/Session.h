//===- Session.h - a device, a schedule, and requests on it -----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_RUN_SESSION_H
#define ECLIP_TOOLS_ECLIP_RUN_SESSION_H

#include "tools/eclip-run/Npy.h"
#include "tools/eclip-run/Options.h"

#include <string>
#include <vector>

namespace eclip::tool {

struct Tensor {
  std::string name;
  TensorType type;
  std::vector<uint8_t> data; // inputs: before run(); outputs: after it
  std::string file;          // empty: not asked for
};

struct Queue {
  std::string name;
  std::vector<uint32_t> mask;
  uint32_t cuCount = 0, packetCount = 0;
  bool maskReduced = false;
  uint32_t priority = 0;
  eclip_queue_times times{}; // of the last request
};

/// What one request took.
struct RequestTimes {
  uint64_t hostNs, submitNs, deviceNs;
};

/// Device and schedule of one run of the tool. Every function returns an exit
/// code and leaves `message` on failure.
class Session {
public:
  Session() = default;
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;
  ~Session();

  ExitCode open(const Options &options);
  /// Runs all requests. The inputs' data is there.
  ExitCode run(const Options &options);

  std::string message;
  eclip_device_info device = ECLIP_DEVICE_INFO_INIT;
  eclip_schedule_info schedule = ECLIP_SCHEDULE_INFO_INIT;
  eclip_plan_info plan = ECLIP_PLAN_INFO_INIT; // that runs
  uint32_t planIndex = 0;
  std::vector<Tensor> inputs, outputs;
  std::vector<Queue> queues; // of the plan
  std::vector<RequestTimes> times; // in order of submits
  uint64_t loadNs = 0, totalNs = 0;
  uint32_t packetsPerRequest = 0;

private:
  ExitCode fail(eclip_status status);
  ExitCode setPlan(const std::string &wanted);
  ExitCode queryTensors();
  ExitCode queryQueues();
  ExitCode start(size_t slot);
  ExitCode finish(size_t slot, uint64_t timeoutNs);
  ExitCode readOutputs();

  char text[1024] = "";
  eclip_error error = ECLIP_ERROR_INIT(text);
  eclip_device *deviceHandle = nullptr;
  eclip_schedule *scheduleHandle = nullptr;
  std::vector<eclip_request *> requests; // one each slot
};

} // namespace eclip::tool

#endif // ECLIP_TOOLS_ECLIP_RUN_SESSION_H
