// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/interrupt.hpp>
#include <regctl/cli/exit_code.hpp>
#include <regctl/cli/run.hpp>
#include <regctl/cli/system_console.hpp>
#include <regctl/cli/verbs.hpp>

#include <malloc.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

/// Every request has buffers of some hundred KiB, which glibc would give back to the system after
/// each, to have them zeroed anew for the next: a fifth of the CPU time of a mirror. With
/// these settings glibc keeps up to 4 MiB of free memory. One heap is enough for all threads, since
/// threads mostly wait for the network: with a heap for each thread, a mirror of 32 jobs takes 39
/// MiB instead of 28, and no less time.
void set_up_heap() noexcept {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
  ::mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
  ::mallopt(M_ARENA_MAX, 1);
#endif
}

} // namespace

int main(int argc, char** argv) try {
  set_up_heap();
  // The console first: it keeps 0 to 2 from being given to the pipe of the handlers.
  auto console = regctl::cli::make_system_console();
  regctl::install_interrupt_handlers();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto open = [](regctl::ops::SessionOptions options, regctl::ops::Progress& progress) {
    return std::make_unique<regctl::cli::Verbs>(std::move(options), progress);
  };
  return static_cast<int>(regctl::cli::run(arguments, console, open));
} catch (...) { // before the command, or while its failure was told
  constexpr std::string_view k_text = "regctl: error: memory is short\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, k_text.data(), k_text.size());
  return static_cast<int>(regctl::cli::ExitCode::local_io);
}
