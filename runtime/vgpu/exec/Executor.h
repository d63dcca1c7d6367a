//===- Executor.h - runs gfx9 machine code on the host ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A Program is one kernel's machine code, decoded once with LLVM's MC layer. A
// WorkgroupRunner executes workgroups of it, 64 lanes at a time. The layer
// above (hsa/) owns queues, packets, code objects and which compute unit a
// workgroup runs on; this layer knows only instructions, registers and memory.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_EXECUTOR_H
#define ECLIP_VGPU_EXEC_EXECUTOR_H

#include <cstdint>
#include <memory>
#include <string>

namespace eclip::vgpu {

class Program;

/// Where the machine code of one kernel lies and how the hardware would start
/// it: the fields of the 64-byte amdhsa kernel descriptor.
struct KernelImage {
  std::string name;              ///< for messages
  uint64_t codeAddress = 0;      ///< start of the loaded executable segment
  uint64_t codeBytes = 0;        ///< its length; nothing outside is decoded
  uint64_t entryAddress = 0;     ///< first instruction
  uint32_t ldsBytes = 0;         ///< group_segment_fixed_size
  uint32_t scratchBytes = 0;     ///< private_segment_fixed_size, per work-item
  uint32_t kernargBytes = 0;
  uint32_t rsrc1 = 0, rsrc2 = 0; ///< compute_pgm_rsrc1 / 2
  uint16_t properties = 0;       ///< kernel_code_properties
};

/// Decodes everything reachable from the entry. Null, with `error` saying which
/// instruction at which address, if there is one that the executor does not
/// know or a branch that leaves the code. Thread-safe.
std::shared_ptr<const Program> decodeProgram(const KernelImage &image,
                                             std::string &error);

/// What a kernel dispatch packet says.
struct DispatchInfo {
  uint32_t gridSize[3];          ///< work-items
  uint16_t workgroupSize[3];     ///< work-items
  uint64_t kernargAddress = 0;
  uint64_t packetAddress = 0;    ///< for kernels that ask for the dispatch pointer
  uint64_t queueAddress = 0;     ///< for kernels that ask for the queue pointer
  uint64_t dispatchId = 0;
  uint32_t ldsBytes = 0;         ///< group segment, static plus dynamic
  uint32_t scratchBytes = 0;     ///< private segment, per work-item
};

/// Device memory as the executor sees it. Device addresses are host addresses.
class MemoryMap {
public:
  virtual ~MemoryMap();
  struct Range { uint64_t begin = 0, end = 0; bool writable = false; };
  /// The live allocation that contains `address`, or an empty range. Called on
  /// a miss of the runner's small cache of ranges; must be thread-safe and may
  /// not free a range while a dispatch that can reach it runs.
  virtual Range find(uint64_t address) const = 0;
};

/// Sees every global memory access of the active lanes; used by the checking
/// mode only (null otherwise: then nothing is paid for it). One observer may be
/// called from many threads, each with its own `thread` index.
class AccessObserver {
public:
  virtual ~AccessObserver();
  /// `addresses` has 64 entries, `mask` says which lanes access `bytes` there.
  virtual void access(const uint64_t *addresses, uint64_t mask, uint32_t bytes,
                      bool write, unsigned thread) = 0;
};

enum class RunStatus {
  Ok,
  MemoryFault,        ///< access outside live allocations, LDS or scratch
  IllegalInstruction, ///< encoded but undefined here (trap, bad state)
  Deadlock,           ///< a wave waits at a barrier that can never be met
  Aborted             ///< the `abort` flag was raised from outside
};

struct RunResult {
  RunStatus status = RunStatus::Ok;
  std::string message;       ///< kernel, instruction, its address, the data address
  uint64_t instructions = 0; ///< wavefront instructions executed
};

/// Executes workgroups; owns register files and LDS. One per host thread, reused
/// for many workgroups and programs: it allocates only when a program needs more
/// than any before.
class WorkgroupRunner {
public:
  explicit WorkgroupRunner(unsigned thread);
  ~WorkgroupRunner();
  WorkgroupRunner(const WorkgroupRunner &) = delete;
  WorkgroupRunner &operator=(const WorkgroupRunner &) = delete;

  /// Runs the workgroup with index (x, y, z), to its end or to the first fault.
  /// `abort` (may be null) is read now and then.
  RunResult run(const Program &program, const DispatchInfo &dispatch,
                const uint32_t workgroup[3], const MemoryMap &memory,
                AccessObserver *observer, const volatile bool *abort);

private:
  struct State;
  std::unique_ptr<State> state;
};

/// Number of decoded instructions; for tools and tests.
uint64_t instructionCount(const Program &program);

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_EXEC_EXECUTOR_H
