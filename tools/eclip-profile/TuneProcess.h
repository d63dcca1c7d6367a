//===- TuneProcess.h - a tuner that survives its tiles ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// After a kernel's fault CUDA is of no use to the process any more. So a process
// of its own measures; it says through a pipe what it is about to run, and when
// it ends over a tile, another one goes on without that tile.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_TUNEPROCESS_H
#define ECLIP_TOOLS_ECLIP_PROFILE_TUNEPROCESS_H

#include "tools/eclip-profile/Options.h"

#include "llvm/ADT/StringRef.h"

#include <chrono>
#include <functional>
#include <set>

namespace eclip::profiler {

/// What one process leaves to the next.
struct TuneState {
  std::set<std::string> done; ///< keys of problems
  /// Key of a problem, and a tile that ended a process.
  std::set<std::pair<std::string, std::string>> faulty;
  std::chrono::steady_clock::time_point begin =
      std::chrono::steady_clock::now();
};

/// The measuring process' end of the pipe.
class TuneReport {
public:
  explicit TuneReport(int file) : file(file) {}
  void measuring(llvm::StringRef key, llvm::StringRef tile) const;
  void done(llvm::StringRef key) const;
  /// The tile that is measured failed: ExitFailed is to follow.
  void failed(llvm::StringRef message) const;

private:
  void write(char kind, llvm::StringRef text) const;
  int file;
};

/// Calls `run` in a process of its own, and again while tiles end it. Call with
/// one thread, and without CUDA.
int supervise(
    const Options &options,
    const std::function<int(const TuneState &, const TuneReport &)> &run);

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_TUNEPROCESS_H
