// The instance of the distributed Frank-Wolfe papers: a random sparse matrix with unit columns and a target that a
// sparse, non-negative combination of them explains.
//
//   A      d x n, round(density * d * n) entries at places drawn uniformly without replacement, U(0, 1), columns scaled
//   to unit l2 norm alpha  `nonzeros` columns drawn uniformly without replacement (empty ones too), U(0, 1), scaled to
//   the sum 1 y      A alpha + noise * u, u a random unit vector
//
// Source: Bellet, Liang, Garakani, Balcan, Sha, "A Distributed Frank-Wolfe Algorithm for Communication-Efficient Sparse
// Learning", SDM 2015 (arXiv 1404.2644). At density 0.001 and 1,000 rows about 37% of the columns are empty: judge a
// solution by its objective and gap.
//
// The same options give the same bits with any standard library: random numbers come from the bits of std::mt19937_64,
// which the standard fixes, by arithmetic of our own, and not from the library's distributions, which it leaves open.
#pragma once

#include <cstdint>
#include <vector>

#include "base/matrix.hpp"

namespace wolfpack::data {

struct SyntheticOptions {
  Index rows = 1000;
  Index columns = 10000;
  double density = 0.001;  ///< in (0, 1]
  Index nonzeros = 100;    ///< of alpha, 1 .. columns
  double noise = 0.0;      ///< the length of the noise vector, >= 0
  std::uint64_t seed = 0;
};

struct SyntheticInstance {
  SparseMatrix<double> matrix;
  std::vector<double> target;
  std::vector<double> coefficients;  ///< alpha, n values
};

/// Throws InputError naming the command line's option that is out of its range.
[[nodiscard]] SyntheticInstance make_synthetic(const SyntheticOptions& options);

}  // namespace wolfpack::data
