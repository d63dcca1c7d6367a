//===- DeviceSchema.h - fields of a device description ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One row a field: the reader, the JSON Schema and the tests go over the same
// rows. docs/device-schema.md says what each field means.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_COST_DEVICESCHEMA_H
#define ECLIP_COMPILER_COST_DEVICESCHEMA_H

#include "compiler/cost/DeviceDescription.h"

namespace eclip {

enum class FieldKind {
  Count,    ///< integer, at least 1
  Integer,  ///< integer, at least 0
  Positive, ///< number above 0
  Number,   ///< number, at least 0
  Counts,   ///< list of integers, each at least 1, not empty
  Order     ///< name of a mask bit order
};

struct DeviceField {
  llvm::StringLiteral section, name;
  FieldKind kind;
  llvm::StringLiteral meaning;
  /// The member that the field fills, by its kind; the others are null.
  int64_t DeviceDescription::*integer = nullptr;
  double DeviceDescription::*number = nullptr;
  std::array<double, kRateCount> DeviceDescription::*rates = nullptr;
  Rate rate = Rate::Fp32; ///< with `rates`
};

/// All fields, section by section.
llvm::ArrayRef<DeviceField> deviceFields();

/// The largest value of a field, by the unit that ends its name: what no device
/// comes near, so that a slip of units is found and products stay in range.
double largestValue(llvm::StringRef fieldName);

/// The version that this reader takes.
constexpr int64_t kDeviceSchemaVersion = 2;

/// JSON Schema (draft 2020-12) of a description: everything of the rows, not
/// what relates two fields.
std::string deviceJsonSchema();

} // namespace eclip

#endif // ECLIP_COMPILER_COST_DEVICESCHEMA_H
