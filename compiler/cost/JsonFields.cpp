//===- JsonFields.cpp - reading JSON that a person wrote ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/JsonFields.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>
#include <cstdio>
#include <vector>

using namespace eclip;
namespace json = llvm::json;

static llvm::Error fail(const llvm::Twine &message) {
  // Names and values come from the file; a diagnostic stays one line.
  std::string line = message.str();
  for (char &c : line)
    if (static_cast<unsigned char>(c) < 0x20)
      c = ' ';
  return llvm::createStringError(llvm::inconvertibleErrorCode(), line);
}

llvm::Error JsonPlace::error(const llvm::Twine &reason) const {
  return field.empty() ? fail(file + ": " + reason)
                       : fail(file + ": " + field + ": " + reason);
}

/// The parser recurses; hostile text must not exhaust the stack.
static constexpr int kMaxNesting = 64;

static bool nestsTooDeep(llvm::StringRef text) {
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString && c == '\\')
      ++i;
    else if (c == '"')
      inString = !inString;
    else if (!inString && (c == '[' || c == '{') && ++depth > kMaxNesting)
      return true;
    else if (!inString && (c == ']' || c == '}'))
      --depth;
  }
  return false;
}

llvm::Expected<json::Object> eclip::parseJsonObject(llvm::StringRef text,
                                                    llvm::StringRef file,
                                                    size_t maxBytes) {
  JsonPlace place{file, ""};
  if (text.size() > maxBytes)
    return place.error("has " + llvm::Twine(text.size()) + " bytes, at most " +
                       llvm::Twine(maxBytes) + " are read");
  if (nestsTooDeep(text))
    return place.error("nests deeper than " + llvm::Twine(kMaxNesting) +
                       " levels");
  llvm::Expected<json::Value> parsed = json::parse(text);
  if (!parsed)
    return place.error("not JSON: " + llvm::toString(parsed.takeError()));
  json::Object *root = parsed->getAsObject();
  if (!root)
    return place.error("not a JSON object");
  return std::move(*root);
}

llvm::Expected<std::string> eclip::readTextFile(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return JsonPlace{path, ""}.error(buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

llvm::Error eclip::refuseUnknownFields(const json::Object &object,
                                       llvm::ArrayRef<llvm::StringRef> known,
                                       const JsonPlace &place) {
  std::vector<llvm::StringRef> unknown;
  for (const auto &entry : object)
    if (!llvm::is_contained(known, llvm::StringRef(entry.first)))
      unknown.push_back(entry.first);
  if (unknown.empty())
    return llvm::Error::success();
  llvm::StringRef name = *llvm::min_element(unknown);
  for (llvm::StringRef candidate : known)
    if (!name.empty() && candidate.starts_with(name))
      return (place / name)
          .error("unknown field; with its unit it is '" + candidate + "'");
  return (place / name).error("unknown field");
}

llvm::Expected<const json::Object *>
eclip::readObject(const json::Object &object, llvm::StringRef name,
                  const JsonPlace &place) {
  const json::Value *value = object.get(name);
  if (!value)
    return (place / name).error("missing");
  if (const json::Object *inner = value->getAsObject())
    return inner;
  return (place / name).error("must be an object");
}

llvm::Expected<const json::Array *> eclip::readArray(const json::Object &object,
                                                     llvm::StringRef name,
                                                     const JsonPlace &place) {
  const json::Value *value = object.get(name);
  if (!value)
    return (place / name).error("missing");
  if (const json::Array *inner = value->getAsArray())
    return inner;
  return (place / name).error("must be a list");
}

llvm::Expected<std::string> eclip::readString(const json::Object &object,
                                              llvm::StringRef name,
                                              const JsonPlace &place) {
  const json::Value *value = object.get(name);
  if (!value)
    return (place / name).error("missing");
  auto text = value->getAsString();
  if (!text)
    return (place / name).error("must be a string");
  if (text->trim().empty())
    return (place / name).error("is empty");
  if (!llvm::all_of(
          *text, [](char c) { return static_cast<unsigned char>(c) >= 0x20; }))
    return (place / name).error("has control characters");
  return text->str();
}

llvm::Expected<int64_t> eclip::readInteger(const json::Object &object,
                                           llvm::StringRef name,
                                           const JsonPlace &place,
                                           int64_t least, int64_t most) {
  const json::Value *value = object.get(name);
  if (!value)
    return (place / name).error("missing");
  return readInteger(*value, place / name, least, most);
}

llvm::Expected<int64_t> eclip::readInteger(const json::Value &value,
                                           const JsonPlace &place,
                                           int64_t least, int64_t most) {
  auto integer = value.getAsInteger();
  // A number beyond 64 bits is a double to the parser.
  if (auto number = value.getAsNumber(); !integer && number && *number > 0x1p62)
    return place.error("must be at most " + llvm::Twine(most));
  if (!integer)
    return place.error("must be an integer");
  if (*integer < least && least == 0)
    return place.error("must not be negative, is " + llvm::Twine(*integer));
  if (*integer < least)
    return place.error("must be at least " + llvm::Twine(least) + ", is " +
                       llvm::Twine(*integer));
  if (*integer > most)
    return place.error("must be at most " + llvm::Twine(most) + ", is " +
                       llvm::Twine(*integer));
  return *integer;
}

llvm::Expected<double> eclip::readNumber(const json::Value &value,
                                         const JsonPlace &place, bool positive,
                                         double most) {
  auto number = value.getAsNumber();
  if (!number || !std::isfinite(*number))
    return place.error("must be a number");
  char text[32], limit[32];
  std::snprintf(text, sizeof(text), "%g", *number);
  std::snprintf(limit, sizeof(limit), "%g", most);
  if (*number < 0)
    return place.error(llvm::Twine("must not be negative, is ") + text);
  if (positive && *number == 0)
    return place.error("must be above 0");
  if (*number > most)
    return place.error(llvm::Twine("must be at most ") + limit + ", is " +
                       text);
  return *number;
}
