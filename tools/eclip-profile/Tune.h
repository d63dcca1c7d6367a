//===- Tune.h - the fastest tile of each contraction ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_TUNE_H
#define ECLIP_TOOLS_ECLIP_PROFILE_TUNE_H

#include "tools/eclip-profile/Options.h"

namespace eclip::profiler {

/// `--tune`: measures tiles on the device and writes their table. Returns an
/// exit code.
int tune(const Options &options);

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_TUNE_H
