#include "experiments/report/page.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "experiments/report/coefficient_path.hpp"
#include "experiments/report/coefficients.hpp"
#include "experiments/report/convergence.hpp"
#include "experiments/report/staleness.hpp"
#include "experiments/report/style.hpp"
#include "experiments/report/text.hpp"
#include "experiments/report/timeline.hpp"
#include "experiments/report/training_page.hpp"

namespace wolfpack::report {
namespace {

/// The order in which people look for them; whatever else result.json holds follows.
constexpr std::array<std::string_view, 48> kKnownSettings{"status",
                                                          "objective",
                                                          "gap",
                                                          "relative_gap",
                                                          "null_objective",
                                                          "tolerance",
                                                          "beta",
                                                          "lambda",
                                                          "loss",
                                                          "l1_norm",
                                                          "l1_norm_original",
                                                          "intercept",
                                                          "standardize",
                                                          "warm_start",
                                                          "path",
                                                          "nonzeros",
                                                          "rows",
                                                          "columns",
                                                          "storage",
                                                          "data",
                                                          "target",
                                                          "method",
                                                          "top_k",
                                                          "top_k_requested",
                                                          "workers",
                                                          "staleness",
                                                          "clocks",
                                                          "full_passes",
                                                          "bytes_read",
                                                          "solve_seconds",
                                                          "wall_seconds",
                                                          "device",
                                                          "threads",
                                                          "transport",
                                                          "transport_lanes",
                                                          "transport_share",
                                                          "straggler",
                                                          "max_clock",
                                                          "time_limit",
                                                          "lazy",
                                                          "screening",
                                                          "group",
                                                          "seed",
                                                          "picture_shape",
                                                          "hostname",
                                                          "started_at",
                                                          "wolfpack_version",
                                                          "command"};

std::string run_name(const Run& run) {
  const std::filesystem::path path = std::filesystem::absolute(run.directory).lexically_normal();
  return escape((path.has_filename() ? path.filename() : path.parent_path().filename()).string());
}

std::string status_in_words(const Run& run) {
  if (run.converged()) return "Converged";
  if (run.status == "clock_limit") return "Stopped at the clock limit";
  if (run.status == "time_limit") return "Stopped at the time limit";
  if (run.status == "stalled") return "Stalled";
  if (run.status == "interrupted") return "Interrupted";
  return "Ended: " + escape(run.status);
}

std::string staleness_in_words(const Run& run) {
  if (run.staleness == "asp") return "no staleness bound (asynchronous)";
  if (run.staleness == "0") return "staleness 0 (bulk-synchronous)";
  return "staleness " + escape(run.staleness);
}

std::string problem_in_words(const Run& run) {
  const std::string problem = run.beta ? "within ‖α‖₁ ≤ " + trimmed(*run.beta, 6)
                                       : "under the penalty λ‖α‖₁ with λ = " + trimmed(run.lambda.value_or(0.0), 6);
  if (run.path.empty()) return problem;
  return fmt::format("{}, the last of {},", problem, plural(static_cast<Index>(run.path.size()), "problem"));
}

std::string summary(const Run& run) {
  const std::string of_columns = run.columns         ? fmt::format(" of {}", plural(*run.columns, "column"))
                                 : run.nonzeros == 1 ? " column"
                                                     : " columns";
  std::string out = fmt::format("<p class=\"summary\">{} with {} chose {}{} {} in {}. ½‖y − Aα‖²{} = {}",
                                plural(run.workers, "worker"), staleness_in_words(run), count(run.nonzeros), of_columns,
                                problem_in_words(run), duration(run.solve_seconds), run.beta ? "" : " + λ‖α‖₁",
                                number(run.objective, 8));
  if (run.gap && *run.gap <= 0.0)
    out += ", certified to be the smallest possible value.";
  else if (run.gap)
    out += fmt::format(", certified to be within {} of the smallest possible value.", number(*run.gap, 2));
  else
    out += "; how far that is from the smallest possible value is not certified.";
  return out + "</p>\n";
}

/// What the status means and what is left to gain; empty where the run converged.
std::string warning(const Run& run) {
  if (run.converged()) return "";
  std::string why = "it ended with the status “" + escape(run.status) + "”";
  if (run.status == "clock_limit")
    why = fmt::format("the limit on the number of iterations came first, after {}", plural(run.clocks, "clock"));
  if (run.status == "time_limit") why = "the time limit came first, after " + duration(run.solve_seconds);
  if (run.status == "stalled")
    why = "no further atom lowered the objective, although the certificate is not good enough";
  if (run.status == "interrupted") why = "it was interrupted after " + duration(run.solve_seconds);
  std::string out = "<p class=\"warning\" role=\"note\"><b>Not converged:</b> " + why + ". ";
  if (run.relative_gap)
    out += fmt::format("The certified relative gap is {}{}. ", number(*run.relative_gap, 2),
                       run.tolerance ? ", the tolerance " + trimmed(*run.tolerance, 2) : "");
  else
    out += "There is no certificate: not every worker had reported on a model. ";
  return out +
         "The coefficients below are feasible and the best found, but no solution to the tolerance asked for.</p>\n";
}

std::string tile(std::string_view name, std::string_view value, std::string_view note) {
  return fmt::format("<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>\n", name, value, note);
}

std::string tiles(const Run& run) {
  const std::string explained =
      run.null_objective > 0.0 ? percent(1.0 - run.objective / run.null_objective) + " below f(0)" : "f(0) = 0";
  return "<dl class=\"tiles\">\n" + tile("Objective", number(run.objective, 5), explained) +
         tile("Relative gap", run.relative_gap ? number(*run.relative_gap, 2) : "∞",
              run.tolerance ? "tolerance " + trimmed(*run.tolerance, 2) : "certified") +
         tile("Non-zeros", count(run.nonzeros), run.columns ? "of " + plural(*run.columns, "column") : "coefficients") +
         tile("Workers", count(run.workers), plural(run.clocks, "clock")) +
         tile("Staleness bound", run.staleness == "asp" ? "∞" : escape(run.staleness),
              run.staleness == "asp" ? "asynchronous"
              : run.staleness == "0" ? "bulk-synchronous"
                                     : "stale-synchronous") +
         tile("Time to solve", duration(run.solve_seconds), escape(run.method)) + "</dl>\n";
}

}  // namespace

std::string settings_section(const Run& run) {
  std::vector<Setting> ordered = run.settings;
  const auto place = [](const Setting& setting) {
    return std::find(kKnownSettings.begin(), kKnownSettings.end(), setting.name);
  };
  std::stable_sort(ordered.begin(), ordered.end(),
                   [&](const Setting& a, const Setting& b) { return place(a) < place(b); });
  std::string out = "<section>\n<h2>All settings and results</h2>\n<table class=\"settings\">\n<tbody>\n";
  for (const Setting& setting : ordered)
    fmt::format_to(std::back_inserter(out), "<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(setting.name),
                   escape(setting.value));
  return out + "</tbody></table>\n</section>\n";
}

std::string render(const Run& run, const Pictures* pictures) {
  if (run.command == "logistic") return render_training(run);
  const std::string name = run_name(run);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{} – Wolfpack "
      "report</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<main>\n<header>\n<p class=\"kicker\">Wolfpack report · {}{}{}</p>\n",
      name, kStyle, name, run.data.empty() ? "" : " · ", escape(run.data));
  out +=
      fmt::format("<h1><span class=\"{}\">{}</span>{}</h1>\n", run.converged() ? "good" : "bad", status_in_words(run),
                  run.relative_gap ? fmt::format(" at a certified relative gap of {}", number(*run.relative_gap, 2))
                                   : " without a certificate");
  out += summary(run) + warning(run) + tiles(run) + "</header>\n";
  if (pictures != nullptr) out += pictures_section(*pictures);
  out += path_section(run);
  out += convergence_section(run) + timeline_section(run) + staleness_section(run) + coefficients_section(run) +
         settings_section(run);
  return out +
         fmt::format(
             "<footer>f(α) = ½‖y − Aα‖² {}. Relative means divided by f(0) = ½‖y‖². Columns and workers count "
             "from 0.</footer>\n",
             run.beta ? "under ‖α‖₁ ≤ β" : "+ λ‖α‖₁") +
         "</main>\n</body>\n</html>\n";
}

}  // namespace wolfpack::report
