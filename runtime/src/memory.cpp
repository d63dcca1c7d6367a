//===- memory.cpp - memory from the caller's allocator --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/memory.h"

using namespace eclip;

static void *allocateAligned(void *, size_t bytes, size_t alignment) {
  if (alignment <= alignof(max_align_t))
    return malloc(bytes);
  void *pointer;
  return posix_memalign(&pointer, alignment, bytes) ? nullptr : pointer;
}

static void deallocate(void *, void *pointer, size_t) { free(pointer); }

Memory::Memory()
    : allocator{sizeof(eclip_allocator), nullptr, allocateAligned, deallocate} {
}

eclip_status Memory::create(const eclip_allocator *given, Memory *out,
                            Error &error) {
  *out = Memory();
  if (!given)
    return ECLIP_OK;
  eclip_allocator allocator = {sizeof(eclip_allocator), nullptr, nullptr,
                               nullptr};
  if (eclip_status status = readStruct(given, &allocator, sizeof(allocator),
                                       "eclip_allocator", error))
    return status;
  if (!allocator.allocate || !allocator.deallocate)
    return error.fail(ECLIP_ERROR_INVALID_ARGUMENT,
                      "eclip_allocator: allocate and deallocate must be set");
  out->allocator = allocator;
  return ECLIP_OK;
}
