// Where the parameters lie on the parameter server: w and b as one vector of features + 1 numbers, b last, cut into
// blocks of neighbours, a key each, so that several shards share the work.
//
//     const Parameters layout{.features = 123, .blocks = 2};
//     iteration.get(layout.weights(0));                     // parameters layout.begin(0) .. layout.begin(1) - 1
//
// Key k lives in shard k mod shards: block i is in shard i, since there are as many shards as blocks.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/types.hpp"
#include "ps/wire_layout.hpp"

namespace wolfpack::sgd {

struct Parameters {
  Index features = 0;
  std::uint32_t blocks = 1;  ///< 1 .. count(), as many as shards
  bool has_squares = true;   ///< AdaGrad's sums of squared gradients, in rows like those of the weights

  [[nodiscard]] Index count() const { return features + 1; }
  [[nodiscard]] Index intercept() const { return features; }

  /// The first parameter of a block; of block `blocks`, count(). Sizes differ by at most one.
  [[nodiscard]] Index begin(std::uint32_t block) const {
    const Index base = count() / blocks, larger = count() % blocks;
    return block * base + std::min<Index>(block, larger);
  }
  [[nodiscard]] std::uint32_t block_of(Index parameter) const {
    const Index base = count() / blocks, larger = count() % blocks;
    const Index in_larger = larger * (base + 1);
    return static_cast<std::uint32_t>(parameter < in_larger ? parameter / (base + 1)
                                                            : larger + (parameter - in_larger) / base);
  }

  [[nodiscard]] ps::Key weights(std::uint32_t block) const { return {block}; }
  [[nodiscard]] ps::Key squares(std::uint32_t block) const { return {blocks + block}; }
  /// In shard 0.
  [[nodiscard]] ps::Key evaluations() const { return {(has_squares ? 2 : 1) * blocks}; }
  [[nodiscard]] ps::Key candidate() const { return {evaluations().value + 1}; }
  [[nodiscard]] ps::Key best() const { return {evaluations().value + 2}; }
};

}  // namespace wolfpack::sgd
