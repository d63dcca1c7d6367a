//===- RunTool.cpp - what tools that run schedules have in common ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/common/RunTool.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <ctime>

using namespace eclip::tool;

ExitCode eclip::tool::exitCodeOf(eclip_status status) {
  switch (status) {
  case ECLIP_OK:
    return ExitOk;
  case ECLIP_ERROR_NO_DEVICE:
  case ECLIP_ERROR_INCOMPATIBLE_DEVICE:
  case ECLIP_ERROR_DRIVER:
  case ECLIP_ERROR_RESOURCES:
  case ECLIP_ERROR_OUT_OF_MEMORY:
    return ExitNoDevice;
  case ECLIP_ERROR_TIMEOUT:
  case ECLIP_ERROR_DEVICE_LOST:
    return ExitRunFailed;
  default:
    return ExitBadInput;
  }
}

int eclip::tool::reportError(const char *tool, ExitCode code,
                             const std::string &message) {
  std::string line = std::string(tool) + ": error: " + message;
  for (char &c : line)
    if (static_cast<unsigned char>(c) < 0x20)
      c = ' ';
  std::fprintf(stderr, "%s\n", line.c_str());
  return code;
}

void eclip::tool::addDeviceOptions(CLI::App &app, DeviceChoice &choice) {
  app.add_option("--device", choice.driver,
                 "Driver: hsa (AMD GPU), cuda (NVIDIA GPU) or vgpu (virtual AMD "
                 "GPU)")
      ->required()
      ->check(CLI::IsMember({"hsa", "vgpu", "cuda"}));
  app.add_option("--device-library", choice.library,
                 "The driver's shared library instead of its default");
  app.add_option("--device-index", choice.index, "Which GPU, from 0");
}

bool eclip::tool::parseCommandLine(CLI::App &app, int argc, char **argv,
                                   int &exitCode) {
  try {
    app.parse(argc, argv);
    return true;
  } catch (const CLI::Success &e) { // --help, --version
    exitCode = app.exit(e);
  } catch (const CLI::ParseError &e) {
    exitCode = reportError(app.get_name().c_str(), ExitBadInput, e.what());
  }
  return false;
}

uint64_t eclip::tool::nowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return uint64_t(now.tv_sec) * 1000000000u + uint64_t(now.tv_nsec);
}
