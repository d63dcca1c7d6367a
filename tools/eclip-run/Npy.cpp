//===- Npy.cpp - tensors in .npy files ------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-run/Npy.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

using namespace eclip::tool;

namespace {
constexpr size_t kMaxHeader = 1 << 16, kMaxRank = 32;

struct Descr {
  const char *descr;
  eclip_element_type type;
};
constexpr Descr kDescrs[] = {
    {"<f4", ECLIP_F32}, {"<f2", ECLIP_F16}, {"<f8", ECLIP_F64},
    {"|i1", ECLIP_I8},  {"|u1", ECLIP_U8},  {"<i2", ECLIP_I16},
    {"<u2", ECLIP_U16}, {"<i4", ECLIP_I32}, {"<u4", ECLIP_U32},
    {"<i8", ECLIP_I64}, {"<u8", ECLIP_U64}, {"|b1", ECLIP_BOOL}};

/// Reads the Python dictionary of the header: string keys, and as values a
/// string, True, False, or a tuple of numbers.
class Parser {
public:
  explicit Parser(std::string_view text) : rest(text) {}

  bool parse(NpyHeader &header, std::string &message) {
    bool descr = false, order = false, shape = false;
    if (!take('{'))
      return fail(message, "is not a dictionary");
    while (!take('}')) {
      std::string key;
      if (!string(key) || !take(':'))
        return fail(message, "is damaged");
      if (key == "descr" && !descr)
        descr = parseDescr(header, message);
      else if (key == "fortran_order" && !order)
        order = parseOrder(message);
      else if (key == "shape" && !shape)
        shape = parseShape(header);
      else
        return fail(message, "has the unknown or repeated key '" + key + "'");
      if (!message.empty())
        return false;
      if (!take(',') && peek() != '}')
        return fail(message, "is damaged");
    }
    if (peek() != 0 || !descr || !order || !shape)
      return fail(message, "is damaged or incomplete");
    if (fortran && header.type.dims.size() > 1)
      return fail(message, "says Fortran order; save a C-ordered array");
    return true;
  }

private:
  static bool fail(std::string &message, const std::string &what) {
    message = "its header " + what;
    return false;
  }

  char peek() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n'))
      rest.remove_prefix(1);
    return rest.empty() ? 0 : rest[0];
  }
  bool take(char c) {
    if (peek() != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool takeWord(std::string_view word) {
    peek();
    if (rest.substr(0, word.size()) != word)
      return false;
    rest.remove_prefix(word.size());
    return true;
  }
  /// No escapes: none of the keys and types has any.
  bool string(std::string &out) {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      return false;
    size_t end = rest.find(quote, 1);
    if (end == std::string_view::npos || end > 64)
      return false;
    out = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return out.find('\\') == std::string::npos;
  }
  bool parseDescr(NpyHeader &header, std::string &message) {
    std::string descr;
    if (!string(descr))
      return fail(message, "has an unsupported descr (a structure?)");
    for (const Descr &known : kDescrs)
      if (descr == known.descr) {
        header.type.type = known.type;
        return true;
      }
    return fail(message, "has the unsupported type '" + descr + "'");
  }
  bool parseOrder(std::string &message) {
    if (takeWord("False"))
      return true;
    if (takeWord("True"))
      return fortran = true;
    return fail(message, "has a damaged fortran_order");
  }
  bool parseShape(NpyHeader &header) {
    if (!take('('))
      return false;
    while (!take(')')) {
      uint64_t value = 0;
      char c = peek();
      if (c < '0' || c > '9' || header.type.dims.size() == kMaxRank)
        return false;
      for (; !rest.empty() && rest[0] >= '0' && rest[0] <= '9';
           rest.remove_prefix(1))
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, unsigned(rest[0] - '0'), &value))
          return false;
      header.type.dims.push_back(value);
      if (!take(',') && peek() != ')')
        return false;
    }
    return true;
  }

  std::string_view rest;
  bool fortran = false;
};
} // namespace

std::string TensorType::text() const {
  std::string out = eclip_element_name(type);
  out += '[';
  for (size_t i = 0; i < dims.size(); ++i)
    out += (i ? "," : "") + std::to_string(dims[i]);
  return out + ']';
}

bool eclip::tool::parseNpyHeader(const uint8_t *data, size_t size,
                                 NpyHeader &header, std::string &message) {
  message.clear();
  header = {};
  if (size < 10 || std::memcmp(data, "\x93NUMPY", 6) != 0) {
    message = "is not a .npy file";
    return false;
  }
  unsigned major = data[6];
  if (major < 1 || major > 3) {
    message = "is a .npy file of unsupported version " + std::to_string(major);
    return false;
  }
  size_t lengthBytes = major == 1 ? 2 : 4, length = 0;
  if (size < 8 + lengthBytes) {
    message = "is cut off in its header";
    return false;
  }
  for (size_t i = 0; i < lengthBytes; ++i)
    length |= size_t(data[8 + i]) << 8 * i;
  header.dataOffset = 8 + lengthBytes + length;
  if (length > kMaxHeader || header.dataOffset > size) {
    message = "is cut off in its header, or its header is damaged";
    return false;
  }
  Parser parser(
      {reinterpret_cast<const char *>(data) + 8 + lengthBytes, length});
  return parser.parse(header, message);
}

bool eclip::tool::readNpy(const std::string &path, const TensorType &expected,
                          std::vector<uint8_t> &data, std::string &message) {
  auto fail = [&](const std::string &what) {
    message = path + ": " + what;
    return false;
  };
  std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path.c_str(), "rb"),
                                              std::fclose);
  if (!file)
    return fail(std::string("cannot be opened: ") + std::strerror(errno));
  std::vector<uint8_t> head(kMaxHeader + 12);
  head.resize(std::fread(head.data(), 1, head.size(), file.get()));
  if (std::ferror(file.get()))
    return fail(std::string("cannot be read: ") + std::strerror(errno));
  NpyHeader header;
  std::string what;
  if (!parseNpyHeader(head.data(), head.size(), header, what))
    return fail(what);
  if (header.type != expected)
    return fail("holds " + header.type.text() + ", expected " +
                expected.text());
  // The expectation, not the file, decides how much is allocated.
  size_t bytes = eclip_element_bytes(expected.type);
  for (uint64_t dim : expected.dims)
    bytes *= dim;
  data.resize(bytes + 1); // one more than there may be
  size_t have = std::min(head.size() - header.dataOffset, data.size());
  std::memcpy(data.data(), head.data() + header.dataOffset, have);
  have += std::fread(data.data() + have, 1, data.size() - have, file.get());
  if (std::ferror(file.get()))
    return fail(std::string("cannot be read: ") + std::strerror(errno));
  if (have != bytes)
    return fail(have < bytes ? "is cut off: " + std::to_string(have) + " of " +
                                   std::to_string(bytes) + " bytes of data"
                             : "has bytes behind its " + std::to_string(bytes) +
                                   " bytes of data");
  data.resize(bytes);
  return true;
}

std::string eclip::tool::npyHeader(const TensorType &type) {
  const char *descr = "";
  for (const Descr &known : kDescrs)
    if (known.type == type.type)
      descr = known.descr;
  std::string text = std::string("{'descr': '") + descr +
                     "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < type.dims.size(); ++i)
    text += (i ? ", " : "") + std::to_string(type.dims[i]);
  text += type.dims.size() == 1 ? ",), }" : "), }";
  size_t length = (10 + text.size() + 1 + 63) / 64 * 64 - 10;
  text.resize(length - 1, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += char(length & 0xff);
  header += char(length >> 8);
  return header + text;
}
