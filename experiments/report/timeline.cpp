#include "experiments/report/timeline.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include <fmt/format.h>

#include "experiments/report/text.hpp"

namespace wolfpack::report {
namespace {

constexpr Index kMostLanes = 64;
constexpr double kBucketPixels = 2.0;
/// Iterations narrower than this on average are shown by shares.
constexpr double kLeastPixels = 3.0;

struct Lane {
  WorkerId worker;
  std::span<const TraceRow> rows;
  double top = 0.0;
  double height = 0.0;
};

double sum(const PhaseSeconds& phases) { return std::accumulate(phases.begin(), phases.end(), 0.0); }

/// One path a phase, one rectangle a segment.
std::string draw_segments(const Lane& lane, const Scale& x, double unit) {
  std::array<std::string, kPhaseCount> paths;
  for (const TraceRow& row : lane.rows) {
    const PhaseSeconds phases = phase_seconds(row);
    double begin = row.start;
    for (std::size_t phase = 0; phase < kPhaseCount; ++phase) {
      const double left = x(begin * unit);
      begin += phases[phase];
      const double width = x(begin * unit) - left;
      if (width < 0.05) continue;
      fmt::format_to(std::back_inserter(paths[phase]), "M{:.1f} {:g}h{:.1f}v{:g}h-{:.1f}z", left, lane.top, width,
                     lane.height, width);
    }
  }
  std::string out;
  for (std::size_t phase = 0; phase < kPhaseCount; ++phase) {
    if (!paths[phase].empty()) out += fmt::format("<path class=\"{}\" d=\"{}\"/>", kPhaseNames[phase], paths[phase]);
  }
  return out;
}

/// Stacked steps, one area a phase: each is drawn over the ones that reach higher, the last phase first.
std::string draw_shares(const Lane& lane, Range time, Range pixels) {
  const auto buckets = static_cast<std::size_t>((pixels.high - pixels.low) / kBucketPixels);
  const std::vector<PhaseSeconds> shares = bucket_phases(lane.rows, time, buckets);
  const double bucket_seconds = (time.high - time.low) / static_cast<double>(buckets);
  const double bottom = lane.top + lane.height;
  std::string out;
  for (std::size_t phase = kPhaseCount; phase-- > 0;) {
    std::string path = fmt::format("M{:g} {:g}", pixels.low, bottom);
    bool any = false;
    double level = bottom;
    double pending = 0.0;
    for (const PhaseSeconds& bucket : shares) {
      any = any || bucket[phase] > 0.0;
      const double reached =
          std::accumulate(bucket.begin(), bucket.begin() + static_cast<std::ptrdiff_t>(phase) + 1, 0.0);
      const double next = std::round((bottom - lane.height * std::min(1.0, reached / bucket_seconds)) * 10.0) / 10.0;
      if (next != level) {
        if (pending > 0.0) fmt::format_to(std::back_inserter(path), "h{:g}", pending);
        fmt::format_to(std::back_inserter(path), "V{:g}", next);
        level = next;
        pending = 0.0;
      }
      pending += kBucketPixels;
    }
    if (any) out += fmt::format("<path class=\"{}\" d=\"{}h{:g}V{:g}z\"/>", kPhaseNames[phase], path, pending, bottom);
  }
  return out;
}

std::string tooltip(const Lane& lane) {
  const PhaseSeconds phases = phase_seconds(lane.rows);
  const double total = sum(phases);
  std::string out =
      fmt::format("worker {}: {}", lane.worker.value, plural(static_cast<Index>(lane.rows.size()), "iteration"));
  for (std::size_t phase = 0; phase < kPhaseCount && total > 0.0; ++phase) {
    if (phases[phase] > 0.0) out += fmt::format(", {} {}", kPhaseNames[phase], percent(phases[phase] / total));
  }
  return out;
}

struct Drawing {
  std::string svg;
  bool has_shares = false;
};

Drawing draw(const Run& run, Range time, Index stride) {
  const auto lanes = static_cast<double>((run.workers + stride - 1) / stride);
  const double pitch = std::clamp(std::floor(400.0 / lanes), 10.0, 36.0);
  Frame frame{.left = 82.0, .top = 4.0};
  frame.height = frame.top + pitch * lanes + frame.bottom;
  const TimeUnit unit = time_unit(time.high);
  const Range shown{time.low * unit.per_second, time.high * unit.per_second};
  const Scale x = Scale::linear(shown, frame.x_pixels());
  Drawing drawing;
  drawing.svg = open_svg(
      frame, "timeline", "Timeline of the workers",
      "One lane a worker; colours tell waiting, reading, selecting and updating. The table below has the shares.");
  drawing.svg +=
      x_axis(frame, x, labelled(linear_ticks(shown, 9)), fmt::format("{} since the start of solving", unit.name));
  double top = frame.top;
  for (Index worker = 0; worker < run.workers; worker += stride, top += pitch) {
    const WorkerId id{static_cast<std::uint32_t>(worker)};
    const Lane lane{.worker = id,
                    .rows = rows_of(run, id),
                    .top = top + 1.0,
                    .height = pitch - std::max(2.0, std::round(pitch / 6.0))};
    const double middle = lane.top + lane.height / 2;
    const bool by_share =
        static_cast<double>(lane.rows.size()) * kLeastPixels > frame.x_pixels().high - frame.x_pixels().low;
    drawing.has_shares = drawing.has_shares || by_share;
    drawing.svg += fmt::format(
        "<g><title>{}</title><text class=\"lane\" x=\"{:g}\" y=\"{:g}\" dy=\".33em\" text-anchor=\"end\">worker "
        "{}</text>"
        "<path class=\"idle\" d=\"M{:g} {:g}H{:g}V{:g}H{:g}z\"/>{}</g>\n",
        tooltip(lane), frame.left - 8, middle, worker, frame.left, lane.top, frame.width - frame.right,
        lane.top + lane.height, frame.left,
        by_share ? draw_shares(lane, time, frame.x_pixels()) : draw_segments(lane, x, unit.per_second));
  }
  drawing.svg += "</svg>\n";
  return drawing;
}

std::string table_row(std::string_view head, std::span<const TraceRow> rows, const PhaseSeconds& shown) {
  const PhaseSeconds phases = phase_seconds(rows);
  const double total = sum(phases);
  const auto iterations = static_cast<double>(rows.size());
  std::string out =
      fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td>", head, count(static_cast<Index>(rows.size())),
                  rows.empty() ? "–" : duration(total / iterations));
  for (std::size_t phase = 0; phase < kPhaseCount; ++phase) {
    if (shown[phase] > 0.0) out += fmt::format("<td>{}</td>", total > 0.0 ? percent(phases[phase] / total) : "–");
  }
  return out + "</tr>\n";
}

/// The four phases every run has, and those of the others that took at least half a percent of the time: 1 where shown.
PhaseSeconds shown_phases(const Run& run) {
  PhaseSeconds shown = phase_seconds(run.trace);
  const double total = sum(shown);
  for (std::size_t phase = 0; phase < kPhaseCount; ++phase) {
    const bool optional =
        phase == static_cast<std::size_t>(Phase::straggle) || phase == static_cast<std::size_t>(Phase::other);
    shown[phase] = !optional || shown[phase] > 5e-3 * total ? 1.0 : 0.0;
  }
  return shown;
}

std::string table(const Run& run, Index stride, const PhaseSeconds& shown) {
  std::string out =
      "<div class=\"scroll\"><table class=\"numbers\">\n<caption>Where each worker's time went</caption>\n"
      "<thead><tr><th scope=\"col\">worker</th><th scope=\"col\">iterations</th><th scope=\"col\">mean iteration</th>";
  for (std::size_t phase = 0; phase < kPhaseCount; ++phase) {
    if (shown[phase] > 0.0) out += fmt::format("<th scope=\"col\">{}</th>", kPhaseNames[phase]);
  }
  out += "</tr></thead>\n<tbody>\n";
  for (Index worker = 0; worker < run.workers; worker += stride)
    out += table_row(std::to_string(worker), rows_of(run, {static_cast<std::uint32_t>(worker)}), shown);
  out += "</tbody>\n";
  if (run.workers > 1) out += "<tfoot>" + table_row("all", run.trace, shown) + "</tfoot>\n";
  return out + "</table></div>\n";
}

}  // namespace

PhaseSeconds phase_seconds(const TraceRow& row) {
  PhaseSeconds phases{row.wait_seconds,     row.get_seconds,    row.select_seconds,
                      row.straggle_seconds, row.update_seconds, 0.0};
  double left = row.end - row.start;
  for (double& seconds : phases) {
    seconds = std::min(seconds, left);
    left -= seconds;
  }
  phases.back() = left;
  return phases;
}

PhaseSeconds phase_seconds(std::span<const TraceRow> rows) {
  PhaseSeconds total{};
  for (const TraceRow& row : rows) {
    const PhaseSeconds phases = phase_seconds(row);
    for (std::size_t phase = 0; phase < kPhaseCount; ++phase) total[phase] += phases[phase];
  }
  return total;
}

std::vector<PhaseSeconds> bucket_phases(std::span<const TraceRow> rows, Range time, std::size_t buckets) {
  std::vector<PhaseSeconds> out(buckets, PhaseSeconds{});
  const double per_bucket = (time.high - time.low) / static_cast<double>(buckets);
  if (per_bucket <= 0.0) return out;
  const auto bucket_of = [&](double seconds) {
    return static_cast<std::size_t>(
        std::clamp((seconds - time.low) / per_bucket, 0.0, static_cast<double>(buckets - 1)));
  };
  for (const TraceRow& row : rows) {
    const PhaseSeconds phases = phase_seconds(row);
    double begin = row.start;
    for (std::size_t phase = 0; phase < kPhaseCount; ++phase) {
      const double end = begin + phases[phase];
      const std::size_t last = bucket_of(end);
      for (std::size_t at = bucket_of(begin); at < last; ++at) {
        const double edge = time.low + static_cast<double>(at + 1) * per_bucket;
        out[at][phase] += std::max(0.0, edge - begin);
        begin = std::max(begin, edge);
      }
      out[last][phase] += std::max(0.0, end - begin);
      begin = end;
    }
  }
  return out;
}

std::string timeline_section(const Run& run) {
  std::string out = "<section>\n<h2>Timeline of the workers</h2>\n";
  Range time{0.0, 0.0};
  for (const TraceRow& row : run.trace) time = {std::min(time.low, row.start), std::max(time.high, row.end)};
  if (run.trace.empty() || time.high <= time.low) return out + "<p>No iteration was recorded.</p>\n</section>\n";
  const Index stride = (run.workers + kMostLanes - 1) / kMostLanes;
  const PhaseSeconds shown = shown_phases(run);
  const Drawing drawing = draw(run, time, stride);
  out += "<figure>\n<p class=\"legend\" aria-hidden=\"true\">";
  for (std::size_t phase = 0; phase < kPhaseCount; ++phase) {
    if (shown[phase] > 0.0) out += fmt::format("<span><i class=\"{0}\"></i>{0}</span>", kPhaseNames[phase]);
  }
  out += "</p>\n" + drawing.svg;
  out +=
      "<figcaption><b>wait</b>: held back by the staleness bound or for a newer model; <b>get</b>: reading the model; "
      "<b>select</b>: "
      "choosing atoms; ";
  if (shown[static_cast<std::size_t>(Phase::straggle)] > 0.0) out += "<b>straggle</b>: slowed down on purpose; ";
  out += "<b>update</b>: proposing them.";
  if (drawing.has_shares)
    out += " Where iterations are too short to draw, a lane's height is shared out as its time was.";
  if (stride > 1) out += fmt::format(" One of every {} workers is shown.", stride);
  return out + "</figcaption>\n</figure>\n" + table(run, stride, shown) + "</section>\n";
}

}  // namespace wolfpack::report
