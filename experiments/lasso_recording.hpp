// --record and --replay of `wolfpack lasso`: the recording of a run with the settings that it depends on.
#pragma once

#include <string>

#include "experiments/lasso_options.hpp"
#include "runtime/recording.hpp"

namespace wolfpack::experiments {

/// Reads the file that --replay names. Throws InputError where it is no recording, or one of a run with other settings,
/// or of data with another shape or target.
[[nodiscard]] runtime::Recording read_recording(const LassoSettings& settings, const data::Dataset& dataset);

/// Writes the file that --record names, whole or not at all.
void write_recording(const LassoSettings& settings, const data::Dataset& dataset,
                     const frank_wolfe::SolveResult& solved);

/// Throws RuntimeFailure where a replay ended with another objective than its recording: it was of other data.
void check_replay(const runtime::Recording& recording, const frank_wolfe::SolveResult& solved);

/// Throws InputError where the file that --record names cannot be written.
void prepare_recording(const std::string& path);

}  // namespace wolfpack::experiments
