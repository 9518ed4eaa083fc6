// What workers and the owner of the model tell each other: the bytes inside the parameter server's updates and rows.
//
// A worker's clock is one Report and up to K proposals, or with the method tran one candidate; the model row carries
// what readers need of one iterate (step_rule.hpp) and its certified gap.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "base/atom_selector.hpp"
#include "base/matrix.hpp"
#include "base/types.hpp"
#include "frank_wolfe/certificate.hpp"
#include "frank_wolfe/method.hpp"
#include "frank_wolfe/step_rule.hpp"
#include "ps/wire_layout.hpp"

namespace wolfpack::frank_wolfe {

/// How far a worker is and what that cost it.
struct Totals {
  std::uint64_t columns_evaluated = 0;
  std::uint64_t bytes_read = 0;
  double wait_seconds = 0.0;
  double elapsed_seconds = 0.0;
};

/// What a worker found at one version of the dual vector.
struct Report {
  Version version;     ///< that it evaluated
  ScoreReport scores;  ///< largest_score is infinite where the worker looked only at candidates
  Totals totals;       ///< of this worker since the start
};

/// What the owner asks of those who read a version.
struct Request {
  bool thorough = true;                ///< else a quick round among candidates will do
  std::size_t atoms = 1;               ///< to be proposed at most, a worker
  std::optional<Screening> screening;  ///< which columns are in no solution, as far as is known
};

/// One version of the model, as workers read it.
struct Model {
  Iterate iterate;   ///< without its loss and inner, which are the owner's
  double gap = 0.0;  ///< certified when the version was published; infinity until every worker has reported
  Request request;
};

[[nodiscard]] Bytes encode(const Report& report);
[[nodiscard]] Bytes encode(const Proposal& proposal);
[[nodiscard]] Bytes encode(const Candidate& candidate);
/// Throws RuntimeFailure where the bytes are none of them.
[[nodiscard]] std::variant<Report, Proposal, Candidate> decode_update(std::span<const std::byte> update);

void encode(const Iterate& iterate, double gap, const Request& request, Bytes& row);
[[nodiscard]] Model decode_model(std::span<const std::byte> row);

/// Rows and updates of a problem with d rows and n columns at most. With the corrective step an iterate has no more
/// than min(d, n) active atoms, which are independent; with the other methods any number.
[[nodiscard]] ps::RowCapacity model_capacity(Index rows, Index columns, Method method = Method::corrective);

}  // namespace wolfpack::frank_wolfe
