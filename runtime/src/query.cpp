//===- query.cpp - what a schedule says about itself ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/plans.h"

using namespace eclip;

#define INVALID(...) error.fail(ECLIP_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

namespace {
struct ElementType {
  const char *name;
  size_t bytes;
};
constexpr ElementType kElementTypes[] = {
    {"f32", 4}, {"f16", 2}, {"f64", 8}, {"i8", 1},  {"u8", 1},  {"i16", 2},
    {"u16", 2}, {"i32", 4}, {"u32", 4}, {"i64", 8}, {"u64", 8}, {"bool", 1}};
constexpr size_t kElementTypeCount =
    sizeof(kElementTypes) / sizeof(kElementTypes[0]);

constexpr const char *kPrecisions[] = {"f32", "f16", "tf32"};
static_assert(sizeof(kPrecisions) / sizeof(kPrecisions[0]) ==
              size_t(fb::Precision::MAX) + 1);

// The two enums are one: a new element type is added to both and to the table.
static_assert(kElementTypeCount == size_t(fb::ElementType::MAX) + 1 &&
              int(ECLIP_F32) == int(fb::ElementType::F32) &&
              int(ECLIP_I32) == int(fb::ElementType::I32) &&
              int(ECLIP_BOOL) == int(fb::ElementType::Bool));
} // namespace

extern "C" size_t eclip_element_bytes(eclip_element_type type) {
  auto i = static_cast<size_t>(type);
  return i < kElementTypeCount ? kElementTypes[i].bytes : 0;
}

extern "C" const char *eclip_element_name(eclip_element_type type) {
  auto i = static_cast<size_t>(type);
  return i < kElementTypeCount ? kElementTypes[i].name : "unknown";
}

static void countPackets(const fb::Plan &plan, uint32_t *dispatches,
                         uint32_t *barriers) {
  for (const fb::Queue *queue : *plan.queues())
    for (uint32_t i = 0; i < packetCount(*queue); ++i)
      ++(queue->packets()->Get(i)->kind() == fb::PacketKind::Dispatch
             ? *dispatches
             : *barriers);
}

extern "C" eclip_status eclip_schedule_get_info(const eclip_schedule *schedule,
                                                eclip_schedule_info *out,
                                                eclip_error *sink) {
  Error error(sink);
  if (!schedule || !out)
    return INVALID("eclip_schedule_get_info: schedule or info is NULL");
  const fb::Schedule &root = *schedule->root;
  const fb::Plan &plan = *root.plans()->Get(0);
  eclip_schedule_info info = ECLIP_SCHEDULE_INFO_INIT;
  const flatbuffers::String *model = root.provenance()->model_name();
  info.model_name = model ? model->c_str() : "";
  info.device_name = root.device()->name()->c_str();
  info.target = root.device()->target()->c_str();
  info.input_count = root.inputs()->size();
  info.output_count = root.outputs()->size();
  info.queue_count = plan.queues()->size();
  info.group_count = plan.groups()->size();
  info.kernel_count = root.kernels()->size();
  countPackets(plan, &info.dispatch_count, &info.barrier_count);
  info.slots = static_cast<uint32_t>(schedule->slots.size());
  info.constants_bytes = schedule->constants_bytes;
  for (const fb::Group *group : *plan.groups())
    info.predicted_energy_nj += group->predicted_energy_nj();
  info.precision = kPrecisions[static_cast<size_t>(root.precision())];
  if (const fb::Mix *mix = root.mix()) {
    info.mix_name = mix->name()->c_str();
    info.mix_worker = mix->worker();
    info.mix_workers = mix->workers()->size();
  }
  info.plan_count = root.plans()->size();
  info.active_plan = schedule->active_plan.load(std::memory_order_relaxed);
  for (const fb::Plan *each : *root.plans()) {
    if (each->arena_bytes() > info.arena_bytes)
      info.arena_bytes = each->arena_bytes();
    if (each->queues()->size() > info.max_queue_count)
      info.max_queue_count = each->queues()->size();
  }
  info.far_end = schedule->end == End::Far;
  return writeStruct(&info, out, sizeof(info), "eclip_schedule_info", error);
}

static eclip_status
tensorInfo(const flatbuffers::Vector<flatbuffers::Offset<fb::Tensor>> &tensors,
           uint32_t index, const char *what, eclip_tensor_info *out,
           Error &error) {
  if (index >= tensors.size())
    return INVALID("%s %u of %u", what, index, tensors.size());
  const fb::Tensor &tensor = *tensors.Get(index);
  eclip_tensor_info info = ECLIP_TENSOR_INFO_INIT;
  info.name = tensor.name()->c_str();
  info.type = static_cast<eclip_element_type>(tensor.type());
  info.rank = tensor.dims() ? tensor.dims()->size() : 0;
  info.dims = tensor.dims() ? tensor.dims()->data() : nullptr;
  info.bytes = tensor.bytes();
  return writeStruct(&info, out, sizeof(info), "eclip_tensor_info", error);
}

extern "C" eclip_status eclip_schedule_get_input(const eclip_schedule *schedule,
                                                 uint32_t index,
                                                 eclip_tensor_info *info,
                                                 eclip_error *sink) {
  Error error(sink);
  if (!schedule || !info)
    return INVALID("eclip_schedule_get_input: schedule or info is NULL");
  return tensorInfo(*schedule->root->inputs(), index, "input", info, error);
}

extern "C" eclip_status
eclip_schedule_get_output(const eclip_schedule *schedule, uint32_t index,
                          eclip_tensor_info *info, eclip_error *sink) {
  Error error(sink);
  if (!schedule || !info)
    return INVALID("eclip_schedule_get_output: schedule or info is NULL");
  return tensorInfo(*schedule->root->outputs(), index, "output", info, error);
}

extern "C" eclip_status eclip_schedule_get_queue(const eclip_schedule *schedule,
                                                 uint32_t index,
                                                 eclip_queue_info *info,
                                                 eclip_error *sink) {
  return eclip_schedule_get_plan_queue(schedule, 0, index, info, sink);
}

extern "C" eclip_status eclip_schedule_get_plan(const eclip_schedule *schedule,
                                                uint32_t index,
                                                eclip_plan_info *out,
                                                eclip_error *sink) {
  Error error(sink);
  if (!schedule || !out)
    return INVALID("eclip_schedule_get_plan: schedule or info is NULL");
  const auto &plans = *schedule->root->plans();
  if (index >= plans.size())
    return INVALID("plan %u of %u", index, plans.size());
  const fb::Plan &plan = *plans.Get(index);
  eclip_plan_info info = ECLIP_PLAN_INFO_INIT;
  info.name = plan.name()->c_str();
  info.neighbours = plan.neighbours();
  info.for_mix = plan.for_mix();
  info.queue_count = plan.queues()->size();
  info.group_count = plan.groups()->size();
  countPackets(plan, &info.dispatch_count, &info.barrier_count);
  info.submitted_packets = schedule->program->packetCount(index);
  info.arena_bytes = plan.arena_bytes();
  info.predicted_time_ns = plan.predicted_time_ns();
  info.predicted_energy_nj = plan.predicted_energy_nj();
  return writeStruct(&info, out, sizeof(info), "eclip_plan_info", error);
}

extern "C" eclip_status eclip_schedule_get_plan_queue(
    const eclip_schedule *schedule, uint32_t plan, uint32_t index,
    eclip_queue_info *out, eclip_error *sink) {
  Error error(sink);
  if (!schedule || !out)
    return INVALID("eclip_schedule_get_queue: schedule or info is NULL");
  const auto &plans = *schedule->root->plans();
  if (plan >= plans.size())
    return INVALID("plan %u of %u", plan, plans.size());
  const auto &queues = *plans.Get(plan)->queues();
  if (index >= queues.size())
    return INVALID("queue %u of %u", index, queues.size());
  const fb::Queue &queue = *queues.Get(index);
  const MaskWords &mask = maskAt(queue, schedule->end);
  eclip_queue_info info = ECLIP_QUEUE_INFO_INIT;
  info.name = queue.name()->c_str();
  info.mask = mask.data();
  info.mask_words = mask.size();
  info.cu_count = countMask(mask);
  info.packet_count = packetCount(queue);
  info.priority = queue.priority();
  schedule->program->queueInfo({plan, index}, &info);
  return writeStruct(&info, out, sizeof(info), "eclip_queue_info", error);
}

extern "C" eclip_status eclip_schedule_set_plan(eclip_schedule *schedule,
                                                uint32_t index,
                                                eclip_error *sink) {
  Error error(sink);
  if (!schedule)
    return INVALID("eclip_schedule_set_plan: schedule is NULL");
  uint32_t plans = schedule->root->plans()->size();
  if (index >= plans && index != ECLIP_PLAN_AUTO)
    return INVALID("plan %u of %u", index, plans);
  setPlan(*schedule, index);
  return ECLIP_OK;
}
