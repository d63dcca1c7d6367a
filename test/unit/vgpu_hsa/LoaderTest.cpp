//===- LoaderTest.cpp - code objects, executables, the AMD loader ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/vgpu_hsa/Fixture.h"

#include <elf.h>
#include <fcntl.h>
#include <functional>
#include <set>
#include <unistd.h>

using namespace vgpu_test;

namespace {

class LoaderTest : public Device {
protected:
  /// Loads changed bytes into an executable of its own.
  hsa_status_t load(const std::vector<char> &bytes,
                    std::string *text = nullptr) {
    hsa_code_object_reader_t reader;
    EXPECT_OK(hsa_code_object_reader_create_from_memory(bytes.data(),
                                                        bytes.size(), &reader));
    hsa_executable_t e;
    EXPECT_OK(hsa_executable_create_alt(HSA_PROFILE_BASE,
                                        HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT,
                                        nullptr, &e));
    testing::internal::CaptureStderr();
    hsa_status_t status =
        hsa_executable_load_agent_code_object(e, gpu, reader, nullptr, nullptr);
    std::string captured = testing::internal::GetCapturedStderr();
    if (text)
      *text = captured;
    EXPECT_OK(hsa_executable_destroy(e));
    EXPECT_OK(hsa_code_object_reader_destroy(reader));
    return status;
  }
  template <class T>
  T info(hsa_executable_symbol_t s, hsa_executable_symbol_info_t what) {
    T value{};
    EXPECT_OK(hsa_executable_symbol_get_info(s, what, &value));
    return value;
  }
  hsa_executable_symbol_t symbol(const char *name) {
    hsa_executable_symbol_t s{};
    EXPECT_OK(hsa_executable_get_symbol_by_name(executable, name, &gpu, &s));
    return s;
  }
};

TEST_F(LoaderTest, KernelSymbols) {
  hsa_executable_symbol_t s = symbol("move.kd");
  EXPECT_EQ(info<hsa_symbol_kind_t>(s, HSA_EXECUTABLE_SYMBOL_INFO_TYPE),
            HSA_SYMBOL_KIND_KERNEL);
  EXPECT_EQ(
      info<uint32_t>(s, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_SIZE),
      20u);
  EXPECT_EQ(info<uint32_t>(
                s, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_ALIGNMENT),
            16u);
  EXPECT_EQ(
      info<uint32_t>(s, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_GROUP_SEGMENT_SIZE),
      0u);
  EXPECT_EQ(info<uint32_t>(s, HSA_EXECUTABLE_SYMBOL_INFO_NAME_LENGTH), 7u);
  char name[8] = {};
  EXPECT_OK(
      hsa_executable_symbol_get_info(s, HSA_EXECUTABLE_SYMBOL_INFO_NAME, name));
  EXPECT_STREQ(name, "move.kd");
  uint64_t address;
  EXPECT_EQ(hsa_executable_symbol_get_info(
                s, HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_ADDRESS, &address),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
  hsa_executable_symbol_t none{};
  EXPECT_EQ(
      hsa_executable_get_symbol_by_name(executable, "nothing.kd", &gpu, &none),
      HSA_STATUS_ERROR_INVALID_SYMBOL_NAME);
}

TEST_F(LoaderTest, VariablesAndRelocations) {
  auto *table = reinterpret_cast<uint32_t *>(info<uint64_t>(
      symbol("table"), HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_ADDRESS));
  EXPECT_EQ(table[2], 33u);
  EXPECT_TRUE(info<bool>(symbol("table"),
                         HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_IS_CONST));
  auto *pointer = reinterpret_cast<uint32_t **>(info<uint64_t>(
      symbol("table_pointer"), HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_ADDRESS));
  EXPECT_EQ(*pointer, table);
  EXPECT_EQ(info<uint32_t>(symbol("counter"),
                           HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_SIZE),
            4u);
  EXPECT_FALSE(info<bool>(symbol("counter"),
                          HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_IS_CONST));
  TestQueue q = makeQueue();
  uint32_t *out = alloc(64);
  hsa_signal_t done = makeSignal();
  dispatch(q, "lookup", {{out}, 3}, 1, done);
  ASSERT_EQ(wait(done), 0);
  EXPECT_EQ(out[17], 44u);
}

TEST_F(LoaderTest, GlobalVariablesAreWritableByKernelsConstantsAreNot) {
  auto address = [&](const char *name) {
    return reinterpret_cast<void *>(info<uint64_t>(
        symbol(name), HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_ADDRESS));
  };
  // One dword fits; the 64 lanes of `fill` run out of either variable's segment
  // or into read-only memory, and both are faults.
  TestQueue q = makeQueue();
  hsa_signal_t done = makeSignal();
  testing::internal::CaptureStderr();
  dispatch(q, "fill", {{address("table")}, 3}, 1, done);
  EXPECT_EQ(wait(done), -int64_t(HSA_STATUS_ERROR_MEMORY_FAULT));
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("read-only"), std::string::npos) << text;
  EXPECT_EQ(*static_cast<uint32_t *>(address("table")), 11u);
}

TEST_F(LoaderTest, Iterates) {
  std::set<std::string> names;
  auto visit = [](hsa_executable_t, hsa_agent_t, hsa_executable_symbol_t s,
                  void *data) {
    uint32_t length = 0;
    hsa_executable_symbol_get_info(s, HSA_EXECUTABLE_SYMBOL_INFO_NAME_LENGTH,
                                   &length);
    std::string name(length, 0);
    hsa_executable_symbol_get_info(s, HSA_EXECUTABLE_SYMBOL_INFO_NAME,
                                   name.data());
    static_cast<std::set<std::string> *>(data)->insert(name);
    return HSA_STATUS_SUCCESS;
  };
  ASSERT_OK(
      hsa_executable_iterate_agent_symbols(executable, gpu, visit, &names));
  EXPECT_TRUE(names.contains("fill.kd"));
  EXPECT_TRUE(names.contains("counter"));
  EXPECT_FALSE(names.contains("fill")); // functions are no symbols of HSA
}

TEST_F(LoaderTest, ReadsFiles) {
  int file = ::open(ECLIP_TEST_CODE_OBJECT, O_RDONLY);
  ASSERT_GE(file, 0);
  hsa_code_object_reader_t reader;
  ASSERT_OK(hsa_code_object_reader_create_from_file(file, &reader));
  ::close(file);
  hsa_executable_t e;
  ASSERT_OK(hsa_executable_create(HSA_PROFILE_BASE,
                                  HSA_EXECUTABLE_STATE_UNFROZEN, nullptr, &e));
  hsa_loaded_code_object_t loaded;
  EXPECT_OK(
      hsa_executable_load_agent_code_object(e, gpu, reader, nullptr, &loaded));
  // The same code twice in one executable: every name is taken.
  EXPECT_EQ(
      hsa_executable_load_agent_code_object(e, gpu, reader, nullptr, nullptr),
      HSA_STATUS_ERROR_VARIABLE_ALREADY_DEFINED);
  EXPECT_OK(hsa_executable_freeze(e, nullptr));
  EXPECT_EQ(hsa_executable_freeze(e, nullptr),
            HSA_STATUS_ERROR_FROZEN_EXECUTABLE);
  EXPECT_EQ(
      hsa_executable_load_agent_code_object(e, gpu, reader, nullptr, nullptr),
      HSA_STATUS_ERROR_FROZEN_EXECUTABLE);
  uint32_t result = 1;
  EXPECT_OK(hsa_executable_validate(e, &result));
  EXPECT_EQ(result, 0u);
  EXPECT_OK(hsa_executable_destroy(e));
  EXPECT_EQ(hsa_executable_destroy(e), HSA_STATUS_ERROR_INVALID_EXECUTABLE);
  EXPECT_OK(hsa_code_object_reader_destroy(reader));
  EXPECT_EQ(hsa_code_object_reader_destroy(reader),
            HSA_STATUS_ERROR_INVALID_CODE_OBJECT_READER);
  EXPECT_EQ(hsa_code_object_reader_create_from_file(-1, &reader),
            HSA_STATUS_ERROR_INVALID_FILE);
}

TEST_F(LoaderTest, Refusals) {
  auto header = [](std::vector<char> &b) -> Elf64_Ehdr & {
    return *reinterpret_cast<Elf64_Ehdr *>(b.data());
  };
  struct Case {
    const char *part;
    hsa_status_t status;
    std::function<void(std::vector<char> &)> change;
  };
  const Case cases[] = {
      {"too short", HSA_STATUS_ERROR_INVALID_CODE_OBJECT,
       [](auto &b) { b.resize(20); }},
      {"not ELF", HSA_STATUS_ERROR_INVALID_CODE_OBJECT,
       [](auto &b) { b[0] = 'x'; }},
      {"64-bit", HSA_STATUS_ERROR_INVALID_CODE_OBJECT,
       [](auto &b) { b[EI_CLASS] = ELFCLASS32; }},
      {"not for AMDGPU", HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS,
       [&](auto &b) { header(b).e_machine = EM_X86_64; }},
      {"OS ABI", HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS,
       [](auto &b) { b[EI_OSABI] = 0; }},
      {"ABI version 0", HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS,
       [](auto &b) { b[EI_ABIVERSION] = 0; }},
      {"not a linked", HSA_STATUS_ERROR_INVALID_CODE_OBJECT,
       [&](auto &b) { header(b).e_type = ET_REL; }},
      {"this device is gfx906", HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS,
       [&](auto &b) {
         header(b).e_flags = (header(b).e_flags & ~0xffu) | 0x3f;
       }},
      {"xnack on", HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS,
       [&](auto &b) { header(b).e_flags |= 0x300; }},
      {"program headers", HSA_STATUS_ERROR_INVALID_CODE_OBJECT,
       [&](auto &b) { header(b).e_phoff = ~0ull - 8; }},
      {"outside the file", HSA_STATUS_ERROR_INVALID_CODE_OBJECT,
       [](auto &b) { b.resize(b.size() / 2); }},
  };
  for (const Case &c : cases) {
    SCOPED_TRACE(c.part);
    std::vector<char> bytes = code;
    c.change(bytes);
    std::string text;
    EXPECT_EQ(load(bytes, &text), c.status);
    EXPECT_NE(text.find(c.part), std::string::npos) << text;
  }
  EXPECT_EQ(load(code), HSA_STATUS_SUCCESS);
}

TEST_F(LoaderTest, TableOfTheAmdLoader) {
  hsa_ven_amd_loader_1_03_pfn_t table{};
  bool supported = false;
  uint16_t minor = 0;
  ASSERT_OK(hsa_system_major_extension_supported(HSA_EXTENSION_AMD_LOADER, 1,
                                                 &minor, &supported));
  ASSERT_TRUE(supported);
  EXPECT_EQ(minor, 3);
  ASSERT_OK(hsa_system_get_major_extension_table(HSA_EXTENSION_AMD_LOADER, 1,
                                                 sizeof table, &table));
  size_t count = 0;
  ASSERT_OK(
      table.hsa_ven_amd_loader_query_segment_descriptors(nullptr, &count));
  EXPECT_GE(count, 3u);
  std::vector<hsa_ven_amd_loader_segment_descriptor_t> segments(count);
  ASSERT_OK(table.hsa_ven_amd_loader_query_segment_descriptors(segments.data(),
                                                               &count));
  EXPECT_EQ(segments[0].executable.handle, executable.handle);
  EXPECT_EQ(segments[0].code_object_storage_base, code.data());
  hsa_executable_t owner{};
  uint64_t object = kernelObject("fill");
  ASSERT_OK(table.hsa_ven_amd_loader_query_executable(
      reinterpret_cast<void *>(object), &owner));
  EXPECT_EQ(owner.handle, executable.handle);
  const void *host = nullptr;
  ASSERT_OK(table.hsa_ven_amd_loader_query_host_address(
      reinterpret_cast<void *>(object), &host));
  EXPECT_EQ(host, reinterpret_cast<void *>(object));
  hsa_loaded_code_object_t loaded{};
  ASSERT_OK(table.hsa_ven_amd_loader_executable_iterate_loaded_code_objects(
      executable,
      [](hsa_executable_t, hsa_loaded_code_object_t o, void *data) {
        *static_cast<hsa_loaded_code_object_t *>(data) = o;
        return HSA_STATUS_SUCCESS;
      },
      &loaded));
  uint64_t base = 0, size = 0;
  ASSERT_OK(table.hsa_ven_amd_loader_loaded_code_object_get_info(
      loaded, HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_LOAD_BASE, &base));
  ASSERT_OK(table.hsa_ven_amd_loader_loaded_code_object_get_info(
      loaded, HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_LOAD_SIZE, &size));
  EXPECT_LT(object - base, size);
  hsa_ven_amd_loader_1_00_pfn_t old{};
  ASSERT_OK(
      hsa_system_get_extension_table(HSA_EXTENSION_AMD_LOADER, 1, 0, &old));
  EXPECT_EQ(old.hsa_ven_amd_loader_query_executable,
            table.hsa_ven_amd_loader_query_executable);
  EXPECT_EQ(hsa_system_get_extension_table(HSA_EXTENSION_FINALIZER, 1, 0, &old),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
}

} // namespace
