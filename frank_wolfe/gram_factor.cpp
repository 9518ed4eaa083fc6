#include "frank_wolfe/gram_factor.hpp"

#include <cassert>
#include <cmath>

#include "frank_wolfe/eigen_map.hpp"

namespace wolfpack::frank_wolfe {

void GramFactor::clear() {
  size_ = 0;
  packed_.clear();
}

void GramFactor::solve_transposed(std::span<double> v) const {
  assert(static_cast<Index>(v.size()) == size_);
  for (Index j = 0; j < size_; ++j) {
    const auto above = static_cast<std::size_t>(j);
    const double* column = packed_.data() + start(j);
    v[above] = (v[above] - dot(std::span(column, above), v.first(above))) / column[j];
  }
}

void GramFactor::solve(std::span<double> v) const {
  assert(static_cast<Index>(v.size()) == size_);
  Index j = size_;
  // Two columns at a time: v is read and written half as often.
  for (; j >= 2; j -= 2) {
    const auto above = static_cast<std::size_t>(j - 2);
    const double* left = packed_.data() + start(j - 2);
    const double* right = packed_.data() + start(j - 1);
    v[above + 1] /= right[j - 1];
    v[above] = (v[above] - v[above + 1] * right[j - 2]) / left[j - 2];
    map(v.first(above)) -= v[above + 1] * map(std::span(right, above)) + v[above] * map(std::span(left, above));
  }
  if (j == 1) v[0] /= packed_[0];
}

void GramFactor::append(std::span<const double> row, double pivot) {
  assert(static_cast<Index>(row.size()) == size_ && pivot > 0.0);
  packed_.insert(packed_.end(), row.begin(), row.end());
  packed_.push_back(pivot);
  ++size_;
}

namespace {

struct Rotation {
  double cosine;
  double sine;
};

// Turns the pairs (v[i], v[i + 1]) for i = begin, begin + 1, ... and writes the result to `out`, which may be v or lie
// before it. The last value is not written but returned.
double turn(const std::vector<Rotation>& rotations, const double* v, double* out, std::size_t begin) {
  double carried = v[begin];
  for (std::size_t i = 0; i < rotations.size(); ++i) {
    const auto [cosine, sine] = rotations[i];
    const double next = v[begin + i + 1];
    out[begin + i] = cosine * carried + sine * next;
    carried = cosine * next - sine * carried;
  }
  return carried;
}

}  // namespace

void GramFactor::remove(Index position, std::span<double> first, std::span<double> second) {
  assert(position >= 0 && position < size_);
  const auto begin = static_cast<std::size_t>(position);
  std::vector<Rotation> rotations;
  rotations.reserve(static_cast<std::size_t>(size_ - position));
  for (Index j = position + 1; j < size_; ++j) {
    // The old column j becomes column j - 1: the rotations so far, then one that turns its last value into the one
    // above.
    const double* from = packed_.data() + start(j);
    double* to = packed_.data() + start(j - 1);
    for (std::size_t i = 0; i < begin; ++i) to[i] = from[i];
    const double last = from[j];
    const double above = turn(rotations, from, to, begin);
    const double pivot = std::hypot(above, last);
    rotations.push_back({above / pivot, last / pivot});
    to[j - 1] = pivot;
  }
  turn(rotations, first.data(), first.data(), begin);
  turn(rotations, second.data(), second.data(), begin);
  --size_;
  packed_.resize(start(size_));
}

}  // namespace wolfpack::frank_wolfe
