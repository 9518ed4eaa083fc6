// What a run left in its output folder: result.json, coefficients.csv and trace.jsonl, read back for the report page.
//
//     Run run = read_run("out");
//     for (const TraceRow& row : rows_of(run, WorkerId{0})) ...
//
// A Run is plain data that owns everything it names; safe to read from any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"

namespace wolfpack::report {

/// One iteration of one worker. Times are seconds since the start of solving; within the iteration they follow each
/// other in this order.
struct TraceRow {
  WorkerId worker{};
  Clock clock{};
  double start = 0.0;
  double end = 0.0;
  double wait_seconds = 0.0;
  double get_seconds = 0.0;
  double select_seconds = 0.0;
  double straggle_seconds = 0.0;  ///< injected sleep; 0 where the trace has no such field
  double update_seconds = 0.0;
  Version version{};            ///< of the model it read
  double staleness = 0.0;       ///< observed, in clocks
  std::optional<double> gap{};  ///< certified; none while infinite
  std::optional<double> objective{};
};

/// A non-zero of alpha.
struct Coefficient {
  Index column = 0;
  double value = 0.0;
};

/// One problem of a path.
struct PathRow {
  std::optional<double> lambda, beta, relative_gap;  ///< beta: none where the problem is a penalty
  double l1_norm = 0.0;
  double loss = 0.0;
  Index nonzeros = 0;
  std::string status;
  std::vector<Coefficient> coefficients;  ///< increasing columns
};

/// A field of result.json, its value as JSON text (strings without their quotes).
struct Setting {
  std::string name;
  std::string value;
};

/// An evaluated model of a stochastic method.
struct EvaluationRow {
  std::string epoch, seconds, objective, log_loss;  ///< as in objectives.csv
};

struct Run {
  std::filesystem::path directory;
  std::string command = "lasso";  ///< or "logistic": then there is no certificate, and neither beta nor lambda

  std::string status;  ///< converged, epochs_done, clock_limit, time_limit, stalled or interrupted
  std::string method;
  std::string staleness;  ///< a number of clocks or "asp"
  double objective = 0.0;
  double null_objective = 0.0;
  std::optional<double> gap;
  std::optional<double> relative_gap;
  std::optional<double> beta;    ///< none: the problem is a penalty
  std::optional<double> lambda;  ///< the penalty, or the one with the same solution; none in older runs
  double l1_norm = 0.0;
  double solve_seconds = 0.0;
  Index nonzeros = 0;
  Index clocks = 0;
  Index workers = 0;
  std::optional<Index> rows;
  std::optional<Index> columns;
  std::optional<double> tolerance;
  std::string data;           ///< path as given to the run; empty where not recorded
  std::string target;         ///< likewise
  std::string picture_shape;  ///< "28x28" where the columns are pictures; else empty

  std::vector<Setting> settings;           ///< every field of result.json, in the file's order
  std::vector<Coefficient> coefficients;   ///< increasing columns; of a path, those of the last problem
  std::vector<PathRow> path;               ///< empty: the run is of one problem
  std::vector<TraceRow> trace;             ///< by worker, then by start
  std::vector<EvaluationRow> evaluations;  ///< logistic: in their order

  [[nodiscard]] bool converged() const { return status == "converged"; }
};

/// Reads the three files, and path.csv of a path. Throws InputError, one line: the file, the line or field, what is
/// wrong, what is accepted.
[[nodiscard]] Run read_run(const std::filesystem::path& directory);

/// The iterations of one worker in time order. A view into run.trace.
[[nodiscard]] std::span<const TraceRow> rows_of(const Run& run, WorkerId worker);

}  // namespace wolfpack::report
