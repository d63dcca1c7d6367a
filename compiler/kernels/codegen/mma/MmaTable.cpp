//===- MmaTable.cpp - measured tiles by problem ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/MmaTable.h"
#include "compiler/kernels/codegen/mma/MmaPlan.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace eclip;

namespace {
struct BuiltIn {
  StringLiteral name, text;
};
constexpr BuiltIn kBuiltIn[] = {
#include "MmaTables.inc"
};

/// Reads one table; the first problem is kept.
class Reader {
public:
  explicit Reader(StringRef file) : file(file) {}

  Expected<MmaTable> run(StringRef text) {
    Expected<json::Value> root = json::parse(text);
    if (!root)
      return fail(toString(root.takeError()));
    const json::Object *object = root->getAsObject();
    if (!object)
      return fail("is not a JSON object");
    table.chip = word(*object, "chip");
    table.device = word(*object, "device");
    table.driver = word(*object, "driver");
    table.date = word(*object, "date");
    refuseOthers(*object, {"chip", "device", "driver", "date", "tiles"}, "");
    if (const json::Object *tiles = object->getObject("tiles"))
      for (const auto &[key, value] : *tiles)
        entry(key, value);
    else
      note("has no object 'tiles'");
    if (!problem.empty())
      return fail(problem);
    return std::move(table);
  }

private:
  Error fail(const Twine &reason) {
    return createStringError(file + ": " + reason);
  }
  void note(const Twine &reason) {
    if (problem.empty())
      problem = reason.str();
  }
  std::string word(const json::Object &object, StringRef name) {
    std::optional<StringRef> value = object.getString(name);
    if (!value || value->empty())
      note("has no text '" + name + "'");
    return value.value_or("").str();
  }
  void refuseOthers(const json::Object &object, ArrayRef<StringRef> known,
                    const Twine &where) {
    for (const auto &field : object)
      if (!is_contained(known, StringRef(field.first)))
        note(where + "has an unknown field '" + StringRef(field.first) + "'");
  }
  /// A tile's name in `object`, which `where` says.
  std::string tile(const json::Object &object, const std::string &where) {
    std::optional<StringRef> name = object.getString("tile");
    if (!name)
      note(where + " needs a text 'tile'");
    else if (!MmaTile::parse(*name))
      note(where + ": no tile is called '" + *name + "'");
    return name.value_or("").str();
  }
  double time(const json::Object &object, StringRef name,
              const std::string &where) {
    std::optional<double> ns = object.getNumber(name);
    if (!ns || !(*ns > 0))
      note(where + " needs a positive '" + name + "'");
    return ns.value_or(0);
  }
  void partition(MmaTable::Entry &entry, StringRef count,
                 const json::Value &value, std::string where) {
    int64_t cus;
    if (count.getAsInteger(10, cus) || cus < 1)
      return note(where + ": '" + count + "' is no CU count");
    where += (" on " + count + " CUs").str();
    const json::Object *object = value.getAsObject();
    if (!object)
      return note(where + " is not an object");
    entry.partitions[cus] = {tile(*object, where), time(*object, "time_ns", where),
                             time(*object, "whole_tile_ns", where)};
    refuseOthers(*object, {"tile", "time_ns", "whole_tile_ns"}, where + " ");
  }
  void entry(StringRef key, const json::Value &value) {
    std::string where = ("problem '" + key + "'").str();
    const json::Object *object = value.getAsObject();
    if (!object)
      return note(where + " is not an object");
    MmaTable::Entry entry{tile(*object, where), time(*object, "time_ns", where),
                          {}};
    if (const json::Value *partitions = object->get("partitions")) {
      if (!partitions->getAsObject())
        return note(where + ": 'partitions' is not an object");
      for (const auto &[count, value] : *partitions->getAsObject())
        partition(entry, count, value, where);
    }
    refuseOthers(*object, {"tile", "time_ns", "partitions"}, where + " ");
    table.tiles[key.str()] = std::move(entry);
  }

  StringRef file;
  MmaTable table;
  std::string problem;
};
} // namespace

Expected<MmaTable> MmaTable::parse(StringRef text, StringRef file,
                                   StringRef chip) {
  Expected<MmaTable> table = Reader(file).run(text);
  if (table && !chip.empty() && table->chip != chip)
    return createStringError(file + ": has tiles for " + table->chip +
                             ", the target is " + chip);
  return table;
}

Expected<MmaTable> MmaTable::read(StringRef path, StringRef chip) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  return parse((*buffer)->getBuffer(), path, chip);
}

const MmaTable &MmaTable::builtIn(StringRef chip) {
  static const std::map<std::string, MmaTable, std::less<>> tables = [] {
    std::map<std::string, MmaTable, std::less<>> result;
    for (const BuiltIn &entry : kBuiltIn) {
      // Every compilation for an NVIDIA chip reads them, so a bad one shows.
      MmaTable table = cantFail(parse(entry.text, entry.name, ""));
      result[table.chip] = std::move(table);
    }
    return result;
  }();
  static const MmaTable none;
  auto found = tables.find(chip);
  return found == tables.end() ? none : found->second;
}

const MmaTable::Entry *MmaTable::find(StringRef key) const {
  auto found = tiles.find(key);
  return found == tiles.end() ? nullptr : &found->second;
}

static void printPartition(json::OStream &json, int64_t cus,
                           const MmaTable::Partition &partition) {
  json.attributeObject(std::to_string(cus), [&] {
    json.attribute("tile", partition.tile);
    json.attribute("time_ns", partition.timeNs);
    json.attribute("whole_tile_ns", partition.wholeTileNs);
  });
}

void MmaTable::print(raw_ostream &out) const {
  json::OStream json(out, 1);
  json.object([&] {
    json.attribute("chip", chip);
    json.attribute("device", device);
    json.attribute("driver", driver);
    json.attribute("date", date);
    json.attributeObject("tiles", [&] {
      for (const auto &[key, entry] : tiles)
        json.attributeObject(key, [&] {
          json.attribute("tile", entry.tile);
          json.attribute("time_ns", entry.timeNs);
          if (!entry.partitions.empty())
            json.attributeObject("partitions", [&] {
              for (const auto &[cus, partition] : entry.partitions)
                printPartition(json, cus, partition);
            });
        });
    });
  });
  out << '\n';
}
