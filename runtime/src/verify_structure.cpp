//===- verify_structure.cpp - is the payload a FlatBuffer? ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/verify.h"

using namespace eclip;

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
  *root = fb::GetSchedule(payload.data);
  return ECLIP_OK;
}
