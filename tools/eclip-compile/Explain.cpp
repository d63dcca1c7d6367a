//===- Explain.cpp - the reports that --explain asks for ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-compile/Explain.h"

#include "compiler/explain/Explain.h"

using namespace mlir;
using namespace eclip;

std::string eclip::readReportRequests(llvm::ArrayRef<std::string> values,
                                      std::vector<ReportRequest> &requests) {
  for (const std::string &value : values) {
    ReportRequest request;
    if (auto format = parseReportFormat(value)) {
      request.format = *format;
    } else if (auto format = reportFormatOf(value)) {
      request.format = *format;
      request.path = value;
    } else {
      return "--explain needs text, json, html or a file that ends in .txt, "
             ".json or .html, has '" +
             value + "'";
    }
    for (const ReportRequest &other : requests)
      if (other.path == request.path)
        return request.path.empty()
                   ? "--explain writes one report to standard output"
                   : "--explain names '" + value + "' twice";
    requests.push_back(std::move(request));
  }
  return {};
}

FailureOr<Report> eclip::explainMix(const CompiledMix &mix,
                                    llvm::StringRef device) {
  auto description = loadDeviceDescription(device);
  if (!description) {
    llvm::errs() << "eclip-compile: error: "
                 << llvm::toString(description.takeError()) << "\n";
    return failure();
  }
  ExplainOptions options;
  options.compilerVersion = ECLIP_VERSION;
  options.device = &*description;
  if (mix.problem && mix.solution) {
    options.mix = &*mix.problem;
    options.solution = &*mix.solution;
  }
  std::vector<ExplainedWorker> workers;
  for (const CompiledWorker &worker : mix.workers)
    workers.push_back({worker.name, *worker.module});
  return explain(workers, options);
}

bool eclip::writeReports(const Report &report,
                         llvm::ArrayRef<ReportRequest> requests) {
  auto fail = [](const std::string &message) {
    llvm::errs() << "eclip-compile: error: " << message << "\n";
    return false;
  };
  for (const ReportRequest &request : requests) {
    if (!request.path.empty()) {
      if (llvm::Error error =
              writeReportFile(report, request.format, request.path))
        return fail(llvm::toString(std::move(error)));
      continue;
    }
    writeReport(report, request.format, llvm::outs());
    llvm::outs().flush();
    if (std::error_code error = llvm::outs().error()) {
      llvm::outs().clear_error();
      return fail("standard output: " + error.message());
    }
  }
  return true;
}
