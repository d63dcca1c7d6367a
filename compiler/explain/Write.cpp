//===- Write.cpp - a report as a file -------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/Write.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace eclip;

std::optional<ReportFormat> eclip::parseReportFormat(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<ReportFormat>>(name)
      .Case("text", ReportFormat::Text)
      .Case("json", ReportFormat::Json)
      .Case("html", ReportFormat::Html)
      .Default(std::nullopt);
}

std::optional<ReportFormat> eclip::reportFormatOf(llvm::StringRef path) {
  return llvm::StringSwitch<std::optional<ReportFormat>>(
             llvm::sys::path::extension(path))
      .Case(".txt", ReportFormat::Text)
      .Case(".json", ReportFormat::Json)
      .Case(".html", ReportFormat::Html)
      .Default(std::nullopt);
}

void eclip::writeReport(const Report &report, ReportFormat format,
                        llvm::raw_ostream &os) {
  switch (format) {
  case ReportFormat::Text:
    return writeText(report, os);
  case ReportFormat::Json:
    return writeJson(report, os);
  case ReportFormat::Html:
    return writeHtml(report, os);
  }
}

llvm::Error eclip::writeReportFile(const Report &report, ReportFormat format,
                                   llvm::StringRef path) {
  auto fail = [&](std::error_code error) {
    return llvm::createStringError(error, path + ": cannot be written: " +
                                              error.message());
  };
  auto temp = llvm::sys::fs::TempFile::create(path + ".%%%%%%.tmp",
                                              llvm::sys::fs::all_read |
                                                  llvm::sys::fs::owner_write);
  if (!temp)
    return fail(llvm::errorToErrorCode(temp.takeError()));
  std::error_code error;
  {
    llvm::raw_fd_ostream os(temp->FD, /*shouldClose=*/false);
    writeReport(report, format, os);
    os.flush();
    error = os.error();
    os.clear_error();
  }
  if (error) {
    llvm::consumeError(temp->discard());
    return fail(error);
  }
  if (llvm::Error kept = temp->keep(path))
    return fail(llvm::errorToErrorCode(std::move(kept)));
  return llvm::Error::success();
}
