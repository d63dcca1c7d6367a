//===- Store.cpp - the profile file while it grows ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Store.h"

#include "tools/eclip-profile/WriteFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <ctime>

using namespace eclip;
using namespace eclip::profiler;

static llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// What must be equal for measurements to stand beside each other.
static llvm::Error compare(const Profile &old, const Profile &now,
                           llvm::StringRef path) {
  struct Row {
    llvm::StringLiteral field;
    std::string before, after;
  };
  const Row rows[] = {
      {"device.name", old.device.name, now.device.name},
      {"device.target", old.device.target, now.device.target},
      {"device.cu_count", std::to_string(old.device.cuCount),
       std::to_string(now.device.cuCount)},
      {"device.driver", old.device.driver, now.device.driver},
      {"device.product", old.device.product, now.device.product},
      {"time_source", timeSourceName(old.timeSource).str(),
       timeSourceName(now.timeSource).str()},
      {"energy_source", old.energySource, now.energySource},
      {"argument_data", old.argumentData, now.argumentData},
  };
  for (const Row &row : rows)
    if (row.before != row.after)
      return refuse(path + ": " + row.field + ": the profile has '" +
                    row.before + "', this run is '" + row.after +
                    "'; choose another file");
  return llvm::Error::success();
}

llvm::Error Store::open(llvm::StringRef file, Profile fresh) {
  path = file.str();
  profile = std::move(fresh);
  if (!llvm::sys::fs::exists(path))
    return llvm::Error::success();
  auto old = loadProfile(path);
  if (!old)
    return old.takeError();
  if (llvm::Error error = compare(*old, profile, path))
    return error;
  profile.kernels = std::move(old->kernels);
  return llvm::Error::success();
}

bool Store::has(llvm::StringRef hash, int64_t cuCount) const {
  auto it = profile.kernels.find(hash.str());
  return it != profile.kernels.end() && it->second.find(cuCount);
}

void Store::add(llvm::StringRef hash, llvm::StringRef name,
                const ProfilePoint &point) {
  ProfileKernel &kernel = profile.kernels[hash.str()];
  if (kernel.name.empty())
    kernel.name =
        llvm::json::isUTF8(name) ? name.str() : llvm::json::fixUTF8(name);
  auto at = llvm::find_if(kernel.points, [&](const ProfilePoint &other) {
    return other.cuCount > point.cuCount;
  });
  kernel.points.insert(at, point);
}

static std::string utcNow() {
  std::time_t now = std::time(nullptr);
  std::tm parts;
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

llvm::Error Store::write() {
  profile.updatedUtc = utcNow();
  return writeFile(path,
                   [&](llvm::raw_ostream &os) { os << profileToJson(profile); });
}
