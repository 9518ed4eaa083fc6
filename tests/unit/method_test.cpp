#include "frank_wolfe/method.hpp"

#include <gtest/gtest.h>

#include "base/status.hpp"
#include "frank_wolfe/solve.hpp"

namespace wolfpack::frank_wolfe {
namespace {

constexpr Method kAll[] = {Method::corrective, Method::line_search, Method::bellet,
                           Method::tran,       Method::away,        Method::pairwise};

TEST(Method, NamesComeBack) {
  for (const Method method : kAll) {
    EXPECT_EQ(method_named(to_string(method)), method);
    EXPECT_NE(method_names().find(to_string(method)), std::string::npos);
  }
  for (const StepSize step : {StepSize::line_search, StepSize::open_loop})
    EXPECT_EQ(step_size_named(to_string(step)), step);
  for (const char* wrong : {"", "Corrective", "newton", "line_search", "corrective "}) {
    EXPECT_FALSE(method_named(wrong).has_value()) << wrong;
    EXPECT_FALSE(step_size_named(wrong).has_value()) << wrong;
  }
}

TEST(Method, TheirNeedsAreChecked) {
  for (const Method method : kAll) {
    SCOPED_TRACE(to_string(method));
    const SolveOptions automatic{.method = method, .staleness = automatic_staleness(method)};
    EXPECT_NO_THROW(check_method(automatic));

    SolveOptions stale = automatic;
    stale.staleness = {3};
    SolveOptions many = automatic;
    many.top_k = 5;
    SolveOptions open_loop = automatic;
    open_loop.step = StepSize::open_loop;
    if (method == Method::bellet) {
      EXPECT_THROW(check_method(stale), InputError);
      EXPECT_NO_THROW(check_method(open_loop));
    } else {
      EXPECT_NO_THROW(check_method(stale));
      EXPECT_THROW(check_method(open_loop), InputError);
    }
    if (method == Method::corrective)
      EXPECT_NO_THROW(check_method(many));
    else
      EXPECT_THROW(check_method(many), InputError);
  }
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
