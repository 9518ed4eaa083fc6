// The twin of devices.cu in a build without CUDA.
#include "gpu/devices.hpp"

namespace wolfpack::gpu {

std::vector<GpuDevice> list_devices() { return {}; }

std::string why_no_device() {
  return "this program was built without GPU support; build it with a CUDA toolkit and the preset cuda (cmake --preset "
         "cuda)";
}

}  // namespace wolfpack::gpu
