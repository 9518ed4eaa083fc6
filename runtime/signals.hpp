// SIGINT and SIGTERM as a flag that the shard's owner looks at: the job then stops like on any other reason, and
// results are written.
#pragma once

namespace wolfpack::runtime {

/// Installs the handlers for this process and unblocks the two; a third signal ends it at once (a terminal and a
/// launcher may both send the first).
void catch_interrupts();
[[nodiscard]] bool interrupt_requested();

}  // namespace wolfpack::runtime
