// SPDX-License-Identifier: Apache-2.0
#include "cli/ask.hpp"
#include "cli/fd_output.hpp"

#include <regctl/base/environment.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/cli/system_console.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>

namespace regctl::cli {

namespace {

/// Opens closed standard streams, since the next opened file would get their descriptors.
void keep_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      // Opened in the wrong direction, so that any use fails with an error: output is not lost
      // silently, and input does not look empty.
      const int way = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
      [[maybe_unused]] const int replaced = ::open("/dev/null", way);
    }
  }
}

WindowSize window_size() {
  struct winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_col, size.ws_row};
}

std::unique_ptr<Source> open_in() {
  FileDescriptor copy(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!copy) {
    throw_errno("read standard input", errno);
  }
  return make_fd_source(std::move(copy), "standard input");
}

} // namespace

Console make_system_console() {
  keep_standard_descriptors();
  static FdOutput out(STDOUT_FILENO, "standard output"); // of the process, like std::cerr
  return {
      .out = out,
      .err = std::cerr,
      .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
      .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
      .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
      .open_in = open_in,
      .window_size = window_size,
      .ask = ask_at_terminal,
      .now = [] { return std::chrono::system_clock::now(); },
      .environment = process_environment,
      .let_reader_go = [] { out.let_reader_go(); },
  };
}

} // namespace regctl::cli
