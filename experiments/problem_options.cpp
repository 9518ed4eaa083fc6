#include "experiments/problem_options.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/run_options.hpp"

namespace wolfpack::experiments {
namespace {

using frank_wolfe::L1Term;

constexpr std::uint64_t kMostPoints = 10'000;
constexpr double kFewRowsRatio = 0.01, kManyRowsRatio = 1e-4;  // glmnet's lambda.min.ratio
constexpr const char* kOneProblem = "exactly one of --beta, --lambda, --beta-path, --lambda-path and --path";
constexpr const char* kRatioOption = "--lambda-min-ratio";

struct ProblemOption {
  const char* name;
  const char* help;
};

constexpr std::array<ProblemOption, 5> kOptions{
    {{"--beta", "minimise 1/2 ||y - A alpha||^2 subject to ||alpha||_1 <= BETA, > 0"},
     {"--lambda",
      "minimise 1/2 ||y - A alpha||^2 + LAMBDA ||alpha||_1, >= 0: n times glmnet's lambda and scikit-learn's alpha, "
      "for "
      "n rows; 0 is certified only where the fit is exact"},
     {"--beta-path", "several bounds, B1,B2,...: one problem after another, quick where small bounds come first"},
     {"--lambda-path", "several penalties, L1,L2,...: likewise, quick where large penalties come first"},
     {"--path", "so many penalties at equal ratios, from the smallest one whose solution is 0: glmnet's path"}}};

L1Term constraint(const std::string& option, const std::string& text) {
  return frank_wolfe::l1_constraint(parse_number(option, text, "a finite number > 0", [](double x) { return x > 0; }));
}

L1Term penalty(const std::string& option, const std::string& text) {
  return frank_wolfe::l1_penalty(parse_number(option, text, "a finite number >= 0", [](double x) { return x >= 0; }));
}

/// Of a list of numbers between commas.
std::vector<L1Term> terms_of(const std::string& option, const std::string& text,
                             L1Term (*term)(const std::string&, const std::string&)) {
  std::vector<L1Term> terms;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    terms.push_back(term(option, text.substr(at, comma - at)));
    at = comma + 1;
  }
  if (terms.size() > kMostPoints)
    refuse_option(option, fmt::format("of {} values", terms.size()), fmt::format("at most {}", kMostPoints));
  return terms;
}

}  // namespace

void add_problem_options(CLI::App& command, ProblemArguments& arguments) {
  for (const ProblemOption& option : kOptions)
    command
        .add_option_function<std::string>(
            option.name,
            [&arguments, name = option.name](const std::string& text) { arguments.given.emplace_back(name, text); },
            option.help)
        ->type_name(option.name == std::string_view("--path") ? "POINTS" : "NUMBER");
  command
      .add_option_function<std::string>(
          kRatioOption, [&arguments](const std::string& text) { arguments.smallest_ratio = text; },
          "with --path: its last penalty as a share of its first (default: 0.01 where rows are fewer than columns, "
          "else "
          "1e-4)")
      ->type_name("NUMBER");
}

ProblemSettings interpret_problem(const ProblemArguments& arguments) {
  if (arguments.given.empty()) throw InputError(fmt::format("no problem is given; accepted: {}", kOneProblem));
  const auto& [option, text] = arguments.given.front();
  if (arguments.given.size() > 1) {
    const auto& [other, other_text] = arguments.given[1];
    refuse_option(option, fmt::format("{} with {} {}", text, other, other_text), kOneProblem);
  }
  ProblemSettings problem{.option = option, .text = text, .path = {}, .smallest_ratio = {}};
  if (option == "--beta") problem.path.terms = {constraint(option, text)};
  if (option == "--lambda") problem.path.terms = {penalty(option, text)};
  if (option == "--beta-path") problem.path.terms = terms_of(option, text, constraint);
  if (option == "--lambda-path") problem.path.terms = terms_of(option, text, penalty);
  if (option == "--path") problem.path.points = parse_whole(option, text, 2, kMostPoints);
  if (!arguments.smallest_ratio) return problem;
  if (!problem.path.is_automatic())
    refuse_option(kRatioOption, fmt::format("{} with {}", *arguments.smallest_ratio, option), "with --path only");
  problem.smallest_ratio = parse_number(kRatioOption, *arguments.smallest_ratio, "a number > 0 and < 1",
                                        [](double x) { return x > 0 && x < 1; });
  return problem;
}

frank_wolfe::Path resolved_path(const ProblemSettings& problem, Index rows, Index columns) {
  frank_wolfe::Path path = problem.path;
  if (path.is_automatic())
    path.smallest_ratio = problem.smallest_ratio.value_or(rows < columns ? kFewRowsRatio : kManyRowsRatio);
  return path;
}

}  // namespace wolfpack::experiments
