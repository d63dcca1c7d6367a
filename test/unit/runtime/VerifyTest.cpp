//===- VerifyTest.cpp - schedules that mean nothing: F10 to F42 -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ScheduleBuilder.h"

#include "eclip/eclip.h"

#include <gtest/gtest.h>

using namespace eclip;
using namespace eclip::test;

namespace {

/// Changes one thing in the example, and expects to be refused by constraint
/// `label` with a message that has `words`.
template <typename F>
void refused(const char *label, const char *words, F &&change) {
  ScheduleSpec spec = example();
  change(spec);
  std::string message = verify(buildFile(spec));
  EXPECT_EQ(message.substr(0, message.find(':')), label) << message;
  EXPECT_NE(message.find(words), std::string::npos) << message;
}

template <typename F> void accepted(F &&change) {
  ScheduleSpec spec = example();
  change(spec);
  EXPECT_EQ(verify(buildFile(spec)), "");
}

PacketSpec &first(ScheduleSpec &s) { return s.queues[0].packets[0]; }
PacketSpec &wait(ScheduleSpec &s) { return s.queues[1].packets[0]; }
aql::Dispatch &image(ScheduleSpec &s) { return first(s).image.dispatch; }

void setArgument(ScheduleSpec &s, size_t i, uint64_t offset, uint64_t bytes,
                 uint32_t index, fb::BufferKind kind, fb::Access access) {
  first(s).arguments[i] = fb::Argument(offset, bytes, index, kind, access);
}

TEST(Verify, F10Device) {
  refused("F10", "name", [](auto &s) { s.deviceName = ""; });
  refused("F10", "target", [](auto &s) { s.target = ""; });
  refused("F10", "cu_count 0", [](auto &s) { s.cuCount = 0; });
  refused("F10", "cu_count 4097", [](auto &s) { s.cuCount = 4097; });
  refused("F10", "shader_engines 0", [](auto &s) { s.shaderEngines = 0; });
  refused("F10", "shader_engines 61", [](auto &s) { s.shaderEngines = 61; });
  refused("F10", "max_masked_queues", [](auto &s) { s.maxMaskedQueues = 0; });
  refused("F10", "max_masked_queues", [](auto &s) { s.maxMaskedQueues = 33; });
}

TEST(Verify, F11CodeObjects) {
  refused("F11", "there is none", [](auto &s) { s.codeObjects.clear(); });
  refused("F11", "isa", [](auto &s) { s.codeObjects[0].isa = ""; });
}

TEST(Verify, F12Elf) {
  refused("F12", "63 bytes",
          [](auto &s) { s.codeObjects[0].image.resize(63); });
  refused("F12", "0 bytes", [](auto &s) { s.codeObjects[0].image.clear(); });
  for (size_t i = 0; i < 7; ++i)
    refused("F12", "not a little-endian ELF64",
            [&](auto &s) { s.codeObjects[0].image[i] ^= 0x7f; });
  refused("F12", "machine 62",
          [](auto &s) { s.codeObjects[0].image[18] = 62; });
  accepted([](auto &s) { s.codeObjects[0].image.resize(64); });
}

TEST(Verify, F13KernelNames) {
  refused("F13", "kernels[1]", [](auto &s) { s.kernels[1].name = ""; });
  refused("F13", "symbol", [](auto &s) { s.kernels[1].symbol = ""; });
  refused("F13", "code_object is 1 of 1",
          [](auto &s) { s.kernels[1].codeObject = 1; });
}

TEST(Verify, F14KernelResources) {
  refused("F14", "kernarg_bytes is 20",
          [](auto &s) { s.kernels[1].kernargBytes = 20; });
  refused("F14", "kernarg_bytes is 4104",
          [](auto &s) { s.kernels[1].kernargBytes = 4104; });
  refused("F14", "lds_bytes is 65537",
          [](auto &s) { s.kernels[1].ldsBytes = 65537; });
  refused("F14", "scratch_bytes",
          [](auto &s) { s.kernels[1].scratchBytes = 1u << 21; });
}

TEST(Verify, F15Workgroup) {
  refused("F15", "missing", [](auto &s) { s.kernels[0].workgroup.reset(); });
  for (auto dims : {fb::Dims(0, 1, 1), fb::Dims(1, 0, 1), fb::Dims(1, 1, 0),
                    fb::Dims(1025, 1, 1), fb::Dims(32, 33, 1),
                    fb::Dims(1u << 16, 1u << 16, 1)})
    refused("F15", "workgroup",
            [&](auto &s) { s.kernels[0].workgroup = dims; });
}

TEST(Verify, F16TensorNames) {
  refused("F16", "input 0", [](auto &s) { s.inputs[0].name = ""; });
  refused("F16", "output 0", [](auto &s) { s.outputs[0].name = ""; });
  refused("F16", "'x'", [](auto &s) { s.inputs.push_back(s.inputs[0]); });
  refused("F16", "'y'", [](auto &s) { s.outputs.push_back(s.outputs[0]); });
  // An input may have an output's name.
  accepted([](auto &s) { s.inputs[0].name = "y"; });
}

TEST(Verify, F17TensorBytes) {
  refused("F17", "type 12",
          [](auto &s) { s.inputs[0].type = static_cast<fb::ElementType>(12); });
  refused("F17", "type and dims make 512",
          [](auto &s) { s.inputs[0].bytes = 511; });
  refused("F17", "type and dims make 256",
          [](auto &s) { s.inputs[0].type = fb::ElementType::F16; });
  refused("F17", "dims[0] is 0", [](auto &s) { s.inputs[0].dims[0] = 0; });
  refused("F17", "zero or too large", [](auto &s) {
    s.inputs[0].dims = {1ull << 62, 4}; // wraps to 0
    s.inputs[0].bytes = 0;
  });
  refused("F17", "bytes is", [](auto &s) {
    s.inputs[0].dims = {1ull << 60};
    s.inputs[0].bytes = 1ull << 62;
  });
  refused("F17", "17 dims", [](auto &s) { s.inputs[0].dims.assign(17, 1); });
  refused("F17", "output 'y'", [](auto &s) { s.outputs[0].bytes = 4; });
}

TEST(Verify, F18Groups) {
  refused("F18", "groups[0]", [](auto &s) { s.groups[0].name = ""; });
  refused("F18", "queue is 2 of 2", [](auto &s) { s.groups[1].queue = 2; });
  refused("F18", "cu_count is 31", [](auto &s) { s.groups[0].cuCount = 31; });
  refused("F18", "cu_count is 0", [](auto &s) { s.groups[0].cuCount = 0; });
}

TEST(Verify, F19QueueCount) {
  refused("F19", "there are 2", [](auto &s) { s.maxMaskedQueues = 1; });
  refused("F19", "there are 0", [](auto &s) {
    s.queues.clear();
    s.groups.clear();
  });
  refused("F19", "name", [](auto &s) { s.queues[1].name = ""; });
}

TEST(Verify, F20Mask) {
  refused("F20", "1 words", [](auto &s) { s.queues[0].mask.pop_back(); });
  refused("F20", "3 words", [](auto &s) { s.queues[0].mask.push_back(0); });
  refused("F20", "empty", [](auto &s) { s.queues[0].mask = {0, 0}; });
  refused("F20", "above cu_count (60 CUs)",
          [](auto &s) { s.queues[0].mask[1] |= 1u << 28; });
  refused("F20", "above cu_count (60 CUs)",
          [](auto &s) { s.queues[0].mask[1] |= 1u << 31; });
  refused("F20", "(65 CUs)", [](auto &s) { s.cuCount = 65; });
}

TEST(Verify, F21MasksDiffer) {
  refused("F21", "'q0'", [](auto &s) { s.queues[1].mask = s.queues[0].mask; });
}

TEST(Verify, F22Packets) {
  refused("F22", "kind 2",
          [](auto &s) { first(s).kind = static_cast<fb::PacketKind>(2); });
  refused("F22", "kernel is 5 of 5", [](auto &s) { first(s).kernel = 5; });
  refused("F22", "group 2 of 2", [](auto &s) { first(s).group = 2; });
  refused("F22", "group 1 of 2", [](auto &s) { first(s).group = 1; });
}

TEST(Verify, F23Header) {
  refused("F23", "AQL type 3", [](auto &s) { image(s).header ^= 1; });
  refused("F23", "AQL type 2",
          [](auto &s) { wait(s).image.barrier.header ^= 1; });
  refused("F23", "barrier bit", [](auto &s) { image(s).header ^= 1u << 8; });
  refused("F23", "barrier bit",
          [](auto &s) { wait(s).image.barrier.header ^= 1u << 8; });
  refused("F23", "fence", [](auto &s) { image(s).header |= 3u << 9; });
  refused("F23", "fence", [](auto &s) { image(s).header |= 3u << 11; });
  refused("F23", "acquire scope 0",
          [](auto &s) { image(s).header &= ~(3u << 9); });
  refused("F23", "release scope 0",
          [](auto &s) { image(s).header &= ~(3u << 11); });
  refused("F23", "acquire scope 0",
          [](auto &s) { wait(s).image.barrier.header &= ~(3u << 9); });
  refused("F23", "reserved", [](auto &s) { image(s).header |= 1u << 15; });
}

TEST(Verify, F24ZeroAddresses) {
  refused("F24", "address", [](auto &s) { image(s).kernel_object = 1; });
  refused("F24", "address", [](auto &s) { image(s).kernarg = 8; });
  refused("F24", "address", [](auto &s) { image(s).completion = 64; });
  refused("F24", "reserved", [](auto &s) { image(s).reserved0 = 1; });
  refused("F24", "reserved", [](auto &s) { image(s).reserved2 = 1; });
}

TEST(Verify, F25Grid) {
  refused("F25", "grid is missing", [](auto &s) { first(s).grid.reset(); });
  refused("F25", "0 grid dimensions", [](auto &s) { image(s).setup = 0; });
  refused("F25", "4 grid dimensions", [](auto &s) { image(s).setup = 4; });
  refused("F25", "192 in 64",
          [](auto &s) { first(s).grid = fb::Dims(3, 1, 1); });
  refused("F25", "dimension 1",
          [](auto &s) { first(s).grid = fb::Dims(2, 0, 1); });
  refused("F25", "129 work-items", [](auto &s) { image(s).grid[0] = 129; });
  refused("F25", "workgroups of 32",
          [](auto &s) { image(s).workgroup[0] = 32; });
  refused("F25", "work-items", [](auto &s) {
    first(s).grid = fb::Dims(1u << 26, 1, 1); // times 64 wraps to 0
    image(s).grid[0] = 0;
  });
  refused("F25", "only 1 dimensions", [](auto &s) {
    image(s).setup = 1;
    image(s).grid[1] = 2;
    first(s).grid = fb::Dims(2, 2, 1);
  });
  accepted([](auto &s) { image(s).setup = 1; });
}

TEST(Verify, F26Resources) {
  refused("F26", "4 bytes of LDS", [](auto &s) { image(s).group_bytes = 4; });
  refused("F26", "8 of scratch", [](auto &s) { image(s).private_bytes = 8; });
}

TEST(Verify, F27ArgumentCount) {
  refused("F27", "1 arguments", [](auto &s) { first(s).arguments.pop_back(); });
  refused("F27", "3 arguments",
          [](auto &s) { first(s).arguments.push_back(constant()); });
}

TEST(Verify, F28ArgumentKinds) {
  refused("F28", "kind 4", [](auto &s) {
    setArgument(s, 0, 0, 512, 0, static_cast<fb::BufferKind>(4),
                fb::Access::Read);
  });
  refused("F28", "access 2", [](auto &s) {
    setArgument(s, 0, 0, 512, 0, fb::BufferKind::Arena,
                static_cast<fb::Access>(2));
  });
  refused("F28", "index is 1 of 1", [](auto &s) {
    setArgument(s, 0, 0, 512, 1, fb::BufferKind::Input, fb::Access::Read);
  });
  refused("F28", "index is 1 of 1", [](auto &s) {
    setArgument(s, 0, 0, 512, 1, fb::BufferKind::Output, fb::Access::Read);
  });
  refused("F28", "index is 1 of 1", [](auto &s) {
    setArgument(s, 0, 0, 512, 1, fb::BufferKind::Arena, fb::Access::Read);
  });
  refused("F28", "writes to the input", [](auto &s) {
    setArgument(s, 0, 0, 512, 0, fb::BufferKind::Input, fb::Access::Write);
  });
  refused("F28", "writes to the constants", [](auto &s) {
    setArgument(s, 0, 0, 512, 0, fb::BufferKind::Constant, fb::Access::Write);
  });
}

TEST(Verify, F29ArgumentBounds) {
  struct {
    fb::BufferKind kind;
    uint64_t size;
  } const buffers[] = {{fb::BufferKind::Arena, 1536},
                       {fb::BufferKind::Constant, 512},
                       {fb::BufferKind::Input, 512},
                       {fb::BufferKind::Output, 512}};
  for (auto [kind, size] : buffers) {
    struct {
      uint64_t offset, bytes;
    } const wrong[] = {{size, 1},       {1, size},       {0, size + 1},
                       {UINT64_MAX, 1}, {1, UINT64_MAX}, {0, 0}};
    for (auto [offset, bytes] : wrong)
      refused("F29", "argument 0",
              [&, offset = offset, bytes = bytes, kind = kind](auto &s) {
                setArgument(s, 0, offset, bytes, 0, kind, fb::Access::Read);
              });
    accepted([&, kind = kind, size = size](auto &s) {
      setArgument(s, 0, size - 1, 1, 0, kind, fb::Access::Read);
    });
  }
}

TEST(Verify, F30BarrierImage) {
  for (unsigned i = 0; i < 5; ++i)
    refused("F30", "holds a signal",
            [&](auto &s) { wait(s).image.barrier.dependency[i] = 1; });
  refused("F30", "holds a signal",
          [](auto &s) { wait(s).image.barrier.completion = 1; });
  refused("F30", "reserved",
          [](auto &s) { wait(s).image.barrier.reserved0 = 1; });
  refused("F30", "reserved",
          [](auto &s) { wait(s).image.barrier.reserved1 = 1; });
  refused("F30", "reserved",
          [](auto &s) { wait(s).image.barrier.reserved2 = 1; });
  refused("F30", "no arguments",
          [](auto &s) { wait(s).arguments.push_back(constant()); });
}

TEST(Verify, F31Waits) {
  refused("F31", "waits for 0 signals", [](auto &s) { wait(s).waits.clear(); });
  refused("F31", "waits for 6 signals",
          [](auto &s) { wait(s).waits.assign(6, 0); });
  refused("F31", "signal 2 of 2", [](auto &s) { wait(s).waits = {2}; });
  refused("F31", "its own queue", [](auto &s) { wait(s).waits = {1}; });
  refused("F31", "a dispatch waits", [](auto &s) { first(s).waits = {1}; });
}

TEST(Verify, F32Completions) {
  refused("F32", "signal 2 of 2", [](auto &s) { first(s).completion = 2; });
  refused("F32", "signal -2", [](auto &s) { first(s).completion = -2; });
  refused("F32", "completed twice",
          [](auto &s) { s.queues[0].packets[1].completion = 0; });
  refused("F32", "signal 2 is completed by no packet",
          [](auto &s) { s.signalCount = 3; });
  refused("F32", "only 6 packets", [](auto &s) { s.signalCount = 7; });
  refused("F32", "only 6 packets", [](auto &s) { s.signalCount = UINT32_MAX; });
  // A barrier may complete a signal too.
  accepted([](auto &s) {
    s.queues[0].packets[2].completion = 2;
    s.signalCount = 3;
  });
}

TEST(Verify, F33NoDeadlock) {
  // q0 waits for q1's dispatch before it completes what q1 waits for.
  refused("F33", "wait for each other", [](auto &s) {
    std::swap(s.queues[0].packets[0], s.queues[0].packets[2]);
  });
  // Barriers that wait for each other's own completion.
  refused("F33", "wait for each other", [](auto &s) {
    s.signalCount = 4;
    s.queues[0].packets[2].completion = 2;
    s.queues[0].packets[2].waits = {3};
    wait(s).completion = 3;
    wait(s).waits = {2};
  });
}

TEST(Verify, F34OutputsAreWritten) {
  refused("F34", "'z'", [](auto &s) {
    s.outputs.push_back(s.outputs[0]);
    s.outputs[1].name = "z";
  });
  refused("F34", "there is none", [](auto &s) {
    s.outputs.clear();
    s.queues[0].packets.pop_back();
  });
}

TEST(Verify, F35Arena) {
  refused("F35", "arena_lower_bound_bytes 1537",
          [](auto &s) { s.arenaLowerBound = 1537; });
  refused("F35", "arena_bytes", [](auto &s) { s.arenaBytes = 1ull << 48; });
}

TEST(Verify, F36Kinds) {
  refused("F36", "precision 3",
          [](auto &s) { s.precision = static_cast<fb::Precision>(3); });
  refused("F36", "kernel 'add': kind 4",
          [](auto &s) { s.kernels[1].kind = static_cast<fb::KernelKind>(4); });
  accepted([](auto &s) {
    s.precision = fb::Precision::TF32;
    s.kernels[1].kind = fb::KernelKind::Other;
  });
}

/// The example with `count` plans, for 0, 1 ... neighbours.
void setPlans(ScheduleSpec &s, uint32_t count) {
  for (uint32_t i = 1; i < count; ++i) {
    PlanSpec plan = s;
    plan.planName = "plan " + std::to_string(i);
    plan.neighbours = i;
    s.morePlans.push_back(plan);
  }
}

TEST(Verify, F37Plans) {
  refused("F37", "there are 17", [](auto &s) { setPlans(s, 17); });
  accepted([](auto &s) { setPlans(s, 16); });
  refused("F37", "there are 0", [](auto &s) {
    s.planName = "";
    s.queues.clear();
  });
  refused("F37", "plans[0]: name", [](auto &s) { s.planName = ""; });
  refused("F37", "plans[1]: name", [](auto &s) {
    setPlans(s, 2);
    s.morePlans[0].planName = "";
  });
  refused("F37", "'alone': the name is there twice", [](auto &s) {
    setPlans(s, 2);
    s.morePlans[0].planName = "alone";
  });
}

TEST(Verify, F38Neighbours) {
  refused("F38", "has neighbours", [](auto &s) { s.neighbours = 1; });
  refused("F38", "a mix's", [](auto &s) { s.forMix = true; });
  refused("F38", "'plan 2': is for 1 neighbours", [](auto &s) {
    setPlans(s, 3);
    s.morePlans[1].neighbours = 1;
  });
  refused("F38", "the one before for 2", [](auto &s) {
    setPlans(s, 4);
    s.morePlans[2].neighbours = 0;
  });
  accepted([](auto &s) {
    setPlans(s, 3);
    s.morePlans[1].neighbours = 7;
  });
}

/// The same for a worker of a mix of 3.
template <typename F>
void workerRefused(const char *label, const char *words, F &&change) {
  ScheduleSpec spec = exampleWorker(1, 3);
  ASSERT_EQ(verify(buildFile(spec)), "");
  change(spec);
  std::string message = verify(buildFile(spec));
  EXPECT_EQ(message.substr(0, message.find(':')), label) << message;
  EXPECT_NE(message.find(words), std::string::npos) << message;
}

TEST(Verify, F39MixPlan) {
  workerRefused("F39", "and no mix", [](auto &s) { s.mix.reset(); });
  workerRefused("F39", "no plan for it", [](auto &s) {
    s.morePlans.pop_back();
  });
  workerRefused("F39", "not the last", [](auto &s) {
    std::swap(s.morePlans[0], s.morePlans[1]);
  });
  workerRefused("F39", "not the last", [](auto &s) {
    s.morePlans[0].forMix = true;
  });
  workerRefused("F39", "1 neighbours, the mix has 3 workers",
                [](auto &s) { s.morePlans[1].neighbours = 1; });
}

TEST(Verify, F40Mix) {
  workerRefused("F40", "name", [](auto &s) { s.mix->name = ""; });
  workerRefused("F40", "id", [](auto &s) { s.mix->id = ""; });
  workerRefused("F40", "a worker's name",
                [](auto &s) { s.mix->workers[2] = ""; });
  workerRefused("F40", "worker is 3 of 3", [](auto &s) { s.mix->worker = 3; });
  workerRefused("F40", "1 workers", [](auto &s) {
    s.mix->workers.resize(1);
    s.mix->worker = 0;
  });
  workerRefused("F40", "17 workers",
                [](auto &s) { s.mix->workers.resize(17, "w"); });
}

TEST(Verify, F41FarMask) {
  auto far = [](auto &s) -> auto & { return s.queues[0].farMask; };
  refused("F41", "1 words", [&](auto &s) { far(s) = {0x33333333}; });
  refused("F41", "is empty", [&](auto &s) { far(s) = {0, 0}; });
  refused("F41", "above cu_count", [&](auto &s) { far(s) = {0, 1u << 28}; });
  refused("F41", "far_mask has 1 CUs, mask has 30",
          [&](auto &s) { far(s) = {1, 0}; });
  refused("F41", "'q1': has the mask of queue 'q0' at the far end",
          [&](auto &s) {
            s.groups[1].cuCount = 30;
            s.queues[1].mask = {0xcccccccc, 0x0ccccccc};
            far(s) = s.queues[1].mask;
          });
  workerRefused("F41", "a mix's ends are fixed", [](auto &s) {
    s.morePlans[1].queues[0].farMask = s.queues[0].farMask;
  });
  // The two may change places.
  accepted([&](auto &s) {
    s.groups[1].cuCount = 30;
    s.queues[1].mask = {0xcccccccc, 0x0ccccccc};
    far(s) = s.queues[1].mask;
    s.queues[1].farMask = s.queues[0].mask;
  });
}

TEST(Verify, F42Priority) {
  refused("F42", "'q0': priority is 3, expected at most 2",
          [](auto &s) { s.queues[0].priority = 3; });
  workerRefused("F42", "priority is 255", [](auto &s) {
    s.morePlans[1].queues[0].priority = 255;
  });
  accepted([](auto &s) { s.queues[0].priority = 2; });
}

/// What holds for the first plan holds for each.
TEST(Verify, EveryPlan) {
  auto second = [](const char *label, const char *words, auto change) {
    ScheduleSpec spec = examplePlans();
    ASSERT_EQ(verify(buildFile(spec)), "");
    change(spec.morePlans[0]);
    std::string message = verify(buildFile(spec));
    EXPECT_EQ(message.find(std::string(label) + ": plan '1 neighbour': "), 0u)
        << message;
    EXPECT_NE(message.find(words), std::string::npos) << message;
  };
  second("F18", "cu_count is 1", [](auto &p) { p.groups[0].cuCount = 1; });
  second("F19", "there are 0", [](auto &p) { p.queues.clear(); });
  second("F20", "is empty", [](auto &p) { p.queues[0].mask = {0, 0}; });
  second("F21", "has the mask", [](auto &p) {
    p.queues[1].mask = p.queues[0].mask;
    p.queues[1].farMask.clear();
  });
  second("F22", "group 2 of 2",
         [](auto &p) { p.queues[0].packets[0].group = 2; });
  second("F29", "1024 bytes at offset", [](auto &p) {
    fb::Argument &a = p.queues[0].packets[0].arguments[1];
    a = fb::Argument(p.arenaBytes - 512, 1024, 0, a.kind(), a.access());
  });
  second("F31", "signal 2 of 2",
         [](auto &p) { p.queues[1].packets[0].waits = {2}; });
  second("F32", "completed by no packet", [](auto &p) { p.signalCount = 3; });
  second("F33", "wait for each other", [](auto &p) {
    std::swap(p.queues[0].packets[1], p.queues[0].packets[2]);
  });
  second("F34", "no dispatch writes it",
         [](auto &p) { p.queues[0].packets.pop_back(); });
  second("F35", "arena_bytes", [](auto &p) { p.arenaBytes = 1ull << 48; });
}

TEST(Verify, MessagesStayOneLine) {
  ScheduleSpec spec = example();
  spec.queues[0].name = "a\nb";
  spec.queues[0].mask = {0, 0};
  std::string message = verify(buildFile(spec));
  EXPECT_NE(message.find("'a?b'"), std::string::npos) << message;
}

TEST(Verify, MessageIsCutToTheBuffer) {
  ScheduleSpec spec = example();
  spec.queues[0].mask = {0, 0};
  FileBytes file = buildFile(spec);
  char text[8];
  eclip_error error = ECLIP_ERROR_INIT(text);
  EXPECT_EQ(eclip_schedule_verify(file.data(), file.size(), nullptr, &error),
            ECLIP_ERROR_BAD_FILE);
  EXPECT_STREQ(text, "F20: pl");
  EXPECT_EQ(eclip_schedule_verify(file.data(), file.size(), nullptr, nullptr),
            ECLIP_ERROR_BAD_FILE);
}

} // namespace
