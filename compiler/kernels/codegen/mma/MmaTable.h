//===- MmaTable.h - measured tiles by problem -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which tile was the fastest for a problem on a device: a JSON file that
// `eclip-profile --tune` writes. docs/kernels.md describes its fields.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMATABLE_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMATABLE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <string>

namespace eclip {

struct MmaTable {
  /// On some of the compute units.
  struct Partition {
    std::string tile; ///< the fastest there, or nearly
    double timeNs = 0;
    double wholeTileNs = 0; ///< of the tile for all CUs, there
  };
  struct Entry {
    std::string tile; ///< on all CUs; as MmaTile::name() writes it
    double timeNs = 0;
    std::map<int64_t, Partition> partitions; ///< by CU count
  };

  std::string chip; ///< sm_90
  /// What was measured on and when: the device's name, its driver, the day.
  std::string device, driver, date;
  /// By mmaKey().
  std::map<std::string, Entry, std::less<>> tiles;

  /// Refuses unknown fields, tiles of no known form, and another chip's table
  /// if `chip` is not empty. Messages begin with `file`.
  static llvm::Expected<MmaTable>
  parse(llvm::StringRef text, llvm::StringRef file, llvm::StringRef chip);
  static llvm::Expected<MmaTable> read(llvm::StringRef path,
                                       llvm::StringRef chip);
  /// The table that was built in for `chip`; empty if there is none.
  static const MmaTable &builtIn(llvm::StringRef chip);

  /// Null if the table has no such problem.
  const Entry *find(llvm::StringRef key) const;
  void print(llvm::raw_ostream &out) const;
};

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMATABLE_H
