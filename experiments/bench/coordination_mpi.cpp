// The other side of coordination.cpp: MPI_Barrier, and MPI_Allreduce of --values doubles, timed in the same way.
//
//     mpirun -np 2 bench_coordination_mpi barrier|allreduce VALUES BATCH BATCHES
//
// Rank 0 prints one JSON object: microseconds an operation, batch by batch, and the library.
#include <cstdio>
#include <cstdlib>
#include <mpi.h>
#include <sched.h>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s barrier|allreduce VALUES BATCH BATCHES\n", argv[0]);
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
  const bool reduces = std::string(argv[1]) == "allreduce";
  const int values = std::atoi(argv[2]), batch = std::atoi(argv[3]), batches = std::atoi(argv[4]);
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<unsigned>(rank) % std::thread::hardware_concurrency(), &cpus);
  sched_setaffinity(0, sizeof cpus, &cpus);

  const std::vector<double> ones(static_cast<std::size_t>(values), 1.0);
  std::vector<double> sum(ones.size());
  std::vector<double> microseconds;
  for (int k = 0; k <= batches; ++k) {
    const double start = MPI_Wtime();
    for (int i = 0; i < batch; ++i) {
      if (!reduces) {
        MPI_Barrier(MPI_COMM_WORLD);
        continue;
      }
      MPI_Allreduce(ones.data(), sum.data(), values, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
      if (sum.back() != size) MPI_Abort(MPI_COMM_WORLD, 1);
    }
    if (k > 0) microseconds.push_back((MPI_Wtime() - start) / batch * 1e6);  // the first is a warm-up
  }

  char library[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(library, &length);
  if (rank == 0) {
    std::printf("{\"library\": \"%s\", \"microseconds\": [", std::string(library).substr(0, 16).c_str());
    for (std::size_t k = 0; k < microseconds.size(); ++k) std::printf("%s%.17g", k == 0 ? "" : ", ", microseconds[k]);
    std::printf("]}\n");
  }
  MPI_Finalize();
}
