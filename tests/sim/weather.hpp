// How long what travels over the simulated network is on its way.
//
//     const Weather weather = Weather::of(random);                                          // as bad as it may be
//     const Weather weather = Weather::measured(LatencyTable::read("latency.json"));        // as it was somewhere
//
// In a weather that was measured an operation takes as long, in all, as one of its size took there, and its pieces are
// spread over that time; what is emulated travels side by side, in order. The threads' own steps come on top. How links
// get slower where several use them at once is not in it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/sim/latency_table.hpp"
#include "tests/sim/simulation.hpp"

namespace wolfpack::sim {

struct Weather {
  bool emulated = false;
  double latency_seconds = 1e-6;       ///< of a piece, the shortest
  double spread = 1.0;                 ///< pieces take up to so many latencies more
  double late_share = 0.01;            ///< of pieces that are late by up to
  double late_latencies = 100.0;       ///< so many latencies
  std::uint64_t largest_piece = 4096;  ///< bytes; pieces are whole aligned words
  /// Where there are some, operations take as long as these say, and what is above says of latencies counts for
  /// nothing.
  std::shared_ptr<const LatencyTable> latencies;

  /// Anything from a quiet day to a storm.
  [[nodiscard]] static Weather of(Random& random);
  [[nodiscard]] static Weather measured(const LatencyTable& latencies);
  /// Of the latencies in the file that WOLFPACK_SIM_LATENCIES names, where it does; else of(random), which draws as
  /// many numbers. Throws InputError.
  [[nodiscard]] static Weather today(Random& random);
  [[nodiscard]] std::string describe() const;

  // What the network asks. `whole` is what whole() said of the operation.

  /// Of a piece on its way; where latencies were measured, of a word.
  [[nodiscard]] double latency(Random& random) const;
  /// Of an operation, both ways of a get; 0 where its pieces have latencies of their own.
  [[nodiscard]] double whole(Random& random, LatencyTable::Operation operation, std::size_t bytes) const;
  /// One way of an operation that goes both.
  [[nodiscard]] double one_way(Random& random, double whole) const;
  /// After how long a piece has come: the last one at the end of `whole`.
  [[nodiscard]] double piece(Random& random, double whole, bool is_last) const;

  /// Of a put's piece that starts now: when it is read from its source, and when it lands.
  struct PutPiece {
    double read_at;
    double lands_at;
  };
  [[nodiscard]] PutPiece put_piece(Random& random, double now, double whole, bool is_last) const;

  /// Of an emulated put that starts now: when its source has been read, and how long it travels from then.
  struct Sending {
    double sent_at;
    double travels;
  };
  [[nodiscard]] Sending sending(Random& random, double now, double earlier_arrives_at, double whole) const;
  /// When an emulated operation arrives that goes off then, behind an earlier one.
  [[nodiscard]] double arrives_at(double earlier_arrives_at, double sent_at, double travels) const;
};

}  // namespace wolfpack::sim
