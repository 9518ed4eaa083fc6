// GPUs as the PCI bus shows them, and how near each is to an RDMA device: what their traffic has to pass is what
// decides how fast one reads the other. Needs no driver of theirs and no CUDA.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wolfpack::transport {

struct PciFolders {
  std::filesystem::path devices = "/sys/bus/pci/devices";
  std::filesystem::path nvidia = "/proc/driver/nvidia/gpus";  ///< where NVIDIA's driver tells the names
};

/// Where a device sits.
struct PciPlace {
  std::string address;  ///< "0000:3b:00.0"; empty: not on a PCI bus
  int numa_node = -1;   ///< -1: unknown, or there is but one
  /// Root complex, bridges and switches that lead to it, and itself: "pci0000:3a", "0000:3a:00.0", "0000:3b:00.0".
  std::vector<std::string> path;
};

struct PciGpu {
  PciPlace place;
  std::string name;  ///< "NVIDIA H100 80GB HBM3", or no more than "NVIDIA"
};

/// How near two devices are, in the words of nvidia-smi topo: the nearest first.
enum class Distance {
  pix,   ///< at most one switch lies between them
  pxb,   ///< several, but not the processor's root complex
  phb,   ///< one root complex
  node,  ///< one NUMA node
  sys    ///< the connection between NUMA nodes
};
[[nodiscard]] std::string to_string(Distance distance);

/// By address. Displays that compute nothing (a server's VGA) are none.
[[nodiscard]] std::vector<PciGpu> pci_gpus(const PciFolders& folders = {});

/// Of the device whose folder in sysfs is `device`, a link or not. Without an address where it is no PCI device.
[[nodiscard]] PciPlace pci_place(const std::filesystem::path& device);

/// None where nothing is known of one of them.
[[nodiscard]] std::optional<Distance> distance(const PciPlace& a, const PciPlace& b);

struct NearestGpu {
  PciGpu gpu;
  Distance distance = Distance::sys;
};
/// The first of the nearest; none where there is no GPU or it cannot be known.
[[nodiscard]] std::optional<NearestGpu> nearest_gpu(const PciPlace& place, const std::vector<PciGpu>& gpus);

/// Whether the device may mark its writes as free to overtake each other ("Enable Relaxed Ordering" of PCI Express's
/// device control register). None where that cannot be read: it takes root.
[[nodiscard]] std::optional<bool> may_relax_order(const std::filesystem::path& device);

}  // namespace wolfpack::transport
