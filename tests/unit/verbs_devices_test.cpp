// What is said of RDMA devices: speeds, the way home from the process that asks, what to do, and a device that cannot
// be asked. A device that answers is in the virtual machine (tests/rdma/check-devices).
#include "transport/verbs_devices.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

VerbsPort port(const std::string& link_layer, const std::string& state) {
  VerbsPort made;
  made.place = {.device = "mlx5_0", .state = state, .link_layer = link_layer, .verbs_file = "/dev/null"};
  made.facts = VerbsPortFacts{.state = state,
                              .width = 2,
                              .gigabits_a_lane = gigabits_of_speed(64),
                              .active_mtu_bytes = 4096,
                              .max_mtu_bytes = 4096,
                              .gids = {{0, "fe80::1", "RoCE v2", "eth3"}, {3, "::ffff:10.0.0.1", "RoCE v2", "eth3"}}};
  return made;
}

TEST(VerbsFacts, SpeedIsWidthTimesRate) {
  EXPECT_EQ(lanes_of_width(2) * gigabits_of_speed(32), 100.0);   // 4X EDR
  EXPECT_EQ(lanes_of_width(2) * gigabits_of_speed(128), 400.0);  // 4X NDR
  EXPECT_EQ(lanes_of_width(16) * gigabits_of_speed(64), 100.0);  // 2X HDR
  EXPECT_EQ(lanes_of_width(3), 0);
  EXPECT_EQ(gigabits_of_speed(3), 0.0);
  EXPECT_EQ(port("Ethernet", "ACTIVE").gigabits(), 100.0);
}

TEST(VerbsFacts, ComeHomeAsTheyWere) {
  VerbsFacts facts{.firmware = "20.35.1012", .atomics = "device", .takes_dma_buffers = true, .ports = {}};
  facts.ports = {*port("Ethernet", "ACTIVE").facts, *port("Ethernet", "DOWN").facts};
  facts.ports[1].port = 2;
  facts.ports[1].gids.clear();
  const VerbsFacts back = decode_verbs(encode(facts));
  EXPECT_EQ(back.firmware, facts.firmware);
  EXPECT_EQ(back.atomics, facts.atomics);
  EXPECT_EQ(back.takes_dma_buffers, true);
  ASSERT_THAT(back.ports, SizeIs(2));
  EXPECT_EQ(back.ports[1].port, 2);
  EXPECT_EQ(back.ports[1].state, "DOWN");
  EXPECT_EQ(back.ports[0].gigabits_a_lane, 50.0);
  ASSERT_THAT(back.ports[0].gids, SizeIs(2));
  EXPECT_EQ(back.ports[0].gids[1].index, 3u);
  EXPECT_EQ(back.ports[0].gids[1].value, "::ffff:10.0.0.1");
  EXPECT_EQ(back.ports[0].gids[1].network_device, "eth3");
  const Bytes whole = encode(facts);
  EXPECT_THROW((void)decode_verbs(std::span(whole).first(whole.size() - 1)), RuntimeFailure);
  facts.takes_dma_buffers.reset();
  EXPECT_FALSE(decode_verbs(encode(facts)).takes_dma_buffers);
}

TEST(VerbsAdvice, IsEmptyWhereAllIsWell) {
  for (const char* link_layer : {"Ethernet", "InfiniBand"}) EXPECT_EQ(advice_on(port(link_layer, "ACTIVE")), "");
  VerbsDevice device;
  device.facts = VerbsFacts{.firmware = "1", .atomics = "device", .takes_dma_buffers = {}, .ports = {}};
  EXPECT_EQ(advice_on(device), "");
  device.facts->atomics = "none";
  EXPECT_THAT(advice_on(device), HasSubstr("emulates"));
}

TEST(VerbsAdvice, SaysWhatToDoAboutAPort) {
  EXPECT_THAT(advice_on(port("InfiniBand", "INIT")), HasSubstr("subnet manager"));
  EXPECT_THAT(advice_on(port("InfiniBand", "DOWN")), HasSubstr("cable"));
  EXPECT_THAT(advice_on(port("Ethernet", "DOWN")), HasSubstr("ip link set dev eth3 up"));
  VerbsPort poor = port("Ethernet", "ACTIVE");
  poor.facts->active_mtu_bytes = 1024;
  EXPECT_THAT(advice_on(poor), AllOf(HasSubstr("1024"), HasSubstr("ip link set dev eth3 mtu 4200")));
  poor.facts->gids.pop_back();
  EXPECT_THAT(advice_on(poor), AllOf(HasSubstr("ip addr add"), HasSubstr("1024")));
  poor.place.link_layer = "InfiniBand";
  EXPECT_THAT(advice_on(poor), HasSubstr("subnet manager decides"));
}

class VerbsFolder : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text << "\n";
  }
  testing::ScratchDirectory scratch_;
  std::filesystem::path root_ = scratch_.path("class");
  RdmaFolders folders_{.sysfs = root_ / "infiniband", .devices = root_ / "dev"};
  PciFolders pci_{.devices = root_ / "pci", .nvidia = root_ / "nvidia"};
};

TEST_F(VerbsFolder, ADeviceThatCannotBeAskedSaysSoInItsOwnEntry) {
  write("infiniband/unheard_of_0/ports/1/state", "4: ACTIVE");
  write("infiniband/unheard_of_0/ports/1/link_layer", "InfiniBand");
  write("infiniband/unheard_of_0/device/numa_node", "1");
  write("infiniband/unheard_of_1/node_type", "1: CA");  // it has not even ports
  write("infiniband_verbs/uverbs3/ibdev", "unheard_of_0");
  const auto devices = verbs_devices(20.0, folders_, pci_);
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_FALSE(devices[0].facts);
  EXPECT_THAT(devices[0].error, HasSubstr("ibv_get_device_list"));
  EXPECT_THAT(devices[0].advice, HasSubstr("--device /dev/infiniband"));  // dev/uverbs3 is not there
  EXPECT_EQ(devices[0].place.numa_node, 1);
  ASSERT_THAT(devices[0].ports, SizeIs(1));
  EXPECT_EQ(devices[0].ports[0].state(), "ACTIVE");
  EXPECT_EQ(devices[0].ports[0].gigabits(), 0.0);
  EXPECT_THAT(devices[1].advice, HasSubstr("ib_uverbs"));
}

TEST_F(VerbsFolder, MayBeMissing) { EXPECT_THAT(verbs_devices(20.0, folders_, pci_), SizeIs(0)); }

}  // namespace
}  // namespace wolfpack::transport
