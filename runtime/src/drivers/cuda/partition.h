//===- partition.h - SM groups as green contexts ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A mask's bit i is SM i in the driver's own order: SMs come in groups that are
// scheduled together (8 on an H100), and a mask takes whole groups. The last one
// is what the driver leaves over, on some H100s 4 SMs, on others 12; a larger one
// comes whole with a mask that leaves out fewer than 8 of it. A partition is the
// green context of such a mask, shared by all schedules that use it, unless it is
// private. The mask of all SMs is the primary context.
//
// Creating a green context takes milliseconds: it happens when a schedule is
// loaded, never in a request.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_CUDA_PARTITION_H
#define ECLIP_RUNTIME_DRIVERS_CUDA_PARTITION_H

#include "runtime/src/drivers/cuda/api.h"
#include "runtime/src/verify.h"

namespace eclip::cuda {

constexpr uint32_t kPartitionLimit = 32;

class Partitions {
public:
  /// Splits the device's SMs. `primary` is current and outlives the partitions.
  eclip_status open(const Api &api, abi::Device device, abi::Context primary,
                    uint32_t smCount, Error &error);
  /// Destroys the green contexts that are left.
  ~Partitions();

  /// Fails if the mask cuts a group of SMs.
  eclip_status check(const MaskWords &mask, Error &error) const {
    uint64_t groups;
    return groupsOf(mask, &groups, error);
  }
  /// The context of `mask`, new or shared, to be given back; a private one is
  /// always new. Not thread safe.
  eclip_status take(const MaskWords &mask, uint32_t maxPartitions,
                    bool isPrivate, uint32_t *index, bool *shared,
                    Error &error);
  void give(uint32_t index);
  abi::Context context(uint32_t index) const { return parts[index].context; }
  uint32_t count() const;
  /// Of a partition that somebody holds: may be more than the mask's bits.
  uint32_t smsOf(uint32_t index) const;
  uint32_t groupSize() const { return group_size; }

private:
  static constexpr uint32_t kMaxGroups = 64;

  struct Part {
    uint32_t users = 0; // 0: the place is free
    bool is_private = false;
    uint64_t groups = 0;
    abi::Context context = nullptr;
    abi::GreenContext green = nullptr; // null for the primary context
  };

  eclip_status groupsOf(const MaskWords &mask, uint64_t *groups,
                        Error &error) const;
  eclip_status create(Part &part, Error &error);

  const Api *api = nullptr;
  abi::Device device = 0;
  abi::Context primary = nullptr;
  uint32_t sm_count = 0, group_size = 0, group_count = 0;
  abi::Resource resources[kMaxGroups];
  Part parts[kPartitionLimit];
};

} // namespace eclip::cuda

#endif // ECLIP_RUNTIME_DRIVERS_CUDA_PARTITION_H
