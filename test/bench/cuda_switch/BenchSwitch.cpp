//===- BenchSwitch.cpp - what submits and switches cost on NVIDIA GPUs ----===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The same small kernels, each after the one before, on one queue and on queues
// of different SM groups in turn: the difference, from submit to the end, is what
// switches cost. Beside it the CPU time of submit, with and without queue times.
//
//   bench_cuda_switch [--kernels N] [--requests N] [--library FILE]
//
// Switches cost more with more hardware connections for each context: the
// environment variable CUDA_DEVICE_MAX_CONNECTIONS, read when CUDA starts.
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ScheduleBuilder.h"

#include "eclip/eclip.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace eclip;
using namespace eclip::test;

namespace {

char text[512];
eclip_error error = ECLIP_ERROR_INIT(text);

void require(eclip_status status) {
  if (status == ECLIP_OK)
    return;
  std::fprintf(stderr, "bench_cuda_switch: %s: %s\n",
               eclip_status_string(status), text);
  std::exit(status == ECLIP_ERROR_NO_DEVICE ? 77 : 1);
}

struct Settings {
  uint32_t kernels = 200, requests = 200;
  const char *library = nullptr;
};

/// `kernels` copies, each of what the one before wrote, in segments of
/// `segment` on `queues` queues in turn.
ScheduleSpec chain(uint32_t smCount, uint32_t kernels, uint32_t segment,
                   uint32_t queues) {
  ScheduleSpec spec = onCuda(example(), smCount);
  std::vector<QueueSpec> all = spec.queues;
  spec.groups.clear();
  spec.queues.clear();
  for (uint32_t q = 0; q < queues; ++q) {
    uint32_t groups = smCount / 8 * (q + 1) / (queues + 1);
    QueueSpec queue;
    queue.name = "queue" + std::to_string(q);
    queue.mask.resize((smCount + 31) / 32);
    for (uint32_t sm = 0; sm < 8 * groups; ++sm)
      queue.mask[sm / 32] |= 1u << sm % 32;
    spec.queues.push_back(queue);
    spec.groups.push_back({"group" + std::to_string(q), 8 * groups, q});
  }
  constexpr uint64_t kSlot = 512; // bytes of 128 floats
  spec.arenaBytes = spec.arenaLowerBound = 2 * kSlot;
  uint32_t signals = 0;
  for (uint32_t i = 0; i < kernels; ++i) {
    uint32_t q = i / segment % queues, next = (i + 1) / segment % queues;
    bool last = i + 1 == kernels;
    fb::Argument from =
        i == 0 ? input() : arena((i + 1) % 2 * kSlot, fb::Access::Read);
    fb::Argument to = last ? output() : arena(i % 2 * kSlot, fb::Access::Write);
    bool leaves = !last && next != q;
    spec.queues[q].packets.push_back(dispatch(
        spec, q, Copy, {from, to}, leaves ? int32_t(signals) : -1));
    if (leaves)
      spec.queues[next].packets.push_back(barrier(next, {signals++}));
  }
  spec.signalCount = signals;
  return spec;
}

struct Measured {
  double hostUs, submitUs;
};

double median(std::vector<double> &values) {
  auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Measured measure(eclip_device *device, const ScheduleSpec &spec,
                 uint32_t requests, bool queueTimes) {
  FileBytes file = buildFile(spec);
  eclip_schedule_options options = ECLIP_SCHEDULE_OPTIONS_INIT;
  options.no_queue_times = !queueTimes;
  options.slots = 1;
  eclip_schedule *schedule = nullptr;
  eclip_request *request = nullptr;
  require(eclip_schedule_load_memory(device, file.data(), file.size(), &options,
                                     &schedule, &error));
  require(eclip_request_acquire(schedule, &request, &error));
  std::vector<float> x(kElements, 1.5f), y(kElements);
  require(eclip_request_write_input(request, 0, x.data(), x.size() * 4, &error));
  std::vector<double> host, submit;
  for (uint32_t i = 0; i < requests + requests / 4; ++i) {
    eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
    require(eclip_request_submit(request, &error));
    require(eclip_request_wait(request, ECLIP_WAIT_FOREVER, &error));
    require(eclip_request_get_stats(request, &stats, &error));
    if (i < requests / 4)
      continue;
    host.push_back(static_cast<double>(stats.host_ns) * 1e-3);
    submit.push_back(static_cast<double>(stats.submit_ns) * 1e-3);
  }
  require(
      eclip_request_read_output(request, 0, y.data(), y.size() * 4, &error));
  if (y != x) {
    std::fprintf(stderr, "bench_cuda_switch: wrong result\n");
    std::exit(1);
  }
  require(eclip_request_release(request, &error));
  require(eclip_schedule_close(schedule, &error));
  return {median(host), median(submit)};
}

Settings parse(int argc, char **argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--kernels"))
      settings.kernels = static_cast<uint32_t>(std::atoi(argv[i + 1]));
    else if (!std::strcmp(argv[i], "--requests"))
      settings.requests = static_cast<uint32_t>(std::atoi(argv[i + 1]));
    else if (!std::strcmp(argv[i], "--library"))
      settings.library = argv[i + 1];
  }
  if (argc % 2 == 0 || settings.kernels < 4 || settings.requests < 1) {
    std::fprintf(stderr, "usage: bench_cuda_switch [--kernels N] [--requests N]"
                         " [--library FILE]\n");
    std::exit(2);
  }
  return settings;
}

} // namespace

int main(int argc, char **argv) {
  Settings settings = parse(argc, argv);
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  options.driver = "cuda";
  options.library_path = settings.library;
  eclip_device *device = nullptr;
  require(eclip_device_open(&options, &device, &error));
  eclip_device_info info = ECLIP_DEVICE_INFO_INIT;
  require(eclip_device_get_info(device, &info, &error));
  const char *connections = std::getenv("CUDA_DEVICE_MAX_CONNECTIONS");
  std::printf("%s, %u kernels, median of %u requests, "
              "CUDA_DEVICE_MAX_CONNECTIONS %s\n",
              info.name, settings.kernels, settings.requests,
              connections ? connections : "not set");
  uint32_t n = settings.kernels;
  Measured one{};
  for (uint32_t queues : {1u, 2u, 4u})
    for (uint32_t segment : {n, n / 4, n / 14, 1u}) {
      if ((queues == 1) != (segment == n) || (segment == n / 14 && n < 28))
        continue;
      ScheduleSpec spec = chain(info.cu_count, n, segment, queues);
      Measured plain = measure(device, spec, settings.requests, false);
      Measured timed = measure(device, spec, settings.requests, true);
      uint32_t switches = (n - 1) / segment;
      if (queues == 1) {
        one = plain;
        std::printf("one queue: ");
      } else {
        std::printf("%u queues, switch after every %u kernels (%u): %.2f us a "
                    "switch, ",
                    queues, segment, switches,
                    (plain.hostUs - one.hostUs) / switches);
      }
      std::printf("request %.1f us, submit %.1f us on the CPU (with queue times "
                  "%.1f us)\n",
                  plain.hostUs, plain.submitUs, timed.submitUs);
    }
  require(eclip_device_close(device, &error));
  return 0;
}
