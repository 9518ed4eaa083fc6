// Which GPU is nearest to an RDMA device, told from the tree of PCI devices as the kernel shows it.
#include "transport/pci_devices.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/scratch_directory.hpp"

namespace wolfpack::transport {
namespace {

namespace fs = std::filesystem;

class PciTree : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folders_.devices); }

  /// A device at the end of `path` ("pci0000:3a/0000:3a:00.0/0000:3b:00.0"), with the kernel's link to it.
  fs::path add(const std::string& path, const std::string& vendor, const std::string& kind, int numa_node) {
    const fs::path folder = root_ / "devices" / path;
    fs::create_directories(folder);
    std::ofstream(folder / "vendor") << vendor << "\n";
    std::ofstream(folder / "class") << kind << "\n";
    std::ofstream(folder / "numa_node") << numa_node << "\n";
    const fs::path link = folders_.devices / folder.filename();
    fs::create_directory_symlink(folder, link);
    return link;
  }
  fs::path add_gpu(const std::string& path, int numa_node) { return add(path, "0x10de", "0x030200", numa_node); }
  fs::path add_adapter(const std::string& path, int numa_node) { return add(path, "0x15b3", "0x020700", numa_node); }

  testing::ScratchDirectory scratch_;
  fs::path root_ = scratch_.path("sys");
  PciFolders folders_{.devices = root_ / "bus/pci/devices", .nvidia = root_ / "nvidia"};
};

TEST_F(PciTree, GpusAreWhatComputes) {
  add_gpu("pci0000:3a/0000:3a:00.0/0000:3b:00.0", 0);
  add("pci0000:00/0000:00:02.0", "0x1a03", "0x030000", -1);  // a server's own display
  add("pci0000:00/0000:00:03.0", "0x8086", "0x030000", -1);  // a processor's
  add("pci0000:80/0000:80:01.0", "0x1002", "0x038000", 1);
  add_adapter("pci0000:3a/0000:3a:01.0", 0);
  fs::create_directories(folders_.nvidia / "0000:3b:00.0");
  std::ofstream(folders_.nvidia / "0000:3b:00.0/information") << "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 42\n";
  const auto gpus = pci_gpus(folders_);
  ASSERT_EQ(gpus.size(), 2u);
  EXPECT_EQ(gpus[0].name, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(gpus[0].place.address, "0000:3b:00.0");
  EXPECT_EQ(gpus[0].place.numa_node, 0);
  EXPECT_EQ(gpus[1].name, "AMD");
}

TEST_F(PciTree, TheNearestGpuIsTheOneThatSharesMostOfTheWay) {
  const auto place = pci_place(add_adapter("pci0000:3a/0000:3a:00.0/0000:3b:00.0/0000:3c:00.0/0000:3d:00.0", 0));
  EXPECT_EQ(place.address, "0000:3d:00.0");
  EXPECT_FALSE(nearest_gpu(place, pci_gpus(folders_)));

  const auto nearest = [&] {
    const auto found = nearest_gpu(place, pci_gpus(folders_));
    return found ? found->gpu.place.address + " " + to_string(found->distance) : "";
  };
  add_gpu("pci0000:c0/0000:c0:00.0/0000:c1:00.0", 1);
  EXPECT_EQ(nearest(), "0000:c1:00.0 SYS");
  add_gpu("pci0000:b0/0000:b0:00.0/0000:b1:00.0", 0);
  EXPECT_EQ(nearest(), "0000:b1:00.0 NODE");
  add_gpu("pci0000:3a/0000:3a:05.0/0000:a1:00.0", 0);
  EXPECT_EQ(nearest(), "0000:a1:00.0 PHB");
  add_gpu("pci0000:3a/0000:3a:00.0/0000:3b:00.0/0000:3c:01.0/0000:90:00.0/0000:91:00.0", 0);
  EXPECT_EQ(nearest(), "0000:91:00.0 PXB");
  add_gpu("pci0000:3a/0000:3a:00.0/0000:3b:00.0/0000:3c:02.0/0000:80:00.0", 0);
  EXPECT_EQ(nearest(), "0000:80:00.0 PIX");
}

TEST_F(PciTree, ADeviceOfNoBusIsNearByItsNodeOrNotAtAll) {
  add_gpu("pci0000:c0/0000:c0:00.0", 1);
  const auto gpus = pci_gpus(folders_);
  EXPECT_FALSE(nearest_gpu(pci_place(root_ / "nowhere"), gpus));
  PciPlace soft{.address = "", .numa_node = 1, .path = {}};
  ASSERT_TRUE(nearest_gpu(soft, gpus));
  EXPECT_EQ(nearest_gpu(soft, gpus)->distance, Distance::node);
}

TEST_F(PciTree, RelaxedOrderingIsReadFromTheDeviceControlRegister) {
  const fs::path device = add_adapter("pci0000:3a/0000:3a:01.0", 0);
  EXPECT_FALSE(may_relax_order(device)) << "no configuration space";
  std::string registers(256, '\0');
  const auto may = [&](std::size_t bytes) {
    std::ofstream(device / "config", std::ios::binary).write(registers.data(), static_cast<std::streamsize>(bytes));
    return may_relax_order(device);
  };
  EXPECT_FALSE(may(256)) << "no capabilities";
  registers[0x06] = 0x10;
  registers[0x34] = 0x40;
  registers[0x40] = 0x05;  // another capability, then PCI Express
  registers[0x41] = 0x60;
  registers[0x60] = 0x10;
  EXPECT_EQ(may(256), false);
  registers[0x68] = 0x10;
  EXPECT_EQ(may(256), true);
  EXPECT_FALSE(may(64)) << "all that a user who is not root gets";
  registers[0x60] = 0x05;
  registers[0x61] = 0x40;
  EXPECT_FALSE(may(256)) << "a list without an end";
}

}  // namespace
}  // namespace wolfpack::transport
