//===- verify_queues.cpp - a plan's queues, masks and groups --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/verify.h"

using namespace eclip;

using ull = unsigned long long;
#define BAD(...) error.fail(ECLIP_ERROR_BAD_FILE, __VA_ARGS__)

uint32_t eclip::countMask(const MaskWords &mask) {
  uint32_t count = 0;
  for (uint32_t word : mask)
    count += static_cast<uint32_t>(__builtin_popcount(word));
  return count;
}

bool eclip::sameMask(const MaskWords &a, const MaskWords &b) {
  return a.size() == b.size() && memcmp(a.data(), b.data(), a.size() * 4) == 0;
}

/// F18.
static eclip_status verifyGroups(const fb::Plan &plan, Error &error) {
  const char *planName = plan.name()->c_str();
  uint32_t i = 0;
  for (const fb::Group *group : *plan.groups()) {
    if (!isName(group->name()))
      return BAD("F18: plan '%s': groups[%u]: name is empty", planName, i);
    const char *name = group->name()->c_str();
    if (group->queue() >= plan.queues()->size())
      return BAD("F18: plan '%s': group '%s': queue is %u of %u", planName,
                 name, group->queue(), plan.queues()->size());
    uint32_t cus = countMask(*plan.queues()->Get(group->queue())->mask());
    if (group->cu_count() != cus)
      return BAD("F18: plan '%s': group '%s': cu_count is %u, the mask of its "
                 "queue has %u",
                 planName, name, group->cu_count(), cus);
    ++i;
  }
  return ECLIP_OK;
}

/// What is wrong with a mask's words for `cus` CUs, or null.
static const char *maskFault(const MaskWords &mask, uint32_t cus) {
  if (mask.size() != (cus + 31) / 32)
    return "has too few or too many words";
  if (countMask(mask) == 0)
    return "is empty";
  if (cus % 32 && mask.Get(mask.size() - 1) >> cus % 32)
    return "has bits at or above cu_count";
  return nullptr;
}

/// F20, and F41 for the far mask.
static eclip_status verifyMasks(const fb::Plan &plan, const fb::Queue &queue,
                                uint32_t cus, Error &error) {
  const char *planName = plan.name()->c_str(), *name = queue.name()->c_str();
  if (const char *fault = maskFault(*queue.mask(), cus))
    return BAD("F20: plan '%s': queue '%s': mask of %u words %s (%u CUs)",
               planName, name, queue.mask()->size(), fault, cus);
  if (!queue.far_mask() || queue.far_mask()->size() == 0)
    return ECLIP_OK;
  if (const char *fault = maskFault(*queue.far_mask(), cus))
    return BAD("F41: plan '%s': queue '%s': far_mask of %u words %s (%u CUs)",
               planName, name, queue.far_mask()->size(), fault, cus);
  if (countMask(*queue.far_mask()) != countMask(*queue.mask()))
    return BAD("F41: plan '%s': queue '%s': far_mask has %u CUs, mask has %u",
               planName, name, countMask(*queue.far_mask()),
               countMask(*queue.mask()));
  if (plan.for_mix())
    return BAD("F41: plan '%s': queue '%s': has a far_mask, but a mix's ends "
               "are fixed",
               planName, name);
  return ECLIP_OK;
}

/// F21 and F41: at either end no two queues have the same CUs.
static eclip_status verifyDifferent(const fb::Plan &plan, uint32_t i,
                                    Error &error) {
  const auto &queues = *plan.queues();
  const fb::Queue &queue = *queues.Get(i);
  for (End end : {End::Near, End::Far})
    for (uint32_t j = 0; j < i; ++j)
      if (sameMask(maskAt(*queues.Get(j), end), maskAt(queue, end)))
        return BAD("%s: plan '%s': queue '%s': has the mask of queue '%s'%s",
                   end == End::Near ? "F21" : "F41", plan.name()->c_str(),
                   queue.name()->c_str(), queues.Get(j)->name()->c_str(),
                   end == End::Near ? "" : " at the far end");
  return ECLIP_OK;
}

eclip_status eclip::verifyQueues(const fb::Schedule &schedule,
                                 const fb::Plan &plan, Error &error) {
  const auto &queues = *plan.queues();
  const char *planName = plan.name()->c_str();
  if (queues.size() < 1 ||
      queues.size() > schedule.device()->max_masked_queues())
    return BAD("F19: plan '%s': queues: there are %u, the device runs 1 to %u",
               planName, queues.size(),
               schedule.device()->max_masked_queues());
  for (uint32_t i = 0; i < queues.size(); ++i) {
    const fb::Queue &queue = *queues.Get(i);
    if (!isName(queue.name()))
      return BAD("F19: plan '%s': queues[%u]: name is empty", planName, i);
    if (packetCount(queue) > kMaxPacketsPerQueue)
      return BAD("F19: plan '%s': queue '%s': %u packets, expected at most %u",
                 planName, queue.name()->c_str(), packetCount(queue),
                 kMaxPacketsPerQueue);
    if (queue.priority() > kMaxPriority)
      return BAD("F42: plan '%s': queue '%s': priority is %u, expected at most "
                 "%u",
                 planName, queue.name()->c_str(), queue.priority(),
                 kMaxPriority);
    if (eclip_status status = verifyMasks(
            plan, queue, schedule.device()->cu_count(), error))
      return status;
    if (eclip_status status = verifyDifferent(plan, i, error))
      return status;
  }
  // Groups look at their queue's mask.
  if (eclip_status status = verifyGroups(plan, error))
    return status;
  if (plan.arena_bytes() > kMaxArenaBytes ||
      plan.arena_lower_bound_bytes() > plan.arena_bytes())
    return BAD("F35: plan '%s': arena_bytes is %llu, arena_lower_bound_bytes "
               "%llu: expected the bound below, and at most 2^47 bytes",
               planName, ull(plan.arena_bytes()),
               ull(plan.arena_lower_bound_bytes()));
  return ECLIP_OK;
}
