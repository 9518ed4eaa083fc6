// What the program's exit statuses mean.
#pragma once

namespace wolfpack::experiments {

enum ExitStatus { kConverged = 0, kFailedWhileRunning = 1, kBadInput = 2, kNotConverged = 3 };

}  // namespace wolfpack::experiments
