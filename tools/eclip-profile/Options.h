//===- Options.h - the command line of eclip-profile ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_OPTIONS_H
#define ECLIP_TOOLS_ECLIP_PROFILE_OPTIONS_H

#include "tools/common/OpenDevice.h"

#include "llvm/ADT/Twine.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace eclip::profiler {

/// Documented in --help and docs/tools.md; scripts rely on them.
enum ExitCode {
  ExitOk = 0,
  ExitUsage = 1,
  ExitNoDevice = 2,
  ExitFailed = 3,
  ExitNotWritten = 4
};

struct Options {
  std::string model, output;
  // --tune
  bool tune = false;
  std::vector<std::string> models, precisions, excludedTiles;
  std::vector<int64_t> batches; ///< 0: as the model has it
  std::vector<std::pair<std::string, int64_t>> dims;
  std::string baseTable;
  bool again = false;       ///< problems that the table has, too
  double budgetSeconds = 0; ///< 0: no limit
  size_t candidates = 0;
  unsigned jobs = 0;

  tool::DeviceChoice device;
  std::string description;       ///< empty: the device that the model is for
  /// Empty: the device's mask sizes. With --tune beside all CUs; ascending.
  std::vector<int64_t> cuCounts;
  uint32_t repetitions = 0;      ///< 0: by the time source
  uint32_t warmups = 0;
  bool hostTime = false; ///< virtual GPU only
  std::string smiLibrary;
  bool noEnergy = false;
  bool energyCounter = false; ///< NVML: counted, not sampled
  uint32_t energyWindowMs = 0;
  double timeoutSeconds = 0;
  std::vector<std::string> compileOptions;
  bool quiet = false;
};

/// The options, or ends the process (--help, --version, wrong usage).
Options parseOptions(int argc, char **argv);

/// Prints "eclip-profile: error: ..." as one line and returns `code`.
int report(ExitCode code, const llvm::Twine &message);

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_OPTIONS_H
