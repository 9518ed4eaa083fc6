// Eigen views of our memory, for the sources of this folder only: no public header shows Eigen.
#pragma once

#include <span>
#include <type_traits>

#include <Eigen/Core>

namespace wolfpack::frank_wolfe {

/// A vector or a span of doubles as an Eigen vector, constant where the doubles are.
template <class Values>
[[nodiscard]] auto map(Values&& values) {
  const std::span span(values);
  using Vector = std::conditional_t<std::is_const_v<typename decltype(span)::element_type>, const Eigen::VectorXd,
                                    Eigen::VectorXd>;
  return Eigen::Map<Vector>(span.data(), static_cast<Eigen::Index>(span.size()));
}

inline double dot(std::span<const double> a, std::span<const double> b) { return map(a).dot(map(b)); }

}  // namespace wolfpack::frank_wolfe
