// The twin of pmix_bootstrap.cpp in a build without PMIx.
#include "base/status.hpp"
#include "transport/pmix_bootstrap.hpp"

namespace wolfpack::transport {

std::unique_ptr<Bootstrap> make_pmix_bootstrap(std::function<void(WorkerId)>) {
  throw InputError(
      "this program was built without PMIx, by which it would join the processes that mpirun or srun started; install "
      "libpmix-dev and build it again");
}

void end_job_at_exit(std::unique_ptr<Bootstrap>) {}  // of which there is none

}  // namespace wolfpack::transport
