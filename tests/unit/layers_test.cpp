// The layers of DESIGN.md and the house rules, held to the sources themselves. Each rule is also shown a bad example,
// so that a rule that sees nothing any more is found out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/layer_rules.hpp"
#include "tests/support/source_tree.hpp"

namespace wolfpack::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const SourceTree& tree() {
  static const SourceTree sources = read_source_tree(WOLFPACK_SOURCE_DIR);
  return sources;
}

TEST(Layers, AreReadFromTheSources) {
  for (const auto& [name, layer] : layers()) {
    const auto is_there = [&](const SourceFile& file) { return layer_of(file.path) == name; };
    EXPECT_TRUE(std::any_of(tree().begin(), tree().end(), is_there)) << "no source in " << layer.folder << "/";
  }
}

TEST(Layers, IncludeOnlyWhatLiesBelow) { EXPECT_THAT(breaches_of_include_arrows(tree()), IsEmpty()); }

TEST(Layers, IncludeRuleSeesAnArrowThatRunsUp) {
  const SourceTree bad = {
      {"ps/row.hpp", "#include \"runtime/job.hpp\"\n#include \"base/types.hpp\"\n#include \"ps/lane.hpp\"\n"},
      {"cpu/x.cpp", "  #  include \"transport/transport.hpp\"\n"},
      {"experiments/report/run.cpp", "#include \"experiments/lasso_options.hpp\"\n"},
      {"frank_wolfe/solve.cpp", "#include \"runtime/job.hpp\"\n#include \"cpu/atom_selector.hpp\"\n"}};
  EXPECT_THAT(breaches_of_include_arrows(bad),
              ElementsAre("ps/row.hpp includes runtime/job.hpp", "cpu/x.cpp includes transport/transport.hpp",
                          "experiments/report/run.cpp includes experiments/lasso_options.hpp",
                          "frank_wolfe/solve.cpp includes cpu/atom_selector.hpp"));
}

TEST(Layers, LinkOnlyWhatLiesBelow) {
  EXPECT_THAT(breaches_of_link_arrows(tree()), IsEmpty());
  std::size_t seen = 0;
  for (const SourceFile& file : tree()) seen += file.is_cmake() ? layer_links(file).size() : 0;
  EXPECT_GE(seen, layers().size());
}

TEST(Layers, LinkRuleSeesWhatItShould) {
  const SourceTree bad = {{"ps/CMakeLists.txt",
                           "wolfpack_layer(ps\n  SOURCES a.cpp\n  PUBLIC wolfpack::runtime Eigen3::Eigen\n"
                           "  PRIVATE wolfpack::ucx fmt::fmt)\n"},
                          {"misc/CMakeLists.txt", "wolfpack_layer(misc PUBLIC wolfpack::base)\n"}};
  EXPECT_THAT(breaches_of_link_arrows(bad),
              ElementsAre("ps links wolfpack::runtime", "ps links wolfpack::ucx", "ps passes Eigen on to its users",
                          "misc/CMakeLists.txt: the layer misc is not in the table of layers"));
}

TEST(Layers, KeepUcxCudaAndPmixToThemselves) { EXPECT_THAT(breaches_of_confinement(tree()), IsEmpty()); }

TEST(Layers, ConfinementRuleSeesWhatItShould) {
  const SourceTree bad = {{"ps/lane.cpp", "#include <ucp/api/ucp.h>\n"},
                          {"transport/probe.cpp", "#include <ucp/api/ucp.h>\n#include <cuda_runtime.h>\n"},
                          {"runtime/launcher.cpp", "#include <pmix.h>\n"},
                          {"tests/gpu/buffer_test.cpp", "#include <cuda_runtime.h>\n"}};
  EXPECT_THAT(breaches_of_confinement(bad),
              ElementsAre("ps/lane.cpp includes <ucp/api/ucp.h>, which stays in transport/",
                          "transport/probe.cpp includes <cuda_runtime.h>, which stays in gpu/",
                          "runtime/launcher.cpp includes <pmix.h>, which stays in transport/"));
}

TEST(Layers, LeaveTheChoiceOfBackendsToTheExperiments) { EXPECT_THAT(breaches_of_backend_choice(tree()), IsEmpty()); }

TEST(Layers, BackendRuleSeesWhatItShould) {
  const SourceTree bad = {
      {"runtime/job.cpp", "#include \"transport/ucx_transport.hpp\"\n#include \"transport/transport.hpp\"\n"},
      {"gpu/atom_selector.cpp", "#include \"cpu/atom_selector.hpp\"\n#include \"gpu/devices.hpp\"\n"},
      {"experiments/lasso.cpp", "#include \"gpu/devices.hpp\"\n"}};
  EXPECT_THAT(breaches_of_backend_choice(bad),
              ElementsAre("runtime/job.cpp names the backend transport/ucx_transport.hpp",
                          "gpu/atom_selector.cpp names the backend cpu/atom_selector.hpp"));
}

TEST(PublicHeaders, MeanTheSameToEverybody) { EXPECT_THAT(breaches_of_public_headers(tree()), IsEmpty()); }

TEST(PublicHeaders, RuleSeesWhatItShould) {
  const SourceTree bad = {
      {"cpu/CMakeLists.txt", "wolfpack_layer(cpu\n  INTERNAL products.hpp\n  PUBLIC wolfpack::base)\n"},
      {"cpu/products.hpp", "#include <Eigen/Core>\n#if defined(X)\n#endif\n"},
      {"cpu/selector.hpp", "#include \"cpu/products.hpp\"\n#include <Eigen/Core>\n"},
      {"base/status.hpp", "// x\n# ifdef WOLFPACK_CUDA\n#endif\n"},
      {"base/backoff.hpp", "#if defined(__x86_64__)\n#endif\n"},
      {"experiments/run_output.hpp", "#include <nlohmann/json.hpp>\n"}};
  EXPECT_THAT(breaches_of_public_headers(bad),
              ElementsAre("cpu/selector.hpp includes the internal header cpu/products.hpp",
                          "cpu/selector.hpp makes its users need <Eigen/Core>",
                          "base/status.hpp has a conditional: its meaning depends on who includes it"));
}

TEST(SourceFiles, HeadersSayWhatTheyAreFor) { EXPECT_THAT(breaches_of_header_form(tree()), IsEmpty()); }

TEST(SourceFiles, HeaderRuleSeesWhatItShould) {
  const SourceTree bad = {{"ps/a.hpp", "#pragma once\nint a();\n"},
                          {"ps/b.hpp", "// What b is for.\nint b();\n"},
                          {"ps/c.hpp", "// What c is for.\n#pragma once\nint c();\n"}};
  EXPECT_THAT(breaches_of_header_form(bad),
              ElementsAre("ps/a.hpp does not open by saying what it is for", "ps/a.hpp has no #pragma once",
                          "ps/b.hpp has no #pragma once"));
}

TEST(SourceFiles, AreShort) { EXPECT_THAT(breaches_of_length(tree(), 400), IsEmpty()); }

TEST(SourceFiles, LengthRuleSeesWhatItShould) {
  EXPECT_THAT(breaches_of_length({{"ps/a.cpp", "1\n2\n3\n"}, {"ps/b.cpp", "1\n2\n"}}, 2), SizeIs(1));
}

TEST(SourceFiles, AreNamedInSnakeCase) { EXPECT_THAT(breaches_of_file_names(tree()), IsEmpty()); }

TEST(SourceFiles, NameRuleSeesWhatItShould) {
  EXPECT_THAT(
      breaches_of_file_names({{"ps/ClockTable.hpp", ""}, {"ps/clock-table.cpp", ""}, {"ps/CMakeLists.txt", ""}}),
      SizeIs(2));
}

TEST(TestFiles, SayWhyTheySkip) { EXPECT_THAT(breaches_of_skipping(tree()), IsEmpty()); }

TEST(TestFiles, SkipRuleSeesWhatItShould) {
  const std::string skip = "GTEST_SKIP";  // in two pieces here, lest the rule find it in this file
  const std::string off = "TEST(Clock, DISABLED";
  EXPECT_THAT(breaches_of_skipping({{"tests/unit/a_test.cpp", skip + "();\n"},
                                    {"tests/unit/b_test.cpp", skip + "()\n    << \"no RDMA device\";\n"},
                                    {"tests/unit/c_test.cpp", off + "_Ticks) {}\n"}}),
              SizeIs(2));
}

}  // namespace
}  // namespace wolfpack::testing
