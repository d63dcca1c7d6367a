//===- SignalApi.cpp - hsa_signal_* ---------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every memory order does the same, sequentially consistent operation: stronger
// than asked is allowed, and the packet processor needs it anyway to wake up.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Runtime.h"

#include <memory>

using namespace eclip::vgpu;

extern "C" {

hsa_status_t hsa_amd_signal_create(hsa_signal_value_t initial_value,
                                   uint32_t num_consumers,
                                   const hsa_agent_t *consumers,
                                   uint64_t attributes, hsa_signal_t *signal) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!signal || (num_consumers && !consumers) ||
      (attributes & ~uint64_t(HSA_AMD_SIGNAL_AMD_GPU_ONLY)))
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  for (uint32_t i = 0; i < num_consumers; ++i)
    if (!isCpu(consumers[i]) && !isGpu(consumers[i]))
      return HSA_STATUS_ERROR_INVALID_AGENT;
  amd_signal_t *s = rt->signals.create(initial_value);
  if (!s)
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  if (rt->checker.enabled()) {
    auto lock = rt->checker.lock();
    rt->checker.hostChangesSignal(rt->signals.index(s), true);
  }
  signal->handle = reinterpret_cast<uint64_t>(s);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_signal_create(hsa_signal_value_t initial_value,
                               uint32_t num_consumers,
                               const hsa_agent_t *consumers,
                               hsa_signal_t *signal) {
  return hsa_amd_signal_create(initial_value, num_consumers, consumers, 0,
                               signal);
}

hsa_status_t hsa_signal_destroy(hsa_signal_t signal) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (signal.handle == 0)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  amd_signal_t *s = rt->signals.find(signal);
  if (!s || s->kind != AMD_SIGNAL_KIND_USER)
    return HSA_STATUS_ERROR_INVALID_SIGNAL;
  rt->signals.destroy(s);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t
hsa_amd_signal_value_pointer(hsa_signal_t signal,
                             volatile hsa_signal_value_t **value_ptr) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  amd_signal_t *s = rt->signals.find(signal);
  if (!s || s->kind != AMD_SIGNAL_KIND_USER)
    return HSA_STATUS_ERROR_INVALID_SIGNAL;
  if (!value_ptr)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  *value_ptr = &s->value;
  return HSA_STATUS_SUCCESS;
}

#define LOAD(order)                                                            \
  hsa_signal_value_t hsa_signal_load_##order(hsa_signal_t signal) {            \
    return hostLoadSignal(signal);                                             \
  }
LOAD(scacquire)
LOAD(relaxed)
LOAD(acquire)

#define STORE(name)                                                            \
  void hsa_signal_##name(hsa_signal_t signal, hsa_signal_value_t value) {      \
    hostModifySignal(signal, SignalOp::Store, value);                          \
  }
STORE(store_relaxed)
STORE(store_screlease)
STORE(store_release)
STORE(silent_store_relaxed)
STORE(silent_store_screlease)

#define EXCHANGE(order)                                                        \
  hsa_signal_value_t hsa_signal_exchange_##order(hsa_signal_t signal,          \
                                                 hsa_signal_value_t value) {   \
    return hostModifySignal(signal, SignalOp::Exchange, value);                \
  }                                                                            \
  hsa_signal_value_t hsa_signal_cas_##order(hsa_signal_t signal,               \
                                            hsa_signal_value_t expected,       \
                                            hsa_signal_value_t value) {        \
    return hostModifySignal(signal, SignalOp::Cas, value, expected);           \
  }
#define UPDATE(name, op)                                                       \
  void hsa_signal_##name(hsa_signal_t signal, hsa_signal_value_t value) {      \
    hostModifySignal(signal, SignalOp::op, value);                             \
  }
#define ALL_UPDATES(order)                                                     \
  EXCHANGE(order)                                                              \
  UPDATE(add_##order, Add)                                                     \
  UPDATE(subtract_##order, Subtract)                                           \
  UPDATE(and_##order, And)                                                     \
  UPDATE(or_##order, Or)                                                       \
  UPDATE(xor_##order, Xor)
ALL_UPDATES(scacq_screl)
ALL_UPDATES(acq_rel)
ALL_UPDATES(scacquire)
ALL_UPDATES(acquire)
ALL_UPDATES(relaxed)
ALL_UPDATES(screlease)
ALL_UPDATES(release)

#define WAIT(order)                                                            \
  hsa_signal_value_t hsa_signal_wait_##order(                                  \
      hsa_signal_t signal, hsa_signal_condition_t condition,                   \
      hsa_signal_value_t compare_value, uint64_t timeout_hint,                 \
      hsa_wait_state_t wait_state_hint) {                                      \
    int64_t value = 0;                                                         \
    hostWaitAny(1, &signal, &condition, &compare_value, timeout_hint, &value); \
    return value;                                                              \
  }
WAIT(scacquire)
WAIT(relaxed)
WAIT(acquire)

uint32_t hsa_amd_signal_wait_any(uint32_t signal_count, hsa_signal_t *signals,
                                 hsa_signal_condition_t *conds,
                                 hsa_signal_value_t *values,
                                 uint64_t timeout_hint,
                                 hsa_wait_state_t wait_hint,
                                 hsa_signal_value_t *satisfying_value) {
  if (!signal_count || !signals || !conds || !values)
    return UINT32_MAX;
  int64_t value = 0;
  uint32_t which =
      hostWaitAny(signal_count, signals, conds, values, timeout_hint, &value);
  if (which != UINT32_MAX && satisfying_value)
    *satisfying_value = value;
  return which;
}

hsa_status_t hsa_amd_signal_async_handler(hsa_signal_t signal,
                                          hsa_signal_condition_t cond,
                                          hsa_signal_value_t value,
                                          hsa_amd_signal_handler handler,
                                          void *arg) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!handler)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  amd_signal_t *s = rt->signals.find(signal);
  if (!s || s->kind != AMD_SIGNAL_KIND_USER)
    return HSA_STATUS_ERROR_INVALID_SIGNAL;
  rt->handlers.add(signal, cond, value, handler, arg);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_amd_async_function(void (*callback)(void *arg), void *arg) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  rt->handlers.run([=] { callback(arg); });
  return HSA_STATUS_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Signal groups
//===----------------------------------------------------------------------===//

namespace {
struct SignalGroup {
  uint64_t magic;
  std::vector<hsa_signal_t> signals;
};
constexpr uint64_t groupMagic = 0x7067736763696c65;
} // namespace

hsa_status_t hsa_signal_group_create(uint32_t num_signals,
                                     const hsa_signal_t *signals,
                                     uint32_t num_consumers,
                                     const hsa_agent_t *consumers,
                                     hsa_signal_group_t *signal_group) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!num_signals || !signals || !signal_group ||
      (num_consumers && !consumers))
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  for (uint32_t i = 0; i < num_signals; ++i)
    if (!rt->signals.find(signals[i]))
      return HSA_STATUS_ERROR_INVALID_SIGNAL;
  auto *group = new SignalGroup{groupMagic, {signals, signals + num_signals}};
  signal_group->handle = reinterpret_cast<uint64_t>(group);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_signal_group_destroy(hsa_signal_group_t signal_group) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  auto *group = reinterpret_cast<SignalGroup *>(signal_group.handle);
  if (!group || group->magic != groupMagic)
    return HSA_STATUS_ERROR_INVALID_SIGNAL_GROUP;
  group->magic = 0;
  delete group;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_signal_group_wait_any_scacquire(
    hsa_signal_group_t signal_group, const hsa_signal_condition_t *conditions,
    const hsa_signal_value_t *compare_values, hsa_wait_state_t wait_state_hint,
    hsa_signal_t *signal, hsa_signal_value_t *value) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  auto *group = reinterpret_cast<SignalGroup *>(signal_group.handle);
  if (!group || group->magic != groupMagic)
    return HSA_STATUS_ERROR_INVALID_SIGNAL_GROUP;
  if (!conditions || !compare_values || !signal || !value)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  int64_t seen = 0;
  uint32_t which =
      hostWaitAny(uint32_t(group->signals.size()), group->signals.data(),
                  conditions, compare_values, UINT64_MAX, &seen);
  if (which == UINT32_MAX)
    return HSA_STATUS_ERROR;
  *signal = group->signals[which];
  *value = seen;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_signal_group_wait_any_relaxed(
    hsa_signal_group_t signal_group, const hsa_signal_condition_t *conditions,
    const hsa_signal_value_t *compare_values, hsa_wait_state_t wait_state_hint,
    hsa_signal_t *signal, hsa_signal_value_t *value) {
  return hsa_signal_group_wait_any_scacquire(
      signal_group, conditions, compare_values, wait_state_hint, signal, value);
}

} // extern "C"
