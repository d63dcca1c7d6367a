//===- api.cpp - libhsa-runtime64, opened at run time ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/hsa/api.h"

#include <dlfcn.h>

using namespace eclip;
using namespace eclip::hsa;

eclip_status Api::load(const char *library, Api *api, Error &error) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *why = dlerror();
    return error.fail(ECLIP_ERROR_NO_DEVICE, "%s: cannot be opened: %s",
                      library, why ? why : "unknown reason");
  }
#define ECLIP_HSA_FIND(name)                                                   \
  api->name = reinterpret_cast<decltype(api->name)>(dlsym(handle, #name));     \
  if (!api->name)                                                              \
    return error.fail(ECLIP_ERROR_NO_DEVICE, "%s: lacks the function %s",      \
                      library, #name);
  ECLIP_HSA_FUNCTIONS(ECLIP_HSA_FIND)
#undef ECLIP_HSA_FIND
  return ECLIP_OK;
}

const char *Api::text(hsa_status_t status) const {
  const char *text = nullptr;
  if (hsa_status_string(status, &text) != HSA_STATUS_SUCCESS || !text)
    return "unknown status";
  return text;
}

eclip_status Api::fail(Error &error, hsa_status_t status,
                       const char *call) const {
  return error.fail(
      status == HSA_STATUS_ERROR_OUT_OF_RESOURCES ? ECLIP_ERROR_OUT_OF_MEMORY
                                                  : ECLIP_ERROR_DRIVER,
      "%s: status 0x%x: %s", call, static_cast<unsigned>(status), text(status));
}
