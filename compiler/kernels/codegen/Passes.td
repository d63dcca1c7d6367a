//===- Passes.td - passes of code generation -------------------*- tablegen -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_CODEGEN_PASSES
#define ECLIP_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def CutKernels : Pass<"eclip-cut-kernels", "::mlir::ModuleOp"> {
  let summary = "Store what kernels would compute over and over";
  let description = [{
    A kernel's code evaluates values at indices: a value that is wanted at
    several indices is computed for each. Where a chain of operations wants its
    input twice at every step (x + shift(x), say) the code doubles with every
    step; where a window or a broadcast wants costly values many times, the
    work does. This pass cuts such kernels: the value becomes the result of a
    kernel of its own, dispatched before, and an argument of the kernel.

    A value is stored if the code for one element would otherwise compute more
    than 300 values, or if it would be computed more than 8 times for each of
    its elements and that takes more than 10^8 operations in all.
  }];
}

def TileVariants : Pass<"eclip-tile-variants", "::mlir::ModuleOp"> {
  let summary = "Make kernels for parts of the device";
  let description = [{
    A tile that was chosen for all compute units is seldom the fastest on a part
    of them: it is small, and k is divided among workgroups, to have work for
    every unit. For each contraction on tensor cores and each of the CU counts
    `cus` this pass asks the tables of measured tiles, and where they don't know
    the estimate, which tile is the best there. Where that is worth it, the
    kernel gets a variant: a copy with that `eclip.tile`, marked with
    `eclip.variant_of` and `eclip.variant_cus`; CU counts that agree share one.

    What a launch takes with the tile goes along as `eclip.tile_times`, from the
    tables or by estimate, if the last of `cus` are all that the chip has.

    With `pinned-cus` all kernels run on that CU count: they get its tile
    themselves, and no variant.

    Kernels that come with `eclip.tile` already, and targets without tensor cores, are
    left alone.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"gfx906\"",
           "Chip to compile for">,
    ListOption<"cus", "cus", "int64_t", "CU counts that groups may have">,
    Option<"pinnedCus", "pinned-cus", "int64_t", "0",
           "The one CU count of all kernels; 0 if it is not known yet">,
    Option<"tiles", "tiles", "std::string", "\"\"",
           "Measured tiles of tensor cores: a JSON file of eclip-profile --tune">,
    Option<"minGainPercent", "min-gain-percent", "double", "5",
           "How much faster a tile has to be, where it was measured">,
    Option<"minEstimatedGainPercent", "min-estimated-gain-percent", "double",
           "15", "How much faster by estimate, where it was not">,
  ];
}

def DropKernels : Pass<"eclip-drop-kernels", "::mlir::ModuleOp"> {
  let summary = "Remove kernels that nothing dispatches";
  let description = [{
    Of a kernel's variants a model may use some. Kernels that no schedule
    dispatches are removed, and their code where it is text or, assembled, more
    than a quarter of all: assembling the rest again takes as long as the first
    time. Text that is left is assembled here, if the assembler is installed.
    `eclip.ptx`, which eclip-compile-kernels leaves for that, goes too.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"gfx906\"",
           "Chip that the kernels are compiled for">,
    Option<"cacheDir", "cache-dir", "std::string", "\"\"",
           "Directory of the kernel cache, for what is assembled here">,
    Option<"cacheBytes", "cache-bytes", "uint64_t", "0",
           "Size limit of the cache; 0: none">,
  ];
}

def JoinAttention : Pass<"eclip-join-attention", "::mlir::ModuleOp"> {
  let summary = "Make attention one kernel where tensor cores can do it";
  let description = [{
    A contraction with its elementwise tail, a softmax over its rows and a
    contraction of that become one kernel of kind `attention`, which keeps scores
    in registers. Of three kernels in a row whose results nobody else reads.

    Only for NVIDIA targets, where both contractions multiply f16 with sums in
    f32, queries, keys and values are read from memory as they are, and a head
    has at most 128 features, a multiple of 8. Others stay three kernels. Scores
    that were stored as f16 in between are not rounded any more.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"gfx906\"",
           "Chip to compile for">,
  ];
}

def CompileKernels : Pass<"eclip-compile-kernels", "::mlir::ModuleOp"> {
  let summary = "Compile every eclip.kernel to machine code";
  let description = [{
    Each kernel becomes a GPU function by the generator of its `eclip.kind`,
    then LLVM IR, then an object; all objects are linked into one code object
    (version 5). Afterwards each kernel has its `launch` and the module has

    - `eclip.code_object`, a `tensor<Nxi8>` resource with the code object,
    - `eclip.isa`, the ISA name that the code object is for.

    A kernel's symbol in the code object is its own name (the descriptor has
    `.kd` appended). Its arguments are one global address for each block
    argument and then for each yielded value, and nothing else.

    With `stop-after` the module stays as it is and the kernels are printed to
    standard output as they are after that stage.

    With `cache-dir` kernels are taken from and kept in a directory that many
    compilations may share. It holds relocatable objects by what they are made
    of: names and order of kernels are not part of that, and the module is the
    same with and without it.

    If kernels have variants for NVIDIA GPUs, the module also gets `eclip.ptx`, a
    `tensor<Nxi8>` resource with what the code object was assembled from. With
    `assemble-later` it is not assembled, and registers are not known: a model
    uses some of the variants, and eclip-drop-kernels assembles those.

    With `tiles` contractions on tensor cores take the tiles of that table where
    it has their problem, ahead of the table that is built in. A kernel that comes
    with `eclip.tile` keeps it.

    A kernel that can't be compiled is an error at the kernel, with the names
    of its ONNX nodes. A kernel that spills registers is a warning.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"gfx906\"",
           "Chip to compile for">,
    Option<"stopAfter", "stop-after", "std::string", "\"\"",
           "Print kernels after gpu, rocdl, llvm or asm">,
    Option<"only", "kernel", "std::string", "\"\"",
           "With stop-after: the one kernel to print">,
    Option<"codeFile", "code-file", "std::string", "\"\"",
           "Also write the linked code object to this file">,
    Option<"cacheDir", "cache-dir", "std::string", "\"\"",
           "Directory of the kernel cache; none if empty">,
    Option<"cacheBytes", "cache-bytes", "uint64_t", "0",
           "Size limit of the kernel cache; 0 is none">,
    Option<"tiles", "tiles", "std::string", "\"\"",
           "Measured tiles of tensor cores: a JSON file of eclip-profile --tune">,
    Option<"assembleLater", "assemble-later", "bool", "false",
           "Where kernels have variants, leave text to eclip-drop-kernels">,
  ];
}

#endif // ECLIP_CODEGEN_PASSES
