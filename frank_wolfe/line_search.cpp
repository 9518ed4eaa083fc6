#include "frank_wolfe/line_search.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

double exact_step(std::span<const double> w, std::span<const double> d, double max_step) {
  assert(w.size() == d.size() && max_step >= 0.0);
  const double largest = d.empty() ? 0.0 : map(d).cwiseAbs().maxCoeff();
  if (!(largest > 0.0) || !std::isfinite(largest)) return 0.0;
  // ||d||^2 overflows long before d does. A power of two changes no digit of what does not overflow.
  const double scale = std::exp2(std::ilogb(largest));
  const auto scaled = map(d) / scale;
  const double descent = map(w).dot(scaled);
  if (!(descent > 0.0)) return 0.0;
  return std::min(descent / scaled.squaredNorm() / scale, max_step);
}

}  // namespace wolfpack::frank_wolfe
