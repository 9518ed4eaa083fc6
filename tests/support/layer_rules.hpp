// Which layer may know which, and what a source may contain: the rules that tests/unit/layers_test.cpp holds the tree
// to.
//
// Each rule takes sources as text and returns a sentence for each breach, so that it can also be tried on a made-up bad
// example.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/source_tree.hpp"

namespace wolfpack::testing {

using Breaches = std::vector<std::string>;

struct Layer {
  std::string folder;
  std::set<std::string> below;  ///< layers that it may include and link, itself not named
};

/// By CMake name; "base <- {transport, cpu <- gpu} ; transport <- ps <- runtime <- {frank_wolfe, latency, sgd} <-
/// experiments".
inline const std::map<std::string, Layer>& layers() {
  static const std::set<std::string> all = {"base",        "transport", "cpu", "gpu",  "ps",     "runtime",
                                            "frank_wolfe", "latency",   "sgd", "data", "report", "lasso"};
  static const std::map<std::string, Layer> table = {
      {"base", {"base", {}}},
      {"transport", {"transport", {"base"}}},
      {"cpu", {"cpu", {"base"}}},
      {"gpu", {"gpu", {"base", "cpu"}}},
      {"ps", {"ps", {"base", "transport"}}},
      {"runtime", {"runtime", {"base", "transport", "ps"}}},
      {"frank_wolfe", {"frank_wolfe", {"base", "transport", "ps", "runtime"}}},
      {"sgd", {"sgd", {"base", "transport", "ps", "runtime"}}},
      {"latency", {"latency", {"base", "transport", "ps", "runtime"}}},
      {"data", {"experiments/data", {"base"}}},
      {"report", {"experiments/report", {"base", "data"}}},
      {"lasso", {"experiments", all}},
  };
  return table;
}

/// The layer whose folder holds the path, the innermost where folders nest; none for tests and examples, which may see
/// everything.
inline std::optional<std::string> layer_of(const std::string& path) {
  std::optional<std::string> found;
  std::size_t longest = 0;
  for (const auto& [name, layer] : layers()) {
    if (!path.starts_with(layer.folder + "/") || layer.folder.size() <= longest) continue;
    found = name;
    longest = layer.folder.size();
  }
  return found;
}

inline bool may_use(const std::string& user, const std::string& used) {
  return user == used || layers().at(user).below.contains(used);
}

inline Breaches breaches_of_include_arrows(const SourceTree& tree) {
  Breaches breaches;
  for (const SourceFile& file : tree) {
    const auto user = layer_of(file.path);
    for (const Include& include : includes_of(file)) {
      const auto used = include.quoted ? layer_of(include.path) : std::nullopt;
      if (user && used && !may_use(*user, *used)) breaches.push_back(file.path + " includes " + include.path);
    }
  }
  return breaches;
}

/// One call of wolfpack_layer, or of target_link_libraries for a program.
struct LinkLines {
  std::string name;
  std::vector<std::string> public_targets;
  std::vector<std::string> private_targets;
};

inline std::vector<LinkLines> layer_links(const SourceFile& cmake) {
  static const std::regex call(R"(wolfpack_layer\(([^)]*)\))");
  std::vector<LinkLines> found;
  for (std::sregex_iterator match(cmake.text.begin(), cmake.text.end(), call), end; match != end; ++match) {
    std::istringstream words((*match)[1].str());
    LinkLines links;
    words >> links.name;
    std::string keyword;
    for (std::string word; words >> word;) {
      if (word == "SOURCES" || word == "INTERNAL" || word == "PUBLIC" || word == "PRIVATE") {
        keyword = word;
      } else if (keyword == "PUBLIC" || keyword == "PRIVATE") {
        (keyword == "PUBLIC" ? links.public_targets : links.private_targets).push_back(word);
      }
    }
    found.push_back(std::move(links));
  }
  return found;
}

inline Breaches breaches_of_link_arrows(const SourceTree& tree) {
  static const std::map<std::string, std::string> owners = {{"wolfpack::ucx", "transport"},
                                                            {"wolfpack::verbs", "transport"},
                                                            {"CUDA::", "gpu"},
                                                            {"wolfpack::pmix", "transport"}};
  Breaches breaches;
  for (const SourceFile& file : tree) {
    if (!file.is_cmake()) continue;
    for (const LinkLines& links : layer_links(file)) {
      if (!layers().contains(links.name)) {
        breaches.push_back(file.path + ": the layer " + links.name + " is not in the table of layers");
        continue;
      }
      std::vector<std::string> targets = links.public_targets;
      targets.insert(targets.end(), links.private_targets.begin(), links.private_targets.end());
      for (const std::string& target : targets) {
        const std::string used = target.starts_with("wolfpack::") ? target.substr(10) : "";
        if (layers().contains(used) && !may_use(links.name, used)) breaches.push_back(links.name + " links " + target);
        for (const auto& [library, owner] : owners)
          if (target.starts_with(library) && links.name != owner) breaches.push_back(links.name + " links " + target);
      }
      for (const std::string& target : links.public_targets)
        if (target.starts_with("Eigen3::")) breaches.push_back(links.name + " passes Eigen on to its users");
    }
  }
  return breaches;
}

/// A library whose headers stay in one layer (and in the tests of that layer).
inline Breaches breaches_of_confinement(const SourceTree& tree) {
  struct Confined {
    std::regex header;
    std::string folder;
  };
  static const std::vector<Confined> libraries = {
      {std::regex("(ucp|uct|ucs|ucm)/.*"), "transport"},
      {std::regex("pmix.*"), "transport"},
      {std::regex("(infiniband|rdma)/.*"), "transport"},
      {std::regex("(cuda|cublas|cusparse|nvml|device_launch).*|(cub|thrust|cuda|cooperative_groups)/.*"), "gpu"},
  };
  Breaches breaches;
  for (const SourceFile& file : tree)
    for (const Include& include : includes_of(file))
      for (const Confined& library : libraries)
        if (std::regex_match(include.path, library.header) && !file.is_under(library.folder) &&
            !file.is_under("tests/" + library.folder))
          breaches.push_back(file.path + " includes <" + include.path + ">, which stays in " + library.folder + "/");
  return breaches;
}

/// Only experiments, examples and tests choose what to compute on and what to send through. gpu/ stands on the bounds
/// and the ranking of cpu/, and does not choose it either.
inline Breaches breaches_of_backend_choice(const SourceTree& tree) {
  static const std::regex backend("(cpu|gpu)/.*|transport/[a-z]+_transport\\.hpp");
  static const std::regex shared_with_gpu(
      "cpu/(atom_ranking|candidates|column_transform|kept_duals|matrix_checks|score_bounds)\\.hpp");
  Breaches breaches;
  for (const SourceFile& file : tree) {
    if (file.is_under("experiments") || file.is_under("examples") || file.is_under("tests")) continue;
    for (const Include& include : includes_of(file)) {
      const std::string own_folder = file.path.substr(0, file.path.find('/') + 1);
      if (file.is_under("gpu") && std::regex_match(include.path, shared_with_gpu)) continue;
      if (include.quoted && std::regex_match(include.path, backend) && !include.path.starts_with(own_folder))
        breaches.push_back(file.path + " names the backend " + include.path);
    }
  }
  return breaches;
}

/// Headers that their layer's CMakeLists.txt calls INTERNAL, as paths from the root.
inline std::set<std::string> internal_headers(const SourceTree& tree) {
  static const std::regex list(R"(INTERNAL\s+((?:[a-z0-9_]+\.hpp\s*)+))");
  std::set<std::string> headers;
  for (const SourceFile& file : tree) {
    if (!file.is_cmake()) continue;
    const std::string folder = file.path.substr(0, file.path.rfind('/') + 1);
    for (std::sregex_iterator match(file.text.begin(), file.text.end(), list), end; match != end; ++match) {
      std::istringstream words((*match)[1].str());
      for (std::string word; words >> word;) headers.insert(folder + word);
    }
  }
  return headers;
}

/// Public headers: all of the layers but the internal ones and those for CUDA sources (.cuh), and of experiments itself
/// only what is installed, solve_lasso.hpp.
inline bool is_public_header(const SourceFile& file, const std::set<std::string>& internal) {
  const auto layer = layer_of(file.path);
  if (!file.is_header() || file.path.ends_with(".cuh") || !layer || internal.contains(file.path)) return false;
  return layer != "lasso" || file.path == "experiments/solve_lasso.hpp";
}

inline Breaches breaches_of_public_headers(const SourceTree& tree) {
  // The pause of a spinning core is one instruction, and a call would cost more than it: the one place where code
  // depends on the machine.
  static const std::set<std::string> may_ask_for_the_machine = {"base/backoff.hpp"};
  static const std::regex conditional(R"((?:^|\n)[ \t]*#[ \t]*if)");
  static const std::regex heavy("(Eigen|ucp|uct|ucs|infiniband|nlohmann|CLI|fmt|pmix|cuda).*");
  const std::set<std::string> internal = internal_headers(tree);
  Breaches breaches;
  for (const SourceFile& file : tree) {
    if (!is_public_header(file, internal)) continue;
    if (std::regex_search(file.text, conditional) && !may_ask_for_the_machine.contains(file.path))
      breaches.push_back(file.path + " has a conditional: its meaning depends on who includes it");
    for (const Include& include : includes_of(file)) {
      if (std::regex_match(include.path, heavy) && !include.quoted)
        breaches.push_back(file.path + " makes its users need <" + include.path + ">");
      if (internal.contains(include.path))
        breaches.push_back(file.path + " includes the internal header " + include.path);
    }
  }
  return breaches;
}

inline Breaches breaches_of_header_form(const SourceTree& tree) {
  Breaches breaches;
  for (const SourceFile& file : tree) {
    if (!file.is_header()) continue;
    if (!file.text.starts_with("// ")) breaches.push_back(file.path + " does not open by saying what it is for");
    if (file.text.find("\n#pragma once\n") == std::string::npos) breaches.push_back(file.path + " has no #pragma once");
  }
  return breaches;
}

inline Breaches breaches_of_length(const SourceTree& tree, long most_lines) {
  Breaches breaches;
  for (const SourceFile& file : tree) {
    const auto lines = std::count(file.text.begin(), file.text.end(), '\n');
    if (lines > most_lines)
      breaches.push_back(file.path + " has " + std::to_string(lines) + " lines: do two things live there?");
  }
  return breaches;
}

inline Breaches breaches_of_file_names(const SourceTree& tree) {
  static const std::regex name(R"(([a-z0-9_]+/)+[a-z0-9_]+\.(hpp|cpp|cu|cuh)|([a-z0-9_]+/)+CMakeLists\.txt)");
  Breaches breaches;
  for (const SourceFile& file : tree)
    if (!std::regex_match(file.path, name)) breaches.push_back(file.path + " is not in snake_case");
  return breaches;
}

/// A test that does not run says why: hardware or data that is absent, or a known fault.
inline Breaches breaches_of_skipping(const SourceTree& tree) {
  static const std::regex skip(
      "GTEST_SKIP"
      R"(\(\)\s*(?!\s|<<))");
  static const std::regex disabled(
      "TEST[_PF]*"
      R"(\([^)]*DISABLED)"
      "_");
  Breaches breaches;
  for (const SourceFile& file : tree) {
    if (std::regex_search(file.text, skip)) breaches.push_back(file.path + " skips a test without a reason");
    if (std::regex_search(file.text, disabled))
      breaches.push_back(file.path + " switches a test off: skip it with a reason instead");
  }
  return breaches;
}

}  // namespace wolfpack::testing
