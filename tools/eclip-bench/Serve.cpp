//===- Serve.cpp - windows as standard input asks for them ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-bench/Serve.h"

#include "tools/eclip-bench/Report.h"

#include <nlohmann/json.hpp>

#include <iostream>

using namespace eclip::bench;
using Json = nlohmann::json;

static bool readFiles(const Json &value, Command &command) {
  if (!value.is_array() || value.empty() || value.size() > kMaxFiles)
    return false;
  command.load.emplace();
  for (const Json &file : value) {
    if (!file.is_string())
      return false;
    command.load->push_back(file.get<std::string>());
  }
  return true;
}

/// False where the field is unknown or has no such value.
static bool readField(const std::string &name, const Json &value,
                      size_t workers, Command &command) {
  WindowOptions &window = command.window;
  if (name == "load")
    return readFiles(value, command);
  if (name == "seconds" && value.is_number())
    window.seconds = value.get<double>();
  else if (name == "only" && value.is_number_unsigned() &&
           value.get<uint64_t>() < workers)
    window.only = value.get<int64_t>();
  else if (name == "one_at_a_time" && value.is_boolean())
    window.oneAtATime = value.get<bool>();
  else
    return false;
  return true;
}

bool eclip::bench::parseCommand(const std::string &line, const Options &options,
                                size_t workers, Command &command,
                                std::string &message) {
  command = {{options.seconds, options.warmupSeconds, options.oneAtATime}, {}};
  Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (json.is_number()) {
    Json seconds = json;
    json = {{"seconds", seconds}};
  }
  if (!json.is_object() || json.empty()) {
    message = "standard input: not a number of seconds or an object: " + line;
    return false;
  }
  for (const auto &[name, value] : json.items())
    if (!readField(name, value, workers, command) ||
        (command.load && json.size() > 1)) {
      message = "standard input: '" + name + "' cannot be used: " + line;
      return false;
    }
  if (!(command.window.seconds > 0 && command.window.seconds <= kMaxSeconds)) {
    message = "standard input: not a number of seconds: " + line;
    return false;
  }
  if (!command.load && workers == 0) {
    message = "standard input: a window, but nothing is loaded";
    return false;
  }
  return true;
}

int eclip::bench::serve(const Options &options, Workers &workers) {
  printReady(options, workers);
  std::string line, message;
  while (std::getline(std::cin, line)) {
    Command command;
    if (!parseCommand(line, options, workers.all.size(), command, message))
      return report(ExitBadInput, message);
    if (command.load) {
      if (workers.load(options, *command.load))
        printError(workers.message);
      else
        printReady(options, workers);
      continue;
    }
    Window window = {0, 0};
    if (ExitCode code = workers.run(command.window, window))
      return report(code, workers.message);
    printWindow(options, workers, window);
  }
  return ExitOk;
}
