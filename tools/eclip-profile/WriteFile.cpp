//===- WriteFile.cpp - replaces a file as a whole -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/WriteFile.h"

#include "llvm/Support/FileSystem.h"

llvm::Error eclip::profiler::writeFile(
    llvm::StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> print) {
  auto fail = [&](const llvm::Twine &why) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   path + ": cannot be written: " + why);
  };
  auto temp = llvm::sys::fs::TempFile::create(path + ".%%%%%%.tmp",
                                              llvm::sys::fs::all_read |
                                                  llvm::sys::fs::owner_write);
  if (!temp)
    return fail(llvm::toString(temp.takeError()));
  std::error_code error;
  {
    llvm::raw_fd_ostream os(temp->FD, /*shouldClose=*/false);
    print(os);
    os.flush();
    error = os.error();
    os.clear_error();
  }
  if (error) {
    llvm::consumeError(temp->discard());
    return fail(error.message());
  }
  if (llvm::Error failure = temp->keep(path))
    return fail(llvm::toString(std::move(failure)));
  return llvm::Error::success();
}
