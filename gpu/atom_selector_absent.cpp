#include "gpu/atom_selector.hpp"
#include "gpu/devices.hpp"

namespace wolfpack::gpu {

GpuSelector make_gpu_atom_selector(const MatrixView& /*partition*/, GpuSelectorOptions /*options*/) {
  throw RuntimeFailure("no atoms can be chosen on a GPU: " + why_no_device());
}

}  // namespace wolfpack::gpu
