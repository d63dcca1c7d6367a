//===- ControlFlowTest.cpp - what If, Loop and Scan refuse ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What they compute is compared with ONNX Runtime in index_cases.py.
//
//===----------------------------------------------------------------------===//

#include "test/unit/import/ModelBuilder.h"

#include <gmock/gmock.h>

using namespace eclip::test;
using testing::HasSubstr;

namespace {

onnx::GraphProto *addGraph(NodeBuilder &node, const char *name, std::vector<std::string> inputs,
                           std::vector<std::string> outputs) {
  onnx::AttributeProto *attribute = node.node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::GRAPH);
  onnx::GraphProto *graph = attribute->mutable_g();
  for (const std::string &input : inputs)
    graph->add_input()->set_name(input);
  for (const std::string &output : outputs)
    graph->add_output()->set_name(output);
  return graph;
}

void addNode(onnx::GraphProto *graph, const char *op, std::vector<std::string> inputs, const char *output) {
  onnx::NodeProto *node = graph->add_node();
  node->set_op_type(op);
  node->set_name("inner");
  for (const std::string &input : inputs)
    node->add_input(input);
  node->add_output(output);
}

/// y = x, as often as a loop's operands say.
ModelBuilder loop(std::vector<std::string> operands) {
  ModelBuilder m;
  m.input("x", {3}).input("m", {}, kInt64).input("c", {}, onnx::TensorProto::BOOL).output("y", {3});
  NodeBuilder node = m.node("Loop", operands, {"y"});
  addGraph(node, "body", {"i", "go", "state"}, {"go", "state"});
  return m;
}

TEST(Loop, RefusesWhatEndsByData) {
  EXPECT_EQ(importText(loop({"m", "", "x"})),
            "MODEL: node 'n' (Loop): the number of iterations depends on data: input 0 (M) must be one int64, known "
            "at import");
  EXPECT_EQ(importText(loop({"", "c", "x"})),
            "MODEL: node 'n' (Loop): the number of iterations depends on data: the condition after iteration 0 is not "
            "known at import");
}

TEST(Loop, RefusesWhatNeverEnds) {
  EXPECT_EQ(importText(loop({"", "", "x"})),
            "MODEL: node 'n' (Loop): has more than 20000 iterations, too many to unroll");
}

TEST(Loop, RefusesABodyThatDoesNotFit) {
  EXPECT_EQ(importText(loop({"m", "c"})),
            "MODEL: node 'n' (Loop): the body has 3 inputs and 2 outputs, which do not fit 0 carried values");
}

ModelBuilder branches(const char *thenInput, const char *elseInput) {
  ModelBuilder m;
  m.input("x", {3}).input("z", {4}).input("c", {}, onnx::TensorProto::BOOL).output("y", {3});
  NodeBuilder node = m.node("If", {"c"}, {"y"});
  addNode(addGraph(node, "then_branch", {}, {"t"}), "Neg", {thenInput}, "t");
  addNode(addGraph(node, "else_branch", {}, {"f"}), "Exp", {elseInput}, "f");
  return m;
}

TEST(If, SelectsAmongBranchesOfEqualShapes) {
  std::string text = importText(branches("x", "x"));
  EXPECT_THAT(text, HasSubstr("arith.negf"));
  EXPECT_THAT(text, HasSubstr("math.exp"));
  EXPECT_THAT(text, HasSubstr("arith.select"));
}

TEST(If, RefusesBranchesOfOtherShapes) {
  EXPECT_EQ(importText(branches("x", "z")),
            "MODEL: node 'n' (If): input 0 (condition) depends on data, and output 0 is float [3] or float [4] with "
            "it: the branches must agree, or the condition be known at import");
}

TEST(If, RefusesUndefinedValues) {
  EXPECT_EQ(importText(branches("x", "nowhere")),
            "MODEL: node 'n' (If): input 'nowhere' is not defined by an initializer, input or node");
}

TEST(If, RefusesNodesOutOfOrder) {
  ModelBuilder m;
  m.input("x", {3}).input("c", {}, onnx::TensorProto::BOOL).output("y", {3});
  NodeBuilder node = m.node("If", {"c"}, {"y"});
  onnx::GraphProto *graph = addGraph(node, "then_branch", {}, {"t"});
  addNode(graph, "Neg", {"later"}, "t");
  addNode(graph, "Exp", {"x"}, "later");
  addNode(addGraph(node, "else_branch", {}, {"f"}), "Exp", {"x"}, "f");
  EXPECT_THAT(importText(m), HasSubstr("which is not computed before"));
}

TEST(Scan, RefusesWrongCounts) {
  ModelBuilder m;
  m.input("x", {5, 3}).output("y", {5, 3});
  NodeBuilder node = m.node("Scan", {"x"}, {"y"}).attr("num_scan_inputs", int64_t(2));
  addNode(addGraph(node, "body", {"a"}, {"b"}), "Neg", {"a"}, "b");
  EXPECT_EQ(importText(m),
            "MODEL: node 'n' (Scan): attribute 'num_scan_inputs' is 2, the node has 1 inputs");
}

} // namespace
