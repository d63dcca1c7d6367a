//===- Explain.h - the reports that --explain asks for ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_COMPILE_EXPLAIN_H
#define ECLIP_TOOLS_ECLIP_COMPILE_EXPLAIN_H

#include "compiler/explain/Write.h"
#include "compiler/pipeline/CompiledMix.h"

#include <string>
#include <vector>

namespace eclip {

struct ReportRequest {
  ReportFormat format = ReportFormat::Text;
  std::string path; ///< empty: standard output
};

/// Reads the values of --explain, each a format, for standard output, or a file
/// whose ending is one; a message on wrong usage.
std::string readReportRequests(llvm::ArrayRef<std::string> values,
                               std::vector<ReportRequest> &requests);

/// The report of a compile for `device`, a name or a file. Prints why there is
/// none.
mlir::FailureOr<Report> explainMix(const CompiledMix &mix,
                                   llvm::StringRef device);

/// False after it has said which one cannot be written.
bool writeReports(const Report &report,
                  llvm::ArrayRef<ReportRequest> requests);

} // namespace eclip

#endif // ECLIP_TOOLS_ECLIP_COMPILE_EXPLAIN_H
