// The methods of distributed Frank-Wolfe by name, and what each asks of a run.
//
//     const auto method = method_named("pairwise");                 // nothing for a name that is not one
//     if (traits(*method).one_atom) propose_one_atom_a_clock();
//
// `corrective` is the default and the one to use. The others are here to be compared with it, under the same
// certificate, on the same machinery: the step rules' headers say where each comes from and what is weak about it.
// Values only: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/types.hpp"

namespace wolfpack::frank_wolfe {

enum class Method {
  corrective,   ///< corrective_step.hpp
  line_search,  ///< line_search_step.hpp
  bellet,       ///< bellet_step.hpp
  tran,         ///< tran.hpp
  away,         ///< away_step.hpp
  pairwise,     ///< pairwise_step.hpp
};

/// How long a step is, where a method leaves the choice.
enum class StepSize {
  line_search,  ///< the exact minimum along the direction
  open_loop,    ///< 2 / (k + 2) in step k = 0, 1, ...
};

struct MethodTraits {
  const char* name;
  bool one_atom;          ///< a worker proposes its best atom, an active one too; else the best K that are not active
  bool bulk_synchronous;  ///< makes no sense but at staleness 0
  bool any_step_size;     ///< StepSize is a choice; else the exact line search
  bool any_problem;  ///< penalties, paths and warm starts, and atoms that are not the best ones; else one constraint
};

[[nodiscard]] const MethodTraits& traits(Method method);
[[nodiscard]] inline const char* to_string(Method method) { return traits(method).name; }
[[nodiscard]] const char* to_string(StepSize step);

[[nodiscard]] std::optional<Method> method_named(std::string_view name);
[[nodiscard]] std::optional<StepSize> step_size_named(std::string_view name);

/// "corrective, line-search, ..."
[[nodiscard]] std::string method_names();

/// What a run gets that asks for none. A little staleness costs a few passes while all workers keep pace and halves the
/// time when one does not (README, "Measured").
[[nodiscard]] Staleness automatic_staleness(Method method);

}  // namespace wolfpack::frank_wolfe
