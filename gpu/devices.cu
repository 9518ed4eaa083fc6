// Lists GPUs through the CUDA runtime. It is linked statically and loads the driver when first called, so the program
// also starts where there is none. Messages are joined by hand: nvcc refuses fmt 9's format strings, checked when
// compiled.
#include <cctype>
#include <cuda_runtime_api.h>

#include "gpu/devices.hpp"

namespace wolfpack::gpu {
namespace {

/// The compute capabilities (times 100 and 10) that the program holds code for, smallest first; newer devices compile
/// its PTX.
constexpr int kArchitectures[] = {__CUDA_ARCH_LIST__};

std::string text_of(CudaVersion version) { return std::to_string(version.major) + "." + std::to_string(version.minor); }

CudaVersion version_of(int number) { return {number / 1000, number % 1000 / 10}; }

CudaVersion driver_version() {
  int number = 0;
  return cudaDriverGetVersion(&number) == cudaSuccess ? version_of(number) : CudaVersion{};
}

CudaVersion runtime_version() {
  int number = 0;
  return cudaRuntimeGetVersion(&number) == cudaSuccess ? version_of(number) : CudaVersion{};
}

std::string describe(const char* call, cudaError_t error) {
  return std::string(call) + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")";
}

/// Why kernels cannot run on such a device; empty where they can. Asks nothing that would take memory on it.
std::string why_not_usable(int major, int minor) {
  const int oldest = kArchitectures[0];
  if (major * 100 + minor * 10 >= oldest) return {};
  return "its compute capability is " + text_of({major, minor}) + "; this program is built for " +
         text_of({oldest / 100, oldest % 100 / 10}) + " and newer";
}

GpuDevice describe_device(int ordinal) {
  GpuDevice device;
  device.ordinal = ordinal;
  device.driver = driver_version();
  device.runtime = runtime_version();
  cudaDeviceProp properties;
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, ordinal); error != cudaSuccess) {
    (void)cudaGetLastError();
    device.why_not_usable = describe("cudaGetDeviceProperties", error);
    return device;
  }
  device.name = properties.name;
  char address[32] = "";
  if (cudaDeviceGetPCIBusId(address, sizeof(address), ordinal) != cudaSuccess) (void)cudaGetLastError();
  device.pci_address = address;
  for (char& letter : device.pci_address) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  device.compute_major = properties.major;
  device.compute_minor = properties.minor;
  device.memory_bytes = properties.totalGlobalMem;
  device.why_not_usable = why_not_usable(properties.major, properties.minor);
  return device;
}

/// How many devices there are, and what CUDA says where it finds none.
struct Count {
  int devices = 0;
  cudaError_t error = cudaSuccess;
};

Count count_devices() {
  Count count;
  count.error = cudaGetDeviceCount(&count.devices);
  if (count.error == cudaSuccess) return count;
  (void)cudaGetLastError();
  count.devices = 0;
  return count;
}

std::string why_none(cudaError_t error) {
  const CudaVersion driver = driver_version();
  const CudaVersion runtime = runtime_version();
  if (driver.major == 0)
    return "no NVIDIA driver is loaded: install one, or start the container with its GPUs (nvidia-smi must list them)";
  if (error == cudaErrorInsufficientDriver)
    return "the NVIDIA driver supports CUDA " + text_of(driver) + " and this program was built with " +
           text_of(runtime) + ": update the driver, or build with an older toolkit";
  if (error == cudaErrorNoDevice || error == cudaSuccess)
    return "the NVIDIA driver shows no device: see nvidia-smi, and CUDA_VISIBLE_DEVICES if it is set";
  return describe("cudaGetDeviceCount", error);
}

}  // namespace

std::vector<GpuDevice> list_devices() {
  const Count count = count_devices();
  if (count.devices == 0) return {};
  std::vector<GpuDevice> devices;
  for (int ordinal = 0; ordinal < count.devices; ++ordinal) devices.push_back(describe_device(ordinal));
  return devices;
}

std::string why_no_device() {
  const Count count = count_devices();
  if (count.devices == 0) return why_none(count.error);
  std::string reasons;
  for (const GpuDevice& device : list_devices()) {
    if (device.why_not_usable.empty()) return {};
    reasons += (reasons.empty() ? "GPU " : "; GPU ") + std::to_string(device.ordinal) + " (" + device.name +
               "): " + device.why_not_usable;
  }
  return reasons;
}

}  // namespace wolfpack::gpu
