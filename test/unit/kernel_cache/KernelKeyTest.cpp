//===- KernelKeyTest.cpp - what a kernel's key depends on -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/CompiledKernel.h"
#include "dialect/Eclip.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace eclip;

namespace {

class KernelKey : public testing::Test {
protected:
  void SetUp() override {
    context.loadDialect<EclipDialect, tensor::TensorDialect,
                        arith::ArithDialect>();
  }

  /// A module with one kernel; `name`, `attributes`, type and constant vary.
  OwningOpRef<ModuleOp> parse(StringRef name, StringRef attributes = "",
                              StringRef type = "4x5xf32",
                              StringRef constant = "1.0",
                              StringRef resources = "") {
    std::string text =
        ("\n\neclip.kernel @" + name + " attributes {eclip.kind = \"pointwise\"" +
         attributes + "} {\n^bb0(%a: tensor<" + type + ">):\n  %c = arith.constant " +
         "dense<" + constant + "> : tensor<" + type + ">\n  %r = arith.addf %a, %c : " +
         "tensor<" + type + ">\n  eclip.yield %r : tensor<" + type + ">\n}\n" + resources)
            .str();
    auto module = parseSourceString<ModuleOp>(text, &context, name);
    EXPECT_TRUE(module) << text;
    return module;
  }
  KernelOp kernelIn(const OwningOpRef<ModuleOp> &module) {
    return *module.get().getOps<KernelOp>().begin();
  }
  CacheKey key(const OwningOpRef<ModuleOp> &module, KernelTarget target = {}) {
    std::optional<CacheKey> key = keyOf(kernelIn(module), target);
    EXPECT_TRUE(key);
    return key.value_or(CacheKey{});
  }

  MLIRContext context;
};

} // namespace

TEST_F(KernelKey, DependsOnNoName) {
  CacheKey one = key(parse("one"));
  EXPECT_EQ(key(parse("one")), one);
  EXPECT_EQ(key(parse("two")), one);
  EXPECT_EQ(key(parse("two", ", eclip.nodes = [\"first\", \"second\"]")), one);
  OwningOpRef<ModuleOp> moved = parse("one");
  moved->walk([&](Operation *op) {
    op->setLoc(NameLoc::get(StringAttr::get(&context, "elsewhere")));
  });
  EXPECT_EQ(key(moved), one);
}

TEST_F(KernelKey, DependsOnEverythingElse) {
  CacheKey one = key(parse("one"));
  EXPECT_NE(key(parse("one", ", eclip.accuracy = 2 : i64")), one);
  EXPECT_NE(key(parse("one", "", "5x4xf32")), one);
  EXPECT_NE(key(parse("one", "", "4x5xf16")), one);
  EXPECT_NE(key(parse("one", "", "4x5xf32", "2.0")), one);
  KernelTarget other;
  other.chip = "gfx90a";
  EXPECT_NE(key(parse("one"), other), one);
  KernelTarget smaller;
  smaller.cuCount = 15;
  EXPECT_NE(key(parse("one"), smaller), one);
}

TEST_F(KernelKey, LeavesTheKernelAsItIs) {
  OwningOpRef<ModuleOp> module =
      parse("one", ", eclip.nodes = [\"first\", \"second\"]");
  (void)key(module);
  EXPECT_EQ(kernelIn(module).getSymName(), "one");
  EXPECT_TRUE(kernelIn(module)->hasAttr("eclip.nodes"));
}

TEST_F(KernelKey, CompiledKernelsSurviveSerialization) {
  CompiledKernel kernel;
  kernel.launch.grid = {7, 8, 9};
  kernel.launch.workgroup = {64, 2, 1};
  kernel.attributes = "{eclip.tile = \"direct\"}";
  kernel.object = {'\x7f', 'E', 'L', 'F', '\0', 'x'};
  std::string bytes = serialize(kernel);
  std::optional<CompiledKernel> again = deserialize(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->launch.grid, kernel.launch.grid);
  EXPECT_EQ(again->launch.workgroup, kernel.launch.workgroup);
  EXPECT_EQ(again->attributes, kernel.attributes);
  EXPECT_EQ(again->object, kernel.object);
  size_t header = bytes.size() - kernel.object.size();
  for (size_t size = 0; size < header; ++size)
    EXPECT_FALSE(deserialize(StringRef(bytes).take_front(size))) << size;
}

TEST_F(KernelKey, KeepsWhatAGeneratorSet) {
  OwningOpRef<ModuleOp> module = parse("one", ", eclip.old = 1 : i64");
  KernelOp kernel = kernelIn(module);
  DictionaryAttr before = kernel->getDiscardableAttrDictionary();
  EXPECT_EQ(newAttributes(kernel, before), "");
  Builder builder(&context);
  kernel->setAttr("eclip.tile", builder.getStringAttr("64x64 \"x\""));
  kernel->setAttr("eclip.old", builder.getI64IntegerAttr(2));
  std::string text = newAttributes(kernel, before);
  OwningOpRef<ModuleOp> other = parse("two", ", eclip.old = 1 : i64");
  ASSERT_TRUE(succeeded(setAttributes(kernelIn(other), text)));
  EXPECT_EQ(kernelIn(other)->getDiscardableAttrDictionary(),
            kernel->getDiscardableAttrDictionary());
  EXPECT_TRUE(failed(setAttributes(kernelIn(other), "{eclip.tile = ")));
  EXPECT_TRUE(succeeded(setAttributes(kernelIn(other), "")));
}
