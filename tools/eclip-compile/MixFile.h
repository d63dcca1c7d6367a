//===- MixFile.h - a mix as a JSON file -------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   {"name": "vision",
//    "device": "mi50", "target": "gfx906",
//    "objective": "energy", "throughput_floor": 0.8,
//    "models": [{"path": "resnet152.onnx", "name": "classifier", "batch": 8,
//                "dims": {"sequence": 128}, "precision": "f16",
//                "slo_ms": 40, "max_switches": 14}]}
//
// Only `models` and each one's `path` are required. docs/tools.md has all fields.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_COMPILE_MIXFILE_H
#define ECLIP_TOOLS_ECLIP_COMPILE_MIXFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace eclip {

/// What the file says; absent fields are the command line's.
struct MixFile {
  struct Model {
    std::string path; ///< relative ones made relative to the file's folder
    std::optional<std::string> name, precision;
    std::optional<int64_t> batch, maxSwitches;
    std::map<std::string, int64_t> dims;
    std::optional<double> sloMs;
  };
  std::optional<std::string> name, device, target, objective;
  std::optional<double> throughputFloor;
  std::vector<Model> models;
};

/// Refuses, with file, field and reason, whatever is not documented.
llvm::Expected<MixFile> readMixFile(llvm::StringRef path);

/// Whether a worker's name can be that of a file: letters, digits, `.`, `_` and
/// `-`, at most 128, not beginning with a dot.
bool isWorkerName(llvm::StringRef name);

} // namespace eclip

#endif // ECLIP_TOOLS_ECLIP_COMPILE_MIXFILE_H
