// MPI's one-sided calls, timed as `wolfpack latency` times its own: half a round trip of two puts (MPI_Put and a
// flush), a whole MPI_Get and flush, a whole MPI_Fetch_and_op and flush. For tax.py.
//
//     mpirun -np 2 bench_one_sided_mpi put|get|fetch_add BYTES BATCH BATCHES [progress]
//
// Rank 0 prints one JSON object: the median microseconds of an operation. With "progress" who waits lets MPI progress,
// which it needs where one-sided calls are emulated.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mpi.h>
#include <sched.h>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Side {
  int rank = 0;
  MPI_Win window = MPI_WIN_NULL;
  std::byte* memory = nullptr;  // control word, then data
  std::vector<std::byte> source;
  std::uint64_t sequence = 0;
  bool progresses = false;

  [[nodiscard]] std::uint64_t word(std::size_t offset) const {
    return *reinterpret_cast<const volatile std::uint64_t*>(memory + offset);
  }
  void wait(std::size_t offset, std::uint64_t value) const {
    while (word(offset) != value) progress();
  }
  void progress() const {
    int flag = 0;
    if (progresses) MPI_Iprobe(MPI_ANY_SOURCE, 77, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);
  }
};

constexpr std::size_t kData = 64;

void put(Side& side, int bytes) {
  std::memcpy(side.source.data() + bytes - 8, &side.sequence, 8);
  MPI_Put(side.source.data(), bytes, MPI_BYTE, 1 - side.rank, kData, bytes, MPI_BYTE, side.window);
  MPI_Win_flush(1 - side.rank, side.window);
}

/// Rank 0's part of one operation.
void operate(Side& side, const std::string& what, int bytes) {
  const std::size_t last = kData + static_cast<std::size_t>(bytes) - 8;
  if (what == "put") {
    ++side.sequence;
    put(side, bytes);
    side.wait(last, side.sequence);
  } else if (what == "get") {
    MPI_Get(side.source.data(), bytes, MPI_BYTE, 1, kData, bytes, MPI_BYTE, side.window);
    MPI_Win_flush(1, side.window);
  } else {
    const std::uint64_t one = 1;
    std::uint64_t before = 0;
    MPI_Fetch_and_op(&one, &before, MPI_UINT64_T, 1, kData, MPI_SUM, side.window);
    MPI_Win_flush(1, side.window);
  }
}

/// Rank 1's: answers puts, or lets MPI progress, until rank 0 has put 1 into the control word.
void attend(Side& side, const std::string& what, int bytes) {
  const std::size_t last = kData + static_cast<std::size_t>(bytes) - 8;
  while (side.word(0) == 0) {
    side.progress();
    if (what != "put" || side.word(last) != side.sequence + 1) continue;
    ++side.sequence;
    put(side, bytes);
  }
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  if (argc < 5) {
    std::fprintf(stderr, "usage: %s put|get|fetch_add BYTES BATCH BATCHES [progress]\n", argv[0]);
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
  const std::string what = argv[1];
  const int bytes = std::atoi(argv[2]), batch = std::atoi(argv[3]), batches = std::atoi(argv[4]);
  Side side;
  side.progresses = argc > 5;
  MPI_Comm_rank(MPI_COMM_WORLD, &side.rank);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<unsigned>(side.rank) % std::thread::hardware_concurrency(), &cpus);
  sched_setaffinity(0, sizeof cpus, &cpus);
  const auto size = static_cast<MPI_Aint>(kData) + bytes;
  MPI_Win_allocate(size, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &side.memory, &side.window);
  std::memset(side.memory, 0, static_cast<std::size_t>(size));
  side.source.resize(static_cast<std::size_t>(bytes));
  MPI_Win_lock_all(0, side.window);
  MPI_Barrier(MPI_COMM_WORLD);
  if (side.rank == 0) {
    std::vector<double> times;
    for (int i = -batches / 10; i < batches; ++i) {  // the first are no timings
      const auto start = std::chrono::steady_clock::now();
      for (int k = 0; k < batch; ++k) operate(side, what, bytes);
      const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - start;
      if (i >= 0) times.push_back(taken.count() / batch * (what == "put" ? 0.5 : 1.0));
    }
    std::nth_element(times.begin(), times.begin() + batches / 2, times.end());
    const std::uint64_t over = 1;
    MPI_Put(&over, 8, MPI_BYTE, 1, 0, 8, MPI_BYTE, side.window);
    MPI_Win_flush(1, side.window);
    char library[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    MPI_Get_library_version(library, &length);
    std::printf("{\"p50_us\": %.6g, \"library\": \"%.*s\"}\n", times[static_cast<std::size_t>(batches / 2)],
                static_cast<int>(std::strcspn(library, ",")), library);
  } else {
    attend(side, what, bytes);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_unlock_all(side.window);
  MPI_Win_free(&side.window);
  MPI_Finalize();
  return 0;
}
