// Lists GPUs through the CUDA runtime. It is linked statically and loads the driver when first called, so the program
// also starts where there is none. Messages are joined by hand: nvcc refuses fmt 9's format strings, checked when
// compiled.
#include <cctype>
#include <cuda_runtime_api.h>

#include "gpu/devices.hpp"

namespace wolfpack::gpu {
namespace {

/// Asked for by name only: whether the program holds code for a device's architecture.
__global__ void code_for_this_device() {}

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

/// Why kernels cannot run on the current device; empty where they can.
std::string why_not_usable() {
  cudaFuncAttributes attributes;
  const cudaError_t error = cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(code_for_this_device));
  if (error == cudaSuccess) return {};
  (void)cudaGetLastError();  // an error that is not fetched comes back from a later, innocent call
  return describe("cudaFuncGetAttributes", error);
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
  if (const cudaError_t error = cudaSetDevice(ordinal); error != cudaSuccess) {
    (void)cudaGetLastError();
    device.why_not_usable = describe("cudaSetDevice", error);
  } else {
    device.why_not_usable = why_not_usable();
  }
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
  int current = 0;
  const bool restore = cudaGetDevice(&current) == cudaSuccess;
  std::vector<GpuDevice> devices;
  for (int ordinal = 0; ordinal < count.devices; ++ordinal) devices.push_back(describe_device(ordinal));
  if (restore) (void)cudaSetDevice(current);
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
