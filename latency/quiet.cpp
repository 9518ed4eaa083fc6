#include "latency/quiet.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/time.hpp"

namespace wolfpack::latency {
namespace {

/// Shares of the time of one core that count as noise.
constexpr double kQuietShare = 0.05;
constexpr double kQuietSteal = 0.01;
constexpr double kQuietInterruptionsASecond = 20.0;

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

Activity Activity::operator-(const Activity& earlier) const {
  return {seconds - earlier.seconds, busy_seconds - earlier.busy_seconds, stolen_seconds - earlier.stolen_seconds,
          own_seconds - earlier.own_seconds, interruptions - earlier.interruptions};
}

void read_stat_line(const std::string& line, double tick_seconds, Activity& activity) {
  std::istringstream words(line);
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, io = 0, irq = 0, soft_irq = 0, steal = 0;
  if (!(words >> name >> user >> nice >> system >> idle >> io >> irq >> soft_irq >> steal) || name != "cpu") return;
  activity.busy_seconds = (user + nice + system + irq + soft_irq) * tick_seconds;
  activity.stolen_seconds = steal * tick_seconds;
}

Activity activity() {
  Activity now;
  now.seconds = monotonic_seconds();
  rusage own{};
  if (getrusage(RUSAGE_SELF, &own) == 0) {
    now.own_seconds = seconds_of(own.ru_utime) + seconds_of(own.ru_stime);
    now.interruptions = static_cast<double>(own.ru_nivcsw);
  }
  std::ifstream file("/proc/stat");
  std::string line;
  if (std::getline(file, line)) read_stat_line(line, 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK)), now);
  return now;
}

std::vector<std::string> disturbances(std::span<const Activity> ranks) {
  std::vector<std::string> all;
  if (ranks.empty() || ranks.front().seconds <= 0.0) return all;
  const Activity& host = ranks.front();
  double own = 0.0, interruptions = 0.0;
  for (const Activity& rank : ranks) {
    own += rank.own_seconds;
    interruptions = std::max(interruptions, rank.interruptions);
  }
  if (const double others = (host.busy_seconds - own) / host.seconds; others > kQuietShare)
    all.push_back(fmt::format("other processes took {:.2f} of a core", others));
  if (const double stolen = host.stolen_seconds / host.seconds; stolen > kQuietSteal)
    all.push_back(fmt::format("the hypervisor took {:.2f} of a core", stolen));
  if (const double rate = interruptions / host.seconds; rate > kQuietInterruptionsASecond)
    all.push_back(fmt::format("a rank was interrupted {:.0f} times a second", rate));
  return all;
}

}  // namespace wolfpack::latency
