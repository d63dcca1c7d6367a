//===- EclipOps.td - operations of the eclip dialect -----------*- tablegen -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_OPS
#define ECLIP_OPS

include "EclipAttrs.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Eclip_Op<string opMnemonic, list<Trait> traits = []>
    : Op<Eclip_Dialect, opMnemonic, traits>;

def Eclip_KernelOp : Eclip_Op<"kernel",
    [IsolatedFromAbove, Symbol, SingleBlock, HasParent<"::mlir::ModuleOp">]> {
  let summary = "The computation of one GPU launch";
  let description = [{
    The block arguments are what the kernel reads, the operands of
    `eclip.yield` what it writes. The body is linalg, tensor, arith and math
    on static tensors. `launch` is present once the kernel is compiled.

    Constraints:
    - (K1) block arguments and yielded values are tensors of static shape with
      integer or floating-point elements.
    - (K2) at least one value is yielded.
    - (K3) with a `launch`, `kernarg_bytes` is 8 for each argument and yield.
    - (K4) `windows`, if present, has one entry for each yielded value: `unit`
      if it fills a buffer of its own, else a window whose buffer has its rank
      and element type and is nowhere smaller.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<ArrayAttr>:$windows,
                       OptionalAttr<Eclip_LaunchAttr>:$launch);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name (`windows` $windows^)? (`launch` $launch^)? attr-dict-with-keyword
    $body
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Block &getBodyBlock() { return getBody().front(); }
    /// Types of the yielded values.
    ::llvm::SmallVector<::mlir::Type> getResultTypes();
    /// The window of yielded value `index`; null if it fills a buffer.
    ::eclip::WindowAttr getWindow(unsigned index);
    /// What a dispatch returns for yielded value `index`: its type, or the type
    /// of the buffer that it is a window of.
    ::mlir::RankedTensorType getBufferType(unsigned index);
    /// Boxes of argument `index` that hold all that the body reads of it, or
    /// nothing if that may be everything.
    ::std::optional<::llvm::SmallVector<::eclip::BoxAttr>>
    getReadBoxes(unsigned index);
  }];
}

def Eclip_YieldOp : Eclip_Op<"yield",
    [Pure, Terminator, ReturnLike, ParentOneOf<["KernelOp", "ScheduleOp"]>]> {
  let summary = "What a kernel writes, or what a schedule returns";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def Eclip_ScheduleOp : Eclip_Op<"schedule",
    [IsolatedFromAbove, Symbol, SymbolTable, SingleBlock,
     HasParent<"::mlir::ModuleOp">]> {
  let summary = "One model: its dispatches, groups, queues and barriers";
  let description = [{
    Block arguments are the model's inputs, operands of `eclip.yield` its
    outputs; `inputs` and `outputs` are their ONNX names. The order of
    dispatches and barriers is a topological order, and restricted to one
    queue it is that queue's packet order. Every packet of a queue waits for
    the packet before it (AQL barrier bit).

    Constraints:
    - (S1) one name for each input and for each output, without repeats among
      the inputs and among the outputs.
    - (S2) the body holds only constants, buffers, groups, queues, dispatches,
      barriers and the yield.
    - (S3) each yielded value is the result of a dispatch and is yielded once.
    - (S4) the number of queues is at most the device's `max_masked_queues`.
    - (S5) `arena_bytes` is not negative.
    - (S6) a yielded value that lies in an `eclip.buffer` is the last of that
      buffer, and windows cover all of it.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       StrArrayAttr:$inputs, StrArrayAttr:$outputs,
                       OptionalAttr<Eclip_DeviceAttr>:$device,
                       OptionalAttr<I64Attr>:$arena_bytes);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `inputs` $inputs `outputs` $outputs (`device` $device^)?
    (`arena` $arena_bytes^)? attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Block &getBodyBlock() { return getBody().front(); }
  }];
}

def Eclip_QueueOp : Eclip_Op<"queue", [Symbol, HasParent<"ScheduleOp">]> {
  let summary = "A queue whose CU mask is fixed before the first request";
  let description = [{
    Constraints:
    - (Q1) the mask's device has as many CUs as the schedule's device.
    - (Q2) no other queue of the schedule has the same mask.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Eclip_CuMaskAttr:$mask);
  let assemblyFormat = "$sym_name `mask` $mask attr-dict";
  let hasVerifier = 1;
}

def Eclip_GroupOp : Eclip_Op<"group", [Symbol, HasParent<"ScheduleOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "A run of dispatches on one number of compute units";
  let description = [{
    A declaration: dispatches name their group. `queue` is present once queues
    are assigned.

    Constraints:
    - (G1) `cus` is one of the device's `mask_sizes`.
    - (G2) `queue` names a queue of this schedule whose mask has `cus` CUs.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$cus,
                       OptionalAttr<FlatSymbolRefAttr>:$queue,
                       OptionalAttr<Eclip_CostAttr>:$cost);
  let assemblyFormat = [{
    $sym_name `cus` $cus (`on` $queue^)? (`cost` $cost^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Eclip_BufferOp : Eclip_Op<"buffer", [Pure, HasParent<"ScheduleOp">]> {
  let summary = "Memory that several dispatches fill";
  let description = [{
    A tensor without contents. Dispatches write windows of it one after the
    other in the text (in time, in any order): each takes the tensor that the
    one before it left and returns it with its own window written. All these
    values share the buffer's bytes, and so nothing is copied. A concatenation
    whose pieces are windows is no launch.

    `offset` is the byte offset in the arena, or -1 where the last of these
    values is an output of the model.

    Constraints:
    - (U1) the type has a static shape and integer or floating-point elements.
    - (U2) `offset` is -1 exactly where a value of the buffer is yielded; else
      0 or more, a multiple of 256, and the buffer ends within `arena_bytes`.
  }];
  let arguments = (ins OptionalAttr<I64Attr>:$offset);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "(`at` $offset^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Eclip_DispatchOp : Eclip_Op<"dispatch", [HasParent<"ScheduleOp">,
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "One launch of a kernel";
  let description = [{
    `offsets` has one entry a result: its byte offset in the arena, or -1 where
    the result is an output of the model and so lives in that output's buffer.

    `dests` are the tensors that the windows of the kernel's results are
    written into, in the order of those results; `boxes` says where. Such a
    result is its `dest` with the box replaced, in the bytes of the same
    `eclip.buffer`. The box's bytes are what the dispatch writes; that no other
    dispatch reads or writes them at the same time is `eclip-verify-schedule`'s
    to prove.

    Constraints:
    - (D1) `kernel` names an `eclip.kernel` of the module whose argument types
      are the operand types, and whose yield types, or for windows the types of
      their buffers, are the result types.
    - (D2) `group` names a group of this schedule.
    - (D3) `offsets` has one entry a result; -1 exactly where the schedule
      yields the result; else 0 or more, a multiple of 256, and the result
      ends within `arena_bytes`.
    - (D4) `cost` lists the device's `mask_sizes`.
    - (D5) `boxes`, present exactly if there are `dests`, has one entry a
      result: `unit`, or a box; there are as many boxes as `dests`, and each
      dest has the type of its result.
    - (D6) a box has the rank of the result and lies within it.
    - (D7) a dest is an `eclip.buffer` or a result with a box, and the dest of
      no other dispatch.
    - (D8) a box overlaps no earlier box of the same buffer.
    - (D9) the kernel has windows exactly where there are boxes; the box's sizes
      are the yielded value's, its first byte a multiple of the window's `align`.
    - (D10) the offset of a result with a box is its buffer's.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel,
                       Variadic<AnyRankedTensor>:$args,
                       Variadic<AnyRankedTensor>:$dests,
                       OptionalAttr<ArrayAttr>:$boxes,
                       OptionalAttr<FlatSymbolRefAttr>:$group,
                       OptionalAttr<DenseI64ArrayAttr>:$offsets,
                       OptionalAttr<Eclip_CostAttr>:$cost);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $kernel `(` $args `)` (`into` `(` $dests^ `:` type($dests) `)` $boxes)?
    (`in` $group^)? (`at` $offsets^)? (`cost` $cost^)? attr-dict `:`
    functional-type($args, $results)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::FlatSymbolRefAttr":$kernel,
                   "::mlir::ValueRange":$operands)>
  ];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The box that result `index` writes; null if it fills a buffer.
    ::eclip::BoxAttr getBox(unsigned index);
    /// The tensor whose box result `index` replaces; null if it fills a buffer.
    ::mlir::Value getDest(unsigned index);
  }];
}

def Eclip_BarrierOp : Eclip_Op<"barrier", [HasParent<"ScheduleOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Later packets of a queue wait for dispatches of other queues";
  let description = [{
    One AQL barrier-AND packet in the queue of `group`, at this place of its
    packet order. It waits for the dispatch that defines each operand.

    Constraints:
    - (B1) one to five operands, without repeats.
    - (B2) each operand is the result of a dispatch.
    - (B3) each of those dispatches is on a queue, and on another than the
      barrier.
    - (B4) `group` names a group of this schedule that has a queue.
  }];
  let arguments = (ins FlatSymbolRefAttr:$group,
                       Variadic<AnyRankedTensor>:$waits);
  let assemblyFormat = "`in` $group `waits` `(` $waits `:` type($waits) `)` attr-dict";
  let hasVerifier = 1;
}

#endif // ECLIP_OPS
