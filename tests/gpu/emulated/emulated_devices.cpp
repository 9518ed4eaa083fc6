// The twin of gpu/devices.cu for the emulated device.
#include "gpu/devices.hpp"

namespace wolfpack::gpu {

std::vector<GpuDevice> list_devices() {
  return {{.ordinal = 0,
           .name = "emulated on the CPU",
           .pci_address = {},
           .compute_major = 9,
           .compute_minor = 0,
           .memory_bytes = std::uint64_t{1} << 30,
           .driver = {13, 0},
           .runtime = {13, 0},
           .why_not_usable = {}}};
}

std::string why_no_device() { return {}; }

}  // namespace wolfpack::gpu
