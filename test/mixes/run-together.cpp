//===- run-together.cpp - schedules side by side on the virtual GPU -------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// run-together OUT FILE INPUT [FILE INPUT]...: loads all files on one virtual
// GPU, submits one request of each before it waits for any, and does it again.
// INPUT holds the bytes of the file's one input, OUT.I gets those of file I's
// first output. Prints for each file the plan that ran and the device's end.
//
//===----------------------------------------------------------------------===//

#include "eclip/eclip.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

struct Worker {
  eclip_schedule *schedule = nullptr;
  eclip_request *request = nullptr;
  std::vector<char> input, output;
};

char text[1024];
eclip_error error = ECLIP_ERROR_INIT(text);

bool failed(eclip_status status, const char *what) {
  if (status != ECLIP_OK)
    std::fprintf(stderr, "run-together: %s: %s\n", what, text);
  return status != ECLIP_OK;
}

bool load(eclip_device *device, const char *path, const char *input,
          Worker &worker) {
  std::ifstream in(input, std::ios::binary);
  worker.input.assign(std::istreambuf_iterator<char>(in), {});
  eclip_tensor_info output = ECLIP_TENSOR_INFO_INIT;
  if (failed(eclip_schedule_load_file(device, path, nullptr, &worker.schedule,
                                      &error),
             path) ||
      failed(eclip_request_acquire(worker.schedule, &worker.request, &error),
             path) ||
      failed(eclip_request_write_input(worker.request, 0, worker.input.data(),
                                       worker.input.size(), &error),
             input) ||
      failed(eclip_schedule_get_output(worker.schedule, 0, &output, &error),
             path))
    return false;
  worker.output.resize(output.bytes);
  return true;
}

bool runAll(std::vector<Worker> &workers) {
  for (Worker &worker : workers)
    if (failed(eclip_request_submit(worker.request, &error), "submit"))
      return false;
  for (Worker &worker : workers)
    if (failed(eclip_request_wait(worker.request, 120000000000ull, &error),
               "wait") ||
        failed(eclip_request_read_output(worker.request, 0,
                                         worker.output.data(),
                                         worker.output.size(), &error),
               "output"))
      return false;
  return true;
}

bool printPlans(const std::vector<Worker> &workers) {
  for (const Worker &worker : workers) {
    eclip_schedule_info info = ECLIP_SCHEDULE_INFO_INIT;
    eclip_plan_info plan = ECLIP_PLAN_INFO_INIT;
    if (failed(eclip_schedule_get_info(worker.schedule, &info, &error),
               "info") ||
        failed(eclip_schedule_get_plan(worker.schedule, info.active_plan, &plan,
                                       &error),
               "plan"))
      return false;
    std::printf("%s %s\n", info.far_end ? "far" : "near", plan.name);
  }
  return true;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 4 || argc % 2 != 0) {
    std::fprintf(stderr, "usage: run-together OUT FILE INPUT...\n");
    return 1;
  }
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  options.driver = "vgpu";
  eclip_device *device = nullptr;
  if (failed(eclip_device_open(&options, &device, &error), "device"))
    return 2;
  std::vector<Worker> workers(argc / 2 - 1);
  for (size_t i = 0; i < workers.size(); ++i)
    if (!load(device, argv[2 + 2 * i], argv[3 + 2 * i], workers[i]))
      return 2;
  if (!runAll(workers) || !runAll(workers) || !printPlans(workers))
    return 3;
  for (size_t i = 0; i < workers.size(); ++i) {
    std::ofstream out(argv[1] + ("." + std::to_string(i)), std::ios::binary);
    out.write(workers[i].output.data(), workers[i].output.size());
    if (!out.flush())
      return 4;
  }
  for (Worker &worker : workers) {
    eclip_request_release(worker.request, nullptr);
    eclip_schedule_close(worker.schedule, nullptr);
  }
  eclip_device_close(device, nullptr);
  return 0;
}
