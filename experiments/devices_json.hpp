// What `wolfpack devices --json` prints. Keys are kept stable: people's scripts read them. What cannot be known is
// null; every `advice` is what to do, empty where all is well.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gpu/devices.hpp"
#include "transport/devices.hpp"

namespace wolfpack::experiments {

struct DevicesFound {
  transport::Devices devices;
  std::vector<gpu::GpuDevice> gpus;  ///< that this program can compute on, by CUDA
  std::string why_no_gpu;
};

[[nodiscard]] nlohmann::ordered_json devices_json(const DevicesFound& found);

}  // namespace wolfpack::experiments
