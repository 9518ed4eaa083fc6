#include "runtime/foreign_launcher.hpp"

#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/status.hpp"
#include "base/time.hpp"
#include "transport/pmix_bootstrap.hpp"
#include "transport/ucx_environment.hpp"

namespace wolfpack::runtime {
namespace {

/// How many tasks srun has started, as text; null where it did not start this process, or this one alone.
const char* tasks_of_srun() {
  // Not SLURM_NTASKS: a batch script sees that too, and may well start one program.
  const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  const bool is_one_of_many =
      std::getenv("SLURM_PROCID") != nullptr && tasks != nullptr && std::strcmp(tasks, "1") != 0;
  return is_one_of_many ? tasks : nullptr;
}

/// A launcher ends its job when the first rank has ended with another status than 0, and may drop what worker 0, which
/// speaks for all, has just written.
void let_the_first_be_heard() {
  constexpr double kSeconds = 0.3;
  sleep_seconds(kSeconds);
}

}  // namespace

void refuse_foreign_launcher() {
  if (const char* tasks = tasks_of_srun(); tasks != nullptr)
    throw InputError(fmt::format(
        "srun started {} tasks without PMIx, so that they cannot find each other: type srun --mpi=pmix, or set RANK, "
        "WORLD_SIZE, MASTER_ADDR and MASTER_PORT",
        tasks));
  for (const char* variable : {"OMPI_COMM_WORLD_RANK", "PMI_RANK"})
    if (std::getenv(variable) != nullptr)
      throw InputError(fmt::format(
          "{} is set, but PMIX_RANK is not: this launcher has no PMIx, by which its ranks could be joined; start them "
          "with Open MPI's mpirun or srun --mpi=pmix, or set RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, or start "
          "one process, without a launcher",
          variable));
}

void restart_told(char* const* arguments) {
  const auto settings = transport::ucx_environment();
  for (const std::string& setting : settings) {
    const auto equals = setting.find('=');
    setenv(setting.substr(0, equals).c_str(), setting.substr(equals + 1).c_str(), 1);
  }
  // Where that fails, UCX says more than it should, and all else is as it should be.
  if (!settings.empty() && arguments != nullptr) execv("/proc/self/exe", arguments);
}

int run_joined(const WorkerMain& worker, const std::function<void(WorkerId)>& on_launcher_lost) {
  auto bootstrap = transport::make_pmix_bootstrap(on_launcher_lost);
  const bool is_first = bootstrap->rank().value == 0;
  try {
    const int status = worker(*bootstrap);
    bootstrap.reset();
    if (status != 0 && !is_first) let_the_first_be_heard();
    return status;
  } catch (const InputError&) {
    bootstrap.reset();
    if (!is_first) let_the_first_be_heard();
    throw;
  } catch (...) {  // the others may wait for this one; bad input they have all found
    transport::end_job_at_exit(std::move(bootstrap));
    throw;
  }
}

}  // namespace wolfpack::runtime
