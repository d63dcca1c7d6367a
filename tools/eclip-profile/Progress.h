//===- Progress.h - one line on a terminal ----------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_PROGRESS_H
#define ECLIP_TOOLS_ECLIP_PROFILE_PROGRESS_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <string>

namespace eclip::profiler {

/// One line on a terminal that is rewritten in place.
class Progress {
public:
  Progress(bool shown, size_t total) : shown(shown), total(total) {}

  void show(size_t done, const llvm::Twine &what) {
    if (!shown)
      return;
    double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    size_t filled = total ? 24 * done / total : 24;
    std::string left =
        done ? llvm::formatv("{0:F0} s left", elapsed / done * (total - done))
                   .str()
             : "";
    llvm::errs() << "\r\033[K[" << std::string(filled, '#')
                 << std::string(24 - filled, ' ') << "] " << done << "/"
                 << total << "  " << what << "  " << left;
  }
  void clear() {
    if (shown)
      llvm::errs() << "\r\033[K";
  }

private:
  bool shown;
  size_t total;
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
};

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_PROGRESS_H
