// What workers and the owner of the model tell each other: the bytes inside the parameter server's updates and rows.
//
// A worker's clock is one Report and up to K proposals; the model row carries one iterate whole (step_rule.hpp) and its
// certified gap.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "base/matrix.hpp"
#include "base/types.hpp"
#include "frank_wolfe/certificate.hpp"
#include "frank_wolfe/step_rule.hpp"
#include "ps/wire_layout.hpp"

namespace wolfpack::frank_wolfe {

/// What a worker found at one version of the dual vector.
struct Report {
  Version version;  ///< that it evaluated
  ScoreReport scores;
  double wait_seconds = 0.0;  ///< of this worker since the start, for the progress display
  double elapsed_seconds = 0.0;
};

/// One version of the model, as workers read it.
struct Model {
  Iterate iterate;
  double gap = 0.0;  ///< certified when the version was published; infinity until every worker has reported
};

[[nodiscard]] Bytes encode(const Report& report);
[[nodiscard]] Bytes encode(const Proposal& proposal);
/// Throws RuntimeFailure where the bytes are neither.
[[nodiscard]] std::variant<Report, Proposal> decode_update(std::span<const std::byte> update);

void encode(const Iterate& iterate, double gap, Bytes& row);
[[nodiscard]] Model decode_model(std::span<const std::byte> row);

/// Rows and updates of a problem with d rows and n columns at most. An iterate has no more than min(d, n) active atoms:
/// they are independent.
[[nodiscard]] ps::RowCapacity model_capacity(Index rows, Index columns);

}  // namespace wolfpack::frank_wolfe
