// `wolfpack devices`: what this machine has for one-sided communication, what a job over each transport would find, and
// what to do where something is wrong. A table for people, or one JSON object.
#pragma once

#include <CLI/CLI.hpp>

namespace wolfpack::experiments {

/// What was typed.
struct DevicesArguments {
  bool json = false;
};

/// Adds the subcommand; parsing it fills `arguments`, which must outlive it.
CLI::App* add_devices(CLI::App& app, DevicesArguments& arguments);

/// Returns the exit status: 0, whatever is found. Throws RuntimeFailure. Call it while this process has no other
/// threads.
int run_devices(const DevicesArguments& arguments);

}  // namespace wolfpack::experiments
