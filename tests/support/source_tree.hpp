// The project's own sources as text, for tests of how they are laid out.
//
//     const SourceTree tree = read_source_tree(WOLFPACK_SOURCE_DIR);
//     for (const SourceFile& file : tree) for (const Include& include : includes_of(file)) ...
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace wolfpack::testing {

struct SourceFile {
  std::string path;  ///< from the root, "ps/row.hpp"
  std::string text;

  [[nodiscard]] bool is_header() const { return path.ends_with(".hpp") || path.ends_with(".cuh"); }
  [[nodiscard]] bool is_cmake() const { return path.ends_with("CMakeLists.txt"); }
  [[nodiscard]] bool is_under(const std::string& folder) const { return path.starts_with(folder + "/"); }
};

using SourceTree = std::vector<SourceFile>;

struct Include {
  std::string path;
  bool quoted = false;
};

inline std::vector<Include> includes_of(const SourceFile& file) {
  static const std::regex pattern(R"re((?:^|\n)[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">])re");
  std::vector<Include> includes;
  for (std::sregex_iterator match(file.text.begin(), file.text.end(), pattern), end; match != end; ++match)
    includes.push_back({(*match)[2], (*match)[1] == "\""});
  return includes;
}

/// All C++, CUDA and CMake sources in the folders of the layers and of the tests.
inline SourceTree read_source_tree(const std::filesystem::path& root) {
  static const std::regex is_source(R"(.*\.(hpp|cpp|cu|cuh)$|.*CMakeLists\.txt$)");
  SourceTree tree;
  for (const char* folder : {"base", "transport", "cpu", "gpu", "ps", "runtime", "latency", "frank_wolfe", "sgd",
                             "experiments", "examples", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const std::string path = entry.path().lexically_relative(root).generic_string();
      if (!entry.is_regular_file() || !std::regex_match(path, is_source)) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      tree.push_back({path, {std::istreambuf_iterator<char>(file), {}}});
    }
  }
  return tree;
}

}  // namespace wolfpack::testing
