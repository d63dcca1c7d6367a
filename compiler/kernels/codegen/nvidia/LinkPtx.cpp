//===- LinkPtx.cpp - many PTX texts to one module -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/CompiledKernel.h"
#include "compiler/kernels/codegen/nvidia/Nvidia.h"

using namespace mlir;
using namespace eclip;

using Bytes = SmallVector<char, 0>;

/// Lines that a module has once, and comments.
static bool isOfTheModule(StringRef line) {
  line = line.trim();
  return line.starts_with(".version") || line.starts_with(".target") ||
         line.starts_with(".address_size") || line.starts_with("//") ||
         (line.starts_with(".extern .shared") && line.contains(kSharedSymbol));
}

/// `line` with kKernelSymbol, which begins the names of parameters too,
/// replaced.
static void appendRenamed(Bytes &out, StringRef line, StringRef name) {
  while (true) {
    auto [before, after] = line.split(kKernelSymbol);
    out.append(before.begin(), before.end());
    if (before.size() == line.size())
      return;
    out.append(name.begin(), name.end());
    line = after;
  }
}

Bytes eclip::linkPtx(
    ArrayRef<std::pair<StringRef, StringRef>> namedTexts) {
  Bytes out;
  auto append = [&](StringRef text) { out.append(text.begin(), text.end()); };
  if (!namedTexts.empty())
    for (StringRef line : llvm::split(namedTexts.front().second, '\n'))
      if (isOfTheModule(line) && line.trim().starts_with(".") &&
          !line.contains(".extern"))
        append((line + "\n").str());
  append((".extern .shared .align " + std::to_string(kSharedAlignment) + " .b8 " +
          kSharedSymbol + "[];\n")
             .str());
  for (auto [name, text] : namedTexts)
    for (StringRef line : llvm::split(text, '\n'))
      if (!isOfTheModule(line)) {
        appendRenamed(out, line, name);
        append("\n");
      }
  out.push_back(0);
  return out;
}

Bytes eclip::keepKernels(StringRef ptx,
                         llvm::function_ref<bool(StringRef)> isKept) {
  Bytes out;
  ptx.consume_back(StringRef("\0", 1));
  bool keeps = true;
  while (!ptx.empty()) {
    size_t end = std::min(ptx.find('\n'), ptx.size() - 1) + 1;
    StringRef line = ptx.take_front(end), name = line;
    ptx = ptx.drop_front(end);
    if (name.consume_front(".visible .entry "))
      keeps = isKept(name.take_until([](char c) { return c == '('; }).trim());
    if (keeps)
      out.append(line.begin(), line.end());
    if (line == "}\n")
      keeps = true;
  }
  out.push_back(0);
  return out;
}

std::optional<int64_t> eclip::sharedBytesOf(StringRef ptx) {
  auto [before, after] = ptx.rsplit(kSharedBytesComment);
  int64_t bytes = 0;
  if (before.size() == ptx.size() ||
      after.take_until([](char c) { return c == '\n'; })
          .getAsInteger(10, bytes))
    return std::nullopt;
  return bytes;
}
