//===- Workers.h - schedules under a closed load ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_BENCH_WORKERS_H
#define ECLIP_TOOLS_ECLIP_BENCH_WORKERS_H

#include "tools/eclip-bench/Options.h"

#include "eclip/eclip.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace eclip::bench {

/// A request that ended, by CLOCK_MONOTONIC.
struct Completion {
  uint64_t endNs, latencyNs, submitNs, deviceNs;
  uint32_t plan;
};

/// One schedule and its requests.
struct Worker {
  std::string file;
  eclip_schedule *schedule = nullptr;
  eclip_schedule_info info = ECLIP_SCHEDULE_INFO_INIT;
  std::vector<std::string> plans; // names
  std::vector<eclip_request *> requests;
  std::vector<Completion> completions; // of the last window, by their ends
};

/// What one thread does during a window: all requests of a worker, or one.
struct Lane {
  Worker *worker;
  std::vector<eclip_request *> requests;
  std::vector<Completion> completions;
  std::string failure; // empty: none
};

struct Window {
  uint64_t beginNs, endNs;
};

/// What a window measures.
struct WindowOptions {
  double seconds, warmupSeconds;
  bool oneAtATime;
  int64_t only = -1; ///< index of the one worker that runs; -1: all run
};

/// A device with its workers. Functions return an exit code and leave
/// `message` on failure.
class Workers {
public:
  Workers() = default;
  Workers(const Workers &) = delete;
  Workers &operator=(const Workers &) = delete;
  ~Workers();

  ExitCode open(const Options &options);
  /// Loads these files in place of what is loaded. After a failure none is.
  ExitCode load(const Options &options, const std::vector<std::string> &files);
  /// Warms up, measures, and waits for what is in flight.
  ExitCode run(const WindowOptions &options, Window &window);

  std::string message;
  eclip_device_info device = ECLIP_DEVICE_INFO_INIT;
  std::vector<std::unique_ptr<Worker>> all;

private:
  ExitCode fail(eclip_status status);
  void closeAll();
  ExitCode loadOne(const Options &options, Worker &worker);
  ExitCode writeInputs(Worker &worker, eclip_request *request);
  void workFreely(Lane &lane, Window window);
  void workInTurn(Lane &lane, Window window);
  bool submit(Lane &lane, size_t slot);
  bool finish(Lane &lane, size_t slot, Window window, uint64_t wanted);

  char text[1024] = "";
  eclip_error error = ECLIP_ERROR_INIT(text);
  eclip_device *handle = nullptr;
  // Whose turn it is with --one-at-a-time.
  std::atomic<uint64_t> tickets{0}, serving{0};
};

} // namespace eclip::bench

#endif // ECLIP_TOOLS_ECLIP_BENCH_WORKERS_H
