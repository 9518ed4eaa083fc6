// Protocols broken on purpose: channels that keep every promise of the transport and do one wrong thing with what the
// parameter server asks of them, as if its code had that mistake.
//
//     scenario.wrap = breaks::tail_before_data(scenario.layout());
#pragma once

#include "ps/wire_layout.hpp"
#include "tests/sim/network.hpp"

namespace wolfpack::sim::breaks {

/// A worker's lane: the tail is put without waiting for the records.
[[nodiscard]] Network::Wrap tail_before_data(const ps::JobLayout& layout);

/// A worker's lane: some end-of-clock records are never written (they are padding).
[[nodiscard]] Network::Wrap no_end_of_clock_record(const ps::JobLayout& layout);

/// An owner takes its words for flushed when they are only sent, and reuses a row's slot while readers still know
/// nothing of the version before.
[[nodiscard]] Network::Wrap slot_reused_early(const ps::JobLayout& layout);

/// An owner never returns the head of a lane.
[[nodiscard]] Network::Wrap head_not_returned(const ps::JobLayout& layout);

/// An owner puts the words of its shard where those of the next shard belong.
[[nodiscard]] Network::Wrap words_of_another_shard(const ps::JobLayout& layout);

/// An owner pushes the floor without waiting for the words of the rows that it covers.
[[nodiscard]] Network::Wrap floor_before_words(const ps::JobLayout& layout);

}  // namespace wolfpack::sim::breaks
