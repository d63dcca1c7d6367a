//===- WriteFile.h - replaces a file as a whole -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_WRITEFILE_H
#define ECLIP_TOOLS_ECLIP_PROFILE_WRITEFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace eclip::profiler {

/// What `print` writes takes the place of the file at `path`: whole or not at
/// all.
llvm::Error writeFile(llvm::StringRef path,
                      llvm::function_ref<void(llvm::raw_ostream &)> print);

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_WRITEFILE_H
