// The command line of `wolfpack latency`, and what it means.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "experiments/run_options.hpp"
#include "latency/profile.hpp"

namespace wolfpack::experiments {

/// What was typed.
struct LatencyArguments {
  std::string workers, transport = "auto", operations, sizes, iterations, warmup, duration, rounds, pairs, output;
  bool no_binding = false;
  bool json = false;
  bool csv = false;
  bool quiet = false;
};

struct LatencySettings {
  std::size_t workers = 2;
  TransportChoice transport;         ///< what was requested; the rest by choose_transport()
  latency::ProfileSettings profile;  ///< without operations where none were asked for
  std::string pairs_text;            ///< as typed
  std::string output;                ///< folder; empty: none
  bool json = false;
  bool csv = false;
  bool quiet = false;

  /// The same text in every rank that was started with the same settings.
  [[nodiscard]] std::string text() const;
};

/// Adds the subcommand; parsing it fills `arguments`, which must outlive it.
CLI::App* add_latency(CLI::App& app, LatencyArguments& arguments);

/// `ranks`: that a launcher has started, if one has. Throws InputError.
[[nodiscard]] LatencySettings interpret_latency(const LatencyArguments& arguments, std::optional<std::size_t> ranks);

/// Fills in what depends on the transport: the usual operations. `has_verbs_atomics`: every rank's RDMA device has
/// them. Throws InputError where an operation cannot be had.
void complete(LatencySettings& settings, const std::string& transport, bool has_verbs_atomics);

}  // namespace wolfpack::experiments
