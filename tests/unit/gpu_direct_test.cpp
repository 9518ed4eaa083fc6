// Whether RDMA devices reach GPU memory, told from what is loaded, and what to do where they do not.
#include "transport/gpu_direct.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scratch_directory.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class GpuDirectOf : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folders_.modules); }
  void load(const std::string& module) { std::filesystem::create_directories(folders_.modules / module); }
  void load_driver(const std::string& line) { std::ofstream(folders_.driver) << line << "\nGCC version: 12\n"; }
  [[nodiscard]] GpuDirect look() const { return gpu_direct(gpus_, devices_, ucx_, folders_); }

  static VerbsDevice device(std::optional<bool> takes_dma_buffers) {
    VerbsDevice made;
    made.facts = VerbsFacts{.firmware = "", .atomics = "", .takes_dma_buffers = takes_dma_buffers, .ports = {}};
    return made;
  }

  testing::ScratchDirectory scratch_;
  GpuDirectFolders folders_{.modules = scratch_.path("module"), .driver = scratch_.path("version")};
  std::vector<PciGpu> gpus_{{{}, "NVIDIA H100"}};
  std::vector<VerbsDevice> devices_{device(true)};
  std::optional<UcxFacts> ucx_ =
      UcxFacts{.transports = {}, .memory_types = {"host", "cuda"}, .lanes_on_this_host = "", .lanes_between_hosts = ""};
};

constexpr const char* kOpenDriver =
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (dvs-builder@U16)";
constexpr const char* kClosedDriver =
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Sat Feb 17 22:55:48 UTC 2024";

TEST_F(GpuDirectOf, APeerMemoryModuleWillDo) {
  load_driver(kClosedDriver);
  load("nvidia_peermem");
  const GpuDirect found = look();
  EXPECT_EQ(found.peer_memory_module, "nvidia_peermem");
  EXPECT_FALSE(found.driver_is_open);
  EXPECT_THAT(found.driver, HasSubstr("535.161.08"));
  EXPECT_EQ(found.ucx_has_cuda, true);
  EXPECT_EQ(found.advice, "");
}

TEST_F(GpuDirectOf, SoWillDmaBuffersOfTheOpenDriver) {
  load_driver(kOpenDriver);
  EXPECT_EQ(look().driver, "NVIDIA UNIX Open Kernel Module for x86_64  550.54.15");
  EXPECT_TRUE(look().driver_is_open);
  EXPECT_EQ(look().advice, "");
  devices_ = {device(std::nullopt), device(false)};
  EXPECT_EQ(look().device_takes_dma_buffers, false);
  EXPECT_THAT(look().advice, HasSubstr("modprobe nvidia_peermem"));
  devices_ = {device(std::nullopt)};
  EXPECT_FALSE(look().device_takes_dma_buffers);
}

TEST_F(GpuDirectOf, WhatIsMissingIsTold) {
  EXPECT_THAT(look().advice, HasSubstr("modprobe nvidia"));
  load_driver(kClosedDriver);
  EXPECT_THAT(look().advice, HasSubstr("modprobe nvidia_peermem"));
  ucx_->memory_types = {"host"};
  EXPECT_EQ(look().ucx_has_cuda, false);
  EXPECT_THAT(look().advice, HasSubstr("built with CUDA"));
  devices_.clear();
  EXPECT_THAT(look().advice, Not(HasSubstr("peermem"))) << "no RDMA device, nothing to reach with";
  ucx_.reset();
  EXPECT_FALSE(look().ucx_has_cuda);
  EXPECT_EQ(look().advice, "");
}

TEST_F(GpuDirectOf, WithoutAGpuNothingIsAmiss) {
  gpus_.clear();
  ucx_->memory_types = {"host"};
  EXPECT_EQ(look().advice, "");
}

}  // namespace
}  // namespace wolfpack::transport
