//===- Json.cpp - a schedule file, for scripts ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-dump/Dump.h"

#include "runtime/src/verify.h"
#include "tools/eclip-dump/Occupancy.h"

#include "llvm/Support/JSON.h"

using namespace eclip;
namespace json = llvm::json;

/// Names in a file may be any bytes; JSON needs UTF-8.
static std::string text(const ::flatbuffers::String *string) {
  return string ? json::fixUTF8(llvm::StringRef(string->c_str(), string->size()))
                : std::string();
}

static json::Array dims(const fb::Dims *d) {
  return json::Array{d->x(), d->y(), d->z()};
}

template <typename Vector, typename Fn>
static json::Array mapped(const Vector *vector, Fn fn) {
  json::Array array;
  if (vector)
    for (auto element : *vector)
      array.push_back(fn(element));
  return array;
}

static json::Value tensor(const fb::Tensor *t) {
  return json::Object{
      {"name", text(t->name())},
      {"type", llvm::StringRef(fb::EnumNameElementType(t->type())).lower()},
      {"dims", mapped(t->dims(), [](uint64_t d) { return json::Value(d); })},
      {"bytes", t->bytes()}};
}

static json::Value kernel(const fb::Schedule &schedule, const fb::Kernel *k) {
  json::Value waves = nullptr; // known for AMD's limits only
  if (isAmd(schedule))
    waves = wavesPerCu(*k);
  return json::Object{
      {"name", text(k->name())},
      {"kind", kindText(*k)},
      {"vgprs", k->vgprs()},
      {"sgprs", k->sgprs()},
      {"lds_bytes", k->lds_bytes()},
      {"scratch_bytes", k->scratch_bytes()},
      {"kernarg_bytes", k->kernarg_bytes()},
      {"waves_per_cu", std::move(waves)},
      {"workgroup", dims(k->workgroup())},
      {"nodes", mapped(k->nodes(), [](const ::flatbuffers::String *node) {
         return json::Value(text(node));
       })}};
}

static json::Value argument(const fb::Argument *a) {
  return json::Object{
      {"kind", llvm::StringRef(fb::EnumNameBufferKind(a->kind())).lower()},
      {"index", a->index()},
      {"offset", a->offset()},
      {"bytes", a->bytes()},
      {"write", a->access() == fb::Access::Write}};
}

static json::Value packet(const fb::Schedule &s, const fb::Plan &plan,
                          const fb::Packet *p) {
  json::Object object{{"group", text(plan.groups()->Get(p->group())->name())}};
  if (p->kind() == fb::PacketKind::BarrierAnd) {
    object["kind"] = "barrier-and";
    object["waits"] = mapped(p->waits(), [](uint32_t w) { return json::Value(w); });
    return object;
  }
  object["kind"] = "dispatch";
  object["kernel"] = text(s.kernels()->Get(p->kernel())->name());
  object["grid"] = dims(p->grid());
  object["arguments"] = mapped(p->arguments(), argument);
  if (p->completion() >= 0)
    object["completes"] = p->completion();
  return object;
}

static json::Array mask(const ::flatbuffers::Vector<uint32_t> *words) {
  return mapped(words, [](uint32_t w) { return json::Value(w); });
}

static json::Value plan(const fb::Schedule &s, const fb::Plan *p) {
  json::Object object{
      {"name", text(p->name())},
      {"neighbours", p->neighbours()},
      {"for_mix", p->for_mix()},
      {"arena_bytes", p->arena_bytes()},
      {"arena_lower_bound_bytes", p->arena_lower_bound_bytes()},
      {"predicted_time_ns", p->predicted_time_ns()},
      {"predicted_energy_nj", p->predicted_energy_nj()},
      {"launches", countPackets(*p, fb::PacketKind::Dispatch)},
      {"barriers", countPackets(*p, fb::PacketKind::BarrierAnd)},
      {"switches", countSwitches(*p)}};
  object["groups"] = mapped(p->groups(), [&](const fb::Group *g) -> json::Value {
    return json::Object{{"name", text(g->name())},
                        {"cu_count", g->cu_count()},
                        {"queue", text(p->queues()->Get(g->queue())->name())},
                        {"predicted_time_ns", g->predicted_time_ns()},
                        {"predicted_energy_nj", g->predicted_energy_nj()}};
  });
  object["queues"] = mapped(p->queues(), [&](const fb::Queue *q) -> json::Value {
    return json::Object{
        {"name", text(q->name())},
        {"cu_count", eclip::countMask(*q->mask())},
        {"mask", mask(q->mask())},
        {"far_mask", mask(q->far_mask())},
        {"priority", q->priority()},
        {"packets", mapped(q->packets(), [&](const fb::Packet *each) {
           return packet(s, *p, each);
         })}};
  });
  return object;
}

static json::Value mix(const fb::Mix *m) {
  if (!m)
    return nullptr;
  return json::Object{{"name", text(m->name())},
                      {"id", text(m->id())},
                      {"workers", mapped(m->workers(), [](const ::flatbuffers::String *w) {
                         return json::Value(text(w));
                       })},
                      {"worker", m->worker()}};
}

void eclip::printJson(const DumpInput &input, llvm::raw_ostream &os) {
  const fb::Schedule &s = input.schedule;
  json::Object root{
      {"format_version", input.header.format_version},
      {"file_bytes", input.header.file_bytes},
      {"constants_bytes", input.header.constants_bytes},
      {"model", text(s.provenance()->model_name())},
      {"model_hash", text(s.provenance()->model_hash())},
      {"compiler_version", text(s.provenance()->compiler_version())},
      {"cost_source", text(s.provenance()->cost_source())},
      {"precision", precisionText(s)},
      {"device", json::Object{{"name", text(s.device()->name())},
                              {"target", text(s.device()->target())},
                              {"cu_count", s.device()->cu_count()}}},
      {"inputs", mapped(s.inputs(), tensor)},
      {"outputs", mapped(s.outputs(), tensor)},
      {"kernels", mapped(s.kernels(), [&](const fb::Kernel *k) { return kernel(s, k); })},
      {"mix", mix(s.mix())},
      {"plans", mapped(s.plans(), [&](const fb::Plan *p) { return plan(s, p); })}};
  os << llvm::formatv("{0:2}\n", json::Value(std::move(root)));
}
