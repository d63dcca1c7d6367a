//===- verify_structure.cpp - is the payload a FlatBuffer? ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/verify.h"

using namespace eclip;

/// FlatBuffers' verifier looks at the alignment of a vector's length, not of its
/// elements: those of 8 bytes are left to us. An empty vector has none, and
/// FlatBuffers 2.0 writes it aligned to 4.
template <typename T>
static bool isAligned(const flatbuffers::Vector<T> *vector) {
  return !vector || vector->size() == 0 ||
         reinterpret_cast<uintptr_t>(vector->Data()) % 8 == 0;
}

static bool allAligned(const fb::Schedule &schedule) {
  for (const fb::Tensor *tensor : *schedule.inputs())
    if (!isAligned(tensor->dims()))
      return false;
  for (const fb::Tensor *tensor : *schedule.outputs())
    if (!isAligned(tensor->dims()))
      return false;
  for (const fb::Plan *plan : *schedule.plans())
    for (const fb::Queue *queue : *plan->queues())
      for (uint32_t i = 0; i < packetCount(*queue); ++i)
        if (!isAligned(queue->packets()->Get(i)->arguments()))
          return false;
  return true;
}

eclip_status eclip::verifyStructure(Bytes payload, const fb::Schedule **root,
                                    Error &error) {
  // A root offset, the identifier and a table's offset are read before the
  // verifier looks at them.
  if (payload.size < 16 || !fb::ScheduleBufferHasIdentifier(payload.data))
    return error.fail(ECLIP_ERROR_BAD_FILE,
                      "F9: payload: identifier is not \"ECLP\"");
  flatbuffers::Verifier verifier(payload.data, payload.size, /*max_depth=*/16,
                                 /*max_tables=*/1u << 24);
  if (!fb::VerifyScheduleBuffer(verifier))
    return error.fail(
        ECLIP_ERROR_BAD_FILE,
        "F9: payload: not a well-formed FlatBuffer of a schedule");
  const fb::Schedule *schedule = fb::GetSchedule(payload.data);
  if (!allAligned(*schedule))
    return error.fail(ECLIP_ERROR_BAD_FILE,
                      "F9: payload: dims or arguments are not aligned to 8 "
                      "bytes");
  *root = schedule;
  return ECLIP_OK;
}
