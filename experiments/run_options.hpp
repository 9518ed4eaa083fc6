// The options that every command that runs a job has, and how values are read off a command line.
//
//     struct LassoArguments : RunArguments { std::string beta; ... };
//     add_run_options(command, arguments);
//     const RunSettings run = interpret_run(arguments, Staleness{3}, ranks);
//
// Every field is checked here, before anything starts: what is wrong is told in one line that names the option, the
// value and what is accepted.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "base/types.hpp"
#include "experiments/transport_choice.hpp"
#include "runtime/straggler.hpp"

namespace wolfpack::experiments {

/// What was typed.
struct RunArguments {
  std::string workers, staleness = "auto", transport = "auto", max_clock, time_limit, straggler, seed = "0", output,
                       record, replay;
  bool quiet = false;
  bool json = false;
};

/// What it means.
struct RunSettings {
  std::size_t workers = 1;
  std::size_t threads = 1;  ///< of each worker, that compute
  Staleness staleness;
  TransportChoice transport;  ///< what was requested; the rest by choose_transport()
  std::optional<std::uint64_t> max_clock;
  std::optional<double> time_limit_seconds;
  std::optional<runtime::StragglerSpec> straggler;
  std::string straggler_text;  ///< as typed; empty: none
  std::uint64_t seed = 0;
  std::string output;  ///< folder; empty: none
  std::string record;  ///< file; empty: none
  std::string replay;  ///< file; empty: none
  bool quiet = false;
  bool json = false;
};

/// Adds the options to the subcommand; parsing it fills `arguments`, which must outlive it.
void add_run_options(CLI::App& command, RunArguments& arguments);

/// --output, whose value must not be empty: that would be as good as none. Parsing throws InputError.
void add_output_option(CLI::App& command, std::string& output, const std::string& description);

/// `automatic`: the staleness where none is given. `ranks`: see workers_of(). Throws InputError.
[[nodiscard]] RunSettings interpret_run(const RunArguments& arguments, Staleness automatic,
                                        std::optional<std::size_t> ranks);

/// How many workers a job has: as many as `ranks` that a launcher has started, where one has; else what --workers says,
/// or `otherwise`. Throws InputError, also where --workers and the launcher disagree.
[[nodiscard]] std::size_t workers_of(const std::string& text, std::optional<std::size_t> ranks, std::size_t least,
                                     std::size_t otherwise);

/// No bound on a whole number but what the program can hold.
inline constexpr std::uint64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

/// "OPTION VALUE: accepted: ...", as InputError.
[[noreturn]] void refuse_option(const std::string& option, const std::string& value, const std::string& accepted);

/// A whole number option, from `least` to `most`. Throws InputError.
[[nodiscard]] std::uint64_t parse_whole(const std::string& option, const std::string& text, std::uint64_t least,
                                        std::uint64_t most = kNoLimit);

/// A finite number that `accepts` takes; `accepted` says which. Throws InputError.
[[nodiscard]] double parse_number(const std::string& option, const std::string& text, const char* accepted,
                                  const std::function<bool(double)>& accepts);

/// A number of clocks, bsp, asp, or auto, which is `automatic`. Throws InputError.
[[nodiscard]] Staleness parse_staleness(const std::string& text, Staleness automatic);

}  // namespace wolfpack::experiments
