#include "cpu/atom_selector.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "cpu/atom_ranking.hpp"
#include "cpu/candidates.hpp"
#include "cpu/contenders.hpp"
#include "cpu/matrix_checks.hpp"
#include "cpu/quantized_columns.hpp"
#include "cpu/score_memory.hpp"
#include "cpu/thread_pool.hpp"
#include "cpu/transformed_columns.hpp"

namespace wolfpack::cpu {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Threads take pieces of the partition as they come: many enough that a thread on a busy core does not keep the others
// waiting, few enough that taking one, and finding one's way into it, costs nothing.
constexpr Index kPiecesPerThread = 16;
constexpr Index kSmallestPiece = 16;
constexpr Index kLargestPiece = 4096;
// Columns that the quantized copy estimates before any of them is judged.
constexpr std::size_t kBatch = 64;
// Less than this is read before another thread is awake.
constexpr std::uint64_t kWorthSharing = std::uint64_t{1} << 20;

// From here on a quantized copy pays: a smaller partition is near the processor as it is, and with shorter columns what
// is remembered of each, and the copy, would add about 30% or more to a float32 matrix.
constexpr std::uint64_t kSmallestCopied = std::uint64_t{8} << 20;
constexpr std::uint64_t kShortestCopied = 1024;  // bytes of a column

// One pass: what is asked, and what one thread made of its share.
struct Pass {
  const SelectionRequest& request;
  SummedDual dual;
  double rounding;          // of a score, by its column's magnitude
  bool first;               // norms are not known yet
  bool bounded;             // columns may be left out by their bounds
  QuantizedDual quantized;  // usable: by the quantized copy first
};
struct alignas(64) Share {  // a cache line is no two threads'
  explicit Share(const SelectionRequest& request) : ranking(request), contenders(request) {}

  AtomRanking ranking;
  Contenders contenders;  // by the quantized copy
  ScoreMemory::Moves moves{};
  Index evaluated = 0;
  Index screened = 0;
  std::uint64_t bytes = 0;
  bool left_out = false;       // some column, by its bound
  std::vector<double> bounds;  // of the piece at hand
  std::vector<Index> to_read;  // of the piece at hand
};

template <class Columns>
class CpuAtomSelector final : public AtomSelector {
 public:
  CpuAtomSelector(Columns stored, std::shared_ptr<const Matrix> owner, bool with_copy, CpuSelectorOptions options)
      : owner_(std::move(owner)),
        partition_(stored, std::move(options.transform)),
        memory_(stored.rows(), stored.columns(), partition_.centres()),
        pool_(options.threads) {
    if constexpr (Columns::kIsDense) {
      if (with_copy) make_quantized_copy();
    }
  }

  [[nodiscard]] Index rows() const override { return partition_.stored().rows(); }
  [[nodiscard]] Index columns() const override { return partition_.stored().columns(); }

  [[nodiscard]] SelectedAtoms select(const SelectionRequest& request) override {
    if (static_cast<Index>(request.dual.size()) != rows()) {
      throw std::invalid_argument(
          fmt::format("the dual vector has {} values, the partition {} rows", request.dual.size(), rows()));
    }
    prepare_screening(request.screening);
    const std::size_t wanted = candidates_wanted(static_cast<std::size_t>(columns()), request.count);
    const auto in_play = static_cast<std::size_t>(columns() - screened_columns_);
    if (request.candidates_only && passed_ && wanted < in_play) return quick_round(request, wanted);
    return thorough_pass(request);
  }

  [[nodiscard]] double largest_norm() override {
    if (!largest_norm_) measure_all([](Index) {});
    return *largest_norm_;
  }

  [[nodiscard]] std::optional<ColumnNorm> column_out_of_scale() const override { return out_of_scale_; }

  [[nodiscard]] Column column(Index j) const override { return partition_.column(j); }

 private:
  // Columns that were screened out for another problem come back, and all where nothing is screened.
  void prepare_screening(const std::optional<Screening>& screening) {
    const bool goes_on = screening && !screened_.empty() && screening->problem == problem_;
    if (goes_on || (!screening && screened_columns_ == 0)) return;
    screened_.assign(screening ? static_cast<std::size_t>(columns()) : 0, 0);
    screened_columns_ = 0;
    if (screening) problem_ = screening->problem;
  }

  SelectedAtoms thorough_pass(const SelectionRequest& request) {
    const Pass pass = begin(request, largest_norm_ && request.level > 0.0);
    if (pass.bounded) memory_.prepare_bounds();
    std::vector<Share> shares(pool_.size(), Share(request));
    in_pieces(columns(), [&](std::size_t thread, Index first, Index last) {
      choose(pass, shares[thread], first, last);
      look_at(pass, shares[thread], shares[thread].to_read);
    });
    if (pass.first) find_largest_norm();
    passed_ = true;
    candidates_.reset();
    SelectedAtoms best = merged(pass, shares);
    memory_.end_pass();
    return best;
  }

  SelectedAtoms quick_round(const SelectionRequest& request, std::size_t wanted) {
    if (!candidates_) candidates_ = find_candidates(wanted);
    const Pass pass = begin(request, false);
    std::vector<Share> shares(pool_.size(), Share(request));
    const std::span<const Index> all(*candidates_);
    in_pieces(static_cast<Index>(all.size()), [&](std::size_t thread, Index first, Index last) {
      look_at(pass, shares[thread],
              all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
    });
    SelectedAtoms best = merged(pass, shares);
    best.largest_score = kInfinity;
    return best;
  }

  Pass begin(const SelectionRequest& request, bool bounded) {
    memory_.begin_pass(request.dual);
    const SummedDual dual{request.dual.data(),
                          lane_sum(request.dual.data(), rows(), [](double value) { return value; })};
    return {request,        dual,    score_rounding(memory_.dual()),
            !largest_norm_, bounded, quantized_ ? QuantizedDual(request.dual, memory_.dual().norm) : QuantizedDual()};
  }

  // The columns of a piece that have to be read.
  void choose(const Pass& pass, Share& share, Index first, Index last) {
    share.to_read.clear();
    if (pass.bounded) {
      share.bounds.resize(static_cast<std::size_t>(last - first));
      memory_.bounds(first, last - first, share.bounds.data());
    }
    for (Index j = first; j < last; ++j) {
      if (!screened_.empty() && screened_[j] != 0) continue;
      if (pass.bounded) {
        const double bound = share.bounds[static_cast<std::size_t>(j - first)];
        if (screen(pass, share, j, bound)) continue;
        if (bound <= pass.request.level) {
          share.left_out = true;
          continue;
        }
      }
      share.to_read.push_back(j);
    }
  }

  void look_at(const Pass& pass, Share& share, std::span<const Index> to_read) {
    share.evaluated += static_cast<Index>(to_read.size());
    if (pass.quantized.is_usable()) return estimate(pass, share, to_read);
    evaluate(pass, share, to_read);
  }

  // By the quantized copy, which leaves few columns to be read.
  void estimate(const Pass& pass, Share& share, std::span<const Index> to_read) {
    // Three short loops: of each the processor works at several columns at a time.
    for (std::size_t begin = 0; begin < to_read.size(); begin += kBatch) {
      const auto batch = to_read.subspan(begin, std::min(kBatch, to_read.size() - begin));
      std::array<double, kBatch> scores, errors;
      for (std::size_t k = 0; k < batch.size(); ++k) {
        const Index j = batch[k];
        const std::size_t ahead = begin + k + quantized_->lead();
        scores[k] = quantized_->dot(j, pass.quantized, ahead < to_read.size() ? to_read[ahead] : j);
      }
      for (std::size_t k = 0; k < batch.size(); ++k) {
        const Index j = batch[k];
        scores[k] = std::abs(partition_.transformed(j, scores[k], pass.dual));
        errors[k] = partition_.scaled(j, quantized_->error(j, pass.quantized)) + pass.rounding * memory_.magnitude(j);
        memory_.record(j, scores[k], share.moves, errors[k]);
      }
      for (std::size_t k = 0; k < batch.size(); ++k) {
        const double most = scores[k] + errors[k];
        if (screen(pass, share, batch[k], most)) continue;
        if (most <= pass.request.level) {
          share.left_out = true;
        } else {
          share.contenders.offer(batch[k], std::max(0.0, scores[k] - errors[k]), most);  // 0 where it is not a number
        }
      }
    }
    share.bytes += to_read.size() * quantized_->bytes_of_a_column();
  }

  void evaluate_contenders(const Pass& pass, std::vector<Share>& shares) {
    std::vector<const Contenders*> all;
    for (const Share& share : shares) all.push_back(&share.contenders);
    const std::vector<Index> left = Contenders::left_of(all);
    in_pieces(static_cast<Index>(left.size()), [&](std::size_t thread, Index first, Index last) {
      evaluate(pass, shares[thread],
               std::span(left).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
    });
  }

  void evaluate(const Pass& pass, Share& share, std::span<const Index> to_read) {
    const auto lead = static_cast<std::size_t>(partition_.stored().lead());
    for (std::size_t k = 0; k < to_read.size(); ++k) {
      const Index j = to_read[k];
      if (k + 2 * lead < to_read.size()) partition_.stored().ask_for_start(to_read[k + 2 * lead]);
      const Index next = k + lead < to_read.size() ? to_read[k + lead] : j;
      const double score =
          pass.first ? keep_norm(j, partition_.measure(j, pass.dual, next)) : score_of(j, pass.dual, next);
      memory_.record(j, score, share.moves);
      share.bytes += partition_.stored().bytes(j);
      // A contender stays: others were passed over because it is in play.
      if (pass.quantized.is_usable() || !screen(pass, share, j, std::abs(score) + pass.rounding * memory_.magnitude(j)))
        share.ranking.offer(j, score);
    }
  }

  // A quick round screens nothing out: candidates stay the same until the next thorough pass.
  bool screen(const Pass& pass, Share& share, Index j, double bound) {
    const auto& screening = pass.request.screening;
    if (!screening || pass.request.candidates_only) return false;
    if (!(bound + memory_.norm(j) * screening->radius < screening->level)) return false;
    screened_[j] = 1;
    ++share.screened;
    return true;
  }

  SelectedAtoms merged(const Pass& pass, std::vector<Share>& shares) {
    const SelectionRequest& request = pass.request;
    if (pass.quantized.is_usable()) evaluate_contenders(pass, shares);
    SelectedAtoms best;
    bool left_out = false;
    Index evaluated = 0;
    std::uint64_t bytes = 0;
    for (Share& share : shares) {
      best = merged_atoms(best, std::move(share.ranking).finish(), request.count);
      memory_.add(share.moves);
      left_out = left_out || share.left_out;
      evaluated += share.evaluated;
      bytes += share.bytes;
      screened_columns_ += share.screened;
    }
    if (left_out) best.largest_score = std::max(best.largest_score, request.level);
    best.columns_evaluated = evaluated;
    best.columns_screened = screened_columns_;
    best.bytes_read = evaluated == columns() && !pass.quantized.is_usable() ? partition_.stored().bytes() : bytes;
    return best;
  }

  // At the dual vector of the last thorough pass, where every score is known or bounded.
  std::vector<Index> find_candidates(std::size_t wanted) {
    standings_.resize(static_cast<std::size_t>(columns()));
    memory_.prepare_bounds();
    memory_.bounds(0, columns(), standings_.data());
    for (double& standing : standings_) standing = std::isnan(standing) ? kInfinity : standing;
    for (std::size_t j = 0; j < screened_.size(); ++j) standings_[j] = screened_[j] != 0 ? -kInfinity : standings_[j];
    return candidates(standings_, wanted);
  }

  // What is constant and centred is zero, whatever rounding makes of its product.
  [[nodiscard]] double score_of(Index j, const SummedDual& dual, Index next) const {
    return memory_.norm(j) == 0.0 ? 0.0 : partition_.score(j, dual, next);
  }

  void make_quantized_copy() {
    quantized_.emplace(rows(), columns());
    measure_all([&](Index j) { quantized_->set(j, partition_.stored().values(j)); });
  }

  // The norms of all columns; also_do(j) while column j is near.
  template <class Work>
  void measure_all(Work&& also_do) {
    const std::vector<double> nothing(static_cast<std::size_t>(rows()));
    in_pieces(columns(), [&](std::size_t, Index first, Index last) {
      for (Index j = first; j < last; ++j) {
        keep_norm(j, partition_.measure(j, {nothing.data(), 0.0}, std::min(j + 1, last - 1)));
        also_do(j);
      }
    });
    find_largest_norm();
  }

  double keep_norm(Index j, const MeasuredColumn& measured) {
    memory_.set_norm(j, measured.norm, measured.magnitude);
    return measured.score;
  }

  void find_largest_norm() {
    double largest = 0.0;
    for (Index j = 0; j < columns(); ++j) {
      const double norm = memory_.norm(j);
      if (!(norm <= largest)) largest = std::isnan(norm) ? kInfinity : norm;
      if (!out_of_scale_) out_of_scale_ = out_of_scale(j, norm, memory_.magnitude(j));
    }
    largest_norm_ = largest;
  }

  // work(thread, first, last) for pieces of 0 .. count, each a column, by all threads where it is worth their while;
  // each thread's pieces come in increasing order.
  template <class Work>
  void in_pieces(Index count, Work&& work) {
    const Index piece =
        std::clamp(count / (kPiecesPerThread * static_cast<Index>(pool_.size())), kSmallestPiece, kLargestPiece);
    const Index per_column = static_cast<Index>(partition_.stored().bytes()) / std::max<Index>(1, columns());
    if (static_cast<std::uint64_t>(count * per_column) < kWorthSharing) {
      for (Index first = 0; first < count; first += piece) work(std::size_t{0}, first, std::min(count, first + piece));
      return;
    }
    std::atomic<Index> next{0};
    pool_.run([&](std::size_t thread) {
      for (;;) {
        const Index first = next.fetch_add(piece, std::memory_order_relaxed);
        if (first >= count) return;
        work(thread, first, std::min(count, first + piece));
      }
    });
  }

  std::shared_ptr<const Matrix> owner_;  // of what partition_ views; null where the caller owns it
  TransformedColumns<Columns> partition_;
  ScoreMemory memory_;
  std::optional<QuantizedColumns> quantized_;
  std::optional<double> largest_norm_;
  std::optional<ColumnNorm> out_of_scale_;
  bool passed_ = false;                           // a thorough pass was made
  std::optional<std::vector<Index>> candidates_;  // of the last thorough pass, once a quick round wants them
  std::vector<double> standings_;                 // what they are chosen by
  std::uint64_t problem_ = 0;
  std::vector<std::uint8_t> screened_;  // by column; empty where nothing is screened
  Index screened_columns_ = 0;
  ThreadPool pool_;
};

template <class Scalar>
DenseColumns<Scalar> columns_of(const DenseView<Scalar>& matrix) {
  return DenseColumns<Scalar>(matrix);
}
template <class Scalar>
SparseColumns<Scalar> columns_of(const SparseView<Scalar>& matrix) {
  return SparseColumns<Scalar>(matrix);
}

std::unique_ptr<AtomSelector> make(const MatrixView& partition, std::shared_ptr<const Matrix> owner,
                                   CpuSelectorOptions options) {
  check(partition, options.transform);
  const bool with_copy = quantized_copy_bytes(partition, options.quantized_copy) > 0;
  return std::visit(
      [&](const auto& matrix) -> std::unique_ptr<AtomSelector> {
        using Stored = decltype(columns_of(matrix));
        return std::make_unique<CpuAtomSelector<Stored>>(columns_of(matrix), std::move(owner), with_copy,
                                                         std::move(options));
      },
      partition);
}

}  // namespace

std::uint64_t quantized_copy_bytes(const MatrixView& partition, QuantizedCopy copy) {
  const auto number = static_cast<std::uint64_t>(columns(partition));
  if (copy == QuantizedCopy::never || number == 0 || !is_dense(partition)) return 0;
  const std::uint64_t stored = matrix_bytes(partition);
  if (copy == QuantizedCopy::automatic && (stored < kSmallestCopied || stored / number < kShortestCopied)) return 0;
  return QuantizedColumns::bytes(rows(partition), columns(partition));
}

std::unique_ptr<AtomSelector> make_cpu_atom_selector(MatrixView partition, CpuSelectorOptions options) {
  return make(partition, nullptr, std::move(options));
}

std::unique_ptr<AtomSelector> make_cpu_atom_selector(Matrix&& partition, CpuSelectorOptions options) {
  auto owner = std::make_shared<const Matrix>(std::move(partition));
  return make(view(*owner), owner, std::move(options));
}

}  // namespace wolfpack::cpu
