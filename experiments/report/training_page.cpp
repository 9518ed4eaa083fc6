#include "experiments/report/training_page.hpp"

#include <iterator>

#include <fmt/format.h>

#include "experiments/report/page.hpp"
#include "experiments/report/staleness.hpp"
#include "experiments/report/style.hpp"
#include "experiments/report/text.hpp"
#include "experiments/report/timeline.hpp"

namespace wolfpack::report {
namespace {

std::string evaluations_section(const Run& run) {
  std::string out = "<section>\n<h2>Objective, epoch by epoch</h2>\n";
  if (run.evaluations.empty()) return out + "<p>No model was evaluated while training went on.</p>\n</section>\n";
  out +=
      "<table class=\"settings\">\n<thead><tr><th>epoch</th><th>seconds</th><th>objective</th><th>log "
      "loss</th></tr></thead>\n<tbody>\n";
  for (const EvaluationRow& row : run.evaluations)
    fmt::format_to(std::back_inserter(out), "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                   escape(row.epoch), escape(row.seconds), escape(row.objective), escape(row.log_loss));
  return out + "</tbody></table>\n</section>\n";
}

}  // namespace

std::string render_training(const Run& run) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>Wolfpack "
      "report</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n<header>\n"
      "<p class=\"kicker\">Wolfpack report · logistic regression · {}</p>\n<h1>{}: objective {}</h1>\n",
      kStyle, escape(run.data), escape(run.status), number(run.objective, 8));
  out += fmt::format("<p class=\"summary\">{} at staleness {} by {} in {}.</p>\n</header>\n",
                     plural(run.workers, "worker"), escape(run.staleness), escape(run.method),
                     duration(run.solve_seconds));
  out += evaluations_section(run) + timeline_section(run) + staleness_section(run) + settings_section(run);
  return out +
         "<footer>f(w, b) = mean log(1 + exp(−y (x·w + b))) + λ/2 ‖w‖². Workers count from 0.</footer>\n"
         "</main>\n</body>\n</html>\n";
}

}  // namespace wolfpack::report
