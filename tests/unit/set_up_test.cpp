// What is missing is found before a run, and one line says what to do about it.
#include "transport/set_up.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kMiB = 1 << 20;

/// A device that may be opened: any file will do.
RdmaPort port(const std::string& device, const std::string& state, int numa_node = -1) {
  return {
      .device = device, .state = state, .link_layer = "InfiniBand", .numa_node = numa_node, .verbs_file = "/dev/null"};
}

Machine good() {
  Machine machine;
  machine.shared_memory_folder = "/dev/shm";
  machine.shared_memory_bytes = 1000 * kMiB;
  machine.ports = {port("mlx5_0", "ACTIVE")};
  return machine;
}

std::string refusal(const std::function<void()>& check) {
  try {
    check();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}
std::string refusal(const Machine& machine, const std::string& transport, std::size_t workers = 4) {
  return refusal([&] { check_set_up(machine, transport, workers); });
}

TEST(SetUpCheck, AllowsAMachineThatHasAll) {
  for (const char* transport : {"shm", "tcp", "rdma"}) EXPECT_EQ(refusal(good(), transport), "") << transport;
}

TEST(SetUpCheck, NamesWhatIsMissing) {
  struct Case {
    const char* transport;
    std::function<void(Machine&)> spoil;
    std::vector<const char*> says;
  };
  const Case cases[] = {
      {"shm",
       [](Machine& s) { s.shared_memory_problem = "No such file"; },
       {"/dev/shm", "No such file", "mount", "--transport tcp"}},
      {"shm", [](Machine& s) { s.shared_memory_bytes = 19 * kMiB; }, {"19.0 MiB", "4 workers", "20", "--shm-size"}},
      {"shm", [](Machine& s) { s.has_proc = false; }, {"/proc", "PID namespace", "--transport tcp"}},
      {"tcp", [](Machine& s) { s.loopback_is_up = false; }, {"loopback", "ip link set lo up"}},
      {"rdma", [](Machine& s) { s.ports.clear(); }, {"no RDMA device", "accepted", "tcp"}},
      {"rdma",
       [](Machine& s) { s.ports = {port("mlx5_3", "DOWN")}; },
       {"no RDMA port is active", "mlx5_3:1 is DOWN", "link"}},
      {"rdma",
       [](Machine& s) { s.ports[0].verbs_file = "/nowhere/uverbs0"; },
       {"/nowhere/uverbs0", "--device /dev/infiniband"}},
      {"rdma", [](Machine& s) { s.ports[0].verbs_file = ""; }, {"ib_uverbs"}},
      {"rdma", [](Machine& s) { s.locked_memory_bytes = 65536; }, {"0.06 MiB", "64", "ulimit -l", "memlock"}},
      {"rdma", [](Machine& s) { s.relaxed_ordering = "on"; }, {"UCX_IB_PCI_RELAXED_ORDERING=on", "off"}},
      {"rdma", [](Machine& s) { s.wanted_port = "mlx5_7:1"; }, {"UCX_NET_DEVICES=mlx5_7:1", "mlx5_0:1 is ACTIVE"}},
      {"rdma", [](Machine& s) { s.wanted_port = "mlx5_0:1,mlx5_1:1"; }, {"one RDMA port"}},
  };
  for (const Case& broken : cases) {
    Machine machine = good();
    broken.spoil(machine);
    const std::string message = refusal(machine, broken.transport);
    for (const char* part : broken.says) EXPECT_THAT(message, HasSubstr(part));
    EXPECT_THAT(message, Not(HasSubstr("\n")));
    for (const char* other : {"shm", "tcp", "rdma"})
      if (std::string(other) != broken.transport) {
        EXPECT_EQ(refusal(machine, other), "") << other << " does not need it";
      }
  }
}

TEST(SetUpCheck, MoreWorkersNeedMoreSharedMemory) {
  Machine machine = good();
  machine.shared_memory_bytes = 64 * kMiB;  // what docker gives a container
  EXPECT_EQ(refusal(machine, "shm", 8), "");
  EXPECT_NE(refusal(machine, "shm", 32), "");
}

TEST(RdmaPorts, TheNearestActiveOneIsChosenUnlessOneIsWanted) {
  const std::vector<RdmaPort> ports = {port("mlx5_0", "DOWN", 1), port("mlx5_1", "ACTIVE", 0),
                                       port("mlx5_2", "ACTIVE", 1)};
  EXPECT_EQ(choose_rdma_port(ports, "", 1).name(), "mlx5_2:1");
  EXPECT_EQ(choose_rdma_port(ports, "", 0).name(), "mlx5_1:1");
  EXPECT_EQ(choose_rdma_port(ports, "", 5).name(), "mlx5_1:1");
  EXPECT_EQ(choose_rdma_port(ports, "mlx5_1:1", 1).name(), "mlx5_1:1");
  EXPECT_EQ(choose_rdma_port(ports, "mlx5_1", 1).name(), "mlx5_1:1");
  EXPECT_THAT(refusal([&] { (void)choose_rdma_port(ports, "mlx5_0:1", 1); }),
              AllOf(HasSubstr("not active"), HasSubstr("mlx5_0:1 is DOWN")));
}

TEST(RdmaPorts, OneThatMayNotBeOpenedOrIsOfAnotherNetworkIsPassedOver) {
  std::vector<RdmaPort> ports = {port("mlx5_0", "ACTIVE", 0), port("mlx5_1", "ACTIVE", 0), port("mlx5_2", "ACTIVE", 1)};
  ports[0].verbs_file = "/nowhere/uverbs0";
  EXPECT_EQ(choose_rdma_port(ports, "", 0).name(), "mlx5_1:1");
  EXPECT_EQ(choose_rdma_port(ports, "", 1).name(), "mlx5_2:1");
  ports[2].link_layer = "Ethernet";
  EXPECT_EQ(choose_rdma_port(ports, "", 1).name(), "mlx5_1:1");
}

class RdmaFolder : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text << "\n";
  }
  testing::ScratchDirectory scratch_;
  std::filesystem::path root_ = scratch_.path("class");
  RdmaFolders folders_{.sysfs = root_ / "infiniband", .devices = "/dev/infiniband"};
};

TEST_F(RdmaFolder, IsReadPortByPort) {
  write("infiniband/mlx5_0/ports/1/state", "4: ACTIVE");
  write("infiniband/mlx5_0/ports/1/link_layer", "InfiniBand");
  write("infiniband/mlx5_0/ports/2/state", "1: DOWN");
  write("infiniband/mlx5_0/ports/2/link_layer", "Ethernet");
  write("infiniband/mlx5_0/device/numa_node", "1");
  write("infiniband_verbs/uverbs3/ibdev", "mlx5_0");
  write("infiniband_verbs/abi_version", "6");
  const auto ports = rdma_ports(folders_);
  ASSERT_EQ(ports.size(), 2u);
  EXPECT_EQ(ports[0].name(), "mlx5_0:1");
  EXPECT_EQ(ports[0].state, "ACTIVE");
  EXPECT_EQ(ports[0].link_layer, "InfiniBand");
  EXPECT_EQ(ports[0].numa_node, 1);
  EXPECT_EQ(ports[0].verbs_file, "/dev/infiniband/uverbs3");
  EXPECT_EQ(ports[1].name(), "mlx5_0:2");
  EXPECT_EQ(ports[1].state, "DOWN");
}

TEST_F(RdmaFolder, MayBeMissing) { EXPECT_TRUE(rdma_ports(folders_).empty()); }

}  // namespace
}  // namespace wolfpack::transport
