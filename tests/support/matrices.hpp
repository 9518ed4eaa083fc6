// What tests of the data readers share: a matrix as plain rows of numbers, and the message of an InputError.
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "base/matrix.hpp"
#include "base/status.hpp"
#include "experiments/data/dataset.hpp"

namespace wolfpack::testing {

using NumberRows = std::vector<std::vector<double>>;

template <class Scalar>
NumberRows to_rows(const DenseView<Scalar>& a) {
  NumberRows rows(static_cast<std::size_t>(a.rows), std::vector<double>(static_cast<std::size_t>(a.columns)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows[i].size(); ++j) rows[i][j] = a.column(static_cast<Index>(j))[i];
  }
  return rows;
}

template <class Scalar>
NumberRows to_rows(const SparseView<Scalar>& a) {
  NumberRows rows(static_cast<std::size_t>(a.rows), std::vector<double>(static_cast<std::size_t>(a.columns)));
  EXPECT_EQ(a.column_starts.size(), static_cast<std::size_t>(a.columns) + 1);
  for (std::size_t j = 0; j < static_cast<std::size_t>(a.columns); ++j) {
    for (auto k = static_cast<std::size_t>(a.column_starts[j]); k < static_cast<std::size_t>(a.column_starts[j + 1]);
         ++k) {
      rows.at(static_cast<std::size_t>(a.row_indices[k])).at(j) = a.values[k];
      if (k > static_cast<std::size_t>(a.column_starts[j])) {
        EXPECT_LT(a.row_indices[k - 1], a.row_indices[k]);
      }
    }
  }
  return rows;
}

inline NumberRows to_rows(const Matrix& matrix) {
  return std::visit([](const auto& a) { return to_rows(a.view()); }, matrix);
}

inline NumberRows all_rows(const data::Dataset& data) { return to_rows(data.load({0, data.columns()})); }

/// Columns first .. first + count - 1 of `rows`.
inline NumberRows some_columns(const NumberRows& rows, std::size_t first, std::size_t count) {
  NumberRows part;
  for (const auto& row : rows)
    part.emplace_back(row.begin() + static_cast<long>(first), row.begin() + static_cast<long>(first + count));
  return part;
}

/// The message of the InputError that `call` throws; a test failure where it throws none.
inline std::string input_error(const std::function<void()>& call) {
  try {
    call();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << "the message has more than one line";
    return error.what();
  }
  ADD_FAILURE() << "no InputError was thrown";
  return {};
}

}  // namespace wolfpack::testing
