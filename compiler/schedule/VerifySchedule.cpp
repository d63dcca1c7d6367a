//===- VerifySchedule.cpp - proof that a schedule has no race -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Independent of the passes that make schedules: it reads the IR and shares no
// other code with them. Labels (V1..) are those of docs/scheduling.md.
//
// Order comes from two facts only: a packet starts after the packet before it
// in its queue is complete, and a barrier packet after the dispatches that it
// waits for. Every such edge goes forward in the text, because a barrier's
// operands dominate it, so the order has no cycle.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "dialect/Eclip.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"

#include <tuple>

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_VERIFYSCHEDULE
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

namespace {

/// A packet of a queue: a dispatch or a barrier.
struct Packet {
  Operation *op;
  StringAttr queue;
  unsigned number;         ///< among the dispatches, in textual order
  llvm::BitVector earlier; ///< packets that are complete when it starts
};

/// Bytes of one buffer that one dispatch reads or writes. Buffer -1 is the
/// arena, others are outputs.
struct Access {
  unsigned packet;
  int64_t buffer;
  int64_t begin, end;
  bool writes;
  Value value; ///< whose bytes these are
  /// If the value lies in an eclip.buffer: that, and which elements of it. The
  /// bytes are from the first to the last of them.
  BufferOp shared;
  BoxAttr box;
};

/// True if the two have a byte in common. Boxes of one eclip.buffer are compared
/// element by element; otherwise all that lies between a box's first and last
/// byte counts, which errs towards a conflict.
bool haveCommonBytes(const Access &a, const Access &b) {
  if (a.buffer != b.buffer || a.begin >= b.end || b.begin >= a.end)
    return false;
  return !a.shared || a.shared != b.shared || a.box.overlaps(b.box);
}

class Verifier {
public:
  explicit Verifier(ScheduleOp schedule)
      : schedule(schedule), kernels(schedule->getParentOp()) {}
  LogicalResult run();

private:
  LogicalResult readPackets();
  void computeOrder();
  LogicalResult addReads(unsigned packet, DispatchOp dispatch);
  void addAccess(unsigned packet, Value value, bool writes, BoxAttr box);
  LogicalResult checkWritten(unsigned packet, Value value, BoxAttr box);
  bool isRace(const Access &a, const Access &b) const;
  LogicalResult reportRace(const Access &a, const Access &b);
  LogicalResult checkOrder();
  LogicalResult checkOverwrite(const Access &read);
  InFlightDiagnostic report(unsigned packet);
  std::string describe(unsigned packet) const;
  std::string describeBytes(const Access &a, const Access &b) const;

  ScheduleOp schedule;
  SymbolTable kernels;
  llvm::DenseMap<StringAttr, StringAttr> queueOfGroup;
  std::vector<Packet> packets;
  llvm::DenseMap<Operation *, unsigned> packetOf;
  std::vector<Access> accesses;
};

struct VerifySchedule : eclip::impl::VerifyScheduleBase<VerifySchedule> {
  void runOnOperation() override {
    markAllAnalysesPreserved();
    for (auto schedule : getOperation().getOps<ScheduleOp>())
      if (failed(Verifier(schedule).run()))
        return signalPassFailure();
  }
};

} // namespace

std::string Verifier::describe(unsigned packet) const {
  auto dispatch = cast<DispatchOp>(packets[packet].op);
  return ("dispatch #" + Twine(packets[packet].number) + " of @" +
          dispatch.getKernel() + " on queue @" +
          packets[packet].queue.getValue())
      .str();
}

std::string Verifier::describeBytes(const Access &a, const Access &b) const {
  std::string where =
      a.buffer < 0 ? "the arena" : "output " + std::to_string(a.buffer);
  return ("bytes " + Twine(std::max(a.begin, b.begin)) + " to " +
          Twine(std::min(a.end, b.end)) + " of " + where)
      .str();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

LogicalResult Verifier::readPackets() {
  Block &block = schedule.getBodyBlock();
  for (auto group : block.getOps<GroupOp>()) {
    if (!group.getQueueAttr()) // V1
      return group.emitOpError("has no queue; run eclip-assign-queues first");
    queueOfGroup[group.getSymNameAttr()] = group.getQueueAttr().getAttr();
  }
  unsigned dispatches = 0;
  for (Operation &op : block) {
    FlatSymbolRefAttr group;
    if (auto dispatch = dyn_cast<DispatchOp>(op)) {
      group = dispatch.getGroupAttr();
      if (!group) // V1
        return dispatch.emitOpError("has no group; run eclip-cluster first");
      if (!dispatch.getOffsets()) // V2
        return dispatch.emitOpError(
            "has no offsets; run eclip-plan-memory first");
    } else if (auto barrier = dyn_cast<BarrierOp>(op)) {
      group = barrier.getGroupAttr();
    } else {
      continue;
    }
    packetOf[&op] = packets.size();
    packets.push_back({&op,
                       queueOfGroup.lookup(group.getAttr()),
                       isa<DispatchOp>(op) ? dispatches++ : 0,
                       {}});
  }
  if (dispatches > 0 && !schedule.getArenaBytes()) // V2
    return schedule.emitOpError(
        "has no arena size; run eclip-plan-memory first");
  return success();
}

void Verifier::computeOrder() {
  llvm::DenseMap<StringAttr, unsigned> lastOf;
  for (auto [index, packet] : llvm::enumerate(packets)) {
    packet.earlier.resize(packets.size());
    auto after = [&](unsigned other) {
      packet.earlier |= packets[other].earlier;
      packet.earlier.set(other);
    };
    if (auto last = lastOf.find(packet.queue); last != lastOf.end())
      after(last->second);
    if (auto barrier = dyn_cast<BarrierOp>(packet.op))
      for (Value value : barrier.getWaits())
        after(packetOf.lookup(value.getDefiningOp()));
    lastOf[packet.queue] = index;
  }
}

/// Adds what the dispatch may read; values in an eclip.buffer by the boxes that
/// the kernel reads of them.
LogicalResult Verifier::addReads(unsigned packet, DispatchOp dispatch) {
  auto kernel = kernels.lookup<KernelOp>(dispatch.getKernel());
  for (auto [index, operand] : llvm::enumerate(dispatch.getArgs())) {
    if (!bufferOf(operand)) {
      addAccess(packet, operand, /*writes=*/false, BoxAttr());
      continue;
    }
    ArrayRef<int64_t> shape = cast<RankedTensorType>(operand.getType()).getShape();
    auto whole = BoxAttr::get(schedule.getContext(),
                              SmallVector<int64_t>(shape.size(), 0), shape);
    for (BoxAttr box : kernel.getReadBoxes(index).value_or(SmallVector<BoxAttr>{whole})) {
      if (failed(checkWritten(packet, operand, box)))
        return failure();
      addAccess(packet, operand, /*writes=*/false, box);
    }
  }
  return success();
}

/// The elements of `box` that lie in the box of each dispatch that leads to
/// `value`: since those do not overlap, their numbers add up to what is written.
LogicalResult Verifier::checkWritten(unsigned packet, Value value, BoxAttr box) { // V8
  int64_t written = 0;
  for (Value at = value; auto writer = at.getDefiningOp<DispatchOp>();) {
    unsigned number = cast<OpResult>(at).getResultNumber();
    BoxAttr other = writer.getBox(number);
    int64_t common = 1;
    for (auto [begin, size, otherBegin, otherSize] :
         llvm::zip(box.getOffsets(), box.getSizes(), other.getOffsets(),
                   other.getSizes()))
      common *= std::max<int64_t>(0, std::min(begin + size, otherBegin + otherSize) -
                                         std::max(begin, otherBegin));
    written += common;
    at = writer.getDest(number);
  }
  if (written == box.getNumElements())
    return success();
  return report(packet) << describe(packet) << " reads the box " << box << " of a "
                        << value.getType() << ", of which " << written << " of "
                        << box.getNumElements() << " elements are written";
}

void Verifier::addAccess(unsigned packet, Value value, bool writes, BoxAttr box) {
  auto result = dyn_cast<OpResult>(value);
  auto dispatch = value.getDefiningOp<DispatchOp>();
  if (!dispatch)
    return; // inputs and constants are never written
  auto type = cast<RankedTensorType>(value.getType());
  int64_t offset = (*dispatch.getOffsets())[result.getResultNumber()];
  int64_t buffer = -1;
  for (OpOperand &use : lastInBuffer(value).getUses())
    if (isa<YieldOp>(use.getOwner())) {
      buffer = use.getOperandNumber();
      offset = 0;
    }
  int64_t bytes = box ? boxSpan(box, type) : tensorBytes(type);
  if (box)
    offset += boxOffset(box, type);
  if (bytes > 0)
    accesses.push_back({packet, buffer, offset, offset + bytes, writes, value,
                        bufferOf(value), box});
}

//===----------------------------------------------------------------------===//
// Checking
//===----------------------------------------------------------------------===//

InFlightDiagnostic Verifier::report(unsigned packet) {
  return packets[packet].op->emitOpError();
}

/// True if the two accesses to common bytes must be ordered and are not.
bool Verifier::isRace(const Access &a, const Access &b) const {
  return (a.writes || b.writes) && !packets[b.packet].earlier.test(a.packet);
}

/// `a` is before `b` in the text, or both are of one dispatch.
LogicalResult Verifier::reportRace(const Access &a, const Access &b) {
  if (a.packet == b.packet) // V6
    return report(a.packet)
           << describe(a.packet) << " accesses " << describeBytes(a, b)
           << " through two values, of which one is written";
  StringRef first = a.writes ? "writes" : "reads";
  StringRef second = b.writes ? "writes" : "reads";
  StringRef hazard = !a.writes  ? "write after read"  // V4
                     : b.writes ? "write after write" // V5
                                : "read after write"; // V3
  InFlightDiagnostic diagnostic =
      report(b.packet) << "race, " << hazard << ": " << describe(b.packet)
                       << " " << second << " " << describeBytes(a, b)
                       << ", which " << describe(a.packet) << " " << first
                       << "; no order from queue @"
                       << packets[a.packet].queue.getValue() << " to queue @"
                       << packets[b.packet].queue.getValue();
  diagnostic.attachNote(packets[a.packet].op->getLoc())
      << describe(a.packet) << " is here";
  return diagnostic;
}

/// Reports the race whose second dispatch is first in the text, a read after
/// write before other hazards: what its missing barrier was for.
LogicalResult Verifier::checkOrder() {
  // Accesses by first byte: a pair with common bytes is found from the one
  // that begins first while it lasts.
  llvm::sort(accesses, [](const Access &x, const Access &y) {
    return std::tie(x.buffer, x.begin, x.packet, x.writes) <
           std::tie(y.buffer, y.begin, y.packet, y.writes);
  });
  const Access *first = nullptr, *second = nullptr;
  auto rank = [](const Access &a, const Access &b) {
    return std::tuple(b.packet, b.writes, !a.writes, a.packet);
  };
  for (size_t i = 0; i < accesses.size(); ++i)
    for (size_t j = i + 1; j < accesses.size(); ++j) {
      const Access *a = &accesses[i], *b = &accesses[j];
      if (a->buffer != b->buffer || b->begin >= a->end)
        break;
      if (!haveCommonBytes(*a, *b))
        continue;
      if (a->packet > b->packet)
        std::swap(a, b);
      if (isRace(*a, *b) && (!first || rank(*a, *b) < rank(*first, *second))) {
        first = a;
        second = b;
      }
    }
  return first ? reportRace(*first, *second) : success();
}

LogicalResult Verifier::run() {
  if (failed(readPackets()))
    return failure();
  computeOrder();
  for (auto [index, packet] : llvm::enumerate(packets)) {
    auto dispatch = dyn_cast<DispatchOp>(packet.op);
    if (!dispatch)
      continue;
    if (failed(addReads(index, dispatch)))
      return failure();
    for (OpResult result : dispatch.getResults())
      addAccess(index, result, /*writes=*/true, dispatch.getBox(result.getResultNumber()));
  }
  if (failed(checkOrder()))
    return failure();
  for (const Access &access : accesses)
    if (!access.writes && failed(checkOverwrite(access)))
      return failure();
  return success();
}

/// A read must find what the producers of its value wrote: nothing else may
/// write the bytes between. All pairs are ordered by now, as in the text. Of an
/// eclip.buffer, its own writers are the producers: their boxes do not overlap
/// (D8), so the one that wrote a box that is read (V8) is the only one to do so.
LogicalResult Verifier::checkOverwrite(const Access &read) { // V7
  unsigned producer = read.packet;
  if (!read.shared)
    producer = packetOf.lookup(read.value.getDefiningOp());
  for (const Access &write : accesses)
    if (read.shared && write.writes && write.shared == read.shared &&
        haveCommonBytes(write, read))
      producer = std::min(producer, write.packet);
  for (const Access &write : accesses) {
    if (!write.writes || !haveCommonBytes(write, read) ||
        (read.shared && write.shared == read.shared) ||
        write.packet <= producer || write.packet >= read.packet)
      continue;
    InFlightDiagnostic diagnostic =
        report(read.packet)
        << describe(read.packet) << " reads " << describeBytes(read, write)
        << " from " << describe(producer) << ", but " << describe(write.packet)
        << " overwrites them in between";
    diagnostic.attachNote(packets[write.packet].op->getLoc())
        << describe(write.packet) << " is here";
    return diagnostic;
  }
  return success();
}
