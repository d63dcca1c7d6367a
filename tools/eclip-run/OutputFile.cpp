//===- OutputFile.cpp - a file that appears whole or not at all -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-run/OutputFile.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

using namespace eclip::tool;

OutputFile::OutputFile(OutputFile &&other) noexcept
    : path(std::move(other.path)), temporary(std::move(other.temporary)),
      fd(std::exchange(other.fd, -1)) {
  other.temporary.clear();
}

OutputFile::~OutputFile() {
  if (fd >= 0)
    close(fd);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

bool OutputFile::fail(std::string &message, const char *what) {
  message = path + ": " + what + ": " + std::strerror(errno);
  return false;
}

bool OutputFile::create(const std::string &place, std::string &message) {
  path = place;
  std::string name = place + ".XXXXXX.tmp";
  fd = mkstemps(name.data(), 4);
  if (fd < 0)
    return fail(message, "cannot be written");
  temporary = name;
  mode_t mask = umask(0);
  umask(mask);
  fchmod(fd, 0666 & ~mask); // mkstemps makes private files
  return true;
}

bool OutputFile::write(const void *data, size_t bytes, std::string &message) {
  auto *p = static_cast<const char *>(data);
  while (bytes) {
    ssize_t written = ::write(fd, p, bytes);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail(message, "cannot be written");
    p += written;
    bytes -= size_t(written);
  }
  return true;
}

bool OutputFile::keep(std::string &message) {
  int result = close(std::exchange(fd, -1));
  if (result != 0)
    return fail(message, "cannot be written");
  if (std::rename(temporary.c_str(), path.c_str()) != 0)
    return fail(message, "cannot be renamed to");
  temporary.clear();
  return true;
}
