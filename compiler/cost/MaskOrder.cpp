//===- MaskOrder.cpp - which CU each bit of a mask is ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/MaskOrder.h"

#include "llvm/ADT/bit.h"

#include <algorithm>
#include <cassert>

using namespace eclip;

namespace {
struct OrderName {
  MaskBitOrder order;
  llvm::StringLiteral name;
};
} // namespace

static constexpr OrderName orderNames[] = {
    {MaskBitOrder::ShaderEngineInterleaved, "shader_engine_interleaved"},
    {MaskBitOrder::XcdThenShaderEngineInterleaved,
     "xcd_then_shader_engine_interleaved"},
    {MaskBitOrder::SmGroup, "sm_group"},
};

std::optional<MaskBitOrder> eclip::parseMaskBitOrder(llvm::StringRef name) {
  for (const OrderName &entry : orderNames)
    if (entry.name == name)
      return entry.order;
  return std::nullopt;
}

llvm::StringRef eclip::maskBitOrderName(MaskBitOrder order) {
  return std::find_if(std::begin(orderNames), std::end(orderNames),
                      [&](const OrderName &e) { return e.order == order; })
      ->name;
}

CuPosition eclip::shaderEngineInterleaved(int64_t bit, int64_t engines,
                                          int64_t cuCount) {
  // The driver goes round the engines and leaves out those that have no more
  // CUs. With the first engines having one more than the others, only the last
  // round is short, and it begins at the first engine too.
  assert(bit >= 0 && bit < cuCount && engines > 0);
  (void)cuCount;
  return {0, bit % engines, bit / engines};
}

CuPosition eclip::xcdThenShaderEngineInterleaved(int64_t bit, int64_t xcds,
                                                 int64_t enginesPerXcd,
                                                 int64_t cuCount) {
  CuPosition within =
      shaderEngineInterleaved(bit / xcds, enginesPerXcd, cuCount / xcds);
  return {bit % xcds, within.engine, within.cu};
}

/// CUs of engine `engine` where `cuCount` are spread over `engines`.
static int64_t engineSize(int64_t engine, int64_t engines, int64_t cuCount) {
  return cuCount / engines + (engine < cuCount % engines);
}

CuPosition eclip::smGroup(int64_t bit, int64_t groups, int64_t smCount) {
  int64_t group = 0;
  while (bit >= engineSize(group, groups, smCount))
    bit -= engineSize(group++, groups, smCount);
  return {0, group, bit};
}

CuPosition eclip::positionOfBit(const MaskTopology &topology, int64_t bit) {
  switch (topology.order) {
  case MaskBitOrder::ShaderEngineInterleaved:
    return shaderEngineInterleaved(bit, topology.engineCount, topology.cuCount);
  case MaskBitOrder::XcdThenShaderEngineInterleaved:
    return xcdThenShaderEngineInterleaved(
        bit, topology.xcdCount, topology.engineCount / topology.xcdCount,
        topology.cuCount);
  case MaskBitOrder::SmGroup:
    break;
  }
  return smGroup(bit, topology.engineCount, topology.cuCount);
}

int64_t eclip::bitOfPosition(const MaskTopology &topology,
                             CuPosition position) {
  int64_t engines = topology.engineCount / topology.xcdCount;
  switch (topology.order) {
  case MaskBitOrder::ShaderEngineInterleaved:
    return position.cu * engines + position.engine;
  case MaskBitOrder::XcdThenShaderEngineInterleaved:
    return (position.cu * engines + position.engine) * topology.xcdCount +
           position.xcd;
  case MaskBitOrder::SmGroup:
    break;
  }
  int64_t bit = position.cu;
  for (int64_t group = 0; group < position.engine; ++group)
    bit += engineSize(group, engines, topology.cuCount);
  return bit;
}

llvm::SmallVector<int64_t, 4> eclip::maskFromEnd(const MaskTopology &topology,
                                                 int64_t cuCount, bool high) {
  llvm::SmallVector<int64_t, 4> words((topology.cuCount + 31) / 32, 0);
  auto set = [&](int64_t bit) { words[bit / 32] |= int64_t(1) << (bit % 32); };
  if (topology.order != MaskBitOrder::ShaderEngineInterleaved) {
    // Neighbouring bits: XCDs alternate fastest, so they get equal shares.
    int64_t first = high ? topology.cuCount - cuCount : 0;
    if (topology.order == MaskBitOrder::SmGroup)
      first -= first % topology.granule;
    for (int64_t i = 0; i < cuCount; ++i)
      set(first + i);
    return words;
  }
  int64_t engines = topology.engineCount;
  for (int64_t i = 0; i < engines && cuCount > 0; ++i) {
    int64_t engine = high ? engines - 1 - i : i;
    int64_t take =
        std::min(cuCount, engineSize(engine, engines, topology.cuCount));
    for (int64_t cu = 0; cu < take; ++cu)
      set(bitOfPosition(topology, {0, engine, cu}));
    cuCount -= take;
  }
  return words;
}

llvm::SmallVector<int64_t, 4>
eclip::cusBehindMask(const MaskTopology &topology,
                     llvm::ArrayRef<int64_t> mask) {
  llvm::SmallVector<int64_t, 4> words(mask);
  int64_t whole = topology.cuCount - topology.cuCount % topology.granule;
  int64_t last = whole - 1; // a bit of the last whole granule
  if (topology.order == MaskBitOrder::SmGroup && topology.extra > 0 &&
      last >= 0 && (words[last / 32] >> (last % 32) & 1))
    for (int64_t bit = whole; bit < whole + topology.extra; ++bit)
      words[bit / 32] |= int64_t(1) << (bit % 32);
  return words;
}

int64_t eclip::cusFromEnd(const MaskTopology &topology, int64_t cuCount,
                          bool high) {
  int64_t cus = 0;
  for (int64_t word :
       cusBehindMask(topology, maskFromEnd(topology, cuCount, high)))
    cus += llvm::popcount(static_cast<uint64_t>(word));
  return cus;
}
