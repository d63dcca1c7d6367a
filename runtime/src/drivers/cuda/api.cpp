//===- api.cpp - libcuda, opened at run time ------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/cuda/api.h"

#include <dlfcn.h>

using namespace eclip;
using namespace eclip::cuda;

eclip_status Api::load(const char *library, Api *api, Error &error) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *why = dlerror();
    return error.fail(ECLIP_ERROR_NO_DEVICE,
                      "cuda: no NVIDIA driver here: %s cannot be opened: %s",
                      library, why ? why : "unknown reason");
  }
#define ECLIP_CUDA_FIND(member, symbol, parameters)                            \
  api->member = reinterpret_cast<abi::Result(*) parameters>(                   \
      dlsym(handle, #symbol));                                                 \
  if (!api->member)                                                            \
    return error.fail(ECLIP_ERROR_NO_DEVICE,                                   \
                      "cuda: %s lacks %s: the driver is too old for green "    \
                      "contexts, which came with CUDA 12.4 (driver 550)",      \
                      library, #symbol);
  ECLIP_CUDA_FUNCTIONS(ECLIP_CUDA_FIND)
#undef ECLIP_CUDA_FIND
  return ECLIP_OK;
}

const char *Api::name(abi::Result result) const {
  const char *text = nullptr;
  return errorName(result, &text) == abi::kSuccess && text ? text : "unknown";
}

eclip_status Api::fail(Error &error, abi::Result result,
                       const char *call) const {
  const char *text = nullptr;
  if (errorText(result, &text) != abi::kSuccess || !text)
    text = "unknown error";
  return error.fail(result == abi::kOutOfMemory ? ECLIP_ERROR_OUT_OF_MEMORY
                                                : ECLIP_ERROR_DRIVER,
                    "%s: %s (%d): %s", call, name(result), result, text);
}
