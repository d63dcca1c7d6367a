//===- SchemaHash.h - a hash of the format's definition ---------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_GOLDEN_SCHEMAHASH_H
#define ECLIP_TEST_GOLDEN_SCHEMAHASH_H

#include <string>

namespace eclip::test {

/// XXH3-64, in hex, of runtime/schema/schedule.fbs and file_header.h without
/// comments and white space: rewording a comment changes no format.
std::string schemaHash();

/// The text without comments (both kinds) and white space.
std::string stripComments(const std::string &text);

} // namespace eclip::test

#endif // ECLIP_TEST_GOLDEN_SCHEMAHASH_H
