// --record and --replay: the recording of a run with the settings that its numbers depend on.
//
//     const RunIdentity identity = identity_of(settings, dataset, {{"--beta", exact(beta)}});
//     if (!settings.replay.empty()) replay = read_recording(settings, identity);
//     ...                                                   // the job, with record and replay
//     if (result.is_replayed) check_replay(*replay, objective);
//     if (!settings.record.empty()) write_recording(settings, identity, objective, recording);
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/data/dataset.hpp"
#include "experiments/run_options.hpp"
#include "runtime/recording.hpp"
#include "transport/bootstrap.hpp"

namespace wolfpack::experiments {

/// What the numbers of a run depend on, in the words of the command line: names and values.
using RunIdentity = std::vector<std::pair<std::string, std::string>>;

/// A number in so many digits that it can be told from any other.
[[nodiscard]] std::string exact(double value);

/// `of_the_command`: what the command has beside the options of all.
[[nodiscard]] RunIdentity identity_of(const RunSettings& settings, const data::Dataset& dataset,
                                      const RunIdentity& of_the_command);

/// Collective. Throws InputError where the workers were started for different runs: others than our launcher may start
/// each with options, or files, of its own.
void check_same_run(transport::Bootstrap& bootstrap, const RunIdentity& identity);

/// For that, before anything else that is collective: what decides which steps a run has, beside its identity. What
/// worker 0 alone does, --output say, may be asked of it alone.
[[nodiscard]] RunIdentity course_of(const std::string& command, const RunSettings& settings,
                                    const RunIdentity& of_the_command = {});

/// Reads the file that --replay names. Throws InputError where it is no recording, or one of a run with another
/// identity.
[[nodiscard]] runtime::Recording read_recording(const RunSettings& settings, const RunIdentity& identity);

/// Writes the file that --record names, whole or not at all. `objective`: what the run came to.
void write_recording(const RunSettings& settings, const RunIdentity& identity, double objective,
                     runtime::Recording recording);

/// Throws RuntimeFailure where a replay came to another objective than its recording: it was of other data.
void check_replay(const runtime::Recording& recording, double objective);

}  // namespace wolfpack::experiments
