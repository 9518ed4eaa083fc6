#include "transport/pci_devices.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

#include "transport/sysfs.hpp"

namespace wolfpack::transport {
namespace {

namespace fs = std::filesystem;

bool is_address(const std::string& name) {
  static const std::regex address(R"([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])");
  return std::regex_match(name, address);
}

/// Who makes GPUs that compute; empty for others.
std::string maker(const fs::path& device) {
  const std::string vendor = sysfs::first_line(device / "vendor");
  return vendor == "0x10de" ? "NVIDIA" : vendor == "0x1002" ? "AMD" : vendor == "0x8086" ? "Intel" : "";
}

bool is_gpu(const fs::path& device) {
  const std::string kind = sysfs::first_line(device / "class");  // "0x030200"
  const std::string made_by = maker(device);
  const bool is_display = kind.starts_with("0x0300");  // of Intel's, those are in the processor
  const bool is_accelerator = kind.starts_with("0x0302") || kind.starts_with("0x0380") || kind.starts_with("0x1200");
  return !made_by.empty() && (is_accelerator || (is_display && made_by != "Intel"));
}

/// "Model: \t\t NVIDIA H100 80GB HBM3" of the driver's file.
std::string name_by_driver(const fs::path& file) {
  static const std::regex model(R"(Model:\s+(.*\S)\s*)");
  std::ifstream stream(file);
  std::smatch match;
  for (std::string line; std::getline(stream, line);)
    if (std::regex_match(line, match, model)) return match[1];
  return "";
}

}  // namespace

std::string to_string(Distance distance) {
  switch (distance) {
    case Distance::pix:
      return "PIX";
    case Distance::pxb:
      return "PXB";
    case Distance::phb:
      return "PHB";
    case Distance::node:
      return "NODE";
    case Distance::sys:
      break;
  }
  return "SYS";
}

PciPlace pci_place(const fs::path& device) {
  std::error_code error;
  const fs::path real = fs::canonical(device, error);
  PciPlace place;
  place.numa_node = sysfs::number(sysfs::first_line(device / "numa_node"), -1);
  if (error) return place;
  // A virtual function or a device on some bus of a PCI device counts as that device.
  for (const fs::path& part : real) {
    static const std::regex root_complex("pci[0-9a-f]{4,}:[0-9a-f]{2}");
    const std::string name = part.string();
    if (std::regex_match(name, root_complex) || is_address(name)) place.path.push_back(name);
    if (is_address(name)) place.address = name;
  }
  return place;
}

std::vector<PciGpu> pci_gpus(const PciFolders& folders) {
  std::vector<PciGpu> gpus;
  for (const std::string& address : sysfs::names_in(folders.devices)) {
    const fs::path device = folders.devices / address;
    if (!is_gpu(device)) continue;
    std::string name = name_by_driver(folders.nvidia / address / "information");
    gpus.push_back({pci_place(device), name.empty() ? maker(device) : std::move(name)});
  }
  return gpus;
}

std::optional<Distance> distance(const PciPlace& a, const PciPlace& b) {
  const auto [end_a, end_b] = std::mismatch(a.path.begin(), a.path.end(), b.path.begin(), b.path.end());
  const auto shared = end_a - a.path.begin();
  // Below the last that they share: a switch's downstream port, and the device.
  const auto below = std::max(a.path.end() - end_a, b.path.end() - end_b);
  if (shared > 1) return below <= 2 ? Distance::pix : Distance::pxb;
  if (shared == 1) return Distance::phb;
  if (a.numa_node != b.numa_node)
    return a.numa_node < 0 || b.numa_node < 0 ? std::nullopt : std::optional(Distance::sys);
  if (a.numa_node >= 0 || (!a.address.empty() && !b.address.empty())) return Distance::node;
  return std::nullopt;
}

std::optional<NearestGpu> nearest_gpu(const PciPlace& place, const std::vector<PciGpu>& gpus) {
  std::optional<NearestGpu> nearest;
  for (const PciGpu& gpu : gpus)
    if (const auto away = distance(place, gpu.place); away && (!nearest || *away < nearest->distance))
      nearest = NearestGpu{gpu, *away};
  return nearest;
}

std::optional<bool> may_relax_order(const fs::path& device) {
  std::ifstream stream(device / "config", std::ios::binary);
  const std::string registers{std::istreambuf_iterator<char>(stream), {}};
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(registers[at]); };
  // Of the configuration space's header and of a list of capabilities, as the PCI specification lays them out.
  constexpr std::size_t kHeaderBytes = 64, kStatus = 0x06, kFirstCapability = 0x34;
  constexpr unsigned kHasCapabilities = 1 << 4, kPciExpress = 0x10, kDeviceControl = 8, kRelaxedOrdering = 1 << 4;
  if (registers.size() <= kHeaderBytes || (byte(kStatus) & kHasCapabilities) == 0) return {};
  std::size_t at = byte(kFirstCapability) & ~3U;
  constexpr int kMostCapabilities = 48;  // a list that bites its tail ends
  for (int i = 0; i < kMostCapabilities && at >= kHeaderBytes && at + kDeviceControl < registers.size(); ++i) {
    if (byte(at) == kPciExpress) return (byte(at + kDeviceControl) & kRelaxedOrdering) != 0;
    at = byte(at + 1) & ~3U;
  }
  return {};
}

}  // namespace wolfpack::transport
