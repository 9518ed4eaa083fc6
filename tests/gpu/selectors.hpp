// What the tests of the GPU backend share. They are built twice: for a device, where there is one, and with the kernels
// on the CPU (emulated/), which is part of the unit tests.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cpu/reference_atom_selector.hpp"
#include "gpu/atom_selector.hpp"
#include "gpu/devices.hpp"
#include "tests/unit/cpu_problems.hpp"

namespace wolfpack::gpu {

using cpu::all_storages;
using cpu::column_numbers;
using cpu::dense;
using cpu::DualWalk;
using cpu::hard_columns;
using cpu::sparse;

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Skipped, with the reason, where there is no device.
class OnGpu : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = why_no_device(); !reason.empty()) GTEST_SKIP() << reason;
  }
};

inline std::unique_ptr<AtomSelector> selector_of(const Matrix& matrix, const cpu::ColumnTransform& transform = {}) {
  return make_gpu_atom_selector(view(matrix), {.transform = transform}).selector;
}

}  // namespace wolfpack::gpu
