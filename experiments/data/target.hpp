// The target y from a file of its own.
#pragma once

#include <string>
#include <vector>

namespace wolfpack::data {

/// y from a .npy file of shape (n,) or (n, 1), float or integer, or from text with one number a line (# begins a
/// comment; blank lines at the end only); each also gzipped. All finite, at least one. Throws InputError.
[[nodiscard]] std::vector<double> read_target(const std::string& path);

}  // namespace wolfpack::data
