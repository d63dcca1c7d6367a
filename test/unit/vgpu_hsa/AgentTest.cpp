//===- AgentTest.cpp - what the device and the system say -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/vgpu_hsa/Fixture.h"

using namespace vgpu_test;

namespace {

class AgentTest : public Device {
protected:
  template <class T> T get(uint32_t attribute) {
    T value{};
    EXPECT_OK(hsa_agent_get_info(gpu, hsa_agent_info_t(attribute), &value));
    return value;
  }
};

TEST_F(AgentTest, IsAnMi50) {
  char text[64];
  EXPECT_OK(hsa_agent_get_info(gpu, HSA_AGENT_INFO_NAME, text));
  EXPECT_STREQ(text, "gfx906");
  EXPECT_OK(hsa_agent_get_info(
      gpu, hsa_agent_info_t(HSA_AMD_AGENT_INFO_PRODUCT_NAME), text));
  EXPECT_STREQ(text, "Virtual MI50 (ECLIP)");
  EXPECT_EQ(get<uint32_t>(HSA_AGENT_INFO_WAVEFRONT_SIZE), 64u);
  EXPECT_EQ(get<uint32_t>(HSA_AMD_AGENT_INFO_COMPUTE_UNIT_COUNT), 60u);
  EXPECT_EQ(get<uint32_t>(HSA_AMD_AGENT_INFO_NUM_SHADER_ENGINES), 4u);
  EXPECT_EQ(get<uint32_t>(HSA_AMD_AGENT_INFO_MAX_WAVES_PER_CU), 40u);
  EXPECT_EQ(get<uint32_t>(HSA_AMD_AGENT_INFO_NUM_SIMDS_PER_CU), 4u);
  EXPECT_EQ(get<uint32_t>(HSA_AGENT_INFO_FEATURE),
            uint32_t(HSA_AGENT_FEATURE_KERNEL_DISPATCH));
  EXPECT_GT(get<uint32_t>(HSA_AMD_AGENT_INFO_MAX_CLOCK_FREQUENCY), 0u);
  int unknown = 0;
  EXPECT_EQ(hsa_agent_get_info(gpu, hsa_agent_info_t(0xafff), &unknown),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(hsa_agent_get_info({7}, HSA_AGENT_INFO_NAME, text),
            HSA_STATUS_ERROR_INVALID_AGENT);
}

TEST_F(AgentTest, Isa) {
  hsa_isa_t isa{}, named{};
  ASSERT_OK(hsa_agent_iterate_isas(
      gpu,
      [](hsa_isa_t i, void *data) {
        *static_cast<hsa_isa_t *>(data) = i;
        return HSA_STATUS_SUCCESS;
      },
      &isa));
  uint32_t length = 0;
  ASSERT_OK(hsa_isa_get_info_alt(isa, HSA_ISA_INFO_NAME_LENGTH, &length));
  std::string name(length, 0);
  ASSERT_OK(hsa_isa_get_info_alt(isa, HSA_ISA_INFO_NAME, name.data()));
  EXPECT_STREQ(name.c_str(), "amdgcn-amd-amdhsa--gfx906:sramecc+:xnack-");
  ASSERT_OK(hsa_isa_from_name("amdgcn-amd-amdhsa--gfx906", &named));
  EXPECT_EQ(named.handle, isa.handle);
  EXPECT_EQ(hsa_isa_from_name("amdgcn-amd-amdhsa--gfx90a", &named),
            HSA_STATUS_ERROR_INVALID_ISA_NAME);
}

TEST_F(AgentTest, InitCounts) {
  EXPECT_OK(hsa_init());
  EXPECT_OK(hsa_shut_down());
  uint16_t major = 0; // still open: the fixture's reference
  EXPECT_OK(hsa_system_get_info(HSA_SYSTEM_INFO_VERSION_MAJOR, &major));
  EXPECT_EQ(major, 1);
}

TEST_F(AgentTest, StatusStrings) {
  const char *text = nullptr;
  EXPECT_OK(hsa_status_string(
      hsa_status_t(HSA_STATUS_ERROR_ILLEGAL_INSTRUCTION), &text));
  EXPECT_STREQ(text, "HSA_STATUS_ERROR_ILLEGAL_INSTRUCTION");
  EXPECT_EQ(hsa_status_string(hsa_status_t(0x7777), &text),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
}

TEST_F(AgentTest, UnsupportedCallsFailAndSaySo) {
  testing::internal::CaptureStderr();
  hsa_ext_image_t image{};
  EXPECT_EQ(hsa_ext_image_destroy(gpu, image), HSA_STATUS_ERROR);
  EXPECT_EQ(hsa_ext_image_destroy(gpu, image), HSA_STATUS_ERROR);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "eclip-vgpu: error: hsa_ext_image_destroy is not supported by the "
            "virtual GPU\n");
}

TEST(Uninitialized, RefusesEverything) {
  uint64_t value = 0;
  hsa_signal_t signal{};
  EXPECT_EQ(hsa_shut_down(), HSA_STATUS_ERROR_NOT_INITIALIZED);
  EXPECT_EQ(hsa_system_get_info(HSA_SYSTEM_INFO_TIMESTAMP, &value),
            HSA_STATUS_ERROR_NOT_INITIALIZED);
  EXPECT_EQ(hsa_signal_create(0, 0, nullptr, &signal),
            HSA_STATUS_ERROR_NOT_INITIALIZED);
  EXPECT_EQ(eclip_vgpu_reset_counters(), HSA_STATUS_ERROR_NOT_INITIALIZED);
}

} // namespace
