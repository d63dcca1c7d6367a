//===- Unsupported.cpp - exported, and refused ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rest of the real library's symbols: a program that links to them starts,
// and one that calls them gets an error. HSA 1.1 has no status that means "not
// supported"; the plain HSA_STATUS_ERROR is given, and the first call of each
// name says so on stderr. docs/virtual-gpu.md has the same list.
//
// The table gives each name the type of its declaration, so a name that the
// headers lack does not compile.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Runtime.h"

#include <atomic>

using namespace eclip::vgpu;

static hsa_status_t refuse(const char *name, std::atomic<bool> &said) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!said.exchange(true))
    report("error: %s is not supported by the virtual GPU", name);
  return HSA_STATUS_ERROR;
}

/// Defines `name` with its declared type, whatever its parameters are.
#define UNSUPPORTED(name)                                                      \
  extern "C" hsa_status_t eclip_refuse_##name() {                              \
    static std::atomic<bool> said{false};                                      \
    return refuse(#name, said);                                                \
  }                                                                            \
  extern "C" decltype(name) name __attribute__((alias("eclip_"                 \
                                                      "refuse_" #name)));

// Images and samplers (gfx906 code of this project has none).
UNSUPPORTED(hsa_amd_image_create)
UNSUPPORTED(hsa_amd_image_get_info_max_dim)
UNSUPPORTED(hsa_ext_image_clear)
UNSUPPORTED(hsa_ext_image_copy)
UNSUPPORTED(hsa_ext_image_create)
UNSUPPORTED(hsa_ext_image_create_with_layout)
UNSUPPORTED(hsa_ext_image_data_get_info)
UNSUPPORTED(hsa_ext_image_data_get_info_with_layout)
UNSUPPORTED(hsa_ext_image_destroy)
UNSUPPORTED(hsa_ext_image_export)
UNSUPPORTED(hsa_ext_image_get_capability)
UNSUPPORTED(hsa_ext_image_get_capability_with_layout)
UNSUPPORTED(hsa_ext_image_import)
UNSUPPORTED(hsa_ext_sampler_create)
UNSUPPORTED(hsa_ext_sampler_destroy)

// Graphics interoperation.
UNSUPPORTED(hsa_amd_interop_map_buffer)
UNSUPPORTED(hsa_amd_interop_unmap_buffer)

// Sharing between processes.
UNSUPPORTED(hsa_amd_ipc_memory_attach)
UNSUPPORTED(hsa_amd_ipc_memory_create)
UNSUPPORTED(hsa_amd_ipc_memory_detach)
UNSUPPORTED(hsa_amd_ipc_signal_attach)
UNSUPPORTED(hsa_amd_ipc_signal_create)

// Rectangular copies.
UNSUPPORTED(hsa_amd_memory_async_copy_rect)

// Shared virtual memory and migration (one copy of all memory).
UNSUPPORTED(hsa_amd_memory_migrate)
UNSUPPORTED(hsa_amd_svm_attributes_get)
UNSUPPORTED(hsa_amd_svm_attributes_set)
UNSUPPORTED(hsa_amd_svm_prefetch_async)

// Code objects of version 1 and program-scope code objects.
UNSUPPORTED(hsa_code_object_deserialize)
UNSUPPORTED(hsa_code_object_destroy)
UNSUPPORTED(hsa_code_object_get_info)
UNSUPPORTED(hsa_code_object_get_symbol)
UNSUPPORTED(hsa_code_object_get_symbol_from_name)
UNSUPPORTED(hsa_code_object_iterate_symbols)
UNSUPPORTED(hsa_code_object_serialize)
UNSUPPORTED(hsa_code_symbol_get_info)
UNSUPPORTED(hsa_executable_load_code_object)
UNSUPPORTED(hsa_executable_load_program_code_object)

// Finalizer (there is no HSAIL compiler).
UNSUPPORTED(hsa_ext_program_add_module)
UNSUPPORTED(hsa_ext_program_create)
UNSUPPORTED(hsa_ext_program_destroy)
UNSUPPORTED(hsa_ext_program_finalize)
UNSUPPORTED(hsa_ext_program_get_info)
UNSUPPORTED(hsa_ext_program_iterate_modules)
