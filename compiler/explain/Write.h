//===- Write.h - a report as text, JSON or HTML -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EXPLAIN_WRITE_H
#define ECLIP_COMPILER_EXPLAIN_WRITE_H

#include "compiler/explain/Report.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace eclip {

enum class ReportFormat { Text, Json, Html };

/// text, json or html.
std::optional<ReportFormat> parseReportFormat(llvm::StringRef name);
/// The format of a file, by .txt, .json or .html.
std::optional<ReportFormat> reportFormatOf(llvm::StringRef path);

/// For a terminal: at most 100 columns, no control characters.
void writeText(const Report &report, llvm::raw_ostream &os);
/// As docs/report.schema.json describes.
void writeJson(const Report &report, llvm::raw_ostream &os);
/// One page that refers to nothing outside itself.
void writeHtml(const Report &report, llvm::raw_ostream &os);

void writeReport(const Report &report, ReportFormat format,
                 llvm::raw_ostream &os);

/// Writes `path` through a temporary file in the same folder, so that it is
/// either the old file or the whole new one. The error names the path.
llvm::Error writeReportFile(const Report &report, ReportFormat format,
                            llvm::StringRef path);

} // namespace eclip

#endif // ECLIP_COMPILER_EXPLAIN_WRITE_H
