//===- FuzzCodeObject.cpp - fuzz target of the code object loader ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parses any bytes and, if they pass, loads them into memory of exactly the
// size that the parser promised. The unit tests call this with mutations of a
// valid file; built with libFuzzer (target code-object-fuzzer) it explores on.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/CodeObject.h"

#include <cstdlib>
#include <cstring>
#include <memory>

using namespace eclip::vgpu;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  CodeObject object;
  std::string message;
  CodeObjectError error = parseCodeObject(data, size, object, message);
  if (error != CodeObjectError::None) {
    if (message.empty())
      abort(); // a refusal says why
    return 0;
  }
  uint64_t bytes = object.end - object.begin;
  if (bytes > (uint64_t(64) << 20))
    return 0; // allowed, but slow to try by the thousand
  // calloc: what the file does not fill stays unmapped.
  std::unique_ptr<void, void (*)(void *)> memory(calloc(bytes, 1), free);
  if (!memory)
    return 0;
  auto define = [](std::string_view name) -> uint64_t {
    return name.size() % 2 ? 0x1000 : 0;
  };
  loadCodeObject(object, memory.get(), define, message);
  for (const CodeObject::Kernel &k : object.kernels)
    if (object.segmentOf(k.entry, 4) < 0 ||
        object.segmentOf(k.descriptor, 64) < 0)
      abort();
  return 0;
}
