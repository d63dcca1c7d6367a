//===- MixFile.cpp - a mix as a JSON file ---------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-compile/MixFile.h"

#include "compiler/cost/JsonFields.h"
#include "compiler/schedule/Clustering.h"
#include "tools/eclip-compile/Options.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace eclip;
using llvm::json::Object;

namespace {

/// Reads optional fields of one object. After the first error nothing is read.
class Fields {
public:
  Fields(const Object &object, JsonPlace place)
      : object(object), place(std::move(place)) {}

  void known(llvm::ArrayRef<llvm::StringRef> names) {
    if (!failed)
      note(refuseUnknownFields(object, names, place));
  }
  void text(llvm::StringRef name, std::optional<std::string> &value,
            llvm::ArrayRef<llvm::StringRef> allowed = {}) {
    if (failed || !object.get(name))
      return;
    auto read = readString(object, name, place);
    if (!read)
      return note(read.takeError());
    if (!allowed.empty() && !llvm::is_contained(allowed, *read))
      return note((place / name).error("'" + *read + "' is not known; known: " +
                                       llvm::join(allowed, ", ")));
    value = *read;
  }
  void integer(llvm::StringRef name, std::optional<int64_t> &value,
               int64_t least, int64_t most) {
    if (failed || !object.get(name))
      return;
    auto read = readInteger(object, name, place, least, most);
    if (!read)
      return note(read.takeError());
    value = *read;
  }
  void number(llvm::StringRef name, std::optional<double> &value, double most) {
    const llvm::json::Value *field = object.get(name);
    if (failed || !field)
      return;
    auto read = readNumber(*field, place / name, /*positive=*/true, most);
    if (!read)
      return note(read.takeError());
    value = *read;
  }
  void note(llvm::Error error) {
    failed = static_cast<bool>(error);
    if (failed)
      message = llvm::toString(std::move(error));
  }

  const Object &object;
  const JsonPlace place;
  bool failed = false;
  std::string message;
};

llvm::Error refuse(const std::string &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

} // namespace

bool eclip::isWorkerName(llvm::StringRef name) {
  return !name.empty() && name.size() <= 128 && name.front() != '.' &&
         llvm::all_of(name, [](char c) {
           return llvm::isAlnum(c) || c == '.' || c == '_' || c == '-';
         });
}

static void readDims(Fields &fields, MixFile::Model &model) {
  if (fields.failed || !fields.object.get("dims"))
    return;
  auto dims = readObject(fields.object, "dims", fields.place);
  if (!dims)
    return fields.note(dims.takeError());
  for (const auto &[name, value] : **dims) {
    auto size = readInteger(value, fields.place / "dims" / name.str(), 1,
                            int64_t(1) << 40);
    if (!size)
      return fields.note(size.takeError());
    model.dims[name.str()] = *size;
  }
}

static llvm::Expected<MixFile::Model>
readModel(const llvm::json::Value &value, const JsonPlace &place) {
  const Object *object = value.getAsObject();
  if (!object)
    return place.error("must be an object");
  Fields fields(*object, place);
  MixFile::Model model;
  fields.known({"path", "name", "batch", "dims", "precision", "slo_ms",
                "max_switches"});
  if (!fields.failed) {
    auto path = readString(*object, "path", place);
    if (path)
      model.path = *path;
    else
      fields.note(path.takeError());
  }
  fields.text("name", model.name);
  if (!fields.failed && model.name && !isWorkerName(*model.name))
    fields.note((place / "name")
                    .error("'" + *model.name +
                           "' must be letters, digits, '.', '_' and '-', and "
                           "not begin with '.'"));
  fields.integer("batch", model.batch, 1, int64_t(1) << 40);
  readDims(fields, model);
  fields.text("precision", model.precision, {"f32", "tf32", "f16"});
  fields.number("slo_ms", model.sloMs, 1e9);
  fields.integer("max_switches", model.maxSwitches, 0, 1000000);
  if (fields.failed)
    return refuse(fields.message);
  return model;
}

llvm::Expected<MixFile> eclip::readMixFile(llvm::StringRef path) {
  constexpr size_t kMaxBytes = 1 << 20;
  auto text = readTextFile(path);
  if (!text)
    return text.takeError();
  auto root = parseJsonObject(*text, path, kMaxBytes);
  if (!root)
    return root.takeError();
  JsonPlace place{path, ""};
  Fields fields(*root, place);
  MixFile file;
  fields.known(
      {"name", "device", "target", "objective", "throughput_floor", "models"});
  fields.text("name", file.name);
  fields.text("device", file.device);
  fields.text("target", file.target, {"gfx906", "sm_80", "sm_90"});
  llvm::SmallVector<llvm::StringRef> objectives;
  knownObjectives().split(objectives, ", ");
  fields.text("objective", file.objective, objectives);
  fields.number("throughput_floor", file.throughputFloor, 1);
  if (fields.failed)
    return refuse(fields.message);
  auto models = readArray(*root, "models", place);
  if (!models)
    return models.takeError();
  if ((*models)->empty() || (*models)->size() > kMaxModels)
    return (place / "models")
        .error("has " + llvm::Twine((*models)->size()) + " entries, expected 1 to " +
               llvm::Twine(kMaxModels));
  for (size_t i = 0; i < (*models)->size(); ++i) {
    auto model = readModel((**models)[i],
                           place / ("models[" + llvm::Twine(i) + "]"));
    if (!model)
      return model.takeError();
    if (llvm::sys::path::is_relative(model->path)) {
      llvm::SmallString<256> full(llvm::sys::path::parent_path(path));
      llvm::sys::path::append(full, model->path);
      model->path = std::string(full);
    }
    file.models.push_back(std::move(*model));
  }
  return file;
}
