//===- Store.h - the profile file while it grows ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_STORE_H
#define ECLIP_TOOLS_ECLIP_PROFILE_STORE_H

#include "compiler/cost/Profile.h"

namespace eclip::profiler {

/// A profile and its file. Several models may go into one file, one after the
/// other; two programs at the same time lose one's kernels.
class Store {
public:
  /// Goes on with the profile at `path`, or begins one. `fresh` has everything
  /// but kernels; an existing file of another device, clock, energy source or
  /// data is refused, with the field that differs.
  llvm::Error open(llvm::StringRef path, Profile fresh);

  bool has(llvm::StringRef hash, int64_t cuCount) const;
  void add(llvm::StringRef hash, llvm::StringRef name,
           const ProfilePoint &point);
  /// Replaces the file as a whole.
  llvm::Error write();

private:
  std::string path;
  Profile profile;
};

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_STORE_H
