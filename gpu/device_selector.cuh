// The host's half of a selection on a GPU: what it asks of the kernels, pass by pass, and what it makes of their
// answer. For atom_selector.cu.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/atom_selector.hpp"
#include "cpu/atom_ranking.hpp"
#include "cpu/candidates.hpp"
#include "cpu/column_transform.hpp"
#include "cpu/kept_duals.hpp"
#include "cpu/score_bounds.hpp"
#include "gpu/column_memory.cuh"
#include "gpu/device_buffer.cuh"
#include "gpu/device_dual.cuh"
#include "gpu/device_partition.cuh"
#include "gpu/gathered_columns.cuh"
#include "gpu/profiler_range.cuh"
#include "gpu/selection_kernels.cuh"

namespace wolfpack::gpu {

// What is not a number has no bound.
inline double bound_of(double value) { return std::isnan(value) ? std::numeric_limits<double>::infinity() : value; }

/// Fewer dual vectors than on the CPU: the terms of their bounds are found before the device has anything to do.
inline constexpr std::size_t kDualsKept = 16;

template <class Partition>
class DeviceSelector final : public AtomSelector {
 public:
  using Value = typename Partition::Value;
  using View = typename Partition::View;
  using Real = std::conditional_t<std::is_same_v<Value, double>, double, float>;  // what estimates are made in
  static constexpr int kTogether = !View::kIsDense ? 1 : std::is_same_v<Real, double> ? 2 : 4;

  template <class Matrix>
  DeviceSelector(const Matrix& matrix, int device, std::uint64_t near_bytes, cpu::ColumnTransform transform)
      : device_(device),
        transform_(std::move(transform)),
        n_(static_cast<std::size_t>(matrix.columns)),
        duals_(matrix.rows, kDualsKept),
        memory_(n_, transform_, stream_),
        lists_(n_),
        excluded_(n_),
        counters_(1),
        candidate_count_(1),
        evaluated_(n_),
        dual_(matrix.rows),
        result_(1),
        partition_(matrix, near_bytes),
        gathered_(partition_) {
    const Index width = partition_.width();
    if (width >= 96 || (width >= 32 && width % 32 == 0)) {
      use_kernels<32>();
    } else if (width >= 16) {
      use_kernels<16>();
    } else {
      use_kernels<4>();
    }
    check(cudaDeviceGetAttribute(&processors_, cudaDevAttrMultiProcessorCount, device), "cudaDeviceGetAttribute");
    stream_.wait();
  }

  [[nodiscard]] Index rows() const override { return partition_.rows(); }
  [[nodiscard]] Index columns() const override { return partition_.columns(); }

  [[nodiscard]] std::uint64_t pinned_bytes() const { return partition_.far_bytes(); }
  [[nodiscard]] std::uint64_t device_bytes() const {
    return partition_.near_bytes() + memory_.bytes() + lists_.bytes() + evaluated_.bytes() + dual_.bytes();
  }

  [[nodiscard]] SelectedAtoms select(const SelectionRequest& request) override {
    if (static_cast<Index>(request.dual.size()) != rows())
      throw std::invalid_argument("the dual vector has " + std::to_string(request.dual.size()) +
                                  " values, the partition " + std::to_string(rows()) + " rows");
    if (n_ == 0) return {};
    use_device();
    if (!request.screening || request.screening->problem != problem_) {
      if (screened_columns_ > 0) memory_.unscreen(n_, stream_);
      screened_columns_ = 0;
      problem_ = request.screening ? std::optional(request.screening->problem) : std::nullopt;
    }
    exclude(request.excluded);
    const std::size_t wanted = cpu::candidates_wanted(n_, request.count);
    if (request.candidates_only && passed_ && wanted < n_ - screened_columns_) return quick_round(request, wanted);
    return thorough_pass(request);
  }

  [[nodiscard]] double largest_norm() override {
    if (n_ == 0) return 0.0;
    if (!largest_norm_) {
      const std::vector<double> nothing(static_cast<std::size_t>(rows()), 0.0);
      // At an infinite level no column is worth a second look.
      (void)select({.dual = nothing, .level = std::numeric_limits<double>::infinity(), .count = 0, .excluded = {}});
      passed_ = false;  // no column stands out at zero
    }
    return *largest_norm_;
  }

  [[nodiscard]] std::optional<ColumnNorm> column_out_of_scale() const override { return out_of_scale_; }

  [[nodiscard]] Column column(Index j) const override {
    return cpu::transformed_column(transform_, j, rows(), stored_column(j));
  }

 private:
  [[nodiscard]] Column stored_column(Index j) const {
    if (auto gathered = gathered_.column(partition_, j)) return *std::move(gathered);
    use_device();
    return partition_.fetch(j, stream_);
  }

  template <class Number>
  using Kernel = void (*)(View, ColumnState, PassInputs, const Number*, const std::int32_t*, const unsigned*,
                          Counters*);

  template <int kLanes>
  void use_kernels() {
    estimate_ = estimate<View, Real, kLanes, kTogether, false>;
    first_ = estimate<View, double, kLanes, 1, true>;
  }

  void use_device() const { check(cudaSetDevice(device_), "cudaSetDevice"); }

  [[nodiscard]] unsigned* listed_count() const { return &counters_.data()->listed; }

  /// As many blocks as fill the device, or fewer where each has `each` of `work` to do.
  template <class Kernel>
  [[nodiscard]] int blocks_for(Kernel kernel, std::size_t work, std::size_t each) {
    const auto* key = reinterpret_cast<const void*>(kernel);
    auto known =
        std::find_if(most_blocks_.begin(), most_blocks_.end(), [&](const auto& one) { return one.first == key; });
    if (known == most_blocks_.end()) {
      int on_each = 0;
      check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&on_each, kernel, kThreads, 0),
            "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
      known = most_blocks_.insert(known, {key, static_cast<std::size_t>(processors_ * std::max(1, on_each))});
    }
    return static_cast<int>(std::clamp<std::size_t>((work + each - 1) / each, 1, known->second));
  }
  template <class... Parameters, class... Arguments>
  void run(void (*kernel)(Parameters...), std::size_t work, std::size_t each, const Arguments&... arguments) {
    launch(kernel, blocks_for(kernel, work, each), kThreads, stream_.get(), arguments...);
  }

  SelectedAtoms thorough_pass(const SelectionRequest& request) {
    const ProfilerRange range("wolfpack: thorough pass");
    const bool first = !largest_norm_;
    const bool bounded = !first && request.level > 0.0;
    const bool listed = bounded || screened_columns_ > 0;
    begin(request.dual);
    if (bounded) duals_.prepare_bounds();
    const PassInputs inputs = inputs_for(request, first);
    const std::int32_t* list = listed ? lists_.to_read() : nullptr;
    const auto n = static_cast<std::int32_t>(n_);
    if (bounded) {
      run(choose_columns<true>, n_, kThreads * 4, memory_.state(), inputs, n, lists_.to_read(), counters_.data());
    } else if (listed) {
      run(choose_columns<false>, n_, kThreads * 4, memory_.state(), inputs, n, lists_.to_read(), counters_.data());
    }
    if (first) {
      run(first_, n_, kWarps, partition_.view(), memory_.state(), inputs, dual_.template in<double>(), list,
          listed_count(), counters_.data());
    } else {
      run(estimate_, n_, kWarps, partition_.view(), memory_.state(), inputs, dual_.template in<Real>(), list,
          listed_count(), counters_.data());
    }
    passed_ = true;
    candidates_known_ = false;
    SelectedAtoms best = finish(request, inputs, list, listed_count());
    if (!listed) best.columns_evaluated = columns();
    best.bytes_read = read_bytes(best.columns_evaluated);
    while (const auto slot = duals_.to_forget()) {
      run(forget_dual, n_, kThreads, memory_.state(), n, static_cast<std::uint8_t>(*slot));
      duals_.set_columns(*slot, 0);
    }
    return best;
  }

  SelectedAtoms quick_round(const SelectionRequest& request, std::size_t wanted) {
    const ProfilerRange range("wolfpack: quick round");
    if (!candidates_known_) find_candidates(wanted);
    begin(request.dual);
    PassInputs inputs = inputs_for(request, false);
    inputs.screening_level =
        -std::numeric_limits<double>::infinity();  // candidates stay the same until the next thorough pass
    run(estimate_, n_, kWarps, partition_.view(), memory_.state(), inputs, dual_.template in<Real>(),
        lists_.candidates(), candidate_count_.data(), counters_.data());
    SelectedAtoms best = finish(request, inputs, lists_.candidates(), candidate_count_.data());
    best.bytes_read = read_bytes(best.columns_evaluated);
    best.largest_score = std::numeric_limits<double>::infinity();
    return best;
  }

  // At the dual vector of the last thorough pass, where every score is known or bounded.
  void find_candidates(std::size_t wanted) {
    duals_.prepare_bounds();
    PassInputs inputs{};
    count_sizes_below(inputs);
    inputs.wanted = static_cast<unsigned>(wanted);
    bound_by(inputs);
    counters_.fill_bytes(0, stream_.get());
    candidate_count_.fill_bytes(0, stream_.get());
    const auto n = static_cast<std::int32_t>(n_);
    run(count_standings, n_, kThreads, memory_.state(), inputs, n, counters_.data());
    run(find_contenders, n_, kThreads, memory_.state(), inputs, n, static_cast<const std::int32_t*>(nullptr),
        listed_count(), counters_.data(), candidate_count_.data(), lists_.candidates());
    candidates_known_ = true;
  }

  void begin(std::span<const double> dual) {
    duals_.begin_pass(dual);
    dual_sum_ = std::accumulate(dual.begin(), dual.end(), 0.0);
    dual_.send(dual, std::is_same_v<Real, float>, stream_);
    counters_.fill_bytes(0, stream_.get());
  }

  // Errors of estimates. In float64 as in cpu/score_bounds.hpp. In float32 a chain of kChain products and sums is off
  // by at most kChain 2^-24 |a|'|w| (Higham 2002, section 3.1), w's own rounding by another 2^-24 of it, and
  // |a|'|w| <= ||a|| ||w||; sums of chains are float64. Each product may underflow, and lose half the smallest float32.
  [[nodiscard]] PassInputs inputs_for(const SelectionRequest& request, bool first) const {
    const bool in_float32 = std::is_same_v<Real, float> && !first;
    const double unit = std::ldexp(1.0, -24);
    const double norm = duals_.dual().norm;
    PassInputs inputs{};
    inputs.level = request.level;
    inputs.error_by_norm = cpu::score_rounding(duals_.dual());
    inputs.error_absolute = duals_.score_terms().underflow;
    inputs.dual_scale = 1.0;
    inputs.dual_sum = dual_sum_;
    if (in_float32) {
      inputs.error_by_norm += 1.01 * unit * (Partition::kChain + 2) * norm;
      inputs.dual_scale = dual_.scale();
      inputs.error_absolute += static_cast<double>(rows()) * std::ldexp(inputs.dual_scale, -148);
      inputs.recorded_share = 1.0;
    }
    inputs.norm_rounding = static_cast<double>(rows() + 4) * std::numeric_limits<double>::epsilon();
    inputs.terms = duals_.score_terms();
    inputs.screening_radius = request.screening ? request.screening->radius : 0.0;
    inputs.screening_level = request.screening ? request.screening->level : -std::numeric_limits<double>::infinity();
    inputs.count = static_cast<unsigned>(std::min(request.count, n_));
    inputs.wanted = std::max(1U, inputs.count);
    count_sizes_below(inputs);
    inputs.current = duals_.current();
    bound_by(inputs);
    return inputs;
  }

  // The device has scores divided by the norms of their dual vectors.
  void bound_by(PassInputs& inputs) const {
    std::copy(duals_.bound_terms().begin(), duals_.bound_terms().end(), inputs.bounds);
    for (std::size_t slot = 0; slot < duals_.size(); ++slot) inputs.bounds[slot].scale *= duals_.norm(slot);
  }

  static double power_of_two_near(double number) {
    if (!(number > 0.0)) return 1.0;
    return std::ldexp(1.0, std::clamp(std::ilogb(std::min(number, 1e300)), -1000, 1000));
  }

  // Sizes are told apart to within a 32nd over the 32 octaves below the largest one possible; to within a quarter over
  // all of float32 where that is not known yet.
  void count_sizes_below(PassInputs& inputs) const {
    inputs.size_shift = 21;
    inputs.smallest_size = 0;
    const double norm = duals_.dual().norm;
    inputs.size_scale = power_of_two_near(1.0 / norm);
    const double largest = largest_norm_ ? *largest_norm_ * norm : 0.0;
    if (!(largest > 0.0 && std::isfinite(largest))) return;
    inputs.size_scale = power_of_two_near(0x1p100 / largest);
    const auto rounded = static_cast<float>(std::min(largest * inputs.size_scale, 3e38));
    std::uint32_t bits = 0;
    std::memcpy(&bits, &rounded, sizeof(bits));
    inputs.size_shift = 18;
    inputs.smallest_size = std::max(0, static_cast<int>(bits >> inputs.size_shift) - (kSizes - 1));
  }

  SelectedAtoms finish(const SelectionRequest& request, const PassInputs& inputs, const std::int32_t* list,
                       const unsigned* listed) {
    const auto n = static_cast<std::int32_t>(n_);
    run(find_contenders, n_, kThreads, memory_.state(), inputs, n, list, listed, counters_.data(),
        &counters_.data()->contenders, lists_.contenders());
    run(evaluate<View>, n_, 1, partition_.view(), memory_.state(), dual_.template in<double>(), dual_sum_,
        lists_.contenders(), counters_.data(), evaluated_.data());
    launch(rank, 1, kThreads, stream_.get(), memory_.state(), inputs, evaluated_.data(), listed, counters_.data(),
           lists_.chosen(), result_.data());
    const std::size_t most = gathered_.most_of(inputs.count);
    if (most > 0)
      gathered_.gather(partition_.view(), blocks_for(gathered_.kernel(), most, 1), lists_.chosen(), counters_.data(),
                       stream_);
    stream_.wait();

    const SelectionResult& result = result_[0];
    for (std::size_t slot = 0; slot < duals_.size(); ++slot) duals_.set_columns(slot, result.slot_columns[slot]);
    screened_columns_ = result.screened_columns;
    if (!largest_norm_) find_out_of_scale();
    largest_norm_ = bound_of(result.largest_norm);
    SelectedAtoms best = result.atoms >= 0 ? ranked_by_device(result) : ranked_by_host(request, result.contenders);
    if (result.left_out != 0) best.largest_score = std::max(best.largest_score, request.level);
    best.columns_evaluated = result.listed;
    best.columns_screened = static_cast<Index>(screened_columns_);
    contenders_evaluated_ = result.contenders;
    return best;
  }

  // Numbers that are narrower than float64 have squares.
  void find_out_of_scale() {
    if constexpr (std::is_same_v<Value, double>) {
      std::vector<double> norms(n_), magnitudes(n_);
      copy_to_host(norms.data(), memory_.state().norms, n_, stream_.get());
      copy_to_host(magnitudes.data(), memory_.state().magnitudes, n_, stream_.get());
      stream_.wait();
      for (std::size_t j = 0; j < n_ && !out_of_scale_; ++j)
        out_of_scale_ = cpu::out_of_scale(static_cast<Index>(j), norms[j], magnitudes[j]);
    }
  }

  SelectedAtoms ranked_by_device(const SelectionResult& result) {
    SelectedAtoms best{.atoms = {}, .largest_score = bound_of(result.largest)};
    for (int k = 0; k < result.atoms; ++k) best.atoms.push_back({result.best[k].column, result.best[k].score});
    gathered_.note(best.atoms);
    return best;
  }

  SelectedAtoms ranked_by_host(const SelectionRequest& request, std::size_t count) {
    std::vector<Ranked> all(count);
    copy_to_host(all.data(), evaluated_.data(), count, stream_.get());
    stream_.wait();
    std::sort(all.begin(), all.end(), [](const Ranked& a, const Ranked& b) { return a.column < b.column; });
    cpu::AtomRanking ranking(request);
    for (const Ranked& one : all) ranking.offer(one.column, one.score);
    gathered_.note({});  // none was gathered
    return std::move(ranking).finish();
  }

  void exclude(std::span<const Index> columns) {
    const auto [marked, unmarked] = excluded_.change_to(columns, lists_.to_read(), stream_);
    if (marked + unmarked == 0) return;
    run(mark_excluded, static_cast<std::size_t>(marked + unmarked), kThreads, memory_.state(), lists_.to_read(), marked,
        unmarked);
  }

  // Of columns that were left out the mean size is taken.
  [[nodiscard]] std::uint64_t read_bytes(Index evaluated) const {
    const auto columns_read = static_cast<std::uint64_t>(evaluated) + contenders_evaluated_;
    const std::uint64_t each = partition_.bytes() / n_;
    return evaluated == columns() ? partition_.bytes() + contenders_evaluated_ * each : columns_read * each;
  }

  int device_;
  cpu::ColumnTransform transform_;
  int processors_ = 1;
  std::vector<std::pair<const void*, std::size_t>> most_blocks_;  // of each kernel
  std::size_t n_;
  cpu::KeptDuals duals_;
  Stream stream_;
  ColumnMemory memory_;
  ColumnLists lists_;
  ExcludedColumns excluded_;
  DeviceArray<Counters> counters_;
  DeviceArray<unsigned> candidate_count_;
  DeviceArray<Ranked> evaluated_;
  DeviceDual dual_;
  PinnedArray<SelectionResult> result_;
  Partition partition_;  // the largest, and the last of what needs device memory
  GatheredColumns<Partition> gathered_;

  Kernel<Real> estimate_ = nullptr;
  Kernel<double> first_ = nullptr;
  std::optional<double> largest_norm_;
  std::optional<ColumnNorm> out_of_scale_;
  double dual_sum_ = 0.0;
  bool passed_ = false;  // a thorough pass was made
  bool candidates_known_ = false;
  std::optional<std::uint64_t> problem_;
  std::size_t screened_columns_ = 0;
  std::uint64_t contenders_evaluated_ = 0;
};

}  // namespace wolfpack::gpu
