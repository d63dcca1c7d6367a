//===- FuzzSchedule.cpp - any bytes as a schedule file --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The first byte of an input chooses what the rest is: a whole file as it is
// (0), a whole file whose size and checksum are made to fit (1), or a payload
// that gets a header of its own (2). Without that almost every input would end
// at the checksum.
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ScheduleBuilder.h"

#include "eclip/eclip.h"

#include <cstdlib>
#include <cstring>

using namespace eclip::test;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return 0;
  FileBytes file(data + 1, data + size);
  if (data[0] % 3 == 1 && file.size() >= sizeof(eclip_file_header)) {
    headerOf(file).file_bytes = file.size();
    fixChecksum(file);
  } else if (data[0] % 3 == 2) {
    file = wrapPayload(file, std::vector<uint8_t>(512));
  }
  char text[64]; // small, so that messages are cut
  eclip_error error = ECLIP_ERROR_INIT(text);
  eclip_status status =
      eclip_schedule_verify(file.data(), file.size(), nullptr, &error);
  // A refusal says why, in one terminated line.
  if (!file.empty() && (status != ECLIP_OK) != (text[0] != 0))
    std::abort();
  if (std::strlen(text) >= sizeof(text))
    std::abort();
  return 0;
}
