//===- EclipAttrs.td - attributes of the eclip dialect ---------*- tablegen -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_ATTRS
#define ECLIP_ATTRS

include "EclipDialect.td"
include "mlir/IR/AttrTypeBase.td"

class Eclip_Attr<string name, string attrMnemonic> : AttrDef<Eclip_Dialect, name> {
  let mnemonic = attrMnemonic;
  let genVerifyDecl = 1;
}

def Eclip_DeviceAttr : Eclip_Attr<"Device", "device"> {
  let summary = "The part of a device description that the schedule depends on";
  let description = [{
    `mask_sizes` are the CU counts that a masked queue may have, ascending; the
    last is the whole device. `max_masked_queues` is how many masked queues the
    device runs without oversubscription.

    Constraints:
    - (A1) `cus` is a positive multiple of `shader_engines`.
    - (A2) `mask_sizes` is not empty, strictly ascending, each in 1..cus, and
      its last entry is `cus`.
    - (A3) `max_masked_queues` is at least 1.
  }];
  let parameters = (ins
    StringRefParameter<"device name, as in `--device`">:$name,
    StringRefParameter<"ISA, as in `--target`">:$target,
    "int64_t":$cus,
    "int64_t":$shaderEngines,
    "int64_t":$maxMaskedQueues,
    ArrayRefParameter<"int64_t">:$maskSizes);
  let assemblyFormat = [{
    `<` `name` `=` $name `,` `target` `=` $target `,` `cus` `=` $cus `,`
        `shader_engines` `=` $shaderEngines `,`
        `max_masked_queues` `=` $maxMaskedQueues `,`
        `mask_sizes` `=` `[` $maskSizes `]` `>`
  }];
}

def Eclip_CostAttr : Eclip_Attr<"Cost", "cost"> {
  let summary = "Time in ns and energy in nJ at each CU count";
  let description = [{
    Entry i of `time_ns` and `energy_nj` belongs to `cus[i]`. `source` says
    where the numbers come from: `"model"`, `"profile"`, or of a group `"mixed"`.

    Constraints:
    - (A4) the three lists have one length, at least 1.
    - (A5) `cus` is strictly ascending and positive; times are positive;
      energies are not negative.
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t">:$cus,
    ArrayRefParameter<"int64_t">:$timeNs,
    ArrayRefParameter<"int64_t">:$energyNj,
    StringRefParameter<"model, profile or mixed">:$source);
  let assemblyFormat = [{
    `<` `cus` `=` `[` $cus `]` `,` `time_ns` `=` `[` $timeNs `]` `,`
        `energy_nj` `=` `[` $energyNj `]` `,` `source` `=` $source `>`
  }];
  let extraClassDeclaration = [{
    /// Index of `cuCount` in `cus`, or -1.
    int64_t indexOf(int64_t cuCount) const;
  }];
}

def Eclip_CuMaskAttr : Eclip_Attr<"CuMask", "cu_mask"> {
  let summary = "A set of compute units, in the device's own bit order";
  let description = [{
    32 bits a word, lowest CU bit first: the form that
    `hsa_amd_queue_cu_set_mask` takes.

    Constraints:
    - (A6) there are ceil(cus / 32) words, each below 2^32.
    - (A7) at least one bit is set and none at or beyond `cus`.
  }];
  let parameters = (ins "int64_t":$cus, ArrayRefParameter<"int64_t">:$words);
  let assemblyFormat = "`<` `cus` `=` $cus `,` `words` `=` `[` $words `]` `>`";
  let extraClassDeclaration = [{
    /// Number of compute units in the mask.
    int64_t count() const;
    /// True if compute unit `cu` (a bit position) is in the mask.
    bool contains(int64_t cu) const;
  }];
}

def Eclip_LaunchAttr : Eclip_Attr<"Launch", "launch"> {
  let summary = "Launch geometry and resources of a compiled kernel";
  let description = [{
    `grid` counts workgroups, `workgroup` counts work-items, both x, y, z.
    The kernel arguments are one 8-byte global address for each operand and
    then for each result, in order; nothing else.

    Constraints:
    - (A8) `grid` and `workgroup` have three positive entries and a workgroup
      has at most 1024 work-items.
    - (A9) resources are not negative.
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t">:$grid,
    ArrayRefParameter<"int64_t">:$workgroup,
    "int64_t":$ldsBytes, "int64_t":$scratchBytes, "int64_t":$kernargBytes,
    "int64_t":$vgprs, "int64_t":$sgprs);
  let assemblyFormat = [{
    `<` `grid` `=` `[` $grid `]` `,` `workgroup` `=` `[` $workgroup `]` `,`
        `lds_bytes` `=` $ldsBytes `,` `scratch_bytes` `=` $scratchBytes `,`
        `kernarg_bytes` `=` $kernargBytes `,`
        `vgprs` `=` $vgprs `,` `sgprs` `=` $sgprs `>`
  }];
}

def Eclip_WindowAttr : Eclip_Attr<"Window", "window"> {
  let summary = "How a kernel's result lies in a larger buffer";
  let description = [{
    The result is written with the strides of `buffer`, a tensor of the same
    rank, from an address on that is a multiple of `align` bytes. Where in the
    buffer that is, each dispatch says.

    Constraints:
    - (A10) `buffer` has a static shape, at least one dimension and integer or
      floating-point elements.
    - (A11) `align` is a power of two, at most 256.
  }];
  let parameters = (ins "::mlir::RankedTensorType":$buffer, "int64_t":$align);
  let assemblyFormat = "`<` $buffer `,` `align` `=` $align `>`";
}

def Eclip_BoxAttr : Eclip_Attr<"Box", "box"> {
  let summary = "A rectangular part of a tensor";
  let description = [{
    Elements `offsets[d]` to `offsets[d] + sizes[d] - 1` in each dimension d.

    Constraints:
    - (A12) `offsets` and `sizes` have one length, at least 1; offsets are not
      negative, sizes are positive.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$offsets,
                        ArrayRefParameter<"int64_t">:$sizes);
  let assemblyFormat = "`<` `[` $offsets `]` `,` `[` $sizes `]` `>`";
  let extraClassDeclaration = [{
    /// True if the two have a common element.
    bool overlaps(BoxAttr other) const;
    int64_t getNumElements() const;
  }];
}

#endif // ECLIP_ATTRS
