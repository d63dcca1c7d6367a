//===- RunKernel.cpp - runs one kernel of a code object -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/tool/CodeObject.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

using namespace eclip::vgpu;

namespace {

const char usage[] =
    R"(usage: vgpu-run-kernel CODE.hsaco KERNEL --grid X,Y,Z --block X,Y,Z [--repeat N] ARG...

Runs a gfx906 kernel on the host and prints how many wavefront instructions that
took. The grid is in workgroups. Each ARG becomes one 8-byte pointer in the
kernel's arguments:
  in:FILE            a buffer filled from FILE
  zero:BYTES:FILE    a buffer of zeros, written to FILE afterwards
  inout:FILE:FILE2   a buffer filled from FILE, written to FILE2 afterwards

Exit codes: 0 ran, 1 bad arguments or files, 2 the executor refuses the kernel,
3 the kernel faulted.
)";

struct Buffer {
  std::vector<uint8_t> data;
  std::string output; ///< empty: not written
};

class BufferMap : public MemoryMap {
public:
  std::vector<Range> ranges;
  Range find(uint64_t address) const override {
    for (const Range &r : ranges)
      if (address >= r.begin && address < r.end)
        return r;
    return {};
  }
};

struct Options {
  std::string code, kernel;
  uint32_t grid[3] = {1, 1, 1}, block[3] = {64, 1, 1};
  unsigned repeat = 1;
  std::vector<std::unique_ptr<Buffer>> buffers;
};

int complain(const std::string &text) {
  fprintf(stderr, "vgpu-run-kernel: %s\n", text.c_str());
  return 1;
}

bool parseTriple(const char *text, uint32_t *out) {
  return sscanf(text, "%u,%u,%u", &out[0], &out[1], &out[2]) >= 1 && out[0] && out[1] && out[2];
}

bool readFile(const std::string &path, std::vector<uint8_t> &data) {
  std::ifstream stream(path, std::ios::binary);
  data.assign(std::istreambuf_iterator<char>(stream), {});
  return stream.good() || stream.eof();
}

bool parseBuffer(const std::string &arg, Buffer &buffer, std::string &error) {
  size_t first = arg.find(':'), second = first == std::string::npos ? first : arg.find(':', first + 1);
  std::string kind = arg.substr(0, first);
  bool twoParts = second != std::string::npos;
  std::string middle = arg.substr(first + 1, twoParts ? second - first - 1 : second);
  if (kind == "in" && first != std::string::npos && readFile(arg.substr(first + 1), buffer.data) && !buffer.data.empty())
    return true;
  if (kind == "zero" && twoParts) {
    buffer.data.resize(strtoull(middle.c_str(), nullptr, 10));
    buffer.output = arg.substr(second + 1);
    return !buffer.data.empty();
  }
  if (kind == "inout" && twoParts && readFile(middle, buffer.data) && !buffer.data.empty()) {
    buffer.output = arg.substr(second + 1);
    return true;
  }
  error = "bad argument or unreadable file: '" + arg + "'";
  return false;
}

bool parse(int argc, char **argv, Options &o, std::string &error) {
  std::vector<std::string> names;
  for (int k = 1; k < argc; ++k) {
    std::string arg = argv[k];
    bool hasValue = k + 1 < argc;
    if (arg == "--grid" && hasValue && parseTriple(argv[k + 1], o.grid)) {
      ++k;
    } else if (arg == "--block" && hasValue && parseTriple(argv[k + 1], o.block)) {
      ++k;
    } else if (arg == "--repeat" && hasValue && atoi(argv[k + 1]) > 0) {
      o.repeat = static_cast<unsigned>(atoi(argv[++k]));
    } else if (arg[0] == '-') {
      error = "bad option '" + arg + "'";
      return false;
    } else if (names.size() < 2) {
      names.push_back(arg);
    } else {
      o.buffers.push_back(std::make_unique<Buffer>());
      if (!parseBuffer(arg, *o.buffers.back(), error))
        return false;
    }
  }
  if (names.size() < 2) {
    error = "needs a code object and a kernel; see --help";
    return false;
  }
  o.code = names[0];
  o.kernel = names[1];
  return true;
}

/// Runs the whole grid; exit code.
int runGrid(const Options &o, const Program &program, DispatchInfo &dispatch, const BufferMap &memory) {
  WorkgroupRunner runner(0);
  uint64_t instructions = 0;
  auto begin = std::chrono::steady_clock::now();
  for (unsigned r = 0; r < o.repeat; ++r)
    for (uint32_t z = 0; z < o.grid[2]; ++z)
      for (uint32_t y = 0; y < o.grid[1]; ++y)
        for (uint32_t x = 0; x < o.grid[0]; ++x) {
          uint32_t workgroup[3] = {x, y, z};
          RunResult result = runner.run(program, dispatch, workgroup, memory, nullptr, nullptr);
          instructions += result.instructions;
          if (result.status != RunStatus::Ok) {
            fprintf(stderr, "vgpu-run-kernel: workgroup %u,%u,%u: %s\n", x, y, z, result.message.c_str());
            return 3;
          }
        }
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  printf("%llu wavefront instructions, %.3f s, %.1f M/s\n", static_cast<unsigned long long>(instructions), seconds,
         static_cast<double>(instructions) / seconds * 1e-6);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  for (int k = 1; k < argc; ++k)
    if (!strcmp(argv[k], "--help") || !strcmp(argv[k], "-h")) {
      fputs(usage, stdout);
      return 0;
    }
  Options o;
  std::string error;
  CodeObject code;
  KernelImage image;
  if (!parse(argc, argv, o, error) || !code.load(o.code, error) || !code.kernel(o.kernel, image, error))
    return complain(error);
  std::shared_ptr<const Program> program = decodeProgram(image, error);
  if (!program) {
    complain(error);
    return 2;
  }
  BufferMap memory;
  std::vector<uint64_t> kernargs(std::max<size_t>(o.buffers.size(), (image.kernargBytes + 7) / 8) + 1, 0);
  for (size_t k = 0; k < o.buffers.size(); ++k) {
    uint64_t begin = reinterpret_cast<uint64_t>(o.buffers[k]->data.data());
    kernargs[k] = begin;
    memory.ranges.push_back({begin, begin + o.buffers[k]->data.size(), true});
  }
  uint64_t argBegin = reinterpret_cast<uint64_t>(kernargs.data());
  memory.ranges.push_back({argBegin, argBegin + 8 * kernargs.size(), false});
  memory.ranges.push_back(code.range());
  DispatchInfo dispatch = {};
  for (unsigned d = 0; d < 3; ++d) {
    dispatch.gridSize[d] = o.grid[d] * o.block[d];
    dispatch.workgroupSize[d] = static_cast<uint16_t>(o.block[d]);
  }
  dispatch.kernargAddress = argBegin;
  dispatch.ldsBytes = image.ldsBytes;
  dispatch.scratchBytes = image.scratchBytes;
  printf("%s: %llu instructions decoded\n", image.name.c_str(),
         static_cast<unsigned long long>(instructionCount(*program)));
  if (int failed = runGrid(o, *program, dispatch, memory))
    return failed;
  for (const auto &buffer : o.buffers) {
    if (buffer->output.empty())
      continue;
    std::ofstream stream(buffer->output, std::ios::binary);
    stream.write(reinterpret_cast<const char *>(buffer->data.data()), static_cast<std::streamsize>(buffer->data.size()));
    if (!stream)
      return complain("cannot write '" + buffer->output + "'");
  }
  return 0;
}
