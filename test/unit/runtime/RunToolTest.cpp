//===- RunToolTest.cpp - eclip-run as a user meets it ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ApiFixture.h"
#include "tools/eclip-run/Npy.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/wait.h>

using namespace eclip;
using namespace eclip::test;
using tool::TensorType;

namespace {

const TensorType kType{ECLIP_F32, {2, kElements / 2}};

/// A folder with model.eclip and x.npy, removed at the end.
class RunTool : public testing::Test {
protected:
  void SetUp() override {
    const char *name =
        testing::UnitTest::GetInstance()->current_test_info()->name();
    folder = std::filesystem::path(testing::TempDir()) /
             (std::string("eclip_run_") + name);
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    writeSchedule(example());
    writeArray("x.npy", kType, exampleInput(3));
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string path(const std::string &name) { return (folder / name).string(); }
  void writeSchedule(const ScheduleSpec &spec) {
    FileBytes file = buildFile(spec);
    std::ofstream(path("model.eclip"), std::ios::binary)
        .write(reinterpret_cast<const char *>(file.data()),
               std::streamsize(file.size()));
  }
  void writeArray(const std::string &name, const TensorType &type,
                  const std::vector<float> &data) {
    std::ofstream file(path(name), std::ios::binary);
    file << tool::npyHeader(type);
    file.write(reinterpret_cast<const char *>(data.data()),
               std::streamsize(data.size() * 4));
  }
  /// Runs the tool in the folder; fills `out` and `err`. Its exit code.
  int run(const std::string &arguments,
          const std::string &device =
              "--device hsa --device-library " ECLIP_FAKE_HSA) {
    std::string command = "cd '" + folder.string() + "' && " ECLIP_RUN " " +
                          arguments + " " + device + " >out.txt 2>err.txt";
    int status = std::system(command.c_str());
    out = read("out.txt");
    err = read("err.txt");
    std::filesystem::remove(path("out.txt"));
    std::filesystem::remove(path("err.txt"));
    EXPECT_TRUE(WIFEXITED(status));
    return WEXITSTATUS(status);
  }
  std::string read(const std::string &name) {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t fileCount() {
    return size_t(
        std::distance(std::filesystem::directory_iterator(folder), {}));
  }
  /// The tool ends with `code` and one line that has `words`; no file appears.
  void refused(int code, const std::string &words,
               const std::string &arguments) {
    size_t before = fileCount();
    EXPECT_EQ(run(arguments), code) << arguments << "\n" << err;
    EXPECT_EQ(err.substr(0, 18), "eclip-run: error: ") << err;
    EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
    EXPECT_NE(err.find(words), std::string::npos) << err;
    EXPECT_EQ(out, "");
    EXPECT_EQ(fileCount(), before);
  }

  std::filesystem::path folder;
  std::string out, err;
};

TEST_F(RunTool, WritesTheOutput) {
  ASSERT_EQ(run("model.eclip --input x=x.npy --output y=y.npy"), 0) << err;
  EXPECT_EQ(err, "");
  EXPECT_NE(out.find("output y f32[2,64]: "), std::string::npos) << out;
  std::vector<uint8_t> data;
  std::string message;
  ASSERT_TRUE(tool::readNpy(path("y.npy"), kType, data, message)) << message;
  std::vector<float> y(kElements);
  std::memcpy(y.data(), data.data(), data.size());
  EXPECT_EQ(y, exampleOutput(exampleInput(3)));
  EXPECT_EQ(fileCount(), 3u) << "no temporary file is left";
}

TEST_F(RunTool, RunsTheWantedPlan) {
  writeSchedule(exampleWorker(0, 2));
  struct {
    const char *option, *name;
  } const cases[] = {{"", "alone"},
                     {"--plan auto", "alone"},
                     {"--plan '1 neighbour'", "1 neighbour"},
                     {"--plan mix --private-queues", "mix"},
                     {"--plan 1", "1 neighbour"},
                     {"--plan 2", "mix"}};
  for (const auto &[option, name] : cases) {
    std::string arguments =
        std::string("model.eclip --input x=x.npy --output y=y.npy ") + option;
    ASSERT_EQ(run(arguments), 0) << err;
    EXPECT_NE(out.find("plan " + std::string(name) + " ("), std::string::npos)
        << out;
    std::vector<uint8_t> data;
    std::string message;
    ASSERT_TRUE(tool::readNpy(path("y.npy"), kType, data, message)) << message;
    std::vector<float> y(kElements);
    std::memcpy(y.data(), data.data(), data.size());
    EXPECT_EQ(y, exampleOutput(exampleInput(3)));
    std::filesystem::remove(path("y.npy"));
  }
  EXPECT_EQ(run("model.eclip --input x=x.npy --json --plan 1"), 0) << err;
  EXPECT_NE(out.find("\"name\": \"1 neighbour\""), std::string::npos) << out;
  EXPECT_NE(out.find("\"cu_count\": 15"), std::string::npos) << out;
  for (const char *plan : {"3", "nobody", "-1", "''"})
    refused(1, "the schedule has 'alone', '1 neighbour', 'mix'",
            std::string("model.eclip --input x=x.npy --plan ") + plan);
}

TEST_F(RunTool, OptionsMayComeInAnyOrder) {
  EXPECT_EQ(run("--requests 5 --in-flight 2 --input x=x.npy model.eclip"), 0)
      << err;
  EXPECT_NE(out.find("5 requests, 2 in flight"), std::string::npos) << out;
}

TEST_F(RunTool, Json) {
  ASSERT_EQ(run("model.eclip --json --requests 3 --input x=x.npy"), 0) << err;
  for (const char *words :
       {"\"model\": \"example\"", "\"requests\": 3", "\"request_time_ns\": {",
        "\"median\":", "\"packets_per_request\": 8", "\"cu_count\": 30",
        "\"mask\": [", "\"dispatches_per_request\": 4"})
    EXPECT_NE(out.find(words), std::string::npos) << words << "\n" << out;
  EXPECT_EQ(out.find("\"vgpu\""), std::string::npos) << "not the virtual GPU";
}

TEST_F(RunTool, Usage) {
  EXPECT_EQ(run("--help"), 0);
  EXPECT_NE(out.find("Exit codes:"), std::string::npos);
  EXPECT_EQ(run("--version", ""), 0);
  refused(1, "FILE", "");
  refused(1, "--nonsense", "model.eclip --nonsense");
  refused(1, "--requests", "model.eclip --requests 0");
  refused(1, "--in-flight", "model.eclip --in-flight 65");
  refused(1, "--check needs --device vgpu", "model.eclip --check");
}

TEST_F(RunTool, WrongInputs) {
  refused(1, "input 'x' is missing, expected f32[2,64]", "model.eclip");
  refused(1, "no input is named 'z'; the schedule has: x",
          "model.eclip --input z=x.npy");
  refused(1, "expected NAME=FILE.npy", "model.eclip --input x.npy");
  refused(1, "given twice", "model.eclip --input x=x.npy --input x=x.npy");
  refused(1, "absent.npy: cannot be opened",
          "model.eclip --input x=absent.npy --output y=y.npy");
  refused(1, "no output is named 'q'",
          "model.eclip --input x=x.npy --output q=y.npy");
  writeArray("flat.npy", {ECLIP_F32, {kElements}}, exampleInput(1));
  refused(1, "input 'x': flat.npy: holds f32[128], expected f32[2,64]",
          "model.eclip --input x=flat.npy");
  writeArray("int.npy", {ECLIP_I32, {2, 64}}, exampleInput(1));
  refused(1, "holds i32[2,64], expected f32[2,64]",
          "model.eclip --input x=int.npy");
}

TEST_F(RunTool, WrongFiles) {
  refused(1, "absent.eclip: cannot be opened", "absent.eclip");
  std::string file = read("model.eclip");
  for (size_t size : {size_t(0), size_t(5), size_t(127), size_t(128),
                      file.size() / 2, file.size() - 1}) {
    std::ofstream(path("cut.eclip"), std::ios::binary) << file.substr(0, size);
    refused(1, "cut.eclip: F", "cut.eclip --input x=x.npy --output y=y.npy");
  }
}

TEST_F(RunTool, UnwritableOutput) {
  refused(4, "no/such/y.npy: cannot be written",
          "model.eclip --input x=x.npy --output y=no/such/y.npy");
}

TEST_F(RunTool, NamesWithEqualsSigns) {
  ScheduleSpec spec = example();
  spec.inputs[0].name = "a=b";
  spec.inputs[0].type = fb::ElementType::F32;
  writeSchedule(spec);
  EXPECT_EQ(run("model.eclip --input a=b=x.npy"), 0) << err;
  refused(1, "no input is named 'a'", "model.eclip --input a=x.npy");
}

TEST_F(RunTool, FailedRequest) {
  ScheduleSpec spec = example();
  spec.queues[0].packets[0].kernel = Fault;
  writeSchedule(spec);
  refused(3, "the device is lost",
          "model.eclip --input x=x.npy --output y=y.npy");
}

TEST_F(RunTool, NoDevice) {
  EXPECT_EQ(run("model.eclip", "--device hsa --device-library ./none.so"), 2);
  EXPECT_NE(err.find("./none.so"), std::string::npos) << err;
  EXPECT_EQ(run("model.eclip", "--device metal"), 1);
  EXPECT_EQ(run("model.eclip", ""), 1);
}

} // namespace
