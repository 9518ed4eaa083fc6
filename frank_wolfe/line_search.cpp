#include "frank_wolfe/line_search.hpp"

#include <algorithm>
#include <cassert>

#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

double exact_step(std::span<const double> w, std::span<const double> d, double max_step) {
  assert(w.size() == d.size() && max_step >= 0.0);
  const double descent = dot(w, d);
  const double curvature = dot(d, d);
  if (!(descent > 0.0) || !(curvature > 0.0)) return 0.0;
  return std::min(descent / curvature, max_step);
}

}  // namespace wolfpack::frank_wolfe
