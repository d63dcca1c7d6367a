//===- eclip-run.cpp - run a compiled schedule ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-run/OutputFile.h"
#include "tools/eclip-run/Report.h"
#include "tools/eclip-run/Session.h"
#include "tools/eclip-run/Vgpu.h"

#include <cstdio>
#include <cstdlib>

using namespace eclip::tool;

/// Finds whose name begins NAME=FILE. Names may hold '=' too: the longest
/// fitting one wins.
static Tensor *match(std::vector<Tensor> &tensors, const std::string &item) {
  Tensor *best = nullptr;
  for (Tensor &tensor : tensors)
    if (item.size() > tensor.name.size() && item[tensor.name.size()] == '=' &&
        item.compare(0, tensor.name.size(), tensor.name) == 0 &&
        (!best || tensor.name.size() > best->name.size()))
      best = &tensor;
  return best;
}

/// Gives each NAME=FILE to its tensor. `what` is "input" or "output".
static bool assignFiles(const std::vector<std::string> &items,
                        std::vector<Tensor> &tensors, const std::string &what,
                        std::string &message) {
  for (const std::string &item : items) {
    Tensor *tensor = match(tensors, item);
    if (!tensor) {
      std::string names;
      for (const Tensor &t : tensors)
        names += (names.empty() ? "" : ", ") + t.name;
      size_t equals = item.find('=');
      message =
          equals == std::string::npos
              ? "--" + what + " " + item + ": expected NAME=FILE.npy"
              : "no " + what + " is named '" + item.substr(0, equals) +
                    "'; the schedule has: " + (names.empty() ? "none" : names);
      return false;
    }
    if (!tensor->file.empty()) {
      message = what + " '" + tensor->name + "' is given twice";
      return false;
    }
    tensor->file = item.substr(tensor->name.size() + 1);
    if (tensor->file.empty()) {
      message = what + " '" + tensor->name + "': expected NAME=FILE.npy";
      return false;
    }
  }
  return true;
}

static bool readInputs(std::vector<Tensor> &inputs, std::string &message) {
  for (Tensor &input : inputs) {
    if (input.file.empty()) {
      message = "input '" + input.name + "' is missing, expected " +
                input.type.text() + "; give --input " + input.name +
                "=FILE.npy";
      return false;
    }
    if (!readNpy(input.file, input.type, input.data, message)) {
      message = "input '" + input.name + "': " + message;
      return false;
    }
  }
  return true;
}

/// Opens a temporary file for each output that has a place to go to.
static bool openOutputs(const std::vector<Tensor> &outputs,
                        std::vector<OutputFile> &files, std::string &message) {
  for (const Tensor &output : outputs)
    if (!output.file.empty() &&
        !files.emplace_back().create(output.file, message))
      return false;
  return true;
}

/// Writes all of them before any appears.
static bool writeOutputs(const std::vector<Tensor> &outputs,
                         std::vector<OutputFile> &files, std::string &message) {
  size_t next = 0;
  for (const Tensor &output : outputs) {
    if (output.file.empty())
      continue;
    OutputFile &file = files[next++];
    std::string header = npyHeader(output.type);
    if (!file.write(header.data(), header.size(), message) ||
        !file.write(output.data.data(), output.data.size(), message))
      return false;
  }
  for (OutputFile &file : files)
    if (!file.keep(message))
      return false;
  return true;
}

static int run(Options &options) {
  Session session;
  if (ExitCode code = session.open(options))
    return report(code, session.message);
  std::string message;
  if (!assignFiles(options.inputs, session.inputs, "input", message) ||
      !assignFiles(options.outputs, session.outputs, "output", message) ||
      !readInputs(session.inputs, message))
    return report(ExitBadInput, message);
  std::vector<OutputFile> files;
  files.reserve(session.outputs.size());
  if (!openOutputs(session.outputs, files, message))
    return report(ExitNotWritten, message);
  if (ExitCode code = session.run(options))
    return report(code, session.message);
  VgpuReport vgpu = queryVgpu(session.device.library_path);
  if (options.check && !vgpu.present)
    return report(ExitNoDevice, std::string("--check: ") +
                                    session.device.library_path +
                                    " is not the virtual GPU");
  if (!writeOutputs(session.outputs, files, message))
    return report(ExitNotWritten, message);
  if (options.json)
    printJson(options, session, vgpu);
  else
    printText(options, session, vgpu);
  if (std::fflush(stdout) != 0)
    return report(ExitNotWritten, "standard output: cannot be written");
  if (!options.check || vgpu.findings.empty())
    return ExitOk;
  // The library has printed each of them when it found it.
  size_t count = vgpu.findings.size();
  return report(ExitFindings, "--check: " + std::to_string(count) +
                                  (count == 1 ? " finding" : " findings"));
}

int main(int argc, char **argv) {
  Options options;
  int exitCode = 0;
  if (!parseOptions(argc, argv, options, exitCode))
    return exitCode;
  // The virtual GPU reads it when its library is initialized.
  if (options.check)
    setenv("ECLIP_VGPU_CHECK", "1", 1);
  return run(options);
}
