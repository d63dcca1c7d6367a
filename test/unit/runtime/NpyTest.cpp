//===- NpyTest.cpp - tensors in .npy files --------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-run/Npy.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <random>

using namespace eclip::tool;

namespace {

std::string parse(const std::string &bytes, TensorType *type = nullptr) {
  std::vector<uint8_t> tight(bytes.begin(), bytes.end());
  NpyHeader header;
  std::string message;
  if (!parseNpyHeader(tight.data(), tight.size(), header, message))
    return message.empty() ? "failed without a message" : message;
  if (type)
    *type = header.type;
  return "";
}

std::string file(const std::string &dictionary, char major = 1) {
  std::string bytes = std::string("\x93NUMPY") + major + '\0';
  bytes += char(dictionary.size() & 0xff);
  bytes += char(dictionary.size() >> 8);
  if (major > 1)
    bytes += std::string(2, '\0');
  return bytes + dictionary;
}

TEST(Npy, RoundTrip) {
  for (int type = ECLIP_F32; type <= ECLIP_BOOL; ++type)
    for (std::vector<uint64_t> dims :
         {std::vector<uint64_t>{}, {1}, {2, 3}, {1, 2, 3, 4, 5}}) {
      TensorType wanted{eclip_element_type(type), dims}, got;
      std::string bytes = npyHeader(wanted);
      EXPECT_EQ(bytes.size() % 64, 0u);
      EXPECT_EQ(parse(bytes, &got), "");
      EXPECT_EQ(got, wanted) << got.text();
    }
}

TEST(Npy, NumpysSpellings) {
  TensorType type;
  EXPECT_EQ(parse(file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, "
                       "3), }   \n"),
                  &type),
            "");
  EXPECT_EQ(type.text(), "f32[2,3]");
  EXPECT_EQ(
      parse(file("{'shape': (7,), 'fortran_order': True, 'descr': '|b1'}", 2),
            &type),
      "");
  EXPECT_EQ(type.text(), "bool[7]");
  EXPECT_EQ(parse(file("{\"descr\": \"<i8\", \"fortran_order\": False, "
                       "\"shape\": ()}",
                       3),
                  &type),
            "");
  EXPECT_EQ(type.text(), "i64[]");
}

TEST(Npy, Refusals) {
  auto expect = [](const std::string &bytes, const char *words) {
    std::string message = parse(bytes);
    EXPECT_NE(message.find(words), std::string::npos) << message;
  };
  expect("", "not a .npy");
  expect("not a file of numpy's", "not a .npy");
  expect(file("{}", 9), "version 9");
  expect(file("{}"), "incomplete");
  expect(file("[]"), "dictionary");
  expect(file("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}"),
         "unsupported type '>f4'");
  expect(file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}"),
         "descr");
  expect(file("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}"),
         "Fortran");
  expect(file("{'descr': '<f4', 'fortran_order': Maybe, 'shape': ()}"),
         "fortran_order");
  expect(file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"),
         "damaged");
  expect(file("{'descr': '<f4', 'fortran_order': False, 'shape': "
              "(99999999999999999999,)}"),
         "damaged");
  expect(file("{'descr': '<f4', 'descr': '<f4'}"), "repeated key 'descr'");
  expect(file("{'descr': '<f4', 'other': 1}"), "key 'other'");
  expect(file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} more"),
         "damaged");
  std::string cut = npyHeader({ECLIP_F32, {2, 2}});
  for (size_t size = 0; size < cut.size(); ++size)
    EXPECT_NE(parse(cut.substr(0, size)), "") << size;
}

TEST(Npy, RandomMutationsNeverCrash) {
  const std::string good = npyHeader({ECLIP_F32, {1, 3, 224, 224}});
  std::mt19937 rng(7);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = good;
    for (unsigned i = 0; i < 1 + rng() % 6; ++i)
      bytes[rng() % bytes.size()] =
          rng() % 2 ? char(rng()) : "{}()',: 0123456789"[rng() % 18];
    parse(bytes.substr(0, rng() % 4 ? bytes.size() : rng() % bytes.size()));
  }
}

TEST(Npy, Files) {
  std::string path = testing::TempDir() + "/eclip_npy_test.npy", message;
  TensorType type{ECLIP_I32, {3}};
  auto write = [&](const std::string &bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  };
  std::vector<uint8_t> data;
  write(npyHeader(type) + std::string("\1\0\0\0\2\0\0\0\3\0\0\0", 12));
  EXPECT_TRUE(readNpy(path, type, data, message)) << message;
  EXPECT_EQ(data, (std::vector<uint8_t>{1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0}));
  auto refused = [&](const TensorType &expected, const char *words) {
    EXPECT_FALSE(readNpy(path, expected, data, message));
    EXPECT_NE(message.find(path), std::string::npos) << message;
    EXPECT_NE(message.find(words), std::string::npos) << message;
  };
  refused({ECLIP_I32, {4}}, "holds i32[3], expected i32[4]");
  refused({ECLIP_F32, {3}}, "holds i32[3], expected f32[3]");
  write(npyHeader(type) + std::string(11, '\0'));
  refused(type, "11 of 12 bytes");
  write(npyHeader(type) + std::string(13, '\0'));
  refused(type, "behind its 12 bytes");
  std::remove(path.c_str());
  refused(type, "cannot be opened");
}

} // namespace
