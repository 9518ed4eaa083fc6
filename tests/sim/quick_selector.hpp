// An atom selector that makes the most of quick rounds: it looks at the three columns that scored highest in its last
// thorough pass, and screens out all that it may, for good.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "base/atom_selector.hpp"
#include "cpu/reference_atom_selector.hpp"

namespace wolfpack::sim {

class QuickSelector final : public AtomSelector {
 public:
  enum class Claim { nothing, all };  ///< what a quick round says of the columns that it has not looked at

  explicit QuickSelector(const DenseView<double>& view, Claim claim = Claim::nothing, double radius_factor = 1.0)
      : inner_(cpu::make_reference_atom_selector(view)), claim_(claim), radius_factor_(radius_factor) {}

  [[nodiscard]] Index rows() const override { return inner_->rows(); }
  [[nodiscard]] Index columns() const override { return inner_->columns(); }
  [[nodiscard]] double largest_norm() override { return inner_->largest_norm(); }
  [[nodiscard]] Column column(Index j) const override { return inner_->column(j); }

  [[nodiscard]] SelectedAtoms select(const SelectionRequest& request) override {
    forget_screening_of_other_problems(request);
    const bool quick = request.candidates_only && !candidates_.empty();
    std::vector<Index> away = screened_;  // not to be looked at
    for (Index j = 0; quick && j < columns(); ++j)
      if (std::find(candidates_.begin(), candidates_.end(), j) == candidates_.end()) away.push_back(j);
    SelectedAtoms all = scores(request.dual, away);
    if (!quick) screen(request, all);
    SelectedAtoms best;
    best.columns_evaluated = static_cast<Index>(all.atoms.size());
    best.columns_screened = static_cast<Index>(screened_.size());
    for (const ScoredAtom& atom : all.atoms) {
      best.largest_score = std::max(best.largest_score, std::abs(atom.score));
      const bool is_new = !std::binary_search(request.excluded.begin(), request.excluded.end(), atom.column);
      if (is_new && std::abs(atom.score) > request.level && best.atoms.size() < request.count)
        best.atoms.push_back(atom);
    }
    if (quick) {
      if (claim_ == Claim::nothing) best.largest_score = std::numeric_limits<double>::infinity();
      return best;
    }
    candidates_.clear();
    for (const ScoredAtom& atom : all.atoms)
      if (candidates_.size() < 3) candidates_.push_back(atom.column);
    return best;
  }

 private:
  /// Best first.
  [[nodiscard]] SelectedAtoms scores(std::span<const double> dual, std::vector<Index> away) {
    std::sort(away.begin(), away.end());
    return inner_->select(
        {.dual = dual, .level = -1.0, .count = static_cast<std::size_t>(columns()), .excluded = away});
  }
  void forget_screening_of_other_problems(const SelectionRequest& request) {
    if (request.screening && request.screening->problem == problem_) return;
    if (request.screening) problem_ = request.screening->problem;
    screened_.clear();
  }
  /// Takes the screened ones out of `all`.
  void screen(const SelectionRequest& request, SelectedAtoms& all) {
    if (!request.screening) return;
    std::erase_if(all.atoms, [&](const ScoredAtom& atom) {
      double square = 0.0;
      for (const double value : inner_->column(atom.column).values) square += value * value;
      const double radius = radius_factor_ * request.screening->radius;
      const bool is_out = std::abs(atom.score) + std::sqrt(square) * radius < request.screening->level;
      if (is_out) screened_.push_back(atom.column);
      return is_out;
    });
  }

  std::unique_ptr<AtomSelector> inner_;
  Claim claim_;
  double radius_factor_;  // below 1: screens out what may matter
  std::vector<Index> candidates_;
  std::vector<Index> screened_;
  std::uint64_t problem_ = 0;
};

}  // namespace wolfpack::sim
