//===- JsonFields.h - reading JSON that a person wrote ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every refusal is one line: file, field (the path in the file) and reason.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_COST_JSONFIELDS_H
#define ECLIP_COMPILER_COST_JSONFIELDS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <cstdint>
#include <string>

namespace eclip {

/// Where a message points: the file, and the field within it.
struct JsonPlace {
  llvm::StringRef file;
  std::string field; ///< empty: the root

  JsonPlace operator/(const llvm::Twine &name) const {
    return {file, field.empty() ? name.str() : field + "." + name.str()};
  }
  llvm::Error error(const llvm::Twine &reason) const;
};

/// The object in `text`. Refuses other JSON, text that is none, more than
/// `maxBytes` of it, and more than 64 levels.
llvm::Expected<llvm::json::Object>
parseJsonObject(llvm::StringRef text, llvm::StringRef file, size_t maxBytes);

/// The whole file as text.
llvm::Expected<std::string> readTextFile(llvm::StringRef path);

/// Refuses the first field of `object`, by name, that is not in `known`. Where
/// a known name begins with it, a unit is missing, and the message says so.
llvm::Error refuseUnknownFields(const llvm::json::Object &object,
                                llvm::ArrayRef<llvm::StringRef> known,
                                const JsonPlace &place);

/// Members of an object; `place` is the object's. All of them are required.
llvm::Expected<const llvm::json::Object *>
readObject(const llvm::json::Object &object, llvm::StringRef name,
           const JsonPlace &place);
llvm::Expected<const llvm::json::Array *>
readArray(const llvm::json::Object &object, llvm::StringRef name,
          const JsonPlace &place);
/// Not empty, printable.
llvm::Expected<std::string> readString(const llvm::json::Object &object,
                                       llvm::StringRef name,
                                       const JsonPlace &place);
/// From `least` to `most`.
llvm::Expected<int64_t> readInteger(const llvm::json::Object &object,
                                    llvm::StringRef name,
                                    const JsonPlace &place, int64_t least,
                                    int64_t most);

/// A value by itself, at `place`.
llvm::Expected<int64_t> readInteger(const llvm::json::Value &value,
                                    const JsonPlace &place, int64_t least,
                                    int64_t most);
/// Finite and from 0 to `most`; above 0 if `positive`.
llvm::Expected<double> readNumber(const llvm::json::Value &value,
                                  const JsonPlace &place, bool positive,
                                  double most);

} // namespace eclip

#endif // ECLIP_COMPILER_COST_JSONFIELDS_H
