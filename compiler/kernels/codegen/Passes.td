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
  ];
}

#endif // ECLIP_CODEGEN_PASSES
