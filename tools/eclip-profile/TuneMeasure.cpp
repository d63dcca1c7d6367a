//===- TuneMeasure.cpp - times of tiles on the device ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/TuneMeasure.h"

#include "tools/eclip-profile/Measure.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <random>

using namespace eclip;
using namespace eclip::profiler;

/// What a request should take, and how many launches it has at least and at
/// most.
static constexpr double kRequestNs = 300e3;
static constexpr uint32_t kFewest = 4, kMost = 40;
/// Enough of requests, beside the number that is asked for, and the fewest.
static constexpr double kEnoughNs = 4e6;
static constexpr uint32_t kFewestRequests = 3;
/// Of the first output, what is compared.
static constexpr uint64_t kComparedBytes = 256 << 10;
static constexpr std::chrono::milliseconds kWarmUp{300};

TileSequence TileBench::sequenceOf(const TileProblem &problem) const {
  TileSequence sequence = {};
  double launches = kRequestNs / std::max(problem.estimatedNs, 1.0);
  sequence.launches = static_cast<uint32_t>(
      std::clamp(launches, double(kFewest), double(kMost)));
  uint64_t rotating = 1;
  for (const KernelBuffer &buffer : problem.buffers)
    rotating += buffer.rotates ? buffer.bytes : 0;
  uint64_t enough = 2 * static_cast<uint64_t>(description.l2CacheBytes);
  sequence.copies = static_cast<uint32_t>(
      std::clamp<uint64_t>(enough / rotating + 1, 1, sequence.launches));
  for (const KernelBuffer &buffer : problem.buffers)
    (buffer.written ? sequence.outputBytes : sequence.inputBytes) +=
        llvm::alignTo(buffer.bytes, 256) *
        (buffer.rotates ? sequence.copies : 1);
  return sequence;
}

/// Numbers in (-1, 1) as f16, which as f32 are finite as well.
static std::vector<char> randomBytes() {
  std::mt19937 random(1);
  std::vector<uint16_t> halves(8 << 20);
  for (uint16_t &half : halves)
    half = static_cast<uint16_t>(random() % 0x3c00 | (random() & 1) << 15);
  std::vector<char> bytes(halves.size() * 2);
  std::memcpy(bytes.data(), halves.data(), bytes.size());
  return bytes;
}

llvm::Error TileBench::prepare(llvm::ArrayRef<TileProblem> problems) {
  uint64_t inputBytes = 256, outputBytes = kComparedBytes;
  for (const TileProblem &problem : problems) {
    TileSequence sequence = sequenceOf(problem);
    inputBytes = std::max(inputBytes, sequence.inputBytes);
    outputBytes = std::max(outputBytes, sequence.outputBytes);
  }
  if (llvm::Error error = outputs.allocate(device, outputBytes))
    return error;
  if (llvm::Error error = inputs.allocate(device, inputBytes))
    return error;
  std::vector<char> block = randomBytes();
  for (uint64_t at = 0; at < inputBytes; at += block.size())
    if (llvm::Error error = inputs.write(
            at, llvm::ArrayRef(block).take_front(
                    std::min<uint64_t>(block.size(), inputBytes - at))))
      return error;
  return llvm::Error::success();
}

static float toFloat(uint16_t half) {
  int exponent = half >> 10 & 31;
  float mantissa = static_cast<float>(half & 1023);
  float value = exponent == 31 ? (half & 1023 ? NAN : INFINITY)
                : exponent     ? std::ldexp(mantissa + 1024, exponent - 25)
                               : std::ldexp(mantissa, -24);
  return half >> 15 ? -value : value;
}

llvm::Expected<std::vector<float>>
TileBench::readOutput(const TileProblem &problem) {
  auto output = llvm::find_if(problem.buffers,
                              [](const auto &buffer) { return buffer.written; });
  std::vector<char> bytes(std::min(output->bytes, kComparedBytes));
  if (llvm::Error error = outputs.read(0, bytes))
    return error;
  size_t width = problem.firstOutput == TileElement::F16 ? 2 : 4;
  std::vector<float> values(bytes.size() / width);
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t half;
    if (width == 4) {
      std::memcpy(&values[i], &bytes[4 * i], 4);
    } else {
      std::memcpy(&half, &bytes[2 * i], 2);
      values[i] = toFloat(half);
    }
  }
  return values;
}

bool eclip::profiler::differ(llvm::ArrayRef<float> a,
                             llvm::ArrayRef<float> b) {
  double error = 0, norm = 0;
  for (auto [x, y] : llvm::zip_equal(a, b)) {
    if (std::isfinite(x) && std::isfinite(y)) {
      error += (double(x) - y) * (double(x) - y);
      norm += double(x) * x;
    } else if (!(std::isinf(x) && x == y)) {
      return true; // not written, or not a number
    }
  }
  return error > 1e-4 * norm; // 1 % of the norm
}

llvm::Expected<double> TileBench::run(const TileProblem &problem,
                                      const CompiledTile &tile, int64_t cuCount,
                                      double atMostNs,
                                      std::vector<float> *values) {
  TileSequence sequence = sequenceOf(problem);
  Bindings bindings;
  uint64_t in = 0, out = 0;
  for (const KernelBuffer &buffer : problem.buffers)
    for (uint32_t copy = 0; copy < (buffer.rotates ? sequence.copies : 1);
         ++copy) {
      uint64_t &at = buffer.written ? out : in;
      (buffer.written ? bindings.outputs : bindings.inputs)
          .push_back((buffer.written ? outputs : inputs).address(at));
      at += llvm::alignTo(buffer.bytes, 256);
    }
  auto run =
      device.load(makeKernelSchedule(tile.launch, description, cuCount,
                                     sequence.launches, sequence.copies),
                  &bindings);
  if (!run)
    return run.takeError();
  values = problem.firstOutput == TileElement::Other ? nullptr : values;
  if (values) {
    std::vector<char> unwritten(kComparedBytes, char(0xff)); // NaN
    if (llvm::Error error = outputs.write(0, unwritten))
      return error;
  }
  auto warmUntil = std::chrono::steady_clock::now() +
                   (warm ? std::chrono::milliseconds(0) : kWarmUp);
  llvm::Expected<std::vector<int64_t>> first = std::vector<int64_t>();
  do {
    first = timeRequests(options, **run, 1);
    if (!first)
      return first.takeError();
  } while (std::chrono::steady_clock::now() < warmUntil);
  warm = true;
  if (values) {
    auto read = readOutput(problem);
    if (!read)
      return read.takeError();
    *values = std::move(*read);
  }
  auto requestNs = static_cast<double>(first->front());
  if (requestNs / sequence.launches > atMostNs)
    return requestNs / sequence.launches;
  auto repetitions = std::clamp(static_cast<uint32_t>(kEnoughNs / requestNs),
                                std::min(kFewestRequests, options.repetitions),
                                options.repetitions);
  Options warmed = options;
  warmed.warmups = 0;
  auto times = timeRequests(warmed, **run, repetitions);
  if (!times)
    return times.takeError();
  return static_cast<double>(median(*times)) / sequence.launches;
}
