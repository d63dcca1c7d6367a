//===- Executable.h - loaded code -------------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An executable owns loaded code objects: one mapping each, whose segments are
// ranges of device memory with their own permissions. Kernels are shared with
// the dispatches that run them, so an executable that is destroyed too early
// takes no running code away.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_EXECUTABLE_H
#define ECLIP_VGPU_HSA_EXECUTABLE_H

#include "runtime/vgpu/exec/Executor.h"
#include "runtime/vgpu/hsa/CodeObject.h"
#include "runtime/vgpu/hsa/Hsa.h"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace eclip::vgpu {

/// One kernel of a loaded code object; found by the address of its descriptor,
/// which is what a packet's kernel_object holds.
struct Kernel {
  std::string name; ///< without ".kd"
  KernelImage image;
  /// Decodes the machine code at the first call. Null, with the reason, if the
  /// executor does not know an instruction of it.
  std::shared_ptr<const Program> program(std::string &error) const;

private:
  mutable std::mutex mutex;
  mutable bool decoded = false;
  mutable std::shared_ptr<const Program> code;
  mutable std::string decodeError;
};

/// The bytes a reader stands for. A reader made from a file owns a copy; one
/// made from memory refers to the program's bytes, which must outlive it.
struct CodeReader {
  std::vector<uint8_t> owned;
  const uint8_t *bytes = nullptr;
  size_t size = 0;
  int file = -1; ///< for hsa_ven_amd_loader's report of where code came from
};

struct LoadedCodeObject;
struct Executable;

struct Symbol {
  Executable *executable = nullptr;
  std::string name;
  uint64_t address = 0;
  uint64_t size = 0;
  bool global = true; ///< not STB_LOCAL
  bool definition = true;
  bool isConst = false;
  std::shared_ptr<const Kernel> kernel; ///< null: a variable
};

struct LoadedCodeObject {
  Executable *executable = nullptr;
  void *mapping = nullptr;
  size_t mappingBytes = 0;
  uint64_t fileBegin = 0; ///< of the first segment's page, in file addresses
  struct Range {
    uint64_t begin, bytes;
  };
  std::vector<Range> segments;
  std::string uri;
  const uint8_t *storage = nullptr;
  size_t storageBytes = 0;
  int file = -1;
};

struct Executable {
  hsa_profile_t profile = HSA_PROFILE_BASE;
  hsa_default_float_rounding_mode_t rounding =
      HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT;
  bool frozen = false;
  std::vector<std::unique_ptr<LoadedCodeObject>> objects;
  std::vector<std::unique_ptr<Symbol>> symbols;
  std::map<std::string, Symbol *, std::less<>> byName;
  std::map<std::string, uint64_t, std::less<>>
      external; ///< defined by the program
  ~Executable();
};

/// Owns readers, executables and the kernels that can be dispatched. Handles
/// are addresses that are looked up here before they are followed.
class ExecutableTable {
public:
  std::recursive_mutex mutex; ///< callbacks of iterations may call back in

  std::set<CodeReader *> readers;
  std::map<Executable *, std::unique_ptr<Executable>> executables;

  Executable *find(hsa_executable_t handle);
  CodeReader *find(hsa_code_object_reader_t handle);
  Symbol *find(hsa_executable_symbol_t handle);
  LoadedCodeObject *find(hsa_loaded_code_object_t handle);

  hsa_status_t load(Executable &executable, const CodeReader &reader,
                    LoadedCodeObject *&loaded);

  /// The kernel whose descriptor lies at `object`, or null.
  std::shared_ptr<const Kernel> kernel(uint64_t object);
  void forgetKernel(uint64_t object);
  ~ExecutableTable();

private:
  bool addSymbols(Executable &executable, const CodeObject &object,
                  const LoadedCodeObject &loaded, std::string &message);
  std::mutex kernelMutex;
  std::unordered_map<uint64_t, std::shared_ptr<const Kernel>> kernels;
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_EXECUTABLE_H
