//===- Serve.h - what --serve is asked for ----------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_BENCH_SERVE_H
#define ECLIP_TOOLS_ECLIP_BENCH_SERVE_H

#include "tools/eclip-bench/Workers.h"

#include <optional>
#include <string>
#include <vector>

namespace eclip::bench {

/// A line of standard input: a window, or files to load.
struct Command {
  WindowOptions window;
  std::optional<std::vector<std::string>> load;
};

/// False: `message` says what is wrong with the line. What it does not say is as
/// the command line says; `workers` is how many are loaded.
bool parseCommand(const std::string &line, const Options &options,
                  size_t workers, Command &command, std::string &message);

/// Answers every line of standard input.
int serve(const Options &options, Workers &workers);

} // namespace eclip::bench

#endif // ECLIP_TOOLS_ECLIP_BENCH_SERVE_H
