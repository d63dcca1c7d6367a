//===- Options.h - what a run is asked for ----------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_COMPILE_OPTIONS_H
#define ECLIP_TOOLS_ECLIP_COMPILE_OPTIONS_H

#include "compiler/import/Import.h"
#include "compiler/pipeline/Pipeline.h"
#include "tools/eclip-compile/Explain.h"

#include <optional>
#include <string>
#include <vector>

namespace eclip {

/// Exit codes, as `--help` lists them.
enum ExitCode { kOk = 0, kUsage = 1, kCompileError = 2, kWriteError = 3 };

/// The most models of one mix.
constexpr size_t kMaxModels = 16;

/// One model of the run; its pipeline is complete, with what all share.
struct ModelRequest {
  std::string path;
  std::string name;   ///< of the worker and its file
  std::string output; ///< the file, or what --emit writes to
  ImportOptions import;
  PipelineOptions pipeline;
};

/// What the command line and the mix file ask for. A copy: linking in process
/// runs lld's own command line, which resets every option of this process.
struct Options {
  std::vector<ModelRequest> models;
  std::string mixName;         ///< of several models
  std::string directory;       ///< to be made if it is missing; empty: none
  std::optional<Stage> stage;  ///< to print instead of writing files
  std::vector<ReportRequest> reports;
  bool quiet = false;
};

/// Parses the command line; false after it has said what is wrong with its form.
bool parseCommandLine(int argc, char **argv);

/// Checks what was parsed and reads the mix file; a message on wrong usage.
std::string readOptions(Options &options);

} // namespace eclip

#endif // ECLIP_TOOLS_ECLIP_COMPILE_OPTIONS_H
