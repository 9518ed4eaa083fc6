#include "experiments/path_output.hpp"

#include <cstdio>
#include <iterator>

#include <fmt/format.h>

#include "experiments/point_status.hpp"
#include "experiments/run_files.hpp"

namespace wolfpack::experiments {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostLines = 20;

ordered_json point_json(const LassoPoint& point, const LassoSettings& settings, const RunFacts& facts,
                        frank_wolfe::SolveStatus status) {
  const auto& solved = point.solved;
  ordered_json fields = solution_fields(point, settings, facts);
  fields.update({{"status", to_string(status)},
                 {"seconds", solved.seconds},
                 {"clocks", solved.clocks},
                 {"full_passes", static_cast<double>(solved.columns_evaluated) / static_cast<double>(facts.columns)}});
  return fields;
}

std::string number(const ordered_json& value, const char* format) {
  return value.is_null() ? "-" : fmt::format(fmt::runtime(format), value.get<double>());
}

void print_point(std::size_t index, const ordered_json& point) {
  std::fputs(fmt::format("  {:>5}  {:>12}  {:>12}  {:>10}  {:>14}  {:>9}  {:>7}  {}\n", index,
                         number(point.at("lambda"), "{:.6g}"), number(point.at("l1_norm"), "{:.6g}"),
                         point.at("nonzeros").dump(), number(point.at("objective"), "{:.8g}"),
                         number(point.at("relative_gap"), "{:.2e}"), number(point.at("full_passes"), "{:.2f}"),
                         point.at("status").get<std::string>())
                 .c_str(),
             stderr);
}

}  // namespace

ordered_json solution_fields(const LassoPoint& point, const LassoSettings& settings, const RunFacts& facts) {
  const auto& solved = point.solved;
  const bool is_penalty = solved.term.is_penalty();
  const double relative_gap = facts.null_objective > 0 ? solved.gap / facts.null_objective : 0.0;
  ordered_json fields{{"objective", solved.objective},
                      {"loss", solved.loss},
                      {"gap", finite_or_null(solved.gap)},
                      {"relative_gap", finite_or_null(relative_gap)},
                      {"lambda", solved.lambda},
                      {"beta", is_penalty ? ordered_json(nullptr) : ordered_json(solved.term.value)},
                      {"l1_norm", l1_norm(solved.weights)},
                      {"nonzeros", solved.columns.size()},
                      {"intercept", or_null(point.intercept)}};
  if (settings.standardize) fields["l1_norm_original"] = l1_norm(point.coefficients);
  return fields;
}

ordered_json path_json(const std::vector<LassoPoint>& points, const LassoSettings& settings, const RunFacts& facts,
                       frank_wolfe::SolveStatus status) {
  ordered_json path = ordered_json::array();
  for (const LassoPoint& point : points) {
    const auto own = point_status(point.solved.converged, &point == &points.back(), status);
    path.push_back(point_json(point, settings, facts, own));
  }
  return path;
}

std::string path_csv(const std::vector<LassoPoint>& points) {
  std::string text = "point,index,value\n";
  for (std::size_t at = 0; at < points.size(); ++at)
    for (std::size_t k = 0; k < points[at].coefficients.size(); ++k)
      fmt::format_to(std::back_inserter(text), "{},{},{:.17g}\n", at, points[at].solved.columns[k],
                     points[at].coefficients[k]);
  return text;
}

void print_path(const ordered_json& path) {
  std::fputs(fmt::format("  {:>5}  {:>12}  {:>12}  {:>10}  {:>14}  {:>9}  {:>7}\n", "point", "lambda", "l1 norm",
                         "non-zeros", "objective", "gap/f(0)", "passes")
                 .c_str(),
             stderr);
  const std::size_t lines = std::min(kMostLines, path.size());
  for (std::size_t line = 0; line < lines; ++line) {
    const std::size_t index = lines > 1 ? line * (path.size() - 1) / (lines - 1) : 0;
    print_point(index, path[index]);
  }
  if (lines < path.size())
    std::fputs(
        fmt::format("  {} of {} points are shown; path.csv and result.json have all\n", lines, path.size()).c_str(),
        stderr);
}

}  // namespace wolfpack::experiments
