//===- ReaderTest.cpp - files, graphs and dimensions that are refused -----===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/import/ModelBuilder.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace eclip::test;
using testing::HasSubstr;

namespace {

ModelBuilder relu(std::vector<Extent> shape) {
  ModelBuilder m;
  m.input("x", shape).outputOfAnyShape("y");
  m.node("Relu", {"x"}, {"y"});
  return m;
}

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

TEST(Reader, RefusesWhatIsNoModel) {
  EXPECT_EQ(importBytes("this is not protobuf"),
            "MODEL: not an ONNX model, or truncated: its protobuf encoding is broken");
  EXPECT_EQ(importBytes(""), "MODEL: not an ONNX model: it has no graph");
}

TEST(Reader, EveryTruncationIsRefused) {
  std::string bytes = relu({2, 4}).weights("w", {3, 5}).model.SerializeAsString();
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string text = importBytes(bytes.substr(0, size));
    EXPECT_TRUE(text.starts_with("MODEL: ") && text.find('\n') == std::string::npos) << size << ": " << text;
  }
}

TEST(Reader, RefusesOpsets) {
  auto withOpset = [](int64_t opset) {
    ModelBuilder m(opset);
    m.input("x", {2}).output("y", {2});
    m.node("Relu", {"x"}, {"y"});
    return importText(m);
  };
  EXPECT_EQ(withOpset(5), "MODEL: node 'n' (Relu): operator 'Relu' is not supported in opset 5 (6 to 21 are)");
  EXPECT_EQ(withOpset(22), "MODEL: opset 22 is not supported (up to 21 are)");
  ModelBuilder none = relu({2});
  none.model.clear_opset_import();
  EXPECT_EQ(importText(none), "MODEL: node 'n' (Relu): opset_import does not name the default domain's version");
  ModelBuilder twice = relu({2});
  twice.model.add_opset_import()->set_version(16);
  EXPECT_EQ(importText(twice), "MODEL: opset_import names the default domain twice");
}

TEST(Reader, RefusesBrokenInitializers) {
  auto broken = [](auto change) {
    ModelBuilder m = relu({2});
    m.weights("w", {2, 3});
    change(m.model.mutable_graph()->mutable_initializer(0));
    return importText(m);
  };
  EXPECT_EQ(broken([](onnx::TensorProto *t) { t->set_dims(0, 3); }),
            "MODEL: initializer 'w': shape [3, 3] needs 9 values, the tensor has 6");
  EXPECT_EQ(broken([](onnx::TensorProto *t) { t->set_dims(1, -3); }),
            "MODEL: initializer 'w': shape [2, -3] is negative or too large");
  EXPECT_EQ(broken([](onnx::TensorProto *t) {
              t->set_dims(0, int64_t(1) << 40);
              t->set_dims(1, int64_t(1) << 40);
            }),
            "MODEL: initializer 'w': shape [1099511627776, 1099511627776] is negative or too large");
  EXPECT_EQ(broken([](onnx::TensorProto *t) { t->set_raw_data("12345"); }),
            "MODEL: initializer 'w': shape [2, 3] needs 24 bytes, raw_data has 5");
  EXPECT_EQ(broken([](onnx::TensorProto *t) { t->set_data_type(onnx::TensorProto::STRING); }),
            "MODEL: initializer 'w': element type 8 is not supported");
  EXPECT_EQ(broken([](onnx::TensorProto *t) { t->set_name(""); }), "MODEL: an initializer has no name");
  EXPECT_EQ(importText(relu({2}).weights("w", {1}).weights("w", {1})),
            "MODEL: initializer 'w' is defined twice");
}

TEST(Reader, RefusesExternalData) {
  writeBeside("data.bin", std::string(24, 'x'));
  auto external = [](const char *location, const char *offset, const char *length) {
    return importText(relu({2}).external("w", {2, 3}, location, offset, length));
  };
  EXPECT_THAT(external("data.bin", "0", "24"), HasSubstr("func.func @main"));
  EXPECT_EQ(external("missing.bin", "0", "24"),
            "MODEL: initializer 'w': weights file 'missing.bin' does not exist");
  EXPECT_EQ(external("data.bin", "8", "24"), "MODEL: initializer 'w': weights file 'data.bin' is too short: "
                                             "bytes 8 to 32 are needed, it has 24");
  EXPECT_EQ(external("data.bin", "18446744073709551615", "24"),
            "MODEL: initializer 'w': weights file 'data.bin' is too short: "
            "bytes 18446744073709551615 to 23 are needed, it has 24");
  EXPECT_EQ(external("data.bin", "0", "20"),
            "MODEL: initializer 'w': shape [2, 3] needs 24 bytes, its external data has 20");
  EXPECT_EQ(external("data.bin", "-1", "24"), "MODEL: initializer 'w': external data offset '-1' is not a number");
  EXPECT_EQ(external("data.bin", "0", "x"), "MODEL: initializer 'w': external data length 'x' is not a number");
  for (const char *location : {"/etc/passwd", "../data.bin", "a/../../data.bin", ""})
    EXPECT_EQ(external(location, "0", "24"), std::string("MODEL: initializer 'w': external data location '") +
                                                 location + "' must be a path inside the model's directory");
  EXPECT_EQ(external(".", "0", "24"), "MODEL: initializer 'w': weights file '.' is not a regular file");
}

//===----------------------------------------------------------------------===//
// The graph
//===----------------------------------------------------------------------===//

TEST(Graph, RefusesAttributesOfTwoTypes) {
  auto damaged = [](auto change) {
    ModelBuilder m;
    m.input("x", {2, 3}).output("y", {3, 2});
    NodeBuilder node = m.node("Transpose", {"x"}, {"y"});
    node.attr("perm", std::vector<int64_t>{1, 0});
    change(node.node->mutable_attribute(0));
    return importText(m);
  };
  EXPECT_THAT(damaged([](onnx::AttributeProto *) {}), HasSubstr("func.func @main"));
  const char *refusal = "MODEL: node 'n' (Transpose): attribute 'perm' has a value of another type than it states";
  EXPECT_EQ(damaged([](onnx::AttributeProto *a) { a->set_type(onnx::AttributeProto::FLOATS); }), refusal);
  EXPECT_EQ(damaged([](onnx::AttributeProto *a) { a->set_i(1); }), refusal);
  EXPECT_EQ(damaged([](onnx::AttributeProto *a) { a->mutable_t(); }), refusal);
}

TEST(Graph, RefusesTwoNodesOfOneName) {
  ModelBuilder m;
  m.input("x", {2}).output("y", {2});
  m.node("Relu", {"x"}, {"a"}).named("same");
  m.node("Neg", {"a"}, {"y"}).named("same");
  EXPECT_EQ(importText(m), "MODEL: node 'same' (Neg): another node has that name");
  ModelBuilder unnamed;
  unnamed.input("x", {2}).output("y", {2});
  unnamed.node("Relu", {"x"}, {"a"}).named("");
  unnamed.node("Neg", {"a"}, {"y"}).named("");
  EXPECT_THAT(importText(unnamed), HasSubstr("func.func @main"));
}

TEST(Graph, RefusesCycles) {
  ModelBuilder m;
  m.input("x", {2}).output("y", {2});
  m.node("Add", {"x", "b"}, {"a"}).named("first");
  m.node("Relu", {"a"}, {"b"}).named("second");
  m.node("Relu", {"b"}, {"y"}).named("third");
  EXPECT_EQ(importText(m), "MODEL: node 'first' (Add): the node depends on itself: the graph has a cycle");
}

TEST(Graph, RefusesDoubleAndMissingDefinitions) {
  ModelBuilder twice = relu({2});
  twice.node("Exp", {"x"}, {"y"}).named("again");
  EXPECT_EQ(importText(twice), "MODEL: node 'again' (Exp): output 'y' is already defined by node 'n' (Relu)");
  ModelBuilder overInput = relu({2});
  overInput.node("Exp", {"y"}, {"x"}).named("again");
  EXPECT_EQ(importText(overInput), "MODEL: node 'again' (Exp): output 'x' is already defined by input");
  ModelBuilder missing;
  missing.input("x", {2}).output("y", {2});
  missing.node("Add", {"x", "nowhere"}, {"y"});
  EXPECT_EQ(importText(missing),
            "MODEL: node 'n' (Add): input 'nowhere' is not defined by an initializer, input or node");
  EXPECT_EQ(importText(relu({2}).output("z", {2})),
            "MODEL: output 'z' is not defined by an initializer, input or node");
  EXPECT_EQ(importText(relu({2}).input("x", {2})), "MODEL: input 'x' is declared twice");
  EXPECT_EQ(importText(relu({2}).output("y", {2})), "MODEL: output 'y' is declared twice");
  ModelBuilder none;
  none.input("x", {2});
  EXPECT_EQ(importText(none), "MODEL: the graph has no output");
}

TEST(Graph, EscapesControlCharactersOfNames) {
  ModelBuilder m;
  m.input("x", {2}).output("y", {2});
  m.node("Relu", {"no\nsuch\x1b"}, {"y"});
  EXPECT_EQ(importText(m),
            "MODEL: node 'n' (Relu): input 'no\\x0asuch\\x1b' is not defined by an initializer, input or node");
}

TEST(Graph, AcceptsAnyOrderAndDropsDeadNodes) {
  ModelBuilder m;
  m.input("x", {2}).output("y", {2});
  m.node("Exp", {"a"}, {"y"}).named("second");
  m.node("Relu", {"x"}, {"a"}).named("first");
  m.node("NoSuchOperator", {"x"}, {"unused"}).named("dead");
  std::string text = importText(m);
  size_t relu = text.find("maximumf"), exp = text.find("math.exp");
  EXPECT_NE(exp, std::string::npos) << text;
  EXPECT_LT(relu, exp);
}

TEST(Graph, ChecksDeclaredOutputs) {
  auto declared = [](std::vector<Extent> shape, int type = kFloat) {
    ModelBuilder m;
    m.input("x", {"N", 4}).output("y", shape, type);
    m.node("Relu", {"x"}, {"y"});
    return importText(m, 3);
  };
  EXPECT_THAT(declared({"N", "any"}), HasSubstr("-> (tensor<3x4xf32> {eclip.name = \"y\"})"));
  EXPECT_EQ(declared({"N", 5}), "MODEL: output 'y': dimension 1 is declared as 5 and computed as 4");
  EXPECT_EQ(declared({4, "N"}), "MODEL: output 'y': dimension 0 is declared as 4 and computed as 3");
  EXPECT_EQ(declared({3, "N"}), "MODEL: output 'y': dimension 1 ('N') is declared as 3 and computed as 4");
  EXPECT_EQ(declared({3}), "MODEL: output 'y': is declared with rank 1 and computed with shape [3, 4]");
  EXPECT_EQ(declared({3, 4}, kInt64), "MODEL: output 'y': is declared int64 and computed as float");
}

//===----------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------===//

TEST(Dims, BatchBindsTheLeadingDimension) {
  EXPECT_THAT(importText(relu({"N", 4}), 3), HasSubstr("%arg0: tensor<3x4xf32>"));
  EXPECT_THAT(importText(relu({"", 4}), 3), HasSubstr("%arg0: tensor<3x4xf32>"));
  EXPECT_THAT(importText(relu({3, 4}), 3), HasSubstr("%arg0: tensor<3x4xf32>"));
  EXPECT_THAT(importText(relu({"N", "M"}), 0, {{"N", 3}, {"M", 4}}), HasSubstr("%arg0: tensor<3x4xf32>"));
  EXPECT_THAT(importText(relu({"N", "M"}), 3, {{"M", 4}}), HasSubstr("%arg0: tensor<3x4xf32>"));
}

TEST(Dims, RefusesUnboundDimensions) {
  EXPECT_EQ(importText(relu({"N", 4})),
            "MODEL: input 'x': dimension 0 ('N') is dynamic: give it with --batch N or --dim N=N");
  EXPECT_EQ(importText(relu({"batch", "sequence"}), 2),
            "MODEL: input 'x': dimension 1 ('sequence') is dynamic: give it with --dim sequence=N");
  EXPECT_EQ(importText(relu({"", 4})), "MODEL: input 'x': dimension 0 is dynamic: give it with --batch N");
  EXPECT_EQ(importText(relu({4, ""})),
            "MODEL: input 'x': dimension 1 is dynamic and has no name, which cannot be bound");
}

TEST(Dims, RefusesWrongOptions) {
  EXPECT_EQ(importText(relu({"N", 4}), 2, {{"M", 4}}),
            "MODEL: --dim M=4: the model has 'N' among its inputs' dimensions");
  EXPECT_EQ(importText(relu({2, 4}), 0, {{"M", 4}}),
            "MODEL: --dim M=4: the model has none among its inputs' dimensions");
  EXPECT_EQ(importText(relu({"N", 4}), 0, {{"N", 0}}), "MODEL: --dim N=0: must be at least 1");
  EXPECT_EQ(importText(relu({"N", 4}), -2), "MODEL: --batch -2: must be at least 1");
  EXPECT_EQ(importText(relu({"N", 4}), 2, {{"N", 3}}), "MODEL: --batch 2 and --dim N=3 bind the same dimension");
  EXPECT_EQ(importText(relu({4, 4}), 2), "MODEL: --batch 2: no input has a dynamic leading dimension");
}

TEST(Dims, RefusesImpossibleInputs) {
  EXPECT_EQ(importText(relu({0, 4})),
            "MODEL: node 'n' (Relu): input 'x': shape [0, 4] is empty, which is not supported");
  EXPECT_EQ(importText(relu({int64_t(1) << 40, int64_t(1) << 40})),
            "MODEL: node 'n' (Relu): input 'x': shape [1099511627776, 1099511627776] is too large");
  EXPECT_EQ(importText(relu({-1, 4})), "MODEL: node 'n' (Relu): input 'x': dimension 0 is negative (-1)");
  EXPECT_EQ(importText(relu({"N", 4}), int64_t(1) << 60),
            "MODEL: node 'n' (Relu): input 'x': shape [1152921504606846976, 4] is too large");
  ModelBuilder noShape = relu({4});
  noShape.model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  EXPECT_EQ(importText(noShape), "MODEL: input 'x' has no shape");
  ModelBuilder strings;
  strings.input("x", {2}, onnx::TensorProto::STRING).output("y", {2});
  strings.node("Identity", {"x"}, {"y"});
  EXPECT_EQ(importText(strings), "MODEL: node 'n' (Identity): input 'x': element type 8 is not supported");
}

} // namespace
