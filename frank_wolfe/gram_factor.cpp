#include "frank_wolfe/gram_factor.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "frank_wolfe/dense_kernels.hpp"

namespace wolfpack::frank_wolfe {

namespace {

constexpr Index kSideBySide = 4;
constexpr Index kBlock = 32;

std::size_t at(Index j) { return static_cast<std::size_t>(j); }

}  // namespace

void GramFactor::clear() {
  size_ = 0;
  packed_.clear();
}

void GramFactor::truncate(Index size) {
  assert(size >= 0 && size <= size_);
  size_ = size;
  packed_.resize(start(size));
}

void GramFactor::solve_transposed(std::span<double> v, Index begin) const {
  assert(static_cast<Index>(v.size()) == size_ && begin >= 0);
  for (Index j = begin; j < size_; ++j) {
    const auto above = static_cast<std::size_t>(j);
    const double* column = packed_.data() + start(j);
    v[above] = (v[above] - kernels().dot(column, v.data(), j)) / column[j];
  }
}

void GramFactor::solve_transposed_block(std::span<double> block, Index count) const {
  assert(static_cast<Index>(block.size()) == size_ * count);
  // Four columns by what stands before them, then by each other; four vectors at a time, and of a block of them while
  // the columns are near the processor.
  const auto solve_tile = [&](Index j, Index width, const double* const* columns, Index first, Index several) {
    double* v[kSideBySide];
    for (Index k = 0; k < several; ++k) v[k] = block.data() + (first + k) * size_;
    double sums[kSideBySide * kSideBySide];
    kernels().tile(columns, width, v, several, j, sums, kSideBySide);
    for (Index k = 0; k < several; ++k) {
      for (Index i = 0; i < width; ++i) {
        double value = v[k][j + i] - sums[i + k * kSideBySide];
        for (Index above = j; above < j + i; ++above) value -= columns[i][above] * v[k][above];
        v[k][j + i] = value / columns[i][j + i];
      }
    }
  };
  for (Index begin = 0; begin < count; begin += kBlock) {
    const Index end = std::min(begin + kBlock, count);
    for (Index j = 0; j < size_; j += kSideBySide) {
      const Index width = std::min(kSideBySide, size_ - j);
      const double* columns[kSideBySide];
      for (Index i = 0; i < width; ++i) columns[i] = packed_.data() + start(j + i);
      for (Index first = begin; first < end; first += kSideBySide)
        solve_tile(j, width, columns, first, std::min(kSideBySide, end - first));
    }
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
    kernels().add_two(-v[above + 1], right, -v[above], left, v.data(), j - 2);
  }
  if (j == 1) v[0] /= packed_[0];
}

std::vector<double> GramFactor::product(std::span<const double> v) const {
  assert(static_cast<Index>(v.size()) == size_);
  std::vector<double> result(v.size(), 0.0);
  for (Index j = 0; j < size_; j += 2) {
    const double* left = packed_.data() + start(j);
    if (j + 1 == size_) {
      kernels().add_two(v[at(j)], left, 0.0, left, result.data(), j + 1);
      break;
    }
    const double* right = packed_.data() + start(j + 1);
    kernels().add_two(v[at(j)], left, v[at(j + 1)], right, result.data(), j + 1);
    result[at(j + 1)] += v[at(j + 1)] * right[j + 1];
  }
  return result;
}

void GramFactor::append(std::span<const double> row, double pivot) {
  assert(static_cast<Index>(row.size()) == size_ && pivot > 0.0);
  packed_.insert(packed_.end(), row.begin(), row.end());
  packed_.push_back(pivot);
  ++size_;
}

namespace {

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
  // The old column j becomes column j - 1: the rotations so far, then one that turns its last value into the one above.
  // Four columns are turned side by side by the rotations that all of them need, and then one after another by theirs.
  for (Index j = position + 1; j < size_; j += kSideBySide) {
    const Index count = std::min(kSideBySide, size_ - j);
    const auto common = static_cast<std::size_t>(j - position - 1);
    const double* from[kSideBySide];
    double* to[kSideBySide];
    double carried[kSideBySide];
    for (Index k = 0; k < count; ++k) {
      from[k] = packed_.data() + start(j + k) + begin;
      to[k] = packed_.data() + start(j + k - 1) + begin;
      std::copy_n(from[k] - begin, begin, to[k] - begin);
    }
    if (count == kSideBySide) {
      kernels().rotate_four(rotations.data(), static_cast<std::int64_t>(common), from, to, carried);
    } else {
      for (Index k = 0; k < count; ++k) carried[k] = turn(rotations, from[k], to[k], 0);
    }
    for (Index k = 0; k < count; ++k) {
      for (std::size_t i = common; i < rotations.size(); ++i) {
        const auto [cosine, sine] = rotations[i];
        const double next = from[k][i + 1];
        to[k][i] = cosine * carried[k] + sine * next;
        carried[k] = cosine * next - sine * carried[k];
      }
      const double last = from[k][rotations.size() + 1];
      const double pivot = std::hypot(carried[k], last);
      to[k][rotations.size()] = pivot;
      rotations.push_back({carried[k] / pivot, last / pivot});
    }
  }
  turn(rotations, first.data(), first.data(), begin);
  turn(rotations, second.data(), second.data(), begin);
  --size_;
  packed_.resize(start(size_));
}

}  // namespace wolfpack::frank_wolfe
