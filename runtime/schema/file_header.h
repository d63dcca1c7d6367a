/* The fixed header in front of every .eclip file. Little endian, 128 bytes.
 *
 * Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef ECLIP_SCHEMA_FILE_HEADER_H
#define ECLIP_SCHEMA_FILE_HEADER_H

#include <stdint.h>

/* 0x89 'E' 'C' 'L' '\r' '\n' 0x1a '\n': like PNG's, so that a text-mode copy or
 * a cut file shows in the first eight bytes. */
#define ECLIP_FILE_MAGIC "\x89" "ECL\r\n\x1a\n"

/* The format that this source writes, the oldest reader that reads it, and the
 * oldest format that this source reads. A change of any needs a new golden file
 * (test/golden). */
#define ECLIP_FORMAT_VERSION 2u
#define ECLIP_MINIMUM_READER 2u
#define ECLIP_OLDEST_FORMAT 2u

/* Constants start on a page, so that they can be mapped. */
#define ECLIP_CONSTANTS_ALIGNMENT 4096u

struct eclip_file_header {
  char magic[8];
  uint32_t format_version;
  uint32_t minimum_reader;
  uint64_t file_bytes;        /* the whole file, header included */
  uint64_t payload_offset;    /* the FlatBuffer; 128 */
  uint64_t payload_bytes;
  uint64_t constants_offset;  /* multiple of ECLIP_CONSTANTS_ALIGNMENT */
  uint64_t constants_bytes;   /* constants end the file */
  uint64_t checksum;          /* XXH3-64 of the header with this field zero,
                                 then of everything after the header */
  uint8_t reserved[64];       /* zero */
};

#endif
