// The dual vector of a pass on the device, in float64 and, scaled, in float32. For atom_selector.cu.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "base/types.hpp"
#include "gpu/device_buffer.cuh"

namespace wolfpack::gpu {

/// Padded with zeros to whole vectors of any stored type.
class DeviceDual {
 public:
  explicit DeviceDual(Index rows)
      : padded_((static_cast<std::size_t>(rows) + 7) / 8 * 8 + 8),
        exact_(padded_),
        narrow_(padded_),
        staged_exact_(padded_),
        staged_narrow_(padded_) {}

  /// On its way to the device afterwards. In float32 it is divided by a power of two that leaves its largest value
  /// between 1 and 2: so what is lost of small values is small beside its norm.
  void send(std::span<const double> dual, bool narrow_too, const Stream& stream) {
    std::fill_n(staged_exact_.data(), padded_, 0.0);
    std::copy(dual.begin(), dual.end(), staged_exact_.data());
    copy_to_device(exact_.data(), staged_exact_.data(), padded_, stream.get());
    if (!narrow_too) return;
    double largest = 0.0;
    for (const double value : dual) largest = std::max(largest, std::abs(value));
    exponent_ = largest > 0.0 ? std::ilogb(largest) : 0;
    // In two steps, of which none leaves the range of float64.
    const double half = std::ldexp(1.0, -exponent_ / 2), rest = std::ldexp(1.0, -exponent_ - (-exponent_ / 2));
    for (std::size_t i = 0; i < padded_; ++i) staged_narrow_[i] = static_cast<float>(staged_exact_[i] * half * rest);
    copy_to_device(narrow_.data(), staged_narrow_.data(), padded_, stream.get());
  }

  /// On the device.
  template <class Real>
  [[nodiscard]] const Real* in() const {
    if constexpr (std::is_same_v<Real, float>) {
      return narrow_.data();
    } else {
      return exact_.data();
    }
  }
  /// What products with the float32 vector have to be multiplied by.
  [[nodiscard]] double scale() const { return std::ldexp(1.0, exponent_); }
  [[nodiscard]] std::uint64_t bytes() const { return exact_.bytes() + narrow_.bytes(); }

 private:
  std::size_t padded_;
  DeviceArray<double> exact_;
  DeviceArray<float> narrow_;
  PinnedArray<double> staged_exact_;
  PinnedArray<float> staged_narrow_;
  int exponent_ = 0;
};

}  // namespace wolfpack::gpu
