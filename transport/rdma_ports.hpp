// The RDMA ports of this machine, as the kernel shows them, and which one a process uses.
//
// A process uses one port for all that it sends and receives: what arrives through one port arrives in its order, and
// the protocols count on that order (ARCHITECTURE.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace wolfpack::transport {

struct RdmaPort {
  std::string device;      ///< "mlx5_0"
  int port = 1;            ///< from 1
  std::string state;       ///< "ACTIVE", "DOWN", "INIT", "ARMED"
  std::string link_layer;  ///< "InfiniBand", "Ethernet"
  int numa_node = -1;      ///< -1: unknown, or there is but one
  std::string verbs_file;  ///< what a process opens to use the device, in /dev/infiniband; empty: there is none

  /// As UCX writes it: "mlx5_0:1".
  [[nodiscard]] std::string name() const;
};

/// Where the kernel shows them; another folder for tests.
struct RdmaFolders {
  std::filesystem::path sysfs = "/sys/class/infiniband";
  std::filesystem::path devices = "/dev/infiniband";
};

/// By device and port; empty where there is no RDMA device.
[[nodiscard]] std::vector<RdmaPort> rdma_ports(const RdmaFolders& folders = {});

/// The port to use: `wanted`, "mlx5_0:1" or "mlx5_0", where it is not empty; else the first that is active and may be
/// opened, or one of the same link layer on the NUMA node that this process runs on. Throws InputError with what to do
/// where there is no device, no active port, no right to use it, or more than one wanted.
[[nodiscard]] RdmaPort choose_rdma_port(const std::vector<RdmaPort>& ports, const std::string& wanted, int numa_node);

}  // namespace wolfpack::transport
