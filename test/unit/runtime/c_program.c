/*===- c_program.c - eclip.h is C99 and stands alone -------------*- C -*-===*\
|*
|* Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

/* First, so that nothing else brings what it needs. */
#include "eclip/eclip.h"

#include <stdio.h>
#include <string.h>

/* Every initializer, as a C99 compiler sees it. */
static eclip_device_options device_options = ECLIP_DEVICE_OPTIONS_INIT;
static eclip_device_info device_info = ECLIP_DEVICE_INFO_INIT;
static eclip_schedule_options schedule_options = ECLIP_SCHEDULE_OPTIONS_INIT;
static eclip_schedule_info schedule_info = ECLIP_SCHEDULE_INFO_INIT;
static eclip_tensor_info tensor_info = ECLIP_TENSOR_INFO_INIT;
static eclip_queue_info queue_info = ECLIP_QUEUE_INFO_INIT;
static eclip_request_stats request_stats = ECLIP_REQUEST_STATS_INIT;

int main(void) {
  char text[256];
  eclip_error error = ECLIP_ERROR_INIT(text);
  eclip_device *device = NULL;
  size_t sizes = device_info.struct_bytes + schedule_options.struct_bytes +
                 schedule_info.struct_bytes + tensor_info.struct_bytes +
                 queue_info.struct_bytes + request_stats.struct_bytes;
  device_options.driver = "nobody";
  if (sizes == 0 || eclip_schedule_verify("", 0, NULL, &error) != ECLIP_ERROR_BAD_FILE)
    return 1;
  if (eclip_device_open(&device_options, &device, &error) !=
          ECLIP_ERROR_UNSUPPORTED ||
      strstr(text, "nobody") == NULL)
    return 2;
  printf("eclip %s, format %u: %s\n", eclip_version_string(),
         (unsigned)eclip_format_version(), text);
  return 0;
}
