// The `wolfpack` program: reads the command line, runs one command, and turns what it throws into one line and an exit
// status.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <signal.h>
#include <sstream>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/status.hpp"
#include "base/stop_signals.hpp"
#include "base/time.hpp"
#include "experiments/data/svmlight.hpp"
#include "experiments/data/synthetic.hpp"
#include "experiments/devices_command.hpp"
#include "experiments/exit_status.hpp"
#include "experiments/lasso_command.hpp"
#include "experiments/latency_command.hpp"
#include "experiments/logistic_command.hpp"
#include "experiments/predict_command.hpp"
#include "experiments/report/pictures.hpp"
#include "experiments/report/write_report.hpp"
#include "experiments/run_files.hpp"
#include "experiments/run_options.hpp"
#include "experiments/standard_output.hpp"
#include "experiments/version.hpp"
#include "runtime/agree.hpp"
#include "runtime/process_launcher.hpp"
#include "transport/cannot_join.hpp"

namespace wolfpack::experiments {
namespace {

constexpr const char* kExitStatuses =
    "Exit status: 0 converged or done (logistic: also all --epochs made, status epochs_done); 1 failed while running; "
    "2 wrong usage or bad input; 3 a limit, a stall or an "
    "interrupt came first "
    "(results are still written).";

/// One line, without the line breaks that a path or a library's text may carry.
void complain(std::string message) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fputs(("wolfpack: " + message + "\n").c_str(), stderr);
}

struct GenerateArguments {
  data::SyntheticOptions options;
  std::string seed = "0";
  std::string output;
};

CLI::App* add_generate(CLI::App& app, GenerateArguments& arguments) {
  auto* command = app.add_subcommand("generate", "make the paper's synthetic instance, as svmlight text");
  command->add_option("--rows", arguments.options.rows, "samples")->required();
  command->add_option("--columns", arguments.options.columns, "features")->required();
  command->add_option("--density", arguments.options.density, "share of entries that are not zero")->required();
  command->add_option("--nonzeros", arguments.options.nonzeros, "coefficients that are not zero")
      ->capture_default_str();
  command->add_option("--noise", arguments.options.noise, "length of the noise vector")->capture_default_str();
  command->add_option("--seed", arguments.seed, "of everything random")->capture_default_str();
  add_output_option(*command, arguments.output, "FILE.libsvm or FILE.svm, each also with .gz after it");
  command->get_option("--output")->required();
  return command;
}

struct ReportArguments {
  std::string directory;
  std::string picture_shape;
};

CLI::App* add_report(CLI::App& app, ReportArguments& arguments) {
  auto* command = app.add_subcommand("report", "make a page for people of a run's folder");
  command->add_option("directory", arguments.directory, "the folder that --output named")->required();
  command->add_option("--picture-shape", arguments.picture_shape,
                      "the columns are pictures, ROWSxCOLUMNS (default: as the run says)");
  return command;
}

int run_generate(const GenerateArguments& arguments) {
  constexpr std::array kOutputs{".libsvm", ".svm"};
  check_output_file(arguments.output, kOutputs);
  data::SyntheticOptions options = arguments.options;
  options.seed = parse_whole("--seed", arguments.seed, 0);
  const auto instance = data::make_synthetic(options);
  data::write_svmlight(arguments.output, instance.matrix.view(), instance.target);
  return 0;
}

int run_report(const ReportArguments& arguments) {
  report::ReportOptions options;
  if (!arguments.picture_shape.empty()) {
    const report::PictureShape shape = report::parse_picture_shape(arguments.picture_shape);
    options = {shape.rows, shape.columns};
  }
  print_out(report::write_report(arguments.directory, options).string() + "\n");
  return 0;
}

/// What does its work in this process, whatever others a launcher may have started.
bool needs_no_workers(const std::string& word) {
  for (const char* known : {"predict", "generate", "report", "devices", "-h", "--help", "--version"})
    if (word == known) return true;
  return false;
}

/// The library's own complaint does not name the word.
void check_command(const std::string& word) {
  if (needs_no_workers(word) || word == "lasso" || word == "logistic" || word == "latency") return;
  throw InputError(
      fmt::format("{}; accepted: lasso, logistic, predict, generate, report, devices, latency, --help, --version",
                  word.empty() ? "no command given" : word + ": no such command"));
}

/// A rank has others that wait for it: they are told, and worker 0 says it for all, where they meet.
[[noreturn]] void refuse_usage(char** argv, const std::string& why) {
  if (!needs_no_workers(argv[1] == nullptr ? "" : argv[1]) && runtime::own_rank()) try {
      runtime::run_processes({.arguments = argv}, [&why](transport::Bootstrap& bootstrap) -> int {
        runtime::agree(bootstrap, [&why] { throw InputError(why); });
        return kBadInput;
      });
    } catch (const transport::CannotJoin&) {
    } catch (const InputError&) {
      throw;
    } catch (const std::exception&) {
    }
  throw transport::CannotJoin(why);
}

/// --help, --version.
int tell(const CLI::App& app, const CLI::ParseError& asked_for) {
  std::ostringstream out, none;
  const int status = app.exit(asked_for, out, none);
  print_out(out.str());
  return status;
}

int run(int argc, char** argv) {
  CLI::App app("Stale-synchronous distributed Frank-Wolfe over one-sided RDMA", "wolfpack");
  app.footer(kExitStatuses);
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  LassoArguments lasso;
  LogisticArguments logistic;
  PredictArguments predict;
  GenerateArguments generate;
  ReportArguments report;
  DevicesArguments devices;
  auto* lasso_command = app.add_subcommand(
      "lasso",
      "minimise 1/2 ||y - A alpha||^2 subject to ||alpha||_1 <= beta, or + lambda ||alpha||_1, or along a "
      "path of either");
  add_lasso_options(*lasso_command, lasso);
  auto* logistic_command = app.add_subcommand(
      "logistic", "minimise mean log(1 + exp(-y (x'w + b))) + lambda / 2 ||w||^2 by stochastic gradients");
  add_logistic_options(*logistic_command, logistic);
  auto* predict_command = add_predict(app, predict);
  auto* generate_command = add_generate(app, generate);
  add_report(app, report);
  LatencyArguments latency;
  auto* latency_command = add_latency(app, latency);
  auto* devices_command = add_devices(app, devices);
  try {
    check_command(argc > 1 ? argv[1] : "");
    app.parse(argc, argv);
  } catch (const InputError& error) {
    refuse_usage(argv, error.what());
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return tell(app, error);
    refuse_usage(argv, fmt::format("{}; see wolfpack {} --help", error.what(), argv[1]));
  }
  if (lasso_command->parsed()) return run_lasso(lasso, argv);
  if (logistic_command->parsed()) return run_logistic(logistic, argv);
  if (predict_command->parsed()) return run_predict(predict);
  if (latency_command->parsed()) return run_latency(latency, argv);
  if (devices_command->parsed()) return run_devices(devices);
  return generate_command->parsed() ? run_generate(generate) : run_report(report);
}

/// Where a worker fails because another one died, the launcher says who did, and ends the worker meanwhile.
constexpr double kLauncherSpeaksFirstSeconds = 0.1;

/// Of a worker that is lost, and told by nobody else: worker 0 says it for all, and of worker 0 worker 1.
bool speaks_of(const PeerFailure& failure, const std::optional<WorkerId>& worker) {
  if (!worker || worker->value == 0) return true;
  return worker->value == 1 && failure.blames_worker_0() && !runtime::is_of_our_launcher();
}

/// Bad input is found by all workers together, and a lost worker by those that live: worker 0 says it for all.
int run_and_speak(const std::optional<WorkerId>& worker, int argc, char** argv) {
  const bool speaks = !worker || worker->value == 0;
  try {
    return run(argc, argv);
  } catch (const transport::CannotJoin& error) {
    complain(error.what());
    return kBadInput;
  } catch (const InputError& error) {
    if (speaks) complain(error.what());
    return kBadInput;
  } catch (const PeerFailure& error) {
    if (speaks_of(error, worker)) complain(error.what());
    return kFailedWhileRunning;
  } catch (const std::exception& error) {
    if (worker) sleep_seconds(kLauncherSpeaksFirstSeconds);
    complain(worker ? fmt::format("worker {}: {}", worker->value, error.what()) : error.what());
    return kFailedWhileRunning;
  }
}

/// UCX takes SIGHUP for itself before main() begins, also where it is ignored, as under nohup.
bool hangups_are_ignored = false;
void look_at_hangups() { hangups_are_ignored = is_ignored(SIGHUP); }
[[gnu::section(".preinit_array"), gnu::used]] void (*const before_libraries)() = look_at_hangups;

}  // namespace
}  // namespace wolfpack::experiments

int main(int argc, char** argv) {
  using namespace wolfpack;
  std::signal(SIGHUP, experiments::hangups_are_ignored ? SIG_IGN : SIG_DFL);
  try {
    const bool is_alone = experiments::needs_no_workers(argc > 1 ? argv[1] : "");
    return experiments::run_and_speak(is_alone ? std::nullopt : runtime::own_rank(), argc, argv);
  } catch (const std::exception& error) {
    experiments::complain(error.what());
    return experiments::kFailedWhileRunning;
  }
}
