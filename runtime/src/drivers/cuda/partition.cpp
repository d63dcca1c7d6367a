//===- partition.cpp - SM groups as green contexts ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/cuda/partition.h"

using namespace eclip;
using namespace eclip::cuda;

eclip_status Partitions::open(const Api &driver, abi::Device gpu,
                              abi::Context context, uint32_t smCount,
                              Error &error) {
  api = &driver;
  device = gpu;
  primary = context;
  sm_count = smCount;
  abi::Resource whole{};
  abi::Result result =
      api->deviceResource(device, &whole, abi::kResourceSm);
  if (result != abi::kSuccess)
    return api->fail(error, result, "cuDeviceGetDevResource");
  // What the hardware schedules together; 8 where the driver does not tell.
  group_size = whole.sm.alignment ? whole.sm.alignment : 8;
  if (group_size < whole.sm.min_partition)
    group_size = whole.sm.min_partition;
  unsigned groups = smCount / group_size;
  if (groups > kMaxGroups - 1)
    groups = kMaxGroups - 1;
  abi::Resource rest{};
  result = api->splitResource(resources, &groups, &whole, &rest, 0, group_size);
  if (result != abi::kSuccess)
    return api->fail(error, result, "cuDevSmResourceSplitByCount");
  group_count = groups;
  if (rest.type == abi::kResourceSm && rest.sm.count)
    resources[group_count++] = rest;
  uint32_t total = 0;
  for (uint32_t i = 0; i < group_count; ++i) {
    uint32_t expected = i + 1 < group_count || rest.sm.count == 0
                            ? group_size
                            : smCount - total;
    if (resources[i].sm.count != expected)
      return error.fail(ECLIP_ERROR_DRIVER,
                        "cuda: SM group %u has %u SMs, expected %u", i,
                        resources[i].sm.count, expected);
    total += expected;
  }
  return ECLIP_OK;
}

Partitions::~Partitions() {
  for (Part &part : parts)
    if (part.green)
      api->destroyGreen(part.green);
}

static bool bitOf(const MaskWords &mask, uint32_t bit) {
  return bit / 32 < mask.size() && (mask.Get(bit / 32) >> bit % 32 & 1);
}

eclip_status Partitions::groupsOf(const MaskWords &mask, uint64_t *groups,
                                  Error &error) const {
  *groups = 0;
  for (uint32_t g = 0; g < group_count; ++g) {
    uint32_t begin = g * group_size;
    uint32_t end = begin + resources[g].sm.count;
    uint32_t bits = 0;
    for (uint32_t sm = begin; sm < end; ++sm)
      bits += bitOf(mask, sm);
    // What is left over may be more than a group, and a compiler that counts in
    // groups leaves some of it out: the rest comes along.
    bool whole = bits + group_size > end - begin;
    if (bits != 0 && !(whole && end - begin > group_size) &&
        bits != end - begin)
      return error.fail(ECLIP_ERROR_INCOMPATIBLE_DEVICE,
                        "the mask has %u of SMs %u to %u, which come as one "
                        "group",
                        bits, begin, end - 1);
    if (bits)
      *groups |= 1ull << g;
  }
  return ECLIP_OK;
}

eclip_status Partitions::create(Part &part, Error &error) {
  abi::Resource chosen[kMaxGroups];
  unsigned count = 0;
  for (uint32_t g = 0; g < group_count; ++g)
    if (part.groups >> g & 1)
      chosen[count++] = resources[g];
  if (count == group_count) {
    part.context = primary;
    return ECLIP_OK;
  }
  abi::ResourceDescription description = nullptr;
  abi::Result result = api->describeResources(&description, chosen, count);
  if (result != abi::kSuccess)
    return api->fail(error, result, "cuDevResourceGenerateDesc");
  result = api->createGreen(&part.green, description, device,
                            abi::kGreenDefaultStream);
  if (result != abi::kSuccess) {
    part.green = nullptr;
    return api->fail(error, result, "cuGreenCtxCreate");
  }
  result = api->contextOfGreen(&part.context, part.green);
  if (result == abi::kSuccess)
    return ECLIP_OK;
  api->destroyGreen(part.green);
  part.green = nullptr;
  return api->fail(error, result, "cuCtxFromGreenCtx");
}

eclip_status Partitions::take(const MaskWords &mask, uint32_t maxPartitions,
                              bool isPrivate, uint32_t *index, bool *shared,
                              Error &error) {
  uint64_t groups;
  if (eclip_status status = groupsOf(mask, &groups, error))
    return status;
  uint32_t used = 0, free = kPartitionLimit;
  for (uint32_t i = 0; i < kPartitionLimit; ++i) {
    Part &part = parts[i];
    if (part.users && part.groups == groups && !isPrivate &&
        !part.is_private) {
      ++part.users;
      *index = i;
      *shared = true;
      return ECLIP_OK;
    }
    if (part.users)
      ++used;
    else if (free == kPartitionLimit)
      free = i;
  }
  if (used >= maxPartitions || free == kPartitionLimit)
    return error.fail(ECLIP_ERROR_RESOURCES,
                      "%u partitions are open, those of all schedules and "
                      "their plans together; the device runs %u",
                      used, maxPartitions < kPartitionLimit ? maxPartitions
                                                      : kPartitionLimit);
  parts[free] = {};
  parts[free].groups = groups;
  if (eclip_status status = create(parts[free], error))
    return status;
  parts[free].users = 1;
  parts[free].is_private = isPrivate;
  *index = free;
  *shared = false;
  return ECLIP_OK;
}

void Partitions::give(uint32_t index) {
  Part &part = parts[index];
  if (--part.users)
    return;
  if (part.green)
    api->destroyGreen(part.green);
  part = {};
}

uint32_t Partitions::smsOf(uint32_t index) const {
  uint32_t sms = 0;
  for (uint32_t g = 0; g < group_count; ++g)
    if (parts[index].groups >> g & 1)
      sms += resources[g].sm.count;
  return sms;
}

uint32_t Partitions::count() const {
  uint32_t used = 0;
  for (const Part &part : parts)
    used += part.users != 0;
  return used;
}
