//===- api.h - libhsa-runtime64, opened at run time -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_HSA_API_H
#define ECLIP_RUNTIME_DRIVERS_HSA_API_H

#include "runtime/src/error.h"

// Types and constants only: no function of these headers is ever linked.
#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>

// Every function that the driver calls. One list, so that the struct and its
// loader cannot disagree.
#define ECLIP_HSA_FUNCTIONS(F)                                                 \
  F(hsa_init)                                                                  \
  F(hsa_shut_down)                                                             \
  F(hsa_status_string)                                                         \
  F(hsa_system_get_info)                                                       \
  F(hsa_iterate_agents)                                                        \
  F(hsa_agent_get_info)                                                        \
  F(hsa_agent_iterate_isas)                                                    \
  F(hsa_isa_get_info_alt)                                                      \
  F(hsa_queue_create)                                                          \
  F(hsa_queue_destroy)                                                         \
  F(hsa_queue_inactivate)                                                      \
  F(hsa_queue_load_read_index_scacquire)                                       \
  F(hsa_queue_add_write_index_relaxed)                                         \
  F(hsa_signal_create)                                                         \
  F(hsa_signal_destroy)                                                        \
  F(hsa_signal_store_relaxed)                                                  \
  F(hsa_signal_store_screlease)                                                \
  F(hsa_signal_wait_scacquire)                                                 \
  F(hsa_memory_copy)                                                           \
  F(hsa_code_object_reader_create_from_memory)                                 \
  F(hsa_code_object_reader_destroy)                                            \
  F(hsa_executable_create_alt)                                                 \
  F(hsa_executable_load_agent_code_object)                                     \
  F(hsa_executable_freeze)                                                     \
  F(hsa_executable_destroy)                                                    \
  F(hsa_executable_get_symbol_by_name)                                         \
  F(hsa_executable_symbol_get_info)                                            \
  F(hsa_amd_agent_iterate_memory_pools)                                        \
  F(hsa_amd_memory_pool_get_info)                                              \
  F(hsa_amd_agent_memory_pool_get_info)                                        \
  F(hsa_amd_memory_pool_allocate)                                              \
  F(hsa_amd_memory_pool_free)                                                  \
  F(hsa_amd_agents_allow_access)                                               \
  F(hsa_amd_queue_cu_set_mask)                                                 \
  F(hsa_amd_queue_set_priority)                                                \
  F(hsa_amd_profiling_set_profiler_enabled)                                    \
  F(hsa_amd_profiling_get_dispatch_time)

namespace eclip::hsa {

/// The functions of one opened library; immutable after load().
struct Api {
#define ECLIP_HSA_MEMBER(name) decltype(&::name) name;
  ECLIP_HSA_FUNCTIONS(ECLIP_HSA_MEMBER)
#undef ECLIP_HSA_MEMBER

  /// Opens `library` and finds every function. The library is never closed: the
  /// vendor's leaves threads and exit handlers behind. ECLIP_ERROR_NO_DEVICE
  /// names the library or the first missing function.
  static eclip_status load(const char *library, Api *api, Error &error);

  /// The library's text for a status.
  const char *text(hsa_status_t status) const;

  /// ECLIP_ERROR_DRIVER (or OUT_OF_MEMORY) with the call's name and the
  /// library's text.
  eclip_status fail(Error &error, hsa_status_t status, const char *call) const;
};

} // namespace eclip::hsa

#endif // ECLIP_RUNTIME_DRIVERS_HSA_API_H
