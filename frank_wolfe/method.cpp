#include "frank_wolfe/method.hpp"

#include <array>
#include <cstddef>

namespace wolfpack::frank_wolfe {
namespace {

constexpr Staleness kAFewClocks{3};

// In the order of the enumerators.
constexpr std::array<MethodTraits, 6> kMethods{{
    {.name = "corrective", .one_atom = false, .bulk_synchronous = false, .any_step_size = false, .any_problem = true},
    {.name = "line-search", .one_atom = true, .bulk_synchronous = false, .any_step_size = false, .any_problem = false},
    {.name = "bellet", .one_atom = true, .bulk_synchronous = true, .any_step_size = true, .any_problem = false},
    {.name = "tran", .one_atom = true, .bulk_synchronous = false, .any_step_size = false, .any_problem = false},
    {.name = "away", .one_atom = true, .bulk_synchronous = false, .any_step_size = false, .any_problem = false},
    {.name = "pairwise", .one_atom = true, .bulk_synchronous = false, .any_step_size = false, .any_problem = false},
}};
static_assert(static_cast<std::size_t>(Method::pairwise) + 1 == kMethods.size());

}  // namespace

const MethodTraits& traits(Method method) { return kMethods[static_cast<std::size_t>(method)]; }

const char* to_string(StepSize step) { return step == StepSize::line_search ? "line-search" : "open-loop"; }

std::optional<Method> method_named(std::string_view name) {
  for (std::size_t i = 0; i < kMethods.size(); ++i)
    if (name == kMethods[i].name) return static_cast<Method>(i);
  return std::nullopt;
}

std::optional<StepSize> step_size_named(std::string_view name) {
  for (const StepSize step : {StepSize::line_search, StepSize::open_loop})
    if (name == to_string(step)) return step;
  return std::nullopt;
}

std::string method_names() {
  std::string names = kMethods.front().name;
  for (std::size_t i = 1; i < kMethods.size(); ++i) names.append(", ").append(kMethods[i].name);
  return names;
}

Staleness automatic_staleness(Method method) {
  return traits(method).bulk_synchronous ? kBulkSynchronous : kAFewClocks;
}

}  // namespace wolfpack::frank_wolfe
